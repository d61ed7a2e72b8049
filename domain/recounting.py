"""A calendar that changed moves what was counted by the one before: both clocks keep the office time that they were given.

The windows of whoever has a task are counted from the same moment as before. Who was in time stays so; who was too late by a date that
moves is judged again, also where it is over and its date had never been firm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from domain.calendar import SHANGHAI, WorkingCalendar
from domain.cases import Act, Case, Facts
from domain.commands import Command, Replayed
from domain.deadlines import add_office_time, due, office_time_between
from domain.events import EventKind
from domain.following import follow
from domain.legs import BAD_REVIEW_CONTACT, later, windows
from domain.requests import OPEN, Request, RequestState
from domain.roll_up import grown
from domain.tasks import Task

Tables = Mapping[str, WorkingCalendar]
"""By which calendar each thing of a case was counted, by its id."""

GONE = frozenset({RequestState.WITHDRAWN, RequestState.HANDED_OFF})
"""They never come back; what was merged or declined may."""

WINDOWS = ("acknowledge_by", "remind_at", "contact_by", "return_by")
IN_FIGURES = ("acknowledge_by", "contact_by")
"""Those that somebody is judged by, also after the act that ended them."""


def to_recount(thing: Request | Task) -> datetime | None:
    """The due time that a calendar may still move: what runs by the clock stays, and what is over, unless nobody could judge it yet."""
    if isinstance(thing, Task):
        is_set = thing.due_by_clock or (thing.campaign_id is not None and thing.leg_from is None)  # a campaign's day, which somebody named
        is_judged = thing.is_over and (thing.leg_met or not thing.due_provisional)
        return None if is_set or is_judged else thing.due_at
    is_judged = thing.state in GONE or (thing.state is RequestState.CLOSED and not thing.promise_provisional)
    return None if is_judged or thing.promise_by_clock else thing.promise_due_at


def looked_at_until(thing: Request | Task) -> datetime | None:
    """The last moment of it that a calendar may still move, of its clock or its windows; nothing where all of it is settled."""
    if isinstance(thing, Task) and not thing.is_over:
        moments = [to_recount(thing), *(getattr(thing, name) for name in WINDOWS)]
        return max((moment for moment in moments if moment is not None), default=None)
    return to_recount(thing) if isinstance(thing, Task) or thing.state in {*OPEN, RequestState.CLOSED} else None


def settled(case: Case, counted_by: Tables, now: WorkingCalendar) -> Case:
    """The case with its clocks and windows as this calendar counts them; nobody's version grows by it."""
    request = case.request and _request_settled(case.request, counted_by[case.request.id], now)
    return Case(request, tuple(_settled(task, counted_by[task.id], now) for task in case.tasks))


def _request_settled(request: Request, old: WorkingCalendar, now: WorkingCalendar) -> Request:
    """Its promise, and what was promised first: that was counted since it was submitted, unless by the clock."""
    request = _window_moved(request, old, now)
    due = _moved(to_recount(request), request.promise_from or request.submitted_at, old, now)
    if due is None:
        return request
    is_first_by_clock = request.promise_by_clock or request.promise_from is not None
    first = None if is_first_by_clock else _moved(request.promise_first_due_at, request.submitted_at, old, now)
    done_at = request.completed_at
    return replace(
        request,
        promise_due_at=due.at,
        promise_provisional=due.is_provisional,
        promise_first_due_at=first.at if first else request.promise_first_due_at,
        promise_met=request.promise_met or (done_at is not None and done_at <= due.at),
    )


def _window_moved(request: Request, old: WorkingCalendar, now: WorkingCalendar) -> Request:
    """By when it is to be taken in, while it waits; what runs by the clock does so in its promise too."""
    if request.accept_from is None or request.promise_by_clock:
        return request
    by = _moved(request.accept_by, request.accept_from, old, now)
    remind = _moved(request.accept_remind_at, request.accept_from, old, now)
    return replace(
        request, accept_by=by.at if by else request.accept_by, accept_remind_at=remind.at if remind else request.accept_remind_at
    )


def _settled(task: Task, old: WorkingCalendar, now: WorkingCalendar) -> Task:
    if old.version == now.version:
        return task
    moved = replace(task, **_windows_moved(task, old, now))
    due = _moved(to_recount(task), task.leg_from or task.created_at, old, now)
    if due is None:
        return moved
    is_met = task.leg_met or (task.completed_at is not None and task.completed_at <= due.at)
    moved = replace(moved, due_at=due.at, due_provisional=due.is_provisional, leg_met=is_met)
    if task.extension is None or task.due_at is None or task.extension.until != later(old, task.due_at, task.extension.working_days).at:
        return moved
    return replace(moved, extension=replace(task.extension, until=later(now, due.at, task.extension.working_days).at))


