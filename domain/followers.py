"""Followers (关注): many wait for one matter, and each hears what becomes of it.

Whoever follows is known to nobody but themself, and learns of the request only what does not tell whose it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from domain.access import Actor
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from domain.deadlines import DeadlineClass
from domain.errors import Message, RefusalCode, not_found, refused
from domain.events import Event, EventKind
from domain.ids import Kind, derived
from domain.items import MatterScope, ServiceItem
from domain.notice_kinds import NoticeKind
from domain.notices import Notice
from domain.pages import Page, PageRequest
from domain.posts import Role
from domain.request_moves import REOPENED_WITHIN
from domain.requests import OPEN, Request, RequestState, Words
from domain.similar import is_alike

MOST_FOLLOWED = 50
"""So many a person follows at a time."""

MOST_COUNTED = 1_000

AT_ONCE = 500
"""So many followers are told in one round: few enough that one answer of the push service is waited for."""

TO_FOLLOW = OPEN - {RequestState.ANSWERED}
"""What is said to be done is followed by nobody any more: who still has it asks for themself."""

SAID_DONE = frozenset({RequestState.ANSWERED, RequestState.CLOSED})

COUNTED_FOR = (Role.GRID_LEADER, Role.SECRETARY, Role.DISPATCHER)


@dataclass(frozen=True, slots=True)
class Following:
    """Somebody follows a request since then. There is one of a person and a request."""

    id: str
    township: str
    request_id: str
    person_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class FollowedMatter:
    """What a follower is shown: nothing here tells who asked, where exactly, or in which words."""

    id: str
    township: str
    request_id: str
    item_id: str
    since: datetime
    state: RequestState
    promise_due_at: datetime | None
    may_report_not_fixed: bool

    @property
    def status(self) -> Message:
        return Message(f"followed.{self.state.value.lower()}")


@dataclass(frozen=True, slots=True)
class FollowerCount:
    """`followers` is at most 1,000; `more` says that there are more."""

    followers: int
    more: bool


@dataclass(frozen=True, slots=True)
class Telling:
    """One act that the followers of some requests are still to be told of, by whichever relay has time.

    `request_ids` are those still to be walked through, and `after` is whom of the first was told last. `silent` hear of the act as
    somebody else already, or did it. Where pushes failed, `person_ids` and `phones` are whom to try again, and nobody else is told.
    """

    id: str
    township: str
    event_id: str
    kind: NoticeKind
    item_name: str
    at: datetime
    request_ids: tuple[str, ...]
    silent: tuple[str, ...] = ()
    after: str = ""
    person_ids: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    tries: int = 0
    mark: str = ""


class Followers(Protocol):
    """A port. Everybody's own, but for `asked_too` and `count`."""

    async def follow(self, new: Following, *, command: Command) -> Following | Replayed:
        """It, or the one that there was. Raises `Refused` LIMIT_REACHED, COMMAND_MISMATCH."""
        ...

    async def unfollow(self, request_id: str, *, by: Actor, command: Command) -> str | Replayed:
        """The request. Raises `Refused` NOT_FOUND, COMMAND_MISMATCH."""
        ...

    async def report(self, following: Following, act: Act, words: Words, event_id: str, command: Command) -> Case | Replayed:
        """Like `Requests.add`, and it is followed no more, in one transaction. Raises `Refused` NOT_FOUND where it is not any more."""
        ...

    async def page(self, page: PageRequest, *, seen_by: Actor) -> Page[Following]:
        """Newest request first."""
        ...

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> Sequence[Following]: ...

    async def of_request(self, request_id: str, *, seen_by: Actor) -> Following | None: ...

    async def asked_too(self, into: Request, *, seen_by: Actor) -> bool:
        """Whether something that the reader asked for goes on in it."""
        ...

    async def count(self, request: Request) -> FollowerCount:
        """Of it and of what goes on in it. `request` was read for somebody."""
        ...


