"""Where a request stands, in one plain sentence for whoever asked."""

from dataclasses import replace

import pytest

from domain.errors import Message
from domain.requests import Request, RequestState
from domain.status import status_of
from domain.tasks import TaskState
from server.wiring import load_messages
from tests.domain.cast import asked, standing_in

MESSAGES = load_messages()


def request_in(state: RequestState, **changes: int) -> Request:
    request = asked().request
    assert request is not None
    return replace(request, state=state, rework_count=changes.get("rework_count", 0))


@pytest.mark.parametrize("state", [state for state in RequestState if state is not RequestState.IN_HAND])
def test_the_state_of_the_request_says_it(state: RequestState) -> None:
    assert status_of(request_in(state), asked().tasks) == Message(f"status.{state.value.lower()}")


@pytest.mark.parametrize("state", TaskState)
def test_while_it_is_in_hand_the_lead_task_says_it(state: TaskState) -> None:
    lead, other = standing_in(state).tasks[0], standing_in(TaskState.QUEUED).tasks[0]

    assert status_of(request_in(RequestState.IN_HAND), (lead, other)) == Message(f"status.in_hand.{state.value.lower()}")


def test_work_that_is_done_again_says_so_only_while_it_goes_on() -> None:
    again = request_in(RequestState.IN_HAND, rework_count=1)

    assert status_of(again, standing_in(TaskState.IN_PROGRESS).tasks) == Message("status.in_hand.reworked")
    assert status_of(again, standing_in(TaskState.COMPLETED).tasks) == Message("status.in_hand.completed")


@pytest.mark.parametrize("state", RequestState)
def test_there_is_a_sentence_even_where_the_reader_sees_no_task(state: RequestState) -> None:
    message = status_of(request_in(state), ())

    assert all(MESSAGES.render(message, language) for language in MESSAGES.texts)


def test_whoever_sees_none_of_the_work_is_told_whether_it_began() -> None:
    lamp = request_in(RequestState.IN_HAND)

    assert status_of(lamp, ()) == Message("status.in_hand.waiting")
    assert status_of(replace(lamp, work_began=True), ()) == Message("status.in_hand.in_progress")
