"""An administrator brings the organisation's file through the API: in parts, checked, applied once, and nobody else can."""

import asyncio
import base64
import tempfile
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.mongo import importing_desk
from adapters.mongo.importing import MongoImports
from adapters.mongo.importing_desk import MongoImportDesk
from adapters.mongo.ledger import Ledger
from adapters.workbook.reading import opened
from domain.errors import Refused
from domain.importing import Import, Outcome
from domain.importing_desk import ImportJob, ImportState
from domain.ports import Ports
from domain.workbook_pages import Source
from domain.workbook_rows import Sheet
from resolvers.importing import ApplyImport, CheckImport, apply_import, check_import
from server.demo.main_job import Player
from tests.adapters.stage import Stage
from tests.conftest import Town
from tests.domain.books import Book, demo_rows
from tests.domain.planted import plant
from tests.journeys.stories import Answer

SHOWN = """organisationImport { importId state received parts version more contacts message
    faults { sheet row column what expected } differences { sheet added changed ended kept unchanged lines { code what text } } }"""
SETTLEMENT = "990101101601"
PIECE = 9_000


async def upload(player: Player, path: Path, import_id: str, *, piece: int = PIECE) -> Answer:
    content = await asyncio.to_thread(path.read_bytes)
    pieces = [content[start : start + piece] for start in range(0, len(content), piece)]
    last: Answer = {}
    for number, part in enumerate(pieces, 1):
        fields = {"importId": import_id, "fileName": path.name, "part": number, "parts": len(pieces)}
        last = await player.do("uploadImportPart", SHOWN, content=base64.b64encode(part).decode(), **fields)
    return last


async def check(player: Player, import_id: str, **more: Any) -> Answer:
    return await player.do("checkImport", SHOWN, importId=import_id, **more)


async def apply(player: Player, import_id: str, version: int, **more: Any) -> Answer:
    return await player.do("applyImport", SHOWN, importId=import_id, expectedVersion=version, **more)


async def version_of(town: Town) -> int:
    organisation = await town.house.ports.organisations.of_township(town.planned.township_code)
    assert organisation is not None
    return organisation.version


def renamed(name: str) -> Book:
    book = Book(demo_rows())
    book.put(Sheet.UNITS, book.find(Sheet.UNITS, "code", SETTLEMENT), "name", name)
    return book


async def test_a_file_is_sent_checked_and_applied_once(town: Town, tmp_path: Path) -> None:
    administrator, import_id = await town.person("administrator-1", language="en"), str(uuid4())
    sent = (await upload(administrator, renamed("柳湾新村党委").save(tmp_path / "book.xlsx"), import_id))["organisationImport"]
    assert (sent["state"], sent["received"]) == ("UPLOADED", sent["parts"])
    assert sent["parts"] > 1

    report = (await check(administrator, import_id))["organisationImport"]
    assert (report["state"], report["version"], report["faults"]) == ("CHECKED", 1, [])
    units = next(difference for difference in report["differences"] if difference["sheet"] == "UNITS")
    assert units["lines"] == [{"code": SETTLEMENT, "what": "CHANGED", "text": f"{SETTLEMENT}: name 柳湾新村党总支 → 柳湾新村党委"}]
    assert await version_of(town) == 1, "a check changes nothing"

    command = str(uuid4())
    done = (await apply(administrator, import_id, 1, commandId=command))["organisationImport"]
    again = (await apply(administrator, import_id, 1, commandId=command))["organisationImport"]
    assert (done["state"], done["version"], again) == ("APPLIED", 2, done)
    assert await version_of(town) == 2
    assert (await administrator.ask(f'{{ orgUnit(code: "{SETTLEMENT}") {{ name }} }}'))["orgUnit"]["name"] == "柳湾新村党委"
    found = await administrator.ask(f'{{ organisationImport(id: "{import_id}") {{ state version }} }}')
    assert found["organisationImport"] == {"state": "APPLIED", "version": 2}


async def test_forty_faults_are_told_with_their_places_and_nothing_is_written(town: Town, tmp_path: Path) -> None:
    administrator, import_id = await town.person("administrator-1"), str(uuid4())
    book = Book(demo_rows())
    planted = plant(book)
    await upload(administrator, book.save(tmp_path / "book.xlsx"), import_id)
    stage = Stage(town.house, town.planned, town.clock)
    before = await stage.contents()

    report = (await check(administrator, import_id))["organisationImport"]

    places = {(fault["sheet"], fault["row"], fault["column"]) for fault in report["faults"]}
    assert len(report["faults"]) == len(planted) == 40
    assert places == {(sheet, row, column) for sheet, row, column, _ in planted}
    assert all(fault["what"] and fault["expected"] for fault in report["faults"])
    assert (await apply(administrator, import_id, 1))["code"] == "WRONG_STATE"
    after = await stage.contents()
    assert {name for name in after if after[name] != before[name]} == {"imports", "commands"}


