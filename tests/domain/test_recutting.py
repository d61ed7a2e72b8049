"""Grids cut anew: nobody is left without a grid, no code is used twice, and nothing is done that was not looked at."""

from dataclasses import replace

import pytest

from domain.access import Door, key
from domain.ids import Kind
from domain.leave_changes import NewDuty, duty_planned
from domain.organisation import Grid, GridKind
from domain.places import GeoPoint
from domain.posts import Role
from domain.recutting import NewGrid, NewMicroGrid, Recut, affected, confirmation_of, recut
from domain.routing import Place, who_serves
from domain.unit_changes import renamed
from tests.domain.cast import id_of, item, planned
from tests.domain.editing import TODAY, Desk
from tests.domain.test_home_changes import figures

HOME = f"{planned().township_code}601"


def halves(desk: Desk, number: int = 1, workers: tuple[str, ...] = ("grid-worker-1", "grid-worker-2"), first: int = 11) -> Recut:
    """A grid cut into two, its micro-grids dealt out in turn."""
    old = desk.grid(number)
    micros = [micro for micro in desk.now.micro_grids_of(old.id) if micro.valid_to is None]
    grids = []
    for place in range(2):
        code = f"{HOME}{first + place:03}"
        parts = [
            NewMicroGrid(f"{code}{order:02}", f"第{order}微网格", micro.id)
            for order, micro in enumerate((micro for turn, micro in enumerate(micros) if turn % 2 == place), 1)
        ]
        grids.append(NewGrid(code, f"新{place}网格", old.branch_id, (old.id,), None, (id_of(workers[place]),), parts))
    return Recut((old.id,), tuple(grids))


def cut(desk: Desk, wanted: Recut, by: str = "administrator-1") -> dict[str, Grid]:
    """It is looked at, and done."""
    homes = desk.homes_in(*wanted.old_ids)
    seen = affected(desk.editor(by), wanted, homes)
    desk.do(recut, wanted, homes, base_id=desk.new_id(Kind.EVENT), confirmation=seen.confirmation, by=by)
    return {grid.code: grid for grid in desk.now.grids.values() if grid.code in {new.code for new in wanted.grids}}


def no(desk: Desk, wanted: Recut, by: str = "administrator-1") -> tuple[str, str | None]:
    confirmation, homes = confirmation_of(desk.now, wanted), desk.homes_in(*wanted.old_ids)
    return desk.no(recut, wanted, homes, base_id=desk.new_id(Kind.EVENT), confirmation=confirmation, by=by)


def with_first(wanted: Recut, **fields: object) -> Recut:
    return replace(wanted, grids=(replace(wanted.grids[0], **fields), *wanted.grids[1:]))  # type: ignore[arg-type]  # fields of a test


def test_what_a_recut_meets_is_told_before_anything_is_done() -> None:
    desk, old = Desk(), Desk().grid(1)
    wanted = halves(desk)
    seen = affected(desk.editor("administrator-1"), wanted, desk.homes_in(old.id))
    assert seen.worker_ids == (id_of("grid-worker-1"),)
    assert seen.household_count == old.household_count > 0
    assert desk.now.grids[old.id] == old


def test_homes_hubs_hosts_and_workers_go_where_they_were_put() -> None:
    desk, old = Desk(), Desk().grid(1)
    homes = desk.homes_in(old.id)
    micro_codes = {micro.id: micro.code for micro in desk.now.micro_grids_of(old.id)}
    new = cut(desk, halves(desk))

    assert (desk.now.grids[old.id].valid_to, desk.now.grids[old.id].household_count) == (TODAY, 0)
    assert sum(grid.household_count for grid in new.values()) == len(homes)
    figures(desk)
    for grid in new.values():
        assert (grid.succeeds, grid.valid_from, grid.branch_id, grid.kind) == ((old.id,), TODAY, old.branch_id, GridKind.GENERAL)
        for micro in desk.now.micro_grids_of(grid.id):
            assert micro.code.startswith(grid.code)
            hub = desk.now.hub_of(micro.id)
            assert hub is not None
            hosts = [post for post in desk.now.posts_of(hub.host_id, TODAY) if post.role is Role.HUB_HOST]
            assert [(post.grid_id, post.micro_grid_id, post.since) for post in hosts] == [(grid.id, micro.id, TODAY)]
    for home in homes:
        now = desk.homes[home.id]
        assert now.residence_grid_id in {grid.id for grid in new.values()}
        assert now.micro_grid_id not in {*micro_codes, None}
        assert (now.link, now.version) == (home.link, home.version + 1)
    workers = {post.person_id: post.grid_id for post in desk.now.posts_at(old.branch_id, TODAY) if post.role is Role.GRID_WORKER}
    assert workers == {id_of("grid-worker-1"): new[f"{HOME}011"].id, id_of("grid-worker-2"): new[f"{HOME}012"].id}
    assert all(micro.valid_to == TODAY for micro in desk.now.micro_grids_of(old.id))


