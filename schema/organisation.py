"""Units of both chains, grids, hubs, villages and posts; the catalogue; who serves whom."""

from datetime import date
from typing import Any

import strawberry
from strawberry import Parent

from domain import items, organisation, places, posts, routing
from domain.calendar import SHANGHAI
from domain.deadlines import DeadlineClass
from domain.people import Person
from resolvers.organisation import public_posts
from schema import rota
from schema.context import Info
from schema.graph import AppointmentT, GridT, HubHouseholdT, MicroGridT, Node, OrgUnitT, PersonT, described, edge, shows


def _is_over(thing: Any, info: Info) -> bool:
    """Closed by today: lists leave it out, its id and code find it for good."""
    valid_to: date | None = thing.valid_to
    return valid_to is not None and valid_to <= info.context.at.astimezone(SHANGHAI).date()


async def _parent(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    if not info.context.actor.is_signed_in or root.parent_id is None:
        return None
    return (await info.context.organisation_of(root.township)).units.get(root.parent_id)


async def _children(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    if not info.context.actor.is_signed_in:
        return []
    children = (await info.context.organisation_of(root.township)).children(root.id)
    return [child for child in children if not _is_over(child, info)]


async def _ancestors(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    if not info.context.actor.is_signed_in:
        return []
    return (await info.context.organisation_of(root.township)).path(root.id)[1:]


async def _grids(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    if not info.context.actor.is_signed_in:
        return []
    return [grid for grid in (await info.context.organisation_of(root.township)).grids_of(root.id) if not _is_over(grid, info)]


async def _covers(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    known = await info.context.organisation_of(root.township)
    return [known.units[id_] for id_ in root.covers if id_ in known.units] if info.context.actor.is_signed_in else []


async def _succeeded_units(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    known = await info.context.organisation_of(root.township)
    return [known.units[id_] for id_ in root.succeeds if id_ in known.units] if info.context.actor.is_signed_in else []


async def _appointments(root: Parent[organisation.OrgUnit], info: Info) -> Any:
    context = info.context
    known = await context.organisation_of(root.township)
    posts = known.posts_at(root.id, context.at.astimezone(SHANGHAI).date())
    return public_posts(posts, known, by=context.actor, at=context.at)


@shows(organisation.OrgUnit, "A unit of the organisation chain or the service chain (组织).")
class OrgUnit(Node):
    code: str = described("Code; begins with the township's nine digits (编码).")
    name: str = described("Name; never a key, names repeat (名称).")
    kind: organisation.OrgUnitKind = described("Kind of unit (类型).")
    parent: Any = edge(_parent, OrgUnitT | None, "The unit one level up (上级组织).")
    children: Any = edge(_children, list[OrgUnitT], "Units one level down (下级组织).")
    ancestors: Any = edge(_ancestors, list[OrgUnitT], "Units above, nearest first, the township last (各级上级).")
    grids: Any = edge(_grids, list[GridT], "Grids bound to this branch (所辖网格).")
    appointments: Any = edge(_appointments, list[AppointmentT], "Posts held here now, as on the notice board (任职).")
    covers: Any = edge(_covers, list[OrgUnitT], "Units that an overlay co-ordinates (统筹范围).")
    succeeds: Any = edge(_succeeded_units, list[OrgUnitT], "Closed units whose place it took (承接的原组织).")
    absences: Any = edge(rota.absences, list[rota.Absence], "Leave of whoever holds a post here, for whoever plans the rota (请假).")
    duties: Any = edge(rota.duties, list[rota.Duty], "Turns on its rota, for whoever plans it (值班).")
    valid_from: date = described("First day (生效日期).")
    valid_to: date | None = described("Day from which it no longer is (失效日期).")
    version: int = described("Grows by one with every change (版本).")


async def _branch(root: Parent[organisation.Grid], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units[root.branch_id]


async def _succeeded_grids(root: Parent[organisation.Grid], info: Info) -> Any:
    known = await info.context.organisation_of(root.township)
    return [known.grids[id_] for id_ in root.succeeds if id_ in known.grids]


async def _micro_grids(root: Parent[organisation.Grid], info: Info) -> Any:
    known = await info.context.organisation_of(root.township)
    return [micro for micro in known.micro_grids_of(root.id) if _is_over(root, info) or not _is_over(micro, info)]


@shows(organisation.Grid, "The smallest service area (网格).")
class Grid(Node):
    code: str = described("Fifteen digits: unit and sequence; never used again (网格编码).")
    name: str = described("Name (名称).")
    kind: organisation.GridKind = described("What it is cut by (网格类型).")
    branch: Any = edge(_branch, OrgUnitT, "The branch that is bound to it (网格党支部).")
    micro_grids: Any = edge(_micro_grids, list[MicroGridT], "Its micro-grids (微网格).")
    household_count: int = described("How many households it has (户数).")
    succeeds: Any = edge(_succeeded_grids, list[GridT], "Grids that were cut anew into it (承接的原网格).")
    valid_from: date = described("First day (生效日期).")
    valid_to: date | None = described("Day from which it no longer is (失效日期).")


async def _hub(root: Parent[organisation.MicroGrid], info: Info) -> Any:
    known = await info.context.organisation_of(root.township)
    hub = known.hub_of(root.id)
    return await info.context.loaders.node.load(hub.id) if hub else None


async def _link_coverage(root: Parent[organisation.MicroGrid], info: Info) -> float | None:
    linked = await info.context.loaders.links.load(root)
    return linked.coverage if linked else None


@shows(organisation.MicroGrid, "50 to 80 households, or a building or lane (微网格).")
class MicroGrid(Node):
    code: str = described("Seventeen digits: grid and sequence (微网格编码).")
    name: str = described("Name (名称).")
    hub: Any = edge(_hub, HubHouseholdT | None, "Its hub, for those whom the hub serves and staff in scope (党员中心户).")
    link_coverage: Any = edge(
        _link_coverage, float | None, "Homes with a live link, of its homes, for those who answer for the grid (联户覆盖率)."
    )


async def _host(root: Parent[organisation.HubHousehold], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).holders[root.host_id]


async def _micro_grid(root: Parent[organisation.HubHousehold], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).micro_grids[root.micro_grid_id]


@shows(organisation.HubHousehold, "A volunteer home that is the contact point of a micro-grid (党员中心户).")
class HubHousehold(Node):
    host: Any = edge(_host, PersonT, "Who keeps it (中心户户主).")
    micro_grid: Any = edge(_micro_grid, MicroGridT, "Its micro-grid (微网格).")
    linked_household_count: int = described("How many households are linked in it (联户数).")


@shows(organisation.Village, "A village that households left when they moved (迁出村).")
class Village(Node):
    division_code: str = described("Twelve digits, a string (行政区划代码).")
    name: str = described("Name (名称).")


async def _person(root: Parent[posts.Appointment], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).holders[root.person_id]


async def _unit(root: Parent[posts.Appointment], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units.get(root.unit_id)


async def _grid(root: Parent[posts.Appointment], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).grids.get(root.grid_id or "")


async def _micro_grid_of_post(root: Parent[posts.Appointment], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).micro_grids.get(root.micro_grid_id or "")


@shows(posts.Appointment, "A post that somebody holds for a time (任职).")
class Appointment:
    id: strawberry.ID = described("Opaque id, to end it by (标识).")
    person: Any = edge(_person, PersonT, "Who holds it (任职人).")
    role: posts.Role = described("As what (角色).")
    unit: Any = edge(_unit, OrgUnitT | None, "Where (所在组织).")
    grid: Any = edge(_grid, GridT | None, "For which grid (网格).")
    micro_grid: Any = edge(_micro_grid_of_post, MicroGridT | None, "For which micro-grid (微网格).")
    since: date = described("First day (起始日期).")
    until: date | None = described("Day from which it is no longer held (终止日期).")


@shows(items.ServiceItem, "Something that can be asked for (服务事项).")
class ServiceItem(Node):
    code: str = described("Stable code (事项编码).")
    name: str = described("Name (事项名称).")
    line: items.ServiceLine = described("Its service line (服务机制).")
    deadline_class: DeadlineClass = described("How soon it is due (时限类别).")
    default_scope: items.MatterScope = described("Which address it belongs to where nobody says (默认归属).")
    photo_required: bool = described("Whether the work needs a picture as evidence (是否需要照片).")
    number_to_dial: str | None = described("The number to dial first, where there is danger (紧急电话).")
    is_shared: bool = described("Whether it concerns everybody at the place, like the lamp on the stairs (是否公共事项).")
    version: int = described("Version of the entry (版本).")


@shows(places.GeoPoint, "A point, WGS 84, in degrees (坐标).")
class GeoPoint:
    lat: float = described("Latitude (纬度).")
    lng: float = described("Longitude (经度).")


@strawberry.input(description="A point, WGS 84, in degrees (坐标).")
class GeoPointInput:
    lat: float = strawberry.field(description="Latitude (纬度).")
    lng: float = strawberry.field(description="Longitude (经度).")

    def to_domain(self) -> places.GeoPoint:
        return places.GeoPoint(self.lat, self.lng)


def _because(root: Parent[routing.Service], info: Info) -> list[str]:
    return [info.context.say(message) for message in root.because]


def _on_duty(root: Parent[routing.Service]) -> Person | None:
    return root.person


@shows(routing.Service, "Who serves, and why (服务责任).")
class Service:
    unit: Any = edge(lambda root: root.unit, OrgUnitT, "The accountable unit (责任组织).")
    person: Any = edge(_on_duty, PersonT | None, "The person on duty; nobody where every post is vacant (责任人).")
    rule: str = described("Number of the routing rule that decided (规则编号).")
    because: Any = edge(_because, list[str], "The reasons, in the order they were looked at (理由).")
    climb: Any = edge(
        lambda root: list(root.climb), list[OrgUnitT], "Where it climbs from there, nearest first, the township last (逐级上报)."
    )
