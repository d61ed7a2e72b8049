"""Reads spreadsheets: .xlsx by calamine, one sheet in memory at a time, and .csv as a stream in the encodings that are met here."""

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from adapters.workbook.fence import Marks, looked_through
from domain.errors import invalid
from domain.workbook_cells import Cell, Mark, is_blank
from domain.workbook_pages import Line, Source

MOST_BYTES = 100_000_000
"""Of a file, as it comes."""
MOST_MERGED = 100_000
"""So many lines may have merged cells."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ENCODINGS = ("utf-8-sig", "gb18030")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 1 << 20
_WIDEST_BANNER_GAP = 3
"""A merged line of at least so many columns with nothing beside it is a heading for people."""


@contextmanager
def opened(path: Path, *, title: str | None = None) -> Iterator[Source]:
    """The sheets of a file, to be read while it is open; `title` is what the file was called by whoever sent it.

    Refuses what is neither .xlsx nor text, has a password, or is too large.
    """
    if path.stat().st_size > MOST_BYTES:
        raise invalid("import.file_too_large", "file")
    with path.open("rb") as file:
        head = file.read(len(_ZIP))
    if head == _OLE:
        raise invalid("import.file_encrypted" if _ENCRYPTED in path.read_bytes() else "import.file_unreadable", "file")
    if head != _ZIP:
        yield Source([_CsvSheet(Path(title or path.name).stem, path, *_way_of_writing(path))], is_single=True)
        return
    marks = looked_through(path)
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            if not marks.keys() >= set(names):  # the reader sees a sheet that the fence did not
                raise invalid("import.file_unreadable", "file")
            shelf = _Shelf(book)
            yield Source([_XlsxSheet(name, shelf, marks[name]) for name in names])
    except PasswordError as error:
        raise invalid("import.file_encrypted", "file") from error
    except CalamineError as error:
        raise invalid("import.file_unreadable", "file") from error


@dataclass(slots=True)
class _Shelf:
    """Keeps the sheet that was asked for last, and no other."""

    book: CalamineWorkbook
    name: str | None = None
    sheet: CalamineSheet | None = field(default=None, repr=False)

    def take(self, name: str) -> CalamineSheet:
        if self.sheet is None or self.name != name:
            self.sheet = None
            self.name, self.sheet = name, self.book.get_sheet_by_name(name)
        return self.sheet


@dataclass(frozen=True, slots=True)
class _XlsxSheet:
    """Keeps `RawSheet`."""

    name: str
    shelf: _Shelf
    marks: Marks

    def lines(self) -> Iterator[Line]:
        sheet = self.shelf.take(self.name)
        if sheet.start is None:
            return
        before: list[Cell] = [None] * sheet.start[1]
        merged = _merged(sheet)
        for row, values in enumerate(sheet.iter_rows()):
            cells = [*before, *values]
            _put_marks(cells, self.marks.get(row, {}))
            spans = merged.get(row, ())
            if spans and _is_banner(cells, spans):
                continue
            for first, last, is_top in spans:
                for column in range(first + is_top, min(last + 1, len(cells))):
                    cells[column] = Mark.MERGED
            yield row + 1, cells


def _put_marks(cells: list[Cell], marks: Mapping[int, Mark]) -> None:
    for column, mark in marks.items():
        if 0 <= column < len(cells):
            cells[column] = mark


def _merged(sheet: CalamineSheet) -> Mapping[int, Sequence[tuple[int, int, bool]]]:
    """First and last column of the merged cells of each line, and whether the line is their uppermost, which has their value."""
    lines: dict[int, list[tuple[int, int, bool]]] = {}
    height = sheet.end[0] if sheet.end else 0
    count = 0
    for (top, first), (bottom, last) in sheet.merged_cell_ranges or ():
        for row in range(top, min(bottom, height) + 1):
            lines.setdefault(row, []).append((first, last, row == top))
            count += 1
            if count > MOST_MERGED:
                raise invalid("import.file_too_large", "file")
    return lines


def _is_banner(cells: Sequence[Cell], spans: Sequence[tuple[int, int, bool]]) -> bool:
    """A heading over the whole width, or what lies below the first line of one."""
    used = [column for column, cell in enumerate(cells) if not is_blank(cell)]
    return any(last - first + 1 >= _WIDEST_BANNER_GAP and all(first <= column <= last for column in used) for first, last, _ in spans)


@dataclass(frozen=True, slots=True)
class _CsvSheet:
    """Keeps `RawSheet`."""

    name: str
    path: Path
    encoding: str
    delimiter: str

    def lines(self) -> Iterator[Line]:
        with self.path.open(encoding=self.encoding, newline="") as file:
            try:
                yield from enumerate(csv.reader(file, delimiter=self.delimiter), 1)
            except csv.Error as error:
                raise invalid("import.file_unreadable", "file") from error


def _way_of_writing(path: Path) -> tuple[str, str]:
    """Encoding and delimiter of a text. Refuses what is no text in UTF-8, GB18030 or, where it says so itself, UTF-16."""
    with path.open("rb") as file:
        encodings = ("utf-16",) if file.read(2) in _UTF_16 else _ENCODINGS
    encoding = next((encoding for encoding in encodings if _is_in(encoding, path)), None)
    if encoding is None:
        raise invalid("import.file_encoding", "file")
    with path.open(encoding=encoding, newline="") as file:
        top = next((line for line in islice(file, 100) if line.strip()), "")
    return encoding, max(",\t;", key=top.count)


def _is_in(encoding: str, path: Path) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                if "\0" in decoder.decode(chunk):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True