def test_whoever_works_in_a_new_grid_holds_the_old_ones_key_and_is_asked() -> None:
    desk, old, lamp = Desk(), Desk().grid(1), item("stairwell-lamp")
    before = who_serves(desk.now, lamp, lamp.default_scope, Place(grid_id=old.id), on=desk.on)
    new = cut(desk, halves(desk))
    second = cut(desk, halves_of(desk, new[f"{HOME}012"]))
    assert key(Door.GRID, old.id) in desk.editor("grid-worker-3").by.keys
    for grid, worker in ((new[f"{HOME}011"], "grid-worker-1"), (second[f"{HOME}021"], "grid-worker-3")):
        now = who_serves(desk.now, lamp, lamp.default_scope, Place(grid_id=grid.id), on=desk.on)
        assert (now.unit.id, now.person and now.person.id) == (before.unit.id, id_of(worker))
    assert who_serves(desk.now, lamp, lamp.default_scope, Place(grid_id=old.id), on=desk.on).is_broken


def halves_of(desk: Desk, grid: Grid) -> Recut:
    """One grid again, under another code."""
    code = f"{HOME}021"
    parts = [NewMicroGrid(f"{code}{order:02}", micro.name, micro.id) for order, micro in enumerate(desk.now.micro_grids_of(grid.id), 1)]
    return Recut((grid.id,), (NewGrid(code, "又一网格", grid.branch_id, (grid.id,), None, (id_of("grid-worker-3"),), parts),))


def test_turns_for_a_grid_end_with_it() -> None:
    desk, old = Desk(), Desk().grid(1)
    desk.do(duty_planned, "ahead", NewDuty(old.branch_id, id_of("grid-worker-1"), desk.tomorrow(1), desk.tomorrow(2), old.id))
    desk.do(duty_planned, "unit", NewDuty(old.branch_id, id_of("grid-worker-1"), desk.tomorrow(1), desk.tomorrow(2)))
    cut(desk, halves(desk))
    assert set(desk.now.duties) == {"unit"}


def test_homes_named_one_by_one_win_over_their_micro_grid() -> None:
    desk, old = Desk(), Desk().grid(1)
    home = desk.homes_in(old.id)[0]
    wanted = with_first(halves(desk), household_ids=(home.id,))
    new = cut(desk, wanted)
    assert (desk.homes[home.id].residence_grid_id, desk.homes[home.id].micro_grid_id) == (new[f"{HOME}011"].id, None)
    figures(desk)


def test_two_grids_become_one() -> None:
    desk, first, second = Desk(), Desk().grid(1), Desk().grid(2)
    code, micros = f"{HOME}031", [*desk.now.micro_grids_of(first.id), *desk.now.micro_grids_of(second.id)]
    parts = [NewMicroGrid(f"{code}{order:02}", micro.name, micro.id) for order, micro in enumerate(micros, 1)]
    both = (first.id, second.id)
    new = cut(desk, Recut(both, (NewGrid(code, "合并网格", second.branch_id, both, None, (id_of("grid-worker-2"),), parts),)))
    assert new[code].household_count == first.household_count + second.household_count
    assert desk.now.succeeded_by(new[code].id) >= set(both)
    assert desk.now.posts_of(id_of("hub-host-1"), TODAY)[0].unit_id == second.branch_id
    figures(desk)


def test_a_code_that_ever_was_is_never_used_again() -> None:
    desk = Desk()
    old = desk.grid(1)
    cut(desk, halves(desk))
    for used in (old.code, f"{HOME}011", desk.grid(2).code):
        assert no(desk, with_first(halves(desk, 3, first=13), code=used, micro_grids=())) == ("code_used", "grids.code")
    wanted = halves(desk, 3, first=13)
    twice = replace(wanted, grids=(wanted.grids[0], replace(wanted.grids[1], code=wanted.grids[0].code)))
    assert no(desk, twice) == ("code_used", "grids.code")
    parts = [replace(wanted.grids[0].micro_grids[0], code=f"{HOME}01399"), *wanted.grids[0].micro_grids[1:]]
    doubled = with_first(wanted, micro_grids=(*parts, NewMicroGrid(f"{HOME}01399", "重复")))
    assert no(desk, doubled) == ("code_used", "grids.microGrids.code")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": "990101101602011"}, ("grid_code", "grids.code")),
        ({"code": f"{HOME}000"}, ("grid_code", "grids.code")),
        ({"code": f"{HOME}11"}, ("grid_code", "grids.code")),
        ({"name": ""}, ("text_empty", "grids.name")),
        ({"branch_id": "nowhere"}, ("not_found", "grids.branchId")),
        ({"branch_id": "township"}, ("no_branch", "grids.branchId")),
        ({"boundary": (GeoPoint(0, 0), GeoPoint(0, 1))}, ("boundary", "grids.boundary")),
        ({"boundary": (GeoPoint(0, 0), GeoPoint(0, 1), GeoPoint(91, 0))}, ("boundary", "grids.boundary")),
        ({"worker_ids": ("nobody",)}, ("not_found", "grids.workerIds")),
        ({"worker_ids": ("administrator",)}, ("not_oneself", "grids.workerIds")),
        ({"worker_ids": ("resident",)}, ("not_found", "grids.workerIds")),
        ({"micro_grids": ()}, ("home_left_behind", "grids.householdIds")),
        ({"household_ids": ("nowhere",)}, ("not_found", "grids.householdIds")),
        ({"succeeds": ()}, ("succeeds_wanted", "grids.succeeds")),
        ({"succeeds": ("nowhere",)}, ("succeeds_wanted", "grids.succeeds")),
    ],
)
def test_what_cannot_be_is_refused_before_and_after(fields: dict[str, object], expected: tuple[str, str]) -> None:
    desk = Desk()
    names = {"township": desk.now.root().id, "administrator": id_of("administrator-1"), "resident": id_of("resident-1")}
    given = {
        name: names.get(value, value) if isinstance(value, str) else tuple(names.get(part, part) for part in value)  # type: ignore[attr-defined]
        for name, value in fields.items()
    }
    wanted = with_first(halves(desk), **given)
    assert no(desk, wanted) == expected
    assert desk.no(affected, wanted, desk.homes_in(*wanted.old_ids)) == expected


