"""A phone was in the cellar: it sends what it did as one batch, and every item ends in a named outcome."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    CURRENT,
    USUAL,
    Answer,
    Matter,
    act,
    bring,
    history_of,
    home_of,
    inbox,
    nothing_written,
    raw,
    refused,
    rows,
    say,
    submit,
    task_of,
)

SUBJECT = "subject { __typename id ... on Task { state version } ... on Request { requestState: state number } }"
BATCH = (
    "mutation($commands: [CommandInput!]!) { applyCommands(commands: $commands)"
    f" {{ commandId outcome refusal {{ code field current {{ {CURRENT} }} }} {SUBJECT} }} }}"
)


def command(verb: str, matter: Matter | None = None, **fields: Any) -> Answer:
    """One item of a batch."""
    about = {"taskId": matter.task_id} if matter else {}
    return {verb: {"commandId": str(uuid4()), **about, **USUAL.get(verb, {}), **fields}}


async def send(player: Player, *commands: Answer) -> list[Answer]:
    """The outcomes, in the order sent."""
    results: list[Answer] = (await player.ask(BATCH, commands=list(commands)))["applyCommands"]
    sent = [next(iter(item.values()))["commandId"] for item in commands]
    assert [result["commandId"] for result in results] == sent
    return results


def outcomes(results: list[Answer]) -> list[str]:
    return [result["outcome"] for result in results]


async def job(town: Town) -> tuple[Player, Matter, list[Answer]]:
    """The worker, a lamp, and what the worker did about it in the cellar."""
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    begun, town.clock.now = town.clock(), town.clock() + timedelta(hours=1)
    times = [(begun + timedelta(minutes=minutes)).isoformat() for minutes in (5, 6, 40)]
    verbs = ("acknowledgeTask", "startTask", "completeTask")
    return worker, matter, [command(verb, matter, deviceTime=at) for verb, at in zip(verbs, times, strict=True)]


async def test_a_batch_is_carried_out_in_order(town: Town) -> None:
    worker, matter, commands = await job(town)

    results = await send(worker, *commands)

    assert outcomes(results) == ["APPLIED"] * 3
    assert [result["subject"]["id"] for result in results] == [matter.task_id] * 3
    assert results[-1]["subject"]["state"] == "COMPLETED"
    assert [result["refusal"] for result in results] == [None] * 3
    by_kind = {event["kind"]: event for event in await history_of(worker, matter)}
    assert by_kind["TaskCompleted"]["deviceTime"] == "2026-11-23T02:40:00.000Z"
    assert by_kind["TaskCompleted"]["at"] == "2026-11-23T03:00:00.000Z"


async def test_a_batch_that_is_sent_again_changes_nothing(town: Town) -> None:
    worker, _, commands = await job(town)
    first = await send(worker, *commands)
    await town.settle()

    async with nothing_written(town):
        again = await send(worker, *commands)

    assert outcomes(again) == ["DUPLICATE"] * 3
    assert [result["subject"]["id"] for result in again] == [result["subject"]["id"] for result in first]


async def test_acts_on_one_task_are_put_in_order_first(town: Town) -> None:
    worker, matter, (acknowledge, start, complete) = await job(town)

    results = await send(worker, complete, start, acknowledge)

    assert outcomes(results) == ["APPLIED"] * 3
    assert (await task_of(worker, matter) or {})["state"] == "COMPLETED"


async def test_one_bad_item_does_not_spoil_the_others(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    first, second, third, fourth = [await submit(town, resident) for _ in range(4)]
    await act(worker, "acknowledgeTask", third)

    results = await send(
        worker,
        command("acknowledgeTask", first),
        command("completeTask", second, note=" "),
        command("acknowledgeTask", third, expectedVersion=1),
        command("acknowledgeTask", fourth),
        command("acknowledgeTask", Matter("", "", "task")),
    )

    assert outcomes(results) == ["APPLIED", "REJECTED", "CONFLICT", "APPLIED", "REJECTED"]
    assert (results[1]["refusal"]["code"], results[1]["refusal"]["field"]) == ("INVALID_INPUT", "note")
    current = {"__typename": "Task", "id": third.task_id, "state": "ACKNOWLEDGED", "version": 2}
    assert (results[2]["refusal"]["code"], results[2]["refusal"]["current"]) == ("CONFLICT", current)
    assert (results[4]["refusal"]["code"], results[4]["refusal"]["field"]) == ("NOT_FOUND", "taskId")
    assert [result["subject"] for result in results if result["outcome"] != "APPLIED"] == [None] * 3


async def test_other_contents_under_a_used_id_are_refused(town: Town) -> None:
    worker, _, commands = await job(town)
    await send(worker, *commands)
    changed = {"completeTask": {**commands[2]["completeTask"], "note": "其实没换"}}

    async with nothing_written(town):
        [result] = await send(worker, changed)

    assert (result["outcome"], result["refusal"]["code"]) == ("REJECTED", "COMMAND_MISMATCH")


async def test_another_device_time_is_the_same_command(town: Town) -> None:
    worker, _, commands = await job(town)
    await send(worker, *commands)
    later = {"completeTask": {**commands[2]["completeTask"], "deviceTime": "2026-11-23T12:00:00+08:00"}}

    async with nothing_written(town):
        assert outcomes(await send(worker, later)) == ["DUPLICATE"]


async def test_a_malformed_item_fails_the_whole_batch(town: Town) -> None:
    worker, matter, commands = await job(town)
    two = {**commands[0], **commands[1]}
    four = command("acknowledgeTask", matter)

    malformed: list[Answer] = [two, {}, {"acknowledgeTask": None}, {"startTask": None, **four}, {"verifyTask": {}}, {"acknowledgeTask": {}}]

    async with nothing_written(town):
        for bad in malformed:
            body = await raw(worker, BATCH, commands=[commands[0], bad])
            assert body.get("data") is None, bad
            assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_USER_INPUT"}, bad
        too_many = await raw(worker, BATCH, commands=[commands[0]] + [command("acknowledgeTask", matter) for _ in range(100)])
        assert [error["extensions"]["code"] for error in too_many["errors"]] == ["BAD_USER_INPUT"]


async def test_whoever_did_not_sign_in_is_told_so_for_each(town: Town) -> None:
    _, _, commands = await job(town)

    async with nothing_written(town):
        results = await send(town.stranger(), *commands)

    assert [(result["outcome"], result["refusal"]["code"]) for result in results] == [("REJECTED", "SIGN_IN_REQUIRED")] * 3


async def test_a_resident_asks_and_answers_offline_too(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    asking = command("submitRequest", itemId=town.item("stairwell-lamp"), text="灯不亮", householdId=home_of(town, "resident-1"))

    results = await send(resident, asking, asking)

    assert outcomes(results) == ["APPLIED", "DUPLICATE"]
    assert results[0]["subject"] == results[1]["subject"]
    assert await town.count("requests") == 1
    document = await town.house.mongo.collection("tasks").find_one({})
    assert document is not None
    matter = Matter(results[0]["subject"]["id"], results[0]["subject"]["number"], document["_id"])
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    [answered] = await send(resident, command("answerFollowUp", requestId=matter.request_id, verdict="SOLVED", grade="SATISFIED"))
    assert (answered["outcome"], answered["subject"]["requestState"]) == ("APPLIED", "CLOSED")


async def test_sent_twenty_times_at_once_it_is_done_once(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    asking = command("submitRequest", itemId=town.item("stairwell-lamp"), text="灯不亮")

    answers = await asyncio.gather(*(send(resident, asking) for _ in range(20)))
    await town.settle()

    assert sorted(result["outcome"] for [result] in answers) == ["APPLIED", *["DUPLICATE"] * 19]
    assert len({result["subject"]["id"] for [result] in answers}) == 1
    assert [await town.count(name) for name in ("requests", "tasks", "events", "notices", "commands")] == [1] * 5
    assert len(await inbox(worker)) == 1


async def test_a_resend_is_read_under_todays_rights(town: Town) -> None:
    resident, provider, dispatcher = await town.people("resident-1", "provider-worker-1", "dispatcher-1")
    matter = await submit(town, resident, "lift-repair")
    taken = command("acknowledgeTask", matter)
    assert outcomes(await send(provider, taken)) == ["APPLIED"]
    await act(dispatcher, "assignTask", matter, assigneeId=town.id_of("grid-worker-2"))

    async with nothing_written(town):
        [result] = await send(provider, taken)
        assert (result["outcome"], result["refusal"]["code"], result["subject"]) == ("REJECTED", "NOT_FOUND", None)
        assert (await refused(provider, "startTask", matter))["code"] == "NOT_FOUND"


async def test_a_refused_item_may_come_again_when_the_world_has_changed(town: Town) -> None:
    _, matter, (acknowledge, _, _) = await job(town)
    other, dispatcher = await town.people("grid-worker-2", "dispatcher-1")
    assert outcomes(await send(other, acknowledge)) == ["REJECTED"]
    await act(dispatcher, "assignTask", matter, assigneeId=town.planned.handles["grid-worker-2"])

    assert outcomes(await send(other, acknowledge)) == ["APPLIED"]


async def queue_of(town: Town, dispatcher: Player, kind: str) -> list[str]:
    unit = next(unit.id for unit in town.planned.parts.units if unit.name == "柳湾镇党委")
    document = (
        "query($unit: ID!, $kind: QueueKind!) { board(unitId: $unit) { queues(kinds: [$kind]) "
        "{ tasks(first: 9) { edges { node { id earlyReports { outcome } } } } } } }"
    )
    [queue] = (await dispatcher.ask(document, unit=unit, kind=kind))["board"]["queues"]
    assert all(report == {"outcome": "SOLVED"} for task in rows(queue["tasks"]) for report in task["earlyReports"])
    return [task["id"] for task in rows(queue["tasks"])]


async def test_what_comes_too_early_is_held_and_carried_out_when_what_it_builds_on_arrives(town: Town) -> None:
    worker, matter, (acknowledge, start, complete) = await job(town)
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")

    [held] = await send(worker, complete)
    assert (held["outcome"], held["refusal"], held["subject"]["state"]) == ("HELD", None, "ASSIGNED")
    assert await queue_of(town, dispatcher, "HELD_FROM_OFFLINE") == [matter.task_id]
    async with nothing_written(town):
        assert outcomes(await send(worker, complete)) == ["HELD"]
    assert outcomes(await send(worker, acknowledge)) == ["APPLIED"]
    assert (await task_of(worker, matter) or {})["state"] == "ACKNOWLEDGED", "it is not begun yet"
    [begun] = await send(worker, start)

    assert (begun["outcome"], begun["subject"]["state"]) == ("APPLIED", "COMPLETED")
    assert await queue_of(town, dispatcher, "HELD_FROM_OFFLINE") == []
    async with nothing_written(town):
        assert outcomes(await send(worker, complete)) == ["DUPLICATE"]
    done = next(event for event in await history_of(resident, matter) if event["kind"] == "TaskCompleted")
    assert (done["reason"], done["deviceTime"]) == ("换了灯泡", "2026-11-23T02:40:00.000Z")
    told = [event["reason"] for event in await history_of(resident, matter) if event["kind"] == "ReportHeld"]
    assert told == [None], "held words are between colleagues until they are those of the work"


async def test_a_shuffled_batch_of_twenty_applies_what_it_can(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matters = [await submit(town, resident) for _ in range(8)]
    verbs = ("acknowledgeTask", "startTask", "completeTask")
    commands = [command(verb, matter) for matter in matters[:6] for verb in verbs]
    orphan, illegal = command("completeTask", matters[6]), command("returnTask", matters[7], note=" ")
    shuffled = [orphan, *reversed(commands), illegal]

    results = await send(worker, *shuffled)

    assert outcomes(results) == ["HELD", *["APPLIED"] * 18, "REJECTED"]
    async with nothing_written(town):
        assert outcomes(await send(worker, *shuffled)) == ["HELD", *["DUPLICATE"] * 18, "REJECTED"]
    assert outcomes(await send(worker, command("acknowledgeTask", matters[6]), command("startTask", matters[6]))) == ["APPLIED"] * 2
    assert outcomes(await send(worker, orphan)) == ["DUPLICATE"]


async def test_pieces_that_come_at_the_same_moment_end_as_if_they_had_come_in_order(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matters = [await submit(town, resident) for _ in range(8)]

    async def race(matter: Matter) -> str:
        before = [command("acknowledgeTask", matter), command("startTask", matter)]
        done, begun = await asyncio.gather(send(worker, command("completeTask", matter)), send(worker, *before))
        assert outcomes(begun) == ["APPLIED"] * 2
        return str(done[0]["outcome"])

    ended = [await race(matter) for matter in matters]

    assert set(ended) <= {"HELD", "APPLIED"}
    assert {(await task_of(worker, matter) or {})["state"] for matter in matters} == {"COMPLETED"}


async def test_with_somebody_else_an_early_report_waits_for_a_decision(town: Town) -> None:
    worker, matter, (_, _, complete) = await job(town)
    dispatcher, other = await town.people("dispatcher-1", "grid-worker-2")
    await send(worker, complete)
    await act(dispatcher, "assignTask", matter, assigneeId=town.planned.handles["grid-worker-2"])
    await act(other, "acknowledgeTask", matter)

    task = await act(other, "startTask", matter)

    assert task["state"] == "IN_PROGRESS", "nobody's report was taken for theirs"
    assert [report["outcome"] for report in await waiting(dispatcher, matter)] == ["SOLVED"]
    [held] = [event for event in await history_of(dispatcher, matter) if event["kind"] == "ReportHeld"]
    [acknowledged] = [event for event in await history_of(dispatcher, matter) if event["kind"] == "TaskAcknowledged"]
    assert (held["reason"], held["actor"] == acknowledged["actor"]) == ("换了灯泡", False)


async def test_only_whoever_has_it_reports_early_and_only_what_may_still_come(town: Town) -> None:
    resident, other = await town.people("resident-1", "grid-worker-2")
    worker, matter, (acknowledge, start, complete) = await job(town)

    async with nothing_written(town):
        assert outcomes(await send(other, complete)) == ["REJECTED"]
        assert outcomes(await send(resident, start)) == ["REJECTED"]
    await send(worker, acknowledge, start, complete)
    async with nothing_written(town):
        assert outcomes(await send(worker, command("startTask", matter), command("completeTask", matter))) == ["REJECTED"] * 2


REPORTS = "viewer { rejectedReports { outcome note deviceTime task { id } } }"


async def given_on(town: Town) -> tuple[Player, Player, Player, Matter, list[Answer]]:
    """The worker was in the cellar when the desk gave the lamp to the worker next door."""
    worker, matter, commands = await job(town)
    dispatcher, other = await town.people("dispatcher-1", "grid-worker-2")
    await act(dispatcher, "assignTask", matter, assigneeId=town.planned.handles["grid-worker-2"])
    return worker, other, dispatcher, matter, commands


async def waiting(dispatcher: Player, matter: Matter) -> list[Answer]:
    document = "query($id: ID!) { node(id: $id) { ... on Task { actions lateReports { commandId outcome by { displayName } } } } }"
    task = (await dispatcher.ask(document, id=matter.task_id))["node"]
    assert ("DECIDE_REPORT" in task["actions"]) is bool(task["lateReports"])
    reports: list[Answer] = task["lateReports"]
    return reports


async def test_work_that_was_done_before_it_was_given_on_counts_where_the_desk_says_so(town: Town) -> None:
    worker, other, dispatcher, matter, commands = await given_on(town)
    leader = (await town.people("grid-leader-2"))[0]

    assert outcomes(await send(worker, *commands)) == ["REJECTED"] * 3
    async with nothing_written(town):
        assert outcomes(await send(worker, *commands)) == ["REJECTED"] * 3
    [begun, done] = (await worker.ask(f"{{ {REPORTS} }}"))["viewer"]["rejectedReports"][::-1]
    assert (begun["outcome"], done["outcome"], done["note"]) == (None, "SOLVED", "换了灯泡")
    assert await queue_of(town, dispatcher, "HELD_FROM_OFFLINE") == [matter.task_id]
    assert await queue_of(town, dispatcher, "UNACKNOWLEDGED") == [matter.task_id], "the other one still has it"
    [report] = await waiting(dispatcher, matter)
    await town.settle()
    assert "原承办人已回报办结" in [notice["title"] for notice in await inbox(other)]
    decided = await say(dispatcher, "decideReport", "task { state }", taskId=matter.task_id, reportId=report["commandId"], approved=True)

    assert decided == {"task": {"state": "COMPLETED"}}
    await town.settle()
    assert "回报已采纳" in [notice["title"] for notice in await inbox(worker)]
    [completed] = [event for event in await history_of(dispatcher, matter) if event["kind"] == "TaskCompleted"]
    assert completed["reason"] == "换了灯泡"
    assert await waiting(dispatcher, matter) == [] == await queue_of(town, dispatcher, "HELD_FROM_OFFLINE")
    assert (await act(leader, "verifyTask", matter))["state"] == "AWAITING_FOLLOW_UP"


async def test_whoever_has_it_goes_on_where_a_late_report_does_not_count(town: Town) -> None:
    worker, other, dispatcher, matter, commands = await given_on(town)
    await send(worker, commands[2])
    [report] = await waiting(dispatcher, matter)
    about = {"taskId": matter.task_id, "reportId": report["commandId"]}

    async with nothing_written(town):
        assert (await say(dispatcher, "decideReport", "task { state }", **about, approved=False))["field"] == "reason"
        assert (await say(other, "decideReport", "task { state }", **about, approved=True))["code"] == "NOT_ALLOWED"
        assert (await say(worker, "decideReport", "task { state }", **about, approved=True))["code"] == "NOT_FOUND"
    await say(dispatcher, "decideReport", "task { state }", **about, approved=False, reason="要换整条线路")

    await bring(town, matter, other, "COMPLETED")
    await town.settle()
    assert "回报未采纳" in [notice["title"] for notice in await inbox(worker)]
    async with nothing_written(town):
        assert (await say(dispatcher, "decideReport", "task { state }", **about, approved=True))["code"] == "WRONG_STATE"
        assert outcomes(await send(worker, commands[2])) == ["REJECTED"]


async def test_what_was_done_twice_is_in_the_history_under_both_names(town: Town) -> None:
    """The worker next door had found it done and said so, when the phone from the cellar came back."""
    worker, other, dispatcher, matter, commands = await given_on(town)
    await bring(town, matter, other, "COMPLETED")

    assert outcomes(await send(worker, commands[2])) == ["REJECTED"]

    assert [event["reason"] for event in await history_of(dispatcher, matter) if event["kind"] == "ReportRejected"] == ["换了灯泡"]
    assert await waiting(dispatcher, matter) == [], "it is done"
    town.clock.advance(days=31)
    await worker.sign_in()
    assert [(each["outcome"], each["note"]) for each in (await worker.ask(f"{{ {REPORTS} }}"))["viewer"]["rejectedReports"]] == [
        ("SOLVED", None)
    ], "what was written is theirs to read for thirty days"


async def test_what_was_carried_out_is_no_late_report_when_the_phone_sends_it_again(town: Town) -> None:
    """The answer was lost; the check failed since, and somebody else has it now."""
    worker, matter, commands = await job(town)
    leader, dispatcher = await town.people("grid-leader-1", "dispatcher-1")
    await send(worker, *commands)
    await act(leader, "verifyTask", matter, passed=False, reason="灯还是不亮")
    await act(dispatcher, "assignTask", matter, assigneeId=town.planned.handles["grid-worker-2"])

    async with nothing_written(town):
        assert outcomes(await send(worker, *commands)) == ["REJECTED"] * 3, "it is nothing to them any more"
    assert await waiting(dispatcher, matter) == []


async def test_nobody_reports_on_a_task_that_was_never_theirs(town: Town) -> None:
    _, _, dispatcher, matter, commands = await given_on(town)
    strangers = await town.people("grid-worker-3", "grid-leader-2", "resident-2", "resident-1")

    async with nothing_written(town):
        for stranger in strangers:
            assert outcomes(await send(stranger, *commands)) == ["REJECTED"] * 3, stranger.handle
            assert (await stranger.ask(f"{{ {REPORTS} }}"))["viewer"]["rejectedReports"] == []
    assert await waiting(dispatcher, matter) == []
