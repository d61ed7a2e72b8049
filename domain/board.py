"""The desk's board (工作台): what is open and waits, as queues that one index answers, soonest due first.

An open task lies on one pile, which follows from the task alone whenever it is kept; a queue shows some piles, and perhaps only what falls
due within a stretch of time. A new reason to wait is a pile of its own, or one that is told apart from another by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Protocol

from domain.access import Actor
from domain.pages import Page, PageRequest
from domain.requests import Request
from domain.tasks import Task, TaskState

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""What has no due time comes last."""

MOST_COUNTED = 1_000
"""Beyond this the board says "more": nobody works through it line by line."""


class Pile(Enum):
    """Where an open task lies."""

    UNROUTED = "UNROUTED"
    UNACKNOWLEDGED = "UNACKNOWLEDGED"
    UNDER_WAY = "UNDER_WAY"
    ASKED = "ASKED"
    """Under way, and somebody asked for a decision on it."""
    RETURNED = "RETURNED"
    UNCHECKED = "UNCHECKED"
    HELD = "HELD"
    """Under way, and a phone's report of it waits, for what it builds on or for a decision; so with the next ones."""
    HELD_UNROUTED = "HELD_UNROUTED"
    HELD_UNACKNOWLEDGED = "HELD_UNACKNOWLEDGED"
    HELD_ASKED = "HELD_ASKED"
    HELD_RETURNED = "HELD_RETURNED"


class QueueKind(Enum):
    UNACCEPTED = "UNACCEPTED"
    """Of requests: they have no task yet."""
    UNROUTED = "UNROUTED"
    UNACKNOWLEDGED = "UNACKNOWLEDGED"
    DUE_SOON = "DUE_SOON"
    OVERDUE = "OVERDUE"
    RETURNED = "RETURNED"
    WAITING_FOR_DECISION = "WAITING_FOR_DECISION"
    HELD_FROM_OFFLINE = "HELD_FROM_OFFLINE"
    UNCHECKED = "UNCHECKED"


HELD: Mapping[Pile, Pile] = {
    Pile.UNROUTED: Pile.HELD_UNROUTED,
    Pile.UNACKNOWLEDGED: Pile.HELD_UNACKNOWLEDGED,
    Pile.UNDER_WAY: Pile.HELD,
    Pile.ASKED: Pile.HELD_ASKED,
    Pile.RETURNED: Pile.HELD_RETURNED,
}
"""Where a task lies instead while a phone's report of it waits."""


def _also_held(*piles: Pile) -> frozenset[Pile]:
    return frozenset(piles) | {HELD[pile] for pile in piles if pile in HELD}


RUNNING = _also_held(Pile.UNROUTED, Pile.UNACKNOWLEDGED, Pile.UNDER_WAY, Pile.ASKED)
"""The leg's clock runs, and the work is not done."""

PILES: Mapping[QueueKind, frozenset[Pile]] = {
    QueueKind.UNACCEPTED: frozenset(),
    QueueKind.UNROUTED: _also_held(Pile.UNROUTED),
    QueueKind.UNACKNOWLEDGED: _also_held(Pile.UNACKNOWLEDGED),
    QueueKind.DUE_SOON: RUNNING,
    QueueKind.OVERDUE: RUNNING,
    QueueKind.RETURNED: _also_held(Pile.RETURNED),
    QueueKind.WAITING_FOR_DECISION: _also_held(Pile.RETURNED, Pile.ASKED),
    QueueKind.HELD_FROM_OFFLINE: frozenset(HELD.values()),
    QueueKind.UNCHECKED: frozenset({Pile.UNCHECKED}),
}

PILE_OF_STATE: Mapping[TaskState, Pile] = {
    TaskState.QUEUED: Pile.UNROUTED,
    TaskState.ASSIGNED: Pile.UNACKNOWLEDGED,
    TaskState.ACKNOWLEDGED: Pile.UNDER_WAY,
    TaskState.IN_PROGRESS: Pile.UNDER_WAY,
    TaskState.RETURN_PENDING: Pile.RETURNED,
    TaskState.COMPLETED: Pile.UNCHECKED,
}
"""What an open state says by itself."""


@dataclass(frozen=True, slots=True)
class Board:
    """The board of a unit and all below it."""

    unit_id: str
    township: str


@dataclass(frozen=True, slots=True)
class BoardQueue:
    kind: QueueKind
    unit_id: str
    township: str


@dataclass(frozen=True, slots=True)
class QueueCount:
    """`tasks` is at most 1,000; `more` says that there are more. Of requests, where the queue is of those."""

    tasks: int
    more: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What a queue shows at a moment: the piles, due from `since` on and before `before`.

    With `is_late` no date is shown that a calendar may still move; of what is due before `late_before`, nothing else.
    """

    unit_id: str
    piles: frozenset[Pile]
    since: datetime | None = None
    before: datetime | None = None
    is_late: bool = False
    late_before: datetime | None = None

    def shows(self, task: Task) -> bool:
        due_at = task.due_at or NEVER
        is_due = (self.since is None or due_at >= self.since) and (self.before is None or due_at < self.before)
        is_judged = not task.due_provisional
        is_past = self.late_before is not None and due_at < self.late_before
        return pile_of(task) in self.piles and is_due and (is_judged or not self.is_late) and not (is_past and is_judged)


class Boards(Protocol):
    """A port. Both ask for a unit that the reader leads, and find nothing for anybody else."""

    async def page(self, look: Look, page: PageRequest, *, seen_by: Actor) -> Page[Task]:
        """Soonest due first; what has no due time comes last."""
        ...

    async def count(self, look: Look, *, seen_by: Actor) -> QueueCount: ...

    async def waiting(self, unit_id: str, page: PageRequest, *, seen_by: Actor) -> Page[Request]:
        """Requests that nobody has taken in, first what is to be taken in soonest."""
        ...

    async def count_waiting(self, unit_id: str, *, seen_by: Actor) -> QueueCount: ...


def pile_of(task: Task) -> Pile | None:
    """Where it lies; nowhere while it is paused, while the resident is asked, and once it is over."""
    pile = PILE_OF_STATE.get(task.state)
    if pile is Pile.UNDER_WAY and _is_asked(task):
        pile = Pile.ASKED
    return HELD.get(pile, pile) if pile and (task.early or task.late) else pile


def _is_asked(task: Task) -> bool:
    """Whether more time, or the long ledger, was asked for and nobody has decided yet."""
    return task.extension is not None or task.deferral is not None


def look(queue: BoardQueue, *, at: datetime, soon: datetime, published_until: datetime) -> Look:
    """What the queue shows at the moment `at`; `soon` is one working day later.

    While no table is there for the days of now, what would be over by Monday to Friday is still due soon: the desk does not lose it.
    """
    piles = PILES[queue.kind]
    if queue.kind is QueueKind.OVERDUE:
        return Look(queue.unit_id, piles, before=at, is_late=True)
    if queue.kind is QueueKind.DUE_SOON and published_until < at:
        return Look(queue.unit_id, piles, since=published_until, before=soon, late_before=at)
    if queue.kind is QueueKind.DUE_SOON:
        return Look(queue.unit_id, piles, since=at, before=soon)
    return Look(queue.unit_id, piles)
