"""What a check knows while it goes through the sheets: codes seen so far and the few facts that other sheets ask about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from heapq import heappop, heappush
from typing import Protocol

from domain.errors import Message
from domain.workbook import form_of
from domain.workbook_pages import Draft, Faults, Page
from domain.workbook_rows import Row, Sheet
from domain.workbook_units import Units

MOST_LINKS = 20
"""So many homes may one link member look in on at a time."""

Window = tuple[date, date, int]
"""From, until (exclusive), and the line that says so, 0 for what stands already."""


class Standing(Protocol):
    """The organisation as it stands, by rows like those of a file; asked only for what a file leaves as it is, and for grids."""

    def rows(self, sheet: Sheet) -> Iterable[Row]: ...


class NothingStands:
    """Before the first import."""

    def rows(self, sheet: Sheet) -> Iterable[Row]:
        return ()


@dataclass(slots=True)
class Desk:
    """Codes map to the line that brought them, 0 for what stands already. Whole rows are not kept."""

    township: str
    faults: Faults
    pages: dict[Sheet, Page]
    units: Units = field(default_factory=Units)
    codes: dict[Sheet, dict[str, int]] = field(default_factory=lambda: {sheet: {} for sheet in Sheet})
    branches: dict[str, str | None] = field(default_factory=dict)
    grids_of_micro_grids: dict[str, str | None] = field(default_factory=dict)
    link_members: set[str] = field(default_factory=set)
    hosts: set[tuple[str, str]] = field(default_factory=set)
    posts: dict[tuple[object, ...], list[Window]] = field(default_factory=dict)
    links_of_households: dict[str, tuple[Window, ...]] = field(default_factory=dict)
    links_of_members: dict[str, list[Window]] = field(default_factory=dict)
    missing: set[Sheet] = field(default_factory=set)

    def is_new(self, sheet: Sheet, draft: Draft, column: str) -> bool:
        """Takes the line's code down; a code that another line brought is a fault."""
        code = draft.text(column)
        if code is None:
            return False
        earlier = self.codes[sheet].setdefault(code, draft.row or 0)
        if earlier == (draft.row or 0):
            return True
        self.faults.at(self.pages[sheet], draft, column, Message("import.second_code", {"value": code, "row": earlier}))
        return False

    def knows(self, page: Page, draft: Draft, column: str, target: Sheet) -> str | None:
        """The code in that cell, if the other sheet has it. A code that is nowhere is a fault; a sheet that is nowhere is one fault."""
        code = draft.text(column)
        if code is None or code in self.codes[target]:
            return code
        if self.codes[target] or self.pages[target].has_lines:
            title = self.pages[target].title
            self.faults.at(page, draft, column, Message("import.unknown_code", {"value": code, "sheet": title}))
        elif target not in self.missing:
            self.missing.add(target)
            self.lacks(target, needed_by=page)
        return None

    def lacks(self, target: Sheet, *, needed_by: Page) -> None:
        absent = self.pages[target]
        form = form_of(target)
        what = Message("import.missing_sheet", {"sheet": absent.title, "needed_by": needed_by.title})
        self.faults.add(absent, None, None, what, Message("import.expected.sheet", {"names": form.header, "english": form.sheet.value}))

    def check_days(self, page: Page, draft: Draft, first: str, last: str) -> None:
        since, until = draft.day(first), draft.day(last)
        if since is not None and until is not None and until <= since:
            self.faults.at(page, draft, last, Message("import.days_reversed", {"first": since.isoformat(), "last": until.isoformat()}))

    def check_township(self, page: Page, draft: Draft, column: str) -> None:
        code = draft.text(column)
        if code is not None and not code.startswith(self.township):
            self.faults.at(page, draft, column, Message("import.foreign_code", {"value": code, "township": self.township}))


def window_of(draft: Draft) -> Window | None:
    """From `since` until `until`; nothing where the line does not say it."""
    since = draft.day("since")
    if since is None or "until" in draft.unread:
        return None
    return since, draft.day("until") or date.max, draft.row or 0


def overlapping(window: Window, others: Iterable[Window]) -> Window | None:
    return next((other for other in others if window[0] < other[1] and other[0] < window[1]), None)


def beyond(windows: Iterable[Window], most: int) -> Iterator[Window]:
    """Those that begin while `most` others go on."""
    going_on: list[date] = []
    for window in sorted(windows):
        while going_on and going_on[0] <= window[0]:
            heappop(going_on)
        heappush(going_on, window[1])
        if len(going_on) > most:
            yield window
