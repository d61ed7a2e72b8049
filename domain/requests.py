"""A request (诉求): what a resident asked for, in the resident's words, and the promise that was made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from domain.access import Actor, Door, asker_keys, key
from domain.calendar import SHANGHAI
from domain.deadlines import Due
from domain.items import MatterScope
from domain.places import GeoPoint
from domain.routing import Place
from domain.tasks import GAP_BETWEEN_TRIES


class RequestState(Enum):
    RECEIVED = "RECEIVED"
    DECLINED = "DECLINED"
    IN_HAND = "IN_HAND"
    ON_HOLD = "ON_HOLD"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"
    MERGED = "MERGED"
    HANDED_OFF = "HANDED_OFF"


NOT_COUNTED = frozenset({RequestState.DECLINED, RequestState.WITHDRAWN, RequestState.MERGED, RequestState.HANDED_OFF})
"""Left out of every measure."""

WITHOUT_ANSWER = NOT_COUNTED - {RequestState.MERGED}
"""How it ends where nobody is asked whether it helped."""

OVER = NOT_COUNTED | {RequestState.CLOSED}

OPEN = frozenset(RequestState) - OVER


class DeclineReason(Enum):
    OTHER_BODY = "OTHER_BODY"
    IN_COURT = "IN_COURT"
    DECIDED_BEFORE = "DECIDED_BEFORE"
    UNCLEAR = "UNCLEAR"
    UNLAWFUL = "UNLAWFUL"
    OTHER = "OTHER"


class HandOffTo(Enum):
    """Whom a request is given to; the emergency lines by their numbers."""

    POLICE_110 = "POLICE_110"
    FIRE_119 = "FIRE_119"
    AMBULANCE_120 = "AMBULANCE_120"
    ROAD_POLICE_122 = "ROAD_POLICE_122"
    OTHER_SERVICE = "OTHER_SERVICE"

    @property
    def number(self) -> str | None:
        """What to dial; nothing where the service is none of the emergency lines."""
        return None if self is HandOffTo.OTHER_SERVICE else self.value.rpartition("_")[2]


class EntryKind(Enum):
    """How it came in; it follows from principal, agent and typist."""

    OWN = "OWN"
    ASSISTED = "ASSISTED"
    PROXY = "PROXY"


CONTENTS_OPEN = timedelta(days=30)
"""How long whoever only worked on a request still reads what it said, after it was closed."""


class Verdict(Enum):
    SOLVED = "SOLVED"
    PARTLY = "PARTLY"
    NOT_SOLVED = "NOT_SOLVED"


class Grade(Enum):
    VERY_SATISFIED = "VERY_SATISFIED"
    SATISFIED = "SATISFIED"
    BASICALLY_SATISFIED = "BASICALLY_SATISFIED"
    UNSATISFIED = "UNSATISFIED"
    VERY_UNSATISFIED = "VERY_UNSATISFIED"


ANSWER_WITHIN = timedelta(days=7)
"""How long whoever asked may think about it once the calls have begun; then it is closed without an answer."""

TRIES_TO_ASK, DAYS_TO_ASK = 3, 2
"""As many tries to reach them on at least so many days, Shanghai time, end it sooner."""

LOWEST_GRADES = frozenset({Grade.UNSATISFIED, Grade.VERY_UNSATISFIED})


@dataclass(frozen=True, slots=True)
class Words:
    """Everything about a request that can be erased, in one document: words, address, point. Nothing of it is left once it was.

    `said` are the words about single tasks by their id. Work that nobody asked for has the task it began with for its request.
    """

    request_id: str
    text: str | None = None
    address: str | None = None
    location: GeoPoint | None = None
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """Facts and ids only; `Words` has the rest. `scopes` and the state follow from its tasks (`cases`).

    Principal (`on_behalf_of_id`), agent (who acts under a grant) and typist (`submitted_by_id`) are three fields; they and the household
    are empty where the matter is shielded from the reader. `is_for_household`: a helper typed it for a home, and nobody there reads it.
    While whoever asked is asked whether it helped, `asked_at` is since when, `calls_begun_at` since when somebody from outside asks too,
    and `call_tries` when they were not reached; `closed_unanswered` where no answer ever came.
    `notice_version` is the privacy notice that was given to whoever asked; empty where nobody said which. `title` is the item's name.
    `intake_scopes` are the keys of those who may take it in and have no task of it to see it by.
    `merged_into_id` is the request in which it goes on, `merged_count` how many go on in this one, `work_began` once somebody began on it.
    `is_shared` as its item; `repeats_id` is the newest that counted of the same matter when it came, within thirty days (`similar`).
    While it waits to be taken in, `accept_from` is since when and `accept_by` by when, `accept_remind_at` when those are reminded who
    may, until they were; `is_acceptance_late` once it was said that nobody did.
    The promise stands still since `held_at` while it is ON_HOLD; once it was moved, `promise_first_due_at` is what was promised first.
    `promise_from` is since when its office time counts, where that is not since it was submitted.
    """

    id: str
    township: str
    number: str
    state: RequestState
    item_id: str
    item_version: int
    scope: MatterScope
    place: Place
    owner_path: tuple[str, ...]
    household_id: str | None
    submitted_by_id: str | None
    on_behalf_of_id: str | None
    submitted_at: datetime
    promise_due_at: datetime | None
    promise_provisional: bool
    is_shielded: bool
    about_person_id: str | None = None
    about_unit_id: str | None = None
    hidden_from: tuple[str, ...] = ()
    promise_met: bool = False
    completed_at: datetime | None = None
    closed_at: datetime | None = None
    rework_count: int = 0
    unsolved_count: int = 0
    verdict: Verdict | None = None
    grade: Grade | None = None
    task_scopes: frozenset[str] = frozenset()
    agent_id: str | None = None
    proxy_grant_id: str | None = None
    is_for_household: bool = False
    promise_told: datetime | None = None
    promise_by_clock: bool = False
    version: int = 1
    notice_version: int | None = None
    title: str = ""
    intake_scopes: frozenset[str] = frozenset()
    declined_because: DeclineReason | None = None
    objected_at: datetime | None = None
    handed_off_to: HandOffTo | None = None
    nudged_at: datetime | None = None
    reopened_at: datetime | None = None
    held_at: datetime | None = None
    promise_first_due_at: datetime | None = None
    extended_by: int = 0
    asked_at: datetime | None = None
    calls_begun_at: datetime | None = None
    call_tries: tuple[datetime, ...] = ()
    closed_unanswered: bool = False
    merged_into_id: str | None = None
    merged_count: int = 0
    work_began: bool = False
    is_shared: bool = False
    repeats_id: str | None = None
    promise_from: datetime | None = None
    accept_from: datetime | None = None
    accept_by: datetime | None = None
    accept_remind_at: datetime | None = None
    is_acceptance_late: bool = False

    @property
    def askers(self) -> tuple[str, ...]:
        """Whom it is for, then whoever acts and types for them."""
        return tuple(dict.fromkeys(person for person in (self.on_behalf_of_id, self.agent_id, self.submitted_by_id) if person))

    @property
    def judge_id(self) -> str | None:
        """Who has the last word: the principal, never the proxy. Nobody where it is for a household: what is said there is recorded."""
        if self.is_for_household:
            return None
        return self.on_behalf_of_id or self.submitted_by_id

    @property
    def entry(self) -> EntryKind:
        if self.proxy_grant_id:
            return EntryKind.PROXY
        return EntryKind.ASSISTED if self.is_for_household or self.on_behalf_of_id else EntryKind.OWN

    @property
    def is_counted(self) -> bool:
        return self.state not in NOT_COUNTED

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def scopes(self) -> frozenset[str]:
        """The keys that open it: whoever asked, whoever sees one of its tasks, and who takes it in; a grid's workers only until then."""
        opened = asker_keys(self.askers, grant_id=self.proxy_grant_id, is_for_household=self.is_for_household)
        is_waiting = self.state is RequestState.RECEIVED
        return opened | self.task_scopes | {key_ for key_ in self.intake_scopes if is_waiting or key_.startswith(Door.UNIT.value)}

    def is_overdue(self, at: datetime) -> bool:
        """Whether the promise was broken: not completed by its time. Nobody judges it while it stands still, or its date is provisional."""
        is_judged = self.is_counted and self.state is not RequestState.ON_HOLD and not self.promise_provisional
        return self.promise_due_at is not None and not self.promise_met and self.promise_due_at < at and is_judged

    @property
    def promise(self) -> Due | None:
        """When an answer was promised for, with how that was counted."""
        if self.promise_due_at is None:
            return None
        return Due(self.promise_due_at, self.promise_provisional, self.promise_from or self.submitted_at, self.promise_by_clock)

    def promise_again(self, due: Due, *, extended_by: int = 0) -> "Request":
        """The promise moved, by an extension or a pause; what was promised first is kept.

        An extension is counted in working days, whatever the promise was counted in: it goes on from where that ran to.
        """
        return replace(
            self,
            promise_due_at=due.at,
            promise_provisional=due.is_provisional,
            promise_by_clock=due.by_the_clock,
            promise_from=self.promise_due_at if self.promise_by_clock and not due.by_the_clock else self.promise_from,
            promise_first_due_at=self.promise_first_due_at or self.promise_due_at,
            extended_by=self.extended_by + extended_by,
        )

    def as_asker(self, reader: Actor) -> str | None:
        """The reader's id; none for an agent whose grant no longer holds, whatever else opens it to them: they are nobody who asked."""
        is_former_agent = reader.id == self.agent_id and self.proxy_grant_id is not None
        return None if is_former_agent and key(Door.GRANT, self.proxy_grant_id or "") not in reader.keys else reader.id

    def shown_to(self, reader_id: str | None) -> "Request":
        """As the reader may see it: where it is shielded, only whoever asked sees who asked."""
        if not self.is_shielded or reader_id in self.askers:
            return self
        return replace(self, household_id=None, submitted_by_id=None, on_behalf_of_id=None, agent_id=None)

    def hides_person_from(self, reader_id: str | None) -> bool:
        return self.is_shielded and reader_id not in self.askers

    def has_closed_contents_for(self, reader: Actor, at: datetime) -> bool:
        """Whether words, place and home are not the reader's business any more: it is long over, and they only worked on it."""
        return self.closed_at is not None and at - self.closed_at > CONTENTS_OPEN and reader.is_only_worker(self.scopes)

    def hides_name_from(self, reader: Actor) -> bool:
        """Whether an alias stands for the resident: outside help is told the matter and the place, not who it is."""
        return reader.is_outside_help and reader.is_only_worker(self.scopes)

    def seen_by(self, reader: Actor, at: datetime) -> "Request":
        """`shown_to`, and without the home once its contents are closed to the reader."""
        shown = self.shown_to(self.as_asker(reader))
        return replace(shown, household_id=None) if self.has_closed_contents_for(reader, at) else shown

    @property
    def answer_by(self) -> datetime | None:
        """Until when an answer is waited for, once the calls have begun."""
        if self.calls_begun_at is None:
            return None
        days = {tried_at.astimezone(SHANGHAI).date() for tried_at in self.call_tries}
        is_enough = len(self.call_tries) >= TRIES_TO_ASK and len(days) >= DAYS_TO_ASK
        return self.call_tries[-1] if is_enough else self.calls_begun_at + ANSWER_WITHIN

    def begin_calls(self, *, at: datetime) -> "Request":
        return replace(self, calls_begun_at=at)

    def try_call(self, *, at: datetime) -> "Request":
        """They were not reached. Two tries at nearly the same time are one."""
        counts = all(abs(at - earlier) >= GAP_BETWEEN_TRIES for earlier in self.call_tries)
        return replace(self, call_tries=(*self.call_tries, at)) if counts else self

    def unanswered(self) -> "Request":
        """Nobody said whether it helped: what was said of an earlier try says nothing of this one."""
        return replace(self, verdict=None, grade=None, closed_unanswered=True)

    def judge(self, verdict: Verdict, grade: Grade) -> "Request":
        return replace(self, verdict=verdict, grade=grade)

    def rework(self) -> "Request":
        """Tried again: the promise is open once more, and the same as it was."""
        return replace(self, rework_count=self.rework_count + 1, promise_met=False, completed_at=None)

    def reopen(self, *, at: datetime) -> "Request":
        """Closed, and open once more, because the resident said that it is not solved after all."""
        return replace(self.not_solved(), state=RequestState.IN_HAND, closed_at=None, reopened_at=at)

    def not_solved(self) -> "Request":
        """Tried again because the resident said so."""
        return replace(self.rework(), unsolved_count=self.unsolved_count + 1)


def is_to_be_reworked(verdict: Verdict, grade: Grade) -> bool:
    """Not solved, or one of the two lowest grades."""
    return verdict is Verdict.NOT_SOLVED or grade in LOWEST_GRADES
