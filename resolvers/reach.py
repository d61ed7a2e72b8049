"""How word gets to a household: said by whoever lives there, or by a helper who was told."""

from dataclasses import dataclass
from uuid import UUID

from domain.access import Actor
from domain.errors import RefusalCode, refused
from domain.households import Household, Reach
from domain.ports import Ports
from resolvers.acting import Done, command_of, signed_in
from resolvers.principals import HELPERS, home_seen


@dataclass(frozen=True, slots=True)
class SetHouseholdReach:
    command_id: UUID
    household_id: str
    reach: Reach


async def set_household_reach(sent: SetHouseholdReach, *, by: Actor, ports: Ports) -> Done[Household]:
    """The home, which is reached so from now on."""
    person, _ = signed_in(by)
    home = await home_seen(sent.household_id, by, ports)
    if home.id != person.household_id and not HELPERS & set(by.roles):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "householdId")
    command = command_of("setHouseholdReach", sent, person, at=ports.clock())
    await ports.reaches.put(home, sent.reach, command=command)
    return Done(home)
