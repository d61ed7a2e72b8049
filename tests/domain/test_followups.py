"""Whether it helped: who is asked by whom and until when, what a bad review brings, and that nobody's matter is left with nobody."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import cases, followups, verdicts
from domain.cases import Act, Case
from domain.clockwork import act_of_clock, clock_at
from domain.confirmations import confirm, holder_of, is_code
from domain.deadlines import Limit, LimitUnit, due
from domain.errors import RefusalCode
from domain.events import EventKind
from domain.households import Reach
from domain.ids import Kind
from domain.lifecycle import TaskAction, Verb, actions
from domain.notices import NoticeKind
from domain.organisation import Organisation
from domain.requests import Grade, Request, RequestState, Verdict
from domain.standings import Standing, standings, verifiers
from domain.tasks import ContactKind, Outcome, Task, TaskState
from tests.domain.cast import CALENDAR, MONDAY, Story, actor, asked, deed_of, id_of, moment, new_id, planned, refusal_of, standing_in, town
from tests.domain.test_notices import told

S = TaskState
WORKER, LEADER, DESK, RESIDENT = "grid-worker-1", "grid-leader-1", "dispatcher-1", "resident-1"
MINUTES, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def request_of(case: Case) -> Request:
    assert case.request is not None
    return case.request


def answered(at: datetime = MONDAY, **changes: object) -> Story:
    """A lamp that was checked: whoever asked is asked now."""
    case = standing_in(S.COMPLETED, asked(at=at), **changes)
    story = Story(case, at=at)
    story.do(Verb.PASS_CHECK, LEADER)
    return story


def wound(story: Story, after: timedelta = timedelta()) -> EventKind | None:
    story.at += after
    act = act_of_clock(story.case, story.task.id, moment("nobody", at=story.at))
    return story.keep(act).kind if act else None


def tried(story: Story, after: timedelta = timedelta(), *, reached: bool = False) -> Act:
    story.at += after
    return story.keep(followups.try_call(story.case, moment(DESK, at=story.at), reached=reached, note="没人接"))


def recorded(story: Story, verdict: Verdict = Verdict.SOLVED, grade: Grade = Grade.SATISFIED, by: str = DESK) -> Act:
    now = moment(by, at=story.at)
    return story.keep(followups.record(story.case, now, verdict=verdict, grade=grade, words="灯亮了", reach=None))


# --- The calls, and the end of waiting.


def test_the_calls_begin_on_the_working_day_after_the_result_came_in() -> None:
    friday = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    story = answered(friday)

    assert clock_at(story.case, story.task, CALENDAR) == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # 8:30 on Monday in Shanghai
    assert wound(story, 2 * DAYS) is None
    assert wound(story, 1 * DAYS) is EventKind.FOLLOW_UP_STARTED
    assert told(story.acts[-1], "nobody") == {(DESK, NoticeKind.FOLLOW_UP_TO_CALL)}
    assert wound(story) is None


def test_a_week_of_calls_without_an_answer_closes_it_without_a_verdict() -> None:
    story = answered(rule="4")
    wound(story, DAYS)
    assert wound(story, 7 * DAYS - MINUTES) is None
    assert wound(story, MINUTES) is EventKind.FOLLOW_UP_UNANSWERED

    request = request_of(story.case)
    assert (request.state, request.verdict, request.grade, request.closed_unanswered) == (RequestState.CLOSED, None, None, True)
    assert (story.task.state, story.task.outcome) == (S.CLOSED, Outcome.SOLVED)
    assert (request.asked_at, request.calls_begun_at, request.answer_by) == (None, None, None)
    assert clock_at(story.case, story.task, CALENDAR) is None


def test_three_tries_on_two_days_close_it_sooner() -> None:
    story = answered()
    wound(story, DAYS)
    for after in (timedelta(), HOURS):
        assert tried(story, after).facts["reached"] is False
    assert wound(story) is None
    tried(story, HOURS)
    assert wound(story) is None, "three on one day"
    tried(story, DAYS)

    assert wound(story) is EventKind.FOLLOW_UP_UNANSWERED
    assert story.acts[-1].facts["tries"] == 4


@pytest.mark.parametrize(("after", "reached", "counted"), [(MINUTES, False, 1), (10 * MINUTES, False, 2), (HOURS, True, 1)])
def test_tries_at_the_same_time_are_one_and_who_was_reached_was_reached(after: timedelta, reached: bool, counted: int) -> None:
    story = answered()
    wound(story, DAYS)
    tried(story)

    assert tried(story, after, reached=reached).facts["tries"] == counted


def test_nobody_is_called_before_the_calls_have_begun_nor_after_the_answer() -> None:
    story = answered()
    assert refusal_of(lambda: tried(story)) is RefusalCode.WRONG_STATE
    wound(story, DAYS)
    story.do(Verb.ANSWER, RESIDENT)

    assert refusal_of(lambda: tried(story)) is RefusalCode.WRONG_STATE
    assert wound(story, 9 * DAYS) is None
    assert request_of(story.case).verdict is Verdict.SOLVED


def test_what_was_said_of_an_earlier_try_says_nothing_of_the_one_that_nobody_answered() -> None:
    story = answered()
    story.do(Verb.REWORK, RESIDENT)
    for verb, by in ((Verb.CONTACT_AGAIN, WORKER), (Verb.COMPLETE, WORKER), (Verb.PASS_CHECK, LEADER)):
        story.do(verb, by)
    wound(story, DAYS)
    wound(story, 7 * DAYS)

    request = request_of(story.case)
    assert (request.verdict, request.closed_unanswered, request.rework_count) == (None, True, 1)


# --- By word.


def test_whoever_has_the_app_has_the_first_word_and_is_asked_by_word_the_day_after() -> None:
    story = answered()
    assert refusal_of(lambda: recorded(story)) is RefusalCode.NOT_ALLOWED
    wound(story, DAYS)
    act = recorded(story)

    assert (act.kind, request_of(story.case).verdict, request_of(story.case).closed_unanswered) == (
        EventKind.FOLLOW_UP_RECORDED,
        Verdict.SOLVED,
        False,
    )
    assert told(act, DESK) == {(RESIDENT, NoticeKind.FOLLOW_UP_RECORDED)}


def test_what_was_recorded_as_not_solved_is_done_again_and_whoever_said_it_is_told() -> None:
    story = answered()
    wound(story, DAYS)
    act = recorded(story, Verdict.NOT_SOLVED)

    assert (act.kind, story.task.state, request_of(story.case).calls_begun_at) == (EventKind.REQUEST_REWORKED, S.IN_PROGRESS, None)
    assert (RESIDENT, NoticeKind.FOLLOW_UP_RECORDED) in told(act, DESK)


# --- Nobody judges what they worked on, not even in part.


def with_assist(case: Case, worker: str) -> Case:
    """The same case, had somebody else helped with a task of their own."""
    helping = replace(case.tasks[0], id=new_id(Kind.TASK, 3), parent_id=case.tasks[0].id, assignee_id=id_of(worker), state=S.CLOSED)
    return Case(case.request, (*case.tasks, helping)).after(case.tasks[0])


@pytest.mark.parametrize("helper", [LEADER, DESK, RESIDENT])
def test_whoever_helped_with_another_task_of_it_neither_checks_nor_calls_nor_has_the_last_word(helper: str) -> None:
    case = with_assist(standing_in(S.COMPLETED), helper)
    task = case.tasks[0]

    assert id_of(helper) not in verifiers(task, town(), date(2026, 11, 23))
    assert not standings(task, actor(helper), at=MONDAY) & {Standing.VERIFIER, Standing.CALLER}
    checked = deed_of(Verb.PASS_CHECK, case, moment("secretary-1" if helper == LEADER else LEADER))
    assert checked is not None
    assert (request_of(checked.case).state is RequestState.CLOSED) == (helper == RESIDENT), "who worked on it is not asked"
    assert refusal_of(lambda: verdicts.answer(checked.case, moment(helper), verdict=Verdict.SOLVED, grade=Grade.SATISFIED)) is not None


def test_what_was_moved_up_for_supervision_is_called_back_by_the_desk_that_did_none_of_it() -> None:
    root = town().root()
    moved = {"owner_id": root.id, "owner_path": (root.id,)}
    plain = standing_in(S.AWAITING_FOLLOW_UP, None, **moved)
    supervised = standing_in(S.AWAITING_FOLLOW_UP, None, **moved, is_supervised=True)

    assert Standing.CALLER not in standings(plain.tasks[0], actor(DESK), at=MONDAY)
    assert Standing.CALLER in standings(supervised.tasks[0], actor(DESK), at=MONDAY)


# --- A bad review.


@pytest.mark.parametrize(("verdict", "grade", "is_bad"), [("NOT_SOLVED", "SATISFIED", False), ("PARTLY", "UNSATISFIED", True)])
def test_a_bad_review_wants_a_contact_within_a_day_and_has_fifteen(verdict: str, grade: str, is_bad: bool) -> None:
    case = answered(contacted_at=MONDAY, contact_by=MONDAY).case
    task = verdicts.answer(case, moment(RESIDENT), verdict=Verdict(verdict), grade=Grade(grade)).case.tasks[0]

    days = 15 if is_bad else 5
    assert task.due_at == due(CALENDAR, MONDAY, Limit(days, LimitUnit.WORKING_DAY)).at
    assert task.contact_by == (due(CALENDAR, MONDAY, Limit(1, LimitUnit.WORKING_DAY)).at if is_bad else MONDAY)
    assert (TaskAction.START in actions(task, actor(WORKER), at=MONDAY)) == is_bad


def test_after_a_bad_review_whoever_asked_is_heard_again_once() -> None:
    story = answered()
    story.do(Verb.REWORK, RESIDENT)
    lead = story.task.id

    def try_to_reach(reached: bool) -> EventKind:
        story.at += HOURS
        now = moment(WORKER, at=story.at)
        return story.keep(cases.start(story.case, lead, now, contact=ContactKind.CALL, reached=reached, tried_at=None)).kind

    assert try_to_reach(reached=False) is EventKind.TASK_CONTACT_TRIED
    assert (story.task.state, story.task.contacted_at) == (S.IN_PROGRESS, None)
    assert try_to_reach(reached=True) is EventKind.TASK_CONTACTED
    assert (story.task.state, story.task.contacted_at) == (S.IN_PROGRESS, story.at)
    assert refusal_of(lambda: try_to_reach(reached=True)) is RefusalCode.WRONG_STATE


# --- No verdict ends without an owner.


def without_posts(*handles: str) -> Organisation:
    gone = {id_of(handle) for handle in handles}
    posts = [replace(post, until=date(2026, 11, 1)) if post.person_id in gone else post for post in planned().parts.appointments]
    return Organisation(town().township, "left", replace(planned().parts, appointments=posts))


@pytest.mark.parametrize("verb", [Verb.FAIL_CHECK, Verb.REWORK])
def test_what_is_done_again_by_somebody_who_left_stands_on_the_desk(verb: Verb) -> None:
    by, state = (LEADER, S.COMPLETED) if verb is Verb.FAIL_CHECK else (RESIDENT, S.AWAITING_FOLLOW_UP)
    organisation = without_posts(WORKER)
    act = deed_of(verb, standing_in(state), replace(moment(by), organisation=organisation))
    assert act is not None
    task = act.case.tasks[0]

    assert (task.state, task.assignee_id, id_of(WORKER) in task.past_assignees) == (S.QUEUED, None, True)
    assert (DESK, NoticeKind.TASK_UNROUTED) in told(act, by, organisation)


def is_with_somebody(task: Task, organisation: Organisation, at: datetime) -> bool:
    """Somebody who holds a post has it, or it stands on the list of what nobody has yet, under a unit that there is."""
    holds = bool(organisation.posts_of(task.assignee_id or "", at.date()))
    return task.owner_id in organisation.units and (holds if task.state is S.IN_PROGRESS else task.state is S.QUEUED)


@settings(deadline=None, max_examples=150)
@given(
    verdict=st.sampled_from(Verdict),
    grade=st.sampled_from(Grade),
    unsolved=st.integers(0, 3),
    owner=st.sampled_from(sorted(town().units)),
    has_left=st.booleans(),
    is_helped=st.booleans(),
    by_word=st.booleans(),
    is_silent=st.booleans(),
)
def test_no_verdict_ends_without_an_owner(
    verdict: Verdict, grade: Grade, unsolved: int, owner: str, has_left: bool, is_helped: bool, by_word: bool, is_silent: bool
) -> None:
    """Whatever is said, or not: it is closed with a verdict or as unanswered, or somebody has it again."""
    path = tuple(unit.id for unit in town().path(owner))
    case = standing_in(S.AWAITING_FOLLOW_UP, owner_id=owner, owner_path=path, is_supervised=unsolved > 1)
    case = with_assist(case, "grid-worker-2") if is_helped else case
    case = replace(case, request=replace(request_of(case), unsolved_count=unsolved, calls_begun_at=MONDAY))
    organisation = without_posts(WORKER) if has_left else town()
    now = replace(moment(DESK if by_word else RESIDENT), organisation=organisation)
    if is_silent:
        act = followups.close_unanswered(case, case.tasks[0], replace(now, at=MONDAY + 7 * DAYS))
    elif by_word:
        act = verdicts.judged(case, request_of(case), now, EventKind.FOLLOW_UP_RECORDED, verdict=verdict, grade=grade)
    else:
        act = verdicts.answer(case, now, verdict=verdict, grade=grade)
    assert act is not None
    request = request_of(act.case)

    if request.state is RequestState.CLOSED:
        assert (request.verdict is None) == request.closed_unanswered == is_silent
        assert all(task.is_over for task in act.case.tasks)
    else:
        assert request.state is RequestState.IN_HAND
        assert is_with_somebody(act.case.tasks[0], organisation, MONDAY)
        assert act.case.tasks[0].is_supervised == (unsolved > 0)


def test_reach_of_a_home_says_only_who_is_asked_by_word_from_the_first() -> None:
    case = answered().case
    typed = replace(case, request=replace(request_of(case), on_behalf_of_id=id_of(RESIDENT), submitted_by_id=id_of("link-member-1")))

    assert [followups.is_spoken(typed, reach) for reach in (None, Reach.APP, Reach.VISIT)] == [False, False, True]
    assert not followups.is_spoken(case, Reach.VISIT)


# --- Confirmed on the spot.


def confirmed(case: Case, given: str = "123456", tries: int = 1) -> RefusalCode | None:
    lead = case.tasks[0].id
    return refusal_of(lambda: confirm(case, lead, moment(WORKER), given=given, codes=lambda _request: "123456", tries=tries))


def test_only_the_code_of_the_request_confirms_it_and_only_so_often() -> None:
    case = standing_in(S.IN_PROGRESS)

    assert [confirmed(case), confirmed(case, "654321"), confirmed(case, tries=6)] == [
        None,
        RefusalCode.INVALID_INPUT,
        RefusalCode.LIMIT_REACHED,
    ]
    assert confirmed(standing_in(S.COMPLETED)) is RefusalCode.WRONG_STATE


def test_nobody_confirms_their_own_work_nor_a_part_of_it() -> None:
    own = with_assist(standing_in(S.IN_PROGRESS), RESIDENT)
    part = standing_in(S.IN_PROGRESS, parent_id=new_id(Kind.TASK, 9))

    assert (confirmed(own), confirmed(part)) == (RefusalCode.INVALID_INPUT, RefusalCode.INVALID_INPUT)
    assert holder_of(request_of(own), own.tasks) is None
    assert holder_of(request_of(standing_in(S.CLOSED)), ()) is None


@pytest.mark.parametrize(
    ("given", "readable"), [("012345", True), ("12345", False), ("1234567", False), ("12345a", False), ("１２３４５６", False)]
)
def test_a_code_is_six_digits(given: str, readable: bool) -> None:
    assert is_code(given) is readable
