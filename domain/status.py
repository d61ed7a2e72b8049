"""Where a request stands, in one plain sentence for whoever asked."""

from collections.abc import Sequence

from domain.errors import Message
from domain.requests import OPEN, Request, RequestState
from domain.tasks import Task, TaskState


def status_of(request: Request, tasks: Sequence[Task], into: Request | None = None) -> Message:
    """The sentence of the state; while it is in hand, that of its lead task; once it goes on in another, what that has come to."""
    if into is not None:
        return _merged(request, into)
    if request.state is RequestState.IN_HAND and not tasks:  # the reader sees none of them
        return Message("status.in_hand.in_progress" if request.work_began else "status.in_hand.waiting")
    if request.state is not RequestState.IN_HAND:
        return Message(f"status.{request.state.value.lower()}")
    lead = tasks[0].state
    if lead is TaskState.IN_PROGRESS and request.rework_count:
        return Message("status.in_hand.reworked")
    return Message(f"status.in_hand.{lead.value.lower()}")


def _merged(request: Request, into: Request) -> Message:
    """Never whose the other is: only that it is handled together, and whether there is an answer to it."""
    if request.verdict is not None or into.state in OPEN - {RequestState.ANSWERED}:
        return Message("status.merged")
    return Message("status.merged_answered" if into.state in {RequestState.ANSWERED, RequestState.CLOSED} else "status.merged_ended")
