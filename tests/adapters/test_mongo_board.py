"""The desk's board, on both drivers: each queue is exactly what the law says, for whoever leads the unit and for nobody else."""

import pytest

import adapters.mongo.board as hand
from adapters.mongo.carrying import carry_over
from adapters.mongo.codec import decode
from adapters.mongo.migrations import MIGRATIONS
from domain.access import Actor, Door, key
from domain.board import NEVER, BoardQueue, Look, QueueCount, QueueKind, look
from domain.pages import PageRequest
from domain.requests import DeclineReason
from domain.tasks import Task
from resolvers.board import board_of, queue_count, waiting_page
from resolvers.intake import AcceptRequest, DeclineRequest, ObjectToDecline, accept_request, decline_request, object_to_decline
from tests.adapters.filling import Backlog, fill
from tests.adapters.stage import Stage
from tests.adapters.test_mongo_pages import backward, forward, ids
from tests.adapters.tour_of_the_desk import boards
from tests.conftest import MONDAY_MORNING


def is_shown(task: Task, wanted: Look, reader: Actor) -> bool:
    return wanted.shows(task) and key(Door.UNIT, wanted.unit_id) in task.scopes and reader.id not in task.hidden_from


async def test_every_queue_shows_what_the_law_says_soonest_due_first(stage: Stage) -> None:
    await fill(stage.house, stage.planned, until=MONDAY_MORNING, requests=2_000, backlog=Backlog(owed=0))
    nobodys = {"state": "QUEUED", "pile": "UNROUTED"}
    await stage.house.mongo.collection("tasks").update_one({"state": "ASSIGNED"}, {"$set": nobodys})
    tasks, found = [decode(Task, document) for document in await stage.find("tasks")], set()
    for reader, unit_id, kind, wanted in [each async for each in boards(stage.house.ports, stage.planned, stage.actor)]:
        shown = sorted((task for task in tasks if is_shown(task, wanted, reader)), key=lambda task: (task.due_at or NEVER, task.id))

        async def read(page: PageRequest, wanted: Look = wanted, reader: Actor = reader):  # type: ignore[no-untyped-def]
            return await stage.house.ports.boards.page(wanted, page, seen_by=reader)

        assert ids(await forward(read, 20)) == ids(shown), (kind, unit_id)
        assert ids(await backward(read, 20)) == ids(shown), (kind, unit_id)
        assert await stage.house.ports.boards.count(wanted, seen_by=reader) == QueueCount(len(shown), more=False)
        found |= {kind} if shown else set()
    assert found == set(QueueKind) - {QueueKind.HELD_FROM_OFFLINE, QueueKind.UNACCEPTED}, "the last is of requests"


async def test_whoever_does_not_lead_the_unit_finds_nothing_there(stage: Stage) -> None:
    task = (await stage.tasks_of(await stage.submit()))[0]
    queue, now = BoardQueue(QueueKind.UNACKNOWLEDGED, task.owner_id, task.township), stage.clock()
    everything = look(queue, at=now, soon=now, published_until=now)
    ports = stage.house.ports
    for handle in ("grid-worker-1", "resident-1", "grid-leader-2", "administrator-1"):
        reader = await stage.actor(handle)
        assert board_of(task.owner_id, by=reader) is None
        assert (await ports.boards.page(everything, PageRequest(), seen_by=reader)).rows == ()
        assert await ports.boards.count(everything, seen_by=reader) == QueueCount(0, more=False)

    leader = await stage.actor("grid-leader-1")
    assert ids((await ports.boards.page(everything, PageRequest(), seen_by=leader)).rows) == [task.id]
    assert board_of("unit_990101101_" + "0" * 32, by=leader) is None


