"""Points and areas, WGS 84, in degrees."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class GeoPoint:
    lat: float
    lng: float

    @property
    def is_on_earth(self) -> bool:
        return isfinite(self.lat) and isfinite(self.lng) and abs(self.lat) <= 90 and abs(self.lng) <= 180


@dataclass(frozen=True, slots=True)
class Area:
    """A simple polygon by its corners in order; the last corner joins the first."""

    corners: tuple[GeoPoint, ...]

    def contains(self, point: GeoPoint) -> bool:
        """Whether the point lies inside (even-odd rule); a shared border belongs to exactly one of two neighbours."""
        inside = False
        previous = self.corners[-1]
        for corner in self.corners:
            if (corner.lat > point.lat) != (previous.lat > point.lat):
                crossing = (previous.lng - corner.lng) * (point.lat - corner.lat) / (previous.lat - corner.lat) + corner.lng
                if point.lng < crossing:
                    inside = not inside
            previous = corner
        return inside
