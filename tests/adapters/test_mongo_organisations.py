"""A township is read whole and kept under its stamp: no process ever decides on posts that are over."""

from asyncio import gather
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.mongo.collections import build
from adapters.mongo.driver import Document, Session
from adapters.mongo.migrations import MIGRATIONS
from adapters.mongo.organisations import MongoOrganisations
from adapters.mongo.seed import is_planted, plant_items, plant_township
from adapters.mongo.versions import KINDS
from domain.access import NOBODY
from domain.identity import SignIn
from domain.organisation import Organisation
from domain.places import GeoPoint
from domain.posts import Role
from domain.requests import Request
from server.demo.settlement import shared_accounts, uid_of
from server.wiring import House, build_house
from tests.adapters.stage import OTHER_TOWNSHIP, Stage
from tests.conftest import MONDAY_MORNING
from tests.reorganising import keep

LAST_WEEK = date(2026, 11, 16)
TODAY = date(2026, 11, 23)
NEW_FIELDS = {"_id", "id", "from_version", "to_version", "order"}


@pytest.fixture
async def other_process(stage: Stage) -> AsyncIterator[House]:
    """Another process on the same database, with a memory of its own."""
    house = build_house(stage.house.settings, clock=stage.clock)
    yield house
    await house.close()


async def test_a_township_is_read_as_it_was_planted(stage: Stage) -> None:
    organisation = await _of_township(stage.house, stage.township)
    parts = stage.planned.parts
    assert {unit.id: unit for unit in parts.units} == organisation.units
    assert {grid.id: grid for grid in parts.grids} == organisation.grids
    assert {micro.id: micro for micro in parts.micro_grids} == organisation.micro_grids
    assert {hub.id: hub for hub in parts.hubs} == organisation.hubs
    assert {village.id: village for village in parts.villages} == organisation.villages
    assert {person.id: person for person in parts.holders} == organisation.holders
    for unit in parts.units:  # in the order in which they are asked
        assert organisation.posts_at(unit.id, TODAY) == [post for post in parts.appointments if post.unit_id == unit.id]


async def test_an_unchanged_township_is_not_read_again(stage: Stage) -> None:
    first = await _of_township(stage.house, stage.township)
    assert await _of_township(stage.house, stage.township) is first
    assert (await stage.actor("grid-worker-1")).organisation is first


async def test_another_process_sees_an_ended_post_at_once(stage: Stage, other_process: House) -> None:
    worker = next(post for post in stage.planned.parts.appointments if post.person_id == stage.id_of("grid-worker-1"))
    request = await stage.submit()
    before = await _signed_in(other_process, stage, "grid-worker-1")
    assert Role.GRID_WORKER in before
    assert await _requests(other_process, stage, "grid-worker-1") == [request]

    await keep(stage.house, stage.township, replace(worker, until=LAST_WEEK))

    assert await _signed_in(other_process, stage, "grid-worker-1") == ()
    assert await _requests(other_process, stage, "grid-worker-1") == []
    organisation = await _of_township(other_process, stage.township)
    assert worker.person_id not in [post.person_id for post in organisation.posts_at(worker.unit_id, TODAY)]


async def test_one_organisation_is_one_moment_while_others_change_it(stage: Stage, other_process: House) -> None:
    """Two equal stamps are two equal townships, whoever read them."""
    posts = stage.planned.parts.appointments[:12]
    for number, post in enumerate(posts):
        await keep(stage.house, stage.township, replace(post, until=LAST_WEEK))
        here, there = await _of_township(stage.house, stage.township), await _of_township(other_process, stage.township)
        assert (here.stamp, here.version, there.version) == (there.stamp, number + 2, number + 2)
        for unit in stage.planned.parts.units:
            assert here.posts_at(unit.id, TODAY) == there.posts_at(unit.id, TODAY)
        assert not [post_ for post_ in posts[: number + 1] if post_.person_id in {p.person_id for p in here.posts_at(post_.unit_id, TODAY)}]


