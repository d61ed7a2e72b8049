"""What each verb does to a case beyond the move itself: returns, contacts, checks, the last word, and the request that follows."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import cases, verdicts
from domain.cases import Act, Case
from domain.errors import RefusalCode
from domain.events import EventKind
from domain.ids import Kind
from domain.lifecycle import TaskAction, Verb, actions
from domain.requests import Grade, Request, RequestState, Verdict
from domain.routing import Avoided, Service
from domain.tasks import TO_DO, Outcome, Task, TaskState
from tests.domain.cast import MONDAY, actor, asked, deed_of, given_to, id_of, moment, new_id, refusal_of, standing_in, town

S = TaskState
ASSIGNED, ACKNOWLEDGED, IN_PROGRESS = S.ASSIGNED, S.ACKNOWLEDGED, S.IN_PROGRESS
PENDING, COMPLETED, AWAITING = S.RETURN_PENDING, S.COMPLETED, S.AWAITING_FOLLOW_UP
WORKER, LEADER, DESK = "grid-worker-1", "grid-leader-1", "dispatcher-1"


def done(verb: Verb, case: Case, by: str, *, after: timedelta = timedelta()) -> Act:
    """The verb, done by somebody of the cast."""
    act = deed_of(verb, case, moment(by, at=MONDAY + after))
    assert act is not None
    return act


def refusal_to(verb: Verb, case: Case, by: str, *, after: timedelta = timedelta()) -> RefusalCode | None:
    return refusal_of(lambda: deed_of(verb, case, moment(by, at=MONDAY + after)))


def request_of(act: Act | Case) -> Request:
    request = act.case.request if isinstance(act, Act) else act.request
    assert request is not None
    return request


# --- Returns.


def test_whoever_returned_a_task_neither_decides_on_it_nor_returns_it_again() -> None:
    pending = standing_in(PENDING, returners=(id_of(DESK),))
    assert refusal_to(Verb.APPROVE_RETURN, pending, DESK) is RefusalCode.NOT_ALLOWED
    assert refusal_to(Verb.APPROVE_RETURN, pending, "secretary-2") is None

    again = standing_in(ASSIGNED, returners=(id_of(WORKER),))
    assert refusal_to(Verb.RETURN, again, WORKER) is RefusalCode.LIMIT_REACHED
    assert TaskAction.RETURN not in actions(again.tasks[0], actor(WORKER), at=MONDAY)


def test_a_return_after_the_window_is_too_late() -> None:
    case = asked()
    window = case.tasks[0].return_by
    assert window is not None
    on_time = window - MONDAY

    assert refusal_to(Verb.RETURN, case, WORKER, after=on_time) is None
    assert refusal_to(Verb.RETURN, case, WORKER, after=on_time + timedelta(milliseconds=1)) is RefusalCode.TOO_LATE


def returned_twice() -> Case:
    """Two people in turn gave it back, and the desk has to decide the second time."""
    case = done(Verb.RETURN, asked(), WORKER).case
    case = done(Verb.APPROVE_RETURN, case, DESK).case
    return done(Verb.RETURN, case, "grid-worker-2").case


def test_the_first_refused_return_does_not_bind_the_next_person() -> None:
    refused = done(Verb.REFUSE_RETURN, done(Verb.RETURN, asked(), WORKER).case, DESK)

    assert not refused.case.tasks[0].is_return_bound
    assert refused.facts["binds"] is False


def test_after_the_second_return_a_refusal_binds() -> None:
    refused = done(Verb.REFUSE_RETURN, returned_twice(), DESK)
    given = done(Verb.ASSIGN_AGAIN, refused.case, DESK)

    assert refused.facts["binds"] is True
    assert refusal_to(Verb.RETURN, given.case, WORKER) is RefusalCode.LIMIT_REACHED


def test_after_the_second_return_an_approval_binds_as_well() -> None:
    """The desk's pick is the back-stop owner (domain.md, section 0 "Return" and section 7, rule 8): it goes round no third time."""
    pending = returned_twice()
    handed = cases.approve_return(pending, pending.tasks[0].id, given_to("grid-worker-3"), moment(DESK)).case

    assert refusal_to(Verb.RETURN, handed, "grid-worker-3") is RefusalCode.LIMIT_REACHED
    assert TaskAction.RETURN not in actions(handed.tasks[0], actor("grid-worker-3"), at=MONDAY)


def test_a_return_keeps_its_reason_and_proposal_as_facts_and_its_words_as_a_reason() -> None:
    act = done(Verb.RETURN, asked(), WORKER)

    assert (act.facts["reason"], act.facts["proposed_owner"], act.reason) == ("NOT_MY_ITEM", None, "不归我管")
    assert act.case.tasks[0].returners == (id_of(WORKER),)


