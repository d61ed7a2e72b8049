"""Forty faults of forty kinds, planted one by one in a sound workbook, each with the place that a report must name."""

from collections.abc import Callable
from datetime import date

from domain.workbook_rows import Sheet
from tests.domain.books import Book

S = Sheet
SETTLEMENT = "990101101601"
GRID_1, GRID_2 = f"{SETTLEMENT}001", f"{SETTLEMENT}002"
GROUPS = [f"{SETTLEMENT}{branch:02}{group:02}" for branch in range(1, 6) for group in (1, 2)]

Place = tuple[str, int | None, str | None, str]
Note = Callable[[Sheet, int, str, str], None]
"""Takes down where a fault was planted and of which kind it is."""


def plant(book: Book) -> list[Place]:
    """Spoils the book; says where, and with which kind of fault."""
    plants: list[Place] = []

    def note(sheet: Sheet, row: int, name: str, kind: str) -> None:
        plants.append((book.title(sheet), row, book.header(sheet, name), kind))

    _units(book, note)
    _places(book, note)
    _people(book, note)
    _homes(book, note)
    book.lines(S.VILLAGES)[0].append("备忘")
    plants.append((book.title(S.VILLAGES), 1, "备忘", "unknown_column"))
    return plants


def _units(book: Book, note: Note) -> None:
    group = [book.find(S.UNITS, "code", code) for code in GROUPS]
    branch = f"{SETTLEMENT}01"
    spoiled = [
        ("name", "  ", "required"),
        ("code", f"{SETTLEMENT}O1", "bad_code"),
        ("code", "9.90101E+15", "became_number"),
        ("kind", "党大组", "unknown_word"),
        ("valid_from", "2026-02-30", "bad_day"),
        ("valid_to", "2025-12-31", "days_reversed"),
        ("skill", "物业维修", "skill_misplaced"),
        ("covers", SETTLEMENT, "covers_misplaced"),
        ("parent", f"{SETTLEMENT}77", "unknown_code"),
        ("parent", GROUPS[9], "circle"),
    ]
    for row, (name, value, kind) in zip(group, spoiled, strict=True):
        note(S.UNITS, book.put(S.UNITS, row, name, value), name, kind)
    sound = {"name": "新党小组", "kind": "党小组", "parent": branch, "valid_from": "2026-01-01"}
    for number, (name, values, kind) in enumerate(
        [
            ("parent", {"parent": SETTLEMENT}, "wrong_parent"),
            ("code", {"code": "99010110260101"}, "foreign_code"),
            ("code", {"code": branch}, "second_code"),
            ("name", {"name": "=HYPERLINK(1)"}, "formula"),
            ("covers", {"kind": "片区功能型党委", "parent": "990101101", "covers": "990101101"}, "wrong_kind"),
        ],
        1,
    ):
        note(S.UNITS, book.add(S.UNITS, **{"code": f"{SETTLEMENT}01{50 + number}", **sound, **values}), name, kind)


def _places(book: Book, note: Note) -> None:
    note(S.VILLAGES, book.put(S.VILLAGES, 3, "name", "村" * 61), "name", "too_long")
    for row, (boundary, kind) in enumerate(
        [
            ("POLYGON((115.5 35.2, 115.6 35.2, 115.6 35.3))", "boundary_open"),
            ("POLYGON((115.5 35.2, 115.6 35.3, 115.6 35.2, 115.5 35.3, 115.5 35.2))", "boundary_crosses"),
            ("POLYGON((115.5 35.2, 115.6 35.2, 115.5 35.2))", "boundary_corners"),
            ("POLYGON((35.2 115.5, 35.2 115.6, 35.3 115.6, 35.2 115.5))", "boundary_nowhere"),
        ],
        2,
    ):
        note(S.GRIDS, book.put(S.GRIDS, row, "boundary", boundary), "boundary", kind)
    new = {"name": "新网格", "branch": f"{SETTLEMENT}01", "kind": "综合网格", "valid_from": "2026-01-01"}
    note(S.GRIDS, book.add(S.GRIDS, **{**new, "code": "990101101777001"}), "code", "grid_without_unit")
    note(S.GRIDS, book.add(S.GRIDS, **{**new, "code": f"{SETTLEMENT}801"}), "kind", "grid_kind")
    note(S.GRIDS, book.add(S.GRIDS, **{**new, "code": f"{SETTLEMENT}007", "succeeds": f"{SETTLEMENT}007"}), "succeeds", "succeeds_itself")
    note(S.MICRO_GRIDS, book.add(S.MICRO_GRIDS, code=f"{GRID_1}99", name="新微网格", grid=GRID_2), "code", "micro_grid_code")


def _people(book: Book, note: Note) -> None:
    last = len(book.lines(S.PERSONS))
    note(S.PERSONS, book.put(S.PERSONS, last, "phone", "12345"), "phone", "bad_phone")
    note(S.PERSONS, book.put(S.PERSONS, last - 1, "display_name", "王\x0b芳"), "display_name", "control_characters")
    note(S.PERSONS, book.put(S.PERSONS, last - 2, "reach", "电话"), "phone", "reach_without_phone")
    note(S.PERSONS, book.put(S.PERSONS, last - 3, "household", "#REF!"), "household", "error_value")
    workers = ("GRID_WORKER", "网格员")[not book.is_english]
    note(S.POSTS, book.put(S.POSTS, book.find(S.POSTS, "role", workers), "grid", ""), "grid", "worker_without_grid")
    note(S.POSTS, book.put(S.POSTS, book.find(S.POSTS, "role", workers, 1), "grid", GRID_1), "grid", "grid_elsewhere")
    third = book.find(S.POSTS, "role", workers, 2)
    note(S.POSTS, book.again(S.POSTS, third, since="2026-05-01"), "person", "second_post")
    note(S.POSTS, book.again(S.POSTS, third, role="中心户户主"), "micro_grid", "host_without_micro_grid")
    note(S.HUBS, book.put(S.HUBS, 2, "host", book.cell(S.PERSONS, 2, "code")), "host", "hub_without_post")


def _homes(book: Book, note: Note) -> None:
    first = len(book.lines(S.HOUSEHOLDS)) - 9
    note(S.HOUSEHOLDS, book.put(S.HOUSEHOLDS, first, "micro_grid", f"{GRID_1}01"), "micro_grid", "micro_grid_elsewhere")
    note(S.HOUSEHOLDS, book.put(S.HOUSEHOLDS, first + 1, "room", date(2003, 2, 11)), "room", "became_day")
    note(S.HOUSEHOLDS, book.put(S.HOUSEHOLDS, first + 2, "room", True), "room", "not_text")
    note(S.LINKS, book.put(S.LINKS, 2, "agreed", "否"), "agreed", "link_without_agreement")
    note(S.LINKS, book.again(S.LINKS, 3, since="2026-06-01"), "household", "second_link")
    note(S.LINKS, book.put(S.LINKS, 4, "member", book.cell(S.PERSONS, 2, "code")), "member", "link_without_post")
