"""A database of the first release goes on: what it did not keep is completed, case by case, and everything that waits is done."""

from asyncio import gather
from datetime import datetime, timedelta
from typing import Any

import pytest

import adapters.mongo.carrying as hand
from adapters.mongo.carrying import carry_over
from adapters.mongo.driver import Document
from adapters.mongo.migrations import MIGRATIONS, migrate
from adapters.mongo.replay import MongoHistories
from domain.requests import OPEN, Grade, RequestState, Verdict
from domain.tasks import ContactKind, Outcome
from resolvers.clock import wind
from resolvers.proactive import CreateTask, create_task
from resolvers.reopening import AddMessage, add_message
from resolvers.requests import AnswerFollowUp, answer_follow_up
from resolvers.tasks import AcknowledgeTask, CompleteTask, StartTask, VerifyTask, acknowledge_task, complete_task, start_task, verify_task
from resolvers.withdrawals import WithdrawRequest, withdraw_request
from tests.adapters.filling import fill
from tests.adapters.sent import listened_to
from tests.adapters.stage import Stage

FIRST: dict[str, set[str]] = {
    "requests": {
        *(
            "_id",
            "township",
            "number",
            "state",
            "item_id",
            "item_version",
            "scope",
            "place",
            "owner_path",
            "household_id",
            "submitted_by_id",
        ),
        *("on_behalf_of_id", "submitted_at", "promise_due_at", "promise_provisional", "is_shielded", "about_person_id", "about_unit_id"),
        *("hidden_from", "promise_met", "completed_at", "closed_at", "rework_count", "unsolved_count", "verdict", "grade", "task_scopes"),
        *("version", "scopes", "asker_ids", "is_counted"),
    },
    "tasks": {
        *("_id", "township", "request_id", "parent_id", "state", "title", "owner_id", "owner_path", "grid_id", "assignee_id", "rule"),
        *("routed_because", "created_at", "updated_at", "due_at", "due_provisional", "assigned_at", "acknowledge_by", "remind_at"),
        *("contact_by", "return_by", "contacted_at", "contact_tries", "is_of_grid", "returned_at", "proposed_owner_id", "returners"),
        *("is_return_bound", "past_assignees", "completed_at", "leg_met", "outcome", "is_supervised", "askers", "hidden_from", "version"),
        *("scopes", "clock_at"),
    },
}
"""What the first release kept of each."""


def of_then(name: str, document: Document) -> Document:
    """The document, or what an event set of it, as the first release wrote it: the clock only reminded, and climbed."""
    kept = {field: value for field, value in document.items() if field in FIRST[name]}
    if name == "tasks" and "state" in kept:
        kept["clock_at"] = (kept.get("remind_at") or kept.get("acknowledge_by")) if kept["state"] == "ASSIGNED" else None
    return kept


async def go_back(stage: Stage) -> dict[str, list[Document]]:
    """Everything as if the first release had kept it; what this one keeps of requests and tasks."""
    now: dict[str, list[Document]] = {}
    for name in FIRST:
        now[name] = await stage.find(name)
        for document in now[name]:
            await stage.house.mongo.collection(name).replace_one({"_id": document["_id"]}, of_then(name, document))
    for event in await stage.find("events"):
        changes = [
            {"id": change["id"], "fields": of_then("requests" if change["id"].startswith("req") else "tasks", change["fields"])}
            for change in event["changes"]
        ]
        await stage.house.mongo.collection("events").update_one({"_id": event["_id"]}, {"$set": {"changes": changes}})
    return now


async def worked_on(stage: Stage, item: str, *, to: str) -> Any:
    """Something that somebody asked for, as far as the worker brought it."""
    request = await stage.submit(item=item)
    [task] = await stage.tasks_of(request)
    given: dict[str, Any] = {"task_id": task.id}
    steps: list[tuple[str, Any, Any, dict[str, Any]]] = [
        ("ACKNOWLEDGED", acknowledge_task, AcknowledgeTask, {}),
        ("IN_PROGRESS", start_task, StartTask, {"contact": ContactKind.CALL}),
        ("COMPLETED", complete_task, CompleteTask, {"outcome": Outcome.SOLVED, "note": "好了"}),
        ("AWAITING_FOLLOW_UP", verify_task, VerifyTask, {"passed": True}),
    ]
    for state, verb, sent, more in steps if to != "ASSIGNED" else []:
        await stage.do(verb, sent, "grid-leader-1" if verb is verify_task else "grid-worker-1", **given, **more)
        if state == to:
            break
    if to == "CLOSED":
        said = {"verdict": Verdict.SOLVED, "grade": Grade.SATISFIED}
        await stage.do(answer_follow_up, AnswerFollowUp, "resident-1", request_id=request.id, **said)
    return request


