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


class Role(Enum):
    RESIDENT = "RESIDENT"
    LINK_MEMBER = "LINK_MEMBER"
    HUB_HOST = "HUB_HOST"
    GRID_WORKER = "GRID_WORKER"
    GRID_LEADER = "GRID_LEADER"
    CENTRE_CLERK = "CENTRE_CLERK"
    DISPATCHER = "DISPATCHER"
    SECRETARY = "SECRETARY"
    PROVIDER_WORKER = "PROVIDER_WORKER"
    VOLUNTEER = "VOLUNTEER"
    PRIVACY_OFFICER = "PRIVACY_OFFICER"
    ADMINISTRATOR = "ADMINISTRATOR"


LEADING_ROLES = (Role.GRID_LEADER, Role.DISPATCHER, Role.SECRETARY)
"""Who answers for a unit, in the order in which they are asked."""

PUBLIC_ROLES = frozenset(Role) - {Role.RESIDENT, Role.LINK_MEMBER, Role.HUB_HOST}
"""Posts whose holder's name hangs on the notice board; volunteers at home (hosts, link members) are shown to whom they serve."""


@dataclass(frozen=True, slots=True)
class OrgUnit:
    id: str
    township: str
    code: str
    name: str
    kind: OrgUnitKind
    parent_id: str | None
    valid_from: date
    valid_to: date | None = None
    skill: str | None = None
    version: int = 1

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Grid:
    id: str
    township: str
    code: str
    name: str
    branch_id: str
    boundary: Area
    household_count: int
    valid_from: date
    valid_to: date | None = None

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class MicroGrid:
    id: str
    township: str
    code: str
    name: str
    grid_id: str


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
class Appointment:
    """A post held from `since` until `until` (exclusive), at a unit, for a grid or a micro-grid where it has one."""

    id: str
    township: str
    person_id: str
    role: Role
    unit_id: str
    since: date
    until: date | None = None
    grid_id: str | None = None
    micro_grid_id: str | None = None

    def is_live(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)


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


class Organisation:
    """A township at one moment. `stamp` changes with every change to it; two with one stamp are equal."""

    __slots__ = ("_by_person", "_by_unit", "_children", "grids", "holders", "hubs", "micro_grids", "stamp", "township", "units", "villages")

    def __init__(self, township: str, stamp: str, parts: OrganisationParts) -> None:
        self.township = township
        self.stamp = stamp
        self.units: Mapping[str, OrgUnit] = {unit.id: unit for unit in parts.units}
        self.grids: Mapping[str, Grid] = {grid.id: grid for grid in parts.grids}
        self.micro_grids: Mapping[str, MicroGrid] = {micro.id: micro for micro in parts.micro_grids}
        self.hubs: Mapping[str, HubHousehold] = {hub.id: hub for hub in parts.hubs}
        self.villages: Mapping[str, Village] = {village.id: village for village in parts.villages}
        self.holders: Mapping[str, Person] = {person.id: person for person in parts.holders}
        self._children = _grouped((unit.parent_id, unit) for unit in parts.units)
        self._by_unit = _grouped((post.unit_id, post) for post in parts.appointments)
        self._by_person = _grouped((post.person_id, post) for post in parts.appointments)

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
        return next((grid for grid in self.grids.values() if grid.is_valid(on) and grid.boundary.contains(point)), None)

    def unit_of_kind(self, kind: OrgUnitKind, on: date, *, skill: str | None = None) -> OrgUnit | None:
        """The unit of a kind (and skill) that there is on that day."""
        return next((unit for unit in self.units.values() if unit.kind is kind and unit.skill == skill and unit.is_valid(on)), None)


def _grouped(pairs: Iterable[tuple[K, V]]) -> Mapping[K, Sequence[V]]:
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return dict(groups)
