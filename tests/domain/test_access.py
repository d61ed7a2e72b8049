"""Who may see what: keys that come from posts and from being somebody."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from domain.access import NOBODY, Door, actor_of, key, keys, may_see_person, may_see_resident
from domain.organisation import Organisation
from domain.posts import Role
from domain.requests import Request
from domain.routing import Avoided
from domain.tasks import TaskState
from tests.domain.cast import MONDAY, actor, asked, everybody, id_of, planned, standing_in, town

FIRST_OF_DECEMBER = date(2026, 12, 1)
LAST_MINUTE = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
"""23:59 in Shanghai on the day before."""


def opened(handle: str, scopes: frozenset[str]) -> bool:
    return actor(handle).may_open(scopes)


def with_posts(**ends: date) -> Organisation:
    """The township where some posts (of `grid_worker_1`) end on a day."""
    by_id = {id_of(handle.replace("_", "-")): day for handle, day in ends.items()}
    posts = [replace(post, until=by_id.get(post.person_id)) for post in planned().parts.appointments]
    return Organisation(town().township, "dated", replace(planned().parts, appointments=posts))


def request_of(state: TaskState = TaskState.ASSIGNED, code: str = "stairwell-lamp", avoided: Avoided | None = None) -> Request:
    request = standing_in(state, asked(code, avoided=avoided or Avoided())).request
    assert request is not None
    return request


SEES_THE_LAMP = ("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1", "secretary-2", "dispatcher-1")
SEES_NOTHING_OF_IT = (
    *("resident-2", "resident-4", "grid-worker-2", "grid-leader-2", "branch-leader-1", "centre-clerk-1", "village-officer-1"),
    *("provider-worker-1", "volunteer-1", "hub-host-1", "link-member-1", "administrator-1", "privacy-officer-1", "nobody"),
)


@pytest.mark.parametrize("handle", SEES_THE_LAMP)
def test_those_whom_a_request_concerns_see_it_and_its_task(handle: str) -> None:
    assert opened(handle, request_of().scopes)
    assert opened(handle, asked().tasks[0].scopes)


@pytest.mark.parametrize("handle", SEES_NOTHING_OF_IT)
def test_nobody_else_sees_it(handle: str) -> None:
    assert not opened(handle, request_of().scopes)
    assert not opened(handle, asked().tasks[0].scopes)


def test_another_worker_of_the_grid_sees_its_open_tasks_and_no_closed_one() -> None:
    grid = frozenset({key(Door.GRID, asked().tasks[0].grid_id or "")})

    assert grid <= standing_in(TaskState.IN_PROGRESS).tasks[0].scopes
    assert not grid & standing_in(TaskState.CLOSED).tasks[0].scopes
    assert not grid & asked("pension-form").tasks[0].scopes
    assert not grid & asked("staff-conduct").tasks[0].scopes


def test_a_closed_task_is_still_seen_by_whoever_did_it_and_by_the_units() -> None:
    task = standing_in(TaskState.CLOSED).tasks[0]

    assert keys(Door.UNIT, task.owner_path) | {key(Door.WORKER, id_of("grid-worker-1"))} <= task.scopes


def test_a_household_does_not_open_what_one_of_it_asked_for() -> None:
    household = everybody()["resident-1"].household_id
    assert household is not None

    assert not any(key(door, household) in request_of().scopes for door in Door)


def test_whom_it_is_about_has_no_key_to_it_though_they_have_the_task() -> None:
    task = replace(asked().tasks[0], hidden_from=(id_of("grid-worker-1"),))

    assert not {key(door, id_of("grid-worker-1")) for door in Door} & task.scopes


def test_what_one_works_on_is_closed_with_the_post() -> None:
    left = actor("grid-worker-1", organisation=with_posts(grid_worker_1=MONDAY.date()))

    assert left.is_signed_in
    assert not left.may_open(asked().tasks[0].scopes)


def test_having_asked_is_told_from_working_on_it_and_from_a_post_over_it() -> None:
    task = asked().tasks[0]
    typed_by = {handle: replace(task, askers=(id_of("resident-1"), id_of(handle))) for handle in ("grid-leader-1", "grid-worker-2")}

    def is_only_asker(handle: str) -> bool:
        seen = typed_by.get(handle, task)
        return actor(handle).is_only_asker(seen.askers, seen.scopes)

    assert is_only_asker("resident-1")
    assert is_only_asker("grid-worker-2")
    assert not is_only_asker("grid-worker-1")
    assert not is_only_asker("grid-leader-1")
    assert not is_only_asker("resident-2")
    assert not NOBODY.is_only_asker(task.askers, task.scopes)


def test_whoever_typed_for_somebody_sees_it_only_while_they_hold_a_post() -> None:
    typed = replace(asked().tasks[0], askers=(id_of("resident-1"), id_of("volunteer-1")))
    left = actor("volunteer-1", organisation=with_posts(volunteer_1=MONDAY.date()))

    assert actor("volunteer-1").may_open(typed.scopes)
    assert not left.may_open(typed.scopes)
    assert actor("resident-1").may_open(typed.scopes)


def test_whoever_asked_keeps_the_key_even_if_it_is_about_their_own_unit() -> None:
    task = replace(asked().tasks[0], hidden_from=(id_of("resident-1"),))

    assert key(Door.PERSON, id_of("resident-1")) in task.scopes


AT_WORK = {Door.PERSON, Door.WORKER, Door.HELPER}


@pytest.mark.parametrize(
    ("handle", "doors"),
    [
        ("resident-1", {Door.PERSON}),
        ("grid-worker-1", AT_WORK | {Door.GRID}),
        *((handle, AT_WORK | {Door.UNIT}) for handle in ("grid-leader-1", "dispatcher-1", "secretary-1")),
        ("centre-clerk-1", AT_WORK | {Door.UNIT, Door.CALLED}),
        *((handle, AT_WORK) for handle in ("hub-host-1", "link-member-1")),
        *((handle, AT_WORK | {Door.CALLED}) for handle in ("provider-worker-1", "volunteer-1")),
        *((handle, AT_WORK) for handle in ("administrator-1", "privacy-officer-1")),
    ],
)
def test_each_role_holds_its_keys_and_no_other(handle: str, doors: set[Door]) -> None:
    assert {Door(held[0]) for held in actor(handle).keys} == doors
    assert len(actor(handle).keys) == len(doors)


def test_a_key_is_not_the_key_of_another_door() -> None:
    id_ = id_of("resident-1")

    assert len({key(door, id_) for door in Door}) == len(Door)


# --- Roles and posts.


def test_nobody_is_nobody() -> None:
    assert (NOBODY.id, NOBODY.is_signed_in, NOBODY.roles, NOBODY.keys) == (None, False, (), frozenset())


def test_whoever_has_a_home_is_a_resident_besides_what_else_they_are() -> None:
    at_home = replace(everybody()["grid-worker-1"], household_id=everybody()["resident-1"].household_id)

    assert actor("resident-1").roles == (Role.RESIDENT,)
    assert actor_of(at_home, town(), at=MONDAY).roles == (Role.RESIDENT, Role.GRID_WORKER)
    assert actor("hub-host-1").roles == (Role.HUB_HOST,)


def test_a_post_ends_at_midnight_in_shanghai_and_its_keys_with_it() -> None:
    organisation = with_posts(grid_worker_1=FIRST_OF_DECEMBER)
    worker = everybody()["grid-worker-1"]
    before = actor_of(worker, organisation, at=LAST_MINUTE)
    after = actor_of(worker, organisation, at=LAST_MINUTE.replace(hour=16, minute=0))

    assert (before.roles, len(before.keys)) == ((Role.GRID_WORKER,), 4)
    assert after.roles == ()
    assert after.keys == {key(Door.PERSON, worker.id)}


def test_units_are_led_by_the_roles_that_are_asked_for() -> None:
    assert len(actor("grid-leader-1").units_led(Role.GRID_LEADER)) == 1
    assert actor("grid-leader-1").units_led(Role.DISPATCHER, Role.SECRETARY) == frozenset()


# --- Names.


def sees(reader: str, person: str, organisation: Organisation | None = None, at: datetime = MONDAY) -> bool:
    return may_see_person(actor(reader, organisation=organisation, at=at), everybody()[person], at=at)


def test_the_names_on_the_notice_board_are_for_whoever_signed_in() -> None:
    assert all(sees("resident-1", handle) for handle in ("grid-worker-5", "dispatcher-1", "centre-clerk-1", "volunteer-1"))
    assert not sees("nobody", "grid-worker-1")


def test_a_name_leaves_the_notice_board_with_the_post() -> None:
    ended = with_posts(volunteer_1=date(2026, 11, 23))

    assert not sees("resident-1", "volunteer-1", ended)
    assert sees("resident-1", "volunteer-1", ended, at=datetime(2026, 11, 22, 12, tzinfo=UTC))


def test_a_resident_sees_oneself_and_no_neighbour() -> None:
    assert sees("resident-1", "resident-1")
    assert not sees("resident-1", "resident-2")
    assert not sees("link-member-1", "resident-1")


def test_staff_sees_residents_of_its_own_scope_only() -> None:
    household_id = everybody()["resident-1"].household_id
    home = next(home for home in planned().households if home.id == household_id)

    assert all(may_see_resident(actor(handle), home) for handle in ("grid-worker-1", "secretary-1"))
    others = ("grid-worker-2", "provider-worker-1", "administrator-1", "hub-host-1", "link-member-1", "resident-1", "nobody")
    assert not any(may_see_resident(actor(handle), home) for handle in others)


def test_hosts_and_link_members_are_shown_to_those_whom_they_serve_only() -> None:
    assert sees("resident-1", "hub-host-1")
    assert not sees("resident-4", "hub-host-1")
    assert sees("grid-leader-1", "hub-host-1")
    assert not sees("grid-leader-2", "hub-host-1")


# --- What is shielded.


def test_only_whoever_asked_sees_who_asked_where_it_is_shielded() -> None:
    request = request_of(code="staff-conduct")

    assert request.shown_to(id_of("resident-1")) == request
    shown = request.shown_to(id_of("secretary-1"))
    assert (shown.household_id, shown.submitted_by_id, shown.on_behalf_of_id) == (None, None, None)
    assert request.hides_person_from(id_of("secretary-1"))
    assert not request.hides_person_from(id_of("resident-1"))


def test_what_is_not_shielded_is_shown_as_it_is() -> None:
    request = request_of()

    assert request.shown_to(id_of("secretary-1")) == request
    assert not request.hides_person_from(None)


def test_a_complaint_about_somebody_hides_from_them_and_from_nobody_else() -> None:
    request = request_of(code="staff-conduct", avoided=Avoided(person_id=id_of("secretary-1")))

    assert request.hidden_from == (id_of("secretary-1"),)


def test_a_complaint_about_a_unit_hides_from_all_who_hold_a_post_in_it() -> None:
    unit = next(post.unit_id for post in planned().parts.appointments if post.person_id == id_of("centre-clerk-1"))
    request = request_of(code="staff-conduct", avoided=Avoided(unit_id=unit))

    assert set(request.hidden_from) == {id_of("centre-clerk-1"), id_of("centre-clerk-2")}