async def settlement_of_then(stage: Stage) -> dict[str, list[Document]]:
    for item, to in [
        *(("stairwell-lamp", "ASSIGNED"), ("stairwell-lamp", "IN_PROGRESS"), ("gas-smell", "IN_PROGRESS"), ("water-leak", "ACKNOWLEDGED")),
        *(("stairwell-lamp", "COMPLETED"), ("stairwell-lamp", "AWAITING_FOLLOW_UP"), ("stairwell-lamp", "CLOSED")),
    ]:
        await worked_on(stage, item, to=to)
    return await go_back(stage)


def alike(document: Document) -> Document:
    """Less what completing it changes, it is a version on; and whether it repeats another is not looked for afterwards."""
    return {name: value for name, value in document.items() if name not in {"version", "repeats_id"}}


async def test_what_the_first_release_kept_is_completed_and_follows_from_its_history(stage: Stage) -> None:
    now = await settlement_of_then(stage)

    assert await carry_over(stage.house.mongo, at=stage.later(minutes=5)) == 7
    for name, documents in now.items():
        assert [alike(document) for document in await stage.find(name)] == [alike(document) for document in documents], name
    assert [found async for found in MongoHistories(stage.house.mongo).differing(stage.township)] == []
    told = await stage.count("notices")
    await stage.tell()
    carried = await stage.find("events", **{"facts.carried_over": True})
    assert (len(carried), await stage.count("notices", created_at=carried[0]["at"])) == (7, 0)
    assert await stage.count("notices") >= told

    before = await stage.contents()
    assert await carry_over(stage.house.mongo, at=stage.later(minutes=5)) == 0
    assert await stage.contents() == before


async def test_the_clock_then_does_what_had_waited_for_it(stage: Stage) -> None:
    await settlement_of_then(stage)
    ports = stage.house.ports
    await carry_over(stage.house.mongo, at=stage.later(days=9))
    while await wind(stage.house.due_tasks, ports=ports):
        pass

    kinds = [event["kind"] for event in await stage.find("events")]
    wanted = ("TaskMissed", "ContactMissed", "FollowUpStarted", "TaskEscalated")
    assert [kinds.count(kind) for kind in wanted] == [3, 1, 1, 1], "what nobody took climbed, and has a new leg"
    stage.clock.advance(days=8)
    while await wind(stage.house.due_tasks, ports=ports):
        pass
    assert await stage.count("requests", closed_unanswered=True) == 1


