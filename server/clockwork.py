"""The clockwork: goes round for ever, any number of them at once."""

import asyncio
import logging

from resolvers.campaigns import spread
from resolvers.clock import wind
from resolvers.recounting import recount
from server import metrics
from server.loops import for_ever
from server.wiring import House

ROUND_SECONDS = 5.0
CAMPAIGN_SECONDS = 1.0

log = logging.getLogger(__name__)


async def run_clockwork(house: House) -> None:
    """Does what is due, and beside it what campaigns have to give out; then waits a few seconds; until cancelled."""
    async with asyncio.TaskGroup() as both:
        both.create_task(for_ever("the clockwork", lambda: rounds(house), lambda: asyncio.sleep(ROUND_SECONDS)))
        both.create_task(for_ever("the campaigns", lambda: give_out(house), lambda: asyncio.sleep(CAMPAIGN_SECONDS)))


async def give_out(house: House) -> None:
    """Part by part, until every campaign is given out or called off; says how far it is."""
    done = 0
    while tasks := await spread(house.campaign_parts, house.due_tasks, ports=house.ports):
        done += tasks
        log.info("campaigns: %d tasks were made or called off", done)


async def rounds(house: House) -> None:
    """Goes on until nothing is left that is due; says how far it is where that takes more than one round."""
    done = 0
    while counted := await recount(house.recounts, ports=house.ports):
        metrics.RECOUNTED.inc(counted)
    await measure(house)
    while moved := await wind(house.due_tasks, ports=house.ports):
        metrics.CLOCK_ACTS.inc(moved)
        done += moved
        log.info("the clock did %d acts, %d tasks are left", done, await measure(house))


async def measure(house: House) -> int:
    at = house.ports.clock()
    backlog = await house.due_tasks.backlog(at=at)
    metrics.CLOCK_BACKLOG.set(backlog.count)
    metrics.CLOCK_LATE.set((at - backlog.since).total_seconds() if backlog.since else 0)
    return backlog.count
