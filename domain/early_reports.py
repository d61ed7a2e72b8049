"""Reports that come too early (暂存回报): a phone sent what it did in pieces, and what one builds on is not there yet.

They are kept with the task, for whoever has it, and carried out as soon as what they build on has come. Once somebody else has it, work
that is said to be done is a report that came too late; where it was sent back or called off, nothing is left but what the history says.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.calendar import WorkingCalendar
from domain.cases import Act, Case, Moment, act_on, completed, contacted, permitted
from domain.errors import RefusalCode, refused
from domain.events import EventKind
from domain.lifecycle import Verb, wrong_state
from domain.tasks import EarlyReport, Task, TaskState

MOST_EARLY = 5
LEFT_TO_THE_PHONE = timedelta(minutes=1)
"""How long the clock leaves it to the command that brought what was missing."""

BEFORE_DONE = frozenset({TaskState.ASSIGNED, TaskState.ACKNOWLEDGED})


def hold(
    case: Case, task_id: str, moment: Moment, report: EarlyReport, *, note: str | None = None, expected_version: int | None = None
) -> Act:
    """Row 32. Raises WRONG_STATE for what builds on nothing that could still come, LIMIT_REACHED for too many."""
    task = permitted(case, task_id, moment, Verb.HOLD, expected_version=expected_version)
    is_second = report.outcome is not None and any(other.outcome is not None for other in task.early)
    if is_second or (report.outcome is None and task.state is not TaskState.ASSIGNED):
        raise wrong_state(task)
    if len(task.early) >= MOST_EARLY:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_early", "taskId", current=task, limit=MOST_EARLY)
    kept = replace(task, early=(*task.early, report), updated_at=moment.at)
    return act_on(case.after(kept), EventKind.REPORT_HELD, task_id, {"done": report.outcome is not None}, note)


def fitting(task: Task) -> EarlyReport | None:
    """The oldest one that can be carried out now."""
    if task.state is TaskState.ACKNOWLEDGED:
        return next((report for report in task.early if report.outcome is None), None)
    if task.state is TaskState.IN_PROGRESS and task.open_assists == 0:
        return next((report for report in task.early if report.outcome is not None), None)
    return None


def take(case: Case, task: Task, moment: Moment) -> Act | None:
    """Rows 32a and 32b, like rows 12 and 20, in the words that were kept; nothing where none fits."""
    report = fitting(task)
    if report is None:
        return None
    if report.outcome is not None:
        act = completed(case, task, moment, outcome=report.outcome, note=None, is_confirmed=False)
    else:
        waiting = replace(task, early=tuple(other for other in task.early if other is not report))
        act = contacted(case, waiting, moment, contact=report.contact, reached=report.reached, tried_at=report.at, note=None)
    return replace(act, facts={**act.facts, "said_in": report.said_in})


def due_at(_case: Case, task: Task, _calendar: WorkingCalendar) -> datetime | None:
    """From when on the clock carries out what nobody else has."""
    return task.updated_at + LEFT_TO_THE_PHONE if fitting(task) else None
