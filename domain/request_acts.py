"""What the verbs of a request share: one change of it and its tasks together, who is permitted, and what the history says."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from domain.cases import Act, Case, Facts, Moment
from domain.errors import not_found
from domain.events import EventKind
from domain.following import follow
from domain.request_moves import RequestAction, permit_request
from domain.requests import Request, RequestState
from domain.roll_up import grown, settled
from domain.tasks import Task


def permitted(case: Case, action: RequestAction, moment: Moment, expected_version: int | None) -> Request:
    """The request, where the verb may be done to it. Refuses what the table does not list."""
    if case.request is None:
        raise not_found("requestId")
    permit_request(action, case.request, moment.by, at=moment.at, expected_version=expected_version)
    return case.request


def changed(case: Case, request: Request, all_tasks: Iterable[Task], *, at: datetime) -> Case:
    """The case afterwards: one version up, as is each of its tasks that changed. A task that left the request is none of its work."""
    before = {task.id: task for task in case.tasks}
    tasks = tuple(_grown(before.get(task.id), task, at) for task in settled(tuple(all_tasks)))
    own = tuple(task for task in tasks if task.request_id == request.id)
    return Case(replace(follow(request, own, at=at), version=request.version + 1), tasks)


def _grown(before: Task | None, task: Task, at: datetime) -> Task:
    return task if before is None or before == task else grown(task, before, at=at)


def ended(case: Case, request: Request, state: RequestState, *, at: datetime) -> Case:
    """The request at its end, every open task called off."""
    tasks = (task if task.is_over else task.cancel(at=at) for task in case.tasks)
    return changed(case, replace(request, state=state), tasks, at=at)


def cancelled(case: Case) -> str:
    """The fact of that name: which tasks are called off where the request of this case ends."""
    return " ".join(task.id for task in case.tasks if not task.is_over)


def act_of(case: Case, kind: EventKind, facts: Facts | None = None, reason: str | None = None, *, task: Task | None = None) -> Act:
    """The act with who has and who owns the work after it: the lead, where no other task is meant; nobody, where there is none."""
    about = task or next(iter(case.tasks), None)
    request = case.request
    owner_id = about.owner_id if about else request.owner_path[0] if request and request.owner_path else None
    standing: Facts = {"assignee": about.assignee_id if about else None, "owner": owner_id}
    return Act(case, kind, about.id if about else None, {**standing, **(facts or {})}, reason)
