"""A calendar that changed moves what was counted by the one before, to the second, and nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approvals import Extension
from domain.calendar import CalendarDay, DayKind, WorkingCalendar
from domain.cases import Case
from domain.deadlines import DeadlineClass, office_time_between
from domain.events import EventKind
from domain.following import follow
from domain.legs import later, promise, windows
from domain.lifecycle import Verb
from domain.recounting import looked_at_until, raised, recounted, settled, windows_moved, with_windows_moved
from domain.requests import Request, RequestState
from domain.subject_requests import SubjectRequest, SubjectRequestKind, SubjectRequestState, answer_due
from domain.tasks import Outcome, Task, TaskState
from tests.domain.cast import CALENDAR, Story, asked, deed_of, moment, standing_in

OPEN, COPY = SubjectRequestState.OPEN, SubjectRequestKind.COPY
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
    closed = Case(replace(closed.request, state=RequestState.CLOSED, promise_provisional=False), closed.tasks)
    closed = Case(closed.request, (replace(closed.tasks[0], due_provisional=False),))

    assert (clocks(by(gas, now)), by(closed, now)) == (clocks(gas), closed)


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


def test_what_is_over_has_been_over_since_the_same_moment() -> None:
    before = done(LATER)
    act = recounted(before, by(before, year_2027()), at=LATER + timedelta(days=40))

    assert act is not None
    [old], [new] = before.tasks, act.case.tasks
    assert (old.due_provisional, new.due_provisional, new.version) == (True, False, old.version + 1)
    assert new.updated_at == old.updated_at == LATER, "its contents do not open again"


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


def test_windows_that_moved_beside_an_act_are_told_with_it_and_found_again() -> None:
    before = asked(at=RECEIVED)
    moved = by(before, replace(CALENDAR.with_days([off("2026-12-30")]), version=2))
    facts, [task] = windows_moved(before, moved), moved.tasks

    assert facts == {"windows_moved": f"{task.id}/acknowledge_by/2026-12-31T06:00:00+00:00"}
    assert with_windows_moved(before.tasks[0], facts).acknowledge_by == task.acknowledge_by == here("2026-12-31", "14:00")
    assert with_windows_moved(replace(before.tasks[0], id="another"), facts).acknowledge_by == before.tasks[0].acknowledge_by
    assert windows_moved(moved, moved) == {}


# --- Nobody is late on a date that may still move.

LATER = datetime(2027, 1, 12, 2, 0, tzinfo=UTC)  # about 2027-01-07 is long over, and no table has come


def test_by_a_provisional_date_nobody_is_late_and_by_a_firm_one_everybody_again() -> None:
    about = lamp()
    firm = by(about, year_2027())
    assert about.request is not None
    assert firm.request is not None

    assert (about.request.is_overdue(LATER), about.tasks[0].is_overdue(LATER)) == (False, False)
    assert (firm.request.is_overdue(LATER), firm.tasks[0].is_overdue(LATER)) == (True, True)


def done(at: datetime, state: TaskState = TaskState.CLOSED) -> Case:
    """Provisional until the end: completed at that moment, and perhaps closed."""
    before = lamp()
    task = replace(before.tasks[0].complete(Outcome.SOLVED, at=at), state=state)
    return Case(before.request and follow(before.request, (task,), at=at), (task,))


def met(case: Case) -> tuple[bool, bool, bool]:
    """Whether the promise was kept and the leg met, and whether that is for good."""
    assert case.request is not None
    return case.request.promise_met, case.tasks[0].leg_met, not case.request.promise_provisional


@pytest.mark.parametrize("state", [TaskState.COMPLETED, TaskState.AWAITING_FOLLOW_UP, TaskState.CLOSED])
@pytest.mark.parametrize(
    ("days", "completed", "in_time"),
    [
        ((), "2027-01-08", False),
        ((off("2027-01-04"),), "2027-01-08", True),  # due on that day after all
        ((working("2027-01-02"), working("2027-01-03")), "2027-01-06", True),  # due on the 5th, which nobody could know
    ],
)
def test_what_was_done_before_the_table_came_is_judged_by_it_and_who_was_in_time_stays_so(
    state: TaskState, days: tuple[CalendarDay, ...], completed: str, in_time: bool
) -> None:
    before = done(here(completed, "10:00"), state)
    now = by(before, year_2027(*days))
    act = recounted(before, now, at=LATER)

    assert met(now) == (in_time, in_time, True)
    assert act is not None
    assert met(act.case) == (in_time, in_time, True)
    assert act.case.tasks[0].state is state
    assert looked_at_until(before.request) is not None if before.request else False


def test_what_ended_by_a_firm_date_is_not_looked_at_again_nor_what_never_comes_back() -> None:
    firm = by(done(here("2027-01-06")), year_2027())
    gone = lamp(TaskState.CANCELLED)
    assert firm.request is not None
    assert gone.request is not None
    withdrawn = replace(gone.request, state=RequestState.WITHDRAWN)

    things: list[Request | Task] = [firm.request, *firm.tasks, withdrawn]
    assert [looked_at_until(thing) for thing in things] == [None, None, None]
    assert by(firm, replace(year_2027(off("2027-01-04")), version=3), old=year_2027()) == firm


# --- Everything else that was counted in working time.


@given(
    holidays=st.sets(st.integers(0, 20), max_size=9),
    made_up=st.sets(st.integers(0, 20), max_size=4),
    start=st.integers(0, 60 * 24 * 14),
    code=st.sampled_from(["stairwell-lamp", "gas-smell", "water-leak", "pension-form"]),
)
def test_windows_are_as_if_counted_by_the_new_table_from_the_start(holidays: set[int], made_up: set[int], start: int, code: str) -> None:
    at = RECEIVED - timedelta(days=9) + timedelta(minutes=start)
    first = date(2026, 12, 26)
    days = [*(off((first + timedelta(days=number)).isoformat()) for number in holidays - made_up)]
    days += [working((first + timedelta(days=number)).isoformat()) for number in made_up]
    now, case = year_2027(*days), asked(code, at=at)
    task, moved = case.tasks[0], by(case, year_2027(*days)).tasks[0]

    wanted = windows(now, task.deadline_class, at)
    assert (moved.acknowledge_by, moved.remind_at, moved.contact_by, moved.return_by) == (
        *(wanted.acknowledge_by, wanted.remind_at, wanted.contact_by, wanted.return_by),
    )


def test_of_a_gas_leak_only_the_return_window_moves() -> None:
    gas = asked("gas-smell", at=RECEIVED)
    moved = by(gas, year_2027(off("2026-12-31")))

    assert moved.request == gas.request
    assert replace(moved.tasks[0], return_by=gas.tasks[0].return_by) == gas.tasks[0]
    assert (gas.tasks[0].return_by, moved.tasks[0].return_by) == (here("2027-01-04"), here("2027-01-05"))


def test_who_gave_a_bad_review_is_heard_again_within_a_working_day_of_the_new_table() -> None:
    story = Story(lamp(TaskState.AWAITING_FOLLOW_UP), at=here("2026-12-31", "16:00"))
    story.keep(deed_of(Verb.REWORK, story.case, moment("resident-1", at=story.at)) or pytest.fail("nothing was done"))
    assert story.task.contact_by == here("2027-01-04")

    assert by(story.case, year_2027(off("2027-01-04"))).tasks[0].contact_by == here("2027-01-05")


def test_what_was_promised_first_and_what_is_asked_for_move_too() -> None:
    case = lamp()
    assert case.request is not None
    wish = Extension(case.tasks[0].assignee_id or "", RECEIVED, 2, later(CALENDAR, here("2027-01-07"), 2).at)
    moved_before = replace(case.request, promise_first_due_at=here("2027-01-07"), promise_due_at=here("2027-01-11"))
    now = by(Case(moved_before, (replace(case.tasks[0], extension=wish),)), year_2027(off("2027-01-04")))

    assert now.request is not None
    assert (now.request.promise_first_due_at, now.request.promise_due_at) == (here("2027-01-08"), here("2027-01-12"))
    assert now.tasks[0].extension == replace(wish, until=here("2027-01-12"))


def test_a_leak_with_a_working_day_more_goes_by_the_calendar_from_where_its_clock_hours_end() -> None:
    story = Story(standing_in(TaskState.IN_PROGRESS, asked("water-leak", at=RECEIVED)), "water-leak", at=RECEIVED)
    story.do(Verb.REQUEST_EXTENSION, "grid-worker-1")
    story.do(Verb.GRANT_EXTENSION, "grid-leader-1")
    assert story.case.request is not None
    about = (here("2027-01-04"), True)
    assert ((story.task.due_at, story.task.due_provisional), clocks(story.case)[:2]) == (about, about)
    assert not story.task.due_by_clock

    firm = by(story.case, year_2027(off("2027-01-04")))
    assert clocks(firm) == (here("2027-01-05"), False, here("2027-01-05"), False)
    assert firm.request is not None
    assert firm.request.promise_first_due_at == RECEIVED + timedelta(hours=24)


def test_a_question_about_own_data_has_the_date_of_the_new_table_and_nobody_is_late_before() -> None:
    limit = answer_due(CALENDAR, RECEIVED)
    question = SubjectRequest("", "", "n", "n", COPY, None, OPEN, RECEIVED, limit.at, limit.is_provisional, entries=())
    now = year_2027(off("2027-01-04"))
    firm = answer_due(now, RECEIVED)

    assert not question.is_overdue(LATER + timedelta(days=30))
    assert question.is_due_otherwise(now)
    moved = replace(question, due_at=firm.at, due_provisional=firm.is_provisional)
    assert (firm.at - limit.at, moved.is_due_otherwise(now), moved.is_overdue(firm.at + timedelta(seconds=1))) == (
        *(timedelta(days=1), False, True),
    )
    assert not replace(question, state=SubjectRequestState.DONE).is_due_otherwise(now)
