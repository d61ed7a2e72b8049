"""Sums are kept up with the feed, each event once, whoever else counts and whoever is killed; the history tells what is stored."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from uuid import uuid4

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from adapters.mongo import replay
from adapters.mongo.calendars import MongoCalendars
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.figures import MongoFigures
from adapters.mongo.replay import MongoHistories
from adapters.mongo.tallies import BATCH, FIRST_EDITION, Head, MongoTallies
from domain.contacts import RevealReason
from domain.events import EventKind
from domain.households import Reach
from domain.ids import Kind
from domain.requests import Grade, Verdict
from domain.tallies import EDITION
from domain.tasks import ContactKind, Outcome, ReturnReason
from resolvers.contacts import RevealContact, SetContact, reveal_contact, set_contact
from resolvers.requests import AnswerFollowUp, answer_follow_up
from resolvers.tasks import (
    AcknowledgeTask,
    CompleteTask,
    DecideReturn,
    ReturnTask,
    StartTask,
    VerifyTask,
    acknowledge_task,
    complete_task,
    decide_return,
    return_task,
    start_task,
    verify_task,
)
from server.loops import end
from server.wiring import build_house
from tests.adapters.stage import Stage
from tests.conftest import drops_sockets


async def count(stage: Stage) -> None:
    await stage.number()
    while await stage.house.tallies.count():
        pass


def counting_by(stage: Stage, *, edition: int = EDITION, batch: int = BATCH) -> MongoTallies:
    """A rival, or the release after, beside the one of the house."""
    mongo = stage.house.mongo
    return MongoTallies(mongo, MongoHistories(mongo), MongoCalendars(mongo), edition=edition, batch=batch)


async def are_right(stage: Stage) -> bool:
    """Whether the sums that are kept are those that the history makes, case by case."""
    head, kept = await stage.house.tallies.kept(stage.township)
    return _nonzero(kept) == _nonzero(await stage.house.tallies.recounted(head))


def _nonzero(counts: Counter[tuple[str, str, str]]) -> dict[tuple[str, str, str], int]:
    return {cell: number for cell, number in counts.items() if number}


async def live_through(stage: Stage, handle: str, chance: Random) -> None:
    """A matter from asking to somewhere on its way."""
    own = SetContact(uuid4(), Reach.PHONE, phone="138 1234 5678")
    await set_contact(own, by=await stage.actor(handle), ports=stage.house.ports)
    request = await stage.submit(handle)
    [task] = await stage.tasks_of(request)
    worker = "grid-worker-1"
    if chance.random() < 0.3:
        await stage.do(return_task, ReturnTask, worker, task_id=task.id, reason=ReturnReason.NOT_MY_ITEM, note="不归我管")
        await stage.do(decide_return, DecideReturn, "dispatcher-1", task_id=task.id, approved=False, reason="归您")
    else:
        await stage.do(acknowledge_task, AcknowledgeTask, worker, task_id=task.id)
    for _ in range(chance.choice([0, 0, 1, 2])):
        await reveal(stage, task.id)
    verdicts = chance.choice([[], [Verdict.SOLVED], [Verdict.NOT_SOLVED, Verdict.SOLVED]])
    await stage.do(start_task, StartTask, worker, task_id=task.id, contact=ContactKind.CALL)
    for verdict in verdicts:
        await stage.do(complete_task, CompleteTask, worker, task_id=task.id, outcome=Outcome.SOLVED, note="换了灯泡")
        await stage.do(verify_task, VerifyTask, "grid-leader-1", task_id=task.id, passed=True)
        await stage.do(answer_follow_up, AnswerFollowUp, handle, request_id=request.id, verdict=verdict, grade=Grade.SATISFIED)


async def reveal(stage: Stage, task_id: str) -> None:
    stage.clock.advance(minutes=1)
    sent = RevealContact(uuid4(), task_id, RevealReason.ARRANGE_VISIT)
    await reveal_contact(sent, by=await stage.actor("grid-worker-1"), ports=stage.house.ports)


async def test_sums_follow_every_act_and_counting_anew_makes_the_same(stage: Stage) -> None:
    chance = Random(5)
    for _ in range(8):
        await live_through(stage, chance.choice(["resident-1", "resident-2"]), chance)
        if chance.random() < 0.5:
            await count(stage)
    await count(stage)

    head, kept = await stage.house.tallies.kept(stage.township)
    root = stage.planned.parts.units[0].id
    assert kept[root, "2026-11", "requests"] == kept[root, "2026-11-23", "requests"] == 8
    assert kept[root, "2026-11", "reveals"] == await stage.count("readings") > 0
    assert await are_right(stage)

    again = await stage.house.tallies.begin_anew(stage.township)
    assert (again.seq, again.turn) == (0, head.turn + 1)
    assert (await stage.house.tallies.kept(stage.township))[1] == Counter()
    assert await stage.house.tallies.head(stage.township) == head, "until then the sums that there are are shown"
    await count(stage)
    assert (await stage.house.tallies.head(stage.township)).turn == again.turn
    assert {document["_id"].startswith(again.beginning) for document in await stage.find("tallies")} == {True}
    assert _nonzero((await stage.house.tallies.kept(stage.township))[1]) == _nonzero(kept)
    assert await stage.house.tallies.count() == 0


@drops_sockets
async def test_rivals_that_are_killed_at_any_moment_count_each_event_once(stage: Stage) -> None:
    chance, fate, house = Random(8), Random(9), stage.house

    async def rival() -> None:
        counting = counting_by(stage, batch=3)
        while True:
            await counting.count()
            await asyncio.sleep(0.002)

    everybody: list[asyncio.Task[None]] = []

    async def kill() -> None:
        while True:
            running = [asyncio.create_task(rival()) for _ in range(3)]
            everybody.extend(running)
            await asyncio.sleep(fate.uniform(0.02, 0.2))
            await end(*running)

    killing = asyncio.create_task(kill())
    for _ in range(6):
        await live_through(stage, "resident-1", chance)
        await stage.number()
    killing.cancel()
    with suppress(asyncio.CancelledError):
        await killing
    await end(*everybody)
    await count(stage)

    assert (await house.tallies.head(stage.township)).seq == await house.ports.feed.head(stage.township)
    assert await are_right(stage)


async def test_a_release_that_counts_more_counts_anew_by_itself_and_shows_no_half(stage: Stage) -> None:
    chance, house, root = Random(3), stage.house, stage.planned.parts.units[0].id
    before = house.tallies
    for _ in range(3):
        await live_through(stage, "resident-1", chance)
    await count(stage)
    shown = await before.head(stage.township)

    after = counting_by(stage, edition=EDITION + 1, batch=2)
    await after.count()
    assert await after.head(stage.township) == shown, "not the half that was counted anew"
    await live_through(stage, "resident-2", chance)
    await count(stage)
    assert (await before.head(stage.township)).seq > shown.seq, "the release before goes on beside it, with its own"
    while await after.count():
        pass

    head = await after.head(stage.township)
    assert (head.edition, head.seq) == (EDITION + 1, await house.ports.feed.head(stage.township))
    assert (await after.of(head, [root], ["2026-11"]))[root, "2026-11"]["requests"] == 4
    assert (await before.head(stage.township)).edition == EDITION, "and whoever goes back finds what there was"


async def test_whoever_is_not_shown_a_matter_reads_no_half_and_nothing_below_nothing_while_it_is_counted_anew(stage: Stage) -> None:
    """What is hidden is taken off by today's rules, from sums of yesterday's that knew neither all of them nor what came since."""
    root, month = stage.planned.parts.units[0].id, "2026-11"
    after = counting_by(stage, edition=EDITION + 1, batch=2)
    figures = MongoFigures(stage.house.mongo, after)

    async def read() -> dict[str, Counter[str]]:
        people = ("dispatcher-1", "secretary-2")
        return {by: (await figures.sums([root], [month], seen_by=await stage.actor(by)))[root].get(month, Counter()) for by in people}

    def told(sums: dict[str, Counter[str]], name: str) -> list[int]:
        return [counts[name] for counts in sums.values()]

    about_her = {"item": "staff-conduct", "about_person_id": stage.id_of("secretary-2")}
    await stage.submit("resident-1", **about_her)
    for _ in range(3):
        await stage.submit("resident-2")
    await count(stage)
    not_counted_then: Document = {"$unset": {"counts.tasks": ""}}
    await stage.house.mongo.collection("tallies").update_many({}, not_counted_then)
    assert told(await read(), "requests") == [4, 3]

    await stage.submit("resident-2", **about_her)
    await stage.number()
    await after.count()
    assert (await after.counting(stage.township)).seq == 2, "of five"
    half = await read()
    assert (told(half, "requests"), told(half, "tasks")) == ([4, 3], [0, 0])
    assert min(number for counts in half.values() for number in counts.values()) >= 0

    while await after.count():
        pass
    whole = await read()
    assert (told(whole, "requests"), told(whole, "tasks")) == ([5, 3], [5, 3])


async def test_sums_of_two_releases_ago_are_removed(stage: Stage) -> None:
    await stage.submit()
    await stage.number()
    house = stage.house
    old = {"township": stage.township, "unit_id": "unit", "period": "2026-11", "counts": {"requests": 1}}
    await house.mongo.collection("tallies").insert_one({"_id": f"{stage.township}/000001/unit/2026-11", **old})
    await house.mongo.collection("tally_heads").insert_one({"_id": stage.township, "seq": 5, "turn": 1})

    second, third, fourth = (FIRST_EDITION + number for number in (1, 2, 3))
    for edition in (second, third, fourth):
        counting = counting_by(stage, edition=edition)
        while await counting.count():
            pass
        await counting.count()
        kept = {document["_id"].split("/")[1] for document in await stage.find("tallies")}
        assert kept == {f"e{edition:03}", f"e{edition - 1:03}" if edition > second else "000001"}
    [document] = await stage.find("tally_heads")
    assert (document["seq"], sorted(document["counted"])) == (0, [f"e{third}t1", f"e{fourth}t1"])


class Late(MongoTallies):
    """Has read what is outdated, and sets about it when the story says so."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__(mongo, MongoHistories(mongo), MongoCalendars(mongo))
        self.has_read, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def _forget_outdated(self, head: Head, heads: Sequence[Head]) -> None:
        self.has_read.set()
        await self.may_go_on.wait()
        await super()._forget_outdated(head, heads)


