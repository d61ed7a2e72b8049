"""Whoever did the work never says that it is done well."""

from tests.conftest import Town
from tests.journeys.stories import (
    act,
    answer,
    bring,
    history_of,
    home_of,
    nothing_written,
    pushes,
    refused,
    register,
    request_of,
    submit,
    task_of,
    titles,
)


async def test_the_worker_cannot_check_the_own_work(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "COMPLETED")

    async with nothing_written(town):
        refusal = await refused(worker, "verifyTask", matter)

    assert refusal["code"] == "NOT_ALLOWED"
    assert "VERIFY" not in (await task_of(worker, matter) or {})["actions"]


async def test_nobody_but_the_leader_checks_it(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    others = await town.people("dispatcher-1", "secretary-1", "grid-leader-2", "grid-worker-2")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "COMPLETED")

    async with nothing_written(town):
        codes = [(await refused(somebody, "verifyTask", matter))["code"] for somebody in (resident, *others)]

    assert codes == ["NOT_ALLOWED", "NOT_ALLOWED", "NOT_ALLOWED", "NOT_FOUND", "NOT_FOUND"]
    assert (await act(leader, "verifyTask", matter))["state"] == "AWAITING_FOLLOW_UP"


async def test_what_the_leader_did_the_secretary_checks(town: Town) -> None:
    resident, leader, secretary, worker = await town.people("resident-1", "grid-leader-1", "secretary-1", "grid-worker-1")
    matter = await submit(town, resident)
    await act(leader, "assignTask", matter, assigneeId=town.id_of("grid-leader-1"))
    await bring(town, matter, leader, "COMPLETED")
    await town.settle()
    assert await titles(secretary) == ["有工单待核查"]

    async with nothing_written(town):
        assert (await refused(leader, "verifyTask", matter))["code"] == "NOT_ALLOWED"
        assert (await refused(worker, "verifyTask", matter))["code"] == "NOT_ALLOWED"  # had it once

    assert (await act(secretary, "verifyTask", matter))["state"] == "AWAITING_FOLLOW_UP"


async def test_a_clerk_checks_what_the_other_clerk_did(town: Town) -> None:
    resident, clerk, other = await town.people("resident-1", "centre-clerk-1", "centre-clerk-2")
    matter = await submit(town, resident, "pension-form")
    await bring(town, matter, clerk, "COMPLETED")

    async with nothing_written(town):
        assert (await refused(clerk, "verifyTask", matter))["code"] == "NOT_ALLOWED"

    assert (await act(other, "verifyTask", matter))["state"] == "AWAITING_FOLLOW_UP"


async def test_what_does_not_pass_goes_back_with_a_reason(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    token = await register(worker)
    matter = await submit(town, resident)
    await bring(town, matter, worker, "COMPLETED")
    before = await request_of(resident, matter)
    async with nothing_written(town):
        assert (await refused(leader, "verifyTask", matter, passed=False))["field"] == "reason"

    town.clock.advance(days=1)
    for player in (resident, worker, leader):
        await player.sign_in()
    again = await act(leader, "verifyTask", matter, passed=False, reason="灯还是不亮")
    await town.settle()

    assert (again["state"], again["assignee"]["id"], again["outcome"]) == ("IN_PROGRESS", town.id_of("grid-worker-1"), None)
    assert again["dueAt"] == "2026-12-01T09:30:00.000Z"  # a new leg
    after = await request_of(resident, matter)
    assert before is not None
    assert after is not None
    assert after["promiseDueAt"] == before["promiseDueAt"]  # the promise is the same
    assert after["reworkCount"] == 1
    assert (await titles(worker))[0] == "核查未通过"
    assert {push["data"]["kind"] for push in pushes(town, token)} == {"task_assigned", "check_failed"}
    assert (await history_of(leader, matter))[0]["reason"] == "灯还是不亮"


async def test_a_worker_who_asked_for_it_does_not_grade_the_own_work(town: Town) -> None:
    worker, leader = await town.people("grid-worker-1", "grid-leader-1")
    matter = await submit(town, worker, householdId=home_of(town, "resident-1"))
    await bring(town, matter, worker, "COMPLETED")
    await act(leader, "verifyTask", matter)

    async with nothing_written(town):
        refusal = await refused(worker, "answerFollowUp", matter, grade="VERY_SATISFIED")

    assert refusal["code"] == "NOT_ALLOWED"
    await town.settle()
    assert "请您评价" not in await titles(worker)  # nor asked for it
    request = await request_of(leader, matter)
    assert request is not None
    assert (request["state"], request["verdict"], request["grade"]) == ("CLOSED", None, None)  # the check was the last word


async def test_only_the_resident_has_the_last_word(town: Town) -> None:
    handles = ("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1")
    resident, worker, leader, secretary, dispatcher = await town.people(*handles)
    matter = await submit(town, resident)
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)

    async with nothing_written(town):
        for somebody in (worker, leader, secretary, dispatcher):
            assert (await refused(somebody, "answerFollowUp", matter))["code"] == "NOT_ALLOWED"

    assert (await answer(resident, matter))["state"] == "CLOSED"
    async with nothing_written(town):
        assert (await refused(resident, "answerFollowUp", matter, verdict="NOT_SOLVED"))["code"] == "WRONG_STATE"
