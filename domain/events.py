"""What happened: one event an act, appended and never altered. Facts and ids only; words live in the erasable document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class EventKind(Enum):
    """Past verbs; the committed list of everything that can happen to a request or a task."""

    REQUEST_SUBMITTED = "RequestSubmitted"
    REQUEST_ACCEPTED = "RequestAccepted"
    REQUEST_REMINDED = "RequestReminded"
    ACCEPTANCE_MISSED = "AcceptanceMissed"
    REQUEST_DECLINED = "RequestDeclined"
    DECLINE_OBJECTED = "DeclineObjected"
    REQUEST_HANDED_OFF = "RequestHandedOff"
    REQUEST_MERGED = "RequestMerged"
    REQUEST_UNMERGED = "RequestUnmerged"
    REQUEST_JOINED = "RequestJoined"
    REQUEST_PARTED = "RequestParted"
    REQUEST_WITHDRAWN = "RequestWithdrawn"
    REQUEST_NUDGED = "RequestNudged"
    REQUEST_REOPENED = "RequestReopened"
    MESSAGE_ADDED = "MessageAdded"
    TASK_ASSIGNED = "TaskAssigned"
    TASK_ACKNOWLEDGED = "TaskAcknowledged"
    TASK_STARTED = "TaskStarted"
    TASK_CONTACT_TRIED = "TaskContactTried"
    TASK_CONTACTED = "TaskContacted"
    TASK_RETURNED = "TaskReturned"
    RETURN_APPROVED = "ReturnApproved"
    RETURN_REFUSED = "ReturnRefused"
    EXTENSION_REQUESTED = "ExtensionRequested"
    EXTENSION_GRANTED = "ExtensionGranted"
    EXTENSION_REFUSED = "ExtensionRefused"
    TASK_SUSPENDED = "TaskSuspended"
    TASK_RESUMED = "TaskResumed"
    DEFERRAL_ASKED = "DeferralAsked"
    DEFERRAL_REFUSED = "DeferralRefused"
    TASK_DEFERRED = "TaskDeferred"
    DEFERRAL_OBJECTED = "DeferralObjected"
    DEFERRAL_REVIEW_CAME = "DeferralReviewCame"
    TASK_UNDEFERRED = "TaskUndeferred"
    TASK_COMPLETED = "TaskCompleted"
    TASK_VERIFIED = "TaskVerified"
    TASK_FAILED_CHECK = "TaskFailedCheck"
    FOLLOW_UP_ANSWERED = "FollowUpAnswered"
    FOLLOW_UP_RECORDED = "FollowUpRecorded"
    FOLLOW_UP_STARTED = "FollowUpStarted"
    FOLLOW_UP_TRIED = "FollowUpTried"
    FOLLOW_UP_UNANSWERED = "FollowUpUnanswered"
    REQUEST_REWORKED = "RequestReworked"
    TASK_REMINDED = "TaskReminded"
    TASK_ESCALATED = "TaskEscalated"
    CONTACT_MISSED = "ContactMissed"
    TASK_WARNED = "TaskWarned"
    TASK_MISSED = "TaskMissed"
    PROMISE_MISSED = "PromiseMissed"
    CALL_OUT_ASKED = "CallOutAsked"
    CALL_OUT_DECIDED = "CallOutDecided"
    DEPARTMENT_REPORTED = "DepartmentReported"
    CALL_OUT_CONCLUDED = "CallOutConcluded"
    CALL_OUT_MISSED = "CallOutMissed"
    CALL_OUT_REMINDED = "CallOutReminded"
    REQUEST_SUPERVISED = "RequestSupervised"
    TASK_RAISED = "TaskRaised"
    CAMPAIGN_TASK_GIVEN = "CampaignTaskGiven"
    ASSIST_ADDED = "AssistAdded"
    TASK_CANCELLED = "TaskCancelled"
    TASK_NUDGED = "TaskNudged"
    REPORT_HELD = "ReportHeld"
    REPORT_REJECTED = "ReportRejected"
    REPORT_DISMISSED = "ReportDismissed"
    DEADLINES_RECOUNTED = "DeadlinesRecounted"
    CONTACT_REVEALED = "ContactRevealed"


BY_ASKERS = frozenset(
    {
        EventKind.REQUEST_SUBMITTED,
        EventKind.FOLLOW_UP_ANSWERED,
        EventKind.REQUEST_REWORKED,
        EventKind.DECLINE_OBJECTED,
        EventKind.REQUEST_WITHDRAWN,
        EventKind.REQUEST_NUDGED,
        EventKind.REQUEST_REOPENED,
        EventKind.MESSAGE_ADDED,
        EventKind.DEFERRAL_OBJECTED,
        EventKind.REQUEST_UNMERGED,
    }
)
"""Acts of whoever asked."""

OF_OTHERS = frozenset({EventKind.REQUEST_PARTED})
"""Acts of somebody who asked for the same elsewhere: that it happened is told, and to nobody here who it was."""

OF_MERGES = frozenset({EventKind.REQUEST_JOINED, EventKind.REQUEST_PARTED})
"""That others asked for the same: for the desk. Of few it would tell whoever asked of a neighbour."""

WORDS_FOR_ASKERS = BY_ASKERS | {
    EventKind.FOLLOW_UP_RECORDED,
    EventKind.TASK_COMPLETED,
    EventKind.REQUEST_DECLINED,
    EventKind.REQUEST_HANDED_OFF,
    EventKind.EXTENSION_GRANTED,
    EventKind.TASK_SUSPENDED,
    EventKind.DEFERRAL_ASKED,
    EventKind.TASK_DEFERRED,
}
"""Kinds whose words are for the resident; of the others, written between colleagues, the timeline shows that it happened."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""A phone's clock may run ahead by this much before its time is flagged as doubtful."""


@dataclass(frozen=True, slots=True)
class Event:
    """`actor_id` is empty where the clock acted."""

    id: str
    township: str
    request_id: str | None
    task_id: str | None
    kind: EventKind
    actor_id: str | None
    acting_for_id: str | None
    at: datetime
    device_time: datetime | None
    facts: Mapping[str, str | int | bool | None]
    reason: str | None = None

    @property
    def device_time_doubtful(self) -> bool:
        """The phone said that it happened in the future."""
        return self.device_time is not None and self.device_time > self.at + CLOCK_TOLERANCE
