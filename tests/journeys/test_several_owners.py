"""A matter of several owners: one leads, the others help from the first moment on, and the resident asks once."""

from tests.conftest import Town
from tests.journeys.stories import Matter, bring, refused, request_of, submit, task_of, titles, to_do


async def test_the_owner_of_the_place_leads_and_the_further_owner_helps(town: Town) -> None:
    resident, worker, plumber, leader = await town.people("resident-1", "grid-worker-1", "provider-worker-1", "grid-leader-1")

    matter = await submit(town, resident, "basement-flood")
    await town.settle()

    [child] = await to_do(plumber)
    assert await to_do(worker) == [matter.task_id]
    assert (await titles(plumber), await titles(worker)) == (["新工单"], ["新工单"])
    task = await task_of(plumber, Matter(matter.request_id, matter.number, child))
    assert task is not None
    assert (task["rule"], task["routedBecause"][0]) == ("9", "该事项涉及多个责任方，协助第一网格党支部办理。")
    await bring(town, matter, worker, "IN_PROGRESS")
    assert (await refused(worker, "completeTask", matter))["code"] == "WRONG_STATE"
    await bring(town, Matter(matter.request_id, matter.number, child), plumber, "COMPLETED")
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    assert (await request_of(resident, matter) or {})["state"] == "ANSWERED"
    assert await town.count("events", kind="RequestSubmitted") == 1
