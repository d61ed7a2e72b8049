"""One act for many tasks: an answer for each, one refusal stops no other, and the whole is safe to repeat."""

from asyncio import gather
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest

from domain.access import Actor
from domain.commands import CommandOutcome as Outcome
from domain.errors import RefusalCode, Refused
from domain.posts import Absence
from domain.requests import Request
from domain.tasks import Task, TaskState
from resolvers.bulk import MOST_TASKS, BulkAssign, BulkItem, BulkNudge, bulk_assign, bulk_nudge
from resolvers.tasks import AssignTask, assign_task
from tests.reorganising import keep
from tests.resolvers.conftest import Deeds

NO_TASK = "task_990101101_" + "f" * 32
RACES, TASKS_RACED_FOR = 1_000, 10


async def assign(deeds: Deeds, sent: BulkAssign, by: str = "dispatcher-1") -> Sequence[BulkItem]:
    items: Sequence[BulkItem] = await deeds.do(bulk_assign, sent, by)
    return items


async def tasks_in_hand(deeds: Deeds, count: int) -> list[Task]:
    """Each of a request of its own, all with grid-worker-1."""
    return [await deeds.lead(await deeds.submit()) for _ in range(count)]


def outcomes(items: Sequence[BulkItem]) -> Counter[Outcome]:
    return Counter(item.outcome for item in items)


def codes(items: Sequence[BulkItem]) -> list[RefusalCode | None]:
    return [item.refusal.code if item.refusal else None for item in items]


async def test_two_hundred_are_assigned_in_one_call_and_a_repeat_changes_nothing(deeds: Deeds) -> None:
    tasks = await tasks_in_hand(deeds, MOST_TASKS - 2)
    ids = [tasks[0].id, NO_TASK, *(task.id for task in tasks[1:]), tasks[0].id]
    sent = BulkAssign(uuid4(), ids, deeds.id_of("grid-worker-2"), note="请您接手")

    items = await assign(deeds, sent)
    assert [item.task_id for item in items] == ids
    assert outcomes(items) == {Outcome.APPLIED: MOST_TASKS - 2, Outcome.REJECTED: 1, Outcome.DUPLICATE: 1}
    assert codes(items)[1] is RefusalCode.NOT_FOUND
    assert {item.subject.assignee_id for item in items if item.subject} == {deeds.id_of("grid-worker-2")}
    assert {item.subject.version for item in items if item.subject} == {2}

    before = await deeds.contents()
    again = await assign(deeds, sent)
    assert outcomes(again) == {Outcome.DUPLICATE: MOST_TASKS - 1, Outcome.REJECTED: 1}
    assert [item.subject for item in again] == [item.subject for item in items]
    assert await deeds.contents() == before


async def test_what_was_half_done_is_finished_by_the_same_call(deeds: Deeds) -> None:
    """A phone that lost the answer sends all of it again: what is done is done once."""
    ids = [task.id for task in await tasks_in_hand(deeds, 4)]
    half = BulkAssign(uuid4(), ids[:2], deeds.id_of("grid-worker-2"))
    await assign(deeds, half)

    assert [item.outcome.value for item in await assign(deeds, replace(half, task_ids=ids))] == [
        "DUPLICATE",
        "DUPLICATE",
        "APPLIED",
        "APPLIED",
    ]
    both = await gather(assign(deeds, replace(half, task_ids=ids)), assign(deeds, replace(half, task_ids=ids)))
    assert {item.outcome for items in both for item in items} == {Outcome.DUPLICATE}


async def test_each_is_refused_for_its_own_reason_and_the_others_go_on(deeds: Deeds) -> None:
    own, done, moved, other = [await deeds.brought_to(state) for state in ("ASSIGNED", "COMPLETED", "ACKNOWLEDGED", "ASSIGNED")]
    sent = BulkAssign(uuid4(), [own.id, done.id, moved.id, other.id], deeds.id_of("hub-host-1"), expected_versions=[1, 4, 1, 1])

    items = await assign(deeds, sent, "grid-leader-1")
    assert codes(items) == [None, RefusalCode.WRONG_STATE, RefusalCode.CONFLICT, None]
    assert items[2].outcome is Outcome.CONFLICT
    assert items[2].refusal is not None
    assert items[2].refusal.current == await deeds.lead(await request_of(deeds, moved))


