"""After the end: it did not help after all, or there is something more to say. Nobody is left without somebody who has it."""

import asyncio

import pytest

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Matter,
    act,
    answer,
    bring,
    end_posts,
    history_of,
    nothing_written,
    refused,
    submit,
    task_of,
    titles,
    to_do,
)
from tests.journeys.test_intake import on_request, request_of

STILL = {"words": "没过三天灯又灭了"}


async def closed(town: Town) -> tuple[Player, Player, Player, Matter]:
    """The resident, the worker, the leader, and a lamp that was mended, checked and praised."""
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    assert (await answer(resident, matter))["state"] == "CLOSED"
    await town.settle()
    town.clock.advance(seconds=1)
    return resident, worker, leader, matter


async def later(town: Town, days: float, *players: Player) -> None:
    town.clock.advance(days=days)
    for player in players:
        await player.sign_in()


async def test_it_is_worked_on_again_on_a_new_leg_and_one_level_up_is_told(town: Town) -> None:
    resident, worker, leader, matter = await closed(town)
    secretary = await town.person("secretary-1")
    await later(town, 14, resident, worker, leader, secretary)
    assert "REOPEN" in (await request_of(resident, matter) or {})["actions"]

    opened = await on_request(resident, "reopenRequest", matter, **STILL)
    await town.settle()

    assert (opened["state"], opened["statusText"], opened["tasks"][0]["state"]) == ("IN_HAND", "正在重新办理", "IN_PROGRESS")
    assert opened["promiseDueAt"] == "2026-11-30T09:30:00.000Z"  # it never starts again
    assert (await task_of(worker, matter) or {})["dueAt"] == "2026-12-14T09:30:00.000Z"
    assert await to_do(worker) == [matter.task_id]
    assert ((await titles(worker))[0], await titles(secretary)) == ("居民要求重新办理", ["下级工单重新办理"])
    kinds = [event["kind"] for event in await history_of(resident, matter)]
    assert (kinds[0], kinds.count("TaskCompleted")) == ("RequestReopened", 1)  # the try that failed stays where it was
    await act(worker, "completeTask", matter)
    assert (await refused(worker, "verifyTask", matter))["code"] == "NOT_ALLOWED"
    await act(leader, "verifyTask", matter)
    assert (await answer(resident, matter))["state"] == "CLOSED"
    async with nothing_written(town):
        again = await on_request(resident, "reopenRequest", matter, **STILL)
    assert again["code"] == "LIMIT_REACHED"


async def test_after_fifteen_days_it_is_too_late(town: Town) -> None:
    resident, _, _, matter = await closed(town)
    await later(town, 15.01, resident)

    async with nothing_written(town):
        refusal = await on_request(resident, "reopenRequest", matter, **STILL)

    assert (refusal["code"], refusal["message"]) == ("TOO_LATE", "办结已超过十五天，请重新提交诉求。")
    assert "REOPEN" not in (await request_of(resident, matter) or {})["actions"]


async def test_opened_twice_at_once_it_is_opened_once(town: Town) -> None:
    resident, _, _, matter = await closed(town)

    answers = await asyncio.gather(*(on_request(resident, "reopenRequest", matter, **STILL) for _ in range(2)))

    assert {str(answer.get("code", answer.get("state"))) for answer in answers} == {"IN_HAND", "WRONG_STATE"}
    assert await town.count("events", kind="RequestReopened") == 1


async def test_where_who_did_it_is_gone_somebody_else_gets_it(town: Town) -> None:
    resident, _, _, matter = await closed(town)
    await end_posts(town, "grid-worker-1")
    leader = await town.person("grid-leader-1")

    await on_request(resident, "reopenRequest", matter, **STILL)
    await town.settle()

    task = await task_of(leader, matter)
    assert task is not None
    assert task["state"] == "ASSIGNED"
    assert task["assignee"]["id"] != town.id_of("grid-worker-1")


