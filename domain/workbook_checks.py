"""Judges a file that brings an organisation: every fault at once, and where there is none the plan of what it says.

Lines are read as a stream. Only codes and small facts are kept, so that 40,000 households fit into little memory.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.errors import Message
from domain.organisation import OrgUnitKind
from domain.posts import Role
from domain.workbook_desk import MOST_LINKS, Desk, Standing, beyond
from domain.workbook_homes import check_household, check_hub, check_link, check_person, check_post
from domain.workbook_pages import MOST_FAULTS, Draft, Fault, Faults, Page, Source, drafts_of, pages_of, standing_draft
from domain.workbook_places import check_grid, check_micro_grid, check_village
from domain.workbook_rows import (
    GridRow,
    HouseholdRow,
    HubRow,
    LinkRow,
    MicroGridRow,
    PersonRow,
    Plan,
    PostRow,
    Sheet,
    UnitRow,
    VillageRow,
)
from domain.workbook_units import check_unit, kind_of

R = TypeVar("R")

Progress = Callable[[str, int], None]
"""Told of a sheet's title and how many of its lines were read."""

STEP = 5_000
"""Lines between two words of progress."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Either faults, sheet by sheet and line by line, or a plan. `left_out` faults were only counted."""

    faults: tuple[Fault, ...]
    left_out: int
    plan: Plan | None

    @property
    def more(self) -> Message | None:
        """The last line of a report that does not tell everything."""
        return Message("import.more", {"count": self.left_out}) if self.left_out else None


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """The rows of a sheet without faults, read from the file again each time."""

    page: Page
    make: Callable[..., R]

    def __iter__(self) -> Iterator[R]:
        names = [column.name for column in self.page.form.columns]
        several = {"covers", "succeeds"}
        for draft in drafts_of(self.page, Faults()):
            yield self.make(**{name: draft.values.get(name, () if name in several else None) for name in names})


def check(source: Source, standing: Standing, *, township: str, progress: Progress = lambda _, __: None) -> Checked:
    """Judges the file for the township. A sheet that the file has, with at least one line, is the whole truth of that sheet; what it does
    not have stays as it stands, and must still fit. Faults beyond `MOST_FAULTS` are counted only."""
    faults = Faults()
    pages = dict(pages_of(source, faults))
    desk = Desk(township, faults, pages)
    for sheet in Sheet:
        _SHEETS[sheet](desk, pages[sheet], _drafts(desk, sheet, standing, progress), standing)
    found = faults.sorted()
    return Checked(found[:MOST_FAULTS], faults.left_out, None if found else _plan(township, pages))


def _drafts(desk: Desk, sheet: Sheet, standing: Standing, progress: Progress) -> Iterator[Draft]:
    page = desk.pages[sheet]
    if not page.has_lines:
        yield from (standing_draft(page.form, row) for row in standing.rows(sheet))
        return
    count = 0
    for count, draft in enumerate(drafts_of(page, desk.faults), 1):
        if count % STEP == 0:
            progress(page.title, count)
        yield draft
    progress(page.title, count)


def _check_units(desk: Desk, page: Page, drafts: Iterator[Draft], standing: Standing) -> None:
    lines = list(drafts)
    for line in lines:
        if desk.is_new(Sheet.UNITS, line, "code"):
            desk.units.add(line)
    townships = [line for line in lines if kind_of(line) is OrgUnitKind.TOWNSHIP_COMMITTEE]
    if not townships and not any("kind" in line.unread for line in lines):
        row = page.header_row if page.raw is not None else None
        desk.faults.add(page, row, page.header("kind"), Message("import.no_township"), Message("import.expected.township"))
    for line in townships[1:]:
        desk.faults.at(page, line, "kind", Message("import.second_township"), Message("import.expected.township"))
    for line in lines:
        check_unit(page, line, desk.units, desk.faults, township=desk.township)
        desk.check_days(page, line, "valid_from", "valid_to")


def _check_grids(desk: Desk, page: Page, drafts: Iterator[Draft], standing: Standing) -> None:
    lines = list(drafts)
    for line in lines:
        if desk.is_new(Sheet.GRIDS, line, "code"):
            desk.branches[line.text("code") or ""] = line.text("branch")
    earlier = {row.code for row in standing.rows(Sheet.GRIDS) if isinstance(row, GridRow)} if page.has_lines else set()
    for line in lines:
        check_grid(desk, page, line, earlier)


def _check_posts(desk: Desk, page: Page, drafts: Iterator[Draft], standing: Standing) -> None:
    """A file that told of posts and of no administrator would lock everybody out of the organisation."""
    is_kept, is_read = False, True
    for draft in drafts:
        check_post(desk, page, draft)
        is_kept |= draft.values.get("role") is Role.ADMINISTRATOR and draft.is_blank("until")
        is_read &= "role" not in draft.unread
    if page.has_lines and is_read and not is_kept:
        what, expected = Message("import.no_administrator"), Message("import.expected.administrator")
        desk.faults.add(page, page.header_row, page.header("role"), what, expected)


def _line_by_line(judge: Callable[[Desk, Page, Draft], None]) -> Callable[[Desk, Page, Iterator[Draft], Standing], None]:
    def check_lines(desk: Desk, page: Page, drafts: Iterator[Draft], standing: Standing) -> None:
        for draft in drafts:
            judge(desk, page, draft)

    return check_lines


def _check_links(desk: Desk, page: Page, drafts: Iterator[Draft], standing: Standing) -> None:
    for draft in drafts:
        check_link(desk, page, draft)
    for member, windows in desk.links_of_members.items():
        for _, __, row in beyond(windows, MOST_LINKS):
            too_many = Draft(row or None, {"member": member, "household": member})
            desk.faults.at(page, too_many, "member", Message("import.too_many_links", {"value": member, "limit": MOST_LINKS}))


_SHEETS: Mapping[Sheet, Callable[[Desk, Page, Iterator[Draft], Standing], None]] = {
    Sheet.UNITS: _check_units,
    Sheet.VILLAGES: _line_by_line(check_village),
    Sheet.GRIDS: _check_grids,
    Sheet.MICRO_GRIDS: _line_by_line(check_micro_grid),
    Sheet.HOUSEHOLDS: _line_by_line(check_household),
    Sheet.PERSONS: _line_by_line(check_person),
    Sheet.POSTS: _check_posts,
    Sheet.HUBS: _line_by_line(check_hub),
    Sheet.LINKS: _check_links,
}
"""In the order in which they are read: those first that others refer to."""


def _plan(township: str, pages: Mapping[Sheet, Page]) -> Plan:
    def stream(sheet: Sheet, make: Callable[..., R]) -> Rows[R] | None:
        return Rows(pages[sheet], make) if pages[sheet].has_lines else None

    def whole(sheet: Sheet, make: Callable[..., R]) -> tuple[R, ...] | None:
        rows = stream(sheet, make)
        return tuple(rows) if rows is not None else None

    return Plan(
        township=township,
        units=whole(Sheet.UNITS, UnitRow),
        villages=whole(Sheet.VILLAGES, VillageRow),
        grids=whole(Sheet.GRIDS, GridRow),
        micro_grids=whole(Sheet.MICRO_GRIDS, MicroGridRow),
        households=stream(Sheet.HOUSEHOLDS, HouseholdRow),
        persons=stream(Sheet.PERSONS, PersonRow),
        posts=whole(Sheet.POSTS, PostRow),
        hubs=whole(Sheet.HUBS, HubRow),
        links=stream(Sheet.LINKS, LinkRow),
    )
