"""A worker sees what is wrong before anyone asks: it is done, checked and closed, and nobody is asked about it."""

from datetime import timedelta
from typing import Any

from adapters.mongo.retention import MongoRetention
from domain.retention import POLICIES
from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, Matter, act, bring, in_scope, node, nothing_written, refused, say, task_of, titles, to_do
from tests.journeys.test_assists import add_assist, of, unit_of

SHOWN = "id state title text address location { lat } item { id } raisedBy { id } request { id } grid { id } assignee { id } actions dueAt"
THERE = {"lat": 35.202, "lng": 115.502}


def grid_of(town: Town, handle: str) -> str:
    person_id = town.id_of(handle)
    return next(post.grid_id for post in town.planned.parts.appointments if post.person_id == person_id and post.grid_id)


async def create(town: Town, player: Player, **fields: Any) -> Answer:
    given = {"itemId": town.item("stairwell-lamp"), "text": "三单元一楼的灯坏了", **fields}
    return await say(player, "createTask", f"task {{ {SHOWN} }}", **given)


async def raised(town: Town, player: Player, **fields: Any) -> tuple[Matter, Answer]:
    task = (await create(town, player, **{"gridId": grid_of(town, "grid-worker-1"), **fields}))["task"]
    return Matter("", "", task["id"]), task


async def test_work_is_raised_routed_done_checked_and_closed_and_nobody_is_asked(town: Town) -> None:
    worker, leader, resident = await town.people("grid-worker-1", "grid-leader-1", "resident-1")

    matter, task = await raised(town, leader, address="三单元门口", location=THERE)
    await town.settle()

    assert (task["state"], task["text"], task["address"], task["request"]) == ("ASSIGNED", "三单元一楼的灯坏了", "三单元门口", None)
    assert (task["assignee"]["id"], task["raisedBy"]["id"]) == (town.id_of("grid-worker-1"), town.id_of("grid-leader-1"))
    assert (task["item"]["id"], task["location"]["lat"], task["grid"]["id"]) == (
        town.item("stairwell-lamp"), THERE["lat"], grid_of(town, "grid-worker-1"),
    )  # fmt: skip
    assert await titles(worker) == ["新工单"]
    await bring(town, matter, worker, "COMPLETED")
    assert (await act(leader, "verifyTask", matter))["state"] == "CLOSED"
    await town.settle()
    assert await titles(resident) == []
    assert await town.count("requests") == 0


async def test_whoever_raised_it_sees_what_comes_of_it_wherever_it_goes(town: Town) -> None:
    worker, other = await town.people("grid-worker-1", "grid-worker-2")

    matter, task = await raised(town, worker, itemId=town.item("lift-repair"))

    assert task["assignee"]["id"] == town.id_of("provider-worker-1")
    assert (await task_of(worker, matter) or {})["actions"] == []
    assert await node(other, matter.task_id, "... on Task { text }") is None
    assert matter.task_id in await in_scope(worker)


async def test_others_are_called_in_to_work_that_nobody_asked_for_and_called_off_with_it(town: Town) -> None:
    worker, plumber, desk = await town.people("grid-worker-1", "provider-worker-1", "dispatcher-1")
    matter, _ = await raised(town, worker)
    await bring(town, matter, worker, "IN_PROGRESS")
    child = await add_assist(worker, matter, unitId=unit_of(town, "provider-worker-1"))
    assert child["text"] == "先把水停了"
    assert (await refused(worker, "completeTask", matter))["code"] == "WRONG_STATE"
    await bring(town, of(matter, child), plumber, "COMPLETED")
    deeper = await add_assist(desk, matter, unitId=unit_of(town, "provider-worker-1"))
    await town.settle()
    assert "协办已全部完成" in await titles(worker)

    assert (await act(desk, "cancelTask", matter, reason="已换新灯"))["state"] == "CANCELLED"
    await town.settle()

    assert (await task_of(plumber, of(matter, deeper)) or {})["state"] == "CANCELLED"
    assert "工单已取消" in await titles(plumber)
    assert await to_do(plumber) == []
    history = (await node(desk, matter.task_id, "... on Task { history(first: 50) { edges { node { kind reason } } } }") or {})["history"]
    assert [edge["node"]["kind"] for edge in history["edges"]].count("AssistAdded") == 2
    assert "已换新灯" in {edge["node"]["reason"] for edge in history["edges"]}


