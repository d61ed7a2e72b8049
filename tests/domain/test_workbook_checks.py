"""A committee's file is judged before anything is touched: every fault at once, in the place that the spreadsheet shows."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.chains import LEGAL_PARENTS, LEGAL_POSTS
from domain.errors import Message
from domain.messages import LANGUAGES
from domain.organisation import OVERLAYS, OrgUnitKind
from domain.posts import Role
from domain.workbook import FORMS, ROLES, Form, form_of
from domain.workbook_cells import Cell, Mark
from domain.workbook_checks import check
from domain.workbook_desk import NothingStands
from domain.workbook_pages import MOST_FAULTS, Line, Source, sheets_of
from domain.workbook_rows import GridRow, HouseholdRow, LinkRow, PersonRow, Sheet, UnitRow
from server.wiring import load_messages
from tests.conftest import ROOT
from tests.domain.books import HOMES, TOWNSHIP, Book, Stands, demo_rows, found
from tests.domain.planted import GRID_1, SETTLEMENT, plant

ROWS = demo_rows()
MESSAGES = load_messages()
BRANCH = f"{SETTLEMENT}01"


@pytest.fixture(params=LANGUAGES)
def book(request: pytest.FixtureRequest) -> Book:
    return Book(ROWS, str(request.param))


# --- A sound file.


def test_a_sound_file_has_no_fault_and_its_plan_says_what_it_says(book: Book) -> None:
    checked = book.check()

    assert (checked.faults, checked.left_out, checked.more) == ((), 0, None)
    assert checked.plan is not None
    plan = {sheet: tuple(getattr(checked.plan, sheet.value)) for sheet in Sheet}
    assert plan == ROWS


def test_long_sheets_can_be_read_again_and_again(book: Book) -> None:
    plan = book.check().plan

    assert plan is not None
    assert plan.households is not None
    assert [len(list(plan.households)) for _ in range(3)] == [HOMES] * 3


def test_columns_may_stand_in_any_order_and_blank_lines_mean_nothing(book: Book) -> None:
    for name, lines in book.sheets.items():
        book.sheets[name] = [
            [],
            *(list(reversed(line)) for line in lines[:3]),
            ["", " ", None],
            *(list(reversed(line)) for line in lines[3:]),
        ]

    checked = book.check()

    assert checked.faults == ()
    assert checked.plan is not None
    assert checked.plan.units == ROWS[Sheet.UNITS]


def test_what_people_add_to_headers_and_codes_is_understood() -> None:
    book = Book(ROWS)
    units = book.lines(Sheet.UNITS)
    units[0] = ["编码*", " 名 称 ", "类别（必填）".replace("（必填）", "＊"), "上级编码", "专业", "统筹组织", "生效日期 *", "失效日期"]
    book.put(Sheet.UNITS, 2, "code", "９９０１０１１０１")
    book.put(Sheet.UNITS, 3, "valid_from", "2026年1月1日")
    book.put(Sheet.UNITS, 4, "code", float(BRANCH))
    book.put(Sheet.UNITS, 5, "valid_from", date(2026, 1, 1))

    assert book.check().faults == ()


def test_two_units_may_have_one_name(book: Book) -> None:
    book.put(Sheet.UNITS, 5, "name", book.cell(Sheet.UNITS, 6, "name"))

    assert book.check().faults == ()


# --- Faults.


def test_every_planted_fault_is_named_by_sheet_row_and_column_and_nothing_else_is(book: Book) -> None:
    plants = plant(book)

    checked = book.check()

    assert found(checked) == set(plants)
    assert len(checked.faults) == len({place[:2] for place in plants}) == len({kind for *_, kind in plants}) == 40
    assert checked.plan is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_says_what_is_wrong_and_what_is_expected(book: Book, language: str) -> None:
    plant(book)

    for fault in book.check().faults:
        assert MESSAGES.render(fault.what, language).strip()
        assert MESSAGES.render(fault.expected, language).strip()


def test_faults_come_sheet_by_sheet_and_line_by_line(book: Book) -> None:
    plant(book)
    titles = [book.title(form.sheet) for form in FORMS]

    places = [(titles.index(fault.sheet), fault.row or 0) for fault in book.check().faults if fault.sheet in titles]

    assert places == sorted(places)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.sheet.value)
def test_a_missing_column_is_named_once_where_its_header_would_be(form: Form, book: Book) -> None:
    required = [column for column in form.columns if column.is_required][-1]
    at = form.columns.index(required)
    for line in book.lines(form.sheet):
        del line[at]

    assert (book.title(form.sheet), 1, book.header(form.sheet, required.name), "missing_column") in found(book.check())
    assert not any(kind == "required" for *_, kind in found(book.check()) if kind)


def test_a_sheet_that_others_need_is_missed_once_not_in_every_line() -> None:
    book = Book({sheet: rows for sheet, rows in ROWS.items() if sheet is not Sheet.PERSONS})

    assert [place for place in found(book.check()) if place[0] == "人员"] == [("人员", None, None, "missing_sheet")]
    assert not any(kind == "unknown_code" for *_, kind in found(book.check()))


def test_a_sheet_that_is_none_is_named_and_one_for_people_is_passed_over(book: Book) -> None:
    book.sheets["随手记"] = [["a", "b"]]
    book.sheets["示例"] = [["编码", "一个例子"]]
    book.sheets["Sheet1"] = [[], [" "]]

    assert found(book.check()) == {("随手记", None, None, "unknown_sheet")}


def test_a_unit_of_the_wrong_kind_is_named_where_it_is_pointed_to(book: Book) -> None:
    book.put(Sheet.VILLAGES, 2, "unit", SETTLEMENT)
    book.put(Sheet.GRIDS, 3, "branch", f"{BRANCH}01")
    clerk = book.find(Sheet.POSTS, "role", "CENTRE_CLERK" if book.is_english else "服务中心工作人员")
    book.put(Sheet.POSTS, clerk, "unit", BRANCH)
    group = book.find(Sheet.UNITS, "code", f"{BRANCH}01")
    book.put(Sheet.UNITS, group, "parent", "")

    places = [(fault.sheet, fault.row, fault.what.key) for fault in book.check().faults]
    assert (book.title(Sheet.VILLAGES), 2, "import.wrong_kind") in places
    assert (book.title(Sheet.GRIDS), 3, "import.wrong_kind") in places
    assert (book.title(Sheet.POSTS), clerk, "import.wrong_kind") in places
    assert (book.title(Sheet.UNITS), group, "import.required") in places


@pytest.mark.parametrize("role", list(ROLES.values()))
def test_a_post_stands_at_a_unit_where_there_are_such_posts_and_nowhere_else(role: Role) -> None:
    book, until = Book(demo_rows()), date(2027, 1, 1)
    fitting = {row.kind: row.code for row in demo_rows()[Sheet.UNITS] if isinstance(row, UnitRow)}
    lines = {
        kind: book.add(Sheet.POSTS, person="resident-4", role=role.value, unit=code, since=date(2026, 12, 1), until=until)
        for kind, code in fitting.items()
    }

    wrong = {fault.row for fault in book.check().faults if fault.what.key == "import.wrong_kind"}

    assert wrong == {line for kind, line in lines.items() if kind not in LEGAL_POSTS[role]}


def test_a_boundary_that_is_none_is_told(book: Book) -> None:
    book.put(Sheet.GRIDS, 2, "boundary", "115.5,35.2")

    assert found(book.check()) == {(book.title(Sheet.GRIDS), 2, book.header(Sheet.GRIDS, "boundary"), "boundary_unreadable")}


def test_the_same_sheet_twice_or_the_same_column_twice_is_a_fault(book: Book) -> None:
    book.sheets["Villages" if not book.is_english else "原村"] = book.lines(Sheet.VILLAGES)
    book.lines(Sheet.HUBS)[0].append(book.header(Sheet.HUBS, "host"))

    kinds = {(sheet, kind) for sheet, _, __, kind in found(book.check())}
    assert kinds == {(book.title(Sheet.VILLAGES), "second_sheet"), (book.title(Sheet.HUBS), "second_column")}


def test_words_beside_the_table_without_a_header_are_a_fault_once_a_column(book: Book) -> None:
    for line in book.lines(Sheet.HUBS)[3:]:
        line.extend(["", "记"])

    assert found(book.check()) == {(book.title(Sheet.HUBS), 4, "D", "no_header")}


@pytest.mark.parametrize("cell", [Mark.FORMULA, Mark.ERROR, Mark.MERGED], ids=lambda mark: mark.value)
@pytest.mark.parametrize(
    ("sheet", "name"), [(Sheet.PERSONS, "phone"), (Sheet.UNITS, "valid_to"), (Sheet.LINKS, "agreed"), (Sheet.UNITS, "name")]
)
def test_what_is_no_value_is_told_as_what_it_is(cell: Mark, sheet: Sheet, name: str) -> None:
    book = Book(ROWS)
    book.put(sheet, 5, name, cell)

    expected = {Mark.FORMULA: "formula", Mark.ERROR: "error_value", Mark.MERGED: "merged"}[cell]
    assert found(book.check()) == {(book.title(sheet), 5, book.header(sheet, name), expected)}


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("code", 9.90101101601001e16, "became_number"),
        ("code", "3.7172E+11", "became_number"),
        ("code", 990101101601.5, "became_number"),
        ("code", float("nan"), "became_number"),
        ("code", date(2026, 1, 1), "became_day"),
        ("code", "9901011", "bad_code"),
        ("name", "a\nb", "control_characters"),
        ("name", "a\u202eb", "control_characters"),
        ("name", "@x", "formula"),
        ("valid_from", "20260101", "bad_day"),
        ("valid_from", 46023.0, "bad_day"),
        ("valid_from", "0001-01-01", "bad_day"),
        ("kind", "RESIDENT", "unknown_word"),
    ],
)
def test_what_a_spreadsheet_program_made_of_a_cell_is_said(name: str, value: Cell, kind: str) -> None:
    book = Book(ROWS)
    group = book.find(Sheet.UNITS, "code", f"{BRANCH}01")
    book.put(Sheet.UNITS, group, name, value)

    assert (book.title(Sheet.UNITS), group, book.header(Sheet.UNITS, name), kind) in found(book.check())


def test_a_person_code_typed_as_a_number_may_have_lost_its_zeros() -> None:
    book = Book(ROWS)
    row = book.add(Sheet.PERSONS, code=17.0, display_name="王秀芳")

    assert found(book.check()) == {("人员", row, "编号", "became_number")}


@pytest.mark.parametrize(
    "phone", ["13812345678", "+86 138 1234 5678", "138-1234-5678", 13812345678.0, "0530-5123456", "053051234567", "010-51234567-12"]
)
def test_telephone_numbers_are_read_as_people_write_them(phone: Cell) -> None:
    book = Book(ROWS)
    book.put(Sheet.PERSONS, 2, "phone", phone)

    assert book.check().faults == ()


@pytest.mark.parametrize(
    "number", ["13812345678", "+86 138-1234-5678", "1.3812345678E+10", "１３８１２３４５６７８", "0530-5123456", 13812345678.0]
)
def test_a_number_in_a_wrong_column_does_not_stand_in_the_report(number: Cell) -> None:
    book = Book(ROWS)
    rows = [book.put(Sheet.PERSONS, 2, "household", number), book.put(Sheet.PERSONS, 3, "reach", number)]
    rows += [book.put(Sheet.GRIDS, 2, "branch", number), book.put(Sheet.PERSONS, 4, "code", number)]
    book.lines(Sheet.HOUSEHOLDS)[0].append(number)

    faults = book.check().faults

    assert {fault.row for fault in faults} >= {*rows[:3], 1}
    assert [fault for fault in faults if "5678" in repr(fault) or "5123456" in repr(fault) or "５６７８" in repr(fault)] == []


def test_a_code_that_is_no_number_stands_in_the_report() -> None:
    book = Book(ROWS)
    book.put(Sheet.MICRO_GRIDS, 2, "grid", "990101138123456")

    assert "990101138123456" in {fault.what.params.get("value") for fault in book.check().faults}


def test_a_number_that_is_none_does_not_stand_in_the_report() -> None:
    book = Book(ROWS)
    book.put(Sheet.PERSONS, 2, "phone", "1381234567890")

    assert [fault.what for fault in book.check().faults] == [Message("import.bad_phone")]


# --- Units.


def test_there_is_exactly_one_township_committee(book: Book) -> None:
    row = book.again(Sheet.UNITS, 2, code=f"{TOWNSHIP}9")
    units = book.title(Sheet.UNITS)
    assert found(book.check()) == {
        (units, row, book.header(Sheet.UNITS, "kind"), "second_township"),
        (units, row, book.header(Sheet.UNITS, "code"), "township_code"),
    }

    del book.lines(Sheet.UNITS)[row - 1]
    book.put(Sheet.UNITS, 2, "kind", "SETTLEMENT_ORG")
    assert (units, 1, book.header(Sheet.UNITS, "kind"), "no_township") in found(book.check())


def test_posts_without_an_administrator_would_lock_everybody_out(book: Book) -> None:
    administrator = book.find(Sheet.POSTS, "role", "ADMINISTRATOR" if book.is_english else "管理员")
    book.put(Sheet.POSTS, administrator, "until", "2026-12-31")

    assert found(book.check()) == {(book.title(Sheet.POSTS), 1, book.header(Sheet.POSTS, "role"), "no_administrator")}


def test_units_may_not_stand_in_a_circle_and_each_of_them_is_named(book: Book) -> None:
    one = book.add(Sheet.UNITS, code=f"{BRANCH}51", name="甲", kind="党小组", parent=f"{BRANCH}52", valid_from="2026-01-01")
    other = book.add(Sheet.UNITS, code=f"{BRANCH}52", name="乙", kind="党小组", parent=f"{BRANCH}51", valid_from="2026-01-01")
    below = book.add(Sheet.UNITS, code=f"{BRANCH}53", name="丙", kind="党小组", parent=f"{BRANCH}51", valid_from="2026-01-01")

    parent = book.header(Sheet.UNITS, "parent")
    units = book.title(Sheet.UNITS)
    assert found(book.check()) == {(units, one, parent, "circle"), (units, other, parent, "circle"), (units, below, parent, "wrong_parent")}


@pytest.mark.parametrize("kind", OrgUnitKind)
@pytest.mark.parametrize("above", OrgUnitKind)
def test_a_unit_hangs_only_where_the_chains_let_it(kind: OrgUnitKind, above: OrgUnitKind) -> None:
    if kind is OrgUnitKind.TOWNSHIP_COMMITTEE:
        return
    book = Book({Sheet.UNITS: ROWS[Sheet.UNITS]})
    if above is OrgUnitKind.TOWNSHIP_COMMITTEE:
        parent = TOWNSHIP
    else:
        parent = f"{TOWNSHIP}888"
        hangs_on = next((row for row in ROWS[Sheet.UNITS] if isinstance(row, UnitRow) and row.kind in LEGAL_PARENTS[above]), None)
        assert hangs_on is not None
        book.add(Sheet.UNITS, code=parent, name="上级", kind=above.value, parent=hangs_on.code, valid_from="2026-01-01")
    row = book.add(Sheet.UNITS, code=f"{TOWNSHIP}889", name="下级", kind=kind.value, parent=parent, valid_from="2026-01-01")

    expected = set() if above in LEGAL_PARENTS[kind] else {("组织", row, "上级编码", "wrong_parent")}
    assert found(book.check()) == expected


def test_committees_across_units_are_above_nobody_and_hang_on_the_township() -> None:
    assert all(not OVERLAYS & above for above in LEGAL_PARENTS.values())
    assert all(LEGAL_PARENTS[kind] == {OrgUnitKind.TOWNSHIP_COMMITTEE} for kind in OVERLAYS)
    assert set(LEGAL_PARENTS) == set(OrgUnitKind)


# --- Posts, hubs and links.


def test_a_post_may_be_held_again_after_it_ended(book: Book) -> None:
    book.put(Sheet.POSTS, 2, "until", "2026-03-01")
    book.again(Sheet.POSTS, 2, since="2026-03-01", until=None)

    assert book.check().faults == ()


def test_a_household_may_change_its_link_from_one_day_to_the_next(book: Book) -> None:
    book.put(Sheet.LINKS, 2, "until", "2026-03-01")
    book.again(Sheet.LINKS, 2, since="2026-03-01", until=None)

    assert book.check().faults == ()


def test_a_link_member_has_at_most_twenty_links_at_a_time() -> None:
    homes = [row for row in ROWS[Sheet.HOUSEHOLDS] if isinstance(row, HouseholdRow)][:22]
    member = next(row.member for row in ROWS[Sheet.LINKS] if isinstance(row, LinkRow))
    links = [LinkRow(home.code, member, date(2026, 1, number + 1), None, agreed=True) for number, home in enumerate(homes)]

    checked = Book({**ROWS, Sheet.LINKS: links}).check()
    assert [(fault.row, fault.what.key) for fault in checked.faults] == [(22, "import.too_many_links"), (23, "import.too_many_links")]

    links[0] = replace(links[0], until=date(2026, 1, 21))
    links[1] = replace(links[1], until=date(2026, 1, 22))
    assert Book({**ROWS, Sheet.LINKS: links}).check().faults == ()


# --- What stands already.


def test_a_file_of_one_sheet_may_point_to_what_stands_already() -> None:
    for sheet in Sheet:
        if sheet is not Sheet.UNITS:
            assert Book({sheet: ROWS[sheet]}).check(Stands(ROWS)).faults == (), sheet


def test_a_sheet_with_only_its_headers_leaves_everything_as_it_is() -> None:
    book = Book(dict.fromkeys(Sheet, ()))

    checked = book.check(Stands(ROWS))

    assert checked.faults == ()
    assert checked.plan is not None
    assert checked.plan.units is None
    assert checked.plan.households is None


def test_whatever_stands_and_is_left_as_it_is_must_still_fit_the_file() -> None:
    grids = tuple(row for row in ROWS[Sheet.GRIDS] if isinstance(row, GridRow) and row.code != GRID_1)

    checked = Book({Sheet.GRIDS: grids}).check(Stands(ROWS))

    assert {fault.what.key for fault in checked.faults} == {"import.standing"}
    assert {fault.row for fault in checked.faults} == {None}
    assert {"微网格", "住户", "任职"} == {fault.sheet for fault in checked.faults}


def test_a_grid_may_succeed_one_that_stands_and_that_the_file_no_longer_has() -> None:
    old = next(row for row in ROWS[Sheet.GRIDS] if isinstance(row, GridRow))
    standing = {**ROWS, Sheet.GRIDS: (*ROWS[Sheet.GRIDS], replace(old, code=f"{SETTLEMENT}009"))}
    book = Book(ROWS)
    book.put(Sheet.GRIDS, 2, "succeeds", f"{SETTLEMENT}009；{SETTLEMENT}002")
    row = book.put(Sheet.GRIDS, 3, "succeeds", f"{SETTLEMENT}008")

    assert found(book.check(Stands(standing))) == {("网格", row, "沿袭", "unknown_code")}


# --- Whatever comes.

JUNK = st.one_of(
    st.sampled_from(
        ["", "=1", "#REF!", "党", "3.7E+11", "0", "\x00", "\ud800", "9" * 400, "，；;", "-", "POLYGON((1 2,3 4))", True, False]
    ),
    st.text(max_size=30),
    st.floats(),
    st.integers(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.sampled_from(Mark),
    st.none(),
)
SEEN_FROM_ELSEWHERE = {
    *((Sheet.UNITS, name) for name in ("code", "kind", "parent")),
    *((Sheet.GRIDS, name) for name in ("code", "branch")),
    *((Sheet.POSTS, name) for name in ("person", "role", "micro_grid", "unit", "grid")),
    *((Sheet.MICRO_GRIDS, name) for name in ("code", "grid")),
    *((sheet, "code") for sheet in (Sheet.HOUSEHOLDS, Sheet.PERSONS)),
    (Sheet.VILLAGES, "division_code"),
}
"""Who changes these leaves other rows pointing to nothing."""


def _any_cell(book: Book, data: st.DataObject) -> tuple[Sheet, int, str]:
    sheet = data.draw(st.sampled_from(Sheet))
    row = data.draw(st.integers(2, len(book.lines(sheet))))
    return sheet, row, data.draw(st.sampled_from([column.name for column in form_of(sheet).columns]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), spoiled=st.sampled_from([*Mark, "=1", "-", "#N/A", "\x07", timedelta(1), float("nan"), -1.0]))
def test_a_cell_that_nobody_could_mean_is_named_with_its_row_and_column(data: st.DataObject, spoiled: Cell) -> None:
    book = Book(ROWS)
    sheet, row, column = _any_cell(book, data)
    book.put(sheet, row, column, spoiled)

    named = {(fault.sheet, fault.row, fault.column) for fault in book.check().faults}
    if spoiled == "\x07" and column not in {c.name for c in form_of(sheet).columns if c.is_required}:
        return  # nothing to see, and nothing needed
    assert (book.title(sheet), row, book.header(sheet, column)) in named


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_one_spoiled_cell_never_breaks_the_check_and_no_other_row_is_blamed(data: st.DataObject) -> None:
    book = Book(ROWS)
    sheet, row, column = _any_cell(book, data)
    book.put(sheet, row, column, data.draw(JUNK))

    checked = book.check()

    if (sheet, column) not in SEEN_FROM_ELSEWHERE:
        ended = {(book.title(Sheet.POSTS), 1)} if (sheet, column) == (Sheet.POSTS, "until") else set()  # the only administrator's post
        assert {(fault.sheet, fault.row) for fault in checked.faults} <= {(book.title(sheet), row), *ended}
    for fault in checked.faults:
        for language in LANGUAGES:
            assert MESSAGES.render(fault.what, language)
            assert MESSAGES.render(fault.expected, language)


@settings(max_examples=100, deadline=None)
@given(cells=st.lists(st.lists(JUNK, max_size=9), max_size=9), name=st.sampled_from([form.header for form in FORMS] + ["Sheet1", ""]))
def test_a_sheet_of_anything_is_judged_and_not_stumbled_over(cells: list[list[Cell]], name: str) -> None:
    book = Book(ROWS)
    book.sheets[name] = cells

    book.check()


@dataclass(frozen=True)
class Endless:
    """A sheet that is made while it is read."""

    name: str
    homes: int

    def lines(self) -> Iterator[Line]:
        yield 1, [column.header for column in form_of(Sheet.HOUSEHOLDS).columns]
        for number in range(self.homes):
            yield number + 2, [f"H{number:07}", f"{number}-1-101", f"柳湾镇柳湾新村{number}号楼1单元101室" * 5, GRID_1, "", ""]


def test_a_file_of_many_homes_takes_little_memory_for_each() -> None:
    standing = Stands({sheet: rows for sheet, rows in ROWS.items() if sheet not in {Sheet.HOUSEHOLDS, Sheet.PERSONS, Sheet.LINKS}})
    few, many = (_peak(homes, standing) for homes in (2_000, 8_000))

    assert (many - few) / 6_000 < 400, "bytes for each home: its code and where it stood, never its line"


def _peak(homes: int, standing: Stands) -> int:
    people = replace(standing, held={**standing.held, Sheet.PERSONS: ROWS[Sheet.PERSONS], Sheet.POSTS: (), Sheet.HUBS: ()})
    persons = tuple(replace(row, household=None) for row in ROWS[Sheet.PERSONS] if isinstance(row, PersonRow))
    people = replace(people, held={**people.held, Sheet.PERSONS: persons})
    tracemalloc.start()
    try:
        checked = check(Source([Endless("住户", homes)]), people, township=TOWNSHIP)
        assert checked.faults == ()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_file_with_no_end_of_faults_tells_the_first_and_counts_the_others() -> None:
    homes = [HouseholdRow(f"H{number}", "1-1-101", "某处", "990101101601099", None, None) for number in range(MOST_FAULTS + 234)]
    checked = Book(
        {sheet: rows for sheet, rows in ROWS.items() if sheet is not Sheet.LINKS and sheet is not Sheet.PERSONS} | {Sheet.HOUSEHOLDS: homes}
    )

    report = check(checked.source, NothingStands(), township=TOWNSHIP)

    assert len(report.faults) == MOST_FAULTS
    assert report.left_out > 234
    assert report.more == Message("import.more", {"count": report.left_out})


def test_a_file_tells_which_sheets_it_says_something_about() -> None:
    book = Book({Sheet.UNITS: ROWS[Sheet.UNITS], Sheet.LINKS: ()})

    assert sheets_of(book.source) == {Sheet.UNITS}


@pytest.mark.parametrize(
    ("sheet", "row", "name", "value", "kind"),
    [
        (Sheet.UNITS, 2, "parent", SETTLEMENT, "township_below"),
        (Sheet.UNITS, 5, "skill", "x" * 61, "too_long"),
        (Sheet.GRIDS, 7, "code", f"{SETTLEMENT}000", "bad_code"),
        (Sheet.GRIDS, 7, "code", "990101102601001", "foreign_code"),
        (Sheet.GRIDS, 7, "boundary", "POLYGON((1 2, 2 x, 3 3, 1 2))", "boundary_unreadable"),
        (Sheet.GRIDS, 7, "boundary", "POLYGON((1 1, 2 2, 3 3, 1 1))", "boundary_crosses"),
        (Sheet.GRIDS, 7, "boundary", "POLYGON((0 0, 2 0, 2 2, 1 0, 0 0))", "boundary_crosses"),
        (Sheet.GRIDS, 7, "succeeds", ";".join(f"{SETTLEMENT}{number:03}" for number in range(600)), "too_many_codes"),
        (Sheet.UNITS, 28, "covers", f"{SETTLEMENT}77", "unknown_code"),
        (Sheet.LINKS, 5, "agreed", "也许", "unknown_word"),
    ],
)
def test_other_faults_are_named_in_their_place_too(sheet: Sheet, row: int, name: str, value: str, kind: str) -> None:
    book = Book(ROWS)
    book.again(Sheet.GRIDS, 2, code=f"{SETTLEMENT}006")
    book.add(
        Sheet.UNITS, code=f"{SETTLEMENT}70", name="片区", kind="片区功能型党委", parent=TOWNSHIP, covers=SETTLEMENT, valid_from="2026-01-01"
    )
    assert book.check().faults == ()

    book.put(sheet, row, name, value)

    assert (book.title(sheet), row, book.header(sheet, name), kind) in found(book.check())


def test_the_guide_has_every_sheet_and_column_as_the_check_has_them() -> None:
    guide = (ROOT / "docs" / "importing.md").read_text("utf-8")
    messages = load_messages()

    for form in FORMS:
        rows = [
            f"| {column.header} | `{column.name}` | {'yes' if column.is_required else ''} | {messages.render(column.expected, 'en')} |"
            for column in form.columns
        ]
        head = [f"### {form.header} ({form.sheet.value})", "", "| 列 | Column | Required | What stands there |", "|---|---|---|---|"]
        assert "\n".join([*head, *rows]) in guide, form.sheet
