"""Time runs out and is over: who has it, who answers for it and the desk are told once, whatever clocks are running."""

import asyncio

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import act, history_of, nothing_written, submit, titles


async def later(town: Town, *players: Player, **time: float) -> None:
    """Time passes; two clocks do what is due, and everybody is told."""
    town.clock.advance(**time)
    await asyncio.gather(town.wind(), town.wind())
    await town.settle()
    for player in players:
        await player.sign_in()


async def test_yellow_then_red_then_done_and_nobody_else_hears_of_it(town: Town) -> None:
    everybody = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1", "secretary-1")
    resident, worker, leader, dispatcher, secretary = everybody
    matter = await submit(town, resident)  # due on the next Monday, 17:30
    await act(worker, "acknowledgeTask", matter)
    await act(worker, "startTask", matter)

    await later(town, *everybody, days=4, hours=7.5)  # Friday, 17:30
    assert (await titles(worker), await titles(leader), await titles(dispatcher)) == (["工单即将到期", "新工单"], ["工单即将到期"], [])
    await later(town, *everybody, days=3, hours=1)  # Monday, 18:30: over, and the office is closed
    assert await titles(dispatcher) == []
    await later(town, *everybody, hours=14)  # Tuesday, 8:30
    assert [(await titles(person))[0] for person in (worker, leader, dispatcher)] == ["工单已逾期"] * 3
    assert (await titles(resident), await titles(secretary)) == ([], [])

    town.clock.advance(hours=1)
    async with nothing_written(town):
        await town.wind()
        await town.settle()
    events = await history_of(resident, matter)
    assert [(event["kind"], event["actor"]) for event in events[:2]] == [("TaskMissed", None), ("TaskWarned", None)]


async def test_who_took_it_and_did_not_call_is_reminded(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await act(worker, "acknowledgeTask", matter)

    await later(town, worker, leader, days=1, seconds=1)
    assert (await titles(worker), await titles(leader)) == (["请尽快联系居民", "新工单"], [])
