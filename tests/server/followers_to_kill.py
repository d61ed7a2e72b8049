"""A relay in a process of its own that stops for ever in the middle of telling followers, so that a test can kill it there.

`python -m tests.server.followers_to_kill DATABASE_URI DATABASE FCM_BASE POINT`; it prints `there` when it stands at the point. It tells
a hundred at a time, and stops in the second round.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from adapters.firebase.app import demo_app
from adapters.firebase.push import FirebasePushes
from adapters.mongo.followers import MongoTellings
from adapters.mongo.outbox import MongoOutbox
from domain.devices import Device
from domain.followers import Following
from domain.notices import Notice
from domain.tellings import Telling
from server.relay import Relay
from server.settings import Settings
from server.wiring import build_house
from tests.conftest import DATA_KEY
from tests.server.relay_to_kill import stand

POINTS = ("before the inbox", "before the push", "before it is kept how far it is", "between two rounds")
ROUND = 100


class StoppingTellings(MongoTellings):
    point, rounds = "", 0

    async def followers(self, telling: Telling, limit: int) -> list[Following]:
        self.rounds += 1
        if self.point == "between two rounds" and self.rounds == 2:
            await stand()
        return await super().followers(telling, limit)

    async def go_on(self, telling: Telling, *, due_at: datetime) -> None:
        if self.point == "before it is kept how far it is" and self.rounds == 2:
            await stand()
        await super().go_on(telling, due_at=due_at)


class StoppingOutbox(MongoOutbox):
    point = ""

    async def tell(self, notices: Sequence[Notice]) -> None:
        if self.point == "before the inbox" and isinstance(self.tellings, StoppingTellings) and self.tellings.rounds == 2:
            await stand()
        await super().tell(notices)

    async def phones(self, township: str, person_ids: Sequence[str]) -> Mapping[str, tuple[Device, ...]]:
        if self.point == "before the push" and isinstance(self.tellings, StoppingTellings) and self.tellings.rounds == 2:
            await stand()
        return await super().phones(township, person_ids)


async def main(uri: str, database: str, fcm: str, point: str) -> None:
    named = {"mongodb_uri": uri, "mongodb_database": database}
    house = build_house(Settings(mode="demo", firebase_project="demo-lianhu", data_key=DATA_KEY, **named))  # type: ignore[arg-type]
    outbox = StoppingOutbox(house.mongo, house.devices, mark="to-be-killed")
    outbox.tellings = tellings = StoppingTellings(house.mongo, mark="to-be-killed")
    pushes = FirebasePushes(demo_app("demo-lianhu", fcm), clock=lambda: datetime.now(UTC))
    tellings.point = outbox.point = point
    relay = Relay(
        outbox, house.ports.organisations, pushes, house.messages, lambda: datetime(2026, 11, 23, 2, 1, tzinfo=UTC), lease_seconds=1
    )
    relay.followers.at_once = ROUND
    while await relay.turn():
        pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
