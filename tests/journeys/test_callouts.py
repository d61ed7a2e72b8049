"""The township calls a department to a task: approved first, there in time, rated; who is called sees that task and no other."""

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
    inbox,
    nothing_written,
    refused,
    submit,
    task_of,
    titles,
)
from tests.journeys.test_assists import add_assist, of, unit_of
from tests.journeys.test_intake import on_request

OUT = {"kind": "EMERGENCY", "arriveWithinMinutes": 30, "reason": "需要电力抢修"}


async def in_progress(town: Town) -> tuple[Matter, Player, Player, Player, Player]:
    worker, desk, head, hand = await town.people("grid-worker-1", "dispatcher-1", "secretary-2", "provider-worker-1")
    matter = await submit(town, await town.person("resident-1"))
    await bring(town, matter, worker, "IN_PROGRESS")
    return matter, worker, desk, head, hand


async def call_outs(player: Player, matter: Matter) -> Answer:
    shown = "state onTime arriveBy grade unit { id }"
    found = await player.ask(f"query($id: ID!) {{ node(id: $id) {{ ... on Task {{ callOuts {{ {shown} }} }} }} }}", id=matter.task_id)
    [one] = found["node"]["callOuts"]
    answer: Answer = one
    return answer


async def test_a_department_is_called_out_comes_and_is_rated(town: Town) -> None:
    matter, worker, desk, head, hand = await in_progress(town)
    provider = unit_of(town, "provider-worker-1")

    await act(desk, "callOut", matter, unitIds=[provider], **OUT)
    await town.settle()
    assert "吹哨待审批" in await titles(head)
    assert await in_scope(hand) == []
    await act(head, "decideCallOut", matter, approved=True)
    await town.settle()
    assert await titles(hand) == ["部门吹哨通知"]
    assert (await task_of(hand, matter) or {})["actions"] == ["REPORT_IN"]

    await act(hand, "reportIn", matter)
    await town.settle()
    assert "部门已报到" in await titles(worker)
    assert "部门已报到" in await titles(desk)
    assert (await call_outs(desk, matter))["onTime"] is True
    await act(desk, "concludeCallOut", matter, unitId=provider, grade="GOOD")

    one = await call_outs(worker, matter)
    assert (one["state"], one["grade"], one["unit"]["id"]) == ("CONCLUDED", "GOOD", provider)
    assert await in_scope(hand) == []
    kinds = [event["kind"] for event in await history_of(desk, matter)][:4]
    assert kinds == ["CallOutConcluded", "DepartmentReported", "CallOutDecided", "CallOutAsked"]


async def test_nobody_comes_and_the_desk_hears_of_it_once(town: Town) -> None:
    matter, _, desk, head, _ = await in_progress(town)
    provider = unit_of(town, "provider-worker-1")
    await act(desk, "callOut", matter, unitIds=[provider], **OUT)
    await act(head, "decideCallOut", matter, approved=True)

    town.clock.advance(minutes=31)
    await town.wind()
    await town.wind()
    await town.settle()

    assert (await titles(desk)).count("部门未按时报到") == 1
    assert await town.count("events", kind="CallOutMissed") == 1
    assert (await act(desk, "concludeCallOut", matter, unitId=provider, grade="POOR"))["state"] == "IN_PROGRESS"


async def test_joint_enforcement_is_handed_off_and_other_nonsense_leaves_nothing(town: Town) -> None:
    matter, worker, desk, head, hand = await in_progress(town)
    provider = unit_of(town, "provider-worker-1")

    async with nothing_written(town):
        joint = await refused(desk, "callOut", matter, unitIds=[provider], **{**OUT, "kind": "JOINT_ENFORCEMENT"})
        assert (joint["code"], "转出" in joint["message"]) == ("INVALID_INPUT", True)
        assert (await refused(worker, "callOut", matter, unitIds=[provider], **OUT))["code"] == "NOT_ALLOWED"
        grid_branch = unit_of(town, "grid-leader-1")
        assert (await refused(desk, "callOut", matter, unitIds=[grid_branch], **OUT))["code"] == "INVALID_INPUT"
        assert (await refused(head, "decideCallOut", matter, approved=True))["code"] == "WRONG_STATE"
        assert (await refused(hand, "reportIn", matter))["code"] == "NOT_FOUND"
    await act(desk, "callOut", matter, unitIds=[provider], **OUT)
    await act(head, "decideCallOut", matter, approved=False, reason="先自行处理")
    await town.settle()
    assert "吹哨未获批准" in await titles(desk)
    assert await titles(hand) == []


