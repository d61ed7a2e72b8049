"""Removing what is kept of somebody, on MongoDB: in the transaction of whoever agreed to it, so whole or not at all."""

from collections.abc import Iterable
from datetime import datetime

from adapters.mongo.accounts import leave_accounts
from adapters.mongo.driver import Mongo, Session
from adapters.mongo.holds import FACTS, holds_of, with_open_subject_requests
from domain.access import Door, key
from domain.erasure import GOES_WITH_PERSON, Because, Hold, put_off_by
from domain.errors import RefusalCode, refused
from domain.people import ERASED_NAME
from domain.subject_requests import SubjectRequest

OWN = {"followings": "of_person"}
"""By which index what is somebody's is found, where another one begins alike."""


class MongoErasure:
    """Words become a tombstone, the name a mark; sign-ins, phones and inbox go. Requests, tasks and events stay as they are."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def erase(self, asked: SubjectRequest, *, at: datetime, session: Session) -> None:
        """Raises `Refused` WRONG_STATE while anything of the person's is held, CONFLICT while an import is being applied."""
        township, person_id = asked.township, asked.person_id
        own = {"township": township, "scopes": key(Door.PERSON, person_id)}
        requests = await self._mongo.collection("requests").find(own, FACTS, session=session).hint("in_scope").to_list()
        holds = await holds_of(self._mongo, township, requests, but_for=asked.id, session=session)
        # Somebody who never asked for anything may still have another question open.
        waiting = await with_open_subject_requests(self._mongo, township, {person_id}, asked.id, session)
        put_off = put_off_by([*holds.values(), Hold(has_open_subject_request=bool(waiting))])
        if put_off is not None:
            raise refused(RefusalCode.WRONG_STATE, f"refusal.erasure_{put_off}", "subjectRequestId", current=asked)
        ids = [request["_id"] for request in requests]
        await bury(self._mongo, township, ids, because=Because.ASKED_FOR, at=at, session=session)
        await self._forget_name(township, person_id, asked.id, session)
        await self._end_grants(township, person_id, at, session)
        by_person = {"township": township, "person_id": person_id}
        # What they asked and were answered before goes; the answer to this one says that they were removed.
        of_others = {"$cond": [{"$eq": ["$_id", asked.id]}, "$reason", None]}
        await self._mongo.collection("subject_requests").update_many(
            by_person, [{"$set": {"words": None, "reason": of_others}}], session=session
        )
        await leave_accounts(self._mongo, person_id, session)
        for name, field in GOES_WITH_PERSON:
            await self._mongo.collection(name).delete_many({"township": township, field: person_id}, hint=OWN.get(name), session=session)

    async def _end_grants(self, township: str, person_id: str, at: datetime, session: Session) -> None:
        """Nobody asks for them any more, and they for nobody."""
        for party in ("principal_id", "agent_id"):
            unended = {"township": township, party: person_id, "revoked_at": None}
            ended = {"$set": {"revoked_at": at}, "$inc": {"version": 1}}
            await self._mongo.collection("proxy_grants").update_many(unended, ended, session=session)

    async def _forget_name(self, township: str, person_id: str, mark: str, session: Session) -> None:
        """In every version that there ever was; whoever keeps the township in memory reads it anew.

        The township's document is written along: whoever read the name before, an import or a change of the organisation, is overtaken.
        Raises `Refused` CONFLICT while an import is being applied, which may have the name in what it wrote ahead.
        """
        is_free, moves_on = {"_id": township, "staging": None}, {"$set": {"stamp": f"without {mark}"}, "$inc": {"entries": 1}}
        if await self._mongo.collection("townships").find_one_and_update(is_free, moves_on, projection={"_id": 1}, session=session) is None:
            raise refused(RefusalCode.CONFLICT, "refusal.import_under_way", "commandId")
        nobody = {"$set": {"display_name": ERASED_NAME, "household_id": None, "code": ""}}
        await self._mongo.collection("persons").update_many({"township": township, "id": person_id}, nobody, session=session)


async def kept_of(mongo: Mongo, township: str, person_ids: Iterable[str], session: Session) -> frozenset[str]:
    """Those of them who were not removed, and are not before the transaction ends: something of theirs is about to be written.

    A bit of their rows is turned over, so that the removal and this transaction cannot both be carried out without seeing each other.
    """
    living = {"township": township, "id": {"$in": sorted(person_ids)}, "display_name": {"$ne": ERASED_NAME}}
    persons = mongo.collection("persons")
    await persons.update_many(living, {"$bit": {"held": {"xor": 1}}}, hint="of_id", session=session)
    found = persons.find(living, {"id": 1}, session=session).hint("of_id")
    return frozenset(document["id"] for document in await found.to_list())


async def bury(mongo: Mongo, township: str, ids: list[str], *, because: Because, at: datetime, session: Session | None = None) -> None:
    """Leaves of the words of these requests only that they were removed, when and why."""
    if ids:
        tombstone = {"_id": "$_id", "township": "$township", "erased_at": at, "erased_because": because.value}
        by_id = {"township": township, "_id": {"$in": ids}, "erased_at": None}
        await mongo.collection("words").update_many(by_id, [{"$replaceWith": tombstone}], session=session)
