"""A relay that is killed while it tells hundreds of followers leaves none out, and doubles nothing in an inbox."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from uuid import uuid4

import pytest
from prometheus_client import generate_latest

from adapters.mongo.codec import encode
from adapters.mongo.outbox import MongoOutbox
from domain.devices import Device, DevicePlatform, Push, PushOutcome, PushResult, device_id
from domain.followers import Following, following_id
from domain.ids import Kind, derived
from server import metrics
from server.demo.doors import FCM_PREFIX
from server.demo.fcm import Answer
from server.followers import LAST_TRY, FollowersTold
from server.loops import end
from server.relay import LEASE_SECONDS, LONGEST_WAIT_SECONDS, run_relay
from tests.conftest import MONDAY_MORNING, ROOT, Town, drops_sockets
from tests.journeys.stories import Matter, bring, inbox, pushes, register, say, submit, titles
from tests.server.followers_to_kill import POINTS

MANY = 350
DONE = "您关注的事项据报已办完"
BUSY = Answer(503, "UNAVAILABLE")


async def followed_by_many(town: Town) -> tuple[Matter, list[str]]:
    """A lamp that a whole quarter waits for, said to be done; three of them are of the cast."""
    lamp = await submit(town, await town.person("resident-1"))
    township = town.planned.township_code
    people = [derived(Kind.PERSON, lamp.request_id, str(number)) for number in range(MANY)]
    lamp_as = (town.item("stairwell-lamp"), "楼道灯报修")
    rows = [Following(following_id(lamp.request_id, id_), township, lamp.request_id, id_, MONDAY_MORNING, *lamp_as) for id_ in people]
    await town.house.mongo.collection("followings").insert_many([encode(row) for row in rows])
    for handle in ("resident-2", "resident-3", "resident-9"):
        said = await say(await town.person(handle), "followRequest", "followed { id }", requestId=lamp.request_id)
        assert "followed" in said
        people.append(town.id_of(handle))
    await town.settle()
    worker, leader = await town.people("grid-worker-1", "grid-leader-1")
    await bring(town, lamp, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    return lamp, people


async def told(town: Town) -> list[str]:
    """Whom a line of an inbox says that it is done, as often as one does."""
    found = await town.house.mongo.collection("notices").find({"kind": "followed_done"}).to_list()
    return sorted(notice["person_id"] for notice in found)


@pytest.mark.parametrize("point", POINTS)
async def test_kill_9_in_the_middle_leaves_no_follower_out_and_tells_none_twice(town: Town, point: str) -> None:
    neighbour, worker = await town.people("resident-2", "grid-worker-1")
    phone = await register(neighbour)
    _, people = await followed_by_many(town)
    settings = town.house.settings
    arguments = [settings.mongodb_uri, settings.mongodb_database, town.served.base + FCM_PREFIX, point]
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.followers_to_kill", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert doomed.stdout is not None
    async with asyncio.timeout(60):
        assert await doomed.stdout.readline() == b"there\n"
    doomed.send_signal(signal.SIGKILL)
    await doomed.wait()
    assert 0 < len(await told(town)) < len(people)

    await submit(town, await town.person("resident-4"))
    await town.settle()
    assert (await titles(await town.person("grid-worker-2")))[0] == "新工单", "other acts do not wait for the dead"
    assert len(await told(town)) < len(people)

    town.clock.advance(minutes=5)  # the lease of the dead is over
    await town.settle()
    assert await told(town) == sorted(people)
    assert await titles(neighbour) == [DONE]
    assert len({push["data"]["noticeId"] for push in pushes(town, phone)}) == 1
    assert await town.count("tellings") == 0
    assert [notice["title"] for notice in await inbox(worker) if notice["title"] == DONE] == []


async def test_several_relays_at_once_tell_each_follower_once(town: Town) -> None:
    _, people = await followed_by_many(town)
    town.served.relay.followers.at_once = 50
    try:
        await town.served.relay.deliver()
        await asyncio.gather(*(town.served.relay.followers.turn() for _ in range(4)))
        await town.settle()
    finally:
        town.served.relay.followers.at_once = 500

    assert await told(town) == sorted(people)


class Stalled:
    """Keeps `domain.push.Pushes` as FCM in a stall does: ten seconds for each fifty, while another relay goes on."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.other: FollowersTold | None = None
        self.told: list[int] = []
        self.sent: list[str] = []

    async def send(self, pushes: Sequence[Push]) -> list[PushResult]:
        self.told.append(len(await told(self._town)))
        self._town.clock.advance(seconds=10 * -(-len(pushes) // 50))
        other, self.other = self.other, None
        if other is not None:
            await other.turn()
        self.other = other
        self.sent += [push.device_id for push in pushes]
        return [PushResult(push.device_id, PushOutcome.SENT) for push in pushes]


async def test_where_pushes_stall_no_inbox_waits_and_no_relay_takes_over_what_another_has_in_hand(town: Town) -> None:
    _, people = await followed_by_many(town)
    at, township = town.clock(), town.planned.township_code
    phones = [Device(device_id(township, id_), township, id_, id_, DevicePlatform.ANDROID, None, "zh-CN", at) for id_ in people]
    await town.house.mongo.collection("devices").delete_many({})
    await town.house.mongo.collection("devices").insert_many([encode(phone) for phone in phones])
    pushes = Stalled(town)
    outboxes = [MongoOutbox(town.house.mongo, town.house.devices, mark=mark) for mark in ("one", "other")]
    one, other = (
        FollowersTold(outbox, pushes, town.house.messages, town.clock, lease_seconds=LEASE_SECONDS, wait=lambda _: 1.0)
        for outbox in outboxes
    )
    one.at_once = other.at_once = 320  # phones for 70 seconds, with a lease of 60
    pushes.other = other
    await town.served.relay.deliver()

    for _ in range(20):
        await one.turn()

    assert pushes.told == [len(people)] * len(pushes.told), "every inbox has it before the first push"
    assert sorted(pushes.sent) == sorted(phone.id for phone in phones), "and each phone is told once"
    assert await town.count("tellings") == 0
    assert await told(town) == sorted(people)


async def test_a_phone_that_is_out_of_reach_is_tried_again_and_nobody_else_is(town: Town) -> None:
    ill, well = await town.people("resident-2", "resident-3")
    of_ill, of_well = await register(ill), await register(well)
    town.served.fcm.answer_next(of_ill, BUSY)
    _, people = await followed_by_many(town)

    await town.settle()
    assert (len(pushes(town, of_ill)), len(pushes(town, of_well))) == (0, 1)
    assert await town.count("tellings") == 1
    town.clock.advance(minutes=1)
    await town.settle()

    assert (len(pushes(town, of_ill)), len(pushes(town, of_well))) == (1, 1)
    assert await told(town) == sorted(people)
    assert await town.count("tellings") == 0


async def test_a_phone_that_never_answers_is_given_up_and_the_inbox_has_it(town: Town) -> None:
    neighbour = await town.person("resident-2")
    phone = f"phone-{uuid4()}"
    await register(neighbour, phone)
    town.served.fcm.answer_next(phone, *[BUSY] * (LAST_TRY + 2))
    await followed_by_many(town)
    for _ in range(LAST_TRY + 2):
        await town.settle()
        town.clock.advance(seconds=LONGEST_WAIT_SECONDS)

    assert await town.count("tellings") == 0
    assert pushes(town, phone) == []
    assert await titles(neighbour) == [DONE]


class Broken:
    """Keeps `domain.push.Pushes` as one does whose every call fails before it says what became of a push."""

    def __init__(self) -> None:
        self.calls = 0

    async def send(self, pushes: Sequence[Push]) -> list[PushResult]:
        self.calls += 1
        raise RuntimeError("no phone of anybody")


async def test_phones_that_cannot_even_be_asked_are_given_up_and_the_inboxes_have_it(town: Town) -> None:
    neighbour, pushes = await town.person("resident-2"), Broken()
    await register(neighbour, f"phone-{uuid4()}")
    await followed_by_many(town)
    await town.served.relay.deliver()
    outbox = MongoOutbox(town.house.mongo, town.house.devices, mark="one")
    one = FollowersTold(outbox, pushes, town.house.messages, town.clock, lease_seconds=LEASE_SECONDS, wait=lambda _: 1.0)

    for _ in range(LAST_TRY + 2):
        while await one.turn():
            pass
        town.clock.advance(seconds=2)

    assert pushes.calls == LAST_TRY
    assert await town.count("tellings") == 0
    assert await titles(neighbour) == [DONE]


def measured(name: str, of: str) -> float:
    """As Prometheus is told it."""
    [line] = [line for line in generate_latest(metrics.REGISTRY).decode().splitlines() if line.startswith(f'{name}{{of="{of}"}}')]
    return float(line.split()[-1])


async def test_what_followers_are_still_to_be_told_is_measured(town: Town) -> None:
    phone, followers = await register(await town.person("resident-2")), town.served.relay.followers
    town.served.fcm.answer_next(phone, BUSY)
    await followed_by_many(town)
    await town.served.relay.deliver()

    async def backlog() -> list[tuple[float, float]]:
        await followers.measure()
        return [(measured("lianhu_followers_backlog", of), measured("lianhu_followers_late_seconds", of)) for of in ("inboxes", "phones")]

    assert await backlog() == [(1, 0), (0, 0)]
    town.clock.advance(seconds=90)
    assert await backlog() == [(1, 90), (0, 0)]
    await followers.tell_inboxes()
    assert await backlog() == [(0, 0), (1, 0)]
    town.clock.advance(seconds=30)
    assert await backlog() == [(0, 0), (1, 30)]
    await followers.tell_phones()
    assert await backlog() == [(0, 0), (1, 0)], "what is tried again later is left, and waits for no relay"
    town.clock.advance(minutes=1)
    await followers.tell_phones()
    assert await backlog() == [(0, 0), (0, 0)]


@drops_sockets
async def test_a_running_relay_goes_on_measuring_it(town: Town) -> None:
    house, relay = town.house, town.served.relay
    metrics.FOLLOWERS_BACKLOG.clear()
    running = asyncio.create_task(run_relay(relay, house.sequencer, house.tallies, house.mongo))
    try:
        async with asyncio.timeout(60):
            while len(next(iter(metrics.FOLLOWERS_BACKLOG.collect())).samples) < 2:  # noqa: ASYNC110  # it is told to whoever asks
                await asyncio.sleep(0.02)
    finally:
        await end(running)
    assert [measured("lianhu_followers_backlog", of) for of in ("inboxes", "phones")] == [0, 0]
