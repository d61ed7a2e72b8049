"""More time, pauses and the long ledger, as people see them: asked for, decided by somebody else, told, and both dates on the page."""

from typing import Any
from uuid import uuid4

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Matter,
    act,
    bring,
    history_of,
    node,
    nothing_written,
    refused,
    request_of,
    say,
    submit,
    titles,
)

TASK = "extension { until workingDays reason } extendedBy suspendedBecause resumeAt deferral { reviewOn reason } reviewOn objectedAt dueAt"
PROMISE = "requestState: state promiseDueAt promiseFirstDueAt extendedBy heldAt overdue statusText"
FIRST = "2026-11-30T09:30:00.000Z"


async def task_seen(player: Player, matter: Matter) -> dict[str, Any]:
    return await node(player, matter.task_id, f"... on Task {{ {TASK} }}") or {}


async def promise_seen(player: Player, matter: Matter) -> dict[str, Any]:
    return await node(player, matter.request_id, f"... on Request {{ {PROMISE} }}") or {}


async def under_way(town: Town, *more: str) -> tuple[Matter, list[Player]]:
    """A lamp that the worker has begun with; the resident, the worker, the leader, and whoever else."""
    people = await town.people("resident-1", "grid-worker-1", "grid-leader-1", *more)
    matter = await submit(town, people[0])
    await bring(town, matter, people[1], "IN_PROGRESS")
    return matter, people


async def test_more_time_is_asked_for_and_the_old_date_stands_until_the_leader_grants_it(town: Town) -> None:
    matter, (resident, worker, leader) = await under_way(town)
    await act(worker, "requestExtension", matter, workingDays=2, reason="灯具缺货")
    await town.settle()

    wish = {"until": "2026-12-02T09:30:00.000Z", "workingDays": 2, "reason": "灯具缺货"}
    assert (await task_seen(leader, matter))["extension"] == wish
    assert (await task_seen(resident, matter))["extension"] is None
    assert (await promise_seen(resident, matter))["promiseDueAt"] == FIRST
    assert ((await titles(leader))[0], await titles(resident)) == ("有延期待批", [])

    task = await act(leader, "decideExtension", matter, approved=True, reason="灯具周三到货，周三装好")
    await town.settle()

    assert task["dueAt"] == "2026-12-02T09:30:00.000Z"
    seen = await promise_seen(resident, matter)
    assert (seen["promiseDueAt"], seen["promiseFirstDueAt"], seen["extendedBy"]) == ("2026-12-02T09:30:00.000Z", FIRST, 2)
    told = {event["kind"]: event["reason"] for event in await history_of(resident, matter)}
    assert (told["ExtensionGranted"], told["ExtensionRequested"]) == ("灯具周三到货，周三装好", None)
    assert ((await titles(resident))[0], (await titles(worker))[0]) == ("办理时间有延长", "延期已批准")


async def test_a_refused_extension_is_told_to_whoever_asked_and_to_nobody_else(town: Town) -> None:
    matter, (resident, worker, leader) = await under_way(town)
    await act(worker, "requestExtension", matter, until="2026-12-02", reason="灯具缺货")
    async with nothing_written(town):
        assert (await refused(worker, "decideExtension", matter, approved=True, reason="我同意"))["code"] == "NOT_ALLOWED"
        assert (await refused(leader, "decideExtension", matter, approved=False, reason=" "))["field"] == "reason"
    town.clock.advance(seconds=1)
    await act(leader, "decideExtension", matter, approved=False, reason="仓库里有货")
    await town.settle()

    assert await titles(resident) == []
    assert (await titles(worker))[0] == "延期未获同意"
    seen = await promise_seen(resident, matter)
    assert (seen["promiseDueAt"], seen["promiseFirstDueAt"]) == (FIRST, None)


