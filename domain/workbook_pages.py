"""A file's sheets read line by line: which sheet is which, which column stands where, and each line as far as it can be read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import Protocol

from domain.errors import Message
from domain.workbook import FORMS, IGNORED_SHEETS, Column, Form, folded, form_for_headers, form_named
from domain.workbook_cells import BadCell, Cell, is_blank, shown, without_numbers
from domain.workbook_rows import Row, Sheet

MOST_FAULTS = 1_000

Line = tuple[int, Sequence[Cell]]
"""A line's number as the spreadsheet shows it, from 1, and its cells from column A."""


class RawSheet(Protocol):
    """A sheet as the file has it."""

    @property
    def name(self) -> str:
        """What its tab says; of a .csv, the file's name without its ending."""
        ...

    def lines(self) -> Iterator[Line]:
        """All lines from the top, again at each call, without those that have only a merged heading."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was opened. Of a `single` sheet (.csv) the headers say what it is where its name does not."""

    sheets: Sequence[RawSheet]
    is_single: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend: where, what is wrong, and what is expected there. `row` counts from 1, as the spreadsheet shows it."""

    sheet: str
    row: int | None
    column: str | None
    what: Message
    expected: Message


@dataclass(frozen=True, slots=True)
class Draft:
    """A line as far as it could be read; `unread` are columns whose cell says nothing sensible. `row` is `None` for what stands already."""

    row: int | None
    values: Mapping[str, object]
    unread: frozenset[str] = frozenset()

    def is_blank(self, name: str) -> bool:
        return name not in self.values and name not in self.unread

    def text(self, name: str) -> str | None:
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def day(self, name: str) -> date | None:
        value = self.values.get(name)
        return value if isinstance(value, date) else None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        return value if isinstance(value, tuple) else ()


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of the file, or the place of one that it does not have."""

    form: Form
    title: str
    headers: Mapping[str, str]
    raw: RawSheet | None = None
    header_row: int = 0
    columns: tuple[tuple[int, Column], ...] = ()
    unnamed: frozenset[int] = frozenset()
    has_lines: bool = False

    def header(self, name: str) -> str:
        return self.headers[name]


@dataclass(slots=True)
class Faults:
    """Collects what is wrong, at most `MOST_FAULTS`; the others are counted."""

    found: list[tuple[int, Fault]] = field(default_factory=list)
    left_out: int = 0

    def add(self, page: Page, row: int | None, column: str | None, what: Message, expected: Message) -> None:
        if len(self.found) >= MOST_FAULTS:
            self.left_out += 1
            return
        told = {name: without_numbers(value) if isinstance(value, str) else value for name, value in what.params.items()}
        what, column = replace(what, params=told), column and without_numbers(column)
        place = next(number for number, form in enumerate(FORMS) if form is page.form)
        self.found.append((place, Fault(page.title, row, column, what, expected)))

    def at(self, page: Page, draft: Draft, name: str, what: Message, expected: Message | None = None) -> None:
        """A fault in one cell; of a row that stands already and that the file does not fit, its code is told."""
        column = page.form.column(name)
        if draft.row is None:
            what = Message("import.standing", {"code": _code_of(page, draft), "value": shown(draft.text(name) or "")})
        self.add(page, draft.row, page.header(name), what, expected or column.expected)

    def unknown_sheet(self, title: str) -> None:
        names = "、".join(form.header for form in FORMS)
        english = ", ".join(form.sheet.value for form in FORMS)
        expected = Message("import.expected.sheet", {"names": names, "english": english})
        self.found.append((-1, Fault(title, None, None, Message("import.unknown_sheet"), expected)))

    def sorted(self) -> tuple[Fault, ...]:
        """Sheet by sheet, line by line."""
        return tuple(fault for _, fault in sorted(self.found, key=lambda pair: (pair[0], pair[1].row or 0)))


def _code_of(page: Page, draft: Draft) -> str:
    return draft.text(page.form.columns[0].name) or ""


def pages_of(source: Source, faults: Faults) -> Mapping[Sheet, Page]:
    """Every sheet there is a form for; whatever is none, stands twice or has other columns is a fault."""
    pages: dict[Sheet, Page] = {}
    for raw in source.sheets:
        first = [] if folded(raw.name) in IGNORED_SHEETS else list(islice(_filled(raw), 2))
        if not first:
            continue
        headers = [_header(cell) for cell in first[0][1]]
        form = form_named(raw.name) or (form_for_headers([header for header in headers if header]) if source.is_single else None)
        if form is None:
            faults.unknown_sheet(raw.name)
        elif form.sheet in pages:
            faults.add(
                pages[form.sheet], None, None, Message("import.second_sheet", {"name": raw.name}), Message("import.expected.one_sheet")
            )
        else:
            pages[form.sheet] = _page(form, raw, first[0][0], headers, faults, has_lines=len(first) == 2)
    return {form.sheet: pages.get(form.sheet) or _absent(form, pages) for form in FORMS}


