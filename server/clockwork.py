"""The clockwork: goes round for ever, any number of them at once."""

import asyncio

from resolvers.clock import wind
from server import metrics
from server.loops import for_ever
from server.wiring import House

ROUND_SECONDS = 5.0


async def run_clockwork(house: House) -> None:
    """Does what is due, then waits a few seconds, until cancelled."""

    async def rounds() -> None:
        while moved := await wind(house.due_tasks, ports=house.ports):
            metrics.CLIMBS.inc(moved)

    await for_ever("the clockwork", rounds, lambda: asyncio.sleep(ROUND_SECONDS))
