"""What stands of a township, as an import has to know it: codes and ids of everything, rows of what the file leaves as it is."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.mongo.driver import Mongo
from adapters.mongo.organisations import MongoOrganisations
from adapters.mongo.versions import read_row, true_in
from domain.access import Door, key
from domain.households import Household
from domain.ids import Ids, key_of
from domain.importing import Import, NoIds, Register
from domain.importing_checks import Held
from domain.importing_homes import Busy, Past, links_ended
from domain.importing_rows import Shown, homes, links, persons, places
from domain.organisation import Organisation, OrganisationParts
from domain.people import Person
from domain.requests import OVER as OVER_REQUESTS
from domain.requests import RequestState
from domain.tasks import OVER, TaskState
from domain.workbook_rows import Row, Sheet

OPEN_REQUESTS = sorted(state.value for state in set(RequestState) - OVER_REQUESTS)
PAGE = 1_000
OPEN_TASKS = sorted(state.value for state in set(TaskState) - OVER)


@dataclass(frozen=True, slots=True)
class Stands:
    """The township before the file."""

    now: Organisation
    register: Register
    held: Held
    entries: int | None = None
    """How many persons were entered or corrected one by one so far, which makes no new version."""


class Reads:
    """The questions that an import asks."""

    def __init__(self, mongo: Mongo, organisations: MongoOrganisations) -> None:
        self._mongo = mongo
        self._organisations = organisations

    async def stands(self, run: Import, present: AbstractSet[Sheet], ids: Ids) -> Stands:
        found = await self._mongo.collection("townships").find_one({"_id": run.township}, {"entries": 1})
        now = await self._organisations.of_township(run.township)
        now = now or Organisation(run.township, "", OrganisationParts((), (), (), (), (), (), ()), version=0)
        register = Register(run.township, run.at, ids)
        await self._enter(now, register)
        return Stands(now, register, await self._held(now, register, present, run), (found or {}).get("entries"))

    async def _enter(self, now: Organisation, register: Register) -> None:
        for unit in now.units.values():
            register.stands(Sheet.UNITS, unit.code, unit.id)
        for village in now.villages.values():
            register.stands(Sheet.VILLAGES, village.division_code, village.id)
        for grid in now.grids.values():
            register.stands(Sheet.GRIDS, grid.code, grid.id)
        for micro in now.micro_grids.values():
            register.stands(Sheet.MICRO_GRIDS, micro.code, micro.id)
        for post in now.appointments.values():
            register.stands(Sheet.POSTS, post.id, post.id)
        for hub in now.hubs.values():
            register.stands(Sheet.HUBS, hub.id, hub.id)
        for sheet in (Sheet.HOUSEHOLDS, Sheet.PERSONS) if now.version else ():
            wanted = true_in(now.township, now.version)
            found = self._mongo.collection(sheet.value).find(wanted, {"_id": 0, "id": 1, "code": 1}).hint("by_township")
            async for document in found:
                register.stands(sheet, document.get("code") or key_of(document["id"]), document["id"])

    async def _held(self, now: Organisation, register: Register, present: AbstractSet[Sheet], run: Import) -> Held:
        """Rows of the sheets that the file has not; of grids always, for a file may name those that it succeeds."""
        rows: dict[Sheet, Iterable[Row]] = {sheet: some for sheet, some in places(now, register, run.today).items() if sheet not in present}
        if Sheet.GRIDS in present:
            rows[Sheet.GRIDS] = [Shown(register).grid(grid) for grid in now.grids.values()]
        if now.version == 0:
            return Held(rows)
        if not {Sheet.HOUSEHOLDS, Sheet.LINKS} <= present:
            found = await self._homes_less_address(now)
            if Sheet.HOUSEHOLDS not in present:
                rows[Sheet.HOUSEHOLDS] = homes(found, register)
            if Sheet.LINKS not in present:
                rows[Sheet.LINKS] = links(found, register, run.today)
        if Sheet.PERSONS not in present:
            everybody = self._mongo.collection("persons").find(true_in(now.township, now.version)).hint("by_township")
            rows[Sheet.PERSONS] = persons([read_row(Person, document) async for document in everybody], register)
        return Held(rows)

    async def _homes_less_address(self, now: Organisation) -> list[Household]:
        """Nobody needs the addresses to judge a file: they stay sealed."""
        found = self._mongo.collection("households").find(true_in(now.township, now.version), {"address": 0}).hint("by_township")
        return [read_row(Household, {**document, "address": ""}) async for document in found]

    async def persons(self, township: str, version: int, ids: Sequence[str]) -> list[Person]:
        return [read_row(Person, document) for document in await self._rows("persons", township, version, ids)]

    async def homes(self, township: str, version: int, ids: Sequence[str]) -> list[Household]:
        found = await self._rows("households", township, version, ids)
        return [read_row(Household, document) for document in await self._mongo.vault.opened("households", found)]

    async def links_ended(self, township: str, version: int, ids: Sequence[str]) -> list[Past]:
        """Links of these homes that were ended in the app."""
        if not ids:
            return []
        wanted = {"township": township, "id": {"$in": list(ids)}, "from_version": {"$lte": version}}
        shown = {"_id": 0, "id": 1, "link.member_id": 1, "link.since": 1}
        found = self._mongo.collection("households").find(wanted, shown).hint("of_id").sort([("id", 1), ("to_version", 1)])
        links = [(document["id"], document.get("link") or {}) for document in await found.to_list()]
        return list(links_ended((id_, link.get("member_id"), _day(link.get("since"))) for id_, link in links))

    async def _rows(self, name: str, township: str, version: int, ids: Sequence[str]) -> list[dict[str, Any]]:
        if not ids:
            return []
        wanted: Mapping[str, Any] = {**true_in(township, version), "id": {"$in": list(ids)}}
        return await self._mongo.collection(name).find(wanted).hint("of_id").to_list()

    async def signing_in(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of them who can sign in."""
        linked = {"person_ids": {"$in": list(ids)}}
        found = self._mongo.collection("accounts").find(linked, {"person_ids": 1}).hint("of_person")
        return frozenset([person_id async for account in found for person_id in account["person_ids"]])

    async def busy(self, now: Organisation) -> Busy:
        """Who has work to do or waits for something, and the homes where something goes on."""
        root = key(Door.UNIT, now.root().id)
        township = {"township": now.township}
        persons: set[str | None] = set()
        homes: set[str | None] = set()
        open_tasks = {**township, "scopes": root, "state": {"$in": OPEN_TASKS}}
        async for task in self._mongo.collection("tasks").find(open_tasks, {"assignee_id": 1}).hint("in_scope_by_state"):
            persons.add(task.get("assignee_id"))
        open_requests = {**township, "scopes": root, "state": {"$in": OPEN_REQUESTS}}
        about = {"household_id": 1, "submitted_by_id": 1, "on_behalf_of_id": 1}
        async for request in self._mongo.collection("requests").find(open_requests, about).hint("in_scope_by_state"):
            persons |= {request.get("submitted_by_id"), request.get("on_behalf_of_id")}
            homes.add(request.get("household_id"))
        return Busy(frozenset(id_ for id_ in persons if id_), frozenset(id_ for id_ in homes if id_))

    async def everything(self, run: Import) -> Mapping[Sheet, Iterable[Row]]:
        """The whole organisation as rows, addresses opened; without telephone numbers, and without what is over."""
        stands = await self.stands(run, frozenset(Sheet), NoIds())
        now, register = stands.now, stands.register
        residents = [person for ids in _pages(register, Sheet.PERSONS) for person in await self.persons(now.township, now.version, ids)]
        dwellings = [home for ids in _pages(register, Sheet.HOUSEHOLDS) for home in await self.homes(now.township, now.version, ids)]
        return {
            **places(now, register, run.today),
            Sheet.PERSONS: persons(residents, register),
            Sheet.HOUSEHOLDS: homes(dwellings, register),
            Sheet.LINKS: links(dwellings, register, run.today),
        }

    async def townships(self) -> list[str]:
        """Codes of the first two townships: whether there is exactly one."""
        found = self._mongo.collection("townships").find({}, {"_id": 1}).sort([("_id", 1)]).limit(2)
        return [document["_id"] for document in await found.to_list()]


def _pages(register: Register, sheet: Sheet) -> list[list[str]]:
    ids = sorted(register.standing(sheet).values())
    return [ids[start : start + PAGE] for start in range(0, len(ids), PAGE)]


def _day(kept: str | None) -> date | None:
    return date.fromisoformat(kept) if kept else None
