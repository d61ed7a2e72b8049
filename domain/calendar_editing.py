"""A year's table of working days as an administrator brings it, and a single day that was declared otherwise: checked before it is true."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.calendar import FIRST_DAY_OF_WEEKEND, FIXED_HOLIDAYS, ONE_DAY, CalendarDay, DayKind, published_days

KINDS: Mapping[str, DayKind] = {"working": DayKind.WORKING, "off": DayKind.OFF}
FEWEST_DAYS, MOST_DAYS = 5, 120
"""How many days of a year depart from Monday to Friday: some twenty-five; fewer or more is another table."""


class BadCalendar(Exception):
    """It cannot be used; the message says every reason, one a line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it was given."""

    line: int
    date: str
    kind: str


def year_of_rows(rows: Iterable[Row], source: str) -> tuple[CalendarDay, ...]:
    """The days of one year on which the table departs from Monday to Friday. Raises `BadCalendar`."""
    faults, days = list[str](), dict[date, CalendarDay]()
    for row in rows:
        day, kind = _date(row.date), KINDS.get(row.kind.strip().lower())
        if day is None:
            faults.append(f"line {row.line}: {row.date!r} is no date like 2027-01-01")
        elif kind is None:
            faults.append(f"line {row.line}: {row.kind!r} is neither working nor off")
        elif day in days:
            faults.append(f"line {row.line}: {day} stands there twice")
        else:
            days[day] = CalendarDay(day, kind, source)
    years = sorted({day.year for day in days})
    if len(years) > 1:
        faults.append(f"one year at a time: there are days of {', '.join(map(str, years))}")
    departing = tuple(days[day] for day in sorted(days) if _departs(days[day]))
    if not faults and not FEWEST_DAYS <= len(departing) <= MOST_DAYS:
        faults.append(f"{len(departing)} days depart from Monday to Friday: that is no table of a whole year")
    if faults:
        raise BadCalendar("\n".join(faults))
    return departing


def year_that_is_known(year: int) -> tuple[CalendarDay, ...]:
    """The year as the installed `chinesecalendar` has it. Raises `BadCalendar`."""
    days = tuple(day for day in published_days() if day.date.year == year)
    if not days:
        raise BadCalendar(f"the installed chinesecalendar does not know {year}: bring its table from a file, or a newer release")
    return days


def with_year(
    days: Sequence[CalendarDay], through: date, of_year: Sequence[CalendarDay], *, today: date
) -> tuple[tuple[CalendarDay, ...], date]:
    """The whole table with that year as it is given, and up to when it is published. Raises `BadCalendar`.

    Days of the year that were marked one by one stay: somebody declared them, and no table takes that back.
    """
    year = of_year[0].date.year
    if year > through.year + 1:
        raise BadCalendar(f"{through.year + 1} is missing: years are brought one after another")
    if year < today.year:
        raise BadCalendar(f"{year} is over: mark single days of it instead")
    marked = {day.date for day in days if day.date.year == year and is_mark(day)}
    kept = [day for day in days if day.date.year != year or day.date in marked]
    brought = [day for day in of_year if day.date not in marked]
    return tuple(sorted([*kept, *brought], key=lambda day: day.date)), max(through, date(year, 12, 31))


MARK = "mark: "


def is_mark(day: CalendarDay) -> bool:
    return day.published_in.startswith(MARK)


def with_mark(days: Sequence[CalendarDay], day: date, kind: DayKind, reason: str) -> tuple[CalendarDay, ...]:
    """The table with that one day, and why. Raises `BadCalendar` without a reason."""
    if not reason.strip():
        raise BadCalendar("--reason is empty: say who declared it, and where")
    marked = CalendarDay(day, kind, MARK + reason.strip())
    return tuple(sorted([*(other for other in days if other.date != day), marked], key=lambda row: row.date))


def month_of(text: str) -> date:
    """The first day of a month like 2027-01. Raises `BadCalendar`."""
    first = _date(f"{text}-01")
    if first is None:
        raise BadCalendar(f"{text!r} is no month like 2027-01")
    return first


def day_of(text: str) -> date:
    """Raises `BadCalendar`."""
    day = _date(text)
    if day is None:
        raise BadCalendar(f"{text!r} is no date like 2027-01-01")
    return day


def printed_month(days: Sequence[CalendarDay], through: date, first: date) -> Iterator[str]:
    """A month, a week a line: `*` is a day off, `+` a working day at a weekend, `?` a day that is not published yet."""
    sources = {day.date: day for day in days}
    yield f"{first:%Y-%m}   * off, + working at a weekend, ? not published yet"
    yield " Mon  Tue  Wed  Thu  Fri  Sat  Sun"
    week = ["    "] * first.weekday()
    day = first
    while day.month == first.month:
        week.append(f"{day.day:3}{_sign(day, sources, through)}")
        day += ONE_DAY
        if day.weekday() == 0 or day.month != first.month:
            yield " ".join(week).rstrip()
            week = []
    for row in (sources[day] for day in sorted(sources) if (day.year, day.month) == (first.year, first.month)):
        yield f"{row.date} {row.kind.value.lower()} ({row.published_in})"


def _sign(day: date, sources: Mapping[date, CalendarDay], through: date) -> str:
    if day > through and day not in sources:
        return "?"
    is_weekday = _is_weekday(day)
    is_working = sources[day].kind is DayKind.WORKING if day in sources else is_weekday
    return " " if is_working and is_weekday else "+" if is_working else "*"


def _is_weekday(day: date) -> bool:
    return day.weekday() < FIRST_DAY_OF_WEEKEND and (day.month, day.day) not in FIXED_HOLIDAYS


def _departs(day: CalendarDay) -> bool:
    """From Monday to Friday; what says of a Sunday that it is off says nothing."""
    return (day.date.weekday() < FIRST_DAY_OF_WEEKEND) != (day.kind is DayKind.WORKING)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if len(text.strip()) == len("2027-01-01") else None
    except ValueError:
        return None
