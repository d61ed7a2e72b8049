"""The desk's board: every open task lies where somebody will look for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.board import NEVER, PILES, BoardQueue, Pile, QueueKind, look, pile_of
from domain.lifecycle import Verb
from domain.tasks import OVER, PAUSED, Task, TaskState
from tests.domain.cast import MONDAY, REPORT_OF_DONE, deed_of, moment, standing_in

SOON = MONDAY + timedelta(days=1, hours=7)


def queues_of(task: Task) -> set[QueueKind]:
    """The queues that show the task on Monday morning."""
    return {
        kind
        for kind in QueueKind
        if look(BoardQueue(kind, task.owner_id, task.township), at=MONDAY, soon=SOON, published_until=NEVER).shows(task)
    }


def due_in(state: TaskState, **time: float) -> Task:
    return replace(standing_in(state).tasks[0], due_at=MONDAY + timedelta(**time))


@pytest.mark.parametrize(
    ("state", "queues"),
    [
        (TaskState.QUEUED, {QueueKind.UNROUTED}),
        (TaskState.ASSIGNED, {QueueKind.UNACKNOWLEDGED}),
        (TaskState.ACKNOWLEDGED, set()),
        (TaskState.IN_PROGRESS, set()),
        (TaskState.RETURN_PENDING, {QueueKind.RETURNED, QueueKind.WAITING_FOR_DECISION}),
        (TaskState.COMPLETED, {QueueKind.UNCHECKED}),
    ],
)
def test_what_waits_is_in_the_queue_of_those_who_can_move_it(state: TaskState, queues: set[QueueKind]) -> None:
    assert queues_of(due_in(state, days=5)) == queues


@pytest.mark.parametrize("state", TaskState)
def test_only_where_work_is_to_be_done_is_anything_late_or_soon_due(state: TaskState) -> None:
    """A paused leg is not judged, and what is done late waits for its check."""
    is_running = state in {TaskState.QUEUED, TaskState.ASSIGNED, TaskState.ACKNOWLEDGED, TaskState.IN_PROGRESS}

    assert (QueueKind.OVERDUE in queues_of(due_in(state, hours=-1))) is is_running
    assert (QueueKind.DUE_SOON in queues_of(due_in(state, hours=1))) is is_running
    assert not queues_of(due_in(state, hours=1)) & {QueueKind.OVERDUE}
    assert not queues_of(due_in(state, hours=-1)) & {QueueKind.DUE_SOON}


@pytest.mark.parametrize(
    ("asks", "by", "ends", "judge"),
    [
        (Verb.REQUEST_EXTENSION, "grid-worker-1", Verb.REFUSE_EXTENSION, "grid-leader-1"),
        (Verb.DEFER, "dispatcher-1", Verb.REFUSE_DEFERRAL, "secretary-2"),
    ],
)
def test_what_was_asked_for_waits_until_somebody_decides_and_may_be_late_meanwhile(asks: Verb, by: str, ends: Verb, judge: str) -> None:
    asked = deed_of(asks, standing_in(TaskState.IN_PROGRESS), moment(by))
    assert asked is not None
    late = replace(asked.case.tasks[0], due_at=MONDAY - timedelta(hours=1))
    decided = deed_of(ends, asked.case, moment(judge))
    assert decided is not None

    assert queues_of(late) == {QueueKind.WAITING_FOR_DECISION, QueueKind.OVERDUE}
    assert not queues_of(decided.case.tasks[0])


def test_an_early_report_of_a_phone_is_on_the_board_beside_what_else_the_task_waits_for() -> None:
    held = {state: replace(due_in(state, days=5), early=(REPORT_OF_DONE,)) for state in (TaskState.ASSIGNED, TaskState.ACKNOWLEDGED)}
    late = replace(held[TaskState.ACKNOWLEDGED], due_at=MONDAY - timedelta(hours=1))

    assert queues_of(held[TaskState.ASSIGNED]) == {QueueKind.UNACKNOWLEDGED, QueueKind.HELD_FROM_OFFLINE}
    assert queues_of(held[TaskState.ACKNOWLEDGED]) == {QueueKind.HELD_FROM_OFFLINE}
    assert queues_of(late) == {QueueKind.HELD_FROM_OFFLINE, QueueKind.OVERDUE}


def test_what_has_no_due_time_is_never_late_and_comes_last() -> None:
    task = replace(standing_in(TaskState.ASSIGNED).tasks[0], due_at=None)

    assert queues_of(task) == {QueueKind.UNACKNOWLEDGED}
    assert (
        look(BoardQueue(QueueKind.OVERDUE, task.owner_id, task.township), at=NEVER, soon=NEVER, published_until=NEVER).shows(task) is False
    )


@pytest.mark.parametrize("state", [state for state in TaskState if state in (OVER | PAUSED) and state is not TaskState.RETURN_PENDING])
def test_what_is_over_or_paused_lies_nowhere(state: TaskState) -> None:
    assert pile_of(standing_in(state).tasks[0]) is None


def test_every_queue_looks_somewhere_and_every_pile_is_looked_at() -> None:
    assert set(PILES) == set(QueueKind)
    assert frozenset().union(*PILES.values()) == set(Pile)
