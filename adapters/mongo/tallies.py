"""Sums for the figures, kept up from the feed: each numbered event once, because the head moves in the transaction that adds what it did.

Acts write nothing here, so no act ever waits for a sum that everybody adds to. What a case adds follows from its history alone
(`domain/tallies.py`): a batch adds what the cases that it touches add with it, less what they added without it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from adapters.mongo.calendars import MongoCalendars
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.reads import Filter
from adapters.mongo.replay import MongoHistories, steps_of
from domain.deadlines import office_time_between
from domain.ids import Kind
from domain.replay import Recorded, reveals_in
from domain.tallies import EDITION, Cell, tally, with_months

BATCH = 500
"""How many events are counted at once."""
FIRST_EDITION = 1
GONE = -1
EVERY: Filter = {"_id": {"$gt": ""}}
COUNTED = {"request_id": 1, "subjects.id": 1, "changes.id": 1, "changes.fields.request_id": 1, "seq": 1}


class _Overtaken(Exception):
    """A rival counted some of them first."""


@dataclass(frozen=True, slots=True)
class Head:
    """How far the events of a township were counted, by the rules of an edition.

    Sums are kept by edition and turn: another edition has sums of its own, and whoever counts anew begins another turn. They are shown
    from the event `until` on; before, those that were shown already are.
    """

    township: str
    seq: int = 0
    turn: int = 1
    edition: int = EDITION
    until: int = 0

    @property
    def is_whole(self) -> bool:
        return self.seq >= max(self.until, 1)

    @property
    def name(self) -> str:
        return "" if self.edition == FIRST_EDITION else f"counted.e{self.edition}t{self.turn}."

    @property
    def beginning(self) -> str:
        edition = "" if self.edition == FIRST_EDITION else f"e{self.edition:03}/"
        return f"{self.township}/{edition}{self.turn:06}/"

    def id_of(self, unit_id: str, period: str) -> str:
        return f"{self.beginning}{unit_id}/{period}"

    @property
    def rank(self) -> tuple[int, int]:
        return self.edition, self.turn


class MongoTallies:
    """`count` is called in a loop by the relay; any number of rivals may run, also those of the release before or after."""

    def __init__(
        self, mongo: Mongo, histories: MongoHistories, calendars: MongoCalendars, *, edition: int = EDITION, batch: int = BATCH
    ) -> None:
        self._mongo = mongo
        self._histories = histories
        self._calendars = calendars
        self._edition = edition
        self._batch = batch

    async def count(self) -> int:
        """Counts a batch of each township that has something new; how many events were counted, by whomever: none where all are."""
        found = await self._mongo.collection("sequences").find(EVERY, {"value": 1}).to_list()
        documents = {document["_id"]: document for document in await self._mongo.collection("tally_heads").find(EVERY).to_list()}
        counted = 0
        for sequence in found:
            heads = _heads(documents.get(sequence["_id"]))
            head = self._counting(sequence["_id"], heads)
            await self._forget_outdated(head, heads)
            if head.seq < sequence["value"]:
                counted += await self._advance(head, sequence["value"])
        return counted

    async def townships(self) -> list[str]:
        """Those of which something was counted."""
        found = await self._mongo.collection("tally_heads").find(EVERY, {"_id": 1}).to_list()
        return sorted(document["_id"] for document in found)

    async def head(self, township: str) -> Head:
        """The one whose sums are shown: whole ones, the newest of them that this release understands."""
        heads = await self._heads_of(township)
        whole = [head for head in heads if head.is_whole and head.edition <= self._edition]
        return max(whole, key=lambda head: head.rank, default=self._counting(township, heads))

    async def counting(self, township: str) -> Head:
        """The one that is counted on."""
        return self._counting(township, await self._heads_of(township))

    async def _heads_of(self, township: str) -> list[Head]:
        return _heads(await self._mongo.collection("tally_heads").find_one({"_id": township}))

    def _counting(self, township: str, heads: Sequence[Head]) -> Head:
        own = [head for head in heads if head.edition == self._edition]
        return max(own, key=lambda head: head.turn, default=Head(township, edition=self._edition))

    async def _forget_outdated(self, head: Head, heads: Sequence[Head]) -> None:
        """What nobody is shown any more; the sums of the edition before stay, for a release that goes back."""
        if not head.is_whole:
            return
        for old in heads:
            if old.edition < self._edition - 1 or (old.edition == self._edition and old.turn < head.turn):
                by_id, seq = {"_id": head.township}, f"{old.name}seq"
                await self._mongo.collection("tally_heads").update_one(by_id, {"$set": {seq: GONE}})  # whoever still counts it is overtaken
                sums = {"township": head.township, "_id": {"$gte": old.beginning, "$lt": f"{old.beginning}~"}}
                await self._mongo.collection("tallies").delete_many(sums)
                emptied = {"$set": {seq: 0}} if old.edition == FIRST_EDITION else {"$unset": {old.name.rstrip("."): ""}}
                await self._mongo.collection("tally_heads").update_one(by_id, emptied)

    async def of(self, head: Head, unit_ids: Sequence[str], periods: Sequence[str]) -> dict[tuple[str, str], Mapping[str, int]]:
        """The sums of some units, by unit and by day or month."""
        ids = [head.id_of(unit_id, period) for unit_id in unit_ids for period in periods]
        found = await self._mongo.collection("tallies").find({"township": head.township, "_id": {"$in": ids}}).to_list()
        return {(document["unit_id"], document["period"]): document["counts"] for document in found}

    async def added_by(self, head: Head, request_ids: Sequence[str]) -> Counter[Cell]:
        """What some requests added to the sums, as far as they were counted."""
        histories = await self._histories.of(head.township, request_ids, up_to=head.seq)
        added: Counter[Cell] = Counter()
        for id_, history in histories.items():
            added.update(with_months(await self._counted(history, id_)))
        return added

    async def begin_anew(self, township: str) -> Head:
        """Counts everything from the first event on, in another turn; the sums that are there are shown until that one has caught up."""
        found = await self._mongo.collection("sequences").find_one({"_id": township}, {"value": 1})
        before = await self.counting(township)
        again = Head(township, 0, before.turn + 1, self._edition, found["value"] if found else 0)
        await self._begin(again)
        return again

    async def recounted(self, head: Head) -> Counter[Cell]:
        """The sums as every event up to the head makes them, each case by itself."""
        sums: Counter[Cell] = Counter()
        async for ids in self._histories.subjects(head.township):
            for id_, history in (await self._histories.of(head.township, ids, up_to=head.seq)).items():
                sums.update(await self._counted(history, id_))
        return with_months(sums)

    async def kept(self, township: str) -> tuple[Head, Counter[Cell]]:
        """The sums as they are kept and counted on, with the head that they belong to."""
        while True:
            head = await self.counting(township)
            own = {"township": township, "_id": {"$gte": head.beginning, "$lt": f"{head.beginning}~"}}
            found = await self._mongo.collection("tallies").find(own).to_list()
            if head == await self.counting(township):
                cells = ((document, name, number) for document in found for name, number in document["counts"].items())
                return head, Counter({(document["unit_id"], document["period"], name): number for document, name, number in cells})

    async def _counted(self, history: Sequence[Recorded], id_: str) -> Counter[Cell]:
        """What a history adds, its working time by the table that its last act was counted by: counted again later it is the same."""
        version = _counted_by(history, id_)
        await self._calendars.at_least(version)
        calendar = await self._calendars.of_version(version)
        return tally(steps_of(history, id_), partial(office_time_between, calendar), reveals_in(history))

    async def _advance(self, head: Head, value: int) -> int:
        new: Filter = {"township": head.township, "seq": {"$gt": head.seq, "$lte": value}}
        cursor = self._mongo.collection("events").find(new, COUNTED)
        events = await cursor.sort([("seq", 1)]).limit(self._batch).hint("number").to_list()
        reached = events[-1]["seq"] if len(events) == self._batch else value
        touched = sorted({id_ for event in events for id_ in _cases_of(event)})
        added = Counter[Cell]()
        for id_, history in (await self._histories.of(head.township, touched, up_to=reached)).items():
            added.update(await self._counted(history, id_))
            added.subtract(await self._counted(_until(history, head.seq), id_))
        is_moved = await self._move(head, reached, value, with_months(added))
        return len(events) if is_moved else max(len(events), 1)  # whoever was overtaken looks again

    async def _move(self, head: Head, reached: int, value: int, added: Counter[Cell]) -> bool:
        """Adds to the sums and moves the head, both or neither; whether nobody else did it first."""
        heads = self._mongo.collection("tally_heads")
        if head.seq == 0:
            await self._begin(replace(head, until=head.until or value))

        async def work(session: Session) -> None:
            moved = {"$set": {f"{head.name}seq": reached}}
            before = await heads.find_one_and_update({"_id": head.township}, moved, session=session)
            if not any(kept.rank == head.rank and kept.seq == head.seq for kept in _heads(before)):
                raise _Overtaken
            changes = _changes(head, added)
            if changes:
                await self._mongo.collection("tallies").bulk_write(changes, ordered=False, session=session)

        try:
            await self._mongo.transact(work)
        except _Overtaken:
            return False
        return True

    async def _begin(self, head: Head) -> None:
        """Nothing is counted of it yet, unless somebody began before."""
        new = {"$max": {f"{head.name}seq": head.seq, f"{head.name}until": head.until}}
        first = {"$setOnInsert": {"seq": 0, "turn": 1}}
        with suppress(DuplicateKeyError):  # somebody was faster with the first one of the township
            await self._mongo.collection("tally_heads").update_one({"_id": head.township}, {**new, **first}, upsert=True)


def _heads(document: Document | None) -> list[Head]:
    """Of every edition and turn. The first edition knew of one only, which stands by itself."""
    if document is None:
        return []
    first = [Head(document["_id"], document["seq"], document["turn"], FIRST_EDITION)] if document["seq"] else []
    return [*first, *(_head(document["_id"], name, kept) for name, kept in document.get("counted", {}).items())]


def _head(township: str, name: str, kept: Document) -> Head:
    edition, _, turn = name.removeprefix("e").partition("t")
    # Of one that a rival had forgotten already nothing is there but its end, until whoever came too late has forgotten it too.
    return Head(township, kept["seq"], int(turn), int(edition), kept.get("until", 0))


def _cases_of(event: Document) -> list[str]:
    """The requests that an act changed; where it is on none, the tasks, each a case by itself, as is one that left its request."""
    ids = [subject["id"] for subject in event["subjects"]]
    left = {change["id"] for change in event.get("changes", ()) if change["fields"].get("request_id", "") is None}
    return [id_ for id_ in ids if id_.startswith(f"{Kind.REQUEST.value}_") or event["request_id"] is None or id_ in left]


def _counted_by(history: Sequence[Recorded], id_: str) -> int:
    """The version of the calendar that its last act was counted by."""
    known = [kept.changes[id_] for kept in history if id_ in kept.changes]
    last = max(known, key=lambda fields: fields.get("version", 0), default={})
    version: int = last.get("counted_by", 1)
    return version


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
