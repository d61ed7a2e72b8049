"""Proxy grants on MongoDB."""

from collections.abc import Sequence
from datetime import date

from pymongo.errors import DuplicateKeyError

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.ledger import ATTEMPTS, Ledger
from adapters.mongo.reads import own_ids
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.commands import Command, Replayed
from domain.errors import not_found
from domain.ids import Kind
from domain.proxies import ProxyGrant, check_room

PARTIES = (("principal_id", "given_by"), ("agent_id", "given_to"))
"""Each party of a grant, and the index that finds those of one."""


class MongoProxyGrants:
    """Keeps `domain.proxies.ProxyGrants`."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def record(self, grant: ProxyGrant, *, command: Command) -> str:
        on = command.at.astimezone(SHANGHAI).date()

        async def work(session: Session) -> str:
            await self._hold(grant, session)
            others: dict[str, ProxyGrant] = {}
            for party, index in PARTIES:
                unended = _unended(grant.township, party, getattr(grant, party), on)
                for document in await self._mongo.collection("proxy_grants").find(unended, session=session).hint(index).to_list():
                    others[document["_id"]] = decode(ProxyGrant, document)
            check_room(grant.principal_id, grant.agent_id, list(others.values()))
            await self._mongo.collection("proxy_grants").insert_one(encode(grant), session=session)
            return grant.id

        for attempt in range(ATTEMPTS):
            try:
                kept = await self._ledger.once(command, grant.township, grant.id, work)
                return kept.subject_id if isinstance(kept, Replayed) else kept
            except DuplicateKeyError:  # the first grant of a party, twice at the same moment
                if attempt + 1 == ATTEMPTS:
                    raise
        raise RuntimeError("unreachable")

    async def revoke(self, grant_id: str, *, township: str, command: Command) -> None:
        by_id = {"township": township, "_id": grant_id}

        async def work(session: Session) -> None:
            found = await self._mongo.collection("proxy_grants").find_one(by_id, session=session)
            if found is None:
                raise not_found("grantId")
            revoked = encode(decode(ProxyGrant, found).revoke(at=command.at))
            ended = {"revoked_at": revoked["revoked_at"], "version": revoked["version"]}
            await self._mongo.collection("proxy_grants").update_one(by_id, {"$set": ended}, session=session)

        await self._ledger.once(command, township, grant_id, work)

    async def by_ids(self, township: str, ids: Sequence[str]) -> list[ProxyGrant]:
        wanted = own_ids(Kind.PROXY_GRANT, ids, township)
        if not wanted:
            return []
        found = self._mongo.collection("proxy_grants").find({"township": township, "_id": {"$in": wanted}}).hint("_id_")
        return [decode(ProxyGrant, document) for document in await found.to_list()]

    async def of_person(self, *, seen_by: Actor, on: date) -> list[ProxyGrant]:
        if seen_by.person is None:
            return []
        township, found = seen_by.person.township, list[Document]()
        for party, index in PARTIES:
            wanted = _unended(township, party, seen_by.person.id, on)
            found += await self._mongo.collection("proxy_grants").find(wanted).hint(index).to_list()
        return sorted((decode(ProxyGrant, document) for document in found), key=lambda grant: grant.id, reverse=True)

    async def _hold(self, grant: ProxyGrant, session: Session) -> None:
        """Both parties' counters conflict, so that of rivals only one at a time counts what is there and adds to it."""
        for party in sorted(grant.parties):
            by_id = {"township": grant.township, "_id": party}
            await self._mongo.collection("proxy_parties").update_one(by_id, {"$inc": {"grants": 1}}, upsert=True, session=session)


def _unended(township: str, party: str, person_id: str, on: date) -> Document:
    return {"township": township, party: person_id, "revoked_at": None, "until": {"$gt": on.isoformat()}}
