"""The feed: whoever follows it misses nothing and hears nothing twice, and a bell rings for whom it concerns."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from random import Random
from typing import Any, TypeVar
from uuid import uuid4

from pymongo.read_concern import ReadConcern

from adapters.mongo.driver import Mongo, Session
from adapters.mongo.feed import MongoFeed
from adapters.mongo.sequencer import Sequencer
from domain.access import NOBODY, Actor
from domain.errors import Refused
from domain.ids import Kind
from domain.pages import PageRequest
from domain.ports import RequestQuery, TaskQuery
from domain.sync import FeedRow
from resolvers.requests import SubmitRequest, submit_request
from resolvers.sync import changes
from resolvers.tasks import AcknowledgeTask, AssignTask, acknowledge_task, assign_task
from server.relay import Relay
from tests.adapters.stage import QuietPushes, Stage
from tests.conftest import drops_sockets

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds: whatever takes longer hangs."""
A_WHILE = 0.5


class _Stumbled(Exception):
    """The power went while it was numbering."""


class StumblingMongo(Mongo):
    """Every tenth transaction ends before it is committed."""

    def __init__(self, stage: Stage, chance: Random) -> None:
        settings = stage.house.settings
        super().__init__(settings.mongodb_uri, settings.mongodb_database, driver=settings.mongodb_driver)
        self._chance = chance

    async def transact(self, work: Callable[[Session], Awaitable[T]]) -> T:
        async def stumbling(session: Session) -> T:
            done = await work(session)
            if self._chance.random() < 0.1:
                raise _Stumbled
            return done

        return await super().transact(stumbling)


async def ended(*running: asyncio.Task[Any]) -> list[BaseException | None]:
    """Ends tasks, however often it takes: Python 3.11's `wait_for`, through which PyMongo sends, may swallow a cancellation."""
    pending = set(running)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.3)
    return [None if task.cancelled() else task.exception() for task in running]


async def rival(mongo: Mongo) -> None:
    """A sequencer that gets up again whenever it stumbled."""
    sequencer = Sequencer(mongo)
    while True:
        with suppress(_Stumbled):
            if not await sequencer.number():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def rivals(stage: Stage, chance: Random) -> AsyncIterator[None]:
    """Two rivals, one of them killed and started again every now and then."""
    mongos = [StumblingMongo(stage, chance) for _ in range(2)]
    running = [asyncio.create_task(rival(mongo)) for mongo in mongos]

    async def kill() -> None:
        while True:
            await asyncio.sleep(chance.uniform(0.1, 0.3))
            number = chance.randrange(2)
            running[number].cancel()
            running.append(asyncio.create_task(rival(mongos[number])))
            running[number], running[-1] = running[-1], running[number]

    killing = asyncio.create_task(kill())
    try:
        yield
    finally:
        await ended(killing)
        troubles = await ended(*running)
        for mongo in mongos:
            await mongo.close()
    assert not [trouble for trouble in troubles if trouble]


async def write(stage: Stage, handle: str, count: int) -> None:
    """Somebody who asks, and somebody who takes what was asked."""
    ports, resident, worker = stage.house.ports, await stage.actor(handle), await stage.actor("grid-worker-1")
    for number in range(count):
        asked = await submit_request(SubmitRequest(uuid4(), stage.item("stairwell-lamp"), f"第{number}件"), by=resident, ports=ports)
        [task] = await ports.tasks.of_requests(stage.township, [asked.subject.id], seen_by=resident)
        with suppress(Refused):
            await acknowledge_task(AcknowledgeTask(uuid4(), task.id), by=worker, ports=ports)


async def relay(stage: Stage) -> None:
    telling = Relay(stage.house.outbox, stage.house.ports.organisations, QuietPushes(), stage.house.messages, stage.clock)
    while True:
        if not await telling.turn():
            await asyncio.sleep(0.01)


async def follow(stage: Stage, reader: Actor, limit: int, heard: list[FeedRow]) -> None:
    feed, after = stage.house.ports.feed, 0
    while True:
        rows = await feed.rows(after, await feed.head(stage.township), limit, seen_by=reader)
        heard += rows
        after = rows[-1].number if rows else after
        await asyncio.sleep(0 if rows else 0.003)


