"""The vocabulary of "no": a refusal is data, with a code, a sentence, the field and, where it helps, the current state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class RefusalCode(Enum):
    NOT_FOUND = "NOT_FOUND"
    NOT_ALLOWED = "NOT_ALLOWED"
    WRONG_STATE = "WRONG_STATE"
    INVALID_INPUT = "INVALID_INPUT"
    CONFLICT = "CONFLICT"
    COMMAND_MISMATCH = "COMMAND_MISMATCH"
    TOO_LATE = "TOO_LATE"
    LIMIT_REACHED = "LIMIT_REACHED"
    OUTSIDE_AREA = "OUTSIDE_AREA"
    SIGN_IN_REQUIRED = "SIGN_IN_REQUIRED"


@dataclass(frozen=True, slots=True)
class Message:
    """Human text as key and parameters; `messages` renders it in the reader's language, when it is read."""

    key: str
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command was not carried out. `field` is the input's path, `current` the thing as it stands now."""

    code: RefusalCode
    message: Message
    field: str | None = None
    current: object | None = None


class Refused(Exception):
    """Raised by a rule; the face turns it into an answer. Nothing was written."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.code.value}: {refusal.message.key}")
        self.refusal = refusal


class BadArgument(Exception):
    """A query's argument makes no sense (a cursor that is none, contradicting paging)."""


class NumberTaken(Exception):
    """Chance gave a request a number that another one has: another number will do."""


def refused(code: RefusalCode, key: str, field: str | None = None, *, current: object | None = None, **params: str | int) -> Refused:
    return Refused(Refusal(code, Message(key, params), field, current))


def not_found(field: str) -> Refused:
    """The one answer for what is missing, unreadable or hidden: nobody can tell which."""
    return refused(RefusalCode.NOT_FOUND, "refusal.not_found", field)


def invalid(key: str, field: str, **params: str | int) -> Refused:
    return refused(RefusalCode.INVALID_INPUT, key, field, **params)