async def test_what_is_hidden_from_a_reader_is_neither_shown_nor_counted(stage: Stage) -> None:
    await stage.submit()
    about = stage.id_of("dispatcher-1")
    await stage.submit("resident-2", item="staff-conduct", about_person_id=about)
    root = next(unit.id for unit in stage.planned.parts.units if unit.parent_id is None)
    queue = BoardQueue(QueueKind.UNACKNOWLEDGED, root, stage.township)

    counts = {h: await queue_count(queue, by=await stage.actor(h), ports=stage.house.ports) for h in ("dispatcher-1", "secretary-2")}
    assert counts == {"dispatcher-1": QueueCount(1, more=False), "secretary-2": QueueCount(2, more=False)}


async def waiting(stage: Stage) -> list[str]:
    """Who waits to be taken in, as the board has them; the same from either end, and as many as it says."""
    dispatcher, ports = await stage.actor("dispatcher-1"), stage.house.ports
    root = next(unit.id for unit in stage.planned.parts.units if unit.parent_id is None)
    queue = BoardQueue(QueueKind.UNACCEPTED, root, stage.township)

    async def read(page: PageRequest):  # type: ignore[no-untyped-def]
        return await waiting_page(queue, page, by=dispatcher, ports=ports)

    shown = ids(await forward(read, 2))
    assert ids(await backward(read, 2)) == shown
    assert await queue_count(queue, by=dispatcher, ports=ports) == QueueCount(len(shown), more=False)
    return shown


async def test_what_nobody_has_taken_in_is_shown_by_when_it_is_to_be_taken_in(stage: Stage) -> None:
    """What came back has its whole window again; all that comes in the evening is to be taken in by the same moment."""
    back, soon, taken = [(await stage.submit(item="new-facility")).id for _ in range(3)]
    declined = {"reason": DeclineReason.OTHER_BODY, "where_to_go": "请到镇政府"}
    await stage.do(decline_request, DeclineRequest, "dispatcher-1", request_id=back, **declined)
    await stage.do(object_to_decline, ObjectToDecline, "resident-1", request_id=back, words="归你们管")
    await stage.do(accept_request, AcceptRequest, "dispatcher-1", request_id=taken)
    stage.clock.advance(hours=10)
    evening = [(await stage.submit(item="new-facility")).id for _ in range(4)]
    assert len({request["accept_by"] for request in await stage.find("requests", _id={"$in": evening})}) == 1

    assert await waiting(stage) == [soon, back, *evening]
    unknown_then = {"accept_from": "", "accept_by": "", "accept_remind_at": "", "is_acceptance_late": ""}
    await stage.house.mongo.collection("requests").update_many({}, {"$unset": unknown_then})
    await carry_over(stage.house.mongo, at=stage.clock())
    assert await waiting(stage) == [soon, back, *evening], "kept before there was a window for that"


async def test_beyond_what_is_counted_it_says_that_there_are_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand, "MOST_COUNTED", 2)
    root = next(unit.id for unit in stage.planned.parts.units if unit.parent_id is None)
    queue, dispatcher = BoardQueue(QueueKind.UNACKNOWLEDGED, root, stage.township), await stage.actor("dispatcher-1")
    for more in (False, False, True):
        await stage.submit()
        count = await queue_count(queue, by=dispatcher, ports=stage.house.ports)
        assert count.more is more
    assert count == QueueCount(2, more=True)


async def test_tasks_from_before_there_was_a_board_are_laid_on_it(stage: Stage) -> None:
    await stage.submit()
    [before] = await stage.find("tasks")
    tasks = stage.house.mongo.collection("tasks")
    await tasks.update_many({}, {"$unset": {"pile": "", "pile_at": ""}})
    await MIGRATIONS[3].run(stage.house.mongo, stage.clock())
    assert await stage.find("tasks") == [before]
    await tasks.update_many({}, {"$set": {"state": "CLOSED"}, "$unset": {"pile": "", "pile_at": ""}})
    await MIGRATIONS[3].run(stage.house.mongo, stage.clock())
    assert "pile" not in (await stage.find("tasks"))[0]
