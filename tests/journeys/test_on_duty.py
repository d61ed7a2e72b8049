"""Who is there today: leave and who stands in, whose turn it is, rules that are missing something, places that nobody knows."""

from dataclasses import replace
from datetime import date, timedelta

from domain.calendar import SHANGHAI
from domain.ids import Kind, compose, uuid7
from domain.organisation import OrgUnit, OrgUnitKind
from domain.posts import Absence, Appointment, Duty
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    act,
    home_of,
    nothing_written,
    refused,
    request_of,
    say,
    submit,
    task_of,
    titles,
    to_do,
)
from tests.reorganising import keep


def today(town: Town) -> date:
    return town.clock().astimezone(SHANGHAI).date()


def new_id(town: Town, kind: Kind, number: int) -> str:
    return compose(kind, town.planned.township_code, uuid7(town.clock(), number))


def post_of(town: Town, handle: str) -> Appointment:
    return next(post for post in town.planned.parts.appointments if post.person_id == town.id_of(handle))


def unit_of(town: Town, kind: OrgUnitKind, skill: str | None = None) -> OrgUnit:
    return next(unit for unit in town.planned.parts.units if unit.kind is kind and unit.skill == skill)


async def on_leave(town: Town, handle: str, substitute: str | None = None) -> None:
    """From today on, for a week."""
    stand_in = town.id_of(substitute) if substitute else None
    since, until = today(town), today(town) + timedelta(days=7)
    absence = Absence(new_id(town, Kind.ABSENCE, 1), town.planned.township_code, town.id_of(handle), since, until, stand_in)
    await keep(town.house, town.planned.township_code, absence)


async def asked(town: Town, item: str = "stairwell-lamp", **fields: object) -> Answer:
    """The task of something that resident-1 just asked for, as the dispatcher sees it."""
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    matter = await submit(town, resident, item, **fields)
    task = await task_of(dispatcher, matter)
    assert task is not None
    return task


async def test_whoever_stands_in_gets_it_and_whoever_is_on_leave_hears_nothing(town: Town) -> None:
    await on_leave(town, "grid-worker-1", substitute="grid-worker-2")
    worker, stand_in = await town.people("grid-worker-1", "grid-worker-2")

    task = await asked(town)
    await town.settle()

    assert (task["state"], task["assignee"]["id"], task["owner"]["name"]) == ("ASSIGNED", town.id_of("grid-worker-2"), "第一网格党支部")
    assert (await titles(stand_in), await titles(worker)) == (["新工单"], [])
    assert await to_do(stand_in) == [task["id"]]


async def test_without_a_substitute_the_leader_is_asked_and_the_leave_ends_by_itself(town: Town) -> None:
    await on_leave(town, "grid-worker-1")
    assert (await asked(town))["assignee"]["id"] == town.id_of("grid-leader-1")

    town.clock.advance(days=7)

    assert (await asked(town))["assignee"]["id"] == town.id_of("grid-worker-1")


async def test_nobody_gives_a_task_to_somebody_on_leave_by_hand(town: Town) -> None:
    resident, leader = await town.people("resident-1", "secretary-1")
    matter = await submit(town, resident)
    await on_leave(town, "grid-worker-2")

    async with nothing_written(town):
        refusal = await refused(leader, "assignTask", matter, assigneeId=town.id_of("grid-worker-2"))

    assert (refusal["code"], refusal["field"]) == ("NOT_ALLOWED", "assigneeId")
    assert "请假" in refusal["message"]


async def test_whose_turn_it_is_comes_first_and_the_other_after_the_turn(town: Town) -> None:
    first, second = post_of(town, "grid-worker-1"), post_of(town, "grid-worker-2")
    both = replace(first, id=new_id(town, Kind.APPOINTMENT, 2), person_id=second.person_id, order=900)
    turn = Duty(
        id=new_id(town, Kind.DUTY, 3),
        township=first.township,
        unit_id=first.unit_id,
        person_id=second.person_id,
        since=today(town),
        until=today(town) + timedelta(days=1),
        grid_id=first.grid_id,
    )
    await keep(town.house, first.township, both, turn)

    assert (await asked(town))["assignee"]["id"] == second.person_id
    town.clock.advance(days=1)
    assert (await asked(town))["assignee"]["id"] == first.person_id