async def test_a_suspended_task_waits_for_its_part_and_the_clock_goes_on_with_it(town: Town) -> None:
    matter, (resident, worker, leader) = await under_way(town)
    async with nothing_written(town):
        given = {"cause": "PART_ON_ORDER", "until": "2026-11-25T10:00:00+08:00"}
        assert (await refused(worker, "suspendTask", matter, **given))["code"] == "NOT_ALLOWED"
        assert (await refused(leader, "suspendTask", matter, **{**given, "until": "2026-12-30T10:00:00+08:00"}))["field"] == "until"
    await act(leader, "suspendTask", matter, **given, reason="灯具已订，周三到")
    await town.settle()

    seen = await promise_seen(resident, matter)
    assert (seen["requestState"], seen["statusText"], seen["heldAt"]) == ("ON_HOLD", "暂缓办理", "2026-11-23T02:00:02.000Z")
    paused = await task_seen(resident, matter)
    assert (paused["suspendedBecause"], paused["resumeAt"]) == ("PART_ON_ORDER", "2026-11-25T02:00:00.000Z")
    assert (await titles(resident), (await titles(worker))[0]) == (["暂缓办理"], "工单已挂起")
    assert (await history_of(resident, matter))[0]["reason"] == "灯具已订，周三到"

    town.clock.advance(days=3)
    await town.wind()
    await town.settle()
    await resident.sign_in()

    seen = await promise_seen(resident, matter)
    assert (seen["requestState"], seen["promiseDueAt"], seen["promiseFirstDueAt"]) == ("IN_HAND", "2026-12-02T09:29:58.000Z", FIRST)
    assert (await titles(resident))[0] == "继续办理"
    [event, *_] = await history_of(resident, matter)
    assert (event["kind"], event["actor"]) == ("TaskResumed", None)


async def test_whoever_learns_that_the_cause_has_ended_lets_it_go_on(town: Town) -> None:
    matter, (resident, worker, leader) = await under_way(town)
    await act(leader, "suspendTask", matter, cause="WEATHER", until="2026-11-27T10:00:00+08:00")
    assert (await refused(resident, "resumeTask", matter))["code"] == "NOT_ALLOWED"
    town.clock.advance(hours=1)

    task = await act(worker, "resumeTask", matter, note="雨停了")
    await town.wind()

    assert (task["state"], task["dueAt"]) == ("IN_PROGRESS", "2026-12-01T01:30:00.000Z")


async def test_what_waits_for_long_wants_two_and_the_resident_may_object(town: Town) -> None:
    matter, (resident, worker, _, desk, secretary) = await under_way(town, "dispatcher-1", "secretary-2")
    wish = {"plan": "明年春天统一换线", "reason": "整条线路老化，要列入改造", "reviewOn": "2026-12-21"}
    await act(desk, "deferTask", matter, **wish)
    await town.settle()
    assert (await titles(secretary))[0] == "有挂账待批"
    assert (await task_seen(secretary, matter))["deferral"] == {
        "reviewOn": "2026-12-21",
        "reason": "整条线路老化，要列入改造\n明年春天统一换线",
    }
    assert (await task_seen(resident, matter))["deferral"] is None
    async with nothing_written(town):
        assert (await refused(desk, "decideDeferral", matter, approved=True))["code"] == "NOT_ALLOWED"
        objected = await say(resident, "objectToDeferral", "request { id }", requestId=matter.request_id, words="不同意")
        assert objected["code"] == "WRONG_STATE"

    town.clock.advance(seconds=1)
    task = await act(secretary, "decideDeferral", matter, approved=True)
    await town.settle()

    assert task["state"] == "DEFERRED"
    assert (await task_seen(resident, matter))["reviewOn"] == "2026-12-21"
    assert (await request_of(resident, matter) or {})["state"] == "ON_HOLD"
    assert ((await titles(resident))[0], (await titles(worker))[0], (await titles(desk))[0]) == ("列入长期办理", "工单已挂账", "工单已挂账")
    told = {event["kind"]: event["reason"] for event in await history_of(resident, matter)}
    assert told["DeferralAsked"] == "整条线路老化，要列入改造\n明年春天统一换线"

    town.clock.advance(seconds=1)
    objected = await say(resident, "objectToDeferral", f"request {{ {PROMISE} }}", requestId=matter.request_id, words="晚上太黑，等不了")
    assert objected["request"]["requestState"] == "ON_HOLD"
    await town.settle()
    assert ((await titles(desk))[0], (await titles(secretary))[0]) == ("居民对挂账有意见", "居民对挂账有意见")
    assert (await history_of(desk, matter))[0]["reason"] == "晚上太黑，等不了"

    town.clock.advance(seconds=1)
    await act(desk, "undeferTask", matter, note="先装太阳能灯")
    await town.settle()
    assert (await titles(resident))[0] == "继续办理"
    assert (await promise_seen(resident, matter))["requestState"] == "IN_HAND"