async def test_of_rivals_one_applies_the_file_and_the_others_do_not_unsay_it(town: Town, tmp_path: Path) -> None:
    administrator, import_id = await town.person("administrator-1", language="en"), str(uuid4())
    await upload(administrator, renamed("柳湾新村党委").save(tmp_path / "book.xlsx"), import_id)
    await check(administrator, import_id)

    answers = await asyncio.gather(*(apply(administrator, import_id, 1) for _ in range(3)))

    assert sum("organisationImport" in answer for answer in answers) == 1
    assert {answer["code"] for answer in answers if "code" in answer} <= {"CONFLICT", "WRONG_STATE"}
    found = await administrator.ask(f'{{ organisationImport(id: "{import_id}") {{ state message version }} }}')
    assert found["organisationImport"] == {"state": "APPLIED", "message": None, "version": 2}
    assert await version_of(town) == 2


class Paced(MongoImports):
    """Begins to check a file, or to make it true, and tells what came of it, when the story lets it."""

    def __init__(self, imports: MongoImports) -> None:
        self._imports = imports
        self.has_begun, self.may_go_on, self.is_over, self.may_tell = (asyncio.Event() for _ in range(4))

    async def check(self, source: Source, run: Import, **more: Any) -> Outcome:
        return await self._paced(self._imports.check(source, run, **more))

    async def apply(self, source: Source, run: Import, **more: Any) -> Outcome:
        return await self._paced(self._imports.apply(source, run, **more))

    async def _paced(self, work: Awaitable[Outcome]) -> Outcome:
        self.has_begun.set()
        await self.may_go_on.wait()
        try:
            return await work
        finally:
            self.is_over.set()
            await self.may_tell.wait()


def with_desk(town: Town, paced: Paced) -> Ports:
    desk = MongoImportDesk(town.house.mongo, Ledger(town.house.mongo), paced, opened)
    return replace(town.house.ports, import_desk=desk)


async def test_what_was_found_in_a_file_is_not_said_of_the_one_that_was_sent_instead_of_it(town: Town, tmp_path: Path) -> None:
    administrator, import_id = await town.person("administrator-1", language="en"), str(uuid4())
    by = await Stage(town.house, town.planned, town.clock).actor("administrator-1")
    faulty = Book(demo_rows())
    planted = plant(faulty)
    checks, running = [Paced(town.house.imports), Paced(town.house.imports)], list[asyncio.Task[ImportJob]]()

    for book, paced in zip((renamed("柳湾新村党委"), faulty), checks, strict=True):
        await upload(administrator, book.save(tmp_path / "book.xlsx"), import_id)
        sent = CheckImport(uuid4(), UUID(import_id))
        running.append(asyncio.create_task(check_import(sent, by=by, ports=with_desk(town, paced))))
        await paced.has_begun.wait()
    for paced, task in zip(checks, running, strict=True):
        paced.may_go_on.set()
        paced.may_tell.set()
        await task

    found = await administrator.ask(f'{{ organisationImport(id: "{import_id}") {{ state faults {{ row }} }} }}')
    assert (found["organisationImport"]["state"], len(found["organisationImport"]["faults"])) == ("CHECKED", len(planted))


async def test_whoever_began_first_and_came_too_late_does_not_unsay_what_was_applied(town: Town, tmp_path: Path) -> None:
    administrator, import_id = await town.person("administrator-1", language="en"), str(uuid4())
    await upload(administrator, renamed("柳湾新村党委").save(tmp_path / "book.xlsx"), import_id)
    await check(administrator, import_id)
    by = await Stage(town.house, town.planned, town.clock).actor("administrator-1")
    first, second = Paced(town.house.imports), Paced(town.house.imports)

    async def applied_by(paced: Paced) -> ImportJob:
        return await apply_import(ApplyImport(uuid4(), UUID(import_id), 1), by=by, ports=with_desk(town, paced))

    slow = asyncio.create_task(applied_by(first))
    await first.has_begun.wait()
    fast = asyncio.create_task(applied_by(second))
    second.may_go_on.set()
    await second.is_over.wait()
    for gate in (first.may_go_on, first.may_tell):
        gate.set()
    with pytest.raises(Refused, match="import_overtaken"):
        await slow
    second.may_tell.set()
    assert (await fast).state is ImportState.APPLIED

    found = await administrator.ask(f'{{ organisationImport(id: "{import_id}") {{ state message version }} }}')
    assert found["organisationImport"] == {"state": "APPLIED", "message": None, "version": 2}
    assert (await apply(administrator, import_id, 2))["code"] == "WRONG_STATE"


