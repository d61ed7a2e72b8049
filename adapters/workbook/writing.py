"""Writes spreadsheets: the empty template, and an organisation in the same sheets, so that it can be changed and brought again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from domain import workbook_cells
from domain.messages import DEFAULT_LANGUAGE, Messages
from domain.workbook import EXAMPLES, FORMS, Column, Form, written
from domain.workbook_rows import Row, Sheet

LAST_LINE = 1_048_575
_AS_TEXT = 49  # the number of the format "@" in every spreadsheet program
_PROPERTIES = {"created": datetime(2026, 1, 1)}  # noqa: DTZ001 - the same file each time; the format knows no zones
_OPTIONS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}

_EXAMPLE: Mapping[Sheet, Sequence[str]] = {
    Sheet.UNITS: ("990101101601", "柳湾新村党总支", "安置区党组织", "990101101", "", "", "2026-01-01", ""),
    Sheet.VILLAGES: ("990101101201", "雁落滩村", "990101101201"),
    Sheet.GRIDS: (
        "990101101601001",
        "第一网格",
        "综合网格",
        "99010110160101",
        "POLYGON((115.5 35.2, 115.51 35.2, 115.51 35.21, 115.5 35.2))",
        "",
        "2026-01-01",
        "",
    ),
    Sheet.MICRO_GRIDS: ("99010110160100101", "第一微网格", "990101101601001", "2026-01-01", ""),
    Sheet.PERSONS: ("P0001", "王秀芳", "H0001", "", "上门"),
    Sheet.POSTS: ("P0001", "网格员", "99010110160101", "990101101601001", "", "2026-01-01", ""),
    Sheet.HUBS: ("99010110160100101", "P0002"),
    Sheet.HOUSEHOLDS: ("H0001", "3-2-501", "柳湾新村3号楼2单元501室", "990101101601001", "99010110160100101", "990101101201"),
    Sheet.LINKS: ("H0001", "P0003", "2026-01-01", "", "是"),
}


def template(messages: Messages, language: str) -> bytes:
    """An empty workbook (.xlsx) with every sheet: cells as text, lists to choose from, a note on each header, examples apart."""
    is_english = language != DEFAULT_LANGUAGE
    file = BytesIO()
    with Workbook(file, {"in_memory": True, **_OPTIONS}) as book:
        book.set_properties(_PROPERTIES)
        for form in FORMS:
            sheet = _sheet(book, form, is_english=is_english)
            for index, column in enumerate(form.columns):
                note = messages.render(column.expected, language)
                sheet.write_comment(0, index, note, {"author": "", "x_scale": 2, "font_size": 10})
        _write_examples(book, is_english=is_english)
    return file.getvalue()


def write_organisation(path: Path, rows: Mapping[Sheet, Iterable[Row]], *, language: str = DEFAULT_LANGUAGE) -> None:
    """The rows of an organisation as a workbook; a sheet without rows is left out. Rows are streamed to the disk.

    Raises `OSError` where it cannot be written, the folder for temporary files included.
    """
    try:
        _stream(path, rows, is_english=language != DEFAULT_LANGUAGE)
    except FileCreateError as error:
        raise OSError(str(error)) from error


def _stream(path: Path, rows: Mapping[Sheet, Iterable[Row]], *, is_english: bool) -> None:
    with Workbook(str(path), {"constant_memory": True, **_OPTIONS}) as book:
        book.set_properties(_PROPERTIES)
        for form in FORMS:
            if form.sheet in rows:
                sheet = _sheet(book, form, is_english=is_english)
                for number, row in enumerate(rows[form.sheet], 1):
                    for index, column in enumerate(form.columns):
                        if text := written(column, getattr(row, column.name), is_english=is_english):
                            sheet.write_string(number, index, text)


def _sheet(book: Workbook, form: Form, *, is_english: bool) -> Worksheet:
    sheet = book.add_worksheet(form.in_language(is_english=is_english))
    sheet.freeze_panes(1, 0)
    required, optional = book.add_format({"bold": True, "bg_color": "#DDEBF7"}), book.add_format({"bg_color": "#F2F2F2"})
    for index, column in enumerate(form.columns):
        header = column.in_language(is_english=is_english)
        sheet.set_column(index, index, 20, _kept_as_typed(book, column))
        sheet.write_string(0, index, f"{header}*" if column.is_required else header, required if column.is_required else optional)
        if column.choices:
            choices = [words[is_english] for words in column.choices]
            sheet.data_validation(1, index, LAST_LINE, index, {"validate": "list", "source": choices})
    return sheet


def _kept_as_typed(book: Workbook, column: Column) -> Format:
    """Text, so that no digit is lost and no room becomes a day; days as days."""
    return book.add_format({"num_format": "yyyy-mm-dd" if column.read is workbook_cells.day else _AS_TEXT})


def _write_examples(book: Workbook, *, is_english: bool) -> None:
    sheet = book.add_worksheet("examples" if is_english else EXAMPLES)
    sheet.set_column(0, 10, 22)
    line = 0
    for form in FORMS:
        sheet.write_string(line, 0, form.in_language(is_english=is_english))
        for index, (column, text) in enumerate(zip(form.columns, _EXAMPLE[form.sheet], strict=True), 1):
            sheet.write_string(line, index, column.in_language(is_english=is_english))
            sheet.write_string(line + 1, index, _translated(column, text, is_english=is_english))
        line += 3


def _translated(column: Column, text: str, *, is_english: bool) -> str:
    words: Mapping[str, Any] = dict(column.choices)
    return str(words[text]) if is_english and text in words else text
