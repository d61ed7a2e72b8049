"""What goes wrong is put under formal follow-up, and those one level up hear of it."""

from tests.conftest import Town
from tests.journeys.stories import answer, bring, history_of, nothing_written, say, submit, task_of, titles


async def test_the_desk_puts_under_follow_up_what_did_not_help_and_one_level_up_hears_of_it(town: Town) -> None:
    resident, worker, leader, desk, secretary = await town.people(
        "resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1", "secretary-1"
    )
    matter = await submit(town, resident)
    sent = {"requestId": matter.request_id, "reason": "请三天内办好"}
    async with nothing_written(town):
        assert (await say(desk, "superviseRequest", "request { id }", **sent))["code"] == "WRONG_STATE"
        assert (await say(leader, "superviseRequest", "request { id }", **sent))["code"] == "NOT_ALLOWED"
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(resident, matter, "NOT_SOLVED")
    assert "SUPERVISE" in (await task_of(desk, matter) or {})["actions"]

    done = await say(desk, "superviseRequest", "request { id tasks { supervised } }", **sent)
    await town.settle()

    assert done == {"request": {"id": matter.request_id, "tasks": [{"supervised": True}]}}
    for player in (worker, leader, secretary):
        assert "工单被督办" in await titles(player)
    assert "工单被督办" not in await titles(resident)
    seen = next(event for event in await history_of(leader, matter) if event["kind"] == "RequestSupervised")
    assert seen["reason"] == "请三天内办好"
    assert (await say(desk, "superviseRequest", "request { id }", **sent))["code"] == "WRONG_STATE"
