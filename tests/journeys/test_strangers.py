"""Whom a matter does not concern: for them it does not exist, and what they try leaves no trace."""

from uuid import uuid4

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    USUAL,
    Answer,
    Matter,
    bring,
    home_of,
    in_scope,
    inbox,
    node,
    nothing_written,
    register,
    rows,
    say,
    submit,
    to_do,
)

STRANGERS = [
    "resident-2",
    "resident-4",
    "grid-worker-2",
    "grid-leader-2",
    "administrator-1",
    "privacy-officer-1",
    "village-officer-1",
    "centre-clerk-1",
    "provider-worker-1",
    "volunteer-1",
    "hub-host-1",
    "link-member-1",
]
"""Some are near: the link member and the host of the home itself, the officer of the village it left."""

FIND_THE_HOME = {"village-officer-1", "centre-clerk-1", "hub-host-1", "link-member-1"}
"""Staff of the village that it left and of the counter, host and link member: they may ask who serves it, and see nothing of the matter."""

LISTS = """query($number: String!, $task: ID!, $request: ID!, $notice: ID!, $phone: ID!, $unit: ID!, $worker: ID!, $grid: ID!, $home: ID!,
    $item: ID!) {
  request(number: $number) { id }
  task: node(id: $task) { id ... on Task { history { edges { node { kind } } } } }
  asked: node(id: $request) { id ... on Request { history { edges { node { kind } } } } }
  notice: node(id: $notice) { id }
  phone: node(id: $phone) { id }
  nodes(ids: [$task, $request, $notice]) { id }
  requests { edges { node { id } } }
  ofGrid: requests(filter: { gridIds: [$grid] }) { edges { node { id } } }
  tasks { edges { node { id } } }
  ofUnit: tasks(filter: { unitId: $unit }) { edges { node { id } } }
  ofWorker: tasks(filter: { assigneeId: $worker }) { edges { node { id } } }
  changes { changed { __typename id } removed }
  measures(unitId: $unit, from: "2026-11-01", to: "2026-11-30") { requests }
  measuresByOriginVillage(unitId: $unit, from: "2026-11-01", to: "2026-11-30") { requests }
  whoServes(householdId: $home, itemId: $item) { rule }
}"""

NOTHING: Answer = {
    **dict.fromkeys(("request", "task", "asked", "notice", "phone", "whoServes")),
    **{name: {"edges": []} for name in ("requests", "ofGrid", "tasks", "ofUnit", "ofWorker")},
    "nodes": [None, None, None],
    "changes": {"changed": [], "removed": []},
    "measures": [],
    "measuresByOriginVillage": [],
}


async def told_and_worked_on(town: Town) -> tuple[Matter, Answer]:
    """A matter of the first grid that was begun, and every id that there is to know of it."""
    resident, worker = await town.people("resident-1", "grid-worker-1")
    await register(worker)
    matter = await submit(town, resident)
    await town.settle()
    await bring(town, matter, worker, "IN_PROGRESS")
    await town.settle()
    device = await town.house.mongo.collection("devices").find_one({"person_id": town.id_of("grid-worker-1")})
    assert device is not None
    branch = next(unit for unit in town.planned.parts.units if unit.name == "第一网格党支部")
    ids = {
        "number": matter.number,
        "task": matter.task_id,
        "request": matter.request_id,
        "notice": (await inbox(worker))[0]["id"],
        "phone": device["_id"],
        "unit": branch.id,
        "worker": town.id_of("grid-worker-1"),
        "grid": town.planned.parts.grids[0].id,
        "home": home_of(town, "resident-1"),
        "item": town.item("stairwell-lamp"),
    }
    return matter, ids


async def tries(player: Player, ids: Answer) -> dict[str, Answer]:
    """Every mutation on the ids, and how each was answered."""
    answers = {verb: await say(player, verb, "task { id }", taskId=ids["task"], **fields) for verb, fields in USUAL.items()}
    answers["assignTask"] = await say(player, "assignTask", "task { id }", taskId=ids["task"], assigneeId=ids["worker"])
    answers["answerFollowUp"] = await say(
        player, "answerFollowUp", "request { id }", requestId=ids["request"], verdict="SOLVED", grade="SATISFIED"
    )
    answers["markNoticesRead"] = await say(player, "markNoticesRead", "unreadNotices", noticeIds=[ids["notice"]])
    answers["retireDevice"] = await say(player, "retireDevice", "deviceId", deviceId=ids["phone"])
    return answers


