"""For whom something is asked: for oneself, for somebody who is there while a helper types, for somebody who gave a grant."""

from dataclasses import dataclass

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.households import Household
from domain.items import ServiceItem
from domain.ports import Ports
from domain.posts import Role
from domain.proxies import ProxyGrant, covering
from resolvers.acting import Present

HELPERS = frozenset({Role.GRID_WORKER, Role.GRID_LEADER, Role.CENTRE_CLERK, Role.DISPATCHER, Role.LINK_MEMBER, Role.HUB_HOST})
"""Who may type for somebody else who is there."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody else for whom it is asked, or the home itself; the home that was named or is theirs; the grant under which an agent asks."""

    person_id: str | None = None
    home: Household | None = None
    grant_id: str | None = None
    is_household: bool = False


def has_grant_of(by: Actor, person_id: str | None) -> bool:
    return any(grant.principal_id == person_id for grant in by.grants)


async def principal_of(
    person_id: str | None, household_id: str | None, item: ServiceItem, *, now: Present, by: Actor, ports: Ports
) -> Principal:
    """A live grant that covers the item comes before typing for somebody who is there. Refuses whoever has neither."""
    if person_id is None or person_id == now.person.id:
        return Principal(home=await home_seen(household_id, by, ports) if household_id is not None else None)
    grant = covering(by.grants, person_id, item, now.at.astimezone(SHANGHAI).date())
    if grant is not None:
        return await _granted(grant, household_id, by, ports)
    is_helper = bool(HELPERS & set(by.roles))
    if has_grant_of(by, person_id) and (household_id is None or not is_helper):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.grant_not_covering", "itemId")
    home = await home_seen(household_id, by, ports) if household_id is not None else None
    found = await ports.people.by_ids(now.person.township, [person_id])
    if not found or home is None or found[0].household_id != home.id:
        raise not_found("onBehalfOfId")
    if not is_helper:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "onBehalfOfId")
    return Principal(person_id, home)


async def household_as_principal(household_id: str | None, person_id: str | None, *, by: Actor, ports: Ports) -> Principal:
    """A home where nobody signs in: whoever types for it is a helper who may find it, and lives elsewhere."""
    if household_id is None:
        raise invalid("refusal.place_wanted", "householdId")
    if person_id is not None:
        raise invalid("refusal.one_principal", "forHousehold")
    home = await home_seen(household_id, by, ports)
    if not HELPERS & set(by.roles) or (by.person is not None and by.person.household_id == home.id):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "forHousehold")
    return Principal(home=home, is_household=True)


async def home_seen(household_id: str, by: Actor, ports: Ports) -> Household:
    found = await ports.households.by_ids([household_id], seen_by=by)
    if not found:
        raise not_found("householdId")
    return found[0]


async def _granted(grant: ProxyGrant, household_id: str | None, by: Actor, ports: Ports) -> Principal:
    """The matter of a principal lies where they live, whoever may find that home otherwise."""
    people = await ports.people.by_ids(grant.township, [grant.principal_id])
    ids = [person.household_id for person in people if person.household_id]
    homes = await ports.households.of_requests(grant.township, ids, seen_by=by)
    if not homes:
        raise not_found("onBehalfOfId")
    if household_id not in {None, homes[0].id}:
        raise not_found("householdId")
    return Principal(grant.principal_id, homes[0], grant.id)