async def test_what_is_given_back_goes_to_where_the_router_says_and_help_to_the_desk(town: Town) -> None:
    worker, desk, plumber = await town.people("grid-worker-1", "dispatcher-1", "provider-worker-1")
    matter, _ = await raised(town, worker)
    await act(worker, "returnTask", matter)
    assert (await act(desk, "decideReturn", matter, approved=True))["assignee"]["id"] != town.id_of("grid-worker-1")
    second, _ = await raised(town, worker)
    await bring(town, second, worker, "IN_PROGRESS")
    child = of(second, await add_assist(worker, second, unitId=unit_of(town, "provider-worker-1")))
    await act(plumber, "returnTask", child)

    given = await act(desk, "decideReturn", child, approved=True)

    assert (given["state"], given["assignee"]) == ("QUEUED", None)


async def test_nobody_raises_work_where_they_have_nothing_to_do(town: Town) -> None:
    resident, worker, second = await town.people("resident-1", "provider-worker-1", "grid-worker-2")
    mine = grid_of(town, "grid-worker-1")

    async with nothing_written(town):
        for player in (resident, worker, second):
            assert (await create(town, player, gridId=mine))["code"] == "NOT_ALLOWED"
        assert (await create(town, second))["code"] == "INVALID_INPUT"
        assert (await create(town, second, location={"lat": 95.0, "lng": 1.0}))["code"] == "INVALID_INPUT"
        assert (await create(town, second, location={"lat": 1.0, "lng": 1.0}))["code"] == "OUTSIDE_AREA"
        assert (await create(town, second, gridId="grid_990101101_" + "0" * 32))["code"] == "NOT_FOUND"
        assert (await create(town, second, itemId="x", gridId=mine))["code"] == "NOT_FOUND"
        assert (await create(town, second, text="", gridId=mine))["code"] == "INVALID_INPUT"


async def test_the_same_work_raised_twice_is_one_task(town: Town) -> None:
    worker = await town.person("grid-worker-1")
    sent = {"commandId": "5f0c1b9e-3b1d-4c57-9a53-0d6b0c7f1b22"}

    first, again = await raised(town, worker, **sent), await raised(town, worker, **sent)

    assert first == again
    assert await town.count("tasks") == await town.count("words") == 1


async def test_its_words_are_closed_to_whoever_only_worked_on_it_and_go_when_their_time_is_over(town: Town) -> None:
    worker, leader = await town.people("grid-worker-1", "grid-leader-1")
    matter, _ = await raised(town, leader)
    await bring(town, matter, worker, "COMPLETED")
    await act(leader, "verifyTask", matter)
    shown = "... on Task { text history { edges { node { kind reason } } } }"

    town.clock.advance(days=31)
    for player in (worker, leader):
        await player.sign_in()
    seen, own = await node(worker, matter.task_id, shown), await node(leader, matter.task_id, shown)

    assert (seen or {})["text"] is None
    assert {edge["node"]["reason"] for edge in (seen or {})["history"]["edges"]} == {None}
    assert (own or {})["text"] == "三单元一楼的灯坏了"
    policy = next(policy for policy in POLICIES if policy.moment == "closed_at" and policy.chinese == "未诉先办内容")
    retention = MongoRetention(town.house.mongo)
    for days, removed in ((1000, []), (1100, [matter.task_id])):
        at = town.clock() + timedelta(days=days)
        due = [batch async for batch in retention.due(policy, at=at)]
        assert [id_ for batch in due for id_ in await retention.remove(batch, at=at)] == removed
    [words] = await town.house.mongo.collection("words").find({}).to_list()
    assert set(words) == {"_id", "township", "erased_at", "erased_because"}
