"""A post is vacant: the next level serves, says why, and whoever held it has no rights any more."""

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    act,
    bring,
    end_posts,
    give_posts_back,
    home_of,
    in_scope,
    inbox,
    name_of,
    node,
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

SERVED = "unit { name } person { displayName } rule because climb { name }"


async def who_serves(player: Player, town: Town, item: str = "stairwell-lamp") -> Answer:
    """What the resident is told of who serves the home."""
    document = f"query($home: ID!, $item: ID!) {{ whoServes(householdId: $home, itemId: $item) {{ {SERVED} }} }}"
    answer = await player.ask(document, home=home_of(town, player.handle), item=town.item(item))
    found: Answer = answer["whoServes"]
    return found


async def routed(player: Player, town: Town) -> Answer:
    """Where a request of the resident goes, in the same words."""
    await player.sign_in()
    before = await who_serves(player, town)
    matter = await submit(town, player)
    task = await task_of(player, matter)
    assert task is not None
    person = {"displayName": task["assignee"]["displayName"]} if task["assignee"] else None
    assert before["unit"] == {"name": task["owner"]["name"]}
    assert (before["person"], before["because"], before["rule"]) == (person, task["routedBecause"], task["rule"])
    return before


async def test_whoever_serves_is_who_gets_it_however_many_posts_are_vacant(town: Town) -> None:
    resident = await town.person("resident-1")
    seen = [await routed(resident, town)]
    for handle in ("grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1", "secretary-2"):
        await end_posts(town, handle)
        seen.append(await routed(resident, town))

    named = [(service["unit"]["name"], service["person"] and service["person"]["displayName"]) for service in seen]
    assert named == [
        ("第一网格党支部", name_of(town, "grid-worker-1")),
        ("第一网格党支部", name_of(town, "grid-leader-1")),
        ("柳湾新村党总支", name_of(town, "secretary-1")),
        ("柳湾镇党委", name_of(town, "dispatcher-1")),
        ("柳湾镇党委", name_of(town, "secretary-2")),
        ("柳湾镇党委", None),
    ]
    assert [service["because"][-1] for service in seen] == [
        "该处属于第一网格。",
        "由第一网格党支部负责人承担。",
        "由柳湾新村党总支负责人承担。",
        "由柳湾镇党委负责人承担。",
        "由柳湾镇党委负责人承担。",
        "各级暂无在岗人员，等待人工派单。",
    ]
    assert seen[2]["because"][:2] == ["该处属于第一网格。", "第一网格党支部暂无在岗人员，上报一级。"]
    assert [unit["name"] for unit in seen[0]["climb"]] == ["柳湾新村党总支", "柳湾镇党委"]


async def test_what_nobody_serves_waits_until_the_desk_assigns_it(town: Town) -> None:
    resident, dispatcher, worker = await town.people("resident-1", "dispatcher-1", "grid-worker-2")
    token = await register(dispatcher)
    await end_posts(town, "grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1", "secretary-2")
    matter = await submit(town, resident)
    task = await task_of(resident, matter)
    assert task is not None
    assert (task["state"], task["assignee"], task["acknowledgeBy"], task["dueAt"] is None) == ("QUEUED", None, None, False)
    assert (await request_of(resident, matter) or {})["statusText"] == "已受理，正在安排人员"
    async with nothing_written(town):
        town.clock.advance(hours=9)
        await town.wind()

    await give_posts_back(town, "dispatcher-1")
    await town.settle()
    assert await titles(dispatcher) == ["工单待派"]
    assert [push["data"]["kind"] for push in pushes(town, token)] == ["task_unrouted"]
    assert await in_scope(dispatcher, {"unrouted": True}) == [matter.task_id]
    moved = await act(dispatcher, "assignTask", matter, assigneeId=town.id_of("grid-worker-2"))
    await town.settle()

    assert (moved["state"], moved["owner"]["name"], moved["rule"]) == ("ASSIGNED", "第二网格党支部", "hand")
    assert moved["routedBecause"] == ["由人工派给第二网格党支部。"]
    assert (await to_do(worker), await titles(worker)) == ([matter.task_id], ["新工单"])
    assert await in_scope(dispatcher, {"unrouted": True}) == []


async def test_whoever_lost_the_post_sees_nothing_more_at_once(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    taken, waiting = await submit(town, resident), await submit(town, resident)
    await bring(town, taken, worker, "IN_PROGRESS")
    await town.settle()
    assert len(await to_do(worker)) == 2

    await end_posts(town, "grid-worker-1")

    assert (await to_do(worker), await in_scope(worker)) == ([], [])
    for matter in (taken, waiting):
        assert (await task_of(worker, matter), await request_of(worker, matter)) == (None, None)
    assert await node(worker, home_of(town, "resident-1")) is None
    assert await node(worker, town.id_of("resident-1")) is None
    viewer = (await worker.ask("{ viewer { roles appointments { role } } }"))["viewer"]
    assert viewer == {"roles": [], "appointments": []}
    assert [notice["about"] for notice in await inbox(worker)] == [None, None]


async def test_whoever_lost_the_post_does_nothing_more(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await act(worker, "acknowledgeTask", matter)
    await end_posts(town, "grid-worker-1")

    async with nothing_written(town):
        assert (await refused(worker, "startTask", matter))["code"] == "NOT_FOUND"
        assert (await refused(worker, "returnTask", matter))["code"] == "NOT_FOUND"

    moved = await act(leader, "assignTask", matter, assigneeId=town.id_of("grid-leader-1"))
    assert moved["assignee"]["id"] == town.id_of("grid-leader-1")


async def test_a_leader_who_left_is_neither_asked_nor_told(town: Town) -> None:
    resident, worker, leader, secretary = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "IN_PROGRESS")
    await end_posts(town, "grid-leader-1")

    await act(worker, "completeTask", matter)
    await town.settle()

    async with nothing_written(town):
        assert (await refused(leader, "verifyTask", matter))["code"] == "NOT_FOUND"
    assert (await titles(leader), await titles(secretary)) == ([], ["有工单待核查"])
    assert (await act(secretary, "verifyTask", matter))["state"] == "AWAITING_FOLLOW_UP"


async def test_where_nobody_is_left_to_check_the_resident_is_asked_at_once(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "IN_PROGRESS")
    await end_posts(town, "grid-leader-1", "secretary-1", "dispatcher-1", "secretary-2")

    task = await act(worker, "completeTask", matter)
    await town.settle()

    assert task["state"] == "AWAITING_FOLLOW_UP"
    assert (await request_of(resident, matter) or {})["statusText"] == "已办完，请您评价"
    assert await titles(resident) == ["请您评价"]


async def test_nothing_is_given_to_somebody_without_a_post(town: Town) -> None:
    resident, leader = await town.people("resident-1", "grid-leader-1")
    await end_posts(town, "hub-host-1")
    matter = await submit(town, resident)

    async with nothing_written(town):
        refusal = await refused(leader, "assignTask", matter, assigneeId=town.id_of("hub-host-1"))

    assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "assigneeId")