def test_whoever_gave_it_back_and_whom_it_is_about_are_avoided_from_then_on() -> None:
    pending = done(Verb.RETURN, asked(), WORKER).case
    about = replace(request_of(pending), about_person_id=id_of(LEADER), about_unit_id=town().root().id)

    assert pending.avoided == Avoided(also=frozenset({id_of(WORKER)}))
    assert replace(pending, request=about).avoided == Avoided(id_of(LEADER), town().root().id, frozenset({id_of(WORKER)}))
    assert replace(pending, request=None).avoided == Avoided(also=frozenset({id_of(WORKER)}))


# --- Contact.


def tried(minutes: list[int]) -> list[Act]:
    """Calls that reached nobody, so many minutes from now."""
    acts, case = [], standing_in(ACKNOWLEDGED)
    for minute in minutes:
        acts.append(done(Verb.TRY_CONTACT, case, WORKER, after=timedelta(minutes=minute)))
        case = acts[-1].case
    return acts


def test_the_third_try_at_a_different_time_starts_the_work() -> None:
    acts = tried([0, 10, 20])

    assert [act.kind for act in acts] == [EventKind.TASK_CONTACT_TRIED, EventKind.TASK_CONTACT_TRIED, EventKind.TASK_STARTED]
    assert acts[-1].case.tasks[0].contacted_at == MONDAY + timedelta(minutes=20)


def test_tries_shortly_after_each_other_are_one_try() -> None:
    task = tried([0, 1, 2, 9, 10, 15])[-1].case.tasks[0]

    assert task.state is ACKNOWLEDGED
    assert len(task.contact_tries) == 2


def test_a_contact_is_wanted_only_where_somebody_asked() -> None:
    def start(case: Case) -> Act:
        return cases.start(case, case.tasks[0].id, moment(WORKER), contact=None, reached=True, tried_at=MONDAY)

    asked_for = standing_in(ACKNOWLEDGED)
    on_its_own = Case(None, (replace(asked_for.tasks[0], request_id=None, askers=()),))

    assert refusal_of(lambda: start(asked_for)) is RefusalCode.INVALID_INPUT
    assert start(on_its_own).case.tasks[0].state is IN_PROGRESS


# --- Giving, completing and checking.


def test_the_task_is_not_given_to_whoever_has_it_or_to_nobody() -> None:
    case = asked()

    def assign(service: Service) -> Act:
        return cases.assign(case, case.tasks[0].id, service, moment(LEADER))

    assert refusal_of(lambda: assign(given_to(WORKER))) is RefusalCode.INVALID_INPUT
    assert refusal_of(lambda: assign(replace(given_to(WORKER), person=None))) is RefusalCode.INVALID_INPUT


def test_a_new_person_begins_with_nothing_of_the_one_before() -> None:
    worked_on = tried([0, 10])[-1].case
    task = done(Verb.ASSIGN_AGAIN, worked_on, LEADER, after=timedelta(hours=1)).case.tasks[0]

    assert (task.contact_tries, task.contacted_at, task.returned_at, task.proposed_owner_id) == ((), None, None, None)
    assert task.past_assignees == (id_of(WORKER),)


def test_whoever_had_it_twice_is_remembered_once() -> None:
    case = asked()
    for _ in range(3):
        case = done(Verb.ASSIGN_AGAIN, case, DESK).case

    assert case.tasks[0].past_assignees == (id_of(WORKER), id_of("grid-worker-2"))


def test_a_check_does_not_fail_the_work_without_a_reason() -> None:
    case = standing_in(COMPLETED)

    assert refusal_of(lambda: cases.verify(case, case.tasks[0].id, moment(LEADER), passed=False)) is RefusalCode.INVALID_INPUT


def test_a_failed_check_sends_the_work_back_and_counts() -> None:
    act = done(Verb.FAIL_CHECK, standing_in(COMPLETED), LEADER)
    task = act.case.tasks[0]

    assert (task.state, task.assignee_id, task.outcome, task.completed_at) == (IN_PROGRESS, id_of(WORKER), None, None)
    assert (request_of(act).rework_count, act.reason) == (1, "灯还是不亮")


EVERYBODY_ABOVE = tuple(id_of(handle) for handle in ("grid-leader-1", "secretary-1", "secretary-2", "dispatcher-1"))


def test_where_nobody_is_left_to_check_the_residents_word_is_the_check() -> None:
    act = done(Verb.COMPLETE, standing_in(IN_PROGRESS, past_assignees=EVERYBODY_ABOVE), WORKER)

    assert (act.kind, act.facts["checked"]) == (EventKind.TASK_COMPLETED, False)
    assert (act.case.tasks[0].state, request_of(act).state) == (AWAITING, RequestState.ANSWERED)
    assert done(Verb.COMPLETE, standing_in(IN_PROGRESS), WORKER).facts["checked"] is True


