"""Who has a task calls others in, and stays accountable: what one owes the other changes in one act, up and down."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import assists, cases
from domain.access import Door, key
from domain.cases import Act, Case
from domain.desk_nudges import nudge_task
from domain.errors import RefusalCode, Refused
from domain.events import EventKind
from domain.further_owners import service_of_unit
from domain.ids import Kind
from domain.lifecycle import TaskAction, actions
from domain.requests import RequestState
from domain.roll_up import DONE, above, below
from domain.routing import NOTHING_AVOIDED, Avoided
from domain.standings import verifiers
from domain.tasks import ContactKind, Outcome, Task, TaskState
from tests.domain.cast import MONDAY, add_assist, given_to, handle_of, id_of, moment, new_id, refusal_of, standing_in, town

S = TaskState
WORKER, LEADER, PLUMBER, DESK = "grid-worker-1", "grid-leader-1", "provider-worker-1", "dispatcher-1"
LEAD, CHILD, GRANDCHILD = (new_id(Kind.TASK, number) for number in (2, 3, 4))
TUESDAY = MONDAY + timedelta(days=1)


def helped(*, is_required: bool = True, to: str = PLUMBER) -> Case:
    """The lamp in progress, with somebody called in."""
    return add_assist(standing_in(S.IN_PROGRESS), moment(WORKER), to=to, is_required=is_required).case


def deep() -> Case:
    """Three levels: whoever helps calls others in."""
    return add_assist(worked(helped(), CHILD, PLUMBER), moment(PLUMBER), to="grid-worker-2", below=CHILD, number=4).case


def worked(case: Case, task_id: str, by: str) -> Case:
    now = moment(by)
    case = cases.acknowledge(case, task_id, now).case
    return cases.start(case, task_id, now, contact=ContactKind.VISIT, reached=True, tried_at=None).case


def completed(case: Case, task_id: str, by: str) -> Act:
    return cases.complete(case, task_id, moment(by, at=TUESDAY), outcome=Outcome.SOLVED, note="好了")


def checked(case: Case, task_id: str, *, passed: bool = True) -> Act:
    on = TUESDAY.date()
    by = handle_of(verifiers(case.task(task_id), town(), on)[0])
    assert by is not None
    return cases.verify(case, task_id, moment(by, at=TUESDAY), passed=passed, reason="再看看")


def states(case: Case) -> list[str]:
    return [task.state.value for task in case.tasks]


def test_whoever_has_a_task_calls_a_unit_in_and_stays_accountable() -> None:
    before = standing_in(S.IN_PROGRESS)
    act = add_assist(before, moment(WORKER))
    lead, child = act.case.tasks

    assert (act.kind, act.task_id, act.said) == (EventKind.ASSIST_ADDED, LEAD, {CHILD: "先停水"})
    assert (lead.state, lead.assignee_id, lead.version, lead.open_assists) == (S.IN_PROGRESS, id_of(WORKER), before.tasks[0].version + 1, 1)
    assert (child.parent_id, child.request_id, child.state, child.version) == (LEAD, lead.request_id, S.ASSIGNED, 1)
    assert (child.assignee_id, child.leads, child.is_required) == (id_of(PLUMBER), (id_of(WORKER),), True)
    assert key(Door.WORKER, id_of(WORKER)) in child.scopes
    assert key(Door.WORKER, id_of(PLUMBER)) not in lead.scopes
    assert act.case.request is not None
    assert act.case.request.state is RequestState.IN_HAND
    assert child.scopes <= act.case.request.scopes


def test_the_assist_has_a_leg_of_its_own_inside_the_promise() -> None:
    before = standing_in(S.IN_PROGRESS)
    promised = before.request.promise_due_at if before.request else None
    late = add_assist(before, moment(WORKER, at=MONDAY + timedelta(days=3))).case.tasks[1]
    broken = add_assist(before, moment(WORKER, at=MONDAY + timedelta(days=30))).case.tasks[1]
    nobody = Case(None, (replace(before.tasks[0], request_id=None),))

    assert late.due_at == promised
    assert promised is not None
    assert broken.due_at is not None
    assert broken.due_at > MONDAY + timedelta(days=30)
    assert late.acknowledge_by is not None
    assert add_assist(nobody, moment(WORKER, at=MONDAY + timedelta(days=3))).case.tasks[1].due_at == before.tasks[0].due_at


def test_a_task_is_not_complete_while_a_required_one_that_helps_is_open() -> None:
    case = helped()

    assert refusal_of(lambda: completed(case, LEAD, WORKER)) is RefusalCode.WRONG_STATE
    assert TaskAction.COMPLETE not in actions(case.tasks[0], moment(WORKER).by, at=MONDAY)


def test_what_is_done_to_the_whole_leaves_a_part_that_it_does_not_touch_as_it_was() -> None:
    """Else its version would grow by what somebody else did, and the helper's phone be told that it is out of date."""
    case = completed(worked(helped(), CHILD, PLUMBER), CHILD, PLUMBER).case
    nudged = nudge_task(case, LEAD, moment(LEADER, at=TUESDAY), note=None).case

    assert (nudged.task(LEAD).version, nudged.task(CHILD)) == (case.task(LEAD).version + 1, case.task(CHILD))
    assert checked(nudged, CHILD).case.task(CHILD).state is S.CLOSED


