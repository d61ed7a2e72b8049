"""The same feed, pushed over a socket: at once to whom it concerns, and not to whom it does not any more."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, act, end_posts, submit, titles

PATIENCE = 60.0
"""Seconds: whatever takes longer hangs."""
LIVE = """subscription($after: String) { liveChanges(after: $after) {
  cursor reset removed changed { __typename id ... on Task { state } ... on Notice { title } }
} }"""


class Line:
    """One open subscription."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def ask(self, id_: str, document: str, **variables: object) -> None:
        """Something more, on the same line."""
        await self._socket.send(json.dumps({"id": id_, "type": "subscribe", "payload": {"query": document, "variables": variables}}))

    async def hear(self) -> Answer:
        """The next message."""
        async with asyncio.timeout(PATIENCE):
            message: Answer = json.loads(await self._socket.recv())
        return message

    async def batch(self) -> Answer:
        """The next batch of changes."""
        message = await self.hear()
        assert message["type"] == "next", message
        batch: Answer = message["payload"]["data"]["liveChanges"]
        return batch

    async def until(self, *ids: str) -> list[Answer]:
        """Batches until all these ids were told."""
        batches: list[Answer] = []
        while not set(ids) <= told(batches):
            batches.append(await self.batch())
        return batches


def told(batches: list[Answer]) -> set[str]:
    return {thing["id"] for batch in batches for thing in batch["changed"]} | {f"-{id_}" for batch in batches for id_ in batch["removed"]}


@asynccontextmanager
async def listening(town: Town, player: Player, after: str | None = None) -> AsyncIterator[Line]:
    """Somebody's phone on the line."""
    url = town.served.base.replace("http://", "ws://") + "/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None, open_timeout=PATIENCE) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": dict(player._headers)}))
        line = Line(socket)
        assert (await line.hear())["type"] == "connection_ack"
        await line.ask("live", LIVE, after=after)
        yield line


async def cursor_of(player: Player) -> str:
    """Where the feed stands for somebody who has everything."""
    batch = (await player.ask("{ changes { cursor more } }"))["changes"]
    assert not batch["more"]
    cursor: str = batch["cursor"]
    return cursor


async def test_a_new_task_is_there_without_asking(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    async with listening(town, worker, await cursor_of(worker)) as line:
        matter = await submit(town, resident)
        await town.settle()

        batches = await line.until(matter.task_id, matter.request_id)

        assert [batch["reset"] for batch in batches] == [False] * len(batches)
        await act(worker, "acknowledgeTask", matter)
        await town.settle()
        [*_, last] = await line.until(matter.task_id)
    assert {"__typename": "Task", "id": matter.task_id, "state": "ACKNOWLEDGED"} in last["changed"]


async def test_a_phone_that_knows_nothing_is_told_everything_first(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident)
    await town.settle()

    async with listening(town, worker) as line:
        batch = await line.batch()

    assert {thing["__typename"] for thing in batch["changed"]} == {"Request", "Task", "Notice"}
    assert {matter.task_id, matter.request_id} < told([batch])


async def test_a_notice_speaks_the_language_of_the_socket(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    english = await town.person("grid-worker-1", language="en")
    await submit(town, resident)
    await town.settle()

    async with listening(town, english) as line:
        [title] = [thing["title"] for thing in (await line.batch())["changed"] if thing["__typename"] == "Notice"]

    assert ([title], await titles(worker)) == (["New task"], ["新工单"])


async def test_it_comes_to_whom_it_concerns_and_to_nobody_else(town: Town) -> None:
    resident, here, there = await town.people("resident-1", "grid-worker-1", "grid-worker-2")
    neighbour = await town.person("resident-4")
    async with listening(town, here, await cursor_of(here)) as line, listening(town, there, await cursor_of(there)) as other:
        mine, theirs = await submit(town, resident), await submit(town, neighbour)
        await town.settle()

        heard, heard_there = await line.until(mine.task_id), await other.until(theirs.task_id)

    assert theirs.task_id not in told(heard)
    assert theirs.request_id not in told(heard)
    assert mine.task_id not in told(heard_there)


async def test_whoever_lost_the_post_hears_nothing_more_of_it(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    before = await submit(town, resident)
    await town.settle()
    async with listening(town, worker, await cursor_of(worker)) as line, listening(town, leader, await cursor_of(leader)) as above:
        await end_posts(town, "grid-worker-1")
        after = await submit(town, resident)
        await act(leader, "assignTask", before, assigneeId=town.id_of("grid-leader-1"))
        await town.settle()

        await above.until(after.task_id, before.task_id)
        heard = [await line.batch()]
        assert heard[0]["reset"]
        try:
            async with asyncio.timeout(1):
                while True:
                    heard.append(await line.batch())
        except TimeoutError:
            pass

    told_of = {thing["__typename"] for batch in heard for thing in batch["changed"]}
    assert told_of <= {"Notice"}
    assert not {after.task_id, after.request_id, before.task_id, before.request_id} & told(heard)


async def test_whoever_did_not_sign_in_is_not_followed_by_anything(town: Town) -> None:
    resident = await town.person("resident-1")
    await submit(town, resident)
    await town.settle()

    async with listening(town, town.stranger()) as line:
        assert (await line.hear())["type"] == "complete"
