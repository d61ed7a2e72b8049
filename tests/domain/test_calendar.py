from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import chinese_calendar
import holidays
import pytest

from domain.calendar import (
    SHANGHAI,
    CalendarDay,
    DayKind,
    OfficeHours,
    WorkingCalendar,
    published_days,
    published_through,
)

PUBLISHED = WorkingCalendar.from_days(published_days(), published_through=published_through())


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_the_published_table_reaches_to_the_end_of_the_last_year_in_the_library() -> None:
    assert published_through() == date(2026, 12, 31)


def test_every_published_day_of_twenty_three_years_is_what_the_first_library_says() -> None:
    days = every_day(date(2004, 1, 1), published_through())
    assert [day for day in days if PUBLISHED.is_working(day) != chinese_calendar.is_workday(day)] == []


def test_every_day_of_2020_to_2026_is_what_the_second_library_says() -> None:
    second_opinion = holidays.country_holidays("CN", years=range(2020, 2027))
    days = every_day(date(2020, 1, 1), date(2026, 12, 31))
    assert len(days) == 2557
    assert [day for day in days if PUBLISHED.is_working(day) != second_opinion.is_working_day(day)] == []


@pytest.mark.parametrize("year", range(2020, 2027))
def test_a_year_has_about_250_working_days(year: int) -> None:
    assert 248 <= sum(map(PUBLISHED.is_working, every_day(date(year, 1, 1), date(year, 12, 31)))) <= 251


def test_the_published_days_are_in_order_and_only_those_that_depart_from_monday_to_friday() -> None:
    days = published_days()
    dates = [day.date for day in days]
    assert dates == sorted(set(dates))
    assert all((day.date.weekday() < 5) == (day.kind is DayKind.OFF) for day in days)


def test_a_published_day_names_its_source() -> None:
    assert {day.published_in for day in published_days()} == {f"chinesecalendar {chinese_calendar.__version__}"}


@pytest.mark.parametrize("day", [date(2026, 1, 4), date(2026, 2, 28), date(2026, 9, 20), date(2026, 10, 10)])
def test_a_make_up_day_on_a_weekend_is_worked(day: date) -> None:
    assert day.weekday() >= 5
    assert PUBLISHED.is_working(day)


@pytest.mark.parametrize("day", [date(2026, 2, 16), date(2026, 5, 5), date(2026, 9, 25), date(2026, 10, 7)])
def test_a_weekday_of_a_holiday_is_off(day: date) -> None:
    assert day.weekday() < 5
    assert not PUBLISHED.is_working(day)


def test_beyond_the_published_table_only_weekends_and_the_fixed_statutory_days_are_off() -> None:
    fixed = {(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)}
    for day in every_day(date(2027, 1, 1), date(2028, 12, 31)):
        assert PUBLISHED.is_working(day) == (day.weekday() < 5 and (day.month, day.day) not in fixed)


def test_a_day_is_provisional_from_the_first_one_beyond_the_published_table() -> None:
    assert not PUBLISHED.is_provisional(date(2026, 12, 31))
    assert PUBLISHED.is_provisional(date(2027, 1, 1))


def test_an_edited_day_wins_over_the_table_and_over_the_rule() -> None:
    make_up, carnival = date(2026, 2, 28), date(2027, 3, 1)
    edited = PUBLISHED.with_days([CalendarDay(make_up, DayKind.OFF, "test"), CalendarDay(carnival, DayKind.OFF, "test")])
    assert not edited.is_working(make_up)
    assert not edited.is_working(carnival)
    assert edited.is_provisional(carnival)
    assert PUBLISHED.is_working(make_up)


def test_a_new_table_moves_the_published_end() -> None:
    saturday = CalendarDay(date(2027, 2, 20), DayKind.WORKING, "notice for 2027")
    grown = PUBLISHED.with_days([saturday], published_through=date(2027, 12, 31))
    assert grown.is_working(saturday.date)
    assert not grown.is_provisional(saturday.date)
    assert grown.is_working(date(2026, 2, 28))


def test_of_two_documents_for_one_date_the_later_one_wins() -> None:
    day = date(2026, 3, 2)
    documents = [CalendarDay(day, DayKind.OFF, "first"), CalendarDay(day, DayKind.WORKING, "second")]
    assert WorkingCalendar.from_days(documents, published_through=day).is_working(day)


def test_the_next_working_day_skips_a_holiday_and_finds_a_working_saturday() -> None:
    assert PUBLISHED.working_day_after(date(2026, 2, 14)) == date(2026, 2, 24)
    assert PUBLISHED.working_day_after(date(2026, 2, 27)) == date(2026, 2, 28)


def test_a_working_day_has_seven_and_a_half_hours_unless_the_office_says_otherwise() -> None:
    assert OfficeHours().length == timedelta(hours=7, minutes=30)
    assert OfficeHours(((time(9), time(13)),)).length == timedelta(hours=4)


@pytest.mark.parametrize(
    "windows",
    [
        (),
        ((time(12), time(8, 30)),),
        ((time(8, 30), time(8, 30)),),
        ((time(13, 30), time(17, 30)), (time(8, 30), time(12))),
        ((time(8, 30), time(12)), (time(12), time(17, 30))),
    ],
)
def test_office_hours_that_make_no_day_are_refused(windows: tuple[tuple[time, time], ...]) -> None:
    with pytest.raises(ValueError, match="in order"):
        OfficeHours(windows)


def shanghai(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def test_the_window_that_is_open_begins_now_and_the_next_ones_follow_over_the_weekend() -> None:
    assert list(islice(PUBLISHED.office_windows_from(shanghai(3, 6, 11).astimezone(UTC)), 3)) == [
        (shanghai(3, 6, 11), shanghai(3, 6, 12)),
        (shanghai(3, 6, 13, 30), shanghai(3, 6, 17, 30)),
        (shanghai(3, 9, 8, 30), shanghai(3, 9, 12)),
    ]


def test_on_a_day_off_the_first_window_is_that_of_the_next_working_day() -> None:
    assert next(PUBLISHED.office_windows_from(shanghai(3, 7, 11))) == (shanghai(3, 9, 8, 30), shanghai(3, 9, 12))


def test_shanghai_is_eight_hours_ahead_in_every_season() -> None:
    assert {datetime(2026, month, 1, tzinfo=SHANGHAI).utcoffset() for month in range(1, 13)} == {timedelta(hours=8)}
