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
_LONGEST_TEXT = 4 << 20  # bytes between two tags; a cell has at most 32,767 characters
_PREFIX, _QUOTED = rb"<(?:[^\s<>/:!?]+:)?", rb"""(?:[^<>"']|"[^"<]*"|'[^'<]*')*"""
_TAG = re.compile(
    _PREFIX
    + rb"(?:(?P<row>row)(?P<of_row>\s"
    + _QUOTED
    + rb")?>|c(?P<of_cell>\s"
    + _QUOTED
    + rb")?/?>|(?P<formula>f)[\s/>]|(?P<odd>row|c)(?![^\s/>]))"
)
_USUAL_CELL = re.compile(rb"""\sr="([A-Z]{1,3})([0-9]{1,7})"(?: s="[0-9]*")?(?: t="([a-zA-Z]*)")?""")
_PLACE = re.compile(rb"([A-Za-z]{0,3})([0-9]{1,7})")
_ATTRIBUTE = re.compile(rb"""([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SHEET = re.compile(_PREFIX + rb"sheet\s" + _QUOTED + b">")
_RELATION = re.compile(_PREFIX + rb"Relationship\s" + _QUOTED + b">")

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
        place = _attributes(attributes).get(b"r")
        self.row, self.column = (int(place) - 1 if place is not None else self.row + 1), -1

    def to_cell(self, attributes: bytes, *, is_empty: bool) -> None:
        if usual := _USUAL_CELL.fullmatch(attributes):
            letters, number, kind = usual.groups()
        else:
            given = _attributes(attributes)
            kind = given.get(b"t")
            place = _PLACE.fullmatch(given.get(b"r", b"%d" % (self.row + 1)))
            if place is None:
                raise ValueError("a cell that is nowhere")
            letters, number = place.groups()
        self.row, self.column = int(number) - 1, _number(letters) if letters else self.column + 1
        if not is_empty:
            self.last_row, self.last_column = max(self.last_row, self.row), max(self.last_column, self.column)
            if kind == b"e":
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
    relations: dict[bytes, str] = {}
    for tag in _RELATION.findall(parts.read("xl/_rels/workbook.xml.rels")):
        given = _attributes(tag)
        if given.get(b"Type", b"").endswith(b"/worksheet"):
            relations[given.get(b"Id", b"")] = given.get(b"Target", b"").decode()
    for tag in _SHEET.findall(parts.read("xl/workbook.xml")):
        given = _attributes(tag)
        target = relations.get(next((value for name, value in given.items() if name.endswith(b":id")), b""))
        if target:
            yield unescape(given.get(b"name", b"").decode()), target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return {name: double or single for name, double, single in reversed(_ATTRIBUTE.findall(tag))}


def _walk(parts: ZipFile, part: str) -> Marks:
    walk = _Walk()
    for tag in _tags(parts, part):
        if tag["row"]:
            walk.to_row(tag["of_row"] or b"")
        elif tag["formula"]:
            walk.mark(Mark.FORMULA)
        elif tag["odd"]:
            raise ValueError("a tag that is none")
        else:
            attributes = tag["of_cell"] or b""
            walk.to_cell(attributes.rstrip(b"/ "), is_empty=tag[0].endswith(b"/>"))
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
            if len(rest) > _LONGEST_TEXT:
                raise ValueError("a text without an end")
        yield from _TAG.finditer(rest)


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number - 1
