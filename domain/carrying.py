"""What an earlier release kept of a case, completed: what that release did not know yet follows from the item and from what was done.

Nothing that was kept is changed, nobody is told, and the history says when it was done; so what is stored still follows from it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.calendar import WorkingCalendar
from domain.cases import Act, Case, Facts
from domain.deadlines import BY_THE_CLOCK, POLICIES, DeadlineClass
from domain.events import EventKind
from domain.following import follow
from domain.items import ServiceItem
from domain.requests import Request, RequestState
from domain.tasks import Task
from domain.waiting import waiting_since

Missing = Mapping[str, frozenset[str]]
"""The fields that are not kept yet, by the id of the request or task."""


def carried_over(case: Case, missing: Missing, item: ServiceItem | None, calendar: WorkingCalendar) -> Act:
    """The case with all that this release keeps of it, each part a version on."""
    deadline_class = item.deadline_class if item else DeadlineClass.NORMAL
    tasks = tuple(_task(task, missing.get(task.id, frozenset()), deadline_class, case.request) for task in case.tasks)
    request = case.request and _request(case.request, missing.get(case.request.id, frozenset()), item, tasks, calendar)
    lead = tasks[0] if tasks else None
    facts: Facts = {"assignee": lead.assignee_id if lead else None, "owner": lead.owner_id if lead else None, "carried_over": True}
    return Act(Case(request, tasks), EventKind.DEADLINES_RECOUNTED, lead.id if lead else None, facts)


def _task(task: Task, missing: frozenset[str], deadline_class: DeadlineClass, request: Request | None) -> Task:
    known = {
        "deadline_class": deadline_class,
        "due_by_clock": task.due_at is not None and _is_by_clock(deadline_class) and not task.due_provisional,
        "leg_from": _leg_from(task, request),
    }
    return replace(task, version=task.version + 1, **{name: value for name, value in known.items() if name in missing})  # type: ignore[arg-type]


def _request(
    request: Request, missing: frozenset[str], item: ServiceItem | None, tasks: tuple[Task, ...], calendar: WorkingCalendar
) -> Request:
    deadline_class = item.deadline_class if item else DeadlineClass.NORMAL
    known = {
        "promise_by_clock": request.promise_due_at is not None and _is_by_clock(deadline_class) and not request.promise_provisional,
        "title": item.name if item else request.title,
        "is_shared": item is not None and item.is_shared,
    }
    whole = replace(request, version=request.version + 1, **{name: value for name, value in known.items() if name in missing})  # type: ignore[arg-type]
    if whole.state is RequestState.RECEIVED and "accept_by" in missing:  # it waits since it came, or came back
        whole = waiting_since(whole, calendar, deadline_class, request.objected_at or request.submitted_at)
    # As of what was done last: who was asked then is asked since then.
    return follow(whole, tasks, at=max((task.updated_at for task in tasks), default=request.submitted_at))


def _is_by_clock(deadline_class: DeadlineClass) -> bool:
    limit = POLICIES[deadline_class].reply
    return limit is not None and limit.unit in BY_THE_CLOCK


def _leg_from(task: Task, request: Request | None) -> datetime | None:
    """The first leg counts since the promise does, later ones since somebody was given the task."""
    if task.due_at is None:
        return None
    if request is not None and task.due_at == request.promise_due_at:
        return request.submitted_at
    return task.assigned_at or task.created_at