def test_micro_grids_keep_to_their_grid() -> None:
    desk = Desk()
    wanted, other = halves(desk), desk.now.micro_grids_of(desk.grid(2).id)[0]
    part = wanted.grids[0].micro_grids[0]
    assert no(desk, with_first(wanted, micro_grids=(replace(part, code=f"{HOME}01201"),))) == ("micro_grid_code", "grids.microGrids.code")
    assert no(desk, with_first(wanted, micro_grids=(replace(part, from_id=other.id),))) == ("not_found", "grids.microGrids.fromId")
    again = NewMicroGrid(f"{HOME}01150", "又一个", part.from_id)
    assert no(desk, with_first(wanted, micro_grids=(part, again))) == ("not_found", "grids.microGrids.fromId")


@pytest.mark.parametrize("by", ["secretary-1", "secretary-2", "dispatcher-1", "grid-leader-1", "resident-1"])
def test_only_an_administrator_cuts_grids_or_looks_at_it(by: str) -> None:
    desk = Desk()
    wanted = halves(desk)
    assert no(desk, wanted, by) == ("not_allowed", "oldGridIds")
    assert desk.no(affected, wanted, desk.homes_in(*wanted.old_ids), by=by) == ("not_allowed", "oldGridIds")


def test_what_was_not_looked_at_is_not_done() -> None:
    desk = Desk()
    wanted = halves(desk)
    homes = desk.homes_in(*wanted.old_ids)
    seen = affected(desk.editor("administrator-1"), wanted, homes)
    more = {"base_id": desk.new_id(Kind.EVENT), "confirmation": seen.confirmation}
    other = with_first(wanted, name="别名")
    assert desk.no(recut, other, homes, **more) == ("moved_on", "confirmation")
    desk.do(renamed, desk.now.root().id, "改名的党委")
    refusal = desk.refused(recut, wanted, homes, **more)
    assert (refusal.code.value, refusal.field) == ("CONFLICT", "confirmation")


def test_a_closed_grid_is_not_cut_again_and_a_recut_has_a_size() -> None:
    desk, old = Desk(), Desk().grid(1)
    cut(desk, halves(desk))
    again = replace(halves(desk, 3, first=13).grids[0], succeeds=(old.id,))
    assert no(desk, Recut((old.id,), (again,))) == ("grid_closed", "oldGridIds")
    assert no(desk, Recut((), ())) == ("recut_size", "grids")
    assert no(desk, Recut(("nowhere",), (replace(again, succeeds=("nowhere",)),))) == ("not_found", "oldGridIds")


def test_more_homes_than_fit_into_one_step_are_cut_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, old = Desk(), Desk().grid(1)
    monkeypatch.setattr("domain.recutting.MAX_HOMES", old.household_count - 1)
    assert no(desk, halves(desk)) == ("too_many", "oldGridIds")
    monkeypatch.setattr("domain.recutting.MAX_HOMES", old.household_count)
    cut(desk, halves(desk))


def test_dedicated_grids_have_their_own_numbers() -> None:
    desk = Desk()
    wanted = halves(desk)
    code = f"{HOME}801"
    parts = tuple(replace(part, code=f"{code}{order:02}") for order, part in enumerate(wanted.grids[0].micro_grids, 1))
    new = cut(desk, with_first(wanted, code=code, micro_grids=parts, boundary=(GeoPoint(0, 0), GeoPoint(0, 1), GeoPoint(1, 1))))
    assert new[code].kind is GridKind.DEDICATED
    assert new[code].boundary is not None
