"""Lives drawn at random, verb by verb: what is offered is what is accepted, and what must hold of any life holds after each act."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import followups, reopening
from domain.call_out import OPEN as STILL_CALLED
from domain.call_out import CallOutGrade
from domain.callouts import conclude
from domain.cases import Act, Case, Moment
from domain.clockwork import act_of_clock, clock_at
from domain.errors import Refused
from domain.events import EventKind
from domain.households import Reach
from domain.ids import Kind
from domain.lifecycle import MOVES, TaskAction, Verb, actions
from domain.request_moves import RequestAction, request_actions
from domain.requests import Grade, Request, RequestState, Verdict
from domain.roll_up import in_order, settled
from domain.standings import Standing
from domain.tasks import OVER, Task, TaskState
from domain.waiting import request_clock_at
from tests.domain.cast import CALENDAR, DEEDS, MONDAY, add_assist, asked, call_out, given_to, id_of, moment, new_id, somebody_else
from tests.domain.cast_of_requests import REQUEST_DEEDS, WAITING_ITEM, waiting
from tests.domain.test_lifecycle import TRIED
from tests.domain.test_request_moves import STANDING

PEOPLE = [handle for handle in STANDING if handle not in {"nobody", "link-member-1", "privacy-officer-1", "resident-2"}]
PROVIDER = given_to("provider-worker-1").unit.id
Deed = Callable[[Case, Moment, int], Act | None]


def _call_out(case: Case, now: Moment, number: int) -> Act:
    is_called = any(each.unit_id == PROVIDER and each.state in STILL_CALLED for each in case.tasks[0].call_outs)
    return call_out(case, now, unit_id=f"department {number}" if is_called else PROVIDER)


def _conclude(case: Case, now: Moment, _: int) -> Act:
    came = [each for each in case.tasks[0].call_outs if each.is_to_be_concluded and not each.is_too_late_to_rate(now.at)]
    ready = came[0].unit_id if came else PROVIDER
    return conclude(case, case.tasks[0].id, now, unit_id=ready, grade=CallOutGrade.GOOD, note=None)


def _say(case: Case, now: Moment, number: int) -> Act:
    return reopening.add_message(case, now, text="还有一句", new_id=new_id(Kind.TASK, 100 + number))


def _record(case: Case, now: Moment, _: int) -> Act:
    return followups.record(case, now, verdict=Verdict.PARTLY, grade=Grade.SATISFIED, words="好些了", reach=Reach.VISIT)


TASK_DEEDS: Mapping[Verb, Deed] = {
    **{verb: partial(lambda deed, case, now, _: deed(case, now, None), deed) for verb, deed in DEEDS.items()},
    Verb.CALL_OUT: _call_out,
    Verb.CONCLUDE_CALL_OUT: _conclude,
    Verb.ADD_ASSIST: lambda case, now, number: add_assist(
        case, now, to=somebody_else(case), number=100 + number, is_required=number % 2 == 0
    ),
    Verb.RECORD: _record,
    Verb.TRY_CALL: lambda case, now, _: followups.try_call(case, now, reached=False, note="没人接"),
}
OF_REQUESTS: Mapping[RequestAction, Deed] = {
    **{action: partial(lambda deed, case, now, _: deed(case, now, None), deed) for action, deed in REQUEST_DEEDS.items()},
    RequestAction.ADD_MESSAGE: _say,
}
LAST_WORDS_AND_CALLS = (Verb.ANSWER, Verb.REWORK, Verb.OBJECT, Verb.RECORD, Verb.TRY_CALL)
"""Verbs that stand in no `actions`: the resident's last word, and who asks for it."""


