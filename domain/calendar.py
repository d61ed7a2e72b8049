"""Which days are working days in China, and at which hours of them the office is open."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from itertools import pairwise
from typing import Self

import chinese_calendar

# Fixed, not a zone database: China has had no summer time since 1991.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
ONE_DAY = timedelta(days=1)

# (month, day) of the holidays that stand in the law itself; all others move with the moon or with the yearly notice.
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)})
FIRST_DAY_OF_WEEKEND = 5


class DayKind(Enum):
    WORKING = "WORKING"
    OFF = "OFF"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day on which the published table departs from Monday to Friday; `published_in` names the source that says so."""

    date: date
    kind: DayKind
    published_in: str


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The windows (start, end) of a working day in Shanghai time, in order and with a break between; else `ValueError`."""

    windows: tuple[tuple[time, time], ...] = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))

    def __post_init__(self) -> None:
        edges = [edge for window in self.windows for edge in window]
        if not edges or any(earlier >= later for earlier, later in pairwise(edges)):
            raise ValueError("office hours are one or more windows in order, with a break between them")

    def on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The windows as instants of this day, working day or not."""
        for start, end in self.windows:
            yield datetime.combine(day, start, SHANGHAI), datetime.combine(day, end, SHANGHAI)

    @property
    def length(self) -> timedelta:
        """Office time in one working day."""
        return sum((closes - opens for opens, closes in self.on(date.min)), timedelta())


DEFAULT_OFFICE_HOURS = OfficeHours()


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Answers for every day: by the table where it has the day, else Monday to Friday less the fixed statutory holidays.

    `days` holds the days that depart from Monday to Friday (true = working); what lies after `published_through` is provisional.
    Each change of the table makes another `version`.
    """

    days: Mapping[date, bool]
    published_through: date
    office: OfficeHours = DEFAULT_OFFICE_HOURS
    version: int = 1

    @classmethod
    def from_days(cls, days: Iterable[CalendarDay], *, published_through: date, office: OfficeHours = DEFAULT_OFFICE_HOURS) -> Self:
        """The calendar that these documents make; of two for one date the later one wins."""
        return cls({}, published_through, office).with_days(days)

    def with_days(self, days: Iterable[CalendarDay], *, published_through: date | None = None) -> Self:
        """The calendar with these days edited in, and published further where a new table arrived."""
        edited = {day.date: day.kind is DayKind.WORKING for day in days}
        return replace(self, days={**self.days, **edited}, published_through=published_through or self.published_through)

    def is_working(self, day: date) -> bool:
        by_rule = day.weekday() < FIRST_DAY_OF_WEEKEND and (day.month, day.day) not in FIXED_HOLIDAYS
        return self.days.get(day, by_rule)

    def is_provisional(self, day: date) -> bool:
        """Whether a table that is not published yet may still change this day."""
        return day > self.published_through

    @property
    def published_until(self) -> datetime:
        """The moment at which the days begin that a table which is not published yet may still change."""
        return datetime.combine(self.published_through + ONE_DAY, time(), SHANGHAI)

    def first_change(self, other: "WorkingCalendar") -> date | None:
        """The first day of which the two say something else, or which only one of them takes for published."""
        changed = {day for day in {*self.days, *other.days} if self.is_working(day) != other.is_working(day)}
        if self.published_through != other.published_through:
            changed.add(min(self.published_through, other.published_through) + ONE_DAY)
        return min(changed, default=None)

    def working_day_after(self, day: date) -> date:
        """The first working day later than this day."""
        day += ONE_DAY
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def working_day_before(self, day: date) -> date:
        """The last working day earlier than this day."""
        day -= ONE_DAY
        while not self.is_working(day):
            day -= ONE_DAY
        return day

    def office_windows_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The office windows, without end, that close at `start` (with a zone) or later; one that is open then begins there."""
        start = start.astimezone(SHANGHAI)
        day = start.date()
        if not self.is_working(day):
            day = self.working_day_after(day)
        while True:
            for opens, closes in self.office.on(day):
                if closes >= start:
                    yield max(opens, start), closes
            day = self.working_day_after(day)


def published_days() -> tuple[CalendarDay, ...]:
    """The days, in order, on which the State Council's tables depart from Monday to Friday, as `chinesecalendar` knows them."""
    source = f"chinesecalendar {chinese_calendar.__version__}"
    off = {day: DayKind.OFF for day in chinese_calendar.holidays if day.weekday() < FIRST_DAY_OF_WEEKEND}
    made_up = {day: DayKind.WORKING for day in chinese_calendar.workdays if day.weekday() >= FIRST_DAY_OF_WEEKEND}
    return tuple(CalendarDay(day, kind, source) for day, kind in sorted((off | made_up).items(), key=lambda item: item[0]))


def published_through() -> date:
    """The last day of the last year that `chinesecalendar` knows."""
    return date(max(chinese_calendar.holidays).year, 12, 31)
