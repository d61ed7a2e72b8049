"""What is said when time runs out (黄牌) or is over (红牌), once for each due time: a moved one is told of anew."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.calendar import WorkingCalendar
from domain.cases import Act, Case, Moment, act_on
from domain.events import EventKind
from domain.legs import INSTANT, red_at, yellow_at
from domain.lifecycle import Verb, rows
from domain.requests import Request
from domain.tasks import Task


def contact_missed_at(case: Case, task: Task, calendar: WorkingCalendar) -> datetime | None:
    """Somebody asked, and nobody was with them in time."""
    is_over = task.contact_by is None or task.contacted_at is not None or task.contact_told == task.contact_by
    return None if case.request is None or is_over or not _may(Verb.MISS_CONTACT, task) else _after(task.contact_by)


def yellow_of(case: Case, task: Task, calendar: WorkingCalendar) -> datetime | None:
    """A limit by the clock is shorter than the day before it."""
    if task.due_at is None or task.due_by_clock or task.due_at in {task.due_soon_told, task.overdue_told} or not _may(Verb.WARN, task):
        return None
    return yellow_at(calendar, task.due_at)


def red_of(case: Case, task: Task, calendar: WorkingCalendar) -> datetime | None:
    """A date that a calendar may still move is no date to be late for; nor is one that is paused."""
    if task.due_at is None or task.due_provisional or task.due_at == task.overdue_told or not _may(Verb.MISS, task):
        return None
    return red_at(calendar, task.due_at, by_the_clock=task.due_by_clock)


def promise_red_of(case: Case, task: Task, calendar: WorkingCalendar) -> datetime | None:
    """Of the promise, which goes on while legs end and start; with the first task of the request."""
    request = case.request
    if request is None or task.id != case.tasks[0].id or task.is_message or not _may(Verb.BREAK_PROMISE, task):
        return None
    return promise_red(request, calendar)


def promise_red(request: Request, calendar: WorkingCalendar) -> datetime | None:
    """When it is said that it was broken; nothing where it was said, or cannot be yet."""
    due_at = request.promise_due_at
    if due_at is None or request.promise_provisional or due_at == request.promise_told or request.completed_at is not None:
        return None
    return red_at(calendar, due_at, by_the_clock=request.promise_by_clock)


def tell_contact_missed(case: Case, task: Task, now: Moment) -> Act:
    """Row 12b."""
    return _told(case, task, now, EventKind.CONTACT_MISSED, contact_told=task.contact_by)


def tell_due_soon(case: Case, task: Task, now: Moment) -> Act:
    """Row 20a."""
    return _told(case, task, now, EventKind.TASK_WARNED, due_soon_told=task.due_at)


def tell_overdue(case: Case, task: Task, now: Moment) -> Act:
    """Row 20b. Where the promise is over with it, that is said by the same word."""
    request = case.request
    if request is not None and task.id == case.tasks[0].id:
        red = promise_red(request, now.calendar)
        request = replace(request, promise_told=request.promise_due_at) if red is not None and red <= now.at else request
    return _told(case, task, now, EventKind.TASK_MISSED, request, overdue_told=task.due_at)


def tell_promise_broken(case: Case, task: Task, now: Moment) -> Act:
    """Row 20c."""
    request = case.request and replace(case.request, promise_told=case.request.promise_due_at)
    return _told(case, task, now, EventKind.PROMISE_MISSED, request)


def _told(case: Case, task: Task, now: Moment, kind: EventKind, request: Request | None = None, **told: datetime | None) -> Act:
    marks: Mapping[str, Any] = {**told, "updated_at": now.at}
    return act_on(case.after(replace(task, **marks), request), kind, task.id)


def _may(verb: Verb, task: Task) -> bool:
    return any(task.state in move.sources for move in rows(verb))


def _after(due_at: datetime | None) -> datetime | None:
    return due_at and due_at + INSTANT
