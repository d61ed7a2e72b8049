"""Figures of units on MongoDB: sums that are kept, less what is hidden from the reader."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from adapters.mongo.driver import Mongo
from adapters.mongo.tallies import MongoTallies
from adapters.mongo.versions import true_in
from domain.access import Actor, Door, keys
from domain.measures import Linked
from domain.organisation import Organisation
from domain.privacy_measures import Answered
from domain.tasks import TaskState

FOR_EVER = "9999-12-31"


@dataclass(slots=True)
class _Links:
    """What was counted of a township under one stamp, on one day: whatever changes a home or its link makes another one, and so does
    whoever sets the database back, where versions are counted again.
    """

    stamp: str
    on: date
    by_grid: dict[str, Mapping[str | None, Linked]] = field(default_factory=dict)


class MongoFigures:
    """Keeps `domain.ports.Figures`."""

    def __init__(self, mongo: Mongo, tallies: MongoTallies) -> None:
        self._mongo = mongo
        self._tallies = tallies
        self._links: dict[str, _Links] = {}

    async def sums(self, unit_ids: Sequence[str], periods: Sequence[str], *, seen_by: Actor) -> Mapping[str, Mapping[str, Counter[str]]]:
        if seen_by.organisation is None:
            return {}
        township = seen_by.organisation.township
        head = await self._tallies.head(township)
        sums: dict[str, dict[str, Counter[str]]] = {unit_id: {} for unit_id in unit_ids}
        for (unit_id, period), counts in (await self._tallies.of(head, unit_ids, periods)).items():
            sums[unit_id][period] = Counter(counts)
        # Few are hidden from anybody: what they added is taken off, so that everything else is read as it is kept.
        hidden = self._mongo.collection("requests").find({"township": township, "hidden_from": seen_by.id}, {"_id": 1}).hint("hidden")
        ids = [document["_id"] for document in await hidden.to_list()]
        for (unit_id, period, name), number in (await self._tallies.added_by(head, ids)).items():
            if period in sums.get(unit_id, {}):
                # An edition that is shown while another is counted may not have counted that yet.
                sums[unit_id][period][name] = max(sums[unit_id][period][name] - number, 0)
        return sums

    async def deferred(self, unit_ids: Sequence[str], *, seen_by: Actor) -> Mapping[str, Sequence[datetime]]:
        if seen_by.organisation is None:
            return {}
        ledger = {"scopes": {"$in": sorted(keys(Door.UNIT, unit_ids))}, "state": {"$in": [TaskState.DEFERRED.value]}}
        wanted = {"township": seen_by.organisation.township, "hidden_from": {"$ne": seen_by.id}, **ledger}
        found = self._mongo.collection("tasks").find(wanted, {"owner_path": 1, "paused_at": 1}).hint("in_scope_by_state")
        tasks = await found.to_list()
        return {id_: [task["paused_at"] for task in tasks if id_ in task["owner_path"] and task["paused_at"]] for id_ in unit_ids}

    async def linked(self, grid_ids: Collection[str], on: date, *, seen_by: Actor) -> Mapping[tuple[str, str | None], Linked]:
        organisation = seen_by.organisation
        if organisation is None:
            return {}
        known = self._links.get(organisation.township)
        if known is None or (known.stamp, known.on) != (organisation.stamp, on):
            known = _Links(organisation.stamp, on)
            self._links[organisation.township] = known
        unknown = set(grid_ids) - known.by_grid.keys()
        if unknown:
            counted = await self._count_links(organisation, unknown, on)
            known.by_grid.update({grid_id: counted.get(grid_id, {}) for grid_id in unknown})
        return {(grid_id, micro_id): homes for grid_id in grid_ids for micro_id, homes in known.by_grid[grid_id].items()}

    async def _count_links(self, organisation: Organisation, grid_ids: Collection[str], on: date) -> dict[str, dict[str | None, Linked]]:
        homes = {**true_in(organisation.township, organisation.version), "residence_grid_id": {"$in": sorted(grid_ids)}}
        # Judged on the keys of the index, as `Household.link_on` does: no home is read.
        until = {"$ifNull": ["$link.until", FOR_EVER]}
        conditions = [
            {"$eq": ["$link.agreed_by_household", True]},
            {"$lte": ["$link.since", on.isoformat()]},
            {"$gt": [until, on.isoformat()]},
        ]
        place = {"grid": "$residence_grid_id", "micro": "$micro_grid_id"}
        counted = {"_id": place, "homes": {"$sum": 1}, "linked": {"$sum": {"$cond": [{"$and": conditions}, 1, 0]}}}
        found = await self._mongo.aggregate("households", [{"$match": homes}, {"$group": counted}], hint="links")
        by_grid: dict[str, dict[str | None, Linked]] = {}
        for row in found:
            by_grid.setdefault(row["_id"]["grid"], {})[row["_id"].get("micro")] = Linked(row["homes"], row["linked"])
        return by_grid

    async def answered(self, since: datetime, until: datetime, *, seen_by: Actor) -> Answered:
        if seen_by.organisation is None:
            return Answered()
        due = {"township": seen_by.organisation.township, "due_at": {"$gte": since, "$lt": until}}
        is_on_time = {"$and": [{"$ne": [{"$ifNull": ["$decided_at", None]}, None]}, {"$lte": ["$decided_at", "$due_at"]}]}
        counted = {"_id": None, "due": {"$sum": 1}, "on_time": {"$sum": {"$cond": [is_on_time, 1, 0]}}}
        found = await self._mongo.aggregate("subject_requests", [{"$match": due}, {"$group": counted}], hint="due")
        return Answered(found[0]["due"], found[0]["on_time"]) if found else Answered()
