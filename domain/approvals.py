"""What waits for somebody's decision (延期、挂账), and why work may stand still for a while (挂起)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum


class SuspendCause(Enum):
    """Causes that lie outside of whoever works on it."""

    ASKED_FOR_LATER = "ASKED_FOR_LATER"
    PAPERS_AWAITED = "PAPERS_AWAITED"
    WEATHER = "WEATHER"
    SEASON = "SEASON"
    PART_ON_ORDER = "PART_ON_ORDER"


@dataclass(frozen=True, slots=True)
class Extension:
    """More time, asked for and not decided on yet. `until` is when the leg would be due, as it stood when it was asked."""

    asked_by_id: str
    asked_at: datetime
    working_days: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Deferral:
    """A place on the long ledger, asked for and not decided on yet."""

    asked_by_id: str
    asked_at: datetime
    review_on: date
