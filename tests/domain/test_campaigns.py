"""A campaign has one day for all, whatever its tasks go through."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain import cases
from domain.campaigns import Audience, Campaign, given_out
from domain.cases import Act, Case, Moment
from domain.clockwork import act_of_clock
from domain.deadlines import DeadlineClass
from domain.events import EventKind
from domain.ids import Kind
from domain.recounting import settled, to_recount
from domain.tasks import Outcome, TaskState
from tests.domain.cast import CALENDAR, MONDAY, TUESDAY_OFF, actor, id_of, new_id, planned, standing_in, town

FRIDAY = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
"""When the office closes on the campaign's day."""
DAY = timedelta(days=1)


def now(by: str, at: datetime = MONDAY) -> Moment:
    return Moment(at, actor(by, at=at), CALENDAR, town(), DeadlineClass.NORMAL)


def sweeping() -> Case:
    """The task of the first grid, just given out."""
    root = town().root()
    text = ("雪后清扫", "清扫本网格楼道口积雪")
    campaign = Campaign(
        new_id(Kind.CAMPAIGN, 7),
        root.township,
        root.id,
        (root.id,),
        *text,
        Audience.GRIDS,
        date(2026, 11, 27),
        1,
        id_of("dispatcher-1"),
        MONDAY,
    )
    return given_out(campaign, planned().parts.grids[0].id, now("nobody")).case


def done_and_failed(at: datetime) -> Act:
    case = standing_in(TaskState.IN_PROGRESS, sweeping())
    done = cases.complete(case, case.tasks[0].id, now("grid-worker-1", MONDAY + DAY), outcome=Outcome.SOLVED, note="扫完了").case
    return cases.verify(done, done.tasks[0].id, now("grid-leader-1", at), passed=False, reason="楼道口还有冰")


@pytest.mark.parametrize(
    ("failed_at", "due_at"),
    [
        (MONDAY + 2 * DAY, FRIDAY),
        (FRIDAY - timedelta(minutes=1), FRIDAY),
        (FRIDAY, datetime(2026, 11, 30, 9, 30, tzinfo=UTC)),
        (MONDAY + 8 * DAY, datetime(2026, 12, 2, 9, 30, tzinfo=UTC)),
    ],
)
def test_done_again_it_keeps_the_campaigns_day_and_has_one_more_working_day_after_it(failed_at: datetime, due_at: datetime) -> None:
    act = done_and_failed(failed_at)
    task = act.case.tasks[0]

    assert (act.kind, task.state, task.due_at) == (EventKind.TASK_FAILED_CHECK, TaskState.IN_PROGRESS, due_at)
    assert not task.is_overdue(failed_at)


def test_the_day_stays_while_it_climbs_and_changes_hands() -> None:
    case, days = sweeping(), []
    for number in range(1, 4):
        climbed = act_of_clock(case, case.tasks[0].id, now("nobody", MONDAY + number * DAY))
        assert climbed is not None
        case = climbed.case
        days.append(case.tasks[0].due_at)

    assert case.tasks[0].assignee_id == id_of("dispatcher-1")
    assert days == [FRIDAY, FRIDAY, FRIDAY]


def test_another_calendar_moves_no_campaign() -> None:
    case = sweeping()
    task = case.tasks[0]

    assert to_recount(task) is None
    assert settled(case, {task.id: CALENDAR}, TUESDAY_OFF).tasks[0].due_at == FRIDAY
    assert to_recount(replace(task, campaign_id=None)) == FRIDAY, "any other work is counted anew"
