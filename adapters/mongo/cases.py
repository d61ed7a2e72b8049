"""Cases are kept whole: documents, words, the event with what the relay owes, and the command's record, in one transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pymongo.errors import DuplicateKeyError

from adapters.mongo.calendars import MongoCalendars
from adapters.mongo.codec import changed_fields, decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.erasure import kept_of
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import Filter
from adapters.mongo.search import tokens_for
from domain.board import NEVER, pile_of
from domain.calendar import WorkingCalendar
from domain.cases import Act, Case
from domain.clockwork import clock_at
from domain.commands import Command, Replayed
from domain.errors import NumberTaken, RefusalCode, not_found, refused
from domain.events import Event
from domain.ids import Kind, township_of
from domain.recounting import looked_at_until, raised, recounted, settled, windows_moved
from domain.requests import Request, Words
from domain.roll_up import call_outs_ended, in_order
from domain.similar import matter_key
from domain.tasks import Task
from domain.waiting import request_clock_at

Change = Callable[[Case], Act | None]
First = Callable[[Session], Awaitable[None]]

OF_A_CLAIM = ("clock_mark", "clock_tries")
"""What a clockwork left on what it claimed; whoever changes that ends it."""

ALWAYS_KEPT = ("clock_at", "recount_due", "counted_by")
"""A claim may have moved the first; the others say by which calendar the clocks are counted that are kept with it."""

NOTHING_YET = Case(None, ())


class _NothingToDo(Exception):
    """The change found nothing to change."""


@dataclass(frozen=True, slots=True)
class _Difference:
    """One document that an act made or changed: the fields to set, and the keys that opened it before or open it now."""

    collection: str
    id: str
    township: str
    fields: Document
    scopes: list[str]
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A case as it is kept, and as the calendar of now counts it."""

    kept: Case
    settled: Case
    calendar: WorkingCalendar


