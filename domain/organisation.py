"""Who stands where: units of both chains, grids, micro-grids, hubs, villages of origin and posts, all dated.

One `Organisation` is a township as it stood when it was read: a value that routing and access decide on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TypeVar

from domain.people import Person
from domain.places import Area, GeoPoint
from domain.posts import LEADING_ROLES, PUBLIC_ROLES, Absence, Appointment, Duty

K = TypeVar("K")
V = TypeVar("V")


class OrgUnitKind(Enum):
    TOWNSHIP_COMMITTEE = "TOWNSHIP_COMMITTEE"
    SETTLEMENT_ORG = "SETTLEMENT_ORG"
    GRID_BRANCH = "GRID_BRANCH"
    PROFESSIONAL_BRANCH = "PROFESSIONAL_BRANCH"
    PARTY_GROUP = "PARTY_GROUP"
    VILLAGE_ORG = "VILLAGE_ORG"
    AREA_COMMITTEE = "AREA_COMMITTEE"
    INDUSTRY_COMMITTEE = "INDUSTRY_COMMITTEE"
    SERVICE_CENTRE = "SERVICE_CENTRE"
    PROVIDER = "PROVIDER"


OVERLAYS = frozenset({OrgUnitKind.AREA_COMMITTEE, OrgUnitKind.INDUSTRY_COMMITTEE})
"""They co-ordinate the units that they cover, and own nothing by default."""


class GridKind(Enum):
    GENERAL = "GENERAL"
    DEDICATED = "DEDICATED"


@dataclass(frozen=True, slots=True)
class OrgUnit:
    """`covers` are the units that an overlay co-ordinates, `succeeds` those whose place it took, `former_parent_ids` where it stood."""

    id: str
    township: str
    code: str
    name: str
    kind: OrgUnitKind
    parent_id: str | None
    valid_from: date
    valid_to: date | None = None
    skill: str | None = None
    covers: tuple[str, ...] = ()
    succeeds: tuple[str, ...] = ()
    former_parent_ids: tuple[str, ...] = ()
    version: int = 1

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Grid:
    """`boundary` is empty where nobody drew it; `succeeds` are the grids that were cut anew into it."""

    id: str
    township: str
    code: str
    name: str
    branch_id: str
    boundary: Area | None
    household_count: int
    valid_from: date
    valid_to: date | None = None
    kind: GridKind = GridKind.GENERAL
    succeeds: tuple[str, ...] = ()
    version: int = 1

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class MicroGrid:
    id: str
    township: str
    code: str
    name: str
    grid_id: str
    valid_from: date | None = None
    valid_to: date | None = None

    def is_valid(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class HubHousehold:
    """A volunteer home (党员中心户) that is the contact point of a micro-grid."""

    id: str
    township: str
    host_id: str
    micro_grid_id: str
    linked_household_count: int


@dataclass(frozen=True, slots=True)
class Village:
    """A village of origin; `unit_id` is the village organisation that still keeps its land and collective matters."""

    id: str
    township: str
    division_code: str
    name: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class OrganisationParts:
    """All rows of one township, as they are stored."""

    units: Sequence[OrgUnit]
    grids: Sequence[Grid]
    micro_grids: Sequence[MicroGrid]
    hubs: Sequence[HubHousehold]
    villages: Sequence[Village]
    appointments: Sequence[Appointment]
    holders: Sequence[Person]
    absences: Sequence[Absence] = ()
    duties: Sequence[Duty] = ()


class Organisation:
    """A township at one moment. `stamp` changes with every change to it; two with one stamp are equal. `version` counts the changes."""

    def __init__(self, township: str, stamp: str, parts: OrganisationParts, *, version: int = 1) -> None:
        self.township = township
        self.stamp = stamp
        self.version = version
        self.parts = parts
        self.units: Mapping[str, OrgUnit] = {unit.id: unit for unit in parts.units}
        self.grids: Mapping[str, Grid] = {grid.id: grid for grid in parts.grids}
        self.micro_grids: Mapping[str, MicroGrid] = {micro.id: micro for micro in parts.micro_grids}
        self.hubs: Mapping[str, HubHousehold] = {hub.id: hub for hub in parts.hubs}
        self.villages: Mapping[str, Village] = {village.id: village for village in parts.villages}
        self.holders: Mapping[str, Person] = {person.id: person for person in parts.holders}
        self.absences: Mapping[str, Absence] = {absence.id: absence for absence in parts.absences}
        self.duties: Mapping[str, Duty] = {duty.id: duty for duty in parts.duties}
        posts = sorted(parts.appointments, key=lambda post: post.order)
        self.appointments: Mapping[str, Appointment] = {post.id: post for post in posts}
        self._children = _grouped((unit.parent_id, unit) for unit in parts.units)
        self._successors = {closed: unit.id for unit in parts.units for closed in unit.succeeds}
        self._by_unit = _grouped((post.unit_id, post) for post in posts)
        self._by_person = _grouped((post.person_id, post) for post in posts)
        self._away = _grouped((absence.person_id, absence) for absence in parts.absences)
        self._rota = _grouped((duty.unit_id, duty) for duty in parts.duties)

    def path(self, unit_id: str) -> tuple[OrgUnit, ...]:
        """The unit and those above it, nearest first, the township last."""
        path: list[OrgUnit] = []
        unit = self.units.get(unit_id)
        while unit is not None and unit not in path:
            path.append(unit)
            unit = self.units.get(unit.parent_id) if unit.parent_id else None
        return tuple(path)

    def children(self, unit_id: str) -> Sequence[OrgUnit]:
        return self._children.get(unit_id, ())

    def seat(self, unit_id: str) -> str:
        """The unit that has its place today: itself, or whichever took over from it, however often."""
        seen = [unit_id]
        while (successor := self._successors.get(seen[-1])) is not None and successor not in seen:
            seen.append(successor)
        return seen[-1]

    def subtree(self, unit_id: str) -> frozenset[str]:
        """The unit and everything below it."""
        found: dict[str, None] = {}
        pending = [unit_id]
        while pending:
            current = pending.pop()
            if current not in found:
                found[current] = None
                pending += [child.id for child in self.children(current)]
        return frozenset(found)

    def root(self) -> OrgUnit:
        """The township committee, where every climb ends."""
        return next(unit for unit in self.units.values() if unit.kind is OrgUnitKind.TOWNSHIP_COMMITTEE)

    def unit_by_code(self, code: str) -> OrgUnit | None:
        return next((unit for unit in self.units.values() if unit.code == code), None)

    def posts_at(self, unit_id: str, on: date) -> list[Appointment]:
        """Live posts at the unit itself, in the order of their rank."""
        return [post for post in self._by_unit.get(unit_id, ()) if post.is_live(on)]

    def posts_of(self, person_id: str, on: date) -> list[Appointment]:
        return [post for post in self._by_person.get(person_id, ()) if post.is_live(on)]

    def has_public_post(self, person_id: str, on: date) -> bool:
        """Whether the person's name hangs on the notice board."""
        return any(post.role in PUBLIC_ROLES for post in self.posts_of(person_id, on))

    def absence_of(self, person_id: str, on: date) -> Absence | None:
        """The leave that somebody is on."""
        return next((absence for absence in self._away.get(person_id, ()) if absence.is_live(on)), None)

    def on_duty(self, holders: Sequence[str], unit_id: str, on: date, *, grid_id: str | None = None) -> list[str]:
        """Those who are there, whoever has the turn on the unit's rota (for that grid, or for all of it) first."""
        turns = [duty.person_id for duty in self._rota.get(unit_id, ()) if duty.is_live(on) and duty.grid_id in {None, grid_id}]
        return self.present([*turns, *holders], on)

    def present(self, holders: Sequence[str], on: date) -> list[str]:
        """The holders in their order; for whoever is on leave the substitute, or nobody. A substitute holds a post and is not away."""
        there: dict[str, None] = {}
        for person_id in holders:
            absence = self.absence_of(person_id, on)
            stand_in = person_id if absence is None else absence.substitute_id
            if stand_in is not None and self.posts_of(stand_in, on) and self.absence_of(stand_in, on) is None:
                there[stand_in] = None
        return list(there)

    def leaders(self, unit_id: str, on: date) -> list[str]:
        """Those who answer for the unit, first asked first."""
        posts = self.posts_at(unit_id, on)
        return [post.person_id for role in LEADING_ROLES for post in posts if post.role is role]

    def grids_of(self, branch_id: str) -> list[Grid]:
        return [grid for grid in self.grids.values() if grid.branch_id == branch_id]

    def micro_grids_of(self, grid_id: str) -> list[MicroGrid]:
        return [micro for micro in self.micro_grids.values() if micro.grid_id == grid_id]

    def hub_of(self, micro_grid_id: str) -> HubHousehold | None:
        return next((hub for hub in self.hubs.values() if hub.micro_grid_id == micro_grid_id), None)

    def grid_at(self, point: GeoPoint, on: date) -> Grid | None:
        """The grid in whose boundary the point lies."""
        drawn = (grid for grid in self.grids.values() if grid.boundary is not None and grid.is_valid(on))
        return next((grid for grid in drawn if grid.boundary and grid.boundary.contains(point)), None)

    def succeeded_by(self, grid_id: str) -> frozenset[str]:
        """The grid and all that were cut anew into it, however long ago."""
        found: set[str] = set()
        pending = [grid_id]
        while pending:
            current = pending.pop()
            grid = self.grids.get(current)
            if grid is not None and current not in found:
                found.add(current)
                pending += grid.succeeds
        return frozenset(found)

    def unit_of_kind(self, kind: OrgUnitKind, on: date, *, skill: str | None = None, near: str | None = None) -> OrgUnit | None:
        """The unit of a kind (and skill) that there is on that day: of several the nearest to unit `near`, then the first by code."""
        there = [unit for unit in self.units.values() if unit.kind is kind and unit.skill == skill and unit.is_valid(on)]
        around = [unit.id for unit in self.path(near)] if near else []

        def distance(unit: OrgUnit) -> tuple[int, str]:
            meeting = next((step.id for step in self.path(unit.id) if step.id in around), None)
            return (around.index(meeting) if meeting else len(around), unit.code)

        return min(there, key=distance, default=None)


def _grouped(pairs: Iterable[tuple[K, V]]) -> Mapping[K, Sequence[V]]:
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return dict(groups)