class Life:
    """One case as it goes on, and what was done to it."""

    def __init__(self, case: Case, code: str) -> None:
        self.case, self.code, self.at = case, code, MONDAY
        self.acts: list[tuple[Act, Case, str]] = []

    def now(self, by: str) -> Moment:
        return moment(by, self.code, at=self.at)

    def tried(self, deed: Deed, by: str, task: Task | None = None) -> Act | None:
        """What comes of it, done to that task, or to the request; nothing where it is refused."""
        first = [task] if task else []
        turned = Case(self.case.request, (*first, *(each for each in self.case.tasks if each is not task)))
        try:
            act = deed(turned, self.now(by), len(self.acts))
        except Refused:
            return None
        return act and replace(act, case=Case(act.case.request, in_order(act.case.tasks)))

    def keep(self, act: Act, by: str) -> None:
        before, self.case = self.case, act.case
        self.acts.append((act, before, by))
        assert_sound(before, act, by)

    def clock(self) -> bool:
        """The next thing that the clock has to do; not where it has nothing to do with the request or any task."""
        moments = [(at, task.id) for task in self.case.tasks if (at := clock_at(self.case, task, CALENDAR)) is not None]
        request = self.case.request
        if request is not None and (at := request_clock_at(request, CALENDAR)) is not None:
            moments.append((at, request.id))
        if not moments:
            return False
        at, task_id = min(moments)
        self.at = max(self.at, at)
        act = act_of_clock(self.case, task_id, self.now("nobody"))
        assert act is not None, "a moment came, and there was nothing to do"
        self.keep(act, "the clock")
        return True


MOVES_THE_PROMISE = {
    *(EventKind.EXTENSION_GRANTED, EventKind.TASK_RESUMED, EventKind.TASK_UNDEFERRED, EventKind.DEADLINES_RECOUNTED),
    *(EventKind.REQUEST_ACCEPTED, EventKind.DECLINE_OBJECTED, EventKind.REQUEST_HANDED_OFF, EventKind.REQUEST_WITHDRAWN),
    *(EventKind.TASK_CANCELLED, EventKind.REQUEST_DECLINED),
}
CHECKS = {EventKind.TASK_VERIFIED, EventKind.TASK_FAILED_CHECK}
LAST_WORDS = {EventKind.FOLLOW_UP_RECORDED, EventKind.FOLLOW_UP_TRIED, EventKind.FOLLOW_UP_ANSWERED, EventKind.REQUEST_REWORKED}


def assert_sound(before: Case, act: Act, by: str) -> None:
    """What must hold of any life, whatever was done to it (`domain.md`, section 5)."""
    after, old = act.case, {task.id: task for task in before.tasks}
    for task in after.tasks:
        assert task.owner_id == task.owner_path[0], "exactly one unit owns it"
        assert (task.assignee_id is None) <= (task.state in {TaskState.QUEUED, TaskState.CANCELLED}), "no state without an owner"
        if task.id in old and task != old[task.id]:
            assert task.version == old[task.id].version + 1
        if task.id in old and task.state is not old[task.id].state:
            assert any(task.state in {move.target, move.target or task.state} for move in MOVES)
    assert after != before, "no event without a change"
    assert settled(after.tasks) == after.tasks, "the next act changes nothing of others that this one did not"
    if act.kind in CHECKS | LAST_WORDS:
        assert id_of(by) not in before.workers, "never whoever worked on it"
    assert_request_sound(before.request, after.request, act, by)


def assert_request_sound(before: Request | None, after: Request | None, act: Act, by: str) -> None:
    assert before is not None
    if after is None:
        return
    assert (after == before) or after.version == before.version + 1
    if after.promise_due_at != before.promise_due_at:
        assert act.kind in MOVES_THE_PROMISE
    if after.state is RequestState.CLOSED and before.state is not RequestState.CLOSED:
        assert (after.verdict is not None) != after.closed_unanswered, "an outcome, or no answer"
    if before.state is RequestState.CLOSED and act.kind is not EventKind.REQUEST_REOPENED:
        assert after.state is RequestState.CLOSED


Way = tuple[Verb | RequestAction, str | None]
"""A verb, and the task that it is done to, if it is one of a task's."""
Able = tuple[dict[str, set[TaskAction]], set[RequestAction]]
"""What somebody may do to each task, and to the request."""


def accepted_now(life: Life, by: str) -> Able:
    """Whatever that person would not be refused."""

    def of(task: Task) -> set[TaskAction]:
        return {action for action, verbs in TRIED.items() if any(life.tried(TASK_DEEDS[verb], by, task) for verb in verbs)}

    return {task.id: of(task) for task in life.case.tasks}, {action for action, deed in OF_REQUESTS.items() if life.tried(deed, by)}


def offered_now(life: Life, by: str) -> Able:
    now, request = life.now(by), life.case.request
    is_broken = request is not None and request.is_overdue(now.at)
    of_tasks = {task.id: set(actions(task, now.by, at=now.at, is_promise_broken=is_broken)) for task in life.case.tasks}
    return of_tasks, set(request_actions(request, now.by, at=now.at)) if request else set()


