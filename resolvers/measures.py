"""Figures of a unit and its children, for those who answer for them."""

from collections.abc import Sequence
from datetime import date

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.errors import BadArgument
from domain.measures import Measure, Period, Sums, measures_of, units_told
from domain.ports import Ports

LONGEST_PERIOD_DAYS = 366 * 2
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 1, 1)


async def measures(unit_id: str, first_day: date, last_day: date, *, by: Actor, ports: Ports) -> Sequence[Measure]:
    """The unit first, then its children and what it covers; nothing for whoever does not answer for it (`units_told`)."""
    if last_day < first_day:
        raise BadArgument("the period ends before it begins")
    if first_day < EARLIEST or last_day > LATEST:
        raise BadArgument("the period lies beyond the calendar")
    if (last_day - first_day).days > LONGEST_PERIOD_DAYS:
        raise BadArgument("the period is longer than two years")
    units = units_told(by, unit_id)
    if not units:
        return []
    now = ports.clock()
    period = Period(first_day, last_day, now.astimezone(SHANGHAI).date())
    sums = await ports.figures.sums(units, list(dict.fromkeys([*period.came, *period.judged])), seen_by=by)
    deferred = await ports.figures.deferred(units, seen_by=by)
    ages = {unit: tuple(now - since for since in deferred.get(unit, ())) for unit in units}
    asked, *below = (Sums(unit, sums.get(unit, {}), ages[unit]) for unit in units)
    return measures_of(by, asked, below, period)
