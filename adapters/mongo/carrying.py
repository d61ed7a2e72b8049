"""Carries what an earlier release kept over to this one: case by case, each in a transaction of its own and once.

It goes through what is open, or may be opened again; killed at any moment, the next run goes on; whoever acts meanwhile waits for nothing.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from adapters.mongo.calendars import MongoCalendars
from adapters.mongo.cases import new_case
from adapters.mongo.catalogue import MongoCatalogue
from adapters.mongo.codec import decode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import Filter
from domain.carrying import carried_over
from domain.cases import Act, Case
from domain.commands import CLOCK, Command, Replayed
from domain.ids import Kind, compose, township_of, uuid7
from domain.recounting import settled
from domain.requests import OPEN, Request, RequestState
from domain.roll_up import in_order
from domain.tasks import OVER, Task, TaskState

BATCH = 200
OPENED_AGAIN_WITHIN = timedelta(days=30)
"""Longer than anybody may say that it is not solved after all."""

CARRIED = UUID("3f0b7f5e-2f0d-5d0e-9a53-58f7b7b1d1c6")
OPEN_TASKS = sorted(state.value for state in set(TaskState) - OVER)
COMING_BACK = sorted(state.value for state in {*OPEN, RequestState.DECLINED, RequestState.MERGED})

WHOLE: Mapping[Kind, frozenset[str]] = {
    Kind.REQUEST: frozenset(field.name for field in fields(Request)) - {"id"},
    Kind.TASK: frozenset(field.name for field in fields(Task)) - {"id"},
}
"""What this release keeps of each."""

log = logging.getLogger(__name__)


async def carry_over(mongo: Mongo, *, at: datetime) -> int:
    """Completes every case that lacks something; how many did. Says how far it is."""
    carrier, looked_at, carried = _Carrier(mongo, at), 0, 0
    async for documents in _batches(mongo, at):
        looked_at += len(documents)
        for document in documents:
            missing = await carrier.missing(document)
            carried += await carrier.carry(document["_id"], missing) if missing else 0
        log.info("carried over: %d open cases looked at, %d of them completed", looked_at, carried)
    return carried


async def _batches(mongo: Mongo, at: datetime) -> AsyncIterator[list[Document]]:
    """Open requests, and those that may be opened again; then open work that nobody asked for."""
    closed = {"state": RequestState.CLOSED.value, "closed_at": {"$gte": at - OPENED_AGAIN_WITHIN}}
    wanted: Mapping[str, Filter] = {
        "requests": {"$or": [{"state": {"$in": COMING_BACK}}, closed]},
        "tasks": {"request_id": None, "state": {"$in": OPEN_TASKS}},
    }
    for name, filter_ in wanted.items():
        last = ""
        while documents := await _next(mongo, name, {"_id": {"$gt": last}, **filter_}):
            last = documents[-1]["_id"]
            yield documents


async def _next(mongo: Mongo, name: str, wanted: Filter) -> list[Document]:
    return await mongo.collection(name).find(wanted).sort([("_id", 1)]).limit(BATCH).hint("_id_").to_list()


class _Carrier:
    def __init__(self, mongo: Mongo, at: datetime) -> None:
        self._mongo, self._at = mongo, at
        self._ledger, self._calendars, self._catalogue = Ledger(mongo), MongoCalendars(mongo), MongoCatalogue(mongo)

    async def missing(self, document: Document) -> str:
        """What a case lacks, in words; nothing where it is whole."""
        lacking = {each["_id"]: sorted(_missing(each)) for each in await self._documents(document, None)}
        return " ".join(f"{id_}:{','.join(names)}" for id_, names in lacking.items() if names)

    async def carry(self, id_: str, missing: str) -> bool:
        """Completes one case, unless somebody did: once for what is missing.

        An old server, or a release to come, may leave it with something else.
        """
        command = Command(CLOCK, uuid5(CARRIED, f"{id_} {missing}"), "carryOver", "", self._at)

        async def work(session: Session) -> bool:
            name = "requests" if id_.startswith(Kind.REQUEST.value) else "tasks"
            found = await self._mongo.collection(name).find_one({"township": township_of(id_), "_id": id_}, session=session)
            documents = await self._documents(found, session) if found else []
            if not any(map(_missing, documents)):
                return False
            await self._keep(documents, await self._carried(documents), command, session)
            return True

        done = await self._ledger.once(command, township_of(id_), id_, work)
        return not isinstance(done, Replayed) and done

    async def _documents(self, root: Document, session: Session | None) -> list[Document]:
        """The whole case, the request first; a task that nobody asked for with what helps with it."""
        tasks = self._mongo.collection("tasks")
        if root["_id"].startswith(Kind.REQUEST.value):
            of_request = {"township": root["township"], "request_id": root["_id"]}
            return [root, *await tasks.find(of_request, session=session).sort([("_id", 1)]).to_list()]
        if root.get("root_id") is None:
            return [root]
        of_root = {"township": root["township"], "root_id": root["root_id"]}
        return await tasks.find(of_root, session=session).sort([("_id", 1)]).to_list()

    async def _carried(self, documents: list[Document]) -> Act:
        """With its clocks as the calendar of now counts them: what is kept with them says so."""
        requests = [decode(Request, each) for each in documents if _kind(each) is Kind.REQUEST]
        tasks = in_order([decode(Task, each) for each in documents if _kind(each) is Kind.TASK])
        case = Case(requests[0] if requests else None, tasks)
        missing, item = {each["_id"]: _missing(each) for each in documents}, (await self._catalogue.items()).get(case.item_id or "")
        act = carried_over(case, missing, item, await self._calendars.current())
        by_id = {each["_id"]: await self._calendars.of_version(each.get("counted_by", 1)) for each in documents}
        return Act(settled(act.case, by_id, await self._calendars.current()), act.kind, act.task_id, act.facts)

    async def _keep(self, documents: list[Document], act: Act, command: Command, session: Session) -> None:
        whole, event = new_case(act, self._event_id(command, documents[0]["_id"]), command, await self._calendars.current())
        for document in whole:
            by_id = {"township": document["township"], "_id": document["_id"]}
            kept: dict[str, Any] = {name: value for name, value in document.items() if name != "_id"}
            await self._mongo.collection("requests" if _kind(document) is Kind.REQUEST else "tasks").update_one(
                by_id, {"$set": kept}, session=session
            )
        await self._mongo.collection("events").insert_one(event, session=session)

    def _event_id(self, command: Command, id_: str) -> str:
        chance = int.from_bytes(sha256(f"{command.key} carried over".encode()).digest()[:9]) & ((1 << 72) - 1)
        return compose(Kind.EVENT, township_of(id_), uuid7(self._at, chance))


def _kind(document: Document) -> Kind:
    return Kind.REQUEST if document["_id"].startswith(Kind.REQUEST.value) else Kind.TASK


def _missing(document: Document) -> frozenset[str]:
    return WHOLE[_kind(document)] - document.keys()