def sheets_of(source: Source) -> frozenset[Sheet]:
    """The sheets that a file says something about; all others stay as they stand."""
    return frozenset(sheet for sheet, page in pages_of(source, Faults()).items() if page.has_lines)


def _header(cell: Cell) -> str:
    """As it reads, without the star that the template puts behind what must be filled in."""
    return "" if is_blank(cell) else shown(cell).strip().rstrip("*＊ ")


def _absent(form: Form, pages: Mapping[Sheet, Page]) -> Page:
    is_english = any(page.title == page.form.sheet.value for page in pages.values())
    headers = {column.name: column.in_language(is_english=is_english) for column in form.columns}
    return Page(form, form.in_language(is_english=is_english), headers)


def _page(form: Form, raw: RawSheet, header_row: int, headers: Sequence[str], faults: Faults, *, has_lines: bool) -> Page:
    meant = [(index, header, form.known_by(header)) for index, header in enumerate(headers) if header]
    is_english = any(column is not None and folded(header) == folded(column.name) for _, header, column in meant)
    names = {column.name: column.in_language(is_english=is_english) for column in form.columns}
    found: dict[str, tuple[int, Column]] = {}
    for index, header, column in meant:
        if column is not None and column.name not in found:
            found[column.name] = (index, column)
            names[column.name] = header
    unnamed = frozenset(index for index, header in enumerate(headers) if not header)
    page = Page(form, raw.name, names, raw, header_row, tuple(found.values()), unnamed, has_lines and bool(found))
    _check_headers(page, meant, faults)
    return page


def _check_headers(page: Page, meant: Sequence[tuple[int, str, Column | None]], faults: Faults) -> None:
    names = "、".join(column.header for column in page.form.columns)
    known = Message("import.expected.columns", {"names": names, "english": ", ".join(page.headers)})
    there = {column.name: index for index, column in page.columns}
    for index, header, column in meant:
        if column is None:
            faults.add(page, page.header_row, header, Message("import.unknown_column"), known)
        elif there[column.name] != index:
            faults.add(page, page.header_row, header, Message("import.second_column"), known)
    for column in page.form.columns:
        if column.is_required and column.name not in there:
            faults.add(page, page.header_row, page.header(column.name), Message("import.missing_column"), column.expected)


def _filled(raw: RawSheet) -> Iterator[Line]:
    return (line for line in raw.lines() if not all(map(is_blank, line[1])))


def drafts_of(page: Page, faults: Faults) -> Iterator[Draft]:
    """The lines of a sheet; a cell that cannot be read, or is empty and may not be, is a fault. Lines without anything are passed over."""
    if page.raw is None or not page.has_lines:
        return
    unnamed: set[int] = set()
    for number, cells in islice(_filled(page.raw), 1, None):
        yield _draft(page, number, cells, faults)
        over = {
            index for index in (*page.unnamed, *range(page_width(page), len(cells))) if index < len(cells) and not is_blank(cells[index])
        }
        for index in sorted(over - unnamed):
            faults.add(page, number, _letters(index), Message("import.no_header"), Message("import.expected.header"))
        unnamed |= over


def page_width(page: Page) -> int:
    """Columns up to the last that has a header."""
    return max([index for index, _ in page.columns] + list(page.unnamed), default=-1) + 1


def _draft(page: Page, number: int, cells: Sequence[Cell], faults: Faults) -> Draft:
    values: dict[str, object] = {}
    unread: set[str] = set()
    for index, column in page.columns:
        cell = cells[index] if index < len(cells) else None
        try:
            if not is_blank(cell):
                values[column.name] = column.read(cell)
            elif column.is_required:
                raise BadCell(Message("import.required"))
        except BadCell as bad:
            unread.add(column.name)
            faults.add(page, number, page.header(column.name), bad.what, column.expected)
    return Draft(number, values, frozenset(unread))


def standing_draft(form: Form, row: Row) -> Draft:
    """A row that stands already, in the shape of a line."""
    values = {column.name: getattr(row, column.name) for column in form.columns}
    return Draft(None, {name: value for name, value in values.items() if value is not None})


def _letters(index: int) -> str:
    """A column's name where it has no header: A, B, ..., Z, AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
