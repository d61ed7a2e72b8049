"""Carries what an earlier release kept over to this one: case by case, each in a transaction of its own and once.

It goes through what is open, may be opened again, or has open work, township by township; killed at any moment, the next run goes on;
whoever acts meanwhile waits for nothing.
"""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
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
from domain.access import Door
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
OF_A_UNIT = {"$elemMatch": {"$gte": Door.UNIT.value, "$lt": f"{Door.UNIT.value}~"}}
"""One of the keys of everything that is of a township: it opens it to whoever leads a unit."""

WHOLE: Mapping[Kind, frozenset[str]] = {
    Kind.REQUEST: frozenset(field.name for field in fields(Request)) - {"id"},
    Kind.TASK: frozenset(field.name for field in fields(Task)) - {"id"},
}
"""What this release keeps of each."""

log = logging.getLogger(__name__)


async def carry_over(mongo: Mongo, *, at: datetime) -> int:
    """Completes every case that lacks something; how many did. Says how far it is."""
    carrier, looked_at, carried = _Carrier(mongo, at), 0, 0
    async for cases in _batches(mongo, at):
        looked_at += len(cases)
        for documents in cases:
            missing = _what_is_missing(documents)
            carried += await carrier.carry(documents[0]["_id"], missing) if missing else 0
        log.info("carried over: %d open cases looked at, %d of them completed", looked_at, carried)
    return carried


async def _batches(mongo: Mongo, at: datetime) -> AsyncIterator[Sequence[list[Document]]]:
    """Requests that are open, may be opened again, or have open work, each with its tasks; then open work that nobody asked for."""
    townships = await mongo.collection("townships").find({}, {"_id": 1}).sort([("_id", 1)]).to_list()
    for township in (document["_id"] for document in townships):
        open_tasks = await _open_tasks(mongo, township)
        asked_for = {task["request_id"] for task in open_tasks if task["request_id"]}
        for ids in _in_batches(asked_for | await _coming_back(mongo, township, at)):
            yield await _requests(mongo, township, ids)
        for ids in _in_batches({task.get("root_id") or task["_id"] for task in open_tasks if not task["request_id"]}):
            yield await _work(mongo, township, ids)


def _in_batches(ids: set[str]) -> Iterator[Sequence[str]]:
    in_order_of_ids = sorted(ids)
    return (in_order_of_ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


async def _open_tasks(mongo: Mongo, township: str) -> list[Document]:
    """What each is about: after the end of a request too there may be one, because somebody wrote once more."""
    wanted, about = {"township": township, "scopes": OF_A_UNIT, "state": {"$in": OPEN_TASKS}}, {"request_id": 1, "root_id": 1}
    return await mongo.collection("tasks").find(wanted, about).hint("in_scope_by_state").to_list()


async def _coming_back(mongo: Mongo, township: str, at: datetime) -> set[str]:
    """Ids of requests: each is found by the units that it is open to, and by when it ended, if it did."""
    requests = mongo.collection("requests")
    in_state = {"township": township, "scopes": OF_A_UNIT, "state": {"$in": COMING_BACK}}
    ended = {"township": township, "closed_at": {"$gte": at - OPENED_AGAIN_WITHIN}, "state": RequestState.CLOSED.value}
    found = await requests.find(in_state, {"_id": 1}).hint("in_scope_by_state").to_list()
    found += await requests.find(ended, {"_id": 1}).hint("retention").to_list()
    return {document["_id"] for document in found}


async def _requests(mongo: Mongo, township: str, ids: Sequence[str]) -> Sequence[list[Document]]:
    wanted = {"township": township, "_id": {"$in": ids}}
    cases = {document["_id"]: [document] for document in await mongo.collection("requests").find(wanted).hint("_id_").to_list()}
    of_them = {"township": township, "request_id": {"$in": sorted(cases)}}
    for task in await mongo.collection("tasks").find(of_them).sort([("_id", 1)]).hint("of_request").to_list():
        cases[task["request_id"]].append(task)
    return list(cases.values())


async def _work(mongo: Mongo, township: str, ids: Sequence[str]) -> Sequence[list[Document]]:
    """Each with all that helps with it; an earlier release kept no root with what stands alone."""
    cases: dict[str, list[Document]] = {id_: [] for id_ in ids}
    alone = {"township": township, "_id": {"$in": ids}, "root_id": None}
    of_them = {"township": township, "root_id": {"$in": ids}}
    for task in await mongo.collection("tasks").find(alone).hint("_id_").to_list():
        cases[task["_id"]].append(task)
    for task in await mongo.collection("tasks").find(of_them).sort([("_id", 1)]).hint("of_root").to_list():
        cases[task["root_id"]].append(task)
    return [case for case in cases.values() if case]


class _Carrier:
    def __init__(self, mongo: Mongo, at: datetime) -> None:
        self._mongo, self._at = mongo, at
        self._ledger, self._calendars, self._catalogue = Ledger(mongo), MongoCalendars(mongo), MongoCatalogue(mongo)

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

    async def _documents(self, root: Document, session: Session) -> list[Document]:
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


def _what_is_missing(documents: Sequence[Document]) -> str:
    """In words; nothing where the case is whole."""
    lacking = {each["_id"]: sorted(_missing(each)) for each in documents}
    return " ".join(f"{id_}:{','.join(names)}" for id_, names in lacking.items() if names)


def _missing(document: Document) -> frozenset[str]:
    return WHOLE[_kind(document)] - document.keys()
