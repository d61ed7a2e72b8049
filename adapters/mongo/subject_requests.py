"""Subject requests on MongoDB: kept with the notices of it, and with the removal that one may be, in one transaction."""

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Mongo, Session
from adapters.mongo.erasure import MongoErasure
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import Filter, find_by_ids, newest_first, own_ids
from adapters.mongo.staging import clear_dead
from domain.access import Actor, Door, key
from domain.commands import Command, Replayed
from domain.errors import RefusalCode, not_found, refused
from domain.ids import Kind
from domain.notices import Notice
from domain.pages import Page, PageRequest
from domain.subject_requests import (
    Decide,
    PersonCounts,
    SubjectRequest,
    SubjectRequestEntry,
    SubjectRequestState,
    keeps_subject_requests,
)

NAME = "subject_requests"
NOTHING: Page[SubjectRequest] = Page((), (), has_next=False, has_previous=False)


class MongoSubjectRequests:
    """Keeps `domain.subject_requests.SubjectRequests`."""

    def __init__(self, mongo: Mongo, ledger: Ledger, erasure: MongoErasure) -> None:
        self._mongo = mongo
        self._ledger = ledger
        self._erasure = erasure

    async def add(self, made: SubjectRequest, told: Sequence[Notice], *, command: Command) -> SubjectRequest | Replayed:
        async def work(session: Session) -> SubjectRequest:
            try:
                await self._mongo.collection(NAME).insert_one(encode(made), session=session)
            except DuplicateKeyError as error:  # of the index that holds one open one of a kind
                raise refused(RefusalCode.LIMIT_REACHED, "refusal.subject_request_open", "kind") from error
            await self._tell(told, session)
            return made

        return await self._ledger.once(command, made.township, made.id, work)

    async def decide(self, id_: str, decide: Decide, *, seen_by: Actor, command: Command) -> SubjectRequest | Replayed:
        scoped = _seen_by(seen_by)
        if scoped is None or not own_ids(Kind.SUBJECT_REQUEST, [id_], scoped["township"]):
            raise not_found("subjectRequestId")
        township: str = scoped["township"]

        async def work(session: Session) -> SubjectRequest:
            found = await self._mongo.collection(NAME).find_one({**scoped, "_id": id_}, session=session)
            if found is None:
                raise not_found("subjectRequestId")
            decision = decide(decode(SubjectRequest, found))
            decided = decision.subject_request
            by_id = {"township": township, "_id": id_}
            await self._mongo.collection(NAME).replace_one(by_id, encode(decided), session=session)
            if decision.erases:
                await self._erasure.erase(decided, at=command.at, session=session)
            await self._tell(decision.told, session)
            return decided

        await clear_dead(self._mongo, township, command.at)
        return await self._ledger.once(command, township, id_, work)

    async def enter(self, id_: str, entry: SubjectRequestEntry, *, seen_by: Actor) -> None:
        scoped = _seen_by(seen_by)
        if scoped is not None:
            more = {"$push": {"entries": encode(entry)}, "$inc": {"version": 1}}
            await self._mongo.collection(NAME).update_one({**scoped, "_id": id_}, more)

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> list[SubjectRequest]:
        scoped = _seen_by(seen_by)
        if scoped is None:
            return []
        return await find_by_ids(self._mongo, NAME, SubjectRequest, own_ids(Kind.SUBJECT_REQUEST, ids, scoped["township"]), scoped)

    async def page(self, state: SubjectRequestState | None, page: PageRequest, *, seen_by: Actor) -> Page[SubjectRequest]:
        if not keeps_subject_requests(seen_by) or seen_by.organisation is None:
            return NOTHING
        states = [state] if state else list(SubjectRequestState)
        scoped = {"township": seen_by.organisation.township, "state": {"$in": [wanted.value for wanted in states]}}
        return await newest_first(self._mongo, NAME, SubjectRequest, scoped, page, index="by_state")

    async def own(self, page: PageRequest, *, seen_by: Actor) -> Page[SubjectRequest]:
        if seen_by.person is None:
            return NOTHING
        return await newest_first(self._mongo, NAME, SubjectRequest, _own(seen_by), page, index="of_person")

    async def counts(self, township: str, person_id: str) -> PersonCounts:
        own = {"township": township, "person_id": person_id}
        accounts = await self._mongo.collection("accounts").count_documents({"person_ids": person_id}, hint="of_person")
        phones = await self._mongo.collection("devices").count_documents({**own, "retired_at": None}, hint="of_person")
        notices = await self._mongo.collection("notices").count_documents(own, hint="inbox")
        readings = await self._mongo.collection("readings").count_documents(own, hint="of_person")
        return PersonCounts(accounts, phones, notices, readings)

    async def _tell(self, notices: Sequence[Notice], session: Session) -> None:
        documents = [{**encode(notice), "scopes": [key(Door.PERSON, notice.person_id)], "unnumbered": True} for notice in notices]
        if documents:
            await self._mongo.collection("notices").insert_many(documents, session=session)


def _own(reader: Actor) -> dict[str, str]:
    return {"township": reader.person.township, "person_id": reader.person.id} if reader.person else {}


def _seen_by(reader: Actor) -> Filter | None:
    """The whole township's for whoever answers them; for anybody else the own ones, and open ones that they typed for somebody."""
    if reader.person is None:
        return None
    scoped: Filter = {"township": reader.person.township}
    if not keeps_subject_requests(reader):
        typed = {"made_by_id": reader.person.id, "state": SubjectRequestState.OPEN.value}
        scoped["$or"] = [{"person_id": reader.person.id}, typed]
    return scoped
