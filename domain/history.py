"""Reading what happened: append-only, with the words that are still there."""

from collections.abc import Sequence
from typing import Protocol

from domain.access import Actor
from domain.events import Event, EventKind
from domain.pages import Page, PageRequest
from domain.requests import Request
from domain.tasks import Task


class History(Protocol):
    async def of_request(self, request: Request, page: PageRequest, *, without: frozenset[EventKind] = frozenset()) -> Page[Event]:
        """The acts on a request that the reader may see, newest first, with their words; none of the kinds that it is to be `without`."""
        ...

    async def reports_rejected(self, limit: int, *, by: Actor) -> Sequence[Event]:
        """Reports of one's own that came too late, newest first, with their words."""
        ...

    async def of_task(self, task: Task, page: PageRequest) -> Page[Event]:
        """Acts that changed it, those on a task that it helps with, or that helps with it, among them."""
        ...
