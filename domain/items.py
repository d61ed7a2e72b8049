"""The catalogue of service items (服务事项): what can be asked for, who owns it by default, and how soon it is due."""

from dataclasses import dataclass
from enum import Enum

from domain.deadlines import DeadlineClass


class ServiceLine(Enum):
    GOVERNMENT_SERVICE = "GOVERNMENT_SERVICE"
    RED_PROPERTY_SERVICE = "RED_PROPERTY_SERVICE"
    PUBLIC_FACILITY_SERVICE = "PUBLIC_FACILITY_SERVICE"
    CONVENIENCE_VOLUNTEERING = "CONVENIENCE_VOLUNTEERING"
    VOLUNTEERING = "VOLUNTEERING"


class MatterScope(Enum):
    RESIDENCE = "RESIDENCE"
    ORIGIN_VILLAGE = "ORIGIN_VILLAGE"


class OwnerRule(Enum):
    """Who serves an item of the residence scope."""

    RESIDENCE_GRID = "RESIDENCE_GRID"  # the worker of the grid where it is
    HUB = "HUB"  # the hub host of the micro-grid, for the grid's branch
    PROFESSIONAL_BRANCH = "PROFESSIONAL_BRANCH"  # the branch with the skill
    SERVICE_CENTRE = "SERVICE_CENTRE"  # the counter
    SETTLEMENT_ORG = "SETTLEMENT_ORG"  # the settlement's own committee


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """`photo_required` is false unless `photo_reason` says why evidence is needed. `number_to_dial` comes with danger.

    `needs_paper` says that money or rights hang on it: a proxy asks for it only on signed paper. What is not accepted by itself waits
    until somebody takes it in. `assist_rules` are further owners of the matter, who help its owner. `is_shared` says that it concerns
    everybody at the place, like the lamp on the stairs; what is somebody's own is never that.
    """

    id: str
    code: str
    name: str
    line: ServiceLine
    owner_rule: OwnerRule
    default_scope: MatterScope
    deadline_class: DeadlineClass
    version: int = 1
    skill: str | None = None
    is_auto_accepted: bool = True
    is_shielded: bool = False
    photo_reason: str | None = None
    number_to_dial: str | None = None
    needs_paper: bool = False
    assist_rules: tuple[OwnerRule, ...] = ()
    is_shared: bool = False

    @property
    def photo_required(self) -> bool:
        return self.photo_reason is not None
