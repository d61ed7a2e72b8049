"""What somebody asks about the own data (个人信息权利请求): a copy, a correction, removal, an explanation; with a deadline of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Protocol

from domain.access import Actor
from domain.calendar import WorkingCalendar
from domain.commands import Command, Replayed
from domain.deadlines import Due, Limit, LimitUnit, due
from domain.errors import RefusalCode, refused
from domain.ids import Kind, derived
from domain.notices import Notice, NoticeKind
from domain.organisation import Organisation
from domain.pages import Page, PageRequest
from domain.posts import Role
from domain.rights import Right, may

SUBJECT_REQUEST_LIMIT = Limit(15, LimitUnit.WORKING_DAY)
"""When somebody who asks about their data has an answer."""


class SubjectRequestKind(Enum):
    COPY = "COPY"
    CORRECT = "CORRECT"
    DELETE = "DELETE"
    EXPLAIN = "EXPLAIN"


CHINESE = {
    SubjectRequestKind.COPY: "查阅复制",
    SubjectRequestKind.CORRECT: "更正",
    SubjectRequestKind.DELETE: "删除",
    SubjectRequestKind.EXPLAIN: "解释说明",
}


class SubjectRequestState(Enum):
    OPEN = "OPEN"
    DONE = "DONE"
    REFUSED = "REFUSED"


class SubjectRequestAct(Enum):
    MADE = "MADE"
    COPY_READ = "COPY_READ"
    DECIDED = "DECIDED"
    RECOUNTED = "RECOUNTED"


@dataclass(frozen=True, slots=True)
class SubjectRequestEntry:
    """A line of a subject request's own history; nobody did it where the clock did."""

    at: datetime
    by_id: str | None
    act: SubjectRequestAct


@dataclass(frozen=True, slots=True)
class SubjectRequest:
    """`made_by_id` is whoever typed it, the person or somebody who was with them. `reason` is the answer, or why not."""

    id: str
    township: str
    person_id: str
    made_by_id: str
    kind: SubjectRequestKind
    words: str | None
    state: SubjectRequestState
    made_at: datetime
    due_at: datetime
    due_provisional: bool
    entries: tuple[SubjectRequestEntry, ...]
    decided_at: datetime | None = None
    decided_by_id: str | None = None
    reason: str | None = None
    version: int = 1

    def is_overdue(self, at: datetime) -> bool:
        """Nobody is late by a date that a calendar may still move."""
        return self.state is SubjectRequestState.OPEN and self.due_at < at and not self.due_provisional

    def is_due_otherwise(self, calendar: WorkingCalendar) -> bool:
        """Whether it is open, and this calendar counts another date for it, or a firm one."""
        limit = answer_due(calendar, self.made_at)
        return self.state is SubjectRequestState.OPEN and (limit.at, limit.is_provisional) != (self.due_at, self.due_provisional)

    def is_asked_for_another_by(self, person_id: str | None) -> bool:
        """Whether they typed it for somebody: it is another officer's then, lest one alone can ask, read and answer."""
        return person_id == self.made_by_id != self.person_id

    def decide(self, *, by: Actor, at: datetime, done: bool, reason: str | None) -> "SubjectRequest":
        """Answered, or refused with a reason. Raises NOT_ALLOWED for whoever may not, is asking or typed it; WRONG_STATE where it is."""
        if by.id is None or not keeps_subject_requests(by) or by.id in {self.person_id, self.made_by_id}:
            raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "subjectRequestId")
        if self.state is not SubjectRequestState.OPEN:
            raise refused(RefusalCode.WRONG_STATE, "refusal.wrong_state", "subjectRequestId", current=self)
        return replace(
            self,
            state=SubjectRequestState.DONE if done else SubjectRequestState.REFUSED,
            decided_at=at,
            decided_by_id=by.id,
            reason=reason,
            entries=(*self.entries, SubjectRequestEntry(at, by.id, SubjectRequestAct.DECIDED)),
            version=self.version + 1,
        )


def answer_due(calendar: WorkingCalendar, made_at: datetime) -> Due:
    """By when it is to be answered."""
    return due(calendar, made_at, SUBJECT_REQUEST_LIMIT)


@dataclass(frozen=True, slots=True)
class Decision:
    """A subject request as it is afterwards, who is told, and whether the person's data are removed with it."""

    subject_request: SubjectRequest
    told: tuple[Notice, ...]
    erases: bool


Decide = Callable[[SubjectRequest], Decision]


def keeps_subject_requests(actor: Actor) -> bool:
    """Whether the actor answers those of the township."""
    organisation = actor.organisation
    return organisation is not None and bool(organisation.units) and may(actor, Right.KEEP_SUBJECT_REQUESTS, organisation.root().id)


def told_when_made(made: SubjectRequest, organisation: Organisation, on: date) -> tuple[Notice, ...]:
    """The township's privacy officers, less whoever typed it."""
    officers = {post.person_id for post in organisation.posts_at(organisation.root().id, on) if post.role is Role.PRIVACY_OFFICER}
    told = sorted(officers - {made.made_by_id, made.person_id})
    return tuple(_notice(made, person_id, NoticeKind.SUBJECT_REQUEST_MADE, made.made_at) for person_id in told)


def told_when_decided(decided: SubjectRequest, at: datetime) -> tuple[Notice, ...]:
    return (_notice(decided, decided.person_id, NoticeKind.SUBJECT_REQUEST_DECIDED, at),)


def _notice(about: SubjectRequest, person_id: str, kind: NoticeKind, at: datetime) -> Notice:
    id_ = derived(Kind.NOTICE, about.id, f"{person_id} {kind.value}")
    return Notice(id_, about.township, person_id, kind, CHINESE[about.kind], about.id, at)


@dataclass(frozen=True, slots=True)
class PersonCounts:
    """What is kept of somebody beside the requests: sign-ins, phones that get pushes, lines of the inbox, readings of the contact."""

    accounts: int
    phones: int
    notices: int
    readings: int


class SubjectRequests(Protocol):
    """Kept with its notices in one transaction. The person finds the own ones, a privacy officer those of the township.

    Whoever typed one for somebody finds it while it is open, so that a command that was sent twice is answered twice.
    """

    async def add(self, made: SubjectRequest, told: Sequence[Notice], *, command: Command) -> SubjectRequest | Replayed:
        """Raises `Refused` LIMIT_REACHED while the person has an open one of that kind, COMMAND_MISMATCH."""
        ...

    async def decide(self, id_: str, decide: Decide, *, seen_by: Actor, command: Command) -> SubjectRequest | Replayed:
        """Keeps what `decide` makes of it, and removes the person's data where it says so.

        Raises `Refused`: NOT_FOUND, whatever `decide` raises, WRONG_STATE where the data cannot be removed yet, COMMAND_MISMATCH.
        """
        ...

    async def enter(self, id_: str, entry: SubjectRequestEntry, *, seen_by: Actor) -> None:
        """A line for its history, where the reader sees it."""
        ...

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> Sequence[SubjectRequest]: ...

    async def page(self, state: SubjectRequestState | None, page: PageRequest, *, seen_by: Actor) -> Page[SubjectRequest]:
        """Those of the township, newest first, for a privacy officer; for anybody else none."""
        ...

    async def own(self, page: PageRequest, *, seen_by: Actor) -> Page[SubjectRequest]:
        """The reader's own, newest first."""
        ...

    async def counts(self, township: str, person_id: str) -> PersonCounts:
        """How much else is kept of somebody."""
        ...
