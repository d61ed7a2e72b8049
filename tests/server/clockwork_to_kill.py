"""A clockwork in a process of its own that stops for ever at a named point, so that a test can kill it there.

`python -m tests.server.clockwork_to_kill DATABASE_URI DATABASE AT POINT`; it claims three tasks, and prints `there` at the second of them.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import datetime

from adapters.mongo.calendars import MongoCalendars
from adapters.mongo.cases import MongoCases
from adapters.mongo.clock import MongoClock
from adapters.mongo.ledger import Ledger
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from resolvers.clock import wind
from server.settings import Settings
from server.wiring import build_house
from tests.conftest import DATA_KEY

POINTS = ("before the act", "after the act")
CLAIMED = 3


async def stand() -> None:
    print("there", flush=True)
    await asyncio.Event().wait()


class StoppingClock(MongoClock):
    point = ""
    moved = 0

    async def move(self, task_id: str, change: Callable[[Case], Act | None], *, event_id: str, command: Command) -> Case | Replayed | None:
        self.moved += 1
        is_there = self.moved == 2
        if is_there and self.point == "before the act":
            await stand()
        kept = await super().move(task_id, change, event_id=event_id, command=command)
        if is_there:
            await stand()
        return kept


async def main(uri: str, database: str, at: str, point: str) -> None:
    now, named = datetime.fromisoformat(at), {"mongodb_uri": uri, "mongodb_database": database}
    settings = Settings(mode="demo", firebase_project="demo-lianhu", data_key=DATA_KEY, **named)  # type: ignore[arg-type]
    house = build_house(settings, clock=lambda: now)
    cases = MongoCases(house.mongo, Ledger(house.mongo), MongoCalendars(house.mongo))
    clock = StoppingClock(house.mongo, cases, mark="to-be-killed")
    clock.point = point
    await wind(clock, ports=house.ports, limit=CLAIMED)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
