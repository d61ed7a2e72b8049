"""The dispatcher puts under formal follow-up what goes wrong, and nothing else, once."""

from datetime import timedelta

import pytest

from domain import supervision
from domain.cases import Act, Case
from domain.errors import RefusalCode
from domain.events import EventKind
from domain.lifecycle import TaskAction, actions
from domain.tasks import TaskState
from tests.domain.cast import MONDAY, id_of, moment, refusal_of, standing_in

LATE = MONDAY + timedelta(days=8)
OPEN = [state for state in TaskState if state not in {TaskState.CLOSED, TaskState.CANCELLED}]


def supervised(case: Case, by: str = "dispatcher-1", days: int = 0) -> Act:
    return supervision.supervise(case, moment(by, at=MONDAY + timedelta(days=days)), reason="拖了太久")


@pytest.mark.parametrize("state", OPEN)
def test_what_goes_wrong_is_flagged_wherever_it_stands_and_goes_on_there(state: TaskState) -> None:
    case = standing_in(state, was_unsolved=True)
    act = supervised(case)

    assert (act.kind, act.reason, act.task_id) == (EventKind.REQUEST_SUPERVISED, "拖了太久", case.tasks[0].id)
    assert (act.case.tasks[0].is_supervised, act.case.tasks[0].state) == (True, state)
    assert (act.case.tasks[0].owner_id, act.case.tasks[0].assignee_id) == (case.tasks[0].owner_id, case.tasks[0].assignee_id)


@pytest.mark.parametrize(
    ("changes", "days", "is_wrong"),
    [
        ({}, 0, False),
        ({}, 8, True),
        ({"rework_count": 1}, 0, False),
        ({"rework_count": 2}, 0, True),
        ({"returners": (id_of("grid-worker-2"),)}, 0, False),
        ({"returners": (id_of("grid-worker-2"), id_of("hub-host-1"))}, 0, True),
        ({"was_unsolved": True}, 0, True),
        ({"was_unsolved": True, "is_supervised": True}, 0, False),
    ],
)
def test_nothing_else_is(changes: dict[str, object], days: int, is_wrong: bool) -> None:
    case = standing_in(TaskState.IN_PROGRESS, None, **changes)
    offered = TaskAction.SUPERVISE in actions(case.tasks[0], moment("dispatcher-1").by, at=MONDAY + timedelta(days=days))

    assert offered is is_wrong
    assert refusal_of(lambda: supervised(case, days=days)) is (None if is_wrong else RefusalCode.WRONG_STATE)


def test_a_promise_that_is_broken_is_enough_though_the_leg_is_young() -> None:
    case = standing_in(TaskState.IN_PROGRESS, due_at=LATE + timedelta(days=9))

    assert refusal_of(lambda: supervised(case, days=8)) is None
    by, at = moment("dispatcher-1").by, MONDAY + timedelta(days=8)
    assert TaskAction.SUPERVISE in actions(case.tasks[0], by, at=at, is_promise_broken=True)
    assert TaskAction.SUPERVISE not in actions(case.tasks[0], by, at=at), "the leg alone is not late"


def test_only_the_dispatcher_does_so() -> None:
    case = standing_in(TaskState.IN_PROGRESS, was_unsolved=True)

    for handle in ("grid-worker-1", "grid-leader-1", "resident-1", "secretary-1"):
        assert refusal_of(lambda: supervised(case, by=handle)) is RefusalCode.NOT_ALLOWED  # noqa: B023
    assert refusal_of(lambda: supervised(Case(None, case.tasks))) is RefusalCode.WRONG_STATE
