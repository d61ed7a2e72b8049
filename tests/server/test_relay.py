"""The relay's manners with phones: what failed comes again, later and later, for whom it failed, and is given up and counted.

What a killed relay leaves behind is in `test_relay_killed.py`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from adapters.mongo.outbox import MongoOutbox
from domain.devices import Push, PushOutcome, PushResult
from domain.push import Pushes
from server import metrics
from server.demo.fcm import Answer
from server.loops import end
from server.relay import FIRST_WAIT_SECONDS, LAST_TRY, LONGEST_WAIT_SECONDS, Relay, backoff_seconds, run_relay
from server.wiring import House, build_house
from tests.adapters.stage import open_transactions
from tests.conftest import Town, drops_sockets

BUSY = Answer(503, "UNAVAILABLE")
GONE = Answer(404, "UNREGISTERED")
PATIENCE = 30
"""Seconds: whatever takes longer hangs."""


class NoPhones:
    """Keeps `domain.push.Pushes`; nobody has a phone in these tests."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        return [PushResult(push.device_id, PushOutcome.SENT) for push in pushes]


async def phone_of(town: Town, handle: str) -> str:
    """The token of a new phone of somebody's."""
    token = f"phone-{uuid4()}"
    player = await town.person(handle)
    assert "deviceId" in await player.do("registerDevice", "deviceId", token=token, platform="ANDROID")
    return token


async def ask(town: Town, handle: str = "resident-1") -> str:
    """The id of the act."""
    resident = await town.person(handle)
    asked = await resident.do("submitRequest", "request { id }", itemId=town.item("stairwell-lamp"), text="灯不亮")
    [act] = await town.house.mongo.collection("events").find({"request_id": asked["request"]["id"]}).to_list()
    return str(act["_id"])


async def owed(town: Town, act: str) -> dict[str, Any] | None:
    [event] = await town.house.mongo.collection("events").find({"_id": act}).to_list()
    relay: dict[str, Any] | None = event.get("relay")
    return relay


def another_relay(house: House, pushes: Pushes, mark: str, clock: Any) -> Relay:
    outbox = MongoOutbox(house.mongo, house.devices, mark=mark)
    return Relay(outbox, house.ports.organisations, pushes, house.messages, clock)


# ---- trouble with phones


async def test_a_push_that_failed_comes_again_after_growing_waits(town: Town) -> None:
    token = await phone_of(town, "grid-worker-1")
    town.served.fcm.answer_next(token, *[BUSY] * 4)
    act = await ask(town)

    waits: list[float] = []
    for tries in range(1, 5):
        assert await town.served.relay.turn() == 1
        row = await owed(town, act)
        assert row is not None
        assert row["tries"] == tries
        waits.append((row["due_at"] - town.clock()).total_seconds())
        town.clock.advance(seconds=waits[-1] - 0.001)
        assert await town.served.relay.turn() == 0  # not before
        town.clock.advance(seconds=0.001)
    assert await town.served.relay.turn() == 1

    assert await owed(town, act) is None
    assert len(town.served.fcm.received(token)) == 1
    assert await town.count("notices") == 1
    for tries, wait in enumerate(waits):
        assert FIRST_WAIT_SECONDS * 2**tries / 2 <= wait <= FIRST_WAIT_SECONDS * 2**tries + 0.001


@pytest.mark.parametrize("tries", [0, 1, 5, 8, 9, 30, 1_000])
def test_waits_double_up_to_a_bound_and_are_never_all_alike(tries: int) -> None:
    longest = min(FIRST_WAIT_SECONDS * 2.0**tries, LONGEST_WAIT_SECONDS)
    waits = [backoff_seconds(tries) for _ in range(200)]
    assert all(longest / 2 <= wait <= longest for wait in waits)
    assert len({round(wait, 6) for wait in waits}) > 150


async def test_the_other_side_is_left_alone_for_as_long_as_it_asks(town: Town) -> None:
    seconds, until = await phone_of(town, "grid-worker-1"), await phone_of(town, "grid-worker-2")
    town.served.fcm.answer_next(seconds, Answer(429, "QUOTA_EXCEEDED", retry_after="77"))
    town.served.fcm.answer_next(until, Answer(503, "UNAVAILABLE", retry_after=format_datetime(town.clock() + timedelta(minutes=5))))
    acts = [await ask(town), await ask(town, "resident-4")]
    await town.served.relay.turn()

    for act, wait in zip(acts, (77, 300), strict=True):
        row = await owed(town, act)
        assert row is not None
        assert row["due_at"] == town.clock() + timedelta(seconds=wait)


async def test_a_short_wish_does_not_shorten_the_wait(town: Town) -> None:
    token = await phone_of(town, "grid-worker-1")
    town.served.fcm.answer_next(token, Answer(429, "QUOTA_EXCEEDED", retry_after="0"))
    act = await ask(town)
    await town.served.relay.turn()
    row = await owed(town, act)
    assert row is not None
    assert row["due_at"] >= town.clock() + timedelta(seconds=FIRST_WAIT_SECONDS / 2)


async def test_what_fails_for_one_of_two_phones_comes_again_for_that_one(town: Town) -> None:
    well, ill = await phone_of(town, "grid-worker-1"), await phone_of(town, "grid-worker-1")
    town.served.fcm.answer_next(ill, BUSY)
    act = await ask(town)
    await town.served.relay.turn()
    row = await owed(town, act)
    assert row is not None
    assert len(row["phones"]) == 1
    assert (len(town.served.fcm.received(well)), len(town.served.fcm.received(ill))) == (1, 0)

    town.clock.advance(minutes=1)
    await town.settle()
    assert (len(town.served.fcm.received(well)), len(town.served.fcm.received(ill))) == (1, 1)
    assert await owed(town, act) is None
    assert await town.count("notices") == 1


