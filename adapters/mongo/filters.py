"""Saved filters on MongoDB: one document a person, so that how many there are is judged with all of them."""

from collections.abc import Callable, Sequence

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Mongo, Session
from adapters.mongo.ledger import Ledger
from domain.access import Actor
from domain.commands import Command, Replayed
from domain.filters import SavedFilter, saved, without

Change = Callable[[Sequence[SavedFilter]], tuple[SavedFilter, ...]]


class MongoFilters:
    """Keeps `domain.filters.Filters`."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def own(self, *, seen_by: Actor) -> tuple[SavedFilter, ...]:
        return await self._of(seen_by, None)

    async def save(self, new: SavedFilter, *, by: Actor, command: Command) -> Sequence[SavedFilter] | Replayed:
        return await self._change(lambda there: saved(there, new), by, command)

    async def remove(self, filter_id: str, *, by: Actor, command: Command) -> Sequence[SavedFilter] | Replayed:
        return await self._change(lambda there: without(there, filter_id), by, command)

    async def _of(self, owner: Actor, session: Session | None) -> tuple[SavedFilter, ...]:
        if owner.person is None:
            return ()
        by_id = {"township": owner.person.township, "_id": owner.person.id}
        found = await self._mongo.collection("saved_filters").find_one(by_id, session=session, hint="_id_")
        return tuple(decode(SavedFilter, {**each}) for each in found["filters"]) if found else ()

    async def _change(self, change: Change, by: Actor, command: Command) -> Sequence[SavedFilter] | Replayed:
        person = by.person
        if person is None:
            raise ValueError("whoever changes a filter has signed in")

        async def work(session: Session) -> Sequence[SavedFilter]:
            filters = change(await self._of(by, session))
            by_id = {"township": person.township, "_id": person.id}
            kept = {"$set": {"filters": [encode(each) for each in filters], "saved_at": command.at}}
            await self._mongo.collection("saved_filters").update_one(by_id, kept, upsert=True, session=session)
            return filters

        return await self._ledger.once(command, person.township, person.id, work)
