"""The resident says that it did not help: it is done again, and somebody above hears of it."""

import pytest

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Matter,
    act,
    answer,
    bring,
    history_of,
    pushes,
    refused,
    register,
    request_of,
    submit,
    task_of,
    titles,
    to_do,
)


async def asked(town: Town) -> tuple[Player, Player, Player, Matter]:
    """The resident, the worker, the leader, and a lamp that the resident is asked about."""
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    town.clock.advance(seconds=1)
    return resident, worker, leader, matter


@pytest.mark.parametrize(("verdict", "grade"), [("NOT_SOLVED", "SATISFIED"), ("SOLVED", "UNSATISFIED"), ("PARTLY", "VERY_UNSATISFIED")])
async def test_not_solved_or_a_low_grade_is_done_again(town: Town, verdict: str, grade: str) -> None:
    resident, worker, _, matter = await asked(town)

    request = await answer(resident, matter, verdict, grade=grade)

    assert (request["state"], request["reworkCount"], request["verdict"], request["grade"]) == ("IN_HAND", 1, verdict, grade)
    assert request["statusText"] == "正在重新办理"
    assert request["tasks"] == [{"id": matter.task_id, "state": "IN_PROGRESS"}]
    assert await to_do(worker) == [matter.task_id]
    assert (await task_of(worker, matter) or {})["outcome"] is None


@pytest.mark.parametrize("grade", ["BASICALLY_SATISFIED", "VERY_SATISFIED"])
async def test_partly_closes_it_unless_the_grade_is_low(town: Town, grade: str) -> None:
    resident, worker, _, matter = await asked(town)

    request = await answer(resident, matter, "PARTLY", grade=grade)

    assert (request["state"], request["reworkCount"], request["tasks"][0]["state"]) == ("CLOSED", 0, "CLOSED")
    assert await to_do(worker) == []


async def test_the_worker_and_one_level_up_are_told_and_the_failed_try_stays(town: Town) -> None:
    resident, worker, leader, matter = await asked(town)
    secretary, dispatcher = await town.people("secretary-1", "dispatcher-1")
    token = await register(worker)

    await answer(resident, matter, "NOT_SOLVED", words="昨晚又灭了")
    await town.settle()

    assert await titles(worker) == ["居民反映未解决", "新工单"]
    assert await titles(secretary) == ["下级工单未解决"]
    assert (await titles(dispatcher), await titles(resident)) == ([], ["请您评价"])
    assert [push["data"]["kind"] for push in pushes(town, token)] == ["not_solved"]
    history = await history_of(leader, matter)
    kinds = ["RequestReworked", "TaskVerified", "TaskCompleted", "TaskStarted", "TaskAcknowledged", "RequestSubmitted"]
    assert [event["kind"] for event in history] == kinds
    assert (history[0]["reason"], history[2]["reason"]) == ("昨晚又灭了", "换了灯泡")


async def test_the_second_try_has_a_leg_of_its_own_under_the_old_promise(town: Town) -> None:
    resident, worker, leader, matter = await asked(town)
    before = await request_of(resident, matter)
    town.clock.advance(days=1)
    for player in (resident, worker, leader):
        await player.sign_in()

    after = await answer(resident, matter, "NOT_SOLVED")

    assert before is not None
    assert after["promiseDueAt"] == before["promiseDueAt"] == "2026-11-30T09:30:00.000Z"
    assert (await task_of(worker, matter) or {})["dueAt"] == "2026-12-01T09:30:00.000Z"
    town.clock.advance(days=6, hours=9)  # the promise is broken, the leg is not
    for player in (resident, worker):
        await player.sign_in()
    assert (await request_of(resident, matter) or {})["overdue"] is True
    assert (await task_of(worker, matter) or {})["overdue"] is False


async def test_the_second_time_it_is_owned_one_level_up(town: Town) -> None:
    resident, worker, leader, matter = await asked(town)
    secretary = await town.person("secretary-1")
    await answer(resident, matter, "NOT_SOLVED")
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()

    request = await answer(resident, matter, "SOLVED", grade="VERY_UNSATISFIED")
    await town.settle()

    assert request["reworkCount"] == 2
    task = await task_of(secretary, matter)
    assert task is not None
    assert (task["owner"]["name"], task["assignee"]["id"], task["state"]) == ("柳湾新村党总支", town.id_of("grid-worker-1"), "IN_PROGRESS")
    assert await to_do(worker) == [matter.task_id]
    assert await titles(secretary) == ["下级工单未解决", "下级工单未解决"]
    await act(worker, "completeTask", matter)
    assert (await refused(leader, "verifyTask", matter))["code"] == "NOT_FOUND"  # it is above the branch now
    await act(secretary, "verifyTask", matter)
    assert (await answer(resident, matter, grade="SATISFIED"))["state"] == "CLOSED"
    kinds = [event["kind"] for event in await history_of(resident, matter)]
    assert (kinds.count("RequestReworked"), kinds.count("TaskCompleted"), kinds.count("FollowUpAnswered")) == (2, 3, 1)


async def test_an_answer_that_is_sent_twice_counts_once(town: Town) -> None:
    resident, _, _, matter = await asked(town)
    sent = {"commandId": "5f0c1b9e-3b1d-4c57-9a53-0d6b0c7f1a11", "verdict": "NOT_SOLVED"}

    first = await answer(resident, matter, **sent)
    again = await answer(resident, matter, **sent)

    assert first == again
    assert again["reworkCount"] == 1
    assert await town.count("events", kind="RequestReworked") == 1


async def test_nobody_is_asked_while_it_is_done_again(town: Town) -> None:
    resident, worker, _, matter = await asked(town)
    await answer(resident, matter, "NOT_SOLVED")

    refusal = await refused(resident, "answerFollowUp", matter)

    assert (refusal["code"], refusal["current"]["requestState"]) == ("WRONG_STATE", "IN_HAND")
    assert "COMPLETE" in (await task_of(worker, matter) or {})["actions"]


async def test_news_that_come_late_are_told_to_whom_they_concerned_then(town: Town) -> None:
    resident, worker, leader, matter = await asked(town)
    secretary = await town.person("secretary-1")
    await answer(resident, matter, "NOT_SOLVED")
    await town.settle()
    known = [len(await titles(player)) for player in (leader, secretary)]

    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(resident, matter, "NOT_SOLVED")
    await town.settle()  # only now, when the settlement owns it

    now = [await titles(player) for player in (leader, secretary)]
    assert [told[: len(told) - earlier] for told, earlier in zip(now, known, strict=True)] == [["有工单待核查"], ["下级工单未解决"]]
