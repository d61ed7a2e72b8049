"""Standing still: suspended for a stated cause (挂起, row 18), or on the long ledger (挂账, row 19).

The rule of both clocks. A leg stands still while its task does. The promise of a request stands still while all its open tasks do, which
is what ON_HOLD says: from the act that paused, closed or cancelled the last that went on, until the first of them goes on again. Whatever
office time was left when a clock stopped is left when it goes on, to the second; classes that count by the clock keep clock time.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.approvals import Deferral, SuspendCause
from domain.calendar import SHANGHAI
from domain.cases import Act, Case, Facts, Moment, act_on, permitted
from domain.deadlines import office_time_between
from domain.errors import RefusalCode as Code
from domain.errors import invalid, refused
from domain.events import EventKind
from domain.guards import SUSPENSION_DAYS, guard_deferral, guard_deferral_asked, guard_suspension, suspension_left
from domain.legs import resumed
from domain.lifecycle import Verb
from domain.requests import Request, RequestState
from domain.standings import Standing, standings
from domain.tasks import Task, TaskState

FURTHEST_REVIEW = timedelta(days=90)
LONGEST_PAUSE = timedelta(days=60)
"""Ten working days lie within it, whatever holidays come: further off nothing has to be counted."""


def check_until(until: datetime, *, at: datetime) -> None:
    if until <= at:
        raise invalid("refusal.until_later", "until")


def check_review(review_on: date, *, at: datetime) -> None:
    today = at.astimezone(SHANGHAI).date()
    if not today < review_on <= today + FURTHEST_REVIEW:
        raise invalid("refusal.review_day", "reviewOn", limit=FURTHEST_REVIEW.days)


def suspend(
    case: Case,
    task_id: str,
    moment: Moment,
    *,
    cause: SuspendCause,
    until: datetime,
    reason: str | None = None,
    expected_version: int | None = None,
) -> Act:
    """Row 18. LIMIT_REACHED where it would stand still for more than is left of ten working days."""
    check_until(until, at=moment.at)
    task = permitted(case, task_id, moment, Verb.SUSPEND, expected_version=expected_version)
    guard_suspension(task, moment.by.id or "", moment.at)
    if until > moment.at + LONGEST_PAUSE or office_time_between(moment.calendar, moment.at, until) > suspension_left(task):
        raise refused(Code.LIMIT_REACHED, "refusal.suspension_too_long", "until", current=task, days=SUSPENSION_DAYS)
    paused = replace(task, state=TaskState.SUSPENDED, paused_at=moment.at, suspended_because=cause, resume_at=until, updated_at=moment.at)
    facts: Facts = {"cause": cause.value, "until": until.isoformat()}
    return act_on(case.after(paused), EventKind.TASK_SUSPENDED, task_id, facts, reason)


def resume(case: Case, task_id: str, moment: Moment, *, reason: str | None = None, expected_version: int | None = None) -> Act:
    """Row 18a: the cause has ended."""
    task = permitted(case, task_id, moment, Verb.RESUME, expected_version=expected_version)
    return _go_on(case, task, moment, EventKind.TASK_RESUMED, min(moment.at, task.resume_at or moment.at), reason)


def end_suspension(case: Case, task: Task, moment: Moment) -> Act | None:
    """Row 18b: the stated time has come; its clock goes on from then, however late the clockwork is."""
    if task.state is not TaskState.SUSPENDED or task.resume_at is None or task.resume_at > moment.at:
        return None
    return _go_on(case, task, moment, EventKind.TASK_RESUMED, task.resume_at)


def defer(case: Case, task_id: str, moment: Moment, *, plan: str, reason: str, review_on: date, expected_version: int | None = None) -> Act:
    """Row 19, or 19a by whoever would approve it. Reason and plan are the resident's to read."""
    check_review(review_on, at=moment.at)
    task = permitted(case, task_id, moment, Verb.DEFER_AT_ONCE, Verb.DEFER, expected_version=expected_version)
    guard_deferral(task, moment.by.id or "", moment.at)
    wish, words = Deferral(moment.by.id or "", moment.at, review_on), f"{reason}\n{plan}"
    if Standing.DEFERRAL_JUDGE in standings(task, moment.by, at=moment.at):
        return _put_on_ledger(case, task, wish, moment, words)
    asked = replace(task, deferral=wish, updated_at=moment.at)
    return act_on(case.after(asked), EventKind.DEFERRAL_ASKED, task_id, {"review_on": review_on.isoformat()}, words)


def approve_deferral(case: Case, task_id: str, moment: Moment, *, reason: str | None = None, expected_version: int | None = None) -> Act:
    """Row 19b."""
    task = permitted(case, task_id, moment, Verb.APPROVE_DEFERRAL, expected_version=expected_version)
    guard_deferral_asked(task, moment.by.id or "", moment.at)
    if task.deferral is None:
        raise ValueError("what nobody asked for is not approved")
    return _put_on_ledger(case, task, task.deferral, moment, reason)


