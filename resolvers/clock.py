"""The deeds of the clock: whatever `domain.clockwork` says that a moment which has come brings with it."""

import logging
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from domain.access import NOBODY
from domain.cases import Act, Case, Moment
from domain.clockwork import DueTask, DueTasks, act_of_clock
from domain.commands import CLOCK, Command, Replayed
from domain.deadlines import DeadlineClass
from domain.errors import Refused
from domain.ids import Kind, township_of
from domain.ports import Ports

BATCH = 200
LEASE_SECONDS = 60.0
FIRST_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 3600.0
ACTS = UUID("6f2b0d52-6d0e-5a8e-9c51-0d1f6f5f7f10")
"""Names the clock's commands: one act for one task in one version, whoever is first."""


log = logging.getLogger(__name__)


async def wind(due_tasks: DueTasks, *, ports: Ports, limit: int = BATCH) -> int:
    """Claims what is due and does it; how many tasks were moved. One that cannot be waits, longer each time, and holds up no other."""
    moved = 0
    for task in await due_tasks.claim(at=ports.clock(), limit=limit, lease_seconds=LEASE_SECONDS):
        try:
            kept = await _act_on(task, due_tasks, ports)
        except (Refused, LookupError, ValueError, RuntimeError):
            log.exception("the clock could not move task %s", task.id)
            await due_tasks.later(task, until=_next_try(task, ports.clock()))
            continue
        moved += isinstance(kept, Case)
        if kept is None and await due_tasks.later(task, until=_next_try(task, ports.clock())):
            log.warning("the clock found nothing to do for task %s, whose moment had come", task.id)
    return moved


def _next_try(task: DueTask, at: datetime) -> datetime:
    return at + timedelta(seconds=min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(task.tries, 10)))


async def _act_on(due: DueTask, due_tasks: DueTasks, ports: Ports) -> Case | Replayed | None:
    at, township = ports.clock(), township_of(due.id)
    organisation = await ports.organisations.of_township(township)
    if organisation is None:
        raise LookupError("a task was kept for a township that is gone")
    calendar, items = await ports.calendars.current(), await ports.catalogue.items()

    def change(case: Case) -> Act | None:
        item = items.get(case.item_id or "")
        now = Moment(at, NOBODY, calendar, organisation, item.deadline_class if item else DeadlineClass.NORMAL)
        return act_of_clock(case, due.id, now)

    command = Command(CLOCK, uuid5(ACTS, f"{due.id}/{due.version}"), "clock", "", at)
    return await due_tasks.move(due.id, change, event_id=ports.ids.new(Kind.EVENT, township, at), command=command)
