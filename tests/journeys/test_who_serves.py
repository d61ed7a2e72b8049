"""Who serves a home or a place, for a matter: what is said is what is done."""

import pytest

from server.demo.main_job import Player
from server.demo.settlement import uid_of
from tests.adapters.stage import OTHER_TOWNSHIP, Stage
from tests.conftest import Town
from tests.journeys.stories import Answer, home_of, in_scope, name_of, node, request_of, say, submit, task_of

SERVED = "unit { name kind } person { displayName } rule because climb { name }"
ABOVE_A_BRANCH = ["柳湾新村党总支", "柳湾镇党委"]

ITEMS = {
    "stairwell-lamp": ("第一网格党支部", "grid-worker-1", "该处属于第一网格。", ABOVE_A_BRANCH),
    "water-leak": ("第一网格党支部", "grid-worker-1", "该处属于第一网格。", ABOVE_A_BRANCH),
    "gas-smell": ("第一网格党支部", "grid-worker-1", "该处属于第一网格。", ABOVE_A_BRANCH),
    "lift-repair": ("红色物业党支部", "provider-worker-1", "该事项由红色物业党支部负责。", ABOVE_A_BRANCH),
    "pension-form": ("柳湾新村综合服务中心", "centre-clerk-1", "政务事项由柳湾新村综合服务中心窗口受理。", ABOVE_A_BRANCH),
    "land-certificate": ("雁落滩村党支部", "village-officer-1", "事项属于迁出村，由雁落滩村办理。", ["柳湾镇党委"]),
    "haircut-at-home": ("第一网格党支部", "hub-host-1", "便民志愿服务由第一网格第一微网格的党员中心户承办。", ABOVE_A_BRANCH),
    "tree-planting": ("志愿服务党支部", "volunteer-1", "该事项由志愿服务党支部负责。", ABOVE_A_BRANCH),
    "staff-conduct": ("柳湾新村党总支", "secretary-1", "由柳湾新村党总支统筹。", ["柳湾镇党委"]),
}
"""For the first resident: the unit, the person, why, and what stands above."""


async def of_home(player: Player, town: Town, home_id: str, item: str, **more: object) -> Answer | None:
    document = (
        "query($home: ID, $item: ID!, $scope: MatterScope, $at: DateTime)"
        f" {{ whoServes(householdId: $home, itemId: $item, scope: $scope, at: $at) {{ {SERVED} }} }}"
    )
    found: Answer | None = (await player.ask(document, home=home_id, item=town.item(item), **more))["whoServes"]
    return found


async def of_place(player: Player, town: Town, point: Answer, item: str) -> Answer | None:
    document = f"query($point: GeoPointInput, $item: ID!) {{ whoServes(point: $point, itemId: $item) {{ {SERVED} }} }}"
    found: Answer | None = (await player.ask(document, point=point, item=town.item(item)))["whoServes"]
    return found


def middle_of(town: Town, grid: int) -> Answer:
    boundary = town.planned.parts.grids[grid - 1].boundary
    assert boundary is not None
    corners = boundary.corners
    return {"lat": sum(corner.lat for corner in corners) / 4, "lng": sum(corner.lng for corner in corners) / 4}


@pytest.mark.parametrize("item", ITEMS)
async def test_each_item_goes_where_it_is_said_to_go(town: Town, item: str) -> None:
    unit, handle, why, above = ITEMS[item]
    resident, server = await town.people("resident-1", handle)
    said = await of_home(resident, town, home_of(town, "resident-1"), item)

    matter = await submit(town, resident, item)

    assert said is not None
    assert (said["unit"]["name"], said["person"]["displayName"]) == (unit, name_of(town, handle))
    assert (said["because"], [step["name"] for step in said["climb"]]) == ([why], above)
    task = await task_of(server, matter)
    assert task is not None
    assert (task["owner"]["name"], task["assignee"]["id"], task["state"]) == (unit, town.id_of(handle), "ASSIGNED")
    assert (task["routedBecause"], task["rule"]) == (said["because"], said["rule"])


async def test_where_there_is_danger_the_number_to_dial_is_shown_and_the_task_is_there(town: Town) -> None:
    resident = await town.person("resident-1")
    items = (await resident.ask("{ serviceItems { code numberToDial deadlineClass } }"))["serviceItems"]

    matter = await submit(town, resident, "gas-smell", text="厨房有燃气味")

    assert {item["code"]: item["numberToDial"] for item in items if item["numberToDial"]} == {"gas-smell": "119"}
    assert (await request_of(resident, matter) or {})["promiseDueAt"] == "2026-11-23T04:00:00.000Z"


async def test_a_matter_of_the_village_left_concerns_that_village_alone(town: Town) -> None:
    resident, officer, other, worker, secretary = await town.people(
        "resident-1", "village-officer-1", "village-officer-2", "grid-worker-1", "secretary-1"
    )

    land = await submit(town, resident, "land-certificate", text="补一份承包地证明")
    share = await submit(town, resident, "stairwell-lamp", scope="ORIGIN_VILLAGE", text="老村集体房屋的灯")

    assert sorted(await in_scope(officer)) == sorted([land.task_id, share.task_id])
    for somebody in (other, worker, secretary):
        assert await in_scope(somebody) == []
    seen = await request_of(officer, land)
    assert seen is not None
    assert seen["household"]["id"] == home_of(town, "resident-1")


