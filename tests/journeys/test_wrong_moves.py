"""What cannot be done from where a task stands is refused, with how it stands, and nothing is written."""

import asyncio
from typing import NamedTuple

import pytest

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, Matter, act, answer, bring, home_of, nothing_written, refused, say, submit, task_of


class Moves(NamedTuple):
    """What each of the three may do in a state."""

    worker: set[str]
    leader: set[str]
    dispatcher: set[str]


ACTIONS = {
    "assignTask": "ASSIGN",
    "acknowledgeTask": "ACKNOWLEDGE",
    "returnTask": "RETURN",
    "decideReturn": "DECIDE_RETURN",
    "startTask": "START",
    "completeTask": "COMPLETE",
    "verifyTask": "VERIFY",
}
LEGAL = {
    "ASSIGNED": Moves({"acknowledgeTask", "returnTask"}, {"assignTask"}, {"assignTask"}),
    "ACKNOWLEDGED": Moves({"returnTask", "startTask"}, {"assignTask"}, {"assignTask"}),
    "IN_PROGRESS": Moves({"completeTask"}, {"assignTask"}, {"assignTask"}),
    "RETURN_PENDING": Moves(set(), {"assignTask"}, {"assignTask", "decideReturn"}),
    "COMPLETED": Moves(set(), {"verifyTask"}, set()),
    "AWAITING_FOLLOW_UP": Moves(set(), set(), set()),
    "CLOSED": Moves(set(), set(), set()),
}
SOMETIMES = Moves(
    {"acknowledgeTask", "returnTask", "startTask", "completeTask"}, {"assignTask", "verifyTask"}, {"assignTask", "decideReturn"}
)
"""What each may do in some state: out of it, it is the state that is wrong, not the person."""


class Cast(NamedTuple):
    resident: Player
    worker: Player
    leader: Player
    dispatcher: Player


async def cast_of(town: Town) -> Cast:
    return Cast(*await town.people("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1"))


async def standing_at(town: Town, state: str, cast: Cast) -> Matter:
    """A matter whose task stands there."""
    matter = await submit(town, cast.resident)
    if state == "RETURN_PENDING":
        await act(cast.worker, "returnTask", matter)
    elif state == "CLOSED":
        await bring(town, matter, cast.worker, "AWAITING_FOLLOW_UP", checked_by=cast.leader)
        await answer(cast.resident, matter)
    elif state != "ASSIGNED":
        await bring(town, matter, cast.worker, state, checked_by=cast.leader)
    return matter


def given(town: Town, verb: str) -> Answer:
    """Besides what is usual."""
    more: dict[str, Answer] = {"assignTask": {"assigneeId": town.id_of("hub-host-1")}, "decideReturn": {"approved": True}}
    return more.get(verb, {})


@pytest.mark.parametrize("state", LEGAL)
async def test_only_the_moves_of_the_state_are_shown_and_the_others_refused(town: Town, state: str) -> None:
    cast = await cast_of(town)
    matter = await standing_at(town, state, cast)

    async with nothing_written(town):
        for player, legal, sometimes in zip(cast[1:], LEGAL[state], SOMETIMES, strict=True):
            task = await task_of(player, matter)
            assert task is not None
            assert set(task["actions"]) & set(ACTIONS.values()) == {ACTIONS[verb] for verb in legal}, player.handle
            for verb in ACTIONS.keys() - legal:
                refusal = await refused(player, verb, matter, **given(town, verb))
                code = "WRONG_STATE" if verb in sometimes else "NOT_ALLOWED"
                assert refusal["code"] == code, (player.handle, verb, refusal)
                if code == "WRONG_STATE":
                    current = {"__typename": "Task", "id": matter.task_id, "state": state, "version": task["version"]}
                    assert refusal["current"] == current


@pytest.mark.parametrize("state", [state for state, moves in LEGAL.items() if any(moves)])
async def test_every_move_that_is_shown_is_taken(town: Town, state: str) -> None:
    cast = await cast_of(town)

    for player, legal in zip(cast[1:], LEGAL[state], strict=True):
        for verb in legal:
            matter = await standing_at(town, state, cast)
            before = await task_of(player, matter)
            assert before is not None
            after = await act(player, verb, matter, **given(town, verb))
            assert after["version"] == before["version"] + 1


async def test_a_resident_who_is_not_asked_yet_is_told_so(town: Town) -> None:
    cast = await cast_of(town)

    for state in ("ASSIGNED", "IN_PROGRESS", "RETURN_PENDING", "COMPLETED"):
        matter = await standing_at(town, state, cast)
        async with nothing_written(town):
            refusal = await refused(cast.resident, "answerFollowUp", matter)
        assert refusal["code"] == "WRONG_STATE"
        assert refusal["current"]["__typename"] == "Request"
        assert refusal["current"]["requestState"] == "IN_HAND"


