"""The organisation changed by people of the cast over a real database: one command, one version, nothing lost."""

from datetime import date
from typing import Any
from uuid import uuid4

from domain.access import Door, key
from domain.errors import RefusalCode
from domain.organisation import Organisation, OrgUnitKind
from domain.pages import PageRequest
from domain.posts import Role
from resolvers import recutting
from resolvers.reorganisation import (
    Appoint,
    CloseUnit,
    CreateUnit,
    EndAppointment,
    EndDuty,
    EndLeave,
    MoveUnit,
    PlanDuty,
    RecordLeave,
    RenameUnit,
    appoint,
    close_unit,
    create_unit,
    end_appointment,
    end_duty,
    end_leave,
    move_unit,
    plan_duty,
    record_leave,
    rename_unit,
)
from resolvers.rota import absences_at, duties_at
from resolvers.tasks import AssignTask, assign_task
from tests.resolvers.conftest import Deeds

MONDAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 27)


async def now(deeds: Deeds) -> Organisation:
    found = await deeds.ports.organisations.of_township(deeds.planned.township_code)
    assert found is not None
    return found


async def test_a_unit_is_made_moved_renamed_and_closed_each_in_a_version_of_its_own(deeds: Deeds) -> None:
    branch, other = deeds.unit("第一网格党支部"), deeds.unit("第二网格党支部")
    sent = CreateUnit(uuid4(), f"{deeds.planned.township_code}6010103", "第三党小组", OrgUnitKind.PARTY_GROUP, branch)
    made = await deeds.do(create_unit, sent, "administrator-1")
    moved = await deeds.do(move_unit, MoveUnit(uuid4(), made.id, other, expected_version=1), "administrator-1")
    named = await deeds.do(rename_unit, RenameUnit(uuid4(), made.id, "新党小组", expected_version=2), "administrator-1")
    closed = await deeds.do(close_unit, CloseUnit(uuid4(), made.id, expected_version=3), "administrator-1")

    assert (made.parent_id, moved.parent_id, named.name, closed.valid_to) == (branch, other, "新党小组", MONDAY)
    assert (await now(deeds)).version == 5
    await deeds.refused(rename_unit, RenameUnit(uuid4(), made.id, "别名"), "administrator-1")
    assert (await now(deeds)).version == 5

    again = await create_unit(sent, by=await deeds.actor("administrator-1"), ports=deeds.ports)
    assert (again.subject, again.is_replay) == (closed, True)
    mismatch = CreateUnit(sent.command_id, sent.code, "别的名称", sent.kind, branch)
    refusal = await deeds.refused(create_unit, mismatch, "administrator-1")
    assert refusal.code is RefusalCode.COMMAND_MISMATCH


async def test_whoever_did_not_sign_in_and_whoever_holds_no_right_changes_nothing(deeds: Deeds) -> None:
    branch = deeds.unit("第一网格党支部")
    sent: list[tuple[Any, Any]] = [
        (rename_unit, RenameUnit(uuid4(), branch, "别名")),
        (close_unit, CloseUnit(uuid4(), branch)),
        (appoint, Appoint(uuid4(), deeds.id_of("resident-2"), Role.GRID_LEADER, branch)),
        (plan_duty, PlanDuty(uuid4(), branch, deeds.id_of("grid-worker-1"), MONDAY, FRIDAY)),
    ]
    for deed, command in sent:
        assert (await deeds.refused(deed, command, "nobody")).code is RefusalCode.SIGN_IN_REQUIRED
        assert (await deeds.refused(deed, command, "resident-1")).code is RefusalCode.NOT_ALLOWED
    assert (await now(deeds)).version == 1


async def test_a_post_opens_tasks_at_the_next_read_and_its_end_closes_them(deeds: Deeds) -> None:
    task = await deeds.lead(await deeds.submit())
    grid = deeds.home("resident-1").residence_grid_id
    sent = Appoint(uuid4(), deeds.id_of("resident-7"), Role.GRID_WORKER, deeds.unit("第一网格党支部"), grid_id=grid)
    post = await deeds.do(appoint, sent, "secretary-1")
    assert [found.id for found in await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("resident-7"))] == [task.id]

    ended = await deeds.do(end_appointment, EndAppointment(uuid4(), post.id), "secretary-1")
    assert ended.until == MONDAY
    assert await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("resident-7")) == []


