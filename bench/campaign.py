"""One campaign to 10,000 grids: seconds until every task and notice is there, and what a resident's request takes meanwhile.

The clockwork and the relay run in a process of their own, as they do in service.
"""

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from time import perf_counter
from uuid import uuid4

from bench.town import ALONE, beside, on_a_mongod, plant, signed_in, spread, timed
from domain.campaigns import Audience
from domain.ids import Kind
from domain.organisation import OrgUnitKind
from domain.posts import Appointment, Role
from resolvers.campaigns import StartCampaign, start_campaign
from server.clockwork import give_out
from server.demo.settlement import Settlement, settlement
from server.serving import run
from server.settings import Settings
from server.wiring import RandomIds, build_house, wall_clock

GRIDS, GRIDS_A_BRANCH = 10_000, 50


def main(grids: int = GRIDS) -> None:
    """Prints what there is and how long it took; `python -m bench.campaign 500` measures a smaller one."""
    on_a_mongod("campaign", lambda settings, others: _measured(settings, grids, others))


async def _measured(settings: Settings, grids: int, others: list[str]) -> None:
    house, planned = build_house(settings), widened(settlement(60), grids)
    try:
        await plant(house, planned)
        resident, dispatcher = [await signed_in(house, handle) for handle in ("resident-1", "dispatcher-1")]
        alone = [await timed(house, planned, resident) for _ in range(ALONE)]
        unit = next(unit for unit in planned.parts.units if unit.kind is OrgUnitKind.TOWNSHIP_COMMITTEE)
        sent = StartCampaign(uuid4(), unit.id, "雪后清扫", "清扫楼道口积雪", Audience.GRIDS, (wall_clock() + timedelta(days=5)).date())
        begun = perf_counter()
        campaign = (await start_campaign(sent, by=dispatcher, ports=house.ports)).subject
        print(f"   {campaign.total} grids, answered after {(perf_counter() - begun) * 1000:.0f} ms", flush=True)
        background = subprocess.Popen(others)  # noqa: ASYNC220  # it is to run beside this
        meanwhile, made = [], 0
        while made < campaign.total:
            meanwhile += [await timed(house, planned, resident) for _ in range(20)]
            made = await house.mongo.collection("tasks").count_documents({"campaign_id": campaign.id})
        print(f"   every task after {perf_counter() - begun:.1f} s", flush=True)
        await asyncio.to_thread(background.wait)
        notices = await house.mongo.collection("notices").count_documents({"item_name": campaign.title})
        print(f"   every notice after {perf_counter() - begun:.1f} s: {made} tasks, {notices} notices", flush=True)
        for name, some in (("alone", alone), ("meanwhile", meanwhile)):
            print(f"   submitRequest {name}: {spread(some)}", flush=True)
    finally:
        await house.close()


def widened(planned: Settlement, grids: int) -> Settlement:
    """With so many grids, each with a worker of its own, fifty to a branch."""
    ids, at, parts = RandomIds(), wall_clock(), planned.parts
    branch = next(unit for unit in parts.units if unit.kind is OrgUnitKind.GRID_BRANCH)
    units, all_grids, posts, persons = list(parts.units), list(parts.grids), list(parts.appointments), list(planned.persons)
    for number in range(grids - len(parts.grids)):
        if number % GRIDS_A_BRANCH == 0:
            code = f"{branch.code}{number // GRIDS_A_BRANCH:04d}"
            units.append(replace(branch, id=ids.new(Kind.UNIT, planned.township_code, at), code=code, name=f"支部{code[-4:]}"))
        grid = replace(
            parts.grids[0],
            id=ids.new(Kind.GRID, planned.township_code, at),
            code=f"{parts.grids[0].code}{number:05d}",
            name=f"网格{number}",
            branch_id=units[-1].id,
            boundary=None,
        )
        worker = replace(persons[0], id=ids.new(Kind.PERSON, planned.township_code, at), code="", household_id=None)
        post_id = ids.new(Kind.APPOINTMENT, planned.township_code, at)
        since = at.date() - timedelta(days=30)
        posts.append(Appointment(post_id, planned.township_code, worker.id, Role.GRID_WORKER, grid.branch_id, since, grid_id=grid.id))
        all_grids.append(grid)
        persons.append(worker)
    wide = replace(parts, units=tuple(units), grids=tuple(all_grids), appointments=tuple(posts))
    return replace(planned, parts=wide, persons=tuple(persons))


async def _background(uri: str, key: str) -> None:
    """What the clockwork and the relay do, until nothing is left."""
    house, relay = beside("campaign", uri, key)
    try:
        await give_out(house)
        while await relay.turn():
            pass
    finally:
        await house.close()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run(_background(*sys.argv[1:3]))
    else:
        main(*map(int, sys.argv[1:]))
