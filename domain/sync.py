"""What changed in somebody's scope, told so that a phone which follows the cursors ends equal to the server.

A fresh phone reads everything once (the snapshot), then what changed (the feed). The cursor carries a stamp of the reader's keys:
other keys, other scope, so the phone starts from nothing.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from domain.access import Actor
from domain.errors import BadArgument
from domain.ids import Kind
from domain.notices import Notice
from domain.pages import cursor, parse_cursor
from domain.requests import Request
from domain.tasks import Task

SNAPSHOT_KINDS = (Kind.REQUEST, Kind.TASK, Kind.NOTICE)

GREATEST_NUMBER = 2**63 - 1
"""The database's integers end here."""

LONGEST_NUMBER = len(str(GREATEST_NUMBER))


@dataclass(frozen=True, slots=True)
class Position:
    """Where a phone stands. In a snapshot: which kind, after which id, and the feed's head when it began. Else: the last number read."""

    stamp: str
    number: int
    snapshot_kind: int | None = None
    after_id: str = ""

    @property
    def is_snapshot(self) -> bool:
        return self.snapshot_kind is not None

    def encode(self) -> str:
        kind = "" if self.snapshot_kind is None else str(self.snapshot_kind)
        return cursor((self.stamp, str(self.number), kind, self.after_id))


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One numbered act or notice: the things it changed, each with the keys that opened it before or after."""

    number: int
    subjects: Sequence[tuple[str, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class ChangeBatch:
    """`changed` are the things themselves, each once, in their current state; `removed` are ids that left the scope."""

    changed: tuple[object, ...]
    removed: tuple[str, ...]
    cursor: str
    more: bool
    reset: bool = False


class Feed(Protocol):
    async def head(self, township: str) -> int:
        """The number of the newest change that can be read."""
        ...

    async def rows(self, after: int, head: int, limit: int, *, seen_by: Actor) -> Sequence[FeedRow]:
        """The next changes in the reader's scope up to `head`, in the order in which they became visible; none is ever skipped."""
        ...

    async def everything(self, kind: Kind, after_id: str, limit: int, *, seen_by: Actor) -> Sequence[Request | Task | Notice]:
        """A slice of all things of one kind in the reader's scope, by id."""
        ...

    def wakes(self, *, seen_by: Actor) -> AsyncGenerator[None, None]:
        """Ticks whenever something in the reader's scope may have changed, and now and then without. It never ends by itself."""
        ...


def stamp_of(reader: Actor) -> str:
    """A short fingerprint of the reader's keys."""
    return sha256("|".join(sorted(reader.keys)).encode()).hexdigest()[:16]


def position(after: str, reader: Actor) -> Position | None:
    """Where the cursor stands, or nothing where the reader's scope is another one now. Raises `BadArgument` for what is no cursor."""
    parts = parse_cursor(after)
    if parts is None or len(parts) != 4:
        raise BadArgument("after is no cursor of changes")
    stamp, number, kind, after_id = parts
    if not number.isdecimal() or len(number) > LONGEST_NUMBER or int(number) > GREATEST_NUMBER or (kind and kind not in {"0", "1", "2"}):
        raise BadArgument("after is no cursor of changes")
    if stamp != stamp_of(reader):
        return None
    return Position(stamp, int(number), int(kind) if kind else None, after_id)
