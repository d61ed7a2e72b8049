"""Lists to take away as a spreadsheet: written row by row, as text, without ever holding them all."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from xlsxwriter import Workbook

_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}


class WorkbookOfRows:
    """One sheet with a header, into an open file. What waits to be packed lies in `folder`, which whoever made it removes."""

    def __init__(self, file: IO[bytes], folder: Path, headers: Sequence[str]) -> None:
        self._book: Any = Workbook(file, {"tmpdir": str(folder), **_OPTIONS})
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(headers) - 1, 18)
        self._next = 0
        self.write([headers])

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        for row in rows:
            for index, cell in enumerate(row):
                if cell:
                    self._sheet.write_string(self._next, index, cell)
            self._next += 1

    def close(self) -> None:
        """Packs it; the file is whole then."""
        self._book.close()
