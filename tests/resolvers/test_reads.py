"""The directory, who serves, figures, the inbox, phones and the history: each reader gets what is for them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.devices import DevicePlatform
from domain.errors import BadArgument, RefusalCode
from domain.events import EventKind
from domain.ids import Kind, compose, parse
from domain.items import MatterScope, ServiceLine
from domain.measures import Linked
from domain.notices import notices_of
from domain.organisation import OrgUnitKind
from domain.pages import PageRequest
from domain.places import GeoPoint
from domain.ports import TaskQuery
from domain.posts import Absence, Role
from resolvers import devices, history, households, measures, notices, organisation
from resolvers.devices import RegisterDevice, RetireDevice
from resolvers.notices import MarkNoticesRead
from resolvers.tasks import AssignTask, assign_task
from tests.conftest import plant
from tests.reorganising import keep
from tests.resolvers.conftest import Deeds

IN_FIRST_GRID, OUTSIDE, NOWHERE = GeoPoint(35.202, 115.502), GeoPoint(1, 1), GeoPoint(91, 0)
TODAY = date(2026, 11, 23)
PAGE = PageRequest(50)


# --- The directory.


async def test_the_catalogue_is_public_and_can_be_narrowed_to_a_line(deeds: Deeds) -> None:
    everything = await organisation.service_items(None, ports=deeds.ports)
    facility = await organisation.service_items(ServiceLine.PUBLIC_FACILITY_SERVICE, ports=deeds.ports)

    assert len(everything) == len(deeds.planned.items)
    assert {item.code for item in facility} == {"stairwell-lamp", "water-leak", "gas-smell", "new-facility", "basement-flood"}


@pytest.mark.parametrize("code", ["", "9901", "abcdefghij", "９９０１０１１０１", "000000000", "990101101999"])
async def test_there_is_no_unit_of_such_a_code(code: str, deeds: Deeds) -> None:
    assert await organisation.unit_by_code(code, by=await deeds.actor("resident-1"), ports=deeds.ports) is None


async def test_a_unit_is_found_by_its_code_by_whoever_signed_in(deeds: Deeds) -> None:
    found = await organisation.unit_by_code("990101101601", by=await deeds.actor("resident-1"), ports=deeds.ports)

    assert found is not None
    assert found.name == "柳湾新村党总支"
    assert await organisation.unit_by_code("990101101601", by=await deeds.actor("nobody"), ports=deeds.ports) is None


async def test_a_grid_is_found_around_a_point_by_whoever_signed_in(deeds: Deeds) -> None:
    async def found(point: GeoPoint, by: str = "resident-1") -> str | None:
        grid = await organisation.grid_at(point, by=await deeds.actor(by), ports=deeds.ports)
        return grid.name if grid else None

    assert await found(IN_FIRST_GRID) == "第一网格"
    assert [await found(OUTSIDE), await found(NOWHERE), await found(IN_FIRST_GRID, "nobody")] == [None, None, None]


async def test_nodes_of_the_organisation_are_for_whoever_signed_in_and_items_for_anybody(deeds: Deeds) -> None:
    parts = deeds.planned.parts
    ids = [deeds.item("gas-smell"), parts.units[0].id, parts.grids[0].id, parts.micro_grids[0].id, parts.villages[0].id, parts.hubs[0].id]

    async def found(by: str) -> set[str]:
        return set(await organisation.organisation_nodes([*ids, "?", "x" * 99], by=await deeds.actor(by), ports=deeds.ports))

    assert await found("resident-1") == set(ids)
    assert await found("resident-4") == set(ids[:-1])  # another micro-grid: its host is not for them
    assert await found("nobody") == {ids[0]}


async def test_a_township_that_is_not_there_has_no_nodes(deeds: Deeds) -> None:
    elsewhere = deeds.planned.parts.units[0].id.replace("990101101", "990101102")

    assert await organisation.organisation_nodes([elsewhere], by=await deeds.actor("resident-1"), ports=deeds.ports) == {}


async def test_the_notice_board_shows_public_posts_and_those_at_home_only_to_whom_they_serve(deeds: Deeds) -> None:
    actor = await deeds.actor("resident-1")
    assert actor.organisation is not None
    posts = actor.organisation.posts_at(deeds.unit("第一网格党支部"), TODAY)

    async def shown(by: str) -> set[Role]:
        reader, at = await deeds.actor(by), deeds.clock()
        assert actor.organisation is not None
        return {post.role for post in organisation.public_posts(posts, actor.organisation, by=reader, at=at)}

    assert await shown("resident-4") == {Role.GRID_WORKER, Role.GRID_LEADER}
    assert Role.HUB_HOST in await shown("resident-1")
    assert await shown("nobody") == set()


async def test_persons_are_shown_to_those_who_may_see_them(deeds: Deeds) -> None:
    ids = [deeds.id_of(handle) for handle in ("resident-1", "resident-2", "grid-worker-5")]

    async def found(by: str) -> set[str]:
        persons = await organisation.persons_by_ids(
            [*ids, "pers", "task_990101101_" + "0" * 32], by=await deeds.actor(by), ports=deeds.ports
        )
        return {person.id for person in persons}

    assert await found("resident-1") == {ids[0], ids[2]}
    assert await found("secretary-1") == set(ids)
    assert await found("nobody") == set()


# --- Who serves.


async def test_a_household_is_served_for_its_people_and_its_staff_and_for_nobody_else(deeds: Deeds) -> None:
    home = deeds.home("resident-1").id

    async def served(by: str, item: str = "stairwell-lamp", at: datetime | None = None, scope: MatterScope | None = None) -> str | None:
        service = await organisation.who_serves_household(home, deeds.item(item), scope, at, by=await deeds.actor(by), ports=deeds.ports)
        return service.person.id if service and service.person else None

    worker = deeds.id_of("grid-worker-1")
    assert [await served(by) for by in ("resident-1", "grid-leader-1", "resident-2", "nobody")] == [worker, worker, None, None]
    assert await served("resident-1", scope=MatterScope.ORIGIN_VILLAGE) == deeds.id_of("village-officer-1")
    assert await served("resident-1", at=datetime(2025, 6, 1, tzinfo=UTC)) is None  # before anybody was appointed
    none = await organisation.who_serves_household(home, "item", None, None, by=await deeds.actor("resident-1"), ports=deeds.ports)
    assert none is None


async def test_a_place_is_served_for_anybody(deeds: Deeds) -> None:
    async def served(point: GeoPoint, item: str = "stairwell-lamp") -> str | None:
        found = await organisation.who_serves_point(point, deeds.item(item) if item else "item", None, None, ports=deeds.ports)
        return found[0].unit.name if found else None

    assert await served(IN_FIRST_GRID) == "第一网格党支部"
    assert [await served(OUTSIDE), await served(NOWHERE), await served(IN_FIRST_GRID, "")] == [None, None, None]


async def test_a_host_who_stands_in_for_a_worker_is_named_to_those_who_know_them_and_to_nobody_else(deeds: Deeds) -> None:
    away, host = deeds.id_of("grid-worker-1"), deeds.id_of("hub-host-1")
    township = deeds.planned.township_code
    leave = Absence("leave-1", township, away, TODAY, TODAY + timedelta(days=2), host)
    await keep(deeds.house, township, leave)

    async def named(by: str) -> str | None:
        item, actor = deeds.item("stairwell-lamp"), await deeds.actor(by)
        found = await organisation.who_serves_point(IN_FIRST_GRID, item, None, None, by=actor, ports=deeds.ports)
        assert found is not None
        assert found[0].unit.name == "第一网格党支部"
        return found[0].person.id if found[0].person else None

    assert [await named(by) for by in ("resident-1", "grid-worker-1", "grid-leader-1")] == [host, host, host]
    assert [await named(by) for by in ("nobody", "resident-4", "grid-worker-2")] == [None, None, None]


async def test_a_link_opens_the_home_while_it_holds_and_the_post_with_it(deeds: Deeds) -> None:
    home = next(home for home in deeds.planned.households if home.link and home.link.member_id == deeds.id_of("link-member-1"))
    assert home.link is not None
    post = next(post for post in deeds.planned.parts.appointments if post.person_id == deeds.id_of("link-member-1"))

    async def finds() -> bool:
        return bool(await households.households_by_ids([home.id], by=await deeds.actor("link-member-1"), ports=deeds.ports))

    async def kept(*values: object) -> None:
        await keep(deeds.house, deeds.planned.township_code, *values)

    assert await finds()
    await kept(replace(home, link=replace(home.link, until=TODAY)))
    assert not await finds()
    await kept(replace(home, link=replace(home.link, agreed_by_household=False)))
    assert not await finds()
    await kept(home, replace(post, role=Role.VOLUNTEER))
    assert not await finds()
    await kept(post)
    assert await finds()


async def test_a_place_of_a_township_in_which_no_grid_is_left_is_served_by_nobody(deeds: Deeds) -> None:
    past = datetime(2025, 6, 1, tzinfo=UTC)

    assert await organisation.who_serves_point(IN_FIRST_GRID, deeds.item("gas-smell"), None, past, ports=deeds.ports) is None


async def test_who_serves_on_a_day_to_come_is_told_to_nobody_so_that_planned_leave_stays_with_whoever_plans_it(deeds: Deeds) -> None:
    tomorrow, away, home = deeds.ports.clock() + timedelta(days=1), deeds.id_of("grid-worker-1"), deeds.home("resident-1").id
    leave = Absence("leave-1", deeds.planned.township_code, away, TODAY + timedelta(days=1), TODAY + timedelta(days=2))
    await keep(deeds.house, deeds.planned.township_code, leave)
    lamp, resident, ports = deeds.item("stairwell-lamp"), await deeds.actor("resident-1"), deeds.ports

    for ahead in (tomorrow, tomorrow + timedelta(days=30)):
        with pytest.raises(BadArgument, match="at lies ahead"):
            await organisation.who_serves_point(IN_FIRST_GRID, lamp, None, ahead, ports=ports)
        with pytest.raises(BadArgument, match="at lies ahead"):
            await organisation.who_serves_household(home, lamp, None, ahead, by=resident, ports=ports)

    soon = deeds.ports.clock() + timedelta(minutes=3)  # by a phone whose clock is ahead
    service = await organisation.who_serves_household(home, lamp, None, soon, by=resident, ports=ports)
    assert service is not None
    assert service.person is not None
    assert service.person.id == away


async def test_a_day_beyond_the_calendar_is_a_bad_argument(deeds: Deeds) -> None:
    end = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    with pytest.raises(BadArgument):
        await organisation.who_serves_point(IN_FIRST_GRID, deeds.item("gas-smell"), None, end, ports=deeds.ports)


# --- Figures.


async def figures(deeds: Deeds, by: str, unit: str = "第一网格党支部", first: date = TODAY, last: date = TODAY) -> list[int]:
    await deeds.count_figures()
    found = await measures.measures(deeds.unit(unit), first, last, by=await deeds.actor(by), ports=deeds.ports)
    return [measure.requests for measure in found]


async def test_figures_are_for_those_who_answer_for_the_unit_with_its_children(deeds: Deeds) -> None:
    await deeds.submit()

    assert await figures(deeds, "grid-leader-1") == [1, 0, 0]  # the branch and its two groups
    assert (await figures(deeds, "secretary-1", "柳湾新村党总支"))[0] == 1
    for by in ("grid-leader-2", "resident-1", "grid-worker-1", "administrator-1", "nobody"):
        assert await figures(deeds, by) == []


async def test_whoever_leads_an_overlay_gets_the_figures_of_what_it_covers(deeds: Deeds) -> None:
    await deeds.submit()
    township, branch = deeds.planned.township_code, deeds.unit("第一网格党支部")
    root = next(unit for unit in deeds.planned.parts.units if unit.parent_id is None)
    area = replace(root, id=compose(Kind.UNIT, township, uuid4()), code=f"{township}95", kind=OrgUnitKind.AREA_COMMITTEE)
    area = replace(area, name="片区党委", parent_id=root.id, covers=(branch,))
    post = next(post for post in deeds.planned.parts.appointments if post.person_id == deeds.id_of("secretary-2"))
    await keep(deeds.house, township, area, replace(post, unit_id=area.id))

    async def told(by: str, unit_id: str) -> dict[str, int]:
        await deeds.count_figures()
        found = await measures.measures(unit_id, TODAY, TODAY, by=await deeds.actor(by), ports=deeds.ports)
        return {measure.unit_id: measure.requests for measure in found}

    assert await told("secretary-2", area.id) == {area.id: 0}, "who stands outside is told of no group under ten"
    assert await told("secretary-2", branch) == {}
    assert await told("dispatcher-1", area.id) == {area.id: 0, branch: 1}
    assert [await told("secretary-2", id_) for id_ in (root.id, deeds.unit("第二网格党支部"))] == [{}, {}]
    assert [await told(by, area.id) for by in ("grid-leader-1", "secretary-1")] == [{}, {}]
    seen = await deeds.ports.tasks.page(TaskQuery(), PAGE, seen_by=await deeds.actor("secretary-2"), at=deeds.clock())
    assert seen.rows == []  # totals, and no single task


async def test_figures_are_of_a_day_in_shanghai_its_last_day_included(deeds: Deeds) -> None:
    await deeds.submit()

    assert (await figures(deeds, "grid-leader-1", first=date(2026, 11, 24), last=date(2026, 11, 24)))[0] == 0
    assert (await figures(deeds, "grid-leader-1", first=date(2026, 11, 1)))[0] == 1


async def test_links_are_counted_of_the_homes_that_stand_there_now(deeds: Deeds, monkeypatch: pytest.MonkeyPatch) -> None:
    planned, settlement = deeds.planned, deeds.unit("柳湾新村党总支")
    of_branch = {grid.id for grid in planned.parts.grids if grid.branch_id == deeds.unit("第一网格党支部")}

    async def coverage(by: str) -> dict[str, float | None]:
        found = await measures.measures(settlement, TODAY, TODAY, by=await deeds.actor(by), ports=deeds.ports)
        return {measure.unit_id: measure.link_coverage for measure in found}

    def expected(grids: set[str], *, but: str = "") -> float:
        homes = [home for home in planned.households if home.residence_grid_id in grids]
        return sum(home.link_on(TODAY) is not None and home.id != but for home in homes) / len(homes)

    all_grids = {grid.id for grid in planned.parts.grids}
    before = await coverage("secretary-1")
    assert (before[settlement], before[deeds.unit("第一网格党支部")]) == (expected(all_grids), expected(of_branch))
    assert None in before.values(), "of units without a grid"
    assert 0 < expected(of_branch) < 1

    home = next(home for home in planned.households if home.link_on(TODAY) and home.residence_grid_id in of_branch)
    ended = replace(home, link=replace(home.link, until=TODAY)) if home.link else home
    await keep(deeds.house, planned.township_code, ended)
    after = await coverage("secretary-1")
    assert after[deeds.unit("第一网格党支部")] == expected(of_branch, but=home.id)

    reader = await deeds.actor("secretary-1")
    monkeypatch.setattr(deeds.house.mongo, "aggregate", None)
    again = await measures.measures(settlement, TODAY, TODAY, by=reader, ports=deeds.ports)
    assert {found.unit_id: found.link_coverage for found in again} == after, "nothing is counted again on that day, unless homes change"
    monkeypatch.undo()
    assert await coverage("grid-leader-1") == {}


async def test_links_of_a_township_that_was_set_back_are_counted_anew_under_the_same_version(deeds: Deeds) -> None:
    planned, settlement = deeds.planned, deeds.unit("柳湾新村党总支")

    async def coverage() -> float | None:
        found = await measures.measures(settlement, TODAY, TODAY, by=await deeds.actor("secretary-1"), ports=deeds.ports)
        return {measure.unit_id: measure.link_coverage for measure in found}[settlement]

    assert await coverage() != 0
    await plant(deeds.house, replace(planned, households=tuple(replace(home, link=None) for home in planned.households)))
    assert await coverage() == 0


async def test_links_of_a_micro_grid_are_for_those_who_answer_for_its_grid(deeds: Deeds) -> None:
    organisation_now = (await deeds.actor("dispatcher-1")).organisation
    assert organisation_now is not None
    homes = [home for home in deeds.planned.households if home.micro_grid_id == deeds.home("resident-1").micro_grid_id]
    micro = organisation_now.micro_grids[homes[0].micro_grid_id or ""]

    for by in ("grid-leader-1", "secretary-1", "dispatcher-1"):
        found = await measures.links_in([micro], by=await deeds.actor(by), ports=deeds.ports)
        assert found == {micro.id: Linked(len(homes), sum(home.link_on(TODAY) is not None for home in homes))}
    for by in ("grid-leader-2", "hub-host-1", "grid-worker-1", "resident-1", "privacy-officer-1", "nobody"):
        assert await measures.links_in([micro], by=await deeds.actor(by), ports=deeds.ports) == {}


async def test_figures_by_the_village_that_homes_left_are_of_ten_at_least(deeds: Deeds) -> None:
    settlement, village = deeds.unit("柳湾新村党总支"), deeds.home("resident-1").origin_village_id

    async def by_village(by: str, unit_id: str, last: date = date(2026, 11, 30)) -> dict[str, int]:
        await deeds.count_figures()
        found = await measures.measures_by_origin_village(unit_id, date(2026, 11, 1), last, by=await deeds.actor(by), ports=deeds.ports)
        return {measure.village_id: measure.requests for measure in found}

    for _ in range(9):
        await deeds.submit()
    began = deeds.clock()
    deeds.clock.advance(days=12)
    assert await by_village("secretary-1", settlement) == {}, "nine are too few for anybody"
    deeds.clock.advance(seconds=-(deeds.clock() - began).total_seconds())
    await deeds.submit()
    assert await by_village("secretary-1", settlement) == {}, "the month is not over"
    deeds.clock.advance(days=12)
    for by, unit_id in (("secretary-1", settlement), ("dispatcher-1", settlement), ("dispatcher-1", deeds.unit("柳湾镇党委"))):
        assert await by_village(by, unit_id) == {village: 10}
    assert await by_village("secretary-1", settlement, date(2026, 11, 29)) == {}
    for by in ("grid-leader-1", "resident-1", "grid-worker-1", "privacy-officer-1", "nobody"):
        assert await by_village(by, settlement) == {}


async def test_by_village_the_township_and_the_settlement_together_tell_of_nobody(deeds: Deeds) -> None:
    settlement, township = deeds.unit("柳湾新村党总支"), deeds.unit("柳湾镇党委")
    village, another = sorted(each.id for each in deeds.planned.parts.villages)[:2]
    head = await deeds.house.tallies.head(deeds.planned.township_code)
    for unit_id, number in (
        *((township, 100), (f"{township}@{village}", 40), (f"{township}@{another}", 60)),
        *((settlement, 78), (f"{settlement}@{village}", 33), (f"{settlement}@{another}", 45)),
    ):
        kept = {"_id": head.id_of(unit_id, "2026-10"), "township": head.township, "unit_id": unit_id, "period": "2026-10"}
        await deeds.house.mongo.collection("tallies").insert_one({**kept, "counts": {"requests": number, "due": number}})

    async def by_village(unit_id: str) -> dict[str, int]:
        by, period = await deeds.actor("dispatcher-1"), (date(2026, 10, 1), date(2026, 10, 31))
        found = await measures.measures_by_origin_village(unit_id, *period, by=by, ports=deeds.ports)
        return {measure.village_id: measure.requests for measure in found}

    assert await by_village(township) == {village: 40, another: 60}
    assert village not in await by_village(settlement), "the seven of elsewhere would be the difference"


async def test_no_two_periods_tell_the_township_of_one_person_who_asked_about_own_data(deeds: Deeds) -> None:
    township = deeds.unit("柳湾镇党委")
    due = [datetime(2026, 9, day, 4, tzinfo=UTC) for day in range(1, 12)] + [datetime(2026, 10, 1, 4, tzinfo=UTC)]
    asked = {"township": deeds.planned.township_code, "person_id": deeds.id_of("resident-1"), "kind": "COPY", "state": "DONE"}
    kept = [{**asked, "_id": f"sub_{at}", "made_at": moment - timedelta(days=20), "due_at": moment} for at, moment in enumerate(due)]
    await deeds.house.mongo.collection("subject_requests").insert_many(kept)

    async def told(by: str, last: date) -> int | None:
        period = date(2026, 9, 1), last
        found = await measures.privacy_measures(township, *period, by=await deeds.actor(by), ports=deeds.ports)
        return found[0].subject_requests_due

    days = date(2026, 9, 10), date(2026, 9, 11), date(2026, 9, 30), date(2026, 10, 31)
    assert [await told("privacy-officer-1", last) for last in days] == [10, 11, 11, 12]
    assert [await told("dispatcher-1", last) for last in days] == [None, None, 11, None]


async def test_there_are_no_figures_of_a_unit_that_is_not_there(deeds: Deeds) -> None:
    assert await measures.measures("unit", TODAY, TODAY, by=await deeds.actor("dispatcher-1"), ports=deeds.ports) == []


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 1), date(2026, 1, 31)),
        (date(2024, 1, 1), date(2026, 1, 3)),
        (date(1, 1, 1), date(1, 1, 2)),
        (date(9999, 12, 30), date(9999, 12, 31)),
    ],
)
async def test_a_period_that_makes_no_sense_is_a_bad_argument(first: date, last: date, deeds: Deeds) -> None:
    with pytest.raises(BadArgument):
        await figures(deeds, "dispatcher-1", first=first, last=last)


# --- The inbox.


async def told(deeds: Deeds) -> list[str]:
    """A lamp and a pension form were asked for: the ids of the worker's lines, newest first."""
    actor = await deeds.actor("grid-worker-1")
    assert actor.organisation is not None
    for owed in await deeds.house.outbox.claim(at=deeds.clock(), limit=50, lease_seconds=30):
        await deeds.house.outbox.tell(notices_of(owed.event, owed.case, actor.organisation, on=TODAY))
    return [notice.id for notice in (await notices.notices_page(PAGE, by=actor, ports=deeds.ports)).rows]


