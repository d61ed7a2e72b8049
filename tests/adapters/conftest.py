"""Every contract of the hands on MongoDB is tested on both drivers."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from server.demo.settlement import Settlement
from server.settings import Settings
from server.wiring import House
from tests.adapters.stage import Stage
from tests.conftest import DATA_KEY, MONDAY_MORNING, MORE_THAN_ANY_STORY_ASKS, TestClock, open_house, plant


@pytest.fixture(scope="session", params=["pymongo", "motor"])
async def house_on_driver(
    request: pytest.FixtureRequest, mongodb_uri: str, settlement_of_60: Settlement, clock: TestClock
) -> AsyncIterator[House]:
    database = f"contract_{request.param}_{uuid4().hex[:8]}"
    settings = Settings(
        mode="demo",
        mongodb_uri=mongodb_uri,
        mongodb_database=database,
        mongodb_driver=request.param,
        data_key=DATA_KEY,
        load_limit=MORE_THAN_ANY_STORY_ASKS,
    )
    house = await open_house(settings, settlement_of_60, clock)
    yield house
    await house.mongo.database.client.drop_database(database)
    await house.close()


@pytest.fixture
async def stage(house_on_driver: House, settlement_of_60: Settlement, clock: TestClock) -> Stage:
    """A freshly planted settlement on a Monday morning."""
    clock.now = MONDAY_MORNING
    await plant(house_on_driver, settlement_of_60)
    return Stage(house_on_driver, settlement_of_60, clock)
