"""What a client sent, made safe to send again: the key is (person, commandId), over the given fields less `deviceTime`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from hashlib import sha256
from uuid import UUID

CLOCK = "clock"
"""Whose commands the clock's are."""


class CommandOutcome(Enum):
    """How one command of several ended."""

    APPLIED = "APPLIED"
    DUPLICATE = "DUPLICATE"
    HELD = "HELD"
    CONFLICT = "CONFLICT"
    REJECTED = "REJECTED"


NOT_CONTENTS = frozenset({"command_id", "device_time"})


@dataclass(frozen=True, slots=True)
class Command:
    """One act that was asked for. `digest` stands for its contents: equal contents, equal digest."""

    person_id: str
    command_id: UUID
    verb: str
    digest: str
    at: datetime
    device_time: datetime | None = None
    acting_for_id: str | None = None

    @property
    def key(self) -> str:
        return f"{self.person_id}/{self.command_id}"

    @property
    def is_by_person(self) -> bool:
        return self.person_id != CLOCK


@dataclass(frozen=True, slots=True)
class Replayed:
    """The command was carried out before; its subject is to be read under today's rights."""

    subject_id: str
    at: datetime | None = field(default=None, compare=False)
    """When that was, where its record was read."""


def digest(verb: str, contents: Mapping[str, object]) -> str:
    """A fingerprint of the verb and its given fields; what was not given and what was given as nothing are the same."""
    given = {name: _plain(value) for name, value in contents.items() if value is not None and name not in NOT_CONTENTS}
    return sha256(json.dumps([verb, given], sort_keys=True, ensure_ascii=True, default=str).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
