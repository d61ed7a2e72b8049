"""A small model of the whole: who may do what with which request now, in plain words, without a line of the product's law.

It knows the cast's posts and the paths of units, and takes deadlines from the tables that tests of their own hold.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from domain.calendar import SHANGHAI, WorkingCalendar
from domain.deadlines import DeadlineClass, Due, Limit, LimitUnit, due, office_time_between
from domain.errors import RefusalCode as No
from domain.legs import acceptance, promise, put_right, red_at, resumed, windows, yellow_at
from domain.organisation import OrgUnitKind
from domain.posts import Role
from domain.requests import Grade, Verdict
from domain.tasks import Outcome
from resolvers.intake import AcceptRequest, DeclineRequest, HandOffRequest, ObjectToDecline
from resolvers.pauses import DecideDeferral, DeferTask, ResumeTask, SuspendTask, UndeferTask
from resolvers.requests import AnswerFollowUp, SubmitRequest
from resolvers.tasks import AcknowledgeTask, AssignTask, CompleteTask, DecideReturn, ReturnTask, StartTask, VerifyTask
from resolvers.withdrawals import WithdrawRequest
from server.demo.settlement import Settlement

LEADING = (Role.GRID_LEADER, Role.DISPATCHER, Role.SECRETARY)
READING = {*LEADING, Role.CENTRE_CLERK}
NOT_GIVEN_TASKS = {Role.ADMINISTRATOR, Role.PRIVACY_OFFICER}
OPEN = {"RECEIVED", "IN_HAND", "ON_HOLD", "ANSWERED"}
ELSEWHERE = {"DECLINED", "WITHDRAWN", "HANDED_OFF"}
"""A request that is there no more: nothing counts it."""
OF_A_REQUEST = (AnswerFollowUp, AcceptRequest, DeclineRequest, ObjectToDecline, WithdrawRequest, HandOffRequest)
"""What is done to the request; the rest is done to its task."""
TO_ASSIGN = {"QUEUED", "ASSIGNED", "ACKNOWLEDGED", "IN_PROGRESS", "RETURN_PENDING"}
OVER = {"CLOSED", "CANCELLED"}
HELD = {"SUSPENDED", "DEFERRED"}
MOST_SUSPENDED = timedelta(hours=75)
"""Ten office days."""
BAD_GRADES = {Grade.UNSATISFIED, Grade.VERY_UNSATISFIED}
GUESSES_A_DAY = 5


@dataclass
class Matter:
    """One request and its task, as they have to stand; while nobody has taken it in it has none, and stands in no state of one."""

    request_id: str
    askers: tuple[str, ...]
    asked_for: datetime
    hidden: frozenset[str]
    about_units: frozenset[str]
    grid: str | None
    deadline_class: DeadlineClass
    promise: datetime | None
    owner: str
    path: tuple[str, ...]
    task_id: str = ""
    assignee: str | None = None
    due: datetime | None = None
    state: str = ""
    version: int = 1
    request_version: int = 1
    request_state: str = "IN_HAND"
    counter: str | None = None
    accept_by: datetime | None = None
    accept_remind_at: datetime | None = None
    is_acceptance_late: bool = False
    declined_at: datetime | None = None
    has_objected: bool = False
    code: str | None = None
    guesses: Counter[tuple[str, date]] = field(default_factory=Counter)
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
    is_provisional: bool = False
    promise_provisional: bool = False
    tries: list[datetime] = field(default_factory=list)
    reworks: int = 0
    unsolved: int = 0
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    grade: Grade | None = None
    is_unheard: bool = False
    asked_at: datetime | None = None
    calls_begun_at: datetime | None = None
    is_unanswered: bool = False
    paused_at: datetime | None = None
    resume_at: datetime | None = None
    suspended: timedelta = timedelta()
    wishes_deferral: str | None = None
    wished_review: date | None = None
    review_at: datetime | None = None

    @property
    def is_by_clock(self) -> bool:
        return self.deadline_class in {DeadlineClass.DANGER, DeadlineClass.UTILITY}

    @property
    def code_holder(self) -> str | None:
        """Whose phone shows the code, while it is worked on by others."""
        is_shown = self.request_state in {"IN_HAND", "ON_HOLD"} and self.askers[0] not in {*self.had, self.assignee}
        return self.askers[0] if is_shown else None


class Model:
    """`posts` is who holds which post; each of the cast holds one, or none."""

    def __init__(self, planned: Settlement, calendar: WorkingCalendar) -> None:
        self._calendar = calendar
        self._parents = {unit.id: unit.parent_id for unit in planned.parts.units}
        self._kinds = {unit.id: unit.kind for unit in planned.parts.units}
        self._branches = {grid.id: grid.branch_id for grid in planned.parts.grids}
        self._posts = {post.person_id: post for post in planned.parts.appointments}
        self._in_order = [post for role in LEADING for post in planned.parts.appointments if post.role is role]
        self.matters: dict[str, Matter] = {}

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

    def sees(self, person: str, matter: Matter, *, request: bool) -> bool:
        """The request is seen by whoever sees its task, and at the counter where it was to be taken in."""
        if person in matter.hidden:
            return False
        if person in matter.askers or person == matter.assignee or self._leads(person, matter.path, READING):
            return True
        return self._works_in_its_grid(person, matter) or (request and self._is_at_the_counter(person, matter))

    def _works_in_its_grid(self, person: str, matter: Matter) -> bool:
        is_there = matter.state not in OVER if matter.task_id else matter.request_state == "RECEIVED"
        is_grids = matter.grid is not None and matter.owner == self._branches[matter.grid] and is_there
        post = self._posts.get(person)
        return is_grids and post is not None and post.role is Role.GRID_WORKER and post.grid_id == matter.grid

    def _is_at_the_counter(self, person: str, matter: Matter) -> bool:
        return matter.counter is not None and self._leads(person, (matter.counter,), {Role.CENTRE_CLERK})

    def verifiers(self, matter: Matter) -> set[str]:
        out = {*matter.had, *matter.hidden, *matter.askers, matter.assignee}
        clerks = {
            post.person_id
            for post in self._posts.values()
            if post.unit_id == matter.owner and post.role is Role.CENTRE_CLERK and self._kinds[matter.owner] is OrgUnitKind.SERVICE_CENTRE
        }
        for unit in matter.path:
            leaders = set(self.leaders(unit)) - out
            if leaders:
                return leaders | (clerks - out)
        return clerks - out

    def judges_return(self, person: str, matter: Matter) -> bool:
        above = matter.path[1:] or matter.path
        may = self._leads(person, matter.path, {Role.DISPATCHER}) or self._leads(person, above, {Role.SECRETARY})
        return may and person not in matter.returners

    def judges_deferral(self, person: str, matter: Matter) -> bool:
        is_own = person in {matter.assignee, matter.wishes_deferral}
        return self._leads(person, matter.path[-1:], {Role.SECRETARY}) and not is_own

    def unit_of(self, person: str) -> str:
        return self._posts[person].unit_id

    # --- What is refused, and why.

    def matter_of(self, sent: Any) -> Matter:
        return self.matters[getattr(sent, "task_id", None) or sent.request_id]

    def refusal(self, sent: Any, by: str, at: datetime) -> No | None:
        """The first of the contract's order that holds; nothing where it is done."""
        if isinstance(sent, SubmitRequest):
            return None
        if not self._is_in_time(sent, at):
            return No.INVALID_INPUT
        matter = self.matter_of(sent)
        if not self.sees(by, matter, request=isinstance(sent, OF_A_REQUEST)):
            return No.NOT_FOUND
        return self._refusal_of_reach(sent, by, matter) or self._refusal_of_rule(sent, by, matter, at)

    def _is_in_time(self, sent: Any, at: datetime) -> bool:
        """A pause ends later than now, and a review comes within ninety days."""
        today = at.astimezone(SHANGHAI).date()
        if isinstance(sent, DeferTask):
            return today < sent.review_on <= today + timedelta(days=90)
        return not isinstance(sent, SuspendTask) or sent.until > at

    def _refusal_of_reach(self, sent: Any, by: str, matter: Matter) -> No | None:
        """Who was named to have it, whatever the rest is."""
        named = sent.assignee_id if isinstance(sent, AssignTask | DecideReturn) else None
        if named is None or (isinstance(sent, DecideReturn) and not sent.approved):
            return None
        post = self._posts.get(named)
        if post is None or post.role in NOT_GIVEN_TASKS:
            return No.NOT_FOUND
        is_in_reach = named not in matter.hidden and self._leads(by, self.path(post.unit_id), set(LEADING))
        return None if is_in_reach else No.NOT_ALLOWED

    def _refusal_of_rule(self, sent: Any, by: str, matter: Matter, at: datetime) -> No | None:
        of_request = isinstance(sent, OF_A_REQUEST)
        is_allowed, states = self._rule_of_request(sent, by, matter) if of_request else self._rule_of_task(sent, by, matter)
        state, version = (matter.request_state, matter.request_version) if of_request else (matter.state, matter.version)
        if not is_allowed:
            return No.NOT_ALLOWED
        if getattr(sent, "expected_version", None) not in {None, version}:
            return No.CONFLICT
        if state not in states:
            return No.WRONG_STATE
        return self._refusal_of_guard(sent, by, matter, at)

    def _rule_of_request(self, sent: Any, by: str, matter: Matter) -> tuple[bool, set[str]]:
        """Who may, and from where."""
        is_desk = self._leads(by, matter.path, {Role.DISPATCHER})
        declines = is_desk or self._is_at_the_counter(by, matter)
        match sent:
            case AcceptRequest():
                return declines or (matter.counter is not None and self._works_in_its_grid(by, matter)), {"RECEIVED"}
            case DeclineRequest():
                return declines, {"RECEIVED"}
            case ObjectToDecline():
                return by == matter.askers[0], {"DECLINED"}
            case WithdrawRequest():
                return by == matter.askers[0], OPEN
            case HandOffRequest():
                return is_desk, OPEN
            case _:
                return by == matter.askers[0] and by not in matter.had, {"ANSWERED"}

    def _rule_of_task(self, sent: Any, by: str, matter: Matter) -> tuple[bool, set[str]]:
        is_assignee = by == matter.assignee
        match sent:
            case AssignTask():
                return self._leads(by, matter.path, set(LEADING)), TO_ASSIGN
            case AcknowledgeTask():
                return is_assignee, {"ASSIGNED"}
            case StartTask():
                return is_assignee, {"ACKNOWLEDGED", "IN_PROGRESS"} if matter.is_unheard else {"ACKNOWLEDGED"}
            case ReturnTask():
                return is_assignee, {"ASSIGNED", "ACKNOWLEDGED"}
            case DecideReturn():
                return self.judges_return(by, matter), {"RETURN_PENDING"}
            case CompleteTask():
                return is_assignee, {"IN_PROGRESS"}
            case VerifyTask():
                return by in self.verifiers(matter), {"COMPLETED"}
            case SuspendTask():
                return self._leads(by, matter.path, {Role.GRID_LEADER, Role.SECRETARY}) and not is_assignee, {"IN_PROGRESS"}
            case ResumeTask():
                return is_assignee or self._leads(by, matter.path, set(LEADING)), {"SUSPENDED"}
            case DeferTask():
                return self.judges_deferral(by, matter) or self._leads(by, matter.path, {Role.DISPATCHER}), {"IN_PROGRESS"}
            case DecideDeferral():
                return self.judges_deferral(by, matter), {"IN_PROGRESS"}
            case _:
                return self._leads(by, matter.path, set(LEADING)), {"DEFERRED"}

    def _refusal_of_guard(self, sent: Any, by: str, matter: Matter, at: datetime) -> No | None:
        if isinstance(sent, AssignTask | DecideReturn) and sent.assignee_id == matter.assignee and getattr(sent, "approved", True):
            return No.INVALID_INPUT
        if isinstance(sent, ReturnTask):
            if matter.is_bound or by in matter.returners:
                return No.LIMIT_REACHED
            if matter.return_by is not None and at > matter.return_by:
                return No.TOO_LATE
        if isinstance(sent, ObjectToDecline) and matter.has_objected:
            return No.LIMIT_REACHED
        if isinstance(sent, CompleteTask) and sent.confirmation_code is not None:
            return self._refusal_of_code(sent.confirmation_code, by, matter, at)
        return self._refusal_of_pause(sent, matter, at)

    def _refusal_of_code(self, given: str, by: str, matter: Matter, at: datetime) -> No | None:
        """After five wrong ones on a day none is looked at."""
        if matter.guesses[by, at.astimezone(SHANGHAI).date()] >= GUESSES_A_DAY:
            return No.LIMIT_REACHED
        return None if given == matter.code else No.INVALID_INPUT

    def guessed(self, sent: Any, by: str, at: datetime) -> None:
        """A code that was refused as such is a try."""
        self.matter_of(sent).guesses[by, at.astimezone(SHANGHAI).date()] += 1

    def _refusal_of_pause(self, sent: Any, matter: Matter, at: datetime) -> No | None:
        """Ten office days in all; one wish at a time, and a decision only on one."""
        if isinstance(sent, SuspendTask):
            left = MOST_SUSPENDED - matter.suspended
            is_too_long = left <= timedelta() or office_time_between(self._calendar, at, sent.until) > left
            return No.LIMIT_REACHED if is_too_long else None
        if isinstance(sent, DeferTask) and matter.wishes_deferral:
            return No.LIMIT_REACHED
        return No.WRONG_STATE if isinstance(sent, DecideDeferral) and not matter.wishes_deferral else None

    # --- What is done.

    def apply(self, sent: Any, by: str, at: datetime) -> None:
        """The matter as it has to stand after the deed. What only the router knows is told by `routed`."""
        matter = self.matter_of(sent)
        matter.version += 1 if matter.task_id else 0
        matter.request_version += 1
        match sent:
            case AssignTask():
                is_new_leg = matter.state == "QUEUED" and bool(matter.had)
                self._resume(matter, at)
                self.hand(matter, sent.assignee_id, self.unit_of(sent.assignee_id), at, is_new_leg=is_new_leg)
            case AcknowledgeTask():
                matter.state, matter.acknowledge_by, matter.remind_at = "ACKNOWLEDGED", None, None
            case StartTask():
                self._start(matter, sent, at)
            case ReturnTask():
                matter.returners.append(by)
                matter.state, matter.returned_at, matter.acknowledge_by, matter.remind_at = "RETURN_PENDING", at, None, None
            case DecideReturn():
                self._decide(matter, sent, at)
            case CompleteTask():
                matter.had.add(by)
                matter.outcome = sent.outcome
                is_checked = sent.confirmation_code is None and self.verifiers(matter)
                matter.state = "COMPLETED" if is_checked else self._checked(matter)
                matter.wishes_deferral = None
            case VerifyTask():
                matter.state = self._checked(matter)
                if not sent.passed:
                    self._again(matter, at)
            case AnswerFollowUp():
                self._answer(matter, sent, at)
            case AcceptRequest():
                matter.request_state = "IN_HAND"
                self._wait(matter, None)
            case DeclineRequest():
                self._end(matter, "DECLINED")
                matter.declined_at = at
            case ObjectToDecline():
                self._object(matter, at)
            case WithdrawRequest() | HandOffRequest():
                self._end(matter, "WITHDRAWN" if isinstance(sent, WithdrawRequest) else "HANDED_OFF")
            case _:
                self._pause(matter, sent, by, at)
        self._follow(matter, at)

    def _follow(self, matter: Matter, at: datetime) -> None:
        """What the request says of itself."""
        if matter.request_state in ELSEWHERE or not matter.task_id:
            matter.asked_at = matter.calls_begun_at = None
            return
        states = {"AWAITING_FOLLOW_UP": "ANSWERED", "CLOSED": "CLOSED", **dict.fromkeys(HELD, "ON_HOLD")}
        matter.request_state = states.get(matter.state, "IN_HAND")
        matter.asked_at, matter.calls_begun_at = (at, None) if matter.request_state == "ANSWERED" else (None, None)

    def _end(self, matter: Matter, request_state: str) -> None:
        """Somebody outside has it, or nobody needs it, or does it: the work is called off."""
        matter.request_state = request_state
        self._wait(matter, None)
        if not matter.task_id:
            return
        matter.state, matter.due = "CANCELLED", None
        matter.acknowledge_by = matter.remind_at = matter.contact_by = matter.return_by = None

    def _wait(self, matter: Matter, since: datetime | None) -> None:
        """To be taken in, since then; nobody is waited for without."""
        times = acceptance(self._calendar, matter.deadline_class, since) if since else (None, None)
        matter.accept_remind_at, matter.accept_by = times
        matter.is_acceptance_late = False

    def _object(self, matter: Matter, at: datetime) -> None:
        """It waits once more; what was left of the promise when it was declined is left now."""
        matter.request_state, matter.has_objected = "RECEIVED", True
        self._wait(matter, at)
        if matter.promise and matter.declined_at:
            promised = Due(matter.promise, matter.promise_provisional, by_the_clock=matter.is_by_clock)
            promised = resumed(self._calendar, promised, matter.declined_at, at)
            matter.promise, matter.promise_provisional = promised.at, promised.is_provisional

    def asked(self, matter: Matter, at: datetime, *, is_taken_in: bool) -> None:
        """It is there, and promised; taken in at once, or waiting for that."""
        matter.promise = self.limit_from(matter, at)
        matter.promise_provisional = matter.is_provisional
        matter.path = self.path(matter.owner)
        if not is_taken_in:
            matter.request_state = "RECEIVED"
            self._wait(matter, at)

    def taken_in_as(self, matter: Matter, deadline_class: DeadlineClass) -> None:
        """As another item: its promise counts since it was asked for."""
        matter.deadline_class = deadline_class
        self.asked(matter, matter.asked_for, is_taken_in=True)

    def begun(self, matter: Matter, task_id: str, person: str | None, unit: str, at: datetime) -> None:
        """Somebody has its task, whose leg is due with the promise."""
        matter.task_id, matter.version = task_id, 1
        self.hand(matter, person, unit, at, is_new_leg=False)
        matter.due, matter.is_provisional = matter.promise, matter.promise_provisional

    def _pause(self, matter: Matter, sent: Any, by: str, at: datetime) -> None:
        match sent:
            case SuspendTask():
                matter.state, matter.paused_at, matter.resume_at = "SUSPENDED", at, sent.until
            case ResumeTask():
                self._go_on(matter, min(at, matter.resume_at or at))
            case UndeferTask():
                self._go_on(matter, at)
            case DeferTask() if not self.judges_deferral(by, matter):
                matter.wishes_deferral, matter.wished_review = by, sent.review_on
            case DeferTask():
                self._defer(matter, sent.review_on, at)
            case DecideDeferral() if sent.approved:
                self._defer(matter, matter.wished_review, at)
            case DecideDeferral():
                matter.wishes_deferral = None

    def _defer(self, matter: Matter, review_on: date | None, at: datetime) -> None:
        opens = self._calendar.office.windows[0][0]
        matter.state, matter.paused_at, matter.wishes_deferral = "DEFERRED", at, None
        matter.review_at = datetime.combine(review_on, opens, SHANGHAI) if review_on else None

    def _go_on(self, matter: Matter, at: datetime) -> None:
        """With what was left of both clocks when they stopped."""
        paused_at = matter.paused_at or at
        if matter.state == "SUSPENDED":
            matter.suspended += office_time_between(self._calendar, paused_at, at)
        if matter.due:
            leg = resumed(self._calendar, Due(matter.due, matter.is_provisional, by_the_clock=matter.is_by_clock), paused_at, at)
            matter.due, matter.is_provisional = leg.at, leg.is_provisional
        if matter.promise:
            promised = Due(matter.promise, matter.promise_provisional, by_the_clock=matter.is_by_clock)
            promised = resumed(self._calendar, promised, paused_at, at)
            matter.promise, matter.promise_provisional = promised.at, promised.is_provisional
        matter.state, matter.paused_at, matter.resume_at, matter.review_at = "IN_PROGRESS", None, None, None

    def hand(self, matter: Matter, person: str | None, unit: str, at: datetime, *, is_new_leg: bool) -> None:
        """To somebody of a unit, or to nobody of it."""
        if matter.assignee:
            matter.had.add(matter.assignee)
        matter.owner, matter.path, matter.assignee, matter.tries, matter.is_unheard = unit, self.path(unit), person, [], False
        matter.wishes_deferral = None
        matter.state, matter.returned_at, matter.assigned_at = "ASSIGNED" if person else "QUEUED", None, at if person else None
        given = windows(self._calendar, matter.deadline_class, at) if person else None
        matter.acknowledge_by = given.acknowledge_by if given else None
        matter.remind_at = given.remind_at if given else None
        matter.return_by = given.return_by if given else None
        matter.contact_by = given.contact_by if given else None
        if is_new_leg and person:
            matter.due = self.limit_from(matter, at)

    def limit_from(self, matter: Matter, at: datetime) -> datetime | None:
        due = promise(self._calendar, matter.deadline_class, at)
        matter.is_provisional = bool(due and due.is_provisional)
        return due.at if due else None

    def _start(self, matter: Matter, sent: StartTask, at: datetime) -> None:
        is_plausible = sent.device_time and matter.assigned_at and matter.assigned_at <= sent.device_time <= at
        tried_at = sent.device_time if sent.device_time and is_plausible else at
        if not sent.reached and all(abs(tried_at - earlier) >= timedelta(minutes=10) for earlier in matter.tries):
            matter.tries.append(tried_at)
        if sent.reached or len(matter.tries) == 3:
            matter.state, matter.is_unheard = "IN_PROGRESS", False

    def _decide(self, matter: Matter, sent: DecideReturn, at: datetime) -> None:
        matter.is_bound = matter.is_bound or len(matter.returners) > 1
        if sent.approved:
            if sent.assignee_id:
                self.hand(matter, sent.assignee_id, self.unit_of(sent.assignee_id), at, is_new_leg=True)
            return
        self._resume(matter, at)
        matter.state, matter.returned_at = "ACKNOWLEDGED", None

    def _resume(self, matter: Matter, at: datetime) -> None:
        """What was left of the leg when it was returned is left now."""
        if matter.due and matter.returned_at:
            leg = resumed(self._calendar, Due(matter.due, matter.is_provisional, by_the_clock=matter.is_by_clock), matter.returned_at, at)
            matter.due, matter.is_provisional = leg.at, leg.is_provisional

    def _checked(self, matter: Matter) -> str:
        """The resident is asked next, unless they did it themselves."""
        return "CLOSED" if matter.askers[0] in matter.had else "AWAITING_FOLLOW_UP"

    def _again(self, matter: Matter, at: datetime) -> None:
        matter.state, matter.outcome = "IN_PROGRESS", None
        matter.reworks += 1
        matter.due = self.limit_from(matter, at)

    def _answer(self, matter: Matter, sent: AnswerFollowUp, at: datetime) -> None:
        matter.verdict, matter.grade, matter.state = sent.verdict, sent.grade, "CLOSED"
        if sent.verdict is Verdict.NOT_SOLVED or sent.grade in BAD_GRADES:
            self._again(matter, at)
            if sent.grade in BAD_GRADES:
                self._put_right(matter, at)
            matter.unsolved += 1
            if matter.unsolved > 1:
                matter.owner = self._parents[matter.owner] or matter.owner
                matter.path = self.path(matter.owner)

    def _put_right(self, matter: Matter, at: datetime) -> None:
        """After a bad review: heard again within a day, done within fifteen."""
        leg, heard = put_right(self._calendar, matter.deadline_class, at), due(self._calendar, at, Limit(1, LimitUnit.WORKING_DAY))
        matter.due, matter.is_provisional, matter.contact_by, matter.is_unheard, matter.tries = (
            leg.at,
            leg.is_provisional,
            heard.at,
            True,
            [],
        )

    # --- What the passing of time does.

    def wind(self, at: datetime) -> int:
        """How many acts the clock does now."""
        acts = 0
        for matter in self.each():
            does = (self._climb, self._end_pause, self._tell, self._ask, self._miss_acceptance)
            while any(does_it(matter, at) for does_it in does):
                matter.request_version += 1
                acts += 1
        return acts

    def _miss_acceptance(self, matter: Matter, at: datetime) -> bool:
        """Who may take it in is reminded, who is above hears of it; and that the promise is broken is said, whoever had it."""
        is_broken = matter.promise is not None and red_at(self._calendar, matter.promise, by_the_clock=matter.is_by_clock) <= at
        if matter.accept_by is None:
            return False
        if matter.accept_by <= at and not matter.is_acceptance_late:
            matter.is_acceptance_late, matter.accept_remind_at = True, None
        elif matter.accept_remind_at is not None and matter.accept_remind_at <= at:
            matter.accept_remind_at = None
        elif is_broken and not matter.promise_provisional and matter.told.get("promise") != matter.promise:
            matter.told["promise"] = matter.promise
        else:
            return False
        return True

    def _end_pause(self, matter: Matter, at: datetime) -> bool:
        """A suspension ends at its time; the desk is reminded of a deferral on its day."""
        if matter.state == "SUSPENDED" and matter.resume_at is not None and matter.resume_at <= at:
            self._go_on(matter, matter.resume_at)
            self._follow(matter, at)
        elif matter.state == "DEFERRED" and matter.review_at is not None and matter.review_at <= at:
            matter.review_at = None
        else:
            return False
        matter.version += 1
        return True

    def _ask(self, matter: Matter, at: datetime) -> bool:
        """The calls begin on the working day after; a week later nobody waits any more."""
        if matter.asked_at is None:
            return False
        if matter.calls_begun_at is None:
            opens, _ = next(self._calendar.office.on(self._calendar.working_day_after(matter.asked_at.astimezone(SHANGHAI).date())))
            matter.calls_begun_at = at if opens <= at else None
        elif matter.calls_begun_at + timedelta(days=7) <= at:
            matter.state = matter.request_state = "CLOSED"
            matter.asked_at, matter.verdict, matter.grade, matter.is_unanswered = None, None, None, True
        else:
            return False
        matter.version += matter.calls_begun_at is not None
        return matter.calls_begun_at is not None

    def each(self) -> list[Matter]:
        return list({matter.request_id: matter for matter in self.matters.values()}.values())

    def _tell(self, matter: Matter, at: datetime) -> bool:
        """The first of these that is over and was not said: the contact, the leg, the promise; that the leg is over soon."""
        is_running = matter.state in {"QUEUED", "ASSIGNED", "ACKNOWLEDGED", "IN_PROGRESS"}
        by_clock = matter.is_by_clock
        over = {
            "contact": (matter.state == "ACKNOWLEDGED" or (matter.state == "IN_PROGRESS" and matter.is_unheard))
            and matter.contact_by is not None
            and matter.contact_by < at
        }
        for name, due_at, is_judged in (
            ("leg", matter.due, is_running and not matter.is_provisional),
            ("promise", matter.promise, (is_running or matter.state == "RETURN_PENDING") and not matter.promise_provisional),
        ):
            over[name] = is_judged and due_at is not None and red_at(self._calendar, due_at, by_the_clock=by_clock) <= at
        is_near = is_running and matter.due is not None and not by_clock and matter.due != matter.told.get("leg")
        over["soon"] = is_near and matter.due is not None and yellow_at(self._calendar, matter.due) <= at
        times = {"contact": matter.contact_by, "leg": matter.due, "promise": matter.promise, "soon": matter.due}
        said = next((name for name in over if over[name] and times[name] != matter.told.get(name)), None)
        if said is None:
            return False
        matter.told[said], matter.version = times[said], matter.version + 1
        if said == "leg" and over["promise"]:
            matter.told["promise"] = matter.promise
        return True

    def _climb(self, matter: Matter, at: datetime) -> bool:
        if matter.state != "ASSIGNED" or matter.acknowledge_by is None:
            return False
        if matter.acknowledge_by > at:
            is_due = matter.remind_at is not None and matter.remind_at <= at
            if is_due:
                matter.remind_at, matter.version = None, matter.version + 1
            return is_due
        matter.version += 1
        above = self._above(matter)
        if above is None:
            matter.acknowledge_by = matter.remind_at = None
        else:
            self.hand(matter, above[1], above[0], at, is_new_leg=True)
        return True

    def _above(self, matter: Matter) -> tuple[str, str] | None:
        """The unit and person one level up from whoever did not take it."""
        out = {*matter.returners, *matter.hidden, matter.assignee}
        for unit in matter.path:
            if (unit == matter.owner and matter.assignee in self.leaders(unit)) or unit in matter.about_units:
                continue
            person = next((leader for leader in self.leaders(unit) if leader not in out), None)
            if person:
                return unit, person
        return None

    def stands(self, matter: Matter) -> Mapping[str, object]:
        """What has to be kept of the task."""
        return {
            "state": matter.state,
            "assignee_id": matter.assignee,
            "owner_id": matter.owner,
            "owner_path": list(matter.path),
            "due_at": matter.due,
            "version": matter.version,
            "acknowledge_by": matter.acknowledge_by,
            "remind_at": matter.remind_at,
            "returners": matter.returners,
            "is_return_bound": matter.is_bound,
            "outcome": matter.outcome.value if matter.outcome else None,
        }

    def request_stands(self, matter: Matter) -> Mapping[str, object]:
        """What has to be kept of the request."""
        return {
            "state": matter.request_state,
            "version": matter.request_version,
            "accept_by": matter.accept_by,
            "accept_remind_at": matter.accept_remind_at,
            "is_acceptance_late": matter.is_acceptance_late,
            "owner_path": list(matter.path),
            "promise_due_at": matter.promise,
            "rework_count": matter.reworks,
            "verdict": matter.verdict.value if matter.verdict else None,
            "grade": matter.grade.value if matter.grade else None,
            "closed_unanswered": matter.is_unanswered,
        }

    def counted(self, matter: Matter) -> list[str]:
        """What it has to add to the figures, each once for the whole township."""
        if matter.request_state in ELSEWHERE:
            return []
        has_answered, is_closed = matter.verdict is not None, matter.state == "CLOSED"
        holds = {
            "requests": True,
            "due": matter.promise is not None,
            "completed": matter.outcome is not None,
            "answered": has_answered,
            "solved": matter.verdict is Verdict.SOLVED,
            "satisfied": has_answered and matter.grade not in BAD_GRADES,
            "closed": is_closed,
            "closed_reworked": is_closed and matter.reworks > 0,
        }
        is_judged = matter.promise is not None and not matter.promise_provisional
        judged_by_promise = set() if is_judged else {*holds} - {"requests"}
        return [name for name, it_does in holds.items() if it_does and name not in judged_by_promise] + ["returned"] * len(matter.returners)
