"""A call-out (吹哨): the township summons a department to a task, as it stands; kept with the task."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from domain.organisation import OrgUnitKind
from domain.posts import Role

DEPARTMENTS = frozenset({OrgUnitKind.PROVIDER, OrgUnitKind.INDUSTRY_COMMITTEE, OrgUnitKind.PROFESSIONAL_BRANCH, OrgUnitKind.SERVICE_CENTRE})
"""Kinds of units that can be called out."""

NOT_CALLED = frozenset({Role.ADMINISTRATOR, Role.PRIVACY_OFFICER})
"""Whoever holds only such a post in a department is not meant when it is called out."""


RATED_WITHIN = timedelta(days=15)
"""How long after the end of its task what came of it is rated: as long as whoever asked may say that it is not solved after all."""

REMINDED_AFTER = timedelta(days=7)
"""When whoever called out is reminded of that."""


class CallOutKind(Enum):
    BEYOND_OWN_MEANS = "BEYOND_OWN_MEANS"
    JOINT_ENFORCEMENT = "JOINT_ENFORCEMENT"
    EMERGENCY = "EMERGENCY"


class CallOutState(Enum):
    ASKED = "ASKED"
    REFUSED = "REFUSED"
    RAISED = "RAISED"
    REPORTED = "REPORTED"
    CONCLUDED = "CONCLUDED"
    ENDED = "ENDED"
    """Its task was over first: nobody is to come any more."""


OPEN = frozenset({CallOutState.ASKED, CallOutState.RAISED, CallOutState.REPORTED})
COMING = frozenset({CallOutState.RAISED, CallOutState.REPORTED})
"""The department sees the task."""


class CallOutGrade(Enum):
    """What the township says of the department's answer."""

    GOOD = "GOOD"
    FAIR = "FAIR"
    POOR = "POOR"


@dataclass(frozen=True, slots=True)
class CallOut:
    """One department, called to one task. `arrive_by` runs from the approval; `missed_told` once nobody had reported in by then.

    `path` is where it stood when it was called: the unit and those above it, nearest first.
    `ended_at` is when its task was over, and it was not concluded: it is rated for a while where it came or its time was over;
    `is_reminded` once that was said.
    """

    unit_id: str
    kind: CallOutKind
    asked_by_id: str
    asked_at: datetime
    within_minutes: int
    state: CallOutState = CallOutState.ASKED
    arrive_by: datetime | None = None
    reported_at: datetime | None = None
    reported_by_id: str | None = None
    missed_told: bool = False
    grade: CallOutGrade | None = None
    path: tuple[str, ...] = ()
    ended_at: datetime | None = None
    is_reminded: bool = False

    @property
    def is_on_time(self) -> bool | None:
        """Whether the department came in time; nothing while that is open."""
        if self.reported_at is not None and self.arrive_by is not None:
            return self.reported_at <= self.arrive_by
        return False if self.missed_told else None

    @property
    def is_to_be_concluded(self) -> bool:
        """It came, or its time is over, also where its task was over meanwhile."""
        is_missed = self.missed_told and self.state in {CallOutState.RAISED, CallOutState.ENDED}
        return self.state is CallOutState.REPORTED or is_missed or (self.state is CallOutState.ENDED and self.reported_at is not None)

    def is_too_late_to_rate(self, at: datetime) -> bool:
        return self.ended_at is not None and at > self.ended_at + RATED_WITHIN

    def moved(self, state: CallOutState, **changes: object) -> "CallOut":
        return replace(self, state=state, **changes)  # type: ignore[arg-type]  # its own fields


def ended(call_outs: Sequence[CallOut], *, at: datetime) -> tuple[CallOut, ...]:
    """As they are once their task is over: none is asked for, or awaited, any more."""
    return tuple(each.moved(CallOutState.ENDED, ended_at=at) if each.state in OPEN else each for each in call_outs)
