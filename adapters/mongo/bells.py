"""Bells that save polling: whoever waits is woken, or looks by itself after a while."""

import asyncio


async def rung(bell: asyncio.Event, seconds: float) -> None:
    """Returns when the bell rang, or after that many seconds without."""
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return
    bell.clear()