async def test_what_fails_at_the_last_try_is_given_up_and_counted(town: Town) -> None:
    token = await phone_of(town, "grid-worker-1")
    town.served.fcm.answer_next(token, *[BUSY] * (LAST_TRY + 1))
    act = await ask(town)
    asked = town.served.fcm.asked
    for _ in range(LAST_TRY + 3):
        await town.served.relay.turn()
        town.clock.advance(seconds=LONGEST_WAIT_SECONDS)

    row = await owed(town, act)
    assert row is not None
    assert "parked_at" in row
    assert "due_at" not in row
    assert town.served.fcm.asked - asked == LAST_TRY
    assert await town.house.outbox.parked() == 1
    assert metrics.PARKED._value.get() == 1
    worker = await town.person("grid-worker-1")
    assert (await worker.ask("{ viewer { unreadNotices } }"))["viewer"] == {"unreadNotices": 1}  # the inbox has it all the same


async def test_a_dead_token_is_forgotten_and_the_living_go_on(town: Town) -> None:
    dead, living = await phone_of(town, "grid-worker-1"), await phone_of(town, "grid-worker-1")
    town.served.fcm.answer_next(dead, GONE)
    act = await ask(town)
    await town.settle()
    assert await owed(town, act) is None
    assert await town.count("devices", retired_at=town.clock()) == 1

    asked = town.served.fcm.asked
    await ask(town)
    await town.settle()
    assert town.served.fcm.asked - asked == 1
    assert (len(town.served.fcm.received(dead)), len(town.served.fcm.received(living))) == (0, 2)


async def test_what_will_never_work_is_not_tried_again(town: Town) -> None:
    token = await phone_of(town, "grid-worker-1")
    town.served.fcm.answer_next(token, Answer(400, "INVALID_ARGUMENT", words="Message is too big"))
    act = await ask(town)
    await town.settle()
    assert await owed(town, act) is None
    assert await town.count("devices", retired_at=None) == 1


async def test_a_phone_handed_back_in_the_meantime_is_not_told(town: Town) -> None:
    token = await phone_of(town, "grid-worker-1")
    town.served.fcm.answer_next(token, BUSY)
    act = await ask(town)
    await town.served.relay.turn()
    worker = await town.person("grid-worker-1")
    [device] = await town.house.mongo.collection("devices").find({"token": token}).to_list()
    assert "deviceId" in await worker.do("retireDevice", "deviceId", deviceId=device["_id"])

    town.clock.advance(minutes=1)
    await town.settle()
    assert await owed(town, act) is None
    assert town.served.fcm.received(token) == []


async def test_no_phone_is_no_trouble(town: Town) -> None:
    act = await ask(town)
    assert await town.served.relay.turn() == 1
    assert await owed(town, act) is None
    assert await town.count("notices") == 1


# ---- several at once, and their end


async def test_several_relays_share_the_work_and_double_nothing(town: Town) -> None:
    token = await phone_of(town, "grid-worker-1")
    resident = await town.person("resident-1")
    for _ in range(40):
        await resident.do("submitRequest", "request { id }", itemId=town.item("stairwell-lamp"), text="灯不亮")
    pushes = town.served.relay._pushes
    relays = [another_relay(town.house, pushes, f"relay-{number}", town.clock) for number in range(4)]

    async def work(relay: Relay) -> None:
        while await relay.turn():
            pass

    await asyncio.gather(*(work(relay) for relay in relays))
    assert await town.count("notices") == 40
    assert await town.count("events", relay={"$exists": True}) == 0
    assert len({push["message"]["data"]["noticeId"] for push in town.served.fcm.received(token)}) == 40
    assert len(town.served.fcm.received(token)) == 40


@drops_sockets
async def test_a_running_relay_tells_and_numbers_what_is_committed(town: Town) -> None:
    relay = another_relay(town.house, NoPhones(), "running", town.clock)
    running = asyncio.create_task(run_relay(relay, town.house.sequencer, town.house.tallies, town.house.mongo))
    try:
        await ask(town)
        async with asyncio.timeout(PATIENCE):
            while await town.count("notices", seq={"$exists": True}) == 0 or await town.count("events", unnumbered=True):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        await end(running)


class TellAt(CommandListener):
    """Cancels a task, once, at the moment at which a command is sent."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._loop = asyncio.get_running_loop()
        self.task: asyncio.Task[None] | None = None
        self.told = asyncio.Event()

    def started(self, event: CommandStartedEvent) -> None:
        if self.task is not None and event.command_name == self._command:
            self._loop.call_soon_threadsafe(self.task.cancel)
            self._loop.call_soon_threadsafe(self.told.set)
            self.task = None

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


@drops_sockets
@pytest.mark.parametrize("driver", ["pymongo", "motor"])
@pytest.mark.parametrize("command", ["find", "update", "findAndModify", "aggregate", "getMore"])
async def test_a_relay_that_is_told_to_end_ends_whatever_it_is_sending(town: Town, command: str, driver: str) -> None:
    """Python 3.11's `wait_for`, through which PyMongo sends, swallows a cancellation that comes at that very moment."""
    tell_at = TellAt(command)
    house = build_house(replace(town.house.settings, mongodb_driver=driver), clock=town.clock, listeners=[tell_at])  # type: ignore[arg-type]
    await ask(town)
    try:
        relay = another_relay(house, NoPhones(), "ending", town.clock)
        tell_at.task = running = asyncio.create_task(run_relay(relay, house.sequencer, house.tallies, house.mongo))
        async with asyncio.timeout(PATIENCE):
            await tell_at.told.wait()
            await end(running)
        assert await open_transactions(house) == []
    finally:
        await house.close()
