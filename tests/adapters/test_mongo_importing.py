"""A committee's file becomes the organisation: whole or not at all, again without a change, and never half seen by anybody."""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from adapters.mongo.collections import COLLECTIONS
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.importing_contacts import ImportedContacts
from adapters.mongo.staging import LEASE, Staging
from adapters.mongo.versions import KINDS
from adapters.workbook.reading import opened
from adapters.workbook.writing import write_organisation
from domain.calendar import SHANGHAI
from domain.contacts import Contact
from domain.errors import Refused
from domain.households import Agreement, Reach
from domain.ids import Kind
from domain.importing import Difference, Import, Outcome, Register, What
from domain.organisation import Organisation
from domain.workbook_rows import Sheet
from resolvers.contacts import SetContact, set_contact
from resolvers.homes import EndLink, end_link
from server.wiring import House
from tests.adapters.stage import Stage
from tests.domain.books import Book, demo_rows
from tests.domain.planted import plant as plant_faults
from tests.reorganising import keep

TODAY = date(2026, 11, 23)
SETTLEMENT = "990101101601"


def a_run(house: House, township: str = "990101101", **more: Any) -> Import:
    at = house.ports.clock()
    return Import(house.ports.ids.new(Kind.EVENT, township, at), township, at, at.astimezone(SHANGHAI).date(), "import", **more)


async def apply(house: House, path: Path, **more: Any) -> Outcome:
    with opened(path) as source:
        return await house.imports.apply(source, a_run(house, **more))


async def check(house: House, path: Path) -> Outcome:
    with opened(path) as source:
        return await house.imports.check(source, a_run(house))


async def exported(house: House, path: Path) -> Path:
    write_organisation(path, await house.imports.reads.everything(a_run(house)))
    return path


async def stands(stage: Stage) -> Organisation:
    found = await stage.house.ports.organisations.of_township(stage.township)
    assert found is not None
    return found


async def empty(stage: Stage) -> None:
    for name in (collection.name for collection in COLLECTIONS):
        if name not in {"calendar", "migrations", "items", "data_keys", "lookup_keys"}:
            await stage.house.mongo.collection(name).delete_many({})


def of(outcome: Outcome, sheet: Sheet) -> Difference:
    return next(difference for difference in outcome.differences if difference.sheet is sheet)


def numbers(outcome: Outcome) -> dict[str, tuple[int, int, int]]:
    """Sheets with changes: how many were added, changed, ended."""
    return {d.sheet.value: (d.added, d.changed, d.ended) for d in outcome.differences if not d.is_nothing}


# --- Whole, and again.


async def test_a_name_that_is_written_ahead_is_nobodys_to_see(stage: Stage) -> None:
    by_ids, known = stage.house.ports.people.by_ids, Register(stage.township, stage.clock(), stage.house.ports.ids)
    person = next(person for person in stage.planned.persons if person.id == stage.id_of("resident-1"))
    newcomer = replace(person, id=stage.house.ports.ids.new(Kind.PERSON, stage.township, stage.clock()), code="A-1")
    known.stands(Sheet.PERSONS, person.code, person.id)
    staging = Staging(stage.house.mongo, stage.clock, a_run(stage.house), 1)
    await staging.begin()

    await staging.add([replace(person, display_name="尚未生效"), newcomer], known)

    assert await by_ids(stage.township, [person.id, newcomer.id]) == [person]
    await staging.drop()
    assert await by_ids(stage.township, [person.id, newcomer.id]) == [person]
    await keep(stage.house, stage.township, replace(person, display_name="改名"))
    assert [found.display_name for found in await by_ids(stage.township, [person.id])] == ["改名"]
    await keep(stage.house, stage.township, gone=(("persons", person.id),))
    assert [found.display_name for found in await by_ids(stage.township, [person.id])] == ["改名"]  # of those who left too


async def test_the_first_import_makes_the_township_and_the_second_one_nothing(stage: Stage, tmp_path: Path) -> None:
    await empty(stage)
    path = Book(demo_rows()).save(tmp_path / "book.xlsx")

    outcome = await apply(stage.house, path)

    now, [township] = await stands(stage), await stage.find("townships")
    assert (outcome.is_applied, outcome.version, now.version) == (True, 1, 1)
    assert (township["name"], township["staging"]) == ("柳湾镇党委", None)
    assert {unit.code for unit in now.units.values()} == {unit.code for unit in stage.planned.parts.units}
    assert sorted(grid.household_count for grid in now.grids.values()) == sorted(g.household_count for g in stage.planned.parts.grids)
    assert (await stage.count("households"), await stage.count("persons")) == (60, len(stage.planned.persons))
    assert [record["kind"] for record in await stage.find("organisation_versions")] == ["import"]
    before = await stage.contents()

    again = await apply(stage.house, path)

    assert (again.is_applied, again.is_nothing, again.version) == (False, True, 1)
    assert await stage.contents() == before


