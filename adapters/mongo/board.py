"""The desk's board on MongoDB: every queue by one index over what is open."""

from adapters.mongo.driver import Mongo
from adapters.mongo.reads import Filter, seen_by_filter, soonest_first
from domain.access import Actor, keys_of_subtree, oversees
from domain.board import MOST_COUNTED, NEVER, Look, QueueCount
from domain.pages import Page, PageRequest
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
        return await soonest_first(self._mongo, "tasks", Task, scoped, page, by="pile_at", before=before, since=look.since, index="board")

    async def count(self, look: Look, *, seen_by: Actor) -> QueueCount:
        scoped = _filter(look, seen_by)
        if scoped is None:
            return QueueCount(0, more=False)
        # Few are hidden from anybody: they are taken off, so that the large count needs no document.
        del scoped["hidden_from"]
        bounds = {name: moment for name, moment in (("$gte", look.since), ("$lt", look.before)) if moment}
        if bounds:
            scoped["pile_at"] = bounds
        count = self._mongo.collection("tasks").count_documents
        hidden = await count({**scoped, "hidden_from": seen_by.id}, hint="board_hidden")
        found = await count(scoped, hint="board", limit=MOST_COUNTED + 1 + hidden) - hidden
        return QueueCount(min(found, MOST_COUNTED), more=found > MOST_COUNTED)


def _filter(look: Look, reader: Actor) -> Filter | None:
    scoped = seen_by_filter(reader)
    if scoped is None or reader.organisation is None or not oversees(reader, look.unit_id):
        return None
    # Whoever leads the unit may open all of it, so its own keys are enough.
    opened = sorted(keys_of_subtree(reader.organisation, look.unit_id))
    return {**scoped, "scopes": {"$in": opened}, "pile": {"$in": sorted(pile.value for pile in look.piles)}}
