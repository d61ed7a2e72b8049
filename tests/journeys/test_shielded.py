"""A complaint about conduct: the handler reads the matter, nobody reads who asked, and whom it is about never hears of it."""

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    EVENT,
    REQUEST,
    TASK,
    Answer,
    Matter,
    act,
    answer,
    bring,
    history_of,
    home_of,
    in_scope,
    inbox,
    name_of,
    nothing_written,
    pushes,
    refused,
    register,
    request_of,
    rows,
    said_in,
    submit,
    task_of,
)

WORDS = "登记时态度不好，让我跑了三趟。"
EVERYTHING = f"""{{
  requests {{ edges {{ node {{ {REQUEST} history {{ edges {{ node {{ {EVENT} }} }} }} }} }} }}
  tasks {{ edges {{ node {{ {TASK} history {{ edges {{ node {{ {EVENT} }} }} }} }} }} }}
}}"""
OF_GRIDS = """query($grids: [ID!]) {
  requests(filter: { gridIds: $grids }) { edges { node { id } } }
  tasks(filter: { gridIds: $grids }) { edges { node { id } } }
}"""
LISTS = """query($number: String!) {
  request(number: $number) { id }
  requests { edges { node { id } } }
  changes { changed { id } removed }
}"""
HIDDEN = ("household", "address", "location", "submittedBy", "onBehalfOf")


async def complained(town: Town, **fields: object) -> tuple[Player, Player, Matter]:
    """The first resident complains about the worker of the own grid; who has it, and what it is."""
    resident, secretary = await town.people("resident-1", "secretary-1")
    about = {"text": WORDS, "aboutPersonId": town.id_of("grid-worker-1"), "address": "一号楼门口", **fields}
    matter = await submit(town, resident, "staff-conduct", **about)
    await town.settle()
    return resident, secretary, matter


async def test_the_handler_reads_the_matter_and_not_who_asked(town: Town) -> None:
    boundary = town.planned.parts.grids[0].boundary
    assert boundary is not None
    corners = boundary.corners
    point = {"lat": corners[0].lat + 0.001, "lng": corners[0].lng + 0.001}
    _, secretary, matter = await complained(town, location=point, householdId=home_of(town, "resident-1"))

    request, task = await request_of(secretary, matter), await task_of(secretary, matter)

    assert request is not None
    assert task is not None
    assert request["text"] == WORDS
    assert {name: request[name] for name in HIDDEN} == dict.fromkeys(HIDDEN)
    assert (task["grid"], task["assignee"]["id"]) == (None, town.id_of("secretary-1"))
    [event] = await history_of(secretary, matter)
    assert (event["kind"], event["actor"], event["actingFor"]) == ("RequestSubmitted", None, None)
    said = said_in(await secretary.ask(EVERYTHING))
    assert town.id_of("resident-1") not in said
    assert name_of(town, "resident-1") not in said
    assert home_of(town, "resident-1") not in said


async def test_whoever_asked_sees_everything(town: Town) -> None:
    resident, _, matter = await complained(town)

    request = await request_of(resident, matter)

    assert request is not None
    assert (request["text"], request["address"]) == (WORDS, "一号楼门口")
    assert request["submittedBy"]["id"] == town.id_of("resident-1")
    assert request["household"]["id"] == home_of(town, "resident-1")
    assert (await history_of(resident, matter))[0]["actor"]["displayName"] == name_of(town, "resident-1")


async def test_no_list_tells_where_a_complaint_comes_from(town: Town) -> None:
    _, secretary, matter = await complained(town)
    grids = [grid.id for grid in town.planned.parts.grids]

    found = [await secretary.ask(OF_GRIDS, grids=[grid]) for grid in grids]

    assert [rows(answer["requests"]) + rows(answer["tasks"]) for answer in found] == [[]] * len(grids)
    assert await in_scope(secretary) == [matter.task_id]


async def test_whom_it_is_about_never_hears_of_it(town: Town) -> None:
    _, secretary, matter = await complained(town)
    worker = await town.person("grid-worker-1")
    token = await register(worker)
    await bring(town, matter, secretary, "COMPLETED")
    await town.settle()

    assert await in_scope(worker) == []
    assert (await task_of(worker, matter), await request_of(worker, matter)) == (None, None)
    assert await inbox(worker) == []
    assert pushes(town, token) == []
    listed = await worker.ask(LISTS, number=matter.number)
    assert listed == {"request": None, "requests": {"edges": []}, "changes": {"changed": [], "removed": []}}
    async with nothing_written(town):
        assert (await refused(worker, "verifyTask", matter))["code"] == "NOT_FOUND"


