"""The histories of cases on MongoDB, read from the events alone."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from adapters.mongo.codec import decode
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.reads import Filter
from domain.cases import Case
from domain.events import Event, EventKind
from domain.ids import Kind
from domain.replay import Recorded, Step, differing, in_order, replayed
from domain.requests import Request
from domain.tasks import Task

BATCH = 500
"""How many documents are held against their history at once."""

STORED: Mapping[str, tuple[Kind, frozenset[str]]] = {
    "requests": (Kind.REQUEST, frozenset(field.name for field in fields(Request)) - {"id"}),
    "tasks": (Kind.TASK, frozenset(field.name for field in fields(Task)) - {"id"}),
}
"""What is held against the history. What only queries need follows from it, or is a mark of whoever works on it just now."""


class MongoHistories:
    """What the events tell of cases, and whether what is stored is the same."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def of(self, township: str, ids: Sequence[str], *, up_to: int | None = None) -> dict[str, list[Recorded]]:
        """Acts that changed each of these requests and tasks, and reveals for them, in no order, as far as the feed's number `up_to`."""
        wanted: Filter = {"township": township, "subjects.id": {"$in": list(ids)}}
        if up_to is not None:
            wanted["seq"] = {"$lte": up_to}
        found = await self._mongo.collection("events").find(wanted).hint("of_task").to_list() if ids else []
        histories: dict[str, list[Recorded]] = {id_: [] for id_ in ids}
        for kept in map(recorded, found):
            of_request = {str(kept.event.facts["request"])} if kept.event.kind is EventKind.CONTACT_REVEALED else set[str]()
            for id_ in (kept.changes.keys() | of_request) & histories.keys():
                histories[id_].append(kept)
        return histories

    async def subjects(self, township: str) -> AsyncIterator[list[str]]:
        """Ids of every request, and of every task that belongs to none, some at a time."""
        for name in STORED:
            async for documents in self._batches(name, township, {"request_id": 1}):
                yield [document["_id"] for document in documents if document.get("request_id") is None]

    async def differing(self, township: str) -> AsyncIterator[tuple[str, tuple[str, ...]]]:
        """Ids of requests and tasks that are not what their history tells, with the fields that differ."""
        for name in STORED:
            async for documents in self._batches(name, township):
                suspects = sorted(await self._unlike(name, township, documents))
                # An act may have been kept between the one reading and the other.
                again = await self._stored(name, township, {"$in": suspects}) if suspects else []
                for id_, names in (await self._unlike(name, township, again)).items():
                    yield id_, names

    async def _batches(self, name: str, township: str, shown: Filter | None = None) -> AsyncIterator[list[Document]]:
        kind, _ = STORED[name]
        last = f"{kind.value}_{township}_"
        while documents := await self._stored(name, township, {"$gt": last, "$lt": f"{kind.value}_{township}_~"}, shown):
            last = documents[-1]["_id"]
            yield documents

    async def _stored(self, name: str, township: str, ids: Filter, shown: Filter | None = None) -> list[Document]:
        wanted = {"township": township, "_id": ids}
        return await self._mongo.collection(name).find(wanted, shown).sort([("_id", 1)]).limit(BATCH).hint("_id_").to_list()

    async def _unlike(self, name: str, township: str, documents: Sequence[Document]) -> dict[str, tuple[str, ...]]:
        _, own = STORED[name]
        histories = await self.of(township, [document["_id"] for document in documents])
        told = {id_: replayed(history).get(id_, {}) for id_, history in histories.items()}
        unlike = {document["_id"]: differing(_only(own, document), _only(own, told[document["_id"]])) for document in documents}
        return {id_: names for id_, names in unlike.items() if names}


def _only(names: frozenset[str], document: Document) -> Document:
    return {name: value for name, value in document.items() if name in names}


def recorded(document: Document) -> Recorded:
    changes = {change["id"]: change["fields"] for change in document.get("changes", ())}
    return Recorded(decode(Event, document), changes, document.get("seq"))


def steps_of(history: Iterable[Recorded], subject_id: str) -> list[Step]:
    """Each act on a request with its case after it, or on a task that belongs to none, which is a case by itself."""
    documents: dict[str, dict[str, Any]] = {}
    requests: dict[str, Request] = {}
    tasks: dict[str, Task] = {}
    steps: list[Step] = []
    for kept in in_order(history, subject_id):
        for id_, changed in kept.changes.items():
            documents.setdefault(id_, {}).update(changed)
            if id_ == subject_id and id_.startswith(f"{Kind.REQUEST.value}_"):
                requests[id_] = decode(Request, documents[id_])
            elif subject_id in (id_, documents[id_].get("request_id")):
                tasks[id_] = decode(Task, documents[id_])
        steps.append(Step(kept.event, Case(requests.get(subject_id), tuple(tasks[id_] for id_ in sorted(tasks)))))
    return steps
