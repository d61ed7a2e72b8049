"""The verbs that hold what is kept against the history."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64
from pymongo import MongoClient

from adapters.mongo.tallies import Head
from domain.tallies import EDITION
from server.cli import main
from server.demo.settlement import settlement
from tests.conftest import DATA_KEY

TOWNSHIP = "990101101"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def named(mongodb_uri: str) -> Iterator[dict[str, str]]:
    """A database of its own, with a settlement in it."""
    environment = {
        "LIANHU_MODE": "demo",
        "LIANHU_MONGODB_URI": mongodb_uri,
        "LIANHU_DATA_KEY": DATA_KEY,
        "LIANHU_MONGODB_DATABASE": "tally_verbs",
    }
    assert main(["seed", "--households", "28"], environment) == 0
    yield environment
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        client.drop_database("tally_verbs")


def put(named: dict[str, str], collection: str, document: dict[str, Any]) -> None:
    with MongoClient[dict[str, Any]](named["LIANHU_MONGODB_URI"]) as client:
        client[named["LIANHU_MONGODB_DATABASE"]][collection].insert_one(document)


def test_wrong_sums_are_told_and_counting_anew_mends_them(named: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    unit = settlement(28).parts.units[0].id
    head = Head(TOWNSHIP, 3)
    counted = {f"e{EDITION}t1": {"seq": Int64(3), "until": Int64(3)}}
    put(named, "tally_heads", {"_id": TOWNSHIP, "seq": 0, "turn": 1, "counted": counted})
    wrong = {"_id": head.id_of(unit, "2026-11"), "township": TOWNSHIP, "unit_id": unit, "period": "2026-11"}
    put(named, "tallies", {**wrong, "counts": {"requests": 2, "due": 0}})
    capsys.readouterr()

    assert main(["tally", "--check"], named) == 1
    assert capsys.readouterr().out == f"{unit} 2026-11 requests: 2 is kept, 0 is right\n1 are not what the history tells\n"
    assert main(["tally", "--rebuild"], named) == 0
    assert capsys.readouterr().out == f"{TOWNSHIP} is counted anew\neverything is what the history tells\n"


def test_it_says_that_a_release_is_still_counting_anew(named: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    counted = {f"e{EDITION}t1": {"seq": Int64(3), "until": Int64(9)}}
    put(named, "tally_heads", {"_id": TOWNSHIP, "seq": Int64(9), "turn": 1, "counted": counted})
    capsys.readouterr()

    assert main(["tally", "--check"], named) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{TOWNSHIP} is counted anew, 3 of 9 so far: until then the figures from before are shown",
        "everything is what the history tells",
    ]


def test_a_request_that_no_event_tells_of_is_told(named: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--check"], named) == 0
    stored = {"scopes": [], "version": 1, "number": "n", "state": "IN_HAND", "submitted_at": NOW}
    put(named, "requests", {"_id": f"req_{TOWNSHIP}_x", "township": TOWNSHIP, **stored})
    capsys.readouterr()

    assert main(["replay", "--check"], named) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"req_{TOWNSHIP}_x number state submitted_at township version",
        "1 are not what the history tells",
    ]


@pytest.mark.parametrize("verb", [["tally", "--check"], ["replay", "--check"]])
def test_it_wants_to_know_where(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(verb, {}) == 1
    assert "LIANHU_MONGODB_URI is empty" in capsys.readouterr().err
