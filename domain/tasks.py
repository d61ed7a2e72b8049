"""A task (工单): a piece of work on a request, owned by exactly one unit at a time. Every change returns a new one."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.access import Door, asker_keys, key, keys
from domain.approvals import Deferral, Extension, SuspendCause
from domain.call_out import COMING, CallOut, ended
from domain.deadlines import DeadlineClass, Due
from domain.errors import Message
from domain.legs import Windows
from domain.organisation import Organisation
from domain.reports import ContactKind as ContactKind
from domain.reports import EarlyReport as EarlyReport
from domain.reports import LateReport as LateReport
from domain.reports import Outcome as Outcome
from domain.reports import ReturnReason as ReturnReason
from domain.routing import Service
from domain.task_states import OVER as OVER
from domain.task_states import PAUSED as PAUSED
from domain.task_states import TO_DO as TO_DO
from domain.task_states import TaskState as TaskState

TRIES_THAT_COUNT = 3
GAP_BETWEEN_TRIES = timedelta(minutes=10)
"""Tries closer together than this are one try: "at different times"."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work and its leg. `owner_path` are the owner unit and those above it, nearest first, as it was routed.

    `past_assignees` worked on it, `colleagues` on its request: they can never check it; `hidden_from` are those whom the matter is about.
    `is_of_grid` while the branch of its own grid owns it. `leg_met` is set by a completion in time; until then `due_at` alone
    tells whether the leg is overdue; `due_by_clock` where it runs day and night. `due_soon_told`, `overdue_told` and `contact_told` are the
    times of which it was said that they come near, or are over.
    `is_message`: somebody is to answer what was said after the end; it is none of the work.

    `parent_id` is what it helps with; `leads` have that and what it helps with in turn, nearest first; `open_assists` are the required ones
    that it waits for itself. Work that nobody asked for has no request: `root_id` is the task it began with, `item_id` what it is about;
    `raised_by_id` saw it, and sees what comes of it; or it is part of a campaign.

    `extension` and `deferral` wait for a decision; `extensions` were granted, by `extended_by` working days in all. While it is suspended
    or deferred the leg stands still since `paused_at`, until `resume_at` where it is suspended; `suspended_for` is the office time of
    earlier suspensions. On `review_on` (`review_at` until the clock has reminded) a deferral is looked at again.
    `early` are reports of whoever has it that wait for what they build on. `late` are those of `former_assignees`, who had it until it was
    given to somebody else; they wait for a decision. `late_kept` has whoever sent one that the history keeps, once for each.
    """

    id: str
    township: str
    request_id: str | None
    parent_id: str | None
    state: TaskState
    title: str
    owner_id: str
    owner_path: tuple[str, ...]
    grid_id: str | None
    assignee_id: str | None
    rule: str
    routed_because: tuple[Message, ...]
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    due_provisional: bool = False
    due_by_clock: bool = False
    leg_from: datetime | None = None
    due_soon_told: datetime | None = None
    overdue_told: datetime | None = None
    contact_told: datetime | None = None
    assigned_at: datetime | None = None
    acknowledge_by: datetime | None = None
    remind_at: datetime | None = None
    contact_by: datetime | None = None
    return_by: datetime | None = None
    contacted_at: datetime | None = None
    contact_tries: tuple[datetime, ...] = ()
    is_of_grid: bool = False
    returned_at: datetime | None = None
    proposed_owner_id: str | None = None
    returners: tuple[str, ...] = ()
    is_return_bound: bool = False
    past_assignees: tuple[str, ...] = ()
    colleagues: tuple[str, ...] = ()
    completed_at: datetime | None = None
    leg_met: bool = False
    outcome: Outcome | None = None
    is_supervised: bool = False
    nudged_at: datetime | None = None
    askers: tuple[str, ...] = ()
    proxy_grant_id: str | None = None
    is_for_household: bool = False
    is_message: bool = False
    hidden_from: tuple[str, ...] = ()
    deadline_class: DeadlineClass = DeadlineClass.NORMAL
    extension: Extension | None = None
    extensions: int = 0
    extended_by: int = 0
    paused_at: datetime | None = None
    suspended_because: SuspendCause | None = None
    resume_at: datetime | None = None
    suspended_for: timedelta = timedelta()
    deferral: Deferral | None = None
    review_on: date | None = None
    review_at: datetime | None = None
    objected_at: datetime | None = None
    version: int = 1
    item_id: str | None = None
    root_id: str | None = None
    raised_by_id: str | None = None
    campaign_id: str | None = None
    rework_count: int = 0
    was_unsolved: bool = False
    call_outs: tuple[CallOut, ...] = ()
    is_required: bool = True
    open_assists: int = 0
    leads: tuple[str, ...] = ()
    early: tuple[EarlyReport, ...] = ()
    late: tuple[LateReport, ...] = ()
    former_assignees: tuple[str, ...] = ()
    late_kept: tuple[str, ...] = ()

    @property
    def workers(self) -> frozenset[str]:
        """Whoever had it at any time."""
        return frozenset(self._with_assignee_in_the_past())

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    def is_overdue(self, at: datetime) -> bool:
        """Whether the leg was missed: not completed, and its time is over. Nobody judges it while it is paused or provisional."""
        is_judged = self.state not in PAUSED and not self.due_provisional
        return self.due_at is not None and not self.leg_met and self.due_at < at and is_judged

    @property
    def scopes(self) -> frozenset[str]:
        """The keys that open it: the owner's units; who has it or what it helps with; who asked; its grid's workers while open."""
        asked = asker_keys(self.askers, grant_id=self.proxy_grant_id, is_for_household=self.is_for_household)
        scopes = keys(Door.UNIT, self.owner_path) | asked | keys(Door.WORKER, self.leads)
        scopes |= keys(Door.CALLED, {each.unit_id for each in self.call_outs if each.state in COMING})
        if self.raised_by_id:
            scopes |= {key(Door.HELPER, self.raised_by_id)}
        if self.assignee_id:
            scopes |= {key(Door.WORKER, self.assignee_id)}
        if self.grid_id and self.is_of_grid and not self.is_over:
            scopes |= {key(Door.GRID, self.grid_id)}
        return scopes - keys(Door.WORKER, set(self.hidden_from) - set(self.askers))

    def assign(self, service: Service, organisation: Organisation, windows: Windows, *, at: datetime) -> "Task":
        """Now owned by the service's unit; assigned to its person, or queued where there is none. The leg keeps its due time."""
        person_id = service.person.id if service.person else None
        grid = organisation.grids.get(self.grid_id) if self.grid_id else None
        return replace(
            self,
            state=TaskState.ASSIGNED if person_id else TaskState.QUEUED,
            owner_id=service.unit.id,
            owner_path=tuple(unit.id for unit in organisation.path(service.unit.id)),
            is_of_grid=grid is not None and grid.branch_id == service.unit.id,
            assignee_id=person_id,
            rule=service.rule,
            routed_because=service.because,
            assigned_at=at if person_id else None,
            acknowledge_by=windows.acknowledge_by if person_id else None,
            remind_at=windows.remind_at if person_id else None,
            contact_by=windows.contact_by if person_id else None,
            return_by=windows.return_by if person_id else None,
            returned_at=None,
            proposed_owner_id=None,
            contacted_at=None,
            contact_tries=(),
            past_assignees=self._with_assignee_in_the_past(),
            former_assignees=self._with_assignee_among(self.former_assignees),
            extension=None,
            deferral=None,
            early=(),
            late=self._with_what_was_left_done(),
            updated_at=at,
        )

    def new_leg(self, due: Due | None) -> "Task":
        """On a leg of one's own from now on; nobody was told of its due time yet."""
        if due is None:
            return replace(self, due_at=None, due_provisional=False, due_by_clock=False, leg_from=None, leg_met=False)
        given = {"due_at": due.at, "due_provisional": due.is_provisional, "due_by_clock": due.by_the_clock, "leg_from": due.start}
        return replace(self, **given, leg_met=False)  # type: ignore[arg-type]

    @property
    def leg(self) -> Due | None:
        """The leg's due time, with how it was counted."""
        return Due(self.due_at, self.due_provisional, self.leg_from, self.due_by_clock) if self.due_at else None

    def on_leg(self, due: Due | None) -> "Task":
        """On the same leg, due at another time."""
        return replace(self, due_at=due.at, due_provisional=due.is_provisional) if due else self

    def acknowledge(self, *, at: datetime) -> "Task":
        return replace(self, state=TaskState.ACKNOWLEDGED, acknowledge_by=None, remind_at=None, updated_at=at)

    def remind(self, *, at: datetime) -> "Task":
        return replace(self, remind_at=None, updated_at=at)

    def start(self, *, at: datetime) -> "Task":
        early = tuple(report for report in self.early if report.outcome is not None)
        return replace(self, state=TaskState.IN_PROGRESS, contacted_at=at, early=early, updated_at=at)

    def try_contact(self, tried_at: datetime, *, at: datetime) -> "Task":
        """The resident was not reached; the third try at a different time counts as contact for the clock and starts the work."""
        counts = all(abs(tried_at - earlier) >= GAP_BETWEEN_TRIES for earlier in self.contact_tries)
        tries = (*self.contact_tries, tried_at) if counts else self.contact_tries
        tried = replace(self, contact_tries=tries, updated_at=at)
        return tried.start(at=at) if len(tries) >= TRIES_THAT_COUNT else tried

    def bind_returns(self) -> "Task":
        """After the second return whoever the desk picks keeps it: the back-stop owner."""
        return replace(self, is_return_bound=self.is_return_bound or len(self.returners) > 1)

    def give_back(self, by_id: str, proposed_owner_id: str | None, *, at: datetime) -> "Task":
        return replace(
            self,
            state=TaskState.RETURN_PENDING,
            returned_at=at,
            proposed_owner_id=proposed_owner_id,
            returners=(*self.returners, by_id),
            acknowledge_by=None,
            remind_at=None,
            early=(),
            updated_at=at,
        )

    def refuse_return(self, leg: Due | None, *, at: datetime) -> "Task":
        """Back to who returned it, acknowledged; the leg goes on with the time that was left."""
        return replace(
            self.bind_returns().on_leg(leg),
            state=TaskState.ACKNOWLEDGED,
            returned_at=None,
            proposed_owner_id=None,
            updated_at=at,
        )

    def complete(self, outcome: Outcome, *, at: datetime) -> "Task":
        return replace(
            self,
            state=TaskState.COMPLETED,
            outcome=outcome,
            completed_at=at,
            leg_met=self.due_at is None or at <= self.due_at,
            past_assignees=self._with_assignee_in_the_past(),
            extension=None,
            deferral=None,
            early=(),
            late=(),
            updated_at=at,
        )

    def pass_check(self, *, is_asked: bool, at: datetime) -> "Task":
        """Checked; the resident is asked next, or it is closed where nobody asked for it."""
        return replace(self, state=TaskState.AWAITING_FOLLOW_UP, updated_at=at) if is_asked else self.close(at=at)

    def rework(self, due: Due | None, *, at: datetime, is_unsolved: bool = False) -> "Task":
        """Back to work, on a new leg; `is_unsolved` where the resident said that it did not help."""
        return replace(
            self.new_leg(due),
            state=TaskState.IN_PROGRESS,
            completed_at=None,
            outcome=None,
            rework_count=self.rework_count + 1,
            was_unsolved=self.was_unsolved or is_unsolved,
            updated_at=at,
        )

    def supervise(self, owner_path: tuple[str, ...]) -> "Task":
        """Owned one level up from now on, and flagged; whoever works on it goes on."""
        return replace(self, owner_id=owner_path[0], owner_path=owner_path, is_of_grid=False, is_supervised=True)

    def cancel(self, *, at: datetime) -> "Task":
        """Called off: nobody has to do anything about it, and nothing of it can be late."""
        return replace(
            self,
            state=TaskState.CANCELLED,
            call_outs=ended(self.call_outs, at=at),
            due_at=None,
            acknowledge_by=None,
            remind_at=None,
            contact_by=None,
            return_by=None,
            early=(),
            late=(),
            updated_at=at,
        )

    def close(self, *, at: datetime) -> "Task":
        return replace(self, state=TaskState.CLOSED, call_outs=ended(self.call_outs, at=at), updated_at=at)

    def leave_request(self, root_id: str, item_id: str) -> "Task":
        """Work that nobody asked for: nothing tells any more who did."""
        nobody = replace(self, request_id=None, askers=(), proxy_grant_id=None, is_for_household=False)
        return replace(nobody, root_id=root_id, item_id=item_id)

    def _with_what_was_left_done(self) -> tuple[LateReport, ...]:
        """Also the early report of work that is done, of whoever has it no more from now on."""
        by_id = self.assignee_id or ""
        done = [LateReport(each.command_id, by_id, each.said_in, each.at, each.outcome) for each in self.early if each.outcome]
        return (*(late for late in self.late if late.by_id != by_id), *done) if done else self.late

    def _with_assignee_in_the_past(self) -> tuple[str, ...]:
        return self._with_assignee_among(self.past_assignees)

    def _with_assignee_among(self, persons: tuple[str, ...]) -> tuple[str, ...]:
        return persons if self.assignee_id is None or self.assignee_id in persons else (*persons, self.assignee_id)
