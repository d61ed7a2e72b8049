"""The resident stands by and gives their own code: nobody has to check it then, and nobody else can give it."""

from datetime import timedelta

from domain.confirmations import TRIES_A_DAY
from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, Matter, act, answer, bring, history_of, node, nothing_written, refused, submit, titles
from tests.journeys.test_helping_hands import for_resident


async def code_seen(player: Player, matter: Matter) -> str | None:
    found = await node(player, matter.request_id, "... on Request { confirmationCode }")
    return found["confirmationCode"] if found else None


async def under_way(town: Town) -> tuple[Matter, Player, Player]:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "IN_PROGRESS")
    return matter, resident, worker


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def wrong(town: Town, worker: Player, matter: Matter, code: str) -> Answer:
    async with nothing_written(town, but={"link_tries"}):
        return await refused(worker, "completeTask", matter, confirmationCode=code)


async def test_a_resident_who_is_there_confirms_it_with_their_own_code(town: Town) -> None:
    matter, resident, worker = await under_way(town)
    code = await code_seen(resident, matter)
    assert code is not None
    assert (len(code), code.isdecimal(), await code_seen(resident, matter)) == (6, True, code)

    done = await act(worker, "completeTask", matter, confirmationCode=code)

    assert done["state"] == "AWAITING_FOLLOW_UP"
    await town.settle()
    leader = await town.person("grid-leader-1")
    assert (await titles(resident), "有工单待核查" in await titles(leader)) == (["请您评价"], False)
    assert (await answer(resident, matter))["state"] == "CLOSED"
    assert await town.count("link_tries", count={"$gt": 0}) == 0
    assert [event["kind"] for event in (await history_of(resident, matter))[:2]] == ["FollowUpAnswered", "TaskCompleted"]


async def test_nobody_but_whoever_asked_sees_the_code_and_only_while_it_is_worked_on(town: Town) -> None:
    matter, resident, worker = await under_way(town)
    for handle in ("grid-worker-1", "grid-leader-1", "dispatcher-1", "secretary-1"):
        assert await code_seen(await town.person(handle), matter) is None, handle
    await bring(town, matter, worker, "COMPLETED")
    assert await code_seen(resident, matter) is not None, "a failed check sends it back"
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=await town.person("grid-leader-1"))
    assert await code_seen(resident, matter) is None


async def test_who_types_for_somebody_does_not_see_their_code(town: Town) -> None:
    member, resident, worker = await town.people("link-member-1", "resident-1", "grid-worker-1")
    matter = await submit(town, member, **for_resident(town))

    assert await code_seen(resident, matter) is not None
    assert (await code_seen(member, matter), await code_seen(worker, matter)) == (None, None)


async def test_a_wrong_code_is_refused_and_five_a_day_are_enough(town: Town) -> None:
    matter, resident, worker = await under_way(town)
    code = await code_seen(resident, matter)
    assert code is not None
    async with nothing_written(town):
        assert (await refused(worker, "completeTask", matter, confirmationCode="12a456"))["field"] == "confirmationCode"
    for _ in range(TRIES_A_DAY):
        no = await wrong(town, worker, matter, other_than(code))
        assert (no["code"], no["field"]) == ("INVALID_INPUT", "confirmationCode")
    assert (await wrong(town, worker, matter, code))["code"] == "LIMIT_REACHED", "not even the right one now"

    town.clock.now += timedelta(days=1)
    await worker.sign_in()
    assert (await act(worker, "completeTask", matter, confirmationCode=code))["state"] == "AWAITING_FOLLOW_UP"


async def test_the_code_is_another_one_when_it_is_done_again(town: Town) -> None:
    matter, resident, worker = await under_way(town)
    code = await code_seen(resident, matter)
    assert code is not None
    await act(worker, "completeTask", matter, confirmationCode=code)
    await answer(resident, matter, "NOT_SOLVED")

    assert (await wrong(town, worker, matter, code))["code"] == "INVALID_INPUT"
    assert await code_seen(resident, matter) not in {None, code}


async def test_a_code_is_no_way_round_who_may(town: Town) -> None:
    matter, resident, _ = await under_way(town)
    code = await code_seen(resident, matter)
    for player in (resident, await town.person("grid-leader-1")):
        async with nothing_written(town, but={"link_tries"}):
            assert (await refused(player, "completeTask", matter, confirmationCode=code))["code"] == "NOT_ALLOWED"
    assert await town.count("link_tries", count={"$gt": 0}) == 0
