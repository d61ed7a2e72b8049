"""The feed of changes on MongoDB: numbers that a sequencer gave, so that whoever polls never skips one; a bell to save polling."""

import logging
from asyncio import Event as Bell
from asyncio import gather, sleep
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from pymongo.errors import PyMongoError

from adapters.mongo.bells import rung
from adapters.mongo.codec import decode
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.reads import seen_by_filter
from domain.access import Actor
from domain.ids import Kind
from domain.notices import Notice
from domain.requests import Request
from domain.sync import FeedRow
from domain.tasks import Task as DomainTask

HEARTBEAT_SECONDS = 20.0
"""A listener looks by itself this often: rights may have changed, a bell may have been missed."""

STORED: dict[Kind, tuple[str, type[Request | DomainTask | Notice]]] = {
    Kind.REQUEST: ("requests", Request),
    Kind.TASK: ("tasks", DomainTask),
    Kind.NOTICE: ("notices", Notice),
}

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Listener:
    township: str
    keys: frozenset[str]
    bell: Bell = field(default_factory=Bell)


class MongoFeed:
    """Keeps `domain.ports.Feed`. `listen` runs as a task of the server, once a process."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._listeners: set[_Listener] = set()

    async def head(self, township: str) -> int:
        document = await self._mongo.collection("sequences").find_one({"_id": township})
        return document["value"] if document else 0

    async def rows(self, after: int, head: int, limit: int, *, seen_by: Actor) -> list[FeedRow]:
        scoped = seen_by_filter(seen_by)
        if scoped is None:
            return []
        # Two reads are two moments: without the head as their common end, a number that came between them would be passed by.
        wanted = {**scoped, "seq": {"$gt": after, "$lte": head}}
        acts, notices = await gather(
            self._mongo.collection("events").find(wanted, {"seq": 1, "subjects": 1}).sort([("seq", 1)]).limit(limit).hint("feed").to_list(),
            self._mongo.collection("notices").find(wanted, {"seq": 1, "scopes": 1}).sort([("seq", 1)]).limit(limit).hint("feed").to_list(),
        )
        rows = [FeedRow(act["seq"], [(s["id"], frozenset(s["scopes"])) for s in act["subjects"]]) for act in acts]
        rows += [FeedRow(notice["seq"], [(notice["_id"], frozenset(notice["scopes"]))]) for notice in notices]
        return sorted(rows, key=lambda row: row.number)[:limit]

    async def everything(self, kind: Kind, after_id: str, limit: int, *, seen_by: Actor) -> Sequence[Request | DomainTask | Notice]:
        scoped = seen_by_filter(seen_by)
        if scoped is None:
            return []
        name, stored = STORED[kind]
        index = "in_scope"
        if kind is Kind.NOTICE:  # an inbox is its owner's alone, and has an index for that
            scoped, index = {"township": scoped["township"], "person_id": seen_by.id}, "inbox"
        found = self._mongo.collection(name).find({**scoped, "_id": {"$gt": after_id}}).sort([("_id", 1)]).limit(limit).hint(index)
        return [decode(stored, document) for document in await found.to_list()]

    async def wakes(self, *, seen_by: Actor) -> AsyncGenerator[None, None]:
        if seen_by.organisation is None:
            return
        listener = _Listener(seen_by.organisation.township, seen_by.keys)
        self._listeners.add(listener)
        try:
            while True:
                yield
                await rung(listener.bell, HEARTBEAT_SECONDS)
        finally:
            self._listeners.discard(listener)

    async def listen(self) -> None:
        """Rings the bells of those whom a newly numbered change concerns, until cancelled; starts again after trouble."""
        while True:
            try:
                async with self._mongo.watch(
                    "sequences", [{"$match": {"operationType": {"$in": ["insert", "update", "replace"]}}}]
                ) as stream:
                    self._ring_all()
                    async for change in stream:
                        self._ring(change)
            except PyMongoError as error:
                log.warning("the change stream ended (%s); listening again", type(error).__name__)
                await sleep(1.0)

    def _ring(self, change: Document) -> None:
        township = change["documentKey"]["_id"]
        fields = change.get("fullDocument") or change.get("updateDescription", {}).get("updatedFields", {})
        told = fields.get("scopes")
        for listener in self._listeners:
            if listener.township == township and (told is None or not listener.keys.isdisjoint(told)):
                listener.bell.set()

    def _ring_all(self) -> None:
        for listener in self._listeners:
            listener.bell.set()
