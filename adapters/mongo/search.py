"""Searching requests by their words, on MongoDB: an index of tokens beside the erasable words, and whatever it finds judged by scope.

Where the reader may see fewer requests than have the rarest of the tokens, those are looked through; else those that have it, newest first,
some at a time. A page looks through so many and no more: then it says where it stopped, and the next one goes on there.
"""

from asyncio import gather
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime

from adapters.mongo.codec import encode
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.reads import Filter, newest_first, page_of
from domain.access import WORKING, Actor
from domain.pages import Page, PageRequest
from domain.people import ERASED_NAME
from domain.requests import CONTENTS_OPEN, Request
from domain.search import SHORTEST_SURE_NAME, Look, Sought, possible_names, tokens_of

PROBED = 1_000
"""How far is counted: what is rarer is looked through at once."""

FIRST_STEP, STEP = 100, 1_000
LOOKED_THROUGH = 10_000
"""How many requests one page looks at, at most."""

NOTHING: Page[Request] = Page((), (), has_next=False, has_previous=False)


class MongoSearch:
    """For `MongoRequests`: pages of what was written."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def page(self, sought: Sought, scoped: Filter, page: PageRequest, *, reader: Actor, at: datetime) -> Page[Request]:
        """Newest first, of what `scoped` opens to the reader and whose contents are not closed to them; nothing by anybody's name."""
        township: str = scoped["township"]
        keys = scoped["scopes"]
        own = {"township": township, "scopes": {"$in": [keys]} if isinstance(keys, str) else keys}
        (rarest, fewest), seen = await gather(self._rarest(township, sought.tokens), self._count("requests", own, "in_scope"))
        if not fewest or not seen or await self._is_a_name(township, sought):
            return NOTHING
        scoped = {**scoped, "$and": [_open_to(reader, at)]}
        bounds, is_walk_of_words = scoped.get("_id", {}), seen >= min(fewest + 1, PROBED)
        if is_walk_of_words:
            steps = self._steps("words", {"township": township, "tokens": rarest}, bounds, "by_token", page)
        else:
            steps = self._steps("requests", own, bounds, "in_scope", page)
        is_sure = is_walk_of_words and sought.parts == (rarest,)
        return await self._found(steps, sought, scoped, page, is_sure=is_sure)

    async def _rarest(self, township: str, tokens: Sequence[str]) -> tuple[str, int]:
        """The token that the fewest texts have, and how many have it, as far as is counted."""
        (fewest, _), token = min(zip(await gather(*(self._frequency(township, token) for token in tokens)), tokens, strict=True))
        return token, fewest

    async def _frequency(self, township: str, token: str) -> tuple[int, str]:
        """How many texts have a token; of what very many have, so many and the id of the last of these, newest first: older is rarer."""
        having = {"township": township, "tokens": token}
        newest = self._mongo.collection("words").find(having, {"_id": 1}).sort([("_id", -1)])
        last = await newest.skip(PROBED - 1).limit(1).hint("by_token").to_list()
        return (PROBED, last[0]["_id"]) if last else (await self._count("words", having, "by_token"), "")

    async def _count(self, name: str, wanted: Filter, index: str) -> int:
        return await self._mongo.collection(name).count_documents(wanted, limit=PROBED, hint=index)

    async def _is_a_name(self, township: str, sought: Sought) -> bool:
        """Whether a part of it is somebody's name, or has one in it that is too long to be there by chance."""
        known = await names_among(self._mongo, township, [sought.given])
        return any(name in sought.parts or len(name) >= SHORTEST_SURE_NAME for name in map(str.casefold, known))

    async def _steps(self, name: str, wanted: Filter, bounds: Mapping[str, str], index: str, page: PageRequest) -> AsyncIterator[list[str]]:
        """Ids along an index, in the page's direction, some at a time: read off the keys alone."""
        position, direction = (page.before, 1) if page.is_backward else (page.after, -1)
        last, size = position[0] if position else None, FIRST_STEP
        while True:
            range_ = dict(bounds)
            if last is not None:
                range_ |= {"$gt": last} if page.is_backward else {"$lt": min(last, bounds.get("$lt", last))}
            further = {**wanted, "_id": range_} if range_ else wanted
            cursor = self._mongo.collection(name).find(further, {"_id": 1}).sort([("_id", direction)]).limit(size)
            ids = [document["_id"] for document in await cursor.hint(index).to_list()]
            if ids:
                yield ids
            if len(ids) < size:
                return
            last, size = ids[-1], min(2 * size, STEP)

    async def _found(
        self, steps: AsyncIterator[list[str]], sought: Sought, scoped: Filter, page: PageRequest, *, is_sure: bool
    ) -> Page[Request]:
        """`is_sure`: whatever the steps come by has the words."""
        found: list[Document] = []
        looked, stopped_at = 0, None
        async for ids in steps:
            found += await self._matching(ids, sought, scoped, page, is_sure=is_sure)
            looked += len(ids)
            if len(found) > page.size:
                break
            if looked >= LOOKED_THROUGH:
                stopped_at = (ids[-1],)
                break
        return page_of(Request, found, page, lambda document: (document["_id"],), stopped_at=stopped_at)

    async def _having(self, ids: list[str], sought: Sought, township: str) -> list[str]:
        wanted = {"township": township, "_id": {"$in": ids}, "tokens": {"$all": list(sought.tokens)}}
        words = await self._mongo.collection("words").find(wanted, {"text": 1}).hint("_id_").to_list()
        return [document["_id"] for document in words if sought.is_in(document["text"])]

    async def _matching(self, ids: list[str], sought: Sought, scoped: Filter, page: PageRequest, *, is_sure: bool) -> list[Document]:
        """Those of `ids` that have the words and that the reader may see, in the page's direction."""
        having = ids if is_sure else await self._having(ids, sought, scoped["township"])
        if not having:
            return []
        bounds = scoped.get("_id", {})
        seen = self._mongo.collection("requests").find({**scoped, "_id": {**bounds, "$in": having}})
        return await seen.sort([("_id", 1 if page.is_backward else -1)]).hint("_id_").to_list()


