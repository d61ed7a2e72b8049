"""Exports: the lists of requests and tasks as rows, some hundred at a time, by the same reads that list them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from domain.access import Actor
from domain.exports import Row, permit_export, request_row, task_row
from domain.pages import Page, PageRequest
from domain.ports import Ports, RequestQuery, TaskQuery
from domain.requests import Request
from resolvers.acting import signed_in
from resolvers.requests import requests_found
from resolvers.tasks import tasks_page

STEP = 500
"""Rows read at once: few enough that others are served in between."""

Again = Callable[[], Awaitable[Actor]]
"""Reads the rights of whoever exports anew: they are asked for before each step."""


async def request_rows(query: RequestQuery, *, by: Actor, again: Again, ports: Ports) -> AsyncIterator[list[Row]]:
    """Every request that the reader may list, in the list's order. Raises `Refused` once they may export no longer."""
    items = await ports.catalogue.items()

    async def rows_of(found: Page[Request], reader: Actor) -> list[Row]:
        at, (_, organisation) = ports.clock(), signed_in(reader)
        open_ = [request.id for request in found.rows if not request.has_closed_contents_for(reader, at)]
        texts = await ports.requests.texts(organisation.township, open_)
        return [
            request_row(request, texts.get(request.id), items=items, organisation=organisation, reader=reader, at=at)
            for request in found.rows
        ]

    async for found, reader in _pages(lambda page, who: requests_found(query, page, by=who, ports=ports), by, again):
        yield await rows_of(found, reader)


async def task_rows(query: TaskQuery, *, by: Actor, again: Again, ports: Ports) -> AsyncIterator[list[Row]]:
    """Every task that the reader may list, in the list's order. Raises `Refused` once they may export no longer."""
    async for found, reader in _pages(lambda page, who: tasks_page(query, page, by=who, ports=ports), by, again):
        at, (_, organisation) = ports.clock(), signed_in(reader)
        yield [task_row(task, organisation=organisation, at=at) for task in found.rows]


async def _pages(
    read: Callable[[PageRequest, Actor], Awaitable[Page[Any]]], by: Actor, again: Again
) -> AsyncIterator[tuple[Page[Any], Actor]]:
    page, reader = PageRequest(STEP), by
    while True:
        permit_export(reader)
        found = await read(page, reader)
        yield found, reader
        if not found.has_next:
            return
        page, reader = PageRequest(STEP, after=found.end or found.keys[-1]), await again()
