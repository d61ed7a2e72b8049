"""Sums for the figures, kept up from the feed: each numbered event once, because the head moves in the transaction that adds what it did.

Acts write nothing here, so no act ever waits for a sum that everybody adds to. What a case adds follows from its history alone
(`domain/tallies.py`): a batch adds what the cases that it touches add with it, less what they added without it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.reads import Filter
from adapters.mongo.replay import MongoHistories, steps_of
from domain.deadlines import office_time_between
from domain.ids import Kind
from domain.ports import Calendars
from domain.replay import Recorded
from domain.tallies import Cell, OfficeTime, tally, with_months

BATCH = 500
EVERY: Filter = {"_id": {"$gt": ""}}
COUNTED = {"request_id": 1, "subjects.id": 1, "changes.id": 1, "changes.fields.request_id": 1, "seq": 1}


class _Overtaken(Exception):
    """A rival counted some of them first."""


@dataclass(frozen=True, slots=True)
class Head:
    """How far the events of a township were counted. Sums are kept by turn: whoever counts anew begins another one."""

    township: str
    seq: int = 0
    turn: int = 1

    @property
    def beginning(self) -> str:
        return f"{self.township}/{self.turn:06}/"

    def id_of(self, unit_id: str, period: str) -> str:
        return f"{self.beginning}{unit_id}/{period}"


class MongoTallies:
    """`count` is called in a loop by the relay; any number of rivals may run."""

    def __init__(self, mongo: Mongo, histories: MongoHistories, calendars: Calendars) -> None:
        self._mongo = mongo
        self._histories = histories
        self._calendars = calendars

    async def count(self) -> int:
        """Counts a batch of each township that has something new; how many events were counted."""
        found = await self._mongo.collection("sequences").find(EVERY, {"value": 1}).to_list()
        heads = await self.heads()
        counted = 0
        for sequence in found:
            head = heads.get(sequence["_id"], Head(sequence["_id"]))
            if head.seq < sequence["value"]:
                counted += await self._advance(head, sequence["value"])
        return counted

    async def heads(self) -> dict[str, Head]:
        found = await self._mongo.collection("tally_heads").find(EVERY).to_list()
        return {document["_id"]: _head(document) for document in found}

    async def head(self, township: str) -> Head:
        found = await self._mongo.collection("tally_heads").find_one({"_id": township})
        return _head(found) if found else Head(township)

    async def of(self, head: Head, unit_ids: Sequence[str], periods: Sequence[str]) -> dict[tuple[str, str], Mapping[str, int]]:
        """The sums of some units, by unit and by day or month."""
        ids = [head.id_of(unit_id, period) for unit_id in unit_ids for period in periods]
        found = await self._mongo.collection("tallies").find({"township": head.township, "_id": {"$in": ids}}).to_list()
        return {(document["unit_id"], document["period"]): document["counts"] for document in found}

    async def added_by(self, head: Head, request_ids: Sequence[str]) -> Counter[Cell]:
        """What some requests added to the sums, as far as they were counted."""
        office_time = await self._office_time()
        histories = await self._histories.of(head.township, request_ids, up_to=head.seq)
        added: Counter[Cell] = Counter()
        for id_, history in histories.items():
            added.update(with_months(tally(steps_of(history, id_), office_time)))
        return added

    async def begin_anew(self, township: str) -> Head:
        """Forgets the sums of a township; they are counted from the first event on."""
        head = await self.head(township)
        again = Head(township, 0, head.turn + 1)
        values = {"seq": again.seq, "turn": again.turn}
        await self._mongo.collection("tally_heads").replace_one({"_id": township}, values, upsert=True)
        old = {"$gte": f"{township}/", "$lt": again.beginning}
        await self._mongo.collection("tallies").delete_many({"township": township, "_id": old})
        return again

    async def recounted(self, head: Head) -> Counter[Cell]:
        """The sums as every event up to the head makes them, each case by itself."""
        office_time = await self._office_time()
        sums: Counter[Cell] = Counter()
        async for ids in self._histories.subjects(head.township):
            for id_, history in (await self._histories.of(head.township, ids, up_to=head.seq)).items():
                sums.update(tally(steps_of(history, id_), office_time))
        return with_months(sums)

    async def kept(self, township: str) -> tuple[Head, Counter[Cell]]:
        """The sums as they are kept, with the head that they belong to."""
        while True:
            head = await self.head(township)
            own = {"township": township, "_id": {"$gte": head.beginning, "$lt": f"{head.beginning}~"}}
            found = await self._mongo.collection("tallies").find(own).to_list()
            if head == await self.head(township):
                cells = ((document, name, number) for document in found for name, number in document["counts"].items())
                return head, Counter({(document["unit_id"], document["period"], name): number for document, name, number in cells})

    async def _office_time(self) -> OfficeTime:
        calendar = await self._calendars.current()
        return lambda first, last: office_time_between(calendar, first, last)

    async def _advance(self, head: Head, value: int) -> int:
        new: Filter = {"township": head.township, "seq": {"$gt": head.seq, "$lte": value}}
        cursor = self._mongo.collection("events").find(new, COUNTED)
        events = await cursor.sort([("seq", 1)]).limit(BATCH).hint("number").to_list()
        reached = events[-1]["seq"] if len(events) == BATCH else value
        touched = sorted({id_ for event in events for id_ in _cases_of(event)})
        office_time, added = await self._office_time(), Counter[Cell]()
        for id_, history in (await self._histories.of(head.township, touched, up_to=reached)).items():
            added.update(tally(steps_of(history, id_), office_time))
            added.subtract(tally(steps_of(_until(history, head.seq), id_), office_time))
        return len(events) if await self._move(head, reached, with_months(added)) else 0

    async def _move(self, head: Head, reached: int, added: Counter[Cell]) -> bool:
        """Adds to the sums and moves the head, both or neither; whether nobody else did it first."""
        heads = self._mongo.collection("tally_heads")
        if head.seq == 0:
            with suppress(DuplicateKeyError):  # somebody began before
                await heads.insert_one({"_id": head.township, "seq": head.seq, "turn": head.turn})

        async def work(session: Session) -> None:
            before = await heads.find_one_and_update({"_id": head.township}, {"$set": {"seq": reached}}, session=session)
            if before is None or _head(before) != head:
                raise _Overtaken
            changes = _changes(head, added)
            if changes:
                await self._mongo.collection("tallies").bulk_write(changes, ordered=False, session=session)

        try:
            await self._mongo.transact(work)
        except _Overtaken:
            return False
        return True


def _head(document: Document) -> Head:
    return Head(document["_id"], document["seq"], document["turn"])


def _cases_of(event: Document) -> list[str]:
    """The requests that an act changed; where it is on none, the tasks, each a case by itself, as is one that left its request."""
    ids = [subject["id"] for subject in event["subjects"]]
    left = {change["id"] for change in event.get("changes", ()) if change["fields"].get("request_id", "") is None}
    return [id_ for id_ in ids if id_.startswith(f"{Kind.REQUEST.value}_") or event["request_id"] is None or id_ in left]


def _until(history: Sequence[Recorded], seq: int) -> list[Recorded]:
    return [kept for kept in history if kept.seq is not None and kept.seq <= seq]


def _changes(head: Head, added: Counter[Cell]) -> list[UpdateOne]:
    by_document: dict[tuple[str, str], dict[str, int]] = {}
    for (unit_id, period, name), number in added.items():
        if number:
            by_document.setdefault((unit_id, period), {})[f"counts.{name}"] = number
    return [
        UpdateOne(
            {"township": head.township, "_id": head.id_of(unit_id, period)},
            {"$inc": counts, "$setOnInsert": {"unit_id": unit_id, "period": period}},
            upsert=True,
        )
        for (unit_id, period), counts in sorted(by_document.items())
    ]
