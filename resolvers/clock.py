"""The deeds of the clock: whatever `domain.clockwork` says that a moment which has come brings with it."""

import logging
from uuid import UUID, uuid5

from domain.access import NOBODY
from domain.cases import Act, Case, Moment
from domain.clockwork import DueTask, DueTasks, act_of_clock
from domain.commands import CLOCK, Command
from domain.deadlines import DeadlineClass
from domain.ids import Kind, township_of
from domain.ports import Ports

BATCH = 200
ACTS = UUID("6f2b0d52-6d0e-5a8e-9c51-0d1f6f5f7f10")
"""Names the clock's commands: one act for one task in one version, whoever is first."""


log = logging.getLogger(__name__)


async def wind(due_tasks: DueTasks, *, ports: Ports) -> int:
    """Does what is due now; how many tasks were moved. One that cannot be moved is logged and does not hold up the others."""
    moved = 0
    for task in await due_tasks.due(at=ports.clock(), limit=BATCH):
        try:
            moved += await _act_on(task, due_tasks, ports)
        except (LookupError, ValueError, RuntimeError):
            log.exception("the clock could not move task %s", task.id)
    return moved


async def _act_on(due: DueTask, due_tasks: DueTasks, ports: Ports) -> bool:
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
    kept = await due_tasks.move(due.id, change, event_id=ports.ids.new(Kind.EVENT, township, at), command=command)
    return isinstance(kept, Case)
