"""What happens by the mere passing of time, as one table: which moments a task has, and what is done when one has come. Each act once.

A new one is a row of `CLOCK_ACTS`, besides its row of `MOVES`: `when` says at which moment the clock has to look at the task, or nothing
for a task that it may let be; `act` is a pure function like any other verb, and nothing where there is nothing to do. Three rules:

- after its act, `when` of the same row says a later moment or nothing, else the clock would come back for ever;
- of several moments that have come the row that stands first acts, and the others have their turn in the next round; so what makes
  another act needless (climbing makes a reminder needless) stands above it;
- `when` is asked with each change of the case, and its earliest answer is kept with the task as `clock_at`: no verb has to think of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain import callouts, climbing, early_reports, followups, overdue, pauses
from domain.calendar import SHANGHAI, WorkingCalendar
from domain.cases import Act, Case, Moment
from domain.commands import Command, Replayed
from domain.routing import climb
from domain.tasks import Task, TaskState
from domain.waiting import act_on_request

When = Callable[[Case, Task, WorkingCalendar], datetime | None]
Deed = Callable[[Case, Task, Moment], Act | None]


@dataclass(frozen=True, slots=True)
class ClockAct:
    """One thing that the clock does to a task, and from which moment on."""

    name: str
    when: When
    act: Deed


def _escalate(case: Case, task: Task, now: Moment) -> Act | None:
    on = now.at.astimezone(SHANGHAI).date()
    service = climb(now.organisation, task.owner_id, task.assignee_id, on=on, avoided=case.avoided)
    return climbing.escalate(case, task.id, service, now)


CLOCK_ACTS: tuple[ClockAct, ...] = (
    ClockAct("climb", lambda _case, task, _calendar: task.acknowledge_by if task.state is TaskState.ASSIGNED else None, _escalate),
    ClockAct(
        "remind",
        lambda _case, task, _calendar: task.remind_at if task.state is TaskState.ASSIGNED else None,
        lambda case, task, now: climbing.remind(case, task.id, at=now.at),
    ),
    ClockAct(
        "go on",
        lambda _case, task, _calendar: task.resume_at if task.state is TaskState.SUSPENDED else None,
        pauses.end_suspension,
    ),
    ClockAct("review", lambda _case, task, _calendar: task.review_at if task.state is TaskState.DEFERRED else None, pauses.review),
    ClockAct("take early report", early_reports.due_at, early_reports.take),
    ClockAct("contact missed", overdue.contact_missed_at, overdue.tell_contact_missed),
    ClockAct("call-out missed", callouts.missed_at, callouts.tell_missed),
    ClockAct("remind to rate", callouts.rating_due_at, callouts.remind_to_rate),
    ClockAct("red", overdue.red_of, overdue.tell_overdue),
    ClockAct("promise broken", overdue.promise_red_of, overdue.tell_promise_broken),
    ClockAct("yellow", overdue.yellow_of, overdue.tell_due_soon),
    ClockAct("begin the calls", followups.calls_due, followups.begin_calls),
    ClockAct("close without an answer", followups.silence_due, followups.close_unanswered),
)


def clock_at(case: Case, task: Task, calendar: WorkingCalendar) -> datetime | None:
    """When the clock has to look at the task next."""
    moments = [row.when(case, task, calendar) for row in CLOCK_ACTS]
    return min((moment for moment in moments if moment is not None), default=None)


def act_of_clock(case: Case, id_: str, now: Moment) -> Act | None:
    """What the clock does to the task, or to the request itself; nothing where no moment has come, or what was due is done already."""
    if case.request is not None and id_ == case.request.id:
        return act_on_request(case, now)
    task = case.task(id_)
    for row in CLOCK_ACTS:
        moment = row.when(case, task, now.calendar)
        act = row.act(case, task, now) if moment is not None and moment <= now.at else None
        if act is not None:
            return act
    return None


@dataclass(frozen=True, slots=True)
class DueTask:
    """A task, or a request, whose next moment has come, in the version in which that is so, claimed under `mark`; `tries` failed before.

    `lets_go`: a request that ended, and those that went on in it have to go on by themselves.
    """

    id: str
    version: int
    mark: str = ""
    tries: int = 0
    lets_go: bool = False


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many tasks and requests wait for the clock, and since when the first of them does."""

    count: int
    since: datetime | None


class DueTasks(Protocol):
    async def claim(self, *, at: datetime, limit: int, lease_seconds: float) -> Sequence[DueTask]:
        """Requests and tasks whose next moment has come, the longest waiting first: nobody else is given them until the lease is over.

        Whatever changes one of them ends its lease.
        """
        ...

    async def going_on_in(self, request_id: str, limit: int) -> Sequence[tuple[str, int]]:
        """Ids and versions of requests that go on in this one, of those who had no answer."""
        ...

    async def part(
        self, request_id: str, change: Callable[[Case, Case | None], Sequence[Act]], *, event_ids: Sequence[str], command: Command
    ) -> Case | Replayed | None:
        """Like `Merges.update`, on nobody's behalf; nothing where `change` found nothing to do."""
        ...

    async def move(self, id_: str, change: Callable[[Case], Act | None], *, event_id: str, command: Command) -> Case | Replayed | None:
        """Like `Tasks.update`, on nobody's behalf; nothing where `change` found nothing to do."""
        ...

    async def later(self, due: DueTask, *, until: datetime) -> bool:
        """Lets it wait; not where it was changed since it was claimed."""
        ...

    async def backlog(self, *, at: datetime) -> Backlog: ...