def test_the_last_one_done_moves_what_it_helped_in_the_same_act() -> None:
    two = add_assist(helped(), moment(WORKER), to="grid-worker-2", number=4).case
    first = completed(worked(two, CHILD, PLUMBER), CHILD, PLUMBER)
    last = completed(worked(first.case, GRANDCHILD, "grid-worker-2"), GRANDCHILD, "grid-worker-2")

    assert "assists_done" not in first.facts
    assert first.case.task(LEAD).open_assists == 1
    assert last.facts["assists_done"] == LEAD
    assert last.case.task(LEAD).open_assists == 0
    assert last.case.task(LEAD).version == first.case.task(LEAD).version + 1
    assert TaskAction.COMPLETE in actions(last.case.task(LEAD), moment(WORKER).by, at=MONDAY)


def test_whoever_did_a_part_does_not_check_the_whole() -> None:
    case = completed(worked(helped(to=LEADER), CHILD, LEADER), CHILD, LEADER).case
    done = completed(case, LEAD, WORKER).case

    assert id_of(LEADER) in done.task(LEAD).past_assignees
    assert verifiers(done.task(LEAD), town(), MONDAY.date()) == (id_of("secretary-1"),)


def test_the_check_of_the_whole_is_the_check_of_its_parts_and_the_resident_is_asked_once() -> None:
    case = completed(worked(helped(), CHILD, PLUMBER), CHILD, PLUMBER).case
    done = completed(case, LEAD, WORKER).case
    act = checked(done, LEAD)

    assert states(done) == ["COMPLETED", "COMPLETED"]
    assert states(act.case) == ["AWAITING_FOLLOW_UP", "CLOSED"]
    assert act.facts["asked"] is True
    assert act.case.request is not None
    assert act.case.request.state is RequestState.ANSWERED


def test_a_part_is_checked_by_itself_and_nobody_is_asked_about_it() -> None:
    act = checked(completed(worked(helped(), CHILD, PLUMBER), CHILD, PLUMBER).case, CHILD)

    assert states(act.case) == ["IN_PROGRESS", "CLOSED"]
    assert act.facts["asked"] is False
    assert act.case.request is not None
    assert act.case.request.state is RequestState.IN_HAND


def test_a_part_that_fails_its_check_draws_back_what_was_done_over_it() -> None:
    done = completed(completed(worked(helped(), CHILD, PLUMBER), CHILD, PLUMBER).case, LEAD, WORKER).case
    act = checked(done, CHILD, passed=False)

    assert states(act.case) == ["IN_PROGRESS", "IN_PROGRESS"]
    assert (act.facts["drawn_back"], act.case.task(LEAD).open_assists) == (LEAD, 1)
    assert act.case.request is not None
    assert act.case.request.rework_count == 1


