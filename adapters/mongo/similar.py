"""What is alike on MongoDB: requests by the key of their matter, which is kept with each that has one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.mongo.codec import decode
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.reads import Filter, seen_by_filter
from domain.access import Actor, Door
from domain.ids import Kind, first_id_at
from domain.pages import MAX_SIZE
from domain.requests import Request
from domain.similar import ALIKE_WITHIN, COUNTED, MOST_LOOKED_AT, MOST_RELATED, SUGGESTED, is_alike, matter_key

FOR_EACH = 3 * MOST_RELATED // 2
"""So many for each request of a page one read brings of what is related to them; where there are more, a second one reads them request by
request."""

IN_ORDER: Mapping[str, Document] = {"matter": {"matter_key": 1, "_id": -1}, "in_scope_by_item": {"item_id": 1, "_id": -1}}
"""Of one matter the newest first, said so that of all indexes this one alone has it."""


class MongoSimilarRequests:
    """Keeps `domain.similar.SimilarRequests`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def latest(self, township: str, matter: str, *, since: datetime, until: datetime) -> str | None:
        ids = {"$gte": first_id_at(Kind.REQUEST, township, since), "$lt": first_id_at(Kind.REQUEST, township, until)}
        wanted = {"township": township, "matter_key": matter, "_id": ids, "state": {"$in": sorted(state.value for state in COUNTED)}}
        found = self._mongo.collection("requests").find(wanted, {"_id": 1}).sort([("_id", -1)]).limit(1).hint("matter")
        return next((document["_id"] for document in await found.to_list()), None)

    async def open_ones(self, township: str, matter: str, *, since: datetime, is_shared: bool, seen_by: Actor) -> list[Request]:
        scoped = seen_by_filter(seen_by)
        if scoped is None or scoped["township"] != township:
            return []
        if is_shared:
            del scoped["scopes"]
        ids = {"$gte": first_id_at(Kind.REQUEST, township, since)}
        wanted = {**scoped, "matter_key": matter, "_id": ids, "state": {"$in": sorted(state.value for state in SUGGESTED)}}
        return [decode(Request, document) for document in await self._newest(wanted, MOST_LOOKED_AT)]

    async def around(self, requests: Sequence[Request], *, seen_by: Actor) -> Mapping[str, Sequence[Request]]:
        scoped = seen_by_filter(seen_by)
        asked = [request for request in requests if scoped and request.township == scoped["township"] and matter_key(request)]
        if scoped is None or not asked:
            return {}
        index = _index(seen_by)
        limit = FOR_EACH * len(asked) if len(asked) > 1 else 1 + MOST_RELATED
        found = await self._newest(_near(scoped, asked, index), limit, index)
        if len(found) == limit and len(asked) > 1:
            found = await self._newest_of_each([_near(scoped, [request], index) for request in asked], index)
        by_matter: defaultdict[str | None, list[Request]] = defaultdict(list)
        for other in (decode(Request, document) for document in found):
            by_matter[matter_key(other)].append(other)
        return {request.id: _alike(request, by_matter[matter_key(request)]) for request in asked}

    async def _newest_of_each(self, wanted: Sequence[Filter], index: str) -> list[Document]:
        """Enough for each, the newest first, by one command a page."""
        found: dict[str, Document] = {}
        for start in range(0, len(wanted), MAX_SIZE):
            steps, *others = (_steps(near, index) for near in wanted[start : start + MAX_SIZE])
            steps += [{"$unionWith": {"coll": "requests", "pipeline": other}} for other in others]
            found |= {document["_id"]: document for document in await self._mongo.aggregate("requests", steps, hint=index)}
        return [found[id_] for id_ in sorted(found, reverse=True)]

    async def _newest(self, wanted: Filter, limit: int, index: str = "matter") -> list[Document]:
        return await self._mongo.collection("requests").find(wanted).sort([("_id", -1)]).limit(limit).hint(index).to_list()


def _index(reader: Actor) -> str:
    """Staff sees most of what lies at a place; whoever sees only what they asked for or work on sees few of an item anywhere."""
    return "matter" if any(held.startswith((Door.UNIT.value, Door.GRID.value)) for held in reader.keys) else "in_scope_by_item"


def _near(scoped: Filter, requests: Sequence[Request], index: str) -> Filter:
    """Of the keys of these, not longer before the first or after the last of them."""
    township, moments = scoped["township"], sorted(request.submitted_at for request in requests)
    first, last = (first_id_at(Kind.REQUEST, township, at) for at in (moments[0] - ALIKE_WITHIN, moments[-1] + ALIKE_WITHIN))
    keys = sorted({key for request in requests if (key := matter_key(request))})
    items = {"item_id": {"$in": sorted({request.item_id for request in requests})}} if index == "in_scope_by_item" else {}
    return {**scoped, **items, "matter_key": {"$in": keys}, "_id": {"$gte": first, "$lt": last}}


def _steps(near: Filter, index: str) -> list[Document]:
    """To the newest of what is near one request, itself among them."""
    return [{"$match": near}, {"$sort": IN_ORDER[index]}, {"$limit": 1 + MOST_RELATED}]


def _alike(request: Request, found: Sequence[Request]) -> list[Request]:
    return [other for other in found if is_alike(request, other)][:MOST_RELATED]