class MongoSearchLog:
    """Keeps `domain.search.SearchLog`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def enter(self, look: Look) -> None:
        await self._mongo.collection("looks").insert_one(encode(look))

    async def finish(self, look: Look, rows: int) -> None:
        by_id = {"township": look.township, "_id": look.id}
        await self._mongo.collection("looks").update_one(by_id, {"$set": {"rows": rows}})

    async def of_township(self, page: PageRequest, *, seen_by: Actor) -> Page[Look]:
        if seen_by.person is None:
            return Page((), (), has_next=False, has_previous=False)
        wanted = {"township": seen_by.person.township}
        return await newest_first(self._mongo, "looks", Look, wanted, page, index="of_township")


def _open_to(reader: Actor, at: datetime) -> Filter:
    """What `Request.has_closed_contents_for` says, for the query: whoever only worked on it finds it for a time, the others always."""
    others = sorted(key for key in reader.keys if not key.startswith(WORKING))
    return {"$or": [{"closed_at": None}, {"closed_at": {"$gte": at - CONTENTS_OPEN}}, {"scopes": {"$in": others}}]}


async def names_among(mongo: Mongo, township: str, texts: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Persons' names that stand in one of the texts, those of earlier days too, and whose they are."""
    wanted: Filter = {"township": township, "display_name": {"$in": sorted(possible_names(texts) - {ERASED_NAME})}}
    found = await mongo.collection("persons").find(wanted, {"_id": 0, "display_name": 1, "id": 1}).hint("by_name").to_list()
    names: dict[str, set[str]] = {}
    for person in found:
        names.setdefault(person["display_name"], set()).add(person["id"])
    return {name: frozenset(ids) for name, ids in names.items()}


async def tokens_for(mongo: Mongo, township: str, texts: Mapping[str, str], askers: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """By id, what each text is found by: not by names in it, nor by short ones of those who asked."""
    known = await names_among(mongo, township, list(texts.values()))
    return {
        id_: list(tokens_of(text, [name for name in known if len(name) >= SHORTEST_SURE_NAME or not known[name].isdisjoint(askers[id_])]))
        for id_, text in texts.items()
    }
