"""Townships on MongoDB: read whole, kept in memory under their stamp, which changes with every change to them."""

from asyncio import Lock
from collections import OrderedDict
from typing import TypeVar

from pymongo import ASCENDING

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Mongo, Session
from domain.ids import township_of
from domain.organisation import (
    Appointment,
    Grid,
    HubHousehold,
    MicroGrid,
    Organisation,
    OrganisationParts,
    OrgUnit,
    Village,
)
from domain.people import Person
from domain.places import GeoPoint

T = TypeVar("T")

TOWNSHIPS_KEPT = 64


class MongoOrganisations:
    """Keeps `domain.ports.Organisations`. One command asks for the stamp; only another stamp is worth reading the rows."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._kept: OrderedDict[str, Organisation] = OrderedDict()
        self._lock = Lock()

    async def of_township(self, township: str) -> Organisation | None:
        found = await self._mongo.collection("townships").find_one({"_id": township}, {"stamp": 1})
        return await self.at_stamp(township, found["stamp"]) if found else None

    async def at(self, point: GeoPoint) -> Organisation | None:
        where = {"area": {"$geoIntersects": {"$geometry": {"type": "Point", "coordinates": [point.lng, point.lat]}}}}
        found = await self._mongo.collection("townships").find_one(where, {"stamp": 1})
        return await self.at_stamp(found["_id"], found["stamp"]) if found else None

    async def at_stamp(self, township: str, stamp: str) -> Organisation:
        """The township under the stamp that somebody just read."""
        kept = self._kept.get(township)
        if kept is not None and kept.stamp == stamp:
            return kept
        async with self._lock:
            kept = self._kept.get(township)
            if kept is None or kept.stamp != stamp:
                kept = await self._read(township)
                self._kept[township] = kept
                self._kept.move_to_end(township)
                while len(self._kept) > TOWNSHIPS_KEPT:
                    self._kept.popitem(last=False)
            return kept

    async def _read(self, township: str) -> Organisation:
        """The rows of one snapshot, with the stamp that was true for all of them."""

        async def work(session: Session) -> Organisation:
            stamped = await self._mongo.collection("townships").find_one({"_id": township}, {"stamp": 1}, session=session)
            parts = OrganisationParts(
                units=await self._rows("units", OrgUnit, township, session),
                grids=await self._rows("grids", Grid, township, session),
                micro_grids=await self._rows("micro_grids", MicroGrid, township, session),
                hubs=await self._rows("hubs", HubHousehold, township, session),
                villages=await self._rows("villages", Village, township, session),
                appointments=await self._rows("appointments", Appointment, township, session, sort="rank"),
                holders=await self._holders(township, session),
            )
            return Organisation(township, stamped["stamp"] if stamped else "", parts)

        return await self._mongo.transact(work)

    async def _rows(self, name: str, kind: type[T], township: str, session: Session, *, sort: str | None = None) -> list[T]:
        cursor = self._mongo.collection(name).find({"township": township}, session=session)
        documents = await (cursor.sort([(sort, ASCENDING)]) if sort else cursor).to_list()
        return [decode(kind, document) for document in documents]

    async def _holders(self, township: str, session: Session) -> list[Person]:
        found = self._mongo.collection("persons").find({"township": township, "has_post": True}, session=session)
        return [decode(Person, document) for document in await found.to_list()]


async def change(mongo: Mongo, township: str, stamp: str, session: Session) -> None:
    """Every write to the organisation raises its stamp in the same transaction, so no reader keeps an old one."""
    await mongo.collection("townships").update_one({"_id": township}, {"$set": {"stamp": stamp}}, session=session)


async def end_appointment(mongo: Mongo, appointment: Appointment, stamp: str) -> None:
    """Keeps the appointment's new end."""

    async def work(session: Session) -> None:
        by_id = {"township": appointment.township, "_id": appointment.id}
        await mongo.collection("appointments").update_one(by_id, {"$set": {"until": encode(appointment)["until"]}}, session=session)
        await change(mongo, township_of(appointment.id), stamp, session)

    await mongo.transact(work)
