"""Removing what is kept of somebody (注销与清除): what goes, what stays, and what puts it off. Ids, acts and counts stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Because(Enum):
    """Why contents were removed, as the tombstone says it."""

    RETENTION = "RETENTION"
    ASKED_FOR = "ASKED_FOR"


@dataclass(frozen=True, slots=True)
class Hold:
    """What keeps the contents of one request from being removed: a live dispute in any form."""

    has_open_task: bool = False
    has_open_subject_request: bool = False
    is_flagged: bool = False

    def __bool__(self) -> bool:
        return self.has_open_task or self.has_open_subject_request or self.is_flagged


NO_HOLD = Hold()

GOES_WITH_PERSON: tuple[tuple[str, str], ...] = (
    ("devices", "person_id"),
    ("notices", "person_id"),
    ("contacts", "_id"),
    ("enrolment_codes", "_id"),
    ("proxy_parties", "_id"),
    ("saved_filters", "_id"),
    ("followings", "person_id"),
)
"""Collections whose documents go when somebody's data are removed, and the field that says whose; sign-ins and grants end besides."""


def put_off_by(holds: Sequence[Hold]) -> str | None:
    """What puts off the removal of somebody's data, by its name in the catalogue; nothing where they can go."""
    if any(hold.has_open_task for hold in holds):
        return "task_open"
    if any(hold.has_open_subject_request for hold in holds):
        return "subject_request_open"
    return "held" if any(hold.is_flagged for hold in holds) else None