async def test_what_the_demo_exports_is_no_change(stage: Stage, tmp_path: Path) -> None:
    path, before = await exported(stage.house, tmp_path / "book.xlsx"), await stage.contents()

    outcome = await apply(stage.house, path)

    assert (outcome.faults, numbers(outcome), outcome.is_applied) == ((), {}, False)
    assert await stage.contents() == before


async def test_addresses_from_a_file_are_sealed(stage: Stage, tmp_path: Path) -> None:
    await empty(stage)
    await apply(stage.house, Book(demo_rows()).save(tmp_path / "book.xlsx"))

    assert all(isinstance(home["address"], bytes) for home in await stage.find("households"))


async def test_forty_faults_and_nothing_is_written_then_the_mended_file_applies(stage: Stage, tmp_path: Path) -> None:
    await empty(stage)
    book = Book(demo_rows())
    planted = plant_faults(book)
    before = await stage.contents()

    outcome = await apply(stage.house, book.save(tmp_path / "faults.xlsx"))

    assert len(outcome.faults) == len(planted) == 40
    assert await stage.contents() == before
    assert (await apply(stage.house, Book(demo_rows()).save(tmp_path / "mended.xlsx"))).is_applied


async def test_a_check_says_what_would_change_and_writes_nothing(stage: Stage, tmp_path: Path) -> None:
    book = Book(demo_rows())
    row = book.find(Sheet.UNITS, "code", SETTLEMENT)
    book.put(Sheet.UNITS, row, "name", "柳湾新村党委")
    before = await stage.contents()

    outcome = await check(stage.house, book.save(tmp_path / "book.xlsx"))

    [line] = of(outcome, Sheet.UNITS).lines
    assert (line.code, line.what) == (SETTLEMENT, What.CHANGED)
    assert [(cut.column, cut.before, cut.after) for cut in line.cuts] == [("name", "柳湾新村党总支", "柳湾新村党委")]
    assert await stage.contents() == before


# --- Changes.


async def test_a_home_moves_and_a_post_ends_by_importing_again(stage: Stage, tmp_path: Path) -> None:
    book = Book(demo_rows())
    home = book.find(Sheet.HOUSEHOLDS, "grid", f"{SETTLEMENT}001")
    code = str(book.cell(Sheet.HOUSEHOLDS, home, "code"))
    book.put(Sheet.HOUSEHOLDS, home, "grid", f"{SETTLEMENT}002")
    book.put(Sheet.HOUSEHOLDS, home, "micro_grid", f"{SETTLEMENT}00201")
    worker = book.find(Sheet.POSTS, "person", "grid-worker-5")
    del book.lines(Sheet.POSTS)[worker - 1]
    was = await stands(stage)
    moment = stage.clock()

    stage.clock.advance(minutes=5)
    outcome = await apply(stage.house, book.save(tmp_path / "book.xlsx"))

    assert numbers(outcome) == {"households": (0, 1, 0), "posts": (0, 0, 1)}
    now = await stands(stage)
    [moved] = [row for row in await stage.find("households", code=code) if row["from_version"] == 2]
    assert now.grids[moved["residence_grid_id"]].code == f"{SETTLEMENT}002"
    assert now.posts_of(stage.id_of("grid-worker-5"), TODAY) == []
    counts = {grid.code: grid.household_count for grid in now.grids.values()}
    earlier = {grid.code: grid.household_count for grid in was.grids.values()}
    assert counts[f"{SETTLEMENT}001"] == earlier[f"{SETTLEMENT}001"] - 1
    assert counts[f"{SETTLEMENT}002"] == earlier[f"{SETTLEMENT}002"] + 1
    past = await stage.house.ports.organisations.as_of(now, moment)
    assert past.version == 1
    assert [post.person_id for post in past.posts_of(stage.id_of("grid-worker-5"), TODAY)] == [stage.id_of("grid-worker-5")]


