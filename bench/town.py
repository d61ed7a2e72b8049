"""What the benches of one act for many share: a town on a MongoDB of its own, its people, and what a resident's request takes meanwhile."""

import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from uuid import uuid4

from adapters.mongo.collections import build
from adapters.mongo.migrations import migrate
from adapters.mongo.seed import plant_items, plant_township
from domain.access import Actor
from domain.devices import Push, PushOutcome, PushResult
from domain.identity import SignIn
from domain.requests import Request
from resolvers.requests import SubmitRequest, submit_request
from server.demo.settlement import Settlement, uid_of
from server.mongod import EmbeddedMongod
from server.relay import Relay
from server.serving import run
from server.settings import Settings
from server.wiring import House, build_house, wall_clock

ALONE = 200
"""How many requests are measured while nothing else goes on."""


class NoPhones:
    """Keeps `domain.push.Pushes`: every push is answered at once."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        return [PushResult(push.device_id, PushOutcome.SENT) for push in pushes]


def on_a_mongod(name: str, measured: Callable[[Settings, list[str]], Coroutine[Any, Any, None]]) -> None:
    """Measures on a database of its own; also given the command that runs the bench `name` beside it, in another process."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedMongod(Path(folder) / "mongo") as mongod:
        key = Path(folder) / "data.key"
        key.write_bytes(b64encode(bytes(96)))
        others = [sys.executable, "-m", f"bench.{name}", mongod.uri, str(key)]
        run(measured(_settings(name, mongod.uri, str(key)), others))


def beside(name: str, uri: str, key: str) -> tuple[House, Relay]:
    """The same town in that other process, and a relay of it."""
    house = build_house(_settings(name, uri, key))
    return house, Relay(house.outbox, house.ports.organisations, NoPhones(), house.messages, wall_clock)


def _settings(name: str, uri: str, key: str) -> Settings:
    return Settings(mode="demo", mongodb_uri=uri, mongodb_database=f"bench_{name}", data_key=key, load_limit=1_000_000)


async def plant(house: House, planned: Settlement) -> None:
    await build(house.mongo)
    await migrate(house.mongo, at=wall_clock())
    await plant_items(house.mongo, planned.items)
    accounts = {uid_of(handle): person_id for handle, person_id in planned.handles.items()}
    at, names = wall_clock() - timedelta(days=30), (planned.township_code, planned.township_name, planned.area, "bench")
    homes = planned.households
    await plant_township(house.mongo, *names, planned.parts, at=at, persons=planned.persons, households=homes, accounts=accounts)


async def signed_in(house: House, handle: str) -> Actor:
    now = wall_clock()
    return await house.ports.people.signed_in(SignIn(uid_of(handle), now, now + timedelta(hours=1)), at=now)


async def ask(house: House, planned: Settlement, resident: Actor) -> Request:
    """The resident says that the lamp is out."""
    item = next(item for item in planned.items if item.code == "stairwell-lamp")
    return (await submit_request(SubmitRequest(uuid4(), item.id, "灯不亮"), by=resident, ports=house.ports)).subject


async def timed(house: House, planned: Settlement, resident: Actor) -> float:
    """Milliseconds that asking takes."""
    begun = perf_counter()
    await ask(house, planned, resident)
    return (perf_counter() - begun) * 1000


def spread(some: Sequence[float]) -> str:
    return f"median {median(some):.1f} ms, p95 {quantiles(some, n=20)[-1]:.1f} ms of {len(some)}"
