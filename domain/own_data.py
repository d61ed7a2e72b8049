"""Everything that is stored about one person (个人信息副本), as values and as lines that the person can read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from domain.calendar import SHANGHAI
from domain.errors import Message
from domain.events import EventKind
from domain.households import Reach
from domain.posts import Role
from domain.requests import Grade, RequestState, Verdict

Line = tuple[Message, ...]
"""Messages that stand on one line."""

TOLD: frozenset[EventKind] = frozenset(
    {
        EventKind.REQUEST_SUBMITTED,
        EventKind.TASK_ASSIGNED,
        EventKind.TASK_ACKNOWLEDGED,
        EventKind.TASK_STARTED,
        EventKind.TASK_COMPLETED,
        EventKind.TASK_VERIFIED,
        EventKind.FOLLOW_UP_ANSWERED,
        EventKind.REQUEST_REWORKED,
        EventKind.REQUEST_ACCEPTED,
        EventKind.REQUEST_DECLINED,
        EventKind.REQUEST_HANDED_OFF,
        EventKind.REQUEST_MERGED,
        EventKind.REQUEST_UNMERGED,
        EventKind.REQUEST_WITHDRAWN,
        EventKind.REQUEST_REOPENED,
        EventKind.MESSAGE_ADDED,
    }
)
"""Acts that have words of their own in the copy; of any other it says that somebody worked on it."""


@dataclass(frozen=True, slots=True)
class ActCopy:
    """One act on a request: when, what, by whom, and its words where they are for the person."""

    at: datetime
    kind: EventKind
    by: str | None
    words: str | None


@dataclass(frozen=True, slots=True)
class RequestCopy:
    """One request of the person's, with everything that was written to them or by them."""

    id: str
    number: str
    item: str
    state: RequestState
    status: Message
    submitted_at: datetime
    submitted_by: str | None
    text: str | None
    address: str | None
    point: tuple[float, float] | None
    home: str | None
    notice_version: int | None
    verdict: Verdict | None
    grade: Grade | None
    acts: tuple[ActCopy, ...]
    has_more_acts: bool


@dataclass(frozen=True, slots=True)
class PostCopy:
    role: Role
    unit: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class LinkCopy:
    """The link that the person's household agreed to."""

    member: str | None
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class ContactCopy:
    """How the person can be reached: the number with its middle hidden, as a copy on paper may be left lying about."""

    reach: Reach
    phone: str | None


@dataclass(frozen=True, slots=True)
class GrantCopy:
    """A grant that has not ended: given to `other` where `is_given`, else by them."""

    is_given: bool
    other: str | None
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class FollowedCopy:
    """What the person follows: another's request, so only its item and since when."""

    item: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PersonCopy:
    """What is kept beside the requests. `accounts`, `phones`, `notices` and `readings` of the contact are how many."""

    id: str
    name: str
    home: str | None
    address: str | None
    reach: Reach | None
    contact: ContactCopy | None
    grants: tuple[GrantCopy, ...]
    link: LinkCopy | None
    posts: tuple[PostCopy, ...]
    filters: tuple[str, ...]
    followed: tuple[FollowedCopy, ...]
    accounts: int
    phones: int
    notices: int
    readings: int


@dataclass(frozen=True, slots=True)
class OwnData:
    """A page of it: the first has the person, each has requests, newest first."""

    person_id: str
    made_at: datetime
    person: PersonCopy | None
    requests: tuple[RequestCopy, ...]
    after: tuple[str, ...] | None = field(default=None)

    @property
    def structured(self) -> Mapping[str, Any]:
        """The same for programs: names of fields, ids, moments in UTC."""
        requests = [{name: value for name, value in asdict(request).items() if name != "status"} for request in self.requests]
        person = asdict(self.person) if self.person else None
        plain = _plain({"person_id": self.person_id, "made_at": self.made_at, "person": person, "requests": requests})
        return dict(plain)

    def lines(self) -> Iterator[Line]:
        """The document that is read or printed."""
        yield (Message("own_data.title", {"at": _moment(self.made_at)}),)
        if self.person is not None:
            yield from _person(self.person)
        for request in self.requests:
            yield ()
            yield from _request(request)
        if self.after is not None:
            yield ()
            yield (Message("own_data.more"),)


def _person(person: PersonCopy) -> Iterator[Line]:
    yield (Message("own_data.name", {"name": person.name, "id": person.id}),)
    if person.home:
        yield (Message("own_data.home", {"home": person.home, "address": person.address or ""}),)
    if person.reach:
        yield (Message("own_data.home_reach"), Message(f"own_data.reach.{person.reach.value.lower()}"))
    if person.contact:
        reach = Message(f"own_data.reach.{person.contact.reach.value.lower()}")
        yield (Message("own_data.contact", {"phone": person.contact.phone or "-", "readings": person.readings}), reach)
    if person.link:
        link = person.link
        yield (Message("own_data.link", {"member": link.member or "-", "since": link.since.isoformat()}),)
    for grant in person.grants:
        period = {"name": grant.other or "-", "since": grant.since.isoformat(), "until": grant.until.isoformat()}
        yield (Message("own_data.grant_given", period) if grant.is_given else Message("own_data.grant_taken", period),)
    for post in person.posts:
        until = post.until.isoformat() if post.until else "-"
        held = Message("own_data.post", {"unit": post.unit, "since": post.since.isoformat(), "until": until})
        yield (held, Message(f"own_data.role.{post.role.value.lower()}"))
    if person.filters:
        yield (Message("own_data.filters", {"names": ", ".join(person.filters)}),)
    for matter in person.followed:
        yield (Message("own_data.followed", {"item": matter.item, "since": _moment(matter.since)}),)
    yield (Message("own_data.counts", {"accounts": person.accounts, "phones": person.phones, "notices": person.notices}),)


def _request(request: RequestCopy) -> Iterator[Line]:
    yield (Message("own_data.request", {"number": request.number, "item": request.item, "at": _moment(request.submitted_at)}),)
    yield (Message("own_data.status"), request.status)
    if request.submitted_by:
        yield (Message("own_data.submitted_by", {"name": request.submitted_by}),)
    yield (Message("own_data.text", {"text": request.text}) if request.text else Message("own_data.no_text"),)
    if request.address:
        yield (Message("own_data.address", {"address": request.address}),)
    if request.point:
        yield (Message("own_data.point", {"lat": str(request.point[0]), "lng": str(request.point[1])}),)
    if request.home:
        yield (Message("own_data.of_home", {"home": request.home}),)
    if request.notice_version is not None:
        yield (Message("own_data.notice_version", {"version": request.notice_version}),)
    if request.verdict and request.grade:
        verdict, grade = request.verdict.value.lower(), request.grade.value.lower()
        yield (Message("own_data.judged"), Message(f"own_data.verdict.{verdict}"), Message(f"own_data.grade.{grade}"))
    for act in request.acts:
        yield from _act(act)
    if request.has_more_acts:
        yield (Message("own_data.more_acts"),)


def _act(act: ActCopy) -> Iterator[Line]:
    when = Message("own_data.act", {"at": _moment(act.at)})
    what = Message(f"own_data.event.{act.kind.value}") if act.kind in TOLD else Message("own_data.event.other")
    who = (Message("own_data.by", {"name": act.by}),) if act.by else ()
    said = (Message("own_data.said", {"words": act.words}),) if act.words else ()
    yield (when, what, *who, *said)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime | date) else value