def test_what_is_not_required_ends_with_what_it_helped() -> None:
    act = completed(helped(is_required=False), LEAD, WORKER)

    assert states(act.case) == ["COMPLETED", "CANCELLED"]
    assert act.facts["cancelled"] == CHILD
    assert act.case.request is not None
    assert act.case.request.promise_met


def test_what_was_not_required_and_is_done_is_checked_with_the_whole() -> None:
    case = completed(worked(helped(is_required=False), CHILD, PLUMBER), CHILD, PLUMBER).case
    done = completed(case, LEAD, WORKER)

    assert states(done.case) == ["COMPLETED", "COMPLETED"]
    assert "cancelled" not in done.facts


def test_where_nobody_may_check_the_whole_its_parts_are_closed_with_it() -> None:
    everybody = tuple(id_of(handle) for handle in (LEADER, "secretary-1", "secretary-2", DESK))
    case = standing_in(S.IN_PROGRESS, past_assignees=everybody)
    case = add_assist(case, moment(WORKER)).case
    done = completed(completed(worked(case, CHILD, PLUMBER), CHILD, PLUMBER).case, LEAD, WORKER)

    assert states(done.case) == ["AWAITING_FOLLOW_UP", "CLOSED"]


def test_calling_one_off_calls_off_all_below_it_and_frees_what_waited() -> None:
    act = assists.cancel(deep(), CHILD, moment(DESK), reason="不用停水了")

    assert states(act.case) == ["IN_PROGRESS", "CANCELLED", "CANCELLED"]
    assert (act.kind, act.reason) == (EventKind.TASK_CANCELLED, "不用停水了")
    assert (act.facts["cancelled"], act.facts["assists_done"]) == (GRANDCHILD, LEAD)
    assert act.case.task(LEAD).open_assists == 0
    assert not act.case.task(CHILD).is_overdue(MONDAY + timedelta(days=90))


def test_the_lead_of_a_request_is_not_called_off() -> None:
    assert refusal_of(lambda: assists.cancel(helped(), LEAD, moment(DESK), reason="算了")) is RefusalCode.WRONG_STATE


def test_three_levels_wait_for_each_other() -> None:
    case = deep()
    top, middle, deepest = case.tasks

    assert [task.open_assists for task in case.tasks] == [1, 1, 0]
    assert deepest.leads == (id_of(PLUMBER), id_of(WORKER))
    assert [task.id for task in below(case.tasks, top.id)] == [middle.id, deepest.id]
    assert [task.id for task in above(case.tasks, deepest)] == [middle.id, top.id]
    assert refusal_of(lambda: completed(case, CHILD, PLUMBER)) is RefusalCode.WRONG_STATE


def test_whoever_gets_the_task_next_sees_what_helps_with_it() -> None:
    act = cases.assign(helped(), LEAD, given_to("grid-worker-2"), moment(LEADER))

    assert act.case.task(CHILD).leads == (id_of("grid-worker-2"),)
    assert key(Door.WORKER, id_of(WORKER)) not in act.case.task(CHILD).scopes
    assert act.case.task(CHILD).version == 2


def test_what_is_over_has_been_over_since_then_whoever_gets_the_rest() -> None:
    off = assists.cancel(helped(), CHILD, moment(DESK), reason="不用了").case
    handed = cases.assign(off, LEAD, given_to("grid-worker-2"), moment(DESK, at=TUESDAY)).case
    before, after = off.task(CHILD), handed.task(CHILD)

    assert (after.leads, after.version) == ((id_of("grid-worker-2"),), before.version + 1)
    assert (after.state, after.updated_at) == (S.CANCELLED, before.updated_at)
    assert (before.updated_at, handed.task(LEAD).updated_at) == (MONDAY, TUESDAY)


