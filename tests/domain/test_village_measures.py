"""Figures by the village that homes left: of no small group, and of none that follows from the township, from another unit or month."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.measures import Period, Sums
from domain.small_groups import DIRECT, WHOLE, Cell, Table, told_in
from domain.village_measures import ByVillage, measures_by_village, units_by_village, villages_told
from tests.domain.cast import actor, given_to, planned, town

AUTUMN = Period(date(2026, 9, 1), date(2026, 10, 31), date(2026, 11, 23))
SEPTEMBER, OCTOBER = replace(AUTUMN, last=date(2026, 9, 30)), replace(AUTUMN, first=date(2026, 10, 1))


def counted(unit_id: str, whole: int, *of_villages: int, october: tuple[int, ...] | None = None) -> ByVillage:
    """Requests of a unit a month, in all and by village; in October as in September where nothing else is said."""

    def sums(name: str, *by_month: int) -> Sums:
        months = zip(("2026-09", "2026-10"), by_month, strict=True)
        return Sums(name, {month: {"requests": number, "due": number, "on_time": number} for month, number in months})

    then = october or (whole, *of_villages)
    villages = {f"village-{at}": sums(f"{unit_id}@{at}", each, then[at + 1]) for at, each in enumerate(of_villages)}
    return ByVillage(sums(unit_id, whole, then[0]), villages)


def told(asked: str, whole: ByVillage, *below: ByVillage, period: Period = SEPTEMBER) -> dict[int, int]:
    """Requests by village, as anybody is told of them."""
    found = measures_by_village(asked, whole, below, "990101101", period)
    return {int(each.village_id.removeprefix("village-")): each.requests for each in found}


def test_nobody_is_told_of_a_small_group() -> None:
    assert told("town", counted("town", 60, 30, 20, 10)) == {0: 30, 1: 20, 2: 10}
    assert told("town", counted("town", 59, 30, 20, 9)) == {0: 30}, "nor of one from which it could be worked out"
    assert told("town", counted("town", 64, 30, 20, 10)) == {0: 30, 1: 20}, "who left no village is a group as well"
    days = replace(AUTUMN, last=date(2026, 10, 30))
    assert told("town", counted("town", 60, 30, 20, 10), period=days) == {}
    assert told("elsewhere", counted("town", 60, 30, 20, 10)) == {}


def test_a_small_group_does_not_follow_from_the_township_and_what_stands_below() -> None:
    whole, first, second = counted("town", 140, 40, 60, 40), counted("first", 100, 33, 40, 27), counted("second", 40, 7, 20, 13)

    assert told("town", whole, first, second) == {0: 40, 1: 60, 2: 40}
    assert told("first", whole, first, second) == {1: 40}, "less 33 of the forty are the seven"
    assert told("second", whole, first, second) == {1: 20}, "and with them all the second has"
    enough = counted("second", 43, 10, 20, 13)
    assert told("first", counted("town", 143, 43, 60, 40), first, enough) == {0: 33, 1: 40, 2: 27}


def test_a_unit_that_has_hardly_anything_takes_nothing_from_the_others() -> None:
    whole, first, small = counted("town", 115, 51, 64), counted("first", 93, 40, 53), counted("small", 4, 2, 2)

    assert told("small", whole, first, small) == {}
    assert told("town", whole, first, small) == {0: 51, 1: 64}
    assert told("first", whole, first, small) == {0: 40, 1: 53}, "eleven of each village are elsewhere"


def test_what_no_unit_below_has_is_a_group_as_well() -> None:
    assert told("first", counted("town", 107, 40, 67), counted("first", 100, 33, 67)) == {}
    assert told("first", counted("town", 110, 43, 67), counted("first", 100, 33, 67)) == {0: 33, 1: 67}


def test_two_periods_tell_no_more_than_their_months() -> None:
    whole = counted("town", 59, 30, 20, 9, october=(70, 20, 30, 20))

    assert told("town", whole, period=SEPTEMBER) == {0: 30}
    assert told("town", whole, period=OCTOBER) == {0: 20, 1: 30, 2: 20}
    assert told("town", whole, period=AUTUMN) == {0: 50}, "the twenty of September would be the difference"


def test_all_are_told_by_the_same_formulas() -> None:
    counts = {"requests": 10, "due": 10, "on_time": 7, "answered": 9, "solved": 9}
    sums = Sums("town@village", {"2026-09": counts, "2026-10": counts})
    whole = ByVillage(replace(sums, unit_id="town"), {"village": sums})

    [found] = measures_by_village("town", whole, [], "990101101", AUTUMN)
    assert (found.on_time_rate, found.resolved_rate, found.median_hours_to_close) == (0.7, 1.0, None)
    [found] = measures_by_village("town", whole, [], "990101101", OCTOBER)
    assert (found.on_time_rate, found.resolved_rate) == (0.7, None), "nine answered"


def test_they_are_of_the_township_and_what_stands_right_below_it_for_several_villages() -> None:
    root, settlement, branch = planned().parts.units[0], planned().parts.units[1], town().units[given_to("grid-worker-1").unit.id]
    of_village = given_to("village-officer-1").unit.id

    assert set(villages_told(actor("secretary-1"), settlement.id)) == set(town().villages)
    assert set(villages_told(actor("dispatcher-1"), root.id)) == set(town().villages)
    for unit_id in (branch.id, of_village, "unit"):
        assert villages_told(actor("dispatcher-1"), unit_id) == []
    assert list(units_by_village(town())) == [root.id, settlement.id]
    for handle in ("grid-leader-1", "resident-1", "privacy-officer-1", "nobody"):
        assert villages_told(actor(handle), settlement.id) == []


# --- Whoever knows everything that is told, and where nobody is, works out no small group.

NUMBERS = st.one_of(st.integers(0, 14), st.integers(0, 40))
UNITS, VILLAGES = ("first", "second", DIRECT), ("a", "b", None)


@given(st.lists(NUMBERS, min_size=9, max_size=9))
def test_no_small_group_follows_from_all_that_is_told(numbers: list[int]) -> None:
    cells: dict[Cell, int] = dict(zip([(unit, village) for unit in UNITS for village in VILLAGES], numbers, strict=True))
    cells |= {(WHOLE, village): sum(cells[unit, village] for unit in UNITS) for village in VILLAGES}
    in_all = {unit: sum(cells[unit, village] for village in VILLAGES) for unit in (*UNITS, WHOLE)}
    table = Table(
        {unit: number for unit, number in in_all.items() if unit != DIRECT},
        {cell: number for cell, number in cells.items() if cell[0] != DIRECT and cell[1] is not None},
    )

    of_each = told_in([table], smallest=10)
    assert all(cells[cell] >= 10 for cell in of_each)
    large = [unit for unit in UNITS if in_all[unit] >= 10 and unit != DIRECT]
    others = [unit for unit in UNITS if unit not in large]
    hidden = [cell for cell, number in cells.items() if number and cell not in of_each and cell[0] != WHOLE]
    known = [[Fraction(cell[0] in units) for cell in hidden] for units in (others, *([unit] for unit in large))]
    known += [[Fraction(cell[1] == village) for cell in hidden] for village in VILLAGES if (WHOLE, village) in of_each]
    is_rest_large = sum(in_all[unit] for unit in others) >= 10  # else it follows from the units in all, which are held apart
    small = [at for at, cell in enumerate(hidden) if cells[cell] < 10 and is_rest_large]
    assert not [hidden[at] for at in small if follows(known, at, len(hidden))]


def follows(known: list[list[Fraction]], at: int, width: int) -> bool:
    """Whether one number is a sum of differences of these sums."""
    return rank([*known, [Fraction(place == at) for place in range(width)]]) == rank(known)


def rank(rows: list[list[Fraction]]) -> int:
    left, found = [row for row in rows if any(row)], 0
    while left:
        pivot, *others = left
        place = next(at for at, number in enumerate(pivot) if number)
        reduced = [[n - pivot_n * row[place] / pivot[place] for n, pivot_n in zip(row, pivot, strict=True)] for row in others]
        left, found = [row for row in reduced if any(row)], found + 1
    return found


def test_a_table_of_two_counts_tells_what_is_large_in_both() -> None:
    def table(*numbers: int) -> Table:
        by_village: Mapping[Cell, int] = {(WHOLE, village): number for village, number in zip("abc", numbers, strict=True)}
        return Table({WHOLE: sum(numbers)}, by_village)

    assert told_in([table(30, 20, 10), table(30, 20, 10)], smallest=10) == {(WHOLE, "a"), (WHOLE, "b"), (WHOLE, "c")}
    assert told_in([table(30, 20, 10), table(30, 20, 9)], smallest=10) == {(WHOLE, "a")}
