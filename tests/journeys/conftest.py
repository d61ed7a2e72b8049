"""Whatever a story did, its history tells all of it."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Town


@pytest.fixture
async def town(town: Town) -> AsyncIterator[Town]:
    """Afterwards every request and task is what its events make it, field for field, and every figure what they add up to."""
    yield town
    await town.settle()
    histories, tallies, code = town.house.histories, town.house.tallies, town.planned.township_code
    assert [found async for found in histories.differing(code)] == []
    head, kept = await tallies.kept(code)
    assert +kept == +await tallies.recounted(head)
    assert -kept == -await tallies.recounted(head)
