"""The task was given to somebody else while the phone was offline: nothing that it sends is lost, and nobody is flooded by it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain import late_reports
from domain.cases import Act, Case
from domain.errors import RefusalCode
from domain.late_reports import MOST_OF_ONE, WAITS_IN
from domain.lifecycle import Verb
from domain.tasks import OVER, LateReport, TaskState
from tests.domain.cast import MONDAY, REPORT_COME_LATE, deed_of, id_of, moment, refusal_of, standing_in

WORKER, BEFORE = "grid-worker-1", "grid-worker-2"


def given_on(state: TaskState) -> Case:
    """The worker next door had it first."""
    return standing_in(state, former_assignees=(id_of(BEFORE),))


def kept(case: Case, report: LateReport | None = REPORT_COME_LATE, by: str = BEFORE) -> Act:
    return late_reports.keep(case, case.tasks[0].id, moment(by), report=report, why=RefusalCode.NOT_FOUND, note="换了灯泡")


@pytest.mark.parametrize("state", TaskState)
def test_it_is_kept_wherever_the_task_stands_and_waits_only_where_nobody_has_done_it(state: TaskState) -> None:
    case = given_on(state)
    act = kept(case)
    after = act.case.tasks[0]

    assert (after.state, act.reason) == (state, "换了灯泡")
    assert (after.late == (REPORT_COME_LATE,)) is (act.facts["waits"] is True) is (state in WAITS_IN)
    assert (after.updated_at == case.tasks[0].updated_at) or state not in OVER, "what is over is read no longer for it"


def test_of_one_person_the_newest_waits_and_no_more_than_a_few_are_kept() -> None:
    case, newest = given_on(TaskState.ASSIGNED), replace(REPORT_COME_LATE, command_id="newest")
    for report in (REPORT_COME_LATE, None, None, newest):
        case = kept(case, report).case

    assert case.tasks[0].late == (newest,)
    assert len(case.tasks[0].late_kept) == MOST_OF_ONE
    assert refusal_of(lambda: kept(case)) is RefusalCode.LIMIT_REACHED


def test_whoever_has_it_is_heard_too_where_it_was_stopped_or_ended() -> None:
    act = kept(standing_in(TaskState.CANCELLED), by=WORKER)

    assert (act.case.tasks[0].late, act.facts["waits"]) == ((), False)
    assert refusal_of(lambda: kept(standing_in(TaskState.IN_PROGRESS), by=WORKER)) is RefusalCode.WRONG_STATE


def test_whoever_did_it_does_not_check_it_nor_decide_whether_it_counts() -> None:
    case = kept(given_on(TaskState.ACKNOWLEDGED)).case
    decided = late_reports.approve(case, case.tasks[0].id, moment("dispatcher-1"), command_id=REPORT_COME_LATE.command_id)
    task = decided.case.tasks[0]

    assert (task.state, task.outcome, task.late) == (TaskState.COMPLETED, REPORT_COME_LATE.outcome, ())
    assert id_of(BEFORE) in task.past_assignees
    assert refusal_of(lambda: deed_of(Verb.PASS_CHECK, decided.case, moment(BEFORE))) is RefusalCode.NOT_ALLOWED
    own = replace(case.tasks[0], late=(replace(REPORT_COME_LATE, by_id=id_of("dispatcher-1")),))
    decide = lambda: late_reports.dismiss(  # noqa: E731
        replace(case, tasks=(own,)), own.id, moment("dispatcher-1"), command_id=REPORT_COME_LATE.command_id, reason="算了"
    )
    assert refusal_of(decide) is RefusalCode.NOT_ALLOWED


def test_while_the_desk_thought_about_a_return_the_leg_stood_still() -> None:
    back = standing_in(TaskState.RETURN_PENDING, due_at=MONDAY + timedelta(hours=1), late=(REPORT_COME_LATE,))
    now = moment("dispatcher-1", at=MONDAY + timedelta(days=2))

    decided = late_reports.approve(back, back.tasks[0].id, now, command_id=REPORT_COME_LATE.command_id)

    assert decided.case.tasks[0].leg_met
