"""What one may not see is not found: in every read, by whatever it is asked for."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from domain.access import NOBODY, Actor
from domain.cases import Act, Case
from domain.errors import RefusalCode, Refused
from domain.ids import Kind
from domain.pages import PageRequest
from domain.ports import RequestQuery, TaskQuery
from domain.requests import Request
from domain.sync import SNAPSHOT_KINDS
from domain.tasks import Task
from tests.adapters.stage import Stage

Found = Sequence[object]


async def _everything(stage: Stage, request: Request, task: Task, reader: Actor) -> dict[str, Found]:
    """Each read of the ports, asked for what there is."""
    ports, at, head = stage.house.ports, stage.clock(), await stage.number()
    number = await ports.requests.by_number(request.number, seen_by=reader)
    notices = [document["_id"] for document in await stage.find("notices")]
    homes = [home.id for home in stage.planned.households]
    reads: dict[str, Callable[[], Awaitable[Found]]] = {
        "requests by id": lambda: ports.requests.by_ids([request.id], seen_by=reader),
        "tasks by id": lambda: ports.tasks.by_ids([task.id], seen_by=reader),
        "tasks of requests": lambda: ports.tasks.of_requests(stage.township, [request.id], seen_by=reader),
        "households": lambda: ports.households.by_ids(homes, seen_by=reader),
        "notices by id": lambda: ports.notices.by_ids(notices, seen_by=reader),
        "feed": lambda: ports.feed.rows(0, head, 100, seen_by=reader),
    }
    found = {name: await read() for name, read in reads.items()}
    found["request by number"] = [number] if number else []
    for overdue in (None, True, False):
        page = await ports.requests.page(RequestQuery(overdue=overdue), PageRequest(), seen_by=reader, at=at)
        found[f"requests, overdue {overdue}"] = page.rows
        tasks = await ports.tasks.page(TaskQuery(overdue=overdue), PageRequest(), seen_by=reader, at=at)
        found[f"tasks, overdue {overdue}"] = tasks.rows
    for kind in SNAPSHOT_KINDS:
        found[f"snapshot of {kind.value}"] = await ports.feed.everything(kind, "", 100, seen_by=reader)
    found["inbox"] = (await ports.notices.page(PageRequest(), seen_by=reader)).rows
    found["unread"] = ["one"] * await ports.notices.unread(seen_by=reader)
    return found


def _named(found: dict[str, Found]) -> set[str]:
    return {name for name, rows in found.items() if rows}


@pytest.fixture
async def asked(stage: Stage) -> tuple[Request, Task]:
    request = await stage.submit()
    await stage.tell()
    [task] = await stage.tasks_of(request)
    return request, task


async def test_those_whom_it_concerns_find_it_everywhere(stage: Stage, asked: tuple[Request, Task]) -> None:
    worker = _named(await _everything(stage, *asked, await stage.actor("grid-worker-1")))
    leader = _named(await _everything(stage, *asked, await stage.actor("grid-leader-1")))
    resident = _named(await _everything(stage, *asked, await stage.actor("resident-1")))
    found_by_all = {
        "requests by id",
        "request by number",
        "tasks by id",
        "tasks of requests",
        "requests, overdue None",
        "requests, overdue False",
        "tasks, overdue None",
        "tasks, overdue False",
        "snapshot of req",
        "snapshot of task",
        "feed",
        "households",
    }
    assert leader == resident == found_by_all
    assert worker == found_by_all | {"inbox", "unread", "notices by id", "snapshot of note"}


async def test_who_did_not_sign_in_and_who_holds_no_key_find_nothing_at_all(stage: Stage, asked: tuple[Request, Task]) -> None:
    keyless = replace(await stage.actor("dispatcher-1"), person=None, keys=frozenset())
    for reader in (NOBODY, keyless, await stage.signed_in("nobody-of-ours")):
        assert _named(await _everything(stage, *asked, reader)) == set()


async def test_another_township_is_another_world(stage: Stage, asked: tuple[Request, Task]) -> None:
    await stage.plant_other()
    for handle in ("dispatcher-1", "secretary-2", "grid-worker-1", "resident-1"):
        other = await stage.signed_in(f"other-{handle}")
        assert other.keys
        assert _named(await _everything(stage, *asked, other)) == set()
    # Not even with a key of the first township in the hand.
    thief = replace(await stage.signed_in("other-dispatcher-1"), keys=(await stage.actor("dispatcher-1")).keys)
    assert _named(await _everything(stage, *asked, thief)) == set()


@pytest.mark.parametrize("handle", ["resident-2", "grid-worker-2", "grid-leader-2", "hub-host-1", "administrator-1", "privacy-officer-1"])
async def test_neighbours_and_other_staff_do_not_find_it(stage: Stage, asked: tuple[Request, Task], handle: str) -> None:
    own = {"households"}  # one's own home, or those of the own grid
    assert _named(await _everything(stage, *asked, await stage.actor(handle))) <= own


async def test_whom_a_matter_is_about_does_not_find_it_whatever_keys_they_hold(stage: Stage) -> None:
    request = await stage.submit(item="staff-conduct", about_person_id=stage.id_of("secretary-2"))
    await stage.tell()
    [task] = await stage.tasks_of(request)
    about, beside = await stage.actor("secretary-2"), await stage.actor("dispatcher-1")

    assert about.may_open(request.scopes)  # the keys alone would open it
    assert _named(await _everything(stage, request, task, about)) <= {"households"}
    assert _named(await _everything(stage, request, task, beside)) >= {"requests by id", "tasks by id", "feed"}


async def test_a_post_that_ended_opens_nothing_from_the_next_sign_in_on(stage: Stage, asked: tuple[Request, Task]) -> None:
    worker = await stage.actor("grid-worker-1")
    assert worker.person is not None
    await stage.house.mongo.collection("appointments").update_many({"person_id": worker.id}, {"$set": {"until": "2026-11-01"}})
    await stage.house.mongo.collection("townships").update_one({"_id": stage.township}, {"$set": {"stamp": "another"}})

    found = _named(await _everything(stage, *asked, await stage.actor("grid-worker-1")))
    assert found <= {"inbox", "unread", "notices by id", "snapshot of note", "feed"}


async def test_whoever_typed_it_for_somebody_finds_it_while_holding_a_post(stage: Stage) -> None:
    member = await stage.actor("link-member-1")
    home = next(home for home in stage.planned.households if home.link and home.link.member_id == member.id)
    resident = next(person for person in stage.planned.persons if person.household_id == home.id)
    request = await stage.submit("link-member-1", household_id=home.id, on_behalf_of_id=resident.id)
    typed = RequestQuery(asked_by_me=True)

    async def found() -> list[Request]:
        reader = await stage.actor("link-member-1")
        return list((await stage.house.ports.requests.page(typed, PageRequest(), seen_by=reader, at=stage.clock())).rows)

    assert await found() == [request]
    await stage.house.mongo.collection("appointments").update_many({"person_id": member.id}, {"$set": {"until": "2026-11-01"}})
    await stage.house.mongo.collection("townships").update_one({"_id": stage.township}, {"$set": {"stamp": "another"}})
    assert await found() == []


async def test_verbs_find_only_what_their_reader_finds(stage: Stage, asked: tuple[Request, Task]) -> None:
    request, task = asked
    ports = stage.house.ports
    await stage.plant_other()
    strangers = [await stage.actor("resident-2"), await stage.actor("grid-worker-2"), await stage.signed_in("other-dispatcher-1"), NOBODY]
    before = await stage.contents()
    for stranger in strangers:
        for update, subject in ((ports.tasks.update, task.id), (ports.requests.update, request.id)):
            with pytest.raises(Refused) as refused:
                await update(subject, _never, seen_by=stranger, event_id=stage.new_event_id(), command=stage.command())
            assert refused.value.refusal.code is RefusalCode.NOT_FOUND
    dispatcher = await stage.actor("dispatcher-1")
    for nonsense in (request.id, "task_1", "", f"{Kind.TASK.value}_{stage.township}_{'0' * 32}"):
        with pytest.raises(Refused):
            await ports.tasks.update(nonsense, _never, seen_by=dispatcher, event_id=stage.new_event_id(), command=stage.command())
    assert await stage.contents() == before


async def test_a_link_is_shown_with_the_home_and_not_with_the_request(stage: Stage) -> None:
    home = next(home for home in stage.planned.households if home.link)
    insider = await stage.actor("secretary-1")
    [own] = await stage.house.ports.households.by_ids([home.id], seen_by=insider)
    [named] = await stage.house.ports.households.of_requests(stage.township, [home.id], seen_by=insider)
    assert (own, named) == (home, replace(home, link=None))
    assert await stage.house.ports.households.of_requests("990202202", [home.id], seen_by=insider) == []


async def test_people_are_found_in_their_own_township_only(stage: Stage) -> None:
    other = await stage.plant_other()
    ids = [stage.planned.persons[0].id, other.persons[0].id, "pers_1", ""]
    found = await stage.house.ports.people.by_ids(stage.township, ids)
    assert found == [stage.planned.persons[0]]


def _never(_: Case) -> Act:
    raise AssertionError("the change was run")
