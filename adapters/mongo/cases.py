"""Cases are kept whole: documents, words, the event with what the relay owes, and the command's record, in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from adapters.mongo.codec import changed_fields, decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import Filter
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from domain.errors import not_found
from domain.events import Event
from domain.ids import township_of
from domain.requests import Request, Words
from domain.tasks import Task

Change = Callable[[Case], Act | None]


class MongoCases:
    """Shared by `MongoRequests`, `MongoTasks` and `MongoClock`: loading, changing and keeping a case."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def add(self, act: Act, words: Words, event_id: str, command: Command) -> Case | Replayed:
        request = act.case.request
        subject_id = request.id if request else act.task_id

        async def work(session: Session) -> Case:
            await self._keep_new(act, words, session)
            await self._append(Case(None, ()), act, event_id, command, session)
            return act.case

        return await self._ledger.once(command, township_of(subject_id), subject_id, work)

    async def update(
        self, name: str, scoped: Filter, change: Change, event_id: str, command: Command, *, subject_field: str
    ) -> Case | Replayed | None:
        """Changes the case that `scoped` finds in collection `name`; nothing where `change` had nothing to do."""
        subject_id = scoped["_id"]

        async def work(session: Session) -> Case | None:
            before = await self._load(name, scoped, subject_field, session)
            act = change(before)
            if act is None:
                return None
            await self._keep_changed(before, act.case, session)
            if act.reason is not None and before.request is not None:
                await self._remark(before.request, event_id, act.reason, session)
            await self._append(before, act, event_id, command, session)
            return act.case

        return await self._ledger.once(command, township_of(subject_id), subject_id, work)

    async def _load(self, name: str, scoped: Filter, field: str, session: Session) -> Case:
        found = await self._mongo.collection(name).find_one(scoped, session=session)
        if found is None:
            raise not_found(field)
        township = found["township"]
        request_id = found["_id"] if name == "requests" else found["request_id"]
        if request_id is None:
            return Case(None, (decode(Task, found),))
        in_request = {"township": township, "request_id": request_id}
        tasks = await self._mongo.collection("tasks").find(in_request, session=session).sort([("_id", 1)]).to_list()
        by_id = {"township": township, "_id": request_id}
        request = found if name == "requests" else await self._mongo.collection("requests").find_one(by_id, session=session)
        return Case(decode(Request, request) if request else None, tuple(decode(Task, task) for task in tasks))

    async def _keep_new(self, act: Act, words: Words, session: Session) -> None:
        request = act.case.request
        if request is not None:
            await self._mongo.collection("requests").insert_one(request_document(request), session=session)
            document = {"_id": request.id, "township": request.township, **_words_fields(words), "remarks": {}}
            await self._mongo.collection("words").insert_one(document, session=session)
        for task in act.case.tasks:
            await self._mongo.collection("tasks").insert_one(task_document(task), session=session)

    async def _keep_changed(self, before: Case, after: Case, session: Session) -> None:
        for name, id_, township, fields in _differences(before, after):
            await self._mongo.collection(name).update_one({"township": township, "_id": id_}, {"$set": fields}, session=session)

    async def _remark(self, request: Request, event_id: str, words: str, session: Session) -> None:
        by_id = {"township": request.township, "_id": request.id}
        await self._mongo.collection("words").update_one(by_id, {"$set": {f"remarks.{event_id}": words}}, session=session)

    async def _append(self, before: Case, act: Act, event_id: str, command: Command, session: Session) -> None:
        await self._mongo.collection("events").insert_one(_event_document(before, act, event_id, command), session=session)


def request_document(request: Request) -> Document:
    """With what only queries need: the readers' keys, whoever asked, whether it counts."""
    fields = {"scopes": sorted(request.scopes), "asker_ids": list(request.askers), "is_counted": request.is_counted}
    return {**encode(request), **fields}


def task_document(task: Task) -> Document:
    return {**encode(task), "scopes": sorted(task.scopes), "clock_at": task.clock_at}


def _words_fields(words: Words) -> Mapping[str, Any]:
    return {name: value for name, value in asdict(words).items() if name != "request_id"}


def _documents(case: Case) -> dict[str, tuple[str, Document]]:
    documents = {task.id: ("tasks", task_document(task)) for task in case.tasks}
    if case.request is not None:
        documents[case.request.id] = ("requests", request_document(case.request))
    return documents


def _differences(before: Case, after: Case) -> list[tuple[str, str, str, Document]]:
    """What changed: collection, id, township, and the fields to set."""
    old = _documents(before)
    found = []
    for id_, (name, document) in _documents(after).items():
        fields = changed_fields(old[id_][1] if id_ in old else {}, document)
        if fields:
            found.append((name, id_, document["township"], fields))
    return found


def _event_document(before: Case, act: Act, event_id: str, command: Command) -> Document:
    """The event, the fields that it set, who may hear of it, and its place in the feed and in the outbox still to come."""
    request = act.case.request
    event = Event(
        id=event_id,
        township=township_of(act.task_id),
        request_id=request.id if request else None,
        task_id=act.task_id,
        kind=act.kind,
        actor_id=command.person_id if command.is_by_person else None,
        acting_for_id=command.acting_for_id,
        at=command.at,
        device_time=command.device_time,
        facts=act.facts,
    )
    old = _documents(before)
    differences = _differences(before, act.case)
    subjects = []
    for _, id_, _, _ in differences:
        now = _documents(act.case)[id_][1]["scopes"]
        subjects.append({"id": id_, "scopes": sorted({*now, *(old[id_][1]["scopes"] if id_ in old else ())})})
    hidden = request.hidden_from if request else ()
    return {
        **encode(event),
        "changes": [{"id": id_, "fields": fields} for _, id_, _, fields in differences],
        "subjects": subjects,
        "scopes": sorted({key for subject in subjects for key in subject["scopes"]}),
        "hidden_from": list(hidden),
        "unnumbered": True,
        "relay": {"due_at": command.at, "tries": 0},
    }