def test_whoever_did_the_own_work_is_not_asked_about_it() -> None:
    asked_by_worker = (id_of(WORKER),)
    case = standing_in(COMPLETED, askers=asked_by_worker)
    own = replace(case, request=replace(request_of(case), submitted_by_id=id_of(WORKER)))
    checked = done(Verb.PASS_CHECK, own, LEADER)
    lonely = standing_in(IN_PROGRESS, askers=asked_by_worker, past_assignees=EVERYBODY_ABOVE)
    unchecked = done(Verb.COMPLETE, replace(lonely, request=own.request), WORKER)

    for act in (checked, unchecked):
        assert (act.case.tasks[0].state, request_of(act).state) == (S.CLOSED, RequestState.CLOSED)
        assert (request_of(act).verdict, act.case.tasks[0].outcome) == (None, Outcome.SOLVED)
    assert refusal_to(Verb.ANSWER, checked.case, WORKER) is RefusalCode.NOT_ALLOWED


def test_while_the_desk_thinks_nobody_judges_the_leg() -> None:
    pending = done(Verb.RETURN, asked(), WORKER).case.tasks[0]

    assert not pending.is_overdue(MONDAY + timedelta(days=60))


def nobody_asked(case: Case) -> Case:
    return Case(None, (replace(case.tasks[0], request_id=None, askers=()),))


def test_a_task_that_nobody_asked_for_is_closed_by_its_check() -> None:
    case = nobody_asked(standing_in(COMPLETED))

    assert done(Verb.PASS_CHECK, case, LEADER).case == Case(None, (replace(case.tasks[0], state=S.CLOSED, version=2),))


def test_work_that_nobody_asked_for_can_fail_its_check_too() -> None:
    act = done(Verb.FAIL_CHECK, nobody_asked(standing_in(COMPLETED)), LEADER)

    assert (act.case.request, act.case.tasks[0].state) == (None, IN_PROGRESS)


def test_work_that_nobody_asked_for_is_rated_by_nobody() -> None:
    assert refusal_to(Verb.ANSWER, nobody_asked(standing_in(AWAITING)), "resident-1") is RefusalCode.NOT_ALLOWED


# --- The last word.


@pytest.mark.parametrize("grade", Grade)
@pytest.mark.parametrize("verdict", Verdict)
def test_not_solved_or_one_of_the_two_lowest_grades_is_done_again(verdict: Verdict, grade: Grade) -> None:
    is_bad = verdict is Verdict.NOT_SOLVED or grade in {Grade.UNSATISFIED, Grade.VERY_UNSATISFIED}
    act = verdicts.answer(standing_in(AWAITING), moment("resident-1"), verdict=verdict, grade=grade, words="谢谢")
    request = request_of(act)

    assert (request.verdict, request.grade, act.reason) == (verdict, grade, "谢谢")
    assert request.state is (RequestState.IN_HAND if is_bad else RequestState.CLOSED)
    assert request.rework_count == (1 if is_bad else 0)
    assert (request.closed_at is None) == is_bad


def test_a_proxy_does_not_rate_and_the_principal_does() -> None:
    case = standing_in(AWAITING)
    for_somebody = replace(request_of(case), submitted_by_id=id_of("link-member-1"), on_behalf_of_id=id_of("resident-2"))
    case = replace(case, request=for_somebody)

    assert for_somebody.askers == (id_of("resident-2"), id_of("link-member-1"))
    assert refusal_to(Verb.ANSWER, case, "link-member-1") is RefusalCode.NOT_ALLOWED
    assert refusal_to(Verb.ANSWER, case, "nobody") is RefusalCode.NOT_ALLOWED
    assert refusal_to(Verb.ANSWER, case, "resident-2") is None


def test_the_second_rework_is_owned_one_level_up_and_flagged_and_goes_on_with_the_same_person() -> None:
    before = standing_in(AWAITING)
    first = done(Verb.REWORK, before, "resident-1").case
    second = done(Verb.REWORK, standing_in(AWAITING, first), "resident-1").case
    task, owner = second.tasks[0], town().units[before.tasks[0].owner_id]

    assert not first.tasks[0].is_supervised
    assert first.tasks[0].owner_id == owner.id
    assert task.is_supervised
    assert (task.owner_id, task.assignee_id) == (owner.parent_id, id_of(WORKER))
    assert task.owner_path == before.tasks[0].owner_path[1:]


