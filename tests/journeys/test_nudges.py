"""Whoever waits may say so once a day; whoever has it hears of it, and whoever answers for them."""

from tests.conftest import Town
from tests.journeys.stories import history_of, nothing_written, submit, titles
from tests.journeys.test_intake import on_request, request_of, wish


async def test_the_worker_and_the_leader_are_told_and_tomorrow_again(town: Town) -> None:
    resident, worker, leader, secretary = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1")
    matter = await submit(town, resident)
    await town.settle()
    town.clock.advance(seconds=1)

    nudged = await on_request(resident, "nudgeRequest", matter, words="老人下楼不方便")
    await town.settle()

    assert (nudged["state"], "NUDGE" in nudged["actions"]) == ("IN_HAND", False)
    assert [(await titles(player))[:1] for player in (worker, leader, secretary)] == [["居民催办"], ["居民催办"], []]
    assert (await history_of(worker, matter))[0]["reason"] == "老人下楼不方便"
    async with nothing_written(town):
        again = await on_request(resident, "nudgeRequest", matter)
    assert (again["code"], again["current"]["requestState"]) == ("LIMIT_REACHED", "IN_HAND")
    town.clock.advance(hours=14, minutes=30)  # after midnight in Shanghai
    await resident.sign_in()
    assert "NUDGE" in (await request_of(resident, matter) or {})["actions"]
    assert (await on_request(resident, "nudgeRequest", matter))["state"] == "IN_HAND"


async def test_what_nobody_has_taken_in_is_told_to_the_desk(town: Town) -> None:
    resident, matter = await wish(town)
    dispatcher, clerk = await town.people("dispatcher-1", "centre-clerk-1")

    await on_request(resident, "nudgeRequest", matter)
    await town.settle()

    assert [(await titles(player))[0] for player in (dispatcher, clerk)] == ["居民催办", "居民催办"]


async def test_only_whoever_asked_nudges(town: Town) -> None:
    resident, worker, neighbour = await town.people("resident-1", "grid-worker-1", "resident-2")
    matter = await submit(town, resident)

    async with nothing_written(town):
        codes = [(await on_request(player, "nudgeRequest", matter))["code"] for player in (worker, neighbour)]

    assert codes == ["NOT_ALLOWED", "NOT_FOUND"]
