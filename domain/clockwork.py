"""What happens by the mere passing of time: reminders at half of a window, the climb at its end. Each act once, whoever else runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.cases import Act, Case
from domain.commands import Command, Replayed


@dataclass(frozen=True, slots=True)
class DueTask:
    """A task whose next moment has come, in the version in which that is so."""

    id: str
    version: int


class DueTasks(Protocol):
    async def due(self, *, at: datetime, limit: int) -> Sequence[DueTask]:
        """Tasks whose next moment has come, the longest waiting first."""
        ...

    async def move(self, task_id: str, change: Callable[[Case], Act | None], *, event_id: str, command: Command) -> Case | Replayed | None:
        """Like `Tasks.update`, on nobody's behalf; nothing where `change` found nothing to do."""
        ...