async def test_an_inbox_is_ones_own(deeds: Deeds) -> None:
    await deeds.submit()
    lines = await told(deeds)
    worker, other = await deeds.actor("grid-worker-1"), await deeds.actor("grid-worker-2")

    assert len(lines) == await notices.unread_notices(by=worker, ports=deeds.ports) == 1
    assert await notices.notices_by_ids(lines, by=other, ports=deeds.ports) == []
    assert len(await notices.notices_by_ids(lines, by=worker, ports=deeds.ports)) == 1
    for by in (other, await deeds.actor("nobody")):
        assert (await notices.notices_page(PAGE, by=by, ports=deeds.ports)).rows in ([], ())
        assert await notices.unread_notices(by=by, ports=deeds.ports) == 0


async def test_marking_lines_as_read_answers_how_many_are_left(deeds: Deeds) -> None:
    for _ in range(3):
        await deeds.submit()
    lines = await told(deeds)
    worker = await deeds.actor("grid-worker-1")
    sent = MarkNoticesRead(uuid4(), lines[:2])

    assert await notices.mark_notices_read(sent, by=worker, ports=deeds.ports) == 1
    assert await notices.mark_notices_read(sent, by=worker, ports=deeds.ports) == 1
    assert await notices.mark_notices_read(MarkNoticesRead(uuid4(), []), by=worker, ports=deeds.ports) == 1


