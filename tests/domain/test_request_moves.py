"""A request's own verbs: every state, every verb, everybody; what the table lists works, and nothing else does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import intake, withdrawals
from domain.access import Actor
from domain.cases import Case
from domain.deadlines import DeadlineClass
from domain.errors import RefusalCode, Refused
from domain.events import EventKind
from domain.ids import Kind
from domain.organisation import Organisation
from domain.posts import Absence
from domain.proxies import ProxyEvidence, ProxyGrant
from domain.request_moves import REQUEST_CLOCK, REQUEST_MOVES, ClockDeed, RequestAction, RequestStanding, request_actions, request_standings
from domain.requests import OPEN, Request, RequestState
from domain.tasks import Task, TaskState
from tests.domain.cast import MONDAY, actor, given_to, id_of, new_id, planned, refusal_of, town
from tests.domain.cast_of_requests import REQUEST_DEEDS, for_home, now_of, request_in, request_of, waiting

A: TypeAlias = RequestAction
R: TypeAlias = RequestStanding
S: TypeAlias = RequestState
OWN = {R.ASKER, R.TYPIST}

# domain.md, section 5, rows 2 to 4 and 26 to 28: from where, to where, by whom, and what stays in the history.
LAW: Mapping[A, tuple[set[S], set[S], set[R], EventKind]] = {
    A.ACCEPT: ({S.RECEIVED}, {S.IN_HAND}, {R.GRID_WORKER, R.CLERK, R.DISPATCHER}, EventKind.REQUEST_ACCEPTED),
    A.DECLINE: ({S.RECEIVED}, {S.DECLINED}, {R.CLERK, R.DISPATCHER}, EventKind.REQUEST_DECLINED),
    A.OBJECT_TO_DECLINE: ({S.DECLINED}, {S.RECEIVED}, OWN, EventKind.DECLINE_OBJECTED),
    A.HAND_OFF: (set(OPEN), {S.HANDED_OFF}, {R.DISPATCHER}, EventKind.REQUEST_HANDED_OFF),
    A.HAND_OFF_TO_EMERGENCY: (set(OPEN), {S.HANDED_OFF}, {R.STAFF}, EventKind.REQUEST_HANDED_OFF),
    A.MERGE: ({S.RECEIVED, S.IN_HAND}, {S.MERGED}, {R.DISPATCHER}, EventKind.REQUEST_MERGED),
    A.UNMERGE: ({S.MERGED}, {S.IN_HAND, S.RECEIVED}, {R.DISPATCHER}, EventKind.REQUEST_UNMERGED),
    A.REOPEN: ({S.CLOSED}, {S.IN_HAND}, OWN, EventKind.REQUEST_REOPENED),
    A.WITHDRAW: (set(OPEN), {S.WITHDRAWN}, {R.ASKER, R.PROXY, R.HOME_DESK}, EventKind.REQUEST_WITHDRAWN),
    A.NUDGE: (set(OPEN), set(), OWN, EventKind.REQUEST_NUDGED),
    A.ADD_MESSAGE: (set(S) - {S.MERGED}, set(), {R.SPEAKER}, EventKind.MESSAGE_ADDED),
}

STRANGERS = (
    *("resident-2", "grid-worker-2", "grid-leader-2", "branch-leader-1", "village-officer-1", "provider-worker-1"),
    *("volunteer-1", "hub-host-1", "link-member-1", "administrator-1", "privacy-officer-1", "nobody"),
)

# How people stand to what resident-1 asked for while it waits, in the grid of grid-worker-1, beside the centre of the clerks.
STANDING: Mapping[str, set[R]] = {
    "resident-1": {R.ASKER, R.SPEAKER},
    "grid-worker-1": {R.GRID_WORKER, R.STAFF},
    "grid-leader-1": {R.STAFF},
    "secretary-1": {R.STAFF},
    "secretary-2": {R.STAFF},
    "dispatcher-1": {R.DISPATCHER, R.STAFF},
    "centre-clerk-1": {R.CLERK, R.STAFF},
    "centre-clerk-2": {R.CLERK, R.STAFF},
    **{handle: set() for handle in STRANGERS},
}


def standing_of(handle: str, state: S) -> set[R]:
    """Once it came to its end, the grid's worker stands to it by the task that was theirs; who never had one, not at all."""
    if handle != "grid-worker-1" or state in OPEN:
        return STANDING[handle]
    return set() if state is S.DECLINED else {R.STAFF}


def test_the_table_says_what_the_law_says() -> None:
    told = {move.action: (set(move.sources), set(move.targets), set(move.who), move.evidence) for move in REQUEST_MOVES}

    assert told == LAW
    assert len({move.row for move in REQUEST_MOVES}) == len(REQUEST_MOVES)
    assert {move.action for move in REQUEST_MOVES} == set(A) == set(REQUEST_DEEDS)


@pytest.mark.parametrize("state", S)
def test_each_of_the_cast_stands_to_a_request_as_told(state: S) -> None:
    request = request_of(request_in(state))
    told = {handle: request_standings(request, actor(handle), at=MONDAY) for handle in STANDING}

    assert request.state is state
    assert told == {handle: standing_of(handle, state) for handle in STANDING}


