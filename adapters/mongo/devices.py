"""Phones on MongoDB."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Mongo, Session
from adapters.mongo.ledger import Ledger
from domain.access import Actor
from domain.commands import Command, Replayed
from domain.devices import Device
from domain.errors import not_found
from domain.ids import Kind, parse


class MongoDevices:
    """Keeps `domain.devices.Devices`, and finds phones for the relay."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger

    async def register(self, device: Device, *, command: Command) -> str:
        async def work(session: Session) -> str:
            by_id = {"township": device.township, "_id": device.id}
            await self._mongo.collection("devices").replace_one(by_id, encode(device), upsert=True, session=session)
            return device.id

        kept = await self._ledger.once(command, device.township, device.id, work)
        return kept.subject_id if isinstance(kept, Replayed) else kept

    async def retire(self, device_id: str, *, by: Actor, command: Command) -> None:
        ref = parse(device_id)
        if by.person is None or ref is None or ref.kind is not Kind.DEVICE or ref.township != by.person.township:
            raise not_found("deviceId")
        own = {"township": by.person.township, "person_id": by.person.id, "_id": device_id}

        async def work(session: Session) -> None:
            devices = self._mongo.collection("devices")
            if await devices.find_one(own, {"_id": 1}, session=session) is None:
                raise not_found("deviceId")
            await devices.update_one({**own, "retired_at": None}, {"$set": {"retired_at": command.at}}, session=session)

        await self._ledger.once(command, by.person.township, device_id, work)

    async def of_persons(self, township: str, person_ids: Sequence[str]) -> Mapping[str, tuple[Device, ...]]:
        """The live phones of each."""
        wanted = {"township": township, "person_id": {"$in": list(person_ids)}, "retired_at": None}
        found: defaultdict[str, list[Device]] = defaultdict(list)
        for document in await self._mongo.collection("devices").find(wanted).to_list():
            device = decode(Device, document)
            found[device.person_id].append(device)
        return {person_id: tuple(devices) for person_id, devices in found.items()}

    async def forget(self, township: str, device_ids: Sequence[str], *, at: datetime) -> None:
        """Their tokens are dead."""
        dead = {"township": township, "_id": {"$in": list(device_ids)}, "retired_at": None}
        await self._mongo.collection("devices").update_many(dead, {"$set": {"retired_at": at}})

    async def tokens_of(self, township: str, person_id: str) -> set[str]:
        """Every token that was ever the person's; for the demo's stand-in of Google."""
        found = self._mongo.collection("devices").find({"township": township, "person_id": person_id}, {"token": 1})
        return {document["token"] for document in await found.to_list()}