def two_tasks(lead: TaskState, other: TaskState) -> Case:
    case = standing_in(lead)
    helper = replace(standing_in(other).tasks[0], id=new_id(Kind.TASK, 3), parent_id=case.tasks[0].id)
    return Case(cases.follow(request_of(case), (case.tasks[0], helper), at=MONDAY), (case.tasks[0], helper))


def test_the_last_word_closes_every_task_as_one_change_of_the_request() -> None:
    case = two_tasks(AWAITING, AWAITING)
    act = done(Verb.ANSWER, case, "resident-1")

    assert [task.state for task in act.case.tasks] == [S.CLOSED, S.CLOSED]
    assert (request_of(act).state, request_of(act).version) == (RequestState.CLOSED, request_of(case).version + 1)


def test_what_is_over_already_is_not_closed_again() -> None:
    act = done(Verb.ANSWER, two_tasks(AWAITING, S.CANCELLED), "resident-1")

    assert [task.state for task in act.case.tasks] == [S.CLOSED, S.CANCELLED]


def test_a_closed_request_has_an_outcome_and_a_verdict() -> None:
    act = done(Verb.ANSWER, standing_in(AWAITING), "resident-1")

    assert request_of(act).verdict is Verdict.SOLVED
    assert act.case.tasks[0].outcome is Outcome.SOLVED


# --- The request follows its tasks.

OPEN = frozenset(S) - {S.CLOSED, S.CANCELLED}


def followed(states: list[TaskState], state: RequestState = RequestState.IN_HAND) -> Request:
    case = asked()
    tasks = tuple(replace(case.tasks[0], id=new_id(Kind.TASK, number), state=each) for number, each in enumerate(states))
    return cases.follow(replace(request_of(case), state=state), tasks, at=MONDAY)


@given(states=st.lists(st.sampled_from(S), min_size=1, max_size=4))
def test_the_state_of_a_request_is_that_of_its_tasks(states: list[TaskState]) -> None:
    is_open = {state for state in states if state in OPEN}
    if not is_open:
        expected = RequestState.CLOSED
    elif is_open <= {S.SUSPENDED, S.DEFERRED}:
        expected = RequestState.ON_HOLD
    else:
        expected = RequestState.ANSWERED if is_open == {AWAITING} else RequestState.IN_HAND

    assert followed(states).state is expected


@pytest.mark.parametrize(
    "state", [state for state in RequestState if state.name in {"DECLINED", "WITHDRAWN", "MERGED", "HANDED_OFF", "CLOSED"}]
)
def test_a_request_that_is_over_stays_over(state: RequestState) -> None:
    assert followed([IN_PROGRESS], state).state is state


def test_a_request_without_a_task_stays_as_it_is() -> None:
    assert followed([]).state is RequestState.IN_HAND


@given(states=st.lists(st.sampled_from(S), min_size=1, max_size=3))
def test_whoever_sees_a_task_sees_its_request(states: list[TaskState]) -> None:
    request = followed(states)
    tasks = [replace(asked().tasks[0], state=state) for state in states]

    assert all(task.scopes <= request.scopes for task in tasks)


def test_what_stands_on_a_list_of_things_to_do_is_open_and_not_on_the_desk() -> None:
    assert OPEN >= TO_DO
    assert PENDING not in TO_DO


def test_a_promise_is_judged_at_the_last_completion() -> None:
    case = asked()
    due = request_of(case).promise_due_at
    assert due is not None

    def at(*completed: timedelta | None) -> Request:
        tasks = tuple(replace(case.tasks[0], state=COMPLETED, completed_at=None if span is None else due + span) for span in completed)
        return cases.follow(request_of(case), tasks, at=MONDAY)

    assert at(timedelta()).promise_met
    assert not at(timedelta(seconds=1)).promise_met
    assert not at(timedelta(), timedelta(seconds=1)).promise_met
    assert not at(-timedelta(days=1), None).promise_met
    assert at(-timedelta(days=1), None).completed_at is None


@pytest.mark.parametrize("state", RequestState)
def test_what_is_not_counted_or_stands_still_is_never_overdue(state: RequestState) -> None:
    request = replace(request_of(asked()), state=state)
    late = MONDAY + timedelta(days=60)

    assert request.is_overdue(late) == (request.is_counted and state is not RequestState.ON_HOLD)
    assert not request.is_overdue(MONDAY)
    assert not replace(request, promise_met=True).is_overdue(late)
    assert not replace(request, promise_due_at=None).is_overdue(late)


def test_a_leg_is_overdue_until_it_was_met() -> None:
    task: Task = asked().tasks[0]
    late = MONDAY + timedelta(days=60)

    assert task.is_overdue(late)
    assert not task.is_overdue(MONDAY)
    assert not replace(task, leg_met=True).is_overdue(late)
    assert not replace(task, due_at=None).is_overdue(late)
