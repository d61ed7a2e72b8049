"""Two clockworks at once, and one of them killed between any two of its steps: each breach is raised once, and none is lost."""

import asyncio
import signal
import sys

import pytest
from prometheus_client import generate_latest

from server import metrics
from server.clockwork import measure, rounds
from tests.conftest import ROOT, Town
from tests.journeys.stories import submit, titles
from tests.server.clockwork_to_kill import CLAIMED, POINTS

MATTERS = 8


@pytest.mark.parametrize("point", POINTS)
async def test_kill_9_in_the_middle_raises_each_breach_once(town: Town, point: str) -> None:
    resident, leader = await town.people("resident-1", "grid-leader-1")
    for _ in range(MATTERS):
        await submit(town, resident)
    town.clock.advance(hours=5.5)
    settings = town.house.settings
    arguments = [settings.mongodb_uri, settings.mongodb_database, town.clock().isoformat(), point]
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.clockwork_to_kill", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert doomed.stdout is not None
    async with asyncio.timeout(60):
        assert await doomed.stdout.readline() == b"there\n"

    await rounds(town.house)  # the other one goes on beside it with what is not claimed
    done_by_the_dead = 2 if point == "after the act" else 1
    assert await town.count("events", kind="TaskEscalated") == MATTERS - CLAIMED + done_by_the_dead
    doomed.send_signal(signal.SIGKILL)
    await doomed.wait()
    await rounds(town.house)
    assert await town.count("events", kind="TaskEscalated") == MATTERS - CLAIMED + done_by_the_dead  # the lease holds

    town.clock.advance(seconds=60)  # and is over
    await rounds(town.house)
    await rounds(town.house)
    await town.settle()

    assert await town.count("events", kind="TaskEscalated") == MATTERS
    await leader.sign_in()
    assert await titles(leader) == ["工单上报到您"] * MATTERS


async def test_what_waits_for_the_clock_is_measured(town: Town) -> None:
    [resident] = await town.people("resident-1")
    for _ in range(2):
        await submit(town, resident)
    town.clock.advance(hours=2, minutes=1)

    assert await measure(town.house) == 2
    told = generate_latest(metrics.REGISTRY).decode()
    assert "lianhu_clock_backlog 2.0" in told
    assert "lianhu_clock_late_seconds 60.0" in told

    await rounds(town.house)
    assert "lianhu_clock_backlog 0.0" in generate_latest(metrics.REGISTRY).decode()
