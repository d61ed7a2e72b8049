"""Whoever does not answer is called, by somebody who did none of it; who is not reached for a week is not waited for for ever."""

from datetime import timedelta

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, Matter, act, answer, bring, history_of, node, nothing_written, say, submit, task_of, titles

DAY = timedelta(days=1)
FOLLOW_UP = "... on Request { state verdict grade closedUnanswered callsBegunAt answerBy statusText }"


async def to_be_asked(town: Town) -> tuple[Matter, Player, Player, Player]:
    """A lamp that was mended and checked; the resident, the worker and the desk."""
    resident, worker, leader, desk = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    return matter, resident, worker, desk


async def a_day_later(town: Town, *players: Player, days: int = 1) -> None:
    """Time passes, the clock does what is due, and they sign in again."""
    town.clock.now += days * DAY
    await town.wind()
    await town.settle()
    for player in players:
        await player.sign_in()


async def try_to_reach(player: Player, matter: Matter, **fields: object) -> Answer:
    return await say(player, "recordFollowUpTry", "request { state answerBy }", requestId=matter.request_id, **fields)


async def seen(player: Player, matter: Matter) -> Answer:
    found = await node(player, matter.request_id, FOLLOW_UP)
    assert found is not None
    return found


async def test_who_answers_nobody_is_closed_without_a_verdict_after_a_week_of_calls(town: Town) -> None:
    matter, resident, _, desk = await to_be_asked(town)
    await a_day_later(town, resident, desk)
    assert (await titles(desk))[0] == "请电话回访"
    assert (await seen(resident, matter))["callsBegunAt"] is not None
    assert (await try_to_reach(desk, matter, note="没人接"))["request"]["state"] == "ANSWERED"
    await a_day_later(town, resident, days=7)

    shown = await seen(resident, matter)
    assert (shown["state"], shown["verdict"], shown["closedUnanswered"], shown["answerBy"]) == ("CLOSED", None, True, None)
    assert (await titles(resident))[0] == "您的诉求已结案"
    told = await history_of(resident, matter)
    assert [event["kind"] for event in told[:3]] == ["FollowUpUnanswered", "FollowUpTried", "FollowUpStarted"]
    assert (told[0]["actor"], told[1]["reason"]) == (None, None), "what the caller noted is between colleagues"
    await a_day_later(town, days=9)
    assert await town.count("events", kind="FollowUpUnanswered") == 1


async def test_three_tries_on_two_days_are_enough(town: Town) -> None:
    matter, resident, _, desk = await to_be_asked(town)
    await a_day_later(town, resident, desk)
    for hours in (0, 2):
        town.clock.now += timedelta(hours=hours)
        await desk.sign_in()
        await try_to_reach(desk, matter)
    await town.wind()
    await resident.sign_in()
    assert (await seen(resident, matter))["state"] == "ANSWERED"
    await a_day_later(town, resident, desk)
    await try_to_reach(desk, matter)
    await town.wind()

    assert (await seen(resident, matter))["closedUnanswered"] is True


async def test_only_who_did_none_of_it_calls_and_not_before_the_day_after(town: Town) -> None:
    matter, resident, worker, desk = await to_be_asked(town)
    leader, neighbour = await town.people("grid-leader-1", "resident-2")
    async with nothing_written(town):
        assert (await try_to_reach(desk, matter))["code"] == "WRONG_STATE"
    await a_day_later(town, resident, worker, leader, neighbour)

    for player, code in ((resident, "NOT_ALLOWED"), (worker, "NOT_ALLOWED"), (leader, "NOT_ALLOWED"), (neighbour, "NOT_FOUND")):
        async with nothing_written(town):
            assert (await try_to_reach(player, matter))["code"] == code


async def test_what_is_said_on_the_telephone_counts_from_the_day_after_and_is_told_to_whoever_said_it(town: Town) -> None:
    matter, resident, _, desk = await to_be_asked(town)
    said = {"requestId": matter.request_id, "verdict": "PARTLY", "grade": "SATISFIED", "words": "还行"}
    async with nothing_written(town):
        assert (await say(desk, "recordAnswer", "request { state }", **said))["code"] == "NOT_ALLOWED"
    await a_day_later(town, resident, desk)

    assert (await say(desk, "recordAnswer", "request { state }", **said))["request"]["state"] == "CLOSED"

    await town.settle()
    assert (await titles(resident))[0] == "已代您记录评价"
    assert (await history_of(resident, matter))[0]["reason"] == "还行"


async def test_an_answer_in_time_ends_the_calls(town: Town) -> None:
    matter, resident, _, desk = await to_be_asked(town)
    await a_day_later(town, resident, desk)
    await answer(resident, matter)
    await a_day_later(town, resident, desk, days=9)

    shown = await seen(resident, matter)
    assert (shown["state"], shown["verdict"], shown["closedUnanswered"]) == ("CLOSED", "SOLVED", False)
    async with nothing_written(town):
        assert (await try_to_reach(desk, matter))["code"] == "WRONG_STATE"


async def test_after_a_bad_review_the_worker_hears_the_resident_again(town: Town) -> None:
    matter, resident, worker, _ = await to_be_asked(town)
    await answer(resident, matter, "PARTLY", grade="UNSATISFIED")
    task = await task_of(worker, matter)
    assert task is not None
    assert (task["state"], "START" in task["actions"]) == ("IN_PROGRESS", True)
    assert task["contactBy"] < task["dueAt"]

    heard = await act(worker, "startTask", matter)

    assert (heard["state"], "START" in heard["actions"]) == ("IN_PROGRESS", False)
    assert (await history_of(resident, matter))[0]["kind"] == "TaskContacted"
