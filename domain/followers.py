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
from domain.ids import Kind, derived
from domain.items import MatterScope, ServiceItem
from domain.pages import Page, PageRequest
from domain.posts import Role
from domain.request_moves import REOPENED_WITHIN
from domain.requests import OPEN, Request, RequestState, Words
from domain.similar import is_alike, is_everybodys

MOST_FOLLOWED = 50
"""So many a person follows at a time."""

MOST_COUNTED = 1_000

TO_FOLLOW = OPEN - {RequestState.ANSWERED}
"""What is said to be done is followed by nobody any more: who still has it asks for themself."""

SAID_DONE = frozenset({RequestState.ANSWERED, RequestState.CLOSED})

COUNTED_FOR = (Role.GRID_LEADER, Role.SECRETARY, Role.DISPATCHER)


@dataclass(frozen=True, slots=True)
class Following:
    """Somebody follows a request since then. There is one of a person and a request.

    `item_id` and `item_name` are what it was then: should it become what is nobody else's business, they know it by that and no more.
    """

    id: str
    township: str
    request_id: str
    person_id: str
    since: datetime
    item_id: str
    item_name: str


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
    id_ = following_id(matter.id, person_id)
    return Following(id_, matter.township, matter.id, person_id, at, matter.item_id, matter.title)


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
    return item is not None and item.is_shared and item.deadline_class is not DeadlineClass.DANGER and is_everybodys(request)


def _is_near(request: Request, by: Actor) -> bool:
    """In the grid where they live, or in the village that they left: no nearer, so that nobody learns here in which building it is."""
    if by.home is None or by.organisation is None or request.township != by.organisation.township:
        return False
    if request.scope is MatterScope.ORIGIN_VILLAGE and request.place.village_id is not None:
        return request.place.village_id == by.home.origin_village_id
    return request.place.grid_id in by.organisation.succeeded_by(by.home.residence_grid_id)


def is_in_sight(asked: Request, into: Request | None) -> bool:
    """Whether it is still everybody's, and what it goes on in too: a request may be taken in, or merged, as somebody's own."""
    return all(is_everybodys(each) for each in (asked, into or asked))


def replayed_following(id_: str, asked: Request, into: Request | None, *, by: Actor, at: datetime) -> Following | None:
    """What was followed once and is not any more, for whoever sends the command again; nothing where it is not theirs to see."""
    if by.id is None or not (is_in_sight(asked, into) and _is_near(asked, by)):
        return None
    return next((kept for each in (asked, into or asked) if (kept := following(each, by.id, at=at)).id == id_), None)


def as_followed(kept: Following, asked: Request, into: Request | None, *, at: datetime) -> FollowedMatter:
    """Out of sight it looks like what goes no further, whatever becomes of it: that it is somebody's own is not told either."""
    matter = into or asked
    if not is_in_sight(asked, into):
        ended = RequestState.WITHDRAWN
        return FollowedMatter(kept.id, kept.township, kept.request_id, kept.item_id, kept.since, ended, None, may_report_not_fixed=False)
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


def said_done(asked: Request, into: Request | None, *, at: datetime) -> Request:
    """As long as it is asked whether it helped, and 15 days after the end: as those may whose own went into it."""
    matter = into or asked
    if matter.state not in SAID_DONE or not is_in_sight(asked, into):
        raise refused(RefusalCode.WRONG_STATE, "refusal.not_said_done", "requestId")
    if _is_too_late(matter, at):
        raise refused(RefusalCode.TOO_LATE, "refusal.reopen_too_late", "requestId")
    return matter


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
