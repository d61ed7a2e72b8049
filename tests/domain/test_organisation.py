"""The township: units of both chains, their paths, and posts that are held for a time."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings

from domain.attachments import Attachment
from domain.devices import device_id
from domain.ids import Kind, is_of
from domain.items import ServiceItem
from domain.organisation import Organisation
from domain.places import GeoPoint
from domain.posts import LEADING_ROLES, PUBLIC_ROLES, Appointment, Role
from tests.domain.cast import id_of, item, planned, town
from tests.domain.townships import ON, organisations

SINCE, UNTIL = date(2026, 3, 1), date(2026, 6, 1)
POST = Appointment("post", "990101101", "pers", Role.GRID_WORKER, "unit", SINCE, UNTIL)


@pytest.mark.parametrize(
    ("on", "is_live"),
    [(date(2026, 2, 28), False), (SINCE, True), (date(2026, 5, 31), True), (UNTIL, False)],
)
def test_a_post_is_held_from_its_first_day_until_the_day_it_ends(on: date, *, is_live: bool) -> None:
    assert POST.is_live(on) is is_live


def test_a_post_without_an_end_goes_on() -> None:
    assert replace(POST, until=None).is_live(date(9999, 12, 31))


@settings(deadline=None)
@given(organisation=organisations())
def test_every_path_leads_from_the_unit_to_the_township(organisation: Organisation) -> None:
    for unit in organisation.units.values():
        path = organisation.path(unit.id)
        assert (path[0], path[-1]) == (unit, organisation.root())
        assert len(set(path)) == len(path)
        assert all(below.parent_id == above.id for below, above in pairwise(path))
        assert all(child.parent_id == unit.id for child in organisation.children(unit.id))


def test_units_that_stand_above_each_other_do_not_go_round_for_ever() -> None:
    first, second = planned().parts.units[1:3]
    units = [planned().parts.units[0], replace(first, parent_id=second.id), replace(second, parent_id=first.id)]
    organisation = Organisation(town().township, "round", replace(planned().parts, units=units))

    assert [unit.id for unit in organisation.path(first.id)] == [first.id, second.id]


def test_what_is_not_there_has_no_path_no_children_and_no_leaders() -> None:
    assert town().path("unit") == ()
    assert (town().children("unit"), town().leaders("unit", ON), town().posts_of("pers", ON)) == ((), [], [])
    assert (town().unit_by_code("0"), town().hub_of("micro")) == (None, None)


def test_a_unit_is_found_by_its_code() -> None:
    assert all(town().unit_by_code(unit.code) == unit for unit in town().units.values())


def test_leaders_are_asked_in_the_order_of_their_roles() -> None:
    root = town().root().id

    assert town().leaders(root, ON) == [id_of("dispatcher-1"), id_of("secretary-2")]
    assert LEADING_ROLES == (Role.GRID_LEADER, Role.DISPATCHER, Role.SECRETARY)


def test_those_who_serve_at_home_hang_on_no_notice_board() -> None:
    assert set(Role) - PUBLIC_ROLES == {Role.RESIDENT, Role.LINK_MEMBER, Role.HUB_HOST}
    assert town().has_public_post(id_of("volunteer-1"), ON)
    assert not town().has_public_post(id_of("hub-host-1"), ON)
    assert not town().has_public_post(id_of("volunteer-1"), date(2025, 12, 31))


def test_every_grid_has_its_branch_and_micro_grids_and_every_micro_grid_its_hub() -> None:
    for grid in town().grids.values():
        assert grid in town().grids_of(grid.branch_id)
        assert all(town().hub_of(micro.id) for micro in town().micro_grids_of(grid.id))


def test_a_grid_lies_somewhere_only_while_it_is_valid() -> None:
    grid = planned().parts.grids[0]
    assert grid.boundary is not None
    corner = grid.boundary.corners[0]
    inside = GeoPoint(corner.lat + 0.001, corner.lng + 0.001)
    dated = [replace(each, valid_from=SINCE, valid_to=UNTIL) for each in planned().parts.grids]
    organisation = Organisation(town().township, "dated", replace(planned().parts, grids=dated))

    assert organisation.grid_at(inside, date(2026, 2, 28)) is None
    assert organisation.grid_at(inside, SINCE) == dated[0]
    assert organisation.grid_at(inside, UNTIL) is None


def test_a_home_has_a_link_only_while_it_holds() -> None:
    home = planned().households[0]
    assert home.link is not None
    dated = replace(home, link=replace(home.link, since=SINCE, until=UNTIL))

    assert [dated.link_on(day) == dated.link for day in (SINCE, date(2026, 5, 31))] == [True, True]
    assert [dated.link_on(day) for day in (date(2026, 2, 28), UNTIL)] == [None, None]
    assert replace(home, link=None).link_on(SINCE) is None
    assert home.link_on(ON) == home.link
    assert replace(home, link=replace(home.link, agreed_by_household=False)).link_on(ON) is None


def test_one_phone_has_one_id_whoever_holds_it() -> None:
    first = device_id("990101101", "token")

    assert first == device_id("990101101", "token") != device_id("990101101", "other")
    assert is_of(Kind.DEVICE, first)


def test_a_picture_is_wanted_only_where_a_reason_is_given() -> None:
    lamp: ServiceItem = item("stairwell-lamp")

    assert not lamp.photo_required
    assert replace(lamp, photo_reason="定损").photo_required


def test_an_attachment_has_an_address_once_it_is_whole() -> None:
    assert Attachment("att", "990101101", "image/jpeg", 10, complete=False).url is None
