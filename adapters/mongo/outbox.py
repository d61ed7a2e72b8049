"""The outbox on MongoDB: an event carries what the relay still owes for it, so that committing one commits the other."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec import ValidationError
from pymongo.errors import BulkWriteError

from adapters.mongo.codec import decode, encode
from adapters.mongo.devices import MongoDevices
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.followers import MongoTellings
from domain.access import Door, key
from domain.calendar import SHANGHAI
from domain.cases import Case
from domain.devices import Device
from domain.events import Event
from domain.households import Reach
from domain.notices import Around, Notice
from domain.outbox import Owed
from domain.proxies import ProxyGrant
from domain.requests import Request
from domain.roll_up import in_order
from domain.tasks import Task

DUPLICATE_KEY = 11000

SHOWN_OF_MERGED = (
    *("merged_into_id", "on_behalf_of_id", "submitted_by_id"),
    *("is_shared", "is_shielded", "about_person_id", "about_unit_id"),
)

log = logging.getLogger(__name__)


class MongoOutbox:
    """Keeps `domain.outbox.Outbox`. A claim moves the due time to the end of the lease and leaves `mark`, this relay's own."""

    def __init__(self, mongo: Mongo, devices: MongoDevices, *, mark: str) -> None:
        self._mongo = mongo
        self._devices = devices
        self._mark = mark
        self.tellings = MongoTellings(mongo, mark=mark)

    async def claim(self, *, at: datetime, limit: int, lease_seconds: float) -> list[Owed]:
        is_due = {"relay.due_at": {"$lte": at}}
        events = self._mongo.collection("events")
        found = await events.find(is_due, {"township": 1}).sort([("relay.due_at", 1)]).limit(limit).to_list()
        lease = {"$set": {"relay.due_at": at + timedelta(seconds=lease_seconds), "relay.claimed_by": self._mark}}
        owed: list[Owed] = []
        for township, ids in _by_township(found).items():
            mine = {"township": township, "_id": {"$in": ids}}
            await events.update_many({**mine, **is_due}, lease)
            claimed = await events.find({**mine, "relay.claimed_by": self._mark, "relay.due_at": {"$gt": at}}).sort([("_id", 1)]).to_list()
            owed += await self._with_cases(township, claimed, at)
        return owed

    async def tell(self, notices: Sequence[Notice]) -> None:
        documents = [{**encode(notice), "scopes": [key(Door.PERSON, notice.person_id)], "unnumbered": True} for notice in notices]
        if not documents:
            return
        try:
            await self._mongo.collection("notices").insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if any(trouble["code"] != DUPLICATE_KEY for trouble in error.details["writeErrors"]):
                raise

    async def phones(self, township: str, person_ids: Sequence[str]) -> Mapping[str, tuple[Device, ...]]:
        return await self._devices.of_persons(township, person_ids)

    async def forget_phones(self, township: str, device_ids: Sequence[str], *, at: datetime) -> None:
        await self._devices.forget(township, device_ids, at=at)

    async def done(self, owed: Sequence[Owed]) -> None:
        for township, ids in _by_township([{"_id": row.event.id, "township": row.event.township} for row in owed]).items():
            mine = {"township": township, "_id": {"$in": ids}, "relay.claimed_by": self._mark}
            await self._mongo.collection("events").update_many(mine, {"$unset": {"relay": ""}})

    async def later(self, owed: Owed, phones: frozenset[str], *, due_at: datetime) -> None:
        again = {"relay.due_at": due_at, "relay.tries": owed.tries + 1, "relay.phones": sorted(phones)}
        await self._mongo.collection("events").update_one(self._own(owed), {"$set": again, "$unset": {"relay.claimed_by": ""}})

    async def park(self, owed: Owed, *, at: datetime) -> None:
        await self._park(owed.event.township, owed.event.id, at)

    async def parked(self) -> int:
        return await self._mongo.collection("events").count_documents({"relay.parked_at": {"$type": "date"}}, hint="parked")

    def _own(self, owed: Owed) -> Document:
        return {"township": owed.event.township, "_id": owed.event.id, "relay.claimed_by": self._mark}

    async def _with_cases(self, township: str, documents: list[Document], at: datetime) -> list[Owed]:
        request_ids = list({document["request_id"] for document in documents if document["request_id"]})
        root_ids = list({_root_of(document) for document in documents if not document["request_id"]})
        requests = await self._mongo.collection("requests").find({"township": township, "_id": {"$in": request_ids}}).to_list()
        tasks = (
            await self._mongo.collection("tasks")
            .find({"township": township, "request_id": {"$in": request_ids}})
            .sort([("_id", 1)])
            .to_list()
        )
        if root_ids:
            work = {"township": township, "root_id": {"$in": root_ids}}
            tasks += await self._mongo.collection("tasks").find(work).sort([("_id", 1)]).hint("of_root").to_list()
        by_case: defaultdict[str, list[Document]] = defaultdict(list)
        for task in tasks:
            by_case[task["request_id"] or task["root_id"]].append(task)
        by_request = {request["_id"]: request for request in requests}
        around = await self._around(township, requests, at)
        owed: list[Owed] = []
        for document in documents:
            try:
                row = _owed(document, by_request.get(document["request_id"]), by_case[document["request_id"] or _root_of(document)])
                owed.append(replace(row, around=around.get(document["request_id"], row.around)))
            except (ValidationError, KeyError):
                log.exception("act %s cannot be read and is parked", document["_id"])
                await self._park(township, document["_id"], at)
        return owed

    async def _around(self, township: str, requests: Sequence[Document], at: datetime) -> Mapping[str, Around]:
        """By request, where there is anything: the grant that an agent may have lost since, and how word gets to the home."""
        grant_ids = sorted({request["proxy_grant_id"] for request in requests if request.get("proxy_grant_id")})
        home_ids = sorted({request["household_id"] for request in requests if request.get("household_id")})
        grants, reaches = self._mongo.collection("proxy_grants"), self._mongo.collection("household_reaches")
        given = await grants.find({"township": township, "_id": {"$in": grant_ids}}).hint("_id_").to_list() if grant_ids else []
        known = (
            await reaches.find({"township": township, "_id": {"$in": home_ids}}, {"reach": 1}).hint("_id_").to_list() if home_ids else []
        )
        merged = await self._merged(township, requests)
        on = at.astimezone(SHANGHAI).date()
        live = {grant["_id"] for grant in given if decode(ProxyGrant, grant).is_live(on)}
        reach = {home["_id"]: Reach(home["reach"]) for home in known}
        return {
            request["_id"]: Around(
                request.get("proxy_grant_id") in live,
                reach.get(request.get("household_id") or ""),
                tuple((judge_id, id_) for judge_id, id_, _ in merged.get(request["_id"], ()) if judge_id),
                tuple(id_ for _, id_, is_followed in merged.get(request["_id"], ()) if is_followed),
            )
            for request in requests
        }

    async def _merged(self, township: str, requests: Sequence[Document]) -> Mapping[str, Sequence[tuple[str | None, str, bool]]]:
        """Who asked for what goes on in each of these requests, nobody where it is for a home; its id; whether it is everybody's."""
        into = sorted(request["_id"] for request in requests if request.get("merged_count"))
        if not into:
            return {}
        wanted = {"township": township, "merged_into_id": {"$in": into}}
        found = await self._mongo.collection("requests").find(wanted, SHOWN_OF_MERGED).sort([("_id", 1)]).hint("merged").to_list()
        groups: defaultdict[str, list[tuple[str | None, str, bool]]] = defaultdict(list)
        for request in found:
            judge_id = request["on_behalf_of_id"] or request["submitted_by_id"]
            groups[request["merged_into_id"]].append((judge_id, request["_id"], _is_everybodys(request)))
        return groups

    async def _park(self, township: str, event_id: str, at: datetime) -> None:
        mine = {"township": township, "_id": event_id, "relay.claimed_by": self._mark}
        given_up = {"$set": {"relay.parked_at": at}, "$unset": {"relay.due_at": "", "relay.claimed_by": ""}}
        await self._mongo.collection("events").update_one(mine, given_up)


def _is_everybodys(request: Document) -> bool:
    """As `domain.similar.is_everybodys`."""
    is_about_somebody = request.get("about_person_id") or request.get("about_unit_id")
    return bool(request.get("is_shared") and not request.get("is_shielded") and not is_about_somebody)


def _root_of(document: Document) -> str:
    """The task that work began with for which nobody asked."""
    return str(document.get("root_id") or document["task_id"])


def _owed(document: Document, request: Document | None, tasks: Sequence[Document]) -> Owed:
    relay = document["relay"]
    case = Case(decode(Request, request) if request else None, in_order([decode(Task, task) for task in tasks]))
    return Owed(decode(Event, document), case, relay["tries"], frozenset(relay["phones"]) if "phones" in relay else None)


def _by_township(documents: Sequence[Document]) -> Mapping[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for document in documents:
        groups[document["township"]].append(document["_id"])
    return groups
