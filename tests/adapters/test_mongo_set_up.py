"""Collections, indexes and steps between releases: made once, safe to make again, and missed where they are gone."""

from asyncio import gather
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import pytest
from pymongo.errors import WriteError
from pymongo.monitoring import CommandListener, CommandStartedEvent

from adapters.mongo.collections import COLLECTIONS, build, missing
from adapters.mongo.driver import Mongo
from adapters.mongo.migrations import MIGRATIONS, Migration, migrate
from server.wiring import House, build_house
from tests.conftest import MONDAY_MORNING


@pytest.fixture
async def empty(house_on_driver: House) -> AsyncIterator[Mongo]:
    """A database with nothing in it."""
    settings = replace(house_on_driver.settings, mongodb_database=f"empty_{uuid4().hex[:8]}")
    house = build_house(settings)
    yield house.mongo
    await house.mongo.database.client.drop_database(settings.mongodb_database)
    await house.close()


async def test_everything_is_missing_until_it_is_built_and_then_nothing_is(empty: Mongo) -> None:
    declared = [f"{collection.name}.{index.name}" for collection in COLLECTIONS for index in collection.indexes]
    assert await missing(empty) == declared
    made = await build(empty)
    assert set(made) == {*declared, *(collection.name for collection in COLLECTIONS)}
    assert await missing(empty) == []
    assert await build(empty) == []


async def test_an_index_that_is_gone_is_named_and_built_again(empty: Mongo) -> None:
    await build(empty)
    await empty.collection("requests").drop_index("in_scope_by_promise")
    await empty.collection("events").drop_index("outbox")
    assert await missing(empty) == ["requests.in_scope_by_promise", "events.outbox"]
    assert await build(empty) == ["requests.in_scope_by_promise", "events.outbox"]
    assert await missing(empty) == []


async def test_an_index_of_another_release_is_missed_and_made_anew(empty: Mongo) -> None:
    """The same name over other fields, or over another part of the documents, answers other queries."""
    await build(empty)
    for name, index, keys in (
        ("requests", "in_scope", [("township", 1)]),
        ("events", "feed", [("township", 1), ("scopes", 1), ("seq", 1)]),
    ):
        await empty.collection(name).drop_index(index)
        await empty.collection(name).create_index(keys, name=index)
    assert await missing(empty) == ["requests.in_scope", "events.feed"]
    assert await build(empty) == ["requests.in_scope", "events.feed"]
    assert await missing(empty) == []


async def test_documents_without_what_queries_need_are_refused(empty: Mongo) -> None:
    await build(empty)
    with pytest.raises(WriteError):
        await empty.collection("requests").insert_one({"_id": "req", "township": "990101101"})
    with pytest.raises(WriteError):
        await empty.collection("events").insert_one({"_id": "evt", "township": 990101101, "kind": "", "at": MONDAY_MORNING, "scopes": []})


async def test_building_puts_a_missing_validator_in_place(empty: Mongo) -> None:
    await empty.database.create_collection("words")
    await build(empty)
    with pytest.raises(WriteError):
        await empty.collection("words").insert_one({"_id": "req"})


async def test_two_who_build_at_once_both_get_there(empty: Mongo, house_on_driver: House) -> None:
    settings = replace(house_on_driver.settings, mongodb_database=empty.database.name)
    rival = build_house(settings)
    try:
        troubles = await gather(build(empty), build(rival.mongo), return_exceptions=True)
    finally:
        await rival.close()
    assert not [trouble for trouble in troubles if isinstance(trouble, Exception)]
    assert await missing(empty) == []


async def test_an_index_over_very_much_is_waited_for(empty: Mongo, house_on_driver: House) -> None:
    """The driver gives up on an answer after twenty seconds; building over a million documents takes minutes."""
    waits: list[int] = []

    class Waits(CommandListener):
        def started(self, event: CommandStartedEvent) -> None:
            if event.command_name in {"createIndexes", "update"}:
                waits.append(event.command.get("maxTimeMS", 0))

        def succeeded(self, event: object) -> None:
            """Nothing to see."""

        failed = succeeded

    house = build_house(replace(house_on_driver.settings, mongodb_database=empty.database.name), listeners=[Waits()])
    try:
        await build(house.mongo)
        await migrate(house.mongo, at=MONDAY_MORNING, migrations=MIGRATIONS[:1])
    finally:
        await house.close()

    assert min(waits[:-1]) > 3_600_000


async def test_steps_run_once_in_order(empty: Mongo) -> None:
    await build(empty)
    ran: list[str] = []

    def step(name: str) -> Migration:
        async def run(_: Mongo, _at: datetime) -> None:
            ran.append(name)

        return Migration(len(name), name, run)

    assert await migrate(empty, at=MONDAY_MORNING, migrations=(step("a"), step("bb"))) == ["1 a", "2 bb"]
    assert await migrate(empty, at=MONDAY_MORNING, migrations=(step("a"), step("bb"), step("ccc"))) == ["3 ccc"]
    assert ran == ["a", "bb", "ccc"]
    [first, *_] = await empty.collection("migrations").find({}).sort([("_id", 1)]).to_list()
    assert first == {"_id": 1, "name": "a", "applied_at": MONDAY_MORNING}


async def test_a_step_that_died_half_way_is_run_again_and_those_after_it_wait(empty: Mongo) -> None:
    await build(empty)
    ran: list[str] = []

    async def dying(_: Mongo, _at: datetime) -> None:
        ran.append("dying")
        if len(ran) == 1:
            raise OSError("the power went")

    async def next_one(_: Mongo, _at: datetime) -> None:
        ran.append("next")

    steps = (Migration(1, "dying", dying), Migration(2, "next", next_one))
    with pytest.raises(OSError, match="power"):
        await migrate(empty, at=MONDAY_MORNING, migrations=steps)
    assert await migrate(empty, at=MONDAY_MORNING, migrations=steps) == ["1 dying", "2 next"]
    assert ran == ["dying", "dying", "next"]


async def test_the_calendar_is_published_once_and_then_is_somebodys_own(empty: Mongo) -> None:
    await build(empty)
    assert await migrate(empty, at=MONDAY_MORNING) == [f"{step.number} {step.name}" for step in MIGRATIONS]
    await empty.collection("calendar").update_one({"_id": "china"}, {"$set": {"published_through": "2030-12-31"}})
    assert await migrate(empty, at=MONDAY_MORNING) == []
    await MIGRATIONS[0].run(empty, MONDAY_MORNING)
    table = await empty.collection("calendar").find_one({"_id": "china"})
    assert table is not None
    assert table["published_through"] == "2030-12-31"
