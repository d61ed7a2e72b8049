"""What is said when time runs out or is over: to whom it concerns, once for each due time, and never too early."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import CalendarDay, DayKind
from domain.cases import Case
from domain.clockwork import CLOCK_ACTS, act_of_clock, clock_at
from domain.deadlines import DeadlineClass
from domain.events import EventKind
from domain.legs import promise, red_at, yellow_at
from domain.lifecycle import Verb
from domain.tasks import Task, TaskState
from tests.domain.cast import CALENDAR, MONDAY, Story, asked, moment, standing_in

HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
WARNED, MISSED, BROKEN = EventKind.TASK_WARNED, EventKind.TASK_MISSED, EventKind.PROMISE_MISSED


def here(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}+08:00").astimezone(UTC)


def work(code: str = "stairwell-lamp", **changes: object) -> Story:
    """A task of Monday that somebody works on: the lamp is due on the next Monday, 2026-11-30 at 17:30."""
    return Story(standing_in(TaskState.IN_PROGRESS, asked(code), **changes), code)


def by(story: Story, until: datetime) -> list[tuple[EventKind, datetime]]:
    """Everything that the clock does up to then, whenever the next moment comes."""
    done: list[tuple[EventKind, datetime]] = []
    while (at := clock_at(story.case, story.task, CALENDAR)) is not None and at <= until:
        assert len(done) < 20, "the clock comes back for ever"
        story.at = max(story.at, at)
        act = act_of_clock(story.case, story.task.id, moment("nobody", story.code, at=story.at))
        assert act is not None, "a moment came, and there was nothing to do"
        done.append((story.keep(act).kind, story.at))
    return done


def test_yellow_comes_one_working_day_before_and_red_on_the_first_one_after() -> None:
    expected = [(WARNED, here("2026-11-27", "17:30")), (MISSED, here("2026-12-01", "08:30"))]

    assert by(work(), MONDAY + 60 * DAYS) == expected


@pytest.mark.parametrize(
    ("due_at", "yellow", "red"),
    [
        (here("2026-10-08", "17:30"), here("2026-09-30", "17:30"), here("2026-10-09", "08:30")),  # over the National Day
        (here("2026-02-28", "17:30"), here("2026-02-27", "17:30"), here("2026-03-02", "08:30")),  # a working Saturday
        (here("2026-11-26", "10:15"), here("2026-11-25", "10:15"), here("2026-11-27", "08:30")),  # a leg that was paused
    ],
)
def test_both_go_by_the_calendar(due_at: datetime, yellow: datetime, red: datetime) -> None:
    assert (yellow_at(CALENDAR, due_at), red_at(CALENDAR, due_at, by_the_clock=False)) == (yellow, red)


def test_a_limit_by_the_clock_is_red_at_once_and_never_yellow() -> None:
    story = work("gas-smell")
    due_at = story.task.due_at
    assert due_at == MONDAY + 2 * HOURS

    assert by(story, MONDAY + 60 * DAYS) == [(MISSED, due_at + timedelta(milliseconds=1))]
    assert story.task.is_overdue(story.at)


def test_it_is_said_once_and_again_only_of_another_due_time() -> None:
    story = work()
    by(story, MONDAY + 60 * DAYS)
    assert by(story, MONDAY + 90 * DAYS) == []

    moved = replace(story.task, due_at=here("2027-01-22", "17:30"))
    story.case = Case(story.case.request, (moved,))
    assert [kind for kind, _ in by(story, MONDAY + 90 * DAYS)] == [WARNED, MISSED]


def test_what_was_done_in_time_is_neither() -> None:
    story = work()
    story.do(Verb.COMPLETE, "grid-worker-1", after=DAYS)

    assert by(story, MONDAY + 5 * DAYS) == []


def test_what_was_late_and_done_before_anybody_said_so_is_not_told() -> None:
    story = work()
    story.do(Verb.COMPLETE, "grid-worker-1", after=7 * DAYS + 8 * HOURS)  # Monday at 18:00

    assert not story.task.leg_met
    assert MISSED not in [kind for kind, _ in by(story, MONDAY + 5 * DAYS)]


def test_after_a_night_of_the_clock_only_the_red_is_told() -> None:
    story = work()
    story.at = MONDAY + 20 * DAYS

    assert [kind for kind, _ in by(story, story.at)] == [MISSED]


@pytest.mark.parametrize("state", [TaskState.SUSPENDED, TaskState.DEFERRED])
def test_what_is_paused_is_not_judged(state: TaskState) -> None:
    case, judging = standing_in(state), {"yellow", "red", "promise broken"}

    assert [row.name for row in CLOCK_ACTS if row.name in judging and row.when(case, case.tasks[0], CALENDAR)] == []


def test_a_provisional_date_is_no_date_to_be_late_for() -> None:
    story = work(due_provisional=True)
    assert story.case.request is not None
    story.case = Case(replace(story.case.request, promise_provisional=True), story.case.tasks)

    assert [kind for kind, _ in by(story, MONDAY + 60 * DAYS)] == [WARNED]


def test_the_promise_is_broken_while_a_later_leg_goes_on() -> None:
    story = work()
    story.do(Verb.COMPLETE, "grid-worker-1", after=DAYS)
    story.do(Verb.FAIL_CHECK, "grid-leader-1", after=2 * DAYS)  # a new leg until 12-03

    assert by(story, MONDAY + 60 * DAYS) == [
        (BROKEN, here("2026-12-01", "08:30")),
        (WARNED, here("2026-12-02", "17:30")),
        (MISSED, here("2026-12-04", "08:30")),
    ]


def test_the_promise_goes_on_while_the_desk_thinks_about_a_return() -> None:
    assert [kind for kind, _ in by(Story(standing_in(TaskState.RETURN_PENDING)), MONDAY + 60 * DAYS)] == [BROKEN]


def test_the_promise_of_several_tasks_is_told_with_the_first() -> None:
    case = asked()
    other = replace(case.tasks[0], id=case.tasks[0].id[:-1] + "f", due_at=None)
    two = Case(case.request, (replace(case.tasks[0], due_at=None), other))
    row = next(row for row in CLOCK_ACTS if row.name == "promise broken")

    assert [row.when(two, task, CALENDAR) is not None for task in two.tasks] == [True, False]


def test_who_took_it_and_did_not_call_is_reminded_once() -> None:
    story = Story(asked())
    story.do(Verb.ACKNOWLEDGE, "grid-worker-1")
    contact_by = story.task.contact_by
    assert contact_by is not None

    assert by(story, MONDAY + 3 * DAYS) == [(EventKind.CONTACT_MISSED, contact_by + timedelta(milliseconds=1))]


def test_nobody_is_reminded_to_call_who_did_or_where_nobody_asked() -> None:
    called = Story(asked())
    called.do(Verb.ACKNOWLEDGE, "grid-worker-1")
    called.do(Verb.START, "grid-worker-1")
    proactive = Story(Case(None, (replace(standing_in(TaskState.ACKNOWLEDGED).tasks[0], request_id=None, askers=()),)))

    assert (by(called, MONDAY + 3 * DAYS), by(proactive, MONDAY + 3 * DAYS)) == ([], [])


@given(
    state=st.sampled_from(TaskState),
    code=st.sampled_from(["stairwell-lamp", "gas-smell", "pension-form", "water-leak"]),
    late=st.integers(0, 60 * 24),
)
def test_the_clock_always_comes_to_an_end(state: TaskState, code: str, late: int) -> None:
    """Wherever a task stands and however late the clock is: it has something to do whenever a moment came, and stops."""
    story = Story(standing_in(state, asked(code)), code, at=MONDAY + late * HOURS)
    by(story, MONDAY + 400 * DAYS)
    told = [act.kind for act in story.acts if act.kind in {WARNED, MISSED, BROKEN}]

    assert len(told) == len({(act.kind, task_of(act.case).due_at) for act in story.acts if act.kind in {WARNED, MISSED, BROKEN}})


def task_of(case: Case) -> Task:
    return case.tasks[0]


def test_the_last_working_day_before_a_day() -> None:
    closed = CALENDAR.with_days([CalendarDay(date(2026, 11, 26), DayKind.OFF, "test")])

    assert closed.working_day_before(date(2026, 11, 27)) == date(2026, 11, 25)
    assert CALENDAR.working_day_before(date(2026, 3, 2)) == date(2026, 2, 28)


@pytest.mark.parametrize("deadline_class", DeadlineClass)
def test_a_leg_knows_from_when_and_by_what_it_was_counted(deadline_class: DeadlineClass) -> None:
    due = promise(CALENDAR, deadline_class, MONDAY)
    leg = asked().tasks[0].new_leg(due)

    assert (leg.leg_from, leg.due_by_clock) == (
        (None, False) if due is None else (MONDAY, deadline_class in {DeadlineClass.DANGER, DeadlineClass.UTILITY})
    )