async def test_a_unit_that_the_file_leaves_out_is_closed_today_and_its_code_never_comes_again(stage: Stage, tmp_path: Path) -> None:
    book = Book(demo_rows())
    code = f"{SETTLEMENT}0101"
    row = book.find(Sheet.UNITS, "code", code)
    line = book.lines(Sheet.UNITS)[row - 1]
    del book.lines(Sheet.UNITS)[row - 1]

    outcome = await apply(stage.house, book.save(tmp_path / "without.xlsx"))

    assert numbers(outcome) == {"units": (0, 0, 1)}
    unit = (await stands(stage)).unit_by_code(code)
    assert unit is not None
    assert unit.valid_to == TODAY
    assert numbers(await apply(stage.house, tmp_path / "without.xlsx")) == {}

    book.lines(Sheet.UNITS).append(line)
    before = await stage.contents()
    again = await apply(stage.house, book.save(tmp_path / "again.xlsx"))
    assert [(fault.column, fault.what.key) for fault in again.faults] == [("编码", "import.closed_code")]
    assert await stage.contents() == before


async def test_whoever_signs_in_or_waits_stays_when_a_file_leaves_them_out(stage: Stage, tmp_path: Path) -> None:
    accounts = stage.house.mongo.collection("accounts")
    await accounts.delete_many({"person_ids": stage.id_of("resident-3")})
    await stage.submit("resident-1")
    book = Book(demo_rows())
    for handle in ("resident-1", "resident-2", "resident-3"):
        row = book.find(Sheet.PERSONS, "code", handle)
        home = str(book.cell(Sheet.PERSONS, row, "household"))
        del book.lines(Sheet.PERSONS)[row - 1]
        del book.lines(Sheet.HOUSEHOLDS)[book.find(Sheet.HOUSEHOLDS, "code", home) - 1]
        links = [number for number, line in enumerate(book.lines(Sheet.LINKS), 1) if line[0] == home]
        for number in links:
            del book.lines(Sheet.LINKS)[number - 1]

    outcome = await apply(stage.house, book.save(tmp_path / "book.xlsx"))

    assert outcome.faults == ()
    assert (of(outcome, Sheet.PERSONS).ended, of(outcome, Sheet.PERSONS).kept) == (1, 2)
    assert (of(outcome, Sheet.HOUSEHOLDS).ended, of(outcome, Sheet.HOUSEHOLDS).kept) == (1, 2)
    assert (await stage.actor("resident-1")).id == stage.id_of("resident-1")
    [gone] = await stage.find("persons", code="resident-3")
    assert gone["to_version"] == 2


async def test_a_link_that_the_file_leaves_out_ends_and_the_hub_counts_one_less(stage: Stage, tmp_path: Path) -> None:
    rows = demo_rows()
    book = Book({sheet: rows[sheet] for sheet in (Sheet.LINKS,)})
    home = str(book.cell(Sheet.LINKS, 2, "household"))
    del book.lines(Sheet.LINKS)[1]
    before = sum(hub.linked_household_count for hub in (await stands(stage)).hubs.values())

    outcome = await apply(stage.house, book.save(tmp_path / "links.xlsx"))

    assert numbers(outcome) == {"links": (0, 0, 1)}
    assert sum(hub.linked_household_count for hub in (await stands(stage)).hubs.values()) == before - 1
    [row] = await stage.find("households", code=home, from_version=2)
    assert row["link"]["until"] == TODAY.isoformat()


async def test_a_link_keeps_how_the_household_agreed_when_its_home_changes(stage: Stage, tmp_path: Path) -> None:
    book, home = Book(demo_rows()), next(home for home in stage.planned.households if home.link)
    assert home.link is not None
    agreed = replace(home.link, agreed_on=date(2026, 3, 1), agreement=Agreement.SIGNED_PAPER, recorded_by=stage.id_of("dispatcher-1"))
    await keep(stage.house, stage.township, replace(home, link=agreed, version=2))
    book.put(Sheet.HOUSEHOLDS, book.find(Sheet.HOUSEHOLDS, "code", home.code), "room", "9-9-909")

    assert numbers(await apply(stage.house, book.save(tmp_path / "book.xlsx"))) == {"households": (0, 1, 0)}

    [row] = await stage.find("households", id=home.id, from_version=3)
    kept = {name: row["link"][name] for name in ("agreed_on", "agreement", "recorded_by")}
    assert kept == {"agreed_on": "2026-03-01", "agreement": "SIGNED_PAPER", "recorded_by": agreed.recorded_by}


