"""The web application: doors, and the one background listener that rings for followers of changes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from domain.identity import Identity
from schema.documents import Limits
from schema.root import build_schema
from server.exports import ExportDoors
from server.graphql import GraphQLDoor
from server.health import health_routes
from server.identity import context_maker
from server.loops import end
from server.metrics import Measured
from server.wiring import House

LIMITS = Limits(max_cost=30_000)
"""Enough for a phone's richest batch of 100 changes."""


def build_app(house: House, identity: Identity, *, more_routes: Sequence[BaseRoute] = ()) -> Starlette:
    context_for = context_maker(house, identity)
    schema = build_schema()
    door = GraphQLDoor(schema, context_for, limits=LIMITS, allowed_origins=house.settings.allowed_origins)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        listening = asyncio.create_task(house.feed.listen())
        try:
            yield
        finally:
            await end(listening)

    routes = [*door.mount(), *ExportDoors(house, schema, context_for).routes(), *health_routes(house), *more_routes]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Measured)])
