"""Posts (任职): who holds which, from when until when; leave, who stands in, and whose turn it is."""

from dataclasses import dataclass
from datetime import date
from enum import Enum


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
class Appointment:
    """A post held from `since` until `until` (exclusive), at a unit, for a grid or a micro-grid where it has one.

    Of several at one unit the lowest `order` is asked first.
    """

    id: str
    township: str
    person_id: str
    role: Role
    unit_id: str
    since: date
    until: date | None = None
    grid_id: str | None = None
    micro_grid_id: str | None = None
    order: int = 0

    def is_live(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class Absence:
    """Leave of somebody with a post, from `since` until `until` (exclusive); the substitute, if there is one, is asked instead."""

    id: str
    township: str
    person_id: str
    since: date
    until: date
    substitute_id: str | None = None

    def is_live(self, on: date) -> bool:
        return self.since <= on < self.until


@dataclass(frozen=True, slots=True)
class Duty:
    """A turn on the rota of a unit, or of one of its grids, from `since` until `until` (exclusive): whoever has it is asked first."""

    id: str
    township: str
    unit_id: str
    person_id: str
    since: date
    until: date
    grid_id: str | None = None

    def is_live(self, on: date) -> bool:
        return self.since <= on < self.until