class MongoCases:
    """Shared by `MongoRequests`, `MongoTasks` and `MongoClock`: loading, changing and keeping a case."""

    def __init__(self, mongo: Mongo, ledger: Ledger, calendars: MongoCalendars) -> None:
        self._mongo = mongo
        self._ledger = ledger
        self.calendars = calendars

    async def add(self, act: Act, words: Words, event_id: str, command: Command, *, first: First | None = None) -> Case | Replayed:
        """`first` is done before, in the same transaction."""
        request = act.case.request
        subject_id, calendar = act.subject_id, await self.calendars.current()
        [fields] = await self._mongo.vault.sealed("words", [_words_fields(words)])
        if request is not None and words.text is not None:
            fields["tokens"] = (await tokens_for(self._mongo, request.township, {"": words.text}, {"": request.askers}))[""]

        async def work(session: Session) -> Case:
            if first is not None:
                await first(session)
            if request is not None:
                gone = set(request.askers) - await kept_of(self._mongo, request.township, request.askers, session)
                if request.submitted_by_id in gone:
                    raise refused(RefusalCode.SIGN_IN_REQUIRED, "refusal.sign_in_required")
                if gone:
                    raise not_found("onBehalfOfId")
            document = {"_id": act.case.root_id, "township": township_of(subject_id), **fields, "remarks": {}}
            await self._mongo.collection("words").insert_one(document, session=session)
            await self._keep(NOTHING_YET, act, event_id, command, calendar, session)
            return act.case

        return await self._ledger.once(command, township_of(subject_id), subject_id, work)

    async def update(
        self, name: str, scoped: Filter, change: Change, event_id: str, command: Command, *, subject_field: str
    ) -> Case | Replayed | None:
        """Changes the case that `scoped` finds in collection `name`; nothing where `change` had nothing to do."""
        subject_id = scoped["_id"]

        async def work(session: Session) -> Case:
            loaded = await self._load(name, scoped, subject_field, session)
            act = change(loaded.settled)
            if act is None:
                raise _NothingToDo
            return await self._keep_act(loaded, act, event_id, command, session)

        try:
            return await self._ledger.once(command, township_of(subject_id), subject_id, work)
        except _NothingToDo:  # undone, so that the command may come again
            return None

    async def together(
        self,
        wanted: Sequence[tuple[Filter, str]],
        change: Callable[[Sequence[Case]], Sequence[Act]],
        event_ids: Sequence[str],
        command: Command,
        *,
        with_into: bool = False,
    ) -> Case | Replayed | None:
        """Changes the requests that are `wanted`, each by its filter and field, all or none; the first act's case is answered.

        Nothing where `change` had nothing to do.

        `with_into` adds the request in which the first goes on, if it does.
        """
        subject_id = wanted[0][0]["_id"]

        async def work(session: Session) -> Case:
            loaded = [await self._load("requests", scoped, field, session) for scoped, field in wanted]
            first = loaded[0].kept.request
            if with_into and first is not None and first.merged_into_id is not None:
                into = {"township": first.township, "_id": first.merged_into_id}
                loaded.append(await self._load("requests", into, "requestId", session))
            acts = change([one.settled for one in loaded])
            if not acts:
                raise _NothingToDo
            by_id = {one.kept.request.id: one for one in loaded if one.kept.request}
            kept = [
                await self._keep_act(by_id[act.subject_id], act, event_id, command, session)
                for act, event_id in zip(acts, event_ids, strict=False)
            ]
            return kept[0]

        try:
            return await self._ledger.once(command, township_of(subject_id), subject_id, work)
        except _NothingToDo:
            return None

    async def _keep_act(self, loaded: "_Loaded", act: Act, event_id: str, command: Command, session: Session) -> Case:
        before = loaded.kept
        await self._remark(before, act, event_id, session)
        if loaded.settled != before:
            act = replace(act, case=raised(act.case, before), facts={**act.facts, **windows_moved(before, loaded.settled)})
        await self._keep(before, act, event_id, command, loaded.calendar, session)
        return act.case

    async def recount(self, id_: str, event_id: str, command: Command) -> Case | Replayed | None:
        """Keeps the case as the calendar of now counts it, with the event that says so; nothing where nothing moved."""
        name, township = ("requests" if id_.startswith(Kind.REQUEST.value) else "tasks"), township_of(id_)

        async def work(session: Session) -> Case | None:
            loaded = await self._load(name, {"township": township, "_id": id_}, "id", session)
            act = recounted(loaded.kept, loaded.settled, at=command.at)
            if act is not None:
                await self._keep(loaded.kept, act, event_id, command, loaded.calendar, session)
            await self._count_by(act.case if act else loaded.settled, loaded.calendar, session)
            return act.case if act else None

        return await self._ledger.once(command, township, id_, work)

    async def _count_by(self, case: Case, calendar: WorkingCalendar, session: Session) -> None:
        """Whatever did not move was counted anew as well; when the clock has to look at it may be another moment all the same."""
        for id_, (name, document) in _documents(case, calendar).items():
            fields = {name: document[name] for name in ALWAYS_KEPT if name in document}
            by_id = {"township": township_of(id_), "_id": id_}
            await self._mongo.collection(name).update_one(by_id, {"$set": fields}, session=session)

    async def _load(self, name: str, scoped: Filter, field: str, session: Session) -> "_Loaded":
        found = await self._mongo.collection(name).find_one(scoped, session=session)
        if found is None:
            raise not_found(field)
        request_id = found["_id"] if name == "requests" else found["request_id"]
        if request_id is None and found.get("root_id") is None:
            return await self._settled(None, [found])
        whole = {"root_id": found["root_id"]} if request_id is None else {"request_id": request_id}
        in_case = {"township": found["township"], **whole}
        tasks = await self._mongo.collection("tasks").find(in_case, session=session).sort([("_id", 1)]).to_list()
        by_id = {"township": found["township"], "_id": request_id}
        request = (
            found if name == "requests" or request_id is None else await self._mongo.collection("requests").find_one(by_id, session=session)
        )
        return await self._settled(request if request_id else None, tasks)

    async def _settled(self, request: Document | None, tasks: Sequence[Document]) -> "_Loaded":
        """With both clocks as the calendar of now counts them: what an act does to them is then right at once."""
        kept = Case(decode(Request, request) if request else None, in_order([decode(Task, task) for task in tasks]))
        versions = {document["_id"]: document.get("counted_by", 1) for document in [*([request] if request else []), *tasks]}
        calendar = await self.calendars.at_least(max(versions.values()))
        counted_by = {id_: await self.calendars.of_version(version) for id_, version in versions.items()}
        return _Loaded(kept, settled(kept, counted_by, calendar), calendar)

    async def _keep(self, before: Case, act: Act, event_id: str, command: Command, calendar: WorkingCalendar, session: Session) -> None:
        differences = _differences(before, act.case, calendar)
        for document in differences:
            await self._keep_one(document, session)
        was_open = not before.tasks or any(not task.is_over for task in before.tasks)
        if act.case.request is None and was_open and all(task.is_over for task in act.case.tasks):  # its words are kept only so long
            by_id = {"township": township_of(act.subject_id), "_id": act.case.root_id}
            await self._mongo.collection("words").update_one(by_id, {"$set": {"closed_at": command.at}}, session=session)
        ended = call_outs_ended(before.tasks, act.case.tasks)  # whatever the act was: who was called to them hears of it once
        event = _event_document(replace(act, facts={**act.facts, **ended}), differences, event_id, command)
        await self._mongo.collection("events").insert_one(event, session=session)

    async def _keep_one(self, document: _Difference, session: Session) -> None:
        collection = self._mongo.collection(document.collection)
        if not document.is_new:
            by_id = {"township": document.township, "_id": document.id}
            await collection.update_one(by_id, {"$set": document.fields, "$unset": dict.fromkeys(OF_A_CLAIM, "")}, session=session)
            return
        try:
            await collection.insert_one(document.fields, session=session)
        except DuplicateKeyError as error:
            if "number" in (error.details or {}).get("keyPattern", {}):
                raise NumberTaken from error
            raise

    async def _remark(self, case: Case, act: Act, event_id: str, session: Session) -> None:
        """Words go into the case's one erasable document: what was said with the act, and what is to be done about single tasks.

        Nothing is written down any more where they were removed.
        """
        words = {f"said.{task_id}": said for task_id, said in act.said.items()}
        if act.reason is not None:
            words[f"remarks.{event_id}"] = act.reason
        if not words:
            return
        by_id = {"township": township_of(act.subject_id), "_id": case.root_id, "erased_at": None}
        has_none = case.request is None  # work that left its request begins to have words with the first
        done = await self._mongo.collection("words").update_one(by_id, {"$set": words}, upsert=has_none, session=session)
        if done.matched_count == 0 and done.upserted_id is None:
            raise refused(RefusalCode.TOO_LATE, "refusal.contents_gone", "requestId")


