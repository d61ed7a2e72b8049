"""Posts given and ended, leave with a substitute, turns on the rota."""

from typing import Any

import pytest

from domain.ids import Kind
from domain.leave_changes import NewDuty, NewLeave, duty_ended, duty_planned, leave_ended, leave_recorded
from domain.organisation import Organisation, OrgUnitKind
from domain.people import Person
from domain.post_changes import NewPost, appointed, ended_post
from domain.posts import Appointment, Role
from domain.routing import Place, who_serves
from tests.domain.cast import everybody, id_of, item
from tests.domain.editing import TODAY, Desk


def post_of(desk: Desk, handle: str) -> Appointment:
    return next(post for post in desk.now.appointments.values() if post.person_id == id_of(handle))


def give(desk: Desk, handle: str, role: Role, unit_id: str, by: str = "administrator-1", **where: Any) -> Appointment:
    id_ = desk.new_id(Kind.APPOINTMENT)
    desk.do(appointed, id_, everybody()[handle], NewPost(role, unit_id, **where), by=by)
    return desk.now.appointments[id_]


def no(desk: Desk, handle: str, role: Role, unit_id: str, by: str = "administrator-1", **where: Any) -> tuple[str, str | None]:
    person: Person | None = everybody().get(handle)
    return desk.no(appointed, desk.new_id(Kind.APPOINTMENT), person, NewPost(role, unit_id, **where), by=by)


def served_by(now: Organisation, desk: Desk, number: int) -> Person | None:
    lamp = item("stairwell-lamp")
    return who_serves(now, lamp, lamp.default_scope, Place(grid_id=desk.grid(number).id), on=desk.on).person


# ---- giving


def test_a_worker_is_appointed_for_a_grid_and_serves_it_once_the_post_before_has_ended() -> None:
    desk, grid = Desk(), Desk().grid(1)
    desk.do(ended_post, post_of(desk, "grid-worker-1").id)
    assert served_by(desk.now, desk, 1) == everybody()["grid-leader-1"]
    post = give(desk, "resident-5", Role.GRID_WORKER, grid.branch_id, grid_id=grid.id)
    assert (post.since, post.until, post.grid_id, post.micro_grid_id) == (TODAY, None, grid.id, None)
    assert served_by(desk.now, desk, 1) == everybody()["resident-5"]


def test_a_secretary_appoints_below_but_neither_the_desk_nor_another_of_the_own_unit() -> None:
    desk = Desk()
    settlement = next(unit for unit in desk.now.units.values() if unit.kind is OrgUnitKind.SETTLEMENT_ORG)
    township, branch = desk.now.root().id, desk.unit("第一网格党支部").id
    assert give(desk, "resident-5", Role.GRID_LEADER, branch, by="secretary-1").role is Role.GRID_LEADER
    assert give(desk, "resident-5", Role.SECRETARY, branch, by="secretary-1").role is Role.SECRETARY
    assert no(desk, "resident-5", Role.SECRETARY, settlement.id, by="secretary-1") == ("not_allowed", "unitId")
    assert no(desk, "resident-5", Role.ADMINISTRATOR, settlement.id, by="secretary-1") == ("not_allowed", "unitId")
    assert give(desk, "resident-5", Role.SECRETARY, settlement.id, by="secretary-2").role is Role.SECRETARY
    for role in (Role.DISPATCHER, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR, Role.SECRETARY):
        assert no(desk, "resident-5", role, township, by="secretary-2") == ("not_allowed", "unitId")
        assert give(desk, "resident-6", role, township).unit_id == township
    for by in ("secretary-1", "grid-leader-1", "dispatcher-1", "resident-1", "privacy-officer-1"):
        assert no(desk, "resident-5", Role.SECRETARY, township, by=by) == ("not_allowed", "unitId")


def test_nobody_gives_a_post_to_oneself() -> None:
    """An administrator who became a secretary would read what administrators never see."""
    desk = Desk()
    assert no(desk, "administrator-1", Role.SECRETARY, desk.now.root().id) == ("not_oneself", "personId")


