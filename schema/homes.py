"""Homes moved to another grid, and linked with a member."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain.households import Agreement
from resolvers import homes as deeds
from resolvers.acting import Done
from schema.context import Info
from schema.graph import WANTED, GridT, HouseholdT, deed, edge
from schema.refusal import payload, result
from schema.reorganisation import COMMAND, SEEN, done


@strawberry.input(description="Moves households to another grid or micro-grid (住户迁移).")
class MoveHouseholdsInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    household_ids: list[strawberry.ID] = strawberry.field(description="At most 100 (住户).")
    grid_id: strawberry.ID | None = strawberry.field(default=None, description="The grid, outside of every micro-grid (目标网格).")
    micro_grid_id: strawberry.ID | None = strawberry.field(default=None, description="The micro-grid, and with it the grid (目标微网格).")


@strawberry.input(description="Links a household with a member: it asks itself, or staff say how it agreed (联户).")
class LinkHouseholdInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    household_id: strawberry.ID = strawberry.field(description="The household (住户).")
    member_id: strawberry.ID = strawberry.field(description="A link member of its grid (联户党员).")
    agreed_on: date | None = strawberry.field(default=None, description="Staff: the day on which it agreed (同意日期).")
    agreement: Agreement | None = strawberry.field(default=None, description="Staff: how it agreed (同意方式).")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


@strawberry.input(description="Ends a link: the household, the member or staff may, at any time (解除联户).")
class EndLinkInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    household_id: strawberry.ID = strawberry.field(description="The household (住户).")
    expected_version: int | None = strawberry.field(default=None, description=SEEN)


async def _household(root: Parent[Any], info: Info) -> Any:
    return await info.context.loaders.node.load(root.subject)


def _of_household(verb: str) -> Any:
    """The payload's home is read again: whoever lost the link, or only keeps the organisation, does not see it."""
    name = f"{verb}Payload"
    shown = edge(_household, HouseholdT | None, "The household, for those who may find it now (住户).")
    made = type(name, (), {"__annotations__": {"household": Any}, "__module__": __name__, "household": shown})
    made.is_type_of = classmethod(lambda _, thing, __: isinstance(thing, Done))  # type: ignore[attr-defined]  # read by Strawberry
    return strawberry.type(made, name=name, description=f"What {verb[0].lower()}{verb[1:]} did (执行结果).")


MoveHouseholdsPayload = payload("MoveHouseholds", "grid", GridT | None, "The grid where they stand now (网格).")
MoveHouseholdsResult = result("MoveHouseholds", MoveHouseholdsPayload)
LinkHouseholdResult = result("LinkHousehold", _of_household("LinkHousehold"))
EndLinkResult = result("EndLink", _of_household("EndLink"))


async def move_households(input: Annotated[MoveHouseholdsInput, WANTED], info: Info) -> Any:
    ids = tuple(str(id_) for id_ in input.household_ids)
    return await done(deeds.move_households, deeds.MoveHouseholds(input.command_id, ids, input.grid_id, input.micro_grid_id), info)


async def link_household(input: Annotated[LinkHouseholdInput, WANTED], info: Info) -> Any:
    said = (input.agreed_on, input.agreement, input.expected_version)
    return await done(deeds.link_household, deeds.LinkHousehold(input.command_id, input.household_id, input.member_id, *said), info)


async def end_link(input: Annotated[EndLinkInput, WANTED], info: Info) -> Any:
    return await done(deeds.end_link, deeds.EndLink(input.command_id, input.household_id, input.expected_version), info)


@strawberry.type
class HomeMutations:
    """Part of `Mutation`."""

    move_households: Any = deed(move_households, MoveHouseholdsResult, "Move households to another grid or micro-grid (住户迁移).")
    link_household: Any = deed(link_household, LinkHouseholdResult, "Link a household that agrees with a member (联户).")
    end_link: Any = deed(end_link, EndLinkResult, "End a link (解除联户).")
