"""More time (延期, row 17): asked for by whoever has the task, granted by somebody above; until then the old due time stands.

A grant is counted in working days and moves both clocks by them, each from where it stands.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from domain import requests
from domain.approvals import Extension
from domain.calendar import SHANGHAI, WorkingCalendar
from domain.cases import Act, Case, Facts, Moment, act_on, permitted
from domain.deadlines import longest_extension
from domain.errors import RefusalCode, invalid, refused
from domain.events import EventKind
from domain.guards import guard_extension, guard_extension_asked
from domain.legs import later
from domain.lifecycle import Verb
from domain.requests import Request

MOST_DAYS = 250
"""No date is agreed on that lies further off than about a year of working days, and none beyond `FURTHEST`."""
FURTHEST = timedelta(days=366)


def check_wish(working_days: int | None, until: date | None, *, at: datetime) -> None:
    """Raises INVALID_INPUT unless it is a number of days or a day, one of the two, and within a year."""
    if (working_days is None) == (until is None):
        raise invalid("refusal.days_or_day", "workingDays")
    if working_days is not None and not 1 <= working_days <= MOST_DAYS:
        raise invalid("refusal.extension_days", "workingDays", limit=MOST_DAYS)
    if until is not None and not at.astimezone(SHANGHAI).date() <= until <= (at + FURTHEST).date():
        raise invalid("refusal.extension_day", "until")


def ask(
    case: Case,
    task_id: str,
    moment: Moment,
    *,
    working_days: int | None,
    until: date | None,
    reason: str,
    expected_version: int | None = None,
) -> Act:
    """Row 17: by so many working days, or until the office closes on a day; where that is none of work, on the next one that is."""
    check_wish(working_days, until, at=moment.at)
    task = permitted(case, task_id, moment, Verb.REQUEST_EXTENSION, expected_version=expected_version)
    guard_extension(task, moment.by.id or "", moment.at)
    due_at = task.due_at or moment.at
    days = working_days or _days_until(moment.calendar, due_at, until or due_at.date())
    if days < 1:
        raise invalid("refusal.extension_not_later", "until")
    limit = longest_extension(task.deadline_class)
    if limit is not None and task.extended_by + days > limit:
        left = limit - task.extended_by
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.extension_too_long", "workingDays", current=task, days=left)
    wish = Extension(moment.by.id or "", moment.at, days, later(moment.calendar, due_at, days).at)
    asked = replace(task, extension=wish, updated_at=moment.at)
    facts: Facts = {"days": days, "until": wish.until.isoformat(), "second": task.extensions > 0}
    return act_on(case.after(asked), EventKind.EXTENSION_REQUESTED, task_id, facts, reason)


def _days_until(calendar: WorkingCalendar, due_at: datetime, until: date) -> int:
    day, days = due_at.astimezone(SHANGHAI).date(), 0
    while day < until:
        day, days = calendar.working_day_after(day), days + 1
    return days


def grant(case: Case, task_id: str, moment: Moment, *, reason: str, expected_version: int | None = None) -> Act:
    """Row 17a: both clocks move by what was asked for."""
    task = permitted(case, task_id, moment, Verb.GRANT_EXTENSION, expected_version=expected_version)
    guard_extension_asked(task, moment.by.id or "", moment.at)
    wish, due_at = task.extension, task.due_at
    if wish is None or due_at is None:
        raise ValueError("whoever asked for more time had a due time")
    leg = later(moment.calendar, due_at, wish.working_days)
    granted = replace(
        task,
        due_at=leg.at,
        due_provisional=leg.is_provisional,
        due_by_clock=False,
        leg_from=due_at if task.due_by_clock else task.leg_from,
        extension=None,
        extensions=task.extensions + 1,
        extended_by=task.extended_by + wish.working_days,
        updated_at=moment.at,
    )
    request = _promise_later(case.request, wish, moment) if case.request and not task.is_message else case.request
    facts: Facts = {"days": wish.working_days, "from": due_at.isoformat(), "to": leg.at.isoformat(), "promise": request is not case.request}
    return act_on(case.after(granted, request), EventKind.EXTENSION_GRANTED, task_id, facts, reason)


def _promise_later(request: Request, wish: Extension, moment: Moment) -> Request:
    """The promise moves with the leg. One that was broken when more time was asked for is not mended by it; nor is what has ended."""
    promised = request.promise_due_at
    if promised is None or request.is_overdue(wish.asked_at) or request.state in requests.OVER:
        return request
    return request.promise_again(later(moment.calendar, promised, wish.working_days), extended_by=wish.working_days)


def refuse(case: Case, task_id: str, moment: Moment, *, reason: str, expected_version: int | None = None) -> Act:
    """Row 17b: everything stays as it was."""
    task = permitted(case, task_id, moment, Verb.REFUSE_EXTENSION, expected_version=expected_version)
    guard_extension_asked(task, moment.by.id or "", moment.at)
    kept = replace(task, extension=None, updated_at=moment.at)
    return act_on(case.after(kept), EventKind.EXTENSION_REFUSED, task_id, {}, reason)
