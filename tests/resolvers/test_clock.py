"""What the clock does by itself: reminders, climbs, each once, and one that cannot be moved holds up no other."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

import pytest

from domain.cases import Act, Case
from domain.clockwork import Backlog, DueTask
from domain.commands import Command, Replayed
from domain.events import EventKind
from domain.pages import PageRequest
from domain.tasks import Task, TaskState
from resolvers.clock import wind
from resolvers.tasks import AssignTask, assign_task
from tests.resolvers.conftest import Deeds


async def wound(deeds: Deeds) -> int:
    return await wind(deeds.house.due_tasks, ports=deeds.ports)


async def kinds(deeds: Deeds, task: Task) -> list[EventKind]:
    return [event.kind for event in reversed((await deeds.ports.history.of_task(task, PageRequest(50))).rows)]


async def test_at_half_of_the_window_whoever_has_it_is_reminded_once(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    deeds.clock.advance(hours=1)
    assert await wound(deeds) == 0
    deeds.clock.advance(hours=1)

    assert [await wound(deeds), await wound(deeds)] == [1, 0]
    assert await kinds(deeds, task) == [EventKind.REQUEST_SUBMITTED, EventKind.TASK_REMINDED]


async def test_it_climbs_to_the_township_and_waits_there(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    holders = []
    for _ in range(5):
        deeds.clock.advance(days=1)
        await wound(deeds)
        holders.append((await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("secretary-2")))[0].assignee_id)

    expected = [deeds.id_of(handle) for handle in ("grid-leader-1", "secretary-1", "dispatcher-1", "dispatcher-1", "dispatcher-1")]
    assert holders == expected
    assert await kinds(deeds, task) == [EventKind.REQUEST_SUBMITTED, *[EventKind.TASK_ESCALATED] * 3, EventKind.TASK_REMINDED]


async def test_what_was_acknowledged_does_not_climb(deeds: Deeds) -> None:
    task = await deeds.brought_to("ACKNOWLEDGED")
    deeds.clock.advance(days=30)

    while await wound(deeds):
        pass
    assert await kinds(deeds, task) == [
        EventKind.REQUEST_SUBMITTED,
        EventKind.TASK_ACKNOWLEDGED,
        EventKind.CONTACT_MISSED,
        EventKind.TASK_MISSED,
    ]


async def test_whoever_gave_it_back_is_climbed_past(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    await deeds.house.mongo.collection("tasks").update_one({"_id": task.id}, {"$set": {"returners": [deeds.id_of("grid-leader-1")]}})
    deeds.clock.advance(days=1)
    await wound(deeds)
    climbed = (await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("dispatcher-1")))[0]

    assert climbed.assignee_id == deeds.id_of("secretary-1")


async def test_a_task_that_nobody_asked_for_climbs_too(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    await deeds.house.mongo.collection("tasks").update_one({"_id": task.id}, {"$set": {"request_id": None, "askers": []}})
    deeds.clock.advance(days=1)

    assert await wound(deeds) == 1
    assert (await kinds(deeds, task))[-1] is EventKind.TASK_ESCALATED


async def test_of_two_clocks_one_acts(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    deeds.clock.advance(days=1)
    seen_by_both = await claimed(deeds)
    late = Late(deeds, seen_by_both)

    assert [await wound(deeds), await wind(late, ports=deeds.ports), await wind(late, ports=deeds.ports)] == [0, 1, 0]
    assert len(await kinds(deeds, task)) == 2


async def claimed(deeds: Deeds) -> list[DueTask]:
    return await deeds.house.due_tasks.claim(at=deeds.clock(), limit=10, lease_seconds=60)


class Late:
    """Another clock, which saw what was due before the first one acted."""

    def __init__(self, deeds: Deeds, seen: Sequence[DueTask]) -> None:
        self._deeds, self._seen = deeds, seen

    async def claim(self, *, at: datetime, limit: int, lease_seconds: float) -> Sequence[DueTask]:
        return self._seen[:limit]

    async def later(self, due: DueTask, *, until: datetime) -> bool:
        return await self._deeds.house.due_tasks.later(due, until=until)

    async def backlog(self, *, at: datetime) -> Backlog:
        return await self._deeds.house.due_tasks.backlog(at=at)

    async def going_on_in(self, request_id: str, limit: int) -> Sequence[tuple[str, int]]:
        return await self._deeds.house.due_tasks.going_on_in(request_id, limit)

    async def part(
        self, request_id: str, change: Callable[[Case, Case | None], Sequence[Act]], *, event_ids: Sequence[str], command: Command
    ) -> Case | Replayed | None:
        return await self._deeds.house.due_tasks.part(request_id, change, event_ids=event_ids, command=command)

    async def move(self, id_: str, change: Callable[[Case], Act | None], *, event_id: str, command: Command) -> Case | Replayed | None:
        return await self._deeds.house.due_tasks.move(id_, change, event_id=event_id, command=command)


async def test_what_was_moved_in_the_meantime_is_not_moved_again(deeds: Deeds) -> None:
    """Seen as due, then given to somebody else before the clock came to it: their own window has just begun."""
    task = await deeds.brought_to("ASSIGNED")
    deeds.clock.advance(hours=2)
    late = Late(deeds, await claimed(deeds))
    await deeds.do(assign_task, AssignTask(uuid4(), task.id, deeds.id_of("grid-worker-2")), "dispatcher-1")

    assert await wind(late, ports=deeds.ports) == 0
    now = (await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("dispatcher-1")))[0]
    assert (now.state, now.version) == (TaskState.ASSIGNED, 2)


async def test_one_that_cannot_be_moved_is_logged_and_holds_up_no_other(deeds: Deeds, caplog: pytest.LogCaptureFixture) -> None:
    await deeds.brought_to("ASSIGNED")
    deeds.clock.advance(days=1)
    gone = DueTask("task_990101102_" + "0" * 32, 1)
    late = Late(deeds, [gone, *await claimed(deeds)])

    with caplog.at_level(logging.ERROR):
        assert await wind(late, ports=deeds.ports) == 1
    assert [record.getMessage() for record in caplog.records] == [f"the clock could not move {gone.id}"]


async def test_what_is_claimed_is_nobody_elses_until_the_lease_is_over(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    deeds.clock.advance(days=1)
    [mine] = await claimed(deeds)

    assert (mine.id, await claimed(deeds), await wound(deeds)) == (task.id, [], 0)
    deeds.clock.advance(seconds=60)
    assert await wound(deeds) == 1


async def test_whoever_changes_a_claimed_task_ends_the_claim(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    deeds.clock.advance(hours=2)
    [mine] = await claimed(deeds)
    await deeds.do(assign_task, AssignTask(uuid4(), task.id, deeds.id_of("grid-worker-2")), "dispatcher-1")

    assert not await deeds.house.due_tasks.later(mine, until=deeds.clock())
    deeds.clock.advance(hours=4)
    assert [due.version for due in await claimed(deeds)] == [2]


async def test_one_that_fails_is_tried_again_later_and_later(deeds: Deeds) -> None:
    await deeds.brought_to("ASSIGNED")
    deeds.clock.advance(days=1)
    failing = Failing(deeds, [])
    waits = []
    for _ in range(8):
        assert await wind(failing, ports=deeds.ports) == 0
        stored = await deeds.house.mongo.collection("tasks").find_one({}) or {}
        waits.append((stored["clock_at"] - deeds.clock()).total_seconds())
        deeds.clock.now = stored["clock_at"]

    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert await wound(deeds) == 1
    stored = await deeds.house.mongo.collection("tasks").find_one({}) or {}
    assert not {"clock_mark", "clock_tries"} & set(stored)


class Failing(Late):
    """A clock that claims, and then has a bug."""

    async def claim(self, *, at: datetime, limit: int, lease_seconds: float) -> Sequence[DueTask]:
        return await self._deeds.house.due_tasks.claim(at=at, limit=limit, lease_seconds=lease_seconds)

    async def move(self, id_: str, change: Callable[[Case], Act | None], *, event_id: str, command: Command) -> Case | Replayed | None:
        raise ValueError("a bug")


async def test_a_moment_that_brings_nothing_waits_too_and_is_told(deeds: Deeds, caplog: pytest.LogCaptureFixture) -> None:
    task = await deeds.brought_to("ACKNOWLEDGED")
    await deeds.house.mongo.collection("tasks").update_one({"_id": task.id}, {"$set": {"clock_at": deeds.clock()}})

    assert [await wound(deeds), await wound(deeds)] == [0, 0]
    assert [record.getMessage() for record in caplog.records] == [f"the clock found nothing to do for {task.id}, whose moment had come"]


async def test_several_clocks_share_a_backlog_and_do_each_task_once(deeds: Deeds) -> None:
    for _ in range(12):
        await deeds.submit()
    deeds.clock.advance(hours=2)
    assert (await deeds.house.due_tasks.backlog(at=deeds.clock())) == Backlog(12, deeds.clock())

    moved = await asyncio.gather(*(wind(deeds.house.due_tasks, ports=deeds.ports, limit=4) for _ in range(3)))
    assert (sum(moved), await wound(deeds)) == (12, 0)
    assert await deeds.house.due_tasks.backlog(at=deeds.clock()) == Backlog(0, None)
