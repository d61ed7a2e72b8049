"""Whoever has a task calls others in: they see what they need, the lead sees it all, the resident is asked once."""

import pytest

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    Matter,
    act,
    answer,
    bring,
    history_of,
    in_scope,
    node,
    nothing_written,
    refused,
    request_of,
    say,
    submit,
    task_of,
    titles,
    to_do,
)

HELP = "assists { id state isRequired assignee { id } owner { id } text parent { id } }"


def unit_of(town: Town, handle: str) -> str:
    return next(post.unit_id for post in town.planned.parts.appointments if post.person_id == town.id_of(handle))


async def add_assist(player: Player, matter: Matter, **fields: object) -> Answer:
    """Others are called in; the newest task that helps."""
    given = {"taskId": matter.task_id, "what": "先把水停了", **fields}
    said = await say(player, "addAssist", f"task {{ id version openAssists {HELP} }}", **given)
    assert "task" in said, said
    newest: Answer = max(said["task"]["assists"], key=lambda task: task["id"])
    return newest


async def in_progress(town: Town) -> tuple[Player, Player, Matter]:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "IN_PROGRESS")
    return resident, worker, matter


def of(matter: Matter, task: Answer) -> Matter:
    return Matter(matter.request_id, matter.number, task["id"])


async def test_a_worker_calls_a_provider_in_and_finishes_when_it_is_done(town: Town) -> None:
    resident, worker, matter = await in_progress(town)
    plumber, leader = await town.people("provider-worker-1", "grid-leader-1")

    child = await add_assist(worker, matter, unitId=unit_of(town, "provider-worker-1"))
    await town.settle()

    assert (child["state"], child["isRequired"], child["text"]) == ("ASSIGNED", True, "先把水停了")
    assert (child["assignee"]["id"], child["parent"]["id"]) == (town.id_of("provider-worker-1"), matter.task_id)
    assert await to_do(plumber) == [child["id"]]
    assert await titles(plumber) == ["新工单"]
    assert await node(plumber, child["id"], "... on Task { text parent { id } }") == {"text": "先把水停了", "parent": None}
    assert "COMPLETE" not in (await task_of(worker, matter) or {})["actions"]
    assert (await refused(worker, "completeTask", matter))["code"] == "WRONG_STATE"

    await bring(town, of(matter, child), plumber, "COMPLETED")
    await town.settle()

    assert sorted(await titles(worker)) == ["协办已全部完成", "新工单"]
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    assert await titles(resident) == ["请您评价"]
    assert (await request_of(resident, matter) or {})["state"] == "ANSWERED"
    assert (await answer(resident, matter))["state"] == "CLOSED"


async def test_the_resident_does_not_read_what_colleagues_asked_of_each_other(town: Town) -> None:
    resident, worker, matter = await in_progress(town)
    child = await add_assist(worker, matter, unitId=unit_of(town, "provider-worker-1"))

    seen = await node(resident, child["id"], "... on Task { state text }")

    assert (seen or {})["text"] is None
    assert {event["reason"] for event in await history_of(resident, matter) if event["kind"] == "AssistAdded"} == {None}


async def test_what_is_not_required_ends_with_the_task_and_its_worker_is_told(town: Town) -> None:
    _, worker, matter = await in_progress(town)
    plumber = await town.person("provider-worker-1")
    child = await add_assist(worker, matter, unitId=unit_of(town, "provider-worker-1"), required=False)

    await act(worker, "completeTask", matter)
    await town.settle()

    assert (await task_of(plumber, of(matter, child)) or {})["state"] == "CANCELLED"
    assert await to_do(plumber) == []
    assert sorted(await titles(plumber)) == ["工单已取消", "新工单"]


