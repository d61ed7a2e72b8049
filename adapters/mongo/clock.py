"""What the clock has to look at, on MongoDB: found by one index on the next due moment, moved as one case like any act."""

from collections.abc import Sequence
from datetime import datetime

from adapters.mongo.cases import Change, MongoCases
from adapters.mongo.driver import Mongo
from domain.cases import Case
from domain.clockwork import DueTask
from domain.commands import Command, Replayed
from domain.ids import township_of


class MongoClock:
    """Keeps `domain.clockwork.DueTasks`."""

    def __init__(self, mongo: Mongo, cases: MongoCases) -> None:
        self._mongo = mongo
        self._cases = cases

    async def due(self, *, at: datetime, limit: int) -> Sequence[DueTask]:
        found = self._mongo.collection("tasks").find({"clock_at": {"$lte": at}}, {"version": 1}).sort([("clock_at", 1)]).limit(limit)
        return [DueTask(document["_id"], document["version"]) for document in await found.to_list()]

    async def move(self, task_id: str, change: Change, *, event_id: str, command: Command) -> Case | Replayed | None:
        scoped = {"township": township_of(task_id), "_id": task_id}
        return await self._cases.update("tasks", scoped, change, event_id, command, subject_field="taskId")
