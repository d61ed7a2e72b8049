"""Filters that somebody at a desk keeps for themself."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access import UNIT_READERS, Actor
from domain.commands import Replayed
from domain.errors import RefusalCode, invalid, refused
from domain.filters import SavedFilter, SavedQueue, SavedRequestFilter, SavedTaskFilter
from domain.ids import Kind
from domain.ports import Ports
from resolvers.acting import Done, command_of, signed_in


@dataclass(frozen=True, slots=True)
class SaveFilter:
    """`text` are words that a list was searched for: they are not kept, and to be told so is better than to miss them."""

    command_id: UUID
    name: str
    queue: SavedQueue | None = None
    tasks: SavedTaskFilter | None = None
    requests: SavedRequestFilter | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveFilter:
    command_id: UUID
    filter_id: str


async def save_filter(sent: SaveFilter, *, by: Actor, ports: Ports) -> Done[Sequence[SavedFilter]]:
    """All filters of whoever saves; one that has the name already is written anew."""
    person, _ = signed_in(by)
    if sent.text is not None:
        raise invalid("refusal.filter_values", "requests")
    at = ports.clock()
    new = SavedFilter(ports.ids.new(Kind.FILTER, person.township, at), sent.name, at, sent.queue, sent.tasks, sent.requests).checked()
    if not by.units_led(*UNIT_READERS):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed")
    kept = await ports.filters.save(new, by=by, command=command_of("saveFilter", sent, person, at=at))
    return await _own(kept, by=by, ports=ports)


async def remove_filter(sent: RemoveFilter, *, by: Actor, ports: Ports) -> Done[Sequence[SavedFilter]]:
    """All filters that are left."""
    person, _ = signed_in(by)
    kept = await ports.filters.remove(sent.filter_id, by=by, command=command_of("removeFilter", sent, person, at=ports.clock()))
    return await _own(kept, by=by, ports=ports)


async def own_filters(*, by: Actor, ports: Ports) -> Sequence[SavedFilter]:
    return await ports.filters.own(seen_by=by)


async def _own(kept: Sequence[SavedFilter] | Replayed, *, by: Actor, ports: Ports) -> Done[Sequence[SavedFilter]]:
    if isinstance(kept, Replayed):
        return Done(await own_filters(by=by, ports=ports), is_replay=True)
    return Done(kept)