async def test_the_second_resident_left_another_village(town: Town) -> None:
    resident = await town.person("resident-2")

    said = await of_home(resident, town, home_of(town, "resident-2"), "land-certificate")
    here = await of_home(resident, town, home_of(town, "resident-2"), "land-certificate", scope="RESIDENCE")

    assert said is not None
    assert here is not None
    assert (said["unit"]["name"], here["unit"]["name"]) == ("槐树荫村党支部", "柳湾新村综合服务中心")


async def test_a_neighbours_home_is_nobody_elses_business(town: Town) -> None:
    home = home_of(town, "resident-1")

    for handle in ("resident-2", "resident-4", "grid-worker-2", "administrator-1", "privacy-officer-1", "volunteer-1"):
        assert await of_home(await town.person(handle), town, home, "stairwell-lamp") is None, handle
    assert await of_home(town.stranger(), town, home, "stairwell-lamp") is None
    for handle in ("grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1", "link-member-1"):
        assert await of_home(await town.person(handle), town, home, "stairwell-lamp") is not None, handle


async def test_anybody_learns_who_serves_a_place_by_the_notice_board(town: Town) -> None:
    stranger = town.stranger()

    lamp = await of_place(stranger, town, middle_of(town, 2), "stairwell-lamp")
    haircut = await of_place(stranger, town, middle_of(town, 1), "haircut-at-home")

    assert lamp is not None
    assert (lamp["unit"]["name"], lamp["person"]["displayName"]) == ("第二网格党支部", name_of(town, "grid-worker-2"))
    assert haircut is not None
    assert haircut["person"]["displayName"] == name_of(town, "grid-worker-1")  # never a host's name
    for outside in ({"lat": 35.3, "lng": 115.5}, {"lat": 91.0, "lng": 0.0}, {"lat": 0.0, "lng": 0.0}):
        assert await of_place(stranger, town, outside, "stairwell-lamp") is None


async def test_a_past_answer_for_another_township_does_not_pass_for_its_present(town: Town) -> None:
    administrator, reader = await town.people("administrator-1", "resident-1")
    await Stage(town.house, town.planned, town.clock).plant_other()
    nowhere = {"type": "Polygon", "coordinates": [[[10, 10], [11, 10], [11, 11], [10, 10]]]}
    await town.house.mongo.collection("townships").update_one({"_id": OTHER_TOWNSHIP}, {"$set": {"area": nowhere}})
    document = (
        "query($point: GeoPointInput, $item: ID!, $at: DateTime) "
        "{ whoServes(point: $point, itemId: $item, at: $at) { unit { name parent { id name } } } }"
    )
    place = {"point": middle_of(town, 1), "item": town.item("stairwell-lamp")}
    town.clock.advance(minutes=10)
    before, past = (await reader.ask(document, **place))["whoServes"]["unit"], town.clock.now.isoformat()
    town.clock.advance(minutes=10)
    for unit_id in (town.planned.parts.grids[0].branch_id, before["parent"]["id"]):
        await say(administrator, "renameUnit", "unit { id }", unitId=unit_id, name="新名")

    other = await town.house.mongo.collection("accounts").find_one({"_id": "other-resident-1"}, {"_id": 0})
    await town.house.mongo.collection("accounts").replace_one({"_id": uid_of("resident-1")}, other or {})
    now = (await reader.ask(document, **place))["whoServes"]["unit"]
    then = (await reader.ask(document, **place, at=past))["whoServes"]["unit"]

    assert (now["name"], now["parent"]["name"]) == ("新名", "新名")
    assert (then["name"], then["parent"]["name"]) == (before["name"], "新名"), "the unit as it was, and what stands around it as it is"


async def test_hosts_and_link_members_are_shown_to_whom_they_serve(town: Town) -> None:
    resident, leader, elsewhere = await town.people("resident-1", "grid-leader-1", "resident-4")
    board = "... on Grid { branch { appointments { role } } microGrids { hub { host { displayName } } } }"
    grid = town.planned.parts.grids[0].id

    for volunteer in (town.id_of("hub-host-1"), town.id_of("link-member-1")):
        assert await node(resident, volunteer) == await node(leader, volunteer) == {"__typename": "Person"}
        assert (await node(elsewhere, volunteer), await node(town.stranger(), volunteer)) == (None, None)
    assert await node(town.stranger(), grid, board) is None
    read = await node(elsewhere, grid, board)
    assert read is not None
    assert {post["role"] for post in read["branch"]["appointments"]} == {"GRID_WORKER", "GRID_LEADER"}
    assert [micro["hub"] for micro in read["microGrids"]] == [None] * len(read["microGrids"])


async def test_the_worker_knows_the_hosts_and_link_members_of_the_own_grid(town: Town) -> None:
    here, there = await town.people("grid-worker-1", "grid-worker-2")

    for volunteer in (town.id_of("hub-host-1"), town.id_of("link-member-1")):
        assert await node(here, volunteer) == {"__typename": "Person"}
        assert await node(there, volunteer) is None


async def test_a_lamp_on_the_street_goes_to_the_grid_where_it_stands(town: Town) -> None:
    resident, here, there = await town.people("resident-1", "grid-worker-1", "grid-worker-3")

    matter = await submit(town, resident, location=middle_of(town, 3), address="三网格东门路灯")

    assert (await in_scope(here), await in_scope(there)) == ([], [matter.task_id])
    request = await request_of(there, matter)
    assert request is not None
    assert (request["address"], request["location"]) == ("三网格东门路灯", middle_of(town, 3))
    assert (request["household"], request["submittedBy"]["id"]) == (None, town.id_of("resident-1"))
