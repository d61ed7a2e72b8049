"""What somebody can be told of, and whom an act always concerns: the desk, the committee, whoever asked."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from domain.events import Event
from domain.households import Reach
from domain.organisation import Organisation
from domain.posts import Role


class NoticeKind(Enum):
    TASK_ASSIGNED = "task_assigned"
    TASK_TAKEN_AWAY = "task_taken_away"
    TASK_UNROUTED = "task_unrouted"
    RULE_BROKEN = "rule_broken"
    TASK_REMINDED = "task_reminded"
    TASK_CLIMBED = "task_climbed"
    TASK_NOT_TAKEN = "task_not_taken"
    CONTACT_MISSED = "contact_missed"
    TASK_DUE_SOON = "task_due_soon"
    TASK_OVERDUE = "task_overdue"
    PROMISE_BROKEN = "promise_broken"
    DEADLINE_MOVED = "deadline_moved"
    TASK_RETURNED = "task_returned"
    RETURN_REFUSED = "return_refused"
    TASK_TO_CHECK = "task_to_check"
    CHECK_FAILED = "check_failed"
    FOLLOW_UP_ASKED = "follow_up_asked"
    FOLLOW_UP_FOR_PRINCIPAL = "follow_up_for_principal"
    FOLLOW_UP_TO_CARRY = "follow_up_to_carry"
    REQUEST_SUPERVISED = "request_supervised"
    FOLLOW_UP_TO_CALL = "follow_up_to_call"
    FOLLOW_UP_RECORDED = "follow_up_recorded"
    FOLLOW_UP_UNANSWERED = "follow_up_unanswered"
    TASK_CANCELLED = "task_cancelled"
    ASSIST_ADDED = "assist_added"
    ASSISTS_DONE = "assists_done"
    ASSIST_RETURNED = "assist_returned"
    NOT_SOLVED = "not_solved"
    NOT_SOLVED_BELOW = "not_solved_below"
    EXTENSION_ASKED = "extension_asked"
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_REFUSED = "extension_refused"
    PROMISE_EXTENDED = "promise_extended"
    TASK_SUSPENDED = "task_suspended"
    REQUEST_SUSPENDED = "request_suspended"
    TASK_RESUMED = "task_resumed"
    REQUEST_RESUMED = "request_resumed"
    DEFERRAL_ASKED = "deferral_asked"
    DEFERRAL_REFUSED = "deferral_refused"
    TASK_DEFERRED = "task_deferred"
    REQUEST_DEFERRED = "request_deferred"
    DEFERRAL_OBJECTED = "deferral_objected"
    DEFERRAL_REVIEW = "deferral_review"
    SUBJECT_REQUEST_MADE = "subject_request_made"
    SUBJECT_REQUEST_DECIDED = "subject_request_decided"
    CALL_OUT_ASKED = "call_out_asked"
    CALL_OUT_REFUSED = "call_out_refused"
    CALLED_OUT = "called_out"
    DEPARTMENT_REPORTED = "department_reported"
    CALL_OUT_MISSED = "call_out_missed"
    CALL_OUT_ENDED = "call_out_ended"
    CALL_OUT_TO_RATE = "call_out_to_rate"
    TASK_NUDGED = "task_nudged"
    CONTACT_READ_FLAGGED = "contact_read_flagged"
    REQUEST_TO_ACCEPT = "request_to_accept"
    ACCEPTANCE_REMINDED = "acceptance_reminded"
    ACCEPTANCE_MISSED = "acceptance_missed"
    REQUEST_ACCEPTED = "request_accepted"
    REQUEST_DECLINED = "request_declined"
    DECLINE_OBJECTED = "decline_objected"
    REQUEST_HANDED_OFF = "request_handed_off"
    REQUEST_WITHDRAWN = "request_withdrawn"
    REQUEST_MERGED = "request_merged"
    REQUEST_UNMERGED = "request_unmerged"
    MERGED_ENDED = "merged_ended"
    TASK_GOES_ON = "task_goes_on"
    REQUEST_NUDGED = "request_nudged"
    REQUEST_REOPENED = "request_reopened"
    REOPENED_BELOW = "reopened_below"
    MESSAGE_ADDED = "message_added"
    FOLLOWED_DONE = "followed_done"
    FOLLOWED_ENDED = "followed_ended"
    FOLLOWED_ON_HOLD = "followed_on_hold"
    FOLLOWED_GOES_ON = "followed_goes_on"
    FOLLOWED_MOVED = "followed_moved"
    REPORT_CAME_LATE = "report_came_late"
    REPORT_TO_DECIDE = "report_to_decide"
    REPORT_TAKEN = "report_taken"
    REPORT_DISMISSED = "report_dismissed"


Concern = tuple[str | None, NoticeKind, str]
"""A person, what they are told, and the id of what it is about."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the case does not say itself, as it is when it is told: whether its grant is live, how word gets to its home.

    `merged` are those whose requests go on in it, each with the id of theirs; `merged_ids` all requests that do and are everybody's.
    """

    is_grant_live: bool = False
    reach: Reach | None = None
    merged: tuple[tuple[str, str], ...] = ()
    merged_ids: tuple[str, ...] = ()


NOTHING_AROUND = Around()


def desk(silent: set[str | None], organisation: Organisation, on: date) -> list[str]:
    """The township's dispatchers, or whoever else leads it where none of them may be told."""
    root = organisation.root().id
    dispatchers = [post.person_id for post in organisation.posts_at(root, on) if post.role is Role.DISPATCHER]
    return [person for person in dispatchers if person not in silent] or organisation.leaders(root, on)


def committee(organisation: Organisation, on: date) -> list[str]:
    """Whoever answers for the township: they can have a rule mended."""
    posts = organisation.posts_at(organisation.root().id, on)
    return [post.person_id for post in posts if post.role in {Role.SECRETARY, Role.DISPATCHER}]


def fact_of(event: Event, name: str) -> str | None:
    """The fact, where it is text."""
    value = event.facts.get(name)
    return value if isinstance(value, str) else None