async def test_a_link_that_the_household_ended_is_not_taken_up_by_an_older_file(stage: Stage, tmp_path: Path) -> None:
    book = Book({Sheet.LINKS: demo_rows()[Sheet.LINKS]})
    path, resident = book.save(tmp_path / "older.xlsx"), await stage.actor("resident-1")
    home = next(home for home in stage.planned.households if home.id == resident.person.household_id) if resident.person else None
    assert home is not None
    await end_link(EndLink(uuid4(), home.id), by=resident, ports=stage.house.ports)
    before = await stage.contents()

    outcome = await apply(stage.house, path)

    [line] = of(outcome, Sheet.LINKS).lines
    assert (line.code, line.what, outcome.is_applied) == (home.code, What.KEPT, False)
    assert await stage.contents() == before

    book.put(Sheet.LINKS, book.find(Sheet.LINKS, "household", home.code), "since", TODAY)
    assert numbers(await apply(stage.house, book.save(tmp_path / "agreed-anew.xlsx"))) == {"links": (1, 0, 0)}
    assert (await apply(stage.house, path)).is_applied is False


async def test_telephones_come_with_a_file_but_never_over_what_somebody_said_of_themself(stage: Stage, tmp_path: Path) -> None:
    book = Book({Sheet.PERSONS: demo_rows()[Sheet.PERSONS]})
    for handle in ("resident-1", "resident-2"):
        book.put(Sheet.PERSONS, book.find(Sheet.PERSONS, "code", handle), "phone", "13812345678")
    contacts = stage.house.ports.contacts
    path = book.save(tmp_path / "phones.xlsx")
    own = {"_id": stage.id_of("resident-2"), "township": stage.township, "reach": "VISIT", "set_at": stage.clock()}
    masked = {"reach": "VISIT", "phone": None, "has_address": False}
    await stage.house.mongo.collection("contacts").insert_one(
        {**own, "set_by_id": own["_id"], "phone": None, "address": None, "masked": masked}
    )

    outcome = await apply(stage.house, path)

    assert (outcome.is_applied, outcome.contacts) == (False, 1)
    assert await contacts.persons_with("+8613812345678", township=stage.township) == [stage.id_of("resident-1")]
    assert (await contacts.masked(stage.township, [stage.id_of("resident-2")]))[0].reach is Reach.VISIT
    assert (await apply(stage.house, path)).contacts == 0
    assert "138" not in repr(outcome)


async def test_what_somebody_says_of_themself_while_a_file_is_applied_stays(stage: Stage, tmp_path: Path) -> None:
    book = Book({Sheet.PERSONS: demo_rows()[Sheet.PERSONS]})
    for handle in ("resident-1", "resident-2"):
        book.put(Sheet.PERSONS, book.find(Sheet.PERSONS, "code", handle), "phone", "13812345678")
    resident, changed = await stage.actor("resident-1"), ImportedContacts.changed

    async def then_says_so(*about: Any) -> list[Contact]:
        told = await changed(*about)
        await set_contact(SetContact(uuid4(), Reach.PHONE, None, "13900000000"), by=resident, ports=stage.house.ports)
        return told

    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr(ImportedContacts, "changed", then_says_so)
        outcome = await apply(stage.house, book.save(tmp_path / "book.xlsx"))

    contacts = stage.house.ports.contacts
    assert outcome.contacts == 1
    assert await contacts.persons_with("+8613900000000", township=stage.township) == [resident.id]
    assert await contacts.persons_with("+8613812345678", township=stage.township) == [stage.id_of("resident-2")]


