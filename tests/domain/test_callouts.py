"""A department is called to a task for two causes only: asked for, approved, there in time or not, rated by the township."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain import callouts, withdrawals
from domain.access import Door, key
from domain.call_out import RATED_WITHIN, CallOutGrade, CallOutKind, CallOutState
from domain.cases import Act, Case
from domain.clockwork import act_of_clock, clock_at
from domain.errors import RefusalCode
from domain.events import EventKind
from domain.guards import CALLED_AT_A_TIME
from domain.lifecycle import TaskAction, actions
from domain.request_moves import REOPENED_WITHIN
from domain.roll_up import call_outs_ended
from domain.tasks import TaskState
from tests.domain.cast import CALENDAR, MONDAY, actor, call_out, given_to, id_of, moment, refusal_of, standing_in, town

DESK, HEAD, HAND = "dispatcher-1", "secretary-2", "provider-worker-1"
PROVIDER = given_to(HAND).unit.id
LATE = MONDAY + timedelta(minutes=31)


def asked_for() -> Case:
    return call_out(standing_in(TaskState.IN_PROGRESS), moment(DESK)).case


def decided(case: Case, *, approved: bool = True, by: str = HEAD) -> Act:
    return callouts.decide(case, case.tasks[0].id, moment(by), approved=approved, reason="同意")


def reported(case: Case, *, minutes: int = 20, by: str = HAND) -> Act:
    return callouts.report_in(case, case.tasks[0].id, moment(by, at=MONDAY + timedelta(minutes=minutes)), note="到了")


def concluded(case: Case, *, unit_id: str = PROVIDER, by: str = DESK, at: datetime = LATE) -> Act:
    return callouts.conclude(case, case.tasks[0].id, moment(by, at=at), unit_id=unit_id, grade=CallOutGrade.GOOD, note=None)


def missed(case: Case) -> Act | None:
    return act_of_clock(case, case.tasks[0].id, moment("nobody", at=LATE))


def test_nobody_is_called_before_the_head_agrees() -> None:
    asked = asked_for()
    raised = decided(asked)
    one = raised.case.tasks[0].call_outs[0]

    assert asked.tasks[0].call_outs[0].state is CallOutState.ASKED
    assert key(Door.CALLED, PROVIDER) not in asked.tasks[0].scopes
    assert (one.state, one.arrive_by) == (CallOutState.RAISED, MONDAY + timedelta(minutes=30))
    assert raised.case.tasks[0].scopes & actor(HAND).keys == {key(Door.CALLED, PROVIDER)}
    assert raised.case.tasks[0].state is TaskState.IN_PROGRESS
    assert raised.facts["units"] == PROVIDER


def test_what_is_refused_calls_nobody() -> None:
    act = decided(asked_for(), approved=False)

    assert (act.case.tasks[0].call_outs[0].state, act.case.tasks[0].call_outs[0].arrive_by) == (CallOutState.REFUSED, None)
    assert not act.case.tasks[0].scopes & actor(HAND).keys
    assert refusal_of(lambda: decided(act.case)) is RefusalCode.WRONG_STATE


@pytest.mark.parametrize(("minutes", "on_time"), [(20, True), (30, True), (31, False)])
def test_a_department_reports_in_within_the_limit_or_late_and_is_rated(minutes: int, on_time: bool) -> None:
    there = reported(decided(asked_for()).case, minutes=minutes)
    done = concluded(there.case)
    one = done.case.tasks[0].call_outs[0]

    assert (there.facts["unit"], there.facts["on_time"]) == (PROVIDER, on_time)
    assert (one.state, one.grade, one.is_on_time) == (CallOutState.CONCLUDED, CallOutGrade.GOOD, on_time)
    assert (done.kind, done.facts["on_time"]) == (EventKind.CALL_OUT_CONCLUDED, on_time)
    assert not done.case.tasks[0].scopes & actor(HAND).keys


def test_the_clock_tells_once_that_nobody_came_and_the_desk_may_rate_that() -> None:
    raised = decided(asked_for()).case
    assert clock_at(raised, raised.tasks[0], CALENDAR) == MONDAY + timedelta(minutes=30)
    assert refusal_of(lambda: concluded(raised)) is RefusalCode.WRONG_STATE

    act = missed(raised)

    assert act is not None
    assert (act.kind, act.facts["units"]) == (EventKind.CALL_OUT_MISSED, PROVIDER)
    assert act.case.tasks[0].call_outs[0].is_on_time is False
    assert missed(act.case) is None
    assert refusal_of(lambda: concluded(act.case)) is None
    assert callouts.tell_missed(raised, raised.tasks[0], moment("nobody")) is None
    over = replace(raised.tasks[0], state=TaskState.CLOSED)
    assert callouts.missed_at(raised, over, CALENDAR) is None


def test_only_the_two_causes_and_limits_that_make_sense() -> None:
    case, now = standing_in(TaskState.IN_PROGRESS), moment(DESK)

    assert refusal_of(lambda: call_out(case, now, kind=CallOutKind.JOINT_ENFORCEMENT)) is RefusalCode.INVALID_INPUT
    assert refusal_of(lambda: call_out(case, now, kind=CallOutKind.BEYOND_OWN_MEANS)) is None
    for within in (9, 1441):
        assert refusal_of(lambda: call_out(case, now, within=within)) is RefusalCode.INVALID_INPUT  # noqa: B023
    assert refusal_of(lambda: call_out(asked_for(), now)) is RefusalCode.INVALID_INPUT


def test_each_does_what_is_theirs_and_nobody_approves_what_they_asked_for() -> None:
    asked = asked_for()
    raised = decided(asked).case
    own = replace(asked.tasks[0].call_outs[0], asked_by_id=id_of(HEAD))
    by_head = Case(asked.request, (replace(asked.tasks[0], call_outs=(own,)),))

    assert refusal_of(lambda: call_out(standing_in(TaskState.IN_PROGRESS), moment("grid-worker-1"))) is RefusalCode.NOT_ALLOWED
    assert refusal_of(lambda: decided(asked, by=DESK)) is RefusalCode.NOT_ALLOWED
    assert refusal_of(lambda: decided(by_head)) is RefusalCode.NOT_ALLOWED
    assert TaskAction.DECIDE_CALL_OUT not in actions(by_head.tasks[0], actor(HEAD), at=MONDAY)
    assert refusal_of(lambda: reported(raised, by="grid-worker-2")) is RefusalCode.NOT_ALLOWED
    assert refusal_of(lambda: reported(asked)) is RefusalCode.NOT_ALLOWED
    assert refusal_of(lambda: concluded(reported(raised).case, by=HEAD)) is RefusalCode.NOT_ALLOWED
    assert refusal_of(lambda: concluded(reported(raised).case, unit_id="another")) is RefusalCode.WRONG_STATE


def test_so_many_at_a_time_and_no_more() -> None:
    case = asked_for()
    one = case.tasks[0].call_outs[0]
    full = tuple(replace(one, unit_id=f"unit {number}") for number in range(CALLED_AT_A_TIME))
    crowded = Case(case.request, (replace(case.tasks[0], call_outs=full),))

    assert refusal_of(lambda: call_out(crowded, moment(DESK))) is RefusalCode.LIMIT_REACHED
    assert TaskAction.CALL_OUT not in actions(crowded.tasks[0], actor(DESK), at=MONDAY)


def test_only_departments_are_called_out() -> None:
    for unit_id, code in (
        (PROVIDER, None),
        ("nowhere", RefusalCode.NOT_FOUND),
        (given_to("grid-leader-1").unit.id, RefusalCode.INVALID_INPUT),
    ):
        assert refusal_of(lambda: callouts.permit_departments(town(), [unit_id], MONDAY)) is code  # noqa: B023


def ended(case: Case) -> Act:
    """Whoever asked takes it back at noon."""
    return withdrawals.withdraw(case, moment("resident-1", at=NOON))


DAY = timedelta(days=1)
NOON = MONDAY + timedelta(hours=2)
PAIR = f"{asked_for().tasks[0].id}/{PROVIDER}"


@pytest.mark.parametrize(
    ("case", "facts", "is_rated_later"),
    [
        (asked_for(), {"call_outs_dropped": PAIR}, False),
        (decided(asked_for()).case, {"call_outs_ended": PAIR}, False),
        (reported(decided(asked_for()).case).case, {"call_outs_ended": PAIR}, True),
    ],
)
def test_with_its_task_a_call_out_ends_and_what_came_of_it_is_still_rated(case: Case, facts: dict[str, str], is_rated_later: bool) -> None:
    act = ended(case)
    task, [one] = act.case.tasks[0], act.case.tasks[0].call_outs

    assert (one.state, one.grade, one.ended_at) == (CallOutState.ENDED, None, NOON)
    assert call_outs_ended(case.tasks, act.case.tasks) == facts
    assert not task.scopes & actor(HAND).keys, "the department sees it no more"
    assert clock_at(act.case, task, CALENDAR) == (NOON + 7 * DAY if is_rated_later else None)
    assert TaskAction.DECIDE_CALL_OUT not in actions(task, actor(HEAD), at=NOON)
    assert TaskAction.REPORT_IN not in actions(task, actor(HAND), at=NOON)
    assert (TaskAction.CONCLUDE_CALL_OUT in actions(task, actor(DESK), at=NOON)) is is_rated_later
    assert refusal_of(lambda: concluded(act.case)) is (None if is_rated_later else RefusalCode.WRONG_STATE)
    if is_rated_later:
        rated = concluded(act.case)
        assert rated.case.tasks[0].call_outs[0].grade is CallOutGrade.GOOD
        assert (rated.case.tasks[0].updated_at, rated.case.tasks[0].version) == (task.updated_at, task.version + 1)
        assert call_outs_ended(act.case.tasks, rated.case.tasks) == {}


def test_what_nobody_came_to_is_rated_after_the_end_as_well_and_what_was_rated_stays() -> None:
    late = missed(decided(asked_for()).case)
    assert late is not None
    assert ended(late.case).case.tasks[0].call_outs[0].is_on_time is False
    assert refusal_of(lambda: concluded(ended(late.case).case)) is None

    good = concluded(reported(decided(asked_for()).case).case)
    over = ended(good.case)
    assert over.case.tasks[0].call_outs == good.case.tasks[0].call_outs
    assert call_outs_ended(good.case.tasks, over.case.tasks) == {}


def test_fifteen_days_after_the_end_what_came_of_it_is_rated_no_more() -> None:
    over = ended(reported(decided(asked_for()).case).case).case

    def offered(at: datetime) -> bool:
        return TaskAction.CONCLUDE_CALL_OUT in actions(over.tasks[0], actor(DESK), at=at)

    last, later = NOON + 15 * DAY, NOON + 15 * DAY + timedelta(milliseconds=1)
    assert [refusal_of(lambda: concluded(over, at=at)) for at in (last, later)] == [None, RefusalCode.TOO_LATE]  # noqa: B023
    assert (offered(last), offered(later)) == (True, False)
    assert refusal_of(lambda: concluded(over, at=later, by=HEAD)) is RefusalCode.NOT_ALLOWED
    assert RATED_WITHIN == REOPENED_WITHIN, "as long as whoever asked may open it again"


def test_of_two_that_came_the_one_whose_task_was_over_long_ago_is_rated_no_more() -> None:
    """The resident had it opened again, and another department was called."""
    over = ended(reported(decided(asked_for()).case).case).case
    another = replace(over.tasks[0].call_outs[0].moved(CallOutState.REPORTED), unit_id="another", ended_at=None)
    both = Case(over.request, (replace(over.tasks[0], call_outs=(*over.tasks[0].call_outs, another)),))

    refusals = [refusal_of(lambda: concluded(both, unit_id=unit_id, at=NOON + 16 * DAY)) for unit_id in (PROVIDER, "another")]  # noqa: B023
    assert refusals == [RefusalCode.TOO_LATE, None]


def reminded(case: Case, *, days: float) -> Act | None:
    return act_of_clock(case, case.tasks[0].id, moment("nobody", at=NOON + days * DAY))


def test_a_week_after_the_end_whoever_called_out_is_reminded_to_rate_once() -> None:
    over = ended(reported(decided(asked_for()).case).case).case
    assert reminded(over, days=6.9) is None

    act = reminded(over, days=7)

    assert act is not None
    assert (act.kind, act.facts["units"], act.facts["asked_by"]) == (EventKind.CALL_OUT_REMINDED, PROVIDER, id_of(DESK))
    assert (act.case.tasks[0].updated_at, clock_at(act.case, act.case.tasks[0], CALENDAR)) == (NOON, None)
    assert reminded(act.case, days=8) is None
    assert refusal_of(lambda: concluded(act.case, at=NOON + 8 * DAY)) is None


def test_nobody_is_reminded_of_what_was_rated_or_cannot_be() -> None:
    rated = concluded(ended(reported(decided(asked_for()).case).case).case, at=NOON + DAY).case
    nobody_awaited = ended(decided(asked_for()).case).case
    for case in (rated, nobody_awaited):
        assert (clock_at(case, case.tasks[0], CALENDAR), reminded(case, days=8)) == (None, None)

    too_late = reminded(ended(reported(decided(asked_for()).case).case).case, days=16)
    assert too_late is not None, "the clock stood still"
    assert (too_late.facts["units"], too_late.facts["asked_by"]) == ("", "")
    assert clock_at(too_late.case, too_late.case.tasks[0], CALENDAR) is None


def test_a_unit_that_the_matter_is_about_is_not_called_out() -> None:
    case = standing_in(TaskState.IN_PROGRESS)
    about = Case(case.request and replace(case.request, about_unit_id=PROVIDER), case.tasks)
    person = Case(case.request and replace(case.request, about_person_id=id_of(HAND)), case.tasks)

    assert refusal_of(lambda: call_out(case, moment(DESK))) is None
    assert refusal_of(lambda: call_out(about, moment(DESK))) is RefusalCode.INVALID_INPUT
    assert refusal_of(lambda: call_out(person, moment(DESK))) is RefusalCode.INVALID_INPUT, "nor one where they hold a post"
