"""docs/lifecycle.md and docs/actions.md say what the table of moves says."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from domain.lifecycle import MOVES, TaskAction
from domain.posts import Role
from domain.request_moves import REQUEST_MOVES
from domain.tasks import OVER, TaskState
from tests.domain import documents
from tests.domain.documents_of_requests import drawn as drawn_of_requests

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

    assert all(f"| {move.row} | {documents.term(move)} |" in text for move in MOVES)
    assert all(not documents.term(move).isascii() for move in MOVES), "every verb has its word in Chinese"
    assert all(f"| `{state.value}` |" in text for state in TaskState)


def test_every_move_to_another_state_is_drawn_and_every_other_one_is_told() -> None:
    arrows = documents.drawn()
    told = "\n".join(line for line in documents.lifecycle().splitlines() if line.startswith("| `"))

    for move in MOVES:
        for source in move.sources:
            if move.target is None or move.target is source:
                assert re.search(rf"^\| `{source.value}` \|.*\b{move.verb.value}\b", told, re.MULTILINE)
            else:
                assert move.verb in arrows[source, move.target]


def test_every_state_begins_or_is_led_to_and_every_one_but_the_last_leads_on() -> None:
    arrows = documents.drawn()

    assert {target for _, target in arrows} | {TaskState.QUEUED} == set(TaskState)
    assert {source for source, _ in arrows} == set(TaskState) - OVER


def test_every_move_of_a_request_is_drawn_too() -> None:
    arrows = drawn_of_requests()

    for move in REQUEST_MOVES:
        assert all(move.action in arrows[source, target] for source in move.sources for target in move.targets)


def test_all_thirty_rows_of_the_law_are_on_the_page() -> None:
    kept_rows = {documents.number_of(row) for row in [*(move.row for move in MOVES), *(move.row for move in REQUEST_MOVES)]}
    text = documents.lifecycle()

    assert kept_rows | set(documents.NO_MOVES) >= set(range(1, documents.LAST_ROW + 1))
    assert {number for number in documents.NO_MOVES if number not in kept_rows} <= {1, 5, 30}
    for number in range(1, documents.LAST_ROW + 1):
        assert any(line.startswith(f"| {number} | ") and len(line) > len(f"| {number} |  |") for line in text.splitlines())


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
