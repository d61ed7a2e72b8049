"""An import that is killed between any two of its steps leaves the old organisation true, and nothing that the next one stumbles over."""

import asyncio
import signal
import sys
from datetime import date
from pathlib import Path

import pytest

from adapters.mongo.versions import KINDS
from adapters.workbook.reading import opened
from domain.ids import Kind
from domain.importing import Import
from domain.workbook_rows import Sheet
from tests.adapters.stage import Stage
from tests.conftest import ROOT, Town
from tests.domain.books import Book, demo_rows
from tests.server.import_to_kill import POINTS


@pytest.mark.parametrize("point", POINTS)
async def test_kill_9_leaves_the_old_organisation_true_and_the_next_import_whole(town: Town, point: str, tmp_path: Path) -> None:
    house, stage = town.house, Stage(town.house, town.planned, town.clock)
    book = Book(demo_rows())
    for row in range(2, 62):
        book.put(Sheet.HOUSEHOLDS, row, "address", f"新址{row}")
        book.put(Sheet.PERSONS, row, "display_name", f"新名{row}")
    del book.lines(Sheet.HUBS)[1]
    path = book.save(tmp_path / "book.xlsx")
    before = {name: rows for name, rows in (await stage.contents()).items() if name in KINDS}
    arguments = [house.settings.mongodb_uri, house.settings.mongodb_database, str(path), point]
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.import_to_kill", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert doomed.stdout is not None
    async with asyncio.timeout(60):
        assert await doomed.stdout.readline() == b"there\n"
    doomed.send_signal(signal.SIGKILL)
    await doomed.wait()

    assert await town.count("persons", from_version=2) == 60, "it had begun"
    organisation = await house.ports.organisations.of_township(stage.township)
    assert organisation is not None
    assert (organisation.version, len(organisation.hubs)) == (1, 28)
    assert (await stage.actor("resident-1")).person == next(p for p in town.planned.persons if p.id == town.id_of("resident-1"))

    town.clock.advance(minutes=3)  # the lease of the dead is over
    run = Import(house.ports.ids.new(Kind.EVENT, stage.township, town.clock()), stage.township, town.clock(), date(2026, 11, 23), "import")
    with opened(Book(demo_rows()).save(tmp_path / "as it stood.xlsx")) as source:
        assert (await house.imports.apply(source, run)).is_nothing
    assert {name: rows for name, rows in (await stage.contents()).items() if name in KINDS} == before

    with opened(path) as source:
        outcome = await house.imports.apply(source, run)
    assert (outcome.is_applied, outcome.version) == (True, 2)
    assert await town.count("persons", display_name={"$regex": "^新名"}, from_version=2) == 60
