"""Requests on MongoDB."""

from collections.abc import Sequence
from datetime import datetime

from adapters.mongo.cases import Change, MongoCases
from adapters.mongo.codec import decode
from adapters.mongo.driver import Mongo
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import Filter, find_by_ids, newest_first, own_ids, seen_by_filter, soonest_first
from adapters.mongo.search import MongoSearch
from domain.access import Actor, Door, key
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from domain.errors import not_found
from domain.ids import Kind, first_id_at
from domain.pages import Page, PageRequest
from domain.ports import RequestQuery
from domain.requests import Request, RequestState, Words

NOTHING: Page[Request] = Page((), (), has_next=False, has_previous=False)


class MongoRequests:
    """Keeps `domain.ports.Requests`."""

    def __init__(self, mongo: Mongo, cases: MongoCases, ledger: Ledger) -> None:
        self._mongo = mongo
        self._cases = cases
        self._ledger = ledger
        self._search = MongoSearch(mongo)

    async def add(self, act: Act, words: Words, event_id: str, command: Command) -> Case | Replayed:
        return await self._cases.add(act, words, event_id, command)

    async def replay_of(self, command: Command) -> Replayed | None:
        return await self._ledger.replay_of(command)

    async def update(self, request_id: str, change: Change, *, seen_by: Actor, event_id: str, command: Command) -> Case | Replayed:
        scoped = seen_by_filter(seen_by)
        if scoped is None or not own_ids(Kind.REQUEST, [request_id], scoped["township"]):
            raise not_found("requestId")
        case = await self._cases.update("requests", {**scoped, "_id": request_id}, change, event_id, command, subject_field="requestId")
        return case or Replayed(request_id)

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> list[Request]:
        scoped = seen_by_filter(seen_by)
        if scoped is None:
            return []
        return await find_by_ids(self._mongo, "requests", Request, own_ids(Kind.REQUEST, ids, scoped["township"]), scoped)

    async def by_number(self, number: str, *, seen_by: Actor) -> Request | None:
        scoped = seen_by_filter(seen_by)
        if scoped is None:
            return None
        document = await self._mongo.collection("requests").find_one({**scoped, "number": number}, hint="number")
        return decode(Request, document) if document else None

    async def page(self, query: RequestQuery, page: PageRequest, *, seen_by: Actor, at: datetime) -> Page[Request]:
        scoped = _filter(query, seen_by, at)
        if scoped is None:
            return NOTHING
        if query.sought is not None:
            return await self._search.page(query.sought, _to_search(query, scoped, at), page, reader=seen_by, at=at)
        if query.is_by_promise:
            by, index = "promise_due_at", "in_scope_by_promise"
            return await soonest_first(self._mongo, "requests", Request, scoped, page, by=by, before=at, index=index)
        bounds = _id_bounds(query, scoped["township"])
        return await newest_first(self._mongo, "requests", Request, scoped, page, index=_index(query), ids=bounds)

    async def words(self, township: str, request_ids: Sequence[str]) -> list[Words]:
        found = self._mongo.collection("words").find(
            {"township": township, "_id": {"$in": list(request_ids)}}, {"text": 1, "address": 1, "location": 1, "said": 1}
        )
        opened = await self._mongo.vault.opened("words", await found.to_list())
        return [decode(Words, {"request_id": document.pop("_id"), **document}) for document in opened]

    async def texts(self, township: str, request_ids: Sequence[str]) -> dict[str, str]:
        wanted = {"township": township, "_id": {"$in": list(request_ids)}}
        found = await self._mongo.collection("words").find(wanted, {"text": 1}).hint("_id_").to_list()
        return {document["_id"]: document["text"] for document in found if document.get("text")}


def _filter(query: RequestQuery, reader: Actor, at: datetime) -> Filter | None:
    scoped = seen_by_filter(reader)
    if scoped is None:
        return None
    if query.asked_by_me and reader.id is not None:
        scoped |= {"scopes": {"$in": sorted(reader.asking_keys)}, "asker_ids": reader.id}
    if query.unit_id:
        narrow_to_unit(scoped, query.unit_id, reader)
    if query.states is not None:
        scoped["state"] = {"$in": [state.value for state in query.states]}
    if query.item_ids is not None:
        scoped["item_id"] = {"$in": list(query.item_ids)}
    if query.grid_ids is not None:
        # Where a shielded matter lies would tell whose it is.
        scoped |= {"place.grid_id": {"$in": list(query.grid_ids)}, "is_shielded": False}
    if query.overdue is True:
        scoped |= {"promise_met": False, "is_counted": True, "promise_provisional": False}
        wanted = query.states if query.states is not None else tuple(RequestState)
        scoped["state"] = {"$in": [state.value for state in wanted if state is not RequestState.ON_HOLD]}
    if query.overdue is False:
        is_kept = [{"promise_met": True}, {"is_counted": False}, {"promise_due_at": None}, {"promise_due_at": {"$gte": at}}]
        # A promise that stands still is not judged, nor one that a calendar may still move.
        scoped["$or"] = [*is_kept, {"promise_provisional": True}, {"state": RequestState.ON_HOLD.value}]
    if query.overdue is True and (query.submitted_after or query.submitted_before):
        scoped["_id"] = _id_bounds(query, scoped["township"])
    return scoped


def _to_search(query: RequestQuery, scoped: Filter, at: datetime) -> Filter:
    """With what lists by moment or by id have as bounds of their walk."""
    bounds = _id_bounds(query, scoped["township"])
    overdue = {"promise_due_at": {"$lt": at}} if query.overdue is True else {}
    return {**scoped, **overdue, **({"_id": bounds} if bounds else {})}


def _index(query: RequestQuery) -> str:
    """The one that has the rarest of what is asked for in front; the rest is judged on its keys."""
    if query.states is not None:
        return "in_scope_by_state"
    if query.item_ids is not None:
        return "in_scope_by_item"
    return "in_scope_by_grid" if query.grid_ids is not None else "in_scope"


def narrow_to_unit(scoped: Filter, unit_id: str, reader: Actor) -> None:
    """To the sub-tree of a unit. Whoever sees a unit above it sees all of that, so its own key is enough; else both must open.

    There is one index key a document for each scope, so only one of the two can be looked up: the reader's own, which are the fewer.
    """
    wanted = key(Door.UNIT, unit_id)
    organisation = reader.organisation
    above = {key(Door.UNIT, unit.id) for unit in organisation.path(unit_id)} if organisation else set()
    if reader.keys & above and "asker_ids" not in scoped:
        scoped["scopes"] = wanted
    else:
        scoped["$expr"] = {"$in": [wanted, "$scopes"]}


def _id_bounds(query: RequestQuery, township: str) -> dict[str, str]:
    """Ids run with the moment of submission, so a range of time is a range of ids."""
    bounds: dict[str, str] = {}
    if query.submitted_after:
        bounds["$gte"] = first_id_at(Kind.REQUEST, township, query.submitted_after)
    if query.submitted_before:
        bounds["$lt"] = first_id_at(Kind.REQUEST, township, query.submitted_before)
    return bounds
