"""What the relay owes for acts that are committed: told to inboxes first, then to phones, at least once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.cases import Case
from domain.devices import Device
from domain.events import Event
from domain.notices import NOTHING_AROUND, Around, Notice
from domain.tellings import Tellings


@dataclass(frozen=True, slots=True)
class Owed:
    """One claimed act: what happened, the case as it is now and what is around it, how often it was tried, and the phones still to be told
    (`None` is all)."""

    event: Event
    case: Case
    tries: int
    phones: frozenset[str] | None
    around: Around = NOTHING_AROUND


class Outbox(Protocol):
    """Rows are claimed under a lease: whoever dies with one in hand gives it back by the passing of time."""

    async def claim(self, *, at: datetime, limit: int, lease_seconds: float) -> Sequence[Owed]:
        """Up to `limit` acts that are due, for this relay alone until the lease ends."""
        ...

    async def tell(self, notices: Sequence[Notice]) -> None:
        """Puts notices into inboxes; one that is there already stays as it is."""
        ...

    async def phones(self, township: str, person_ids: Sequence[str]) -> Mapping[str, tuple[Device, ...]]: ...

    async def forget_phones(self, township: str, device_ids: Sequence[str], *, at: datetime) -> None: ...

    async def done(self, owed: Sequence[Owed]) -> None: ...

    async def later(self, owed: Owed, phones: frozenset[str], *, due_at: datetime) -> None:
        """To be tried again, for those phones."""
        ...

    async def park(self, owed: Owed, *, at: datetime) -> None:
        """Given up after the last try; counted, and kept for support."""
        ...

    async def parked(self) -> int: ...

    @property
    def tellings(self) -> Tellings:
        """What followers are still to be told, in the same database."""
        ...
