"""What a changed calendar may have moved, on MongoDB: found by the version by which it was counted, one clockwork at a time."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from adapters.mongo.calendars import NOW
from adapters.mongo.cases import MongoCases
from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Mongo
from domain.calendar import SHANGHAI
from domain.cases import Case
from domain.commands import Command, Replayed
from domain.recounting import Recount
from domain.subject_requests import SubjectRequest, SubjectRequestAct, SubjectRequestEntry, SubjectRequestState, answer_due

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
        left = {"counted_by": {"$lt": recount.version}, "recount_due": {"$gte": _since(recount)}}
        requests = await self._mongo.collection("requests").find(left, {"_id": 1}).limit(limit).hint("recount").to_list()
        if len(requests) >= limit:
            return [document["_id"] for document in requests]
        tasks = await self._mongo.collection("tasks").find(left, {"request_id": 1}).limit(limit).hint("recount").to_list()
        of_tasks = (document["request_id"] or document["_id"] for document in tasks)
        return list(dict.fromkeys([*(document["_id"] for document in requests), *of_tasks]))

    async def recount(self, id_: str, *, event_id: str, command: Command) -> Case | Replayed | None:
        return await self._cases.recount(id_, event_id, command)

    async def recount_questions(self, recount: Recount, *, at: datetime) -> int:
        calendar, moved = await self._cases.calendars.at_least(recount.version), 0
        asked = self._mongo.collection("subject_requests")
        left = {"state": SubjectRequestState.OPEN.value, "due_at": {"$gte": _since(recount)}}
        for found in await asked.find(left).hint("recount").to_list():  # few wait at any time
            question = decode(SubjectRequest, found)
            if not question.is_due_otherwise(calendar):
                continue
            limit, entry = answer_due(calendar, question.made_at), SubjectRequestEntry(at, None, SubjectRequestAct.RECOUNTED)
            as_seen = {"township": question.township, "_id": question.id, "version": question.version}
            dated = {"$set": {"due_at": limit.at, "due_provisional": limit.is_provisional}, "$inc": {"version": 1}}
            moved += (await asked.update_one(as_seen, {**dated, "$push": {"entries": encode(entry)}})).modified_count
        return moved

    async def done(self, recount: Recount) -> None:
        await self._mark_done(recount.version)

    async def _mark_done(self, version: int) -> None:
        await self._mongo.collection("calendar").update_one({"_id": NOW, "version": version}, {"$set": {"recounted": version}})

    async def _first_change(self, done: int, version: int) -> date | None:
        calendars = self._cases.calendars
        now = await calendars.at_least(version)
        changes = [(await calendars.of_version(older)).first_change(now) for older in range(done, version)]
        return min((day for day in changes if day is not None), default=None)


def _since(recount: Recount) -> datetime:
    return datetime.combine(recount.from_day, time(), SHANGHAI) - LOOKING_BACK
