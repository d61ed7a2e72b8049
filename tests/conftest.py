"""Real parts for every test: a real MongoDB replica set, the service over HTTP, firebase_admin; only Google is a stand-in."""

import asyncio
import gc
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as of_hypothesis

from adapters.firebase.app import close, demo_app
from adapters.firebase.demo_tokens import DemoTokens
from adapters.firebase.identity import FirebaseIdentity
from adapters.firebase.push import FirebasePushes
from adapters.mongo.collections import COLLECTIONS, build
from adapters.mongo.migrations import migrate
from adapters.mongo.seed import plant_items, plant_township
from resolvers.campaigns import spread
from resolvers.clock import wind
from server.app import build_app
from server.demo.doors import FCM_PREFIX, DemoDoors
from server.demo.fcm import FcmStandIn
from server.demo.main_job import Player
from server.demo.settlement import Settlement, settlement, shared_accounts, uid_of
from server.mongod import EmbeddedMongod
from server.production import EMULATOR
from server.relay import Relay
from server.serving import listen, make_server
from server.settings import Settings
from server.wiring import House, build_house

Story = TypeVar("Story", bound=Callable[..., Any])

# How long an example takes says what else this machine is doing, not whether the rule holds. Chance has a seed here too: whoever
# wants to look further takes `--hypothesis-profile=looking`.
of_hypothesis.register_profile("looking", deadline=None, suppress_health_check=[HealthCheck.too_slow])
of_hypothesis.register_profile("the same", of_hypothesis.get_profile("looking"), derandomize=True)
of_hypothesis.load_profile("the same")

DATA_KEY = str(Path(__file__).parent / "data.key")
"""A master key of zeros: worth nothing, and the same for every process of the tests."""

MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""10:00 in Shanghai, on a working day, with the office open."""

MORE_THAN_ANY_STORY_ASKS = 1_000
"""Open tasks: stories that are not about the limit give one worker as many as they like."""

KEPT_BETWEEN_TESTS = {"calendar", "migrations", "items", "data_keys", "lookup_keys"}


class TestClock:
    """A clock that stands still until a test moves it."""

    __test__ = False

    def __init__(self) -> None:
        self.now = MONDAY_MORNING

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get("LIANHU_MONGODB_URI")
    if given:
        yield polled(given)
        return
    # The tests' clock stands in the past, and what is a day old by the machine's clock would be forgotten within a minute.
    with EmbeddedMongod(tmp_path_factory.mktemp("mongo"), patience=120, more=("--setParameter", "ttlMonitorEnabled=false")) as mongod:
        yield polled(mongod.uri)


@pytest.fixture
def collected() -> Iterator[None]:
    """What a test dropped is collected before the next one begins, which has nothing to do with it."""
    yield
    gc.collect()


def drops_sockets(test: Story) -> Story:
    """PyMongo drops a socket without closing it where it is cancelled while it connects."""
    ignoring = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
    told: Story = pytest.mark.usefixtures("collected")(ignoring(test))
    return told


def polled(uri: str) -> str:
    """The same, with heartbeats that are asked for and not awaited.

    The loop of the session stands still while tests without one run. A heartbeat that came and timed out in that time is judged
    when it goes on, and the driver cancels whatever was just sent; what it may not send again then fails.
    """
    return f"{uri}{'&' if '?' in uri else '?'}serverMonitoringMode=poll"


@pytest.fixture(scope="session")
def settlement_of_60() -> Settlement:
    """The demo's settlement and its whole cast, in 60 households."""
    return settlement(60)


@pytest.fixture(scope="session")
def clock() -> TestClock:
    return TestClock()


async def plant(house: House, planned: Settlement) -> None:
    """An empty database with the settlement in it, under a stamp of its own."""
    for collection in COLLECTIONS:
        if collection.name not in KEPT_BETWEEN_TESTS:
            await house.mongo.collection(collection.name).delete_many({})
    await plant_township(
        house.mongo,
        planned.township_code,
        planned.township_name,
        planned.area,
        secrets.token_hex(8),
        planned.parts,
        at=MONDAY_MORNING - timedelta(days=30),
        persons=planned.persons,
        households=planned.households,
        accounts={uid_of(handle): person_id for handle, person_id in planned.handles.items()},
        shared=shared_accounts(planned),
    )


async def open_house(settings: Settings, planned: Settlement, clock: Callable[[], datetime], **more: Any) -> House:
    """A house whose database has collections, indexes, calendar and catalogue, and nothing else yet."""
    house = build_house(settings, clock=clock, **more)
    await build(house.mongo)
    await migrate(house.mongo, at=clock())
    await plant_items(house.mongo, planned.items)
    return house


