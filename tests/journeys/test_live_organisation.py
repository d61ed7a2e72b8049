"""The organisation changed at the desk: posts, leave, links; rights follow at the next read, also within one document."""

from uuid import uuid4

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, home_of, node, nothing_written, raw, say, submit, task_of, to_do

POST = "appointment { id role since until person { id displayName } unit { id } grid { id } microGrid { id } }"
HOME = "household { id version link { since agreedByHousehold member { id } } }"


async def branch_of(town: Town, player: Player) -> Answer:
    home = await node(player, home_of(town, "resident-1"), "... on Household { residenceGrid { id branch { id } } }")
    assert home is not None
    grid: Answer = home["residenceGrid"]
    return grid


async def test_a_new_worker_starts_today_and_an_ended_one_sees_nothing_more(town: Town) -> None:
    administrator, resident, old, new = await town.people("administrator-1", "resident-1", "grid-worker-1", "resident-7")
    grid = await branch_of(town, resident)
    matter = await submit(town, resident)
    await town.settle()
    board = await node(administrator, grid["branch"]["id"], "... on OrgUnit { appointments { id role person { id } } }")
    assert board is not None
    post = next(post for post in board["appointments"] if post["role"] == "GRID_WORKER")

    given = {"personId": town.id_of("resident-7"), "role": "GRID_WORKER", "unitId": grid["branch"]["id"], "gridId": grid["id"]}
    answer = await say(administrator, "appoint", POST, **given)
    assert answer["appointment"]["person"]["id"] == town.id_of("resident-7")
    assert await task_of(new, matter) is not None
    assert await to_do(old) == [matter.task_id]
    ended = await say(administrator, "endAppointment", POST, appointmentId=post["id"])
    assert ended["appointment"]["until"] == "2026-11-23"
    assert await task_of(old, matter) is None
    assert await to_do(old) == []
    assert (await task_of(new, matter) or {})["id"] == matter.task_id


async def test_a_substitute_gets_what_comes_while_somebody_is_away(town: Town) -> None:
    worker, resident, leader = await town.people("grid-worker-1", "resident-1", "grid-leader-1")
    shown = "absence { id since until person { id } substitute { id } }"
    days = {"since": "2026-11-23", "until": "2026-11-26"}
    stand_in = town.id_of("grid-leader-1")
    answer = await say(worker, "recordLeave", shown, personId=town.id_of("grid-worker-1"), substituteId=stand_in, **days)
    assert answer["absence"]["substitute"]["id"] == stand_in
    matter = await submit(town, resident)
    assert await to_do(leader) == [matter.task_id]
    assert await to_do(worker) == []
    grid = await branch_of(town, resident)
    shown = "... on OrgUnit { absences { id } duties { id } }"
    assert await node(leader, grid["branch"]["id"], shown) == {"absences": [{"id": answer["absence"]["id"]}], "duties": []}
    assert await node(worker, grid["branch"]["id"], shown) == {"absences": [], "duties": []}


async def test_a_household_links_itself_and_ends_it_and_the_member_finds_it_no_more(town: Town) -> None:
    resident, member = await town.people("resident-1", "link-member-1")
    home = home_of(town, "resident-1")
    shown = await node(resident, home, "... on Household { link { member { id } } }")
    if shown and shown["link"]:
        await say(resident, "endLink", HOME, householdId=home)
    assert await node(member, home) is None

    answer = await say(resident, "linkHousehold", HOME, householdId=home, memberId=town.id_of("link-member-1"))
    assert answer["household"]["link"]["member"]["id"] == town.id_of("link-member-1")
    assert await node(member, home) == {"__typename": "Household"}
    neighbour = await town.person("resident-2")
    async with nothing_written(town):
        no = await say(neighbour, "endLink", HOME, householdId=home)
        assert (no["code"], no["field"]) == ("NOT_FOUND", "householdId")

    ended = await say(member, "endLink", HOME, householdId=home)
    assert ended["household"] is None, "it is not theirs to find any more"
    assert await node(member, home) is None
    assert (await node(resident, home, "... on Household { link { since } }")) == {"link": None}


