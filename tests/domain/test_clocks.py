"""The two clocks: the promise to the resident never restarts, each handler's own leg does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import cases, climbing
from domain.cases import Case, Moment
from domain.clockwork import DueTask, act_of_clock, clock_at
from domain.deadlines import POLICIES, DeadlineClass, Due, Limit, LimitUnit, due, office_time_between
from domain.events import EventKind
from domain.legs import RETURN_WINDOW, promise, put_right, resumed, windows
from domain.lifecycle import Verb
from domain.tasks import Task, TaskState
from tests.domain.cast import (
    CALENDAR,
    DEEDS,
    MONDAY,
    Story,
    asked,
    deed_of,
    given_to,
    handle_of,
    id_of,
    item,
    moment,
    planned,
    refusal_of,
    standing_in,
    town,
)

MINUTES, HOURS, DAYS = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
LAMP = DeadlineClass.NORMAL


def promised(case: Case) -> datetime | None:
    assert case.request is not None
    return case.request.promise_due_at


def limit_from(at: datetime, deadline_class: DeadlineClass = LAMP) -> datetime | None:
    due = promise(CALENDAR, deadline_class, at)
    return due.at if due else None


@pytest.mark.parametrize("code", [item.code for item in planned().items])
def test_the_first_leg_is_due_with_the_promise(code: str) -> None:
    case = asked(code)

    assert case.tasks[0].due_at == promised(case) == limit_from(MONDAY, item(code).deadline_class)


@pytest.mark.parametrize("deadline_class", DeadlineClass)
def test_every_class_has_the_windows_of_its_policy(deadline_class: DeadlineClass) -> None:
    policy, given_out = POLICIES[deadline_class], windows(CALENDAR, deadline_class, MONDAY)

    assert (given_out.acknowledge_by is None, given_out.remind_at is None) == (policy.sign is None, policy.sign is None)
    assert (given_out.contact_by is None) == (policy.contact is None)
    assert (promise(CALENDAR, deadline_class, MONDAY) is None) == (policy.reply is None)
    assert given_out.return_by == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)  # two working days, when the office closes
    assert RETURN_WINDOW.unit is LimitUnit.WORKING_DAY


def test_a_reminder_comes_at_half_of_the_window() -> None:
    lamp, gas = windows(CALENDAR, LAMP, MONDAY), windows(CALENDAR, DeadlineClass.DANGER, MONDAY)

    assert lamp.remind_at == MONDAY + 2 * HOURS  # 10:00 to 12:00, then lunch
    assert lamp.acknowledge_by == MONDAY + 5.5 * HOURS
    assert (gas.remind_at, gas.acknowledge_by) == (MONDAY + 15 * MINUTES, MONDAY + 30 * MINUTES)


# --- The leg of each handler.


def test_assigned_again_the_leg_keeps_its_due_time_and_the_windows_start_again() -> None:
    story = Story(asked())
    due = story.task.due_at
    story.do(Verb.ASSIGN_AGAIN, "dispatcher-1", after=DAYS)

    assert story.task.due_at == due
    assert story.task.acknowledge_by == windows(CALENDAR, LAMP, story.at).acknowledge_by
    assert story.task.return_by == windows(CALENDAR, LAMP, story.at).return_by


def test_the_first_person_of_a_task_that_waited_still_has_the_promise_as_leg() -> None:
    story = Story(standing_in(TaskState.QUEUED))
    story.do(Verb.ASSIGN, "dispatcher-1", after=DAYS)

    assert story.task.due_at == promised(story.case)


def test_the_next_person_of_a_task_that_came_back_to_the_queue_has_a_leg_of_their_own() -> None:
    story = Story(standing_in(TaskState.QUEUED, past_assignees=(id_of("grid-worker-1"),)))
    story.do(Verb.ASSIGN, "dispatcher-1", after=DAYS)

    assert story.task.due_at == limit_from(story.at)


@pytest.mark.parametrize(
    ("state", "verb", "by"),
    [
        (TaskState.RETURN_PENDING, Verb.APPROVE_RETURN, "dispatcher-1"),
        (TaskState.ASSIGNED, Verb.ESCALATE, "nobody"),
        (TaskState.COMPLETED, Verb.FAIL_CHECK, "grid-leader-1"),
        (TaskState.AWAITING_FOLLOW_UP, Verb.REWORK, "resident-1"),
    ],
)
def test_a_new_leg_is_due_after_the_items_limit(state: TaskState, verb: Verb, by: str) -> None:
    story = Story(standing_in(state))
    before = promised(story.case)
    story.do(verb, by, after=2 * DAYS)

    is_bad_review = verb is Verb.REWORK  # with one of the two lowest grades
    assert story.task.due_at == (put_right(CALENDAR, LAMP, story.at).at if is_bad_review else limit_from(story.at))
    assert story.task.due_at != before
    assert promised(story.case) == before


@pytest.mark.parametrize("deadline_class", DeadlineClass)
def test_a_bad_review_is_put_right_within_fifteen_working_days_and_danger_sooner(deadline_class: DeadlineClass) -> None:
    by = put_right(CALENDAR, deadline_class, MONDAY)

    is_urgent = deadline_class in {DeadlineClass.DANGER, DeadlineClass.UTILITY}
    assert by == (promise(CALENDAR, deadline_class, MONDAY) if is_urgent else due(CALENDAR, MONDAY, Limit(15, LimitUnit.WORKING_DAY)))


def test_an_appointment_has_neither_promise_nor_leg() -> None:
    case = asked()
    now = Moment(MONDAY, moment("dispatcher-1").by, CALENDAR, town(), DeadlineClass.APPOINTMENT)
    pending = standing_in(TaskState.RETURN_PENDING, case)
    approved = cases.approve_return(pending, case.tasks[0].id, given_to("grid-worker-2"), now)

    assert approved.case.tasks[0].due_at is None
    assert approved.case.tasks[0].acknowledge_by is None


def test_a_leg_stops_at_the_completion_and_is_judged_there() -> None:
    met, missed = Story(standing_in(TaskState.IN_PROGRESS)), Story(standing_in(TaskState.IN_PROGRESS))
    met.do(Verb.COMPLETE, "grid-worker-1", after=DAYS)
    missed.do(Verb.COMPLETE, "grid-worker-1", after=30 * DAYS)

    assert (met.task.leg_met, missed.task.leg_met) == (True, False)
    assert met.case.request is not None
    assert missed.case.request is not None
    assert (met.case.request.promise_met, missed.case.request.promise_met) == (True, False)


def test_done_again_the_promise_is_open_once_more_and_the_same() -> None:
    story = Story(standing_in(TaskState.IN_PROGRESS))
    before = promised(story.case)
    story.do(Verb.COMPLETE, "grid-worker-1")
    story.do(Verb.FAIL_CHECK, "grid-leader-1", after=30 * DAYS)

    assert story.case.request is not None
    assert (story.case.request.promise_met, promised(story.case)) == (False, before)
    assert story.case.request.is_overdue(story.at)
    assert not story.task.is_overdue(story.at)


# --- The pause of a return.

pauses = st.tuples(st.integers(0, 60 * 24 * 4), st.integers(0, 60 * 24 * 14)).map(lambda pair: (pair[0] * MINUTES, pair[1] * MINUTES))


@settings(deadline=None)
@given(pause=pauses)
def test_after_a_refused_return_the_time_that_was_left_is_left(pause: tuple[timedelta, timedelta]) -> None:
    story = Story(asked())
    due = story.task.due_at
    assert due is not None
    if refusal_of(lambda: story.do(Verb.RETURN, "grid-worker-1", after=pause[0])) is not None:
        return  # the window was over
    left = office_time_between(CALENDAR, story.at, due)
    story.do(Verb.REFUSE_RETURN, "dispatcher-1", after=pause[1])

    assert story.task.due_at is not None
    assert office_time_between(CALENDAR, story.at, story.task.due_at) == left
    assert story.task.due_at >= due


@settings(deadline=None)
@given(minutes=st.integers(0, 60 * 24 * 30), deadline_class=st.sampled_from(DeadlineClass))
def test_a_limit_by_the_clock_is_paused_by_the_clock(minutes: int, deadline_class: DeadlineClass) -> None:
    due = promise(CALENDAR, deadline_class, MONDAY)
    goes_on_at = MONDAY + minutes * MINUTES
    if due is None:
        return

    moved = resumed(CALENDAR, due, MONDAY, goes_on_at)

    if due.by_the_clock:
        assert (moved.at - goes_on_at, moved.is_provisional) == (due.at - MONDAY, False)
    else:
        assert office_time_between(CALENDAR, goes_on_at, moved.at) == office_time_between(CALENDAR, MONDAY, due.at)


def test_what_was_late_before_the_pause_is_as_late_after_it() -> None:
    due = Due(MONDAY - DAYS, is_provisional=False)

    assert resumed(CALENDAR, due, MONDAY, MONDAY + 3 * HOURS).at == due.at + 3 * HOURS


# --- The promise, whatever is done.


@st.composite
def sequences(draw: st.DrawFn) -> list[tuple[Verb, timedelta]]:
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from([verb for verb in DEEDS if verb is not Verb.RECOUNT]), st.sampled_from([MINUTES, HOURS, DAYS, 9 * DAYS])
            ),
            max_size=25,
        )
    )


WHO = {Verb.ANSWER: "resident-1", Verb.REWORK: "resident-1"}


def may(task: Task, verb: Verb) -> str:
    """Somebody who may do the verb, if anybody may."""
    if verb in {Verb.PASS_CHECK, Verb.FAIL_CHECK}:
        return "secretary-2" if id_of("grid-leader-1") in task.past_assignees else "grid-leader-1"
    if verb in {Verb.ACKNOWLEDGE, Verb.RETURN, Verb.START, Verb.TRY_CONTACT, Verb.COMPLETE}:
        return handle_of(task.assignee_id) or "nobody"
    return WHO.get(verb, "dispatcher-1")


@settings(deadline=None, max_examples=150)
@given(steps=sequences())
def test_but_for_another_calendar_the_promise_never_moves_and_versions_grow_by_one(steps: list[tuple[Verb, timedelta]]) -> None:
    story = Story(asked())
    before = promised(story.case)
    for verb, after in steps:
        old, old_request = story.task, story.case.request
        now = moment(may(old, verb), at=story.at + after)
        if refusal_of(lambda: deed_of(verb, story.case, now)) is not None:  # noqa: B023
            continue
        act = deed_of(verb, story.case, now)
        if act is None:
            continue
        story.at = now.at
        story.keep(act)
        assert promised(story.case) == before
        assert story.task.version == old.version + 1
        assert story.case.request is not None
        assert old_request is not None
        assert story.case.request.version - old_request.version == (story.case.request != old_request)
        assert (story.task.state is TaskState.QUEUED) == (story.task.assignee_id is None)
        assert story.task.owner_path == tuple(unit.id for unit in town().path(story.task.owner_id))


# --- What the passing of time does.


def looked_at(case: Case) -> datetime | None:
    """When the clock has to look at it next."""
    return clock_at(case, case.tasks[0], CALENDAR)


def wound(story: Story, after: timedelta) -> EventKind | None:
    """What the clock does some time later, as `resolvers.clock` asks for it."""
    story.at += after
    act = act_of_clock(story.case, story.task.id, moment("nobody", story.code, at=story.at))
    return story.keep(act).kind if act else None


def test_nobody_is_reminded_before_half_of_the_window_nor_twice() -> None:
    story = Story(asked())

    assert wound(story, HOURS) is None
    assert wound(story, HOURS) is EventKind.TASK_REMINDED
    assert wound(story, MINUTES) is None


def test_a_task_climbs_step_by_step_to_the_township_and_stays_there() -> None:
    story, holders = Story(asked()), []
    for _ in range(3):
        assert wound(story, DAYS) is EventKind.TASK_ESCALATED
        holders.append(handle_of(story.task.assignee_id))

    assert holders == ["grid-leader-1", "secretary-1", "dispatcher-1"]
    assert wound(story, DAYS) is EventKind.TASK_REMINDED
    assert story.acts[-1].facts["top"] is True
    assert (story.task.acknowledge_by, story.task.assignee_id) == (None, id_of("dispatcher-1"))
    assert wound(story, DAYS) is None


@pytest.mark.parametrize("state", TaskState)
def test_the_clock_lets_be_what_nobody_works_on(state: TaskState) -> None:
    at_rest = {TaskState.COMPLETED, TaskState.CLOSED, TaskState.CANCELLED}

    assert (looked_at(standing_in(state)) is None) == (state in at_rest)


@pytest.mark.parametrize("state", [TaskState.SUSPENDED, TaskState.DEFERRED])
def test_of_what_stands_still_the_clock_looks_at_nothing_but_when_it_goes_on_or_is_looked_at_again(state: TaskState) -> None:
    case = standing_in(state, resume_at=None, review_at=None)
    stands = replace(case.tasks[0], resume_at=None, review_at=None)

    assert looked_at(replace(case, tasks=(stands,))) is None


def test_what_is_in_danger_climbs_to_the_townships_dispatcher_and_no_further() -> None:
    story, holders = Story(asked("gas-smell"), "gas-smell"), []
    while wound(story, 31 * MINUTES) is EventKind.TASK_ESCALATED:
        holders.append(handle_of(story.task.assignee_id))

    assert holders == ["grid-leader-1", "secretary-1", "dispatcher-1"]
    assert (story.acts[-1].kind, story.acts[-1].facts.get("top")) == (EventKind.TASK_REMINDED, True)


def test_the_clock_looks_first_to_remind_and_then_to_climb() -> None:
    story = Story(asked())
    assert looked_at(story.case) == story.task.remind_at
    wound(story, 2 * HOURS)

    assert looked_at(story.case) == story.task.acknowledge_by
    assert DueTask(story.task.id, story.task.version) == DueTask(story.task.id, 2)


def test_a_task_without_windows_is_left_alone_by_the_clock() -> None:
    case = asked()
    task = case.tasks[0].assign(given_to("grid-worker-1"), town(), windows(CALENDAR, DeadlineClass.ENQUIRY, MONDAY), at=MONDAY)
    quiet = Case(case.request, (task,))

    assert climbing.remind(quiet, task.id, at=MONDAY + 9 * DAYS) is None
    assert climbing.escalate(quiet, task.id, given_to("grid-leader-1"), moment("nobody", at=MONDAY + 9 * DAYS)) is None
