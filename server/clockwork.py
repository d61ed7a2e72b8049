"""The clockwork: goes round for ever, any number of them at once."""

import asyncio
import logging

from pymongo.errors import PyMongoError

from resolvers.clock import BATCH, wind
from server import metrics
from server.wiring import House

ROUND_SECONDS = 5.0

log = logging.getLogger(__name__)


async def run_clockwork(house: House) -> None:
    """Does what is due, then waits a few seconds; trouble with the database waits for its end."""
    while True:
        try:
            while True:
                looked_at = await wind(house.due_tasks, ports=house.ports)
                metrics.CLIMBS.inc(looked_at)
                if looked_at < BATCH:
                    break
        except PyMongoError as error:
            log.warning("the clockwork could not work (%s)", type(error).__name__)
        await asyncio.sleep(ROUND_SECONDS)
