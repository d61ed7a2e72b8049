"""Who is told of what: each act its people, each once, never the one who did it, never whom it is kept from; and a push says nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import assists, cases, climbing
from domain.cases import Act, Case
from domain.devices import Device, DevicePlatform
from domain.events import Event, EventKind
from domain.households import Reach
from domain.ids import Kind, compose, derived, parse, uuid7
from domain.lifecycle import Verb
from domain.notices import PUSH_TIME_TO_LIVE, URGENT, Around, Notice, NoticeKind, notices_of, pushes_of
from domain.organisation import Organisation
from domain.routing import RULE_CLIMB, Service
from domain.tasks import TaskState
from server.wiring import load_messages
from tests.domain.cast import (
    MONDAY,
    add_assist,
    asked,
    deed_of,
    given_to,
    handle_of,
    id_of,
    moment,
    new_id,
    planned,
    standing_in,
    town,
    wished,
)

K = NoticeKind
ON = date(2026, 11, 23)
MESSAGES = load_messages()
Told = set[tuple[str | None, NoticeKind]]


def event_of(act: Act, by: str) -> Event:
    request = act.case.request
    actor_id = None if by == "nobody" else id_of(by)
    id_ = compose(Kind.EVENT, town().township, uuid7(MONDAY, 7))
    return Event(id_, town().township, request.id if request else None, act.task_id, act.kind, actor_id, None, MONDAY, None, act.facts)


def notices(act: Act, by: str, organisation: Organisation | None = None) -> tuple[Notice, ...]:
    return notices_of(event_of(act, by), act.case, organisation or town(), on=ON)


def told(act: Act, by: str, organisation: Organisation | None = None) -> Told:
    return {(handle_of(notice.person_id), notice.kind) for notice in notices(act, by, organisation)}


def told_of(verb: Verb, state: TaskState, by: str, case: Case | None = None) -> Told:
    """Who hears of the verb, done by somebody of the cast in that state."""
    act = deed_of(verb, wished(standing_in(state, case), verb), moment(by, at=MONDAY + timedelta(hours=6)))
    assert act is not None
    return told(act, by)


def without(*handles: str) -> Organisation:
    gone = {id_of(handle) for handle in handles}
    posts = [replace(post, until=ON) if post.person_id in gone else post for post in planned().parts.appointments]
    return Organisation(town().township, "vacant", replace(planned().parts, appointments=posts))


S = TaskState
WHO_IS_TOLD = [
    (Verb.ASSIGN, S.QUEUED, "dispatcher-1", {("grid-worker-2", K.TASK_ASSIGNED)}),
    (Verb.ASSIGN_AGAIN, S.ASSIGNED, "dispatcher-1", {("grid-worker-2", K.TASK_ASSIGNED), ("grid-worker-1", K.TASK_TAKEN_AWAY)}),
    (Verb.ACKNOWLEDGE, S.ASSIGNED, "grid-worker-1", set()),
    (Verb.REMIND, S.ASSIGNED, "nobody", {("grid-worker-1", K.TASK_REMINDED)}),
    (Verb.ESCALATE, S.ASSIGNED, "nobody", {("grid-leader-1", K.TASK_CLIMBED), ("grid-worker-1", K.TASK_TAKEN_AWAY)}),
    (Verb.MISS_CONTACT, S.ACKNOWLEDGED, "nobody", {("grid-worker-1", K.CONTACT_MISSED)}),
    (Verb.WARN, S.IN_PROGRESS, "nobody", {("grid-worker-1", K.TASK_DUE_SOON), ("grid-leader-1", K.TASK_DUE_SOON)}),
    (
        Verb.MISS,
        S.IN_PROGRESS,
        "nobody",
        {("grid-worker-1", K.TASK_OVERDUE), ("grid-leader-1", K.TASK_OVERDUE), ("dispatcher-1", K.TASK_OVERDUE)},
    ),
    (Verb.RECOUNT, S.IN_PROGRESS, "nobody", {("grid-worker-1", K.DEADLINE_MOVED), ("resident-1", K.DEADLINE_MOVED)}),
    (
        Verb.BREAK_PROMISE,
        S.QUEUED,
        "nobody",
        {("grid-leader-1", K.PROMISE_BROKEN), ("dispatcher-1", K.PROMISE_BROKEN)},
    ),
    (Verb.RETURN, S.ASSIGNED, "grid-worker-1", {("dispatcher-1", K.TASK_RETURNED)}),
    (
        Verb.APPROVE_RETURN,
        S.RETURN_PENDING,
        "dispatcher-1",
        {("grid-worker-2", K.TASK_ASSIGNED), ("grid-worker-1", K.TASK_TAKEN_AWAY)},
    ),
    (Verb.REFUSE_RETURN, S.RETURN_PENDING, "dispatcher-1", {("grid-worker-1", K.RETURN_REFUSED)}),
    (Verb.TRY_CONTACT, S.ACKNOWLEDGED, "grid-worker-1", set()),
    (Verb.START, S.ACKNOWLEDGED, "grid-worker-1", set()),
    (Verb.REQUEST_EXTENSION, S.IN_PROGRESS, "grid-worker-1", {("grid-leader-1", K.EXTENSION_ASKED)}),
    (
        Verb.GRANT_EXTENSION,
        S.IN_PROGRESS,
        "grid-leader-1",
        {("grid-worker-1", K.EXTENSION_GRANTED), ("resident-1", K.PROMISE_EXTENDED)},
    ),
    (Verb.REFUSE_EXTENSION, S.IN_PROGRESS, "grid-leader-1", {("grid-worker-1", K.EXTENSION_REFUSED)}),
    (Verb.SUSPEND, S.IN_PROGRESS, "grid-leader-1", {("grid-worker-1", K.TASK_SUSPENDED), ("resident-1", K.REQUEST_SUSPENDED)}),
    (Verb.RESUME, S.SUSPENDED, "grid-worker-1", {("resident-1", K.REQUEST_RESUMED)}),
    (Verb.END_SUSPENSION, S.SUSPENDED, "nobody", {("grid-worker-1", K.TASK_RESUMED), ("resident-1", K.REQUEST_RESUMED)}),
    (Verb.DEFER, S.IN_PROGRESS, "dispatcher-1", {("secretary-2", K.DEFERRAL_ASKED)}),
    (Verb.DEFER_AT_ONCE, S.IN_PROGRESS, "secretary-2", {("grid-worker-1", K.TASK_DEFERRED), ("resident-1", K.REQUEST_DEFERRED)}),
    (
        Verb.APPROVE_DEFERRAL,
        S.IN_PROGRESS,
        "secretary-2",
        {("grid-worker-1", K.TASK_DEFERRED), ("dispatcher-1", K.TASK_DEFERRED), ("resident-1", K.REQUEST_DEFERRED)},
    ),
    (Verb.REFUSE_DEFERRAL, S.IN_PROGRESS, "secretary-2", {("dispatcher-1", K.DEFERRAL_REFUSED)}),
    (Verb.OBJECT, S.DEFERRED, "resident-1", {("dispatcher-1", K.DEFERRAL_OBJECTED), ("secretary-2", K.DEFERRAL_OBJECTED)}),
    (Verb.REVIEW, S.DEFERRED, "nobody", {("dispatcher-1", K.DEFERRAL_REVIEW)}),
    (Verb.UNDEFER, S.DEFERRED, "dispatcher-1", {("grid-worker-1", K.TASK_RESUMED), ("resident-1", K.REQUEST_RESUMED)}),
    (Verb.CONTACT_AGAIN, S.IN_PROGRESS, "grid-worker-1", set()),
    (Verb.COMPLETE, S.IN_PROGRESS, "grid-worker-1", {("grid-leader-1", K.TASK_TO_CHECK)}),
    (Verb.CONFIRM, S.IN_PROGRESS, "grid-worker-1", {("resident-1", K.FOLLOW_UP_ASKED)}),
    (Verb.PASS_CHECK, S.COMPLETED, "grid-leader-1", {("resident-1", K.FOLLOW_UP_ASKED)}),
    (Verb.FAIL_CHECK, S.COMPLETED, "grid-leader-1", {("grid-worker-1", K.CHECK_FAILED)}),
    (Verb.ANSWER, S.AWAITING_FOLLOW_UP, "resident-1", set()),
    (Verb.RECORD, S.AWAITING_FOLLOW_UP, "dispatcher-1", {("resident-1", K.FOLLOW_UP_RECORDED)}),
    (Verb.BEGIN_CALLS, S.AWAITING_FOLLOW_UP, "nobody", {("dispatcher-1", K.FOLLOW_UP_TO_CALL)}),
    (Verb.TRY_CALL, S.AWAITING_FOLLOW_UP, "dispatcher-1", set()),
    (Verb.SILENT_CLOSE, S.AWAITING_FOLLOW_UP, "nobody", {("resident-1", K.FOLLOW_UP_UNANSWERED)}),
    (
        Verb.ADD_ASSIST,
        S.IN_PROGRESS,
        "grid-leader-1",
        {("provider-worker-1", K.TASK_ASSIGNED), ("grid-worker-1", K.ASSIST_ADDED)},
    ),
    (Verb.HOLD, S.ASSIGNED, "grid-worker-1", set()),
    (
        Verb.REPORT_LATE,
        S.ASSIGNED,
        "grid-worker-2",
        {("dispatcher-1", K.REPORT_TO_DECIDE), ("grid-worker-1", K.REPORT_CAME_LATE)},
    ),
    (
        Verb.APPROVE_REPORT,
        S.ASSIGNED,
        "dispatcher-1",
        {("grid-worker-2", K.REPORT_TAKEN), ("grid-worker-1", K.TASK_TAKEN_AWAY), ("grid-leader-1", K.TASK_TO_CHECK)},
    ),
    (Verb.REPORT_AFTER, S.SUSPENDED, "grid-worker-1", set()),
    (Verb.DISMISS_REPORT, S.ASSIGNED, "dispatcher-1", {("grid-worker-2", K.REPORT_DISMISSED)}),
    (Verb.BEGIN_AS_HELD, S.ACKNOWLEDGED, "nobody", set()),
    (Verb.COMPLETE_AS_HELD, S.IN_PROGRESS, "nobody", {("grid-leader-1", K.TASK_TO_CHECK)}),
    (Verb.NUDGE_TASK, S.IN_PROGRESS, "dispatcher-1", {("grid-worker-1", K.TASK_NUDGED)}),
    (Verb.REWORK, S.AWAITING_FOLLOW_UP, "resident-1", {("grid-worker-1", K.NOT_SOLVED), ("secretary-1", K.NOT_SOLVED_BELOW)}),
]


@pytest.mark.parametrize(("verb", "state", "by", "expected"), WHO_IS_TOLD, ids=[str(row[0].value) for row in WHO_IS_TOLD])
def test_each_act_is_told_to_those_whom_it_concerns(verb: Verb, state: TaskState, by: str, expected: Told) -> None:
    assert told_of(verb, state, by) == expected


CALLING_OUT = {Verb.CALL_OUT, Verb.DECIDE_CALL_OUT, Verb.REPORT_IN, Verb.CONCLUDE_CALL_OUT, Verb.MISS_CALL_OUT, Verb.REMIND_TO_RATE}
"""Told in tests/journeys/test_callouts.py."""


def test_every_kind_of_event_but_the_first_is_covered_above() -> None:
    assert {row[0] for row in WHO_IS_TOLD} == set(Verb) - CALLING_OUT - {Verb.SUBMIT, Verb.SUPERVISE, Verb.CANCEL, Verb.CALL_OFF}


def test_what_is_called_off_is_told_to_everybody_who_had_some_of_it_and_to_whoever_waited() -> None:
    lead, worker = standing_in(S.IN_PROGRESS), moment("grid-worker-1")
    helped = add_assist(lead, worker).case
    child = helped.tasks[1].id
    below = cases.acknowledge(helped, child, moment("provider-worker-1")).case
    deep = add_assist(below, moment("dispatcher-1"), to="grid-worker-2", below=child, number=4).case
    act = assists.cancel(deep, child, moment("dispatcher-1"), reason="算了")

    assert told(act, "dispatcher-1") == {
        ("provider-worker-1", K.TASK_CANCELLED),
        ("grid-worker-2", K.TASK_CANCELLED),
        ("grid-worker-1", K.ASSISTS_DONE),
    }


def test_a_unit_with_nobody_there_is_told_to_the_desk() -> None:
    case = standing_in(S.IN_PROGRESS)
    nobody = replace(given_to("provider-worker-1"), person=None)
    act = assists.add(case, case.tasks[0].id, new_id(Kind.TASK, 3), nobody, moment("grid-worker-1"), what="停水", is_required=True)

    assert act.case.tasks[1].state is S.QUEUED
    assert told(act, "grid-worker-1") == {("dispatcher-1", K.TASK_UNROUTED)}


def typed_by(handle: str, **changes: object) -> Case:
    """A lamp of resident-1 that somebody typed, done and to be checked."""
    case = standing_in(S.COMPLETED)
    assert case.request is not None
    principal = case.request.submitted_by_id
    request = replace(case.request, on_behalf_of_id=principal, submitted_by_id=id_of(handle), **changes)  # type: ignore[arg-type]
    task = replace(case.tasks[0], askers=request.askers, proxy_grant_id=request.proxy_grant_id, is_for_household=request.is_for_household)
    return Case(request, (task,))


def told_around(case: Case, around: Around) -> Told:
    act = deed_of(Verb.PASS_CHECK, case, moment("grid-leader-1", at=MONDAY + timedelta(hours=6)))
    assert act is not None
    rows = notices_of(event_of(act, "grid-leader-1"), act.case, town(), on=ON, around=around)
    return {(handle_of(notice.person_id), notice.kind) for notice in rows}


ASKED = ("resident-1", K.FOLLOW_UP_ASKED)


def test_the_principal_is_asked_and_the_agent_told_while_the_grant_is_live() -> None:
    case = typed_by("resident-2", agent_id=id_of("resident-2"), proxy_grant_id="proxy")

    assert told_around(case, Around(is_grant_live=True)) == {ASKED, ("resident-2", K.FOLLOW_UP_FOR_PRINCIPAL)}
    assert told_around(case, Around(is_grant_live=False)) == {ASKED}
    assert told_around(case, Around(is_grant_live=True, reach=Reach.VISIT)) == {ASKED, ("resident-2", K.FOLLOW_UP_FOR_PRINCIPAL)}


@pytest.mark.parametrize("reach", [None, *Reach])
def test_whoever_typed_it_carries_the_question_where_no_app_does(reach: Reach | None) -> None:
    carried = {("link-member-1", K.FOLLOW_UP_TO_CARRY)} if reach not in {None, Reach.APP} else set()

    assert told_around(typed_by("link-member-1"), Around(reach=reach)) == {ASKED} | carried
    assert told_around(typed_by("resident-1"), Around(reach=reach)) == {ASKED}


def test_for_a_home_the_typist_is_told_or_the_desk_where_the_typist_is_no_outsider() -> None:
    at_home = {"is_for_household": True}

    def for_home(handle: str) -> Case:
        case = typed_by(handle, **at_home)
        assert case.request is not None
        request = replace(case.request, on_behalf_of_id=None)
        return Case(request, (replace(case.tasks[0], askers=request.askers),))

    assert told_around(for_home("hub-host-1"), Around()) == {("hub-host-1", K.FOLLOW_UP_TO_CARRY)}
    assert told_around(for_home("grid-worker-1"), Around()) == {("dispatcher-1", K.FOLLOW_UP_TO_CARRY)}


def test_a_new_request_is_told_to_whoever_it_was_routed_to() -> None:
    assert told(cases.submitted(asked()), "resident-1") == {("grid-worker-1", K.TASK_ASSIGNED)}


def test_a_worker_who_asks_in_the_own_grid_is_not_told_of_the_own_deed() -> None:
    assert told(cases.submitted(asked()), "grid-worker-1") == set()


def test_what_nobody_has_is_told_to_the_desk() -> None:
    case = standing_in(S.QUEUED)

    assert told(cases.submitted(case), "resident-1") == {("dispatcher-1", K.TASK_UNROUTED)}
    assert told(cases.submitted(case), "resident-1", without("dispatcher-1")) == {("secretary-2", K.TASK_UNROUTED)}


def test_a_return_that_the_router_could_give_to_nobody_is_told_to_the_desk() -> None:
    case, root = standing_in(S.RETURN_PENDING), town().root()
    act = cases.approve_return(case, case.tasks[0].id, Service(root, None, RULE_CLIMB, (), ()), moment("secretary-2"))

    assert told(act, "secretary-2") == {("dispatcher-1", K.TASK_UNROUTED), ("grid-worker-1", K.TASK_TAKEN_AWAY)}


def test_at_the_top_it_is_told_that_nobody_took_it() -> None:
    act = climbing.escalate(asked(), asked().tasks[0].id, None, moment("nobody", at=MONDAY + timedelta(days=1)))

    assert act is not None
    assert told(act, "nobody") == {("grid-worker-1", K.TASK_NOT_TAKEN)}


def test_what_was_not_solved_twice_is_told_to_the_unit_that_owns_it_now() -> None:
    first = deed_of(Verb.REWORK, standing_in(S.AWAITING_FOLLOW_UP), moment("resident-1"))
    assert first is not None

    assert told_of(Verb.REWORK, S.AWAITING_FOLLOW_UP, "resident-1", first.case) == {
        ("grid-worker-1", K.NOT_SOLVED),
        ("secretary-1", K.NOT_SOLVED_BELOW),
    }


def test_whoever_is_told_late_is_told_of_what_happened_then() -> None:
    """The relay was down: the task has moved on three times since."""
    given = deed_of(Verb.ASSIGN_AGAIN, asked(), moment("dispatcher-1"))
    assert given is not None
    event, now = event_of(given, "dispatcher-1"), standing_in(S.IN_PROGRESS, assignee_id=id_of("secretary-1"))
    found = notices_of(event, now, town(), on=ON)

    assert {(handle_of(notice.person_id), notice.kind) for notice in found} == {
        ("grid-worker-2", K.TASK_ASSIGNED),
        ("grid-worker-1", K.TASK_TAKEN_AWAY),
    }


def test_where_nobody_is_left_to_check_the_resident_is_asked_at_once() -> None:
    everybody_above = tuple(id_of(handle) for handle in ("grid-leader-1", "secretary-1", "secretary-2", "dispatcher-1"))
    act = deed_of(Verb.COMPLETE, standing_in(S.IN_PROGRESS, past_assignees=everybody_above), moment("grid-worker-1"))

    assert act is not None
    assert told(act, "grid-worker-1") == {("resident-1", K.FOLLOW_UP_ASKED)}


def test_the_principal_is_asked_and_not_whoever_typed() -> None:
    case = standing_in(S.COMPLETED)
    assert case.request is not None
    typed = replace(case, request=replace(case.request, submitted_by_id=id_of("grid-worker-1"), on_behalf_of_id=id_of("resident-3")))
    act = deed_of(Verb.PASS_CHECK, typed, moment("grid-leader-1"))

    assert act is not None
    assert told(act, "grid-leader-1") == {("resident-3", K.FOLLOW_UP_ASKED)}


def test_nobody_is_asked_about_what_nobody_asked_for() -> None:
    task = replace(standing_in(S.COMPLETED).tasks[0], request_id=None, askers=())
    act = deed_of(Verb.PASS_CHECK, Case(None, (task,)), moment("grid-leader-1"))

    assert act is not None
    assert told(act, "grid-leader-1") == set()


def test_a_task_of_a_unit_that_is_gone_is_told_to_the_township() -> None:
    act = deed_of(Verb.REWORK, standing_in(S.AWAITING_FOLLOW_UP), moment("resident-1"))
    assert act is not None
    gone = replace(act.case.tasks[0], owner_id="unit_990101101_ffffffffffffffffffffffffffffffff")

    assert {notice.kind for notice in notices(replace(act, case=replace(act.case, tasks=(gone,))), "resident-1")} == {
        K.NOT_SOLVED,
        K.NOT_SOLVED_BELOW,
    }


def returned_by(returner: str, case: Case) -> Act:
    act = deed_of(Verb.RETURN, replace(case, tasks=(replace(case.tasks[0], assignee_id=id_of(returner)),)), moment(returner))
    assert act is not None
    return act


def test_a_return_by_the_only_dispatcher_is_told_to_whoever_else_may_decide() -> None:
    """The dispatcher's own returns are decided by the secretary above: told to nobody, they would wait for ever."""
    assert told(returned_by("dispatcher-1", asked()), "dispatcher-1") == {("secretary-2", K.TASK_RETURNED)}