def test_the_clocks_rows_are_what_the_law_says_and_no_number_is_given_twice() -> None:
    told = {move.deed: (set(move.sources), set(move.targets), move.evidence) for move in REQUEST_CLOCK}

    assert told == {
        ClockDeed.REMIND: ({S.RECEIVED}, set(), EventKind.REQUEST_REMINDED),
        ClockDeed.MISS: ({S.RECEIVED}, set(), EventKind.ACCEPTANCE_MISSED),
        ClockDeed.BREAK_PROMISE: ({S.RECEIVED}, set(), EventKind.PROMISE_MISSED),
        ClockDeed.LET_GO: ({S.MERGED}, {S.IN_HAND, S.RECEIVED}, EventKind.REQUEST_UNMERGED),
    }
    rows = [*(move.row for move in REQUEST_MOVES), *(move.row for move in REQUEST_CLOCK)]
    assert len(rows) == len(set(rows))


def refusal_wanted(action: A, state: S, handle: str) -> RefusalCode | None:
    sources, _, who, _ = LAW[action]
    if not who & standing_of(handle, state):
        return RefusalCode.NOT_ALLOWED
    return None if state in sources else RefusalCode.WRONG_STATE


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("action", A)
def test_what_the_table_lists_works_and_all_else_is_refused_and_changes_nothing(action: A, state: S) -> None:
    _, targets, _, kind = LAW[action]
    for handle in STANDING:
        case, before = request_in(state), request_in(state)
        wanted = refusal_wanted(action, state, handle)

        assert refusal_of(lambda: REQUEST_DEEDS[action](case, now_of(handle), None)) is wanted, handle  # noqa: B023
        stale = refusal_of(lambda: REQUEST_DEEDS[action](case, now_of(handle), 99))  # noqa: B023
        assert stale is (wanted if wanted is RefusalCode.NOT_ALLOWED else RefusalCode.CONFLICT)
        assert case == before
        if wanted is None:
            act = REQUEST_DEEDS[action](case, now_of(handle), request_of(case).version)
            after = request_of(act.case)
            assert after.state in (targets or {state})
            assert act.kind is kind
            assert after.version == request_of(before).version + 1
            assert after.is_counted is (after.state not in {S.DECLINED, S.WITHDRAWN, S.MERGED, S.HANDED_OFF})


@pytest.mark.parametrize("action", A)
def test_each_row_leads_to_every_place_that_it_names(action: A) -> None:
    """What was merged before anybody had taken it in waits for that again."""
    sources, targets, who, _ = LAW[action]
    cases = [request_in(state) for state in sources]
    cases += [REQUEST_DEEDS[A.MERGE](waiting(), now_of("dispatcher-1"), None).case] if S.MERGED in sources else []
    by = next(handle for handle, held in STANDING.items() if who & held)

    led = {request_of(REQUEST_DEEDS[action](case, now_of(by), None).case).state for case in cases}
    assert led == (targets or sources)


def grant(*, may_withdraw: bool) -> ProxyGrant:
    today = date(2026, 11, 23)
    parties, until = (id_of("resident-1"), id_of("resident-2")), date(2027, 11, 23)
    evidence = ProxyEvidence.OWN_SIGN_IN
    return ProxyGrant("grant", town().township, *parties, (), today, until, evidence, parties[0], MONDAY, may_withdraw=may_withdraw)


def agent(*, may_withdraw: bool) -> Actor:
    given = grant(may_withdraw=may_withdraw)
    plain = actor("resident-2")
    return replace(plain, grants=(given,), keys=plain.keys | {"agrant"})


def asked_by_agent() -> Request:
    people = {"submitted_by_id": id_of("resident-2"), "agent_id": id_of("resident-2"), "on_behalf_of_id": id_of("resident-1")}
    return replace(request_of(waiting()), proxy_grant_id="grant", **people)  # type: ignore[arg-type]  # ids all of them


def test_a_proxy_withdraws_only_where_the_grant_says_so() -> None:
    request = asked_by_agent()

    assert request_standings(request, agent(may_withdraw=False), at=MONDAY) == {R.SPEAKER}
    assert request_standings(request, agent(may_withdraw=True), at=MONDAY) == {R.SPEAKER, R.PROXY}
    assert request_standings(request, actor("resident-2"), at=MONDAY) == set()  # the grant was revoked
    assert request_actions(request, agent(may_withdraw=True), at=MONDAY) == (A.WITHDRAW, A.ADD_MESSAGE)


def test_for_a_home_the_typist_speaks_and_the_desk_withdraws() -> None:
    request = request_of(for_home(waiting()))

    assert request_standings(request, actor("hub-host-1"), at=MONDAY) == {R.TYPIST, R.SPEAKER}
    assert R.HOME_DESK in request_standings(request, actor("dispatcher-1"), at=MONDAY)
    assert request_actions(request, actor("hub-host-1"), at=MONDAY) == (A.NUDGE, A.ADD_MESSAGE)


