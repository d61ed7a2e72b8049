"""How every scoped read is made: the reader's township and keys are part of the filter, and pages run on keys.

Reads name their index: with many alike, MongoDB would try some for each form of a query, and keep for a dispatcher what was best for a
resident (`docs/queries.md`).
"""

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
    documents = await mongo.collection(name).find({**scoped, "_id": {"$in": list(ids)}}).hint("_id_").to_list()
    documents = await mongo.vault.opened(name, documents)
    return [decode(kind, document) for document in documents]


async def newest_first(
    mongo: Mongo,
    name: str,
    kind: type[T],
    scoped: Filter,
    page: PageRequest,
    *,
    index: str | None = None,
    ids: Mapping[str, str] | None = None,
) -> Page[T]:
    """A page by id downwards along `index`; `ids` are bounds that the query sets on the id itself."""
    bounds: dict[str, str] = dict(ids or {})
    if page.after:
        bounds["$lt"] = min(page.after[0], bounds.get("$lt", page.after[0]))
    if page.before:
        bounds["$gt"] = page.before[0]
    scoped = {**scoped, "_id": bounds} if bounds else scoped
    direction = 1 if page.is_backward else -1
    documents = await mongo.collection(name).find(scoped).sort([("_id", direction)]).limit(page.size + 1).hint(index).to_list()
    documents = await mongo.vault.opened(name, documents)
    return page_of(kind, documents, page, lambda document: (document["_id"],))


async def soonest_first(
    mongo: Mongo,
    name: str,
    kind: type[T],
    scoped: Filter,
    page: PageRequest,
    *,
    by: str,
    before: datetime,
    index: str,
    since: datetime | None = None,
) -> Page[T]:
    """A page by the moment in the field `by` upwards, from `since` on and as far as `before`, along `index`."""
    position, direction = (page.before, -1) if page.is_backward else (page.after, 1)
    bounds: Filter = {"$gte": since, "$lt": before} if since else {"$lt": before}
    scoped = {**scoped, by: bounds}
    if position:
        moment, id_ = datetime.fromisoformat(position[0]), position[1]
        if page.is_backward:
            bounds["$lte"] = moment
        else:
            bounds["$gte"] = max(moment, since or moment)
        # Less those of that very moment that were shown. Said without `$or`, which would be looked up in parts and sorted in memory.
        scoped["$nor"] = [{by: moment, "_id": {"$gte" if page.is_backward else "$lte": id_}}]
    cursor = mongo.collection(name).find(scoped).sort([(by, direction), ("_id", direction)]).limit(page.size + 1)
    documents = await cursor.hint(index).to_list()
    return page_of(kind, documents, page, lambda document: (document[by].isoformat(), document["_id"]))


def page_of(kind: type[T], documents: list[Document], page: PageRequest, key: Any, *, stopped_at: tuple[str, ...] | None = None) -> Page[T]:
    """The page of what was read in its direction, which is one more than it holds where there is more."""
    has_more = len(documents) > page.size or stopped_at is not None
    shown = documents[: page.size]
    if page.is_backward:
        shown.reverse()
    rows, keys = [decode(kind, document) for document in shown], [key(document) for document in shown]
    if page.is_backward:
        return Page(rows, keys, has_next=page.before is not None, has_previous=has_more, start=stopped_at)
    return Page(rows, keys, has_next=has_more, has_previous=page.after is not None, end=stopped_at)
