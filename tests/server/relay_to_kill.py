"""A relay in a process of its own that stops for ever at a named point, so that a test can kill it there.

`python -m tests.server.relay_to_kill DATABASE_URI DATABASE FCM_BASE POINT`; it prints `there` when it stands at the point.
"""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.firebase.app import demo_app
from adapters.firebase.push import FirebasePushes
from adapters.mongo.outbox import MongoOutbox
from domain.devices import Push, PushResult
from domain.notices import Notice
from domain.outbox import Owed
from server.relay import Relay
from server.settings import Settings
from server.wiring import build_house
from tests.conftest import DATA_KEY

POINTS = ("before the inbox", "before the push", "before done")


async def stand() -> None:
    print("there", flush=True)
    await asyncio.Event().wait()


class StoppingOutbox(MongoOutbox):
    point = ""

    async def tell(self, notices: Sequence[Notice]) -> None:
        if self.point == "before the inbox":
            await stand()
        await super().tell(notices)

    async def done(self, owed: Sequence[Owed]) -> None:
        if self.point == "before done":
            await stand()
        await super().done(owed)


class StoppingPushes(FirebasePushes):
    point = ""

    async def send(self, pushes: Sequence[Push]) -> list[PushResult]:
        if self.point == "before the push":
            await stand()
        return await super().send(pushes)


async def main(uri: str, database: str, fcm: str, point: str) -> None:
    named = {"mongodb_uri": uri, "mongodb_database": database}
    house = build_house(Settings(mode="demo", firebase_project="demo-lianhu", data_key=DATA_KEY, **named))  # type: ignore[arg-type]
    outbox = StoppingOutbox(house.mongo, house.devices, mark="to-be-killed")
    pushes = StoppingPushes(demo_app("demo-lianhu", fcm), clock=lambda: datetime.now(UTC))
    outbox.point = pushes.point = point
    # The test's Monday: the lease is long over by any clock that comes later.
    relay = Relay(
        outbox, house.ports.organisations, pushes, house.messages, lambda: datetime(2026, 11, 23, 2, 0, tzinfo=UTC), lease_seconds=1
    )
    await relay.turn()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
