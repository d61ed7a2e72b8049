"""Carries an organisation's file out on MongoDB: checked against what stands, compared with it in pages, staged, and made true at once."""

from asyncio import to_thread
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.importing_contacts import ImportedContacts
from adapters.mongo.importing_reads import PAGE, Reads, Stands
from adapters.mongo.ledger import Ledger
from adapters.mongo.organisations import MongoOrganisations, version_record
from adapters.mongo.staging import Staging
from domain.commands import Replayed
from domain.contacts import Contacts
from domain.errors import RefusalCode, refused
from domain.households import Household
from domain.ids import Ids
from domain.importing import Import, Outcome, Register, Tally, total
from domain.importing_checks import judge, sender_of
from domain.importing_homes import Busy, Held, Residents, links_by_home, links_in_doubt
from domain.importing_places import Places, closed_codes
from domain.organisation import OrgUnitKind
from domain.ports import Clock
from domain.workbook_checks import Progress
from domain.workbook_pages import Source, sheets_of
from domain.workbook_rows import Plan, Sheet

T = TypeVar("T")


def _quietly(_: str, __: int) -> None:
    """Says nothing."""


class MongoImports:
    """Checks and applies files. One run holds a page of rows in memory at a time, and the codes and ids of everything."""

    def __init__(
        self, mongo: Mongo, ledger: Ledger, organisations: MongoOrganisations, contacts: Contacts, *, clock: Clock, ids: Ids
    ) -> None:
        self._mongo = mongo
        self._ledger = ledger
        self.reads = Reads(mongo, organisations)
        self._contacts = ImportedContacts(mongo, contacts)
        self._clock = clock
        self._ids = ids

    async def check(self, source: Source, run: Import, *, progress: Progress = _quietly) -> Outcome:
        """Faults, or what applying would change. Nothing is written."""
        stands, plan, outcome = await self._judged(source, run, progress)
        if plan is None:
            return outcome
        tally = Tally()
        async for _ in _Comparison(self.reads, run, stands, plan, tally, progress).batches():
            pass
        contacts = await self._keep_contacts(plan, stands, run, is_check=True)
        return Outcome(stands.now.version, differences=tally.differences(), contacts=contacts)

    async def apply(self, source: Source, run: Import, *, progress: Progress = _quietly) -> Outcome:
        """Makes true what the file says, all of it at one moment, or nothing; a file that changes nothing makes no new version.

        Raises `Refused`: CONFLICT where another import or change was faster, COMMAND_MISMATCH.
        """
        stands, plan, outcome = await self._judged(source, run, progress)
        if plan is None:
            return outcome
        tally, staging = Tally(), Staging(self._mongo, self._clock, run, stands.now.version, stands.entries)
        comparison = _Comparison(self.reads, run, stands, plan, tally, progress)
        await staging.begin()
        try:
            async for values in comparison.batches():
                await staging.add(values, stands.register)
            differences = tally.differences()
            is_nothing = all(difference.is_nothing for difference in differences)
            if is_nothing:
                await staging.drop()
            else:
                await self._activate(staging, run, plan, stands.register, differences)
        except BaseException:
            await staging.drop()
            raise
        contacts, version = await self._keep_contacts(plan, stands, run), staging.version + (not is_nothing)
        if plan.persons is not None:
            await self._contacts.forget_gone(run.township, version)
        return Outcome(version, differences=differences, is_applied=not is_nothing, contacts=contacts)

    async def _keep_contacts(self, plan: Plan, stands: Stands, run: Import, *, is_check: bool = False) -> int:
        """How many were set, or would be."""
        count, rows = 0, iter(plan.persons or ())
        while page := await to_thread(lambda: list(islice(rows, PAGE))):
            if is_check:
                count += len(await self._contacts.changed(page, stands.register, run))
            else:
                count += await self._contacts.keep(page, stands.register, run)
        return count

    async def _judged(self, source: Source, run: Import, progress: Progress) -> tuple[Stands, Plan | None, Outcome]:
        present = await to_thread(sheets_of, source)
        stands = await self.reads.stands(run, present, self._ids)
        if run.expected_version not in {None, stands.now.version}:
            raise refused(RefusalCode.CONFLICT, "refusal.import_overtaken", "expectedVersion")
        closed = closed_codes(stands.now, run.today)
        sender = sender_of(run.by_id, stands.now, stands.register)
        checked = await to_thread(judge, source, stands.held, closed, sender, township=run.township, progress=progress)
        return stands, checked.plan, Outcome(stands.now.version, checked.faults, checked.left_out)

    async def _activate(self, staging: Staging, run: Import, plan: Plan, register: Register, differences: Sequence[Any]) -> None:
        root = register.id_of(Sheet.UNITS, run.township)
        version = staging.version + 1
        record = version_record(run.township, version, at=self._clock(), by=run.by_id, kind="import", about=[root], unit_ids=[root])
        record |= {"counts": dict(total(differences))}
        fields = _township_fields(plan)

        async def work(session: Session) -> None:
            await staging.activate(fields, record, session)

        if run.command is None:
            await self._mongo.transact(work)
        else:
            if isinstance(await self._ledger.once(run.command, run.township, run.id, work), Replayed):
                await staging.drop()


