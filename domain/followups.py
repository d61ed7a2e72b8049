"""The last word of whoever does not answer by an app: a caller from outside asks, and records what was said (row 23)."""

from collections.abc import Sequence
from datetime import date

from domain.calendar import SHANGHAI
from domain.cases import Act, Case, Moment, judged
from domain.errors import RefusalCode, refused
from domain.events import EventKind
from domain.households import Reach
from domain.lifecycle import authority
from domain.organisation import Organisation
from domain.posts import Appointment, Role
from domain.requests import Grade, Verdict

VOLUNTEERS = frozenset({Role.LINK_MEMBER, Role.HUB_HOST})
"""They hold their post with a branch and are none of its staff: what they typed they may follow up, unless they did the work."""


def record(case: Case, moment: Moment, *, verdict: Verdict, grade: Grade, words: str, reach: Reach | None) -> Act:
    """What they said counts as if they had answered. Refuses where they answer themselves, and whoever is not from outside."""
    request = case.request
    posts = moment.by.appointments
    on = moment.at.astimezone(SHANGHAI).date()
    if request is None or moment.by.id is None or not may_record(case, moment.by.id, posts, moment.organisation, on):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "requestId")
    if not is_spoken(case, reach):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.answers_themselves", "requestId")
    return judged(case, request, moment, EventKind.FOLLOW_UP_RECORDED, verdict=verdict, grade=grade, words=words)


def is_spoken(case: Case, reach: Reach | None) -> bool:
    """Whether the answer comes by word: it is for a home, or for somebody whom the app does not reach."""
    return case.request is not None and (case.request.is_for_household or reach not in {None, Reach.APP})


def may_record(case: Case, person_id: str, posts: Sequence[Appointment], organisation: Organisation, on: date) -> bool:
    """The desk, the counter, or the volunteer who typed it.

    Never who worked on it, who has the last word or is its proxy, nor the owner's staff.
    """
    request = case.request
    if request is None or person_id in {request.agent_id, request.judge_id, *request.hidden_from}:
        return False
    if any(person_id in {task.assignee_id, *task.past_assignees} for task in case.tasks):
        return False
    owners = {task.owner_id for task in case.tasks}
    if any(post.unit_id in owners and post.role not in VOLUNTEERS for post in posts):
        return False
    above = {unit_id for task in case.tasks for unit_id in authority(task, organisation)}
    is_typist = person_id == request.submitted_by_id
    return any(
        post.role is Role.CENTRE_CLERK
        or (post.role is Role.DISPATCHER and post.unit_id in above)
        or (post.role in VOLUNTEERS and is_typist)
        for post in posts
        if post.is_live(on)
    )


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
    if request.judge_id:
        return ()
    desk = [post for post in organisation.posts_at(organisation.root().id, on) if post.role is Role.DISPATCHER]
    return tuple(post.person_id for post in desk if may_record(case, post.person_id, [post], organisation, on))