def test_a_return_of_a_matter_about_the_only_dispatcher_is_told_to_whoever_else_may_decide() -> None:
    about = replace(asked().tasks[0], hidden_from=(id_of("dispatcher-1"),))

    assert told(returned_by("grid-worker-1", Case(asked().request, (about,))), "grid-worker-1") == {("secretary-2", K.TASK_RETURNED)}


HANDLES = ("resident-1", "grid-worker-1", "grid-worker-2", "grid-leader-1", "secretary-1", "secretary-2", "dispatcher-1")
someone = st.sampled_from(HANDLES)


@settings(deadline=None, max_examples=200)
@given(
    kind=st.sampled_from(EventKind),
    state=st.sampled_from(TaskState),
    actor=someone,
    facts=st.fixed_dictionaries({"assignee": st.one_of(st.none(), someone), "from": st.one_of(st.none(), someone), "top": st.booleans()}),
    hidden=st.lists(someone, max_size=3),
)
def test_each_is_told_once_and_never_who_did_it_nor_whom_it_is_hidden_from(
    kind: EventKind, state: TaskState, actor: str, facts: Mapping[str, str | bool | None], hidden: list[str]
) -> None:
    case = standing_in(state, hidden_from=tuple(id_of(handle) for handle in hidden))
    people = {name: id_of(value) if isinstance(value, str) else value for name, value in facts.items()}
    event = event_of(Act(case, kind, case.tasks[0].id, people), actor)
    found = notices_of(event, case, town(), on=ON)
    persons = [notice.person_id for notice in found]

    assert len(set(persons)) == len(persons)
    assert id_of(actor) not in persons
    assert not {id_of(handle) for handle in hidden} & set(persons)
    assert len({notice.id for notice in found}) == len(found)
    assert found == notices_of(event, case, town(), on=ON)


