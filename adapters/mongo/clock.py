"""What the clock has to look at, on MongoDB: found by one index on the next due moment, claimed, moved as one case like any act."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from adapters.mongo.cases import Change, MongoCases
from adapters.mongo.driver import Mongo
from domain.cases import Case
from domain.clockwork import Backlog, DueTask
from domain.commands import Command, Replayed
from domain.ids import township_of


class MongoClock:
    """Keeps `domain.clockwork.DueTasks`. A claim moves `clock_at` to the end of the lease; each change of the task sets it right again.

    `mark` is this process's own; each claim adds its number.
    """

    def __init__(self, mongo: Mongo, cases: MongoCases, *, mark: str) -> None:
        self._mongo = mongo
        self._cases = cases
        self._marks = (f"{mark}-{number}" for number in count(1))

    async def claim(self, *, at: datetime, limit: int, lease_seconds: float) -> list[DueTask]:
        tasks, lease = self._mongo.collection("tasks"), at + timedelta(seconds=lease_seconds)
        mine: list[DueTask] = []
        while len(mine) < limit:  # whoever shared some of them with another takes as many of the next
            due = tasks.find({"clock_at": {"$lte": at}}, {"_id": 1}).sort([("clock_at", 1)]).limit(limit - len(mine))
            order = [document["_id"] for document in await due.to_list()]
            claimed = await self._claimed(order, at, lease)
            mine += [claimed[id_] for id_ in order if id_ in claimed]
            if len(claimed) == len(order):
                break
        return mine

    async def _claimed(self, ids: Sequence[str], at: datetime, lease: datetime) -> dict[str, DueTask]:
        """Those of them that nobody else was faster with."""
        tasks, mark, claimed = self._mongo.collection("tasks"), next(self._marks), dict[str, DueTask]()
        by_township: defaultdict[str, list[str]] = defaultdict(list)
        for id_ in ids:
            by_township[township_of(id_)].append(id_)
        for township, its_ids in by_township.items():
            these = {"township": township, "_id": {"$in": its_ids}}
            await tasks.update_many({**these, "clock_at": {"$lte": at}}, {"$set": {"clock_at": lease, "clock_mark": mark}})
            for task in await tasks.find({**these, "clock_mark": mark}, {"version": 1, "clock_tries": 1}).to_list():
                claimed[task["_id"]] = DueTask(task["_id"], task["version"], mark, task.get("clock_tries", 0))
        return claimed

    async def move(self, task_id: str, change: Change, *, event_id: str, command: Command) -> Case | Replayed | None:
        scoped = {"township": township_of(task_id), "_id": task_id}
        return await self._cases.update("tasks", scoped, change, event_id, command, subject_field="taskId")

    async def later(self, due: DueTask, *, until: datetime) -> bool:
        mine = {"township": township_of(due.id), "_id": due.id, "clock_mark": due.mark}
        waits = {"$set": {"clock_at": until}, "$unset": {"clock_mark": ""}, "$inc": {"clock_tries": 1}}
        return (await self._mongo.collection("tasks").update_one(mine, waits)).modified_count == 1

    async def backlog(self, *, at: datetime) -> Backlog:
        tasks, due = self._mongo.collection("tasks"), {"clock_at": {"$lte": at}}
        first = await tasks.find(due, {"clock_at": 1}).sort([("clock_at", 1)]).limit(1).to_list()
        return Backlog(await tasks.count_documents(due, hint="clock"), first[0]["clock_at"] if first else None)
