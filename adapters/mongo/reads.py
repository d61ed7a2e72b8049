"""How every scoped read is made: the reader's township and keys are part of the filter, and pages run on keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from adapters.mongo.codec import decode
from adapters.mongo.driver import Document, Mongo
from domain.access import Actor
from domain.ids import Kind, parse
from domain.pages import Page, PageRequest

T = TypeVar("T")
Filter = dict[str, Any]


def seen_by_filter(reader: Actor) -> Filter | None:
    """What opens documents to the reader; nothing at all for whoever holds no key."""
    if reader.organisation is None or not reader.keys:
        return None
    return {"township": reader.organisation.township, "scopes": {"$in": sorted(reader.keys)}, "hidden_from": {"$ne": reader.id}}


def own_ids(kind: Kind, ids: Sequence[str], township: str) -> list[str]:
    """Those that can be ids of that kind in that township, each once."""
    refs = {id_: parse(id_) for id_ in ids}
    return [id_ for id_, ref in refs.items() if ref is not None and ref.kind is kind and ref.township == township]


async def find_by_ids(mongo: Mongo, name: str, kind: type[T], ids: Sequence[str], scoped: Filter) -> list[T]:
    if not ids:
        return []
    documents = await mongo.collection(name).find({**scoped, "_id": {"$in": list(ids)}}).to_list()
    return [decode(kind, document) for document in documents]


async def newest_first(
    mongo: Mongo, name: str, kind: type[T], scoped: Filter, page: PageRequest, *, ids: Mapping[str, str] | None = None
) -> Page[T]:
    """A page by id downwards; `ids` are bounds that the query sets on the id itself."""
    bounds: dict[str, str] = dict(ids or {})
    if page.after:
        bounds["$lt"] = min(page.after[0], bounds.get("$lt", page.after[0]))
    if page.before:
        bounds["$gt"] = page.before[0]
    scoped = {**scoped, "_id": bounds} if bounds else scoped
    direction = 1 if page.is_backward else -1
    documents = await mongo.collection(name).find(scoped).sort([("_id", direction)]).limit(page.size + 1).to_list()
    return _page(kind, documents, page, lambda document: (document["_id"],))


async def soonest_first(mongo: Mongo, name: str, kind: type[T], scoped: Filter, page: PageRequest, *, by: str, before: datetime) -> Page[T]:
    """A page by the moment in the field `by` upwards, as far as `before`."""
    position, is_onward = (page.before, False) if page.is_backward else (page.after, True)
    branches = [{**scoped, by: {"$lt": before}}]
    if position:
        moment, id_ = datetime.fromisoformat(position[0]), position[1]
        beyond = {"$gt": moment, "$lt": before} if is_onward else {"$lt": min(moment, before)}
        branches = [{**scoped, by: beyond}, {**scoped, by: moment, "_id": {"$gt" if is_onward else "$lt": id_}}]
    direction = 1 if is_onward else -1
    cursor = mongo.collection(name).find({"$or": branches} if len(branches) > 1 else branches[0])
    documents = await cursor.sort([(by, direction), ("_id", direction)]).limit(page.size + 1).to_list()
    return _page(kind, documents, page, lambda document: (document[by].isoformat(), document["_id"]))


def _page(kind: type[T], documents: list[Document], page: PageRequest, key: Any) -> Page[T]:
    has_more = len(documents) > page.size
    shown = documents[: page.size]
    if page.is_backward:
        shown.reverse()
    rows, keys = [decode(kind, document) for document in shown], [key(document) for document in shown]
    if page.is_backward:
        return Page(rows, keys, has_next=page.before is not None, has_previous=has_more)
    return Page(rows, keys, has_next=has_more, has_previous=page.after is not None)
