"""What villages, grids and micro-grids of a file must keep."""

from collections.abc import Set as AbstractSet

from domain.chains import BRANCHES, HOMES_OF_GRIDS
from domain.errors import Message
from domain.organisation import GridKind, OrgUnitKind
from domain.workbook_desk import Desk
from domain.workbook_pages import Draft, Page
from domain.workbook_rows import Sheet

_UNIT_DIGITS, _GRID_DIGITS = 12, 15
_FIRST_DEDICATED = 800


def check_village(desk: Desk, page: Page, draft: Draft) -> None:
    desk.is_new(Sheet.VILLAGES, draft, "division_code")
    desk.check_township(page, draft, "division_code")
    check_unit_kind(desk, page, draft, "unit", frozenset({OrgUnitKind.VILLAGE_ORG}))


def check_unit_kind(desk: Desk, page: Page, draft: Draft, column: str, kinds: AbstractSet[OrgUnitKind]) -> None:
    """The cell names a unit of one of these kinds."""
    unit = desk.knows(page, draft, column, Sheet.UNITS)
    kind = desk.units.kinds.get(unit) if unit else None
    if kind is not None and kind not in kinds:
        desk.faults.at(page, draft, column, Message("import.wrong_kind", {"value": str(unit)}))


def check_grid(desk: Desk, page: Page, draft: Draft, earlier: AbstractSet[str]) -> None:
    """One line of the grids; `earlier` are the codes of grids that stand now and may be succeeded."""
    code = draft.text("code")
    if code is not None:
        _check_code(desk, page, draft, code)
    check_unit_kind(desk, page, draft, "branch", BRANCHES)
    for old in draft.texts("succeeds"):
        if old == code:
            desk.faults.at(page, draft, "succeeds", Message("import.succeeds_itself", {"value": old}))
        elif old not in desk.codes[Sheet.GRIDS] and old not in earlier:
            desk.faults.at(page, draft, "succeeds", Message("import.unknown_code", {"value": old, "sheet": page.title}))
    desk.check_days(page, draft, "valid_from", "valid_to")


def _check_code(desk: Desk, page: Page, draft: Draft, code: str) -> None:
    unit, sequence = code[:_UNIT_DIGITS], int(code[_UNIT_DIGITS:])
    kind = GridKind.DEDICATED if sequence >= _FIRST_DEDICATED else GridKind.GENERAL
    if not code.startswith(desk.township):
        desk.check_township(page, draft, "code")
    elif sequence == 0:
        desk.faults.at(page, draft, "code", Message("import.bad_code", {"value": code}))
    elif unit not in desk.units.kinds or desk.units.kinds[unit] not in {*HOMES_OF_GRIDS, None}:
        desk.faults.at(page, draft, "code", Message("import.grid_without_unit", {"value": code, "unit": unit}))
    elif draft.values.get("kind") not in {kind, None}:
        desk.faults.at(page, draft, "kind", Message("import.grid_kind", {"value": code}))


def check_micro_grid(desk: Desk, page: Page, draft: Draft) -> None:
    code, grid = draft.text("code"), draft.text("grid")
    if desk.is_new(Sheet.MICRO_GRIDS, draft, "code"):
        desk.grids_of_micro_grids[code or ""] = grid
    if code is not None and grid is not None and code[:_GRID_DIGITS] != grid:
        desk.faults.at(page, draft, "code", Message("import.micro_grid_code", {"value": code, "grid": grid}))
    desk.knows(page, draft, "grid", Sheet.GRIDS)
    desk.check_days(page, draft, "valid_from", "valid_to")
