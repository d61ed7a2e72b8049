"""What whoever has a task reports of it (回报): how they reached somebody, what came of the work, why it is not theirs."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Outcome(Enum):
    SOLVED = "SOLVED"
    PARTLY = "PARTLY"
    EXPLAINED = "EXPLAINED"
    NOT_POSSIBLE = "NOT_POSSIBLE"


class ReturnReason(Enum):
    NOT_MY_PLACE = "NOT_MY_PLACE"
    NOT_MY_ITEM = "NOT_MY_ITEM"
    NO_AUTHORITY = "NO_AUTHORITY"
    OTHER = "OTHER"


class ContactKind(Enum):
    CALL = "CALL"
    VISIT = "VISIT"
    MESSAGE = "MESSAGE"


@dataclass(frozen=True, slots=True)
class EarlyReport:
    """What a phone sent before the act that it builds on (暂存回报): work begun, or, with an `outcome`, work done.

    Its words were kept with the event `said_in`; `at` is the phone's time.
    """

    command_id: str
    said_in: str
    at: datetime
    outcome: Outcome | None = None
    contact: ContactKind | None = None
    reached: bool = True


@dataclass(frozen=True, slots=True)
class LateReport:
    """Work that somebody says is done who has the task no more (迟到回报): kept under their name until somebody decides whether it counts.

    Its words were kept with the event `said_in`; `at` is the phone's time.
    """

    command_id: str
    by_id: str
    said_in: str
    at: datetime
    outcome: Outcome
