"""An import in a process of its own that stops for ever at a named point, so that a test can kill it there.

`python -m tests.server.import_to_kill DATABASE_URI DATABASE FILE POINT`; it prints `there` when it stands at the point.
"""

import asyncio
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from adapters.mongo import importing
from adapters.mongo.staging import Staging
from adapters.workbook.reading import opened
from domain.ids import Kind
from domain.importing import Import
from server.settings import Settings
from server.wiring import build_house
from tests.conftest import DATA_KEY, MONDAY_MORNING

POINTS = ("after batch 1", "after batch 2", "before it is true")


def now() -> datetime:
    """The test's Monday: the lease is over when the test says so."""
    return MONDAY_MORNING.astimezone(UTC)


class StoppingStaging(Staging):
    point = ""
    batches = 0

    async def add(self, *batch: Any) -> None:
        await super().add(*batch)
        self.batches += 1
        await self.stand_at(f"after batch {self.batches}")

    async def activate(self, *changes: Any) -> None:
        await self.stand_at("before it is true")
        await super().activate(*changes)

    async def stand_at(self, point: str) -> None:
        if point == self.point:
            print("there", flush=True)
            await asyncio.Event().wait()


async def main(uri: str, database: str, path: str, point: str) -> None:
    StoppingStaging.point = point
    vars(importing)["Staging"] = StoppingStaging  # this process is made to die
    house = build_house(Settings(mode="demo", mongodb_uri=uri, mongodb_database=database, data_key=DATA_KEY), clock=now)
    run = Import(house.ports.ids.new(Kind.EVENT, "990101101", now()), "990101101", now(), date(2026, 11, 23), "import")
    with opened(Path(path)) as source:
        await house.imports.apply(source, run)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
