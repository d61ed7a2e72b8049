from datetime import UTC, date, datetime, time, timedelta
from math import inf, nan
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import SHANGHAI, CalendarDay, DayKind, OfficeHours, WorkingCalendar, published_days, published_through
from domain.deadlines import (
    POLICIES,
    DeadlineClass,
    DeadlinePolicy,
    Due,
    Limit,
    LimitUnit,
    add_office_time,
    due,
    halfway,
    office_time_between,
)

PUBLISHED = WorkingCalendar.from_days(published_days(), published_through=published_through())
WINDOWS = PUBLISHED.office.windows
FIVE_WORKING_DAYS = Limit(5, LimitUnit.WORKING_DAY)
FOUR_OFFICE_HOURS = Limit(4, LimitUnit.OFFICE_HOUR)
TWO_URGENT_HOURS = Limit(2, LimitUnit.URGENT_HOUR)

untimed = settings(deadline=None)
# Any microsecond, and as often a round quarter of an hour, because that is where windows open and close.
spans = st.timedeltas(timedelta(), timedelta(days=577)) | st.integers(0, 577 * 96).map(lambda n: n * timedelta(minutes=15))
instants = spans.map(lambda span: datetime(2025, 9, 1, tzinfo=UTC) + span)
whole_days = st.integers(1, 20).map(lambda n: Limit(n, LimitUnit.WORKING_DAY))
office_hours = st.integers(1, 240).map(lambda quarters: Limit(quarters / 4, LimitUnit.OFFICE_HOUR))
limits = st.builds(Limit, st.integers(1, 60).map(lambda quarters: quarters / 4), st.sampled_from(LimitUnit))


def shanghai(day: str, at: str = "10:00") -> datetime:
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(at), SHANGHAI)


def is_working_moment(instant: datetime) -> bool:
    """Whether office time is just running out at this instant: after opening, up to and including closing."""
    local = instant.astimezone(SHANGHAI)
    return PUBLISHED.is_working(local.date()) and any(opens < local.time() <= closes for opens, closes in WINDOWS)


working_moments = instants.filter(is_working_moment)


@pytest.mark.parametrize("hour", ["00:00", "10:00", "23:59:59"])
@pytest.mark.parametrize(
    ("received", "last_day"),
    [
        ("2026-02-13", "2026-02-27"),
        ("2026-02-20", "2026-02-28"),
        ("2026-04-30", "2026-05-11"),
        ("2026-09-18", "2026-09-24"),
        ("2026-09-30", "2026-10-13"),
        ("2025-01-24", "2025-02-07"),
        ("2025-09-26", "2025-10-10"),
        ("2025-12-31", "2026-01-08"),
    ],
)
def test_five_working_days_end_when_the_office_closes_on_the_fifth(received: str, last_day: str, hour: str) -> None:
    expected = Due(shanghai(last_day, "17:30"), is_provisional=False)
    assert due(PUBLISHED, shanghai(received, hour), FIVE_WORKING_DAYS) == expected


def test_five_working_days_over_a_new_year_without_a_table_are_provisional() -> None:
    assert due(PUBLISHED, shanghai("2026-12-30"), FIVE_WORKING_DAYS) == Due(shanghai("2027-01-07", "17:30"), is_provisional=True)


def test_a_deadline_is_no_longer_provisional_and_may_move_once_the_table_arrives() -> None:
    table = [CalendarDay(date(2027, 1, 4), DayKind.OFF, "notice for 2027")]
    grown = PUBLISHED.with_days(table, published_through=date(2027, 12, 31))
    assert due(grown, shanghai("2026-12-30"), FIVE_WORKING_DAYS) == Due(shanghai("2027-01-08", "17:30"), is_provisional=False)


def test_a_limit_may_end_on_a_working_saturday() -> None:
    assert due(PUBLISHED, shanghai("2026-02-27"), Limit(1, LimitUnit.WORKING_DAY)).at == shanghai("2026-02-28", "17:30")


