"""What may stand where in the two chains: which unit under which, which post at which, and how codes are built."""

from collections.abc import Mapping
from enum import Enum

from domain.errors import invalid
from domain.organisation import GridKind, OrgUnitKind
from domain.posts import Role

_K = OrgUnitKind

LEGAL_PARENTS: Mapping[OrgUnitKind, frozenset[OrgUnitKind]] = {
    _K.TOWNSHIP_COMMITTEE: frozenset(),
    _K.SETTLEMENT_ORG: frozenset({_K.TOWNSHIP_COMMITTEE}),
    _K.VILLAGE_ORG: frozenset({_K.TOWNSHIP_COMMITTEE, _K.SETTLEMENT_ORG}),
    _K.GRID_BRANCH: frozenset({_K.SETTLEMENT_ORG, _K.VILLAGE_ORG}),
    _K.PROFESSIONAL_BRANCH: frozenset({_K.TOWNSHIP_COMMITTEE, _K.SETTLEMENT_ORG, _K.VILLAGE_ORG}),
    _K.PARTY_GROUP: frozenset({_K.GRID_BRANCH, _K.PROFESSIONAL_BRANCH, _K.VILLAGE_ORG}),
    _K.AREA_COMMITTEE: frozenset({_K.TOWNSHIP_COMMITTEE}),
    _K.INDUSTRY_COMMITTEE: frozenset({_K.TOWNSHIP_COMMITTEE}),
    _K.SERVICE_CENTRE: frozenset({_K.TOWNSHIP_COMMITTEE, _K.SETTLEMENT_ORG, _K.VILLAGE_ORG}),
    _K.PROVIDER: frozenset({_K.TOWNSHIP_COMMITTEE, _K.SETTLEMENT_ORG, _K.PROFESSIONAL_BRANCH, _K.SERVICE_CENTRE}),
}
"""Which kinds a unit of a kind may hang on. Overlays co-ordinate and are above nothing; the township is above everything."""

BRANCHES = frozenset({_K.GRID_BRANCH, _K.PROFESSIONAL_BRANCH})
"""Kinds that a grid can be bound to."""

HOMES_OF_GRIDS = frozenset({_K.SETTLEMENT_ORG, _K.VILLAGE_ORG})
"""Every grid belongs to one settlement or village, whose twelve digits its code begins with; never straight to the township."""

LEGAL_POSTS: Mapping[Role, frozenset[OrgUnitKind]] = {
    Role.RESIDENT: frozenset(),
    Role.LINK_MEMBER: BRANCHES,
    Role.HUB_HOST: BRANCHES,
    Role.GRID_WORKER: BRANCHES,
    Role.GRID_LEADER: BRANCHES | {_K.PARTY_GROUP},
    Role.CENTRE_CLERK: frozenset({_K.SERVICE_CENTRE}),
    Role.DISPATCHER: frozenset({_K.TOWNSHIP_COMMITTEE}),
    Role.SECRETARY: frozenset(OrgUnitKind) - {_K.PARTY_GROUP, _K.PROVIDER},
    Role.PROVIDER_WORKER: frozenset({_K.PROVIDER}),
    Role.VOLUNTEER: BRANCHES | HOMES_OF_GRIDS | {_K.PROVIDER},
    Role.PRIVACY_OFFICER: frozenset({_K.TOWNSHIP_COMMITTEE}),
    Role.ADMINISTRATOR: HOMES_OF_GRIDS | {_K.TOWNSHIP_COMMITTEE},
}
"""At which kinds of unit a post of a role can be held. Being a resident is no post."""


class Reach(Enum):
    """What a post is for, besides its unit."""

    UNIT = "the unit"
    GRID = "a grid of the unit"
    MICRO_GRID = "a micro-grid of the unit"


REACH: Mapping[Role, Reach] = {Role.GRID_WORKER: Reach.GRID, Role.HUB_HOST: Reach.MICRO_GRID, Role.LINK_MEMBER: Reach.MICRO_GRID}
"""Roles that are held for less than a unit; every other one is held for all of it."""

TOWNSHIP_DIGITS, HOME_DIGITS, GRID_DIGITS, MICRO_GRID_DIGITS = 9, 12, 15, 17
LONGEST_UNIT_CODE = 20
FIRST_DEDICATED = 800


def unit_code(value: str, township: str, field: str) -> str:
    """The code of a unit. Refuses what does not begin with the township's digits, or is none."""
    if not is_digits(value) or not TOWNSHIP_DIGITS < len(value) <= LONGEST_UNIT_CODE or not value.startswith(township):
        raise invalid("refusal.unit_code", field, township=township)
    return value


def grid_code(value: str, home: str, field: str) -> tuple[str, GridKind]:
    """The code of a grid of the settlement or village `home`, and the kind that it says: 001 to 799 general, from 800 dedicated."""
    if not is_digits(value) or len(value) != GRID_DIGITS or not value.startswith(home) or value.endswith("000"):
        raise invalid("refusal.grid_code", field, home=home)
    return value, GridKind.DEDICATED if int(value[HOME_DIGITS:]) >= FIRST_DEDICATED else GridKind.GENERAL


def micro_grid_code(value: str, grid: str, field: str) -> str:
    """The code of a micro-grid of the grid."""
    if not is_digits(value) or len(value) != MICRO_GRID_DIGITS or not value.startswith(grid) or value.endswith("00"):
        raise invalid("refusal.micro_grid_code", field, grid=grid)
    return value


def is_digits(value: str) -> bool:
    return value.isascii() and value.isdecimal()
