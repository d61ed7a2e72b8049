"""Tasks and those that help with them (主办与协办) stay in step: what one waits for, who worked on it, who leads it.

It follows from the tasks alone, and is settled anew with every act, so that it changes in the transaction of that act.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.call_out import OPEN, CallOutState
from domain.tasks import Task, TaskState

DONE = frozenset({TaskState.COMPLETED, TaskState.AWAITING_FOLLOW_UP, TaskState.CLOSED, TaskState.CANCELLED})
"""Nobody works on it any more."""


def in_order(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """The lead first, then whatever helps with it, by age; what only answers a message comes last, however early it was made."""
    return tuple(sorted(tasks, key=lambda task: (task.is_message, task.parent_id is not None, task.id)))


def below(tasks: Sequence[Task], task_id: str) -> Iterator[Task]:
    """Whatever helps with it, however deep."""
    for task in tasks:
        if task.parent_id == task_id:
            yield task
            yield from below(tasks, task.id)


def above(tasks: Sequence[Task], task: Task) -> Iterator[Task]:
    """What it helps with, nearest first."""
    parent = next((other for other in tasks if other.id == task.parent_id), None)
    if parent is not None:
        yield parent
        yield from above(tasks, parent)


def settled(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Each with what follows from the others: the required ones it waits for, who worked on them, who has those above it.

    Settled once it is settled for good: the next act changes nothing of a task that it does not touch.
    """
    # Whoever did a part of the work checks the whole of it no more than that part.
    whole = [replace(task, past_assignees=_worked(task, tasks)) for task in tasks]
    return tuple(_settled(before, task, whole) for before, task in zip(tasks, whole, strict=True))


def _worked(task: Task, tasks: Sequence[Task]) -> tuple[str, ...]:
    parts = (person for helping in below(tasks, task.id) for person in helping.past_assignees)
    return tuple(dict.fromkeys([*task.past_assignees, *parts]))


def _settled(before: Task, task: Task, tasks: Sequence[Task]) -> Task:
    leads = tuple(dict.fromkeys(lead.assignee_id for lead in above(tasks, task) if lead.assignee_id))
    waits_for = sum(helping.is_required and helping.state not in DONE for helping in tasks if helping.parent_id == task.id)
    # Nor does anybody check a part whose other parts they worked on.
    colleagues = tuple(sorted(frozenset[str]().union(*(other.workers for other in tasks if other.id != task.id))))
    after = replace(task, leads=leads, open_assists=waits_for, colleagues=colleagues)
    return before if after == before else after


def changed_along(tasks: Sequence[Task], changed: Task, also: Sequence[Task]) -> tuple[Task, ...]:
    """All of them after an act on one that changed others along with it, or added some; the version of each that changed grows by one."""
    old, new = {task.id: task for task in tasks}, {task.id: task for task in (*also, changed)}
    kept = [new.pop(task.id, task) for task in tasks]
    return tuple(
        task if task.id not in old or (task == old[task.id] and task.id != changed.id) else grown(task, old[task.id], at=changed.updated_at)
        for task in settled([*kept, *new.values()])
    )


def grown(task: Task, before: Task, *, at: datetime) -> Task:
    """A version on, and changed at that moment. What was over before has been over since then: its contents do not open again."""
    return replace(task, version=before.version + 1, updated_at=before.updated_at if before.is_over and task.is_over else at)


def told_of(before: Sequence[Task], after: Sequence[Task], task_id: str) -> Mapping[str, str]:
    """What an act on one did to others, for those who have them: `cancelled`, `drawn_back`, and what waits for no other any more."""
    old = {task.id: task for task in before if task.id != task_id}
    moved = [task for task in after if task.id in old and task.state is not old[task.id].state]
    facts = {
        "cancelled": " ".join(task.id for task in moved if task.state is TaskState.CANCELLED),
        "drawn_back": " ".join(task.id for task in moved if task.state is TaskState.IN_PROGRESS),
        "assists_done": " ".join(t.id for t in after if t.id in old and old[t.id].open_assists and not t.open_assists and not t.is_over),
    }
    return {name: ids for name, ids in facts.items() if ids}


def call_outs_ended(before: Sequence[Task], after: Sequence[Task]) -> Mapping[str, str]:
    """Call-outs that an act ended with their task, as `task/unit`, one after the other: called by then, or only asked for."""
    awaited = {task.id: [each.state in OPEN for each in task.call_outs] for task in before}
    pairs = [(task.id, *pair) for task in after for pair in zip(task.call_outs, awaited.get(task.id, []), strict=False)]
    over = [(id_, each) for id_, each, was_awaited in pairs if was_awaited and each.state is CallOutState.ENDED]
    called = " ".join(f"{id_}/{each.unit_id}" for id_, each in over if each.arrive_by is not None)
    asked = " ".join(f"{id_}/{each.unit_id}" for id_, each in over if each.arrive_by is None)
    return {name: ids for name, ids in {"call_outs_ended": called, "call_outs_dropped": asked}.items() if ids}


def called_off(tasks: Sequence[Task], task_id: str, *, at: datetime) -> list[Task]:
    """Whatever helps with it and is not over, cancelled: there is nothing left to help with."""
    return [task.cancel(at=at) for task in below(tasks, task_id) if not task.is_over]


def ended_along(tasks: Sequence[Task], task_id: str, *, is_checked: bool, at: datetime) -> list[Task]:
    """What ends with a task that is done: assists that nobody finished, cancelled; where it was checked, those that are done, closed.

    Whoever checked the whole has checked its parts.
    """
    undone = {task.id for task in tasks if task.parent_id == task_id and task.state not in DONE}
    undone |= {task.id for id_ in undone for task in below(tasks, id_) if not task.is_over}
    cancelled = [task.cancel(at=at) for task in tasks if task.id in undone]
    done = [task for task in below(tasks, task_id) if not task.is_over and task.id not in undone]
    return [*cancelled, *(task.close(at=at) for task in done if is_checked)]


def drawn_back(tasks: Sequence[Task], task: Task) -> list[Task]:
    """Those above it that were said to be done, nearest first: they are not, while a part of them is done again."""
    return [lead for lead in above(tasks, task) if lead.state is TaskState.COMPLETED]