async def test_a_file_that_was_checked_while_another_was_applied_is_still_to_be_applied(town: Town, tmp_path: Path) -> None:
    administrator, import_id = await town.person("administrator-1", language="en"), str(uuid4())
    by = await Stage(town.house, town.planned, town.clock).actor("administrator-1")
    await upload(administrator, renamed("柳湾新村党委").save(tmp_path / "book.xlsx"), import_id)
    await check(administrator, import_id)
    paced = Paced(town.house.imports)
    paced.may_go_on.set()

    applying = asyncio.create_task(apply_import(ApplyImport(uuid4(), UUID(import_id), 1), by=by, ports=with_desk(town, paced)))
    await paced.is_over.wait()
    await upload(administrator, renamed("柳湾新村联合党委").save(tmp_path / "book.xlsx"), import_id)
    assert (await check(administrator, import_id))["organisationImport"]["state"] == "CHECKED"
    paced.may_tell.set()
    await applying

    found = await administrator.ask(f'{{ organisationImport(id: "{import_id}") {{ state version }} }}')
    assert found["organisationImport"] == {"state": "CHECKED", "version": 2}
    assert (await apply(administrator, import_id, 2))["organisationImport"]["version"] == 3
    assert (await administrator.ask(f'{{ orgUnit(code: "{SETTLEMENT}") {{ name }} }}'))["orgUnit"]["name"] == "柳湾新村联合党委"


async def test_what_is_not_true_any_more_when_it_is_applied_is_not_applied(town: Town, tmp_path: Path) -> None:
    administrator = await town.person("administrator-1", language="en")
    imports = [str(uuid4()), str(uuid4())]
    tomorrow = (town.clock() + timedelta(days=1)).date()
    for import_id, end in zip(imports, (tomorrow, None), strict=True):
        book = Book(demo_rows())
        book.again(Sheet.UNITS, book.find(Sheet.UNITS, "kind", "党小组"), code="9901011016010109", name="临时党小组", valid_to=end)
        await upload(administrator, book.save(tmp_path / "book.xlsx"), import_id)
        assert (await check(administrator, import_id))["organisationImport"]["faults"] == []
        if end:
            assert (await apply(administrator, import_id, 1))["organisationImport"]["state"] == "APPLIED"

    town.clock.advance(days=1)
    administrator = await town.person("administrator-1", language="en")
    kept = (await apply(administrator, imports[1], 2))["organisationImport"]

    assert (kept["state"], kept["version"]) == ("CHECKED", 2)
    assert [(fault["sheet"], fault["column"]) for fault in kept["faults"]] == [("组织", "编码")]
    assert await version_of(town) == 2
    assert (await apply(administrator, imports[1], 2))["code"] == "WRONG_STATE"


async def test_what_was_checked_before_somebody_changed_the_organisation_is_a_conflict(town: Town, tmp_path: Path) -> None:
    administrator, first, second = await town.person("administrator-1"), str(uuid4()), str(uuid4())
    for import_id, name in ((first, "甲"), (second, "乙")):
        await upload(administrator, renamed(name).save(tmp_path / f"{name}.xlsx"), import_id)
        assert (await check(administrator, import_id))["organisationImport"]["version"] == 1
    assert (await apply(administrator, first, 1))["organisationImport"]["version"] == 2

    refusal = await apply(administrator, second, 1)

    assert (refusal["code"], refusal["field"]) == ("CONFLICT", "expectedVersion")
    assert await version_of(town) == 2
    assert (await check(administrator, second))["organisationImport"]["version"] == 2
    assert (await apply(administrator, second, 2))["organisationImport"]["version"] == 3


@pytest.mark.parametrize("handle", ["resident-1", "grid-worker-1", "secretary-2", "dispatcher-1"])
async def test_nobody_but_the_administrator_imports(town: Town, handle: str, tmp_path: Path) -> None:
    administrator, other, import_id = await town.person("administrator-1"), await town.person(handle), str(uuid4())
    path = renamed("甲").save(tmp_path / "book.xlsx")
    await upload(administrator, path, import_id)
    await check(administrator, import_id)
    before = await town.contents()

    for answer in (await upload(other, path, import_id), await check(other, import_id), await apply(other, import_id, 1)):
        assert answer["code"] == "NOT_ALLOWED"
    assert (await other.ask(f'{{ organisationImport(id: "{import_id}") {{ importId }} }}'))["organisationImport"] is None
    assert await town.contents() == before
    assert await version_of(town) == 1


async def test_a_stranger_has_to_sign_in(town: Town) -> None:
    stranger, import_id = town.stranger(), str(uuid4())

    assert (await check(stranger, import_id))["code"] == "SIGN_IN_REQUIRED"
    assert (await apply(stranger, import_id, 1))["code"] == "SIGN_IN_REQUIRED"
    assert (await stranger.ask(f'{{ organisationImport(id: "{import_id}") {{ importId }} }}'))["organisationImport"] is None


