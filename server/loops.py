"""Work that goes on for ever: trouble is logged and waited for, whatever it is, and never ends the loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pymongo.errors import PyMongoError

from server import metrics

PAUSE_AFTER_TROUBLE_SECONDS = 1.0

log = logging.getLogger(__name__)


async def for_ever(name: str, work: Callable[[], Awaitable[None]], wait: Callable[[], Awaitable[None]]) -> None:
    """Does `work`, then waits, until cancelled."""
    while True:
        try:
            await work()
        except PyMongoError as error:
            log.warning("%s could not work (%s)", name, type(error).__name__)
            await asyncio.sleep(PAUSE_AFTER_TROUBLE_SECONDS)
        except Exception:  # a bug in one round must not end all rounds; it is logged and counted
            log.exception("%s failed", name)
            metrics.TROUBLES.labels(name).inc()
            await asyncio.sleep(PAUSE_AFTER_TROUBLE_SECONDS)
        await wait()
