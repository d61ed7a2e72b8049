"""What households, persons, posts, hubs and links of a file must keep."""

from domain.chains import LEGAL_POSTS
from domain.errors import Message
from domain.households import Reach
from domain.organisation import OrgUnitKind
from domain.posts import Role
from domain.workbook_desk import Desk, overlapping, window_of
from domain.workbook_pages import Draft, Page
from domain.workbook_places import check_unit_kind
from domain.workbook_rows import Sheet


def check_household(desk: Desk, page: Page, draft: Draft) -> None:
    desk.is_new(Sheet.HOUSEHOLDS, draft, "code")
    desk.knows(page, draft, "grid", Sheet.GRIDS)
    _check_micro_grid(desk, page, draft)
    desk.knows(page, draft, "village", Sheet.VILLAGES)


def _check_micro_grid(desk: Desk, page: Page, draft: Draft) -> None:
    """The micro-grid, where one is named, is one of the grid that is named."""
    micro_grid, grid = desk.knows(page, draft, "micro_grid", Sheet.MICRO_GRIDS), draft.text("grid")
    if micro_grid is None or grid is None:
        return
    if desk.grids_of_micro_grids.get(micro_grid) not in {grid, None}:
        desk.faults.at(page, draft, "micro_grid", Message("import.micro_grid_elsewhere", {"value": micro_grid, "grid": grid}))


def check_person(desk: Desk, page: Page, draft: Draft) -> None:
    desk.is_new(Sheet.PERSONS, draft, "code")
    desk.knows(page, draft, "household", Sheet.HOUSEHOLDS)
    if draft.values.get("reach") is Reach.PHONE and draft.is_blank("phone") and draft.row is not None:
        desk.faults.at(page, draft, "phone", Message("import.reach_without_phone"))


def check_post(desk: Desk, page: Page, draft: Draft) -> None:
    role = draft.values.get("role")
    desk.knows(page, draft, "person", Sheet.PERSONS)
    kinds = LEGAL_POSTS[role] if isinstance(role, Role) else frozenset(OrgUnitKind)
    check_unit_kind(desk, page, draft, "unit", kinds)
    if role is Role.GRID_WORKER and draft.is_blank("grid"):
        desk.faults.at(page, draft, "grid", Message("import.worker_without_grid"))
    if role is Role.HUB_HOST and draft.is_blank("micro_grid"):
        desk.faults.at(page, draft, "micro_grid", Message("import.host_without_micro_grid"))
    _check_post_grid(desk, page, draft)
    _check_micro_grid(desk, page, draft)
    desk.check_days(page, draft, "since", "until")
    _take_down(desk, page, draft)


def _check_post_grid(desk: Desk, page: Page, draft: Draft) -> None:
    grid, unit = desk.knows(page, draft, "grid", Sheet.GRIDS), draft.text("unit")
    branch = desk.branches.get(grid) if grid else None
    if branch is None or unit not in desk.units.kinds or branch not in desk.units.kinds:
        return
    if not desk.units.are_in_line(unit, branch):
        desk.faults.at(page, draft, "grid", Message("import.grid_elsewhere", {"value": str(grid), "unit": unit}))


def _take_down(desk: Desk, page: Page, draft: Draft) -> None:
    """Remembers the post for hubs and links; the same one twice at a time is a fault."""
    role, person, window = draft.values.get("role"), draft.text("person"), window_of(draft)
    if not isinstance(role, Role) or person is None:
        return
    if role is Role.LINK_MEMBER:
        desk.link_members.add(person)
    if role is Role.HUB_HOST:
        desk.hosts.add((person, draft.text("micro_grid") or ""))
    place = (draft.text("unit"), draft.text("grid"), draft.text("micro_grid"))
    if window is None or place[0] is None or draft.unread & {"unit", "grid", "micro_grid"}:
        return
    windows = desk.posts.setdefault((person, role, *place), [])
    if (other := overlapping(window, windows)) is not None:
        desk.faults.at(page, draft, "person", Message("import.second_post", {"value": person, "row": other[2]}))
    windows.append(window)


def check_hub(desk: Desk, page: Page, draft: Draft) -> None:
    desk.is_new(Sheet.HUBS, draft, "micro_grid")
    micro_grid = desk.knows(page, draft, "micro_grid", Sheet.MICRO_GRIDS)
    host = desk.knows(page, draft, "host", Sheet.PERSONS)
    if micro_grid is not None and host is not None and (host, micro_grid) not in desk.hosts:
        desk.faults.at(page, draft, "host", Message("import.hub_without_post", {"value": host, "micro_grid": micro_grid}))


def check_link(desk: Desk, page: Page, draft: Draft) -> None:
    household = desk.knows(page, draft, "household", Sheet.HOUSEHOLDS)
    member = desk.knows(page, draft, "member", Sheet.PERSONS)
    if member is not None and member not in desk.link_members:
        desk.faults.at(page, draft, "member", Message("import.link_without_post", {"value": member}))
    if draft.values.get("agreed") is False:
        desk.faults.at(page, draft, "agreed", Message("import.link_without_agreement"))
    desk.check_days(page, draft, "since", "until")
    window = window_of(draft)
    if window is None or window[0] >= window[1]:
        return
    if household is not None:
        others = desk.links_of_households.get(household, ())
        if (other := overlapping(window, others)) is not None:
            desk.faults.at(page, draft, "household", Message("import.second_link", {"value": household, "row": other[2]}))
            return
        desk.links_of_households[household] = (*others, window)
    if member is not None:
        desk.links_of_members.setdefault(member, []).append(window)
