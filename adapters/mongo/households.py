"""Homes on MongoDB."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.mongo.driver import Mongo
from adapters.mongo.reads import find_by_ids, own_ids, seen_by_filter
from domain.access import Actor
from domain.households import Household
from domain.ids import Kind


class MongoHouseholds:
    """Keeps `domain.ports.Households`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> list[Household]:
        scoped = seen_by_filter(seen_by)
        if scoped is None:
            return []
        del scoped["hidden_from"]
        return await find_by_ids(self._mongo, "households", Household, own_ids(Kind.HOUSEHOLD, ids, scoped["township"]), scoped)

    async def of_requests(self, township: str, ids: Sequence[str]) -> list[Household]:
        wanted = own_ids(Kind.HOUSEHOLD, ids, township)
        found = await find_by_ids(self._mongo, "households", Household, wanted, {"township": township})
        return [replace(household, link=None) for household in found]