async def test_whom_it_does_not_concern_sees_nothing_anywhere(town: Town) -> None:
    _, ids = await told_and_worked_on(town)

    for somebody in await town.people(*STRANGERS):
        seen = await somebody.ask(LISTS, **ids)
        assert seen == {**NOTHING, **({"whoServes": {"rule": "4"}} if somebody.handle in FIND_THE_HOME else {})}, somebody.handle
        assert (await inbox(somebody), await to_do(somebody)) == ([], []), somebody.handle
        mine = await somebody.ask("{ viewer { requests { edges { node { id } } } } }")
        assert rows(mine["viewer"]["requests"]) == [], somebody.handle


async def test_whoever_did_not_sign_in_sees_nothing_and_is_nobody(town: Town) -> None:
    _, ids = await told_and_worked_on(town)

    assert await town.stranger().ask(LISTS, **ids) == NOTHING
    assert (await town.stranger().ask("{ viewer { unreadNotices } }"))["viewer"] is None


async def test_whatever_a_stranger_tries_is_not_found_and_leaves_no_trace(town: Town) -> None:
    _, ids = await told_and_worked_on(town)
    strangers = await town.people("resident-2", "grid-worker-2", "grid-leader-2", "administrator-1", "privacy-officer-1", "link-member-1")

    async with nothing_written(town):
        for somebody in strangers:
            answers = await tries(somebody, ids)
            assert {verb: refusal.get("code") for verb, refusal in answers.items()} == dict.fromkeys(answers, "NOT_FOUND"), somebody.handle
            assert [refusal["current"] for refusal in answers.values() if refusal["current"]] == []


async def test_whoever_did_not_sign_in_is_asked_to_and_leaves_no_trace(town: Town) -> None:
    _, ids = await told_and_worked_on(town)
    nobody = town.stranger()

    async with nothing_written(town):
        answers = await tries(nobody, ids)
        answers["submitRequest"] = await say(nobody, "submitRequest", "request { id }", itemId=town.item("stairwell-lamp"), text="灯不亮")
        answers["registerDevice"] = await say(nobody, "registerDevice", "deviceId", token=f"phone-{uuid4()}", platform="IOS")

    assert {verb: refusal.get("code") for verb, refusal in answers.items()} == dict.fromkeys(answers, "SIGN_IN_REQUIRED")


async def test_forbidden_and_missing_look_the_same(town: Town) -> None:
    _, ids = await told_and_worked_on(town)
    missing = {name: id_[:-12] + "0123456789ab" for name, id_ in ids.items() if name in {"task", "request", "notice", "phone", "home"}}
    missing = {**ids, **missing, "number": ids["number"][:-1] + str((int(ids["number"][-1]) + 1) % 10)}

    for somebody in await town.people("resident-2", "grid-worker-2", "grid-leader-2"):
        assert await somebody.ask(LISTS, **missing) == await somebody.ask(LISTS, **ids)
        assert await tries(somebody, missing) == await tries(somebody, ids)


async def test_those_whom_it_concerns_see_it(town: Town) -> None:
    matter, ids = await told_and_worked_on(town)

    for who in ("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1", "secretary-2", "dispatcher-1"):
        somebody = await town.person(who)
        seen = await somebody.ask(LISTS, **ids)
        assert seen["request"] == {"id": matter.request_id}
        assert seen["task"]["id"] == matter.task_id
        assert len(rows(seen["asked"]["history"])) == 3
        assert await in_scope(somebody) == [matter.task_id]
        assert {thing["id"] for thing in seen["changes"]["changed"]} >= {matter.task_id, matter.request_id}


async def test_a_resident_is_no_open_book_to_neighbours(town: Town) -> None:
    neighbour, worker = await town.people("resident-2", "grid-worker-1")
    resident_id, home_id = town.id_of("resident-1"), home_of(town, "resident-1")

    assert (await node(neighbour, resident_id), await node(neighbour, home_id)) == (None, None)
    assert await node(worker, resident_id) == {"__typename": "Person"}
    assert await node(worker, home_id) == {"__typename": "Household"}
