"""Homes moved to another grid, and linked with a member: by the household itself, or by staff who saw that it agreed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.access import Actor
from domain.errors import invalid
from domain.home_changes import MAX_MOVED, NewLink, homes_moved, linked, unlinked
from domain.households import Agreement, Household
from domain.organisation import Grid
from domain.ports import Ports
from domain.reorganisation import Changed, Editor
from resolvers.acting import Done, signed_in
from resolvers.reorganisation import reorganised


@dataclass(frozen=True, slots=True)
class MoveHouseholds:
    command_id: UUID
    household_ids: Sequence[str]
    grid_id: str | None = None
    micro_grid_id: str | None = None


@dataclass(frozen=True, slots=True)
class LinkHousehold:
    command_id: UUID
    household_id: str
    member_id: str
    agreed_on: date | None = None
    agreement: Agreement | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class EndLink:
    command_id: UUID
    household_id: str
    expected_version: int | None = None


async def move_households(sent: MoveHouseholds, *, by: Actor, ports: Ports) -> Done[Grid | None]:
    """The grid where they stand from now on."""
    _, organisation = signed_in(by)
    if len(sent.household_ids) > MAX_MOVED:
        raise invalid("refusal.too_many", "householdIds", limit=MAX_MOVED)
    micro = organisation.micro_grids.get(sent.micro_grid_id or "")
    grid_id = micro.grid_id if micro else sent.grid_id or ""

    def change(edit: Editor, homes: Sequence[Household]) -> Changed:
        return homes_moved(edit, sent.household_ids, sent.grid_id, sent.micro_grid_id, homes)

    outcome = await reorganised(
        "moveHouseholds", sent, change, grid_id, by=by, ports=ports, household_ids=sent.household_ids, grid_ids=[grid_id]
    )
    return Done(outcome.organisation.grids.get(outcome.subject_id), outcome.is_replay)


async def link_household(sent: LinkHousehold, *, by: Actor, ports: Ports) -> Done[str]:
    """The id of the home; whether it can be read is another question."""
    wanted = NewLink(sent.household_id, sent.member_id, sent.agreed_on, sent.agreement)

    def change(edit: Editor, homes: Sequence[Household]) -> Changed:
        return linked(edit, wanted, homes, expected_version=sent.expected_version)

    ids, members = [sent.household_id], [sent.member_id]
    outcome = await reorganised("linkHousehold", sent, change, sent.household_id, by=by, ports=ports, household_ids=ids, member_ids=members)
    return Done(outcome.subject_id, outcome.is_replay)


async def end_link(sent: EndLink, *, by: Actor, ports: Ports) -> Done[str]:
    """The id of the home; whether it can be read is another question."""

    def change(edit: Editor, homes: Sequence[Household]) -> Changed:
        return unlinked(edit, sent.household_id, homes, expected_version=sent.expected_version)

    outcome = await reorganised("endLink", sent, change, sent.household_id, by=by, ports=ports, household_ids=[sent.household_id])
    return Done(outcome.subject_id, outcome.is_replay)