@pytest.fixture(scope="session")
async def house_of_session(mongodb_uri: str, settlement_of_60: Settlement, clock: TestClock) -> AsyncIterator[House]:
    settings = Settings(
        mode="demo",
        mongodb_uri=mongodb_uri,
        mongodb_database=f"test_{uuid4().hex[:12]}",
        firebase_project="demo-lianhu",
        data_key=DATA_KEY,
        load_limit=MORE_THAN_ANY_STORY_ASKS,
    )
    house = await open_house(settings, settlement_of_60, clock)
    yield house
    await house.mongo.database.client.drop_database(settings.mongodb_database)
    await house.close()


@pytest.fixture
async def house(house_of_session: House, settlement_of_60: Settlement, clock: TestClock) -> House:
    """The house with a freshly planted settlement, on a Monday morning."""
    clock.now = MONDAY_MORNING
    await plant(house_of_session, settlement_of_60)
    return house_of_session


@dataclass(frozen=True)
class Served:
    """The service as it runs for the session: where, Google's stand-in, and the relay that a test turns by hand."""

    base: str
    fcm: FcmStandIn
    relay: Relay
    tokens: DemoTokens


@pytest.fixture(scope="session")
async def served(house_of_session: House, settlement_of_60: Settlement, clock: TestClock) -> AsyncIterator[Served]:
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    os.environ[EMULATOR] = f"127.0.0.1:{port}"
    tokens, fcm = DemoTokens("demo-lianhu", secrets.token_bytes(32)), FcmStandIn(clock=clock)
    firebase = demo_app("demo-lianhu", base + FCM_PREFIX, name=f"tests-{port}")
    identity = FirebaseIdentity(firebase, tokens)
    house = house_of_session
    server = make_server(build_app(house, identity, more_routes=DemoDoors(house, settlement_of_60, tokens, fcm).routes()))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    relay = Relay(house.outbox, house.ports.organisations, FirebasePushes(firebase, clock=clock), house.messages, clock)
    while not server.started:  # noqa: ASYNC110  # uvicorn tells it by a flag only
        await asyncio.sleep(0.01)
    yield Served(base, fcm, relay, tokens)
    server.stop()
    await serving
    await identity.close()
    await close(firebase)
    os.environ.pop(EMULATOR, None)


class Town:
    """The settlement as a story sees it: people at their phones, and a relay and a clock that move when the story says so."""

    def __init__(self, house: House, served: Served, planned: Settlement, client: httpx.AsyncClient, clock: TestClock) -> None:
        self.house, self.served, self.planned, self.clock = house, served, planned, clock
        self._client = client

    async def person(self, handle: str, *, language: str | None = None) -> Player:
        """Somebody of the cast, signed in."""
        player = Player(self._client, handle, language=language)
        await player.sign_in()
        return player

    async def people(self, *handles: str) -> list[Player]:
        return [await self.person(handle) for handle in handles]

    def stranger(self) -> Player:
        """Somebody who did not sign in."""
        return Player(self._client, "stranger")

    def id_of(self, handle: str) -> str:
        return self.planned.handles[handle]

    def item(self, code: str) -> str:
        return next(item.id for item in self.planned.items if item.code == code)

    async def settle(self) -> None:
        """Everything committed so far is told to inboxes and phones, numbered for the feed, and counted for the figures."""
        while await self.served.relay.turn():
            pass
        while await self.house.sequencer.number():
            pass
        while await self.house.tallies.count():
            pass

    async def wind(self) -> None:
        """The clock does what is due by now."""
        while await wind(self.house.due_tasks, ports=self.house.ports):
            pass

    async def spread(self) -> int:
        """Campaigns give out, or call off, all that they have to; how many tasks that was."""
        done = 0
        while tasks := await spread(self.house.campaign_parts, self.house.due_tasks, ports=self.house.ports):
            done += tasks
        return done

    async def count(self, collection: str, **filter: Any) -> int:
        return await self.house.mongo.collection(collection).count_documents(filter)

    async def contents(self) -> dict[str, int]:
        """How many documents every collection has: equal before and after means that nothing was written."""
        return {collection.name: await self.count(collection.name) for collection in COLLECTIONS}


@pytest.fixture
async def town(house: House, served: Served, settlement_of_60: Settlement, clock: TestClock) -> AsyncIterator[Town]:
    async with httpx.AsyncClient(base_url=served.base, timeout=60, trust_env=False) as client:
        yield Town(house, served, settlement_of_60, client, clock)


ROOT = Path(__file__).parent.parent
