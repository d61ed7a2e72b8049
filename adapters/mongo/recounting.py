"""What a changed calendar may have moved, on MongoDB: found by the version by which it was counted, one clockwork at a time."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from adapters.mongo.calendars import NOW
from adapters.mongo.cases import MongoCases
from adapters.mongo.driver import Mongo
from domain.calendar import SHANGHAI
from domain.cases import Case
from domain.commands import Command, Replayed
from domain.recounting import Recount

LOOKING_BACK = timedelta(days=14)
"""What was due shortly before the first day that changed is looked at too: when it is said to be over may have moved."""


class MongoRecounts:
    """Keeps `domain.recounting.Recounts`: the calendar's document says up to which version everything is counted."""

    def __init__(self, mongo: Mongo, cases: MongoCases, *, mark: str) -> None:
        self._mongo = mongo
        self._cases = cases
        self._mark = mark

    async def claim(self, *, at: datetime, lease_seconds: float) -> Recount | None:
        calendar = self._mongo.collection("calendar")
        found = await calendar.find_one({"_id": NOW}, {"version": 1, "recounted": 1, "published_at": 1})
        version, done = (found.get("version", 1), found.get("recounted", 1)) if found else (1, 1)
        if found is None or version <= done:
            return None
        is_free = {"$or": [{"recount_until": None}, {"recount_until": {"$lte": at}}, {"recount_mark": self._mark}]}
        lease = {"recount_until": at + timedelta(seconds=lease_seconds), "recount_mark": self._mark}
        if (await calendar.update_one({"_id": NOW, **is_free}, {"$set": lease})).matched_count == 0:
            return None
        from_day = await self._first_change(done, version)
        if from_day is None:
            await self._mark_done(version)
            return None
        return Recount(version, from_day, found["published_at"], self._mark)

    async def affected(self, recount: Recount, limit: int) -> Sequence[str]:
        since = datetime.combine(recount.from_day, time(), SHANGHAI) - LOOKING_BACK
        left = {"counted_by": {"$lt": recount.version}, "recount_due": {"$gte": since}}
        requests = await self._mongo.collection("requests").find(left, {"_id": 1}).limit(limit).hint("recount").to_list()
        if len(requests) >= limit:
            return [document["_id"] for document in requests]
        tasks = await self._mongo.collection("tasks").find(left, {"request_id": 1}).limit(limit).hint("recount").to_list()
        of_tasks = (document["request_id"] or document["_id"] for document in tasks)
        return list(dict.fromkeys([*(document["_id"] for document in requests), *of_tasks]))

    async def recount(self, id_: str, *, event_id: str, command: Command) -> Case | Replayed | None:
        return await self._cases.recount(id_, event_id, command)

    async def done(self, recount: Recount) -> None:
        await self._mark_done(recount.version)

    async def _mark_done(self, version: int) -> None:
        await self._mongo.collection("calendar").update_one({"_id": NOW, "version": version}, {"$set": {"recounted": version}})

    async def _first_change(self, done: int, version: int) -> date | None:
        calendars = self._cases.calendars
        now = await calendars.at_least(version)
        changes = [(await calendars.of_version(older)).first_change(now) for older in range(done, version)]
        return min((day for day in changes if day is not None), default=None)
