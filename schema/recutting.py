"""Grids cut anew in two steps, what closing a unit would meet, and the history of the organisation."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import recutting as law
from domain.calendar import SHANGHAI
from domain.devices import DevicePlatform
from domain.reorganisation import Version
from resolvers import recutting as deeds
from schema.context import Info
from schema.graph import WANTED, AppointmentT, GridT, OrgUnitT, PersonT, deed, described, edge, shows
from schema.organisation import GeoPointInput
from schema.pages import After, Before, First, Last, OrganisationChangeConnection, OrganisationChangeEdge, connection, wanted_page
from schema.refusal import Refusal, payload, result
from schema.reorganisation import COMMAND, done


@strawberry.input(description="A micro-grid of a new grid (新微网格).")
class NewMicroGridInput:
    code: str = strawberry.field(description="Seventeen digits that begin with the grid's; never used before (微网格编码).")
    name: str = strawberry.field(description="Name (名称).")
    from_id: strawberry.ID | None = strawberry.field(
        default=None, description="An old micro-grid that goes along whole: homes, hub, host, link members (原微网格)."
    )
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Homes named one by one (住户).")

    def to_domain(self) -> law.NewMicroGrid:
        homes = tuple(str(id_) for id_ in self.household_ids or ())
        return law.NewMicroGrid(self.code, self.name, self.from_id, homes)


@strawberry.input(description="A grid that takes over from old ones (新网格).")
class NewGridInput:
    code: str = strawberry.field(description="Fifteen digits that begin with the settlement's or village's; never used before (网格编码).")
    name: str = strawberry.field(description="Name (名称).")
    branch_id: strawberry.ID = strawberry.field(description="The branch that is bound to it (网格党支部).")
    succeeds: list[strawberry.ID] = strawberry.field(description="Old grids whose open tasks it takes over (承接的原网格).")
    boundary: list[GeoPointInput] | None = strawberry.field(default=None, description="Corners in order, where it was drawn (边界).")
    worker_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Its workers from now on (网格员).")
    micro_grids: list[NewMicroGridInput] | None = strawberry.field(default=None, description="Its micro-grids (微网格).")
    household_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Homes outside of every micro-grid (住户).")

    def to_domain(self) -> law.NewGrid:
        corners = None if self.boundary is None else tuple(point.to_domain() for point in self.boundary)
        return law.NewGrid(
            code=self.code,
            name=self.name,
            branch_id=self.branch_id,
            succeeds=tuple(str(id_) for id_ in self.succeeds),
            boundary=corners,
            worker_ids=tuple(str(id_) for id_ in self.worker_ids or ()),
            micro_grids=tuple(micro.to_domain() for micro in self.micro_grids or ()),
            household_ids=tuple(str(id_) for id_ in self.household_ids or ()),
        )


@strawberry.input(description="What is to be cut anew, and into what (网格重划方案).")
class RecutInput:
    old_grid_ids: list[strawberry.ID] = strawberry.field(description="Grids that end today (原网格).")
    grids: list[NewGridInput] = strawberry.field(description="Grids that take over today (新网格).")

    def to_domain(self) -> law.Recut:
        return law.Recut(tuple(str(id_) for id_ in self.old_grid_ids), tuple(grid.to_domain() for grid in self.grids))


@strawberry.input(description="Cuts grids anew as it was looked at (网格重划).")
class RecutGridsInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    recut: RecutInput = strawberry.field(description="The same as was looked at (网格重划方案).")
    confirmation: str = strawberry.field(description="What `recutPreview` answered for it (确认码).")


@shows(deeds.WorkersPhone, "A phone of a worker whose grid ends: it may hold work that was not sent yet (网格员设备).")
class WorkersPhone:
    worker: Any = edge(lambda root: root.worker, PersonT, "Whose it is (网格员).")
    platform: Any = edge(lambda root: root.device.platform, DevicePlatform, "Kind of phone (设备平台).")
    app_version: Any = edge(lambda root: root.device.app_version, str | None, "Version of the app (应用版本).")
    registered_on: Any = edge(lambda root: _day(root.device.registered_at), date, "Day on which it was registered (登记日期).")
    last_sync_day: Any = edge(
        lambda root: None, date | None, "Not known: only the phone knows what it has not sent; ask its worker (最近同步日期)."
    )


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


@shows(deeds.RecutPreview, "Whom and what a re-cut would meet; nothing is written (网格重划预览).")
class RecutPreview:
    workers: Any = edge(lambda root: list(root.workers), list[PersonT], "Workers whose grid ends (受影响的网格员).")
    open_task_count: Any = edge(lambda root: root.open_tasks.count, int, "How many tasks of these grids are not over (未办结工单数).")
    open_task_ids: Any = edge(
        lambda root: list(root.open_tasks.ids), list[strawberry.ID], "The newest 100 of them; they keep their grid (未办结工单)."
    )
    household_count: int = described("How many households move (迁移户数).")
    devices: Any = edge(lambda root: list(root.phones), list[WorkersPhone], "Phones that should send what they hold first (设备).")
    confirmation: str = described("Stands for what was looked at, until the organisation changes (确认码).")


@shows(deeds.ClosePreview, "What is open at a unit that somebody thinks of closing (撤销预览).")
class ClosePreview:
    children: Any = edge(lambda root: list(root.held.children), list[OrgUnitT], "Units one level down (下级组织).")
    grids: Any = edge(lambda root: list(root.held.grids), list[GridT], "Its grids (所辖网格).")
    appointments: Any = edge(lambda root: list(root.held.posts), list[AppointmentT], "Posts that would end (任职).")
    open_task_count: Any = edge(lambda root: root.open_tasks.count, int, "Tasks of it and below that are not over (未办结工单数).")
    open_task_ids: Any = edge(lambda root: list(root.open_tasks.ids), list[strawberry.ID], "The newest 100 of them (未办结工单).")
    successor_wanted: Any = edge(lambda root: root.held.is_to_be_taken_over, bool, "Whether somebody has to take over (是否须有承接组织).")


async def _by(root: Parent[Version], info: Info) -> Any:
    return await info.context.loaders.person_named.load((root.township, root.by))


@shows(Version, "One change to the organisation (组织变更).")
class OrganisationChange:
    version: int = described("The version that it made (版本).")
    at: Any = edge(lambda root: root.activated_at, datetime, "When (时间).")
    by: Any = edge(_by, PersonT | None, "Through whom; nobody where it was set up (操作人).")
    kind: str = described("By which act (操作).")
    about: Any = edge(lambda root: list(root.about), list[strawberry.ID], "What was changed, the main thing first (变更对象).")


async def _recut_preview(info: Info, input: Annotated[RecutInput, WANTED]) -> Any:
    return await deeds.recut_preview(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def _close_preview(info: Info, unit_id: Annotated[strawberry.ID, strawberry.argument(description="The unit (组织).")]) -> Any:
    return await deeds.close_preview(unit_id, by=info.context.actor, ports=info.context.ports)


async def _history(info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None) -> Any:
    page = wanted_page(first, after, last, before)
    found = await deeds.organisation_history(page, by=info.context.actor, ports=info.context.ports)
    return connection(OrganisationChangeEdge, OrganisationChangeConnection, found)


async def recut_grids(input: Annotated[RecutGridsInput, WANTED], info: Info) -> Any:
    wanted = input.recut.to_domain()
    return await done(deeds.recut_grids, deeds.RecutGrids(input.command_id, wanted.old_ids, wanted.grids, input.confirmation), info)


RecutPreviewResult = Annotated[
    RecutPreview | Refusal,
    strawberry.union("RecutPreviewResult", description="What a re-cut would meet, or why it cannot be (预览或拒绝)."),
]
ClosePreviewResult = Annotated[
    ClosePreview | Refusal, strawberry.union("ClosePreviewResult", description="What closing would meet, or why it cannot be (预览或拒绝).")
]
RecutGridsResult = result("RecutGrids", payload("RecutGrids", "grids", list[GridT], "The grids that took over (新网格)."))


@strawberry.type
class RecuttingQueries:
    """Part of `Query`."""

    recut_preview: Any = edge(_recut_preview, RecutPreviewResult, "What cutting grids anew would meet (网格重划预览).")
    close_preview: Any = edge(_close_preview, ClosePreviewResult, "What closing a unit would meet (撤销预览).")
    organisation_history: Any = edge(
        _history, OrganisationChangeConnection, "Changes to what you answer for, newest first: administrators, secretaries (组织变更记录)."
    )


@strawberry.type
class RecuttingMutations:
    """Part of `Mutation`."""

    recut_grids: Any = deed(recut_grids, RecutGridsResult, "Cut grids anew, as it was looked at (网格重划).")
