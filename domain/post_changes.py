"""Posts given and ended: at units where the role can be held, within the right's sub-tree, never by oneself to oneself."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from domain.access import may_see_person
from domain.chains import LEGAL_POSTS, REACH, Reach
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.households import Household
from domain.ids import Kind, derived
from domain.organisation import HubHousehold, OrgUnit
from domain.people import Person
from domain.posts import PUBLIC_ROLES, Appointment, Duty, Role
from domain.reorganisation import Changed, Editor, check_days, check_open, not_before
from domain.rights import Right, may

BY_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.PRIVACY_OFFICER, Role.DISPATCHER})
"""Posts that a secretary neither gives nor ends."""


@dataclass(frozen=True, slots=True)
class NewPost:
    """A worker's is for a grid, a host's and a link member's for a micro-grid; every other one is for all of the unit."""

    role: Role
    unit_id: str
    grid_id: str | None = None
    micro_grid_id: str | None = None
    since: date | None = None
    until: date | None = None


def appointed(edit: Editor, id_: str, person: Person | None, wanted: NewPost, homes: Sequence[Household] = ()) -> Changed:
    """The post is held from that day on. A host's comes with the hub; then `homes` are those of its grid.

    Raises NOT_FOUND, NOT_ALLOWED, INVALID_INPUT, CONFLICT.
    """
    since = not_before(wanted.since, edit.on, "since")
    check_days(since, wanted.until)
    unit = edit.unit(wanted.unit_id, "unitId")
    _check_right(edit, wanted.role, unit, "unitId")
    check_open(unit, "unitId")
    if person is None:
        raise not_found("personId")
    if person.id == edit.by.id:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_oneself", "personId")
    if unit.kind not in LEGAL_POSTS[wanted.role]:
        raise invalid("refusal.role_elsewhere", "role")
    grid_id, micro_grid_id = _where(edit, wanted, unit)
    post = Appointment(
        id=id_,
        township=edit.now.township,
        person_id=person.id,
        role=wanted.role,
        unit_id=unit.id,
        since=since,
        until=wanted.until,
        grid_id=grid_id,
        micro_grid_id=micro_grid_id,
        order=1 + max((other.order for other in edit.now.appointments.values()), default=-1),
    )
    _check_others(edit, post)
    hub = [_hub(edit, post, homes)] if post.role is Role.HUB_HOST else []
    return edit.changed([post, *hub], about=[post.id, person.id], units=[unit.id])


def ended_post(edit: Editor, post_id: str, *, until: date | None = None) -> Changed:
    """The post is no longer held from that day on, today where none is given."""
    day, post = not_before(until, edit.on, "until"), edit.now.appointments.get(post_id)
    if post is None or not _is_known(edit, post):
        raise not_found("appointmentId")
    unit = edit.unit(post.unit_id, "appointmentId")
    _check_right(edit, post.role, unit, "appointmentId")
    if post.until is not None and post.until <= day:
        raise refused(RefusalCode.WRONG_STATE, "refusal.ended_already", "appointmentId")
    check_administrator_left(edit, [post.id], "appointmentId")
    return edit.changed([ended(post, day)], about=[post.id, post.person_id], units=[unit.id])


def ended(post: Appointment, day: date) -> Appointment:
    """Held until that day at the latest; one that had not begun never is."""
    return replace(post, until=max(post.since, min(day, post.until or day)))


def ended_duties(edit: Editor, are_over: Callable[[Duty], bool], day: date) -> tuple[list[Duty], list[tuple[str, str]]]:
    """Turns on a rota as they are from now on, and those that never come."""
    over = [duty for duty in edit.now.duties.values() if are_over(duty) and duty.until > day]
    begun = [replace(duty, until=day) for duty in over if duty.since < day]
    return begun, [("duties", duty.id) for duty in over if duty.since >= day]


def check_administrator_left(edit: Editor, ending: Collection[str], field: str) -> None:
    """A township without an administrator could never be changed again."""
    administrators = [post for post in edit.now.appointments.values() if post.role is Role.ADMINISTRATOR]
    at_the_top = [post for post in administrators if post.unit_id == edit.now.root().id and post.until is None]
    left = [post for post in at_the_top if post.id not in ending and post.is_live(edit.on)]
    if not left and any(post.id in ending for post in at_the_top):
        raise refused(RefusalCode.WRONG_STATE, "refusal.last_administrator", field)


