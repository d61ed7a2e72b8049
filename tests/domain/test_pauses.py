"""Standing still (挂起、挂账): what was left when a clock stopped is left when it goes on, and the promise waits only for all."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import extensions, pauses
from domain.approvals import SuspendCause
from domain.cases import Act, Case, Moment
from domain.clockwork import act_of_clock, clock_at
from domain.deadlines import office_time_between
from domain.errors import RefusalCode as No
from domain.errors import Refused
from domain.events import EventKind
from domain.guards import SUSPENSION_LIMIT
from domain.ids import Kind
from domain.lifecycle import TaskAction, Verb, actions
from domain.requests import Request, RequestState
from domain.tasks import TaskState
from tests.domain.cast import CALENDAR, MONDAY, Story, actor, asked, id_of, moment, new_id, refusal_of, standing_in, wished

S = TaskState
HOURS, DAYS = timedelta(hours=1), timedelta(days=1)
PROMISED = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
"""17:30 in Shanghai, five working days after MONDAY."""


def in_progress(code: str = "stairwell-lamp", **changes: Any) -> Case:
    return standing_in(S.IN_PROGRESS, asked(code), **changes)


def request_of(case: Case) -> Request:
    assert case.request is not None
    return case.request


def suspend(
    case: Case, *, until: datetime, at: datetime = MONDAY, by: str = "grid-leader-1", code: str = "stairwell-lamp", number: int = 0
) -> Act:
    return pauses.suspend(case, case.tasks[number].id, moment(by, code, at=at), cause=SuspendCause.PART_ON_ORDER, until=until)


def resume(case: Case, *, at: datetime, by: str = "grid-worker-1", code: str = "stairwell-lamp", number: int = 0) -> Case:
    return pauses.resume(case, case.tasks[number].id, moment(by, code, at=at)).case


def wind(case: Case, at: datetime) -> Act | None:
    """What the clock does now."""
    return act_of_clock(case, case.tasks[0].id, moment("nobody", at=at))


# --- Suspended.


def test_both_clocks_stand_still_and_go_on_with_what_was_left() -> None:
    act = suspend(in_progress(), until=MONDAY + 3 * DAYS)
    task, request = act.case.tasks[0], request_of(act.case)

    assert (task.state, task.suspended_because, task.resume_at) == (S.SUSPENDED, SuspendCause.PART_ON_ORDER, MONDAY + 3 * DAYS)
    assert (request.state, request.held_at) == (RequestState.ON_HOLD, MONDAY)
    assert (act.facts["cause"], act.facts["until"]) == ("PART_ON_ORDER", (MONDAY + 3 * DAYS).isoformat())

    case = resume(act.case, at=MONDAY + DAYS + HOURS)  # a day and an hour of office time later
    task, request = case.tasks[0], request_of(case)

    assert task.due_at == request.promise_due_at == datetime(2026, 12, 2, 1, 30, tzinfo=UTC)
    assert office_time_between(CALENDAR, MONDAY + DAYS + HOURS, task.due_at or MONDAY) == office_time_between(CALENDAR, MONDAY, PROMISED)
    assert (request.state, request.held_at, request.promise_first_due_at, request.extended_by) == (RequestState.IN_HAND, None, PROMISED, 0)
    assert (task.paused_at, task.suspended_because, task.resume_at, task.suspended_for) == (None, None, None, 8.5 * HOURS)


def test_what_counts_by_the_clock_keeps_clock_time() -> None:
    case = suspend(in_progress("water-leak"), until=MONDAY + 3 * DAYS, code="water-leak").case
    case = resume(case, at=MONDAY + 2 * DAYS, code="water-leak")

    assert case.tasks[0].due_at == request_of(case).promise_due_at == MONDAY + 3 * DAYS


def test_nobody_is_late_while_it_stands_still() -> None:
    case = suspend(in_progress(), until=MONDAY + 11 * DAYS).case

    assert not case.tasks[0].is_overdue(PROMISED + DAYS)
    assert not request_of(case).is_overdue(PROMISED + DAYS)


def test_ten_working_days_in_all_and_then_no_more() -> None:
    ten = MONDAY + 14 * DAYS  # Monday 10:00, ten working days later
    assert refusal_of(lambda: suspend(in_progress(), until=ten + timedelta(seconds=1))) is No.LIMIT_REACHED
    assert refusal_of(lambda: suspend(in_progress(), until=MONDAY + 61 * DAYS)) is No.LIMIT_REACHED
    case = suspend(in_progress(), until=ten).case
    assert case.tasks[0].resume_at == ten

    used = resume(case, at=ten)
    assert used.tasks[0].suspended_for == SUSPENSION_LIMIT
    assert TaskAction.SUSPEND not in actions(used.tasks[0], actor("grid-leader-1"), at=ten)
    assert refusal_of(lambda: suspend(used, until=ten + HOURS, at=ten)) is No.LIMIT_REACHED


@pytest.mark.parametrize("late", [timedelta(), 9 * DAYS])
def test_the_clock_lets_it_go_on_at_the_stated_time_however_late_it_comes(late: timedelta) -> None:
    until = MONDAY + DAYS
    case = suspend(in_progress(), until=until).case
    assert clock_at(case, case.tasks[0], CALENDAR) == until
    assert wind(case, until - timedelta(seconds=1)) is None

    act = wind(case, until + late)
    assert act is not None
    assert (act.kind, act.case.tasks[0].state) == (EventKind.TASK_RESUMED, S.IN_PROGRESS)
    assert act.case.tasks[0].due_at == request_of(act.case).promise_due_at == PROMISED + DAYS
    assert clock_at(act.case, act.case.tasks[0], CALENDAR) != until


def test_whoever_comes_before_the_clock_but_after_the_time_gains_nothing() -> None:
    case = suspend(in_progress(), until=MONDAY + DAYS).case

    assert resume(case, at=MONDAY + 4 * DAYS).tasks[0].due_at == resume(case, at=MONDAY + DAYS).tasks[0].due_at


def test_an_own_task_is_suspended_by_somebody_above() -> None:
    own = in_progress(assignee_id=id_of("grid-leader-1"))

    assert refusal_of(lambda: suspend(own, until=MONDAY + DAYS)) is No.NOT_ALLOWED
    assert suspend(own, until=MONDAY + DAYS, by="secretary-1").case.tasks[0].state is S.SUSPENDED


def test_a_pause_ends_later_than_it_begins() -> None:
    assert refusal_of(lambda: suspend(in_progress(), until=MONDAY)) is No.INVALID_INPUT


# --- On the long ledger.


def defer(case: Case, by: str = "dispatcher-1", *, on: date = date(2026, 12, 20), at: datetime = MONDAY) -> Act:
    return pauses.defer(case, case.tasks[0].id, moment(by, at=at), plan="下批改造", reason="要换整条线路", review_on=on)


def test_the_desk_asks_and_it_stands_only_once_the_secretary_agreed() -> None:
    act = defer(in_progress())
    assert (act.case.tasks[0].state, act.kind, act.reason) == (S.IN_PROGRESS, EventKind.DEFERRAL_ASKED, "要换整条线路\n下批改造")
    assert request_of(act.case).state is RequestState.IN_HAND

    approved = pauses.approve_deferral(act.case, act.task_id or "", moment("secretary-2", at=MONDAY + HOURS))
    task, request = approved.case.tasks[0], request_of(approved.case)

    assert (task.state, task.review_on, task.deferral) == (S.DEFERRED, date(2026, 12, 20), None)
    assert (request.state, request.held_at) == (RequestState.ON_HOLD, MONDAY + HOURS)
    assert approved.facts["asked_by"] == id_of("dispatcher-1")


def test_whoever_would_approve_it_defers_at_once_but_never_their_own_wish_or_work() -> None:
    assert defer(in_progress(), "secretary-2").case.tasks[0].state is S.DEFERRED
    asked_for = defer(in_progress()).case
    wish = asked_for.tasks[0].deferral
    assert wish is not None
    own_wish = replace(asked_for, tasks=(replace(asked_for.tasks[0], deferral=replace(wish, asked_by_id=id_of("secretary-2"))),))
    for case in (own_wish, wished(in_progress(assignee_id=id_of("secretary-2")), Verb.APPROVE_DEFERRAL)):
        decide = moment("secretary-2")
        assert refusal_of(lambda: pauses.approve_deferral(case, case.tasks[0].id, decide)) is No.NOT_ALLOWED  # noqa: B023
        assert refusal_of(lambda: pauses.refuse_deferral(case, case.tasks[0].id, decide, reason="不行")) is No.NOT_ALLOWED  # noqa: B023


def test_one_wish_at_a_time_and_a_refused_one_may_come_again() -> None:
    act = defer(in_progress())
    assert refusal_of(lambda: defer(act.case)) is No.LIMIT_REACHED
    assert refusal_of(lambda: defer(act.case, "secretary-2")) is No.LIMIT_REACHED
    refused = pauses.refuse_deferral(act.case, act.task_id or "", moment("secretary-2"), reason="再想想")

    assert (refused.case.tasks[0].state, refused.case.tasks[0].deferral) == (S.IN_PROGRESS, None)
    assert defer(refused.case).case.tasks[0].deferral is not None
    assert refusal_of(lambda: pauses.approve_deferral(refused.case, act.task_id or "", moment("secretary-2"))) is No.WRONG_STATE


@pytest.mark.parametrize("on", [date(2026, 11, 23), date(2027, 2, 22)])
def test_it_is_looked_at_again_within_ninety_days(on: date) -> None:
    assert refusal_of(lambda: defer(in_progress(), on=on)) is No.INVALID_INPUT
    assert defer(in_progress(), on=date(2027, 2, 21)).kind is EventKind.DEFERRAL_ASKED


def test_the_desk_is_reminded_once_when_the_office_opens_on_the_day_of_the_review() -> None:
    case = defer(in_progress(), "secretary-2", on=date(2026, 12, 21)).case
    opens = datetime(2026, 12, 21, 0, 30, tzinfo=UTC)
    assert clock_at(case, case.tasks[0], CALENDAR) == opens

    act = wind(case, opens)
    assert act is not None
    assert (act.kind, act.case.tasks[0].state) == (EventKind.DEFERRAL_REVIEW_CAME, S.DEFERRED)
    assert clock_at(act.case, act.case.tasks[0], CALENDAR) is None


def test_off_the_ledger_both_clocks_go_on_with_what_was_left() -> None:
    case = defer(in_progress(), "secretary-2").case
    on_again = pauses.undefer(case, case.tasks[0].id, moment("dispatcher-1", at=MONDAY + 28 * DAYS)).case

    assert on_again.tasks[0].due_at == request_of(on_again).promise_due_at == PROMISED + 28 * DAYS
    assert (on_again.tasks[0].review_on, on_again.tasks[0].suspended_for) == (None, timedelta())


def test_the_resident_objects_once_to_each_deferral() -> None:
    case = defer(in_progress(), "secretary-2").case
    now = moment("resident-1")
    act = pauses.object_to_deferral(case, now, words="不想再等")

    assert (act.case.tasks[0].state, act.case.tasks[0].objected_at, act.reason) == (S.DEFERRED, MONDAY, "不想再等")
    assert refusal_of(lambda: pauses.object_to_deferral(act.case, now, words="还是不同意")) is No.LIMIT_REACHED
    assert refusal_of(lambda: pauses.object_to_deferral(case, moment("grid-worker-1"), words="不同意")) is No.NOT_ALLOWED
    assert refusal_of(lambda: pauses.object_to_deferral(in_progress(), now, words="不同意")) is No.WRONG_STATE

    again = defer(pauses.undefer(act.case, case.tasks[0].id, moment("dispatcher-1")).case, "secretary-2").case
    assert pauses.object_to_deferral(again, now, words="还是不同意").case.tasks[0].objected_at == MONDAY


def test_what_nobody_asked_for_has_no_promise_to_stand_still_and_a_wish_is_needed() -> None:
    alone = Case(None, (replace(in_progress().tasks[0], request_id=None, due_at=None),))
    case = resume(suspend(alone, until=MONDAY + DAYS).case, at=MONDAY + HOURS)
    assert (case.request, case.tasks[0].due_at, case.tasks[0].state) == (None, None, S.IN_PROGRESS)


# --- The rule of both clocks, for whatever happens.


def two_tasks() -> Case:
    """A lamp with a second task beside the lead."""
    case = in_progress()
    second = replace(case.tasks[0], id=new_id(Kind.TASK, 7), parent_id=case.tasks[0].id)
    return Case(case.request, (case.tasks[0], second))


def test_the_promise_waits_only_while_all_open_tasks_do() -> None:
    case = suspend(two_tasks(), until=MONDAY + 4 * DAYS).case
    assert (request_of(case).state, request_of(case).held_at) == (RequestState.IN_HAND, None)

    case = suspend(case, until=MONDAY + 4 * DAYS, at=MONDAY + DAYS, number=1).case
    assert (request_of(case).state, request_of(case).held_at) == (RequestState.ON_HOLD, MONDAY + DAYS)

    case = resume(case, at=MONDAY + 2 * DAYS)
    assert case.tasks[0].due_at == PROMISED + 2 * DAYS
    assert (request_of(case).state, request_of(case).promise_due_at) == (RequestState.IN_HAND, PROMISED + DAYS)

    case = resume(case, at=MONDAY + 3 * DAYS, number=1)
    assert request_of(case).promise_due_at == PROMISED + DAYS


def test_a_late_clock_lets_the_promise_go_on_with_whoever_was_first_to() -> None:
    case = suspend(two_tasks(), until=MONDAY + 3 * HOURS + HOURS).case
    case = suspend(case, until=MONDAY + HOURS, number=1).case
    act = act_of_clock(case, case.tasks[0].id, moment("nobody", at=MONDAY + DAYS))

    assert act is not None
    assert act.case.tasks[0].due_at == datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
    assert request_of(act.case).promise_due_at == datetime(2026, 12, 1, 1, 30, tzinfo=UTC)


@dataclass
class Watch:
    """Counts by itself what has to be left of each leg and of the promise, in seconds of running time."""

    case: Case
    code: str
    at: datetime = MONDAY

    def __post_init__(self) -> None:
        is_by_clock = self.code == "water-leak"
        self.clock_legs, self.clock_promise = [is_by_clock for _ in self.case.tasks], is_by_clock
        self.legs = [self.between(self.at, task.due_at or self.at, is_by_clock) for task in self.case.tasks]
        self.promise = self.between(self.at, request_of(self.case).promise_due_at or self.at, is_by_clock)
        self.spent = [timedelta() for _ in self.case.tasks]

    def between(self, start: datetime, end: datetime, is_by_clock: bool) -> timedelta:
        return end - start if is_by_clock else office_time_between(CALENDAR, start, end)

    def now(self, by: str, at: datetime) -> Moment:
        return moment(by, self.code, at=at)

    def do(self, act: Act | None) -> None:
        assert act is not None
        self.case = act.case

    def pass_time(self, time: timedelta) -> None:
        """Runs down what runs, step by step to each moment at which a pause ends; then the clock comes, perhaps late."""
        end, states = self.at + time, [task.state for task in self.case.tasks]
        ends = sorted({task.resume_at for task in self.case.tasks if task.resume_at and task.resume_at <= end})
        for until in [*ends, end]:
            for number, state in enumerate(states):
                if state is S.IN_PROGRESS:
                    self.legs[number] -= self.between(self.at, until, self.clock_legs[number])
                if state is S.SUSPENDED:
                    self.spent[number] += office_time_between(CALENDAR, self.at, until)
            if S.IN_PROGRESS in states:
                self.promise -= self.between(self.at, until, self.clock_promise)
            states = [S.IN_PROGRESS if task.resume_at == until else state for task, state in zip(self.case.tasks, states, strict=True)]
            self.at = until
        for task in self.case.tasks:
            act = act_of_clock(self.case, task.id, self.now("nobody", self.at))
            if act is not None:
                self.do(act)
        assert [task.state for task in self.case.tasks] == states

    def try_to(self, op: str, number: int, time: timedelta) -> None:
        task, before = self.case.tasks[number], request_of(self.case)
        try:
            self.do(self.deed(op, task.id, time))
        except Refused:
            assert request_of(self.case) == before
            return
        if op == "extend":
            self.extended(number, before)
        elif op not in {"resume", "undefer"}:  # what stops a clock or goes on elsewhere moves no due time
            assert self.case.tasks[number].due_at == task.due_at
        if op not in {"extend", "resume", "undefer"}:
            assert request_of(self.case).promise_due_at == before.promise_due_at

    def extended(self, number: int, before: Request) -> None:
        """It runs now, and from now on in working time, whatever it ran in before."""
        self.clock_legs[number] = False
        self.legs[number] = self.between(self.at, self.case.tasks[number].due_at or self.at, False)
        due_at = request_of(self.case).promise_due_at
        if due_at != before.promise_due_at:
            self.clock_promise, self.promise = False, self.between(self.at, due_at or self.at, False)

    def deed(self, op: str, task_id: str, time: timedelta) -> Act:
        leader, desk, worker = (self.now(by, self.at) for by in ("grid-leader-1", "secretary-2", "grid-worker-1"))
        match op:
            case "suspend":
                return pauses.suspend(self.case, task_id, leader, cause=SuspendCause.WEATHER, until=self.at + time)
            case "resume":
                return pauses.resume(self.case, task_id, worker)
            case "defer":
                on = (self.at + 30 * DAYS).date()
                return pauses.defer(self.case, task_id, desk, plan="改造", reason="要等", review_on=on)
            case "undefer":
                return pauses.undefer(self.case, task_id, leader)
            case _:
                asked_for = extensions.ask(self.case, task_id, worker, working_days=1, until=None, reason="缺人手")
                judge = desk if asked_for.case.task(task_id).extensions else leader
                return extensions.grant(asked_for.case, task_id, judge, reason="要等")

    def check(self) -> None:
        """What is left of a running clock that is not over yet is what has to be left, to the microsecond."""
        for task, left, is_by_clock, spent in zip(self.case.tasks, self.legs, self.clock_legs, self.spent, strict=True):
            assert task.suspended_for == spent or task.state is S.SUSPENDED
            if task.state is S.IN_PROGRESS and left > timedelta():
                assert self.between(self.at, task.due_at or self.at, is_by_clock) == left
        request = request_of(self.case)
        assert (request.state is RequestState.ON_HOLD) == all(task.state is not S.IN_PROGRESS for task in self.case.tasks)
        if request.state is RequestState.IN_HAND and self.promise > timedelta():
            assert self.between(self.at, request.promise_due_at or self.at, self.clock_promise) == self.promise
        assert all(task.suspended_for <= SUSPENSION_LIMIT for task in self.case.tasks)


OPS = st.tuples(
    st.sampled_from(["suspend", "suspend", "resume", "defer", "undefer", "extend", "wait", "wait"]),
    st.integers(0, 1),
    st.timedeltas(timedelta(seconds=1), 4 * DAYS),
)


@settings(deadline=None, max_examples=150)
@given(code=st.sampled_from(["stairwell-lamp", "water-leak"]), is_two=st.booleans(), ops=st.lists(OPS, max_size=14))
def test_whatever_pauses_come_what_was_left_is_left_and_the_promise_waits_for_all(
    code: str, is_two: bool, ops: list[tuple[str, int, timedelta]]
) -> None:
    case = in_progress(code)
    if is_two:
        case = Case(case.request, (case.tasks[0], replace(case.tasks[0], id=new_id(Kind.TASK, 7))))
    watch = Watch(case, code)
    for op, number, time in ops:
        if op == "wait":
            watch.pass_time(time)
        else:
            watch.try_to(op, number if is_two else 0, time)
        watch.check()


@settings(deadline=None, max_examples=80)
@given(times=st.lists(st.timedeltas(timedelta(minutes=11), 20 * HOURS), min_size=4, max_size=4), is_suspended=st.booleans())
def test_a_return_and_a_pause_after_it_take_nothing_of_the_leg_and_never_move_the_promise_but_by_the_pause(
    times: list[timedelta], is_suspended: bool
) -> None:
    """Given to somebody else, sent back, refused, begun, suspended, gone on: only running time is gone."""
    story = Story(asked())
    story.do(Verb.ASSIGN_AGAIN, "dispatcher-1")
    left = office_time_between(CALENDAR, story.at, PROMISED)
    story.do(Verb.RETURN, "grid-worker-2")
    assert story.do(Verb.REFUSE_RETURN, "dispatcher-1", after=times[0]).case.tasks[0].state is S.ACKNOWLEDGED
    story.do(Verb.START, "grid-worker-2", after=times[1])
    left -= office_time_between(CALENDAR, story.at - times[1], story.at)
    assert request_of(story.case).promise_due_at == PROMISED
    if is_suspended:
        story.keep(suspend(story.case, until=story.at + times[2], at=story.at, by="grid-leader-2"))
        story.at += times[2]
        story.keep(pauses.resume(story.case, story.task.id, moment("grid-worker-2", at=story.at)))
        promise = office_time_between(CALENDAR, story.at - times[2], PROMISED)
        assert office_time_between(CALENDAR, story.at, request_of(story.case).promise_due_at or MONDAY) == promise

    assert office_time_between(CALENDAR, story.at, story.task.due_at or MONDAY) == left


def test_what_only_answers_a_message_moves_no_promise_by_standing_still() -> None:
    """It is none of what was promised, however long it stands."""
    answering = in_progress(is_message=True)
    before = request_of(answering).promise_due_at
    still = suspend(answering, until=MONDAY + 3 * DAYS).case
    on = resume(still, at=MONDAY + 3 * DAYS)

    assert request_of(still).held_at is None
    assert (request_of(on).promise_due_at, request_of(on).promise_first_due_at) == (before, None)
    assert on.tasks[0].due_at is not None
    assert on.tasks[0].due_at > PROMISED, "its own leg waits"
