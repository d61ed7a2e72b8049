"""What deeds need of the world, as promises. The hands (`adapters`) keep them; `server/wiring.py` joins the two.

`seen_by` is keyword-only and has no default: what the reader's keys do not open is not found, in every read.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Protocol

from domain.access import Actor
from domain.accounts import Accounts
from domain.board import Boards
from domain.calendar import WorkingCalendar
from domain.campaigns import Campaigns
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from domain.confirmations import Confirmations
from domain.contacts import Contacts, ReadLog
from domain.devices import Devices
from domain.duplicates import Merges
from domain.enrolment import Enrolment
from domain.filters import Filters
from domain.followers import Followers
from domain.history import History
from domain.households import Household
from domain.identity import SignIn
from domain.ids import Ids
from domain.importing_desk import DivisionTable, ImportDesk
from domain.items import ServiceItem
from domain.measures import Linked
from domain.notices import Notice
from domain.organisation import Organisation
from domain.pages import Page, PageRequest
from domain.people import Person
from domain.places import GeoPoint
from domain.privacy_measures import Answered
from domain.proxies import ProxyGrants
from domain.reach import Reaches
from domain.reorganisation import Aftermath, Changed, Judge, Reorganise
from domain.requests import Request, RequestState, Words
from domain.search import SearchLog, Sought
from domain.similar import SimilarRequests
from domain.subject_requests import SubjectRequests
from domain.sync import Feed
from domain.tallies import Counts
from domain.tasks import Task, TaskState

Change = Callable[[Case], Act]
"""A pure function from the case as it is to what happens to it; run again when somebody else was faster."""

Clock = Callable[[], datetime]


def _given(query: "RequestQuery | TaskQuery") -> Iterator[str]:
    """Names of the parts that say something."""
    return (part.name for part in fields(query) if getattr(query, part.name) != part.default)


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """All given parts hold; `unit_id` narrows to a sub-tree."""

    states: tuple[RequestState, ...] | None = None
    item_ids: tuple[str, ...] | None = None
    grid_ids: tuple[str, ...] | None = None
    unit_id: str | None = None
    overdue: bool | None = None
    submitted_after: datetime | None = None
    submitted_before: datetime | None = None
    asked_by_me: bool = False
    sought: Sought | None = None

    @property
    def narrowed_by(self) -> tuple[str, ...]:
        """Which of its parts are given, by their names; never what is sought."""
        return tuple("text" if name == "sought" else name for name in _given(self))

    @property
    def is_by_promise(self) -> bool:
        """Whether the list runs by the promise, the longest broken first, rather than newest first."""
        return self.overdue is True and self.sought is None


@dataclass(frozen=True, slots=True)
class TaskQuery:
    states: tuple[TaskState, ...] | None = None
    assignee_id: str | None = None
    grid_ids: tuple[str, ...] | None = None
    unit_id: str | None = None
    overdue: bool | None = None
    due_before: datetime | None = None

    @property
    def narrowed_by(self) -> tuple[str, ...]:
        return tuple(_given(self))

    @property
    def is_by_due_time(self) -> bool:
        """Whether the list runs by due time, soonest first, rather than newest first."""
        return self.overdue is True or self.due_before is not None


class Organisations(Protocol):
    async def of_township(self, township: str) -> Organisation | None:
        """The township as it is now, or nothing."""
        ...

    async def at(self, point: GeoPoint) -> Organisation | None:
        """The township in whose area the point lies."""
        ...

    async def as_of(self, now: Organisation, at: datetime) -> Organisation:
        """The township as it was kept at that moment; before anything was kept, as it was kept first."""
        ...

    async def reorganise(
        self,
        township: str,
        change: Reorganise,
        *,
        household_ids: Sequence[str] = (),
        grid_ids: Sequence[str] = (),
        member_ids: Sequence[str] = (),
        with_neighbours: bool = False,
        permit: Judge | None = None,
        subject_id: str,
        command: Command,
    ) -> Changed | Replayed:
        """Makes what `change` says true from the next version on, with the command's record in one transaction.

        `change` is given the homes of these ids, of these grids and linked with these members; `with_neighbours`, also all others in
        the grids where the homes of these ids stand. Addresses are left out, and stay as they are where `change` leaves them empty.

        `permit` is asked first, before anything is written or any other home read; where there is none, `change` itself, for its refusal.

        Raises `Refused`: whatever `change` raises, COMMAND_MISMATCH, CONFLICT while an import is being applied.
        """
        ...


class People(Protocol):
    async def signed_in(self, sign_in: SignIn, *, at: datetime, person_id: str | None = None) -> Actor:
        """Whoever the sign-in is linked to, with today's rights; `NOBODY` until it is linked, and once the link is stale.

        Of several persons the one who is named; `NOBODY` where none is, and for somebody whom the sign-in does not have.
        """
        ...

    async def by_ids(self, township: str, ids: Sequence[str]) -> Sequence[Person]:
        """The persons as they are. For edges of what the reader may see; `may_see_person` judges everything else."""
        ...


class Households(Protocol):
    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> Sequence[Household]: ...

    async def as_of(self, home: Household, organisation: Organisation) -> Household:
        """The home as it was in that version of the organisation; as it is now where it was not kept then. `home` was read for somebody."""
        ...

    async def of_requests(self, township: str, ids: Sequence[str], *, seen_by: Actor) -> Sequence[Household]:
        """Homes named by requests that the reader may see, or of whoever gave the reader a grant; their link is not part of that."""
        ...


class Catalogue(Protocol):
    async def items(self) -> Mapping[str, ServiceItem]:
        """Every service item by its id; public, small and kept in memory."""
        ...


class Calendars(Protocol):
    async def current(self) -> WorkingCalendar: ...


class Requests(Protocol):
    async def add(self, act: Act, words: Words, event_id: str, command: Command) -> Case | Replayed:
        """Keeps the act's new case whole: documents, words, event, what the relay owes, the command; or finds that it was kept before.

        Raises `Refused` COMMAND_MISMATCH where the command's id was used for other contents, and `NumberTaken`.
        """
        ...

    async def replay_of(self, command: Command) -> Replayed | None:
        """What the command did, if it was carried out before. Raises `Refused` COMMAND_MISMATCH."""
        ...

    async def update(self, request_id: str, change: Change, *, seen_by: Actor, event_id: str, command: Command) -> Case | Replayed:
        """Like `Tasks.update`, for a verb whose subject is the request."""
        ...

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> Sequence[Request]: ...

    async def by_number(self, number: str, *, seen_by: Actor) -> Request | None: ...

    async def page(self, query: RequestQuery, page: PageRequest, *, seen_by: Actor, at: datetime) -> Page[Request]:
        """Newest first; by the promise, soonest first, where `overdue` is asked for and no words."""
        ...

    async def words(self, township: str, request_ids: Sequence[str]) -> Sequence[Words]:
        """The erasable words of requests that the reader may see."""
        ...

    async def texts(self, township: str, request_ids: Sequence[str]) -> Mapping[str, str]:
        """Of these words the text alone, by request; addresses stay sealed."""
        ...


class Tasks(Protocol):
    async def add(self, act: Act, words: Words, event_id: str, command: Command) -> Case | Replayed:
        """Like `Requests.add`, of work that nobody asked for."""
        ...

    async def update(self, task_id: str, change: Change, *, seen_by: Actor, event_id: str, command: Command) -> Case | Replayed:
        """Loads the case that the reader's keys open, changes it, and keeps it with its event and command in one transaction.
        Raises `Refused`: NOT_FOUND, whatever `change` raises, COMMAND_MISMATCH. On a lost race `change` runs again.
        """
        ...

    async def update_as_former(self, task_id: str, change: Change, *, by: Actor, event_id: str, command: Command) -> Case | Replayed:
        """Like `update`, of a task that `by` has, or had until it was given to somebody else, whether they see it or not."""
        ...

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> Sequence[Task]: ...

    async def of_requests(self, township: str, request_ids: Sequence[str], *, seen_by: Actor) -> Sequence[Task]: ...

    async def of_work(self, township: str, root_ids: Sequence[str], *, seen_by: Actor) -> Sequence[Task]:
        """Tasks of work that nobody asked for, by the task that it began with."""
        ...

    async def to_do(self, township: str, person_ids: Collection[str]) -> Mapping[str, int]:
        """How many tasks stand on the list of each; for routing, which skips whoever has too many."""
        ...

    async def page(self, query: TaskQuery, page: PageRequest, *, seen_by: Actor, at: datetime) -> Page[Task]:
        """Newest first; by due time, soonest first, where `overdue` or `due_before` is asked for.

        `due_before` with `overdue` false is what falls due from now on: what is over and judged by nobody is not among it.
        """
        ...


class Notices(Protocol):
    async def page(self, page: PageRequest, *, seen_by: Actor) -> Page[Notice]:
        """The reader's own inbox, newest first."""
        ...

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> Sequence[Notice]: ...

    async def unread(self, *, seen_by: Actor) -> int: ...

    async def mark_read(self, notice_ids: Sequence[str], *, by: Actor, command: Command) -> None:
        """Marks the reader's own notices. Raises `Refused` NOT_FOUND where one is not theirs, and marks nothing then."""
        ...


