"""What speaks against more time or a pause, although it is theirs and the task stands right: `actions` and the verbs ask the same.

A guard knows the task, the person and the time, and nothing that is sent with a command.
"""

from datetime import datetime, timedelta

from domain.calendar import DEFAULT_OFFICE_HOURS
from domain.call_out import OPEN, CallOutState
from domain.deadlines import longest_extension
from domain.errors import RefusalCode as Code
from domain.errors import refused
from domain.tasks import Task

CALLED_AT_A_TIME = 5
"""How many departments are called to one task at a time."""
SUSPENSION_DAYS = 10
SUSPENSION_LIMIT = SUSPENSION_DAYS * DEFAULT_OFFICE_HOURS.length
"""How much office time a task may be suspended for in all, over its whole life: ten working days."""


def guard_extension(task: Task, _by_id: str, at: datetime) -> None:
    """LIMIT_REACHED where the class has no extension or it is used up, or one is asked for; TOO_LATE once the leg is missed.

    What helps with a task has its leg inside the promise, and asks for none of its own.
    """
    limit = longest_extension(task.deadline_class)
    if task.due_at is None or limit == 0 or task.parent_id is not None:
        raise refused(Code.LIMIT_REACHED, "refusal.extension_none", "taskId", current=task)
    if limit is not None and task.extended_by >= limit:
        raise refused(Code.LIMIT_REACHED, "refusal.extension_used_up", "taskId", current=task)
    if task.extension is not None:
        raise refused(Code.LIMIT_REACHED, "refusal.asked_already", "taskId", current=task)
    if task.is_overdue(at):
        raise refused(Code.TOO_LATE, "refusal.extension_too_late", "taskId", current=task)


def guard_extension_asked(task: Task, _by_id: str, _at: datetime) -> None:
    if task.extension is None:
        raise refused(Code.WRONG_STATE, "refusal.nothing_to_decide", "taskId", current=task)


def guard_call_out(task: Task, _by_id: str, _at: datetime) -> None:
    if sum(each.state in OPEN for each in task.call_outs) >= CALLED_AT_A_TIME:
        raise refused(Code.LIMIT_REACHED, "refusal.too_many_call_outs", "unitIds", current=task, limit=CALLED_AT_A_TIME)


def guard_call_out_asked(task: Task, by_id: str, _at: datetime) -> None:
    """WRONG_STATE where none is asked for; whoever asked does not approve it."""
    asked = [each for each in task.call_outs if each.state is CallOutState.ASKED]
    if not asked:
        raise refused(Code.WRONG_STATE, "refusal.no_call_out", "taskId", current=task)
    if any(each.asked_by_id == by_id for each in asked):
        raise refused(Code.NOT_ALLOWED, "refusal.own_call_out", "taskId")


def guard_call_out_to_conclude(task: Task, _by_id: str, at: datetime) -> None:
    """WRONG_STATE where none came, or its time is not over; TOO_LATE where the task of each was over long ago."""
    to_rate = [each for each in task.call_outs if each.is_to_be_concluded]
    if not to_rate:
        raise refused(Code.WRONG_STATE, "refusal.no_call_out", "taskId", current=task)
    if all(each.is_too_late_to_rate(at) for each in to_rate):
        raise refused(Code.TOO_LATE, "refusal.call_out_too_late", "taskId", current=task)


def guard_suspension(task: Task, _by_id: str, _at: datetime) -> None:
    if suspension_left(task) <= timedelta():
        raise refused(Code.LIMIT_REACHED, "refusal.suspension_used_up", "taskId", current=task, days=SUSPENSION_DAYS)


def guard_deferral(task: Task, _by_id: str, _at: datetime) -> None:
    if task.deferral is not None:
        raise refused(Code.LIMIT_REACHED, "refusal.asked_already", "taskId", current=task)


def guard_deferral_asked(task: Task, _by_id: str, _at: datetime) -> None:
    if task.deferral is None:
        raise refused(Code.WRONG_STATE, "refusal.nothing_to_decide", "taskId", current=task)


def guard_report_to_decide(task: Task, by_id: str, _at: datetime) -> None:
    """WRONG_STATE where none waits; whoever sent it does not decide on it."""
    if not task.late:
        raise refused(Code.WRONG_STATE, "refusal.nothing_to_decide", "taskId", current=task)
    if all(report.by_id == by_id for report in task.late):
        raise refused(Code.NOT_ALLOWED, "refusal.own_report", "taskId")


def suspension_left(task: Task) -> timedelta:
    """Office time that the task may still be suspended for."""
    return SUSPENSION_LIMIT - task.suspended_for