def test_nobody_helps_themselves_and_not_without_end() -> None:
    case = standing_in(S.IN_PROGRESS)
    full = case
    for number in range(assists.MOST):
        full = add_assist(full, moment(WORKER), number=10 + number).case

    assert refusal_of(lambda: add_assist(case, moment(WORKER), to=WORKER)) is RefusalCode.INVALID_INPUT
    assert refusal_of(lambda: add_assist(full, moment(WORKER), number=99)) is RefusalCode.LIMIT_REACHED


def test_a_unit_is_asked_by_who_leads_it_else_by_who_works_there() -> None:
    on = MONDAY.date()
    branch, provider = given_to(LEADER).unit.id, given_to(PLUMBER).unit.id
    about = Avoided(unit_id=provider)
    provider_people = {post.person_id for post in town().posts_at(provider, on)}

    assert assists.of_unit(town(), branch, NOTHING_AVOIDED, on=on).person == given_to(LEADER).person
    assert assists.of_unit(town(), provider, NOTHING_AVOIDED, on=on).person == given_to(PLUMBER).person
    assert service_of_unit(town(), provider, about, on=on) is None
    nobody = service_of_unit(town(), provider, Avoided(also=frozenset(provider_people)), on=on)
    assert nobody is not None
    assert nobody.person is None
    for unit_id, avoided, code in (("nowhere", NOTHING_AVOIDED, RefusalCode.NOT_FOUND), (provider, about, RefusalCode.NOT_ALLOWED)):
        with pytest.raises(Refused) as no:
            assists.of_unit(town(), unit_id, avoided, on=on)
        assert no.value.refusal.code is code


# --- Whatever is done in whatever order.

ANYBODY = (WORKER, LEADER, PLUMBER, "grid-worker-2", "branch-leader-1", "secretary-1", "secretary-2", DESK)


def attempts(case: Case, task: Task, by: str, number: int) -> list[object]:
    now = moment(by, at=TUESDAY)
    return [
        lambda: cases.acknowledge(case, task.id, now),
        lambda: cases.start(case, task.id, now, contact=ContactKind.CALL, reached=True, tried_at=None),
        lambda: add_assist(case, now, to=ANYBODY[number % 4], below=task.id, number=100 + number, is_required=number % 3 > 0),
        lambda: cases.complete(case, task.id, now, outcome=Outcome.SOLVED, note="好了"),
        lambda: cases.verify(case, task.id, now, passed=number % 4 > 0, reason="看过"),
        lambda: assists.cancel(case, task.id, now, reason="算了"),
        lambda: cases.assign(case, task.id, given_to(ANYBODY[number % 4]), now),
    ]


def holds(case: Case) -> None:
    for task in case.tasks:
        children = [child for child in case.tasks if child.parent_id == task.id]
        waiting = [child for child in children if child.is_required and child.state not in DONE]
        assert task.open_assists == len(waiting)
        if task.state in DONE:
            assert all(child.state in DONE for child in children)
        if task.state in {S.AWAITING_FOLLOW_UP, S.CLOSED, S.CANCELLED}:
            assert all(child.is_over for child in children)
        if task.assignee_id:
            assert all(task.assignee_id in child.leads for child in children)
        assert task.id not in {other.id for other in above(case.tasks, task)}
    request = case.request
    assert request is not None
    if request.state in {RequestState.ANSWERED, RequestState.CLOSED}:
        assert all(task.is_over or task.state is S.AWAITING_FOLLOW_UP for task in case.tasks)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(ANYBODY), st.integers(0, 6)), min_size=10, max_size=60))
def test_no_order_of_acts_leaves_one_done_over_another_that_is_open(steps: list[tuple[int, str, int]]) -> None:
    case = standing_in(S.ACKNOWLEDGED)
    for number, (which, by, what) in enumerate(steps):
        task = case.tasks[which % len(case.tasks)]
        by = handle_of(task.assignee_id) or by if what in {0, 1, 3} else by
        try:
            act = attempts(case, task, by, number)[what]()  # type: ignore[operator]
        except Refused:
            continue
        case = act.case
        holds(case)