async def test_calling_work_off_tells_everybody_who_had_some_of_it(town: Town) -> None:
    resident, worker, matter = await in_progress(town)
    plumber, second, desk = await town.people("provider-worker-1", "grid-worker-2", "dispatcher-1")
    child = await add_assist(worker, matter, unitId=unit_of(town, "provider-worker-1"))
    await bring(town, of(matter, child), plumber, "IN_PROGRESS")
    below = await add_assist(desk, of(matter, child), assigneeId=town.id_of("grid-worker-2"))
    await town.settle()

    cancelled = await act(desk, "cancelTask", of(matter, child), reason="不用停水了")
    await town.settle()

    assert cancelled["state"] == "CANCELLED"
    assert (await task_of(second, of(matter, below)) or {})["state"] == "CANCELLED"
    assert "工单已取消" in await titles(plumber)
    assert "工单已取消" in await titles(second)
    assert "协办已全部完成" in await titles(worker)
    assert (await refused(desk, "cancelTask", matter, reason="算了"))["code"] == "WRONG_STATE"
    assert (await request_of(resident, matter) or {})["state"] == "IN_HAND"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "INVALID_INPUT"),
        ({"unitId": "unit_990101101_00000000000000000000000000000000"}, "NOT_FOUND"),
        ({"what": " ", "unitId": "x"}, "INVALID_INPUT"),
    ],
)
async def test_a_call_for_help_that_makes_no_sense_leaves_nothing(town: Town, fields: Answer, code: str) -> None:
    _, worker, matter = await in_progress(town)

    async with nothing_written(town):
        assert (await refused(worker, "addAssist", matter, **{"what": "帮忙", **fields}))["code"] == code


async def test_whoever_has_nothing_to_do_with_it_calls_nobody_in_and_nothing_off(town: Town) -> None:
    _, worker, matter = await in_progress(town)
    plumber, other = await town.people("provider-worker-1", "grid-worker-2")
    unit = unit_of(town, "provider-worker-1")
    child = await add_assist(worker, matter, unitId=unit)

    async with nothing_written(town):
        assert (await refused(plumber, "addAssist", matter, what="帮忙", unitId=unit))["code"] == "NOT_FOUND"
        assert (await refused(plumber, "cancelTask", of(matter, child), reason="不想办"))["code"] == "NOT_ALLOWED"
        assert (await refused(other, "cancelTask", of(matter, child), reason="不想办"))["code"] == "NOT_FOUND"
    assert matter.task_id not in await in_scope(plumber)


async def test_the_same_call_for_help_twice_makes_one_task(town: Town) -> None:
    _, worker, matter = await in_progress(town)
    sent = {"commandId": "5f0c1b9e-3b1d-4c57-9a53-0d6b0c7f1a77", "unitId": unit_of(town, "provider-worker-1")}

    first = await add_assist(worker, matter, **sent)
    again = await add_assist(worker, matter, **sent)

    assert first == again
    assert await town.count("tasks") == 2


async def test_what_was_called_in_by_hand_and_given_back_waits_with_the_unit_that_leads(town: Town) -> None:
    _, worker, matter = await in_progress(town)
    plumber, leader, dispatcher = await town.people("provider-worker-1", "grid-leader-1", "dispatcher-1")
    child = of(matter, await add_assist(worker, matter, unitId=unit_of(town, "provider-worker-1")))
    await act(plumber, "returnTask", child, note="不归我们管")
    await town.settle()
    town.clock.advance(seconds=1)

    back = await act(dispatcher, "decideReturn", child, approved=True, reason=None)
    await town.settle()

    assert (back["state"], back["assignee"], back["owner"]["name"]) == ("QUEUED", None, "第一网格党支部")
    assert ((await titles(worker))[0], (await titles(leader))[0]) == ("协办已退回", "工单待派")
    assert "工单待派" not in await titles(dispatcher)
    assert "ASSIGN" in (await task_of(leader, child) or {})["actions"]
    assert (await task_of(worker, child) or {})["state"] == "QUEUED", "whoever leads still sees it"
    assert (await refused(worker, "completeTask", matter))["code"] == "WRONG_STATE"


async def test_what_a_rule_called_in_goes_on_by_that_rule_past_whoever_gave_it_back(town: Town) -> None:
    resident, plumber, dispatcher = await town.people("resident-1", "provider-worker-1", "dispatcher-1")
    matter = await submit(town, resident, "basement-flood")
    [child_id] = await to_do(plumber)
    child = Matter(matter.request_id, matter.number, child_id)
    await act(plumber, "returnTask", child, note="人手不够")

    back = await act(dispatcher, "decideReturn", child, approved=True, reason=None)

    assert back["assignee"] is None or back["assignee"]["id"] not in {town.id_of("provider-worker-1"), town.id_of("grid-worker-1")}
    assert back["owner"]["name"] != "柳湾镇党委", "nobody's work at the township's desk"
    assert back["rule"] == "9"
