"""Homes moved and linked: the household agrees, ends it when it likes, and the figures of grids and hubs stay right."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access import homes_in_sight
from domain.home_changes import NewLink, homes_moved, linked, unlinked
from domain.households import MAX_LINKED, MAX_LINKS_A_DAY, Agreement, Household
from tests.domain.cast import id_of
from tests.domain.editing import TODAY, Desk

AGREED: dict[str, Any] = {"agreed_on": TODAY, "agreement": Agreement.SIGNED_PAPER}


def figures(desk: Desk) -> None:
    """What grids and hubs say is what there is."""
    for grid in desk.now.grids.values():
        assert grid.household_count == len(desk.homes_in(grid.id)), grid.name
    for hub in desk.now.hubs.values():
        there = [home for home in desk.homes.values() if home.micro_grid_id == hub.micro_grid_id and home.link_on(desk.on)]
        assert hub.linked_household_count == len(there)


def move(desk: Desk, ids: Sequence[str], grid: str | None, micro: str | None = None, by: str = "administrator-1") -> None:
    target = grid or (desk.now.micro_grids[micro].grid_id if micro else "")
    desk.do(homes_moved, ids, grid, micro, [*desk.around(*ids), *desk.homes_in(target)], by=by)


def link(desk: Desk, home: Household, member: str = "link-member-1", by: str = "grid-leader-1", **said: Any) -> None:
    wanted = NewLink(home.id, id_of(member), **said)
    desk.do(linked, wanted, desk.around(home.id, members=[id_of(member)]), by=by)


def no_link(desk: Desk, home: Household, member: str = "link-member-1", by: str = "grid-leader-1", **said: Any) -> tuple[str, str | None]:
    wanted = NewLink(home.id, id_of(member), **said)
    return desk.no(linked, wanted, desk.around(home.id, members=[id_of(member)]), by=by)


def end(desk: Desk, home: Household, by: str) -> None:
    desk.do(unlinked, home.id, desk.around(home.id), by=by)


# ---- moving


def test_moved_homes_are_counted_where_they_stand_now() -> None:
    desk = Desk()
    homes, target = [desk.home_of(f"resident-{number}") for number in (1, 2)], desk.now.micro_grids_of(desk.grid(2).id)[0]
    figures(desk)
    move(desk, [home.id for home in homes], None, target.id)
    for home in homes:
        now = desk.homes[home.id]
        assert (now.residence_grid_id, now.micro_grid_id, now.version) == (target.grid_id, target.id, home.version + 1)
        assert now.link == home.link, "whom it agreed to is its own affair"
    figures(desk)
    assert not homes_in_sight(desk.editor("grid-worker-1").by).has(desk.homes[homes[0].id])
    assert homes_in_sight(desk.editor("grid-worker-2").by).has(desk.homes[homes[0].id])
    move(desk, [homes[0].id], desk.grid(3).id)
    assert desk.homes[homes[0].id].micro_grid_id is None
    figures(desk)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("grid-leader-1", ("not_allowed", "householdIds")),
        ("grid-leader-2", ("not_found", "householdIds")),
        ("resident-1", ("not_allowed", "householdIds")),
        ("resident-2", ("not_found", "householdIds")),
        ("village-officer-2", ("not_found", "householdIds")),
    ],
)
def test_who_may_not_move_a_home_sees_of_it_what_they_saw_before(by: str, expected: tuple[str, str]) -> None:
    desk = Desk()
    home, target = desk.home_of("resident-1"), desk.grid(2)
    assert desk.no(homes_moved, [home.id], target.id, None, [*desk.around(home.id), *desk.homes_in(target.id)], by=by) == expected


def test_a_secretary_moves_homes_within_the_settlement() -> None:
    desk = Desk()
    move(desk, [desk.home_of("resident-1").id], desk.grid(5).id, by="secretary-1")
    figures(desk)


def test_a_move_needs_homes_that_are_there_and_a_place_that_is_open() -> None:
    desk = Desk()
    home, grid = desk.home_of("resident-1"), desk.grid(2)
    around = [*desk.around(home.id), *desk.homes_in(grid.id)]
    other = desk.now.micro_grids_of(desk.grid(3).id)[0]
    assert desk.no(homes_moved, [], grid.id, None, around) == ("not_found", "householdIds")
    assert desk.no(homes_moved, [home.id, "nowhere"], grid.id, None, around) == ("not_found", "householdIds")
    assert desk.no(homes_moved, [home.id], None, None, around) == ("grid_wanted", "gridId")
    assert desk.no(homes_moved, [home.id], "nowhere", None, around) == ("not_found", "gridId")
    assert desk.no(homes_moved, [home.id], None, "nowhere", around) == ("not_found", "microGridId")
    assert desk.no(homes_moved, [home.id], grid.id, other.id, around) == ("grid_elsewhere", "gridId")


# ---- linking


def unlinked_home(desk: Desk, handle: str = "resident-1") -> Household:
    home = desk.home_of(handle)
    if home.link is not None:
        end(desk, home, handle)
    return desk.homes[home.id]


def test_the_household_links_itself_and_the_member_finds_it_from_then_on() -> None:
    desk = Desk()
    home = unlinked_home(desk)
    assert not homes_in_sight(desk.editor("link-member-1").by).has(home)
    link(desk, home, by="resident-1")
    now = desk.homes[home.id]
    assert now.link is not None
    assert (now.link.agreement, now.link.agreed_on, now.link.recorded_by, now.link.since) == (Agreement.IN_APP, TODAY, None, TODAY)
    assert now.version == home.version + 1
    assert homes_in_sight(desk.editor("link-member-1").by).has(now)
    figures(desk)
    assert no_link(desk, now, by="resident-1") == ("linked_already", "householdId")


def test_a_household_links_itself_four_times_a_day_and_may_end_it_every_time() -> None:
    desk = Desk()
    home = unlinked_home(desk)
    for _ in range(MAX_LINKS_A_DAY):
        link(desk, home, by="resident-1")
        end(desk, home, by="resident-1")
    wanted = NewLink(home.id, id_of("link-member-1"))
    refusal = desk.refused(linked, wanted, desk.around(home.id, members=[id_of("link-member-1")]), by="resident-1")
    assert (refusal.code.value, refusal.message.key, refusal.field) == ("LIMIT_REACHED", "refusal.linked_often", "householdId")

    link(desk, home, **AGREED)  # staff, who saw that it agreed, are not counted
    end(desk, home, by="resident-1")
    assert desk.homes[home.id].link is None

    desk.at += timedelta(days=1)
    link(desk, home, by="resident-1")
    assert desk.homes[home.id].link is not None, "tomorrow is another day"


def test_staff_say_when_and_how_the_household_agreed() -> None:
    desk = Desk()
    home = unlinked_home(desk)
    assert no_link(desk, home) == ("agreement_wanted", "agreedOn")
    assert no_link(desk, home, agreed_on=TODAY) == ("agreement_wanted", "agreement")
    assert no_link(desk, home, agreed_on=TODAY, agreement=Agreement.IN_APP) == ("agreement_wanted", "agreement")
    assert no_link(desk, home, agreed_on=desk.tomorrow(), agreement=Agreement.SPOKEN) == ("day_to_come", "agreedOn")
    link(desk, home, **AGREED)
    now = desk.homes[home.id].link
    assert now is not None
    assert (now.recorded_by, now.agreement, now.agreed_by_household) == (id_of("grid-leader-1"), Agreement.SIGNED_PAPER, True)


@pytest.mark.parametrize("by", ["resident-1", "link-member-1", "grid-leader-1", "secretary-1", "administrator-1"])
def test_the_household_the_member_and_staff_end_a_link_and_what_it_opened_is_closed(by: str) -> None:
    desk = Desk()
    home = unlinked_home(desk)
    link(desk, home, **AGREED)
    end(desk, home, by)
    now = desk.homes[home.id]
    assert now.link is None
    assert not homes_in_sight(desk.editor("link-member-1").by).has(now)
    figures(desk)
    if by != "link-member-1":
        assert desk.no(unlinked, home.id, desk.around(home.id), by=by) == ("not_linked", "householdId")


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("resident-2", "not_found"),
        ("grid-leader-2", "not_found"),
        ("link-member-2", "not_found"),
        ("grid-worker-1", "not_allowed"),
        ("hub-host-1", "not_allowed"),
        ("dispatcher-1", "not_allowed"),
    ],
)
def test_nobody_else_links_or_unlinks_a_home(by: str, expected: str) -> None:
    desk = Desk()
    home = unlinked_home(desk)
    link(desk, home, **AGREED)
    assert desk.no(unlinked, home.id, desk.around(home.id), by=by) == (expected, "householdId")
    end(desk, home, "resident-1")
    assert no_link(desk, desk.homes[home.id], by=by, **AGREED) == (expected, "householdId")
    assert desk.no(unlinked, "nowhere", [], by=by) == ("not_found", "householdId")


def test_a_member_is_one_of_the_homes_grid_and_looks_in_on_at_most_twenty() -> None:
    desk = Desk()
    home = unlinked_home(desk)
    assert no_link(desk, home, "link-member-28", by="resident-1") == ("not_found", "memberId")
    assert no_link(desk, home, "grid-worker-1", by="resident-1") == ("not_found", "memberId")
    mine = [home for home in desk.homes.values() if home.link and home.link.member_id == id_of("link-member-1")]
    template = desk.home_of("resident-2")
    for number in range(MAX_LINKED - len(mine)):
        extra = replace(template, id=f"{template.id[:-2]}{number:02}", link=None)
        desk.homes[extra.id] = extra
        link(desk, extra, **AGREED)
    refusal = desk.refused(
        linked, NewLink(home.id, id_of("link-member-1")), desk.around(home.id, members=[id_of("link-member-1")]), by="resident-1"
    )
    assert (refusal.code.value, refusal.message.key, refusal.field) == ("LIMIT_REACHED", "refusal.member_full", "memberId")


def test_a_version_that_was_seen_is_the_one_that_is_changed() -> None:
    desk = Desk()
    home = unlinked_home(desk)
    refusal = desk.refused(unlinked, home.id, desk.around(home.id), by="resident-1", expected_version=home.version - 1)
    assert (refusal.code.value, refusal.current) == ("CONFLICT", home)
