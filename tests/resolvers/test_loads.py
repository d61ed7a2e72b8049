"""A worker who has enough to do is passed over, unless there is danger; nothing is ever dropped."""

from dataclasses import replace
from uuid import uuid4

from domain.tasks import Task
from resolvers.requests import SubmitRequest, submit_request
from tests.resolvers.conftest import Deeds


async def asked(deeds: Deeds, limit: int, code: str = "stairwell-lamp") -> Task:
    """The task of a request under that limit."""
    ports = replace(deeds.ports, load_limit=limit)
    sent = SubmitRequest(uuid4(), deeds.item(code), "请来看看")
    return await deeds.lead((await submit_request(sent, by=await deeds.actor("resident-1"), ports=ports)).subject)


async def test_the_next_one_is_asked_where_somebody_has_enough_to_do(deeds: Deeds) -> None:
    first, second, third = [await asked(deeds, 2) for _ in range(3)]

    assert first.assignee_id == second.assignee_id == deeds.id_of("grid-worker-1")
    assert third.assignee_id == deeds.id_of("grid-leader-1")
    assert [reason.key for reason in third.routed_because] == ["routing.residence_grid", "routing.overloaded", "routing.leader"]


async def test_in_danger_nobody_has_enough_to_do(deeds: Deeds) -> None:
    await asked(deeds, 1)

    assert (await asked(deeds, 1, "gas-smell")).assignee_id == deeds.id_of("grid-worker-1")


async def test_whoever_leads_is_asked_however_much_there_is(deeds: Deeds) -> None:
    tasks = [await asked(deeds, 1) for _ in range(5)]

    assert {task.assignee_id for task in tasks[1:]} == {deeds.id_of("grid-leader-1")}
