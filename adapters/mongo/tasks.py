"""Tasks on MongoDB."""

from collections.abc import Collection, Sequence
from datetime import datetime

from adapters.mongo.cases import Change, MongoCases
from adapters.mongo.codec import decode
from adapters.mongo.driver import Mongo
from adapters.mongo.reads import Filter, find_by_ids, newest_first, own_ids, seen_by_filter, soonest_first
from adapters.mongo.requests import narrow_to_unit
from domain.access import Actor, Door, key
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from domain.errors import not_found
from domain.ids import Kind
from domain.pages import Page, PageRequest
from domain.ports import TaskQuery
from domain.requests import Words
from domain.roll_up import in_order
from domain.tasks import PAUSED, TO_DO, Task, TaskState

NOTHING: Page[Task] = Page((), (), has_next=False, has_previous=False)


class MongoTasks:
    """Keeps `domain.ports.Tasks`."""

    def __init__(self, mongo: Mongo, cases: MongoCases) -> None:
        self._mongo = mongo
        self._cases = cases

    async def add(self, act: Act, words: Words, event_id: str, command: Command) -> Case | Replayed:
        return await self._cases.add(act, words, event_id, command)

    async def update(self, task_id: str, change: Change, *, seen_by: Actor, event_id: str, command: Command) -> Case | Replayed:
        scoped = seen_by_filter(seen_by)
        if scoped is None or not own_ids(Kind.TASK, [task_id], scoped["township"]):
            raise not_found("taskId")
        case = await self._cases.update("tasks", {**scoped, "_id": task_id}, change, event_id, command, subject_field="taskId")
        return case or Replayed(task_id)

    async def update_as_former(self, task_id: str, change: Change, *, by: Actor, event_id: str, command: Command) -> Case | Replayed:
        scoped = seen_by_filter(by)
        if scoped is None or key(Door.WORKER, by.id or "") not in by.keys or not own_ids(Kind.TASK, [task_id], scoped["township"]):
            raise not_found("taskId")
        theirs = [{"former_assignees": by.id}, {"assignee_id": by.id}]
        mine = {"township": scoped["township"], "_id": task_id, "$or": theirs, "hidden_from": scoped["hidden_from"]}
        case = await self._cases.update("tasks", mine, change, event_id, command, subject_field="taskId")
        return case or Replayed(task_id)

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> list[Task]:
        scoped = seen_by_filter(seen_by)
        if scoped is None:
            return []
        return await find_by_ids(self._mongo, "tasks", Task, own_ids(Kind.TASK, ids, scoped["township"]), scoped)

    async def of_requests(self, township: str, request_ids: Sequence[str], *, seen_by: Actor) -> list[Task]:
        scoped = seen_by_filter(seen_by)
        if scoped is None or scoped["township"] != township:
            return []
        found = self._mongo.collection("tasks").find({**scoped, "request_id": {"$in": list(request_ids)}}).hint("of_request")
        return list(in_order([decode(Task, document) for document in await found.sort([("_id", 1)]).to_list()]))

    async def of_work(self, township: str, root_ids: Sequence[str], *, seen_by: Actor) -> list[Task]:
        scoped = seen_by_filter(seen_by)
        if scoped is None or scoped["township"] != township:
            return []
        found = self._mongo.collection("tasks").find({**scoped, "root_id": {"$in": list(root_ids)}}).hint("of_root")
        return [decode(Task, document) for document in await found.sort([("_id", 1)]).to_list()]

    async def to_do(self, township: str, person_ids: Collection[str]) -> dict[str, int]:
        if not person_ids:
            return {}
        mine = {"township": township, "assignee_id": {"$in": sorted(person_ids)}, "state": {"$in": sorted(state.value for state in TO_DO)}}
        counted = [{"$match": mine}, {"$group": {"_id": "$assignee_id", "count": {"$sum": 1}}}]
        return {found["_id"]: found["count"] for found in await self._mongo.aggregate("tasks", counted, hint="to_do")}

    async def page(self, query: TaskQuery, page: PageRequest, *, seen_by: Actor, at: datetime) -> Page[Task]:
        scoped = _filter(query, seen_by, at)
        if scoped is None:
            return NOTHING
        if query.is_by_due_time:
            before = min(at, query.due_before) if query.overdue and query.due_before else query.due_before or at
            since = at if query.overdue is False else None
            index = "in_scope_by_due"
            return await soonest_first(self._mongo, "tasks", Task, scoped, page, by="due_at", before=before, since=since, index=index)
        return await newest_first(self._mongo, "tasks", Task, scoped, page, index=_index(query))


def _index(query: TaskQuery) -> str:
    """The one that has the rarest of what is asked for in front; the rest is judged on its keys."""
    if query.assignee_id is not None:
        return "in_scope_by_assignee"
    if query.states is not None:
        return "in_scope_by_state"
    return "in_scope_by_grid" if query.grid_ids is not None else "in_scope"


def _filter(query: TaskQuery, reader: Actor, at: datetime) -> Filter | None:
    scoped = seen_by_filter(reader)
    if scoped is None:
        return None
    if query.unit_id:
        narrow_to_unit(scoped, query.unit_id, reader)
    if query.states is not None:
        scoped["state"] = {"$in": [state.value for state in query.states]}
    if query.assignee_id is not None:
        scoped["assignee_id"] = query.assignee_id
        # Every state where none is named: then the index still has them in order, newest first in each.
        scoped.setdefault("state", {"$in": [state.value for state in TaskState]})
    if query.grid_ids is not None:
        scoped["grid_id"] = {"$in": list(query.grid_ids)}
    if query.is_by_due_time:
        scoped["leg_met"] = False
    if query.overdue is True:  # a paused leg is not judged, nor one that a calendar may still move
        wanted = query.states if query.states is not None else tuple(TaskState)
        scoped["state"] = {"$in": [state.value for state in wanted if state not in PAUSED]}
        scoped["due_provisional"] = False
    if query.overdue is False and not query.is_by_due_time:
        is_kept = [{"leg_met": True}, {"due_at": None}, {"due_at": {"$gte": at}}, {"due_provisional": True}]
        scoped["$or"] = [*is_kept, {"state": {"$in": sorted(state.value for state in PAUSED)}}]
    return scoped