class KilledAt(CommandListener):
    """Kills a task at the moment at which it sends such a command."""

    def __init__(self, command: str) -> None:
        self._command, self._loop = command, asyncio.get_running_loop()
        self.task: asyncio.Task[int] | None = None

    def started(self, event: CommandStartedEvent) -> None:
        if self.task is not None and event.command_name == self._command:
            self._loop.call_soon_threadsafe(self.task.cancel)

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


@drops_sockets
async def test_whoever_comes_too_late_to_forget_what_is_outdated_and_dies_of_it_leaves_the_figures_readable(stage: Stage) -> None:
    await stage.submit()
    await count(stage)
    again = await stage.house.tallies.begin_anew(stage.township)
    await stage.house.tallies.count()
    killed = KilledAt("delete")
    house = build_house(stage.house.settings, listeners=[killed])
    late = Late(house.mongo)

    killed.task = asyncio.create_task(late.count())
    await late.has_read.wait()
    await stage.house.tallies.count()
    late.may_go_on.set()
    await asyncio.gather(killed.task, return_exceptions=True)
    await house.close()

    assert (await stage.house.tallies.head(stage.township)).turn == again.turn
    assert await are_right(stage)
    await stage.house.tallies.count()
    [kept] = await stage.find("tally_heads")
    assert list(kept["counted"]) == [f"e{EDITION}t{again.turn}"]