async def test_a_past_version_is_read_once_however_many_ask_for_it_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    organisations, read = stage.house.ports.organisations, list[int]()
    rows_of = MongoOrganisations._rows_of

    async def noted(self: MongoOrganisations, township: str, version: int, stamp: str, session: Session) -> Organisation:
        read.append(version)
        return await rows_of(self, township, version, stamp, session)

    stage.clock.advance(hours=1)
    await keep(stage.house, stage.township, replace(stage.planned.parts.appointments[0], until=LAST_WEEK))
    now = await _of_township(stage.house, stage.township)
    monkeypatch.setattr(MongoOrganisations, "_rows_of", noted)

    moments = [stage.clock() - timedelta(seconds=number + 1) for number in range(30)]
    first, *others = await gather(*(organisations.as_of(now, moment) for moment in moments))
    assert (read, first.version) == ([1], 1)
    assert all(each is first for each in others)
    assert await organisations.as_of(now, stage.clock()) is now, "and what is true now is not read at all"
    assert read == [1]


async def test_an_account_without_person_or_township_is_nobody(stage: Stage) -> None:
    assert await stage.signed_in("unheard-of") == NOBODY
    mongo = stage.house.mongo
    orphan = {
        "_id": "orphan",
        "township": stage.township,
        "person_ids": [f"pers_{stage.township}_{'0' * 32}"],
        "last_used_day": "2026-11-23",
    }
    homeless = {"_id": "homeless", "township": "990909909", "person_ids": [stage.id_of("resident-1")], "last_used_day": "2026-11-23"}
    await mongo.collection("accounts").insert_many([orphan, homeless])
    assert await stage.signed_in("orphan") == NOBODY
    assert await stage.signed_in("homeless") == NOBODY


async def test_a_point_finds_the_township_around_it(stage: Stage) -> None:
    organisations, corner = stage.house.ports.organisations, stage.planned.area.corners[0]
    found = await organisations.at(GeoPoint(corner.lat + 0.001, corner.lng + 0.001))
    assert found is not None
    assert found.township == stage.township
    assert await organisations.at(GeoPoint(0.0, 0.0)) is None
    assert await organisations.of_township("990909909") is None


async def test_catalogue_and_calendar_are_what_was_published(stage: Stage) -> None:
    assert tuple((await stage.house.ports.catalogue.items()).values()) == stage.planned.items
    calendar = await stage.house.ports.calendars.current()
    assert calendar.is_working(date(2026, 11, 23))
    assert not calendar.is_working(date(2026, 10, 1))
    assert await stage.house.ports.calendars.current() is calendar


# ---- planting


async def test_planting_again_is_the_same_settlement_and_leaves_others_alone(stage: Stage) -> None:
    await stage.plant_other()
    before, told = await stage.contents(), list[tuple[str, int]]()
    planned = stage.planned
    await plant_township(
        stage.house.mongo,
        planned.township_code,
        planned.township_name,
        planned.area,
        "another stamp",
        planned.parts,
        at=MONDAY_MORNING - timedelta(days=30),
        persons=planned.persons,
        households=planned.households,
        accounts={uid_of(handle): person_id for handle, person_id in planned.handles.items()},
        shared=shared_accounts(planned),
        progress=lambda name, count: told.append((name, count)),
    )
    await plant_items(stage.house.mongo, planned.items)
    after = await stage.contents()
    stamps = {township["_id"]: township.pop("stamp") for township in after["townships"]}
    [township.pop("stamp") for township in before["townships"]]
    for contents in (before, after):  # sealed anew, the same address looks different
        contents["households"] = await stage.house.mongo.vault.opened("households", contents["households"])
    assert after == before
    assert stamps[stage.township] == "another stamp" != stamps[OTHER_TOWNSHIP]
    assert dict(told)["persons"] == len(planned.persons)
    assert await is_planted(stage.house.mongo, stage.township)
    assert not await is_planted(stage.house.mongo, "990909909")


# ---- figures