# --- More time and pauses.


def test_a_second_extension_is_the_desks_to_decide_and_a_leaders_own_the_next_leaders() -> None:
    assert told_of(Verb.REQUEST_EXTENSION, S.IN_PROGRESS, "grid-worker-1", standing_in(S.ASSIGNED, extensions=1)) == {
        ("dispatcher-1", K.EXTENSION_ASKED)
    }
    climbed = standing_in(S.ASSIGNED, assignee_id=id_of("grid-leader-1"))
    assert told_of(Verb.REQUEST_EXTENSION, S.IN_PROGRESS, "grid-leader-1", climbed) == {("secretary-1", K.EXTENSION_ASKED)}


def test_where_it_is_for_a_home_whoever_typed_it_hears_of_the_pause_and_a_proxy_while_the_grant_is_live() -> None:
    for_home = typed_by("hub-host-1", is_for_household=True)
    assert ("hub-host-1", K.REQUEST_SUSPENDED) in told_of(Verb.SUSPEND, S.IN_PROGRESS, "grid-leader-1", for_home)

    under_grant = typed_by("resident-2", agent_id=id_of("resident-2"), proxy_grant_id="proxy")
    act = deed_of(Verb.SUSPEND, standing_in(S.IN_PROGRESS, under_grant), moment("grid-leader-1"))
    assert act is not None
    for is_live in (True, False):
        rows = notices_of(event_of(act, "grid-leader-1"), act.case, town(), on=ON, around=Around(is_grant_live=is_live))
        assert (("resident-2", K.REQUEST_SUSPENDED) in {(handle_of(row.person_id), row.kind) for row in rows}) == is_live