async def test_whoever_leaves_the_list_leaves_no_number_and_no_code_behind(stage: Stage, tmp_path: Path) -> None:
    gone, stays = stage.id_of("resident-3"), stage.id_of("resident-2")
    await stage.house.mongo.collection("accounts").delete_many({"person_ids": gone})
    for id_, number in ((gone, "+8613812345678"), (stays, "+8613900000000")):
        await stage.house.ports.contacts.keep([Contact(id_, stage.township, Reach.PHONE, number, None, stage.clock(), "import")])
        code = {
            "_id": id_,
            "township": stage.township,
            "beginning": "1234",
            "salt": "",
            "digest": "",
            "tries": 0,
            "expires_at": stage.clock(),
        }
        await stage.house.mongo.collection("enrolment_codes").insert_one(code)
    book = Book({Sheet.PERSONS: demo_rows()[Sheet.PERSONS]})
    del book.lines(Sheet.PERSONS)[book.find(Sheet.PERSONS, "code", "resident-3") - 1]
    path = book.save(tmp_path / "book.xlsx")

    async def dies(*_: object) -> None:
        raise RuntimeError("killed")

    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(ImportedContacts, "forget_gone", dies)
        with pytest.raises(RuntimeError, match="killed"):
            await apply(stage.house, path)
    assert await stage.count("contacts") == 2
    again = await apply(stage.house, path)

    assert again.is_nothing
    assert [contact["_id"] for contact in await stage.find("contacts")] == [stays]
    assert [code["_id"] for code in await stage.find("enrolment_codes")] == [stays]


# --- Races, death in the middle, and readers.


async def test_of_two_imports_at_once_one_applies_and_the_other_is_refused(stage: Stage, tmp_path: Path) -> None:
    paths = []
    for name in ("甲", "乙"):
        book = Book(demo_rows())
        book.put(Sheet.UNITS, book.find(Sheet.UNITS, "code", SETTLEMENT), "name", name)
        paths.append(book.save(tmp_path / f"{name}.xlsx"))

    outcomes = await asyncio.gather(*(apply(stage.house, path) for path in paths), return_exceptions=True)

    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert [refusal.refusal.code.value for refusal in refusals] == ["CONFLICT"]
    assert (await stands(stage)).version == 2
    assert (await stage.find("townships"))[0]["staging"] is None


async def test_a_live_change_is_refused_while_an_import_is_staged_and_fine_after_it(stage: Stage) -> None:
    worker = next(post for post in stage.planned.parts.appointments if post.person_id == stage.id_of("grid-worker-1"))
    staging = Staging(stage.house.mongo, stage.clock, a_run(stage.house), 1)
    await staging.begin()

    with pytest.raises(Refused) as refused:
        await keep(stage.house, stage.township, worker)
    assert refused.value.refusal.message.key == "refusal.import_under_way"

    await staging.drop()
    await keep(stage.house, stage.township, worker)
    assert (await stands(stage)).version == 2


async def test_what_a_dead_import_left_is_taken_out_by_whoever_comes_next(stage: Stage, tmp_path: Path) -> None:
    before = await stage.contents()
    dead = Staging(stage.house.mongo, stage.clock, a_run(stage.house), 1)
    await dead.begin()
    known = Register(stage.township, stage.clock(), stage.house.ports.ids)
    for person in stage.planned.persons:
        known.stands(Sheet.PERSONS, person.code, person.id)
    await dead.add(stage.planned.persons[:20], known)
    assert (await stands(stage)).version == 1
    path = Book(demo_rows()).save(tmp_path / "book.xlsx")
    with pytest.raises(Refused, match="import_under_way"):
        await apply(stage.house, path)

    stage.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert numbers(await apply(stage.house, path)) == {}

    assert await stage.contents() == before
    with pytest.raises(Refused):  # it was not dead, only slow: it writes nothing any more
        await dead.add(stage.planned.persons[:20], known)
    assert await stage.contents() == before


class CutOff(Mongo):
    """Stops before the organisation's rows when the story says so."""

    is_cut = False

    def collection(self, name: str) -> AsyncCollection[Document]:
        if self.is_cut and name in KINDS:
            raise ConnectionError
        return super().collection(name)


async def test_whoever_gives_up_late_has_the_township_while_what_they_wrote_is_taken_out(stage: Stage) -> None:
    settings = stage.house.settings
    mongo = CutOff(settings.mongodb_uri, settings.mongodb_database, driver=settings.mongodb_driver)
    late, next_one = (Staging(each, stage.clock, a_run(stage.house), 1) for each in (mongo, stage.house.mongo))
    await late.begin()
    stage.clock.advance(seconds=LEASE.total_seconds() + 1)
    mongo.is_cut = True
    with pytest.raises(ConnectionError):
        await late.drop()

    with pytest.raises(Refused, match="import_under_way"):  # or its rows would be taken out as well
        await next_one.begin()
    mongo.is_cut = False
    await late.drop()
    await next_one.begin()
    await mongo.close()