def test_a_post_is_held_where_its_role_can_be() -> None:
    desk, branch, grid = Desk(), Desk().unit("第一网格党支部").id, Desk().grid(1)
    other, micro = desk.grid(2), desk.now.micro_grids_of(grid.id)[0]
    township = desk.now.root().id
    assert no(desk, "resident-5", Role.GRID_WORKER, township) == ("role_elsewhere", "role")
    assert no(desk, "resident-5", Role.RESIDENT, branch) == ("role_elsewhere", "role")
    assert no(desk, "resident-5", Role.CENTRE_CLERK, branch) == ("role_elsewhere", "role")
    assert no(desk, "resident-5", Role.GRID_WORKER, branch) == ("grid_wanted", "gridId")
    assert no(desk, "resident-5", Role.GRID_WORKER, branch, grid_id=other.id) == ("grid_elsewhere", "gridId")
    assert no(desk, "resident-5", Role.GRID_WORKER, branch, grid_id="nowhere") == ("not_found", "gridId")
    assert no(desk, "resident-5", Role.GRID_LEADER, branch, grid_id=grid.id) == ("place_unwanted", "gridId")
    assert no(desk, "resident-5", Role.LINK_MEMBER, branch) == ("micro_grid_wanted", "microGridId")
    assert no(desk, "resident-5", Role.LINK_MEMBER, branch, micro_grid_id="nowhere") == ("not_found", "microGridId")
    assert no(desk, "resident-5", Role.GRID_WORKER, branch, grid_id=grid.id, micro_grid_id=micro.id) == ("place_unwanted", "microGridId")
    assert no(desk, "nobody-known", Role.GRID_LEADER, branch) == ("not_found", "personId")
    member = give(desk, "resident-5", Role.LINK_MEMBER, branch, micro_grid_id=micro.id)
    assert (member.grid_id, member.micro_grid_id) == (grid.id, micro.id)


def test_a_post_is_held_once_at_a_time_and_may_be_planned_ahead() -> None:
    desk, branch = Desk(), Desk().unit("第一网格党支部").id
    give(desk, "resident-5", Role.GRID_LEADER, branch, until=desk.tomorrow(10))
    assert no(desk, "resident-5", Role.GRID_LEADER, branch, since=desk.tomorrow(9)) == ("holds_it_already", "personId")
    later = give(desk, "resident-5", Role.GRID_LEADER, branch, since=desk.tomorrow(10))
    assert not later.is_live(TODAY)
    assert no(desk, "resident-6", Role.GRID_LEADER, branch, since=desk.tomorrow(-1)) == ("day_over", "since")
    assert no(desk, "resident-6", Role.GRID_LEADER, branch, until=TODAY) == ("days_reversed", "until")


def test_a_new_host_gets_the_hub_once_the_old_one_has_gone() -> None:
    desk, branch = Desk(), Desk().unit("第一网格党支部").id
    old = post_of(desk, "hub-host-1")
    micro = old.micro_grid_id or ""
    assert no(desk, "resident-5", Role.HUB_HOST, branch, micro_grid_id=micro) == ("hub_is_hosted", "microGridId")
    desk.do(ended_post, old.id)
    give(desk, "resident-5", Role.HUB_HOST, branch, micro_grid_id=micro)
    hub = desk.now.hub_of(micro)
    assert hub is not None
    assert hub.host_id == id_of("resident-5")


# ---- ending


def test_an_ended_post_is_over_that_day_and_stays_in_the_books() -> None:
    desk, post = Desk(), post_of(Desk(), "grid-worker-1")
    desk.do(ended_post, post.id, until=desk.tomorrow(3))
    assert desk.now.posts_of(post.person_id, desk.tomorrow(2)) != []
    assert desk.now.posts_of(post.person_id, desk.tomorrow(3)) == []
    assert desk.no(ended_post, post.id, until=desk.tomorrow(3)) == ("ended_already", "appointmentId")
    desk.do(ended_post, post.id)
    assert desk.now.appointments[post.id].until == TODAY
    assert desk.no(ended_post, "nowhere") == ("not_found", "appointmentId")
    planned = give(desk, "resident-5", Role.GRID_LEADER, post.unit_id, since=desk.tomorrow(5))
    desk.do(ended_post, planned.id)
    assert not any(desk.now.appointments[planned.id].is_live(desk.tomorrow(day)) for day in range(10))