@asynccontextmanager
async def meanwhile(*work: Any) -> AsyncIterator[None]:
    running = [asyncio.create_task(some) for some in work]
    try:
        yield
    finally:
        troubles = await ended(*running)
    assert not [trouble for trouble in troubles if trouble]


@drops_sockets
async def test_a_follower_misses_nothing_and_hears_nothing_twice(stage: Stage) -> None:
    """While four write, a relay tells inboxes, and two sequencers fight, stumble and die."""
    chance, heard = Random(11), {handle: list[FeedRow]() for handle in ("dispatcher-1", "grid-worker-1", "resident-1")}
    readers = {handle: await stage.actor(handle) for handle in heard}
    following = [follow(stage, readers[handle], limit, rows) for limit, (handle, rows) in zip((7, 3, 100), heard.items(), strict=True)]
    async with rivals(stage, chance), meanwhile(relay(stage), *following):
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(write(stage, f"resident-{number}", 15) for number in (1, 2, 3, 1)))
            await until(lambda: _is_all_done(stage))
            everything = await stage.find("events") + await stage.find("notices")
            in_scope = {
                handle: sorted(document["seq"] for document in everything if reader.keys & set(document["scopes"]))
                for handle, reader in readers.items()
            }
            await until(lambda: _have_heard_to_the_end(heard, in_scope))

    numbers = sorted(document["seq"] for document in everything)
    assert numbers == list(range(1, len(everything) + 1))
    assert len(everything) == 4 * 15 * 2 + 4 * 15
    assert {handle: [row.number for row in rows] for handle, rows in heard.items()} == in_scope


@drops_sockets
async def test_a_phone_that_follows_ends_equal_to_the_server(stage: Stage) -> None:
    chance, reader = Random(3), await stage.actor("grid-worker-1")
    ports, held = stage.house.ports, dict[str, object]()

    async def phone(after: str | None) -> str:
        batch = await changes(after, 9, by=reader, ports=ports)
        assert not batch.reset
        held.update({_id(thing): thing for thing in batch.changed})
        for id_ in batch.removed:
            held.pop(id_, None)
        return batch.cursor

    await write(stage, "resident-2", 4)
    async with rivals(stage, chance), meanwhile(relay(stage)):
        writing = asyncio.gather(*(write(stage, "resident-1", 12) for _ in range(2)))
        cursor = await phone(None)
        async with asyncio.timeout(PATIENCE):
            while not writing.done() or not await _is_all_done(stage):
                cursor = await phone(cursor)
            await writing
    for _ in range(20):
        cursor = await phone(cursor)

    now, page = stage.clock(), PageRequest(100)
    requests = await ports.requests.page(RequestQuery(), page, seen_by=reader, at=now)
    tasks = await ports.tasks.page(TaskQuery(), page, seen_by=reader, at=now)
    notices = await ports.notices.page(page, seen_by=reader)
    assert held == {_id(thing): thing for thing in (*requests.rows, *tasks.rows, *notices.rows)}
    assert len(requests.rows) == 28


def _id(thing: Any) -> str:
    return str(thing.id)


async def _is_all_done(stage: Stage) -> bool:
    mongo = stage.house.mongo
    left = [mongo.collection("events").count_documents({"$or": [{"unnumbered": True}, {"relay": {"$exists": True}}]})]
    left.append(mongo.collection("notices").count_documents({"unnumbered": True}))
    return not any(await asyncio.gather(*left))


async def _have_heard_to_the_end(heard: Mapping[str, Sequence[FeedRow]], in_scope: Mapping[str, Sequence[int]]) -> bool:
    return all(rows and rows[-1].number >= in_scope[handle][-1] for handle, rows in heard.items())


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110  # the database says it when it is asked
            await asyncio.sleep(0.02)