async def test_an_administrator_records_an_agreement_and_still_reads_no_home(town: Town) -> None:
    administrator, resident = await town.people("administrator-1", "resident-1")
    home = home_of(town, "resident-1")
    await say(resident, "endLink", HOME, householdId=home)
    agreed = {"agreedOn": "2026-11-20", "agreement": "SIGNED_PAPER"}
    answer = await say(administrator, "linkHousehold", HOME, householdId=home, memberId=town.id_of("link-member-1"), **agreed)
    assert answer == {"household": None}
    assert (await node(resident, home, "... on Household { link { member { id } } }")) == {
        "link": {"member": {"id": town.id_of("link-member-1")}}
    }


async def test_moved_homes_are_found_by_the_staff_of_the_new_grid(town: Town) -> None:
    secretary, old, new = await town.people("secretary-1", "grid-leader-1", "grid-leader-2")
    home, grid = home_of(town, "resident-1"), town.planned.parts.grids[1]
    answer = await say(secretary, "moveHouseholds", "grid { id householdCount }", householdIds=[home], gridId=grid.id)
    assert answer["grid"] == {"id": grid.id, "householdCount": grid.household_count + 1}
    assert await node(old, home) is None
    assert await node(new, home) == {"__typename": "Household"}


async def test_what_one_act_of_a_document_opens_the_next_may_use(town: Town) -> None:
    """A unit is made and moved in one document: the second act sees the first; what is shown is the newest."""
    administrator = await town.person("administrator-1")
    code, parent = f"{town.planned.township_code}6010103", next(u.id for u in town.planned.parts.units if u.name == "第一网格党支部")
    document = (
        "mutation($a: CreateUnitInput!, $b: RenameUnitInput!) { "
        "made: createUnit(input: $a) { ... on CreateUnitPayload { unit { id code parent { id children { code } } } } } "
        "named: renameUnit(input: $b) { ... on RenameUnitPayload { unit { name children { code name } } } } }"
    )
    created = {"commandId": str(uuid4()), "code": code, "name": "第三党小组", "kind": "PARTY_GROUP", "parentId": parent}
    renamed = {"commandId": str(uuid4()), "unitId": parent, "name": "一号党支部"}
    answer = (await raw(administrator, document, a=created, b=renamed))["data"]
    assert code in [child["code"] for child in answer["made"]["unit"]["parent"]["children"]]
    assert {"code": code, "name": "第三党小组"} in answer["named"]["unit"]["children"]
    unit_id = answer["made"]["unit"]["id"]
    closed = await say(administrator, "closeUnit", "unit { validTo }", unitId=unit_id)
    assert closed["unit"]["validTo"] == "2026-11-23"
    shown = await node(administrator, parent, "... on OrgUnit { children { id } }")
    assert shown is not None
    assert unit_id not in [child["id"] for child in shown["children"]]
    found = (await administrator.ask("query($code: String!) { orgUnit(code: $code) { id validTo } }", code=code))["orgUnit"]
    assert found == {"id": unit_id, "validTo": "2026-11-23"}


async def test_before_a_unit_is_closed_the_answer_lists_what_is_open_there(town: Town) -> None:
    administrator, resident, leader = await town.people("administrator-1", "resident-1", "grid-leader-1")
    grid = await branch_of(town, resident)
    matter = await submit(town, resident)
    shown = (
        "query($id: ID!) { closePreview(unitId: $id) { __typename ... on ClosePreview { children { id } grids { id } "
        "appointments { role } openTaskCount openTaskIds successorWanted } ... on Refusal { code } } }"
    )
    seen = (await administrator.ask(shown, id=grid["branch"]["id"]))["closePreview"]
    assert (seen["openTaskCount"], seen["openTaskIds"], seen["successorWanted"]) == (1, [matter.task_id], True)
    assert (len(seen["children"]), seen["grids"]) == (2, [{"id": grid["id"]}])
    assert "GRID_WORKER" in {post["role"] for post in seen["appointments"]}
    assert (await leader.ask(shown, id=grid["branch"]["id"]))["closePreview"] == {"__typename": "Refusal", "code": "NOT_ALLOWED"}
