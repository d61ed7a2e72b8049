"""The outbox: an act is in one hand at a time, and whoever dies with one gives it back by the passing of time."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from adapters.mongo.outbox import MongoOutbox
from domain.events import EventKind
from domain.ids import Kind, derived
from domain.notices import Notice, NoticeKind
from domain.outbox import Owed
from resolvers.tasks import AcknowledgeTask, acknowledge_task
from tests.adapters.stage import Stage

LEASE = 60.0


def a_hand(stage: Stage, mark: str) -> MongoOutbox:
    """The outbox as another relay holds it."""
    return MongoOutbox(stage.house.mongo, stage.house.devices, mark=mark)


async def claim(outbox: MongoOutbox, stage: Stage, *, limit: int = 100, lease: float = LEASE) -> Sequence[Owed]:
    return await outbox.claim(at=stage.clock(), limit=limit, lease_seconds=lease)


def ids(owed: Sequence[Owed]) -> list[str]:
    return [row.event.id for row in owed]


async def some_acts(stage: Stage, count: int) -> list[str]:
    for _ in range(count):
        await stage.submit()
    return [document["_id"] for document in await stage.find("events")]


async def test_what_is_owed_comes_with_the_act_and_the_case_as_it_is_now(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    await stage.do(acknowledge_task, AcknowledgeTask, "grid-worker-1", task_id=task.id)
    [now] = await stage.tasks_of(request)

    submitted, acknowledged = await claim(a_hand(stage, "one"), stage)
    assert (submitted.event.kind, acknowledged.event.kind) == (EventKind.REQUEST_SUBMITTED, EventKind.TASK_ACKNOWLEDGED)
    assert submitted.case.request is not None
    assert submitted.case.request.id == request.id
    assert submitted.case.tasks == acknowledged.case.tasks == (now,)
    assert (submitted.tries, submitted.phones) == (0, None)


async def test_no_act_is_in_two_hands(stage: Stage) -> None:
    acts = await some_acts(stage, 60)
    hands = [a_hand(stage, f"hand-{number}") for number in range(4)]

    async def take_all(hand: MongoOutbox) -> list[str]:
        taken: list[str] = []
        for _ in range(12):
            taken += ids(await claim(hand, stage, limit=7))
        return taken

    taken = await asyncio.gather(*(take_all(hand) for hand in hands))
    assert sorted(id_ for some in taken for id_ in some) == acts
    assert sum(bool(some) for some in taken) > 1


async def test_a_lease_that_ended_gives_the_act_to_the_next(stage: Stage) -> None:
    acts = await some_acts(stage, 3)
    dead, next_one = a_hand(stage, "dead"), a_hand(stage, "next")
    in_the_dead_hand = await claim(dead, stage)

    assert ids(in_the_dead_hand) == acts
    stage.clock.advance(seconds=LEASE - 1)
    assert await claim(next_one, stage) == []
    stage.clock.advance(seconds=1)
    assert ids(await claim(next_one, stage)) == acts

    # Should the dead come back to life, it is too late to settle anything.
    await dead.done(in_the_dead_hand)
    await dead.later(in_the_dead_hand[0], frozenset(), due_at=stage.clock())
    await dead.park(in_the_dead_hand[1], at=stage.clock())
    assert await stage.count("events", **{"relay.claimed_by": "next", "relay.tries": 0}) == 3
    assert await dead.parked() == 0


async def test_what_is_done_is_owed_no_more(stage: Stage) -> None:
    await some_acts(stage, 3)
    hand = a_hand(stage, "one")
    first, *others = await claim(hand, stage)
    await hand.done([first])
    assert await stage.count("events", relay={"$exists": True}) == 2
    await hand.done(others)
    stage.clock.advance(days=1)
    assert await claim(hand, stage) == []
    assert await stage.count("events", relay={"$exists": True}) == 0
    await hand.done([])


async def test_later_comes_back_when_it_is_due_for_those_phones_only(stage: Stage) -> None:
    await some_acts(stage, 1)
    hand, other = a_hand(stage, "one"), a_hand(stage, "other")
    [owed] = await claim(hand, stage)
    due_at = stage.clock() + timedelta(seconds=20)
    await hand.later(owed, frozenset({"phone-2", "phone-1"}), due_at=due_at)

    assert await claim(other, stage) == []
    stage.clock.now = due_at
    [again] = await claim(other, stage)
    assert (again.event, again.tries, again.phones) == (owed.event, 1, frozenset({"phone-1", "phone-2"}))


async def test_what_was_given_up_is_counted_and_kept_and_never_claimed(stage: Stage) -> None:
    await some_acts(stage, 2)
    hand = a_hand(stage, "one")
    first, second = await claim(hand, stage)
    await hand.park(first, at=stage.clock())
    await hand.done([second])

    assert await hand.parked() == 1
    stage.clock.advance(days=30)
    assert await claim(hand, stage) == []
    [document] = await stage.find("events", _id=first.event.id)
    assert document["relay"] == {"tries": 0, "parked_at": stage.clock() - timedelta(days=30)}


async def test_the_longest_due_is_claimed_first(stage: Stage) -> None:
    acts = await some_acts(stage, 5)
    hand = a_hand(stage, "one")
    assert ids(await claim(hand, stage, limit=2)) == acts[:2]
    assert ids(await claim(hand, stage, limit=2)) == acts[2:4]
    assert ids(await claim(hand, stage, limit=2)) == acts[4:]


async def test_an_act_that_cannot_be_read_is_parked_and_the_others_go_on(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    acts = await some_acts(stage, 3)
    await stage.house.mongo.collection("events").update_one({"_id": acts[1]}, {"$set": {"kind": "NobodyKnowsThis"}})
    hand = a_hand(stage, "one")
    with caplog.at_level(logging.CRITICAL):
        assert ids(await claim(hand, stage)) == [acts[0], acts[2]]
    assert await hand.parked() == 1


async def test_a_notice_that_is_there_already_stays_as_it_is(stage: Stage) -> None:
    [act] = await some_acts(stage, 1)
    outbox, at = stage.house.outbox, stage.clock()
    people = [stage.id_of("grid-worker-1"), stage.id_of("grid-leader-1")]
    notices = [_notice(stage, act, person_id, at) for person_id in people]
    await outbox.tell(notices[:1])
    await stage.house.mongo.collection("notices").update_one({"_id": notices[0].id}, {"$set": {"read_at": at}})

    await outbox.tell(notices)
    assert {(document["person_id"], document["read_at"]) for document in await stage.find("notices")} == {
        (people[0], at),
        (people[1], None),
    }
    await outbox.tell([])
    await asyncio.gather(*(a_hand(stage, f"{number}").tell(notices) for number in range(5)))
    assert await stage.count("notices") == 2


def _notice(stage: Stage, event_id: str, person_id: str, at: datetime) -> Notice:
    id_ = derived(Kind.NOTICE, event_id, person_id)
    return Notice(id_, stage.township, person_id, NoticeKind.TASK_ASSIGNED, "楼道灯报修", event_id, at)
