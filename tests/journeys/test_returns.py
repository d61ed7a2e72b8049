"""Not mine (退单): off the worker's list, onto the desk, and who decides."""

from datetime import timedelta

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Matter,
    act,
    bring,
    history_of,
    home_of,
    in_scope,
    inbox,
    name_of,
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

TO_DECIDE = {"states": ["RETURN_PENDING"]}


async def gave_it_back(town: Town, **fields: object) -> tuple[Player, Player, Player, Matter]:
    """The resident, the worker, the desk, and a lamp that the worker says is not theirs."""
    resident, worker, dispatcher = await town.people("resident-1", "grid-worker-1", "dispatcher-1")
    matter = await submit(town, resident)
    town.clock.advance(hours=1)
    await act(worker, "returnTask", matter, **fields)
    await town.settle()
    return resident, worker, dispatcher, matter


async def test_a_return_leaves_the_worker_and_reaches_the_desk(town: Town) -> None:
    resident, worker, dispatcher, matter = await gave_it_back(town)

    assert await to_do(worker) == []
    assert await in_scope(dispatcher, TO_DECIDE) == [matter.task_id]
    [notice] = await inbox(dispatcher)
    assert (notice["title"], notice["about"]["id"]) == ("有退单待审", matter.task_id)
    assert await titles(worker) == ["新工单"]
    assert await titles(resident) == []
    task = await task_of(dispatcher, matter)
    assert task is not None
    assert task["actions"] == ["ASSIGN", "DECIDE_RETURN"]
    assert (await request_of(resident, matter) or {})["statusText"] == "正在重新安排人员"


async def test_a_refused_return_goes_back_and_the_leg_goes_on(town: Town) -> None:
    _, worker, dispatcher, matter = await gave_it_back(town)
    token = await register(worker)
    async with nothing_written(town):
        assert (await refused(dispatcher, "decideReturn", matter, reason=None))["field"] == "reason"
        assert (await refused(dispatcher, "decideReturn", matter, reason=" \n "))["field"] == "reason"

    town.clock.advance(hours=3)  # one of them is lunch, another half the way to it
    task = await act(dispatcher, "decideReturn", matter, reason="这栋楼归您管")
    await town.settle()

    assert (task["state"], task["assignee"]["id"]) == ("ACKNOWLEDGED", town.id_of("grid-worker-1"))
    assert task["dueAt"] == "2026-12-01T02:00:00.000Z"  # it was paused for an hour and a half of office time
    assert (await request_of(dispatcher, matter) or {})["promiseDueAt"] == "2026-11-30T09:30:00.000Z"
    assert await to_do(worker) == [matter.task_id]
    assert (await titles(worker))[0] == "退单未获同意"
    assert [push["data"]["kind"] for push in pushes(town, token)] == ["return_refused"]
    assert (await history_of(worker, matter))[0]["reason"] == "这栋楼归您管"
    assert await in_scope(dispatcher, TO_DECIDE) == []


async def test_whoever_typed_the_request_still_reads_why_the_return_was_refused(town: Town) -> None:
    worker, dispatcher = await town.people("grid-worker-1", "dispatcher-1")
    home, resident_id = home_of(town, "resident-1"), town.id_of("resident-1")
    matter = await submit(town, worker, householdId=home, onBehalfOfId=resident_id)
    town.clock.advance(seconds=1)
    await act(worker, "returnTask", matter)
    town.clock.advance(seconds=1)

    await act(dispatcher, "decideReturn", matter, reason="这栋楼归您管")

    assert (await history_of(worker, matter))[0]["reason"] == "这栋楼归您管"


async def test_the_desk_gives_it_to_somebody_else(town: Town) -> None:
    resident, worker, dispatcher, matter = await gave_it_back(town, proposedOwnerId=town.id_of("grid-worker-2"))
    other = await town.person("grid-worker-2")
    town.clock.advance(days=1)
    for player in (resident, worker, dispatcher, other):
        await player.sign_in()

    task = await act(dispatcher, "decideReturn", matter, approved=True, assigneeId=town.id_of("grid-worker-2"), reason="同意")
    await town.settle()

    assert (task["state"], task["assignee"]["id"], task["owner"]["name"]) == ("ASSIGNED", town.id_of("grid-worker-2"), "第二网格党支部")
    assert task["dueAt"] == "2026-12-01T09:30:00.000Z"  # a new leg
    assert (await request_of(resident, matter) or {})["promiseDueAt"] == "2026-11-30T09:30:00.000Z"  # the same promise
    assert await to_do(other) == [matter.task_id]
    assert (await titles(other), (await titles(worker))[0]) == (["新工单"], "工单已转出")
    assert await task_of(worker, matter) is None


