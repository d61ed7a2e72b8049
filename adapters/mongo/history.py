"""The append-only history on MongoDB; words come from the erasable document."""

from dataclasses import replace

from adapters.mongo.codec import decode
from adapters.mongo.driver import Mongo
from adapters.mongo.reads import Filter, newest_first
from domain.access import Actor, Door, key
from domain.events import Event, EventKind
from domain.pages import Page, PageRequest
from domain.requests import Request
from domain.tasks import Task


class MongoHistory:
    """Keeps `domain.history.History`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def of_request(self, request: Request, page: PageRequest, *, without: frozenset[EventKind] = frozenset()) -> Page[Event]:
        kinds = {"$nor": [{"kind": {"$in": sorted(kind.value for kind in without)}}]} if without else {}
        return await self._page({"township": request.township, "request_id": request.id, **kinds}, request.id, page)

    async def of_task(self, task: Task, page: PageRequest) -> Page[Event]:
        return await self._page({"township": task.township, "subjects.id": task.id}, task.request_id or task.root_id, page)

    async def reports_rejected(self, limit: int, *, by: Actor) -> list[Event]:
        if by.organisation is None or by.id is None or key(Door.WORKER, by.id) not in by.keys:
            return []
        mine = {"township": by.organisation.township, "actor_id": by.id, "kind": EventKind.REPORT_REJECTED.value}
        found = await self._mongo.collection("events").find(mine).sort([("_id", -1)]).limit(limit).hint("rejected").to_list()
        roots = {document["_id"]: document["request_id"] or document["root_id"] for document in found}
        kept = {"township": mine["township"], "_id": {"$in": sorted(set(roots.values()))}}
        words = await self._mongo.collection("words").find(kept, {"remarks": 1}).hint("_id_").to_list() if roots else []
        remarks = {each["_id"]: each.get("remarks", {}) for each in words}
        said = {id_: remarks.get(root, {}).get(id_) for id_, root in roots.items()}
        return [replace(decode(Event, document), reason=said[document["_id"]]) for document in found]

    async def _page(self, subject: Filter, request_id: str | None, page: PageRequest) -> Page[Event]:
        events = await newest_first(self._mongo, "events", Event, subject, page)
        if request_id is None or not events.rows:
            return events
        by_id = {"township": subject["township"], "_id": request_id}
        words = await self._mongo.collection("words").find_one(by_id, {"remarks": 1})
        remarks = words.get("remarks", {}) if words else {}
        return replace(events, rows=[replace(event, reason=remarks.get(event.facts.get("said_in") or event.id)) for event in events.rows])
