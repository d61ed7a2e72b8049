"""Whatever legal changes come one after another: one township at the top, no cycles, no code twice, and somebody always answers."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.chains import BRANCHES, LEGAL_PARENTS, LEGAL_POSTS
from domain.errors import Refused
from domain.home_changes import NewLink, homes_moved, linked, unlinked
from domain.households import Agreement
from domain.ids import Kind
from domain.items import MatterScope
from domain.leave_changes import NewDuty, NewLeave, duty_planned, leave_recorded
from domain.organisation import OVERLAYS, OrgUnitKind
from domain.post_changes import NewPost, appointed, ended_post
from domain.posts import Role
from domain.recutting import NewGrid, NewMicroGrid, Recut, confirmation_of, recut
from domain.routing import Place, who_serves
from domain.unit_changes import NewUnit, closed, created, moved, renamed
from tests.domain.cast import everybody, planned
from tests.domain.editing import Desk
from tests.domain.test_home_changes import figures

EDITORS = ("administrator-1", "secretary-2", "secretary-1", "grid-leader-1", "grid-worker-1", "resident-1")
Step = Callable[[Desk, st.DataObject], None]


def _one(data: st.DataObject, values: Iterable[str]) -> str:
    drawn: str = data.draw(st.sampled_from(sorted(values)))
    return drawn


def _editor(data: st.DataObject) -> str:
    by: str = data.draw(st.sampled_from(EDITORS[:1] * 6 + EDITORS))
    return by


def create(desk: Desk, data: st.DataObject) -> None:
    code = f"{planned().township_code}{data.draw(st.sampled_from(['601', '201', '7']))}{data.draw(st.integers(0, 99)):02}"
    parent = _one(data, desk.now.units)
    legal = [kind for kind, parents in LEGAL_PARENTS.items() if desk.now.units[parent].kind in parents]
    kind = data.draw(st.sampled_from(legal * 3 + list(OrgUnitKind)))
    desk.do(created, desk.new_id(Kind.UNIT), NewUnit(code, "新组织", kind, parent), by=_editor(data))


def move(desk: Desk, data: st.DataObject) -> None:
    desk.do(moved, _one(data, desk.now.units), _one(data, desk.now.units), by=_editor(data))


def rename(desk: Desk, data: st.DataObject) -> None:
    desk.do(renamed, _one(data, desk.now.units), "改名", by=_editor(data))


def close(desk: Desk, data: st.DataObject) -> None:
    successor = data.draw(st.none() | st.sampled_from(sorted(desk.now.units)))
    desk.do(closed, _one(data, desk.now.units), base_id=desk.new_id(Kind.EVENT), successor_id=successor, by=_editor(data))


def appoint(desk: Desk, data: st.DataObject) -> None:
    person, grid = everybody()[_one(data, everybody())], desk.now.grids[_one(data, desk.now.grids)]
    role, micros = data.draw(st.sampled_from(Role)), sorted(micro.id for micro in desk.now.micro_grids_of(grid.id))
    needs_micro = role in {Role.HUB_HOST, Role.LINK_MEMBER} and micros
    unit = grid.branch_id if role in {Role.GRID_WORKER, Role.HUB_HOST, Role.LINK_MEMBER} else _one(data, desk.now.units)
    grid_id = grid.id if role is Role.GRID_WORKER else None
    wanted = NewPost(role, unit, grid_id, data.draw(st.sampled_from(micros)) if needs_micro else None)
    desk.do(appointed, desk.new_id(Kind.APPOINTMENT), person, wanted, desk.homes_in(grid.id), by=_editor(data))


def end(desk: Desk, data: st.DataObject) -> None:
    desk.do(ended_post, _one(data, desk.now.appointments), by=_editor(data))


def leave(desk: Desk, data: st.DataObject) -> None:
    days = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 5))
    people = sorted({post.person_id for post in desk.now.appointments.values()})
    stand_in = data.draw(st.none() | st.sampled_from(people))
    wanted = NewLeave(_one(data, people), desk.tomorrow(days[0]), desk.tomorrow(days[0] + days[1]), stand_in)
    desk.do(leave_recorded, desk.new_id(Kind.ABSENCE), wanted, by=_editor(data))


def duty(desk: Desk, data: st.DataObject) -> None:
    person = _one(data, {post.person_id for post in desk.now.appointments.values()})
    wanted = NewDuty(_one(data, desk.now.units), person, desk.on, desk.tomorrow(2))
    desk.do(duty_planned, desk.new_id(Kind.DUTY), wanted, by=_editor(data))


def move_homes(desk: Desk, data: st.DataObject) -> None:
    ids, grid = data.draw(st.lists(st.sampled_from(sorted(desk.homes)), min_size=1, max_size=5)), _one(data, desk.now.grids)
    desk.do(homes_moved, ids, grid, None, [*desk.around(*ids), *desk.homes_in(grid)], by=_editor(data))


def link(desk: Desk, data: st.DataObject) -> None:
    home = desk.homes[_one(data, [home.id for home in desk.homes.values() if home.link is None] or desk.homes)]
    posts = [post for post in desk.now.appointments.values() if post.role is Role.LINK_MEMBER]
    members = [post.person_id for post in posts if post.grid_id == home.residence_grid_id] or [post.person_id for post in posts]
    member = _one(data, members)
    wanted = NewLink(home.id, member, desk.on, Agreement.SPOKEN)
    desk.do(linked, wanted, desk.around(home.id, members=[member]))


def end_link(desk: Desk, data: st.DataObject) -> None:
    id_ = _one(data, [home.id for home in desk.homes.values() if home.link] or desk.homes)
    desk.do(unlinked, id_, desk.around(id_), by=_editor(data))


def cut(desk: Desk, data: st.DataObject) -> None:
    old = data.draw(st.lists(st.sampled_from(sorted(desk.now.grids)), min_size=1, max_size=2, unique=True))
    settlement = f"{planned().township_code}601"
    code = f"{settlement}{data.draw(st.integers(1, 40)):03}"
    branch = data.draw(st.sampled_from([desk.now.grids[old[0]].branch_id, *sorted(desk.now.units)]))
    micros = [micro for id_ in old for micro in desk.now.micro_grids_of(id_) if micro.valid_to is None]
    parts = [NewMicroGrid(f"{code}{order:02}", micro.name, micro.id) for order, micro in enumerate(micros, 1)]
    loose = [home.id for home in desk.homes_in(*old) if home.micro_grid_id is None]
    workers = {_one(data, desk.now.holders)}
    wanted = Recut(old, (NewGrid(code, "新网格", branch, old, None, tuple(workers), parts, loose),))
    confirmation = confirmation_of(desk.now, wanted)
    desk.do(recut, wanted, desk.homes_in(*old), base_id=desk.new_id(Kind.EVENT), confirmation=confirmation, by=_editor(data))


def wait(desk: Desk, data: st.DataObject) -> None:
    desk.at += timedelta(days=data.draw(st.integers(1, 3)))


STEPS: tuple[Step, ...] = (create, move, rename, close, appoint, end, leave, duty, move_homes, end_link, link, cut, cut, wait)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_whatever_is_changed_the_township_holds_together(data: st.DataObject) -> None:
    desk = Desk()
    desk_codes = {unit.id: unit.code for unit in desk.now.units.values()} | {grid.id: grid.code for grid in desk.now.grids.values()}
    for _ in range(data.draw(st.integers(1, 12))):
        step, before = data.draw(st.sampled_from(STEPS)), desk.now
        try:
            step(desk, data)
        except Refused:
            assert desk.now is before
        codes = [(thing.id, thing.code) for thing in desk.now.units.values()] + [
            (thing.id, thing.code) for thing in desk.now.grids.values()
        ]
        for id_, code in codes:
            assert desk_codes.setdefault(id_, code) == code, "a code stays with its thing"
        assert len(set(desk_codes.values())) == len(desk_codes), "no code is used twice"
        assert before.units.keys() <= desk.now.units.keys(), "what is closed stays in the books"
        assert before.grids.keys() <= desk.now.grids.keys()
        stands(desk)
        answers(desk, data)


def stands(desk: Desk) -> None:
    now = desk.now
    assert [unit.kind for unit in now.units.values() if unit.parent_id is None] == [OrgUnitKind.TOWNSHIP_COMMITTEE]
    for unit in now.units.values():
        path = now.path(unit.id)
        assert path[-1].id == now.root().id, "no cycle, nobody adrift"
        if unit.parent_id is not None:
            parent = now.units[unit.parent_id]
            assert parent.kind in LEGAL_PARENTS[unit.kind]
            assert unit.valid_to is not None or parent.valid_to is None, "nothing open below what is closed"
        assert unit.kind in OVERLAYS or not unit.covers
    for grid in now.grids.values():
        branch = now.units[grid.branch_id]
        assert branch.kind in BRANCHES
        assert grid.valid_to is not None or branch.valid_to is None
    assert all(now.units[post.unit_id].kind in LEGAL_POSTS[post.role] for post in now.appointments.values())
    assert all(now.grids[home.residence_grid_id].valid_to is None for home in desk.homes.values()), "no home in a grid that is over"
    assert any(post.role is Role.ADMINISTRATOR for post in now.appointments.values() if post.is_live(desk.on))
    figures(desk)


def answers(desk: Desk, data: st.DataObject) -> None:
    """Exactly one unit, open and no overlay, for a request from any home, about any item."""
    home, wanted = desk.homes[_one(data, desk.homes)], data.draw(st.sampled_from(planned().items))
    place = Place(home.residence_grid_id, home.micro_grid_id, home.origin_village_id)
    for scope in MatterScope:
        service = who_serves(desk.now, wanted, scope, place, on=desk.on)
        assert service.unit.is_valid(desk.on)
        assert service.unit.kind not in OVERLAYS
        assert service.because
        if service.person is not None:
            assert desk.now.posts_of(service.person.id, desk.on)
