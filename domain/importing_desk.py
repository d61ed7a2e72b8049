"""A committee's file that comes through the API: in parts, checked, and made true by the administrator who sent it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from domain.commands import Command
from domain.divisions import Division
from domain.errors import Message
from domain.importing import Import, Outcome

MOST_PART = 500_000
"""Characters of one part in base64."""
MOST_PARTS = 60
MOST_BYTES = 20_000_000
"""Of a file that comes in parts; a larger one goes by the command line."""
DAYS_KEPT = 1
"""Parts and reports are removed after a day: they hold names, numbers and addresses."""


class ImportState(Enum):
    UPLOADED = "UPLOADED"
    CHECKING = "CHECKING"
    CHECKED = "CHECKED"
    APPLYING = "APPLYING"
    APPLIED = "APPLIED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class ImportPart:
    """One piece of a file, counted from 1."""

    import_id: UUID
    township: str
    by_id: str
    file_name: str
    number: int
    count: int
    content: bytes = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class ImportJob:
    """How far a file is. `outcome` is there once it was checked or applied; `message` says why it failed."""

    id: str
    township: str
    by_id: str
    state: ImportState
    received: int
    parts: int
    at: datetime
    outcome: Outcome | None = None
    message: Message | None = None


class ImportDesk(Protocol):
    async def keep_part(self, part: ImportPart, *, command: Command) -> ImportJob:
        """Keeps a part instead of an earlier one of that number. Raises `Refused`: COMMAND_MISMATCH, LIMIT_REACHED."""
        ...

    async def job(self, import_id: UUID, *, by_id: str) -> ImportJob | None:
        """A file that this person sent, for a day."""
        ...

    async def check(self, import_id: UUID, run: Import, *, command: Command) -> ImportJob:
        """The report; a job that still goes on where it takes longer than a request may, to be asked for again.

        Raises `Refused`: NOT_FOUND, INVALID_INPUT for a file that cannot be read or is not there whole, COMMAND_MISMATCH.
        """
        ...

    async def apply(self, import_id: UUID, run: Import, *, command: Command) -> ImportJob:
        """Like `check`, and makes true what the file says. Raises WRONG_STATE without a check, CONFLICT where the township moved on."""
        ...


class DivisionTable(Protocol):
    async def by_code(self, code: str) -> Division | None: ...

    async def below(self, parent: str | None) -> Sequence[Division]:
        """Those right below a division, or those at the top, by code."""
        ...
