"""Looks through an .xlsx before it is unpacked: what would burst the memory is refused, and formulas and their errors are found.

The reader behind it lays a sheet out as a full rectangle and gives a formula's last value in its place; neither shows from there.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from posixpath import join, normpath
from zipfile import BadZipFile, ZipFile

from domain.errors import invalid
from domain.workbook_cells import Mark

MOST_UNPACKED = 400_000_000  # bytes, of all parts together
MOST_PARTS = 500
MOST_CELLS = 6_000_000
"""Of one sheet, as a rectangle from A1 to its last cell that is used."""
MOST_MARKS = 2_000
"""So many formulas of one sheet are told one by one."""

_CHUNK = 1 << 20
_TAG = re.compile(rb"<(?:\w+:)?(?:(?P<row>row)\b(?P<of_row>[^>]*)>|c(?P<of_cell>\s[^>]*)?>|(?P<formula>f)[\s/>])")
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,3})([0-9]{1,7})["']""")
_IS_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_SHEET = re.compile(r"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")

Marks = Mapping[int, Mapping[int, Mark]]
"""By line and column, both from 0."""


@dataclass(slots=True)
class _Walk:
    """Where the walk through a sheet's cells stands, and how far it has come."""

    row: int = -1
    column: int = -1
    last_row: int = 0
    last_column: int = 0
    marks: dict[int, dict[int, Mark]] = field(default_factory=dict)
    marked: int = 0

    def to_row(self, attributes: bytes) -> None:
        place = _PLACE.search(attributes)
        self.row, self.column = (int(place[2]) - 1 if place else self.row + 1), -1

    def to_cell(self, attributes: bytes) -> None:
        place = _PLACE.search(attributes)
        if place and place[1]:
            self.row, self.column = int(place[2]) - 1, _number(place[1])
        else:
            self.column += 1
        if not attributes.endswith(b"/"):
            self.last_row, self.last_column = max(self.last_row, self.row), max(self.last_column, self.column)
            if _IS_ERROR.search(attributes):
                self.mark(Mark.ERROR)

    def mark(self, mark: Mark) -> None:
        if self.marked < MOST_MARKS:
            self.marks.setdefault(self.row, {})[self.column] = mark
            self.marked += 1


def looked_through(path: Path) -> Mapping[str, Marks]:
    """Formulas and errors of each sheet, by its name. Refuses what is no .xlsx, or would take too much to unpack."""
    try:
        with ZipFile(path) as parts:
            infos = parts.infolist()
            if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED:
                raise invalid("import.file_too_large", "file")
            return {name: _walk(parts, part) for name, part in _sheets(parts)}
    except (BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError, OSError, UnicodeDecodeError, ValueError) as error:
        raise invalid("import.file_unreadable", "file") from error


def _sheets(parts: ZipFile) -> Iterator[tuple[str, str]]:
    relations = {}
    for tag in _RELATION.findall(parts.read("xl/_rels/workbook.xml.rels").decode()):
        attributes = _attributes(tag)
        relations[attributes.get("Id", "")] = attributes.get("Target", "")
    for tag in _SHEET.findall(parts.read("xl/workbook.xml").decode()):
        attributes = _attributes(tag)
        target = relations.get(next((value for name, value in attributes.items() if name.endswith(":id")), ""), "")
        if "worksheets/" in target:
            yield attributes.get("name", ""), target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))


def _attributes(tag: str) -> dict[str, str]:
    return {name: unescape(double or single) for name, double, single in _ATTRIBUTE.findall(tag)}


def _walk(parts: ZipFile, part: str) -> Marks:
    walk = _Walk()
    for tag in _tags(parts, part):
        if tag["row"]:
            walk.to_row(tag["of_row"])
        elif tag["formula"]:
            walk.mark(Mark.FORMULA)
        else:
            walk.to_cell(tag["of_cell"] or b"")
        if (walk.last_row + 1) * (walk.last_column + 1) > MOST_CELLS:
            raise invalid("import.file_too_large", "file")
    return walk.marks


def _tags(parts: ZipFile, part: str) -> Iterator[re.Match[bytes]]:
    with parts.open(part) as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            if not rest and chunk[:2] in {b"\xff\xfe", b"\xfe\xff"}:
                raise ValueError("a sheet in UTF-16")
            whole = rest + chunk
            end = whole.rfind(b"<")
            yield from _TAG.finditer(whole, 0, max(end, 0))
            rest = whole[end:] if end >= 0 else b""
        yield from _TAG.finditer(rest)


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
