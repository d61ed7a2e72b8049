"""A phone sends what it did in pieces: what comes too early waits for what it builds on, and is then done once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain import early_reports
from domain.clockwork import act_of_clock, clock_at
from domain.early_reports import LEFT_TO_THE_PHONE, MOST_EARLY, fitting
from domain.errors import RefusalCode
from domain.ids import Kind
from domain.lifecycle import Verb
from domain.tasks import EarlyReport, TaskState
from tests.domain.cast import (
    CALENDAR,
    DEEDS,
    MONDAY,
    REPORT_OF_BEGUN,
    REPORT_OF_DONE,
    Story,
    add_assist,
    asked,
    id_of,
    moment,
    new_id,
    refusal_of,
    standing_in,
)

WORKER, HELPER = "grid-worker-1", "provider-worker-1"


def held(story: Story, *reports: EarlyReport) -> None:
    for report in reports:
        story.keep(early_reports.hold(story.case, story.task.id, moment(WORKER, at=story.at), report, note="换了灯泡"))


def wound(story: Story, **later: float) -> None:
    """The clock looks at it, some time later."""
    story.at += timedelta(**later)
    act = act_of_clock(story.case, story.task.id, moment("nobody", at=story.at))
    assert act is not None
    story.keep(act)


def test_the_clock_carries_out_what_the_phone_left_one_after_the_other() -> None:
    story = Story(asked())
    held(story, REPORT_OF_DONE, REPORT_OF_BEGUN)
    assert fitting(story.task) is None
    story.do(Verb.ACKNOWLEDGE, WORKER)
    assert clock_at(story.case, story.task, CALENDAR) == story.at + LEFT_TO_THE_PHONE

    wound(story, minutes=1)
    assert (story.task.state, story.task.early) == (TaskState.IN_PROGRESS, (REPORT_OF_DONE,))
    wound(story, minutes=1)

    assert (story.task.state, story.task.early, story.task.outcome) == (TaskState.COMPLETED, (), REPORT_OF_DONE.outcome)
    assert story.acts[-1].facts["said_in"] == REPORT_OF_DONE.said_in


def test_a_completion_that_was_held_waits_for_help_that_came_since() -> None:
    story = Story(asked())
    held(story, REPORT_OF_DONE)
    story.do(Verb.ACKNOWLEDGE, WORKER)
    story.keep(add_assist(story.case, moment(WORKER, at=story.at), to=HELPER))
    story.do(Verb.START, WORKER)
    assert fitting(story.task) is None

    helping = replace(story.case.tasks[1], state=TaskState.CLOSED)
    story.case = story.case.after(helping)

    assert fitting(story.task) == REPORT_OF_DONE


def test_three_held_tries_in_vain_begin_the_work_as_three_tries_do() -> None:
    story = Story(asked())
    tries = [
        replace(REPORT_OF_BEGUN, command_id=f"try {number}", reached=False, at=MONDAY + timedelta(minutes=15 * number))
        for number in (1, 2, 3)
    ]
    held(story, *tries)
    story.do(Verb.ACKNOWLEDGE, WORKER, after=timedelta(hours=1))

    for _ in tries:
        wound(story, minutes=1)

    assert (story.task.state, len(story.task.contact_tries), story.task.early) == (TaskState.IN_PROGRESS, 3, ())


def test_one_completion_is_held_and_no_more_than_a_few_reports() -> None:
    story = Story(asked())
    held(story, *[replace(REPORT_OF_BEGUN, command_id=str(number)) for number in range(MOST_EARLY - 1)], REPORT_OF_DONE)

    for report, code in ((REPORT_OF_DONE, RefusalCode.WRONG_STATE), (REPORT_OF_BEGUN, RefusalCode.LIMIT_REACHED)):
        hold = lambda report=report: early_reports.hold(story.case, story.task.id, moment(WORKER), report)  # noqa: E731
        assert refusal_of(hold) is code
    assert len(story.task.early) == MOST_EARLY


def test_nothing_is_left_of_it_once_it_was_sent_back_or_called_off() -> None:
    for verb, by, parent in ((Verb.RETURN, WORKER, None), (Verb.CANCEL, "dispatcher-1", new_id(Kind.TASK, 9))):
        case = standing_in(TaskState.ACKNOWLEDGED, parent_id=parent, early=(REPORT_OF_DONE,))
        act = DEEDS[verb](case, moment(by), None)
        assert act is not None
        assert (act.case.tasks[0].early, act.case.tasks[0].late) == ((), ()), verb


@pytest.mark.parametrize(("verb", "by"), [(Verb.ASSIGN_AGAIN, "dispatcher-1"), (Verb.ESCALATE, "nobody")])
def test_work_that_was_reported_early_waits_for_a_decision_once_somebody_else_has_it(verb: Verb, by: str) -> None:
    """Whatever comes first, the report or the new assignee: the desk decides."""
    case = standing_in(TaskState.ASSIGNED, early=(REPORT_OF_BEGUN, REPORT_OF_DONE))
    act = DEEDS[verb](case, moment(by, at=MONDAY + timedelta(hours=6)), None)
    assert act is not None
    [late] = act.case.tasks[0].late

    assert act.case.tasks[0].early == ()
    assert (late.by_id, late.said_in, late.command_id) == (id_of(WORKER), REPORT_OF_DONE.said_in, REPORT_OF_DONE.command_id)
    assert act.facts["left_done"] is True