async def test_on_the_day_of_the_review_the_desk_is_reminded(town: Town) -> None:
    matter, (_, _, _, desk, secretary) = await under_way(town, "dispatcher-1", "secretary-2")
    await act(desk, "deferTask", matter, plan="换线", reason="线路老化", reviewOn="2026-11-30")
    town.clock.advance(seconds=1)
    await act(secretary, "decideDeferral", matter, approved=False, reason="先换灯泡")
    await town.settle()
    assert (await titles(desk))[0] == "挂账未获同意"
    await act(secretary, "deferTask", matter, plan="换线", reason="线路老化", reviewOn="2026-11-30")
    town.clock.advance(days=7)
    await town.wind()
    await town.settle()
    await desk.sign_in()

    assert (await titles(desk))[0] == "挂账到期复查"


async def test_a_promise_that_stands_still_is_on_no_list_of_broken_ones(town: Town) -> None:
    matter, (resident, _, leader) = await under_way(town)
    await act(leader, "suspendTask", matter, cause="SEASON", until="2026-12-04T10:00:00+08:00")
    town.clock.advance(days=8)
    await resident.sign_in()

    async def listed(overdue: bool) -> list[str]:
        document = "query($f: RequestFilter) { viewer { requests(filter: $f) { edges { node { id } } } } }"
        found = (await resident.ask(document, f={"overdue": overdue}))["viewer"]["requests"]["edges"]
        return [edge["node"]["id"] for edge in found]

    assert (await promise_seen(resident, matter))["overdue"] is False
    assert (await listed(True), await listed(False)) == ([], [matter.request_id])


async def test_figures_tell_what_was_kept_with_more_time_and_what_without(town: Town) -> None:
    matter, (_, worker, leader) = await under_way(town)
    await act(worker, "requestExtension", matter, workingDays=2, reason="灯具缺货")
    await act(leader, "decideExtension", matter, approved=True, reason="灯具周三到货")
    town.clock.advance(days=8)
    await bring(town, matter, await town.person("grid-worker-1"), "COMPLETED")
    town.clock.advance(days=2)
    await town.settle()
    secretary = await town.person("secretary-1")

    unit = next(unit.id for unit in town.planned.parts.units if unit.name == "柳湾新村党总支")
    document = (
        'query($u: ID!) { measures(unitId: $u, from: "2026-11-01", to: "2026-12-31") { due onTimeRate onTimeRateAtFirst deferredStock } }'
    )
    figures = (await secretary.ask(document, u=unit))["measures"][0]
    assert figures == {"due": 1, "onTimeRate": 1.0, "onTimeRateAtFirst": 0.0, "deferredStock": 0}


async def test_a_pause_that_a_phone_sends_again_after_its_end_is_the_pause_that_it_was(town: Town) -> None:
    matter, (_, worker, leader, desk) = await under_way(town, "dispatcher-1")
    again = {"taskId": matter.task_id, "commandId": str(uuid4()), "cause": "WEATHER", "until": "2026-11-24T10:00:00+08:00"}
    wish = {"taskId": matter.task_id, "commandId": str(uuid4()), "plan": "改造", "reason": "要等", "reviewOn": "2026-11-26"}
    more = {"taskId": matter.task_id, "commandId": str(uuid4()), "until": "2026-12-04", "reason": "灯具缺货"}
    sent = [(worker, "requestExtension", more), (desk, "deferTask", wish), (leader, "suspendTask", again)]
    for player, verb, fields in sent:
        assert "task" in await say(player, verb, "task { id }", **fields)

    town.clock.advance(days=20)
    await town.wind()
    for player, verb, fields in sent:
        await player.sign_in()
        async with nothing_written(town):
            assert (await say(player, verb, "task { id }", **fields)) == {"task": {"id": matter.task_id}}, verb
            new = {**fields, "commandId": str(uuid4())}
            assert (await say(player, verb, "task { id }", **new))["code"] == "INVALID_INPUT", "sent for the first time it is too late"
