"""A clockwork in a process of its own that stops for ever while it counts anew, so that a test can kill it there.

`python -m tests.server.recount_to_kill DATABASE_URI DATABASE AT POINT`; it prints `there` at its third case.
"""

import asyncio
import sys
from datetime import datetime

from adapters.mongo.calendars import MongoCalendars
from adapters.mongo.cases import MongoCases
from adapters.mongo.ledger import Ledger
from adapters.mongo.recounting import MongoRecounts
from domain.cases import Case
from domain.commands import Command, Replayed
from resolvers.recounting import recount
from server.settings import Settings
from server.wiring import build_house
from tests.conftest import DATA_KEY
from tests.server.clockwork_to_kill import stand

POINTS = ("before it is kept", "after it is kept")


class Stopping(MongoRecounts):
    point = ""
    counted = 0

    async def recount(self, id_: str, *, event_id: str, command: Command) -> Case | Replayed | None:
        self.counted += 1
        if self.counted == 3 and self.point == "before it is kept":
            await stand()
        kept = await super().recount(id_, event_id=event_id, command=command)
        if self.counted == 3:
            await stand()
        return kept


async def main(uri: str, database: str, at: str, point: str) -> None:
    now, named = datetime.fromisoformat(at), {"mongodb_uri": uri, "mongodb_database": database}
    settings = Settings(mode="demo", firebase_project="demo-lianhu", data_key=DATA_KEY, **named)  # type: ignore[arg-type]
    house = build_house(settings, clock=lambda: now)
    recounts = Stopping(house.mongo, MongoCases(house.mongo, Ledger(house.mongo), MongoCalendars(house.mongo)), mark="to-be-killed")
    recounts.point = point
    await recount(recounts, ports=house.ports)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
