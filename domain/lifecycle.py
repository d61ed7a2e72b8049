"""A task's life as one table: every legal move, from where, by whom. Code, `actions`, docs and tests read the same rows.

Rows are those of `domain.md`, section 5; the checks of one verb are made in the contract's order: NOT_ALLOWED, CONFLICT, WRONG_STATE, the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from domain import guards
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.errors import Message, Refusal, RefusalCode, Refused, refused
from domain.events import EventKind
from domain.standings import Standing, standings
from domain.tasks import OVER, Task, TaskState

QUEUED, ASSIGNED, ACKNOWLEDGED, IN_PROGRESS = TaskState.QUEUED, TaskState.ASSIGNED, TaskState.ACKNOWLEDGED, TaskState.IN_PROGRESS
RETURN_PENDING, COMPLETED, AWAITING, CLOSED = (
    TaskState.RETURN_PENDING,
    TaskState.COMPLETED,
    TaskState.AWAITING_FOLLOW_UP,
    TaskState.CLOSED,
)
SUSPENDED, DEFERRED, CANCELLED = TaskState.SUSPENDED, TaskState.DEFERRED, TaskState.CANCELLED


class TaskAction(Enum):
    ASSIGN = "ASSIGN"
    ACKNOWLEDGE = "ACKNOWLEDGE"
    RETURN = "RETURN"
    DECIDE_RETURN = "DECIDE_RETURN"
    START = "START"
    REQUEST_EXTENSION = "REQUEST_EXTENSION"
    DECIDE_EXTENSION = "DECIDE_EXTENSION"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    DEFER = "DEFER"
    DECIDE_DEFERRAL = "DECIDE_DEFERRAL"
    UNDEFER = "UNDEFER"
    ADD_ASSIST = "ADD_ASSIST"
    CALL_OUT = "CALL_OUT"
    DECIDE_CALL_OUT = "DECIDE_CALL_OUT"
    REPORT_IN = "REPORT_IN"
    CONCLUDE_CALL_OUT = "CONCLUDE_CALL_OUT"
    COMPLETE = "COMPLETE"
    VERIFY = "VERIFY"
    CANCEL = "CANCEL"
    SUPERVISE = "SUPERVISE"
    NUDGE = "NUDGE"
    DECIDE_REPORT = "DECIDE_REPORT"


class Verb(Enum):
    SUBMIT = "submit"
    ASSIGN = "assign"
    ASSIGN_AGAIN = "assign again"
    ACKNOWLEDGE = "acknowledge"
    REMIND = "remind"
    ESCALATE = "escalate"
    MISS_CONTACT = "miss the contact"
    WARN = "warn"
    MISS = "miss"
    BREAK_PROMISE = "break the promise"
    RECOUNT = "count anew"
    RETURN = "return"
    APPROVE_RETURN = "approve return"
    REFUSE_RETURN = "refuse return"
    TRY_CONTACT = "try contact"
    START = "start"
    REQUEST_EXTENSION = "request extension"
    GRANT_EXTENSION = "grant extension"
    REFUSE_EXTENSION = "refuse extension"
    SUSPEND = "suspend"
    RESUME = "resume"
    END_SUSPENSION = "end suspension"
    DEFER = "defer"
    DEFER_AT_ONCE = "defer at once"
    APPROVE_DEFERRAL = "approve deferral"
    REFUSE_DEFERRAL = "refuse deferral"
    OBJECT = "object"
    REVIEW = "review"
    UNDEFER = "undefer"
    CONTACT_AGAIN = "contact again"
    COMPLETE = "complete"
    CONFIRM = "complete, confirmed"
    PASS_CHECK = "pass check"
    FAIL_CHECK = "fail check"
    ANSWER = "answer"
    RECORD = "record the answer"
    BEGIN_CALLS = "begin the calls"
    TRY_CALL = "try a call"
    SILENT_CLOSE = "close without an answer"
    REWORK = "rework"
    ADD_ASSIST = "add assist"
    CANCEL = "cancel"
    CALL_OUT = "call out"
    DECIDE_CALL_OUT = "decide on a call-out"
    REPORT_IN = "report in"
    CONCLUDE_CALL_OUT = "conclude a call-out"
    MISS_CALL_OUT = "miss a call-out"
    REMIND_TO_RATE = "remind to rate"
    CALL_OFF = "call off"
    SUPERVISE = "supervise"
    NUDGE_TASK = "nudge"
    HOLD = "hold an early report"
    BEGIN_AS_HELD = "start as reported"
    COMPLETE_AS_HELD = "complete as reported"
    REPORT_LATE = "report too late"
    REPORT_AFTER = "report after it was stopped"
    APPROVE_REPORT = "approve a late report"
    DISMISS_REPORT = "dismiss a late report"


@dataclass(frozen=True, slots=True)
class Move:
    """One row: who may take a task from where to where, what guards it, which clock it touches, what it leaves in the history.

    Without a target the task stays where it is.
    """

    row: str
    verb: Verb
    sources: frozenset[TaskState]
    target: TaskState | None
    who: frozenset[Standing]
    guard: str
    clock: str
    evidence: EventKind
    action: TaskAction | None = None


def _move(
    row: str,
    verb: Verb,
    sources: set[TaskState],
    target: TaskState | None,
    who: set[Standing],
    evidence: EventKind,
    action: TaskAction | None = None,
    *,
    guard: str = "-",
    clock: str = "-",
) -> Move:
    return Move(row, verb, frozenset(sources), target, frozenset(who), guard, clock, evidence, action)


_OPEN = set(TaskState) - {CLOSED, CANCELLED}
_ASSIGNERS = {Standing.LEADER, Standing.DISPATCHER}
_RUNNING = {QUEUED, ASSIGNED, ACKNOWLEDGED, IN_PROGRESS}
_REPORTABLE = _RUNNING | {RETURN_PENDING}
_STOPPED = {SUSPENDED, DEFERRED, CLOSED, CANCELLED}

MOVES: tuple[Move, ...] = (
    _move(
        "6", Verb.ASSIGN, {QUEUED}, ASSIGNED, _ASSIGNERS, EventKind.TASK_ASSIGNED, TaskAction.ASSIGN,
        guard="a post in the leader's own sub-tree, or in the dispatcher's township; not whom the request is about",
        clock="acknowledge, contact and return windows start",
    ),
    _move(
        "13", Verb.ASSIGN_AGAIN, {ASSIGNED, ACKNOWLEDGED, IN_PROGRESS, RETURN_PENDING}, ASSIGNED, _ASSIGNERS,
        EventKind.TASK_ASSIGNED, TaskAction.ASSIGN,
        guard="as row 6, and never to the person who has it", clock="the leg keeps its due time; windows start again",
    ),
    _move(
        "7", Verb.ACKNOWLEDGE, {ASSIGNED}, ACKNOWLEDGED, {Standing.ASSIGNEE}, EventKind.TASK_ACKNOWLEDGED, TaskAction.ACKNOWLEDGE,
        clock="the acknowledge window is met",
    ),
    _move("8a", Verb.REMIND, {ASSIGNED}, ASSIGNED, {Standing.CLOCK}, EventKind.TASK_REMINDED, guard="half of the acknowledge window is over; once"),
    _move(
        "8", Verb.ESCALATE, {ASSIGNED}, ASSIGNED, {Standing.CLOCK}, EventKind.TASK_ESCALATED,
        guard="the acknowledge window is over; somebody stands above", clock="a new leg; the promise stays",
    ),
    _move(
        "9", Verb.RETURN, {ASSIGNED, ACKNOWLEDGED}, RETURN_PENDING, {Standing.ASSIGNEE}, EventKind.TASK_RETURNED, TaskAction.RETURN,
        guard="inside the return window; once an assignee; not after a binding decision", clock="the leg is paused",
    ),
    _move(
        "10", Verb.APPROVE_RETURN, {RETURN_PENDING}, QUEUED, {Standing.RETURN_JUDGE}, EventKind.RETURN_APPROVED, TaskAction.DECIDE_RETURN,
        guard="a new assignee, or the router picks", clock="the leg ends, a new one starts with the next assignee",
    ),
    _move(
        "11", Verb.REFUSE_RETURN, {RETURN_PENDING}, ACKNOWLEDGED, {Standing.RETURN_JUDGE}, EventKind.RETURN_REFUSED, TaskAction.DECIDE_RETURN,
        guard="a reason; from the second return on it binds", clock="the leg goes on with the time that was left",
    ),
    _move(
        "12a", Verb.TRY_CONTACT, {ACKNOWLEDGED}, ACKNOWLEDGED, {Standing.ASSIGNEE}, EventKind.TASK_CONTACT_TRIED, TaskAction.START,
        guard="the resident was not reached; the third try at a different time starts the work",
    ),
    _move(
        "12", Verb.START, {ACKNOWLEDGED}, IN_PROGRESS, {Standing.ASSIGNEE}, EventKind.TASK_STARTED, TaskAction.START,
        guard="a contact, where somebody asked", clock="the contact window is met",
    ),
    _move(
        "12b", Verb.MISS_CONTACT, {ACKNOWLEDGED, IN_PROGRESS}, None, {Standing.CLOCK}, EventKind.CONTACT_MISSED,
        guard="somebody asked, and the contact window is over; in progress, that after a bad review; once",
    ),
    _move(
        "12c", Verb.CONTACT_AGAIN, {IN_PROGRESS}, IN_PROGRESS, {Standing.ASSIGNEE}, EventKind.TASK_CONTACTED, TaskAction.START,
        guard="after a bad review, until whoever asked was heard again; three tries as in row 12a", clock="the contact window is met",
    ),
    _move(
        "20a", Verb.WARN, _RUNNING, None, {Standing.CLOCK}, EventKind.TASK_WARNED,
        guard="one working day before the leg is due, where it does not run by the clock; once for each due time",
    ),
    _move(
        "20b", Verb.MISS, _RUNNING, None, {Standing.CLOCK}, EventKind.TASK_MISSED,
        guard="as the office opens on the first working day after the leg was due, at once where it runs by the clock; never on a provisional date; once for each due time",
    ),
    _move(
        "20c", Verb.BREAK_PROMISE, _RUNNING | {RETURN_PENDING}, None, {Standing.CLOCK}, EventKind.PROMISE_MISSED,
        guard="as row 20b, of the promise; the request's first task; said with row 20b where both are over",
    ),
    _move(
        "17", Verb.REQUEST_EXTENSION, {IN_PROGRESS}, None, {Standing.ASSIGNEE}, EventKind.EXTENSION_REQUESTED, TaskAction.REQUEST_EXTENSION,
        guard="before the leg is due; within what the class has in all; one at a time; not for what helps", clock="the old due time stands",
    ),
    _move(
        "17a", Verb.GRANT_EXTENSION, {IN_PROGRESS}, None, {Standing.EXTENSION_JUDGE}, EventKind.EXTENSION_GRANTED, TaskAction.DECIDE_EXTENSION,
        guard="it was asked for; the reason is the resident's to read", clock="the leg and the promise move by so many working days; a promise that was broken before stays broken",
    ),
    _move(
        "17b", Verb.REFUSE_EXTENSION, {IN_PROGRESS}, None, {Standing.EXTENSION_JUDGE}, EventKind.EXTENSION_REFUSED, TaskAction.DECIDE_EXTENSION,
        guard="it was asked for; a reason", clock="the old due time stands",
    ),
    _move(
        "18", Verb.SUSPEND, {IN_PROGRESS}, SUSPENDED, {Standing.SUPERIOR}, EventKind.TASK_SUSPENDED, TaskAction.SUSPEND,
        guard="a stated cause and until when; ten working days in all over its life", clock="the leg stands still; the promise while all open work does",
    ),
    _move(
        "18a", Verb.RESUME, {SUSPENDED}, IN_PROGRESS, {Standing.ASSIGNEE, Standing.LEADER, Standing.DISPATCHER}, EventKind.TASK_RESUMED, TaskAction.RESUME,
        guard="the cause has ended", clock="what was left is left, to the second",
    ),
    _move(
        "18b", Verb.END_SUSPENSION, {SUSPENDED}, IN_PROGRESS, {Standing.CLOCK}, EventKind.TASK_RESUMED,
        guard="the stated time has come", clock="as row 18a, from the stated time on",
    ),
    _move(
        "19", Verb.DEFER, {IN_PROGRESS}, None, {Standing.DISPATCHER}, EventKind.DEFERRAL_ASKED, TaskAction.DEFER,
        guard="a plan, a reason in plain words, a review within 90 days; one at a time", clock="both clocks run on",
    ),
    _move(
        "19a", Verb.DEFER_AT_ONCE, {IN_PROGRESS}, DEFERRED, {Standing.DEFERRAL_JUDGE}, EventKind.TASK_DEFERRED, TaskAction.DEFER,
        guard="as row 19, by whoever would approve it", clock="as row 18; counted apart",
    ),
    _move(
        "19b", Verb.APPROVE_DEFERRAL, {IN_PROGRESS}, DEFERRED, {Standing.DEFERRAL_JUDGE}, EventKind.TASK_DEFERRED, TaskAction.DECIDE_DEFERRAL,
        guard="it was asked for, by somebody else; the resident is told", clock="as row 18; counted apart",
    ),
    _move(
        "19c", Verb.REFUSE_DEFERRAL, {IN_PROGRESS}, None, {Standing.DEFERRAL_JUDGE}, EventKind.DEFERRAL_REFUSED, TaskAction.DECIDE_DEFERRAL,
        guard="it was asked for, by somebody else; a reason",
    ),
    _move("19d", Verb.OBJECT, {DEFERRED}, None, {Standing.ASKER}, EventKind.DEFERRAL_OBJECTED, guard="once to each deferral; words"),
    _move("19e", Verb.REVIEW, {DEFERRED}, None, {Standing.CLOCK}, EventKind.DEFERRAL_REVIEW_CAME, guard="the day of the review has come; once"),
    _move(
        "19f", Verb.UNDEFER, {DEFERRED}, IN_PROGRESS, {Standing.LEADER, Standing.DISPATCHER}, EventKind.TASK_UNDEFERRED, TaskAction.UNDEFER,
        clock="what was left is left, to the second",
    ),
    _move(
        "20d", Verb.RECOUNT, set(TaskState) - OVER, None, {Standing.CLOCK}, EventKind.DEADLINES_RECOUNTED,
        guard="the calendar of working days was changed; once for each change; over, where its date had never been firm",
        clock="both clocks keep their office time, by the new table; windows are counted by it; judged again",
    ),
    _move(
        "20", Verb.COMPLETE, {IN_PROGRESS}, COMPLETED, {Standing.ASSIGNEE}, EventKind.TASK_COMPLETED, TaskAction.COMPLETE,
        guard="outcome and note; a picture where the item says why; no open assist task", clock="the leg stops; the promise is judged",
    ),
    _move(
        "21a", Verb.CONFIRM, {IN_PROGRESS}, AWAITING, {Standing.ASSIGNEE}, EventKind.TASK_COMPLETED, TaskAction.COMPLETE,
        guard="as row 20, and the resident's own code, given on the spot: it is the check; of the lead", clock="as row 20",
    ),
    _move(
        "21", Verb.PASS_CHECK, {COMPLETED}, AWAITING, {Standing.VERIFIER}, EventKind.TASK_VERIFIED, TaskAction.VERIFY,
        guard="closed at once where nobody asked for it",
    ),
    _move(
        "22", Verb.FAIL_CHECK, {COMPLETED}, IN_PROGRESS, {Standing.VERIFIER}, EventKind.TASK_FAILED_CHECK, TaskAction.VERIFY,
        guard="a reason", clock="a new leg; the promise is open again",
    ),
    _move("23", Verb.ANSWER, {AWAITING}, CLOSED, {Standing.ASKER}, EventKind.FOLLOW_UP_ANSWERED, guard="every task of the request was checked"),
    _move(
        "23a", Verb.RECORD, {AWAITING}, CLOSED, {Standing.CALLER}, EventKind.FOLLOW_UP_RECORDED,
        guard="it is for a home, or typed for one that no app reaches, or the calls have begun; what they said; not solved: as row 24",
    ),
    _move(
        "23b", Verb.BEGIN_CALLS, {AWAITING}, AWAITING, {Standing.CLOCK}, EventKind.FOLLOW_UP_STARTED,
        guard="the working day after every task was checked; once", clock="a week to answer starts",
    ),
    _move(
        "23c", Verb.TRY_CALL, {AWAITING}, AWAITING, {Standing.CALLER}, EventKind.FOLLOW_UP_TRIED,
        guard="the calls have begun; what came of the try",
    ),
    _move(
        "24", Verb.REWORK, {AWAITING}, IN_PROGRESS, {Standing.ASKER}, EventKind.REQUEST_REWORKED,
        guard="not solved or one of the two lowest grades; the second time one level up owns it",
        clock="a new leg, of 15 working days and a contact within one where the grade was low; the promise is open again",
    ),
    _move(
        "25", Verb.SILENT_CLOSE, {AWAITING}, CLOSED, {Standing.CLOCK}, EventKind.FOLLOW_UP_UNANSWERED,
        guard="three tries on two days, or a week of calls, and no answer",
    ),
    _move(
        "14", Verb.ADD_ASSIST, {ACKNOWLEDGED, IN_PROGRESS}, None, {Standing.ASSIGNEE, *_ASSIGNERS}, EventKind.ASSIST_ADDED,
        TaskAction.ADD_ASSIST,
        guard="a unit that may own, or somebody within reach; whoever has the task stays accountable", clock="the assist has a leg of its own, inside the promise",
    ),
    _move(
        "15", Verb.CALL_OUT, {ACKNOWLEDGED, IN_PROGRESS}, None, {Standing.DISPATCHER}, EventKind.CALL_OUT_ASKED, TaskAction.CALL_OUT,
        guard="what the unit cannot solve, or an emergency; departments and an arrival limit named; five at a time", clock="-",
    ),
    _move(
        "15a", Verb.DECIDE_CALL_OUT, _OPEN, None, {Standing.HEAD}, EventKind.CALL_OUT_DECIDED, TaskAction.DECIDE_CALL_OUT,
        guard="asked for, by somebody else; a reason where it is refused", clock="the arrival limit runs from the approval",
    ),
    _move(
        "16", Verb.REPORT_IN, _OPEN, None, {Standing.CALLED}, EventKind.DEPARTMENT_REPORTED, TaskAction.REPORT_IN,
        clock="the arrival limit is met, or not",
    ),
    _move(
        "16a", Verb.CONCLUDE_CALL_OUT, set(TaskState), None, {Standing.DISPATCHER}, EventKind.CALL_OUT_CONCLUDED, TaskAction.CONCLUDE_CALL_OUT,
        guard="the department came, or its time is over; the township rates it, for 15 days also once the task is over, which ends what was open",
    ),
    _move("16b", Verb.MISS_CALL_OUT, _OPEN, None, {Standing.CLOCK}, EventKind.CALL_OUT_MISSED, guard="nobody of the department came by the limit; once"),
    _move(
        "16c", Verb.REMIND_TO_RATE, set(TaskState), None, {Standing.CLOCK}, EventKind.CALL_OUT_REMINDED,
        guard="a week after the call-out ended with its task the department is not rated; once",
    ),
    _move(
        "31", Verb.CANCEL, {QUEUED, ASSIGNED, ACKNOWLEDGED, IN_PROGRESS, RETURN_PENDING, SUSPENDED, DEFERRED}, CANCELLED, _ASSIGNERS,
        EventKind.TASK_CANCELLED, TaskAction.CANCEL,
        guard="a reason; never the lead of a request; what helps with it goes too", clock="stops",
    ),
    _move(
        "31a", Verb.CALL_OFF, {QUEUED, ASSIGNED, ACKNOWLEDGED, IN_PROGRESS, RETURN_PENDING, SUSPENDED, DEFERRED}, CANCELLED, {Standing.CLOCK},
        EventKind.TASK_CANCELLED,
        guard="its campaign was ended; what helps with it goes too", clock="stops",
    ),
    _move(
        "29", Verb.SUPERVISE, _OPEN, None, {Standing.DISPATCHER}, EventKind.REQUEST_SUPERVISED, TaskAction.SUPERVISE,
        guard="overdue, done again or returned for the second time, or not solved as the resident said; once",
    ),
    _move(
        "28a", Verb.NUDGE_TASK, {ASSIGNED, ACKNOWLEDGED, IN_PROGRESS}, None, _ASSIGNERS, EventKind.TASK_NUDGED, TaskAction.NUDGE,
        guard="once a day",
    ),
    _move(
        "32", Verb.HOLD, {ASSIGNED, ACKNOWLEDGED}, None, {Standing.ASSIGNEE}, EventKind.REPORT_HELD,
        guard="a phone sent rows 12 or 20 in a batch before what they build on; five at most, one completion",
    ),
    _move(
        "32a", Verb.BEGIN_AS_HELD, {ACKNOWLEDGED}, IN_PROGRESS, {Standing.CLOCK}, EventKind.TASK_STARTED,
        guard="a start was held (row 32) and nobody carried it out with what was missing", clock="as row 12",
    ),
    _move(
        "32b", Verb.COMPLETE_AS_HELD, {IN_PROGRESS}, COMPLETED, {Standing.CLOCK}, EventKind.TASK_COMPLETED,
        guard="a completion was held (row 32); no open assist task", clock="as row 20",
    ),
    _move(
        "33", Verb.REPORT_LATE, set(TaskState), None, {Standing.FORMER_ASSIGNEE}, EventKind.REPORT_REJECTED,
        guard="a phone sent rows 12 or 20 in a batch after the task was given to somebody else; work that is done waits for a decision, where the task is not done yet; four of a person",
    ),
    _move(
        "33c", Verb.REPORT_AFTER, _STOPPED, None, {Standing.ASSIGNEE}, EventKind.REPORT_REJECTED,
        guard="as row 33, by whoever has it, after it was stopped or ended; it is only kept",
    ),
    _move(
        "33a", Verb.APPROVE_REPORT, _REPORTABLE, COMPLETED, _ASSIGNERS, EventKind.TASK_COMPLETED, TaskAction.DECIDE_REPORT,
        guard="a late report of work that is done (row 33), by somebody else; no open assist task", clock="as row 20",
    ),
    _move(
        "33b", Verb.DISMISS_REPORT, _REPORTABLE, None, _ASSIGNERS, EventKind.REPORT_DISMISSED, TaskAction.DECIDE_REPORT,
        guard="a late report (row 33), by somebody else; a reason",
    ),
)  # fmt: skip


def rows(verb: Verb) -> tuple[Move, ...]:
    return tuple(move for move in MOVES if move.verb is verb)


def permit(verbs: tuple[Verb, ...], task: Task, standing: frozenset[Standing], *, expected_version: int | None = None) -> Move:
    """The one row of `verbs` that applies. Raises NOT_ALLOWED, CONFLICT or WRONG_STATE, the first that holds."""
    moves = [move for verb in verbs for move in rows(verb) if move.who & standing]
    if not moves:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "taskId")
    if expected_version is not None and expected_version != task.version:
        raise Refused(Refusal(RefusalCode.CONFLICT, Message("refusal.conflict"), "expectedVersion", task))
    legal = next((move for move in moves if task.state in move.sources), None)
    if legal is None:
        raise wrong_state(task)
    return legal


def wrong_state(task: Task) -> Refused:
    return Refused(Refusal(RefusalCode.WRONG_STATE, Message("refusal.wrong_state", {"state": task.state.value}), "taskId", task))


def guard_return(task: Task, by_id: str, *, at: datetime) -> None:
    """Raises LIMIT_REACHED after a binding decision or a second try, TOO_LATE after the window."""
    if task.is_return_bound or by_id in task.returners:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.return_bound", "taskId", current=task)
    if task.return_by is not None and at > task.return_by:
        raise refused(RefusalCode.TOO_LATE, "refusal.return_too_late", "taskId", current=task)


def guard_completion(task: Task) -> None:
    """Raises WRONG_STATE while a required assist is not done."""
    if task.open_assists:
        raise refused(RefusalCode.WRONG_STATE, "refusal.assists_open", "taskId", current=task)


def guard_cancel(task: Task) -> None:
    """Raises WRONG_STATE for the lead of a request: a request ends by verbs of its own."""
    if task.request_id is not None and task.parent_id is None:
        raise refused(RefusalCode.WRONG_STATE, "refusal.lead_stays", "taskId", current=task)


def guard_nudge(task: Task, *, at: datetime) -> None:
    """Raises LIMIT_REACHED where it was nudged on the same day, Shanghai time."""
    if task.nudged_at is not None and task.nudged_at.astimezone(SHANGHAI).date() == at.astimezone(SHANGHAI).date():
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.nudged_today", "taskId", current=task)


def guard_supervision(task: Task, *, at: datetime, is_promise_broken: bool = False) -> None:
    """Raises WRONG_STATE where nothing went wrong with what was asked for, or it is under follow-up already."""
    is_wrong = task.is_overdue(at) or is_promise_broken or task.was_unsolved or task.rework_count > 1 or len(task.returners) > 1
    if task.request_id is None or task.parent_id is not None or task.is_supervised or not is_wrong:
        raise refused(RefusalCode.WRONG_STATE, "refusal.nothing_to_supervise", "requestId", current=task)


def guard_contact(task: Task) -> None:
    """Raises WRONG_STATE where the work goes on and whoever asked was heard."""
    if task.state is IN_PROGRESS and task.contacted_at is not None:
        raise wrong_state(task)


Guard = Callable[[Task, str, datetime], None]

_GUARDS: dict[TaskAction, Guard] = {
    TaskAction.RETURN: lambda task, by_id, at: guard_return(task, by_id, at=at),
    TaskAction.COMPLETE: lambda task, by_id, at: guard_completion(task),
    TaskAction.CANCEL: lambda task, by_id, at: guard_cancel(task),
    TaskAction.CALL_OUT: guards.guard_call_out,
    TaskAction.DECIDE_CALL_OUT: guards.guard_call_out_asked,
    TaskAction.CONCLUDE_CALL_OUT: guards.guard_call_out_to_conclude,
    TaskAction.NUDGE: lambda task, _, at: guard_nudge(task, at=at),
    TaskAction.REQUEST_EXTENSION: guards.guard_extension,
    TaskAction.DECIDE_EXTENSION: guards.guard_extension_asked,
    TaskAction.SUSPEND: guards.guard_suspension,
    TaskAction.DEFER: guards.guard_deferral,
    TaskAction.DECIDE_DEFERRAL: guards.guard_deferral_asked,
    TaskAction.START: lambda task, _by_id, _at: guard_contact(task),
    TaskAction.DECIDE_REPORT: guards.guard_report_to_decide,
}


def actions(task: Task, actor: Actor, *, at: datetime, is_promise_broken: bool = False) -> tuple[TaskAction, ...]:
    """The actor's legal moves now; none of them is then refused for who, when or where. The promise is its request's, if it has one."""
    standing = standings(task, actor, at=at)
    legal = {move.action for move in MOVES if move.action and task.state in move.sources and move.who & standing}
    supervision: Guard = lambda task, _, at: guard_supervision(task, at=at, is_promise_broken=is_promise_broken)  # noqa: E731
    guards_now = {**_GUARDS, TaskAction.SUPERVISE: supervision}
    return tuple(action for action in TaskAction if action in legal and _is_unguarded(guards_now.get(action), task, actor, at))


def _is_unguarded(guard: Guard | None, task: Task, actor: Actor, at: datetime) -> bool:
    if guard is None or actor.id is None:
        return True
    try:
        guard(task, actor.id, at)
    except Refused:
        return False
    return True
