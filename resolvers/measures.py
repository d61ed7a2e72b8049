"""Figures of a unit and its children, for those who answer for them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from domain.access import Actor, oversees
from domain.calendar import SHANGHAI
from domain.errors import BadArgument
from domain.measures import Linked, Measure, Period, Sums, homes_of, measures_of, units_told
from domain.organisation import MicroGrid
from domain.ports import Ports
from domain.privacy_measures import Answered, PrivacyMeasure, answered_told, privacy_measure, privacy_units_told
from domain.subject_requests import keeps_subject_requests
from domain.tallies import of_village
from domain.village_measures import ByVillage, VillageMeasure, measures_by_village, units_by_village, villages_told

LONGEST_PERIOD_DAYS = 366 * 2
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)


async def measures(unit_id: str, first_day: date, last_day: date, *, by: Actor, ports: Ports) -> Sequence[Measure]:
    """The unit first, then its children and what it covers; nothing for whoever does not answer for it (`units_told`)."""
    period, units = _period(first_day, last_day, ports), units_told(by, unit_id)
    if not units or by.organisation is None:
        return []
    now = ports.clock()
    sums = await ports.figures.sums(units, list(dict.fromkeys([*period.came, *period.judged])), seen_by=by)
    deferred = await ports.figures.deferred(units, seen_by=by)
    ages = {unit: tuple(now - since for since in deferred.get(unit, ())) for unit in units}
    below = frozenset[str]().union(*(by.organisation.subtree(unit) for unit in units))
    grids = [grid.id for grid in by.organisation.grids.values() if grid.branch_id in below]
    linked = await ports.figures.linked(grids, period.today, seen_by=by)
    asked, *others = (Sums(unit, sums.get(unit, {}), ages[unit], homes_of(by.organisation, unit, linked)) for unit in units)
    return measures_of(by, asked, others, period)


async def measures_by_origin_village(unit_id: str, first_day: date, last_day: date, *, by: Actor, ports: Ports) -> Sequence[VillageMeasure]:
    """The same of each village that homes left, as far as its group is large enough for anybody to be told of it."""
    period, villages = _period(first_day, last_day, ports), villages_told(by, unit_id)
    if not villages or period.months is None or by.organisation is None:
        return []
    units = units_by_village(by.organisation)
    names = [of_village(unit, village_id) for unit in units for village_id in villages]
    sums = await ports.figures.sums([*units, *names], period.months, seen_by=by)

    def of(unit: str) -> ByVillage:
        by_village = {village_id: of_village(unit, village_id) for village_id in villages}
        return ByVillage(Sums(unit, sums[unit]), {village_id: Sums(name, sums[name]) for village_id, name in by_village.items()})

    whole, *below = map(of, units)
    return measures_by_village(unit_id, whole, below, by.organisation.township, period)


async def privacy_measures(unit_id: str, first_day: date, last_day: date, *, by: Actor, ports: Ports) -> Sequence[PrivacyMeasure]:
    """The unit first, then its children, for those who lead it and the township's privacy officer. Nobody is named.

    What persons asked about their own data is for who answers it; of months of ten each for who leads the township.
    """
    period, units = _period(first_day, last_day, ports), privacy_units_told(by, unit_id)
    if not units or by.organisation is None:
        return []
    sums = await ports.figures.sums(units, period.came, seen_by=by)
    answered = {by.organisation.root().id: await _answered(period, by, ports)} if unit_id == by.organisation.root().id else {}
    township = by.organisation.township
    return [privacy_measure(township, Sums(unit, sums.get(unit, {})), period, answered.get(unit)) for unit in units]


async def _answered(period: Period, by: Actor, ports: Ports) -> Answered | None:
    """For whoever answers it, of any days that are over; for others, of months."""
    if keeps_subject_requests(by):
        until = min(period.last + timedelta(days=1), period.today)
        return await ports.figures.answered(_midnight(period.first), _midnight(until), seen_by=by)
    firsts = [date.fromisoformat(f"{month}-01") for month in period.months or []]
    nexts = [(first + timedelta(days=31)).replace(day=1) for first in firsts]
    by_month = [
        await ports.figures.answered(_midnight(first), _midnight(until), seen_by=by) for first, until in zip(firsts, nexts, strict=True)
    ]
    return answered_told(by_month)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


async def links_in(micro_grids: Sequence[MicroGrid], *, by: Actor, ports: Ports) -> Mapping[str, Linked]:
    """How many homes of a micro-grid have a live link, by its id: for those who answer for its grid."""
    organisation = by.organisation
    if organisation is None:
        return {}
    grids = {micro.grid_id: organisation.grids.get(micro.grid_id) for micro in micro_grids}
    own = [grid.id for grid in grids.values() if grid is not None and oversees(by, grid.branch_id)]
    found = await ports.figures.linked(own, ports.clock().astimezone(SHANGHAI).date(), seen_by=by)
    return {micro.id: found.get((micro.grid_id, micro.id), Linked()) for micro in micro_grids if micro.grid_id in own}


def _period(first_day: date, last_day: date, ports: Ports) -> Period:
    if last_day < first_day:
        raise BadArgument("the period ends before it begins")
    if first_day < EARLIEST or last_day > LATEST:
        raise BadArgument("the period lies beyond the calendar")
    if (last_day - first_day).days > LONGEST_PERIOD_DAYS:
        raise BadArgument("the period is longer than two years")
    return Period(first_day, last_day, ports.clock().astimezone(SHANGHAI).date())