async def test_a_look_is_counted_once_and_still_when_the_log_of_it_is_gone(stage: Stage) -> None:
    house, root = stage.house, stage.planned.parts.units[0].id
    await live_through(stage, "resident-1", Random(3))
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    await count(stage)
    before = (await house.tallies.kept(stage.township))[1]

    for _ in range(2):
        await reveal(stage, task.id)
    await count(stage)
    _, after = await house.tallies.kept(stage.township)
    assert {name: after[root, "2026-11", name] - before[root, "2026-11", name] for name in ("reveals", "reveals_unused", "requests")} == {
        "reveals": 2,
        "reveals_unused": 2,
        "requests": 0,
    }
    await stage.do(acknowledge_task, AcknowledgeTask, "grid-worker-1", task_id=task.id)
    await stage.do(start_task, StartTask, "grid-worker-1", task_id=task.id, contact=ContactKind.CALL)
    await count(stage)
    assert (await house.tallies.kept(stage.township))[1][root, "2026-11", "reveals_unused"] == before[root, "2026-11", "reveals_unused"]

    for event in await stage.find("events", kind=EventKind.CONTACT_REVEALED.value):
        assert (event["actor_id"], event["acting_for_id"], event["scopes"], event["changes"]) == (None, None, [], [])
    await house.mongo.collection("readings").delete_many({"township": stage.township})
    assert await are_right(stage)
    assert [found async for found in house.histories.differing(stage.township)] == []


