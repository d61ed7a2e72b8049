"""Townships on MongoDB: read whole, kept in memory under their stamp, which changes with every change to them."""

from asyncio import Lock, sleep
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from pymongo import DESCENDING

from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.homes import UNREAD, HomesWanted, addresses_of, find_homes, named_homes
from adapters.mongo.ledger import Ledger
from adapters.mongo.staging import clear_dead
from adapters.mongo.versions import KINDS, changes, read_row, true_in, write
from domain.commands import Command, Replayed
from domain.errors import RefusalCode, refused
from domain.households import Household
from domain.organisation import Organisation, OrganisationParts
from domain.people import Person
from domain.places import GeoPoint
from domain.reorganisation import Abandoned, Changed, Judge, Overtaken, Reorganise

T = TypeVar("T")

TOWNSHIPS_KEPT = 64
VERSIONS_KEPT = 64
"""Past versions that were asked for last. Each is read once for each stamp: what is past never changes, but for a name that is removed."""

IN_MEMORY = ("units", "grids", "micro_grids", "hubs", "villages", "appointments", "absences", "duties")
ATTEMPTS = 30
PAUSE, LONGEST_PAUSE = 0.02, 0.3
"""Seconds between two attempts, a little longer each time: some seven in all, before somebody is told to try again."""
MOST_TOLD = 100
"""Ids that a version's record names."""