async def test_who_was_called_hears_that_it_is_over_and_the_township_rates_who_came(town: Town) -> None:
    matter, _, desk, head, hand = await in_progress(town)
    resident, provider = await town.person("resident-1"), unit_of(town, "provider-worker-1")
    await act(desk, "callOut", matter, unitIds=[provider], **OUT)
    await act(head, "decideCallOut", matter, approved=True)
    await act(hand, "reportIn", matter)
    await town.settle()
    town.clock.advance(seconds=1)

    await on_request(resident, "withdrawRequest", matter)
    await town.settle()

    assert (await titles(hand))[0] == "吹哨已结束"
    assert await in_scope(hand) == []
    over = await call_outs(desk, matter)
    assert (over["state"], over["grade"], over["onTime"]) == ("ENDED", None, True)
    assert (await task_of(desk, matter) or {})["actions"] == ["CONCLUDE_CALL_OUT"]
    await act(desk, "concludeCallOut", matter, unitId=provider, grade="FAIR")
    assert (await call_outs(desk, matter))["grade"] == "FAIR"
    assert (await task_of(desk, matter) or {})["actions"] == []


async def test_who_called_a_department_out_is_reminded_to_rate_it_once_and_after_fifteen_days_nobody_does(town: Town) -> None:
    matter, _, desk, head, hand = await in_progress(town)
    resident, provider = await town.person("resident-1"), unit_of(town, "provider-worker-1")
    await act(desk, "callOut", matter, unitIds=[provider], **OUT)
    await act(head, "decideCallOut", matter, approved=True)
    await act(hand, "reportIn", matter)
    await on_request(resident, "withdrawRequest", matter)
    rated = {"unitId": provider, "grade": "GOOD"}

    for days, told in ((6, 0), (1, 1), (1, 1)):
        town.clock.advance(days=days)
        await town.wind()
        await town.settle()
        await desk.sign_in()
        assert (await titles(desk)).count("请评价吹哨报到") == told
    assert await town.count("events", kind="CallOutReminded") == 1
    assert (await task_of(desk, matter) or {})["actions"] == ["CONCLUDE_CALL_OUT"]

    town.clock.advance(days=8)
    await desk.sign_in()
    assert (await task_of(desk, matter) or {})["actions"] == []
    async with nothing_written(town):
        assert (await refused(desk, "concludeCallOut", matter, **rated))["code"] == "TOO_LATE"
    for other in (head, hand):
        await other.sign_in()
        assert "请评价吹哨报到" not in await titles(other)


async def test_who_is_reminded_of_what_was_opened_again_reads_that_the_call_out_is_over_not_the_matter(town: Town) -> None:
    matter, worker, desk, head, hand = await in_progress(town)
    resident, leader = await town.people("resident-1", "grid-leader-1")
    await act(desk, "callOut", matter, unitIds=[unit_of(town, "provider-worker-1")], **OUT)
    await act(head, "decideCallOut", matter, approved=True)
    await act(hand, "reportIn", matter)
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    assert (await answer(resident, matter))["state"] == "CLOSED"
    town.clock.advance(days=3)
    await resident.sign_in()
    await on_request(resident, "reopenRequest", matter, words="没过三天灯又灭了")

    town.clock.advance(days=4)
    await town.wind()
    await town.settle()

    await desk.sign_in()
    [told] = [notice for notice in await inbox(desk) if notice["title"] == "请评价吹哨报到"]
    assert told["body"] == "“楼道灯报修”的吹哨已随工单结束，请评价所吹哨部门的报到情况；吹哨结束满十五天后不能再评价。"
    task = await task_of(desk, matter) or {}
    assert (task["state"], "CONCLUDE_CALL_OUT" in task["actions"]) == ("IN_PROGRESS", True)


async def test_who_was_called_to_a_part_that_was_called_off_hears_of_it_once(town: Town) -> None:
    matter, worker, desk, head, plumber = await in_progress(town)
    resident, clerk = await town.people("resident-1", "centre-clerk-1")
    part = of(matter, await add_assist(worker, matter, unitId=unit_of(town, "provider-worker-1")))
    await bring(town, part, plumber, "IN_PROGRESS")
    await act(desk, "callOut", part, unitIds=[unit_of(town, "centre-clerk-1")], **OUT)
    await act(head, "decideCallOut", part, approved=True)
    await town.settle()
    town.clock.advance(seconds=1)

    await act(desk, "cancelTask", part, reason="不用了")
    await town.settle()
    assert (await titles(clerk)).count("吹哨已结束") == 1
    town.clock.advance(seconds=1)
    await on_request(resident, "nudgeRequest", matter)
    await town.settle()

    assert (await titles(clerk)).count("吹哨已结束") == 1
    told = await town.house.mongo.collection("events").find({"facts.call_outs_ended": {"$exists": True}}).to_list()
    assert [event["kind"] for event in told] == ["TaskCancelled"]
