"""Followers on MongoDB: a row a person and request, so that thousands may come at once and none of them touches the request."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count

from pymongo import ReturnDocument
from pymongo.errors import BulkWriteError

from adapters.mongo.cases import MongoCases
from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.erasure import kept_of
from adapters.mongo.ledger import Ledger
from adapters.mongo.reads import Filter, find_by_ids, newest_first, own_ids
from domain.access import Actor, Door, key
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from domain.errors import RefusalCode, not_found, refused
from domain.followers import MOST_COUNTED, MOST_FOLLOWED, FollowerCount, Following
from domain.ids import Kind
from domain.pages import Page, PageRequest
from domain.requests import Request, Words
from domain.tellings import Telling, TellingsLeft

DUPLICATE_KEY = 11000
NAME = "followings"


class MongoFollowers:
    """Keeps `domain.followers.Followers`."""

    def __init__(self, mongo: Mongo, ledger: Ledger, cases: MongoCases) -> None:
        self._mongo = mongo
        self._ledger = ledger
        self._cases = cases

    async def follow(self, new: Following, *, command: Command) -> Following | Replayed:
        by_id = {"township": new.township, "_id": new.id}
        own = {"township": new.township, "person_id": new.person_id}

        async def work(session: Session) -> Following:
            followings = self._mongo.collection(NAME)
            # Whoever follows two things at once is counted one after the other, and a removal of their data sees this.
            if not await kept_of(self._mongo, new.township, [new.person_id], session):
                raise refused(RefusalCode.SIGN_IN_REQUIRED, "refusal.sign_in_required")
            there = await followings.find_one(by_id, session=session, hint="_id_")
            if there is not None:
                return decode(Following, there)
            if await followings.count_documents(own, session=session, hint="of_person", limit=MOST_FOLLOWED) >= MOST_FOLLOWED:
                raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_followed", "requestId", most=MOST_FOLLOWED)
            await followings.insert_one(encode(new), session=session)
            return new

        return await self._ledger.once(command, new.township, new.id, work)

    async def unfollow(self, request_id: str, *, by: Actor, command: Command) -> str | Replayed:
        own = {**_own(by), "request_id": request_id}

        async def work(session: Session) -> str:
            if (await self._mongo.collection(NAME).delete_one(own, hint="of_request", session=session)).deleted_count == 0:
                raise not_found("requestId")
            return request_id

        if not own_ids(Kind.REQUEST, [request_id], own["township"]):
            raise not_found("requestId")
        return await self._ledger.once(command, own["township"], request_id, work)

    async def report(self, following: Following, act: Act, words: Words, event_id: str, command: Command) -> Case | Replayed:
        by_id = {"township": following.township, "_id": following.id}

        async def ends(session: Session) -> None:
            if (await self._mongo.collection(NAME).delete_one(by_id, session=session)).deleted_count == 0:
                raise not_found("requestId")

        return await self._cases.add(act, words, event_id, command, first=ends)

    async def page(self, page: PageRequest, *, seen_by: Actor) -> Page[Following]:
        if seen_by.person is None:
            return Page((), (), has_next=False, has_previous=False)
        return await newest_first(self._mongo, NAME, Following, {**_own(seen_by)}, page, index="of_person")

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> list[Following]:
        if seen_by.person is None:
            return []
        own = _own(seen_by)
        return await find_by_ids(self._mongo, NAME, Following, own_ids(Kind.FOLLOWING, ids, own["township"]), {**own})

    async def of_request(self, request_id: str, *, seen_by: Actor) -> Following | None:
        own = {**_own(seen_by), "request_id": request_id}
        found = await self._mongo.collection(NAME).find_one(own, hint="of_request")
        return decode(Following, found) if found else None

    async def asked_too(self, into: Request, *, seen_by: Actor) -> bool:
        if into.merged_count == 0 or seen_by.id is None:
            return False
        own: Filter = {"township": into.township, "scopes": key(Door.PERSON, seen_by.id), "merged_into_id": into.id}
        return await self._mongo.collection("requests").find_one(own, {"_id": 1}, hint="in_scope") is not None

    async def count(self, request: Request) -> FollowerCount:
        wanted: Filter = {"township": request.township, "request_id": request.id}
        if request.merged_count:
            of_it = {"township": request.township, "merged_into_id": {"$in": [request.id]}}
            merged = await self._mongo.collection("requests").find(of_it, {"_id": 1}).sort([("_id", 1)]).hint("merged").to_list()
            wanted["request_id"] = {"$in": [request.id, *(each["_id"] for each in merged)]}
        found = await self._mongo.collection(NAME).count_documents(wanted, hint="of_request", limit=MOST_COUNTED + 1)
        return FollowerCount(min(found, MOST_COUNTED), more=found > MOST_COUNTED)


class MongoTellings:
    """Keeps `domain.tellings.Tellings`. `mark` is this relay's own; each claim adds its number."""

    def __init__(self, mongo: Mongo, *, mark: str) -> None:
        self._mongo = mongo
        self._marks = (f"{mark}-{number}" for number in count(1))

    async def owe(self, tellings: Sequence[Telling]) -> None:
        wanted = [telling for telling in tellings if await self._is_followed(telling)]
        await self._keep([(telling, telling.at) for telling in wanted])

    async def claim(self, *, is_push: bool, at: datetime, lease_seconds: float) -> Telling | None:
        tellings, is_due = self._mongo.collection("tellings"), {"due_at": {"$lte": at}}
        while found := await tellings.find({"is_push": is_push, **is_due}).sort([("due_at", 1)]).limit(1).hint("due").to_list():
            by_id = {"township": found[0]["township"], "_id": found[0]["_id"]}
            claimed = {"$set": {"due_at": at + timedelta(seconds=lease_seconds), "mark": next(self._marks)}}
            # As it is by then: another relay may have told some more since it was found.
            own = await tellings.find_one_and_update({**by_id, **is_due}, claimed, return_document=ReturnDocument.AFTER)
            if own is not None:
                return decode(Telling, own)
        return None

    async def followers(self, telling: Telling, limit: int) -> list[Following]:
        wanted = {"township": telling.township, "request_id": telling.request_ids[0], "person_id": {"$gt": telling.after}}
        found = self._mongo.collection(NAME).find(wanted).sort([("person_id", 1)]).limit(limit).hint("of_request")
        return [decode(Following, document) for document in await found.to_list()]

    async def push(self, tellings: Sequence[Telling], *, due_at: datetime) -> None:
        await self._keep([(telling, due_at) for telling in tellings])

    async def go_on(self, telling: Telling, *, due_at: datetime) -> None:
        so_far = {"request_ids": list(telling.request_ids), "after": telling.after, "tries": telling.tries, "phones": list(telling.phones)}
        free = {"$set": {**so_far, "due_at": due_at, "mark": ""}}
        await self._mongo.collection("tellings").update_one(_mine(telling), free)

    async def done(self, telling: Telling) -> None:
        await self._mongo.collection("tellings").delete_one(_mine(telling))

    async def left(self, *, is_push: bool) -> TellingsLeft:
        wanted, tellings = {"is_push": is_push}, self._mongo.collection("tellings")
        first = await tellings.find(wanted, {"_id": 0, "due_at": 1}).sort([("due_at", 1)]).limit(1).hint("due").to_list()
        return TellingsLeft(await tellings.count_documents(wanted, hint="due"), first[0]["due_at"] if first else None)

    async def _is_followed(self, telling: Telling) -> bool:
        by_anybody = {"township": telling.township, "request_id": {"$in": list(telling.request_ids)}}
        return await self._mongo.collection(NAME).find_one(by_anybody, {"_id": 1}, hint="of_request") is not None

    async def _keep(self, tellings: Sequence[tuple[Telling, datetime]]) -> None:
        documents: list[Document] = [
            {**encode(telling), "is_push": telling.is_push, "due_at": due_at, "mark": ""} for telling, due_at in tellings
        ]
        if not documents:
            return
        try:
            await self._mongo.collection("tellings").insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(trouble["code"] != DUPLICATE_KEY for trouble in error.details["writeErrors"]):
                raise


def _own(reader: Actor) -> dict[str, str]:
    if reader.person is None:
        raise ValueError("nobody follows nothing")
    return {"township": reader.person.township, "person_id": reader.person.id}


def _mine(telling: Telling) -> Document:
    return {"township": telling.township, "_id": telling.id, "mark": telling.mark}
