"""What is alike: what is known already before somebody asks, what is related to a request, and what is asked for again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.access import Actor
from domain.deadlines import DeadlineClass
from domain.errors import not_found
from domain.items import MatterScope
from domain.places import GeoPoint
from domain.ports import Ports
from domain.requests import Request
from domain.similar import ALIKE_WITHIN, Suggestions, matter_key, matter_of, suggestions
from resolvers.acting import Asking, signed_in
from resolvers.places import check_place_is_given, placed


@dataclass(frozen=True, slots=True)
class SimilarTo:
    """What somebody thinks of asking for: the item, and the place as `SubmitRequest` names it."""

    item_id: str
    scope: MatterScope | None = None
    household_id: str | None = None
    location: GeoPoint | None = None
    village_id: str | None = None
    on_behalf_of_id: str | None = None
    for_household: bool | None = None


async def similar_requests(wanted: SimilarTo, *, by: Actor, ports: Ports) -> Suggestions:
    """What is open of the same matter, without whose it is; refuses what asking for it would refuse.

    Where there is danger nothing is suggested: nobody is to think that somebody else has reported it.
    """
    person, organisation = signed_in(by)
    now = Asking(person, organisation, ports.clock())
    check_place_is_given(wanted, now, by)
    item = (await ports.catalogue.items()).get(wanted.item_id)
    if item is None:
        raise not_found("itemId")
    scope = wanted.scope or item.default_scope
    _, where = await placed(wanted, item, scope, now, by=by, ports=ports)
    home_id = where.household.id if where.household else None
    matter = matter_of(item.id, scope, where.place, home_id, is_shared=item.is_shared)
    if matter is None or item.is_shielded or item.deadline_class is DeadlineClass.DANGER:
        return Suggestions()
    since = now.at - ALIKE_WITHIN
    found = await ports.similar.open_ones(person.township, matter, since=since, is_shared=item.is_shared, seen_by=by)
    into = await ports.merges.into(person.township, sorted({id_ for request in found if (id_ := request.merged_into_id)}))
    return suggestions(found, {request.id: request for request in into}, by, now.at)


async def related_to(requests: Sequence[Request], *, by: Actor, ports: Ports) -> Mapping[str, Sequence[Request]]:
    """For each of these, by its id, what is alike and open to the reader, and nothing whose contents are closed to them."""
    at, found = ports.clock(), await ports.similar.around(requests, seen_by=by)
    return {id_: [other.seen_by(by, at) for other in near if not other.has_closed_contents_for(by, at)] for id_, near in found.items()}


async def with_earlier(request: Request, *, ports: Ports) -> Request:
    """A new request with the newest one that it repeats, if it does: a fact of the moment at which it came."""
    matter, at = matter_key(request), request.submitted_at
    if matter is None:
        return request
    return replace(request, repeats_id=await ports.similar.latest(request.township, matter, since=at - ALIKE_WITHIN, until=at))