async def test_a_rule_that_is_missing_something_alarms_the_committee_and_drops_nothing(town: Town) -> None:
    secretary, dispatcher, administrator = await town.people("secretary-2", "dispatcher-1", "administrator-1")
    closed = replace(unit_of(town, OrgUnitKind.PROFESSIONAL_BRANCH, "property"), valid_to=today(town))
    await keep(town.house, closed.township, closed)

    task = await asked(town, "lift-repair")
    await town.settle()

    assert (task["state"], task["owner"]["name"]) == ("ASSIGNED", "柳湾新村党总支")
    assert (await titles(secretary), await titles(dispatcher)) == (["派单规则缺失"], ["派单规则缺失"])
    assert await titles(administrator) == [], "who keeps the organisation reads of no matter"


async def test_a_rule_that_holds_alarms_nobody(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")
    await asked(town, "lift-repair")
    await town.settle()

    assert await titles(dispatcher) == []


async def test_what_is_about_a_unit_is_looked_into_by_nobody_below_it(town: Town) -> None:
    settlement = unit_of(town, OrgUnitKind.SETTLEMENT_ORG)

    task = await asked(town, aboutUnitId=settlement.id)

    assert task["owner"]["id"] == next(unit.id for unit in town.planned.parts.units if unit.parent_id is None)
    assert task["rule"] == "2"


async def test_whoever_knows_only_the_village_is_taken_in_by_it(town: Town) -> None:
    helper, officer = await town.people("volunteer-1", "village-officer-2")
    village = town.planned.parts.villages[1]
    listed = (await helper.ask("{ villages { id name } }"))["villages"]
    assert {"id": village.id, "name": village.name} in listed

    matter = await submit(town, helper, villageId=village.id)

    task = await task_of(officer, matter)

    assert task is not None
    assert (task["owner"]["id"], task["assignee"]["id"], task["rule"]) == (village.unit_id, town.id_of("village-officer-2"), "4")
    assert (await request_of(helper, matter) or {})["household"] is None


async def test_a_village_that_is_not_there_or_a_second_place_is_refused(town: Town) -> None:
    resident = await town.person("resident-1")
    village = town.planned.parts.villages[0].id
    lamp = {"itemId": town.item("stairwell-lamp"), "text": "灯不亮"}

    async with nothing_written(town):
        unknown = await say(resident, "submitRequest", "request { id }", **lamp, villageId=village[:-6] + "000000")
        both = await say(resident, "submitRequest", "request { id }", **lamp, villageId=village, householdId=home_of(town, "resident-1"))

    assert (unknown["code"], unknown["field"]) == ("NOT_FOUND", "villageId")
    assert (both["code"], both["field"]) == ("INVALID_INPUT", "villageId")


async def test_a_proposed_owner_gets_it_where_the_item_is_theirs(town: Town) -> None:
    resident, worker, dispatcher = await town.people("resident-1", "grid-worker-1", "dispatcher-1")
    matter = await submit(town, resident)
    await act(worker, "returnTask", matter, proposedOwnerId=post_of(town, "grid-worker-2").unit_id)

    task = await act(dispatcher, "decideReturn", matter, approved=True, reason=None)

    assert (task["assignee"]["id"], task["owner"]["name"], task["rule"]) == (town.id_of("grid-worker-2"), "第二网格党支部", "8")


async def test_a_proposed_owner_of_another_kind_is_not_believed(town: Town) -> None:
    resident, worker, dispatcher = await town.people("resident-1", "grid-worker-1", "dispatcher-1")
    matter = await submit(town, resident)
    await act(worker, "returnTask", matter, proposedOwnerId=unit_of(town, OrgUnitKind.SERVICE_CENTRE).id)

    task = await act(dispatcher, "decideReturn", matter, approved=True, reason=None)

    assert (task["assignee"]["id"], task["owner"]["name"]) == (town.id_of("grid-leader-1"), "第一网格党支部")
