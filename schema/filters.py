"""Filters that somebody at a desk keeps for themself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

import schema.board  # shows the queues
import schema.enums  # noqa: F401  # shows the enumerations before any type uses one
from domain import filters
from domain.board import QueueKind
from domain.requests import RequestState
from domain.tasks import TaskState
from resolvers import filters as deeds
from schema.context import Info
from schema.graph import WANTED, deed, described, edge, shows
from schema.refusal import payload, result
from schema.requests import RequestFilter
from schema.tasks import TaskFilter


@shows(filters.SavedQueue, "A queue of a unit's board (工作队列).")
class SavedQueue:
    kind: QueueKind = described("Which queue (队列).")
    unit_id: strawberry.ID = described("Whose board (组织).")


@shows(filters.SavedTaskFilter, "A saved `TaskFilter`, part by part (工单筛选).")
class SavedTaskFilter:
    states: list[TaskState] | None = described("In one of these states (状态).")
    assignee_id: strawberry.ID | None = described("Assigned to this person (承办人).")
    unit_id: strawberry.ID | None = described("In the sub-tree of this unit (组织).")
    grid_ids: list[strawberry.ID] | None = described("In these grids (网格).")
    overdue: bool | None = described("Only missed legs, or only others (是否逾期).")
    unrouted: bool | None = described("Only what nobody has, or only what somebody has (未派单).")
    due_before: datetime | None = described("Not met and due before (时限早于).")


@shows(filters.SavedRequestFilter, "A saved `RequestFilter`, part by part (诉求筛选).")
class SavedRequestFilter:
    states: list[RequestState] | None = described("In one of these states (状态).")
    item_ids: list[strawberry.ID] | None = described("Of these items (服务事项).")
    grid_ids: list[strawberry.ID] | None = described("In these grids (网格).")
    unit_id: strawberry.ID | None = described("In the sub-tree of this unit (组织).")
    overdue: bool | None = described("Only broken promises, or only others (是否逾期).")
    submitted_after: datetime | None = described("Asked at this time or later (提交不早于).")
    submitted_before: datetime | None = described("Asked before (提交早于).")


@shows(filters.SavedFilter, "A filter that you keep, for a queue, for tasks or for requests (常用筛选).")
class SavedFilter:
    id: strawberry.ID = described("Opaque id (标识).")
    name: str = described("What you call it (名称).")
    saved_at: datetime = described("When it was saved last (保存时间).")
    queue: SavedQueue | None = described("A queue of the board (工作队列).")
    tasks: SavedTaskFilter | None = described("For `tasks` (工单筛选).")
    requests: SavedRequestFilter | None = described("For `requests` (诉求筛选).")


async def _own(info: Info) -> Any:
    return await deeds.own_filters(by=info.context.actor, ports=info.context.ports)


@strawberry.type
class ViewerFilters:
    saved_filters: Any = edge(_own, list[SavedFilter], "Filters that you keep, the oldest first (常用筛选).")


@strawberry.input(description="A queue of a unit's board (工作队列).")
class QueueInput:
    kind: QueueKind = strawberry.field(description="Which queue (队列).")
    unit_id: strawberry.ID = strawberry.field(description="Whose board (组织).")


@strawberry.input(description="Keeps a filter under a name, at most 20: one of the three (保存筛选).")
class SaveFilterInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    name: str = strawberry.field(description="What you call it, 1 to 40 characters; one of that name is written anew (名称).")
    queue: QueueInput | None = strawberry.field(default=None, description="A queue of the board (工作队列).")
    tasks: TaskFilter | None = strawberry.field(default=None, description="For `tasks` (工单筛选).")
    requests: RequestFilter | None = strawberry.field(
        default=None, description="For `requests`; without `text`: words are not kept (诉求筛选)."
    )


@strawberry.input(description="Forgets a filter (删除筛选).")
class RemoveFilterInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    filter_id: strawberry.ID = strawberry.field(description="Which one (筛选).")


_THERE = "All that you keep now (常用筛选)."
SaveFilterResult = result("SaveFilter", payload("SaveFilter", "filters", list[SavedFilter], _THERE))
RemoveFilterResult = result("RemoveFilter", payload("RemoveFilter", "filters", list[SavedFilter], _THERE))


def _several(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(dict.fromkeys(values))


def _tasks(given: TaskFilter | None) -> filters.SavedTaskFilter | None:
    if given is None:
        return None
    states, grids = _several(given.states), _several(given.grid_ids)
    return filters.SavedTaskFilter(states, given.assignee_id, given.unit_id, grids, given.overdue, given.unrouted, given.due_before)


def _requests(given: RequestFilter | None) -> filters.SavedRequestFilter | None:
    if given is None:
        return None
    states, items, grids = _several(given.states), _several(given.item_ids), _several(given.grid_ids)
    return filters.SavedRequestFilter(states, items, grids, given.unit_id, given.overdue, given.submitted_after, given.submitted_before)


async def _save_filter(input: Annotated[SaveFilterInput, WANTED], info: Info) -> Any:
    queue = filters.SavedQueue(input.queue.kind, input.queue.unit_id) if input.queue else None
    words = input.requests.text if input.requests else None
    sent = deeds.SaveFilter(input.command_id, input.name, queue, _tasks(input.tasks), _requests(input.requests), words)
    return await deeds.save_filter(sent, by=info.context.actor, ports=info.context.ports)


async def _remove_filter(input: Annotated[RemoveFilterInput, WANTED], info: Info) -> Any:
    sent = deeds.RemoveFilter(input.command_id, input.filter_id)
    return await deeds.remove_filter(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class FilterMutations:
    save_filter: Any = deed(_save_filter, SaveFilterResult, "Keep a filter under a name (保存筛选).")
    remove_filter: Any = deed(_remove_filter, RemoveFilterResult, "Forget a filter (删除筛选).")
