"""Spreadsheets as they come from people's machines: read whole, told what is wrong with them, never bursting the memory."""

import csv
import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from adapters.workbook import fence
from adapters.workbook.reading import opened
from adapters.workbook.writing import template, write_organisation
from domain.errors import Refused
from domain.messages import LANGUAGES
from domain.workbook import FORMS, form_for_headers, form_of
from domain.workbook_checks import Checked, check
from domain.workbook_desk import NothingStands, Standing
from domain.workbook_rows import Sheet
from server.wiring import load_messages
from tests.domain.books import TOWNSHIP, Book, Stands, demo_rows, found
from tests.domain.planted import plant

ROWS = demo_rows()
MESSAGES = load_messages()


def checked(path: Path, standing: Standing | None = None, *, title: str | None = None) -> Checked:
    with opened(path, title=title) as source:
        return check(source, standing or NothingStands(), township=TOWNSHIP)


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        checked(path)
    assert refused.value.refusal.field == "file"
    return refused.value.refusal.message.key.removeprefix("import.")


# --- .xlsx


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_spreadsheet_with_forty_faults_is_told_all_of_them_and_the_mended_one_none(language: str, tmp_path: Path) -> None:
    book = Book(ROWS, language)
    plants = plant(book)

    assert found(checked(book.save(tmp_path / "planted.xlsx"))) == set(plants)
    assert checked(Book(ROWS, language).save(tmp_path / "mended.xlsx")).faults == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_written_is_read_again_as_it_was(language: str, tmp_path: Path) -> None:
    write_organisation(tmp_path / "book.xlsx", ROWS, language=language)

    with opened(tmp_path / "book.xlsx") as source:
        plan = check(source, NothingStands(), township=TOWNSHIP).plan
        assert plan is not None
        assert {sheet: tuple(getattr(plan, sheet.value)) for sheet in Sheet} == ROWS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_read_back_lacks_a_township_and_nothing_else(language: str, tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    path.write_bytes(template(MESSAGES, language))

    assert [fault.what.key for fault in checked(path).faults] == ["import.no_township"]
    assert checked(path, Stands(ROWS)).faults == ()


def test_the_template_explains_each_column_keeps_codes_as_text_and_offers_the_words() -> None:
    parts = zipfile.ZipFile(io.BytesIO(template(MESSAGES, "zh-CN")))
    notes = "".join(parts.read(name).decode() for name in parts.namelist() if "comments" in name)
    units = parts.read("xl/worksheets/sheet1.xml").decode()

    for form in FORMS:
        for column in form.columns:
            assert MESSAGES.render(column.expected, "zh-CN").replace('"', "&quot;") in notes
    assert "网格党支部,专业党支部" in units
    assert 'numFmtId="49"' in parts.read("xl/styles.xml").decode(), "text"


def test_the_template_is_the_same_file_each_time() -> None:
    assert template(MESSAGES, "en") == template(MESSAGES, "en")


def test_the_examples_of_the_template_would_pass_as_rows(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(template(MESSAGES, "zh-CN"))
    lines = CalamineWorkbook.from_path(tmp_path / "t.xlsx").get_sheet_by_name("示例").to_python()

    for number, form in enumerate(FORMS):
        header, example = lines[3 * number], lines[3 * number + 1]
        assert header[0] == form.header
        for column, cell in zip(form.columns, example[1:], strict=False):
            assert cell == "" or column.read(str(cell)) is not None


def _with(tmp_path: Path, change: Callable[[Workbook], None]) -> Path:
    """A sound book of villages, with a change."""
    path = tmp_path / "book.xlsx"
    with Workbook(str(path)) as book:
        change(book)
    return path


VILLAGE = ("990101101201", "雁落滩村", "990101101201")
HEADERS = ("区划代码", "名称", "组织编码")


def test_formulas_and_their_errors_are_found_whatever_value_they_show(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book.add_worksheet("原村")
        for row, line in enumerate((HEADERS, VILLAGE, VILLAGE, VILLAGE)):
            sheet.write_row(row, 0, line)
        sheet.write_formula(1, 1, '="雁落滩村"', None, "雁落滩村")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        sheet.write_string(2, 0, "990101101202")
        sheet.write_string(3, 0, "990101101203")

    places = found(checked(_with(tmp_path, change), Stands({Sheet.UNITS: ROWS[Sheet.UNITS]})))

    assert places == {("原村", 2, "名称", "formula"), ("原村", 3, "名称", "formula")}


def test_a_heading_over_the_whole_width_is_no_header_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book.add_worksheet("原村")
        sheet.merge_range(0, 1, 1, 3, "柳湾镇原村表")
        for row, line in enumerate((HEADERS, VILLAGE, ("990101101202", "", "990101101202")), 3):
            sheet.write_row(row, 1, line)

    places = found(checked(_with(tmp_path, change), Stands({Sheet.UNITS: ROWS[Sheet.UNITS]})))

    assert places == {("原村", 6, "名称", "required")}


def test_cells_merged_over_several_rows_are_told_and_not_taken_for_empty(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        sheet = book.add_worksheet("原村")
        for row, line in enumerate((HEADERS, VILLAGE, ("990101101202", "", "990101101202"))):
            sheet.write_row(row, 0, line)
        sheet.merge_range(1, 1, 2, 1, "两村")

    places = found(checked(_with(tmp_path, change), Stands({Sheet.UNITS: ROWS[Sheet.UNITS]})))

    assert places == {("原村", 3, "名称", "merged")}


def test_a_single_value_far_out_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = _with(tmp_path, lambda book: book.add_worksheet("组织").write_string(1_048_575, 16_383, "x") and None)

    assert refusal(path) == "file_too_large"


@pytest.mark.parametrize(
    "hidden",
    [
        '<c r="xfd1048576" t="inlineStr">',
        "<c r='XFD1048576' t='inlineStr'>",
        '<c s=">" r="XFD1048576" t="inlineStr">',
        """<c s=" r='A1'" r="XFD1048576" t="inlineStr">""",
        '<c s="<" r="XFD1048576" t="inlineStr">',
        '<c y:r="A1" r="XFD1048576" t="inlineStr">',
        '<x-y:c xmlns:x-y="http://schemas.openxmlformats.org/spreadsheetml/2006/main"\n r = "XFD1048576" t="inlineStr">',
        '<c r="XFD1048576" t="inlineStr" r="A1">',
        '<row r="1048576"><c/><c t="inlineStr">',
        '<c r="XFDA99999999999" t="inlineStr">',
    ],
)
def test_a_value_far_out_cannot_hide_from_the_fence(hidden: str, tmp_path: Path) -> None:
    sound = zipfile.ZipFile(Book({Sheet.VILLAGES: ROWS[Sheet.VILLAGES]}).save(tmp_path / "sound.xlsx"))
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as parts:
        for name in sound.namelist():
            contents = sound.read(name).decode()
            if name.endswith("sheet1.xml"):
                end = "</x-y:c>" if "x-y" in hidden else "</c>"
                contents = contents.replace("</row>", f"{hidden}<is><t>x</t></is>{end}</row>", 1)
            parts.writestr(name, contents)
    if "<row" not in hidden:
        assert refusal(tmp_path / "book.xlsx") in {"file_too_large", "file_unreadable"}
    else:
        assert fence.MOST_CELLS > 2 * 1_048_576, "two columns of the longest sheet are no harm"


def test_a_format_far_out_is_no_value(tmp_path: Path) -> None:
    def change(book: Workbook) -> None:
        book.add_worksheet("组织").write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    assert [fault.what.key for fault in checked(_with(tmp_path, change)).faults] == ["import.no_township"]


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Book(ROWS).save(tmp_path / "book.xlsx")
    monkeypatch.setattr(fence, "MOST_UNPACKED", 10_000)

    assert refusal(path) == "file_too_large"


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (b"PK\x03\x04 and nothing more", "file_unreadable"),
        (b"\xd0\xcf\x11\xe0 old", "file_unreadable"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "file_encrypted"),
        (b"\x00\x01\x02\xff\xfe", "file_encoding"),
        (b"\x80\xff\xff", "file_encoding"),
    ],
)
def test_what_is_no_spreadsheet_is_refused_in_words(contents: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(contents)

    assert refusal(tmp_path / "book.xlsx") == expected


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as parts:
        parts.writestr("hello.txt", "hello")

    assert refusal(tmp_path / "book.xlsx") == "file_unreadable"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_refused_or_judged_and_nothing_else(data: st.DataObject, tmp_path: Path) -> None:
    """Parts are damaged inside the archive, so that the damage reaches the reader."""
    whole = zipfile.ZipFile(Book({Sheet.VILLAGES: ROWS[Sheet.VILLAGES]}).save(tmp_path / "sound.xlsx"))
    spoiled = data.draw(st.sampled_from(whole.namelist()))
    path = tmp_path / "spoiled.xlsx"
    with zipfile.ZipFile(path, "w") as parts:
        for name in whole.namelist():
            contents = whole.read(name)
            if name == spoiled:
                at = data.draw(st.integers(0, len(contents)))
                contents = contents[:at] + data.draw(st.binary(max_size=6)) + contents[at + data.draw(st.integers(0, 40)) :]
            parts.writestr(name, contents)
    with suppress(Refused):
        checked(path)


# --- .csv


def _csv(path: Path, sheet: Sheet, encoding: str, delimiter: str = ",", language: str = "zh-CN") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(Book(ROWS, language).lines(sheet))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize(("delimiter", "language"), [(",", "zh-CN"), ("\t", "en"), (";", "zh-CN")])
@pytest.mark.parametrize("sheet", Sheet)
def test_a_csv_in_any_encoding_is_the_sheet_that_its_headers_tell(
    encoding: str, delimiter: str, language: str, sheet: Sheet, tmp_path: Path
) -> None:
    path = _csv(tmp_path / "export (1).csv", sheet, encoding, delimiter, language)
    standing = Stands({kept: rows for kept, rows in ROWS.items() if kept is not sheet})

    with opened(path) as source:
        judged = check(source, standing, township=TOWNSHIP)
        assert judged.faults == ()
        assert judged.plan is not None
        assert tuple(getattr(judged.plan, sheet.value)) == ROWS[sheet]


def test_the_name_of_a_csv_tells_its_sheet_where_the_headers_do_not(tmp_path: Path) -> None:
    (tmp_path / "upload").write_text("编码\n", "utf-8")

    assert ("组织", 1, "名称", "missing_column") in found(checked(tmp_path / "upload", title="组织.csv"))
    assert next(fault.what.key for fault in checked(tmp_path / "upload", title="a.csv").faults) == "import.unknown_sheet"


def test_lines_of_a_csv_are_counted_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    path = tmp_path / "原村.csv"
    path.write_text(f'{",".join(HEADERS)}\r\n990101101201,"雁落\n滩村",990101101201\r\n,,\r\n990101101202,槐树荫村,1\r\n', "utf-8")

    places = found(checked(path, Stands({Sheet.UNITS: ROWS[Sheet.UNITS]})))

    assert places == {("原村", 2, "名称", "control_characters"), ("原村", 4, "组织编码", "bad_code")}


def test_every_form_is_told_by_its_headers_alone() -> None:
    for sheet in Sheet:
        for is_english in (False, True):
            headers = [column.in_language(is_english=is_english) for column in form_of(sheet).columns]
            from_headers = form_for_headers(headers)
            assert from_headers is form_of(sheet)