async def test_no_line_of_somebody_else_is_marked_nor_too_many_nor_by_nobody(deeds: Deeds) -> None:
    await deeds.submit()
    lines = await told(deeds)

    async def code(ids: list[str], by: str) -> RefusalCode:
        return (await deeds.refused(notices.mark_notices_read, MarkNoticesRead(uuid4(), ids), by)).code

    assert await code(lines, "grid-worker-2") is RefusalCode.NOT_FOUND
    assert await code([*lines, "note"], "grid-worker-1") is RefusalCode.NOT_FOUND
    assert await code(lines * 101, "grid-worker-1") is RefusalCode.INVALID_INPUT
    assert await code(lines, "nobody") is RefusalCode.SIGN_IN_REQUIRED
    assert await notices.unread_notices(by=await deeds.actor("grid-worker-1"), ports=deeds.ports) == 1


# --- Phones.


async def register(deeds: Deeds, by: str, token: str = "token-1", **fields: Any) -> str:
    sent = RegisterDevice(uuid4(), token, DevicePlatform.ANDROID, **fields)
    return await devices.register_device(sent, by=await deeds.actor(by), ports=deeds.ports)


async def phones(deeds: Deeds, handle: str) -> list[str]:
    person = deeds.id_of(handle)
    found = await deeds.house.devices.of_persons(deeds.planned.township_code, [person])
    return [device.language for device in found.get(person, ())]