async def request_of(deeds: Deeds, task: Task) -> Request:
    [found] = await deeds.ports.requests.by_ids([task.request_id or ""], seen_by=await deeds.actor("dispatcher-1"))
    return found


async def test_one_assignment_under_another_contents_is_a_mismatch(deeds: Deeds) -> None:
    [task] = await tasks_in_hand(deeds, 1)
    sent = BulkAssign(uuid4(), [task.id], deeds.id_of("grid-worker-2"))
    await assign(deeds, sent)

    assert codes(await assign(deeds, replace(sent, assignee_id=deeds.id_of("hub-host-1")))) == [RefusalCode.COMMAND_MISMATCH]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("taskIds", {"task_ids": [NO_TASK] * (MOST_TASKS + 1)}),
        ("assigneeId", {"by_router": True}),
        ("assigneeId", {"assignee_id": None}),
        ("expectedVersions", {"expected_versions": [1]}),
        ("note", {"note": "\x00"}),
    ],
)
async def test_what_makes_no_sense_is_refused_as_a_whole(field: str, changes: dict[str, object], deeds: Deeds) -> None:
    sent = replace(BulkAssign(uuid4(), [NO_TASK, NO_TASK], deeds.id_of("grid-worker-2")), **changes)  # type: ignore[arg-type]

    refusal = await deeds.refused(bulk_assign, sent, "dispatcher-1")
    assert (refusal.code, refusal.field) == (RefusalCode.INVALID_INPUT, field)


async def test_nobody_and_somebody_without_a_desk_move_nothing(deeds: Deeds) -> None:
    tasks = await tasks_in_hand(deeds, 2)
    sent = BulkAssign(uuid4(), [task.id for task in tasks], deeds.id_of("grid-worker-2"))

    assert (await deeds.refused(bulk_assign, sent, "nobody")).code is RefusalCode.SIGN_IN_REQUIRED
    assert (await deeds.refused(bulk_nudge, BulkNudge(uuid4(), sent.task_ids), "nobody")).code is RefusalCode.SIGN_IN_REQUIRED
    before = await deeds.contents()
    assert codes(await assign(deeds, sent, "resident-2")) == [RefusalCode.NOT_FOUND] * 2
    assert set(codes(await assign(deeds, sent, "resident-1"))) <= {RefusalCode.NOT_FOUND, RefusalCode.NOT_ALLOWED}
    assert codes(await deeds.do(bulk_nudge, BulkNudge(uuid4(), sent.task_ids), "grid-worker-1")) == [RefusalCode.NOT_ALLOWED] * 2
    assert await deeds.contents() == before


# --- By the router.


async def test_the_router_gives_each_to_whoever_serves_it_and_counts_what_it_gave(deeds: Deeds) -> None:
    tasks = await tasks_in_hand(deeds, 3)
    ids = [task.id for task in tasks]
    await assign(deeds, BulkAssign(uuid4(), ids, deeds.id_of("centre-clerk-1")))
    deeds.ports = replace(deeds.ports, load_limit=2)
    sent = BulkAssign(uuid4(), ids, by_router=True, note="按规则")

    items = await assign(deeds, sent)
    assert [item.subject.assignee_id for item in items if item.subject] == [
        deeds.id_of(handle) for handle in ("grid-worker-1", "grid-worker-1", "grid-leader-1")
    ]
    assert outcomes(await assign(deeds, sent)) == {Outcome.DUPLICATE: 3}