def test_of_a_task_that_nobody_asked_for_only_staff_hears() -> None:
    task = replace(standing_in(S.IN_PROGRESS).tasks[0], request_id=None, askers=())
    act = deed_of(Verb.SUSPEND, Case(None, (task,)), moment("grid-leader-1"))

    assert act is not None
    assert told(act, "grid-leader-1") == {("grid-worker-1", K.TASK_SUSPENDED)}


# --- What a notice and a push hold.


def one_notice(kind: NoticeKind = K.TASK_ASSIGNED, about: str | None = None) -> Notice:
    notice = notices(cases.submitted(asked()), "resident-1")[0]
    return replace(notice, kind=kind, about_id=about or notice.about_id)


def test_a_notice_is_one_a_person_and_act_with_the_acts_own_moment() -> None:
    act = cases.submitted(asked())
    event, notice = event_of(act, "resident-1"), one_notice()

    assert notice.id == derived(Kind.NOTICE, event.id, id_of("grid-worker-1"))
    assert (notice.created_at, notice.read_at, notice.about_id) == (MONDAY, None, act.task_id)


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_of_notice_is_told_in_both_languages_with_the_items_name(kind: NoticeKind) -> None:
    notice = one_notice(kind)

    for language in MESSAGES.texts:
        assert MESSAGES.render(notice.title, language)
        assert "楼道灯报修" in MESSAGES.render(notice.body, language)


