"""Persons and accounts on MongoDB."""

from collections.abc import Sequence
from datetime import datetime

from adapters.mongo.codec import decode
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.organisations import MongoOrganisations
from domain.access import NOBODY, Actor, actor_of
from domain.identity import SignIn
from domain.ids import Kind
from domain.people import Person

_STEPS: list[Document] = [
    {"$lookup": {"from": "persons", "localField": "person_id", "foreignField": "_id", "as": "person"}},
    {
        "$lookup": {
            "from": "townships",
            "localField": "township",
            "foreignField": "_id",
            "pipeline": [{"$project": {"stamp": 1}}],
            "as": "at",
        }
    },
]


class MongoPeople:
    """Keeps `domain.ports.People`. Who signs in is read anew each time, in one command: an ended post ends rights at once."""

    def __init__(self, mongo: Mongo, organisations: MongoOrganisations) -> None:
        self._mongo = mongo
        self._organisations = organisations

    async def signed_in(self, sign_in: SignIn, *, at: datetime) -> Actor:
        found = await self._mongo.aggregate("accounts", [{"$match": {"_id": sign_in.uid}}, *_STEPS])
        if not found or not found[0]["person"] or not found[0]["at"]:
            return NOBODY
        account = found[0]
        organisation = await self._organisations.at_stamp(account["township"], account["at"][0]["stamp"])
        return actor_of(decode(Person, account["person"][0]), organisation, at=at)

    async def by_ids(self, township: str, ids: Sequence[str]) -> list[Person]:
        wanted = [id_ for id_ in ids if id_.startswith(f"{Kind.PERSON.value}_{township}_")]
        if not wanted:
            return []
        documents = await self._mongo.collection("persons").find({"township": township, "_id": {"$in": wanted}}).to_list()
        return [decode(Person, document) for document in documents]