def test_the_day_of_receipt_is_the_date_in_shanghai_and_not_in_greenwich() -> None:
    late_in_greenwich = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert due(PUBLISHED, late_in_greenwich, Limit(1, LimitUnit.WORKING_DAY)).at == shanghai("2026-03-04", "17:30")


def test_a_request_on_a_holiday_has_that_holiday_as_day_nought() -> None:
    assert due(PUBLISHED, shanghai("2026-02-18"), Limit(1, LimitUnit.WORKING_DAY)).at == shanghai("2026-02-24", "17:30")


def test_half_a_working_day_ends_when_half_of_the_office_time_is_over() -> None:
    assert due(PUBLISHED, shanghai("2026-03-02"), Limit(0.5, LimitUnit.WORKING_DAY)).at == shanghai("2026-03-03", "13:45")


def test_working_days_end_when_the_office_closes_under_its_own_hours() -> None:
    summer = WorkingCalendar.from_days(
        published_days(), published_through=published_through(), office=OfficeHours(((time(8), time(12)), (time(15), time(18, 30))))
    )
    assert due(summer, shanghai("2026-07-01"), Limit(1, LimitUnit.WORKING_DAY)).at == shanghai("2026-07-02", "18:30")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (shanghai("2026-03-02", "08:30"), shanghai("2026-03-02", "14:00")),
        (shanghai("2026-03-02", "03:00"), shanghai("2026-03-02", "14:00")),
        (shanghai("2026-03-02", "12:30"), shanghai("2026-03-02", "17:30")),
        (shanghai("2026-03-02", "16:00"), shanghai("2026-03-03", "11:00")),
        (shanghai("2026-03-02", "17:30"), shanghai("2026-03-03", "14:00")),
        (shanghai("2026-03-06", "17:00"), shanghai("2026-03-09", "12:00")),
        (shanghai("2026-02-14", "17:00"), shanghai("2026-02-24", "12:00")),
        (shanghai("2026-02-27", "17:00"), shanghai("2026-02-28", "12:00")),
    ],
)
def test_four_office_hours_run_only_while_the_office_is_open(start: datetime, end: datetime) -> None:
    assert due(PUBLISHED, start, FOUR_OFFICE_HOURS) == Due(end, is_provisional=False)


def test_office_hours_that_run_into_a_year_without_a_table_are_provisional() -> None:
    assert due(PUBLISHED, shanghai("2026-12-31", "17:00"), FOUR_OFFICE_HOURS) == Due(shanghai("2027-01-04", "12:00"), is_provisional=True)


def test_urgent_hours_start_at_once_in_the_middle_of_a_holiday_night() -> None:
    assert due(PUBLISHED, shanghai("2026-02-17", "23:30"), TWO_URGENT_HOURS) == Due(shanghai("2026-02-18", "01:30"), is_provisional=False)


def test_urgent_minutes_are_a_part_of_an_hour() -> None:
    assert due(PUBLISHED, shanghai("2026-03-02"), Limit(0.5, LimitUnit.URGENT_HOUR)).at == shanghai("2026-03-02", "10:30")


def test_days_end_at_the_same_time_of_day_working_or_not() -> None:
    assert due(PUBLISHED, shanghai("2026-02-13", "22:15"), Limit(7, LimitUnit.DAY)).at == shanghai("2026-02-20", "22:15")