class Tellings(Protocol):
    """A port of the relay: what followers are still to be told, claimed with a lease."""

    async def owe(self, tellings: Sequence[Telling]) -> None:
        """Keeps those of which anybody is to be told; what is owed already stays as it is."""
        ...

    async def claim(self, *, at: datetime, lease_seconds: float) -> Telling | None: ...

    async def followers(self, telling: Telling, limit: int) -> Sequence[Following]:
        """The next ones of its first request, in order of persons."""
        ...

    async def again(self, telling: Telling, *, due_at: datetime) -> None:
        """Keeps one of some phones, to be tried then; what is kept already stays as it is."""
        ...

    async def go_on(self, telling: Telling, *, due_at: datetime) -> None:
        """As far as it is now, and free to be claimed then."""
        ...

    async def done(self, telling: Telling) -> None: ...


def followed(asked: Request, into: Request | None, items: Mapping[str, ServiceItem], *, by: Actor, at: datetime) -> Following:
    """It, or what it goes on in, followed. Whatever nobody may follow there is not found, as if there were no such request."""
    if by.id is None or not may_be_followed(asked, into, items, by=by):
        raise not_found("requestId")
    return following(into or asked, by.id, at=at)


def may_be_followed(asked: Request, into: Request | None, items: Mapping[str, ServiceItem], *, by: Actor) -> bool:
    """Whether it is everybody's who lives where the reader does, and open. Whose own it is was not asked here."""
    matter = into or asked
    return matter.state in TO_FOLLOW and all(_is_shared(each, items) for each in (asked, matter)) and _is_near(asked, by)


def following(matter: Request, person_id: str, *, at: datetime) -> Following:
    return Following(following_id(matter.id, person_id), matter.township, matter.id, person_id, at)


def following_id(request_id: str, person_id: str) -> str:
    return derived(Kind.FOLLOWING, request_id, person_id)


def is_own(request: Request, person_id: str | None) -> bool:
    """Whether they asked for it, or somebody did for them under a grant: who only typed it may follow like any neighbour."""
    return person_id is not None and person_id in {request.judge_id, request.agent_id}


def refused_as_own(request: Request) -> Exception:
    return refused(RefusalCode.NOT_ALLOWED, "refusal.followed_own", "requestId", current=request)


def _is_shared(request: Request, items: Mapping[str, ServiceItem]) -> bool:
    """Where there is danger nobody is to wait for what somebody else said: they report it themselves."""
    item = items.get(request.item_id)
    is_about_somebody = request.about_person_id is not None or request.about_unit_id is not None
    is_everybodys = item is not None and item.is_shared and item.deadline_class is not DeadlineClass.DANGER
    return is_everybodys and not request.is_shielded and not is_about_somebody


def _is_near(request: Request, by: Actor) -> bool:
    """In the grid where they live, or in the village that they left: no nearer, so that nobody learns here in which building it is."""
    if by.home is None or by.organisation is None or request.township != by.organisation.township:
        return False
    if request.scope is MatterScope.ORIGIN_VILLAGE and request.place.village_id is not None:
        return request.place.village_id == by.home.origin_village_id
    return request.place.grid_id in by.organisation.succeeded_by(by.home.residence_grid_id)


def as_followed(kept: Following, asked: Request, into: Request | None, *, at: datetime) -> FollowedMatter:
    matter = into or asked
    return FollowedMatter(
        id=kept.id,
        township=kept.township,
        request_id=kept.request_id,
        item_id=matter.item_id,
        since=kept.since,
        state=matter.state,
        promise_due_at=matter.promise_due_at,
        may_report_not_fixed=matter.state in SAID_DONE and not _is_too_late(matter, at),
    )


def check_is_said_done(matter: Request, *, at: datetime) -> None:
    """As long as it is asked whether it helped, and 15 days after the end: as those may whose own went into it."""
    if matter.state not in SAID_DONE:
        raise refused(RefusalCode.WRONG_STATE, "refusal.not_said_done", "requestId")
    if _is_too_late(matter, at):
        raise refused(RefusalCode.TOO_LATE, "refusal.reopen_too_late", "requestId")


def referring(act: Act, matter: Request) -> Act:
    """The act that makes a follower's own request: where that repeats anything, it repeats what they followed."""
    own = act.case.request
    if own is None or not is_alike(own, matter):
        return act
    return replace(act, case=replace(act.case, request=replace(own, repeats_id=matter.id)))