async def test_leave_and_turns_are_read_by_whoever_plans_them(deeds: Deeds) -> None:
    branch, worker = deeds.unit("第一网格党支部"), deeds.id_of("grid-worker-1")
    away = await deeds.do(record_leave, RecordLeave(uuid4(), worker, MONDAY, FRIDAY, deeds.id_of("grid-leader-1")), "grid-worker-1")
    turn = await deeds.do(plan_duty, PlanDuty(uuid4(), branch, worker, FRIDAY, date(2026, 11, 30)), "grid-leader-1")
    for reader, seen in (("grid-leader-1", 1), ("secretary-1", 1), ("grid-leader-2", 0), ("grid-worker-1", 0), ("resident-1", 0)):
        actor, known = await deeds.actor(reader), await now(deeds)
        assert len(absences_at(known, branch, by=actor, on=MONDAY)) == len(duties_at(known, branch, by=actor, on=MONDAY)) == seen
    assert (await deeds.lead(await deeds.submit())).assignee_id == deeds.id_of("grid-leader-1")

    assert (await deeds.do(end_leave, EndLeave(uuid4(), away.id), "grid-worker-1")) is None, "it had begun today: nothing is left"
    assert (await deeds.do(end_duty, EndDuty(uuid4(), turn.id), "grid-leader-1")) is None
    assert (await deeds.lead(await deeds.submit())).assignee_id == worker


async def test_closing_a_branch_hands_its_open_tasks_to_whoever_took_over(deeds: Deeds) -> None:
    task = await deeds.lead(await deeds.submit())
    branch, successor = deeds.unit("第一网格党支部"), deeds.unit("第二网格党支部")
    seen = await recutting.close_preview(branch, by=await deeds.actor("administrator-1"), ports=deeds.ports)
    assert (seen.open_tasks.count, seen.open_tasks.ids, seen.held.is_to_be_taken_over) == (1, (task.id,), True)
    assert await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("grid-leader-2")) == []

    await deeds.do(close_unit, CloseUnit(uuid4(), branch, successor_id=successor), "administrator-1")

    leader = await deeds.actor("grid-leader-2")
    assert key(Door.UNIT, branch) in leader.keys
    assert await deeds.ports.tasks.by_ids([task.id], seen_by=leader) == [task]
    assert await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("grid-worker-1")) == [task]
    assert await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("grid-leader-1")) == []
    given = await deeds.do(assign_task, AssignTask(uuid4(), task.id, deeds.id_of("grid-worker-2")), "grid-leader-2")
    assert given.assignee_id == deeds.id_of("grid-worker-2")


async def test_the_history_is_read_by_whoever_answers_for_the_unit(deeds: Deeds) -> None:
    branch, village = deeds.unit("第一网格党支部"), next(unit for unit in deeds.planned.parts.units if unit.kind is OrgUnitKind.VILLAGE_ORG)
    await deeds.do(rename_unit, RenameUnit(uuid4(), branch, "一号党支部"), "administrator-1")
    await deeds.do(rename_unit, RenameUnit(uuid4(), village.id, "某村党支部"), "administrator-1")
    kinds = {}
    for reader in ("administrator-1", "secretary-2", "secretary-1", "village-officer-1", "grid-leader-1", "dispatcher-1", "resident-1"):
        page = await recutting.organisation_history(PageRequest(20), by=await deeds.actor(reader), ports=deeds.ports)
        kinds[reader] = [(row.version, row.kind, row.about) for row in page.rows]
    first, second = (2, "renameUnit", (branch,)), (3, "renameUnit", (village.id,))
    assert kinds["administrator-1"] == kinds["secretary-2"] == [second, first, (1, "seed", ())]
    assert (kinds["secretary-1"], kinds["village-officer-1"]) == ([first], [second])
    assert kinds["grid-leader-1"] == kinds["dispatcher-1"] == kinds["resident-1"] == []

    by, ports = await deeds.actor("administrator-1"), deeds.ports
    page = await recutting.organisation_history(PageRequest(1), by=by, ports=ports)
    assert (page.has_next, page.has_previous) == (True, False)
    rest = await recutting.organisation_history(PageRequest(5, after=page.keys[0]), by=by, ports=ports)
    assert [row.version for row in rest.rows] == [2, 1]
    back = await recutting.organisation_history(PageRequest(5, before=rest.keys[-1], is_backward=True), by=by, ports=ports)
    assert [row.version for row in back.rows] == [3, 2]
