"""Homes moved to another grid, and linked with a member: the household agrees, and may end it at any time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.access import homes_in_sight
from domain.errors import RefusalCode, Refused, invalid, not_found, refused
from domain.households import MAX_LINKED, MAX_LINKS_A_DAY, Agreement, Household, HouseholdLink
from domain.organisation import Grid, HubHousehold, Organisation
from domain.posts import Role
from domain.reorganisation import Changed, Editor, check_version
from domain.rights import Right, may

MAX_MOVED = 100


@dataclass(frozen=True, slots=True)
class NewLink:
    """`agreed_on` and `agreement` are given by staff, who saw it; whoever lives there agrees by asking."""

    household_id: str
    member_id: str
    agreed_on: date | None = None
    agreement: Agreement | None = None


def homes_moved(edit: Editor, ids: Sequence[str], grid_id: str | None, micro_grid_id: str | None, homes: Sequence[Household]) -> Changed:
    """These homes stand in that grid, or micro-grid, from now on. `homes` are they and all others of every grid concerned.

    Raises NOT_FOUND, NOT_ALLOWED, INVALID_INPUT.
    """
    found = {home.id: home for home in homes}
    moving = [found[id_] for id_ in dict.fromkeys(ids) if id_ in found]
    for home in moving:
        if not may(edit.by, Right.MOVE_HOUSEHOLDS, branch_of(edit.now, home)):
            raise _no(edit, home, "householdIds")
    if not ids or len(moving) < len(set(ids)):
        raise not_found("householdIds")
    target, micro = _target(edit, grid_id, micro_grid_id)
    edit.require(Right.MOVE_HOUSEHOLDS, target.branch_id, "gridId" if micro_grid_id is None else "microGridId")
    after = [replace(home, residence_grid_id=target.id, micro_grid_id=micro, version=home.version + 1) for home in moving]
    grids = {target.id, *(home.residence_grid_id for home in moving)}
    counted = recounted(edit.now, {**found, **{home.id: home for home in after}}, grids, edit.on)
    units = [edit.now.grids[id_].branch_id for id_ in grids]
    return edit.changed([*after, *counted], about=[target.id, *(home.id for home in after)], units=units)


def linked(edit: Editor, wanted: NewLink, homes: Sequence[Household], *, expected_version: int | None = None) -> Changed:
    """The household and the member are linked from today. `homes` are it, its neighbours, and those linked with the member.

    Raises NOT_FOUND, NOT_ALLOWED, INVALID_INPUT, CONFLICT, LIMIT_REACHED.
    """
    home = _home(edit, wanted.household_id, homes)
    check_version(home, expected_version)
    agreed_on, agreement, recorded_by = _agreement(edit, wanted, home)
    grid = edit.now.grids[home.residence_grid_id]
    served = [post for post in edit.now.posts_of(wanted.member_id, edit.on) if post.role is Role.LINK_MEMBER]
    if not any(post.grid_id == grid.id or (post.grid_id is None and post.unit_id == grid.branch_id) for post in served):
        raise not_found("memberId")
    if home.link_on(edit.on) is not None:
        raise refused(RefusalCode.CONFLICT, "refusal.linked_already", "householdId", current=home)
    with_member = [other for other in homes if (link := other.link_on(edit.on)) and link.member_id == wanted.member_id]
    if len(with_member) >= MAX_LINKED:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.member_full", "memberId", limit=MAX_LINKED)
    link = HouseholdLink(home.id, wanted.member_id, edit.on, None, True, agreed_on, agreement, recorded_by)
    counted = _linked_again(edit, home) if agreement is Agreement.IN_APP else home
    return _with_link(edit, counted, link, homes, about=[home.id, wanted.member_id])


def unlinked(edit: Editor, household_id: str, homes: Sequence[Household], *, expected_version: int | None = None) -> Changed:
    """The link is over, for the member too: what it opened is closed at the next read. Earlier versions of the home keep it."""
    home = next((home for home in homes if home.id == household_id), None)
    link = home.link_on(edit.on) if home else None
    is_member = link is not None and link.member_id == edit.by.id
    if home is None or link is None or not is_member:
        home = _home(edit, household_id, homes)
    check_version(home, expected_version)
    if link is None:
        raise refused(RefusalCode.WRONG_STATE, "refusal.not_linked", "householdId", current=home)
    return _with_link(edit, home, None, homes, about=[home.id, link.member_id])


def recounted(now: Organisation, homes: Mapping[str, Household], grid_ids: Iterable[str], on: date) -> Iterator[Grid | HubHousehold]:
    """The grids and hubs whose figures are others, once `homes` stand as given: every home of these grids, before and after."""
    for grid_id in sorted(set(grid_ids)):
        grid, here = now.grids[grid_id], [home for home in homes.values() if home.residence_grid_id == grid_id]
        if grid.household_count != len(here):
            yield replace(grid, household_count=len(here))
        for micro in now.micro_grids_of(grid_id):
            hub, linked_count = now.hub_of(micro.id), linked_in(micro.id, here, on)
            if hub is not None and hub.linked_household_count != linked_count:
                yield replace(hub, linked_household_count=linked_count)


def linked_in(micro_grid_id: str, homes: Iterable[Household], on: date) -> int:
    return sum(1 for home in homes if home.micro_grid_id == micro_grid_id and home.link_on(on) is not None)


def branch_of(now: Organisation, home: Household) -> str:
    """The branch that serves the home."""
    return now.grids[home.residence_grid_id].branch_id


def _with_link(edit: Editor, home: Household, link: HouseholdLink | None, homes: Sequence[Household], *, about: Sequence[str]) -> Changed:
    after = replace(home, link=link, version=home.version + 1)
    counted = recounted(edit.now, {other.id: other for other in [*homes, after]}, [home.residence_grid_id], edit.on)
    return edit.changed([after, *counted], about=about, units=[branch_of(edit.now, home)])


def _linked_again(edit: Editor, home: Household) -> Household:
    """The home with one more link of today by those who live there. Ending one is never counted, and always possible."""
    today = home.linked_in_app if home.linked_in_app_on == edit.on else 0
    if today >= MAX_LINKS_A_DAY:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.linked_often", "householdId", limit=MAX_LINKS_A_DAY)
    return replace(home, linked_in_app_on=edit.on, linked_in_app=today + 1)


def _home(edit: Editor, id_: str, homes: Sequence[Household]) -> Household:
    """A home that the editor may link: their own, or one that their right reaches."""
    home = next((home for home in homes if home.id == id_), None)
    if home is None:
        raise not_found("householdId")
    if not _lives_there(edit, home) and not may(edit.by, Right.LINK_HOUSEHOLDS, branch_of(edit.now, home)):
        raise _no(edit, home, "householdId")
    return home


def _no(edit: Editor, home: Household, field: str) -> Refused:
    """A home that they may not find is none; one that they see is not theirs to change."""
    if homes_in_sight(edit.by).has(home):
        return refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", field)
    return not_found(field)


def _lives_there(edit: Editor, home: Household) -> bool:
    return edit.by.person is not None and edit.by.person.household_id == home.id


def _agreement(edit: Editor, wanted: NewLink, home: Household) -> tuple[date, Agreement, str | None]:
    if _lives_there(edit, home):
        return edit.on, Agreement.IN_APP, None
    if wanted.agreed_on is None:
        raise invalid("refusal.agreement_wanted", "agreedOn")
    if wanted.agreement is None or wanted.agreement is Agreement.IN_APP:
        raise invalid("refusal.agreement_wanted", "agreement")
    if wanted.agreed_on > edit.on:
        raise invalid("refusal.day_to_come", "agreedOn")
    return wanted.agreed_on, wanted.agreement, edit.by.id


def _target(edit: Editor, grid_id: str | None, micro_grid_id: str | None) -> tuple[Grid, str | None]:
    if micro_grid_id is None:
        if grid_id is None:
            raise invalid("refusal.grid_wanted", "gridId")
        return edit.open_grid(grid_id, "gridId"), None
    micro = edit.now.micro_grids.get(micro_grid_id)
    if micro is None or micro.valid_to is not None:
        raise not_found("microGridId")
    if grid_id not in {None, micro.grid_id}:
        raise invalid("refusal.grid_elsewhere", "gridId")
    return edit.open_grid(micro.grid_id, "microGridId"), micro.id
