"""Filters that somebody at a desk keeps for themself (常用筛选): ids and enumerations under a name, which open nothing by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from domain.access import Actor
from domain.board import QueueKind
from domain.commands import Command, Replayed
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.ids import Kind, parse
from domain.requests import RequestState
from domain.tasks import TaskState
from domain.texts import required_text

MOST_FILTERS = 20
LONGEST_NAME = 40
MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class SavedTaskFilter:
    """What a list of tasks is narrowed to."""

    states: tuple[TaskState, ...] | None = None
    assignee_id: str | None = None
    unit_id: str | None = None
    grid_ids: tuple[str, ...] | None = None
    overdue: bool | None = None
    unrouted: bool | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class SavedRequestFilter:
    """What a list of requests is narrowed to; never the words that were searched for."""

    states: tuple[RequestState, ...] | None = None
    item_ids: tuple[str, ...] | None = None
    grid_ids: tuple[str, ...] | None = None
    unit_id: str | None = None
    overdue: bool | None = None
    submitted_after: datetime | None = None
    submitted_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class SavedQueue:
    """A queue of a unit's board."""

    kind: QueueKind
    unit_id: str


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """One of queue, tasks and requests, under a name that its owner finds it by."""

    id: str
    name: str
    saved_at: datetime
    queue: SavedQueue | None = None
    tasks: SavedTaskFilter | None = None
    requests: SavedRequestFilter | None = None

    def checked(self) -> "SavedFilter":
        """With its name as it is kept. Refuses what is no filter, and whatever is no id where one should be: no words are kept there."""
        name = required_text(self.name, "name")
        if len(name) > LONGEST_NAME:
            raise invalid("refusal.text_too_long", "name", limit=LONGEST_NAME)
        if sum(part is not None for part in (self.queue, self.tasks, self.requests)) != 1:
            raise invalid("refusal.one_filter", "queue")
        _check_ids("queue", (Kind.UNIT, [self.queue.unit_id] if self.queue else ()))
        if self.tasks:
            units, assignees = _one(self.tasks.unit_id), _one(self.tasks.assignee_id)
            _check_ids("tasks", (Kind.UNIT, units), (Kind.PERSON, assignees), (Kind.GRID, self.tasks.grid_ids or ()))
        if self.requests:
            items, grids = self.requests.item_ids or (), self.requests.grid_ids or ()
            _check_ids("requests", (Kind.UNIT, _one(self.requests.unit_id)), (Kind.ITEM, items), (Kind.GRID, grids))
        return replace(self, name=name)


class Filters(Protocol):
    """A port. Everybody's own, and nobody else's."""

    async def own(self, *, seen_by: Actor) -> Sequence[SavedFilter]:
        """In the order in which they were saved first."""
        ...

    async def save(self, new: SavedFilter, *, by: Actor, command: Command) -> Sequence[SavedFilter] | Replayed:
        """All there are now. Raises `Refused` LIMIT_REACHED, COMMAND_MISMATCH."""
        ...

    async def remove(self, filter_id: str, *, by: Actor, command: Command) -> Sequence[SavedFilter] | Replayed:
        """All that are left. Raises `Refused` NOT_FOUND, COMMAND_MISMATCH."""
        ...


def saved(there: Sequence[SavedFilter], new: SavedFilter) -> tuple[SavedFilter, ...]:
    """With the new one, in the place and under the id of the one that had its name. Raises LIMIT_REACHED."""
    if any(each.name == new.name for each in there):
        return tuple(replace(new, id=each.id) if each.name == new.name else each for each in there)
    if len(there) >= MOST_FILTERS:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_filters", "name", most=MOST_FILTERS)
    return (*there, new)


def without(there: Sequence[SavedFilter], filter_id: str) -> tuple[SavedFilter, ...]:
    """Raises NOT_FOUND."""
    if all(each.id != filter_id for each in there):
        raise not_found("filterId")
    return tuple(each for each in there if each.id != filter_id)


def _one(id_: str | None) -> Sequence[str]:
    return [id_] if id_ is not None else []


def _check_ids(field: str, *wanted: tuple[Kind, Sequence[str]]) -> None:
    for kind, ids in wanted:
        refs = [parse(id_) for id_ in ids]
        if len(ids) > MOST_VALUES or any(ref is None or ref.kind is not kind for ref in refs):
            raise invalid("refusal.filter_values", field)