def test_the_last_administrator_of_a_township_stays() -> None:
    desk, post = Desk(), post_of(Desk(), "administrator-1")
    assert desk.no(ended_post, post.id) == ("last_administrator", "appointmentId")
    give(desk, "resident-5", Role.ADMINISTRATOR, desk.now.root().id, until=desk.tomorrow(9))
    assert desk.no(ended_post, post.id) == ("last_administrator", "appointmentId")
    give(desk, "resident-6", Role.ADMINISTRATOR, desk.now.root().id)
    desk.do(ended_post, post.id)
    assert desk.no(ended_post, post_of(desk, "secretary-1").id) == ("not_allowed", "appointmentId"), "the right went with the post"


@pytest.mark.parametrize(
    ("by", "of", "expected"),
    [
        ("secretary-1", "grid-leader-1", None),
        ("secretary-1", "secretary-1", "not_allowed"),
        ("secretary-1", "village-officer-1", "not_allowed"),
        ("secretary-2", "administrator-1", "not_allowed"),
        ("secretary-2", "secretary-1", None),
        ("grid-leader-1", "grid-worker-1", "not_allowed"),
        ("grid-leader-1", "hub-host-28", "not_found"),
        ("resident-1", "hub-host-28", "not_found"),
        ("resident-1", "hub-host-1", "not_allowed"),
    ],
)
def test_who_may_end_whose_post(by: str, of: str, expected: str | None) -> None:
    """A host of another grid is nobody whom a resident knows: there is no such post."""
    desk, post = Desk(), post_of(Desk(), of)
    if expected is None:
        desk.do(ended_post, post.id, by=by)
    else:
        assert desk.no(ended_post, post.id, by=by) == (expected, "appointmentId")


# ---- leave


def leave(desk: Desk, who: str = "grid-worker-1", stand_in: str | None = "grid-leader-1", days: tuple[int, int] = (0, 3)) -> NewLeave:
    return NewLeave(id_of(who), desk.tomorrow(days[0]), desk.tomorrow(days[1]), id_of(stand_in) if stand_in else None)


@pytest.mark.parametrize("by", ["grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1", "administrator-1"])
def test_leave_is_recorded_by_oneself_or_above_and_the_substitute_is_asked(by: str) -> None:
    desk = Desk()
    desk.do(leave_recorded, desk.new_id(Kind.ABSENCE), leave(desk), by=by)
    assert served_by(desk.now, desk, 1) == everybody()["grid-leader-1"]


@pytest.mark.parametrize(
    ("by", "who", "expected"),
    [
        ("grid-worker-2", "grid-worker-1", "not_allowed"),
        ("grid-leader-2", "grid-worker-1", "not_allowed"),
        ("resident-1", "grid-worker-1", "not_allowed"),
        ("resident-1", "hub-host-28", "not_found"),
        ("resident-1", "resident-2", "not_found"),
        ("resident-1", "resident-1", "not_found"),
        ("grid-leader-1", "resident-2", "not_found"),
    ],
)
def test_others_record_no_leave_and_learn_nothing(by: str, who: str, expected: str) -> None:
    desk = Desk()
    assert desk.no(leave_recorded, desk.new_id(Kind.ABSENCE), leave(desk, who), by=by) == (expected, "personId")


def test_leave_has_days_to_come_a_substitute_who_is_there_and_no_other_leave_beside_it() -> None:
    desk = Desk()
    record = (leave_recorded, "leave")
    assert desk.no(*record, leave(desk, days=(-1, 3))) == ("day_over", "since")
    assert desk.no(*record, leave(desk, days=(3, 3))) == ("days_reversed", "until")
    for unfit in ("grid-worker-1", "grid-worker-2", "grid-leader-2", "resident-1"):
        assert desk.no(*record, leave(desk, stand_in=unfit)) == ("substitute_unfit", "substituteId")
    desk.do(leave_recorded, desk.new_id(Kind.ABSENCE), leave(desk, "grid-leader-1", None))
    assert desk.no(*record, leave(desk)) == ("substitute_unfit", "substituteId")
    desk.do(leave_recorded, desk.new_id(Kind.ABSENCE), leave(desk, stand_in="secretary-1"))
    assert desk.no(*record, leave(desk, days=(2, 5))) == ("on_leave_already", "since")


