"""A calendar that changed moves what was counted by the one before: both clocks keep the office time that they were given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from domain.calendar import SHANGHAI, WorkingCalendar
from domain.cases import Act, Case, Facts
from domain.commands import Command, Replayed
from domain.deadlines import add_office_time, office_time_between
from domain.events import EventKind
from domain.following import follow
from domain.requests import OVER, Request
from domain.tasks import Task

Tables = Mapping[str, WorkingCalendar]
"""By which calendar each thing of a case was counted, by its id."""


def to_recount(thing: Request | Task) -> datetime | None:
    """The due time that a calendar may still move: of what is open, and does not run by the clock."""
    if isinstance(thing, Task):
        return None if thing.is_over or thing.due_by_clock or thing.campaign_id is not None else thing.due_at
    return None if thing.state in OVER or thing.promise_by_clock else thing.promise_due_at


def settled(case: Case, counted_by: Tables, now: WorkingCalendar) -> Case:
    """The case with both clocks as this calendar counts them; nobody's version grows by it."""
    request = case.request
    if request is not None and (due := _moved(to_recount(request), request.submitted_at, counted_by[request.id], now)):
        request = replace(request, promise_due_at=due.at, promise_provisional=due.is_provisional)
    return Case(request, tuple(_settled(task, counted_by[task.id], now) for task in case.tasks))


def _settled(task: Task, old: WorkingCalendar, now: WorkingCalendar) -> Task:
    due = _moved(to_recount(task), task.leg_from or task.created_at, old, now)
    return replace(task, due_at=due.at, due_provisional=due.is_provisional) if due else task


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


def recounted(before: Case, now: Case, *, at: datetime) -> Act | None:
    """The act that says so, with what moved from where to where; nothing where nothing is another than before."""
    if now == before:
        return None
    grown = tuple(
        replace(task, version=task.version + 1, updated_at=at) if task != old else task
        for task, old in zip(now.tasks, before.tasks, strict=True)
    )
    request = now.request and replace(follow(now.request, grown, at=at), version=now.request.version + 1)
    lead = grown[0] if grown else None
    facts: Facts = {"assignee": lead.assignee_id if lead else None, "owner": lead.owner_id if lead else None, **_from_to(before, now)}
    return Act(Case(request, grown), EventKind.DEADLINES_RECOUNTED, lead.id if lead else None, facts)


def _from_to(before: Case, now: Case) -> Facts:
    """The promise, and the leg of the first task."""
    facts: dict[str, str | int | bool | None] = {}
    if before.request and now.request:
        facts |= {"from": _told(before.request.promise_due_at), "to": _told(now.request.promise_due_at)}
    for old, new in list(zip(before.tasks, now.tasks, strict=True))[:1]:
        facts |= {"leg_from": _told(old.due_at), "leg_to": _told(new.due_at)}
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

    async def done(self, recount: Recount) -> None: ...
