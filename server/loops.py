"""Work that goes on for ever: trouble is logged and waited for, whatever it is, and never ends the loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pymongo.errors import PyMongoError

from server import metrics

PAUSE_AFTER_TROUBLE_SECONDS = 1.0
PAUSE_BETWEEN_CANCELS_SECONDS = 0.3

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


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancels until all have ended: Python 3.11's `wait_for`, through which the driver sends, may swallow a cancellation."""
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=PAUSE_BETWEEN_CANCELS_SECONDS)
