"""How word gets to households, on MongoDB."""

from collections.abc import Mapping, Sequence

from adapters.mongo.driver import Mongo, Session
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import own_ids
from domain.commands import Command
from domain.households import Household, Reach
from domain.ids import Kind


class MongoReaches:
    """Keeps `domain.reach.Reaches`."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def of(self, township: str, household_ids: Sequence[str]) -> Mapping[str, Reach]:
        wanted = own_ids(Kind.HOUSEHOLD, household_ids, township)
        if not wanted:
            return {}
        by_ids = {"township": township, "_id": {"$in": wanted}}
        found = await self._mongo.collection("household_reaches").find(by_ids, {"reach": 1}).hint("_id_").to_list()
        return {document["_id"]: Reach(document["reach"]) for document in found}

    async def put(self, home: Household, reach: Reach, *, command: Command) -> None:
        said = {"reach": reach.value, "set_by_id": command.person_id, "set_at": command.at}

        async def work(session: Session) -> None:
            by_id = {"township": home.township, "_id": home.id}
            await self._mongo.collection("household_reaches").update_one(by_id, {"$set": said}, upsert=True, session=session)

        await self._ledger.once(command, home.township, home.id, work)
