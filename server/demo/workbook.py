"""The demo's settlement as the rows of a committee's file, to try importing, and to measure it, with as many homes as wanted."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adapters.workbook.writing import write_organisation
from domain.importing import NoIds, Register
from domain.importing_rows import Shown
from domain.workbook_rows import Row, Sheet
from server.demo.mint import BEGINNING
from server.demo.settlement import Settlement


def write_workbook(made: Settlement, path: Path) -> None:
    """The whole settlement as one .xlsx."""
    write_organisation(path, rows_of(made))


def rows_of(made: Settlement) -> Mapping[Sheet, Iterable[Row]]:
    """The rows that an export of the planted settlement has too."""
    register, parts = Register(made.township_code, BEGINNING, NoIds()), made.parts
    _enter(register, made)
    shown = Shown(register)
    links = (home.link for home in made.households if home.link is not None)
    return {
        Sheet.UNITS: (shown.unit(unit) for unit in parts.units),
        Sheet.VILLAGES: (shown.village(village) for village in parts.villages),
        Sheet.GRIDS: (shown.grid(grid) for grid in parts.grids),
        Sheet.MICRO_GRIDS: (shown.micro_grid(micro) for micro in parts.micro_grids),
        Sheet.PERSONS: (shown.person(person) for person in made.persons),
        Sheet.POSTS: (shown.post(post) for post in parts.appointments),
        Sheet.HUBS: (shown.hub(hub) for hub in parts.hubs),
        Sheet.HOUSEHOLDS: (shown.home(home) for home in made.households),
        Sheet.LINKS: (shown.link(link) for link in links),
    }


def _enter(register: Register, made: Settlement) -> None:
    parts = made.parts
    coded: Mapping[Sheet, Sequence[Any]] = {
        Sheet.UNITS: parts.units,
        Sheet.GRIDS: parts.grids,
        Sheet.MICRO_GRIDS: parts.micro_grids,
        Sheet.HOUSEHOLDS: made.households,
        Sheet.PERSONS: made.persons,
    }
    for sheet, values in coded.items():
        for value in values:
            register.stands(sheet, value.code, value.id)
    for village in parts.villages:
        register.stands(Sheet.VILLAGES, village.division_code, village.id)
