"""The last word of whoever does not answer by an app: a caller from outside asks, and records what was said (row 23)."""

from collections.abc import Sequence
from datetime import date

from domain.cases import Act, Case, Moment, judged
from domain.errors import RefusalCode, refused
from domain.events import EventKind
from domain.households import Reach
from domain.organisation import Organisation
from domain.posts import Appointment, Role
from domain.requests import EntryKind, Grade, Verdict
from domain.standings import may_call


def record(case: Case, moment: Moment, *, verdict: Verdict, grade: Grade, words: str, reach: Reach | None) -> Act:
    """What they said counts as if they had answered. Refuses where they answer themselves, and whoever is not from outside."""
    request = case.request
    if request is None or moment.by.id is None or not may_record(case, moment.by.id, moment.by.appointments, moment.organisation):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "requestId")
    if not is_spoken(case, reach):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.answers_themselves", "requestId")
    return judged(case, request, moment, EventKind.FOLLOW_UP_RECORDED, verdict=verdict, grade=grade, words=words)


def is_spoken(case: Case, reach: Reach | None) -> bool:
    """Whether the answer comes by word: it is for a home, or was typed for somebody whom the app does not reach.

    Whoever asked by their own sign-in answers by it, whatever somebody says of their home later.
    """
    request = case.request
    if request is None or request.is_for_household:
        return request is not None
    return request.entry is not EntryKind.OWN and reach not in {None, Reach.APP}


def may_record(case: Case, person_id: str, posts: Sequence[Appointment], organisation: Organisation) -> bool:
    """Whether the person may ask by word about every task of the case. `posts` are the person's live ones."""
    return case.request is not None and all(may_call(task, person_id, posts, organisation) for task in case.tasks)


def carriers(case: Case, reach: Reach | None, organisation: Organisation, on: date) -> tuple[str, ...]:
    """Who is told to carry the question to them: whoever typed it; where it is for a home and they may not record it, the desk."""
    request = case.request
    if request is None or not is_spoken(case, reach):
        return ()
    typist = request.submitted_by_id
    if typist is not None and typist not in {request.judge_id, request.agent_id}:
        posts = organisation.posts_of(typist, on)
        if request.judge_id or may_record(case, typist, posts, organisation):
            return (typist,)
    if request.judge_id:
        return ()
    desk = [post for post in organisation.posts_at(organisation.root().id, on) if post.role is Role.DISPATCHER]
    return tuple(post.person_id for post in desk if may_record(case, post.person_id, [post], organisation))