def new_case(act: Act, event_id: str, command: Command, calendar: WorkingCalendar) -> tuple[list[Document], Document]:
    """The documents of the tasks of a case that begins, and of its event: for whoever keeps many at once."""
    differences = _differences(NOTHING_YET, act.case, calendar)
    return [document.fields for document in differences], _event_document(act, differences, event_id, command)


def request_document(request: Request, calendar: WorkingCalendar) -> Document:
    """With what only queries need: the readers' keys, whoever asked, whether it counts, its matter, what the clock and a calendar do."""
    fields = {"scopes": sorted(request.scopes), "asker_ids": list(request.askers), "is_counted": request.is_counted}
    clock = {"clock_at": request_clock_at(request, calendar), "recount_due": looked_at_until(request), "counted_by": calendar.version}
    return {**encode(request), **fields, "matter_key": matter_key(request), **clock}


def task_document(case: Case, task: Task, calendar: WorkingCalendar) -> Document:
    """With what only queries need: the readers' keys, when the clock or a new calendar has to look at it, where it lies on the desk."""
    pile, looked_at = pile_of(task), clock_at(case, task, calendar)
    on_the_desk = {"pile": pile.value if pile else None, "pile_at": task.due_at or NEVER}
    moments = [moment for moment in (looked_at_until(task), looked_at) if moment is not None]
    clock = {"clock_at": looked_at, "recount_due": max(moments, default=None), "counted_by": calendar.version}
    return {**encode(task), "scopes": sorted(task.scopes), **clock, **on_the_desk}


def _words_fields(words: Words) -> Mapping[str, Any]:
    return {name: value for name, value in asdict(words).items() if name != "request_id"}


def _documents(case: Case, calendar: WorkingCalendar) -> dict[str, tuple[str, Document]]:
    documents = {task.id: ("tasks", task_document(case, task, calendar)) for task in case.tasks}
    if case.request is not None:
        documents[case.request.id] = ("requests", request_document(case.request, calendar))
    return documents


def _differences(before: Case, after: Case, calendar: WorkingCalendar) -> list[_Difference]:
    old, differences = _documents(before, calendar), []
    for id_, (name, document) in _documents(after, calendar).items():
        earlier = old[id_][1] if id_ in old else {}
        fields = changed_fields(earlier, document)
        if fields:
            fields |= {name: document[name] for name in ALWAYS_KEPT if name in document}
            scopes = sorted({*document["scopes"], *earlier.get("scopes", ())})
            differences.append(_Difference(name, id_, document["township"], fields, scopes, is_new=not earlier))
    return differences


def _event_document(act: Act, differences: Sequence[_Difference], event_id: str, command: Command) -> Document:
    """The event, the fields that it set, who may hear of it, and its place in the feed and in the outbox still to come."""
    request = act.case.request
    event = Event(
        id=event_id,
        township=township_of(act.subject_id),
        request_id=request.id if request else None,
        task_id=act.task_id,
        kind=act.kind,
        actor_id=command.person_id if command.is_by_person else None,
        acting_for_id=command.acting_for_id,
        at=command.at,
        device_time=command.device_time,
        facts=act.facts,
    )
    return {
        **encode(event),
        **({} if request else {"root_id": act.case.root_id}),
        "changes": [{"id": document.id, "fields": document.fields} for document in differences],
        "subjects": [{"id": document.id, "scopes": document.scopes} for document in differences],
        "scopes": sorted({key for document in differences for key in document.scopes}),
        "hidden_from": list(request.hidden_from) if request else [],
        "unnumbered": True,
        "relay": {"due_at": command.at, "tries": 0},
    }
