"""Homes on MongoDB."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.mongo.driver import Mongo
from adapters.mongo.reads import Filter, own_ids
from adapters.mongo.versions import read_row, true_in
from domain.access import Actor, homes_in_sight
from domain.households import Household
from domain.ids import Kind
from domain.organisation import Organisation


class MongoHouseholds:
    """Keeps `domain.ports.Households`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> list[Household]:
        organisation = seen_by.organisation
        if organisation is None:
            return []
        sight = homes_in_sight(seen_by)
        doors = {
            "id": [sight.own_id] if sight.own_id else [],
            "residence_grid_id": sorted(sight.grid_ids),
            "origin_village_id": sorted(sight.village_ids),
            "micro_grid_id": sorted(sight.micro_grid_ids),
            "link.member_id": [sight.member_id] if sight.member_id else [],
        }
        opened = {"$or": [{name: {"$in": values}} for name, values in doors.items()]}
        found = await self._find(organisation.township, organisation.version, ids, opened)
        # Whether a link holds today is judged here: it ends on its day, not with a write.
        return [home for home in found if sight.has(home)]

    async def of_requests(self, township: str, ids: Sequence[str], *, seen_by: Actor) -> list[Household]:
        if seen_by.organisation is None or seen_by.organisation.township != township:
            return []
        found = await self._find(township, seen_by.organisation.version, ids, {})
        return [replace(household, link=None) for household in found]

    async def as_of(self, home: Household, organisation: Organisation) -> Household:
        found = await self._find(home.township, organisation.version, [home.id], {})
        return found[0] if found else home

    async def _find(self, township: str, version: int, ids: Sequence[str], opened: Filter) -> list[Household]:
        wanted = own_ids(Kind.HOUSEHOLD, ids, township)
        if not wanted:
            return []
        filter_ = {**true_in(township, version), "id": {"$in": wanted}, **opened}
        found = await self._mongo.collection("households").find(filter_).hint("of_id").to_list()
        documents = await self._mongo.vault.opened("households", found)
        return [read_row(Household, document) for document in documents]