def test_leave_ends_early_or_never_comes() -> None:
    desk = Desk()
    here, ahead = desk.new_id(Kind.ABSENCE), desk.new_id(Kind.ABSENCE)
    desk.do(leave_recorded, here, leave(desk, days=(0, 5)))
    desk.do(leave_recorded, ahead, leave(desk, days=(8, 9)))
    assert desk.no(leave_ended, here, by="grid-worker-2") == ("not_found", "absenceId")
    desk.do(leave_ended, here, until=desk.tomorrow(2), by="grid-worker-1")
    assert desk.now.absences[here].until == desk.tomorrow(2)
    assert desk.no(leave_ended, here, until=desk.tomorrow(2)) == ("ended_already", "absenceId")
    desk.do(leave_ended, ahead, by="grid-leader-1")
    assert ahead not in desk.now.absences
    desk.do(leave_ended, here)
    assert served_by(desk.now, desk, 1) == everybody()["grid-worker-1"]


# ---- the rota


def test_whoever_has_the_turn_is_asked_first() -> None:
    desk, grid = Desk(), Desk().grid(1)
    turn = desk.new_id(Kind.DUTY)
    wanted = NewDuty(grid.branch_id, id_of("grid-leader-1"), TODAY, desk.tomorrow(), grid.id)
    desk.do(duty_planned, turn, wanted, by="grid-leader-1")
    assert served_by(desk.now, desk, 1) == everybody()["grid-leader-1"]
    assert desk.no(duty_planned, "turn", wanted) == ("turn_taken", "since")
    assert desk.no(duty_ended, turn, by="grid-leader-2") == ("not_found", "dutyId")
    desk.do(duty_ended, turn, by="secretary-1")
    assert desk.now.duties == {}
    assert served_by(desk.now, desk, 1) == everybody()["grid-worker-1"]


def test_a_turn_is_planned_within_the_own_sub_tree_for_somebody_of_it() -> None:
    desk, grid = Desk(), Desk().grid(1)

    def wanted(who: str, grid_id: str | None = None, days: tuple[int, int] = (0, 1)) -> NewDuty:
        return NewDuty(grid.branch_id, id_of(who), desk.tomorrow(days[0]), desk.tomorrow(days[1]), grid_id)

    assert desk.no(duty_planned, "turn", wanted("grid-worker-1"), by="grid-leader-2") == ("not_allowed", "unitId")
    assert desk.no(duty_planned, "turn", wanted("grid-worker-1"), by="grid-worker-1") == ("not_allowed", "unitId")
    assert desk.no(duty_planned, "turn", wanted("grid-worker-2")) == ("not_found", "personId")
    assert desk.no(duty_planned, "turn", wanted("resident-1")) == ("not_found", "personId")
    assert desk.no(duty_planned, "turn", wanted("grid-worker-1", desk.grid(2).id)) == ("grid_elsewhere", "gridId")
    assert desk.no(duty_planned, "turn", wanted("grid-worker-1", days=(-1, 1))) == ("day_over", "since")
    assert desk.no(duty_planned, "turn", wanted("grid-worker-1", days=(1, 1))) == ("days_reversed", "until")
    begun = desk.new_id(Kind.DUTY)
    desk.do(duty_planned, begun, wanted("grid-worker-1", days=(0, 5)))
    desk.do(duty_ended, begun, until=desk.tomorrow(2))
    assert desk.now.duties[begun].until == desk.tomorrow(2)
    assert desk.no(duty_ended, begun, until=desk.tomorrow(2)) == ("ended_already", "dutyId")
