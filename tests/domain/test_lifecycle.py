"""A task's life: every state, every verb, everybody; what the table lists works, and nothing else does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.approvals import Deferral, Extension
from domain.call_out import CallOut, CallOutKind, CallOutState
from domain.cases import Act, Case
from domain.deadlines import DeadlineClass
from domain.errors import RefusalCode, Refused
from domain.events import EventKind
from domain.guards import SUSPENSION_LIMIT
from domain.ids import Kind
from domain.lifecycle import MOVES, TaskAction, Verb, actions, rows
from domain.organisation import Organisation
from domain.standings import Standing, standings, verifiers
from domain.tasks import Task, TaskState
from tests.domain.cast import (
    DEEDS,
    MONDAY,
    actor,
    asked,
    deed_of,
    given_to,
    id_of,
    moment,
    new_id,
    planned,
    refusal_of,
    standing_in,
    town,
    wished,
)

S = TaskState
ASSIGNED, ACKNOWLEDGED, IN_PROGRESS = S.ASSIGNED, S.ACKNOWLEDGED, S.IN_PROGRESS
PENDING, COMPLETED, AWAITING = S.RETURN_PENDING, S.COMPLETED, S.AWAITING_FOLLOW_UP
ASSIGNERS = frozenset({Standing.LEADER, Standing.DISPATCHER})
ASSIGNEE, JUDGE = frozenset({Standing.ASSIGNEE}), frozenset({Standing.RETURN_JUDGE})
VERIFIER, ASKER, CLOCK = frozenset({Standing.VERIFIER}), frozenset({Standing.ASKER}), frozenset({Standing.CLOCK})
CALLER = frozenset({Standing.CALLER})
RUNNING = {S.QUEUED, ASSIGNED, ACKNOWLEDGED, IN_PROGRESS}
EXTENSION_JUDGE, DEFERRAL_JUDGE = frozenset({Standing.EXTENSION_JUDGE}), frozenset({Standing.DEFERRAL_JUDGE})
OF_A_LEADER = {Standing.LEADER, Standing.SUPERIOR, Standing.EXTENSION_JUDGE}

# domain.md, sections 0 and 5, row by row: from where, to where, by whom, and what stays in the history.
LAW: Mapping[Verb, tuple[set[S], S | None, frozenset[Standing], EventKind]] = {
    Verb.ASSIGN: ({S.QUEUED}, ASSIGNED, ASSIGNERS, EventKind.TASK_ASSIGNED),
    Verb.ASSIGN_AGAIN: ({ASSIGNED, ACKNOWLEDGED, IN_PROGRESS, PENDING}, ASSIGNED, ASSIGNERS, EventKind.TASK_ASSIGNED),
    Verb.ACKNOWLEDGE: ({ASSIGNED}, ACKNOWLEDGED, ASSIGNEE, EventKind.TASK_ACKNOWLEDGED),
    Verb.REMIND: ({ASSIGNED}, ASSIGNED, CLOCK, EventKind.TASK_REMINDED),
    Verb.ESCALATE: ({ASSIGNED}, ASSIGNED, CLOCK, EventKind.TASK_ESCALATED),
    Verb.MISS_CONTACT: ({ACKNOWLEDGED, IN_PROGRESS}, None, CLOCK, EventKind.CONTACT_MISSED),
    Verb.WARN: (RUNNING, None, CLOCK, EventKind.TASK_WARNED),
    Verb.MISS: (RUNNING, None, CLOCK, EventKind.TASK_MISSED),
    Verb.RECOUNT: (set(S) - {S.CLOSED, S.CANCELLED}, None, CLOCK, EventKind.DEADLINES_RECOUNTED),
    Verb.BREAK_PROMISE: (RUNNING | {PENDING}, None, CLOCK, EventKind.PROMISE_MISSED),
    Verb.RETURN: ({ASSIGNED, ACKNOWLEDGED}, PENDING, ASSIGNEE, EventKind.TASK_RETURNED),
    Verb.APPROVE_RETURN: ({PENDING}, S.QUEUED, JUDGE, EventKind.RETURN_APPROVED),
    Verb.REFUSE_RETURN: ({PENDING}, ACKNOWLEDGED, JUDGE, EventKind.RETURN_REFUSED),
    Verb.TRY_CONTACT: ({ACKNOWLEDGED}, ACKNOWLEDGED, ASSIGNEE, EventKind.TASK_CONTACT_TRIED),
    Verb.START: ({ACKNOWLEDGED}, IN_PROGRESS, ASSIGNEE, EventKind.TASK_STARTED),
    Verb.REQUEST_EXTENSION: ({IN_PROGRESS}, None, ASSIGNEE, EventKind.EXTENSION_REQUESTED),
    Verb.GRANT_EXTENSION: ({IN_PROGRESS}, None, EXTENSION_JUDGE, EventKind.EXTENSION_GRANTED),
    Verb.REFUSE_EXTENSION: ({IN_PROGRESS}, None, EXTENSION_JUDGE, EventKind.EXTENSION_REFUSED),
    Verb.SUSPEND: ({IN_PROGRESS}, S.SUSPENDED, frozenset({Standing.SUPERIOR}), EventKind.TASK_SUSPENDED),
    Verb.RESUME: ({S.SUSPENDED}, IN_PROGRESS, ASSIGNERS | ASSIGNEE, EventKind.TASK_RESUMED),
    Verb.END_SUSPENSION: ({S.SUSPENDED}, IN_PROGRESS, CLOCK, EventKind.TASK_RESUMED),
    Verb.DEFER: ({IN_PROGRESS}, None, frozenset({Standing.DISPATCHER}), EventKind.DEFERRAL_ASKED),
    Verb.DEFER_AT_ONCE: ({IN_PROGRESS}, S.DEFERRED, DEFERRAL_JUDGE, EventKind.TASK_DEFERRED),
    Verb.APPROVE_DEFERRAL: ({IN_PROGRESS}, S.DEFERRED, DEFERRAL_JUDGE, EventKind.TASK_DEFERRED),
    Verb.REFUSE_DEFERRAL: ({IN_PROGRESS}, None, DEFERRAL_JUDGE, EventKind.DEFERRAL_REFUSED),
    Verb.OBJECT: ({S.DEFERRED}, None, ASKER, EventKind.DEFERRAL_OBJECTED),
    Verb.REVIEW: ({S.DEFERRED}, None, CLOCK, EventKind.DEFERRAL_REVIEW_CAME),
    Verb.UNDEFER: ({S.DEFERRED}, IN_PROGRESS, ASSIGNERS, EventKind.TASK_UNDEFERRED),
    Verb.CONTACT_AGAIN: ({IN_PROGRESS}, IN_PROGRESS, ASSIGNEE, EventKind.TASK_CONTACTED),
    Verb.CONFIRM: ({IN_PROGRESS}, AWAITING, ASSIGNEE, EventKind.TASK_COMPLETED),
    Verb.COMPLETE: ({IN_PROGRESS}, COMPLETED, ASSIGNEE, EventKind.TASK_COMPLETED),
    Verb.PASS_CHECK: ({COMPLETED}, AWAITING, VERIFIER, EventKind.TASK_VERIFIED),
    Verb.FAIL_CHECK: ({COMPLETED}, IN_PROGRESS, VERIFIER, EventKind.TASK_FAILED_CHECK),
    Verb.ANSWER: ({AWAITING}, S.CLOSED, ASKER, EventKind.FOLLOW_UP_ANSWERED),
    Verb.RECORD: ({AWAITING}, S.CLOSED, CALLER, EventKind.FOLLOW_UP_RECORDED),
    Verb.BEGIN_CALLS: ({AWAITING}, AWAITING, CLOCK, EventKind.FOLLOW_UP_STARTED),
    Verb.TRY_CALL: ({AWAITING}, AWAITING, CALLER, EventKind.FOLLOW_UP_TRIED),
    Verb.SILENT_CLOSE: ({AWAITING}, S.CLOSED, CLOCK, EventKind.FOLLOW_UP_UNANSWERED),
    Verb.REWORK: ({AWAITING}, IN_PROGRESS, ASKER, EventKind.REQUEST_REWORKED),
    Verb.ADD_ASSIST: ({ACKNOWLEDGED, IN_PROGRESS}, None, ASSIGNEE | ASSIGNERS, EventKind.ASSIST_ADDED),
    Verb.SUPERVISE: (set(S) - {S.CLOSED, S.CANCELLED}, None, frozenset({Standing.DISPATCHER}), EventKind.REQUEST_SUPERVISED),
    Verb.CALL_OUT: ({ACKNOWLEDGED, IN_PROGRESS}, None, frozenset({Standing.DISPATCHER}), EventKind.CALL_OUT_ASKED),
    Verb.DECIDE_CALL_OUT: (set(S) - {S.CLOSED, S.CANCELLED}, None, frozenset({Standing.HEAD}), EventKind.CALL_OUT_DECIDED),
    Verb.REPORT_IN: (set(S) - {S.CLOSED, S.CANCELLED}, None, frozenset({Standing.CALLED}), EventKind.DEPARTMENT_REPORTED),
    Verb.CONCLUDE_CALL_OUT: (set(S), None, frozenset({Standing.DISPATCHER}), EventKind.CALL_OUT_CONCLUDED),
    Verb.MISS_CALL_OUT: (set(S) - {S.CLOSED, S.CANCELLED}, None, CLOCK, EventKind.CALL_OUT_MISSED),
    Verb.REMIND_TO_RATE: (set(S), None, CLOCK, EventKind.CALL_OUT_REMINDED),
    Verb.CANCEL: (
        {S.QUEUED, ASSIGNED, ACKNOWLEDGED, IN_PROGRESS, PENDING, S.SUSPENDED, S.DEFERRED},
        S.CANCELLED,
        ASSIGNERS,
        EventKind.TASK_CANCELLED,
    ),
    Verb.CALL_OFF: (
        {S.QUEUED, ASSIGNED, ACKNOWLEDGED, IN_PROGRESS, PENDING, S.SUSPENDED, S.DEFERRED},
        S.CANCELLED,
        CLOCK,
        EventKind.TASK_CANCELLED,
    ),
    Verb.NUDGE_TASK: ({ASSIGNED, ACKNOWLEDGED, IN_PROGRESS}, None, ASSIGNERS, EventKind.TASK_NUDGED),
    Verb.HOLD: ({ASSIGNED, ACKNOWLEDGED}, None, ASSIGNEE, EventKind.REPORT_HELD),
    Verb.REPORT_LATE: (set(S), None, frozenset({Standing.FORMER_ASSIGNEE}), EventKind.REPORT_REJECTED),
    Verb.REPORT_AFTER: ({S.SUSPENDED, S.DEFERRED, S.CLOSED, S.CANCELLED}, None, ASSIGNEE, EventKind.REPORT_REJECTED),
    Verb.APPROVE_REPORT: (RUNNING | {PENDING}, COMPLETED, ASSIGNERS, EventKind.TASK_COMPLETED),
    Verb.DISMISS_REPORT: (RUNNING | {PENDING}, None, ASSIGNERS, EventKind.REPORT_DISMISSED),
    Verb.BEGIN_AS_HELD: ({ACKNOWLEDGED}, IN_PROGRESS, CLOCK, EventKind.TASK_STARTED),
    Verb.COMPLETE_AS_HELD: ({IN_PROGRESS}, COMPLETED, CLOCK, EventKind.TASK_COMPLETED),
}

STRANGERS = (
    *("resident-2", "grid-worker-2", "grid-leader-2", "branch-leader-1", "village-officer-1", "provider-worker-1"),
    *("volunteer-1", "hub-host-1", "link-member-1", "administrator-1", "privacy-officer-1", "nobody"),
)

# How people stand to the lamp of resident-1, which grid-worker-1 has in a grid of the settlement.
STANDING: Mapping[str, set[Standing]] = {
    "resident-1": {Standing.ASKER},
    "grid-worker-1": {Standing.ASSIGNEE},
    "grid-leader-1": {*OF_A_LEADER, Standing.VERIFIER},
    "secretary-1": {*OF_A_LEADER, Standing.RETURN_JUDGE},
    "secretary-2": {*OF_A_LEADER, Standing.RETURN_JUDGE, Standing.DEFERRAL_JUDGE, Standing.HEAD},
    "dispatcher-1": {Standing.DISPATCHER, Standing.RETURN_JUDGE, Standing.CALLER},
    "centre-clerk-1": {Standing.CALLER},
    **{handle: set() for handle in STRANGERS},
}
BY_THE_CLOCK = [verb for verb in DEEDS if LAW[verb][2] == CLOCK]
BY_PEOPLE = [verb for verb in DEEDS if verb not in BY_THE_CLOCK]
OF_THE_REQUEST = {Verb.ANSWER, Verb.RECORD, Verb.TRY_CALL, Verb.REWORK, Verb.OBJECT, Verb.SUPERVISE}
ONE_COMMAND = (
    (Verb.ASSIGN, Verb.ASSIGN_AGAIN),
    (Verb.DEFER_AT_ONCE, Verb.DEFER),
    (Verb.REPORT_LATE, Verb.REPORT_AFTER),
)
"""Verbs that one command stands for: which of them it is follows from the task, or from who sends it."""


def test_the_table_says_what_the_law_says() -> None:
    told = {move.verb: (set(move.sources), move.target, move.who, move.evidence) for move in MOVES}

    assert told == LAW
    assert len(MOVES) == len(LAW)
    assert [row.verb for row in rows(Verb.START)] == [Verb.START]


def test_every_row_has_a_number_of_its_own_and_says_its_guard_or_none() -> None:
    assert len({move.row for move in MOVES}) == len(MOVES)
    assert all(move.guard and move.clock for move in MOVES)


def test_nobody_leaves_a_closed_or_cancelled_task() -> None:
    assert all(not move.sources & {S.CLOSED, S.CANCELLED} or move.target is None for move in MOVES)
    still = {move.verb for move in MOVES if move.sources & {S.CLOSED, S.CANCELLED}}

    of_call_outs = {Verb.CONCLUDE_CALL_OUT, Verb.REMIND_TO_RATE}
    assert still == of_call_outs | {Verb.REPORT_LATE, Verb.REPORT_AFTER}, "what came is rated, and what comes late is kept"


def test_each_of_the_cast_stands_to_a_task_as_told() -> None:
    case = asked()
    told = {handle: standings(case.tasks[0], actor(handle), at=MONDAY) for handle in STANDING}

    assert case.tasks[0].assignee_id == id_of("grid-worker-1")
    assert told == STANDING


def expected_of(verb: Verb, state: S, handle: str, task: Task) -> RefusalCode | None:
    """What the table says: refused for who, refused for where, or done."""
    standing = STANDING[handle] - ({Standing.ASSIGNEE} if task.assignee_id is None else set())
    standing |= {Standing.FORMER_ASSIGNEE} if verb is Verb.REPORT_LATE and handle == "grid-worker-2" else set()
    verbs = next((several for several in ONE_COMMAND if verb in several), (verb,))
    if not any(LAW[each][2] & standing for each in verbs):
        return RefusalCode.NOT_ALLOWED
    if verb is Verb.CANCEL and task.parent_id is None:  # the lead of a request is never called off
        return RefusalCode.WRONG_STATE
    if verb in {Verb.DECIDE_CALL_OUT, Verb.CONCLUDE_CALL_OUT}:  # nothing was called out: tests/domain/test_callouts.py
        return RefusalCode.WRONG_STATE
    if verb is Verb.SUPERVISE and not task.was_unsolved:  # nothing went wrong with it
        return RefusalCode.WRONG_STATE
    legal = any(state in LAW[each][0] for each in verbs if LAW[each][2] & standing)
    return None if legal else RefusalCode.WRONG_STATE


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("verb", BY_PEOPLE)
def test_what_the_table_lists_works_and_all_else_is_refused_and_changes_nothing(verb: Verb, state: S) -> None:
    for handle in STANDING:
        case, before = wished(standing_in(state), verb), wished(standing_in(state), verb)
        expected = expected_of(verb, state, handle, case.tasks[0])
        refusal = refusal_of(lambda: deed_of(verb, case, moment(handle)))  # noqa: B023

        assert refusal is expected, handle
        assert case == before
        if refusal is None:
            assert_moved(done_as(verb, handle), before, deed_of(verb, case, moment(handle)))


def done_as(verb: Verb, handle: str) -> Verb:
    """Whoever would approve a deferral makes it at once."""
    if verb not in {Verb.DEFER, Verb.DEFER_AT_ONCE}:
        return verb
    return Verb.DEFER_AT_ONCE if Standing.DEFERRAL_JUDGE in STANDING[handle] else Verb.DEFER


@pytest.mark.parametrize("state", S)
def test_what_helps_is_called_off_from_anywhere_before_it_is_done(state: S) -> None:
    for handle in STANDING:
        case = standing_in(state, parent_id=new_id(Kind.TASK, 9))
        expected = expected_of(Verb.CANCEL, state, handle, case.tasks[0])

        assert refusal_of(lambda: deed_of(Verb.CANCEL, case, moment(handle))) is expected, handle  # noqa: B023
        if expected is None:
            assert_moved(Verb.CANCEL, case, deed_of(Verb.CANCEL, case, moment(handle)))


def assert_moved(verb: Verb, before: Case, act: Act | None) -> None:
    assert act is not None
    task, old = act.case.tasks[0], before.tasks[0]
    wanted = ASSIGNED if verb is Verb.APPROVE_RETURN else LAW[verb][1] or old.state  # approved to a person, it is assigned at once
    assert (task.state, act.kind, act.task_id) == (wanted, LAW[verb][3], old.id)
    assert task.version == old.version + 1
    assert act.facts["assignee"] == task.assignee_id
    assert (act.case.request == before.request) or act.case.request.version == before.request.version + 1  # type: ignore[union-attr]


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("verb", BY_THE_CLOCK)
def test_the_clock_does_what_the_table_lists_and_lets_all_else_be(verb: Verb, state: S) -> None:
    case = standing_in(state)
    act = deed_of(verb, case, moment("nobody", at=MONDAY + timedelta(hours=6)))

    if state in LAW[verb][0]:
        assert_moved(verb, case, act)
    else:
        assert act is None


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("verb", [verb for verb in BY_PEOPLE if verb not in OF_THE_REQUEST])
def test_who_comes_before_version_and_version_before_state(verb: Verb, state: S) -> None:
    """NOT_ALLOWED, then CONFLICT, then WRONG_STATE, whatever else is wrong."""
    for handle in STANDING:
        case = wished(standing_in(state), verb)
        expected = expected_of(verb, state, handle, case.tasks[0])
        stale = refusal_of(lambda: deed_of(verb, case, moment(handle), expected_version=99))  # noqa: B023
        fresh = refusal_of(lambda: deed_of(verb, case, moment(handle), expected_version=1))  # noqa: B023

        assert fresh is expected
        assert stale is (expected if expected is RefusalCode.NOT_ALLOWED else RefusalCode.CONFLICT)


def test_a_stale_edit_and_a_wrong_state_show_how_it_stands_now() -> None:
    case = standing_in(S.COMPLETED)
    for version, code in ((99, RefusalCode.CONFLICT), (None, RefusalCode.WRONG_STATE)):
        with pytest.raises(Refused) as no:
            deed_of(Verb.ACKNOWLEDGE, case, moment("grid-worker-1"), expected_version=version)
        assert (no.value.refusal.code, no.value.refusal.current) == (code, case.tasks[0])


def test_who_may_not_does_not_learn_how_it_stands() -> None:
    with pytest.raises(Refused) as no:
        deed_of(Verb.ACKNOWLEDGE, asked(), moment("grid-worker-2"))

    assert no.value.refusal.current is None


# --- `actions` is what is then accepted.

TRIED: Mapping[TaskAction, tuple[Verb, ...]] = {
    TaskAction.ASSIGN: (Verb.ASSIGN, Verb.ASSIGN_AGAIN),
    TaskAction.ACKNOWLEDGE: (Verb.ACKNOWLEDGE,),
    TaskAction.RETURN: (Verb.RETURN,),
    TaskAction.DECIDE_RETURN: (Verb.APPROVE_RETURN, Verb.REFUSE_RETURN),
    TaskAction.START: (Verb.START, Verb.TRY_CONTACT),
    TaskAction.REQUEST_EXTENSION: (Verb.REQUEST_EXTENSION,),
    TaskAction.DECIDE_EXTENSION: (Verb.GRANT_EXTENSION, Verb.REFUSE_EXTENSION),
    TaskAction.SUSPEND: (Verb.SUSPEND,),
    TaskAction.RESUME: (Verb.RESUME,),
    TaskAction.DEFER: (Verb.DEFER,),
    TaskAction.DECIDE_DEFERRAL: (Verb.APPROVE_DEFERRAL, Verb.REFUSE_DEFERRAL),
    TaskAction.UNDEFER: (Verb.UNDEFER,),
    TaskAction.COMPLETE: (Verb.COMPLETE,),
    TaskAction.VERIFY: (Verb.PASS_CHECK, Verb.FAIL_CHECK),
    TaskAction.ADD_ASSIST: (Verb.ADD_ASSIST,),
    TaskAction.CANCEL: (Verb.CANCEL,),
    TaskAction.CALL_OUT: (Verb.CALL_OUT,),
    TaskAction.DECIDE_CALL_OUT: (Verb.DECIDE_CALL_OUT,),
    TaskAction.REPORT_IN: (Verb.REPORT_IN,),
    TaskAction.CONCLUDE_CALL_OUT: (Verb.CONCLUDE_CALL_OUT,),
    TaskAction.SUPERVISE: (Verb.SUPERVISE,),
    TaskAction.NUDGE: (Verb.NUDGE_TASK,),
    TaskAction.DECIDE_REPORT: (Verb.APPROVE_REPORT, Verb.DISMISS_REPORT),
}
HANDLES = sorted(STANDING)
people = st.sampled_from(HANDLES).filter(lambda handle: handle != "nobody").map(id_of)
some_people = st.lists(people, max_size=3, unique=True).map(tuple)
wishes_for_time = st.none() | st.builds(Extension, people, st.just(MONDAY), st.just(1), st.just(MONDAY))
wishes_to_defer = st.none() | st.builds(Deferral, people, st.just(MONDAY), st.just(MONDAY.date()))


PROVIDER = given_to("provider-worker-1").unit.id
ASKED_FOR = CallOut(PROVIDER, CallOutKind.EMERGENCY, id_of("dispatcher-1"), MONDAY, 30)
CALLED = (
    (replace(ASKED_FOR, unit_id="another", asked_by_id=id_of("secretary-2")),),
    (replace(ASKED_FOR, unit_id="another"),),
    (ASKED_FOR.moved(CallOutState.RAISED, arrive_by=MONDAY, missed_told=True),),
    (ASKED_FOR.moved(CallOutState.REPORTED, arrive_by=MONDAY, reported_at=MONDAY),),
    (ASKED_FOR.moved(CallOutState.ENDED, arrive_by=MONDAY, ended_at=MONDAY),),
    (ASKED_FOR.moved(CallOutState.ENDED, arrive_by=MONDAY, reported_at=MONDAY, ended_at=MONDAY),),
    (ASKED_FOR.moved(CallOutState.ENDED, arrive_by=MONDAY, reported_at=MONDAY, ended_at=MONDAY - timedelta(days=12)),),
)


@st.composite
def tasks_of_any_past(draw: st.DrawFn) -> Case:
    """A case anywhere in its life, whoever had it, gave it back or is kept from it."""
    return standing_in(
        draw(st.sampled_from(S)),
        assignee_id=draw(people),
        past_assignees=draw(some_people),
        returners=draw(some_people),
        is_return_bound=draw(st.booleans()),
        hidden_from=draw(st.one_of(st.just(()), some_people)),
        parent_id=draw(st.sampled_from([None, new_id(Kind.TASK, 9)])),
        open_assists=draw(st.integers(0, 1)),
        was_unsolved=draw(st.booleans()),
        call_outs=draw(st.sampled_from(((), *CALLED))),
        nudged_at=draw(st.sampled_from((None, MONDAY - timedelta(hours=11), MONDAY, MONDAY + timedelta(days=2)))),
        deadline_class=draw(st.sampled_from(DeadlineClass)),
        extension=draw(wishes_for_time),
        extensions=draw(st.integers(0, 2)),
        extended_by=draw(st.sampled_from([0, 1, 9, 10])),
        suspended_for=draw(st.sampled_from([timedelta(), SUSPENSION_LIMIT - timedelta(hours=1), SUSPENSION_LIMIT])),
        deferral=draw(wishes_to_defer),
    )


@settings(deadline=None, max_examples=300)
@given(case=tasks_of_any_past(), handle=st.sampled_from(HANDLES), days=st.integers(0, 8))
def test_actions_are_exactly_what_is_then_accepted(case: Case, handle: str, days: int) -> None:
    now = moment(handle, at=MONDAY + timedelta(days=days))
    offered = actions(case.tasks[0], now.by, at=now.at)
    accepted = [
        action
        for action in TaskAction
        if any(refusal_of(lambda: deed_of(verb, case, now)) is None for verb in TRIED.get(action, ()))  # noqa: B023
    ]

    assert list(offered) == accepted


def test_what_cannot_be_done_yet_is_never_offered() -> None:
    assert {move.action for move in MOVES} - {None} == set(TRIED)


# --- Who checks the work.


def test_whoever_had_a_task_at_any_time_does_not_check_it() -> None:
    case = standing_in(COMPLETED, past_assignees=(id_of("grid-leader-1"),))

    assert verifiers(case.tasks[0], town(), date(2026, 11, 23)) == (id_of("secretary-1"),)
    assert refusal_of(lambda: deed_of(Verb.PASS_CHECK, case, moment("grid-leader-1"))) is RefusalCode.NOT_ALLOWED
    assert refusal_of(lambda: deed_of(Verb.PASS_CHECK, case, moment("secretary-1"))) is None


def test_whoever_asked_does_not_check_the_work_on_it() -> None:
    task = replace(standing_in(COMPLETED).tasks[0], askers=(id_of("resident-1"), id_of("grid-leader-1")))

    assert verifiers(task, town(), date(2026, 11, 23)) == (id_of("secretary-1"),)


def test_another_clerk_or_the_leader_checks_what_a_clerk_did_at_the_counter() -> None:
    case = standing_in(COMPLETED, asked("pension-form"))
    done_by, other = ("centre-clerk-1", "centre-clerk-2")
    if case.tasks[0].assignee_id == id_of(other):
        done_by, other = other, done_by

    assert verifiers(case.tasks[0], town(), date(2026, 11, 23)) == (id_of(other), id_of("secretary-1"))
    assert refusal_of(lambda: deed_of(Verb.PASS_CHECK, case, moment(done_by))) is RefusalCode.NOT_ALLOWED


def test_nobody_checks_where_everybody_above_has_worked_on_it() -> None:
    everyone = tuple(id_of(handle) for handle in ("grid-leader-1", "secretary-1", "secretary-2", "dispatcher-1"))
    case = standing_in(COMPLETED, past_assignees=everyone)

    assert verifiers(case.tasks[0], town(), date(2026, 11, 23)) == ()


def test_a_unit_that_is_gone_has_no_verifier_of_its_own() -> None:
    task = replace(standing_in(COMPLETED).tasks[0], owner_path=(new_id(Kind.UNIT, 9), *asked().tasks[0].owner_path))

    assert verifiers(task, town(), date(2026, 11, 23)) == (id_of("grid-leader-1"),)


def test_whoever_the_matter_is_about_does_not_stand_to_it_at_all() -> None:
    task = replace(asked().tasks[0], hidden_from=(id_of("grid-leader-1"),))

    assert standings(task, actor("grid-leader-1"), at=MONDAY) == frozenset()
    assert id_of("grid-leader-1") not in verifiers(task, town(), date(2026, 11, 23))


def test_a_post_that_ended_gives_no_standing() -> None:
    ended = [replace(post, until=date(2026, 11, 23)) for post in planned().parts.appointments]
    empty = Organisation(planned().township_code, "ended", replace(planned().parts, appointments=ended))

    for handle in ("grid-leader-1", "secretary-1", "dispatcher-1"):
        assert standings(asked().tasks[0], actor(handle, organisation=empty), at=MONDAY) == frozenset()