async def test_where_nobody_is_free_the_router_refuses_and_the_task_stays(deeds: Deeds) -> None:
    """All posts but the dispatcher's are vacant, and the dispatcher is on leave and at the desk all the same."""
    today = date(2026, 11, 23)
    dispatcher = deeds.id_of("dispatcher-1")
    posts = [replace(post, until=today) for post in deeds.planned.parts.appointments if post.person_id != dispatcher]
    leave = Absence("away_990101101_" + "1" * 32, deeds.planned.township_code, dispatcher, today, today + timedelta(days=1))
    await keep(deeds.house, deeds.planned.township_code, leave, *posts)
    task = await deeds.lead(await deeds.submit())
    assert task.state is TaskState.QUEUED

    [item] = await assign(deeds, BulkAssign(uuid4(), [task.id], by_router=True))
    assert (item.outcome, codes([item])) == (Outcome.REJECTED, [RefusalCode.WRONG_STATE])
    assert item.refusal is not None
    assert item.refusal.current == task


# --- Nudging.


async def test_the_desk_nudges_whoever_has_it_once_a_day(deeds: Deeds) -> None:
    assigned, done = await deeds.brought_to("ASSIGNED"), await deeds.brought_to("COMPLETED")
    ids = [assigned.id, done.id]

    first = await deeds.do(bulk_nudge, BulkNudge(uuid4(), ids, "进展如何？"), "dispatcher-1")
    assert codes(first) == [None, RefusalCode.WRONG_STATE]
    assert first[0].subject == replace(assigned, nudged_at=deeds.clock(), updated_at=deeds.clock(), version=assigned.version + 1)
    assert codes(await deeds.do(bulk_nudge, BulkNudge(uuid4(), ids[:1]), "grid-leader-1")) == [RefusalCode.LIMIT_REACHED]
    deeds.clock.advance(hours=14)  # past midnight in Shanghai
    assert codes(await deeds.do(bulk_nudge, BulkNudge(uuid4(), ids[:1]), "grid-leader-1")) == [None]


# --- Two at two desks.


async def races_over(deeds: Deeds, task: Task, desks: Sequence[Actor], count: int) -> Counter[int]:
    """So many times: each saw the same version, each names somebody else. How often which desk won."""
    hands = [deeds.id_of(handle) for handle in ("grid-worker-1", "grid-worker-2", "hub-host-1")]
    wins: Counter[int] = Counter()
    for _ in range(count):
        named = [hand for hand in hands if hand != task.assignee_id]
        sent = [AssignTask(uuid4(), task.id, hand, expected_version=task.version) for hand in named]
        racing = [assign_task(each, by=desk, ports=deeds.ports) for each, desk in zip(sent, desks, strict=True)]
        ends = await gather(*racing, return_exceptions=True)
        [lost] = [end for end in ends if isinstance(end, BaseException)]
        [(winner, won)] = [(number, end) for number, end in enumerate(ends) if not isinstance(end, BaseException)]
        assert isinstance(lost, Refused), lost
        assert (won.subject.assignee_id, won.subject.version) == (named[winner], task.version + 1)
        assert (lost.refusal.code, lost.refusal.current) == (RefusalCode.CONFLICT, won.subject)
        wins[winner] += 1
        task = won.subject
    assert await deeds.lead(await request_of(deeds, task)) == task
    assert await deeds.house.mongo.collection("events").count_documents({"task_id": task.id}) == task.version == count + 1
    return wins


async def test_of_two_who_assign_at_once_one_wins_and_the_other_is_shown_how_it_stands(deeds: Deeds) -> None:
    """A thousand times, over several tasks side by side."""
    tasks = await tasks_in_hand(deeds, TASKS_RACED_FOR)
    desks = [await deeds.actor("dispatcher-1"), await deeds.actor("secretary-2")]
    wins = await gather(*(races_over(deeds, task, desks, RACES // TASKS_RACED_FOR) for task in tasks))
    assert sum((each for each in wins), Counter()).total() == RACES
