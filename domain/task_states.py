"""Where a task stands (工单状态): the states of the machine, and what each lets be."""

from enum import Enum


class TaskState(Enum):
    QUEUED = "QUEUED"
    ASSIGNED = "ASSIGNED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    IN_PROGRESS = "IN_PROGRESS"
    RETURN_PENDING = "RETURN_PENDING"
    SUSPENDED = "SUSPENDED"
    DEFERRED = "DEFERRED"
    COMPLETED = "COMPLETED"
    AWAITING_FOLLOW_UP = "AWAITING_FOLLOW_UP"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


TO_DO = frozenset({TaskState.ASSIGNED, TaskState.ACKNOWLEDGED, TaskState.IN_PROGRESS, TaskState.SUSPENDED, TaskState.DEFERRED})
"""What stands on its assignee's list."""

PAUSED = frozenset({TaskState.RETURN_PENDING, TaskState.SUSPENDED, TaskState.DEFERRED})
"""The leg's clock stands still."""

OVER = frozenset({TaskState.CLOSED, TaskState.CANCELLED})
