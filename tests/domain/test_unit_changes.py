"""Units made, moved, renamed and closed by an administrator; what must not happen does not."""

import pytest

from domain.access import Door, actor_of, key
from domain.chains import LEGAL_PARENTS, LEGAL_POSTS
from domain.ids import Kind
from domain.organisation import OVERLAYS, OrgUnit, OrgUnitKind
from domain.post_changes import NewPost, appointed
from domain.posts import Role
from domain.routing import climb
from domain.standings import Standing, standings, verifiers
from domain.unit_changes import NewUnit, closed, created, held, moved, renamed
from tests.domain.cast import asked, everybody, id_of, planned
from tests.domain.editing import TODAY, Desk

CODE = planned().township_code


def new(desk: Desk, parent: str = "第一网格党支部", **fields: object) -> NewUnit:
    given = {"code": f"{CODE}6010103", "name": "第一网格第三党小组", "kind": OrgUnitKind.PARTY_GROUP, **fields}
    return NewUnit(parent_id=desk.unit(parent).id, **given)  # type: ignore[arg-type]  # fields of a test


def create(desk: Desk, by: str = "administrator-1", **fields: object) -> OrgUnit:
    id_ = desk.new_id(Kind.UNIT)
    desk.do(created, id_, new(desk, **fields), by=by)  # type: ignore[arg-type]  # fields of a test
    return desk.now.units[id_]


# ---- what the tables say


def test_the_demo_and_every_seed_of_it_keeps_the_tables() -> None:
    desk = Desk()
    for unit in desk.now.units.values():
        parent = desk.now.units.get(unit.parent_id or "")
        assert parent is None if unit.kind is OrgUnitKind.TOWNSHIP_COMMITTEE else parent and parent.kind in LEGAL_PARENTS[unit.kind]
    for post in desk.now.appointments.values():
        assert desk.now.units[post.unit_id].kind in LEGAL_POSTS[post.role], post


def test_overlays_are_above_nothing_and_every_kind_and_role_has_its_row() -> None:
    assert set(LEGAL_PARENTS) == set(OrgUnitKind)
    assert set(LEGAL_POSTS) == set(Role)
    assert not any(OVERLAYS & parents for parents in LEGAL_PARENTS.values())


# ---- making


def test_a_new_unit_stands_where_it_was_put_from_today() -> None:
    desk = Desk()
    group = create(desk)
    assert (group.valid_from, group.valid_to, group.version) == (TODAY, None, 1)
    assert desk.now.path(group.id)[1].name == "第一网格党支部"


