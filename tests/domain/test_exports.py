"""Rows to take away: every state has a word, every row a cell for each column, and no cell is carried out."""

from enum import Enum

import pytest

from domain.exports import REQUEST_COLUMNS, TASK_COLUMNS, csv_lines, safe
from domain.items import MatterScope
from domain.messages import LANGUAGES
from domain.requests import EntryKind, Grade, RequestState, Verdict
from domain.tasks import Outcome, TaskState
from server.wiring import load_messages

TEXTS = load_messages().texts

SAID: dict[str, type[Enum]] = {
    "state": RequestState,
    "task_state": TaskState,
    "scope": MatterScope,
    "entry": EntryKind,
    "verdict": Verdict,
    "grade": Grade,
    "outcome": Outcome,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", SAID)
def test_every_value_has_a_word_of_its_own(language: str, part: str) -> None:
    words = [TEXTS[language][f"export.{part}.{value.value.lower()}"] for value in SAID[part]]

    assert len(set(words)) == len(words)


@pytest.mark.parametrize("columns", [REQUEST_COLUMNS, TASK_COLUMNS])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_has_a_header_of_its_own(columns: tuple[object, ...], language: str) -> None:
    headers = [load_messages().render(column, language) for column in columns]  # type: ignore[arg-type]

    assert len(set(headers)) == len(headers)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", " =1", "\n=1", "＝1", "－1"])
def test_what_a_spreadsheet_program_would_carry_out_is_text(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "灯", "3-2-501", "a=b", "req_1"])
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_lines_are_as_rfc_4180_has_them() -> None:
    assert csv_lines([["a", 'b"c', "d,e", "f\ng"]]) == 'a,"b""c","d,e","f\ng"\r\n'