@pytest.mark.parametrize("limit", [Limit(24, LimitUnit.URGENT_HOUR), Limit(1, LimitUnit.DAY), Limit(9, LimitUnit.OFFICE_HOUR)])
def test_the_clock_of_a_caller_who_changes_to_summer_time_has_no_say(limit: Limit) -> None:
    night_of_change = datetime(2026, 3, 28, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    assert due(PUBLISHED, night_of_change, limit) == due(PUBLISHED, night_of_change.astimezone(UTC), limit)


@untimed
@given(instants, instants, limits)
def test_who_asks_later_is_never_due_earlier(one: datetime, other: datetime, limit: Limit) -> None:
    earlier, later = sorted((one, other))
    assert due(PUBLISHED, earlier, limit).at <= due(PUBLISHED, later, limit).at


@untimed
@given(instants, limits)
def test_a_deadline_is_after_its_start_and_in_utc(start: datetime, limit: Limit) -> None:
    at = due(PUBLISHED, start, limit).at
    assert at > start
    assert at.tzinfo is UTC


@untimed
@given(instants, whole_days)
def test_working_days_end_at_closing_time_of_a_working_day_with_that_many_counted(start: datetime, limit: Limit) -> None:
    last = due(PUBLISHED, start, limit).at.astimezone(SHANGHAI)
    received = start.astimezone(SHANGHAI).date()
    counted = [received + timedelta(days=n) for n in range(1, (last.date() - received).days + 1)]
    assert PUBLISHED.is_working(last.date())
    assert last.time() == WINDOWS[-1][1]
    assert sum(map(PUBLISHED.is_working, counted)) == limit.amount


@untimed
@given(instants, office_hours)
def test_office_hours_end_inside_a_window_after_just_that_much_office_time(start: datetime, limit: Limit) -> None:
    at = due(PUBLISHED, start, limit).at
    assert is_working_moment(at)
    assert office_time_between(PUBLISHED, start, at) == timedelta(hours=limit.amount)


@untimed
@given(instants, limits)
def test_a_deadline_is_provisional_exactly_where_it_counts_office_time_beyond_the_published_table(start: datetime, limit: Limit) -> None:
    outcome = due(PUBLISHED, start, limit)
    counts_office_time = limit.unit in {LimitUnit.OFFICE_HOUR, LimitUnit.WORKING_DAY}
    assert outcome.is_provisional == (counts_office_time and outcome.at.astimezone(SHANGHAI).date() > date(2026, 12, 31))


@pytest.mark.parametrize("unit", LimitUnit)
def test_a_time_without_a_zone_has_no_deadline(unit: LimitUnit) -> None:
    with pytest.raises(ValueError, match="zone"):
        due(PUBLISHED, datetime(2026, 3, 2), Limit(1, unit))  # noqa: DTZ001 - naive is the point


@pytest.mark.parametrize("amount", [0, -1, inf, nan])
def test_a_limit_of_nothing_or_without_end_is_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Limit(amount, LimitUnit.DAY)


@pytest.mark.parametrize(
    ("limit", "reminder"),
    [
        (TWO_URGENT_HOURS, shanghai("2026-03-02", "11:00")),
        (FOUR_OFFICE_HOURS, shanghai("2026-03-02", "12:00")),
        (Limit(4, LimitUnit.WORKING_DAY), shanghai("2026-03-04", "17:30")),
        (FIVE_WORKING_DAYS, shanghai("2026-03-05", "13:45")),
        (Limit(2, LimitUnit.DAY), shanghai("2026-03-03", "10:00")),
    ],
)
def test_the_reminder_comes_when_half_of_the_limit_has_passed(limit: Limit, reminder: datetime) -> None:
    assert halfway(PUBLISHED, shanghai("2026-03-02"), limit) == reminder


@untimed
@given(instants, limits)
def test_the_reminder_comes_after_the_start_and_before_the_deadline(start: datetime, limit: Limit) -> None:
    assert start < halfway(PUBLISHED, start, limit) < due(PUBLISHED, start, limit).at


def test_office_time_leaves_out_noon_night_and_weekend() -> None:
    assert office_time_between(PUBLISHED, shanghai("2026-03-06", "11:00"), shanghai("2026-03-09", "09:00")) == timedelta(hours=5.5)


def test_no_office_time_passes_backwards() -> None:
    assert office_time_between(PUBLISHED, shanghai("2026-03-03"), shanghai("2026-03-02")) == timedelta()


@untimed
@given(st.integers(0, 400), st.integers(0, 400))
def test_office_time_is_what_one_counts_by_quarter_hours(first: int, length: int) -> None:
    quarters = [shanghai("2026-02-12", "00:00") + n * timedelta(minutes=15) for n in range(first, first + length + 1)]
    counted = sum(map(is_working_moment, quarters[1:]))
    assert office_time_between(PUBLISHED, quarters[0], quarters[-1]) == counted * timedelta(minutes=15)


@untimed
@given(st.tuples(instants, instants, instants).map(sorted))
def test_office_time_of_two_stretches_is_that_of_the_whole(moments: list[datetime]) -> None:
    first, middle, last = moments
    parts = office_time_between(PUBLISHED, first, middle) + office_time_between(PUBLISHED, middle, last)
    assert parts == office_time_between(PUBLISHED, first, last)


@untimed
@given(instants, working_moments)
def test_adding_the_office_time_to_a_working_moment_leads_back_to_it(start: datetime, end: datetime) -> None:
    start = min(start, end)
    assert add_office_time(PUBLISHED, start, office_time_between(PUBLISHED, start, end)) == end


@untimed
@given(st.tuples(instants, instants, working_moments).filter(lambda t: t[0] <= t[2]))
def test_a_pause_keeps_the_remaining_office_time_to_the_microsecond(moments: tuple[datetime, datetime, datetime]) -> None:
    paused, resumed, deadline = moments
    remaining = office_time_between(PUBLISHED, paused, deadline)
    assert office_time_between(PUBLISHED, resumed, add_office_time(PUBLISHED, resumed, remaining)) == remaining


def test_no_office_time_added_out_of_hours_is_the_next_opening() -> None:
    assert add_office_time(PUBLISHED, shanghai("2026-03-07"), timedelta()) == shanghai("2026-03-09", "08:30")


def test_office_time_is_not_added_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        add_office_time(PUBLISHED, shanghai("2026-03-02"), -timedelta(seconds=1))


def test_office_time_needs_the_zone_of_both_ends() -> None:
    naive, aware = datetime(2026, 3, 2), shanghai("2026-03-02")  # noqa: DTZ001 - naive is the point
    for start, end in ((naive, aware), (aware, naive)):
        with pytest.raises(ValueError, match="zone"):
            office_time_between(PUBLISHED, start, end)
    with pytest.raises(ValueError, match="zone"):
        add_office_time(PUBLISHED, naive, timedelta())


def in_words(limit: Limit | None) -> str:
    return "-" if limit is None else f"{limit.amount:g} {limit.unit.value}"


@pytest.mark.parametrize(
    ("deadline_class", "row"),
    [
        (DeadlineClass.DANGER, "0.5 URGENT_HOUR | 1 URGENT_HOUR | 2 URGENT_HOUR | -"),
        (DeadlineClass.UTILITY, "2 URGENT_HOUR | 4 URGENT_HOUR | 24 URGENT_HOUR | 1 WORKING_DAY"),
        (DeadlineClass.NORMAL, "4 OFFICE_HOUR | 24 URGENT_HOUR | 5 WORKING_DAY | 10 WORKING_DAY"),
        (DeadlineClass.COMPLEX, "4 OFFICE_HOUR | 24 URGENT_HOUR | 15 WORKING_DAY | 10 WORKING_DAY"),
        (DeadlineClass.ENQUIRY, "- | - | 3 WORKING_DAY | -"),
        (DeadlineClass.PROXY_ERRAND, "4 OFFICE_HOUR | 24 URGENT_HOUR | 3 WORKING_DAY | -"),
        (DeadlineClass.APPOINTMENT, "- | - | - | -"),
    ],
)
def test_each_class_of_request_has_the_limits_of_its_row(deadline_class: DeadlineClass, row: str) -> None:
    policy: DeadlinePolicy = POLICIES[deadline_class]
    assert " | ".join(map(in_words, (policy.sign, policy.contact, policy.reply, policy.extension))) == row


def test_every_class_of_request_has_a_policy_and_is_called_by_its_name() -> None:
    assert set(POLICIES) == set(DeadlineClass)
    assert all(deadline_class.value == deadline_class.name for deadline_class in DeadlineClass)
