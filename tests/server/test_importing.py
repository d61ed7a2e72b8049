"""The verbs `import`, `template` and `export`, as an operator sees them: every fault a line, nothing half done, safe to repeat."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import Binary
from pymongo import MongoClient

from domain.workbook_rows import Sheet
from server.cli import main
from server.demo.settlement import settlement
from server.demo.workbook import write_workbook
from tests.conftest import DATA_KEY
from tests.domain.books import TOWNSHIP, Book, demo_rows
from tests.domain.planted import plant

ROOT = Path(__file__).parent.parent.parent
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def bare(mongodb_uri: str) -> Iterator[Mapping[str, str]]:
    """An empty database of the test's own, as settings."""
    name = f"cli_{uuid4().hex[:12]}"
    yield {"LIANHU_MONGODB_URI": mongodb_uri, "LIANHU_MONGODB_DATABASE": name, "LIANHU_DATA_KEY": DATA_KEY}
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(name)


@pytest.fixture
def database(bare: Mapping[str, str], capsys: Captured) -> Mapping[str, str]:
    assert main(["indexes"], bare) == 0
    capsys.readouterr()
    return bare


def contents(settings: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](settings["LIANHU_MONGODB_URI"]) as client:
        database = client[settings["LIANHU_MONGODB_DATABASE"]]
        return {name: sorted(database[name].find(), key=lambda row: str(row["_id"])) for name in database.list_collection_names()}


def run(captured: Captured, settings: Mapping[str, str], *arguments: str) -> tuple[int, list[str], str]:
    code = main(arguments, settings)
    out, err = captured.readouterr()
    return code, out.splitlines(), err


def test_forty_faults_are_forty_lines_and_nothing_is_written(database: Mapping[str, str], capsys: Captured, tmp_path: Path) -> None:
    book = Book(demo_rows())
    planted = plant(book)
    path, before = str(book.save(tmp_path / "book.xlsx")), contents(database)

    code, lines, _ = run(capsys, database, "import", path)

    told = [line for line in lines if not line.startswith("  ")]
    assert (code, len(planted), len(told)) == (1, 40, 40)
    for sheet, row, column, _ in planted:
        assert any(line.startswith(f"{sheet}!{row} {column}: " if row else sheet) for line in told), (sheet, row, column)
    assert contents(database) == before

    code, lines, _ = run(capsys, database, "import", str(Book(demo_rows()).save(tmp_path / "mended.xlsx")))
    assert (code, lines[-2]) == (0, f"applied: {TOWNSHIP} is at version 1")
    assert "enrolment" in lines[-1]


def test_a_check_comes_before_and_repeating_changes_nothing(database: Mapping[str, str], capsys: Captured, tmp_path: Path) -> None:
    path = str(Book(demo_rows()).save(tmp_path / "book.xlsx"))
    before = contents(database)

    code, lines, _ = run(capsys, database, "import", path, "--check", "--language", "en")
    assert (code, lines[-1]) == (0, f"checked: {TOWNSHIP} is at version 0; nothing was written")
    assert "households: 60 added, 0 changed, 0 ended, 0 unchanged" in lines
    assert contents(database) == before

    assert run(capsys, database, "import", path)[0] == 0
    applied = contents(database)
    code, lines, _ = run(capsys, database, "import", path)
    assert (code, lines[-1]) == (0, f"no change: {TOWNSHIP} stays at version 1")
    assert contents(database) == applied


def test_what_is_exported_is_imported_again_as_no_change(database: Mapping[str, str], capsys: Captured, tmp_path: Path) -> None:
    run(capsys, database, "import", str(Book(demo_rows()).save(tmp_path / "book.xlsx")))
    out = tmp_path / "out.xlsx"

    code, lines, _ = run(capsys, database, "export", str(out), "--township", TOWNSHIP)
    assert (code, out.stat().st_mode & 0o077) == (0, 0)
    assert "in clear" in lines[-1]

    code, lines, _ = run(capsys, database, "import", str(out))
    assert (code, lines[-1]) == (0, f"no change: {TOWNSHIP} stays at version 1")


