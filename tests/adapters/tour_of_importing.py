"""The part of the tour that goes through imports: parts, check, apply, leases of the living and the dead, divisions, export."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from adapters.mongo.divisions import MongoDivisions
from adapters.mongo.staging import LEASE, Staging, clear_dead
from adapters.workbook.reading import opened
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.commands import Command
from domain.divisions import Division
from domain.errors import Refused
from domain.ids import Kind, compose
from domain.importing import Import
from domain.importing_desk import ImportPart
from domain.workbook_rows import Sheet
from resolvers.homes import EndLink, end_link
from resolvers.importing import division, divisions, organisation_import
from server.demo.settlement import Settlement, settlement
from server.demo.workbook import rows_of
from server.wiring import House
from tests.domain.books import Book

OTHER = "990303303"


async def tour_of_importing(
    house: House, planned: Settlement, actor: Callable[[str], Awaitable[Actor]], note: Callable[[str], None], clock: Any
) -> None:
    note("divisions")
    await MongoDivisions(house.mongo).put([Division("99", "示例省", None), Division("9901", "示例市", "99")], lambda _, __: None)
    await MongoDivisions(house.mongo).codes()
    await division("9901", ports=house.ports)
    await divisions("99", ports=house.ports)
    with TemporaryDirectory() as folder:
        book = await asyncio.to_thread(_book, planned, Path(folder) / "book.xlsx")
        note("an import through the API")
        await _through_the_desk(house, planned, await actor("administrator-1"), book)
        note("an import after a household ended its link")
        linked = [home for home in planned.households if home.link][1]
        await end_link(EndLink(uuid4(), linked.id), by=await actor("administrator-1"), ports=house.ports)
        gone = {"_id": compose(Kind.PERSON, planned.township_code, uuid4()), "township": planned.township_code}
        code = {"beginning": "0000", "salt": "", "digest": "", "tries": 0, "expires_at": house.ports.clock()}
        await house.mongo.collection("enrolment_codes").insert_one({**gone, **code})
        note("an import from the terminal")
        await _from_the_terminal(house, planned, book, Path(folder))
    note("dead imports")
    await _dead(house, planned, clock)


def _book(planned: Settlement, path: Path) -> Path:
    """The settlement with a telephone more, and without the last persons and homes."""
    book = Book({sheet: tuple(rows) for sheet, rows in rows_of(planned).items()})
    for row in (2, 3):
        book.put(Sheet.PERSONS, row, "phone", "13812345678")
    home = book.cell(Sheet.PERSONS, len(book.lines(Sheet.PERSONS)), "household")
    for sheet, column in (
        (Sheet.PERSONS, "household"),
        (Sheet.PERSONS, "household"),
        (Sheet.HOUSEHOLDS, "code"),
        (Sheet.LINKS, "household"),
    ):
        with suppress(IndexError):
            del book.lines(sheet)[book.find(sheet, column, str(home)) - 1]
    assert book.check().faults == ()
    return book.save(path)


def _run(house: House, township: str, by_id: str = "import") -> Import:
    at = house.ports.clock()
    return Import(house.ports.ids.new(Kind.EVENT, township, at), township, at, at.astimezone(SHANGHAI).date(), by_id)


async def _through_the_desk(house: House, planned: Settlement, administrator: Actor, book: Path) -> None:
    desk, import_id, by_id = house.ports.import_desk, uuid4(), administrator.id or ""

    def command() -> Command:
        return Command(by_id, uuid4(), "verb", "contents", house.ports.clock())

    content = await asyncio.to_thread(book.read_bytes)
    part = ImportPart(import_id, planned.township_code, by_id, "book.xlsx", 1, 1, content, house.ports.clock())
    await desk.keep_part(part, command=command())
    await desk.check(import_id, _run(house, planned.township_code, by_id), command=command())
    await organisation_import(import_id, by=administrator, ports=house.ports)
    await desk.apply(import_id, _run(house, planned.township_code, by_id), command=command())


async def _from_the_terminal(house: House, planned: Settlement, book: Path, folder: Path) -> None:
    imports = house.imports
    # A contact with an address, which a new number leaves as it is.
    handle = next(iter(rows_of(planned)[Sheet.PERSONS]))
    person = next(person for person in planned.persons if person.code == getattr(handle, "code", ""))
    contact = await house.ports.contacts.own(seen_by=replace(Actor(person, (), frozenset(), None), person=person))
    if contact is not None:
        await house.ports.contacts.keep([replace(contact, phone="+8613900000000", address="五楼")])
    with opened(book) as source:
        await imports.apply(source, _run(house, planned.township_code))
    posts = {Sheet.POSTS: tuple(rows_of(planned)[Sheet.POSTS])}
    alone = await asyncio.to_thread(Book(posts).save, folder / "posts.xlsx")
    with opened(alone) as source:
        await imports.check(source, _run(house, planned.township_code))
    await imports.reads.everything(_run(house, planned.township_code))
    await imports.reads.townships()
    first = Staging(house.mongo, house.ports.clock, _run(house, OTHER), 0)
    await first.begin()
    await first.drop()
    small = settlement(28, township=OTHER)
    whole = Book({sheet: tuple(rows) for sheet, rows in rows_of(small).items()})
    with opened(await asyncio.to_thread(whole.save, folder / "other.xlsx")) as source:
        await imports.apply(source, _run(house, OTHER))


async def _dead(house: House, planned: Settlement, clock: Any) -> None:
    organisation = await house.ports.organisations.of_township(planned.township_code)
    version = organisation.version if organisation else 0
    kept = await house.mongo.collection("townships").find_one({"_id": planned.township_code}, {"entries": 1}) or {}
    for _ in range(2):
        dead = Staging(house.mongo, house.ports.clock, _run(house, planned.township_code), version, kept.get("entries"))
        with suppress(Refused):
            await dead.begin()
        clock.advance(seconds=LEASE.total_seconds() + 1)
    await clear_dead(house.mongo, planned.township_code, clock() + timedelta(seconds=1))
