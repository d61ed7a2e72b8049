"""Persons and accounts on MongoDB."""

from collections.abc import Sequence
from datetime import date, datetime

from adapters.mongo.codec import decode
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.organisations import MongoOrganisations
from adapters.mongo.versions import read_row
from domain.access import NOBODY, Actor, actor_of
from domain.accounts import day_of, is_stale
from domain.households import Household
from domain.identity import SignIn
from domain.ids import Kind
from domain.people import Person
from domain.proxies import ProxyGrant

_IS_TRUE = {"$and": [{"$eq": ["$township", "$$at"]}, {"$lte": ["$from_version", "$$now"]}, {"$gt": ["$to_version", "$$now"]}]}


AT_NOW: list[Document] = [
    {
        "$lookup": {
            "from": "townships",
            "localField": "township",
            "foreignField": "_id",
            "pipeline": [{"$project": {"stamp": 1, "version": 1}}],
            "as": "at",
        }
    },
    {"$unwind": "$at"},
]
"""Joins the stamp and the version that the account's township has now."""


def rows_of(collection: str, local: str, name: str, *, less: Sequence[str] = ()) -> Document:
    """Joins the rows of `collection` that are true in the township's version, by their id, `less` some fields."""
    project = [{"$project": dict.fromkeys(less, 0)}] if less else []
    return {
        "$lookup": {
            "from": collection,
            "localField": local,
            "foreignField": "id",
            "let": {"at": "$township", "now": "$at.version"},
            "pipeline": [{"$match": {"$expr": _IS_TRUE}}, *project],
            "as": name,
        }
    }


_PERSON_AND_HOME: list[Document] = [
    rows_of("persons", "person_id", "person"),
    # Where it stands and whom it agreed to is all that rights need; its address stays sealed.
    rows_of("households", "person.household_id", "home", less=["address"]),
]


def _acting(person_id: str | None) -> Document:
    """`person_id` is whoever acts: the one who is named, if it is one of the account's; the only one, where nobody is named."""
    if person_id is None:
        only = {"$cond": [{"$eq": [{"$size": "$person_ids"}, 1]}, {"$first": "$person_ids"}, None]}
        return {"$set": {"person_id": only}}
    named = {"$literal": person_id}
    return {"$set": {"person_id": {"$cond": [{"$in": [named, "$person_ids"]}, named, None]}}}


def _grants_to(on: str) -> Document:
    """Joins the grants under which the person is a proxy that day; there are at most 20."""
    is_live = {"revoked_at": None, "until": {"$gt": on}, "since": {"$lte": on}}
    return {
        "$lookup": {
            "from": "proxy_grants",
            "localField": "person_id",
            "foreignField": "agent_id",
            "pipeline": [{"$match": is_live}],
            "as": "grants",
        }
    }


def _rows_until_now(ids: Sequence[str]) -> Document:
    """Joins the township's rows of these persons that are or were true: what an import writes ahead is nobody's to see."""
    is_no_later = {"$and": [{"$eq": ["$township", "$$at"]}, {"$lte": ["$from_version", "$$now"]}]}
    return {
        "$lookup": {
            "from": "persons",
            "let": {"at": "$_id", "now": "$version"},
            "pipeline": [{"$match": {"id": {"$in": ids}, "$expr": is_no_later}}],
            "as": "persons",
        }
    }


class MongoPeople:
    """Keeps `domain.ports.People`. Who signs in is read anew each time, in one command: an ended post ends rights at once.

    The first time on a day that the sign-in is used, a second command says which day it was.
    """

    def __init__(self, mongo: Mongo, organisations: MongoOrganisations) -> None:
        self._mongo = mongo
        self._organisations = organisations

    async def signed_in(self, sign_in: SignIn, *, at: datetime, person_id: str | None = None) -> Actor:
        grants = _grants_to(day_of(at).isoformat())
        steps = [{"$match": {"_id": sign_in.uid}}, *AT_NOW, _acting(person_id), *_PERSON_AND_HOME, grants]
        found = await self._mongo.aggregate("accounts", steps)
        if not found or not found[0]["person"] or is_stale(date.fromisoformat(found[0]["last_used_day"]), sign_in, at):
            return NOBODY
        account, today = found[0], day_of(at).isoformat()
        if account["last_used_day"] < today:
            await self._mongo.collection("accounts").update_one({"_id": sign_in.uid}, {"$set": {"last_used_day": today}})
        organisation = await self._organisations.at_stamp(account["township"], account["at"]["stamp"])
        homes = [read_row(Household, {**home, "address": ""}) for home in account["home"]]
        given = [decode(ProxyGrant, grant) for grant in account["grants"]]
        return actor_of(read_row(Person, account["person"][0]), organisation, at=at, home=homes[0] if homes else None, grants=given)

    async def by_ids(self, township: str, ids: Sequence[str]) -> list[Person]:
        wanted = [id_ for id_ in ids if id_.startswith(f"{Kind.PERSON.value}_{township}_")]
        if not wanted:
            return []
        found = await self._mongo.aggregate("townships", [{"$match": {"_id": township}}, _rows_until_now(wanted)])
        latest: dict[str, Document] = {}
        for document in found[0]["persons"] if found else ():
            known = latest.get(document["id"])
            if known is None or known["from_version"] < document["from_version"]:
                latest[document["id"]] = document
        return [read_row(Person, document) for document in latest.values()]
