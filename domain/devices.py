"""Phones and the pushes that are sent to them: a push is a hint, the inbox is the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from domain.access import Actor
from domain.commands import Command
from domain.ids import Kind, compose


def device_id(township: str, token: str) -> str:
    """One phone, one id: whoever registers its token has it in the hand."""
    return compose(Kind.DEVICE, township, UUID(bytes=sha256(token.encode()).digest()[:16]))


class DevicePlatform(Enum):
    ANDROID = "ANDROID"
    IOS = "IOS"
    WEB = "WEB"


@dataclass(frozen=True, slots=True)
class Device:
    """A phone that a person registered for pushes; retired once it is handed back or its token is dead."""

    id: str
    township: str
    person_id: str
    token: str
    platform: DevicePlatform
    app_version: str | None
    language: str
    registered_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """What leaves the country of the house: a kind, opaque ids and a generic sentence, worth nothing to a stranger.

    `data` holds the kind and opaque ids only; `title` and `body` are generic sentences in the device's language;
    `time_to_live` is in seconds. A later push with the same `collapse_key` replaces an earlier one that was not shown yet.
    """

    device_id: str
    token: str
    title: str
    body: str
    data: Mapping[str, str]
    collapse_key: str
    time_to_live: int
    is_urgent: bool


class PushOutcome(Enum):
    SENT = "SENT"
    DEAD_TOKEN = "DEAD_TOKEN"  # the phone is gone: forget the token
    LATER = "LATER"  # passing trouble: try again
    REJECTED = "REJECTED"  # never going to work, and not the token's fault


@dataclass(frozen=True, slots=True)
class PushResult:
    """How one push ended; `retry_after` is in seconds, where the other side named it; `detail` is for the log."""

    device_id: str
    outcome: PushOutcome
    detail: str = ""
    retry_after: float | None = None


class Devices(Protocol):
    async def register(self, device: Device, *, command: Command) -> str:
        """The id of the phone; a token belongs to whoever registered it last. Raises `Refused` COMMAND_MISMATCH."""
        ...

    async def retire(self, device_id: str, *, by: Actor, command: Command) -> None:
        """No pushes to that phone from now on. Raises `Refused` NOT_FOUND where it is not the reader's."""
        ...
