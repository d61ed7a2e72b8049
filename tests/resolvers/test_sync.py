"""The feed: a phone that follows the cursors ends equal to the server, and is told nothing of anybody else."""

from uuid import uuid4

from domain.notices import Notice
from domain.requests import Request
from domain.sync import ChangeBatch, Position, stamp_of
from domain.tasks import Task
from resolvers.sync import changes
from resolvers.tasks import AcknowledgeTask, AssignTask, acknowledge_task, assign_task
from tests.resolvers.conftest import Deeds
from tests.resolvers.test_reads import told


class Phone:
    """What somebody's phone has, by following the feed in batches of a size."""

    def __init__(self, deeds: Deeds, handle: str, size: int = 100) -> None:
        self.deeds, self.handle, self.size = deeds, handle, size
        self.kept: dict[str, object] = {}
        self.cursor: str | None = None
        self.resets = 0

    async def batch(self) -> ChangeBatch:
        return await changes(self.cursor, self.size, by=await self.deeds.actor(self.handle), ports=self.deeds.ports)

    async def follow(self) -> "Phone":
        """Until nothing more is there."""
        while await self.deeds.house.sequencer.number():
            pass
        for _ in range(200):
            batch = await self.batch()
            if batch.reset:
                self.kept, self.resets = {}, self.resets + 1
            assert len(batch.changed) <= max(self.size, 2)
            self.kept |= {thing.id: thing for thing in batch.changed}  # type: ignore[attr-defined]  # all of them have one
            for id_ in batch.removed:
                self.kept.pop(id_, None)
            self.cursor = batch.cursor
            if not batch.more:
                return self
        raise AssertionError("the feed does not end")

    def has(self, kind: type[object]) -> int:
        return sum(isinstance(thing, kind) for thing in self.kept.values())


async def test_a_fresh_phone_is_told_everything_in_its_scope(deeds: Deeds) -> None:
    for _ in range(3):
        await deeds.submit()
    await deeds.submit(by="resident-2")
    await told(deeds)

    worker, resident = await Phone(deeds, "grid-worker-1").follow(), await Phone(deeds, "resident-1").follow()
    assert [worker.has(kind) for kind in (Request, Task, Notice)] == [4, 4, 4]
    assert [resident.has(kind) for kind in (Request, Task, Notice)] == [3, 3, 0]
    assert (await Phone(deeds, "resident-4").follow()).kept == {}


async def test_small_batches_tell_the_same_as_large_ones(deeds: Deeds) -> None:
    for _ in range(4):
        await deeds.submit()
    await told(deeds)
    large = await Phone(deeds, "grid-worker-1").follow()

    for size in (1, 2, 3, 5):
        assert (await Phone(deeds, "grid-worker-1", size).follow()).kept == large.kept


async def test_what_changed_since_is_told_once_and_as_it_is_now(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    for size in (1, 100):
        phone = await Phone(deeds, "grid-worker-1", size).follow()
        other = await deeds.brought_to("IN_PROGRESS")
        await phone.follow()
        seen = phone.kept[other.id]
        assert isinstance(seen, Task)
        assert seen.state.value == "IN_PROGRESS"
        assert task.id in phone.kept


async def test_one_batch_names_each_thing_once(deeds: Deeds) -> None:
    phone = await Phone(deeds, "grid-worker-1").follow()
    task = await deeds.brought_to("COMPLETED")
    while await deeds.house.sequencer.number():
        pass
    batch = await phone.batch()

    ids = [thing.id for thing in batch.changed if isinstance(thing, Request | Task)]
    assert (len(ids), set(ids)) == (2, {task.id, task.request_id})
    assert (batch.removed, batch.more, batch.reset) == ((), False, False)


async def test_what_left_the_scope_is_removed(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    phone, leader = await Phone(deeds, "grid-worker-1").follow(), await Phone(deeds, "secretary-1").follow()
    await deeds.do(assign_task, AssignTask(uuid4(), task.id, deeds.id_of("grid-worker-2")), "dispatcher-1")

    assert (await phone.follow()).kept == {}
    assert len((await leader.follow()).kept) == 2
    assert (phone.resets, leader.resets) == (0, 0)


async def test_nothing_is_told_of_what_was_never_in_scope_not_even_that_it_is_gone(deeds: Deeds) -> None:
    phone = await Phone(deeds, "resident-4").follow()
    await deeds.brought_to("COMPLETED")
    while await deeds.house.sequencer.number():
        pass
    batch = await phone.batch()

    assert (batch.changed, batch.removed) == ((), ())


async def test_with_other_rights_the_phone_starts_from_nothing(deeds: Deeds) -> None:
    await deeds.brought_to("ASSIGNED")
    phone = await Phone(deeds, "grid-worker-1").follow()
    person = deeds.id_of("grid-worker-1")
    await deeds.house.mongo.collection("appointments").update_one({"person_id": person}, {"$set": {"until": "2026-11-23"}})
    await deeds.house.mongo.collection("townships").update_many({}, {"$set": {"stamp": uuid4().hex}})

    assert (await phone.follow()).kept == {}
    assert phone.resets == 1


async def test_a_cursor_from_before_the_database_was_set_back_starts_from_nothing(deeds: Deeds) -> None:
    await deeds.brought_to("ASSIGNED")
    phone = await Phone(deeds, "grid-worker-1").follow()
    phone.cursor = Position(stamp_of(await deeds.actor("grid-worker-1")), 10_000).encode()

    assert len((await phone.follow()).kept) == 2
    assert phone.resets == 1


async def test_whoever_did_not_sign_in_hears_nothing(deeds: Deeds) -> None:
    batch = await changes(None, 100, by=await deeds.actor("nobody"), ports=deeds.ports)

    assert (batch.changed, batch.removed, batch.more, batch.reset) == ((), (), False, False)


async def test_what_changes_while_the_phone_reads_everything_is_told_after_it(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    await deeds.submit()
    phone = Phone(deeds, "grid-worker-1", size=1)
    first = await phone.batch()
    phone.cursor, phone.kept = first.cursor, {}
    await deeds.do(acknowledge_task, AcknowledgeTask(uuid4(), task.id), "grid-worker-1")
    await phone.follow()
    seen = phone.kept[task.id]

    assert isinstance(seen, Task)
    assert seen.state.value == "ACKNOWLEDGED"


async def test_a_shielded_request_is_told_without_whoever_asked(deeds: Deeds) -> None:
    request = await deeds.submit("staff-conduct")
    phone = await Phone(deeds, "secretary-1").follow()
    seen = phone.kept[request.id]

    assert isinstance(seen, Request)
    assert (seen.submitted_by_id, seen.household_id) == (None, None)
