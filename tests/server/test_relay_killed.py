"""A relay that is killed between any two of its steps loses nothing, and doubles nothing in an inbox."""

import asyncio
import signal
import sys
from uuid import uuid4

import pytest

from server.demo.doors import FCM_PREFIX
from tests.conftest import ROOT, Town
from tests.server.relay_to_kill import POINTS


@pytest.mark.parametrize("point", POINTS)
async def test_kill_9_loses_no_push_and_doubles_no_notice(town: Town, point: str) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    token = f"phone-{uuid4()}"
    assert "deviceId" in await worker.do("registerDevice", "deviceId", token=token, platform="ANDROID")
    asked = await resident.do("submitRequest", "request { tasks { id } }", itemId=town.item("stairwell-lamp"), text="灯不亮")
    settings = town.house.settings
    arguments = [settings.mongodb_uri, settings.mongodb_database, town.served.base + FCM_PREFIX, point]
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.relay_to_kill", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert doomed.stdout is not None
    async with asyncio.timeout(60):
        assert await doomed.stdout.readline() == b"there\n"
    doomed.send_signal(signal.SIGKILL)
    await doomed.wait()
    assert await town.count("events", relay={"$exists": True}) == 1  # still owed

    town.clock.advance(seconds=5)  # the lease of the dead is over
    await town.settle()

    inbox = (await worker.ask("{ viewer { notices { edges { node { about { id } } } } } }"))["viewer"]["notices"]["edges"]
    assert [edge["node"]["about"]["id"] for edge in inbox] == [asked["request"]["tasks"][0]["id"]]
    pushed = town.served.fcm.received(token)
    assert len(pushed) == (2 if point == "before done" else 1)
    assert len({push["message"]["data"]["noticeId"] for push in pushed}) == 1  # the phone can tell that it is the same
    assert await town.count("events", relay={"$exists": True}) == 0


async def test_several_relays_at_once_tell_each_inbox_once(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    for _ in range(30):
        await resident.do("submitRequest", "request { id }", itemId=town.item("stairwell-lamp"), text="灯不亮")

    await asyncio.gather(*(town.served.relay.turn() for _ in range(4)))
    await town.settle()

    assert (await worker.ask("{ viewer { unreadNotices } }"))["viewer"] == {"unreadNotices": 30}
    assert await town.count("events", relay={"$exists": True}) == 0
