"""Points and areas: a point lies in exactly one of two neighbours, or in none."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.places import Area, GeoPoint
from tests.domain.cast import MONDAY, planned, town

UNIT = Area((GeoPoint(0, 0), GeoPoint(0, 1), GeoPoint(1, 1), GeoPoint(1, 0)))
EAST = Area((GeoPoint(0, 1), GeoPoint(0, 2), GeoPoint(1, 2), GeoPoint(1, 1)))
NOTCHED = Area(
    (GeoPoint(0, 0), GeoPoint(0, 4), GeoPoint(4, 4), GeoPoint(4, 3), GeoPoint(1, 3), GeoPoint(1, 1), GeoPoint(4, 1), GeoPoint(4, 0))
)
degrees = st.floats(-0.5, 1.5, allow_nan=False)


@given(lat=degrees, lng=degrees)
def test_a_square_contains_what_lies_between_its_sides(lat: float, lng: float) -> None:
    if lat not in {0, 1} and lng not in {0, 1}:
        assert UNIT.contains(GeoPoint(lat, lng)) == (0 < lat < 1 and 0 < lng < 1)


@given(lat=st.floats(0, 1, exclude_max=True), lng=st.floats(0, 2, exclude_max=True))
def test_a_point_of_two_neighbours_lies_in_exactly_one_their_border_included(lat: float, lng: float) -> None:
    assert UNIT.contains(GeoPoint(lat, lng)) + EAST.contains(GeoPoint(lat, lng)) == 1


@pytest.mark.parametrize(("lat", "lng", "expected"), [(0.5, 2, True), (3, 0.5, True), (3, 3.5, True), (3, 2, False), (5, 2, False)])
def test_a_notch_is_outside(lat: float, lng: float, *, expected: bool) -> None:
    assert NOTCHED.contains(GeoPoint(lat, lng)) is expected


@pytest.mark.parametrize("corner", range(4))
def test_it_does_not_matter_with_which_corner_one_begins_nor_which_way_one_goes(corner: int) -> None:
    turned = Area(UNIT.corners[corner:] + UNIT.corners[:corner])
    back = Area(turned.corners[::-1])

    assert turned.contains(GeoPoint(0.25, 0.75))
    assert back.contains(GeoPoint(0.25, 0.75))
    assert not turned.contains(GeoPoint(0.25, 1.75))


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        (GeoPoint(35.2, 115.5), True),
        (GeoPoint(-90, 180), True),
        (GeoPoint(90.1, 0), False),
        (GeoPoint(0, -180.1), False),
        (GeoPoint(nan, 0), False),
        (GeoPoint(0, inf), False),
    ],
)
def test_some_points_are_not_on_earth(point: GeoPoint, *, expected: bool) -> None:
    assert point.is_on_earth is expected


@given(north=st.floats(0, 0.999), east=st.floats(0, 0.999))
def test_every_point_of_the_settlement_lies_in_exactly_one_grid(north: float, east: float) -> None:
    corners = planned().area.corners
    south, west = min(c.lat for c in corners), min(c.lng for c in corners)
    height, width = max(c.lat for c in corners) - south, max(c.lng for c in corners) - west
    point = GeoPoint(south + north * height, west + east * width)

    found = [grid for grid in town().grids.values() if grid.boundary and grid.boundary.contains(point)]
    assert [town().grid_at(point, MONDAY.date())] == found


def test_a_point_outside_of_the_settlement_lies_in_no_grid() -> None:
    assert town().grid_at(GeoPoint(0, 0), MONDAY.date()) is None
