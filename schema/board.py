"""The desk's board: queues of what is open."""

from typing import Annotated, Any

import strawberry
from strawberry import Parent

from domain import board
from domain.board import QueueKind
from resolvers import board as reads
from schema.context import Info
from schema.enumeration import described as enumeration
from schema.graph import OrgUnitT, described, edge, shows
from schema.pages import After, Before, First, Last, RequestConnection, RequestEdge, TaskConnection, TaskEdge, connection, wanted_page

enumeration(
    QueueKind,
    "A queue of the board (工作队列).",
    {
        "UNACCEPTED": "Requests that nobody has taken in, by `acceptBy`, soonest first; its `requests` (待受理).",
        "UNROUTED": "Nobody has it (待派单).",
        "UNACKNOWLEDGED": "Given to somebody who has not taken it (待签收).",
        "DUE_SOON": "Due within one working day (即将到期).",
        "OVERDUE": "The leg is missed and the work is not done; never by a provisional date (已逾期).",
        "RETURNED": "Sent back as not theirs (退单).",
        "WAITING_FOR_DECISION": "Somebody asked for a decision: a return, more time, the long ledger (待审批).",
        "HELD_FROM_OFFLINE": "A phone reported on it before an act came that this builds on (离线待处理).",
        "UNCHECKED": "Done; somebody else is to check it (待核查).",
    },
)


async def _unit(root: Parent[board.Board], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units[root.unit_id]


def _queues(
    root: Parent[board.Board],
    kinds: Annotated[list[QueueKind] | None, strawberry.argument(description="Only these (队列).")] = None,
) -> list[board.BoardQueue]:
    return [board.BoardQueue(kind, root.unit_id, root.township) for kind in QueueKind if kinds is None or kind in kinds]


async def _count(root: Parent[board.BoardQueue], info: Info) -> board.QueueCount:
    return await reads.queue_count(root, by=info.context.actor, ports=info.context.ports)


async def _tasks(
    root: Parent[board.BoardQueue], info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None
) -> Any:
    page = wanted_page(first, after, last, before, parts=2)
    found = await reads.queue_page(root, page, by=info.context.actor, ports=info.context.ports)
    return connection(TaskEdge, TaskConnection, found)


async def _requests(
    root: Parent[board.BoardQueue], info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None
) -> Any:
    page = wanted_page(first, after, last, before, parts=2)
    found = await reads.waiting_page(root, page, by=info.context.actor, ports=info.context.ports)
    return connection(RequestEdge, RequestConnection, found)


@shows(board.QueueCount, "How many there are, as far as it is counted (数量).")
class QueueCount:
    tasks: int = described("How many, at most 1,000 (数量).")
    more: bool = described("Whether there are more than that (是否更多).")


@shows(board.BoardQueue, "Open tasks, or requests, that wait for the same (工作队列).")
class BoardQueue:
    kind: QueueKind = described("Which queue (队列).")
    count: Any = edge(_count, QueueCount, "How many are in it (数量).")
    tasks: Any = edge(_tasks, TaskConnection, "Those in it, soonest due first (工单).")
    requests: Any = edge(_requests, RequestConnection, "In `UNACCEPTED`, what nobody has taken in; in others none (诉求).")


@shows(board.Board, "What is open in the sub-tree of a unit (工作台).")
class Board:
    unit: Any = edge(_unit, OrgUnitT, "Whose board (组织).")
    queues: Any = edge(_queues, list[BoardQueue], "Its queues; a task may be in several (工作队列).")


def _board(info: Info, unit_id: Annotated[strawberry.ID, strawberry.argument(description="The unit (组织).")]) -> Any:
    return reads.board_of(unit_id, by=info.context.actor)


@strawberry.type
class BoardQueries:
    board: Any = edge(_board, Board | None, "What is open in a unit and below it, for whoever leads it (工作台).")
