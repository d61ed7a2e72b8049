"""The verb `calendar`: brings a year's table of working days, marks a day, shows a month; safe to repeat and beside a running service."""

import argparse
import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pymongo.errors import PyMongoError

from adapters.mongo.calendars import Table
from domain.calendar import SHANGHAI, CalendarDay, DayKind
from domain.calendar_editing import (
    BadCalendar,
    Row,
    day_of,
    month_of,
    printed_month,
    with_mark,
    with_year,
    year_of_rows,
    year_that_is_known,
)
from server.settings import Settings
from server.wiring import House, build_house

Say = Callable[[str], None]
YEAR_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Import:
    """`what` is a year, or the file of one."""

    what: str
    check: bool


@dataclass(frozen=True, slots=True)
class Mark:
    day: str
    kind: str
    reason: str


def calendar_options(calendar: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    deeds = calendar.add_subparsers(dest="deed", required=True, metavar="DEED")
    bring = deeds.add_parser("import", help="a year's table, as the State Council published it")
    bring.add_argument(
        "what", metavar="YEAR|FILE", help="a year that the installed chinesecalendar knows, or a .csv or .json of date and kind"
    )
    bring.add_argument("--check", action="store_true", help="only say what is wrong, or what it would change")
    mark = deeds.add_parser("mark", help="one day that was declared otherwise")
    mark.add_argument("date", metavar="DATE", help="like 2027-01-04")
    mark.add_argument("kind", choices=("working", "off"))
    mark.add_argument("--reason", metavar="TEXT", required=True, help="who declared it, and where")
    show = deeds.add_parser("show", help="print a month")
    show.add_argument("month", metavar="MONTH", help="like 2027-01")


async def change_calendar(given: argparse.Namespace, settings: Settings, say: Say) -> int:
    """What was asked for at the command line. Raises `BadCalendar`."""
    if not settings.mongodb_uri:
        raise BadCalendar("LIANHU_MONGODB_URI is empty: name the database whose calendar it is")
    house = build_house(settings)
    try:
        if given.deed == "import":
            await bring_year(house, Import(given.what, given.check), say)
        elif given.deed == "mark":
            await mark_day(house, Mark(given.date, given.kind, given.reason), say)
        else:
            await show_month(house, given.month, say)
    except (PyMongoError, LookupError) as error:
        raise BadCalendar(f"MongoDB did not do it ({type(error).__name__}: {error})") from error
    finally:
        await house.close()
    return 0


async def bring_year(house: House, wish: Import, say: Say) -> None:
    """Makes that year what the file or `chinesecalendar` says, or only says what that would change. Raises `BadCalendar`."""
    is_year = wish.what.isdecimal() and len(wish.what) == YEAR_DIGITS
    brought = year_that_is_known(int(wish.what)) if is_year else _from_file(Path(wish.what))
    table = await house.calendars.table()
    days, through = with_year(table.days, table.published_through, brought, today=_today(house))
    await _publish(house, table, days, through, say, check=wish.check)


async def mark_day(house: House, wish: Mark, say: Say) -> None:
    """Makes one day a working day or a day off. Raises `BadCalendar`."""
    table = await house.calendars.table()
    days = with_mark(table.days, day_of(wish.day), DayKind(wish.kind.upper()), wish.reason)
    await _publish(house, table, days, table.published_through, say, check=False)


async def show_month(house: House, month: str, say: Say) -> None:
    """Raises `BadCalendar`."""
    table = await house.calendars.table()
    for line in printed_month(table.days, table.published_through, month_of(month)):
        say(line)
    say(f"published through {table.published_through}")


async def _publish(house: House, table: Table, days: tuple[CalendarDay, ...], through: date, say: Say, *, check: bool) -> None:
    before, after = ({day.date: day.kind for day in some} for some in (table.days, days))
    for day in sorted({*before, *after}):
        if before.get(day) is not after.get(day):
            kind = after.get(day)
            say(f"~ {day} {day:%a} {kind.value.lower() if kind else 'as every week'}")
    if through != table.published_through:
        say(f"~ published through {through}")
    if days == table.days and through == table.published_through:
        say("nothing is another than it was")
        return
    if check:
        say("nothing was written")
        return
    if not await house.calendars.publish(days, through, instead_of=table, at=house.ports.clock()):
        raise BadCalendar("somebody else changed the calendar just now: look at it, and do it again")
    say("servers read it within a minute; the clockwork counts anew what was counted by the table before")


def _from_file(path: Path) -> tuple[CalendarDay, ...]:
    try:
        rows = list(_json(path) if path.suffix.lower() == ".json" else _csv(path))
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        raise BadCalendar(f"{path} cannot be read: {error}") from error
    if not rows:
        raise BadCalendar(f"{path} has no days")
    return year_of_rows(rows, path.name)


def _csv(path: Path) -> Iterator[Row]:
    """Lines of `date,kind`; a head is passed over."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, line in enumerate(csv.reader(file), 1):
            if line and [cell.strip().lower() for cell in line[:2]] != ["date", "kind"]:
                yield Row(number, line[0], line[1] if len(line) > 1 else "")


def _json(path: Path) -> Iterator[Row]:
    """A list of `{"date": …, "kind": …}`."""
    rows = json.loads(path.read_text("utf-8"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError('it is no list of {"date": …, "kind": …}')
    for number, row in enumerate(rows, 1):
        yield Row(number, str(row.get("date", "")), str(row.get("kind", "")))


def _today(house: House) -> date:
    return house.ports.clock().astimezone(SHANGHAI).date()
