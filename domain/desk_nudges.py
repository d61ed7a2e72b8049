"""The desk asks how it goes (催办): whoever has the task is told, once a day."""

from dataclasses import replace

from domain.cases import Act, Case, Moment, act_on, permitted
from domain.events import EventKind
from domain.lifecycle import Verb, guard_nudge


def nudge_task(case: Case, task_id: str, moment: Moment, *, note: str | None = None, expected_version: int | None = None) -> Act:
    """Row 28a. Nothing moves but the word."""
    task = permitted(case, task_id, moment, Verb.NUDGE_TASK, expected_version=expected_version)
    guard_nudge(task, at=moment.at)
    nudged = replace(task, nudged_at=moment.at, updated_at=moment.at)
    return act_on(case.after(nudged), EventKind.TASK_NUDGED, task_id, {}, note)
