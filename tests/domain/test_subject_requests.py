"""What somebody asks about the own data, and what those who only worked on a matter read of it later: the rules, without a database."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.deadlines import due
from domain.errors import Message, RefusalCode
from domain.events import EventKind
from domain.ids import Kind
from domain.notices import NoticeKind
from domain.own_data import TOLD, ActCopy, OwnData, RequestCopy
from domain.posts import Role
from domain.privacy_notices import PRIVACY_NOTICES, notice_of
from domain.requests import CONTENTS_OPEN, Request, RequestState
from domain.subject_requests import (
    SUBJECT_REQUEST_LIMIT,
    SubjectRequest,
    SubjectRequestAct,
    SubjectRequestEntry,
    SubjectRequestKind,
    SubjectRequestState,
    keeps_subject_requests,
    told_when_decided,
    told_when_made,
)
from domain.tasks import TaskState
from server.wiring import load_messages
from tests.domain.cast import CALENDAR, MONDAY, actor, asked, everybody, id_of, new_id, planned, refusal_of, standing_in, town

ON = date(2026, 11, 23)
MESSAGES = load_messages()


def made(person: str = "resident-1", by: str = "resident-1") -> SubjectRequest:
    limit = due(CALENDAR, MONDAY, SUBJECT_REQUEST_LIMIT)
    entry = SubjectRequestEntry(MONDAY, id_of(by), SubjectRequestAct.MADE)
    kind, state = SubjectRequestKind.COPY, SubjectRequestState.OPEN
    id_ = new_id(Kind.SUBJECT_REQUEST, 1)
    township = town().township
    return SubjectRequest(
        id_, township, id_of(person), id_of(by), kind, None, state, MONDAY, limit.at, limit.is_provisional, entries=(entry,)
    )


# --- Who answers, and when.


def test_there_are_fifteen_working_days_to_answer() -> None:
    asked_for = made()

    assert asked_for.due_at.isoformat() == "2026-12-14T09:30:00+00:00"
    assert not asked_for.is_overdue(asked_for.due_at)
    assert asked_for.is_overdue(asked_for.due_at + timedelta(seconds=1))


@pytest.mark.parametrize("handle", sorted({name.rstrip("0123456789-") + "-1" for name in everybody()}))
def test_nobody_but_a_privacy_officer_answers(handle: str) -> None:
    answers = handle == "privacy-officer-1"

    assert keeps_subject_requests(actor(handle)) == answers
    refusal = refusal_of(lambda: made(person="resident-2").decide(by=actor(handle), at=MONDAY, done=True, reason=None))
    assert refusal == (None if answers else RefusalCode.NOT_ALLOWED)


def test_nobody_at_all_answers_nothing() -> None:
    assert not keeps_subject_requests(actor("nobody"))


def test_an_answer_is_given_once_and_entered() -> None:
    officer, later = actor("privacy-officer-1"), MONDAY + timedelta(days=3)
    answered = made().decide(by=officer, at=later, done=False, reason="不属实")

    assert (answered.state, answered.reason, answered.decided_by_id) == (SubjectRequestState.REFUSED, "不属实", officer.id)
    assert (answered.version, answered.entries[-1].act, answered.entries[-1].at) == (2, SubjectRequestAct.DECIDED, later)
    assert not answered.is_overdue(later + timedelta(days=99))
    assert refusal_of(lambda: answered.decide(by=officer, at=later, done=True, reason=None)) is RefusalCode.WRONG_STATE


def test_every_officer_is_told_but_for_whoever_typed_it() -> None:
    officer = id_of("privacy-officer-1")
    told = told_when_made(made(by="centre-clerk-1"), town(), ON)

    assert [(notice.person_id, notice.kind) for notice in told] == [(officer, NoticeKind.SUBJECT_REQUEST_MADE)]
    assert told_when_made(made(by="privacy-officer-1"), town(), ON) == ()
    assert told_when_made(made(), town(), date(2000, 1, 1)) == ()
    [answer] = told_when_decided(made(), MONDAY)
    assert (answer.person_id, answer.kind, answer.item_name) == (id_of("resident-1"), NoticeKind.SUBJECT_REQUEST_DECIDED, "查阅复制")
    assert answer.id != told[0].id


# --- Contents that are closed, and aliases.


def closed(code: str = "stairwell-lamp") -> Request:
    request = standing_in(TaskState.CLOSED, asked(code)).request
    assert request is not None
    assert (request.state, request.closed_at) == (RequestState.CLOSED, MONDAY)
    return request


@pytest.mark.parametrize(
    ("code", "handle", "closes"),
    [
        ("stairwell-lamp", "grid-worker-1", True),
        ("lift-repair", "provider-worker-1", True),
        ("tree-planting", "volunteer-1", True),
        ("haircut-at-home", "hub-host-1", True),
        ("pension-form", "centre-clerk-1", False),
        ("stairwell-lamp", "grid-leader-1", False),
        ("stairwell-lamp", "dispatcher-1", False),
        ("stairwell-lamp", "secretary-1", False),
        ("stairwell-lamp", "resident-1", False),
    ],
)
def test_contents_close_to_whoever_only_worked_on_it(code: str, handle: str, closes: bool) -> None:
    request, reader = closed(code), actor(handle)
    last = MONDAY + CONTENTS_OPEN

    assert reader.may_open(request.scopes)
    assert not request.has_closed_contents_for(reader, last)
    assert request.has_closed_contents_for(reader, last + timedelta(seconds=1)) == closes
    assert (request.seen_by(reader, last + timedelta(seconds=1)).household_id is None) == closes
    assert request.seen_by(reader, last).household_id == request.household_id is not None


def test_what_is_not_over_stays_open() -> None:
    request = standing_in(TaskState.IN_PROGRESS).request
    assert request is not None
    assert not request.has_closed_contents_for(actor("grid-worker-1"), MONDAY + timedelta(days=400))


def test_a_helper_who_typed_it_reads_on() -> None:
    request = replace(closed(), submitted_by_id=id_of("grid-worker-1"), on_behalf_of_id=id_of("resident-1"))
    assert not request.has_closed_contents_for(actor("grid-worker-1"), MONDAY + timedelta(days=400))


@pytest.mark.parametrize(("handle", "code"), [("provider-worker-1", "lift-repair"), ("volunteer-1", "tree-planting")])
def test_outside_help_does_not_learn_the_name(handle: str, code: str) -> None:
    request = asked(code).request
    assert request is not None
    assert request.hides_name_from(actor(handle))
    assert not request.hides_name_from(actor("dispatcher-1"))
    # With another post besides, they are staff.
    post = next(post for post in planned().parts.appointments if post.person_id == id_of(handle))
    two = replace(actor(handle), appointments=(post, replace(post, role=Role.GRID_WORKER)))
    assert not request.hides_name_from(two)


def test_a_grid_worker_learns_the_name() -> None:
    request = asked().request
    assert request is not None
    assert not request.hides_name_from(actor("grid-worker-1"))


# --- The copy and the notice.


def test_every_act_has_words_in_the_copy() -> None:
    acts = tuple(ActCopy(MONDAY, kind, "张三", None) for kind in EventKind)
    state, status = RequestState.IN_HAND, Message("status.received")
    request = RequestCopy(
        "r", "n", "灯", state, status, MONDAY, None, None, None, (35.2, 115.5), None, 1, None, None, acts, has_more_acts=True
    )
    copy = OwnData("p", MONDAY, None, (request,), ("more",))

    for language in MESSAGES.texts:
        lines = [" ".join(MESSAGES.render(message, language) for message in line) for line in copy.lines()]
        assert sum("张三" in line for line in lines) == len(EventKind)
        assert any("35.2" in line for line in lines)
    assert set(EventKind) > TOLD
    assert copy.structured["requests"][0]["acts"][0] == {
        "at": "2026-11-23T02:00:00+00:00",
        "kind": "RequestSubmitted",
        "by": "张三",
        "words": None,
    }
    assert "status" not in copy.structured["requests"][0]


def test_versions_of_the_notice_follow_each_other_and_are_never_lost() -> None:
    assert [notice.version for notice in PRIVACY_NOTICES] == list(range(1, len(PRIVACY_NOTICES) + 1))
    assert [notice.since for notice in PRIVACY_NOTICES] == sorted(notice.since for notice in PRIVACY_NOTICES)
    assert (notice_of(None), notice_of(0), notice_of(10**9)) == (PRIVACY_NOTICES[-1], None, None)
    for notice in PRIVACY_NOTICES:
        for language in MESSAGES.texts:
            assert len(MESSAGES.render(notice.spoken, language)) < len(MESSAGES.render(notice.text, language))