async def test_bad_parts_are_refused_and_nothing_is_kept(town: Town, tmp_path: Path) -> None:
    administrator, import_id = await town.person("administrator-1"), str(uuid4())
    good = {"importId": import_id, "fileName": "x.xlsx", "part": 1, "parts": 2, "content": "eHg="}
    bad: list[tuple[str, str, Any]] = [
        ("INVALID_INPUT", "content", "§§"),
        ("INVALID_INPUT", "content", ""),
        ("LIMIT_REACHED", "content", "eHh4" * 130_000),
        ("INVALID_INPUT", "part", 0),
        ("INVALID_INPUT", "part", 3),
        ("LIMIT_REACHED", "parts", 61),
        ("INVALID_INPUT", "fileName", "x" * 300),
    ]
    for code, name, value in bad:
        answer = await administrator.do("uploadImportPart", SHOWN, **{**good, name: value})
        assert (answer["code"], answer["field"]) == (code, name)
    assert await town.count("import_parts") == 0
    assert (await check(administrator, import_id))["code"] == "NOT_FOUND"

    await administrator.do("uploadImportPart", SHOWN, **good)
    assert (await check(administrator, import_id))["field"] == "importId"  # the second part is missing
    assert (await apply(administrator, import_id, 1))["code"] == "WRONG_STATE"

    await administrator.do("uploadImportPart", SHOWN, **{**good, "parts": 1, "content": "AAAA"})
    answer = await check(administrator, import_id)
    assert (answer["code"], answer["field"]) == ("INVALID_INPUT", "importId")  # no spreadsheet
    assert await version_of(town) == 1


async def test_what_takes_longer_than_an_answer_may_goes_on_and_is_asked_for(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing_desk, "PATIENCE_SECONDS", 0.001)
    administrator, import_id = await town.person("administrator-1"), str(uuid4())
    await upload(administrator, renamed("甲").save(tmp_path / "book.xlsx"), import_id)

    async def until(state: str) -> Answer:
        async with asyncio.timeout(30):
            while True:
                found = (await administrator.ask(f'{{ organisationImport(id: "{import_id}") {{ state version }} }}'))["organisationImport"]
                if found["state"] == state:
                    return dict(found)
                await asyncio.sleep(0.05)

    assert (await check(administrator, import_id))["organisationImport"]["state"] == "CHECKING"
    assert await until("CHECKED") == {"state": "CHECKED", "version": 1}
    assert (await apply(administrator, import_id, 1))["organisationImport"]["state"] == "APPLYING"
    assert await until("APPLIED") == {"state": "APPLIED", "version": 2}
    assert await version_of(town) == 2


async def test_parts_are_sealed_and_forgotten_after_a_day(town: Town, tmp_path: Path) -> None:
    administrator = await town.person("administrator-1")
    path = renamed("甲").save(tmp_path / "book.xlsx")
    await upload(administrator, path, str(uuid4()), piece=100_000)

    [part] = await town.house.mongo.collection("import_parts").find({}).to_list()
    assert path.read_bytes()[:40] not in bytes(part["content"])
    indexes = await town.house.mongo.collection("import_parts").index_information()
    assert indexes["forget"]["expireAfterSeconds"] == 86_400


async def test_a_file_that_is_read_stands_in_no_folder(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, seen = tmp_path / "temporary", list[object]()
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    desk = town.house.ports.import_desk
    open_source = vars(desk)["_open"]

    def opened_and_seen(path: Path, **more: Any) -> Any:
        seen.append((path.stat().st_size > 0, list(folder.iterdir())))
        return open_source(path, **more)

    monkeypatch.setattr(desk, "_open", opened_and_seen)
    administrator, import_id = await town.person("administrator-1"), str(uuid4())
    await upload(administrator, renamed("甲").save(tmp_path / "book.xlsx"), import_id)

    assert (await check(administrator, import_id))["organisationImport"]["state"] == "CHECKED"
    assert seen == [(True, [])]


async def test_divisions_are_public(town: Town) -> None:
    await town.house.mongo.collection("divisions").insert_many(
        [{"_id": "99", "name": "示例省", "parent": None}, {"_id": "9901", "name": "示例市", "parent": "99"}]
    )
    stranger = town.stranger()

    found = await stranger.ask(
        '{ division(code: "9901") { code name parent } top: divisions { code } below: divisions(parent: "99") { code } }'
    )

    assert found["division"] == {"code": "9901", "name": "示例市", "parent": "99"}
    assert (found["top"], found["below"]) == ([{"code": "99"}], [{"code": "9901"}])
    assert (await stranger.ask('{ division(code: "77") { code } }'))["division"] is None