async def test_a_stale_edit_is_refused_and_shows_how_it_stands(town: Town) -> None:
    cast = await cast_of(town)

    for player, verb, state in (
        (cast.worker, "acknowledgeTask", "ASSIGNED"),
        (cast.worker, "startTask", "ACKNOWLEDGED"),
        (cast.worker, "returnTask", "ACKNOWLEDGED"),
        (cast.worker, "completeTask", "IN_PROGRESS"),
        (cast.leader, "assignTask", "IN_PROGRESS"),
        (cast.leader, "verifyTask", "COMPLETED"),
        (cast.dispatcher, "decideReturn", "RETURN_PENDING"),
    ):
        matter = await standing_at(town, state, cast)
        version = (await task_of(player, matter) or {})["version"]
        async with nothing_written(town):
            refusal = await refused(player, verb, matter, expectedVersion=version - 1, **given(town, verb))
        assert (refusal["code"], refusal["field"]) == ("CONFLICT", "expectedVersion"), verb
        assert refusal["current"] == {"__typename": "Task", "id": matter.task_id, "state": state, "version": version}
        assert (await act(player, verb, matter, expectedVersion=version, **given(town, verb)))["version"] == version + 1


async def test_what_is_wrong_is_said_in_the_same_order_for_everybody(town: Town) -> None:
    cast = await cast_of(town)
    neighbour = await town.person("resident-2")
    matter = await standing_at(town, "ACKNOWLEDGED", cast)
    stale = {"expectedVersion": 1}

    async with nothing_written(town):
        # INVALID_INPUT before NOT_FOUND, NOT_FOUND before NOT_ALLOWED.
        assert (await refused(neighbour, "completeTask", matter, note="  "))["code"] == "INVALID_INPUT"
        assert (await refused(neighbour, "decideReturn", matter, approved=False, reason=None))["code"] == "INVALID_INPUT"
        assert (await refused(neighbour, "completeTask", matter, **stale))["code"] == "NOT_FOUND"
        # NOT_ALLOWED before CONFLICT, CONFLICT before WRONG_STATE.
        assert (await refused(cast.leader, "startTask", matter, **stale))["code"] == "NOT_ALLOWED"
        assert (await refused(cast.worker, "acknowledgeTask", matter, **stale))["code"] == "CONFLICT"
        # INVALID_INPUT before WRONG_STATE.
        assert (await refused(cast.worker, "completeTask", matter, note=""))["code"] == "INVALID_INPUT"
        assert (await refused(cast.leader, "verifyTask", matter, passed=False, reason=None))["code"] == "INVALID_INPUT"

    await act(cast.worker, "startTask", matter)
    town.clock.advance(days=10)
    await cast.worker.sign_in()
    async with nothing_written(town):
        # WRONG_STATE before TOO_LATE, INVALID_INPUT before all.
        assert (await refused(cast.worker, "returnTask", matter))["code"] == "WRONG_STATE"
        assert (await refused(cast.worker, "startTask", matter, contact=None))["code"] == "INVALID_INPUT"


async def test_asking_for_something_is_refused_for_the_first_thing_that_is_wrong(town: Town) -> None:
    resident = await town.person("resident-1")
    nowhere, outside = {"lat": 91, "lng": 0}, {"lat": 0, "lng": 0}
    missing = home_of(town, "resident-1")[:-12] + "0123456789ab"

    async def code(**fields: object) -> str:
        sent = {"itemId": town.item("stairwell-lamp"), "text": "灯不亮", **fields}
        return str((await say(resident, "submitRequest", "request { id }", **sent))["code"])

    async with nothing_written(town):
        assert await code(itemId="item", location=nowhere) == "INVALID_INPUT"
        assert await code(householdId=missing, text=" ") == "INVALID_INPUT"
        assert await code(householdId=missing, location=outside) == "NOT_FOUND"
        assert await code(location=outside, aboutPersonId="nobody") == "NOT_FOUND"
        assert await code(location=outside, aboutUnitId="nothing") == "NOT_FOUND"
        assert await code(location=outside) == "OUTSIDE_AREA"


async def test_two_who_act_at_once_do_not_both_win(town: Town) -> None:
    cast = await cast_of(town)
    matter = await submit(town, cast.resident)
    version = (await task_of(cast.leader, matter) or {})["version"]

    async def give(player: Player, to: str) -> Answer:
        fields = {"taskId": matter.task_id, "assigneeId": town.id_of(to), "expectedVersion": version}
        return await say(player, "assignTask", "task { version assignee { id } }", **fields)

    answers = await asyncio.gather(give(cast.leader, "hub-host-1"), give(cast.dispatcher, "hub-host-2"))

    [won] = [answer["task"] for answer in answers if "task" in answer]
    [lost] = [answer for answer in answers if "code" in answer]
    assert (won["version"], lost["code"], lost["current"]["version"]) == (version + 1, "CONFLICT", version + 1)
    task = await task_of(cast.dispatcher, matter)
    assert task is not None
    assert (task["assignee"]["id"], task["version"]) == (won["assignee"]["id"], version + 1)


async def test_a_leader_gives_work_only_to_people_of_the_own_reach(town: Town) -> None:
    cast = await cast_of(town)
    matter = await submit(town, cast.resident)

    async with nothing_written(town):
        for handle, code in (
            ("grid-worker-2", "NOT_ALLOWED"),
            ("secretary-1", "NOT_ALLOWED"),
            ("resident-1", "NOT_FOUND"),
            ("administrator-1", "NOT_FOUND"),
            ("grid-worker-1", "INVALID_INPUT"),
        ):
            refusal = await refused(cast.leader, "assignTask", matter, assigneeId=town.id_of(handle))
            assert (handle, refusal["code"], refusal["field"]) == (handle, code, "assigneeId")

    moved = await act(cast.leader, "assignTask", matter, assigneeId=town.id_of("hub-host-1"))
    assert (moved["state"], moved["assignee"]["id"]) == ("ASSIGNED", town.id_of("hub-host-1"))
