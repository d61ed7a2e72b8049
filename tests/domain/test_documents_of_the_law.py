"""docs/lifecycle.md and docs/actions.md say what the table of moves says."""

from itertools import pairwise
from pathlib import Path

import pytest

from domain.lifecycle import MOVES, TaskAction
from domain.posts import Role
from domain.tasks import TaskState
from tests.domain import documents

STALE = "stale: run `python -m tests.domain.documents`, and look at what changed"


def kept(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def test_the_page_on_the_lifecycle_is_up_to_date() -> None:
    assert kept(documents.LIFECYCLE) == documents.lifecycle(), STALE


def test_the_page_on_who_may_do_what_is_up_to_date() -> None:
    assert kept(documents.ACTIONS) == documents.role_actions(), STALE


def test_the_page_on_requests_is_up_to_date() -> None:
    assert kept(documents.REQUESTS) == documents.requests(), STALE


def test_every_row_and_every_state_is_on_the_page() -> None:
    text = documents.lifecycle()

    assert all(f"| {move.row} | {move.verb.value} |" in text for move in MOVES)
    assert all(f"| `{state.value}` |" in text for state in TaskState)
    assert all(
        f"{source.value} --> {(move.target or source).value}: {move.verb.value}" in text for move in MOVES for source in move.sources
    )


def test_every_role_and_every_action_is_in_the_matrix() -> None:
    text = documents.role_actions()

    assert {role for role, _ in documents.CAST} == {role.value for role in Role}
    assert all(f"`{action.value}`" in text for action in TaskAction)


@pytest.mark.parametrize("key", documents.CAST, ids=[" ".join(key) for key in documents.CAST])
def test_the_cast_stands_to_the_tasks_as_the_matrix_says(key: tuple[str, str]) -> None:
    assert documents.is_as_told(key)


def test_every_line_of_a_table_has_as_many_cells() -> None:
    for text in (documents.lifecycle(), documents.role_actions(), documents.requests()):
        lines = text.splitlines()
        for line, below in pairwise(lines):
            if line.startswith("|") and below.startswith("|"):
                assert line.count("|") == below.count("|")


def test_writing_them_writes_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("DOCS", "LIFECYCLE", "ACTIONS", "REQUESTS"):
        monkeypatch.setattr(documents, name, tmp_path / "docs" / getattr(documents, name).name if name != "DOCS" else tmp_path / "docs")
    (tmp_path / "docs").mkdir()

    documents.main()

    assert capsys.readouterr().out == "wrote docs/lifecycle.md\nwrote docs/actions.md\nwrote docs/requests.md\n"
    assert kept(tmp_path / "docs" / "lifecycle.md") == documents.lifecycle()