async def test_it_is_done_once_by_whoever_comes_and_beside_those_who_act(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await settlement_of_then(stage)
    monkeypatch.setattr(hand, "BATCH", 2)
    [lamp, *_] = await stage.find("tasks", state="ASSIGNED")
    done = await gather(
        *(carry_over(stage.house.mongo, at=stage.clock()) for _ in range(2)),
        stage.do(acknowledge_task, AcknowledgeTask, "grid-worker-1", task_id=lamp["_id"]),
    )

    assert sum(done[:2]) == 7
    assert await stage.count("events", **{"facts.carried_over": True}) == 7
    assert [found async for found in MongoHistories(stage.house.mongo).differing(stage.township)] == []
    [taken] = await stage.find("tasks", _id=lamp["_id"])
    assert (taken["state"], taken["deadline_class"], taken["pile"]) == ("ACKNOWLEDGED", "NORMAL", "UNDER_WAY")


async def test_interrupted_it_goes_on_where_it_was(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await settlement_of_then(stage)
    carry, tries = hand._Carrier.carry, []

    async def dies(self: hand._Carrier, id_: str, missing: str) -> bool:
        tries.append(id_)
        if len(tries) == 4:
            raise OSError("the power went")
        return await carry(self, id_, missing)

    monkeypatch.setattr(hand._Carrier, "carry", dies)
    step = MIGRATIONS[5]
    with pytest.raises(OSError, match="power"):
        await step.run(stage.house.mongo, stage.clock())
    assert await stage.count("events", **{"facts.carried_over": True}) == 3
    await step.run(stage.house.mongo, stage.clock() + timedelta(hours=1))
    assert await stage.count("events", **{"facts.carried_over": True}) == 7


async def test_what_a_server_of_the_old_release_kept_after_the_upgrade_is_completed_by_the_next_run(stage: Stage) -> None:
    at, name = stage.later(minutes=1), "6 what earlier releases did not keep"
    assert name not in await migrate(stage.house.mongo, at=at)
    await settlement_of_then(stage)

    assert [await migrate(stage.house.mongo, at=at) for _ in range(2)] == [[name], []]
    assert await stage.count("events", **{"facts.carried_over": True}) == 7


async def test_a_case_that_lacks_something_else_later_is_completed_again(stage: Stage) -> None:
    request = await worked_on(stage, "stairwell-lamp", to="IN_PROGRESS")
    await go_back(stage)
    assert await carry_over(stage.house.mongo, at=stage.later(minutes=5)) == 1

    # The next release keeps one field more; its servers run beside those that know nothing of it.
    [task] = await stage.find("tasks", request_id=request.id)
    await stage.house.mongo.collection("tasks").update_one({"_id": task["_id"]}, {"$unset": {"late": ""}})
    again = stage.later(minutes=5)
    assert [await carry_over(stage.house.mongo, at=again) for _ in range(2)] == [1, 0], "of the same millisecond too"

    [whole] = await stage.find("tasks", request_id=request.id)
    assert (whole["late"], whole["version"]) == ([], task["version"] + 1)
    assert await stage.count("events", **{"facts.carried_over": True}) == 2
    assert [found async for found in MongoHistories(stage.house.mongo).differing(stage.township)] == []


async def test_what_ended_long_ago_stays_as_it_is(stage: Stage) -> None:
    await worked_on(stage, "stairwell-lamp", to="CLOSED")
    await go_back(stage)
    before = await stage.contents()

    assert await carry_over(stage.house.mongo, at=stage.later(days=31)) == 0
    assert await stage.contents() == before


async def test_what_somebody_wrote_of_long_after_the_end_is_completed_with_the_work_that_this_began(stage: Stage) -> None:
    withdrawn, silent = [await stage.submit(item="stairwell-lamp") for _ in range(2)]
    for request in (withdrawn, silent):
        await stage.do(withdraw_request, WithdrawRequest, "resident-1", request_id=request.id)
    closed = await worked_on(stage, "stairwell-lamp", to="CLOSED")
    stage.clock.advance(days=40)
    for request in (withdrawn, closed):
        await stage.do(add_message, AddMessage, "resident-1", request_id=request.id, text="楼道又黑了")
    lacking = {"requests": "title", "tasks": "late"}
    whole = {name: [alike(document) for document in await stage.find(name)] for name in lacking}
    for name, field in lacking.items():
        await stage.house.mongo.collection(name).update_many({}, {"$unset": {field: ""}})

    assert [await carry_over(stage.house.mongo, at=stage.later(minutes=5)) for _ in range(2)] == [2, 0]
    carried = await stage.find("events", **{"facts.carried_over": True})
    assert sorted(event["request_id"] for event in carried) == sorted([withdrawn.id, closed.id])
    for name, field in lacking.items():
        found = [alike(document) for document in await stage.find(name)]
        assert [document for document in found if field in document] == [
            document for document in whole[name] if silent.id not in {document["_id"], document.get("request_id")}
        ]


def may_come_back(request: Document, at: datetime) -> bool:
    state = RequestState(request["state"])
    if state is RequestState.CLOSED:
        return bool(request["closed_at"] >= at - timedelta(days=30))
    return state in OPEN | {RequestState.DECLINED, RequestState.MERGED}


async def test_whatever_may_come_back_is_completed_and_nothing_else_is(stage: Stage) -> None:
    await fill(stage.house, stage.planned, until=stage.clock(), requests=1_500)
    wanted = {"item_id": stage.item("stairwell-lamp"), "text": "路面有坑", "grid_id": stage.planned.parts.grids[0].id}
    pothole = await stage.do(create_task, CreateTask, "grid-leader-1", **wanted)
    everything = {"requests": "title", "tasks": "late"}
    for name, field in everything.items():
        await stage.house.mongo.collection(name).update_many({}, {"$unset": {field: ""}})
    at = stage.clock()
    back = {request["_id"]: request["state"] for request in await stage.find("requests") if may_come_back(request, at)}

    assert {"IN_HAND", "ANSWERED", "DECLINED", "MERGED", "CLOSED"} <= set(back.values())
    assert await carry_over(stage.house.mongo, at=at) == len(back) + 1
    carried = await stage.find("events", **{"facts.carried_over": True})
    assert sorted(event["request_id"] or event["task_id"] for event in carried) == sorted([*back, pothole.id])
    assert await stage.count("requests", title={"$exists": True}) == len(back)
    assert await carry_over(stage.house.mongo, at=at) == 0


async def test_what_lacks_nothing_is_looked_at_by_the_batch_and_left_alone(stage: Stage) -> None:
    await fill(stage.house, stage.planned, until=stage.clock(), requests=2_500)
    looked_at = sum(may_come_back(request, stage.clock()) for request in await stage.find("requests"))
    batches = -(-looked_at // hand.BATCH)
    async with listened_to(stage) as (house, sent):
        assert await carry_over(house.mongo, at=stage.clock()) == 0

    assert batches > 1
    assert sent.commands == {"find townships": 1, "find requests": 2 + batches, "find tasks": batches + 1}