def assert_last_words_are_heard_in_their_time(life: Life, by: str) -> None:
    """They stand in no `actions`: whoever has the last word is asked, and nobody else, while it is ANSWERED."""
    request, is_judge = life.case.request, life.now(by).by.id == (life.case.request and life.case.request.judge_id)
    is_asked = request is not None and request.state is RequestState.ANSWERED
    is_theirs = is_asked and is_judge and id_of(by) not in life.case.workers

    assert [bool(life.tried(TASK_DEEDS[verb], by)) for verb in (Verb.ANSWER, Verb.REWORK)] == [is_theirs, is_theirs], by
    assert is_asked or not any(life.tried(TASK_DEEDS[verb], by) for verb in (Verb.RECORD, Verb.TRY_CALL)), by


def walk(draw: Callable[[int], int], steps: int, *, judge: bool = True) -> Life:
    """A life of so many steps; each is an act of the clock, or one that somebody may do."""
    life = Life(*((waiting(), WAITING_ITEM) if draw(2) else (asked(), "stairwell-lamp")))
    for _ in range(steps):
        if life.case.request is None:
            break
        if draw(6) == 0 and life.clock():
            continue
        life.at += timedelta(minutes=(0, 20, 60, 24 * 60)[draw(4)])
        by = PEOPLE[draw(len(PEOPLE))]
        if judge:
            assert offered_now(life, by) == accepted_now(life, by), by
            assert_last_words_are_heard_in_their_time(life, by)
        one_step(life, draw)
    return life


def one_step(life: Life, draw: Callable[[int], int]) -> None:
    """One of the acts that somebody may do now, by whoever may: often one that leads on, else any verb."""
    ways: dict[Way, list[str]] = {}
    for by in PEOPLE:
        of_tasks, of_request = offered_now(life, by)
        able: list[Way] = [(verb, id_) for id_, own in of_tasks.items() for action in TaskAction if action in own for verb in TRIED[action]]
        able += [(action, None) for action in RequestAction if action in of_request]
        able += [(verb, None) for verb in LAST_WORDS_AND_CALLS]
        for way in able:
            ways.setdefault(way, []).append(by)
    often = list(ways) if draw(8) == 0 else [way for way in ways if way[0] not in ENDS]
    onwards = [way for way in often if way[0] in ONWARDS]
    likely = onwards if onwards and draw(2) else often
    start = draw(len(likely))
    for what, task_id in (*likely[start:], *likely[:start]):
        deed = OF_REQUESTS[what] if isinstance(what, RequestAction) else TASK_DEEDS[what]
        people, first = ways[what, task_id], draw(len(ways[what, task_id]))
        for by in (*people[first:], *people[:first]):
            act = life.tried(deed, by, life.case.task(task_id) if task_id else None)
            if act is not None:
                return life.keep(act, by)
    return None


ENDS = {RequestAction.WITHDRAW, RequestAction.HAND_OFF, RequestAction.HAND_OFF_TO_EMERGENCY, RequestAction.DECLINE}
"""Seldom, or no life would be long."""
ONWARDS = {RequestAction.ACCEPT, Verb.ACKNOWLEDGE, Verb.START, Verb.COMPLETE, Verb.PASS_CHECK, Verb.DECIDE_CALL_OUT, Verb.APPROVE_DEFERRAL}


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_along_any_life_what_is_offered_is_what_is_accepted(data: st.DataObject) -> None:
    walk(lambda many: data.draw(st.integers(0, many - 1)), 8)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_in_a_long_life_what_must_hold_of_it_holds(seed: int) -> None:
    """`Life.keep` looks at each act."""
    life = walk(Random(seed).randrange, 30, judge=False)

    assert life.acts
    assert all(act.case != before for act, before, _ in life.acts)


def test_the_rows_lead_from_where_a_task_begins_to_every_state() -> None:
    reached = {TaskState.QUEUED}
    for _ in TaskState:
        reached |= {move.target for move in MOVES if move.sources & reached and move.target}

    assert reached == set(TaskState)
    assert all(move.sources <= reached for move in MOVES)


@pytest.mark.parametrize("state", [state for state in TaskState if state not in OVER])
def test_from_every_open_state_somebody_or_the_clock_leads_on(state: TaskState) -> None:
    onwards = [move for move in MOVES if state in move.sources and move.target not in {None, state}]

    assert any(move.who - {Standing.CALLED} for move in onwards)