class Figures(Protocol):
    async def sums(self, unit_ids: Sequence[str], periods: Sequence[str], *, seen_by: Actor) -> Mapping[str, Mapping[str, Counts]]:
        """What was counted in the reader's own township, by unit and by day or month, without what is hidden from the reader."""
        ...

    async def deferred(self, unit_ids: Sequence[str], *, seen_by: Actor) -> Mapping[str, Sequence[datetime]]:
        """Since when each task of a unit is on the long ledger that is on it now, without what is hidden from the reader."""
        ...

    async def linked(self, grid_ids: Collection[str], on: date, *, seen_by: Actor) -> Mapping[tuple[str, str | None], Linked]:
        """How many homes have a live link on that day, by the grid and the micro-grid where they stand."""
        ...

    async def answered(self, since: datetime, until: datetime, *, seen_by: Actor) -> Answered:
        """Of what persons asked about their own data, what fell due from `since` on and before `until`."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that deeds are given, made once by the wiring."""

    organisations: Organisations
    aftermath: Aftermath
    people: People
    enrolment: Enrolment
    accounts: Accounts
    households: Households
    catalogue: Catalogue
    calendars: Calendars
    requests: Requests
    tasks: Tasks
    confirmations: Confirmations
    merges: Merges
    similar: SimilarRequests
    boards: Boards
    campaigns: Campaigns
    filters: Filters
    followers: Followers
    history: History
    notices: Notices
    devices: Devices
    contacts: Contacts
    read_log: ReadLog
    search_log: SearchLog
    import_desk: ImportDesk
    divisions: DivisionTable
    proxy_grants: ProxyGrants
    reaches: Reaches
    feed: Feed
    figures: Figures
    subject_requests: SubjectRequests
    clock: Clock
    ids: Ids
    load_limit: int
