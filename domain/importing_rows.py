"""An organisation that stands as the rows of a file: for the check of the next file, for what it changes, and to be written out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.households import Household, HouseholdLink
from domain.importing import Register, is_over
from domain.organisation import Grid, HubHousehold, MicroGrid, Organisation, OrgUnit, Village
from domain.people import Person
from domain.posts import Appointment, Role
from domain.workbook_rows import GridRow, HouseholdRow, HubRow, LinkRow, MicroGridRow, PersonRow, PostRow, Row, Sheet, UnitRow, VillageRow


@dataclass(frozen=True, slots=True)
class Shown:
    """Turns what is kept into rows, ids into codes."""

    register: Register

    def unit(self, unit: OrgUnit) -> UnitRow:
        covers = tuple(str(self.register.code_of(id_)) for id_ in unit.covers)
        parent = self.register.code_of(unit.parent_id)
        return UnitRow(unit.code, unit.name, unit.kind, parent, unit.skill, covers, unit.valid_from, unit.valid_to)

    def village(self, village: Village) -> VillageRow:
        return VillageRow(village.division_code, village.name, self._code(village.unit_id))

    def grid(self, grid: Grid) -> GridRow:
        succeeds = tuple(self._code(id_) for id_ in grid.succeeds)
        return GridRow(grid.code, grid.name, grid.kind, self._code(grid.branch_id), grid.boundary, succeeds, grid.valid_from, grid.valid_to)

    def micro_grid(self, micro: MicroGrid) -> MicroGridRow:
        return MicroGridRow(micro.code, micro.name, self._code(micro.grid_id), micro.valid_from, micro.valid_to)

    def home(self, home: Household) -> HouseholdRow:
        return HouseholdRow(
            code=self._code(home.id),
            room=home.label,
            address=home.address,
            grid=self._code(home.residence_grid_id),
            micro_grid=self.register.code_of(home.micro_grid_id),
            village=self.register.code_of(home.origin_village_id),
        )

    def person(self, person: Person) -> PersonRow:
        """Without the ways of reaching them, which are kept apart."""
        return PersonRow(self._code(person.id), person.display_name, self.register.code_of(person.household_id), None, None)

    def post(self, post: Appointment) -> PostRow:
        return PostRow(
            person=self._code(post.person_id),
            role=post.role,
            unit=self._code(post.unit_id),
            grid=self.register.code_of(post.grid_id),
            micro_grid=self.register.code_of(post.micro_grid_id),
            since=post.since,
            until=post.until,
        )

    def hub(self, hub: HubHousehold) -> HubRow:
        return HubRow(self._code(hub.micro_grid_id), self._code(hub.host_id))

    def link(self, link: HouseholdLink) -> LinkRow:
        return LinkRow(self._code(link.household_id), self._code(link.member_id), link.since, link.until, agreed=True)

    def _code(self, id_: str) -> str:
        return str(self.register.code_of(id_))


def places(now: Organisation, register: Register, today: date) -> Mapping[Sheet, Sequence[Row]]:
    """The rows of all sheets but persons, homes and links, without what is over; they refer to nothing that is over either."""
    shown = Shown(register)
    units = [unit for unit in now.units.values() if not is_over(unit.valid_to, today)]
    grids = [grid for grid in now.grids.values() if not is_over(grid.valid_to, today)]
    there = {unit.id for unit in units} | {grid.id for grid in grids}
    return {
        Sheet.UNITS: [shown.unit(replace(unit, covers=tuple(id_ for id_ in unit.covers if id_ in there))) for unit in units],
        Sheet.VILLAGES: [shown.village(village) for village in now.villages.values()],
        Sheet.GRIDS: [shown.grid(replace(grid, succeeds=tuple(id_ for id_ in grid.succeeds if id_ in there))) for grid in grids],
        Sheet.MICRO_GRIDS: [shown.micro_grid(micro) for micro in now.micro_grids.values() if not is_over(micro.valid_to, today)],
        Sheet.POSTS: [shown.post(post) for post in now.appointments.values() if is_of_file(post) and not is_over(post.until, today)],
        Sheet.HUBS: [shown.hub(hub) for hub in now.hubs.values()],
    }


def homes(found: Iterable[Household], register: Register) -> list[Row]:
    return [Shown(register).home(home) for home in found]


def persons(found: Iterable[Person], register: Register) -> list[Row]:
    return [Shown(register).person(person) for person in found]


def links(found: Iterable[Household], register: Register, today: date) -> list[Row]:
    held = (home.link for home in found if home.link is not None)
    return [Shown(register).link(link) for link in held if link.agreed_by_household and not is_over(link.until, today)]


def is_of_file(post: Appointment) -> bool:
    """A resident's is no post that a file could name."""
    return post.role is not Role.RESIDENT
