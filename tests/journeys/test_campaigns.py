"""One act gives every grid, or every link member, of a sub-tree a task and a notice; how far it is, and its end."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.commands import Command
from resolvers.campaigns import LEASE_SECONDS, spread
from server.demo.main_job import Player
from server.wiring import build_house
from tests.conftest import Town
from tests.journeys.stories import Answer, Matter, act, bring, end_posts, give_posts_back, in_scope, nothing_written, say, titles, to_do
from tests.journeys.test_the_desk import board, unit_of

TALLY = "unit { id } total open done cancelled"
SHOWN = (
    "id title text audience dueOn unit { id } startedBy { id } endedAt endedBecause total "
    f"progress {{ givenOut whole {{ {TALLY} }} units {{ {TALLY} }} }}"
)
WORK = (
    "query($id: ID!) { node(id: $id) { ... on Task "
    "{ title dueAt state routedBecause campaign { title text total progress { givenOut } } } } }"
)
CLEAN = {"title": "雪后清扫", "text": "清扫本网格楼道口积雪", "audience": "GRIDS", "dueOn": "2026-11-27"}


async def start(town: Town, player: Player, unit: str = "柳湾镇党委", **fields: Any) -> Answer:
    return await say(player, "startCampaign", f"campaign {{ {SHOWN} }}", unitId=unit_of(town, unit), **{**CLEAN, **fields})


async def seen(player: Player, campaign_id: str) -> Answer | None:
    found: Answer | None = (await player.ask(f"query($id: ID!) {{ node(id: $id) {{ ... on Campaign {{ {SHOWN} }} }} }}", id=campaign_id))[
        "node"
    ]
    return found


async def listed(player: Player, unit_id: str) -> list[str]:
    found = await player.ask("query($unit: ID!) { campaigns(unitId: $unit) { id } }", unit=unit_id)
    return [campaign["id"] for campaign in found["campaigns"]]


def grids(town: Town) -> list[str]:
    return [grid.id for grid in town.planned.parts.grids]


async def test_every_grid_gets_its_task_and_its_notice_once(town: Town) -> None:
    dispatcher, worker = await town.people("dispatcher-1", "grid-worker-1")

    async with nothing_written(town, but={"campaigns", "campaign_parts", "commands"}):
        campaign = (await start(town, dispatcher))["campaign"]
    assert (campaign["total"], campaign["progress"]["givenOut"]) == (len(grids(town)), 0)

    assert await town.spread() == len(grids(town))
    assert await town.spread() == 0
    await town.settle()
    assert await town.count("tasks", campaign_id=campaign["id"]) == len(grids(town))
    assert sorted(await town.house.mongo.collection("tasks").distinct("grid_id")) == sorted(grids(town))
    assert await titles(worker) == ["新工单"]
    [task_id] = await to_do(worker)
    task = (await worker.ask(WORK, id=task_id))["node"]
    assert (task["title"], task["dueAt"], task["state"]) == ("雪后清扫", "2026-11-27T09:30:00.000Z", "ASSIGNED")
    assert task["routedBecause"][0] == "专项行动：雪后清扫。"
    assert task["campaign"] == {"title": "雪后清扫", "text": "清扫本网格楼道口积雪", "total": None, "progress": None}
    assert await seen(worker, campaign["id"]) is None, "how far it is, is for whoever leads"


async def test_progress_rolls_up_to_whoever_leads(town: Town) -> None:
    dispatcher, worker, leader = await town.people("dispatcher-1", "grid-worker-1", "grid-leader-1")
    campaign = (await start(town, dispatcher))["campaign"]
    await town.spread()
    [task_id] = await to_do(worker)
    matter = Matter("", "", task_id)

    await bring(town, matter, worker, "COMPLETED")
    assert (await act(leader, "verifyTask", matter))["state"] == "CLOSED", "nobody asked for it, so nobody is asked"

    whole = (await seen(dispatcher, campaign["id"]) or {})["progress"]["whole"]
    total = len(grids(town))
    assert (whole["total"], whole["open"], whole["done"], whole["cancelled"]) == (total, total - 1, 1, 0)
    below = (await seen(dispatcher, campaign["id"]) or {})["progress"]["units"]
    assert sum(unit["total"] for unit in below) == total
    assert await seen(leader, campaign["id"]) is None, "it is of a unit above the leader's"
    assert await listed(dispatcher, unit_of(town, "柳湾镇党委")) == [campaign["id"]]
    assert await listed(leader, unit_of(town, "柳湾镇党委")) == []


async def test_a_leader_starts_one_for_the_own_grids_alone(town: Town) -> None:
    leader, dispatcher, other = await town.people("grid-leader-1", "dispatcher-1", "grid-worker-2")

    campaign = (await start(town, leader, "第一网格党支部"))["campaign"]
    await town.spread()

    branch = unit_of(town, "第一网格党支部")
    own = [grid.id for grid in town.planned.parts.grids if grid.branch_id == branch]
    assert await town.house.mongo.collection("tasks").distinct("grid_id") == own
    assert await to_do(other) == []
    assert (await seen(leader, campaign["id"]) or {})["progress"]["whole"]["total"] == len(own)
    assert await listed(dispatcher, unit_of(town, "柳湾镇党委")) == [campaign["id"]], "whoever leads above sees it"


async def test_whoever_links_homes_gets_one_task_each(town: Town) -> None:
    secretary, member = await town.people("dispatcher-1", "link-member-1")

    campaign = (await start(town, secretary, audience="LINK_MEMBERS"))["campaign"]
    await town.spread()
    await town.settle()

    assert len(await to_do(member)) == 1
    assert await titles(member) == ["新工单"]
    assert campaign["total"] == await town.count("tasks", campaign_id=campaign["id"])


async def test_a_grid_that_nobody_serves_waits_on_the_board(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")
    everybody = [handle for handle in town.planned.handles if handle.startswith(("grid-", "branch-", "secretary", "dispatcher", "village"))]
    await start(town, dispatcher)
    await end_posts(town, *everybody)
    try:
        await town.spread()
    finally:
        await give_posts_back(town, *everybody)
    assert len((await board(dispatcher, unit_of(town, "柳湾镇党委"), "UNROUTED") or {})["UNROUTED"]) == min(10, len(grids(town)))


async def test_an_ended_campaign_gives_out_nothing_more_and_calls_off_what_is_open(town: Town) -> None:
    dispatcher, worker, other, leader = await town.people("dispatcher-1", "grid-worker-1", "grid-worker-2", "grid-leader-1")
    campaign = (await start(town, dispatcher))["campaign"]
    await town.spread()
    [task_id] = await to_do(worker)
    await bring(town, Matter("", "", task_id), worker, "COMPLETED")
    await town.settle()

    ended = await say(dispatcher, "endCampaign", f"campaign {{ {SHOWN} }}", campaignId=campaign["id"], reason="雪停了")
    again = await say(dispatcher, "endCampaign", "campaign { id }", campaignId=campaign["id"], reason="雪停了")
    await town.spread()
    await town.settle()

    assert ended["campaign"]["endedBecause"] == "雪停了"
    assert (again["code"], again["field"]) == ("WRONG_STATE", "campaignId")
    whole = (await seen(dispatcher, campaign["id"]) or {})["progress"]["whole"]
    assert (whole["open"], whole["done"], whole["cancelled"]) == (0, 1, len(grids(town)) - 1)
    assert await to_do(other) == []
    assert (await titles(other))[0] == "工单已取消"
    assert (await act(leader, "verifyTask", Matter("", "", task_id)))["state"] == "CLOSED", "what was done is still checked"
    assert await town.count("campaign_parts") == 0


async def test_what_was_not_given_out_yet_never_is_once_it_has_ended(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")
    campaign = (await start(town, dispatcher))["campaign"]

    await say(dispatcher, "endCampaign", "campaign { id }", campaignId=campaign["id"], reason="发错了")
    await town.spread()

    assert await town.count("tasks") == 0


@pytest.mark.parametrize(
    ("handle", "unit", "fields", "code", "field"),
    [
        ("grid-worker-1", "第一网格党支部", {}, "NOT_ALLOWED", "unitId"),
        ("grid-leader-1", "柳湾镇党委", {}, "NOT_ALLOWED", "unitId"),
        ("administrator-1", "柳湾镇党委", {}, "NOT_ALLOWED", "unitId"),
        ("dispatcher-1", "柳湾镇党委", {"dueOn": "2026-11-23"}, "INVALID_INPUT", "dueOn"),
        ("dispatcher-1", "柳湾镇党委", {"dueOn": "2028-01-01"}, "INVALID_INPUT", "dueOn"),
        ("dispatcher-1", "柳湾镇党委", {"title": "雪" * 61}, "INVALID_INPUT", "title"),
        ("dispatcher-1", "柳湾镇党委", {"text": " "}, "INVALID_INPUT", "text"),
    ],
)
async def test_what_cannot_be_started_leaves_nothing(town: Town, handle: str, unit: str, fields: Answer, code: str, field: str) -> None:
    player = await town.person(handle)
    async with nothing_written(town):
        refusal = await start(town, player, unit, **fields)
    assert (refusal["code"], refusal["field"]) == (code, field)


async def test_the_same_command_starts_one_campaign(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")
    fields = {"unitId": unit_of(town, "柳湾镇党委"), **CLEAN, "commandId": "7b1f2f9e-0a1b-4c57-9e0a-0c4f0a7b1d01"}

    answers = [await say(dispatcher, "startCampaign", "campaign { id }", **fields) for _ in range(3)]
    other = await say(dispatcher, "startCampaign", "campaign { id }", **{**fields, "title": "别的"})

    assert len({answer["campaign"]["id"] for answer in answers}) == 1
    assert other["code"] == "COMMAND_MISMATCH"
    assert await town.count("campaigns") == 1


async def test_several_at_once_make_every_task_once(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")
    for number in range(8):
        await start(town, dispatcher, title=f"第{number}次清扫")
    houses = [build_house(town.house.settings, clock=town.clock) for _ in range(3)]

    async def work(place: int) -> None:
        house = houses[place]
        while await spread(house.campaign_parts, house.due_tasks, ports=house.ports):
            pass

    try:
        await asyncio.gather(*(work(place) for place in range(3)))
    finally:
        for house in houses:
            await house.close()
    assert await town.count("tasks") == 8 * len(grids(town))
    assert await town.count("events", kind="CampaignTaskGiven") == 8 * len(grids(town))


async def test_a_part_whose_process_died_is_done_by_the_next(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")
    await start(town, dispatcher)
    parts = town.house.campaign_parts

    left = await parts.claim(at=town.clock(), lease_seconds=LEASE_SECONDS)
    assert left is not None
    assert await town.spread() == 0, "the lease is running"
    town.clock.advance(seconds=LEASE_SECONDS + 1)
    assert await town.spread() == len(grids(town))
    assert not await parts.give_out(left, [], command_of(town)), "whoever comes back late does nothing"
    assert await town.count("tasks") == len(grids(town))


def command_of(town: Town) -> Command:
    return Command(town.id_of("dispatcher-1"), uuid4(), "startCampaign", "", town.clock())


async def test_a_part_that_cannot_be_done_waits_longer_each_time_and_holds_up_no_other(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")
    campaign = (await start(town, dispatcher))["campaign"]
    kept = await town.house.mongo.collection("campaigns").find_one_and_delete({"_id": campaign["id"]})
    assert kept is not None

    assert await town.spread() == 1
    [part] = await town.house.mongo.collection("campaign_parts").find().to_list()
    assert part["due_at"] - town.clock() == timedelta(seconds=30)
    await town.house.mongo.collection("campaigns").insert_one(kept)
    town.clock.advance(seconds=31)
    assert await town.spread() == len(grids(town))


async def test_a_member_on_leave_is_never_given_a_task(town: Town) -> None:
    dispatcher, member = await town.people("dispatcher-1", "link-member-1")
    await start(town, dispatcher, audience="LINK_MEMBERS")
    await end_posts(town, "link-member-1")
    try:
        await town.spread()
    finally:
        await give_posts_back(town, "link-member-1")
    assert await to_do(member) == []
    assert await in_scope(member) == []