async def test_the_desk_cannot_send_it_back_to_the_returner_by_approving(town: Town) -> None:
    _, worker, dispatcher, matter = await gave_it_back(town)

    async with nothing_written(town):
        returner = town.id_of("grid-worker-1")
        refusal = await refused(dispatcher, "decideReturn", matter, approved=True, assigneeId=returner)
        assert (refusal["code"], refusal["field"]) == ("INVALID_INPUT", "assigneeId")
        assert (await refused(worker, "decideReturn", matter, approved=True))["code"] == "NOT_ALLOWED"


async def test_without_a_name_the_router_looks_past_the_returner(town: Town) -> None:
    _, worker, dispatcher, matter = await gave_it_back(town)

    task = await act(dispatcher, "decideReturn", matter, approved=True, reason=None)

    assert (task["state"], task["assignee"]["displayName"]) == ("ASSIGNED", name_of(town, "grid-leader-1"))
    assert task["routedBecause"] == ["该处属于第一网格。", "第一网格党支部暂无在岗人员，上报一级。", "由第一网格党支部负责人承担。"]
    assert await to_do(worker) == []


async def test_nobody_returns_the_same_task_twice(town: Town) -> None:
    _, worker, dispatcher, matter = await gave_it_back(town)
    await act(dispatcher, "decideReturn", matter)

    async with nothing_written(town):
        assert (await refused(worker, "returnTask", matter))["code"] == "LIMIT_REACHED"

    assert "RETURN" not in (await task_of(worker, matter) or {})["actions"]
    await bring(town, matter, worker, "COMPLETED")


async def returned_twice(town: Town) -> tuple[Player, Matter]:
    """The worker gave it back, and so did the leader whom the router found; the desk is asked again."""
    _, _, dispatcher, matter = await gave_it_back(town)
    leader = await town.person("grid-leader-1")
    await act(dispatcher, "decideReturn", matter, approved=True, reason=None)
    await act(leader, "returnTask", matter, reason="NO_AUTHORITY", note="需要物业处理")
    return dispatcher, matter


async def test_after_the_second_return_a_refusal_binds(town: Town) -> None:
    dispatcher, matter = await returned_twice(town)
    other = await town.person("grid-worker-2")

    refusal = await act(dispatcher, "decideReturn", matter, reason="就由您办")

    assert refusal["assignee"]["id"] == town.id_of("grid-leader-1")
    await act(dispatcher, "assignTask", matter, assigneeId=town.id_of("grid-worker-2"))
    async with nothing_written(town):
        assert (await refused(other, "returnTask", matter))["code"] == "LIMIT_REACHED"


async def test_after_the_second_return_the_desks_pick_binds(town: Town) -> None:
    dispatcher, matter = await returned_twice(town)
    other = await town.person("grid-worker-2")

    await act(dispatcher, "decideReturn", matter, approved=True, assigneeId=town.id_of("grid-worker-2"))

    assert "RETURN" not in (await task_of(other, matter) or {})["actions"]
    async with nothing_written(town):
        assert (await refused(other, "returnTask", matter))["code"] == "LIMIT_REACHED"


async def test_after_two_working_days_it_is_too_late_to_return(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    town.clock.advance(days=4)  # Friday, ten o'clock: two working days end on Tuesday, when the office closes
    for player in (resident, worker):
        await player.sign_in()
    early, late = await submit(town, resident), await submit(town, resident)
    for matter in (early, late):
        await act(worker, "acknowledgeTask", matter)

    town.clock.advance(days=4, hours=7.5)
    await worker.sign_in()
    assert (await act(worker, "returnTask", early))["state"] == "RETURN_PENDING"
    town.clock.now += timedelta(milliseconds=1)

    async with nothing_written(town):
        assert (await refused(worker, "returnTask", late))["code"] == "TOO_LATE"
    assert (await task_of(worker, late) or {})["actions"] == ["START", "ADD_ASSIST"]


async def test_the_settlement_decides_too_but_not_on_its_own_return(town: Town) -> None:
    resident, secretary, dispatcher = await town.people("resident-1", "secretary-1", "dispatcher-1")
    matter = await submit(town, resident, "staff-conduct")
    await act(secretary, "returnTask", matter, reason="NO_AUTHORITY", note="请镇里处理")

    async with nothing_written(town):
        assert (await refused(secretary, "decideReturn", matter))["code"] == "NOT_ALLOWED"

    assert (await act(dispatcher, "decideReturn", matter))["state"] == "ACKNOWLEDGED"
