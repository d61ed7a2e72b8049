"""The desk's board: what is open in the sub-tree of a unit, queue by queue."""

from dataclasses import replace
from datetime import timedelta

from domain.access import Actor, oversees
from domain.board import Board, BoardQueue, Look, QueueCount, QueueKind, look
from domain.deadlines import Limit, LimitUnit, due
from domain.pages import Page, PageRequest
from domain.ports import Ports
from domain.requests import Request
from domain.tasks import Task

SOON = Limit(1, LimitUnit.WORKING_DAY)
INSTANT = timedelta(milliseconds=1)
"""What falls due at the very end of that day is due soon."""


def board_of(unit_id: str, *, by: Actor) -> Board | None:
    """For whoever leads the unit or one above it; nothing for anybody else."""
    unit = by.organisation.units.get(unit_id) if by.organisation else None
    return Board(unit.id, unit.township) if unit and oversees(by, unit_id) else None


async def queue_page(queue: BoardQueue, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Task]:
    if queue.kind is QueueKind.UNACCEPTED:
        return Page((), (), has_next=False, has_previous=False)
    return await ports.boards.page(await _look(queue, ports), page, seen_by=by)


async def waiting_page(queue: BoardQueue, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Request]:
    """What nobody has taken in; nothing in the queues of tasks."""
    if queue.kind is not QueueKind.UNACCEPTED:
        return Page((), (), has_next=False, has_previous=False)
    at, found = ports.clock(), await ports.boards.waiting(queue.unit_id, page, seen_by=by)
    return replace(found, rows=[request.seen_by(by, at) for request in found.rows])


async def queue_count(queue: BoardQueue, *, by: Actor, ports: Ports) -> QueueCount:
    if queue.kind is QueueKind.UNACCEPTED:
        return await ports.boards.count_waiting(queue.unit_id, seen_by=by)
    return await ports.boards.count(await _look(queue, ports), seen_by=by)


async def _look(queue: BoardQueue, ports: Ports) -> Look:
    at, calendar = ports.clock(), await ports.calendars.current()
    return look(queue, at=at, soon=due(calendar, at, SOON).at + INSTANT, published_until=calendar.published_until)
