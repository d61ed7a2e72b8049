"""Where a request stands, in one plain sentence for whoever asked."""

from collections.abc import Sequence

from domain.errors import Message
from domain.requests import Request, RequestState
from domain.tasks import Task, TaskState


def status_of(request: Request, tasks: Sequence[Task]) -> Message:
    """The sentence of the state; while it is in hand, that of its lead task."""
    if request.state is RequestState.IN_HAND and not tasks:
        return Message("status.in_hand.in_progress")
    if request.state is not RequestState.IN_HAND:
        return Message(f"status.{request.state.value.lower()}")
    lead = tasks[0].state
    if lead is TaskState.IN_PROGRESS and request.rework_count:
        return Message("status.in_hand.reworked")
    return Message(f"status.in_hand.{lead.value.lower()}")