async def test_a_phone_speaks_its_own_language_or_chinese(deeds: Deeds) -> None:
    languages = ["en", None, "fr", "zh-CN"]
    ids = [await register(deeds, "grid-worker-1", f"token-{n}", language=language) for n, language in enumerate(languages)]

    assert sorted(await phones(deeds, "grid-worker-1")) == ["en", "zh-CN", "zh-CN", "zh-CN"]
    assert len(set(ids)) == 4
    assert all((ref := parse(id_)) is not None and ref.kind is Kind.DEVICE for id_ in ids)


async def test_a_phone_belongs_to_whoever_registered_it_last(deeds: Deeds) -> None:
    await register(deeds, "grid-worker-1")
    await register(deeds, "grid-worker-2")

    assert (await phones(deeds, "grid-worker-1"), len(await phones(deeds, "grid-worker-2"))) == ([], 1)


async def test_a_phone_is_retired_by_whoever_has_it_and_by_nobody_else(deeds: Deeds) -> None:
    phone = await register(deeds, "grid-worker-1")

    for id_, by in ((phone, "grid-worker-2"), ("phone", "grid-worker-1"), (phone.replace("phone", "task"), "grid-worker-1")):
        assert (await deeds.refused(devices.retire_device, RetireDevice(uuid4(), id_), by)).code is RefusalCode.NOT_FOUND
    assert (await deeds.refused(devices.retire_device, RetireDevice(uuid4(), phone), "nobody")).code is RefusalCode.SIGN_IN_REQUIRED
    sent = RetireDevice(uuid4(), phone)
    for _ in range(2):
        assert await devices.retire_device(sent, by=await deeds.actor("grid-worker-1"), ports=deeds.ports) == phone
    assert await phones(deeds, "grid-worker-1") == []