async def test_a_change_of_the_organisation_takes_out_what_a_dead_import_left(stage: Stage) -> None:
    worker = next(post for post in stage.planned.parts.appointments if post.person_id == stage.id_of("grid-worker-1"))
    dead = Staging(stage.house.mongo, stage.clock, a_run(stage.house), 1)
    await dead.begin()
    known = Register(stage.township, stage.clock(), stage.house.ports.ids)
    for person in stage.planned.persons[:5]:
        known.stands(Sheet.PERSONS, person.code, person.id)
    await dead.add(stage.planned.persons[:5], known)
    stage.clock.advance(minutes=3)

    await keep(stage.house, stage.township, worker)

    assert await stage.count("persons") == len(stage.planned.persons)
    assert (await stands(stage)).version == 2


async def test_readers_see_the_old_organisation_or_the_new_one(stage: Stage, tmp_path: Path) -> None:
    book = Book(demo_rows())
    for number in range(2, 62):
        book.put(Sheet.HOUSEHOLDS, number, "address", f"新址{number}")
    book.put(Sheet.UNITS, book.find(Sheet.UNITS, "code", SETTLEMENT), "name", "新名")
    path, leader, seen = book.save(tmp_path / "book.xlsx"), "grid-leader-1", set()
    home_ids = [home.id for home in stage.planned.households]
    done = asyncio.Event()

    async def look() -> None:
        actor = await stage.actor(leader)
        assert actor.organisation is not None
        unit = actor.organisation.unit_by_code(SETTLEMENT)
        homes = await stage.house.ports.households.by_ids(home_ids, seen_by=actor)
        seen.add((actor.organisation.version, unit.name if unit else "", frozenset(home.address.startswith("新址") for home in homes)))

    async def read() -> None:
        while not done.is_set():
            await look()

    await look()
    reading = asyncio.create_task(read())
    await apply(stage.house, path)
    done.set()
    await reading
    await look()

    assert seen == {(1, "柳湾新村党总支", frozenset({False})), (2, "新名", frozenset({True}))}


async def test_a_file_that_was_checked_against_an_older_version_is_refused(stage: Stage, tmp_path: Path) -> None:
    path = Book(demo_rows()).save(tmp_path / "book.xlsx")
    before = await stage.contents()

    with pytest.raises(Refused, match="import_overtaken"):
        await apply(stage.house, path, expected_version=7)

    assert await stage.contents() == before


async def test_a_failing_import_gives_the_lease_back(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book(demo_rows())
    book.put(Sheet.UNITS, book.find(Sheet.UNITS, "code", SETTLEMENT), "name", "新名")
    before = await stage.contents()

    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no room left")

    monkeypatch.setattr(Staging, "activate", fails)
    with pytest.raises(RuntimeError):
        await apply(stage.house, book.save(tmp_path / "book.xlsx"))

    assert await stage.contents() == before


# --- By whom.


async def test_nobody_sends_themself_a_post_and_another_administrator_may(stage: Stage, tmp_path: Path) -> None:
    book = Book({Sheet.POSTS: demo_rows()[Sheet.POSTS]})
    assert (await sent(stage, "administrator-1", book.save(tmp_path / "as-it-stands.xlsx"))).faults == ()
    new = book.add(Sheet.POSTS, person="administrator-1", role="DISPATCHER", unit="990101101", since=TODAY)
    path, before = book.save(tmp_path / "book.xlsx"), await stage.contents()

    refused = await sent(stage, "administrator-1", path)

    assert [(fault.sheet, fault.row, fault.column, fault.what.key) for fault in refused.faults] == [
        ("任职", new, "人员编号", "import.post_for_oneself")
    ]
    assert await stage.contents() == before
    assert (await sent(stage, "dispatcher-1", path)).is_applied

    book.put(Sheet.POSTS, new, "until", date(2026, 12, 31))
    assert (await sent(stage, "administrator-1", book.save(tmp_path / "shorter.xlsx"))).is_applied
    book.put(Sheet.POSTS, new, "until", date(2027, 12, 31))
    longer = await sent(stage, "administrator-1", book.save(tmp_path / "longer.xlsx"))
    assert [fault.row for fault in longer.faults] == [new]


async def sent(stage: Stage, by: str, path: Path) -> Outcome:
    """As the API applies what a person sends."""
    with opened(path) as source:
        return await stage.house.imports.apply(source, replace(a_run(stage.house), by_id=stage.id_of(by)))
