"""What the clock has to look at, on MongoDB: found by one index on the next due moment, claimed, moved as one case like any act."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from adapters.mongo.cases import Change, MongoCases
from adapters.mongo.driver import Mongo
from adapters.mongo.reads import Filter
from domain.cases import Act, Case
from domain.clockwork import Backlog, DueTask
from domain.commands import Command, Replayed
from domain.ids import Kind, township_of
from domain.requests import WITHOUT_ANSWER

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
LETS_GO = frozenset(state.value for state in WITHOUT_ANSWER)


class MongoClock:
    """Keeps `domain.clockwork.DueTasks`. A claim moves `clock_at` to the end of the lease; each change sets it right again.

    `mark` is this process's own; each claim adds its number.
    """

    def __init__(self, mongo: Mongo, cases: MongoCases, *, mark: str) -> None:
        self._mongo = mongo
        self._cases = cases
        self._marks = (f"{mark}-{number}" for number in count(1))

    async def claim(self, *, at: datetime, limit: int, lease_seconds: float) -> list[DueTask]:
        lease = at + timedelta(seconds=lease_seconds)
        requests = await self._claim("requests", at, limit, lease)
        return [*requests, *(await self._claim("tasks", at, limit - len(requests), lease))]

    async def _claim(self, name: str, at: datetime, limit: int, lease: datetime) -> list[DueTask]:
        mine: list[DueTask] = []
        while len(mine) < limit:  # whoever shared some of them with another takes as many of the next
            due = self._mongo.collection(name).find(_due(name, at), {"_id": 1}).sort([("clock_at", 1)]).limit(limit - len(mine))
            order = [document["_id"] for document in await due.to_list()]
            claimed = await self._claimed(name, order, at, lease)
            mine += [claimed[id_] for id_ in order if id_ in claimed]
            if len(claimed) == len(order):
                break
        return mine

    async def _claimed(self, name: str, ids: Sequence[str], at: datetime, lease: datetime) -> dict[str, DueTask]:
        """Those of them that nobody else was faster with."""
        things, mark, claimed = self._mongo.collection(name), next(self._marks), dict[str, DueTask]()
        by_township: defaultdict[str, list[str]] = defaultdict(list)
        for id_ in ids:
            by_township[township_of(id_)].append(id_)
        for township, its_ids in by_township.items():
            these = {"township": township, "_id": {"$in": its_ids}}
            await things.update_many({**these, "clock_at": {"$lte": at}}, {"$set": {"clock_at": lease, "clock_mark": mark}})
            shown = {"version": 1, "clock_tries": 1, "state": 1, "merged_count": 1}
            for thing in await things.find({**these, "clock_mark": mark}, shown).to_list():
                lets_go = thing.get("merged_count", 0) > 0 and thing["state"] in LETS_GO
                claimed[thing["_id"]] = DueTask(thing["_id"], thing["version"], mark, thing.get("clock_tries", 0), lets_go)
        return claimed

    async def move(self, id_: str, change: Change, *, event_id: str, command: Command) -> Case | Replayed | None:
        scoped, name = {"township": township_of(id_), "_id": id_}, _collection_of(id_)
        return await self._cases.update(
            name, scoped, change, event_id, command, subject_field="requestId" if name == "requests" else "taskId"
        )

    async def going_on_in(self, request_id: str, limit: int) -> list[tuple[str, int]]:
        wanted = {"township": township_of(request_id), "merged_into_id": request_id, "verdict": None}
        found = self._mongo.collection("requests").find(wanted, {"version": 1}).sort([("_id", 1)]).limit(limit).hint("merged")
        return [(request["_id"], request["version"]) for request in await found.to_list()]

    async def part(
        self, request_id: str, change: Callable[[Case, Case | None], Sequence[Act]], *, event_ids: Sequence[str], command: Command
    ) -> Case | Replayed | None:
        wanted = [({"township": township_of(request_id), "_id": request_id}, "requestId")]
        return await self._cases.together(
            wanted, lambda cases: change(cases[0], next(iter(cases[1:]), None)), event_ids, command, with_into=True
        )

    async def later(self, due: DueTask, *, until: datetime) -> bool:
        mine = {"township": township_of(due.id), "_id": due.id, "clock_mark": due.mark}
        waits = {"$set": {"clock_at": until}, "$unset": {"clock_mark": ""}, "$inc": {"clock_tries": 1}}
        return (await self._mongo.collection(_collection_of(due.id)).update_one(mine, waits)).modified_count == 1

    async def backlog(self, *, at: datetime) -> Backlog:
        count, firsts = 0, []
        for name in ("requests", "tasks"):
            due, things = _due(name, at), self._mongo.collection(name)
            firsts += await things.find(due, {"clock_at": 1}).sort([("clock_at", 1)]).limit(1).to_list()
            count += await things.count_documents(due, hint="clock")
        return Backlog(count, min((first["clock_at"] for first in firsts), default=None))


def _due(name: str, at: datetime) -> Filter:
    """Of requests the index has those alone that wait for something."""
    return {"clock_at": {"$gt": LONG_AGO, "$lte": at}} if name == "requests" else {"clock_at": {"$lte": at}}


def _collection_of(id_: str) -> str:
    return "requests" if id_.startswith(f"{Kind.REQUEST.value}_") else "tasks"
