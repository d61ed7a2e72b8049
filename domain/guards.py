"""What speaks against more time or a pause, although it is theirs and the task stands right: `actions` and the verbs ask the same.

A guard knows the task, the person and the time, and nothing that is sent with a command.
"""

from datetime import datetime, timedelta

from domain.calendar import DEFAULT_OFFICE_HOURS
from domain.deadlines import longest_extension
from domain.errors import RefusalCode as Code
from domain.errors import refused
from domain.tasks import Task

SUSPENSION_DAYS = 10
SUSPENSION_LIMIT = SUSPENSION_DAYS * DEFAULT_OFFICE_HOURS.length
"""How much office time a task may be suspended for in all, over its whole life: ten working days."""


def guard_extension(task: Task, _by_id: str, at: datetime) -> None:
    """LIMIT_REACHED where the class has no extension or it is used up, or one is asked for; TOO_LATE once the leg was due.

    What helps with a task has its leg inside the promise, and asks for none of its own.
    """
    limit = longest_extension(task.deadline_class)
    if task.due_at is None or limit == 0 or task.parent_id is not None:
        raise refused(Code.LIMIT_REACHED, "refusal.extension_none", "taskId", current=task)
    if limit is not None and task.extended_by >= limit:
        raise refused(Code.LIMIT_REACHED, "refusal.extension_used_up", "taskId", current=task)
    if task.extension is not None:
        raise refused(Code.LIMIT_REACHED, "refusal.asked_already", "taskId", current=task)
    if at > task.due_at:
        raise refused(Code.TOO_LATE, "refusal.extension_too_late", "taskId", current=task)


def guard_extension_asked(task: Task, _by_id: str, _at: datetime) -> None:
    if task.extension is None:
        raise refused(Code.WRONG_STATE, "refusal.nothing_to_decide", "taskId", current=task)


def guard_suspension(task: Task, _by_id: str, _at: datetime) -> None:
    if suspension_left(task) <= timedelta():
        raise refused(Code.LIMIT_REACHED, "refusal.suspension_used_up", "taskId", current=task, days=SUSPENSION_DAYS)


def guard_deferral(task: Task, _by_id: str, _at: datetime) -> None:
    if task.deferral is not None:
        raise refused(Code.LIMIT_REACHED, "refusal.asked_already", "taskId", current=task)


def guard_deferral_asked(task: Task, _by_id: str, _at: datetime) -> None:
    if task.deferral is None:
        raise refused(Code.WRONG_STATE, "refusal.nothing_to_decide", "taskId", current=task)


def suspension_left(task: Task) -> timedelta:
    """Office time that the task may still be suspended for."""
    return SUSPENSION_LIMIT - task.suspended_for