async def test_townships_are_counted_apart(stage: Stage) -> None:
    await stage.plant_other()
    await stage.submit()
    await count(stage)

    assert await stage.house.tallies.townships() == [stage.township]
    assert {document["township"] for document in await stage.find("tallies")} == {stage.township}


async def test_work_that_nobody_asked_for_is_counted_by_itself(stage: Stage) -> None:
    """Two tasks without a request, as events tell of them."""
    request = await stage.submit()
    [task] = await stage.find("tasks")
    [event] = await stage.find("events")
    for number in range(2):
        alone = {**task, "_id": stage.house.ports.ids.new(Kind.TASK, stage.township, stage.clock()), "request_id": None, "askers": []}
        told = {"id": alone["_id"], "fields": alone}
        made = {**event, "_id": stage.new_event_id(), "request_id": None, "task_id": alone["_id"], "changes": [told]}
        seen = {"subjects": [{"id": alone["_id"], "scopes": []}], "kind": EventKind.TASK_ASSIGNED.value, "n": number}
        await stage.house.mongo.collection("events").insert_one({**made, **seen})
        await stage.house.mongo.collection("tasks").insert_one(alone)
    await count(stage)

    _, kept = await stage.house.tallies.kept(stage.township)
    assert {name: kept[request.owner_path[-1], "2026-11-23", name] for name in ("requests", "tasks", "proactive")} == {
        "requests": 1,
        "tasks": 3,
        "proactive": 2,
    }
    assert await are_right(stage)
    assert [found async for found in stage.house.histories.differing(stage.township)] == []


async def test_what_is_not_as_its_history_tells_is_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BATCH", 2)
    asked = [await stage.submit() for _ in range(5)]
    tasks = {task["request_id"]: task["_id"] for task in await stage.find("tasks")}
    mongo = stage.house.mongo
    await mongo.collection("requests").update_one(
        {"_id": asked[1].id}, {"$set": {"verdict": "SOLVED", "rework_count": 1, "of_no_request": 1}}
    )
    await mongo.collection("tasks").update_one({"_id": tasks[asked[3].id]}, {"$unset": {"outcome": ""}})
    await mongo.collection("events").delete_one({"request_id": asked[4].id})

    found = {id_: fields async for id_, fields in stage.house.histories.differing(stage.township)}

    assert found[asked[1].id] == ("rework_count", "verdict")
    assert found[tasks[asked[3].id]] == ("outcome",)
    assert {asked[4].id, tasks[asked[4].id]} < set(found)
    assert len(found) == 4


async def test_an_act_between_two_readings_is_no_difference(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document was read before an act, and its events after it."""
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    read = MongoHistories.of

    async def with_an_act_before(self: MongoHistories, *given: object, **more: object) -> object:
        with suppress(Exception):
            await stage.do(acknowledge_task, AcknowledgeTask, "grid-worker-1", task_id=task.id)
        return await read(self, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(MongoHistories, "of", with_an_act_before)
    assert [found async for found in stage.house.histories.differing(stage.township)] == []


async def test_sums_of_a_long_period_are_read_by_the_month(stage: Stage) -> None:
    await stage.submit()
    await count(stage)
    head, root = await stage.house.tallies.head(stage.township), stage.planned.parts.units[0].id

    sums = await stage.house.tallies.of(head, [root, str(uuid4())], ["2026-10", "2026-11", "2026-11-23", "2026-11-24"])

    assert sorted(period for _, period in sums) == ["2026-11", "2026-11-23", "2026-11-24"]
    assert await stage.house.tallies.added_by(head, []) == Counter()
