"""Rows written ahead: under a lease on the township, in batches that nobody sees, until one update makes them all true.

Whoever dies in the middle leaves rows that are true in no version. The next one who comes, an import or a change of the organisation,
takes them out first.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pymongo import InsertOne
from pymongo.errors import DuplicateKeyError

from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.versions import COLLECTION_OF, FOREVER, KINDS, end_of, row, write
from domain.errors import RefusalCode, refused
from domain.importing import Import, Register
from domain.importing_places import Gone
from domain.ports import Clock

LEASE = timedelta(minutes=2)
"""For how long nobody else may change the township after the last batch."""


class Staging:
    """The next version of a township, while it is written."""

    def __init__(self, mongo: Mongo, clock: Clock, run: Import, version: int, entries: int | None = None) -> None:
        self._mongo = mongo
        self._clock = clock
        self._run = run
        self._entries = entries
        self.version = version
        """The version that is true while this goes on."""

    @property
    def _held(self) -> Document:
        return {"_id": self._run.township, "staging.lease": self._run.id}

    async def begin(self) -> None:
        """Takes the lease. Raises `Refused` CONFLICT where another import is under way, or the township moved on."""
        townships, at = self._mongo.collection("townships"), self._clock()
        staging = {"lease": self._run.id, "version": self.version + 1, "until": at + LEASE}
        if self.version == 0:
            first = {"_id": self._run.township, "name": "", "stamp": "", "version": 0, "staging": staging}
            try:
                await townships.insert_one(first)
            except DuplicateKeyError:
                await self._take_over(staging, at)
        else:
            await self._take_over(staging, at)
        await sweep(self._mongo, self._run.township, self.version)

    async def _take_over(self, staging: Document, at: datetime) -> None:
        is_free = {
            "_id": self._run.township,
            "version": self.version,
            "entries": self._entries,
            "$or": [{"staging": None}, {"staging.until": {"$lte": at}}],
        }
        townships = self._mongo.collection("townships")
        taken = await townships.update_one(is_free, {"$set": {"staging": staging}})
        if taken.matched_count == 0:
            found = await townships.find_one({"_id": self._run.township}, {"version": 1, "entries": 1}) or {}
            if (found.get("version"), found.get("entries")) != (self.version, self._entries):
                raise refused(RefusalCode.CONFLICT, "refusal.import_overtaken", "importId")
            raise refused(RefusalCode.CONFLICT, "refusal.import_under_way", "importId")

    async def add(self, values: Iterable[Any], register: Register) -> None:
        """One batch, in one transaction with the lease, which is renewed: whoever lost it writes nothing."""
        writes: dict[str, list[Any]] = {}
        rows: dict[str, list[Document]] = {}
        for value in values:
            if isinstance(value, Gone):
                writes.setdefault(value.collection, []).append(end_of(self._run.township, value.id, self.version + 1))
                continue
            name = COLLECTION_OF[type(value)]
            rows.setdefault(name, []).append(row(value, self.version + 1))
            if register.has_stood(value.id):
                writes.setdefault(name, []).append(end_of(self._run.township, value.id, self.version + 1))
        for name, documents in rows.items():
            writes.setdefault(name, []).extend(InsertOne(document) for document in await self._mongo.vault.sealed(name, documents))

        async def work(session: Session) -> None:
            if not await self._renew(session):
                raise refused(RefusalCode.CONFLICT, "refusal.import_under_way", "importId")
            await write(self._mongo, writes, session=session)

        if writes:
            await self._mongo.transact(work)

    async def _renew(self, session: Session | None = None) -> bool:
        """Whether the lease was not lost."""
        renewed = {"$set": {"staging.until": self._clock() + LEASE}}
        return (await self._mongo.collection("townships").update_one(self._held, renewed, session=session)).matched_count == 1

    async def activate(self, changes: Document, record: Document, session: Session) -> None:
        """Makes everything true at once. Raises `Refused` CONFLICT where the lease was lost."""
        version = self.version + 1
        fields = {"version": version, "stamp": f"{version}-{self._run.id}", "staging": None, **changes}
        moved_on = await self._mongo.collection("townships").update_one(self._held, {"$set": fields}, session=session)
        if moved_on.matched_count == 0:
            raise refused(RefusalCode.CONFLICT, "refusal.import_under_way", "importId")
        await self._mongo.collection("organisation_versions").insert_one(record, session=session)

    async def drop(self) -> None:
        """Takes out what was written, and gives the lease back; nothing where it was lost or is activated.

        Nobody takes the lease over meanwhile: what they write would be taken out with it.
        """
        townships = self._mongo.collection("townships")
        if not await self._renew():
            return
        await sweep(self._mongo, self._run.township, self.version)
        if self.version == 0:
            await townships.delete_one({**self._held, "version": 0})
        else:
            await townships.update_one(self._held, {"$set": {"staging": None}})


async def sweep(mongo: Mongo, township: str, version: int) -> None:
    """Takes out rows of versions that never became true. The caller holds the township, so that nobody writes any."""
    for name in KINDS:
        # In this order: some indexes let only one row be true for ever.
        written_ahead = {"township": township, "to_version": FOREVER, "from_version": {"$gt": version}}
        await mongo.collection(name).delete_many(written_ahead)
        ended = {"township": township, "to_version": {"$gt": version, "$lt": FOREVER}}
        await mongo.collection(name).update_many(ended, {"$set": {"to_version": FOREVER}})


async def clear_dead(mongo: Mongo, township: str, at: datetime) -> None:
    """Takes out what an import left that died, so that a change of the organisation can go on."""
    found = await mongo.collection("townships").find_one({"_id": township}, {"version": 1, "staging": 1})
    staging = found and found.get("staging")
    if not found or not staging or staging["until"] > at:
        return
    held = {"_id": township, "staging.lease": staging["lease"], "staging.until": staging["until"]}
    mine = {"staging.lease": f"{staging['lease']}/dead", "staging.until": at + LEASE}
    taken = await mongo.collection("townships").update_one(held, {"$set": mine})
    if taken.matched_count:
        await sweep(mongo, township, found["version"])
        await mongo.collection("townships").update_one(
            {"_id": township, "staging.lease": mine["staging.lease"]}, {"$set": {"staging": None}}
        )
