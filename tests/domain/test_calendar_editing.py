"""A year's table and a marked day: what is refused and why, and what the whole table is afterwards."""

from datetime import date, timedelta

import pytest

from domain.calendar import CalendarDay, DayKind, WorkingCalendar, published_days, published_through
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

DAYS, THROUGH, TODAY = published_days(), published_through(), date(2026, 11, 23)
SPRING = [f"2027-02-0{number}" for number in range(5, 10)]


def rows(*pairs: tuple[str, str]) -> list[Row]:
    return [Row(number, day, kind) for number, (day, kind) in enumerate(pairs, 1)]


def year() -> tuple[CalendarDay, ...]:
    return year_of_rows(
        rows(*((day, "off") for day in SPRING), ("2027-02-20", "working"), ("2027-02-28", "Working "), ("2027-01-01", "off")), "f"
    )


def test_a_year_is_the_days_that_depart_from_monday_to_friday() -> None:
    assert [(f"{day.date}", day.kind) for day in year()] == [
        ("2027-01-01", DayKind.OFF),
        ("2027-02-05", DayKind.OFF),
        ("2027-02-08", DayKind.OFF),
        ("2027-02-09", DayKind.OFF),
        ("2027-02-20", DayKind.WORKING),
        ("2027-02-28", DayKind.WORKING),
    ]


def test_every_fault_of_a_file_is_told_with_its_line() -> None:
    bad = rows(
        ("2027-02-30", "off"),
        ("20270201", "off"),
        ("2027-02-05", "holiday"),
        ("2027-02-08", "off"),
        ("2027-02-08", "off"),
        ("2028-01-03", "off"),
    )
    with pytest.raises(BadCalendar) as no:
        year_of_rows(bad, "f")

    assert str(no.value).splitlines() == [
        "line 1: '2027-02-30' is no date like 2027-01-01",
        "line 2: '20270201' is no date like 2027-01-01",
        "line 3: 'holiday' is neither working nor off",
        "line 5: 2027-02-08 stands there twice",
        "one year at a time: there are days of 2027, 2028",
    ]


def test_a_handful_of_days_is_no_year() -> None:
    with pytest.raises(BadCalendar, match="1 days depart"):
        year_of_rows(rows(("2027-02-08", "off")), "f")


def test_the_library_knows_this_year_and_not_one_that_nobody_published() -> None:
    assert {day.date.year for day in year_that_is_known(THROUGH.year)} == {THROUGH.year}
    with pytest.raises(BadCalendar, match="does not know 2099"):
        year_that_is_known(2099)


def test_the_table_grows_by_the_year_and_is_published_to_its_end() -> None:
    days, through = with_year(DAYS, THROUGH, year(), today=TODAY)
    calendar = WorkingCalendar.from_days(days, published_through=through)

    assert (set(DAYS) | set(year()), through) == (set(days), date(2027, 12, 31))
    assert calendar.is_working(date(2027, 2, 20))
    assert not calendar.is_working(date(2027, 2, 8))
    assert list(days) == sorted(days, key=lambda day: day.date)


def test_brought_again_a_year_is_as_it_is_given_then_but_for_what_was_marked() -> None:
    days, through = with_year(DAYS, THROUGH, year(), today=TODAY)
    marked = with_mark(days, date(2027, 2, 20), DayKind.OFF, "县里通知")
    again, _ = with_year(marked, through, year()[1:], today=TODAY)

    assert date(2027, 1, 1) not in {day.date for day in again}
    assert next(day for day in again if day.date == date(2027, 2, 20)) == CalendarDay(date(2027, 2, 20), DayKind.OFF, "mark: 县里通知")


def test_no_year_is_left_out_and_none_that_is_over_is_brought_again() -> None:
    later = tuple(CalendarDay(day.date + timedelta(days=365), day.kind, "f") for day in year())
    with pytest.raises(BadCalendar, match="2027 is missing"):
        with_year(DAYS, THROUGH, later, today=TODAY)
    with pytest.raises(BadCalendar, match="2025 is over"):
        with_year(DAYS, THROUGH, year_that_is_known(2025), today=TODAY)


def test_a_mark_wants_a_reason_and_replaces_what_was_said_of_the_day() -> None:
    with pytest.raises(BadCalendar, match="--reason is empty"):
        with_mark(DAYS, TODAY, DayKind.OFF, "  ")
    once = with_mark(DAYS, TODAY, DayKind.OFF, "a")
    assert with_mark(once, TODAY, DayKind.WORKING, "b").count(CalendarDay(TODAY, DayKind.WORKING, "mark: b")) == 1
    assert len(with_mark(once, TODAY, DayKind.WORKING, "b")) == len(once) == len(DAYS) + 1


@pytest.mark.parametrize("text", ["2027", "2027-13", "jan", "2027-1"])
def test_a_month_is_written_like_2027_01(text: str) -> None:
    with pytest.raises(BadCalendar, match="is no month"):
        month_of(text)
    with pytest.raises(BadCalendar, match="is no date"):
        day_of(text)


def test_a_month_shows_days_off_made_up_days_and_what_is_not_published() -> None:
    assert list(printed_month(DAYS, THROUGH, date(2026, 10, 1)))[:8] == [
        "2026-10   * off, + working at a weekend, ? not published yet",
        " Mon  Tue  Wed  Thu  Fri  Sat  Sun",
        "                 1*   2*   3*   4*",
        "  5*   6*   7*   8    9   10+  11*",
        " 12   13   14   15   16   17*  18*",
        " 19   20   21   22   23   24*  25*",
        " 26   27   28   29   30   31*",
        f"2026-10-01 off ({DAYS[0].published_in})",
    ]
    assert list(printed_month(DAYS, THROUGH, date(2027, 1, 1)))[2] == "                      1?   2?   3?"


def test_the_first_day_of_which_two_calendars_say_something_else() -> None:
    calendar = WorkingCalendar.from_days(DAYS, published_through=THROUGH)
    days, through = with_year(DAYS, THROUGH, year(), today=TODAY)

    assert calendar.first_change(calendar) is None
    assert calendar.first_change(calendar.with_days([CalendarDay(TODAY, DayKind.OFF, "f")])) == TODAY
    assert calendar.first_change(WorkingCalendar.from_days(days, published_through=through)) == date(2027, 1, 1)
