"""Grids are cut anew while work goes on: looked at first, then done; old tasks are found, counted and finished as before."""

from typing import Any

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    REFUSAL,
    Answer,
    Matter,
    act,
    bring,
    home_of,
    in_scope,
    name_of,
    node,
    nothing_written,
    register,
    request_of,
    rows,
    say,
    submit,
    task_of,
)

PREVIEW = (
    "query($input: RecutInput!) { recutPreview(input: $input) { __typename ... on RecutPreview { workers { displayName } openTaskCount "
    "openTaskIds householdCount confirmation devices { worker { displayName } platform appVersion registeredOn lastSyncDay } } "
    f"{REFUSAL} }} }}"
)
GRIDS = "grids { id code name householdCount validFrom validTo kind succeeds { id code } microGrids { id code } branch { id } }"
MEASURES = "query($unit: ID!, $from: Date!, $to: Date!) { measures(unitId: $unit, from: $from, to: $to) { unit { id } requests due } }"


async def look(player: Player, recut: Answer) -> Answer:
    answer: Answer = (await player.ask(PREVIEW, input=recut))["recutPreview"]
    return answer


async def cut(player: Player, recut: Answer) -> list[Answer]:
    """It is looked at, and done: the new grids."""
    seen = await look(player, recut)
    answer = await say(player, "recutGrids", GRIDS, recut=recut, confirmation=seen["confirmation"])
    assert "grids" in answer, answer
    grids: list[Answer] = answer["grids"]
    return grids


async def old_grid(player: Player, town: Town) -> Answer:
    grid = town.planned.parts.grids[0]
    found = await node(player, grid.id, "... on Grid { id code householdCount validTo branch { id } microGrids { id code name } }")
    assert found is not None
    return found


def halves(town: Town, old: Answer, workers: tuple[str, str] = ("grid-worker-1", "grid-worker-2")) -> Answer:
    """The old grid in two, its micro-grids dealt out in turn."""
    settlement, grids = old["code"][:12], list[Answer]()
    for half, worker in enumerate(workers):
        code = f"{settlement}{11 + half:03}"
        mine = [micro for turn, micro in enumerate(old["microGrids"]) if turn % 2 == half]
        micros = [{"code": f"{code}{order:02}", "name": micro["name"], "fromId": micro["id"]} for order, micro in enumerate(mine, 1)]
        new = {"code": code, "name": f"新{half + 1}网格", "branchId": old["branch"]["id"], "succeeds": [old["id"]]}
        grids.append({**new, "workerIds": [town.id_of(worker)], "microGrids": micros})
    return {"oldGridIds": [old["id"]], "grids": grids}


async def served_by(player: Player, town: Town, at: str | None = None) -> Answer:
    document = (
        "query($item: ID!, $home: ID!, $at: DateTime) { "
        "whoServes(itemId: $item, householdId: $home, at: $at) { unit { id } person { id } } }"
    )
    found: Answer = (await player.ask(document, item=town.item("stairwell-lamp"), home=home_of(town, "resident-1"), at=at))["whoServes"]
    return found


async def counts(player: Player, town: Town) -> list[Answer]:
    root = town.planned.parts.units[0].id
    await town.settle()
    found: list[Answer] = (await player.ask(MEASURES, unit=root, **{"from": "2026-11-01", "to": "2026-12-20"}))["measures"]
    return found


async def test_before_a_recut_is_confirmed_the_answer_lists_whom_and_what_it_meets(town: Town) -> None:
    administrator, worker, resident = await town.people("administrator-1", "grid-worker-1", "resident-1")
    matter = await submit(town, resident)
    await register(worker, appVersion="1.4")
    old = await old_grid(administrator, town)

    async with nothing_written(town):
        seen = await look(administrator, halves(town, old))

    assert [each["displayName"] for each in seen["workers"]] == [name_of(town, "grid-worker-1")]
    assert (seen["openTaskCount"], seen["openTaskIds"], seen["householdCount"]) == (1, [matter.task_id], old["householdCount"])
    [phone] = seen["devices"]
    assert phone.pop("worker")["displayName"] == name_of(town, "grid-worker-1")
    assert phone == {"platform": "ANDROID", "appVersion": "1.4", "registeredOn": "2026-11-23", "lastSyncDay": None}


