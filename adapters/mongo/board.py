"""The desk's board on MongoDB: every queue by one index over what is open."""

from collections.abc import Sequence
from datetime import datetime

from adapters.mongo.clock import LONG_AGO
from adapters.mongo.driver import Mongo
from adapters.mongo.reads import Filter, seen_by_filter, soonest_first
from domain.access import Actor, keys_of_subtree, oversees
from domain.board import MOST_COUNTED, NEVER, Look, QueueCount
from domain.pages import Page, PageRequest
from domain.requests import Request
from domain.tasks import Task


class MongoBoards:
    """Keeps `domain.board.Boards`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def page(self, look: Look, page: PageRequest, *, seen_by: Actor) -> Page[Task]:
        scoped = _filter(look, seen_by)
        if scoped is None:
            return Page((), (), has_next=False, has_previous=False)
        before = look.before or NEVER.replace(year=NEVER.year + 1)
        if look.late_before is not None:
            scoped["$and"] = [{"$nor": [{"due_provisional": False, "pile_at": {"$lt": look.late_before}}]}]
        return await soonest_first(self._mongo, "tasks", Task, scoped, page, by="pile_at", before=before, since=look.since, index="board")

    async def count(self, look: Look, *, seen_by: Actor) -> QueueCount:
        scoped = _filter(look, seen_by)
        if scoped is None:
            return QueueCount(0, more=False)
        found = sum([await self._count({**scoped, **part}, seen_by) for part in _parts(look)])
        return QueueCount(min(found, MOST_COUNTED), more=found > MOST_COUNTED)

    async def _count(self, scoped: Filter, reader: Actor) -> int:
        # Few are hidden from anybody: they are taken off, so that the large count needs no document.
        del scoped["hidden_from"]
        count = self._mongo.collection("tasks").count_documents
        hidden = await count({**scoped, "hidden_from": reader.id}, hint="board_hidden")
        return await count(scoped, hint="board", limit=MOST_COUNTED + 1 + hidden) - hidden

    async def waiting(self, unit_id: str, page: PageRequest, *, seen_by: Actor) -> Page[Request]:
        scoped = _waiting(unit_id, seen_by)
        if scoped is None:
            return Page((), (), has_next=False, has_previous=False)
        return await soonest_first(
            self._mongo, "requests", Request, scoped, page, by="accept_by", since=LONG_AGO, before=NEVER, index="waiting"
        )

    async def count_waiting(self, unit_id: str, *, seen_by: Actor) -> QueueCount:
        scoped = _waiting(unit_id, seen_by)
        if scoped is None:
            return QueueCount(0, more=False)
        del scoped["hidden_from"]
        count = self._mongo.collection("requests").count_documents
        hidden = await count({**scoped, "hidden_from": seen_by.id}, hint="hidden")
        found = await count(scoped, hint="waiting", limit=MOST_COUNTED + 1 + hidden) - hidden
        return QueueCount(min(found, MOST_COUNTED), more=found > MOST_COUNTED)


def _parts(look: Look) -> Sequence[Filter]:
    """The stretches of time that are counted, on keys alone: of one that is past only what no calendar has judged."""
    if look.late_before is None:
        return [_between(look.since, look.before)]
    return [{**_between(look.since, look.late_before), "due_provisional": True}, _between(look.late_before, look.before)]


def _between(since: datetime | None, before: datetime | None) -> Filter:
    bounds = {name: moment for name, moment in (("$gte", since), ("$lt", before)) if moment}
    return {"pile_at": bounds} if bounds else {}


def _waiting(unit_id: str, reader: Actor) -> Filter | None:
    """What waits to be taken in has a time for that, and nothing else has one."""
    scoped = seen_by_filter(reader)
    if scoped is None or reader.organisation is None or not oversees(reader, unit_id):
        return None
    opened = sorted(keys_of_subtree(reader.organisation, unit_id))
    return {**scoped, "scopes": {"$in": opened}, "accept_by": {"$gte": LONG_AGO, "$lt": NEVER}}


def _filter(look: Look, reader: Actor) -> Filter | None:
    scoped = seen_by_filter(reader)
    if scoped is None or reader.organisation is None or not oversees(reader, look.unit_id):
        return None
    # Whoever leads the unit may open all of it, so its own keys are enough.
    opened = sorted(keys_of_subtree(reader.organisation, look.unit_id))
    judged: Filter = {"due_provisional": False} if look.is_late else {}
    return {**scoped, **judged, "scopes": {"$in": opened}, "pile": {"$in": sorted(pile.value for pile in look.piles)}}
