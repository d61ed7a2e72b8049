"""The organisation as a file says it: one plain row for each line of each sheet, keyed by codes, never by names."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from domain.households import Reach
from domain.organisation import GridKind, OrgUnitKind
from domain.places import Area
from domain.posts import Role


class Sheet(Enum):
    """The sheets, those first that others refer to."""

    UNITS = "units"
    VILLAGES = "villages"
    GRIDS = "grids"
    MICRO_GRIDS = "micro_grids"
    HOUSEHOLDS = "households"
    PERSONS = "persons"
    POSTS = "posts"
    HUBS = "hubs"
    LINKS = "links"


@dataclass(frozen=True, slots=True)
class UnitRow:
    """`covers` are the units that a committee across units co-ordinates."""

    code: str
    name: str
    kind: OrgUnitKind
    parent: str | None
    skill: str | None
    covers: tuple[str, ...]
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class VillageRow:
    division_code: str
    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """`succeeds` are the codes that this one takes the place of after a re-cut."""

    code: str
    name: str
    kind: GridKind
    branch: str
    boundary: Area | None
    succeeds: tuple[str, ...]
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class MicroGridRow:
    code: str
    name: str
    grid: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    code: str
    room: str
    address: str = field(repr=False)
    grid: str
    micro_grid: str | None
    village: str | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    code: str
    display_name: str
    household: str | None
    phone: str | None = field(repr=False)
    reach: Reach | None


@dataclass(frozen=True, slots=True)
class PostRow:
    """From `since` until `until`, exclusive."""

    person: str
    role: Role
    unit: str
    grid: str | None
    micro_grid: str | None
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class HubRow:
    micro_grid: str
    host: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """From `since` until `until`, exclusive; without the household's agreement there is none."""

    household: str
    member: str
    since: date
    until: date | None
    agreed: bool


Row = UnitRow | VillageRow | GridRow | MicroGridRow | HouseholdRow | PersonRow | PostRow | HubRow | LinkRow


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file without faults says. A sheet that it does not have, or has without a line, is `None`: it stays as it is.

    The long sheets are streams that can be read again and again, as long as the file is open.
    """

    township: str
    units: tuple[UnitRow, ...] | None
    villages: tuple[VillageRow, ...] | None
    grids: tuple[GridRow, ...] | None
    micro_grids: tuple[MicroGridRow, ...] | None
    households: Iterable[HouseholdRow] | None
    persons: Iterable[PersonRow] | None
    posts: tuple[PostRow, ...] | None
    hubs: tuple[HubRow, ...] | None
    links: Iterable[LinkRow] | None
