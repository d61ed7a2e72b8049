"""Nobody takes it: a reminder at half of the time, one level up at its end, and only while the office is open."""

import asyncio
from datetime import timedelta

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Matter,
    act,
    bring,
    history_of,
    inbox,
    nothing_written,
    pushes,
    refused,
    register,
    request_of,
    submit,
    task_of,
    titles,
    to_do,
)


async def later(town: Town, *players: Player, **time: float) -> None:
    """Time passes, the clock does what is due, everybody is told and signs in again."""
    town.clock.advance(**time)
    await town.wind()
    await town.settle()
    for player in players:
        await player.sign_in()


async def quiet(town: Town, **time: float) -> None:
    """Time passes, and the clock has nothing to do."""
    town.clock.advance(**time)
    async with nothing_written(town):
        await town.wind()


async def holder(player: Player, matter: Matter) -> str:
    task = await task_of(player, matter)
    assert task is not None
    return f"{task['owner']['name']}，{task['assignee']['displayName']}，{task['state']}"


async def test_half_of_the_time_is_over_and_the_worker_is_reminded_once(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    token = await register(worker)
    matter = await submit(town, resident)
    await town.settle()
    await quiet(town, hours=2, milliseconds=-1)

    await later(town, milliseconds=1)

    assert await titles(worker) == ["请尽快签收", "新工单"]
    async with nothing_written(town):
        for _ in range(3):
            await town.wind()
            await town.settle()
    assert [push["data"]["kind"] for push in pushes(town, token)] == ["task_assigned", "task_reminded"]
    assert pushes(town, token)[0]["android"]["collapse_key"] == pushes(town, token)[1]["android"]["collapse_key"]
    assert await titles(leader) == await titles(resident) == []
    event = (await history_of(resident, matter))[0]
    assert (event["kind"], event["actor"]) == ("TaskReminded", None)
    assert await to_do(worker) == [matter.task_id]


async def test_two_clocks_remind_and_climb_once(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matters = [await submit(town, resident) for _ in range(3)]

    town.clock.advance(hours=2)
    await asyncio.gather(town.wind(), town.wind(), town.wind())
    await town.settle()
    assert (await titles(worker)).count("请尽快签收") == 3
    town.clock.advance(hours=3.5)
    await asyncio.gather(town.wind(), town.wind())
    await town.settle()

    assert await titles(leader) == ["工单上报到您"] * 3
    assert (await titles(worker)).count("工单已转出") == 3
    assert sorted(await to_do(leader)) == sorted(matter.task_id for matter in matters)


async def test_at_the_end_of_the_time_the_leader_has_it(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await later(town, hours=2)
    await quiet(town, hours=3.5, milliseconds=-1)

    await later(town, milliseconds=1)

    task = await task_of(leader, matter)
    assert task is not None
    assert await holder(leader, matter) == f"第一网格党支部，{task['assignee']['displayName']}，ASSIGNED"
    assert task["assignee"]["id"] == town.id_of("grid-leader-1")
    assert task["routedBecause"] == ["第一网格党支部未按时签收，上报一级。", "由第一网格党支部负责人承担。"]
    assert (await to_do(worker), await to_do(leader)) == ([], [matter.task_id])
    assert (await inbox(leader))[0]["about"]["id"] == matter.task_id
    assert (await titles(leader), await titles(worker)) == (["工单上报到您"], ["工单已转出", "请尽快签收", "新工单"])
    async with nothing_written(town):
        assert (await refused(worker, "acknowledgeTask", matter))["code"] == "NOT_ALLOWED"
    request = await request_of(resident, matter)
    assert request is not None
    assert request["promiseDueAt"] == "2026-11-30T09:30:00.000Z"  # the promise stays
    assert (await act(leader, "acknowledgeTask", matter))["state"] == "ACKNOWLEDGED"


async def test_a_climb_gives_a_new_leg_and_leaves_the_promise(town: Town) -> None:
    resident, leader = await town.people("resident-1", "grid-leader-1")
    town.clock.advance(hours=6)  # 16:00: four office hours end on Tuesday at 11:00
    matter = await submit(town, resident)

    await later(town, resident, leader, hours=19)

    task = await task_of(leader, matter)
    assert task is not None
    assert task["dueAt"] == "2026-12-01T09:30:00.000Z"
    assert task["acknowledgeBy"] == "2026-11-24T08:30:00.000Z"
    assert (await request_of(resident, matter) or {})["promiseDueAt"] == "2026-11-30T09:30:00.000Z"


async def test_it_climbs_to_the_secretary_and_to_the_township_and_stays_there(town: Town) -> None:
    resident, leader, secretary, dispatcher = await town.people("resident-1", "grid-leader-1", "secretary-1", "dispatcher-1")
    everybody = (resident, leader, secretary, dispatcher)
    matter = await submit(town, resident)

    await later(town, *everybody, hours=5.5)
    assert await to_do(leader) == [matter.task_id]
    await later(town, *everybody, hours=19)  # Tuesday, 10:30
    assert (await to_do(leader), await to_do(secretary)) == ([], [matter.task_id])
    assert await task_of(leader, matter) is None  # above the branch now
    await later(town, *everybody, hours=5.5)  # Tuesday, 16:00
    assert (await to_do(secretary), await to_do(dispatcher)) == ([], [matter.task_id])

    await later(town, *everybody, hours=19)
    await later(town, *everybody, days=2)

    assert await to_do(dispatcher) == [matter.task_id]
    assert await titles(dispatcher) == ["工单逾期未签收", "工单上报到您"]
    assert await titles(secretary) == ["工单已转出", "工单上报到您"]
    assert (await task_of(dispatcher, matter) or {})["owner"]["name"] == "柳湾镇党委"
    kinds = [event["kind"] for event in await history_of(resident, matter)]
    assert kinds == ["TaskReminded", *["TaskEscalated"] * 3, "RequestSubmitted"]


async def test_who_takes_it_in_time_hears_nothing_more(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    town.clock.advance(hours=1)
    await act(worker, "acknowledgeTask", matter)
    await town.settle()

    await quiet(town, hours=1)
    await quiet(town, hours=21)

    await worker.sign_in()
    assert await titles(worker) == ["新工单"]
    await leader.sign_in()
    assert await titles(leader) == []


async def test_office_matters_rest_at_night_and_at_the_weekend(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    town.clock.advance(days=4, hours=6.5)  # Friday, 16:30: an hour is left until Monday
    for player in (resident, worker, leader):
        await player.sign_in()
    matter = await submit(town, resident)
    await town.settle()

    for hours in (2, 6, 12, 24, 18):  # to Monday, 6:30
        await quiet(town, hours=hours)
    await later(town, resident, worker, leader, hours=3)  # Monday, 9:30
    assert await titles(worker) == ["请尽快签收", "新工单"]
    await quiet(town, hours=2, milliseconds=-1)
    await later(town, worker, leader, milliseconds=1)

    assert await to_do(leader) == [matter.task_id]


async def test_water_and_gas_do_not_wait_for_the_morning(town: Town) -> None:
    town.clock.advance(days=4, hours=13)  # Friday, 23:00
    resident, worker, leader, secretary = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1")
    water, gas = await submit(town, resident, "water-leak"), await submit(town, resident, "gas-smell")

    await later(town, minutes=15)
    assert await titles(worker) == ["请尽快签收", "新工单", "新工单"]
    await later(town, minutes=15)
    assert (await to_do(leader), await to_do(worker)) == ([gas.task_id], [water.task_id])
    await later(town, minutes=30)
    assert await to_do(secretary) == [gas.task_id]
    await later(town, hours=1)

    assert await to_do(leader) == [water.task_id]  # Saturday, 1:00
    assert (await request_of(resident, gas) or {})["promiseDueAt"] == "2026-11-27T17:00:00.000Z"
    assert (await request_of(resident, water) or {})["promiseDueAt"] == "2026-11-28T15:00:00.000Z"


async def test_three_tries_at_different_times_count_as_contact(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "ACKNOWLEDGED")
    tried = {"contact": "CALL", "reached": False}

    for minutes in (0, 5, 10, 1):  # the second and the fourth are no different times
        town.clock.advance(minutes=minutes)
        assert (await act(worker, "startTask", matter, **tried))["state"] == "ACKNOWLEDGED"
    town.clock.advance(minutes=9)
    last = await act(worker, "startTask", matter, **tried, deviceTime=(town.clock() + timedelta(days=1)).isoformat())

    assert last["state"] == "IN_PROGRESS"
    kinds = [event["kind"] for event in await history_of(worker, matter)]
    assert kinds == ["TaskStarted", *["TaskContactTried"] * 4, "TaskAcknowledged", "RequestSubmitted"]


async def test_a_leg_and_a_promise_that_were_missed_are_overdue(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "IN_PROGRESS")
    town.clock.advance(days=8)
    for player in (resident, worker, leader):
        await player.sign_in()

    task, request = await task_of(worker, matter), await request_of(resident, matter)

    assert task is not None
    assert request is not None
    assert (task["overdue"], request["overdue"]) == (True, True)
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    assert (await request_of(resident, matter) or {})["overdue"] is True  # done late is late
