"""What a desk asks: every queue of the board, for everybody who leads something, of their own units."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from domain.access import UNIT_READERS, Actor
from domain.board import PILES, BoardQueue, Look, QueueKind, look
from domain.filters import SavedTaskFilter
from domain.pages import PageRequest
from domain.ports import Ports, TaskQuery
from domain.posts import Role
from domain.tasks import TO_DO
from resolvers.bulk import BulkAssign, BulkNudge, bulk_assign, bulk_nudge
from resolvers.filters import RemoveFilter, SaveFilter, own_filters, remove_filter, save_filter
from resolvers.workload import workload
from server.demo.settlement import Settlement

LONG_AGO = datetime(2026, 11, 16, tzinfo=UTC)
"""For a week nobody has brought a table."""

DESKS = ("grid-leader-1", "centre-clerk-1", "secretary-1", "secretary-2", "dispatcher-1")

SignIn = Callable[[str], Awaitable[Actor]]
Pages = Callable[[str, Callable[[PageRequest], Any]], Awaitable[None]]


async def boards(ports: Ports, planned: Settlement, actor: SignIn) -> AsyncIterator[tuple[Actor, str, QueueKind, Look]]:
    """Each queue of each unit that somebody at a desk leads, and of a branch below."""
    at, soon = ports.clock(), ports.clock() + timedelta(days=1)
    branch = planned.parts.grids[0].branch_id
    for handle in DESKS:
        reader = await actor(handle)
        units = dict.fromkeys([*sorted(reader.units_led(*UNIT_READERS)), *([branch] if handle == "dispatcher-1" else [])])
        for unit_id in units:
            for kind in (kind for kind in QueueKind if PILES[kind]):
                queue = BoardQueue(kind, unit_id, planned.township_code)
                yield reader, unit_id, kind, look(queue, at=at, soon=soon, published_until=at + timedelta(days=30))
            unpublished = look(BoardQueue(QueueKind.DUE_SOON, unit_id, planned.township_code), at=at, soon=soon, published_until=LONG_AGO)
            yield reader, unit_id, QueueKind.DUE_SOON, unpublished


async def tour_of_the_desk(ports: Ports, planned: Settlement, actor: SignIn, note: Callable[[str], None], pages: Pages) -> None:
    async for reader, unit_id, kind, wanted in boards(ports, planned, actor):
        name = f"{reader.person.display_name if reader.person else ''}: {kind.value} of {unit_id[-4:]}"

        def read(page: PageRequest, wanted: Look = wanted, reader: Actor = reader) -> Any:
            return ports.boards.page(wanted, page, seen_by=reader)

        await pages(f"the board: {name}", read)
        note(f"how many: {name}")
        await ports.boards.count(wanted, seen_by=reader)

        def waiting(page: PageRequest, unit_id: str = unit_id, reader: Actor = reader) -> Any:
            return ports.boards.waiting(unit_id, page, seen_by=reader)

        if kind is QueueKind.UNROUTED:
            await pages(f"what nobody has taken in: {name}", waiting)
            note(f"how many of those: {name}")
            await ports.boards.count_waiting(unit_id, seen_by=reader)
    await _many_at_once(ports, await actor("dispatcher-1"), note)


async def _many_at_once(ports: Ports, dispatcher: Actor, note: Callable[[str], None]) -> None:
    found = await ports.tasks.page(TaskQuery(states=tuple(TO_DO)), PageRequest(5), seen_by=dispatcher, at=ports.clock())
    ids = [task.id for task in found.rows]
    note("many at once")
    for sent in (BulkAssign(uuid4(), ids, dispatcher.id), BulkAssign(uuid4(), ids, by_router=True)):
        await bulk_assign(sent, by=dispatcher, ports=ports)
    await bulk_nudge(BulkNudge(uuid4(), ids), by=dispatcher, ports=ports)
    note("who has how much")
    await workload(next(iter(dispatcher.units_led(Role.DISPATCHER))), by=dispatcher, ports=ports)
    note("saved filters")
    filter_ = SaveFilter(uuid4(), "我的待办", tasks=SavedTaskFilter(states=tuple(TO_DO)))
    kept = (await save_filter(filter_, by=dispatcher, ports=ports)).subject
    await own_filters(by=dispatcher, ports=ports)
    await remove_filter(RemoveFilter(uuid4(), kept[0].id), by=dispatcher, ports=ports)