def _windows_moved(task: Task, old: WorkingCalendar, now: WorkingCalendar) -> dict[str, Any]:
    """The windows of whoever has it, and of a bad review: each that the old table counted so is counted by this one."""
    if task.is_over or task.assigned_at is None:
        return {}
    before, after = (windows(table, task.deadline_class, task.assigned_at) for table in (old, now))
    counted = {name: (getattr(before, name), getattr(after, name)) for name in WINDOWS}
    moved = {name: by_now for name, (by_old, by_now) in counted.items() if getattr(task, name) == by_old != by_now}
    if task.contact_by is not None and task.leg_from is not None:
        by_old, by_now = (due(table, task.leg_from, BAD_REVIEW_CONTACT).at for table in (old, now))
        moved |= {"contact_by": by_now} if task.contact_by == by_old != by_now else {}
    return moved


@dataclass(frozen=True, slots=True)
class _Due:
    at: datetime
    is_provisional: bool


def _moved(due_at: datetime | None, start: datetime, old: WorkingCalendar, now: WorkingCalendar) -> _Due | None:
    """Where it falls now: as before where no day up to then is another than it was. Nothing where nothing may move it."""
    if due_at is None or old.version == now.version:
        return None
    at = due_at
    if any(old.is_working(day) != now.is_working(day) for day in _days(start, due_at)):
        at = add_office_time(now, start, office_time_between(old, start, due_at))
    return _Due(at, now.is_provisional(at.astimezone(SHANGHAI).date()))


def _days(start: datetime, end: datetime) -> Sequence[date]:
    first, last = start.astimezone(SHANGHAI).date(), end.astimezone(SHANGHAI).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def raised(now: Case, kept: Case) -> Case:
    """With another version of whatever moved beside an act that was about something else: histories are in the order of versions."""
    old = {task.id: task for task in kept.tasks}
    tasks = tuple(
        replace(task, version=task.version + 1) if task != old.get(task.id, task) and task.version == old[task.id].version else task
        for task in now.tasks
    )
    request = now.request
    if request is not None and request != kept.request and kept.request is not None and request.version == kept.request.version:
        request = replace(request, version=request.version + 1)
    return Case(request, tasks)


def windows_moved(kept: Case, now: Case) -> Facts:
    """The fact of windows that moved beside an act, as `task/window/moment`: where it ends one, that is kept nowhere else."""
    old = {task.id: task for task in kept.tasks}
    moved = [
        (task, name, getattr(task, name)) for task in now.tasks for name in IN_FIGURES if getattr(task, name) != getattr(old[task.id], name)
    ]
    return {"windows_moved": " ".join(f"{task.id}/{name}/{by.isoformat()}" for task, name, by in moved)} if moved else {}


def with_windows_moved(task: Task, facts: Facts) -> Task:
    """The task as it was when the act with these facts found it."""
    moved = [part.split("/") for part in str(facts.get("windows_moved") or "").split()]
    windows_now: dict[str, Any] = {name: datetime.fromisoformat(by) for id_, name, by in moved if id_ == task.id}
    return replace(task, **windows_now)


def recounted(before: Case, now: Case, *, at: datetime) -> Act | None:
    """The act that says so, with what moved from where to where; nothing where nothing is another than before."""
    if now == before:
        return None
    tasks = tuple(grown(task, old, at=at) if task != old else task for task, old in zip(now.tasks, before.tasks, strict=True))
    request = now.request and replace(follow(now.request, tasks, at=at), version=now.request.version + 1)
    lead = tasks[0] if tasks else None
    facts: Facts = {"assignee": lead.assignee_id if lead else None, "owner": lead.owner_id if lead else None, **_from_to(before, now)}
    return Act(Case(request, tasks), EventKind.DEADLINES_RECOUNTED, lead.id if lead else None, facts)


def _from_to(before: Case, now: Case) -> Facts:
    """The promise, and the leg and the windows of the first task."""
    facts: dict[str, str | int | bool | None] = {}
    if before.request and now.request:
        facts |= {"from": _told(before.request.promise_due_at), "to": _told(now.request.promise_due_at)}
    for old, new in list(zip(before.tasks, now.tasks, strict=True))[:1]:
        facts |= {"leg_from": _told(old.due_at), "leg_to": _told(new.due_at)}
        facts |= {name: _told(getattr(new, name)) for name in WINDOWS if getattr(new, name) != getattr(old, name)}
    return facts


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@dataclass(frozen=True, slots=True)
class Recount:
    """What is left to count anew: by which calendar, and from which day on it may have moved anything. Claimed under `mark`."""

    version: int
    from_day: date
    published_at: datetime
    mark: str


class Recounts(Protocol):
    async def claim(self, *, at: datetime, lease_seconds: float) -> Recount | None:
        """What is left to count anew, for one clockwork at a time; nothing where all is counted by the calendar of now."""
        ...

    async def affected(self, recount: Recount, limit: int) -> Sequence[str]:
        """Ids of requests, and of tasks without one, whose due time may have moved and was not counted anew."""
        ...

    async def recount(self, id_: str, *, event_id: str, command: Command) -> Case | Replayed | None:
        """Keeps the case as the calendar of now counts it, with its event; nothing where nothing moved."""
        ...

    async def recount_questions(self, recount: Recount, *, at: datetime) -> int:
        """Gives the open questions about own data the dates of the calendar of now; how many had others."""
        ...

    async def done(self, recount: Recount) -> None: ...
