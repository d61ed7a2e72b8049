"""Many change one township at once: all of it is applied, none of it is lost, and what is refused writes nothing."""

from asyncio import gather
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from adapters.mongo.homes import HomesWanted, find_homes
from adapters.mongo.versions import FOREVER
from domain.errors import Refused
from domain.households import Agreement, Household
from domain.organisation import Organisation
from domain.posts import Role
from domain.recutting import NewGrid, NewMicroGrid, Recut
from domain.reorganisation import Changed
from resolvers.homes import EndLink, LinkHousehold, MoveHouseholds, end_link, link_household, move_households
from resolvers.recutting import RecutGrids, recut_grids, recut_preview
from resolvers.reorganisation import Appoint, RenameUnit, appoint, rename_unit
from server.wiring import House, build_house
from tests.adapters.stage import Stage

PARALLEL = 20


@pytest.fixture
async def other_process(stage: Stage) -> AsyncIterator[House]:
    """Another process on the same database, with a memory and a queue of its own."""
    house = build_house(stage.house.settings, clock=stage.clock)
    yield house
    await house.close()


async def now(stage: Stage) -> Organisation:
    found = await stage.house.ports.organisations.of_township(stage.township)
    assert found is not None
    return found


async def homes_now(stage: Stage) -> dict[str, Household]:
    known = await now(stage)
    found = await stage.house.ports.aftermath.homes_of(known, sorted(known.grids))
    return {home.id: home for home in found}


async def counted(stage: Stage) -> None:
    """What grids and hubs say is what there is."""
    known, homes = await now(stage), await homes_now(stage)
    assert len(homes) == len(stage.planned.households)
    for grid in known.grids.values():
        assert grid.household_count == sum(home.residence_grid_id == grid.id for home in homes.values())
    for hub in known.hubs.values():
        assert hub.linked_household_count == sum(
            home.micro_grid_id == hub.micro_grid_id and home.link is not None for home in homes.values()
        )


