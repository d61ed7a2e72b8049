"""A house on either driver with a settlement in it, and people who act through the deeds: what the contract tests play on."""

from asyncio import iscoroutine
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo.read_concern import ReadConcern

from adapters.mongo.collections import COLLECTIONS
from adapters.mongo.driver import Document
from adapters.mongo.seed import plant_township
from domain.access import Actor
from domain.commands import Command
from domain.devices import Push, PushOutcome, PushResult
from domain.identity import SignIn
from domain.ids import Kind
from domain.measures import Period, Sums, measure
from domain.requests import Request
from domain.tasks import Task
from resolvers.acting import Done
from resolvers.requests import SubmitRequest, submit_request
from server.demo.settlement import Settlement, settlement, uid_of
from server.relay import Relay
from server.wiring import House
from tests.conftest import TestClock

OTHER_TOWNSHIP = "990202202"


class QuietPushes:
    """Keeps `domain.push.Pushes`: every phone gets every push."""

    def __init__(self) -> None:
        self.sent: list[Push] = []

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        self.sent += pushes
        return [PushResult(push.device_id, PushOutcome.SENT) for push in pushes]


@dataclass(frozen=True)
class Stage:
    house: House
    planned: Settlement
    clock: TestClock

    @property
    def township(self) -> str:
        return self.planned.township_code

    def id_of(self, handle: str) -> str:
        return self.planned.handles[handle]

    def item(self, code: str) -> str:
        return next(item.id for item in self.planned.items if item.code == code)

    async def actor(self, handle: str) -> Actor:
        return await self.signed_in(uid_of(handle))

    async def signed_in(self, uid: str) -> Actor:
        now = self.clock()
        return await self.house.ports.people.signed_in(SignIn(uid, now, now + timedelta(hours=1)), at=now)

    async def plant_other(self) -> Settlement:
        """A second township beside the first; its people sign in as `other-…`."""
        other = settlement(28, township=OTHER_TOWNSHIP)
        accounts = {f"other-{handle}": person_id for handle, person_id in other.handles.items()}
        await plant_township(
            self.house.mongo,
            OTHER_TOWNSHIP,
            other.township_name,
            other.area,
            uuid4().hex,
            other.parts,
            at=self.clock(),
            persons=other.persons,
            households=other.households,
            accounts=accounts,
        )
        return other

    def new_event_id(self) -> str:
        return self.house.ports.ids.new(Kind.EVENT, self.township, self.clock())

    def command(self, *, by: str = "somebody", digest: str = "contents") -> Command:
        return Command(by, uuid4(), "verb", digest, self.clock())

    async def submit(self, handle: str = "resident-1", item: str = "stairwell-lamp", **more: Any) -> Request:
        """Asks for something; a moment later than whatever happened before."""
        self.clock.advance(seconds=1)
        sent = SubmitRequest(uuid4(), self.item(item), "三单元五楼楼道灯不亮", **more)
        return (await submit_request(sent, by=await self.actor(handle), ports=self.house.ports)).subject

    async def tasks_of(self, request: Request) -> Sequence[Task]:
        dispatcher = await self.actor("dispatcher-1")
        return await self.house.ports.tasks.of_requests(self.township, [request.id], seen_by=dispatcher)

    async def do(self, verb: Callable[..., Awaitable[Done[Any]]], sent: type[Any], by: str, **fields: Any) -> Any:
        """One act, a minute after the one before; what it was about, as it is now."""
        self.clock.advance(minutes=1)
        done = await verb(sent(command_id=uuid4(), **fields), by=await self.actor(by), ports=self.house.ports)
        return done.subject

    async def tell(self, pushes: QuietPushes | None = None) -> None:
        """A relay tells inboxes of everything that was committed."""
        relay = Relay(self.house.outbox, self.house.ports.organisations, pushes or QuietPushes(), self.house.messages, self.clock)
        while await relay.turn():
            pass

    async def number(self) -> int:
        """A sequencer numbers everything that was committed; the head of the feed."""
        while await self.house.sequencer.number():
            pass
        return await self.house.ports.feed.head(self.township)

    async def figures(self, by: str, unit_ids: Sequence[str], first_day: date, last_day: date) -> list[tuple[int, int]]:
        """What came in and what fell due of each unit, when everything is counted."""
        await self.number()
        while await self.house.tallies.count():
            pass
        reader, period = await self.actor(by), Period(first_day, last_day, self.clock().date())
        sums = await self.house.ports.figures.sums(unit_ids, [*period.came, *period.judged], seen_by=reader)
        each = [measure(self.township, Sums(unit_id, sums[unit_id]), period, is_inside=True) for unit_id in unit_ids]
        return [(of_unit.requests, of_unit.due) for of_unit in each]

    async def find(self, collection: str, **wanted: Any) -> list[Document]:
        return await self.house.mongo.collection(collection).find(wanted).sort([("_id", 1)]).to_list()

    async def count(self, collection: str, **wanted: Any) -> int:
        return await self.house.mongo.collection(collection).count_documents(wanted)

    async def contents(self) -> dict[str, list[Document]]:
        """Everything there is: equal before and after means that nothing was written, but for the day on which a sign-in was last used."""
        everything = {collection.name: await self.find(collection.name) for collection in COLLECTIONS}
        return {**everything, "accounts": [{**account, "last_used_day": ""} for account in everything["accounts"]]}

    def later(self, **time: float) -> datetime:
        self.clock.advance(**time)
        return self.clock()


async def open_transactions(house: House) -> list[Document]:
    """Sessions whose transaction nobody works on any more: each keeps its locks until the server ends it, a minute later."""
    admin: Any = house.mongo.database.client.get_database("admin", read_concern=ReadConcern("local"))
    idle = [{"$currentOp": {"idleSessions": True, "localOps": True}}, {"$match": {"type": "idleSession", "transaction": {"$exists": True}}}]
    pending = admin.aggregate(idle)
    cursor = await pending if iscoroutine(pending) else pending
    return [row["lsid"] for row in await cursor.to_list()]