@pytest.mark.parametrize(
    ("fields", "no"),
    [
        ({"kind": OrgUnitKind.GRID_BRANCH}, ("illegal_parent", "parentId")),
        ({"kind": OrgUnitKind.TOWNSHIP_COMMITTEE}, ("illegal_parent", "parentId")),
        ({"code": f"{CODE}60101"}, ("code_used", "code")),
        ({"code": "990909909601"}, ("unit_code", "code")),
        ({"code": CODE}, ("unit_code", "code")),
        ({"code": f"{CODE}6x"}, ("unit_code", "code")),
        ({"code": f"{CODE}６０"}, ("unit_code", "code")),
        ({"name": " "}, ("text_empty", "name")),
        ({"name": "名" * 101}, ("text_too_long", "name")),
        ({"skill": "mediation"}, ("skill_unwanted", "skill")),
        ({"covers": ("nowhere",)}, ("covers_unwanted", "covers")),
        ({"valid_from": TODAY.replace(day=1)}, ("day_over", "validFrom")),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(fields: dict[str, object], no: tuple[str, str]) -> None:
    desk = Desk()
    assert desk.no(created, desk.new_id(Kind.UNIT), new(desk, **fields)) == no  # type: ignore[arg-type]  # fields of a test


@pytest.mark.parametrize("by", ["secretary-2", "dispatcher-1", "grid-leader-1", "resident-1", "privacy-officer-1"])
def test_only_an_administrator_above_changes_units(by: str) -> None:
    desk = Desk()
    group = desk.unit("第一网格第一党小组")
    assert desk.no(created, desk.new_id(Kind.UNIT), new(desk), by=by) == ("not_allowed", "parentId")
    assert desk.no(moved, group.id, desk.unit("第二网格党支部").id, by=by) == ("not_allowed", "unitId")
    assert desk.no(renamed, group.id, "别名", by=by) == ("not_allowed", "unitId")
    assert desk.no(closed, group.id, base_id=desk.new_id(Kind.EVENT), by=by) == ("not_allowed", "unitId")


def test_an_administrator_of_a_settlement_keeps_to_it() -> None:
    desk = Desk()
    settlement = next(unit for unit in desk.now.units.values() if unit.kind is OrgUnitKind.SETTLEMENT_ORG)
    from_above = next(post for post in desk.now.appointments.values() if post.role is Role.ADMINISTRATOR)
    helper = desk.new_id(Kind.APPOINTMENT)
    desk.do(appointed, helper, everybody()["volunteer-1"], NewPost(Role.ADMINISTRATOR, settlement.id))
    assert from_above.unit_id == desk.now.root().id
    assert create(desk, by="volunteer-1").name == "第一网格第三党小组"
    village = next(unit for unit in desk.now.units.values() if unit.kind is OrgUnitKind.VILLAGE_ORG)
    assert desk.no(renamed, village.id, "别名", by="volunteer-1") == ("not_allowed", "unitId")
    assert desk.no(renamed, desk.now.root().id, "别名", by="volunteer-1") == ("not_allowed", "unitId")


def test_what_is_of_another_township_is_not_there() -> None:
    desk = Desk()
    elsewhere = f"unit_990202202_{'1' * 32}"
    assert desk.no(renamed, elsewhere, "别名") == ("not_found", "unitId")
    assert desk.no(moved, desk.unit("第一网格第一党小组").id, elsewhere) == ("not_found", "parentId")


def test_an_overlay_co_ordinates_units_of_the_chains_only() -> None:
    desk = Desk()
    villages = [unit.id for unit in desk.now.units.values() if unit.kind is OrgUnitKind.VILLAGE_ORG][:2]
    wanted = {"code": f"{CODE}95", "name": "示范片区党委", "kind": OrgUnitKind.AREA_COMMITTEE}
    area = desk.new_id(Kind.UNIT)
    desk.do(created, area, NewUnit(parent_id=desk.now.root().id, covers=villages, **wanted))  # type: ignore[arg-type]
    assert desk.now.units[area].covers == tuple(villages)
    wanted["code"] = f"{CODE}96"
    for covers in ([area], [desk.now.root().id]):
        another = NewUnit(parent_id=desk.now.root().id, covers=covers, **wanted)  # type: ignore[arg-type]
        assert desk.no(created, desk.new_id(Kind.UNIT), another) == ("covers_unwanted", "covers")
    assert desk.no(created, desk.new_id(Kind.UNIT), new(desk, "示范片区党委")) == ("illegal_parent", "parentId")


# ---- moving and renaming


def test_a_moved_unit_is_read_by_whoever_leads_it_now_and_remembers_where_it_stood() -> None:
    desk = Desk()
    group, before, after = desk.unit("第一网格第一党小组"), desk.unit("第一网格党支部"), desk.unit("第二网格党支部")
    desk.do(moved, group.id, after.id, expected_version=1)
    now = desk.now.units[group.id]
    assert (now.parent_id, now.former_parent_ids, now.version) == (after.id, (before.id,), 2)
    leader = actor_of(everybody()["grid-leader-2"], desk.now, at=desk.at)
    assert key(Door.UNIT, group.id) in leader.keys
    assert key(Door.UNIT, before.id) not in leader.keys
    assert desk.no(moved, group.id, after.id) == ("stands_there", "parentId")
    assert desk.refused(moved, group.id, before.id, expected_version=1).current == now


def test_a_unit_stands_neither_below_itself_nor_where_its_kind_may_not() -> None:
    desk = Desk()
    branch = desk.unit("第一网格党支部")
    assert desk.no(moved, branch.id, desk.unit("第一网格第一党小组").id) == ("cycle", "parentId")
    assert desk.no(moved, branch.id, branch.id) == ("cycle", "parentId")
    assert desk.no(moved, branch.id, desk.now.root().id) == ("illegal_parent", "parentId")
    assert desk.no(moved, desk.now.root().id, branch.id)[0] == "cycle"


def test_a_renamed_unit_is_the_same_one() -> None:
    desk = Desk()
    branch = desk.unit("第一网格党支部")
    desk.do(renamed, branch.id, "一号党支部", expected_version=1)
    now = desk.now.units[branch.id]
    assert (now.name, now.code, now.version) == ("一号党支部", branch.code, 2)
    assert desk.no(renamed, branch.id, "两\n行") == ("text_control_characters", "name")


# ---- closing


def test_a_unit_with_something_open_below_it_wants_a_successor() -> None:
    desk = Desk()
    branch = desk.unit("第一网格党支部")
    open_ = held(desk.now, branch.id, desk.on)
    assert (len(open_.children), len(open_.grids), open_.is_to_be_taken_over) == (2, 1, True)
    assert desk.no(closed, branch.id, base_id=desk.new_id(Kind.EVENT)) == ("successor_wanted", "successorId")
    for unfit in (branch.id, desk.unit("第一网格第一党小组").id, desk.unit("红色物业党支部").id):
        no = desk.no(closed, branch.id, base_id=desk.new_id(Kind.EVENT), successor_id=unfit)
        assert no == ("successor_unfit", "successorId")
    later = desk.no(
        closed, branch.id, base_id=desk.new_id(Kind.EVENT), successor_id=desk.unit("第二网格党支部").id, valid_to=desk.tomorrow()
    )
    assert later == ("taken_over_today", "validTo")


def test_a_successor_takes_over_groups_grids_workers_and_open_tasks() -> None:
    desk = Desk()
    branch, successor, grid = desk.unit("第一网格党支部"), desk.unit("第二网格党支部"), desk.grid(1)
    desk.do(closed, branch.id, base_id=desk.new_id(Kind.EVENT), successor_id=successor.id)

    assert desk.now.units[branch.id].valid_to == TODAY
    assert not desk.now.units[branch.id].is_valid(TODAY)
    assert desk.now.units[successor.id].succeeds == (branch.id,)
    assert desk.now.grids[grid.id].branch_id == successor.id
    assert {unit.parent_id for unit in desk.now.units.values() if "第一网格第" in unit.name} == {successor.id}
    assert desk.now.posts_at(branch.id, TODAY) == []
    posts = desk.now.posts_of(id_of("grid-worker-1"), TODAY)
    assert [(post.unit_id, post.grid_id, post.role) for post in posts] == [(successor.id, grid.id, Role.GRID_WORKER)]
    assert desk.now.posts_of(id_of("hub-host-1"), TODAY)[0].unit_id == successor.id
    assert desk.now.posts_of(id_of("grid-leader-1"), TODAY) == []
    leader = actor_of(everybody()["grid-leader-2"], desk.now, at=desk.at)
    assert key(Door.UNIT, branch.id) in leader.keys
    assert desk.now.seat(branch.id) == successor.id
    assert desk.no(renamed, branch.id, "别名") == ("unit_closed", "unitId")


def test_what_the_closed_unit_had_to_do_is_checked_and_climbs_at_its_successor() -> None:
    desk = Desk()
    branch, successor, task = desk.unit("第一网格党支部"), desk.unit("第二网格党支部"), asked().tasks[0]
    assert task.owner_id == branch.id
    desk.do(closed, branch.id, base_id=desk.new_id(Kind.EVENT), successor_id=successor.id)
    leader = actor_of(everybody()["grid-leader-2"], desk.now, at=desk.at)
    assert Standing.LEADER in standings(task, leader, at=desk.at)
    assert verifiers(task, desk.now, TODAY) == (id_of("grid-leader-2"),)
    above = climb(desk.now, branch.id, id_of("grid-worker-1"), on=TODAY)
    assert above is not None
    assert (above.unit.id, above.person) == (successor.id, everybody()["grid-leader-2"])
    assert Standing.LEADER not in standings(task, actor_of(everybody()["grid-leader-1"], desk.now, at=desk.at), at=desk.at)


def test_a_unit_with_nothing_below_it_may_close_on_a_later_day() -> None:
    desk = Desk()
    group = desk.unit("第一网格第一党小组")
    desk.do(closed, group.id, base_id=desk.new_id(Kind.EVENT), valid_to=desk.tomorrow(7))
    assert desk.now.units[group.id].is_valid(TODAY)
    assert not desk.now.units[group.id].is_valid(desk.tomorrow(7))
    assert create(desk).code != group.code
    assert desk.no(created, desk.new_id(Kind.UNIT), new(desk, code=group.code)) == ("code_used", "code")


def test_a_village_goes_on_in_its_successor() -> None:
    desk = Desk()
    first, second = (desk.now.units[village.unit_id] for village in list(desk.now.villages.values())[:2])
    assert desk.no(closed, first.id, base_id=desk.new_id(Kind.EVENT)) == ("successor_wanted", "successorId")
    desk.do(closed, first.id, base_id=desk.new_id(Kind.EVENT), successor_id=second.id)
    assert {village.unit_id for village in list(desk.now.villages.values())[:2]} == {second.id}


def test_the_township_stays() -> None:
    desk = Desk()
    assert desk.no(closed, desk.now.root().id, base_id=desk.new_id(Kind.EVENT)) == ("township_stays", "unitId")