async def test_twenty_posts_given_at_once_by_two_processes_are_all_held(stage: Stage, other_process: House) -> None:
    administrator, branch = await stage.actor("administrator-1"), stage.planned.parts.grids[0].branch_id
    people = [stage.id_of(f"resident-{number}") for number in range(1, PARALLEL + 1)]
    houses = [stage.house, other_process] * (PARALLEL // 2)
    done = await gather(
        *(
            appoint(Appoint(uuid4(), person, Role.GRID_LEADER, branch), by=administrator, ports=house.ports)
            for person, house in zip(people, houses, strict=True)
        )
    )
    known = await now(stage)
    assert known.version == PARALLEL + 1
    assert {post.subject.id for post in done if post.subject} <= set(known.appointments)
    assert set(people) <= {post.person_id for post in known.appointments.values()}
    versions = await stage.find("organisation_versions", township=stage.township)
    assert sorted(row["version"] for row in versions) == list(range(1, PARALLEL + 2))
    assert len({post.order for post in known.appointments.values()}) == len(known.appointments), "each saw the one before"


async def test_the_same_command_sent_at_once_by_two_processes_is_done_once(stage: Stage, other_process: House) -> None:
    administrator, branch = await stage.actor("administrator-1"), stage.planned.parts.grids[0].branch_id
    sent = Appoint(uuid4(), stage.id_of("resident-1"), Role.GRID_LEADER, branch)
    done = await gather(*(appoint(sent, by=administrator, ports=house.ports) for house in (stage.house, other_process) * 3))
    assert sorted(each.is_replay for each in done) == [False, True, True, True, True, True]
    assert len({each.subject.id for each in done if each.subject}) == 1
    assert (await now(stage)).version == 2


async def test_of_two_who_saw_the_same_version_one_is_refused(stage: Stage, other_process: House) -> None:
    administrator, branch = await stage.actor("administrator-1"), stage.planned.parts.grids[0].branch_id
    done = await gather(
        *(
            rename_unit(RenameUnit(uuid4(), branch, f"{number}号党支部", expected_version=1), by=administrator, ports=house.ports)
            for number, house in enumerate((stage.house, other_process))
        ),
        return_exceptions=True,
    )
    refusals = [each.refusal.code.value for each in done if isinstance(each, Refused)]
    assert (refusals, (await now(stage)).units[branch].version) == (["CONFLICT"], 2)


async def test_what_is_refused_writes_nothing(stage: Stage) -> None:
    before = await stage.contents()
    worker, branch = await stage.actor("grid-worker-1"), stage.planned.parts.grids[0].branch_id
    refused: list[tuple[Any, Any]] = [
        (rename_unit, RenameUnit(uuid4(), branch, "别名")),
        (appoint, Appoint(uuid4(), stage.id_of("resident-1"), Role.GRID_LEADER, branch)),
        (move_households, MoveHouseholds(uuid4(), [stage.planned.households[0].id], stage.planned.parts.grids[1].id)),
    ]
    for deed, sent in refused:
        with pytest.raises(Refused):
            await deed(sent, by=worker, ports=stage.house.ports)
    assert await stage.contents() == before


async def test_whoever_may_not_is_refused_before_whole_grids_are_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[str]()

    async def noted(mongo: Any, now: Organisation, wanted: HomesWanted, *named: Any, **more: Any) -> list[Household]:
        read.extend([*wanted.grid_ids, *wanted.ids])
        return await find_homes(mongo, now, wanted, *named, **more)

    monkeypatch.setattr("adapters.mongo.organisations.find_homes", noted)
    monkeypatch.setattr("adapters.mongo.aftermath.find_homes", noted)
    resident, ports, before = await stage.actor("resident-1"), stage.house.ports, await stage.contents()
    known, own, neighbour = await now(stage), stage.planned.households[0].residence_grid_id, stage.planned.households[-1].id
    everything = (NewGrid(f"{stage.township}601041", "新网格", known.root().id, tuple(known.grids)),)
    micro = next(micro for micro in known.micro_grids.values() if micro.grid_id == own)
    refused: list[tuple[Any, Any]] = [
        (recut_preview, Recut(tuple(known.grids), everything)),
        (recut_grids, RecutGrids(uuid4(), tuple(known.grids), everything, "looked at")),
        (move_households, MoveHouseholds(uuid4(), [neighbour], own)),
        (appoint, Appoint(uuid4(), stage.id_of("resident-1"), Role.HUB_HOST, known.grids[own].branch_id, micro_grid_id=micro.id)),
        (end_link, EndLink(uuid4(), neighbour)),
    ]
    for deed, sent in refused:
        with pytest.raises(Refused):
            await deed(sent, by=resident, ports=ports)
    assert read == []
    assert await stage.contents() == before

    await move_households(MoveHouseholds(uuid4(), [neighbour], own), by=await stage.actor("administrator-1"), ports=ports)
    assert read == [own, neighbour], "whoever may has them counted"


async def test_while_an_import_is_applied_nothing_else_is_changed(stage: Stage) -> None:
    staging = {"version": 2, "lease": "an import", "until": stage.clock() + timedelta(minutes=1)}
    await stage.house.mongo.collection("townships").update_one({"_id": stage.township}, {"$set": {"staging": staging}})
    administrator, branch = await stage.actor("administrator-1"), stage.planned.parts.grids[0].branch_id
    before = await stage.contents()
    with pytest.raises(Refused) as no:
        await rename_unit(RenameUnit(uuid4(), branch, "别名"), by=administrator, ports=stage.house.ports)
    assert (no.value.refusal.code.value, no.value.refusal.message.key) == ("CONFLICT", "refusal.import_under_way")
    assert await stage.contents() == before


async def test_homes_moved_and_linked_at_once_are_counted_right(stage: Stage, other_process: House) -> None:
    administrator, ports = await stage.actor("administrator-1"), (stage.house.ports, other_process.ports)
    grids = stage.planned.parts.grids
    moving = [home for home in stage.planned.households if home.residence_grid_id == grids[0].id][:6]
    linked = [home for home in stage.planned.households if home.residence_grid_id == grids[1].id and home.link][:4]
    moves = (
        move_households(MoveHouseholds(uuid4(), [home.id], grids[2].id), by=administrator, ports=ports[number % 2])
        for number, home in enumerate(moving)
    )
    ends = (end_link(EndLink(uuid4(), home.id), by=administrator, ports=ports[number % 2]) for number, home in enumerate(linked))
    await gather(*moves, *ends)
    homes = await homes_now(stage)
    assert {homes[home.id].residence_grid_id for home in moving} == {grids[2].id}
    assert {homes[home.id].link for home in linked} == {None}
    await counted(stage)


async def test_a_home_that_is_moved_linked_and_cut_anew_keeps_its_address_without_anybody_opening_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator, ports, known = await stage.actor("administrator-1"), stage.house.ports, await now(stage)
    old, target = stage.planned.parts.grids[:2]
    home = next(home for home in stage.planned.households if home.residence_grid_id == old.id and home.link)
    opened = list[object]()
    monkeypatch.setattr(stage.house.mongo.vault, "open", opened.append)
    await end_link(EndLink(uuid4(), home.id), by=administrator, ports=ports)
    await move_households(MoveHouseholds(uuid4(), [home.id], target.id), by=administrator, ports=ports)
    code = f"{target.code[:12]}041"
    parts = [NewMicroGrid(f"{code}{order:02}", micro.name, micro.id) for order, micro in enumerate(known.micro_grids_of(target.id), 1)]
    wanted = Recut((target.id,), (NewGrid(code, "新网格", target.branch_id, (target.id,), None, (), parts, (home.id,)),))
    seen = await recut_preview(wanted, by=await stage.actor("administrator-1"), ports=ports)
    await recut_grids(RecutGrids(uuid4(), wanted.old_ids, wanted.grids, seen.confirmation), by=administrator, ports=ports)
    monkeypatch.undo()
    assert opened == []

    rows = await stage.find("households", id=home.id)
    assert len(rows) == 4, "as planted, then three times anew"
    for row in rows:
        assert row["address"].subtype == 6, "sealed"
        assert await stage.house.mongo.vault.open(row["address"]) == home.address
    for other in stage.planned.households:
        [row] = await stage.find("households", id=other.id, to_version=FOREVER)
        assert await stage.house.mongo.vault.open(row["address"]) == other.address


async def test_twenty_households_are_the_most_even_when_all_ask_at_once(stage: Stage, other_process: House) -> None:
    """Two members' homes are ended first, then all of a grid agree to one member."""
    administrator, grid = await stage.actor("administrator-1"), stage.planned.parts.grids[0]
    member = next(post for post in stage.planned.parts.appointments if post.role is Role.LINK_MEMBER and post.grid_id == grid.id)
    template = next(home for home in stage.planned.households if home.residence_grid_id == grid.id)
    extra = [
        replace(template, id=f"{template.id[:-4]}f{number:03}", link=None, label=f"9-{number}", code=f"9-{number}") for number in range(23)
    ]
    await stage.house.ports.organisations.reorganise(
        stage.township, lambda _, __: Changed(tuple(extra)), subject_id=stage.township, command=stage.command()
    )
    already = sum(home.link is not None and home.link.member_id == member.person_id for home in stage.planned.households)
    sent = [LinkHousehold(uuid4(), home.id, member.person_id, stage.clock().date(), Agreement.SPOKEN) for home in extra]
    done = await gather(
        *(
            link_household(one, by=administrator, ports=house.ports)
            for one, house in zip(sent, [stage.house, other_process] * 12, strict=False)
        ),
        return_exceptions=True,
    )
    refused = [each.refusal.code.value for each in done if isinstance(each, Refused)]
    assert refused == ["LIMIT_REACHED"] * (len(extra) - (20 - already))
    homes = await homes_now(stage)
    assert sum(home.link is not None and home.link.member_id == member.person_id for home in homes.values()) == 20


async def test_a_recut_is_whole_and_reads_back(stage: Stage, other_process: House) -> None:
    administrator, known = await stage.actor("administrator-1"), await now(stage)
    old = stage.planned.parts.grids[0]
    code = f"{old.code[:12]}041"
    parts = [NewMicroGrid(f"{code}{order:02}", micro.name, micro.id) for order, micro in enumerate(known.micro_grids_of(old.id), 1)]
    wanted = Recut((old.id,), (NewGrid(code, "新网格", old.branch_id, (old.id,), None, (stage.id_of("grid-worker-1"),), parts),))
    seen = await recut_preview(wanted, by=administrator, ports=stage.house.ports)
    sent = RecutGrids(uuid4(), wanted.old_ids, wanted.grids, seen.confirmation)
    done: list[Any] = await gather(
        *(recut_grids(replace(sent, command_id=uuid4()), by=administrator, ports=house.ports) for house in (stage.house, other_process)),
        return_exceptions=True,
    )
    [refusal] = [each.refusal for each in done if isinstance(each, Refused)]
    assert refusal.code.value == "CONFLICT", "the organisation moved on since it was looked at"
    [grid] = next(each.subject for each in done if not isinstance(each, Refused))
    assert (grid.household_count, grid.succeeds) == (old.household_count, (old.id,))
    await counted(stage)
    assert (await now(stage)).version == 2
    before = await stage.house.ports.organisations.as_of(await now(stage), stage.clock().replace(day=1))
    assert before.grids[old.id] == old, "what was true before stays readable"
