"""The last word on a request (评价): it closes it, or sends it back to work; none of it is left with nobody."""

from dataclasses import replace
from datetime import datetime

from domain import requests
from domain.cases import Act, Case, Facts, Moment, act_on, with_an_owner
from domain.deadlines import due
from domain.errors import RefusalCode as Code
from domain.errors import refused
from domain.events import EventKind
from domain.legs import BAD_REVIEW_CONTACT, promise, put_right
from domain.requests import Grade, Request, RequestState, Verdict
from domain.routing import unit_above
from domain.tasks import Task


def answer(case: Case, moment: Moment, *, verdict: Verdict, grade: Grade, words: str | None = None) -> Act:
    """Rows 23 and 24: the resident's last word; not solved, or one of the two lowest grades, and it is done again."""
    request = case.request
    if request is None or moment.by.id is None or moment.by.id != request.judge_id or moment.by.id in case.workers:
        raise refused(Code.NOT_ALLOWED, "refusal.not_allowed", "requestId")
    return judged(case, request, moment, EventKind.FOLLOW_UP_ANSWERED, verdict=verdict, grade=grade, words=words)


def judged(
    case: Case, request: Request, moment: Moment, kind: EventKind, *, verdict: Verdict, grade: Grade, words: str | None = None
) -> Act:
    """What the last word does, whoever gave it."""
    if request.state is not RequestState.ANSWERED:
        raise refused(Code.WRONG_STATE, "refusal.not_asked", "requestId", current=request)
    lead = case.tasks[0]  # what nobody took in has none, and nobody is asked about it
    graded = request.judge(verdict, grade)
    facts: Facts = {"verdict": verdict.value, "grade": grade.value}
    if requests.is_to_be_reworked(verdict, grade):
        return _rework(case, graded.not_solved(), lead, moment, facts, words)
    return act_on(closed(case, graded, at=moment.at), kind, lead.id, facts, words)


def closed(case: Case, request: Request, *, at: datetime) -> Case:
    """The case with every task closed, and what was said, or not, kept on its request."""
    after = case
    for task in case.tasks:
        if not task.is_over and not task.is_message:
            after = after.after(task.close(at=at), replace(request, state=after.request.state) if after.request else None)
    return _one_version_up(after, case)


def _rework(case: Case, request: Request, lead: Task, moment: Moment, facts: Facts, words: str | None) -> Act:
    is_bad_review = request.grade in requests.LOWEST_GRADES
    leg = (put_right if is_bad_review else promise)(moment.calendar, moment.deadline_class, moment.at)
    again = lead.rework(leg, at=moment.at, is_unsolved=True)
    if is_bad_review:
        by = due(moment.calendar, moment.at, BAD_REVIEW_CONTACT).at
        again = replace(again, contact_by=by, contacted_at=None, contact_tries=())
    if request.unsolved_count > 1:
        above = unit_above(moment.organisation, lead.owner_id)
        again = again.supervise(tuple(unit.id for unit in moment.organisation.path(above.id)))
    again = with_an_owner(again, moment)
    reworked = {**facts, "supervised": again.is_supervised}
    return act_on(case.after(again, request), EventKind.REQUEST_REWORKED, lead.id, reworked, words)


def _one_version_up(after: Case, before: Case) -> Case:
    """Several tasks closed in one act are one change of the request."""
    if after.request is None or before.request is None:
        return after
    return Case(replace(after.request, version=before.request.version + 1), after.tasks)