class MongoOrganisations:
    """Keeps `domain.ports.Organisations`. One command asks for the stamp; only another stamp is worth reading the rows."""

    def __init__(self, mongo: Mongo, ledger: Ledger) -> None:
        self._mongo = mongo
        self._ledger = ledger
        self._kept: OrderedDict[str, Organisation] = OrderedDict()
        self._past: OrderedDict[tuple[str, int, str], Organisation] = OrderedDict()
        self._lock = Lock()
        self._past_lock = Lock()
        self._writing = Lock()

    async def of_township(self, township: str) -> Organisation | None:
        found = await self._mongo.collection("townships").find_one({"_id": township}, {"stamp": 1})
        # Without a stamp nothing is true yet: its first import is under way.
        return await self.at_stamp(township, found["stamp"]) if found and found["stamp"] else None

    async def at(self, point: GeoPoint) -> Organisation | None:
        where = {"area": {"$geoIntersects": {"$geometry": {"type": "Point", "coordinates": [point.lng, point.lat]}}}}
        found = await self._mongo.collection("townships").find_one(where, {"stamp": 1})
        return await self.at_stamp(found["_id"], found["stamp"]) if found else None

    async def as_of(self, now: Organisation, at: datetime) -> Organisation:
        """The township as it stood at that moment; before its first version, as it stood first."""
        versions = self._mongo.collection("organisation_versions")
        township = {"township": now.township}
        found = await versions.find_one({**township, "activated_at": {"$lte": at}}, sort=[("activated_at", DESCENDING)])
        version = (found or await versions.find_one(township, sort=[("activated_at", 1)]) or {}).get("version", now.version)
        if version >= now.version:
            return now
        key = (now.township, version, now.stamp)
        past = self._past.get(key)
        if past is None:
            # One at a time in a process: anybody may ask, and whoever asks for the same version meanwhile finds it here.
            async with self._past_lock:
                past = self._past.get(key)
                if past is None:
                    past = await self._mongo.transact(lambda session: self._rows_of(now.township, version, "", session))
                    _keep(self._past, key, past, VERSIONS_KEPT)
        if key in self._past:
            self._past.move_to_end(key)
        return past

    async def at_stamp(self, township: str, stamp: str) -> Organisation:
        """The township under the stamp that somebody just read."""
        kept = self._kept.get(township)
        if kept is not None and kept.stamp == stamp:
            return kept
        async with self._lock:
            kept = self._kept.get(township)
            if kept is None or kept.stamp != stamp:
                kept = await self._mongo.transact(lambda session: self._read(township, session))
                _keep(self._kept, township, kept, TOWNSHIPS_KEPT)
            return kept

    async def reorganise(
        self,
        township: str,
        change: Reorganise,
        *,
        household_ids: Sequence[str] = (),
        grid_ids: Sequence[str] = (),
        member_ids: Sequence[str] = (),
        with_neighbours: bool = False,
        permit: Judge | None = None,
        subject_id: str,
        command: Command,
    ) -> Changed | Replayed:
        """See `domain.ports.Organisations`."""
        homes = HomesWanted(household_ids, grid_ids, member_ids, with_neighbours=with_neighbours)
        # One at a time in a process: the township's document lets one through anyway. Other processes are met by trying again.
        async with self._writing:
            for attempt in range(ATTEMPTS):
                now = await self.of_township(township)
                if now is None:
                    raise LookupError("the township is gone")
                step = partial(self._advance, now, permit or change, change, homes, command)
                try:
                    return await self._ledger.once(command, township, subject_id, step)
                except Overtaken:
                    # Whoever was faster may not be read yet: a change is read once most of the servers have it.
                    await sleep(min(PAUSE * attempt, LONGEST_PAUSE))
                except Abandoned:
                    await clear_dead(self._mongo, township, command.at)
        raise refused(RefusalCode.CONFLICT, "refusal.conflict", "commandId")

    async def _advance(
        self, now: Organisation, permit: Judge, change: Reorganise, wanted: HomesWanted, command: Command, session: Session
    ) -> Changed:
        # Whoever may not is refused before others wait for them, and before whole grids are read.
        named = await named_homes(self._mongo, now, wanted.ids, session=session)
        permit(now, named)
        version = now.version + 1
        # The stamp changes without the version where a name was removed: what was read before would bring it back.
        is_now = {"_id": now.township, "version": now.version, "stamp": now.stamp, "staging": None}
        moved_on = await self._mongo.collection("townships").update_one(
            is_now, {"$set": {"version": version, "stamp": f"{version}-{command.command_id.hex}"}}, session=session
        )
        if moved_on.matched_count == 0:
            found = await self._mongo.collection("townships").find_one({"_id": now.township}, {"staging": 1}, session=session)
            if found and found.get("staging"):
                if found["staging"]["until"] <= command.at:
                    raise Abandoned
                raise refused(RefusalCode.CONFLICT, "refusal.import_under_way", "commandId")
            raise Overtaken
        changed = change(now, await find_homes(self._mongo, now, wanted, named, session=session))
        unread = {value.id for value in changed.values if isinstance(value, Household) and value.address == UNREAD}
        kept = await addresses_of(self._mongo, now, unread, session=session)
        writes = await changes(self._mongo.vault, changed.values, changed.gone, now.township, version, kept=kept)
        await write(self._mongo, writes, session=session)
        await self._mongo.collection("organisation_versions").insert_one(
            version_record(
                now.township,
                version,
                at=command.at,
                by=command.person_id,
                kind=command.verb,
                about=changed.about,
                unit_ids=changed.unit_ids,
            ),
            session=session,
        )
        return changed

    async def _read(self, township: str, session: Session) -> Organisation:
        """The rows of one snapshot, with the stamp that was true for all of them."""
        stamped = await self._mongo.collection("townships").find_one({"_id": township}, {"stamp": 1, "version": 1}, session=session)
        if stamped is None:
            return Organisation(township, "", OrganisationParts((), (), (), (), (), (), ()), version=0)
        return await self._rows_of(township, stamped["version"], stamped["stamp"], session)

    async def _rows_of(self, township: str, version: int, stamp: str, session: Session) -> Organisation:
        rows: dict[str, list[Any]] = {}
        for name in IN_MEMORY:
            found = self._mongo.collection(name).find(true_in(township, version), session=session).hint("by_township")
            rows[name] = [read_row(KINDS[name], document) for document in await found.to_list()]
        holders = await self._holders(township, version, {post.person_id for post in rows["appointments"]}, session)
        parts = OrganisationParts(**{name: sorted(found, key=lambda value: value.id) for name, found in rows.items()}, holders=holders)
        return Organisation(township, stamp, parts, version=version)

    async def _holders(self, township: str, version: int, ids: set[str], session: Session) -> list[Person]:
        wanted = {**true_in(township, version), "id": {"$in": sorted(ids)}}
        found = self._mongo.collection("persons").find(wanted, session=session).hint("of_id")
        return [read_row(Person, document) for document in await found.to_list()]


def version_record(
    township: str, version: int, *, at: datetime, by: str, kind: str, about: Sequence[str] = (), unit_ids: Sequence[str] = ()
) -> Document:
    """What says of a version when it became true, through whom, by which act, and what it was about, as ids.

    `unit_ids` are the units concerned and those above them; nobody reads of a version that concerns none.
    """
    told = {"about": list(about[:MOST_TOLD]), "unit_ids": list(unit_ids)}
    return {"_id": f"{township}~{version}", "township": township, "version": version, "activated_at": at, "by": by, "kind": kind, **told}


def _keep(kept: OrderedDict[Any, Organisation], key: Any, value: Organisation, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
