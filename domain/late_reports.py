"""Reports that come too late (迟到回报): the task was given to somebody else while the phone was offline, and the work had been done.

Nothing of it is lost: it stays in the history under the name of whoever did it, and whoever may give the task to somebody decides
whether the work counts. Whoever has the task by then goes on until that is decided.
"""

from dataclasses import replace

from domain.cases import Act, Case, Moment, act_on, after_thinking, completed, permitted
from domain.errors import RefusalCode, refused
from domain.events import EventKind
from domain.guards import guard_report_to_decide
from domain.lifecycle import Verb, guard_completion, rows
from domain.tasks import LateReport, Task, TaskState

MOST_OF_ONE = 4
"""So many reports of one person on one task are kept: with each the history and the words of the request grow."""

TO_DECIDE = frozenset(state for move in rows(Verb.APPROVE_REPORT) for state in move.sources)

WAITS_IN = TO_DECIDE | {TaskState.SUSPENDED, TaskState.DEFERRED}
"""Where it stands still it is decided on once it goes on."""


def keep(
    case: Case,
    task_id: str,
    moment: Moment,
    *,
    report: LateReport | None,
    why: RefusalCode,
    note: str | None,
    expected_version: int | None = None,
) -> Act:
    """Rows 33 and 33c: what was refused stays readable. Work that is said to be done waits for a decision, as long as it is not done.

    Of one person the newest waits. Raises LIMIT_REACHED for too many.
    """
    task, by_id = (
        permitted(case, task_id, moment, Verb.REPORT_LATE, Verb.REPORT_AFTER, expected_version=expected_version),
        moment.by.id or "",
    )
    if task.late_kept.count(by_id) >= MOST_OF_ONE:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_early", "taskId", current=task, limit=MOST_OF_ONE)
    late = task.late
    if report is not None and by_id != task.assignee_id and task.state in WAITS_IN:
        late = (*(other for other in late if other.by_id != by_id), report)
    kept = replace(task, late=late, late_kept=(*task.late_kept, by_id), updated_at=moment.at)
    waits = late is not task.late
    facts = {"why": why.value, "outcome": report.outcome.value if report else None, "waits": waits}
    return act_on(case.after(kept), EventKind.REPORT_REJECTED, task_id, facts, note)


def approve(case: Case, task_id: str, moment: Moment, *, command_id: str, expected_version: int | None = None) -> Act:
    """Row 33a: the work counts, in the words and under the name of whoever did it. Raises WRONG_STATE while a required assist is open."""
    task, report = _decided(case, task_id, moment, Verb.APPROVE_REPORT, command_id, expected_version)
    guard_completion(task)
    did_it = task.past_assignees if report.by_id in task.past_assignees else (*task.past_assignees, report.by_id)
    taken = replace(
        task.on_leg(after_thinking(task, moment)),
        past_assignees=did_it,
        acknowledge_by=None,
        remind_at=None,
        returned_at=None,
        proposed_owner_id=None,
    )
    act = completed(case, taken, moment, outcome=report.outcome, note=None, is_confirmed=False)
    said = {"said_in": report.said_in, "reported_by": report.by_id, "taken_from": task.assignee_id}
    return replace(act, facts={**act.facts, **said})


def dismiss(case: Case, task_id: str, moment: Moment, *, command_id: str, reason: str, expected_version: int | None = None) -> Act:
    """Row 33b: it does not count; whoever sent it is told, and whoever has the task goes on."""
    task, report = _decided(case, task_id, moment, Verb.DISMISS_REPORT, command_id, expected_version)
    left = replace(task, late=tuple(other for other in task.late if other is not report), updated_at=moment.at)
    return act_on(case.after(left), EventKind.REPORT_DISMISSED, task_id, {"reported_by": report.by_id}, reason)


def _decided(
    case: Case, task_id: str, moment: Moment, verb: Verb, command_id: str, expected_version: int | None
) -> tuple[Task, LateReport]:
    task = permitted(case, task_id, moment, verb, expected_version=expected_version)
    guard_report_to_decide(task, moment.by.id or "", moment.at)
    report = next((report for report in task.late if report.command_id == command_id), None)
    if report is None:
        raise refused(RefusalCode.WRONG_STATE, "refusal.nothing_to_decide", "reportId", current=task)
    if report.by_id == moment.by.id:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.own_report", "reportId")
    return task, report