@pytest.mark.parametrize(
    "token", ["", " ", "two words", "词", "tab\there", "x" * 4097, "bell\x07", "x" * 3000 + "\x00", "x" * 3000 + "\x7f"]
)
async def test_what_is_no_token_is_refused(token: str, deeds: Deeds) -> None:
    no = await deeds.refused(devices.register_device, RegisterDevice(uuid4(), token, DevicePlatform.IOS), "grid-worker-1")

    assert (no.code, no.field) == (RefusalCode.INVALID_INPUT, "token")


async def test_a_token_may_be_long_and_a_version_may_not(deeds: Deeds) -> None:
    await register(deeds, "grid-worker-1", "x" * 4096, app_version="1.0-beta")
    too_long = RegisterDevice(uuid4(), "t", DevicePlatform.WEB, app_version="1" * 65)

    assert (await deeds.refused(devices.register_device, too_long, "grid-worker-1")).field == "appVersion"


# --- The history.


async def test_colleagues_words_are_not_for_whoever_only_asked(deeds: Deeds) -> None:
    request = await deeds.submit()
    task = await deeds.lead(request)
    await deeds.do(assign_task, AssignTask(uuid4(), task.id, deeds.id_of("hub-host-1"), "这户要多跑几次"), "grid-leader-1")

    async def words(by: str) -> list[str | None]:
        reader = await deeds.actor(by)
        of_request = await history.history_of_request(request, PAGE, by=reader, ports=deeds.ports)
        of_task = await history.history_of_task(await deeds.lead(request), PAGE, by=reader, ports=deeds.ports)
        assert [event.reason for event in of_request.rows] == [event.reason for event in of_task.rows]
        return [event.reason for event in of_request.rows]

    assert await words("grid-leader-1") == ["这户要多跑几次", None]
    assert await words("resident-1") == [None, None]