def phone(handle: str, number: int, language: str = "zh-CN") -> Device:
    id_ = compose(Kind.DEVICE, town().township, UUID(int=number))
    return Device(id_, town().township, id_of(handle), f"token-{number}", DevicePlatform.ANDROID, "1.0", language, MONDAY)


def test_each_phone_of_each_person_gets_a_push_in_its_own_language() -> None:
    worker = id_of("grid-worker-1")
    pushes = pushes_of((one_notice(),), {worker: (phone("grid-worker-1", 1), phone("grid-worker-1", 2, "en"))}, MESSAGES)

    assert [(push.token, push.title) for push in pushes] == [("token-1", "联户"), ("token-2", "Lianhu")]
    assert pushes_of((one_notice(),), {}, MESSAGES) == ()


@pytest.mark.parametrize("kind", NoticeKind)
def test_what_crosses_the_border_is_a_kind_opaque_ids_and_a_sentence_for_everybody(kind: NoticeKind) -> None:
    notice = one_notice(kind)
    push = pushes_of((notice,), {notice.person_id: (phone("grid-worker-1", 1),)}, MESSAGES)[0]

    assert push.data == {"kind": kind.value, "taskId": notice.about_id, "noticeId": notice.id}
    assert all(parse(push.data[name]) for name in ("taskId", "noticeId"))
    assert (push.title, push.body) == ("联户", "您有工单消息，请打开应用查看。")
    assert (push.collapse_key, push.time_to_live, push.is_urgent) == (notice.about_id, PUSH_TIME_TO_LIVE, kind in URGENT)


def test_a_push_about_a_request_names_the_request() -> None:
    request = asked().request
    assert request is not None
    notice = one_notice(K.FOLLOW_UP_ASKED, request.id)
    push = pushes_of((notice,), {notice.person_id: (phone("resident-1", 1),)}, MESSAGES)[0]

    assert push.data == {"kind": "follow_up_asked", "requestId": request.id, "noticeId": notice.id}
    assert push.body == "您的诉求有新进展，请打开应用查看。"
