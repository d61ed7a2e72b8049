"""The part of the tour where the organisation is changed while work goes on: posts, homes, links, a re-cut, and the record of it."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.households import Agreement
from domain.pages import PageRequest
from domain.ports import Ports
from domain.posts import Role
from domain.recutting import NewGrid, NewMicroGrid, Recut
from resolvers.homes import EndLink, LinkHousehold, MoveHouseholds, end_link, link_household, move_households
from resolvers.recutting import RecutGrids, close_preview, organisation_history, recut_grids, recut_preview
from resolvers.reorganisation import Appoint, EndAppointment, RenameUnit, appoint, end_appointment, rename_unit
from server.demo.settlement import Settlement


async def tour_of_reorganising(
    planned: Settlement, actor: Callable[[str], Awaitable[Actor]], note: Callable[[str], None], ports: Ports
) -> None:
    administrator = await actor("administrator-1")
    await _posts(planned, administrator, note, ports)
    await _homes(planned, administrator, note, ports)
    await _recut(planned, await actor("administrator-1"), note, ports)
    note("the history of the organisation")
    for reader in (await actor("administrator-1"), await actor("secretary-1"), await actor("village-officer-1")):
        first = await organisation_history(PageRequest(2), by=reader, ports=ports)
        if first.keys:
            await organisation_history(PageRequest(20, after=first.keys[-1]), by=reader, ports=ports)
        last = await organisation_history(PageRequest(2, is_backward=True), by=reader, ports=ports)
        if last.keys:
            await organisation_history(PageRequest(20, before=last.keys[0], is_backward=True), by=reader, ports=ports)


async def _posts(planned: Settlement, by: Actor, note: Callable[[str], None], ports: Ports) -> None:
    note("posts")
    branch = next(unit for unit in planned.parts.units if unit.id == planned.parts.grids[0].branch_id)
    await rename_unit(RenameUnit(uuid4(), branch.id, "一号党支部"), by=by, ports=ports)
    host = next(post for post in planned.parts.appointments if post.role is Role.HUB_HOST)
    await end_appointment(EndAppointment(uuid4(), host.id), by=by, ports=ports)
    sent = Appoint(uuid4(), planned.handles["resident-9"], Role.HUB_HOST, branch.id, micro_grid_id=host.micro_grid_id)
    await appoint(sent, by=by, ports=ports)
    note("closing a unit is looked at")
    await close_preview(branch.id, by=by, ports=ports)
    await close_preview(planned.parts.units[0].id, by=by, ports=ports)


async def _homes(planned: Settlement, by: Actor, note: Callable[[str], None], ports: Ports) -> None:
    note("homes")
    linked = next(home for home in planned.households if home.link is not None)
    member, today = linked.link.member_id if linked.link else "", ports.clock().astimezone(SHANGHAI).date()
    await end_link(EndLink(uuid4(), linked.id), by=by, ports=ports)
    await link_household(LinkHousehold(uuid4(), linked.id, member, today, Agreement.SPOKEN), by=by, ports=ports)
    moving = [home.id for home in planned.households if home.residence_grid_id == planned.parts.grids[1].id][:20]
    await move_households(MoveHouseholds(uuid4(), moving, planned.parts.grids[2].id), by=by, ports=ports)


async def _recut(planned: Settlement, by: Actor, note: Callable[[str], None], ports: Ports) -> None:
    note("a re-cut is looked at")
    old = planned.parts.grids[3]
    code, known = f"{old.code[:12]}041", by.organisation
    micros = known.micro_grids_of(old.id) if known else []
    parts = [NewMicroGrid(f"{code}{order:02}", micro.name, micro.id) for order, micro in enumerate(micros, 1)]
    wanted = Recut((old.id,), (NewGrid(code, "新网格", old.branch_id, (old.id,), None, (planned.handles["grid-worker-4"],), parts),))
    seen = await recut_preview(wanted, by=by, ports=ports)
    note("a re-cut is done")
    await recut_grids(RecutGrids(uuid4(), wanted.old_ids, wanted.grids, seen.confirmation), by=by, ports=ports)
