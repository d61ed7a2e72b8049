"""A small model of the whole: who may do what with which request now, in plain words, without a line of the product's law.

It knows the cast's posts and the paths of units, and takes deadlines from the tables that tests of their own hold.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from domain.calendar import SHANGHAI, WorkingCalendar
from domain.deadlines import DeadlineClass, Due, office_time_between
from domain.errors import RefusalCode as No
from domain.organisation import OrgUnitKind
from domain.posts import Role
from domain.requests import Grade, Verdict
from domain.tasks import Outcome
from resolvers.assists import AddAssist, CancelTask
from resolvers.callouts import CallDepartmentsOut, ConcludeCallOut, DecideCallOut, ReportIn
from resolvers.duplicates import MergeRequests, UnmergeRequest
from resolvers.intake import AcceptRequest, DeclineRequest, HandOffRequest, ObjectToDecline
from resolvers.pauses import DecideDeferral, DeferTask, ResumeTask, SuspendTask
from resolvers.requests import AnswerFollowUp, SubmitRequest
from resolvers.tasks import AcknowledgeTask, AssignTask, CompleteTask, DecideReturn, ReturnTask, StartTask, VerifyTask
from resolvers.withdrawals import WithdrawRequest
from server.demo.settlement import Settlement

LEADING = (Role.GRID_LEADER, Role.DISPATCHER, Role.SECRETARY)
READING = {*LEADING, Role.CENTRE_CLERK}
NOT_GIVEN_TASKS = {Role.ADMINISTRATOR, Role.PRIVACY_OFFICER}
OPEN = {"RECEIVED", "IN_HAND", "ON_HOLD", "ANSWERED"}
WITHOUT_ANSWER = {"DECLINED", "WITHDRAWN", "HANDED_OFF"}
ELSEWHERE = {*WITHOUT_ANSWER, "MERGED"}
"""A request that is there no more: nothing counts it."""
OF_A_REQUEST = (AnswerFollowUp, AcceptRequest, DeclineRequest, ObjectToDecline, WithdrawRequest, HandOffRequest, UnmergeRequest)
"""What is done to the request; the rest is done to a task."""
TO_ASSIGN = {"QUEUED", "ASSIGNED", "ACKNOWLEDGED", "IN_PROGRESS", "RETURN_PENDING"}
OVER = {"CLOSED", "CANCELLED"}
DONE = {"COMPLETED", "AWAITING_FOLLOW_UP", *OVER}
HELD = {"SUSPENDED", "DEFERRED"}
MOST_SUSPENDED = timedelta(hours=75)
"""Ten office days."""
BAD_GRADES = {Grade.UNSATISFIED, Grade.VERY_UNSATISFIED}
GUESSES_A_DAY = 5
NOT_BEGUN = {"QUEUED", "ASSIGNED", "ACKNOWLEDGED", "RETURN_PENDING", "CANCELLED"}
COME_BACK_WITHIN = timedelta(days=15)


CALLED = {"ASKED", "RAISED", "REPORTED"}
"""Somebody waits for a department, or it is there."""
RATED_WITHIN, REMINDED_AFTER = timedelta(days=15), timedelta(days=7)


@dataclass(eq=False)
class Call:
    """One department, called out to one task: asked for, raised by the head, come or not, rated; ended where the task was over first."""

    unit: str
    within: timedelta
    state: str = "ASKED"
    arrive_by: datetime | None = None
    reported_at: datetime | None = None
    is_missed: bool = False
    ended_at: datetime | None = None
    is_reminded: bool = False

    @property
    def is_to_be_rated(self) -> bool:
        was_awaited = self.reported_at is not None or self.is_missed
        return self.state == "REPORTED" or (was_awaited and self.state in {"RAISED", "ENDED"})

    def is_too_late_to_rate(self, at: datetime) -> bool:
        return self.ended_at is not None and at > self.ended_at + RATED_WITHIN


@dataclass(eq=False)
class Work:
    """One task of a request, as it has to stand: the lead, or what helps with another one."""

    matter: "Matter" = field(repr=False)
    task_id: str
    parent: "Work | None" = None
    is_required: bool = True
    owner: str = ""
    path: tuple[str, ...] = ()
    assignee: str | None = None
    due: datetime | None = None
    is_provisional: bool = False
    state: str = ""
    version: int = 1
    had: set[str] = field(default_factory=set)
    returners: list[str] = field(default_factory=list)
    returned_at: datetime | None = None
    is_bound: bool = False
    assigned_at: datetime | None = None
    acknowledge_by: datetime | None = None
    remind_at: datetime | None = None
    return_by: datetime | None = None
    contact_by: datetime | None = None
    told: dict[str, datetime | None] = field(default_factory=dict)
    tries: list[datetime] = field(default_factory=list)
    outcome: Outcome | None = None
    is_unheard: bool = False
    paused_at: datetime | None = None
    resume_at: datetime | None = None
    suspended: timedelta = timedelta()
    wishes_deferral: str | None = None
    wished_review: date | None = None
    review_at: datetime | None = None
    guesses: Counter[tuple[str, date]] = field(default_factory=Counter)
    calls: list[Call] = field(default_factory=list)

    @property
    def above(self) -> list["Work"]:
        return [self.parent, *self.parent.above] if self.parent else []

    @property
    def below(self) -> list["Work"]:
        return [work for work in self.matter.works if self in work.above]

    @property
    def waits_for(self) -> list["Work"]:
        """What helps and has to be done first."""
        return [work for work in self.below if work.parent is self and work.is_required and work.state not in DONE]

    @property
    def leads(self) -> list[str]:
        return list(dict.fromkeys(work.assignee for work in self.above if work.assignee))

    def seen(self) -> tuple[object, ...]:
        """All that a version is of: what is kept of it, and what follows for it from the other tasks."""
        own = [getattr(self, name) for name in self.__dataclass_fields__ if name not in {"matter", "parent", "version", "guesses"}]
        worked = frozenset().union(self.had, *(work.had for work in self.below))
        others = frozenset(person for work in self.matter.works if work is not self for person in work.workers)
        return tuple(map(repr, own)), tuple(self.leads), len(self.waits_for), worked, others

    @property
    def workers(self) -> set[str | None]:
        return {self.assignee, *self.had} - {None}


@dataclass(eq=False)
class Matter:
    """One request and its tasks, the lead first; while nobody has taken it in it has none."""

    request_id: str
    askers: tuple[str, ...]
    asked_for: datetime
    hidden: frozenset[str]
    about_units: frozenset[str]
    grid: str | None
    deadline_class: DeadlineClass
    owner: str
    path: tuple[str, ...] = ()
    promise: datetime | None = None
    promise_provisional: bool = False
    promise_told: datetime | None = None
    works: list[Work] = field(default_factory=list)
    version: int = 1
    state: str = "IN_HAND"
    held_at: datetime | None = None
    reworks: int = 0
    unsolved: int = 0
    verdict: Verdict | None = None
    grade: Grade | None = None
    asked_at: datetime | None = None
    calls_begun_at: datetime | None = None
    is_unanswered: bool = False
    counter: str | None = None
    accept_by: datetime | None = None
    accept_remind_at: datetime | None = None
    is_acceptance_late: bool = False
    declined_at: datetime | None = None
    has_objected: bool = False
    code: str | None = None
    is_shielded: bool = False
    closed_at: datetime | None = None
    into: "Matter | None" = field(default=None, repr=False)
    merged: int = 0
    called_off: list[Work] = field(default_factory=list, repr=False)

    @property
    def is_by_clock(self) -> bool:
        return self.deadline_class in {DeadlineClass.DANGER, DeadlineClass.UTILITY}

    @property
    def workers(self) -> set[str | None]:
        return set[str | None]().union(*(work.workers for work in self.works))

    @property
    def returners(self) -> set[str]:
        return {person for work in self.works for person in work.returners}

    @property
    def promised(self) -> Due | None:
        return Due(self.promise, self.promise_provisional, by_the_clock=self.is_by_clock) if self.promise else None

    @property
    def code_holder(self) -> str | None:
        """Whose phone shows the code, while it is worked on by others."""
        is_shown = self.state in {"IN_HAND", "ON_HOLD"} and self.askers[0] not in self.workers
        return self.askers[0] if is_shown else None


class Law:
    """Who stands where, and what is refused. `posts` is who holds which post; each of the cast holds one, or none."""

    def __init__(self, planned: Settlement, calendar: WorkingCalendar) -> None:
        self._calendar = calendar
        self._parents = {unit.id: unit.parent_id for unit in planned.parts.units}
        self._kinds = {unit.id: unit.kind for unit in planned.parts.units}
        self._branches = {grid.id: grid.branch_id for grid in planned.parts.grids}
        self._posts = {post.person_id: post for post in planned.parts.appointments}
        self._in_order = [post for role in LEADING for post in planned.parts.appointments if post.role is role]
        self.matters: dict[str, Matter] = {}
        self.works: dict[str, Work] = {}

    # --- Where people stand.

    def path(self, unit_id: str) -> tuple[str, ...]:
        path = [unit_id]
        while (parent := self._parents[path[-1]]) is not None:
            path.append(parent)
        return tuple(path)

    def leaders(self, unit_id: str) -> list[str]:
        return [post.person_id for post in self._in_order if post.unit_id == unit_id]

    def _leads(self, person: str, path: Sequence[str], roles: set[Role]) -> bool:
        post = self._posts.get(person)
        return post is not None and post.role in roles and post.unit_id in path

    def sees(self, person: str, subject: Matter | Work) -> bool:
        """A request is seen by whoever sees one of its tasks, and at the counter where it was to be taken in."""
        matter = subject.matter if isinstance(subject, Work) else subject
        if person in matter.hidden:
            return False
        if person in matter.askers or self._leads(person, subject.path, READING):
            return True
        if isinstance(subject, Work):
            is_open = subject.state not in OVER
            is_called = any(each.state in {"RAISED", "REPORTED"} and self._is_of(person, each) for each in subject.calls)
            has_it = is_called or person in {subject.assignee, *subject.leads}
            return has_it or self._works_in_the_grid(person, matter, subject.owner, is_open=is_open)
        return (
            any(self.sees(person, work) for work in matter.works)
            or self._is_at_the_counter(person, matter)
            or self._waits_in_the_grid(person, matter)
        )

    def _works_in_the_grid(self, person: str, matter: Matter, owner: str, *, is_open: bool) -> bool:
        post = self._posts.get(person)
        is_grids = matter.grid is not None and owner == self._branches[matter.grid] and is_open
        return is_grids and post is not None and post.role is Role.GRID_WORKER and post.grid_id == matter.grid

    def _is_of(self, person: str, call: Call) -> bool:
        post = self._posts.get(person)
        return post is not None and post.unit_id == call.unit

    def _waits_in_the_grid(self, person: str, matter: Matter) -> bool:
        return self._works_in_the_grid(person, matter, matter.owner, is_open=matter.state == "RECEIVED")

    def _is_at_the_counter(self, person: str, matter: Matter) -> bool:
        return matter.counter is not None and self._leads(person, (matter.counter,), {Role.CENTRE_CLERK})

    def verifiers(self, work: Work) -> set[str]:
        out = {*work.matter.workers, *work.matter.hidden, *work.matter.askers}
        clerks = {
            post.person_id
            for post in self._posts.values()
            if post.unit_id == work.owner and post.role is Role.CENTRE_CLERK and self._kinds[work.owner] is OrgUnitKind.SERVICE_CENTRE
        }
        for unit in work.path:
            leaders = set(self.leaders(unit)) - out
            if leaders:
                return leaders | (clerks - out)
        return clerks - out

    def judges_return(self, person: str, work: Work) -> bool:
        above = work.path[1:] or work.path
        may = self._leads(person, work.path, {Role.DISPATCHER}) or self._leads(person, above, {Role.SECRETARY})
        return may and person not in work.returners

    def judges_deferral(self, person: str, work: Work) -> bool:
        is_own = person in {work.assignee, work.wishes_deferral}
        return self._leads(person, work.path[-1:], {Role.SECRETARY}) and not is_own

    def unit_of(self, person: str) -> str:
        return self._posts[person].unit_id

    # --- What is refused, and why.

    def subject_of(self, sent: Any) -> Matter | Work:
        if isinstance(sent, MergeRequests):
            return self.matters[sent.into_id]
        return self.matters[sent.request_id] if isinstance(sent, OF_A_REQUEST) else self.works[sent.task_id]

    def refusal(self, sent: Any, by: str, at: datetime) -> No | None:
        """The first of the contract's order that holds; nothing where it is done."""
        if isinstance(sent, SubmitRequest):
            return None
        if not self._is_in_time(sent, at):
            return No.INVALID_INPUT
        subject = self.subject_of(sent)
        if isinstance(sent, MergeRequests):
            return self._refusal_of_merge(sent, by, self.matters[sent.into_id], self.matters[sent.from_ids[0]])
        if not self.sees(by, subject):
            return No.NOT_FOUND
        if isinstance(subject, Matter):
            return self._refusal_of_request(sent, by, subject, at)
        return self._refusal_of_reach(sent, by, subject) or self._refusal_of_task(sent, by, subject, at)

    def _is_in_time(self, sent: Any, at: datetime) -> bool:
        """A pause ends later than now, and a review comes within ninety days."""
        today = at.astimezone(SHANGHAI).date()
        if isinstance(sent, DeferTask):
            return today < sent.review_on <= today + timedelta(days=90)
        return not isinstance(sent, SuspendTask) or sent.until > at

    def _refusal_of_reach(self, sent: Any, by: str, work: Work) -> No | None:
        """Who was named to have it, whatever the rest is; a colleague may always be called in."""
        named = sent.assignee_id if isinstance(sent, AssignTask | DecideReturn | AddAssist) else None
        if named is None or (isinstance(sent, DecideReturn) and not sent.approved):
            return None
        post, own = self._posts.get(named), self._posts.get(by)
        if post is None or post.role in NOT_GIVEN_TASKS:
            return No.NOT_FOUND
        is_colleague = isinstance(sent, AddAssist) and own is not None and own.unit_id == post.unit_id
        is_in_reach = is_colleague or self._leads(by, self.path(post.unit_id), set(LEADING))
        return None if is_in_reach and named not in work.matter.hidden else No.NOT_ALLOWED

    def _refusal_of_request(self, sent: Any, by: str, matter: Matter, at: datetime) -> No | None:
        is_allowed, states = self._rule_of_request(sent, by, matter)
        no, into = self._refusal_of_rule(sent, matter, states, is_allowed=is_allowed), matter.into
        if no or into is None:
            return no or (No.LIMIT_REACHED if isinstance(sent, ObjectToDecline) and matter.has_objected else None)
        return No.TOO_LATE if into.closed_at is not None and at > into.closed_at + COME_BACK_WITHIN else None

    def _refusal_of_merge(self, sent: MergeRequests, by: str, into: Matter, source: Matter) -> No | None:
        """Into one that is open and that nobody was asked about yet; before the work began, where whoever asked is told by their app."""
        if into is source:
            return No.INVALID_INPUT
        if not self.sees(by, into) or not self.sees(by, source):
            return No.NOT_FOUND
        is_of_desk = [self._leads(by, matter.path, {Role.DISPATCHER}) for matter in (into, source)]
        no = self._refusal_of_rule(sent, into, OPEN - {"ANSWERED"}, is_allowed=is_of_desk[0])
        if no or into.is_shielded:
            return no or No.NOT_ALLOWED
        if not is_of_desk[1] or source.state not in {"RECEIVED", "IN_HAND"}:
            return No.WRONG_STATE if is_of_desk[1] else No.NOT_ALLOWED
        if source.is_shielded or len(source.askers) > 1:
            return No.NOT_ALLOWED
        if any(work.state not in NOT_BEGUN for work in source.works):
            return No.TOO_LATE
        return No.LIMIT_REACHED if source.merged else None

    def _refusal_of_task(self, sent: Any, by: str, work: Work, at: datetime) -> No | None:
        is_allowed, states = self._rule_of_task(sent, by, work)
        return self._refusal_of_rule(sent, work, states, is_allowed=is_allowed) or self._refusal_of_guard(sent, by, work, at)

    def _refusal_of_rule(self, sent: Any, subject: Matter | Work, states: set[str], *, is_allowed: bool) -> No | None:
        if not is_allowed:
            return No.NOT_ALLOWED
        if getattr(sent, "expected_version", None) not in {None, subject.version}:
            return No.CONFLICT
        return None if subject.state in states else No.WRONG_STATE

    def _rule_of_request(self, sent: Any, by: str, matter: Matter) -> tuple[bool, set[str]]:
        """Who may, and from where."""
        is_desk, is_asker = self._leads(by, matter.path, {Role.DISPATCHER}), by == matter.askers[0]
        declines = is_desk or self._is_at_the_counter(by, matter)
        match sent:
            case AcceptRequest():
                works_there = matter.counter is not None and any(
                    self._works_in_the_grid(by, matter, work.owner, is_open=work.state not in OVER) for work in matter.works
                )
                return declines or works_there or self._waits_in_the_grid(by, matter), {"RECEIVED"}
            case DeclineRequest():
                return declines, {"RECEIVED"}
            case ObjectToDecline():
                return is_asker, {"DECLINED"}
            case WithdrawRequest():
                return is_asker, OPEN
            case HandOffRequest():
                return is_desk, OPEN
            case UnmergeRequest():
                return is_desk, {"MERGED"}
            case _ if matter.into:
                is_asked = matter.into.state not in OPEN - {"ANSWERED"}
                return is_asker and by not in matter.into.workers, {"MERGED"} if is_asked else set()
            case _:
                return is_asker and by not in matter.workers, {"ANSWERED"}

    def _rule_of_task(self, sent: Any, by: str, work: Work) -> tuple[bool, set[str]]:
        is_assignee, is_leader = by == work.assignee, self._leads(by, work.path, set(LEADING))
        match sent:
            case AssignTask():
                return is_leader, TO_ASSIGN
            case AcknowledgeTask():
                return is_assignee, {"ASSIGNED"}
            case StartTask():
                return is_assignee, {"ACKNOWLEDGED", "IN_PROGRESS"} if work.is_unheard else {"ACKNOWLEDGED"}
            case ReturnTask():
                return is_assignee, {"ASSIGNED", "ACKNOWLEDGED"}
            case DecideReturn():
                return self.judges_return(by, work), {"RETURN_PENDING"}
            case CompleteTask():
                return is_assignee, {"IN_PROGRESS"}
            case VerifyTask():
                return by in self.verifiers(work), {"COMPLETED"}
            case AddAssist():
                return is_assignee or is_leader, {"ACKNOWLEDGED", "IN_PROGRESS"}
            case CancelTask():
                return is_leader, TO_ASSIGN | HELD
            case CallDepartmentsOut():
                return self._leads(by, work.path, {Role.DISPATCHER}), {"ACKNOWLEDGED", "IN_PROGRESS"}
            case DecideCallOut():
                return self._leads(by, work.path[-1:], {Role.SECRETARY}), TO_ASSIGN | HELD | DONE - OVER
            case ReportIn():
                is_awaited = any(each.state == "RAISED" and self._is_of(by, each) for each in work.calls)
                return is_awaited, TO_ASSIGN | HELD | DONE - OVER
            case ConcludeCallOut():
                return self._leads(by, work.path, {Role.DISPATCHER}), TO_ASSIGN | HELD | DONE
            case SuspendTask():
                return self._leads(by, work.path, {Role.GRID_LEADER, Role.SECRETARY}) and not is_assignee, {"IN_PROGRESS"}
            case ResumeTask():
                return is_assignee or is_leader, {"SUSPENDED"}
            case DeferTask():
                return self.judges_deferral(by, work) or self._leads(by, work.path, {Role.DISPATCHER}), {"IN_PROGRESS"}
            case DecideDeferral():
                return self.judges_deferral(by, work), {"IN_PROGRESS"}
            case _:
                return is_leader, {"DEFERRED"}

    def _refusal_of_guard(self, sent: Any, by: str, work: Work, at: datetime) -> No | None:
        match sent:
            case AssignTask() | DecideReturn() | AddAssist():
                has_it_already = sent.assignee_id == work.assignee and getattr(sent, "approved", True)
                return No.INVALID_INPUT if has_it_already else None
            case ReturnTask() if work.is_bound or by in work.returners:
                return No.LIMIT_REACHED
            case ReturnTask():
                return No.TOO_LATE if work.return_by is not None and at > work.return_by else None
            case CompleteTask():
                code = sent.confirmation_code
                wrong_code = self._refusal_of_code(code, by, work, at) if code is not None else None
                return wrong_code or (No.WRONG_STATE if work.waits_for else None)
            case CancelTask():
                return None if work.parent else No.WRONG_STATE
            case CallDepartmentsOut():
                is_called_already = any(each.state in CALLED and each.unit in sent.unit_ids for each in work.calls)
                is_about_them = any(work.matter.about_units & set(self.path(unit)) for unit in sent.unit_ids)
                return No.INVALID_INPUT if is_called_already or is_about_them else None
            case DecideCallOut():
                return None if any(each.state == "ASKED" for each in work.calls) else No.WRONG_STATE
            case ConcludeCallOut():
                to_rate = [each for each in work.calls if each.is_to_be_rated]
                return No.WRONG_STATE if not to_rate else No.TOO_LATE if to_rate[-1].is_too_late_to_rate(at) else None
            case _:
                return self._refusal_of_pause(sent, work, at)

    def _refusal_of_code(self, given: str, by: str, work: Work, at: datetime) -> No | None:
        """After five wrong ones on a day none is looked at; what only helps is confirmed by nobody."""
        if work.guesses[by, at.astimezone(SHANGHAI).date()] >= GUESSES_A_DAY:
            return No.LIMIT_REACHED
        return None if given == work.matter.code and work.parent is None else No.INVALID_INPUT

    def _refusal_of_pause(self, sent: Any, work: Work, at: datetime) -> No | None:
        """Ten office days in all; one wish at a time, and a decision only on one."""
        if isinstance(sent, SuspendTask):
            left = MOST_SUSPENDED - work.suspended
            is_too_long = left <= timedelta() or office_time_between(self._calendar, at, sent.until) > left
            return No.LIMIT_REACHED if is_too_long else None
        if isinstance(sent, DeferTask) and work.wishes_deferral:
            return No.LIMIT_REACHED
        return No.WRONG_STATE if isinstance(sent, DecideDeferral) and not work.wishes_deferral else None
