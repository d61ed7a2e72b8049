"""When something is due: limits in four units, the policies that set them, and the arithmetic of office time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import takewhile
from math import ceil, isfinite

from domain.calendar import SHANGHAI, WorkingCalendar


class DeadlineClass(Enum):
    DANGER = "DANGER"
    UTILITY = "UTILITY"
    NORMAL = "NORMAL"
    COMPLEX = "COMPLEX"
    ENQUIRY = "ENQUIRY"
    PROXY_ERRAND = "PROXY_ERRAND"
    APPOINTMENT = "APPOINTMENT"


class LimitUnit(Enum):
    URGENT_HOUR = "URGENT_HOUR"  # an hour by the clock, day and night
    OFFICE_HOUR = "OFFICE_HOUR"  # an hour inside the office windows
    WORKING_DAY = "WORKING_DAY"  # a working day after the day of receipt
    DAY = "DAY"  # 24 hours, whatever the calendar says


BY_THE_CLOCK = frozenset({LimitUnit.URGENT_HOUR, LimitUnit.DAY})
"""They run on day and night, whatever the calendar says."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A span to keep, of more than nothing; the amount may be fractional (half an urgent hour is 0.5). Else `ValueError`."""

    amount: float
    unit: LimitUnit

    def __post_init__(self) -> None:
        if not isfinite(self.amount) or self.amount <= 0:
            raise ValueError("a limit is a finite amount above zero")

    def half(self) -> "Limit":
        return replace(self, amount=self.amount / 2)


@dataclass(frozen=True, slots=True)
class DeadlinePolicy:
    """How long a task may wait for its signature, for the first contact and for the reply; None where nothing is set.

    `extension` is the most that all extensions together may come to; None where no span is granted.
    """

    sign: Limit | None
    contact: Limit | None
    reply: Limit | None
    extension: Limit | None


def _urgent_hours(amount: float) -> Limit:
    return Limit(amount, LimitUnit.URGENT_HOUR)


def _office_hours(amount: float) -> Limit:
    return Limit(amount, LimitUnit.OFFICE_HOUR)


def _working_days(amount: float) -> Limit:
    return Limit(amount, LimitUnit.WORKING_DAY)


# The table of section 6 of the domain's description, row by row: sign, first contact, reply, extension.
POLICIES: Mapping[DeadlineClass, DeadlinePolicy] = {
    DeadlineClass.DANGER: DeadlinePolicy(_urgent_hours(0.5), _urgent_hours(1), _urgent_hours(2), None),
    DeadlineClass.UTILITY: DeadlinePolicy(_urgent_hours(2), _urgent_hours(4), _urgent_hours(24), _working_days(1)),
    DeadlineClass.NORMAL: DeadlinePolicy(_office_hours(4), _urgent_hours(24), _working_days(5), _working_days(10)),
    # The rule promises 15 days with the extension in them: 10 of these 15 are the extension, not 10 more.
    DeadlineClass.COMPLEX: DeadlinePolicy(_office_hours(4), _urgent_hours(24), _working_days(15), _working_days(10)),
    DeadlineClass.ENQUIRY: DeadlinePolicy(None, None, _working_days(3), None),
    # No span to extend by: the person and the proxy agree on another date.
    DeadlineClass.PROXY_ERRAND: DeadlinePolicy(_office_hours(4), _urgent_hours(24), _working_days(3), None),
    # The slot is the time.
    DeadlineClass.APPOINTMENT: DeadlinePolicy(None, None, None, None),
}


WITH_EXTENSION = frozenset({DeadlineClass.COMPLEX})
"""Their promise has the extension in it already: none is left to be asked for."""


def longest_extension(deadline_class: DeadlineClass) -> int | None:
    """How many working days all extensions of a task may come to; None where a date is agreed on freely."""
    if deadline_class is DeadlineClass.PROXY_ERRAND:
        return None
    limit = POLICIES[deadline_class].extension
    return int(limit.amount) if limit and deadline_class not in WITH_EXTENSION else 0


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends, in UTC, and whether a calendar table that is not published yet may still move it.

    It was counted from `start`; `by_the_clock` day and night, where no calendar has a say.
    """

    at: datetime
    is_provisional: bool
    start: datetime | None = field(default=None, compare=False)
    by_the_clock: bool = field(default=False, compare=False)


def due(calendar: WorkingCalendar, start: datetime, limit: Limit) -> Due:
    """When the limit that starts now ends; provisional where it counts office time beyond the published calendar.

    Urgent hours and days run on from `start` by the clock: n days end n times 24 hours later, at the same time of day in
    Shanghai. Office hours run inside the office windows only. Working days count from the day after the Shanghai date of
    `start` and end when the office closes; a fraction ends when that part of the last day's office time is over.
    A naive `start` is a `ValueError`.
    """
    _require_zone(start)
    match limit.unit:
        case LimitUnit.URGENT_HOUR:
            at = start.astimezone(UTC) + timedelta(hours=limit.amount)
        case LimitUnit.DAY:
            at = start.astimezone(UTC) + timedelta(days=limit.amount)
        case LimitUnit.OFFICE_HOUR:
            at = add_office_time(calendar, start, timedelta(hours=limit.amount))
        case LimitUnit.WORKING_DAY:  # pragma: no branch
            at = _end_of_working_days(calendar, start, limit.amount)
    by_the_clock = limit.unit in BY_THE_CLOCK
    may_move = not by_the_clock and calendar.is_provisional(at.astimezone(SHANGHAI).date())
    return Due(at.astimezone(UTC), may_move, start, by_the_clock)


def halfway(calendar: WorkingCalendar, start: datetime, limit: Limit) -> datetime:
    """When half of the limit's units have passed, in UTC: the time of the reminder. A naive `start` is a `ValueError`."""
    return due(calendar, start, limit.half()).at


def office_time_between(calendar: WorkingCalendar, start: datetime, end: datetime) -> timedelta:
    """The office time that passes from `start` to `end`, none where `end` is not later; naive instants are a `ValueError`."""
    _require_zone(start, end)
    windows = takewhile(lambda window: window[0] < end, calendar.office_windows_from(start))
    return sum((min(closes, end) - opens for opens, closes in windows), timedelta())


def add_office_time(calendar: WorkingCalendar, start: datetime, amount: timedelta) -> datetime:
    """The first moment of an office window, in UTC, by which that much office time has passed since `start`.

    It undoes `office_time_between`: what that says from `start` to a working moment leads back to this moment, to the
    microsecond. (The moment of opening is the one exception: the same time had passed when the office last closed.)
    A naive `start` or a negative amount is a `ValueError`.
    """
    _require_zone(start)
    if amount < timedelta():
        raise ValueError("office time cannot be added backwards")
    windows = calendar.office_windows_from(start)
    opens, closes = next(windows)
    while closes - opens < amount:
        amount -= closes - opens
        opens, closes = next(windows)
    return (opens + amount).astimezone(UTC)


def _end_of_working_days(calendar: WorkingCalendar, start: datetime, amount: float) -> datetime:
    day = start.astimezone(SHANGHAI).date()
    for _ in range(ceil(amount)):
        day = calendar.working_day_after(day)
    part_of_last_day = amount - ceil(amount) + 1
    opens, _closes = next(calendar.office.on(day))
    return add_office_time(calendar, opens, calendar.office.length * part_of_last_day)


def _require_zone(*instants: datetime) -> None:
    # Without this, Python would quietly take a naive time for the server's own zone.
    if any(instant.utcoffset() is None for instant in instants):
        raise ValueError("a point in time needs its zone")
