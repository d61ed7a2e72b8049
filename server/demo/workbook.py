"""The demo's settlement as the rows of a committee's file, to try importing, and to measure it, with as many homes as wanted."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from adapters.workbook.writing import write_organisation
from domain.ids import key_of
from domain.organisation import GridKind, OrganisationParts
from domain.people import Person
from domain.posts import Appointment
from domain.workbook_rows import GridRow, HouseholdRow, HubRow, LinkRow, MicroGridRow, PersonRow, PostRow, Row, Sheet, UnitRow, VillageRow
from server.demo.settlement import Settlement


def write_workbook(made: Settlement, path: Path) -> None:
    """The whole settlement as one .xlsx."""
    write_organisation(path, rows_of(made))


def rows_of(made: Settlement) -> Mapping[Sheet, Iterable[Row]]:
    """Persons and homes go by the last digits of their ids: a file knows codes only."""
    parts = made.parts
    units = {unit.id: unit.code for unit in parts.units}
    grids = {grid.id: grid.code for grid in parts.grids}
    micro_grids = {micro.id: micro.code for micro in parts.micro_grids}
    villages = {village.id: village.division_code for village in parts.villages}
    links = (home.link for home in made.households if home.link is not None)
    return {
        **_places(parts, units, grids),
        Sheet.PERSONS: (_person(person) for person in made.persons),
        Sheet.POSTS: (_post(post, units, grids, micro_grids) for post in parts.appointments),
        Sheet.HUBS: (HubRow(micro_grids[hub.micro_grid_id], code_of(hub.host_id)) for hub in parts.hubs),
        Sheet.HOUSEHOLDS: (
            HouseholdRow(
                code=code_of(home.id),
                room=home.label,
                address=home.address,
                grid=grids[home.residence_grid_id],
                micro_grid=micro_grids.get(home.micro_grid_id or ""),
                village=villages.get(home.origin_village_id or ""),
            )
            for home in made.households
        ),
        Sheet.LINKS: (LinkRow(code_of(link.household_id), code_of(link.member_id), link.since, link.until, agreed=True) for link in links),
    }


def code_of(id_: str) -> str:
    return key_of(id_)


def _places(parts: OrganisationParts, units: Mapping[str, str], grids: Mapping[str, str]) -> Mapping[Sheet, Iterable[Row]]:
    return {
        Sheet.UNITS: (
            UnitRow(unit.code, unit.name, unit.kind, units.get(unit.parent_id or ""), unit.skill, (), unit.valid_from, unit.valid_to)
            for unit in parts.units
        ),
        Sheet.VILLAGES: (VillageRow(village.division_code, village.name, units[village.unit_id]) for village in parts.villages),
        Sheet.GRIDS: (
            GridRow(grid.code, grid.name, GridKind.GENERAL, units[grid.branch_id], grid.boundary, (), grid.valid_from, grid.valid_to)
            for grid in parts.grids
        ),
        Sheet.MICRO_GRIDS: (MicroGridRow(micro.code, micro.name, grids[micro.grid_id], None, None) for micro in parts.micro_grids),
    }


def _person(person: Person) -> PersonRow:
    household = code_of(person.household_id) if person.household_id else None
    return PersonRow(code_of(person.id), person.display_name, household, None, None)


def _post(post: Appointment, units: Mapping[str, str], grids: Mapping[str, str], micro_grids: Mapping[str, str]) -> PostRow:
    return PostRow(
        person=code_of(post.person_id),
        role=post.role,
        unit=units[post.unit_id],
        grid=grids.get(post.grid_id or ""),
        micro_grid=micro_grids.get(post.micro_grid_id or ""),
        since=post.since,
        until=post.until,
    )