async def test_who_asked_is_not_in_the_history_of_what_is_shielded(deeds: Deeds) -> None:
    request = await deeds.submit("staff-conduct")

    async def actors(by: str) -> list[str | None]:
        reader = await deeds.actor(by)
        page = await history.history_of_request(request, PAGE, by=reader, ports=deeds.ports)
        of_task = await history.history_of_task(await deeds.lead(request), PAGE, by=reader, ports=deeds.ports)
        assert [event.actor_id for event in page.rows] == [event.actor_id for event in of_task.rows]
        assert page.rows[0].kind is EventKind.REQUEST_SUBMITTED
        return [event.actor_id for event in page.rows]

    assert await actors("secretary-1") == [None]
    assert await actors("resident-1") == [deeds.id_of("resident-1")]


async def test_the_history_of_a_task_whose_request_was_taken_back_hides_who_asked(deeds: Deeds) -> None:
    task = await deeds.brought_to("ACKNOWLEDGED")
    await deeds.house.mongo.collection("tasks").update_one({"_id": task.id}, {"$set": {"request_id": None, "askers": []}})
    alone = (await deeds.ports.tasks.by_ids([task.id], seen_by=await deeds.actor("grid-leader-1")))[0]
    page = await history.history_of_task(alone, PAGE, by=await deeds.actor("grid-leader-1"), ports=deeds.ports)

    assert [event.actor_id for event in page.rows] == [deeds.id_of("grid-worker-1"), None]
