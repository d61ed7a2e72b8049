"""Where requests go on as one: who may be merged, when one comes out again, and that none of them is left with nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain import duplicates
from domain.cases import Act, Case
from domain.clockwork import act_of_clock
from domain.errors import RefusalCode
from domain.events import WORDS_FOR_ASKERS, EventKind
from domain.ids import Kind
from domain.request_moves import RequestAction, request_actions
from domain.requests import EntryKind, Grade, Request, RequestState, Verdict
from domain.tasks import TaskState
from domain.waiting import lets_others_go, request_clock_at
from tests.domain.cast import CALENDAR, MONDAY, actor, given_to, id_of, new_id, refusal_of, standing_in
from tests.domain.cast_of_requests import REQUEST_DEEDS, accepted, for_home, now_of, request_in, request_of, waiting

S = RequestState
DAY = timedelta(days=1)
DESK, NEIGHBOUR = "dispatcher-1", "resident-2"


def target(state: S = S.IN_HAND, **changes: object) -> Case:
    """That in which others go on: what resident-1 asked for."""
    case = request_in(state)
    return Case(replace(request_of(case), merged_count=1, **changes), case.tasks)  # type: ignore[arg-type]


def neighbours(case: Case) -> Case:
    """The same asked for by resident-2, as a request of its own."""
    request = replace(request_of(case), id=new_id(Kind.REQUEST, 2), submitted_by_id=id_of(NEIGHBOUR))
    return Case(request, tuple(replace(task, request_id=request.id, askers=request.askers) for task in case.tasks))


def merged(case: Case | None = None) -> Case:
    """Merged at once, before somebody began."""
    source = neighbours(case or accepted(waiting(), now_of(DESK)).case)
    return duplicates.merged(source, request_of(target()), now_of(DESK), reason=None).case


def apart(case: Case, into: Case | None, *, days: int = 1) -> tuple[Act, ...]:
    return duplicates.unmerge(case, into, now_of(DESK, at=MONDAY + days * DAY), route=lambda _: given_to("grid-worker-2"))


def let_go(case: Case, into: Case) -> tuple[Act, ...]:
    return duplicates.let_go(case, into, now_of("nobody", at=MONDAY + DAY), route=lambda _: given_to("grid-worker-2"))


@pytest.mark.parametrize("state", [S.WITHDRAWN, S.DECLINED, S.HANDED_OFF])
def test_where_there_will_be_no_answer_each_goes_on_by_itself_with_the_promise_that_was_made(state: S) -> None:
    case, into = merged(), target(state)
    assert request_clock_at(request_of(into), CALENDAR) == MONDAY, "the clock looks at once"

    act, parted = let_go(case, into)
    back, [task] = request_of(act.case), act.case.tasks

    assert (act.kind, act.facts["let_go"], parted.kind) == (EventKind.REQUEST_UNMERGED, True, EventKind.REQUEST_PARTED)
    assert (back.state, back.merged_into_id, back.closed_at) == (S.IN_HAND, None, None)
    assert (back.promise_due_at, task.due_at) == (request_of(case).promise_due_at, request_of(case).promise_due_at)
    assert (task.state, task.assignee_id) == (TaskState.ASSIGNED, id_of("grid-worker-2"))
    assert (request_of(parted.case).merged_count, request_clock_at(request_of(parted.case), CALENDAR)) == (0, None)
    assert let_go(act.case, parted.case) == (), "and once"


@pytest.mark.parametrize("state", [S.IN_HAND, S.ON_HOLD, S.ANSWERED, S.CLOSED, S.RECEIVED])
def test_while_there_may_be_an_answer_they_stay_together(state: S) -> None:
    into = target(state)

    assert let_go(merged(), into) == ()
    assert not lets_others_go(request_of(into))


def test_who_had_their_answer_stays_and_the_clock_has_nothing_left_to_do() -> None:
    case, into = merged(), target(S.WITHDRAWN)
    content = Case(request_of(case).judge(Verdict.SOLVED, Grade.SATISFIED), case.tasks)

    assert let_go(content, into) == ()
    act = act_of_clock(into, request_of(into).id, now_of("nobody"))
    assert act is not None
    assert (act.kind, request_of(act.case).merged_count) == (EventKind.REQUEST_PARTED, 0)
    assert act_of_clock(act.case, request_of(into).id, now_of("nobody")) is None


def test_what_was_said_of_an_earlier_try_keeps_nobody_behind() -> None:
    taken = accepted(waiting(), now_of(DESK)).case
    unsolved = merged(Case(request_of(taken).judge(Verdict.NOT_SOLVED, Grade.UNSATISFIED), taken.tasks))

    act, _ = let_go(unsolved, target(S.HANDED_OFF))

    assert (request_of(unsolved).verdict, request_of(act.case).state) == (None, S.IN_HAND)


def test_what_nobody_had_taken_in_waits_for_that_again_whatever_was_to_be_answered() -> None:
    """Declined, written to, objected to, merged: the message is none of the work."""
    said = REQUEST_DEEDS[RequestAction.ADD_MESSAGE](request_in(S.DECLINED), now_of("resident-1"), None).case
    back = REQUEST_DEEDS[RequestAction.OBJECT_TO_DECLINE](said, now_of("resident-1"), None).case
    case = merged(back)
    assert [task.state for task in case.tasks] == [TaskState.CANCELLED]

    act = apart(case, target())[0]
    request, [message] = request_of(act.case), act.case.tasks

    assert (request.state, request.merged_into_id) == (S.RECEIVED, None)
    assert (message.is_message, message.state, message.assignee_id) == (True, TaskState.QUEUED, None)
    assert request.accept_by is not None
    assert request.accept_by > MONDAY + DAY
    assert request_of(let_go(case, target(S.WITHDRAWN))[0].case).state is S.RECEIVED


def test_what_is_in_hand_has_work_whatever_was_touched_since() -> None:
    case = merged()
    touched = Case(case.request, tuple(replace(task, updated_at=MONDAY + timedelta(hours=1)) for task in case.tasks))

    act = apart(touched, target())[0]

    assert (request_of(act.case).state, act.case.tasks[0].state) == (S.IN_HAND, TaskState.ASSIGNED)


@pytest.mark.parametrize(("days", "refusal"), [(15, None), (16, RefusalCode.TOO_LATE)])
def test_out_again_while_the_other_is_open_and_fifteen_days_after(days: int, refusal: RefusalCode | None) -> None:
    case, closed = merged(), target(S.CLOSED)
    by, at = actor(DESK), MONDAY + days * DAY

    assert refusal_of(lambda: apart(case, closed, days=days)) is refusal
    offered = request_actions(request_of(case), by, at=at, into=closed.request)
    assert (RequestAction.UNMERGE in offered) is (refusal is None)
    assert RequestAction.UNMERGE in request_actions(request_of(case), by, at=at, into=target().request), "for as long as it is open"
    assert refusal_of(lambda: apart(case, target(), days=400)) is None


def test_it_is_said_where_a_merge_hides_from_followers_what_they_follow_and_where_they_were_told_of_an_end() -> None:
    """Lamps are everybody's; what goes on in somebody's own is followed by nobody any more."""
    lamp: dict[str, object] = {"is_shared": True}
    own: dict[str, object] = {**lamp, "is_shielded": True}

    def told(into: dict[str, object], state: S) -> tuple[bool, bool]:
        case = accepted(waiting(), now_of(DESK)).case
        source = neighbours(Case(replace(request_of(case), is_shared=True), case.tasks))
        other = target(state, **into)
        act = duplicates.merged(source, request_of(other), now_of(DESK), reason=None)
        return bool(act.facts.get("out_of_sight")), bool(apart(act.case, other)[0].facts.get("anew"))

    assert told(lamp, S.IN_HAND) == told(lamp, S.ON_HOLD) == (False, False)
    assert told(lamp, S.ANSWERED) == told(lamp, S.CLOSED) == (False, True)
    assert told(own, S.IN_HAND) == (True, True)


def open_target(state: S) -> Request:
    [joined, *_] = duplicates.merge(Case(target(state).request, target(state).tasks), [neighbours(waiting())], now_of(DESK), reason=None)
    return request_of(joined.case)


@pytest.mark.parametrize("state", S)
def test_into_what_is_asked_already_or_over_nothing_is_merged(state: S) -> None:
    refusal = refusal_of(lambda: open_target(state))

    assert refusal is (None if state in {S.RECEIVED, S.IN_HAND, S.ON_HOLD} else RefusalCode.WRONG_STATE)


def test_whom_no_app_reaches_is_merged_with_nobody() -> None:
    typed = Case(replace(request_of(waiting()), on_behalf_of_id=id_of("resident-1"), submitted_by_id=id_of("grid-worker-1")), ())

    for case in (typed, for_home(waiting())):
        assert request_of(case).entry is EntryKind.ASSISTED
        assert refusal_of(lambda: REQUEST_DEEDS[RequestAction.MERGE](case, now_of(DESK), None)) is RefusalCode.NOT_ALLOWED  # noqa: B023
        assert RequestAction.MERGE not in request_actions(request_of(case), actor(DESK), at=MONDAY)
    assert RequestAction.MERGE in request_actions(request_of(waiting()), actor(DESK), at=MONDAY)


def test_not_fixed_here_is_said_in_words_that_whoever_asked_reads() -> None:
    answered = Case(replace(request_of(target(S.ANSWERED)), merged_count=1), standing_in(TaskState.AWAITING_FOLLOW_UP).tasks)
    act = duplicates.answer(
        merged(),
        answered,
        now_of(NEIGHBOUR),
        verdict=Verdict.NOT_SOLVED,
        grade=Grade.UNSATISFIED,
        words="还是黑的",
        route=lambda _: given_to("grid-worker-2"),
    )[0]

    assert (act.kind, act.reason) == (EventKind.REQUEST_UNMERGED, "还是黑的")
    assert EventKind.REQUEST_UNMERGED in WORDS_FOR_ASKERS