async def test_a_change_that_closes_a_door_is_heard_by_whoever_stood_behind_it(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    head = await stage.number()
    worker, feed = await stage.actor("grid-worker-1"), stage.house.ports.feed
    await stage.do(assign_task, AssignTask, "dispatcher-1", task_id=task.id, assignee_id=stage.id_of("provider-worker-1"))

    [row] = await feed.rows(head, await stage.number(), 10, seen_by=worker)
    assert {id_ for id_, scopes in row.subjects if worker.may_open(scopes)} == {task.id, request.id}
    assert await stage.house.ports.tasks.by_ids([task.id], seen_by=worker) == []


async def test_rows_come_in_order_and_no_further_than_the_head(stage: Stage) -> None:
    for _ in range(5):
        await stage.submit()
    await stage.tell()
    feed, worker = stage.house.ports.feed, await stage.actor("grid-worker-1")
    assert await feed.head(stage.township) == 0
    assert await feed.rows(0, 0, 100, seen_by=worker) == []
    head = await stage.number()
    assert head == 10
    numbers = [row.number for row in await feed.rows(0, head, 100, seen_by=worker)]
    assert numbers == list(range(1, 11))
    assert [row.number for row in await feed.rows(2, 6, 3, seen_by=worker)] == [3, 4, 5]
    assert await feed.rows(head, head, 100, seen_by=worker) == []
    assert await feed.rows(0, head, 100, seen_by=NOBODY) == []


async def test_townships_are_numbered_apart(stage: Stage) -> None:
    other = await stage.plant_other()
    await stage.submit()
    sent = SubmitRequest(uuid4(), stage.item("stairwell-lamp"), "灯不亮")
    await submit_request(sent, by=await stage.signed_in("other-resident-1"), ports=stage.house.ports)
    assert await stage.house.sequencer.number() == 2
    assert [await stage.house.ports.feed.head(township) for township in (stage.township, other.township_code)] == [1, 1]


async def test_a_snapshot_is_everything_in_scope_by_id(stage: Stage) -> None:
    made = [await stage.submit() for _ in range(5)]
    await stage.tell()
    worker, feed = await stage.actor("grid-worker-1"), stage.house.ports.feed
    assert await feed.everything(Kind.REQUEST, "", 100, seen_by=worker) == made
    assert await feed.everything(Kind.REQUEST, made[1].id, 2, seen_by=worker) == made[2:4]
    assert len(await feed.everything(Kind.TASK, "", 100, seen_by=worker)) == 5
    assert len(await feed.everything(Kind.NOTICE, "", 100, seen_by=worker)) == 5
    assert await feed.everything(Kind.NOTICE, "", 100, seen_by=await stage.actor("resident-1")) == []


# ---- bells


@asynccontextmanager
async def listening(stage: Stage) -> AsyncIterator[MongoFeed]:
    """The feed with its listener running, and its change stream open."""
    feed, anybody = stage.house.feed, await stage.actor("administrator-1")
    async with aclosing(await ticks_of(feed, anybody)) as ticks, meanwhile(feed.listen()):
        async with asyncio.timeout(PATIENCE):
            await anext(ticks)  # all bells ring when the stream opens
        yield feed


async def ticks_of(feed: MongoFeed, reader: Actor) -> AsyncGenerator[None, None]:
    """A follower who has looked once and now waits."""
    ticks = feed.wakes(seen_by=reader)
    await anext(ticks)
    return ticks


async def is_woken(ticks: AsyncGenerator[None, None], within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            await anext(ticks)
    except TimeoutError:
        return False
    return True


CONCERNED = ("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1")
OTHERS = ("resident-2", "grid-worker-2", "grid-leader-2", "hub-host-1")


async def woken(stage: Stage, feed: MongoFeed, handles: tuple[str, ...], change: Callable[[], Awaitable[object]]) -> set[str]:
    """Which of them wake when the change is numbered."""
    waiting = {handle: await ticks_of(feed, await stage.actor(handle)) for handle in handles}
    await change()
    await stage.number()
    # Those who are concerned first: when they woke, the others would have, too.
    rung = await asyncio.gather(*(is_woken(ticks, A_WHILE if handle in OTHERS else PATIENCE) for handle, ticks in waiting.items()))
    for ticks in waiting.values():
        await ticks.aclose()
    return {handle for handle, has_rung in zip(waiting, rung, strict=True) if has_rung}


@drops_sockets
async def test_the_bell_rings_for_whom_a_change_concerns_and_for_nobody_else(stage: Stage) -> None:
    async with listening(stage) as feed:
        assert await woken(stage, feed, (*CONCERNED, *OTHERS), stage.submit) == set(CONCERNED)


@drops_sockets
async def test_it_does_so_for_one_change_after_the_other(stage: Stage) -> None:
    async with listening(stage) as feed:
        for _ in range(3):
            assert await woken(stage, feed, ("resident-4",), lambda: stage.submit("resident-4")) == {"resident-4"}
            assert await woken(stage, feed, (*CONCERNED, *OTHERS), stage.submit) == set(CONCERNED)


@drops_sockets
async def test_a_notice_wakes_its_owner(stage: Stage) -> None:
    await stage.submit()
    await stage.number()
    async with listening(stage) as feed:
        assert await woken(stage, feed, ("grid-worker-1",), stage.tell) == {"grid-worker-1"}


@drops_sockets
async def test_another_township_wakes_nobody_here(stage: Stage) -> None:
    await stage.plant_other()
    other = await stage.signed_in("other-resident-1")
    sent = SubmitRequest(uuid4(), stage.item("stairwell-lamp"), "灯不亮")
    async with listening(stage) as feed:
        assert await woken(stage, feed, OTHERS, lambda: submit_request(sent, by=other, ports=stage.house.ports)) == set()


async def test_nobody_is_never_woken_and_who_leaves_is_forgotten(stage: Stage) -> None:
    feed = MongoFeed(stage.house.mongo)
    assert [tick async for tick in feed.wakes(seen_by=NOBODY)] == []
    ticks = await ticks_of(feed, await stage.actor("resident-1"))
    assert len(feed._listeners) == 1
    await ticks.aclose()
    assert not feed._listeners


@drops_sockets
async def test_the_listener_goes_on_when_its_stream_ended_or_broke(stage: Stage) -> None:
    sequences = stage.house.mongo.collection("sequences")
    async with listening(stage) as feed:
        await stage.submit()
        head = await stage.number()
        await sequences.drop()  # which ends a stream for good
        await sequences.insert_one({"_id": stage.township, "value": head, "scopes": []})
        assert await woken(stage, feed, ("dispatcher-1",), stage.submit) == {"dispatcher-1"}
        await _kill_cursors(stage, "sequences")  # which is an error to whoever waits on one
        assert await woken(stage, feed, ("dispatcher-1",), stage.submit) == {"dispatcher-1"}


# ---- change streams


async def _cursors(stage: Stage, collection: str) -> list[int]:
    """The server's open cursors on a collection of ours."""
    admin: Any = stage.house.mongo.database.client.get_database("admin", read_concern=ReadConcern("local"))
    pipeline = [{"$currentOp": {"idleCursors": True}}, {"$match": {"ns": f"{stage.house.settings.mongodb_database}.{collection}"}}]
    pending = admin.aggregate(pipeline)
    cursor = await pending if asyncio.iscoroutine(pending) else pending
    return [int(row["cursor"]["cursorId"]) for row in await cursor.to_list() if "cursor" in row]


async def _kill_cursors(stage: Stage, collection: str) -> None:
    cursors = await _cursors(stage, collection)
    assert cursors
    await stage.house.mongo.database.command("killCursors", collection, cursors=cursors)


async def _has_no_cursor(stage: Stage, collection: str) -> bool:
    return not await _cursors(stage, collection)


async def _next_insert(stream: AsyncIterator[Any]) -> str:
    async with asyncio.timeout(PATIENCE):
        return str((await anext(stream))["documentKey"]["_id"])


async def test_a_watch_outlives_silence_and_a_lost_cursor_and_closes_what_it_opened(stage: Stage) -> None:
    words = stage.house.mongo.collection("words")
    async with stage.house.mongo.watch("words", [{"$match": {"operationType": "insert"}}]) as stream:
        await words.insert_one({"_id": "first", "township": stage.township})
        assert await _next_insert(stream) == "first"
        await _kill_cursors(stage, "words")
        await words.insert_one({"_id": "second", "township": stage.township})
        assert await _next_insert(stream) == "second"
        waiting = asyncio.create_task(_next_insert(stream))
        await asyncio.sleep(1.3)  # longer than one question to the server waits
        assert not waiting.done()
        await words.insert_one({"_id": "third", "township": stage.township})
        assert await waiting == "third"
    await until(lambda: _has_no_cursor(stage, "words"))


@drops_sockets
async def test_a_watch_that_is_left_in_the_middle_of_waiting_ends(stage: Stage) -> None:
    is_open = asyncio.Event()

    async def watch() -> None:
        async with stage.house.mongo.watch("words", []) as stream:
            is_open.set()
            async for _ in stream:
                raise AssertionError("nothing happened")

    watching = asyncio.create_task(watch())
    await is_open.wait()
    await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE):
        assert await ended(watching) == [None]
    await until(lambda: _has_no_cursor(stage, "words"))
