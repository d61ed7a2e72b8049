"""The verb `retention` as somebody at a terminal runs it."""

import asyncio
import gc
from datetime import UTC, datetime, timedelta

import pytest

from domain.retention import YEAR
from server.cli import main
from tests.conftest import Town
from tests.journeys.stories import kept, request_of, submit

Captured = pytest.CaptureFixture[str]
LONG_AGO = datetime.now(UTC) - timedelta(days=4 * YEAR)


def environment(town: Town) -> dict[str, str]:
    settings = town.house.settings
    return {"LIANHU_MONGODB_URI": settings.mongodb_uri, "LIANHU_MONGODB_DATABASE": settings.mongodb_database}


async def run(town: Town, *arguments: str) -> int:
    return await asyncio.to_thread(main, ["retention", *arguments], environment(town))


async def test_the_dry_run_prints_what_the_run_removes(town: Town, capfd: Captured) -> None:
    resident = await town.person("resident-1")
    old, new = await submit(town, resident), await submit(town, resident)
    mongo = town.house.mongo
    await mongo.collection("requests").update_one({"_id": old.request_id}, {"$set": {"state": "CLOSED", "closed_at": LONG_AGO}})
    await mongo.collection("tasks").update_one({"request_id": old.request_id}, {"$set": {"state": "CLOSED"}})
    before = await kept(town)
    capfd.readouterr()

    assert await run(town, "--dry-run") == 0
    listed, progress = capfd.readouterr()
    assert (listed, await kept(town) == before) == (f"words {old.request_id}\n", True)
    assert "1 would be removed" in progress
    assert await run(town) == 0
    assert capfd.readouterr().out == listed
    assert await run(town) == 0
    assert capfd.readouterr().out == ""
    assert [(await request_of(resident, matter) or {})["text"] == "" for matter in (old, new)] == [True, False]


async def test_what_is_held_stays_until_it_is_released(town: Town, capfd: Captured) -> None:
    resident = await town.person("resident-1")
    matter = await submit(town, resident)
    mongo = town.house.mongo
    await mongo.collection("requests").update_one({"_id": matter.request_id}, {"$set": {"state": "CLOSED", "closed_at": LONG_AGO}})
    await mongo.collection("tasks").update_one({"request_id": matter.request_id}, {"$set": {"state": "CLOSED"}})

    assert await run(town, "--hold", matter.number, "--because", "有人起诉") == 0
    capfd.readouterr()
    assert await run(town) == 0
    assert capfd.readouterr().out == ""
    assert await run(town, "--hold", matter.number, "--because", "") == 1
    assert "--because is empty" in capfd.readouterr().err
    assert await run(town) == 0
    assert capfd.readouterr().out == ""
    assert await run(town, "--release", matter.number) == 0
    capfd.readouterr()
    assert await run(town) == 0
    assert capfd.readouterr().out == f"words {matter.request_id}\n"
    assert await run(town, "--hold", matter.number) == 1
    assert "no request" in capfd.readouterr().err


def test_it_wants_a_database(capfd: Captured) -> None:
    assert main(["retention"], {}) == 1
    assert "LIANHU_MONGODB_URI is empty" in capfd.readouterr().err


# PyMongo leaves the socket to the collector of a connection that was under way when its client was closed.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_trouble_is_said_in_one_sentence(capfd: Captured) -> None:
    nobody = {"LIANHU_MONGODB_URI": "mongodb://127.0.0.1:1/?replicaSet=nobody&serverSelectionTimeoutMS=200"}
    for arguments in ([], ["--hold", "990101101-261123-0000000-0"]):
        assert main(["retention", *arguments], nobody) == 1
        assert "MongoDB did not do it" in capfd.readouterr().err
    gc.collect()
