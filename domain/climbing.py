"""Not acknowledged in time (超时升级): reminded at half of the window, one level up at its end."""

from dataclasses import replace
from datetime import datetime

from domain.cases import Act, Case, Facts, Moment, act_on, hand_to, left_done
from domain.events import EventKind
from domain.routing import Service
from domain.tasks import TaskState


def remind(case: Case, task_id: str, *, at: datetime) -> Act | None:
    """Row 8a; nothing where it was reminded, acknowledged or moved in the meantime."""
    task = case.task(task_id)
    if task.state is not TaskState.ASSIGNED or task.remind_at is None or task.remind_at > at:
        return None
    return act_on(case.after(task.remind(at=at)), EventKind.TASK_REMINDED, task_id)


def escalate(case: Case, task_id: str, service: Service | None, moment: Moment) -> Act | None:
    """Row 8: one level up, on a new leg; at the top it stays, and its window is over."""
    task = case.task(task_id)
    if task.state is not TaskState.ASSIGNED or task.acknowledge_by is None or task.acknowledge_by > moment.at:
        return None
    if service is None:
        stays = replace(task, acknowledge_by=None, remind_at=None, updated_at=moment.at)
        return act_on(case.after(stays), EventKind.TASK_REMINDED, task_id, {"top": True})
    climbed = hand_to(task, service, moment, is_new_leg=True)
    facts: Facts = {"from": task.assignee_id, "rule": service.rule, **left_done(task)}
    return act_on(case.after(climbed), EventKind.TASK_ESCALATED, task_id, facts)
