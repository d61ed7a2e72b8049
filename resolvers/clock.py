"""The deeds of the clock: whatever `domain.clockwork` says that a moment which has come brings with it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from domain import duplicates
from domain.access import NOBODY
from domain.cases import Act, Case, Moment
from domain.clockwork import DueTask, DueTasks, act_of_clock
from domain.commands import CLOCK, Command, Replayed
from domain.deadlines import DeadlineClass
from domain.errors import Refused
from domain.ids import Kind, township_of
from domain.items import ServiceItem
from domain.ports import Ports
from resolvers.tasks import by_router

BATCH = 200
LET_GO_AT_ONCE = 20
"""How many go on by themselves before the clock looks after others."""
LEASE_SECONDS = 60.0
FIRST_WAIT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 3600.0
ACTS = UUID("6f2b0d52-6d0e-5a8e-9c51-0d1f6f5f7f10")
"""Names the clock's commands: one act for one thing in one version, whoever is first."""


log = logging.getLogger(__name__)


async def wind(due_tasks: DueTasks, *, ports: Ports, limit: int = BATCH) -> int:
    """Claims what is due and does it; how many were moved. One that cannot be waits, longer each time, and holds up no other."""
    moved = 0
    for task in await due_tasks.claim(at=ports.clock(), limit=limit, lease_seconds=LEASE_SECONDS):
        try:
            kept = await _act_on(task, due_tasks, ports)
        except (Refused, LookupError, ValueError, RuntimeError):
            log.exception("the clock could not move %s", task.id)
            await due_tasks.later(task, until=_next_try(task, ports.clock()))
            continue
        moved += isinstance(kept, Case)
        if kept is None and await due_tasks.later(task, until=_next_try(task, ports.clock())):
            log.warning("the clock found nothing to do for %s, whose moment had come", task.id)
    return moved


def _next_try(task: DueTask, at: datetime) -> datetime:
    return at + timedelta(seconds=min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(task.tries, 10)))


async def _act_on(due: DueTask, due_tasks: DueTasks, ports: Ports) -> Case | Replayed | None:
    at, township = ports.clock(), township_of(due.id)
    organisation = await ports.organisations.of_township(township)
    if organisation is None:
        raise LookupError("a task was kept for a township that is gone")
    calendar, items = await ports.calendars.current(), await ports.catalogue.items()

    def moment(case: Case) -> Moment:
        item = items.get(case.item_id or "")
        return Moment(at, NOBODY, calendar, organisation, item.deadline_class if item else DeadlineClass.NORMAL)

    waiting = await due_tasks.going_on_in(due.id, LET_GO_AT_ONCE) if due.lets_go else ()
    if waiting:
        return await _let_go(waiting, moment, items, due_tasks, ports)

    def change(case: Case) -> Act | None:
        return act_of_clock(case, due.id, moment(case))

    return await due_tasks.move(due.id, change, event_id=ports.ids.new(Kind.EVENT, township, at), command=_command(due.id, due.version, at))


async def _let_go(
    waiting: Sequence[tuple[str, int]],
    moment: Callable[[Case], Moment],
    items: Mapping[str, ServiceItem],
    due_tasks: DueTasks,
    ports: Ports,
) -> Case | Replayed | None:
    """Each goes on by itself, in a transaction of its own: whatever dies in between, the next clockwork goes on with the others."""
    kept = None

    def change(case: Case, into: Case | None) -> Sequence[Act]:
        now = moment(case)
        return duplicates.let_go(case, into, now, route=lambda case: by_router(case, case.tasks[0].id, items, now))

    for id_, version in waiting:
        at, township = ports.clock(), township_of(id_)
        event_ids = [ports.ids.new(Kind.EVENT, township, at) for _ in range(2)]
        kept = await due_tasks.part(id_, change, event_ids=event_ids, command=_command(id_, version, at)) or kept
    return kept


def _command(id_: str, version: int, at: datetime) -> Command:
    return Command(CLOCK, uuid5(ACTS, f"{id_}/{version}"), "clock", "", at)
