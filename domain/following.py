"""What a request says of itself follows from its tasks: its state, who may read it, whether the promise was kept."""

from dataclasses import replace
from datetime import datetime

from domain import requests, tasks
from domain.access import Door, keys
from domain.requests import Request, RequestState
from domain.tasks import Task, TaskState

NOT_BEGUN = frozenset({TaskState.QUEUED, TaskState.ASSIGNED, TaskState.ACKNOWLEDGED, TaskState.RETURN_PENDING, TaskState.CANCELLED})


def follow(request: Request, all_tasks: tuple[Task, ...], *, at: datetime) -> Request:
    """The request as its tasks make it. What ended stays as it ended; a message that somebody answers is none of the work."""
    work = tuple(task for task in all_tasks if not task.is_message)
    state = _state(request, work)
    judged = request if request.state in requests.OVER else _judged(request, work)
    owner_path = work[0].owner_path if work else request.owner_path
    opened = frozenset[str]().union(*(task.scopes for task in all_tasks))
    return replace(
        _waited(_asked(judged, state, at), state),
        state=state,
        held_at=(request.held_at if request.state is RequestState.ON_HOLD else at) if state is RequestState.ON_HOLD else None,
        closed_at=request.closed_at or (at if state in requests.OVER else None),
        owner_path=owner_path,
        work_began=any(task.state not in NOT_BEGUN for task in work),
        task_scopes=opened if work else opened | keys(Door.UNIT, owner_path),
    )


def _asked(request: Request, state: RequestState, at: datetime) -> Request:
    """What is kept of asking whether it helped, for as long as that is asked; that no answer came, for as long as it is closed."""
    unanswered = request.closed_unanswered and state is RequestState.CLOSED
    if state is RequestState.ANSWERED:
        return replace(request, asked_at=request.asked_at or at, closed_unanswered=False)
    return replace(request, asked_at=None, calls_begun_at=None, call_tries=(), closed_unanswered=unanswered)


def _waited(request: Request, state: RequestState) -> Request:
    """Nobody is waited for to take it in once somebody did, or it came to its end."""
    is_waiting = state is RequestState.RECEIVED
    return request if is_waiting else replace(request, accept_from=None, accept_by=None, accept_remind_at=None, is_acceptance_late=False)


def _judged(request: Request, work: tuple[Task, ...]) -> Request:
    """Whether the promise was kept is told by the last completion, once nothing is left to be done. What was kept once stays so."""
    completions = [task.completed_at for task in work if task.state is not TaskState.CANCELLED]
    completed_at = max((moment for moment in completions if moment), default=None) if all(completions) else None
    was_met = request.promise_met and completed_at == request.completed_at
    is_met = completed_at is not None and (was_met or request.promise_due_at is None or completed_at <= request.promise_due_at)
    return replace(request, completed_at=completed_at, promise_met=is_met)


def _state(request: Request, work: tuple[Task, ...]) -> RequestState:
    if request.state in requests.OVER or not work:
        return request.state
    open_states = {task.state for task in work if task.state not in tasks.OVER}
    if not open_states:
        return RequestState.CLOSED
    if open_states <= {TaskState.SUSPENDED, TaskState.DEFERRED}:
        return RequestState.ON_HOLD
    return RequestState.ANSWERED if open_states == {TaskState.AWAITING_FOLLOW_UP} else RequestState.IN_HAND
