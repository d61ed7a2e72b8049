"""Leave and turns on the rota, for whoever plans them."""

from datetime import date
from typing import Any

import strawberry
from strawberry import Parent

from domain import organisation, posts
from domain.calendar import SHANGHAI
from resolvers.rota import absences_at, duties_at
from schema.context import Info
from schema.graph import GridT, OrgUnitT, PersonT, described, edge, shows


async def _person(root: Parent[Any], info: Info) -> Any:
    return await info.context.loaders.person_named.load((root.township, root.person_id))


async def _substitute(root: Parent[posts.Absence], info: Info) -> Any:
    return await info.context.loaders.person_named.load((root.township, root.substitute_id)) if root.substitute_id else None


async def _unit(root: Parent[posts.Duty], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units.get(root.unit_id)


async def _grid(root: Parent[posts.Duty], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).grids.get(root.grid_id or "")


@shows(posts.Absence, "Leave of somebody with a post; the substitute is asked instead (请假).")
class Absence:
    id: strawberry.ID = described("Opaque id, to end it by (标识).")
    person: Any = edge(_person, PersonT | None, "Who is away (请假人).")
    since: date = described("First day (起始日期).")
    until: date = described("Day on which they are back (终止日期).")
    substitute: Any = edge(_substitute, PersonT | None, "Who stands in (替班人).")


@shows(posts.Duty, "A turn on a rota: whoever has it is asked first (值班).")
class Duty:
    id: strawberry.ID = described("Opaque id, to end it by (标识).")
    unit: Any = edge(_unit, OrgUnitT | None, "Whose rota (值班组织).")
    grid: Any = edge(_grid, GridT | None, "For which grid, where it is not for all of the unit (网格).")
    person: Any = edge(_person, PersonT | None, "Whose turn (值班人).")
    since: date = described("First day (起始日期).")
    until: date = described("Day from which it is somebody else's (终止日期).")


async def absences(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    known = await info.context.organisation_of(root.township)
    return absences_at(known, root.id, by=info.context.actor, on=info.context.at.astimezone(SHANGHAI).date())


async def duties(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    known = await info.context.organisation_of(root.township)
    return duties_at(known, root.id, by=info.context.actor, on=info.context.at.astimezone(SHANGHAI).date())