async def test_it_is_never_given_to_whom_it_is_about(town: Town) -> None:
    _, secretary, matter = await complained(town)
    worker, leader = await town.people("grid-worker-1", "grid-leader-1")

    async with nothing_written(town):
        refusal = await refused(secretary, "assignTask", matter, assigneeId=town.id_of("grid-worker-1"))
    assert (refusal["code"], refusal["field"]) == ("NOT_ALLOWED", "assigneeId")

    moved = await act(secretary, "assignTask", matter, assigneeId=town.id_of("grid-leader-1"))
    await town.settle()

    assert moved["owner"]["name"] == "第一网格党支部"
    assert (await task_of(worker, matter), await in_scope(worker), await inbox(worker)) == (None, [], [])
    seen = await request_of(leader, matter)
    assert seen is not None
    assert {name: seen[name] for name in HIDDEN} == dict.fromkeys(HIDDEN)
    assert (await task_of(leader, matter) or {})["grid"] is None


async def test_a_complaint_about_the_secretary_goes_to_the_township(town: Town) -> None:
    resident, secretary, dispatcher = await town.people("resident-1", "secretary-1", "dispatcher-1")

    matter = await submit(town, resident, "staff-conduct", text=WORDS, aboutPersonId=town.id_of("secretary-1"))

    task = await task_of(dispatcher, matter)
    assert task is not None
    assert (task["owner"]["name"], task["assignee"]["id"]) == ("柳湾镇党委", town.id_of("dispatcher-1"))
    assert "事项涉及柳湾新村党总支，回避并上报一级。" in task["routedBecause"]
    assert (await task_of(secretary, matter), await in_scope(secretary)) == (None, [])


async def test_a_complaint_about_a_branch_goes_past_all_of_it(town: Town) -> None:
    resident, worker, leader, secretary = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1")
    branch = next(unit.id for unit in town.planned.parts.units if unit.name == "第一网格党支部")

    lamp = await submit(town, resident, "stairwell-lamp", text="报了三次没人来修", aboutUnitId=branch)

    assert await in_scope(secretary) == [lamp.task_id]
    assert (await in_scope(worker), await in_scope(leader)) == ([], [])


async def test_the_reasons_tell_nothing_of_where_it_comes_from(town: Town) -> None:
    resident, secretary, dispatcher = await town.people("resident-1", "secretary-1", "dispatcher-1")
    units = {unit.name: unit.id for unit in town.planned.parts.units}
    branch, settlement = units["第一网格党支部"], units["柳湾新村党总支"]

    lamp = await submit(town, resident, "stairwell-lamp", text="报了三次没人来修", aboutUnitId=branch)
    haircut = await submit(town, resident, "haircut-at-home", text="约了两次没人来", aboutUnitId=settlement)
    of_the_lamp, of_the_haircut = await task_of(secretary, lamp), await task_of(dispatcher, haircut)

    assert of_the_lamp is not None
    assert of_the_haircut is not None
    assert of_the_lamp["routedBecause"][-2:] == ["由柳湾新村党总支负责人承担。", "事项已保密，不显示所在位置。"]
    assert "第一网格" not in said_in(of_the_lamp["routedBecause"]).replace("第一网格党支部", "")  # but for the unit that it is about
    assert "网格" not in said_in(of_the_haircut["routedBecause"])
    assert of_the_haircut["owner"]["name"] == "柳湾镇党委"


async def test_the_last_word_is_heard_without_a_name(town: Town) -> None:
    resident, secretary, matter = await complained(town)
    checker = await town.person("secretary-2")
    await bring(town, matter, secretary, "AWAITING_FOLLOW_UP", checked_by=checker)
    await town.settle()
    assert [notice["title"] for notice in await inbox(resident)] == ["请您评价"]
    town.clock.advance(seconds=1)

    closed = await answer(resident, matter, grade="SATISFIED", words="已经道歉")

    assert closed["state"] == "CLOSED"
    events = await history_of(secretary, matter)
    asked: list[Answer] = [event for event in events if event["kind"] in {"RequestSubmitted", "FollowUpAnswered"}]
    assert [event["actor"] for event in asked] == [None, None]
    assert {event["actor"]["displayName"] for event in events if event not in asked} == {
        name_of(town, "secretary-1"),
        name_of(town, "secretary-2"),
    }


async def test_no_neighbour_is_reported_here(town: Town) -> None:
    resident, elsewhere = await town.people("resident-1", "resident-4")

    for somebody, about in ((resident, "resident-2"), (resident, "link-member-1"), (elsewhere, "hub-host-1"), (resident, "resident-1")):
        async with nothing_written(town):
            fields = {"itemId": town.item("staff-conduct"), "text": WORDS, "aboutPersonId": town.id_of(about)}
            refusal = await somebody.do("submitRequest", "request { id }", **fields)
            assert (refusal.get("code"), refusal.get("field")) == ("NOT_FOUND", "aboutPersonId"), about


async def test_a_complaint_that_names_nobody_is_shielded_all_the_same(town: Town) -> None:
    resident, secretary, dispatcher = await town.people("resident-1", "secretary-1", "dispatcher-1")

    matter = await submit(town, resident, "staff-conduct", text=WORDS)

    for reader in (secretary, dispatcher):
        seen = await request_of(reader, matter)
        assert seen is not None
        assert {name: seen[name] for name in HIDDEN} == dict.fromkeys(HIDDEN)