async def test_a_message_while_it_is_worked_on_is_told_to_whoever_has_it(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    await town.settle()
    town.clock.advance(seconds=1)

    said = await on_request(resident, "addMessage", matter, text="是四楼到五楼之间那盏")
    await town.settle()

    assert (said["state"], len(said["tasks"])) == ("IN_HAND", 1)
    assert (await titles(worker))[0] == "居民留言"
    assert (await history_of(worker, matter))[0]["reason"] == "是四楼到五楼之间那盏"


async def test_a_message_after_the_end_gets_an_owner_and_the_request_stays_closed(town: Town) -> None:
    resident, worker, leader, matter = await closed(town)
    secretary = await town.person("secretary-1")
    await later(town, 40, resident, worker, leader, secretary)

    said = await on_request(resident, "addMessage", matter, text="现在又有点闪")
    again = await on_request(resident, "addMessage", matter, text="晚上更明显")
    await town.settle()

    assert (said["state"], [task["state"] for task in said["tasks"]]) == ("CLOSED", ["CLOSED", "ASSIGNED"])
    assert len(again["tasks"]) == 2  # one who answers is enough
    message = Matter(matter.request_id, matter.number, said["tasks"][1]["id"])
    assert await to_do(leader) == [message.task_id]
    assert (await titles(leader))[:2] == ["居民留言", "居民留言"]
    await bring(town, message, leader, "COMPLETED")
    assert (await act(secretary, "verifyTask", message))["state"] == "CLOSED"
    assert (await request_of(resident, matter) or {})["state"] == "CLOSED"
    assert (await refused(resident, "answerFollowUp", matter))["code"] == "WRONG_STATE"  # nobody is asked about an answer
    promise = await town.house.mongo.collection("requests").find_one({"_id": matter.request_id})
    assert (promise or {})["promise_met"] is True


@pytest.mark.parametrize("gone", [("grid-leader-1",), ("grid-leader-1", "secretary-1", "secretary-2", "dispatcher-1")])
async def test_a_message_climbs_past_vacant_posts_or_waits_at_the_desk(town: Town, gone: tuple[str, ...]) -> None:
    resident, _, _, matter = await closed(town)
    await end_posts(town, *gone)

    said = await on_request(resident, "addMessage", matter, text="现在又有点闪")

    last = said["tasks"][-1]
    assert last["state"] == ("ASSIGNED" if len(gone) == 1 else "QUEUED")
    assert (last["assignee"] or {}).get("id") == (town.id_of("secretary-1") if len(gone) == 1 else None)


async def test_a_message_on_what_was_declined_or_taken_back_has_an_owner_too(town: Town) -> None:
    resident, clerk = await town.people("resident-1", "centre-clerk-1")
    declined, withdrawn = [await submit(town, resident, "new-facility") for _ in range(2)]
    other_way = {"reason": "OTHER_BODY", "whereToGo": "请到镇政府"}
    await on_request(clerk, "declineRequest", declined, **other_way)
    await on_request(resident, "withdrawRequest", withdrawn)

    for matter, state in ((declined, "DECLINED"), (withdrawn, "WITHDRAWN")):
        said = await on_request(resident, "addMessage", matter, text="那边说不归他们管")
        assert (said["state"], [task["state"] for task in said["tasks"]]) == (state, ["ASSIGNED"])
    # Looked at again and taken in, the work leads and the message is beside it.
    await on_request(resident, "objectToDecline", declined, words="那边说不归他们管")
    assert (await on_request(clerk, "acceptRequest", declined))["state"] == "IN_HAND"
    seen = await request_of(resident, declined)
    assert [task["assignee"]["id"] for task in (seen or {})["tasks"]] == [town.id_of("grid-worker-1"), town.id_of("grid-leader-1")]


async def test_once_the_words_are_gone_nothing_is_written_down_any_more(town: Town) -> None:
    resident, worker, _, matter = await closed(town)
    assert (await on_request(worker, "addMessage", matter, text="我来说一句"))["code"] == "NOT_ALLOWED"
    words = town.house.mongo.collection("words")
    await words.update_one({"_id": matter.request_id}, {"$set": {"erased_at": town.clock()}})
    async with nothing_written(town):
        gone = await on_request(resident, "addMessage", matter, text="还有一句")

    assert (gone["code"], gone["message"]) == ("TOO_LATE", "内容已按期清除，不能再补充。")
