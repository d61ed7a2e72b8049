"""Doors for the orchestrator: alive is the process, ready is the database behind it."""

import asyncio

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from server.wiring import House

READY_WITHIN_SECONDS = 3.0


def health_routes(house: House) -> list[BaseRoute]:
    async def live(_: Request) -> JSONResponse:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> JSONResponse:
        try:
            async with asyncio.timeout(READY_WITHIN_SECONDS):
                await house.mongo.command("ping")
                await house.ports.calendars.current()
        except (PyMongoError, TimeoutError, LookupError) as error:
            return JSONResponse({"status": "not ready", "because": type(error).__name__}, status_code=503)
        return JSONResponse({"status": "ready"})

    return [Route("/health/live", live), Route("/health/ready", ready)]
