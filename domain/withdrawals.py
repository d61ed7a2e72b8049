"""Withdrawing a request (row 27): the person takes it back; where others are in danger the work goes on without the person."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from domain.cases import Act, Case, Facts, Moment
from domain.deadlines import DeadlineClass
from domain.events import EventKind
from domain.request_acts import act_of, cancelled, changed, ended, permitted
from domain.request_moves import RequestAction
from domain.requests import RequestState
from domain.tasks import Task, TaskState

GOES_ON = "goes_on"
"""The fact that says who had which task that goes on without the person: `task/person`, one after the other."""


BEGUN = "begun"
"""The fact that says which of these begin with it: nobody had taken the request in."""

Begin = Callable[[Case], Sequence[Task]]
"""The work on a request that nobody has taken in yet, the lead first."""


def withdraw(
    case: Case, moment: Moment, *, words: str | None = None, begin: Begin | None = None, expected_version: int | None = None
) -> Act:
    """Its tasks are called off. In danger they go on as work that nobody asked for: nothing of the request is left on them.

    Where it still waits to be taken in, the work begins with it.
    """
    request = permitted(case, RequestAction.WITHDRAW, moment, expected_version)
    if moment.deadline_class is not DeadlineClass.DANGER:
        after = ended(case, request, RequestState.WITHDRAWN, at=moment.at)
        return act_of(after, EventKind.REQUEST_WITHDRAWN, {"cancelled": cancelled(case)}, words)
    begun = begin(case) if begin and request.state is RequestState.RECEIVED else ()
    going_on = [*begun, *(task for task in case.tasks if _goes_on(task))]
    left = {task.id: task.leave_request(going_on[0].id, request.item_id) for task in going_on}
    tasks = [left.get(task.id) or (task if task.is_over else task.cancel(at=moment.at)) for task in (*begun, *case.tasks)]
    after = changed(case, replace(request, state=RequestState.WITHDRAWN), tasks, at=moment.at)
    # They are no tasks of the request any more: who has them is told of as it was.
    facts: Facts = {GOES_ON: " ".join(f"{task.id}/{task.assignee_id}" for task in going_on if task.assignee_id)}
    facts = {**facts, BEGUN: " ".join(task.id for task in begun)} if begun else facts
    return act_of(after, EventKind.REQUEST_WITHDRAWN, facts, words)


def _goes_on(task: Task) -> bool:
    """What only waits for the person's word, or answers them, has nothing left to do."""
    return not task.is_over and task.state is not TaskState.AWAITING_FOLLOW_UP and not task.is_message