def test_nothing_is_written_over_a_file_that_is_there(database: Mapping[str, str], capsys: Captured, tmp_path: Path) -> None:
    run(capsys, database, "import", str(Book(demo_rows()).save(tmp_path / "book.xlsx")))
    filled_in, missing = tmp_path / "filled in.xlsx", str(tmp_path / "none" / "out.xlsx")
    filled_in.write_text("weeks of work")

    for arguments in (["template", str(filled_in)], ["export", str(filled_in), "--township", TOWNSHIP]):
        code, _, told = run(capsys, database, *arguments)
        assert (code, "is there already" in told) == (1, True)
    assert filled_in.read_text() == "weeks of work"
    assert "cannot be written" in run(capsys, database, "export", missing, "--township", TOWNSHIP)[2]
    assert ".xlsx" in run(capsys, database, "export", str(tmp_path / "out.csv"), "--township", TOWNSHIP)[2]
    assert not (tmp_path / "out.csv").exists()


def test_one_sheet_alone_changes_only_what_it_is_about(database: Mapping[str, str], capsys: Captured, tmp_path: Path) -> None:
    run(capsys, database, "import", str(Book(demo_rows()).save(tmp_path / "book.xlsx")))
    book = Book({Sheet.POSTS: demo_rows()[Sheet.POSTS]}, "en")
    del book.lines(Sheet.POSTS)[book.find(Sheet.POSTS, "person", "grid-worker-5") - 1]

    code, lines, _ = run(capsys, database, "import", str(book.save(tmp_path / "posts.xlsx")), "--language", "en")

    assert code == 0
    assert [line for line in lines if ": " in line and not line.startswith("  ")] == [
        "posts: 0 added, 0 changed, 1 ended, 81 unchanged",
        f"applied: {TOWNSHIP} is at version 2",
    ]
    assert "  - grid-worker-5 GRID_WORKER 99010110160105 990101101601005" in lines


def test_a_table_of_divisions_is_known_by_its_headers(database: Mapping[str, str], capsys: Captured) -> None:
    path = str(ROOT / "server" / "demo" / "divisions.csv")

    first, again = run(capsys, database, "import", path), run(capsys, database, "import", path)

    assert (first[0], again[0], again[1][-1]) == (0, 0, "no change")
    assert {"_id": "990101101", "name": "柳湾镇", "parent": "990101"} in contents(database)["divisions"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_template_lacks_only_a_township(language: str, database: Mapping[str, str], capsys: Captured, tmp_path: Path) -> None:
    path = str(tmp_path / "template.xlsx")

    assert run(capsys, {}, "template", path, "--language", language)[0] == 0
    code, lines, _ = run(capsys, database, "import", path, "--township", TOWNSHIP)
    assert (code, len(lines)) == (1, 1)


def test_what_cannot_be_imported_is_told_in_one_sentence(bare: Mapping[str, str], capsys: Captured, tmp_path: Path) -> None:
    path = str(Book(demo_rows()).save(tmp_path / "book.xlsx"))
    nobody = Book({Sheet.POSTS: demo_rows()[Sheet.POSTS]}).save(tmp_path / "posts.xlsx")

    assert "LIANHU_MONGODB_URI" in run(capsys, {}, "import", path)[2]
    assert "`indexes`" in run(capsys, bare, "import", path)[2]
    assert main(["indexes"], bare) == 0
    capsys.readouterr()
    assert "cannot be read" in run(capsys, bare, "import", str(tmp_path / "none.xlsx"))[2]
    assert "--township" in run(capsys, bare, "import", str(nobody))[2]
    assert "no township" in run(capsys, bare, "export", str(tmp_path / "x.xlsx"), "--township", TOWNSHIP)[2]
    without_key = {name: value for name, value in bare.items() if name != "LIANHU_DATA_KEY"}
    assert "LIANHU_DATA_KEY" in run(capsys, without_key, "import", path)[2]


def test_two_thousand_homes_in_several_batches_and_again(database: Mapping[str, str], capsys: Captured, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(settlement(2_000), path)

    code, lines, _ = run(capsys, database, "import", str(path), "--language", "en")
    assert (code, lines[-2]) == (0, f"applied: {TOWNSHIP} is at version 1")
    assert "  households: 1000" in lines, "progress is told"
    assert "  and 1900 more" in lines
    kept = contents(database)
    assert len(kept["households"]) == 2_000
    assert {type(home["address"]) for home in kept["households"]} == {Binary}

    code, lines, _ = run(capsys, database, "import", str(path))
    assert (code, lines[-1]) == (0, f"no change: {TOWNSHIP} stays at version 1")
