"""What a file must keep besides, because of what stood before: a code that was closed is never given again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from domain.errors import Message
from domain.workbook_checks import Checked, Progress, check
from domain.workbook_desk import Standing
from domain.workbook_pages import MOST_FAULTS, Fault, Faults, Source, drafts_of, pages_of
from domain.workbook_rows import Row, Sheet

Closed = Mapping[Sheet, Mapping[str, date | None]]


@dataclass(frozen=True, slots=True)
class Held:
    """Keeps `Standing`: rows of the sheets that a file leaves as they are, and of grids those that it may succeed."""

    of_sheets: Mapping[Sheet, Iterable[Row]]

    def rows(self, sheet: Sheet) -> Iterable[Row]:
        return self.of_sheets.get(sheet, ())


def judge(source: Source, standing: Standing, closed: Closed, *, township: str, progress: Progress) -> Checked:
    """Like `check`, and no code of what was closed comes again."""
    checked = check(source, standing, township=township, progress=progress)
    again = list(_closed_again(source, closed))
    if not again:
        return checked
    found = (*checked.faults, *again)
    return Checked(found[:MOST_FAULTS], checked.left_out + max(0, len(found) - MOST_FAULTS), None)


def _closed_again(source: Source, closed: Closed) -> Iterator[Fault]:
    faults = Faults()
    if any(closed.values()):
        pages = pages_of(source, Faults())
        for sheet, codes in closed.items():
            for draft in drafts_of(pages[sheet], Faults()) if codes else ():
                code = draft.text("code")
                if code is not None and code in codes and draft.day("valid_to") != codes[code]:
                    day = codes[code]
                    what = Message("import.closed_code", {"value": code, "day": day.isoformat() if day else ""})
                    faults.at(pages[sheet], draft, "code", what)
    return iter(faults.sorted())
