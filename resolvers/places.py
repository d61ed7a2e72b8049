"""Where a matter is, and for whom it is asked: the same for whoever asks, and for whoever looks first what is known already."""

from dataclasses import dataclass
from typing import Protocol

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.households import Household
from domain.items import MatterScope, ServiceItem
from domain.places import GeoPoint
from domain.ports import Ports
from domain.routing import Place
from resolvers.acting import Present
from resolvers.principals import Principal, has_grant_of, home_seen, household_as_principal, principal_of


class Placed(Protocol):
    """The part of what was sent that says where, and for whom."""

    @property
    def household_id(self) -> str | None: ...

    @property
    def location(self) -> GeoPoint | None: ...

    @property
    def village_id(self) -> str | None: ...

    @property
    def on_behalf_of_id(self) -> str | None: ...

    @property
    def for_household(self) -> bool | None: ...


@dataclass(frozen=True, slots=True)
class Where:
    """Whose home, if it is one, and where that lies in the organisation."""

    household: Household | None
    place: Place


def check_place_is_given(sent: Placed, now: Present, by: Actor) -> None:
    if sent.location is not None and not sent.location.is_on_earth:
        raise invalid("refusal.point_nowhere", "location")
    if sent.village_id is not None and (sent.household_id is not None or sent.location is not None):
        raise invalid("refusal.one_place", "villageId")
    places = (sent.household_id, sent.location, sent.village_id, now.person.household_id)
    is_known = any(place is not None for place in places)
    if not is_known and not has_grant_of(by, sent.on_behalf_of_id):
        raise invalid("refusal.place_wanted", "householdId")


async def placed(sent: Placed, item: ServiceItem, scope: MatterScope, now: Present, *, by: Actor, ports: Ports) -> tuple[Principal, Where]:
    """For whom, and where. Refuses homes and people for whom the reader could not ask."""
    if sent.for_household:
        principal = await household_as_principal(sent.household_id, sent.on_behalf_of_id, by=by, ports=ports)
    else:
        principal = await principal_of(sent.on_behalf_of_id, sent.household_id, item, now=now, by=by, ports=ports)
    return principal, await _where(sent, principal.home, scope, now, by, ports)


async def _where(sent: Placed, home: Household | None, scope: MatterScope, now: Present, by: Actor, ports: Ports) -> Where:
    """The home that was named, else the village picked, the grid around the point, the sender's own home. Refuses what is nowhere."""
    if home is None and sent.village_id is not None:
        if sent.village_id not in now.organisation.villages:
            raise not_found("villageId")
        return Where(None, Place(village_id=sent.village_id))
    located = _grid_id_at(sent.location, scope, now) if sent.location and home is None else None
    own = await home_seen(now.person.household_id, by, ports) if home is None and now.person.household_id else None
    if home is None and located is not None:
        village_id = own.origin_village_id if own and scope is MatterScope.ORIGIN_VILLAGE else None
        return Where(None, Place(grid_id=located, village_id=village_id))
    home = home or own
    if home is None:  # land outside of every grid, of a village that nobody named
        raise refused(RefusalCode.OUTSIDE_AREA, "refusal.outside_area", "location")
    return Where(home, Place(home.residence_grid_id, home.micro_grid_id, home.origin_village_id))


def _grid_id_at(point: GeoPoint, scope: MatterScope, now: Present) -> str | None:
    """A matter of the village left may lie on its land, outside every grid."""
    grid = now.organisation.grid_at(point, now.at.astimezone(SHANGHAI).date())
    if grid is None and scope is MatterScope.RESIDENCE:
        raise refused(RefusalCode.OUTSIDE_AREA, "refusal.outside_area", "location")
    return grid.id if grid else None
