"""The public directory for whoever signed in, and who serves whom, with reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.access import NOBODY, Actor, may_see_person, may_see_resident
from domain.calendar import SHANGHAI
from domain.errors import BadArgument
from domain.ids import parse
from domain.items import MatterScope, ServiceItem, ServiceLine
from domain.organisation import Grid, Organisation, OrgUnit, Village
from domain.people import Person
from domain.places import GeoPoint
from domain.ports import Ports
from domain.posts import PUBLIC_ROLES, Appointment
from domain.routing import Place, Service, who_serves

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead a phone's clock may be, so that its now is ours."""


async def service_items(line: ServiceLine | None, *, ports: Ports) -> Sequence[ServiceItem]:
    """The catalogue, public."""
    return [item for item in (await ports.catalogue.items()).values() if line is None or item.line is line]


async def unit_by_code(code: str, *, by: Actor, ports: Ports) -> OrgUnit | None:
    """A unit of any township: its code begins with the township's."""
    if not by.is_signed_in or len(code) < 9 or not code[:9].isdecimal() or not code.isascii():
        return None
    organisation = await _organisation(code[:9], by=by, ports=ports)
    return organisation.unit_by_code(code) if organisation else None


def own_villages(*, by: Actor) -> Sequence[Village]:
    """The villages of origin of the reader's own township, by division code: what a request for another village picks from."""
    return sorted(by.organisation.villages.values(), key=lambda village: village.division_code) if by.organisation else []


async def grid_at(point: GeoPoint, *, by: Actor, ports: Ports) -> Grid | None:
    """The grid around a point; nothing outside of every grid."""
    if not point.is_on_earth or not by.is_signed_in:
        return None
    organisation = await ports.organisations.at(point)
    return organisation.grid_at(point, _today(ports)) if organisation else None


async def who_serves_household(
    household_id: str, item_id: str, scope: MatterScope | None, at: datetime | None, *, by: Actor, ports: Ports
) -> Service | None:
    """For the household's own people and staff in scope; for anybody else there is no such household.

    A past moment is answered by the organisation as it was kept then; who had how much to do is not kept. Raises `BadArgument` for one
    to come.
    """
    past, on = _asked_for(at, ports)
    item = (await ports.catalogue.items()).get(item_id)
    found = await ports.households.by_ids([household_id], seen_by=by)
    if item is None or not found or by.organisation is None:
        return None
    home = found[0]
    organisation = by.organisation
    if past is not None:
        organisation = await ports.organisations.as_of(organisation, past)
        home = await ports.households.as_of(home, organisation)
    place = Place(home.residence_grid_id, home.micro_grid_id, home.origin_village_id)
    service = who_serves(organisation, item, scope or item.default_scope, place, on=on)
    return _shown_to(by, service, organisation, on, ports)


async def who_serves_point(
    point: GeoPoint, item_id: str, scope: MatterScope | None, at: datetime | None, *, by: Actor = NOBODY, ports: Ports
) -> tuple[Service, Organisation] | None:
    """For anybody: the unit and the person on duty, by the name on the notice board. Raises `BadArgument` for a moment to come."""
    past, on = _asked_for(at, ports)
    item = (await ports.catalogue.items()).get(item_id)
    organisation = await ports.organisations.at(point) if item and point.is_on_earth else None
    if item is None or organisation is None:
        return None
    if past is not None:
        organisation = await ports.organisations.as_of(organisation, past)
    grid = organisation.grid_at(point, on)
    if grid is None:
        return None
    service = who_serves(organisation, item, scope or item.default_scope, Place(grid_id=grid.id), on=on)
    return _shown_to(by, service, organisation, on, ports), organisation


async def organisation_nodes(ids: Sequence[str], *, by: Actor, ports: Ports) -> Mapping[str, object]:
    """Units, grids, micro-grids, hubs and villages by id, for whoever signed in; the catalogue's items for anybody."""
    items = await ports.catalogue.items()
    found: dict[str, object] = {id_: items[id_] for id_ in ids if id_ in items}
    townships = {ref.township for ref in map(parse, ids) if ref}
    for township in townships if by.is_signed_in else ():
        organisation = await _organisation(township, by=by, ports=ports)
        if organisation is not None:
            parts = (organisation.units, organisation.grids, organisation.micro_grids, organisation.villages)
            found |= {id_: part[id_] for part in parts for id_ in ids if id_ in part}
            found |= {id_: hub for id_ in ids if (hub := organisation.hubs.get(id_)) and _knows_host(hub.host_id, organisation, by, ports)}
    return found


def public_posts(posts: Sequence[Appointment], organisation: Organisation, *, by: Actor, at: datetime) -> Sequence[Appointment]:
    """The notice board: public posts for whoever signed in, hosts and link members for those whom they serve and staff in scope."""
    if not by.is_signed_in:
        return []
    return [
        post
        for post in posts
        if post.role in PUBLIC_ROLES
        or ((holder := organisation.holders.get(post.person_id)) is not None and may_see_person(by, holder, at=at))
    ]


async def persons_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[Person]:
    if by.person is None:
        return []
    at = ports.clock()
    found = await ports.people.by_ids(by.person.township, ids)
    known = [person for person in found if may_see_person(by, person, at=at)]
    others = [person for person in found if person not in known and person.household_id]
    homes = {home.id: home for home in await ports.households.by_ids([person.household_id or "" for person in others], seen_by=by)}
    residents = [person for person in others if person.household_id in homes and may_see_resident(by, homes[person.household_id])]
    return [*known, *residents]


async def _organisation(township: str, *, by: Actor, ports: Ports) -> Organisation | None:
    """The actor's own township as it was read with the sign-in; another one is read now."""
    if by.organisation is not None and by.organisation.township == township:
        return by.organisation
    return await ports.organisations.of_township(township)


def _knows_host(host_id: str, organisation: Organisation, by: Actor, ports: Ports) -> bool:
    host = organisation.holders.get(host_id)
    return host is not None and may_see_person(by, host, at=ports.clock())


def _shown_to(by: Actor, service: Service, organisation: Organisation, on: date, ports: Ports) -> Service:
    """Without the name of a host or link member whose turn it is, where the reader does not know them."""
    person = service.person
    if person is None or organisation.has_public_post(person.id, on) or may_see_person(by, person, at=ports.clock()):
        return service
    return replace(service, person=None)


def _today(ports: Ports) -> date:
    return ports.clock().astimezone(SHANGHAI).date()


def _asked_for(at: datetime | None, ports: Ports) -> tuple[datetime | None, date]:
    """The past moment that is asked for, or nothing for now; and its day.

    Of days to come nobody is told who serves: leave and turns are read by whoever plans them.
    """
    now = ports.clock()
    if at is None or now <= at <= now + CLOCKS_DIFFER:
        return None, _today(ports)
    if at > now:
        raise BadArgument("at lies ahead: give a past moment, or leave it out for now")
    try:
        return at, at.astimezone(SHANGHAI).date()
    except OverflowError as error:
        raise BadArgument("at lies beyond the calendar") from error
