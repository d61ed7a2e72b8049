"""What waits to be taken in has a clock of its own: a reminder, then those above, each once, until somebody takes it in or it ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain import intake
from domain.carrying import carried_over
from domain.cases import Act, Case
from domain.clockwork import act_of_clock
from domain.deadlines import DeadlineClass, due
from domain.errors import RefusalCode
from domain.events import EventKind
from domain.legs import TAKEN_IN_WITHIN, acceptance, windows
from domain.lifecycle import Verb
from domain.recounting import settled
from domain.request_moves import RequestAction
from domain.requests import RequestState
from domain.tasks import TaskState
from domain.waiting import request_clock_at
from tests.domain.cast import CALENDAR, DEEDS, MONDAY, TUESDAY_OFF, item, refusal_of, standing_in
from tests.domain.cast_of_requests import REQUEST_DEEDS, WAITING_ITEM, accepted, for_home, now_of, request_in, request_of, waiting

HOUR = timedelta(hours=1)
HALF, END = MONDAY + 2 * HOUR, MONDAY + 5.5 * HOUR
"""Of four office hours from ten o'clock on, with lunch between."""
LAST_WORDS = (Verb.ANSWER, Verb.REWORK, Verb.OBJECT, Verb.RECORD, Verb.TRY_CALL)


def looked_at(case: Case) -> datetime | None:
    return request_clock_at(request_of(case), CALENDAR)


def wound(case: Case, at: datetime) -> Act | None:
    return act_of_clock(case, request_of(case).id, now_of("nobody", at=at))


def done(act: Act | None) -> Act:
    assert act is not None
    return act


def test_first_those_who_may_take_it_in_are_reminded_then_those_above_hear_of_it_each_once() -> None:
    case = waiting()
    assert (request_of(case).accept_by, looked_at(case)) == (END, HALF)
    assert wound(case, HALF - timedelta(minutes=1)) is None

    reminded = done(wound(case, HALF))
    assert (reminded.kind, reminded.task_id, wound(reminded.case, HALF)) == (EventKind.REQUEST_REMINDED, None, None)
    late = done(wound(reminded.case, END))
    assert (late.kind, late.task_id, wound(late.case, END)) == (EventKind.ACCEPTANCE_MISSED, None, None)
    assert (request_of(late.case).state, request_of(late.case).version) == (RequestState.RECEIVED, 3)
    broken = done(wound(late.case, MONDAY + timedelta(days=60)))
    assert (broken.kind, looked_at(broken.case)) == (EventKind.PROMISE_MISSED, None)


def test_who_comes_after_the_end_is_not_reminded_as_well() -> None:
    late = done(wound(waiting(), END))

    assert late.kind is EventKind.ACCEPTANCE_MISSED
    assert wound(late.case, END) is None


@pytest.mark.parametrize("deadline_class", DeadlineClass)
def test_the_window_is_the_one_to_sign_and_that_of_anything_ordinary_where_there_is_none(deadline_class: DeadlineClass) -> None:
    given = windows(CALENDAR, deadline_class, MONDAY)

    remind_at, by = acceptance(CALENDAR, deadline_class, MONDAY)
    assert by == (given.acknowledge_by or due(CALENDAR, MONDAY, TAKEN_IN_WITHIN).at)
    assert MONDAY < remind_at < by


ENDS: list[tuple[RequestAction, str, Callable[[Case], Case]]] = [
    (RequestAction.ACCEPT, "grid-worker-1", lambda case: case),
    (RequestAction.DECLINE, "centre-clerk-1", lambda case: case),
    (RequestAction.HAND_OFF, "dispatcher-1", lambda case: case),
    (RequestAction.MERGE, "dispatcher-1", lambda case: case),
    (RequestAction.WITHDRAW, "resident-1", lambda case: case),
    (RequestAction.WITHDRAW, "dispatcher-1", for_home),
]


