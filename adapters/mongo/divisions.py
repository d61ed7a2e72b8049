"""Administrative divisions on MongoDB: a public table, brought by `import`, read by code or below a code."""

from collections.abc import Callable, Iterable
from itertools import islice

from pymongo import UpdateOne

from adapters.mongo.codec import decode
from adapters.mongo.driver import Document, Mongo
from domain.divisions import Division

BATCH = 1_000
MOST = 1_000
"""So many divisions below one, at most; the largest county has some dozens."""


class MongoDivisions:
    """Keeps `domain.divisions.DivisionTable`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def by_code(self, code: str) -> Division | None:
        found = await self._mongo.collection("divisions").find_one({"_id": code})
        return _division(found) if found else None

    async def below(self, parent: str | None) -> list[Division]:
        found = self._mongo.collection("divisions").find({"parent": parent}).sort([("_id", 1)]).limit(MOST)
        return [_division(document) for document in await found.to_list()]

    async def codes(self) -> frozenset[str]:
        """Every code there is, for the check of the next table."""
        found = self._mongo.collection("divisions").find({}, {"_id": 1}).hint("_id_")
        return frozenset([document["_id"] async for document in found])

    async def put(self, divisions: Iterable[Division], progress: Callable[[str, int], None]) -> tuple[int, int]:
        """How many were new, and how many changed. What is there already and not in the table stays."""
        source, new, changed, done = iter(divisions), 0, 0, 0
        while page := list(islice(source, BATCH)):
            writes = [UpdateOne({"_id": d.code}, {"$set": {"name": d.name, "parent": d.parent}}, upsert=True) for d in page]
            written = await self._mongo.collection("divisions").bulk_write(writes, ordered=False)
            done += len(page)
            new, changed = new + written.upserted_count, changed + written.modified_count
            progress("divisions", done)
        return new, changed


def _division(document: Document) -> Division:
    return decode(Division, {"code": document["_id"], "name": document["name"], "parent": document["parent"]})
