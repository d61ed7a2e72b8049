"""How word gets to households."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.households import Reach
from resolvers import reach as deeds
from schema.context import Info
from schema.graph import WANTED, HouseholdT, deed
from schema.refusal import payload, result


@strawberry.input(description="Says how word gets to a household (设置联系方式).")
class SetHouseholdReachInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    household_id: strawberry.ID = strawberry.field(description="Which home (住户).")
    reach: Reach = strawberry.field(description="How (联系方式).")


SetHouseholdReachPayload = payload("SetHouseholdReach", "household", HouseholdT, "The home as it is now (住户).")
SetHouseholdReachResult = result("SetHouseholdReach", SetHouseholdReachPayload)


async def set_household_reach(input: Annotated[SetHouseholdReachInput, WANTED], info: Info) -> Any:
    sent = deeds.SetHouseholdReach(input.command_id, input.household_id, input.reach)
    return await deeds.set_household_reach(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class ReachMutations:
    set_household_reach: Any = deed(set_household_reach, SetHouseholdReachResult, "Say how word gets to a household (设置联系方式).")