def _township_fields(plan: Plan) -> Document:
    """The township's name and the box around its grids, where the file says them."""
    fields: Document = {}
    for unit in plan.units or ():
        if unit.kind is OrgUnitKind.TOWNSHIP_COMMITTEE:
            fields["name"] = unit.name
    corners = [corner for grid in plan.grids or () if grid.boundary is not None for corner in grid.boundary.corners]
    if corners:
        south, north = min(corner.lat for corner in corners), max(corner.lat for corner in corners)
        west, east = min(corner.lng for corner in corners), max(corner.lng for corner in corners)
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        fields["area"] = {"type": "Polygon", "coordinates": [ring]}
    return fields


class _Comparison:
    """Goes through the plan page by page beside what stands."""

    def __init__(self, reads: Reads, run: Import, stands: Stands, plan: Plan, tally: Tally, progress: Progress) -> None:
        self._reads = reads
        self._run = run
        self._stands = stands
        self._plan = plan
        self._tally = tally
        self._progress = progress
        self._residents = Residents(stands.register, tally, run.today)
        self._busy: Busy | None = None

    async def batches(self) -> AsyncIterator[list[Any]]:
        """Values as they are from the next version on, and what is gone; what stays as it is, is not among them."""
        plan, register = self._plan, self._stands.register
        async for batch in self._persons():
            yield batch
        tells_homes = plan.households is not None or plan.links is not None
        if tells_homes:
            async for batch in self._homes():
                yield batch
        homes = self._residents.homes if tells_homes else None
        places = Places(self._stands.now, register, self._tally, self._run.today, homes)
        for batch in _pages(places.planned(plan)):
            yield batch

    async def _persons(self) -> AsyncIterator[list[Any]]:
        rows, register = self._plan.persons, self._stands.register
        if rows is None:
            return
        left = dict(register.standing(Sheet.PERSONS))
        async for page in self._through(rows, "persons"):
            ids = [left.pop(row.code) for row in page if row.code in left]
            befores = {person.id: person for person in await self._reads.persons(self._run.township, self._stands.now.version, ids)}
            yield list(self._residents.persons(page, befores))
        for missing in _pages(left.values()):
            gone = await self._reads.persons(self._run.township, self._stands.now.version, missing)
            busy = await self._hung_on()
            staying = busy.person_ids | await self._reads.signing_in(missing)
            yield list(self._residents.missing_persons(gone, replace(busy, person_ids=staying)))

    async def _homes(self) -> AsyncIterator[list[Any]]:
        plan, register, version = self._plan, self._stands.register, self._stands.now.version
        links = None if plan.links is None else await to_thread(links_by_home, plan.links, register, self._run.today)
        left = dict(register.standing(Sheet.HOUSEHOLDS))
        async for page in self._through(plan.households or (), "households"):
            ids = [left.pop(row.code) for row in page if row.code in left]
            befores = {home.id: home for home in await self._reads.homes(self._run.township, version, ids)}
            await self._remember_ended(befores.values(), links)
            yield list(self._residents.households(page, befores, links))
        for missing in _pages(left.values()):
            found = await self._reads.homes(self._run.township, version, missing)
            await self._remember_ended(found, links)
            if plan.households is None:
                yield list(self._residents.other_households(found, links))
            else:
                yield list(self._residents.missing_households(found, links, await self._hung_on()))

    async def _remember_ended(self, homes: Iterable[Household], links: Mapping[str, Held] | None) -> None:
        ids = links_in_doubt(homes, links or {})
        self._residents.ended_links = set(await self._reads.links_ended(self._run.township, self._stands.now.version, ids))

    async def _hung_on(self) -> Busy:
        if self._busy is None:
            self._busy = await self._reads.busy(self._stands.now)
        return self._busy

    async def _through(self, rows: Iterable[T], name: str) -> AsyncIterator[list[T]]:
        """The rows of the file, a page at a time; another thread reads them."""
        source, count = iter(rows), 0
        while page := await to_thread(lambda: list(islice(source, PAGE))):
            count += len(page)
            self._progress(name, count)
            yield page


def _pages(values: Iterable[T]) -> Iterator[list[T]]:
    source = iter(values)
    while page := list(islice(source, PAGE)):
        yield page