async def test_an_old_task_is_seen_counted_and_finished_by_those_of_the_new_grid(town: Town) -> None:
    administrator, first, second, resident, dispatcher = await town.people(
        "administrator-1", "grid-worker-1", "grid-worker-2", "resident-1", "dispatcher-1"
    )
    matter = await submit(town, resident)
    leader = await town.person("grid-leader-1")
    old = await old_grid(administrator, town)
    before, listed = await counts(dispatcher, town), await in_scope(leader)
    assert await task_of(second, matter) is None
    served = await served_by(resident, town)
    yesterday = town.clock.now.isoformat()
    town.clock.advance(hours=1)

    grids = await cut(administrator, halves(town, old))

    assert await counts(dispatcher, town) == before
    assert await in_scope(leader) == listed
    seen = await task_of(second, matter)
    assert seen is not None
    assert seen["grid"]["id"] == old["id"], "it keeps the grid by which it was routed"
    assert await in_scope(second, {"gridIds": [old["id"]]}) == [matter.task_id]
    assert [grid["succeeds"] for grid in grids] == [[{"id": old["id"], "code": old["code"]}]] * 2
    assert (await node(resident, old["id"], "... on Grid { validTo householdCount }")) == {"validTo": "2026-11-23", "householdCount": 0}

    now = await served_by(resident, town)
    assert now["unit"] == served["unit"]
    assert now["person"]["id"] == town.id_of("grid-worker-1")
    assert await served_by(resident, town, at=yesterday) == served, "the past is answered as it was"

    await bring(town, matter, first, "AWAITING_FOLLOW_UP", checked_by=leader)
    request = await request_of(resident, matter)
    assert request is not None
    assert request["state"] == "ANSWERED"


async def test_a_new_request_goes_to_the_worker_of_the_new_grid(town: Town) -> None:
    administrator, resident, second = await town.people("administrator-1", "resident-1", "grid-worker-2")
    old = await old_grid(administrator, town)
    grids = await cut(administrator, halves(town, old, ("grid-worker-2", "grid-worker-2")))
    matter: Matter = await submit(town, resident)
    task = await task_of(second, matter)
    assert task is not None
    assert task["assignee"]["id"] == town.id_of("grid-worker-2")
    assert task["grid"]["id"] in {grid["id"] for grid in grids}
    assert (await act(second, "acknowledgeTask", matter))["state"] == "ACKNOWLEDGED"
    home = await node(resident, home_of(town, "resident-1"), "... on Household { version residenceGrid { id } }")
    assert home == {"version": 2, "residenceGrid": {"id": task["grid"]["id"]}}


async def test_no_code_comes_back_and_nothing_is_done_that_was_not_looked_at(town: Town) -> None:
    administrator = await town.person("administrator-1")
    old = await old_grid(administrator, town)
    recut = halves(town, old)
    seen = await look(administrator, recut)
    other = {**recut, "grids": [{**recut["grids"][0], "name": "别名"}, recut["grids"][1]]}
    async with nothing_written(town):
        no = await say(administrator, "recutGrids", GRIDS, recut=other, confirmation=seen["confirmation"])
        assert (no["code"], no["field"]) == ("CONFLICT", "confirmation")
    await say(administrator, "renameUnit", "unit { name }", unitId=old["branch"]["id"], name="一号党支部")
    async with nothing_written(town):
        no = await say(administrator, "recutGrids", GRIDS, recut=recut, confirmation=seen["confirmation"])
        assert (no["code"], no["field"]) == ("CONFLICT", "confirmation")
    grids = await cut(administrator, recut)

    again = await old_grid_of(administrator, grids[0]["id"])
    for used in (old["code"], grids[1]["code"]):
        refused = await look(administrator, {"oldGridIds": [again["id"]], "grids": [{**new_of(again), "code": used}]})
        assert (refused["code"], refused["field"]) == ("INVALID_INPUT", "grids.code")


async def test_nobody_but_an_administrator_looks_at_a_recut(town: Town) -> None:
    administrator = await town.person("administrator-1")
    recut = halves(town, await old_grid(administrator, town))
    for handle in ("secretary-2", "dispatcher-1", "grid-leader-1", "resident-1"):
        no = await look(await town.person(handle), recut)
        assert no["code"] == "NOT_ALLOWED", handle
    assert (await look(town.stranger(), recut))["code"] == "SIGN_IN_REQUIRED"


async def test_lists_leave_closed_grids_out_and_the_history_says_what_was_done(town: Town) -> None:
    administrator = await town.person("administrator-1")
    old = await old_grid(administrator, town)
    grids = await cut(administrator, halves(town, old))
    branch = await node(administrator, old["branch"]["id"], "... on OrgUnit { grids { id } }")
    assert branch is not None
    assert {grid["id"] for grid in branch["grids"]} == {grid["id"] for grid in grids}
    shown = "{ organisationHistory(first: 5) { edges { node { version kind by { id } about } } } }"
    history: list[Any] = rows((await administrator.ask(shown))["organisationHistory"])
    assert [(row["version"], row["kind"]) for row in history] == [(2, "recutGrids"), (1, "seed")]
    assert history[0]["about"] == [*(grid["id"] for grid in grids), old["id"]]
    assert history[0]["by"]["id"] == town.id_of("administrator-1")
    assert history[1]["by"] is None


async def old_grid_of(player: Player, id_: str) -> Answer:
    found = await node(player, id_, "... on Grid { id code branch { id } microGrids { id name } }")
    assert found is not None
    return found


def new_of(old: Answer) -> Answer:
    return {"name": "又一网格", "branchId": old["branch"]["id"], "succeeds": [old["id"]]}