@pytest.mark.parametrize(("action", "by", "made"), ENDS)
def test_whatever_comes_of_it_nobody_is_reminded_any_more(action: RequestAction, by: str, made: Callable[[Case], Case]) -> None:
    after = REQUEST_DEEDS[action](made(waiting()), now_of(by), None).case
    request = request_of(after)

    assert request.state is not RequestState.RECEIVED
    assert (request.accept_by, request.accept_remind_at, request.is_acceptance_late, looked_at(after)) == (None, None, False, None)


def test_back_at_the_intake_desk_the_window_begins_anew() -> None:
    declined = request_in(RequestState.DECLINED, done(wound(waiting(), END)).case)
    tuesday = MONDAY + timedelta(days=1)

    back = REQUEST_DEEDS[RequestAction.OBJECT_TO_DECLINE](declined, now_of("resident-1", at=tuesday), None).case

    assert (request_of(back).accept_by, request_of(back).is_acceptance_late) == (END + timedelta(days=1), False)
    assert looked_at(back) == HALF + timedelta(days=1)


def test_what_was_taken_in_is_its_tasks_and_a_message_alone_breaks_no_promise() -> None:
    taken = accepted(waiting(), now_of("dispatcher-1")).case
    assert looked_at(taken) is None
    said = REQUEST_DEEDS[RequestAction.ADD_MESSAGE](request_in(RequestState.DECLINED), now_of("resident-1"), None).case
    answering = standing_in(TaskState.ASSIGNED, said, is_message=True)
    late = [act_of_clock(Case(said.request, answering.tasks), answering.tasks[0].id, now_of("nobody", at=at)) for at in (DECEMBER, JANUARY)]

    assert EventKind.PROMISE_MISSED not in {act.kind for act in late if act}


DECEMBER, JANUARY = datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 20, tzinfo=UTC)


def test_an_enquiry_that_has_to_be_taken_in_is_not_forgotten() -> None:
    enquiry = replace(now_of("resident-1"), deadline_class=DeadlineClass.ENQUIRY)
    objected = intake.object_to_decline(request_in(RequestState.DECLINED), enquiry, words="归你们管").case

    assert request_of(objected).accept_by == END


def test_another_calendar_moves_the_window_as_it_moves_the_promise() -> None:
    case = waiting(at=MONDAY + 6 * HOUR)  # at four in the afternoon: half of it is on Tuesday
    assert request_of(case).accept_by == MONDAY + timedelta(days=1, hours=1)

    moved = settled(case, {request_of(case).id: CALENDAR}, TUESDAY_OFF)

    assert request_of(moved).accept_by == MONDAY + timedelta(days=2, hours=1)
    assert request_of(moved).accept_remind_at == MONDAY + timedelta(days=2) - HOUR


def test_what_waited_before_there_was_a_window_has_one_since_it_came() -> None:
    old = replace(request_of(waiting()), accept_from=None, accept_by=None, accept_remind_at=None)
    names = frozenset({"accept_from", "accept_by", "accept_remind_at", "is_acceptance_late"})

    whole = carried_over(Case(old, ()), {old.id: names}, item(WAITING_ITEM), CALENDAR).case

    assert (request_of(whole).accept_from, request_of(whole).accept_by, looked_at(whole)) == (MONDAY, END, HALF)


@pytest.mark.parametrize("state", [RequestState.RECEIVED, RequestState.DECLINED])
def test_nobody_says_whether_it_helped_before_anybody_took_it_in(state: RequestState) -> None:
    """Refused like anything else that comes too soon, also where it is for a home."""
    for case in (request_in(state), for_home(request_in(state))):
        for by in ("resident-1", "resident-2", "hub-host-1", "centre-clerk-1", "dispatcher-1"):
            told = {verb: refusal_of(lambda: DEEDS[verb](case, now_of(by), None)) for verb in LAST_WORDS}  # noqa: B023
            is_own = by == "resident-1" and not request_of(case).is_for_household
            no = RefusalCode.WRONG_STATE if is_own else RefusalCode.NOT_ALLOWED
            assert told == dict.fromkeys((Verb.ANSWER, Verb.REWORK, Verb.OBJECT), no) | dict.fromkeys(
                (Verb.RECORD, Verb.TRY_CALL), RefusalCode.NOT_ALLOWED
            ), by
