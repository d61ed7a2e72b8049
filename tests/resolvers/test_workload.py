"""Who has how much: for help, in the order of the roster, and of oneself."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

from domain.posts import Absence
from resolvers.tasks import AssignTask, assign_task
from resolvers.workload import workload
from tests.reorganising import keep
from tests.resolvers.conftest import Deeds

BRANCH, TOWNSHIP = "第一网格党支部", "柳湾镇党委"
TODAY = date(2026, 11, 23)


async def told(deeds: Deeds, unit: str, by: str) -> dict[str, int]:
    """By handle, in the order in which it is told."""
    handles = {id_: handle for handle, id_ in deeds.planned.handles.items()}
    found = await workload(deeds.unit(unit), by=await deeds.actor(by), ports=deeds.ports)
    return {handles[each.person_id]: each.open_tasks for each in found}


async def test_a_leader_sees_who_has_how_much_in_the_order_of_the_roster(deeds: Deeds) -> None:
    tasks = [await deeds.lead(await deeds.submit()) for _ in range(3)]
    before = await told(deeds, BRANCH, "grid-leader-1")
    assert (before["grid-worker-1"], before["hub-host-1"]) == (3, 0)
    await deeds.do(assign_task, AssignTask(uuid4(), tasks[0].id, deeds.id_of("hub-host-1")), "grid-leader-1")
    await deeds.brought_to("COMPLETED")

    after = await told(deeds, BRANCH, "grid-leader-1")
    assert (after["grid-worker-1"], after["hub-host-1"]) == (2, 1)
    assert list(after) == list(before), "the order says nothing of who has how much"
    assert set(after) <= set(await told(deeds, TOWNSHIP, "dispatcher-1"))


async def test_somebody_who_works_there_sees_themself_and_nobody_else_anything(deeds: Deeds) -> None:
    await deeds.submit()

    assert await told(deeds, BRANCH, "grid-worker-1") == {"grid-worker-1": 1}
    assert await told(deeds, TOWNSHIP, "grid-worker-1") == {"grid-worker-1": 1}
    for handle in ("grid-worker-2", "grid-leader-2", "resident-1", "administrator-1", "centre-clerk-1", "nobody"):
        assert await told(deeds, BRANCH, handle) == {}, handle
    assert await workload("unit_990101101_nowhere", by=await deeds.actor("dispatcher-1"), ports=deeds.ports) == []


async def test_whoever_is_on_leave_or_keeps_no_tasks_is_left_out(deeds: Deeds) -> None:
    township = deeds.planned.township_code
    leave = Absence("away_990101101_" + "1" * 32, township, deeds.id_of("grid-worker-1"), TODAY, TODAY + timedelta(days=1))
    posts = [post for post in deeds.planned.parts.appointments if post.person_id == deeds.id_of("hub-host-1")]
    await keep(deeds.house, township, leave, *(replace(post, until=TODAY) for post in posts))

    everybody = await told(deeds, TOWNSHIP, "dispatcher-1")
    assert not set(everybody) & {"grid-worker-1", "hub-host-1", "administrator-1", "privacy-officer-1"}
    assert {"grid-worker-2", "grid-leader-1", "provider-worker-1", "volunteer-1"} <= set(everybody)
