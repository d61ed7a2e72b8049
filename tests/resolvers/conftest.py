"""The deeds as the face calls them, done by people of the cast over a real database, without HTTP between."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.access import NOBODY, Actor
from domain.errors import Refusal, Refused
from domain.households import Household
from domain.identity import SignIn
from domain.ports import Ports
from domain.requests import Request
from domain.tasks import ContactKind, Outcome, Task
from resolvers import requests, tasks
from resolvers.acting import Done
from server.demo.settlement import Settlement, uid_of
from server.wiring import House
from tests.conftest import TestClock

Deed = Callable[..., Awaitable[Done[Any]]]


class Deeds:
    """Everybody of the cast can do everything; whether they may is what tests ask."""

    def __init__(self, house: House, planned: Settlement, clock: TestClock) -> None:
        self.house, self.planned, self.clock = house, planned, clock
        self.ports: Ports = house.ports

    async def actor(self, handle: str) -> Actor:
        """Somebody who just signed in; "nobody" did not."""
        if handle == "nobody":
            return NOBODY
        now = self.clock()
        return await self.ports.people.signed_in(SignIn(uid_of(handle), now, now + timedelta(hours=1)), at=now)

    def id_of(self, handle: str) -> str:
        return self.planned.handles[handle]

    def item(self, code: str) -> str:
        return next(item.id for item in self.planned.items if item.code == code)

    def home(self, handle: str) -> Household:
        """Where somebody lives."""
        home_id = next(person.household_id for person in self.planned.persons if person.id == self.id_of(handle))
        return next(home for home in self.planned.households if home.id == home_id)

    def unit(self, name: str) -> str:
        return next(unit.id for unit in self.planned.parts.units if unit.name == name)

    async def do(self, deed: Deed, sent: Any, by: str) -> Any:
        """What the deed was about, as it is now."""
        return (await deed(sent, by=await self.actor(by), ports=self.ports)).subject

    async def refused(self, deed: Callable[..., Awaitable[Any]], sent: Any, by: str) -> Refusal:
        """Why it was not done. Nothing was written."""
        before = await self.contents()
        with pytest.raises(Refused) as no:
            await deed(sent, by=await self.actor(by), ports=self.ports)
        assert await self.contents() == before
        return no.value.refusal

    async def submit(self, code: str = "stairwell-lamp", by: str = "resident-1", **fields: Any) -> Request:
        sent = requests.SubmitRequest(uuid4(), self.item(code), fields.pop("text", "灯不亮"), **fields)
        request: Request = await self.do(requests.submit_request, sent, by)
        return request

    async def lead(self, request: Request, *, seen_by: str = "dispatcher-1") -> Task:
        """The request's first task."""
        found = await self.ports.tasks.of_requests(request.township, [request.id], seen_by=await self.actor(seen_by))
        return found[0]

    async def brought_to(self, state: str, by: str = "grid-worker-1", request: Request | None = None) -> Task:
        """A task that its worker brought so far."""
        task = await self.lead(request or await self.submit())
        steps: list[tuple[Deed, Any]] = [
            (tasks.acknowledge_task, tasks.AcknowledgeTask(uuid4(), task.id)),
            (tasks.start_task, tasks.StartTask(uuid4(), task.id, ContactKind.VISIT)),
            (tasks.complete_task, tasks.CompleteTask(uuid4(), task.id, Outcome.SOLVED, "换了灯泡")),
        ]
        for deed, sent in steps:
            if task.state.value == state:
                break
            task = await self.do(deed, sent, by)
        return task

    async def count_figures(self) -> None:
        """Everything committed so far is in the figures."""
        while await self.house.sequencer.number():
            pass
        while await self.house.tallies.count():
            pass

    async def contents(self) -> dict[str, int]:
        """How many documents each collection has that a deed may write."""
        names = ("requests", "words", "tasks", "events", "commands", "notices", "devices", "saved_filters")
        return {name: await self.house.mongo.collection(name).count_documents({}) for name in names}


@pytest.fixture
def deeds(house: House, settlement_of_60: Settlement, clock: TestClock) -> Deeds:
    return Deeds(house, settlement_of_60, clock)