def _is_too_late(matter: Request, at: datetime) -> bool:
    return matter.closed_at is not None and at > matter.closed_at + REOPENED_WITHIN


def may_count(reader: Actor, request: Request) -> bool:
    """Whoever leads the owner or a unit above it, and did not ask for it."""
    return request.as_asker(reader) not in request.askers and not reader.units_led(*COUNTED_FOR).isdisjoint(request.owner_path)


HEARD: Mapping[EventKind, NoticeKind] = {
    EventKind.REQUEST_DECLINED: NoticeKind.FOLLOWED_ENDED,
    EventKind.REQUEST_HANDED_OFF: NoticeKind.FOLLOWED_ENDED,
    EventKind.REQUEST_WITHDRAWN: NoticeKind.FOLLOWED_ENDED,
    EventKind.DECLINE_OBJECTED: NoticeKind.FOLLOWED_GOES_ON,
    EventKind.REQUEST_REWORKED: NoticeKind.FOLLOWED_GOES_ON,
    EventKind.REQUEST_REOPENED: NoticeKind.FOLLOWED_GOES_ON,
}
"""What followers hear of, besides the work itself. Who it is that has it, and with what it is merged, is nothing to somebody who waits."""

HEARD_OF_THE_WORK: Mapping[EventKind, NoticeKind] = {
    EventKind.TASK_SUSPENDED: NoticeKind.FOLLOWED_ON_HOLD,
    EventKind.TASK_DEFERRED: NoticeKind.FOLLOWED_ON_HOLD,
    EventKind.TASK_RESUMED: NoticeKind.FOLLOWED_GOES_ON,
    EventKind.TASK_UNDEFERRED: NoticeKind.FOLLOWED_GOES_ON,
}


def heard(event: Event, case: Case) -> NoticeKind | None:
    """What the act is to followers of its request; nothing, for most."""
    if case.request is None:
        return None
    if event.kind in HEARD:
        return HEARD[event.kind]
    task = next((task for task in case.tasks if task.id == event.task_id), None)
    if task is None or task.parent_id is not None or task.is_message:
        return None
    match event.kind:
        case EventKind.TASK_VERIFIED | EventKind.TASK_COMPLETED:
            is_done = event.facts.get("asked") or (not event.facts.get("checked") and case.request.state is RequestState.CLOSED)
            return NoticeKind.FOLLOWED_DONE if is_done else None
        case EventKind.EXTENSION_GRANTED:
            return NoticeKind.FOLLOWED_MOVED if event.facts.get("promise") else None
        case EventKind.DEADLINES_RECOUNTED:
            return NoticeKind.FOLLOWED_MOVED if event.facts.get("from") != event.facts.get("to") else None
        case _:
            return HEARD_OF_THE_WORK.get(event.kind)


def telling_of(event: Event, case: Case, told: Sequence[Notice], merged_ids: Sequence[str]) -> Telling | None:
    """What is owed to followers of the request and of those that go on in it, where the act is anything to them."""
    kind, request = heard(event, case), case.request
    if kind is None or request is None:
        return None
    silent = {event.actor_id, *(notice.person_id for notice in told)} - {None}
    return Telling(
        id=event.id,
        township=event.township,
        event_id=event.id,
        kind=kind,
        item_name=request.title,
        at=event.at,
        request_ids=(request.id, *merged_ids),
        silent=tuple(sorted(id_ for id_ in silent if id_)),
    )


def notices_for(telling: Telling, person_ids: Sequence[str]) -> tuple[Notice, ...]:
    """One a person and act, about their own following; the same whoever makes it."""
    return tuple(
        Notice(
            id=derived(Kind.NOTICE, telling.event_id, person_id),
            township=telling.township,
            person_id=person_id,
            kind=telling.kind,
            item_name=telling.item_name,
            about_id=following_id(telling.request_ids[0], person_id),
            created_at=telling.at,
        )
        for person_id in person_ids
        if person_id not in telling.silent
    )