def refuse_deferral(case: Case, task_id: str, moment: Moment, *, reason: str, expected_version: int | None = None) -> Act:
    """Row 19c: work goes on as before."""
    task = permitted(case, task_id, moment, Verb.REFUSE_DEFERRAL, expected_version=expected_version)
    guard_deferral_asked(task, moment.by.id or "", moment.at)
    asked_by = task.deferral.asked_by_id if task.deferral else None
    kept = replace(task, deferral=None, updated_at=moment.at)
    return act_on(case.after(kept), EventKind.DEFERRAL_REFUSED, task_id, {"asked_by": asked_by}, reason)


def object_to_deferral(case: Case, moment: Moment, *, words: str) -> Act:
    """Row 19d: the resident does not agree; it is kept, and whoever decided and may undo it is told. Once to each deferral."""
    request = case.request
    if request is None or moment.by.id is None or moment.by.id != request.judge_id:
        raise refused(Code.NOT_ALLOWED, "refusal.not_allowed", "requestId")
    deferred = [task for task in case.tasks if task.state is TaskState.DEFERRED]
    if not deferred:
        raise refused(Code.WRONG_STATE, "refusal.not_deferred", "requestId", current=request)
    task = next((task for task in deferred if task.objected_at is None), None)
    if task is None:
        raise refused(Code.LIMIT_REACHED, "refusal.objected_already", "requestId", current=request)
    objected = replace(task, objected_at=moment.at, updated_at=moment.at)
    return act_on(case.after(objected), EventKind.DEFERRAL_OBJECTED, task.id, {}, words)


def review(case: Case, task: Task, moment: Moment) -> Act | None:
    """Row 19e: the day has come on which the desk looks at it again."""
    if task.state is not TaskState.DEFERRED or task.review_at is None or task.review_at > moment.at:
        return None
    return act_on(case.after(replace(task, review_at=None, updated_at=moment.at)), EventKind.DEFERRAL_REVIEW_CAME, task.id)


def undefer(case: Case, task_id: str, moment: Moment, *, reason: str | None = None, expected_version: int | None = None) -> Act:
    """Row 19f: off the ledger, work goes on."""
    task = permitted(case, task_id, moment, Verb.UNDEFER, expected_version=expected_version)
    return _go_on(case, task, moment, EventKind.TASK_UNDEFERRED, moment.at, reason)


def _put_on_ledger(case: Case, task: Task, wish: Deferral, moment: Moment, words: str | None) -> Act:
    opens = moment.calendar.office.windows[0][0]
    deferred = replace(
        task,
        state=TaskState.DEFERRED,
        paused_at=moment.at,
        deferral=None,
        review_on=wish.review_on,
        review_at=datetime.combine(wish.review_on, opens, SHANGHAI),
        objected_at=None,
        updated_at=moment.at,
    )
    facts: Facts = {"review_on": wish.review_on.isoformat(), "asked_by": wish.asked_by_id}
    return act_on(case.after(deferred), EventKind.TASK_DEFERRED, task.id, facts, words)


def _go_on(case: Case, task: Task, moment: Moment, kind: EventKind, went_on_at: datetime, reason: str | None = None) -> Act:
    """In progress again from `went_on_at` on, with what was left of the leg; and of the promise, where that stood still."""
    paused_at, was_suspended = task.paused_at or went_on_at, task.state is TaskState.SUSPENDED
    leg = resumed(moment.calendar, task.leg, paused_at, went_on_at) if task.leg else None
    spent = office_time_between(moment.calendar, paused_at, went_on_at) if was_suspended else timedelta()
    goes_on = replace(
        task.on_leg(leg),
        state=TaskState.IN_PROGRESS,
        paused_at=None,
        suspended_because=None,
        resume_at=None,
        suspended_for=task.suspended_for + spent,
        review_on=None,
        review_at=None,
        updated_at=moment.at,
    )
    is_work = not task.is_message  # answering a message is none of what was promised
    request = _promise_goes_on(case, case.request, moment, went_on_at) if case.request and is_work else case.request
    facts: Facts = {"since": paused_at.isoformat(), "until": went_on_at.isoformat(), "promise": request is not case.request}
    return act_on(case.after(goes_on, request), kind, task.id, facts, reason)


def _promise_goes_on(case: Case, request: Request, moment: Moment, went_on_at: datetime) -> Request:
    """From when the first of its tasks goes on: that may be another one, whose time has come and to which the clock comes next."""
    if request.state is not RequestState.ON_HOLD or request.held_at is None or request.promise is None:
        return request
    ends = (task.resume_at for task in case.tasks if task.state is TaskState.SUSPENDED and task.resume_at and not task.is_message)
    until = max(min([went_on_at, *ends]), request.held_at)
    return request.promise_again(resumed(moment.calendar, request.promise, request.held_at, until))