def test_a_worker_on_leave_takes_nothing_in() -> None:
    leave = Absence("leave", town().township, id_of("grid-worker-1"), date(2026, 11, 20), date(2026, 11, 30))
    away = Organisation(town().township, "away", replace(planned().parts, absences=(leave,)))

    assert request_standings(request_of(waiting()), actor("grid-worker-1", organisation=away), at=MONDAY) == {R.STAFF}


def test_whom_it_is_about_does_not_stand_to_it() -> None:
    request = replace(request_of(waiting()), hidden_from=(id_of("dispatcher-1"),))

    assert request_standings(request, actor("dispatcher-1"), at=MONDAY) == set()


def test_a_stale_edit_and_a_wrong_state_show_how_it_stands_now() -> None:
    case = request_in(S.IN_HAND)
    for version, code in ((99, RefusalCode.CONFLICT), (None, RefusalCode.WRONG_STATE)):
        with pytest.raises(Refused) as no:
            REQUEST_DEEDS[A.ACCEPT](case, now_of("dispatcher-1"), version)
        assert (no.value.refusal.code, no.value.refusal.current) == (code, case.request)


def test_who_may_not_does_not_learn_how_it_stands() -> None:
    with pytest.raises(Refused) as no:
        REQUEST_DEEDS[A.ACCEPT](waiting(), now_of("grid-leader-1"), 99)

    assert no.value.refusal.current is None


# --- `actions` is what is then accepted.

HANDLES = sorted(STANDING)
days = st.one_of(st.none(), st.integers(-20, 0).map(lambda ago: MONDAY + timedelta(days=ago)))


@st.composite
def requests_of_any_past(draw: st.DrawFn) -> Case:
    """A request anywhere in its life, whatever was done to it before."""
    case = request_in(draw(st.sampled_from(S)))
    request = request_of(case)
    past = replace(
        request,
        nudged_at=draw(days),
        objected_at=draw(days),
        reopened_at=draw(days),
        merged_count=draw(st.sampled_from([0, 2])),
        work_began=draw(st.booleans()),
        is_shielded=draw(st.booleans()),
        closed_at=request.closed_at and draw(st.sampled_from([MONDAY, MONDAY - timedelta(days=14), MONDAY - timedelta(days=400)])),
        hidden_from=draw(st.sampled_from([(), (id_of("dispatcher-1"),)])),
    )
    return for_home(Case(past, case.tasks)) if draw(st.booleans()) else Case(past, case.tasks)


@settings(deadline=None, max_examples=300)
@given(case=requests_of_any_past(), handle=st.sampled_from(HANDLES), later=st.integers(0, 4))
def test_actions_are_exactly_what_is_then_accepted(case: Case, handle: str, later: int) -> None:
    now = now_of(handle, at=MONDAY + timedelta(days=later))
    accepted = {action for action in A if refusal_of(lambda: REQUEST_DEEDS[action](case, now, None)) is None}  # noqa: B023

    assert set(request_actions(request_of(case), now.by, at=now.at)) == accepted


def test_a_message_is_too_late_a_year_after_the_end() -> None:
    case = request_in(S.CLOSED)
    told = [
        refusal_of(lambda: REQUEST_DEEDS[A.ADD_MESSAGE](case, now_of("resident-1", at=MONDAY + timedelta(days=days)), None))  # noqa: B023
        for days in (365, 366)
    ]

    assert told == [None, RefusalCode.TOO_LATE]


def test_a_message_that_was_answered_has_been_over_since_then_whoever_takes_the_matter_in() -> None:
    said = REQUEST_DEEDS[A.ADD_MESSAGE](request_in(S.DECLINED), now_of("resident-1"), None).case
    back = REQUEST_DEEDS[A.OBJECT_TO_DECLINE](said, now_of("resident-1"), None).case
    answered = Case(back.request, (back.tasks[0].close(at=MONDAY),))

    lead, message = REQUEST_DEEDS[A.ACCEPT](answered, now_of("dispatcher-1", at=MONDAY + timedelta(days=1)), None).case.tasks

    assert (message.is_message, message.colleagues, message.updated_at) == (True, (lead.assignee_id,), MONDAY)


def test_withdrawn_before_anybody_took_it_in_danger_goes_on_as_work_without_the_person() -> None:
    case = waiting()
    danger = replace(now_of("resident-1"), deadline_class=DeadlineClass.DANGER)

    def begin(of: Case) -> list[Task]:
        return [intake.first_task(request_of(of), new_id(Kind.TASK, 9), given_to("grid-worker-1"), danger)]

    act = withdrawals.withdraw(case, danger, begin=begin)
    [task] = act.case.tasks

    assert (request_of(act.case).state, act.facts[withdrawals.BEGUN]) == (S.WITHDRAWN, task.id)
    assert (task.request_id, task.askers, task.root_id, task.item_id) == (None, (), task.id, request_of(case).item_id)
    assert (task.state, task.assignee_id) == (TaskState.ASSIGNED, id_of("grid-worker-1"))
    assert not actor("resident-1").keys & task.scopes
    safe = withdrawals.withdraw(case, now_of("resident-1"), begin=begin)
    assert safe.case.tasks == (), "where nobody is in danger nothing begins"
