"""Likeness (相似诉求): what is of the same item at the same place. It is shown; whether it is the same thing, somebody says (`duplicates`).

The key of a matter is its item with the building, grid or village where it is everybody's, and with the home where it is somebody's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.ids import key_of
from domain.items import MatterScope
from domain.requests import NOT_COUNTED, OPEN, Request, RequestState
from domain.routing import Place

ALIKE_WITHIN = timedelta(days=30)
MOST_SUGGESTED = 5
MOST_RELATED = 20
MOST_LOOKED_AT = 20
"""Of what is open, so many of the newest: many of them may go on in one."""

COUNTED = frozenset(RequestState) - NOT_COUNTED
SUGGESTED = OPEN | {RequestState.MERGED}
"""What is open, and what goes on in something else that may be."""


@dataclass(frozen=True, slots=True)
class SimilarRequest:
    """What is known already, before somebody asks for it too: `known` is never shown as it is, only how it stands.

    `opened` is what the reader sees anyway: the same, or their own that goes on in it. `is_mine` where the reader asked for either.
    """

    known: Request
    opened: Request | None
    is_mine: bool

    @property
    def id(self) -> str:
        return self.known.id

    @property
    def state(self) -> RequestState:
        return self.known.state

    @property
    def submitted_on(self) -> date:
        """The day, Shanghai time: the minute would tell who was at home."""
        return self.known.submitted_at.astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class Suggestions:
    """At most five, newest first; none is no sign that nobody asked."""

    found: tuple[SimilarRequest, ...] = ()


class SimilarRequests(Protocol):
    """Reads by the key of a matter. Shielded requests, and those about somebody, have none and are never found."""

    async def latest(self, township: str, matter: str, *, since: datetime, until: datetime) -> str | None:
        """The id of the newest one that counts and came in that time, whosever it is: for figures, not to be shown."""
        ...

    async def open_ones(self, township: str, matter: str, *, since: datetime, is_shared: bool, seen_by: Actor) -> Sequence[Request]:
        """The newest that are open or merged: all where the matter `is_shared`, else those that the reader sees; none hidden from them."""
        ...

    async def around(self, requests: Sequence[Request], *, seen_by: Actor) -> Mapping[str, Sequence[Request]]:
        """For each of these, by its id, at most twenty others of the same key within thirty days that the reader sees, newest first."""
        ...


def matter_of(item_id: str, scope: MatterScope, place: Place, household_id: str | None, *, is_shared: bool) -> str | None:
    """The key of a matter; nothing where its place is not known well enough to call anything the same."""
    where = _everybodys(scope, place) if is_shared else household_id
    return f"{key_of(item_id)} {key_of(where)}" if where else None


def is_everybodys(request: Request) -> bool:
    """Whether it may be told of to others who live there: shared, not shielded, and about nobody."""
    return request.is_shared and not request.is_shielded and request.about_person_id is None and request.about_unit_id is None


def matter_key(request: Request) -> str | None:
    """A shielded request has none: that there is one would be told by it."""
    if request.is_shielded or request.about_person_id or request.about_unit_id:
        return None
    return matter_of(request.item_id, request.scope, request.place, request.household_id, is_shared=request.is_shared)


def _everybodys(scope: MatterScope, place: Place) -> str | None:
    """The smallest place known; of a matter of the village left, that village, whichever building its people live in now."""
    near = (place.micro_grid_id, place.grid_id)
    places = (place.village_id, *near) if scope is MatterScope.ORIGIN_VILLAGE else (*near, place.village_id)
    return next((id_ for id_ in places if id_), None)


def is_alike(request: Request, other: Request) -> bool:
    """Whether it is another one of the same key, not more than thirty days apart."""
    matter = matter_key(request)
    is_same = matter is not None and matter_key(other) == matter and other.id != request.id
    return is_same and abs(other.submitted_at - request.submitted_at) <= ALIKE_WITHIN


def suggestions(found: Iterable[Request], into: Mapping[str, Request], reader: Actor, at: datetime) -> Suggestions:
    """What was `found`, each as what it goes on in, once: `into` are the requests in which merged ones go on, by their ids.

    Where somebody else's goes on in what is not everybody's, nothing is told of it.
    """
    told: dict[str, SimilarRequest] = {}
    for request in found:
        target = into.get(request.merged_into_id or "", request)
        is_told = is_everybodys(target) or _opens(reader, target)
        if target.state in OPEN and (is_told or _opens(reader, request)):
            similar = _similar(target if is_told else request, request, reader, at)
            if similar.id not in told or similar.is_mine > told[similar.id].is_mine:
                told[similar.id] = similar
    newest_first = sorted(told.values(), key=lambda similar: similar.id, reverse=True)
    return Suggestions(tuple(newest_first[:MOST_SUGGESTED]))


def _similar(known: Request, request: Request, reader: Actor, at: datetime) -> SimilarRequest:
    own = [each for each in (known, request) if each.as_asker(reader) in each.askers]
    seen = next((each.seen_by(reader, at) for each in (*own, known, request) if _opens(reader, each)), None)
    return SimilarRequest(known, seen, is_mine=bool(own))


def _opens(reader: Actor, request: Request) -> bool:
    return reader.may_open(request.scopes) and reader.id not in request.hidden_from
