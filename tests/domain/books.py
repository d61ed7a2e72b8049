"""Workbooks to try: the demo's settlement as lines of cells, which a test may spoil one by one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from xlsxwriter import Workbook

from domain.workbook import FORMS, form_of, written
from domain.workbook_cells import Cell
from domain.workbook_checks import Checked, check
from domain.workbook_desk import NothingStands, Standing
from domain.workbook_pages import Line, Source
from domain.workbook_rows import Row, Sheet
from server.demo.settlement import settlement
from server.demo.workbook import rows_of

TOWNSHIP = "990101101"
HOMES = 60
LANGUAGES = ("zh-CN", "en")


def demo_rows(homes: int = HOMES) -> Mapping[Sheet, tuple[Row, ...]]:
    return {sheet: tuple(rows) for sheet, rows in rows_of(settlement(homes, township=TOWNSHIP)).items()}


@dataclass(frozen=True)
class Stands:
    """Keeps `Standing` for rows that a test holds."""

    held: Mapping[Sheet, Sequence[Row]]

    def rows(self, sheet: Sheet) -> Iterable[Row]:
        return self.held.get(sheet, ())


@dataclass(frozen=True)
class ListSheet:
    """Keeps `RawSheet` for lines in memory."""

    name: str
    cells: Sequence[Sequence[Cell]]

    def lines(self) -> Iterator[Line]:
        return iter(enumerate(self.cells, 1))


class Book:
    """Sheets of cells, the header first. Lines are numbered as the spreadsheet shows them."""

    def __init__(self, rows: Mapping[Sheet, Sequence[Row]], language: str = "zh-CN") -> None:
        self.is_english = language == "en"
        self.sheets: dict[str, list[list[Cell]]] = {}
        for form in FORMS:
            if form.sheet in rows:
                lines: list[list[Cell]] = [[column.in_language(is_english=self.is_english) for column in form.columns]]
                lines += [[written(c, getattr(row, c.name), is_english=self.is_english) for c in form.columns] for row in rows[form.sheet]]
                self.sheets[self.title(form.sheet)] = lines

    def title(self, sheet: Sheet) -> str:
        return form_of(sheet).in_language(is_english=self.is_english)

    def header(self, sheet: Sheet, name: str) -> str:
        return form_of(sheet).column(name).in_language(is_english=self.is_english)

    def lines(self, sheet: Sheet) -> list[list[Cell]]:
        return self.sheets[self.title(sheet)]

    def find(self, sheet: Sheet, name: str, value: str, nth: int = 0) -> int:
        """The number of the nth line whose cell says that."""
        at = self._at(sheet, name)
        return [number for number, line in enumerate(self.lines(sheet), 1) if line[at] == value][nth]

    def put(self, sheet: Sheet, row: int, name: str, value: Cell) -> int:
        self.lines(sheet)[row - 1][self._at(sheet, name)] = value
        return row

    def add(self, sheet: Sheet, **values: Cell) -> int:
        """A new last line; its number."""
        self.lines(sheet).append([values.get(column.name) for column in form_of(sheet).columns])
        return len(self.lines(sheet))

    def cell(self, sheet: Sheet, row: int, name: str) -> Cell:
        return self.lines(sheet)[row - 1][self._at(sheet, name)]

    def again(self, sheet: Sheet, row: int, **values: Cell) -> int:
        """A new last line like another one, but for some of its cells."""
        names = [column.name for column in form_of(sheet).columns]
        return self.add(sheet, **{**dict(zip(names, self.lines(sheet)[row - 1], strict=False)), **values})

    def _at(self, sheet: Sheet, name: str) -> int:
        return [column.name for column in form_of(sheet).columns].index(name)

    @property
    def source(self) -> Source:
        return Source([ListSheet(name, lines) for name, lines in self.sheets.items()])

    def check(self, standing: Standing | None = None) -> Checked:
        return check(self.source, standing or NothingStands(), township=TOWNSHIP)

    def save(self, path: Path) -> Path:
        with Workbook(str(path), {"strings_to_formulas": False}) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for name, lines in self.sheets.items():
                sheet = book.add_worksheet(name)
                for row, line in enumerate(lines):
                    for column, cell in enumerate(line):
                        if isinstance(cell, bool):
                            sheet.write_boolean(row, column, cell)
                        elif isinstance(cell, date):
                            sheet.write_datetime(row, column, cell, day)
                        elif isinstance(cell, float | int):
                            sheet.write_number(row, column, cell)
                        elif cell:
                            sheet.write_string(row, column, str(cell))
        return path


def found(checked: Checked) -> set[tuple[str, int | None, str | None, str]]:
    """Where the faults are, and what each is."""
    return {(fault.sheet, fault.row, fault.column, fault.what.key.removeprefix("import.")) for fault in checked.faults}
