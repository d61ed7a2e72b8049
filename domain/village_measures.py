"""Figures by the village that homes left, as far as anybody is told of them: whether all are served alike (同等服务)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from domain.access import Actor
from domain.measures import Period, Sums, is_large, measure, units_told, without_complement
from domain.tallies import LEVELS_BY_VILLAGE


@dataclass(frozen=True, slots=True)
class VillageMeasure:
    """What those who left one village asked a unit for, and how they were served: whether all are served alike (同等服务)."""

    village_id: str
    township: str
    requests: int
    due: int
    contact_rate: float | None
    completion_rate: float | None
    on_time_rate: float | None
    resolved_rate: float | None
    satisfied_rate: float | None
    answer_coverage: float | None
    rework_rate: float | None
    median_hours_to_contact: float | None
    median_hours_to_close: float | None


BY_VILLAGE = tuple(entry.name for entry in fields(VillageMeasure) if entry.name not in {"village_id", "township"})


def measures_by_village(asked: Sums, villages: Mapping[str, Sums], township: str, period: Period) -> list[VillageMeasure]:
    """The figures of a unit by the village that homes left; `villages` are the sums by village.

    For everybody as for those outside: of whole months that are over and groups of ten, and no small one can be worked out.
    """
    large = {village_id: sums for village_id, sums in villages.items() if is_large(sums, period)}
    kept = without_complement(asked, list(large.values()), period)
    told = {village_id: measure(township, sums, period, is_inside=False) for village_id, sums in large.items() if sums in kept}
    return [
        VillageMeasure(village_id, township, **{name: getattr(measured, name) for name in BY_VILLAGE})
        for village_id, measured in told.items()
    ]


def villages_told(reader: Actor, unit_id: str) -> Sequence[str]:
    """The villages by which the reader may have the figures of a unit: the township's, or those of what stands right below it."""
    organisation = reader.organisation
    if organisation is None or not units_told(reader, unit_id) or len(organisation.path(unit_id)) > LEVELS_BY_VILLAGE:
        return []
    return sorted(organisation.villages)