def _is_known(edit: Editor, post: Appointment) -> bool:
    """Whether the editor may know of the post: hosts and link members are known to whom they serve and to staff above."""
    if post.role in PUBLIC_ROLES or may(edit.by, Right.APPOINT, post.unit_id):
        return True
    holder = edit.now.holders.get(post.person_id)
    return holder is not None and may_see_person(edit.by, holder, at=edit.at)


def _check_right(edit: Editor, role: Role, unit: OrgUnit, field: str) -> None:
    """An administrator above may give any post; a secretary none of the township's desk, nor a secretary's of the own unit."""
    edit.require(Right.APPOINT, unit.id, field)
    above = {step.id for step in edit.now.path(unit.id)}
    if above & edit.by.units_led(Role.ADMINISTRATOR):
        return
    is_own = role is Role.SECRETARY and unit.id in edit.by.units_led(Role.SECRETARY)
    above_own = above - {unit.id}
    if role in BY_ADMINISTRATORS or (is_own and not above_own & edit.by.units_led(Role.SECRETARY)):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", field)


def _where(edit: Editor, wanted: NewPost, unit: OrgUnit) -> tuple[str | None, str | None]:
    """The grid and the micro-grid that the post is for."""
    reach = REACH.get(wanted.role, Reach.UNIT)
    if reach is not Reach.MICRO_GRID and wanted.micro_grid_id is not None:
        raise invalid("refusal.place_unwanted", "microGridId")
    if reach is Reach.UNIT:
        if wanted.grid_id is not None:
            raise invalid("refusal.place_unwanted", "gridId")
        return None, None
    if reach is Reach.GRID:
        return _grid_of(edit, wanted.grid_id, unit, "gridId"), None
    micro = edit.now.micro_grids.get(wanted.micro_grid_id or "")
    if wanted.micro_grid_id is None:
        raise invalid("refusal.micro_grid_wanted", "microGridId")
    if micro is None or micro.valid_to is not None:
        raise not_found("microGridId")
    if wanted.grid_id not in {None, micro.grid_id}:
        raise invalid("refusal.grid_elsewhere", "gridId")
    return _grid_of(edit, micro.grid_id, unit, "microGridId"), micro.id


def _grid_of(edit: Editor, grid_id: str | None, unit: OrgUnit, field: str) -> str:
    if grid_id is None:
        raise invalid("refusal.grid_wanted", field)
    grid = edit.open_grid(grid_id, field)
    if grid.branch_id != unit.id:
        raise invalid("refusal.grid_elsewhere", field)
    return grid.id


def _check_others(edit: Editor, post: Appointment) -> None:
    """Nobody holds one post twice at a time; a hub has one host at a time."""
    for other in edit.now.appointments.values():
        is_same_place = (other.unit_id, other.grid_id, other.micro_grid_id) == (post.unit_id, post.grid_id, post.micro_grid_id)
        if other.role is not post.role or not is_same_place or not overlap(post, other):
            continue
        if other.person_id == post.person_id:
            raise refused(RefusalCode.CONFLICT, "refusal.holds_it_already", "personId")
        if post.role is Role.HUB_HOST:
            raise refused(RefusalCode.CONFLICT, "refusal.hub_is_hosted", "microGridId")


def overlap(one: Any, other: Any) -> bool:
    """Whether there is a day on which both are."""
    latest, first_end = max(one.since, other.since), [end for end in (one.until, other.until) if end is not None]
    return not first_end or latest < min(first_end)


def _hub(edit: Editor, post: Appointment, homes: Sequence[Household]) -> HubHousehold:
    micro_grid_id = post.micro_grid_id or ""
    hub = edit.now.hub_of(micro_grid_id)
    if hub is not None:
        return replace(hub, host_id=post.person_id)
    linked = sum(1 for home in homes if home.micro_grid_id == micro_grid_id and home.link_on(edit.on) is not None)
    return HubHousehold(derived(Kind.HUB, post.id, "hub"), edit.now.township, post.person_id, micro_grid_id, linked)