async def test_figures_count_what_came_in_and_what_fell_due_by_unit(stage: Stage) -> None:
    asked = [await stage.submit(), await stage.submit("resident-4"), await stage.submit(item="gas-smell")]
    first, second = asked[0].owner_path[0], asked[1].owner_path[0]
    units = [stage.planned.parts.units[0].id, first, second]

    assert await stage.figures("dispatcher-1", units, TODAY, TODAY) == [(3, 0), (2, 0), (1, 0)]  # the day is not over
    stage.clock.advance(days=1)
    assert await stage.figures("dispatcher-1", units, TODAY, TODAY) == [(3, 1), (2, 1), (1, 0)]
    stage.clock.advance(days=30)
    assert await stage.figures("dispatcher-1", units, TODAY, TODAY + timedelta(days=14)) == [(3, 3), (2, 2), (1, 1)]
    assert await stage.figures("dispatcher-1", units, LAST_WEEK, TODAY - timedelta(days=1)) == [(0, 0)] * 3
    assert await stage.house.ports.figures.sums(units, ["2026-11"], seen_by=NOBODY) == {}


async def test_a_day_of_figures_is_a_day_in_shanghai(stage: Stage) -> None:
    stage.clock.now += timedelta(hours=13, minutes=59)  # 23:59 there, when the next day has begun further east
    request = await stage.submit()
    stage.clock.now += timedelta(minutes=2)
    await stage.submit()
    days = [TODAY, TODAY + timedelta(days=1)]
    assert [await stage.figures("dispatcher-1", [request.owner_path[-1]], day, day) for day in days] == [[(1, 0)], [(1, 0)]]


async def test_figures_leave_out_what_is_hidden_from_the_reader(stage: Stage) -> None:
    await stage.submit()
    request = await stage.submit(item="staff-conduct", about_person_id=stage.id_of("secretary-2"))
    stage.clock.advance(days=40)
    for handle, count in (("secretary-2", 1), ("dispatcher-1", 2)):
        found = await stage.figures(handle, [request.owner_path[-1]], TODAY, TODAY + timedelta(days=30))
        assert found == [(count, count)]


async def _of_township(house: House, township: str) -> Organisation:
    found = await house.ports.organisations.of_township(township)
    assert found is not None
    return found


async def _signed_in(house: House, stage: Stage, handle: str) -> tuple[Role, ...]:
    now = stage.clock()
    return (await house.ports.people.signed_in(SignIn(uid_of(handle), now, now + timedelta(hours=1)), at=now)).roles


async def _requests(house: House, stage: Stage, handle: str) -> list[Request]:
    now = stage.clock()
    reader = await house.ports.people.signed_in(SignIn(uid_of(handle), now, now + timedelta(hours=1)), at=now)
    ids = [document["_id"] for document in await stage.find("requests")]
    return list(await house.ports.requests.by_ids(ids, seen_by=reader))


async def test_what_was_kept_before_there_were_versions_is_the_first_one(stage: Stage) -> None:
    mongo = stage.house.mongo
    before = await stage.contents()
    for name in (*KINDS, "townships"):
        await mongo.database.command("collMod", name, validator={})
    for name in KINDS:
        rows = await stage.find(name)
        old = [{"_id": row["id"], "scopes": [], "rank": row.get("order", 0), **_less(row, NEW_FIELDS)} for row in rows]
        await mongo.collection(name).delete_many({})
        if old:
            await mongo.collection(name).insert_many(old)
    await mongo.collection("townships").update_many({}, {"$unset": {"version": "", "staging": ""}})
    await mongo.collection("organisation_versions").delete_many({})

    versions = next(migration for migration in MIGRATIONS if migration.number == 2)
    await versions.run(mongo, stage.clock())
    await versions.run(mongo, stage.clock())

    after = await stage.contents()
    [version] = after.pop("organisation_versions")
    assert (version["version"], version["kind"]) == (1, "migration")
    del before["organisation_versions"]
    for name, rows in before.items():  # only posts had an order before
        kept = set() if name == "appointments" else {"order"}
        assert [_less(row, kept) for row in after[name]] == [_less(row, kept) for row in rows]
    await build(mongo)


def _less(row: Document, names: set[str]) -> Document:
    return {name: value for name, value in row.items() if name not in names}
