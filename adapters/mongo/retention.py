"""What has been kept long enough, on MongoDB: found and judged by the same function whether it is only listed or removed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.erasure import bury
from adapters.mongo.holds import FACTS, holds_of, with_open_subject_requests
from adapters.mongo.reads import Filter
from domain.access import Door, key, keys
from domain.erasure import Because
from domain.ids import Kind
from domain.retention import Basis, Due, Policy, Removal

BATCH = 500
"""What one transaction removes."""

ENDED = {**FACTS, "closed_at": 1}


class MongoRetention:
    """Keeps `domain.retention.Retention`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def due(self, policy: Policy, *, at: datetime) -> AsyncIterator[Due]:
        townships = await self._mongo.collection("townships").find({}, {"_id": 1}).sort([("_id", 1)]).to_list()
        for township in (document["_id"] for document in townships):
            last: Document | None = None
            while found := await self._old(policy, township, at, last):
                last = found[-1]
                ids = await self._still_due(policy, township, [document["_id"] for document in found], at, None)
                if ids:
                    yield Due(policy, township, tuple(ids))

    async def remove(self, due: Due, *, at: datetime) -> Sequence[str]:
        async def work(session: Session) -> list[str]:
            ids = await self._still_due(due.policy, due.township, due.ids, at, session)
            if due.policy.removal is Removal.CONTENTS:
                await bury(self._mongo, due.township, ids, because=Because.RETENTION, at=at, session=session)
            elif ids:
                by_id = {"township": due.township, "_id": {"$in": ids}}
                await self._mongo.collection(due.policy.collection).delete_many(by_id, session=session)
            return ids

        return await self._mongo.transact(work)

    async def hold(self, number: str, because: str | None, *, at: datetime) -> bool:
        wanted = {"township": number[:9], "number": number}
        request = await self._mongo.collection("requests").find_one(wanted, {"_id": 1}, hint="number")
        if request is None:
            return False
        by_id = {"township": number[:9], "_id": request["_id"], "erased_at": None}
        change = {"$set": {"hold": {"at": at, "because": because}}} if because else {"$unset": {"hold": ""}}
        return (await self._mongo.collection("words").update_one(by_id, change)).matched_count == 1

    async def _old(self, policy: Policy, township: str, at: datetime, last: Document | None) -> list[Document]:
        """The next documents that may be due: old enough, or of anybody where the moment is somewhere else."""
        if policy.basis is Basis.LAST_REQUEST_OVER:
            first, end = (f"{Kind.PERSON.value}_{township}_{edge}" for edge in ("", "~"))
            everybody = {"township": township, "_id": {"$gt": last["_id"] if last else first, "$lt": end}}
            found = self._mongo.collection(policy.collection).find(everybody, {"_id": 1}).sort([("_id", 1)]).limit(BATCH)
            return await found.hint("_id_").to_list()
        if policy.basis is Basis.NAMED_REQUEST_OVER:
            return await self._naming(policy, township, last)
        collection = policy.collection if policy.basis is Basis.OWN_MOMENT else "requests"
        bounds: Filter = {"$lte": policy.bound(at)}
        wanted: Filter = {"township": township, policy.moment: bounds}
        if last:
            bounds["$gte"] = last[policy.moment]
            wanted["$nor"] = [{policy.moment: last[policy.moment], "_id": {"$lte": last["_id"]}}]
        cursor = self._mongo.collection(collection).find(wanted, {policy.moment: 1}).sort([(policy.moment, 1), ("_id", 1)]).limit(BATCH)
        return await cursor.hint("retention").to_list()

    async def _still_due(self, policy: Policy, township: str, ids: Sequence[str], at: datetime, session: Session | None) -> list[str]:
        """Those of `ids` that may be removed at this moment, in their order: the one judgement, for the list and for the removal."""
        by_id: Filter = {"township": township, "_id": {"$in": list(ids)}}
        if policy.basis is Basis.OWN_MOMENT:
            by_id[policy.moment] = {"$lte": policy.bound(at)}
            return await self._there(policy.collection, by_id, ids, session)
        if policy.basis is Basis.NAMED_REQUEST_OVER:
            return await self._named_over(policy, by_id, ids, at, session)
        if policy.basis is Basis.REQUEST_OVER:
            requests = await self._mongo.collection("requests").find(by_id, ENDED, session=session).to_list()
            ended = await self._ended({request["_id"]: [request] for request in requests}, policy, township, at, session)
        else:
            asked = await self._asked(township, ids, session)
            ended = await self._ended(asked, policy, township, at, session)
            ended |= await self._gone(township, {id_ for id_, requests in asked.items() if not requests}, session)
        there = await self._there(policy.collection, by_id, ids, session)
        return [id_ for id_ in there if id_ in ended]

    async def _naming(self, policy: Policy, township: str, last: Document | None) -> list[Document]:
        """All there are, request by request: each names one that goes on, or has not been over for long."""
        wanted: Filter = {"township": township, "request_id": {"$gte": last["request_id"] if last else ""}}
        if last:
            wanted["$nor"] = [{"request_id": last["request_id"], "person_id": {"$lte": last["person_id"]}}]
        shown = {"request_id": 1, "person_id": 1}
        found = self._mongo.collection(policy.collection).find(wanted, shown).sort([("request_id", 1), ("person_id", 1)]).limit(BATCH)
        return await found.hint("of_request").to_list()

    async def _named_over(self, policy: Policy, by_id: Filter, ids: Sequence[str], at: datetime, session: Session | None) -> list[str]:
        """Those whose request, or the one in which it went on, ended long enough ago."""
        found = await self._mongo.collection(policy.collection).find(by_id, {"request_id": 1}, session=session).hint("_id_").to_list()
        names = {document["_id"]: document["request_id"] for document in found}
        requests = await self._ends(by_id["township"], set(names.values()), policy, session)
        into_ids = {request["merged_into_id"] for request in requests.values() if request.get("merged_into_id")}
        requests |= await self._ends(by_id["township"], into_ids, policy, session)

        def is_over(request: Document | None) -> bool:
            goes_on_in = request.get("merged_into_id") if request else None
            ended_at = (requests.get(goes_on_in) if goes_on_in else request or {}) or {}
            moment = ended_at.get(policy.moment)
            return moment is not None and moment <= policy.cutoff(at)

        return [id_ for id_ in ids if id_ in names and is_over(requests.get(names[id_]))]

    async def _ends(self, township: str, request_ids: set[str], policy: Policy, session: Session | None) -> dict[str, Document]:
        wanted, shown = {"township": township, "_id": {"$in": sorted(request_ids)}}, {policy.moment: 1, "merged_into_id": 1}
        found = await self._mongo.collection("requests").find(wanted, shown, session=session).hint("_id_").to_list() if request_ids else []
        return {request["_id"]: request for request in found}

    async def _there(self, collection: str, wanted: Filter, ids: Sequence[str], session: Session | None) -> list[str]:
        """Those that are there and hold something yet."""
        found = await self._mongo.collection(collection).find(wanted, {"erased_at": 1}, session=session).hint("_id_").to_list()
        there = {document["_id"] for document in found if document.get("erased_at") is None}
        return [id_ for id_ in ids if id_ in there]

    async def _asked(self, township: str, person_ids: Sequence[str], session: Session | None) -> Mapping[str, list[Document]]:
        """The requests of each person."""
        own = {"township": township, "scopes": {"$in": sorted(keys(Door.PERSON, person_ids))}}
        found = await self._mongo.collection("requests").find(own, {**ENDED, "scopes": 1}, session=session).hint("in_scope").to_list()
        return {id_: [request for request in found if key(Door.PERSON, id_) in request["scopes"]] for id_ in person_ids}

    async def _gone(self, township: str, person_ids: set[str], session: Session | None) -> set[str]:
        """Those who are on the list no more, nor will be with the next version, and wait for no answer about their data."""
        if not person_ids:
            return set()
        now = await self._mongo.collection("townships").find_one({"_id": township}, {"version": 1}, session=session)
        listed: Filter = {"township": township, "id": {"$in": sorted(person_ids)}, "to_version": {"$gt": now["version"] if now else 0}}
        found = await self._mongo.collection("persons").find(listed, {"id": 1}, session=session).hint("of_id").to_list()
        gone = person_ids - {document["id"] for document in found}
        return gone - await with_open_subject_requests(self._mongo, township, gone, None, session)

    async def _ended(
        self, groups: Mapping[str, list[Document]], policy: Policy, township: str, at: datetime, session: Session | None
    ) -> set[str]:
        """The keys of those groups of which every request ended long enough ago and is not held, one of them at least."""
        requests: dict[str, Any] = {request["_id"]: request for group in groups.values() for request in group}
        holds = await holds_of(self._mongo, township, list(requests.values()), session=session)
        cutoff = policy.cutoff(at)

        def is_ended(request: Document) -> bool:
            ended_at = request.get(policy.moment)
            return ended_at is not None and ended_at <= cutoff and not holds[request["_id"]]

        return {id_ for id_, group in groups.items() if group and all(map(is_ended, group))}
