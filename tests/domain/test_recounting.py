"""A calendar that changed moves what was counted by the one before, to the second, and nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import CalendarDay, DayKind, WorkingCalendar
from domain.cases import Case
from domain.deadlines import DeadlineClass, office_time_between
from domain.events import EventKind
from domain.legs import promise
from domain.recounting import raised, recounted, settled
from domain.requests import RequestState
from domain.tasks import TaskState
from tests.domain.cast import CALENDAR, asked, standing_in

RECEIVED = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00


def year_2027(*days: CalendarDay, version: int = 2) -> WorkingCalendar:
    return replace(CALENDAR.with_days(days, published_through=date(2027, 12, 31)), version=version)


def off(day: str) -> CalendarDay:
    return CalendarDay(date.fromisoformat(day), DayKind.OFF, "test")


def working(day: str) -> CalendarDay:
    return CalendarDay(date.fromisoformat(day), DayKind.WORKING, "test")


def here(day: str, time: str = "17:30") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}+08:00").astimezone(UTC)


def lamp(state: TaskState = TaskState.IN_PROGRESS, code: str = "stairwell-lamp") -> Case:
    """Asked for on 12-30; due on about 2027-01-07."""
    case = asked(code, at=RECEIVED)
    due = promise(CALENDAR, DeadlineClass.NORMAL, RECEIVED)
    assert due is not None
    request = case.request and replace(case.request, promise_provisional=due.is_provisional)
    return standing_in(state, Case(request, case.tasks))


def by(case: Case, now: WorkingCalendar, old: WorkingCalendar = CALENDAR) -> Case:
    ids = [*([case.request.id] if case.request else []), *(task.id for task in case.tasks)]
    return settled(case, dict.fromkeys(ids, old), now)


def clocks(case: Case) -> tuple[datetime | None, bool, datetime | None, bool]:
    assert case.request is not None
    task = case.tasks[0]
    return case.request.promise_due_at, case.request.promise_provisional, task.due_at, task.due_provisional


def test_the_demo_of_the_domain_is_provisional_at_first() -> None:
    assert clocks(lamp()) == (here("2027-01-07"), True, here("2027-01-07"), True)


@pytest.mark.parametrize(
    ("days", "due"),
    [
        ((), "2027-01-07"),
        ((off("2027-01-04"),), "2027-01-08"),
        ((working("2027-01-02"), working("2027-01-03")), "2027-01-05"),
        ((off("2027-01-04"), off("2027-01-05"), working("2027-01-09")), "2027-01-09"),
        ((off("2027-02-08"),), "2027-01-07"),
    ],
)
def test_when_the_year_arrives_both_clocks_are_as_if_counted_by_it(days: tuple[CalendarDay, ...], due: str) -> None:
    now = year_2027(*days)

    assert clocks(by(lamp(), now)) == (here(due), False, here(due), False)
    counted = promise(now, DeadlineClass.NORMAL, RECEIVED)
    assert counted is not None
    assert counted.at == here(due)


@given(
    holidays=st.sets(st.integers(0, 40), max_size=12),
    start=st.integers(0, 60 * 24 * 40),
    first=st.sampled_from(["2026-12-20", "2027-01-01"]),
)
def test_whatever_the_table_says_the_office_time_stays(holidays: set[int], start: int, first: str) -> None:
    """Counted anew it falls where counting from the start by the new table falls."""
    received = RECEIVED - timedelta(days=20) + timedelta(minutes=start)
    due = promise(CALENDAR, DeadlineClass.NORMAL, received)
    assert due is not None
    case = asked(at=received)
    now = year_2027(*(off((date.fromisoformat(first) + timedelta(days=number)).isoformat()) for number in holidays))

    moved = by(case, now).tasks[0].due_at
    assert moved is not None
    assert office_time_between(now, received, moved) == office_time_between(CALENDAR, received, due.at)


def test_a_leg_that_was_moved_keeps_its_minutes() -> None:
    case = lamp()
    extended = Case(case.request, (replace(case.tasks[0], due_at=here("2027-01-12", "10:17")),))

    assert by(extended, year_2027(off("2027-01-04"))).tasks[0].due_at == here("2027-01-13", "10:17")


def test_what_was_due_before_the_day_that_changed_stays_to_the_second() -> None:
    before = lamp()

    assert clocks(by(before, year_2027(off("2027-01-08"))))[:1] == clocks(before)[:1]


def test_limits_by_the_clock_and_what_is_over_do_not_move() -> None:
    now = year_2027(off("2027-01-04"))
    gas, closed = lamp(code="gas-smell"), lamp(TaskState.CLOSED)
    assert closed.request is not None
    closed = Case(replace(closed.request, state=RequestState.CLOSED), closed.tasks)

    assert (by(gas, now), by(closed, now)) == (gas, closed)


def test_counted_by_this_calendar_already_nothing_moves() -> None:
    now = year_2027(off("2027-01-04"))
    once = by(lamp(), now)

    assert by(once, now, old=now) == once
    assert recounted(once, once, at=RECEIVED) is None


def test_a_day_that_turns_out_otherwise_moves_what_was_firm() -> None:
    marked = replace(CALENDAR.with_days([off("2026-12-31")]), version=2)

    assert clocks(by(lamp(), marked)) == (here("2027-01-08"), True, here("2027-01-08"), True)


def test_the_act_says_what_moved_from_where_to_where() -> None:
    before = lamp()
    act = recounted(before, by(before, year_2027(off("2027-01-04"))), at=RECEIVED + timedelta(days=1))

    assert act is not None
    assert act.kind is EventKind.DEADLINES_RECOUNTED
    moved = {"from": "2027-01-07T09:30:00+00:00", "to": "2027-01-08T09:30:00+00:00"}
    assert moved.items() <= act.facts.items()
    assert {f"leg_{name}": value for name, value in moved.items()}.items() <= act.facts.items()
    assert before.request is not None
    assert act.case.request is not None
    assert (act.case.request.version, act.case.tasks[0].version) == (before.request.version + 1, before.tasks[0].version + 1)
    assert act.case.tasks[0].state is TaskState.IN_PROGRESS


def test_what_moved_beside_an_act_is_of_another_version_too() -> None:
    before = lamp()
    other = replace(before.tasks[0], id=before.tasks[0].id[:-1] + "f")
    kept = Case(before.request, (before.tasks[0], other))
    now = by(kept, year_2027(off("2027-01-04")))
    acted = Case(now.request, (replace(now.tasks[0], version=now.tasks[0].version + 1), now.tasks[1]))

    after = raised(acted, kept)
    assert [task.version for task in after.tasks] == [kept.tasks[0].version + 1, other.version + 1]
    assert kept.request is not None
    assert after.request is not None
    assert after.request.version == kept.request.version + 1
    assert raised(kept, kept) == kept


def test_a_task_that_nobody_asked_for_is_counted_anew_too() -> None:
    alone = Case(None, (replace(lamp().tasks[0], request_id=None, askers=()),))
    act = recounted(alone, by(alone, year_2027(off("2027-01-04"))), at=RECEIVED)

    assert act is not None
    assert act.case.tasks[0].due_at == here("2027-01-08")
    assert "from" not in act.facts
