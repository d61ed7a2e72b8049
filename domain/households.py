"""Homes: where they stand, the village they left, and the link (党员联户) they agreed to. Never who lives in them."""

from dataclasses import dataclass
from datetime import date
from enum import Enum


class Reach(Enum):
    """How word gets to somebody; never by loudspeaker."""

    APP = "APP"
    PHONE = "PHONE"
    VISIT = "VISIT"
    NEIGHBOUR = "NEIGHBOUR"
    CENTRE_PICKUP = "CENTRE_PICKUP"


class Agreement(Enum):
    """How a household said yes to a link."""

    IN_APP = "IN_APP"
    SIGNED_PAPER = "SIGNED_PAPER"
    SPOKEN = "SPOKEN"


MAX_LINKED = 20
"""How many households one member looks in on at most."""

MAX_LINKS_A_DAY = 4
"""How often those who live in a home link it on one day: each time is a version of the whole township."""


@dataclass(frozen=True, slots=True)
class HouseholdLink:
    """A link member (联户党员) whom the household agreed to be looked in on by; contact, never access.

    `agreed_on` and `agreement` say when and how it agreed; where somebody else wrote that down, `recorded_by` is who.
    """

    household_id: str
    member_id: str
    since: date
    until: date | None
    agreed_by_household: bool
    agreed_on: date | None = None
    agreement: Agreement | None = None
    recorded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Household:
    """Who may find it follows from where it stands and whom it agreed to (`access.HomesInSight`). `code` is how the list knows it.

    `linked_in_app` is how often those who live there linked it on `linked_in_app_on`, the last day on which they did.
    """

    id: str
    township: str
    label: str
    address: str
    residence_grid_id: str
    micro_grid_id: str | None
    origin_village_id: str | None
    link: HouseholdLink | None
    code: str = ""
    version: int = 1
    linked_in_app_on: date | None = None
    linked_in_app: int = 0

    def link_on(self, day: date) -> HouseholdLink | None:
        """The link that holds on that day: one that the household did not agree to never does."""
        link = self.link
        if link is None or not link.agreed_by_household or day < link.since:
            return None
        return link if link.until is None or day < link.until else None
