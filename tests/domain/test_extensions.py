"""More time (延期): asked for before it is due, granted by somebody above, and both clocks move by working days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain import extensions
from domain.cases import Act, Case
from domain.deadlines import DeadlineClass, longest_extension
from domain.errors import RefusalCode as No
from domain.errors import Refused
from domain.ids import Kind
from domain.lifecycle import TaskAction, Verb, actions
from domain.requests import Request, RequestState
from domain.tasks import TaskState
from tests.domain.cast import MONDAY, Story, actor, asked, id_of, moment, new_id, refusal_of, standing_in

DAYS = timedelta(days=1)
PROMISED = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
"""17:30 in Shanghai, five working days after MONDAY."""


def in_progress(code: str = "stairwell-lamp", **changes: Any) -> Case:
    return standing_in(TaskState.IN_PROGRESS, asked(code), **changes)


def ask(case: Case, *, days: int | None = None, until: date | None = None, at: datetime = MONDAY, code: str = "stairwell-lamp") -> Act:
    return extensions.ask(case, case.tasks[0].id, moment("grid-worker-1", code, at=at), working_days=days, until=until, reason="缺人手")


def grant(act: Act, by: str = "grid-leader-1", *, at: datetime = MONDAY, code: str = "stairwell-lamp") -> Act:
    return extensions.grant(act.case, act.case.tasks[0].id, moment(by, code, at=at), reason="厂家周三到货")


def request_of(act: Act) -> Request:
    assert act.case.request is not None
    return act.case.request


def test_the_old_due_time_stands_until_it_is_granted_and_then_both_move() -> None:
    act = ask(in_progress(), days=3)
    wish = act.case.tasks[0].extension

    assert wish is not None
    assert (wish.asked_by_id, wish.working_days, wish.until) == (id_of("grid-worker-1"), 3, PROMISED + 3 * DAYS)
    assert (act.case.tasks[0].due_at, request_of(act).promise_due_at) == (PROMISED, PROMISED)

    granted = grant(act)
    task, request = granted.case.tasks[0], request_of(granted)

    assert (task.due_at, task.extension, task.extensions, task.extended_by) == (PROMISED + 3 * DAYS, None, 1, 3)
    assert (request.promise_due_at, request.promise_first_due_at, request.extended_by) == (PROMISED + 3 * DAYS, PROMISED, 3)
    assert granted.facts["promise"] is True


def test_what_is_refused_changes_nothing_but_that_it_may_be_asked_again() -> None:
    act = ask(in_progress(), days=3)
    refused = extensions.refuse(act.case, act.case.tasks[0].id, moment("grid-leader-1"), reason="来得及")

    assert (refused.case.tasks[0].due_at, refused.case.tasks[0].extension) == (PROMISED, None)
    assert (request_of(refused).promise_first_due_at, request_of(refused).extended_by) == (None, 0)
    assert ask(refused.case, days=1).case.tasks[0].extension is not None


@pytest.mark.parametrize(
    ("until", "days", "due"),
    [
        (date(2026, 12, 2), 2, PROMISED + 2 * DAYS),
        (date(2026, 12, 5), 5, PROMISED + 7 * DAYS),  # a Saturday: the Monday after
    ],
)
def test_a_day_is_counted_in_working_days(until: date, days: int, due: datetime) -> None:
    act = ask(in_progress(), until=until)
    assert act.facts["days"] == days
    assert grant(act).case.tasks[0].due_at == due


def test_the_first_is_a_leaders_to_grant_and_the_second_the_desks_and_nobody_grants_their_own() -> None:
    first = ask(in_progress(), days=2)
    for handle in ("dispatcher-1", "grid-worker-1", "resident-1"):
        assert refusal_of(lambda: grant(first, handle)) is No.NOT_ALLOWED  # noqa: B023
    second = ask(grant(first, "secretary-1").case, days=2)
    for handle in ("grid-leader-1", "secretary-1", "grid-worker-1"):
        assert refusal_of(lambda: grant(second, handle)) is No.NOT_ALLOWED  # noqa: B023
    assert grant(second, "dispatcher-1").case.tasks[0].extensions == 2
    assert grant(second, "secretary-2").case.tasks[0].extensions == 2

    of_a_leader = in_progress(assignee_id=id_of("grid-leader-1"))
    own = extensions.ask(of_a_leader, of_a_leader.tasks[0].id, moment("grid-leader-1"), working_days=1, until=None, reason="缺人手")
    assert refusal_of(lambda: grant(own, "grid-leader-1")) is No.NOT_ALLOWED
    assert grant(own, "secretary-1").case.tasks[0].extensions == 1


def test_all_together_come_to_no_more_than_the_class_has() -> None:
    used = in_progress(extensions=1, extended_by=9)

    assert refusal_of(lambda: ask(used, days=2)) is No.LIMIT_REACHED
    assert refusal_of(lambda: ask(used, until=date(2026, 12, 31))) is No.LIMIT_REACHED
    assert ask(used, days=1).case.tasks[0].extension is not None
    assert refusal_of(lambda: ask(in_progress(extended_by=10), days=1)) is No.LIMIT_REACHED


@pytest.mark.parametrize(
    ("deadline_class", "limit"),
    [
        (DeadlineClass.DANGER, 0),
        (DeadlineClass.UTILITY, 1),
        (DeadlineClass.NORMAL, 10),
        (DeadlineClass.COMPLEX, 0),  # its fifteen days have the extension in them
        (DeadlineClass.ENQUIRY, 0),
        (DeadlineClass.PROXY_ERRAND, None),
        (DeadlineClass.APPOINTMENT, 0),
    ],
)
def test_each_class_has_its_own_limit(deadline_class: DeadlineClass, limit: int | None) -> None:
    assert longest_extension(deadline_class) == limit
    case = in_progress(deadline_class=deadline_class)
    is_offered = TaskAction.REQUEST_EXTENSION in actions(case.tasks[0], actor("grid-worker-1"), at=MONDAY)
    assert is_offered == (limit != 0)


def test_water_gets_one_working_day_and_not_two() -> None:
    """Due after 24 hours by the clock, Tuesday 10:00; extended until the office closes on Wednesday."""
    water = in_progress("water-leak")
    assert refusal_of(lambda: ask(water, days=2, code="water-leak")) is No.LIMIT_REACHED
    granted = grant(ask(water, days=1, code="water-leak"), code="water-leak")

    assert granted.case.tasks[0].due_at == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def test_an_errand_is_extended_to_any_day_that_was_agreed_on() -> None:
    errand = in_progress(deadline_class=DeadlineClass.PROXY_ERRAND, extended_by=60)
    granted = grant(ask(errand, until=date(2026, 12, 28)))

    assert granted.case.tasks[0].due_at == datetime(2026, 12, 28, 9, 30, tzinfo=UTC)


def test_once_it_is_due_it_is_too_late_to_ask_but_not_to_grant() -> None:
    late = PROMISED + timedelta(seconds=1)

    assert refusal_of(lambda: ask(in_progress(), days=1, at=late)) is No.TOO_LATE
    granted = grant(ask(in_progress(), days=1, at=PROMISED), at=late)
    assert (granted.case.tasks[0].due_at, request_of(granted).promise_due_at) == (PROMISED + DAYS, PROMISED + DAYS)


def test_a_promise_that_was_broken_before_is_not_mended_and_what_helps_or_has_no_due_time_gets_none() -> None:
    story = Story(in_progress())
    story.do(Verb.COMPLETE, "grid-worker-1", after=6 * DAYS)
    story.do(Verb.FAIL_CHECK, "grid-leader-1", after=4 * DAYS)
    granted = grant(ask(story.case, days=2, at=story.at), at=story.at)

    assert request_of(granted).is_overdue(story.at)
    assert (request_of(granted).promise_due_at, request_of(granted).extended_by) == (PROMISED, 0)
    assert granted.facts["promise"] is False
    assert granted.case.tasks[0].extended_by == 2
    for changes in ({"parent_id": new_id(Kind.TASK, 9)}, {"due_at": None}):
        assert refusal_of(lambda: ask(in_progress(**changes), days=1)) is No.LIMIT_REACHED  # noqa: B023


def test_the_leg_alone_moves_where_nobody_asked_or_the_request_has_ended() -> None:
    case = in_progress()
    alone = Case(None, (replace(case.tasks[0], request_id=None),))
    assert grant(ask(alone, days=1)).case == Case(None, grant(ask(alone, days=1)).case.tasks)
    assert case.request is not None
    ended = replace(case, request=replace(case.request, state=RequestState.CLOSED))
    assert request_of(grant(ask(ended, days=1))).promise_due_at == PROMISED


def test_one_wish_at_a_time_and_none_outlives_whoever_had_it_or_the_work() -> None:
    act = ask(in_progress(), days=2)
    assert refusal_of(lambda: ask(act.case, days=1)) is No.LIMIT_REACHED
    for verb, by in ((Verb.ASSIGN_AGAIN, "dispatcher-1"), (Verb.COMPLETE, "grid-worker-1")):
        story = Story(act.case)
        assert story.do(verb, by).case.tasks[0].extension is None
    assert (
        refusal_of(lambda: grant(extensions.refuse(act.case, act.case.tasks[0].id, moment("grid-leader-1"), reason="不行")))
        is No.WRONG_STATE
    )


WRONG: list[dict[str, Any]] = [
    {},
    {"days": 1, "until": date(2026, 12, 2)},
    {"days": 0},
    {"days": 251},
    {"until": date(2026, 11, 22)},
    {"until": date(2027, 11, 25)},
    {"until": date(2026, 11, 30)},
]


@pytest.mark.parametrize("given", WRONG, ids=str)
def test_a_wish_is_a_number_of_days_or_a_later_day(given: dict[str, Any]) -> None:
    assert refusal_of(lambda: ask(in_progress(), **given)) is No.INVALID_INPUT


def test_a_grant_wants_a_wish_with_a_due_time() -> None:
    act = ask(in_progress(), days=1)
    broken = Case(act.case.request, (replace(act.case.tasks[0], due_at=None),))
    with pytest.raises(ValueError, match="had a due time"):
        grant(replace(act, case=broken))
    with pytest.raises(Refused) as no:
        ask(in_progress(extended_by=9), days=5)
    assert no.value.refusal.message.params == {"days": 1}


def test_more_time_to_answer_a_message_moves_no_promise() -> None:
    granted = grant(ask(in_progress(is_message=True), days=3))

    assert granted.case.tasks[0].due_at == PROMISED + 3 * DAYS
    assert (request_of(granted).promise_due_at, request_of(granted).extended_by, granted.facts["promise"]) == (PROMISED, 0, False)
