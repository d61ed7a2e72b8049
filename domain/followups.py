"""Whether it helped, asked by word: a caller from outside asks, and records what was said; who never answers is not waited for for ever."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from domain import cases
from domain.calendar import SHANGHAI, WorkingCalendar
from domain.cases import Act, Case, Moment
from domain.errors import RefusalCode, refused
from domain.events import EventKind
from domain.households import Reach
from domain.organisation import Organisation
from domain.posts import Appointment, Role
from domain.requests import EntryKind, Grade, Request, RequestState, Verdict
from domain.standings import may_call
from domain.tasks import Task
from domain.verdicts import closed, judged


def record(case: Case, moment: Moment, *, verdict: Verdict, grade: Grade, words: str, reach: Reach | None) -> Act:
    """Row 23a: what they said counts as if they had answered. Refuses where they answer themselves, and whoever is not from outside."""
    request = _permit(case, moment)
    if not is_spoken(case, reach) and request.calls_begun_at is None:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.answers_themselves", "requestId")
    act = judged(case, request, moment, EventKind.FOLLOW_UP_RECORDED, verdict=verdict, grade=grade, words=words)
    return replace(act, facts={**act.facts, "recorded": True})


def try_call(case: Case, moment: Moment, *, reached: bool, note: str | None = None) -> Act:
    """Row 23c: a try to ask them. Refuses as `record` does, and before the calls have begun."""
    request = _permit(case, moment)
    if request.calls_begun_at is None:
        raise refused(RefusalCode.WRONG_STATE, "refusal.not_asked", "requestId", current=request)
    tried = request if reached else request.try_call(at=moment.at)
    facts: cases.Facts = {"reached": reached, "tries": len(tried.call_tries)}
    return _on_the_request(case, tried, EventKind.FOLLOW_UP_TRIED, at=moment.at, facts=facts, note=note)


def calls_due(case: Case, task: Task, calendar: WorkingCalendar) -> datetime | None:
    """When the calls begin: as the office opens on the working day after the result came in. Kept with the request's first task."""
    request = case.request
    if request is None or task is not case.tasks[0] or request.asked_at is None or request.calls_begun_at is not None:
        return None
    day = calendar.working_day_after(request.asked_at.astimezone(SHANGHAI).date())
    opens, _closes = next(calendar.office.on(day))
    return opens.astimezone(UTC)


def begin_calls(case: Case, _task: Task, now: Moment) -> Act | None:
    """Row 23b; nothing where nobody is asked any more."""
    request = case.request
    if request is None or request.state is not RequestState.ANSWERED or request.calls_begun_at is not None:
        return None
    return _on_the_request(case, request.begin_calls(at=now.at), EventKind.FOLLOW_UP_STARTED, at=now.at)


def silence_due(case: Case, task: Task, _calendar: WorkingCalendar) -> datetime | None:
    """When it is closed without an answer."""
    return case.request.answer_by if case.request and task is case.tasks[0] else None


def close_unanswered(case: Case, _task: Task, now: Moment) -> Act | None:
    """Row 25: closed with what came of the work, and without a verdict; nothing where an answer came, or is waited for still."""
    request = case.request
    if request is None or request.answer_by is None or request.answer_by > now.at:
        return None
    facts: cases.Facts = {"tries": len(request.call_tries)}
    return cases.act_on(closed(case, request.unanswered(), at=now.at), EventKind.FOLLOW_UP_UNANSWERED, case.tasks[0].id, facts)


def is_spoken(case: Case, reach: Reach | None) -> bool:
    """Whether the answer comes by word from the first: it is for a home, or was typed for somebody whom the app does not reach.

    Whoever asked by their own sign-in has the first word by it, whatever somebody says of their home later: by word they are asked once
    the calls have begun.
    """
    request = case.request
    if request is None or request.is_for_household:
        return request is not None
    return request.entry is not EntryKind.OWN and reach not in {None, Reach.APP}


def may_record(case: Case, person_id: str, posts: Sequence[Appointment], organisation: Organisation, on: date) -> bool:
    """Whether the person may ask by word about every task of the case; nobody where it has none. `posts` are the person's live ones."""
    return case.request is not None and bool(case.tasks) and all(may_call(task, person_id, posts, organisation, on) for task in case.tasks)


def carriers(case: Case, reach: Reach | None, organisation: Organisation, on: date) -> tuple[str, ...]:
    """Who is told to carry the question to them: whoever typed it; where it is for a home and they may not record it, the desk."""
    request = case.request
    if request is None or not is_spoken(case, reach):
        return ()
    typist = request.submitted_by_id
    if typist is not None and typist not in {request.judge_id, request.agent_id}:
        posts = organisation.posts_of(typist, on)
        if request.judge_id or may_record(case, typist, posts, organisation, on):
            return (typist,)
    return () if request.judge_id else callers(case, organisation, on)


def callers(case: Case, organisation: Organisation, on: date) -> tuple[str, ...]:
    """The dispatchers who may ask by word."""
    desk = [post for post in organisation.posts_at(organisation.root().id, on) if post.role is Role.DISPATCHER]
    return tuple(post.person_id for post in desk if may_record(case, post.person_id, [post], organisation, on))


def _permit(case: Case, moment: Moment) -> Request:
    request, by, on = case.request, moment.by, moment.at.astimezone(SHANGHAI).date()
    if request is None or by.id is None or not may_record(case, by.id, by.appointments, moment.organisation, on):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "requestId")
    return request


def _on_the_request(
    case: Case, request: Request, kind: EventKind, *, at: datetime, facts: cases.Facts | None = None, note: str | None = None
) -> Act:
    """An act that leaves its tasks where they are."""
    lead = replace(case.tasks[0], updated_at=at)
    return cases.act_on(case.after(lead, request), kind, lead.id, facts, note)
