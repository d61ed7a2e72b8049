"""The history of what one may see; each reader's view leaves out what is not for them."""

from collections.abc import Sequence
from dataclasses import replace

from domain.access import Actor
from domain.events import BY_ASKERS, WORDS_FOR_ASKERS, Event
from domain.pages import Page, PageRequest
from domain.ports import Ports
from domain.requests import Request
from domain.tasks import Task


async def history_of_request(request: Request, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Event]:
    """Newest first, its tasks' acts included. `request` was read for `by`."""
    events = await ports.history.of_request(request, page)
    return replace(
        events, rows=_for_reader(events.rows, is_asker=by.is_only_asker(request.askers, request.scopes), is_shielded=request.is_shielded)
    )


async def history_of_task(task: Task, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Event]:
    """Newest first. `task` was read for `by`."""
    events = await ports.history.of_task(task, page)
    found = await ports.requests.by_ids([task.request_id], seen_by=by) if task.request_id else []
    is_shielded = task.request_id is not None and (not found or found[0].is_shielded)
    return replace(events, rows=_for_reader(events.rows, is_asker=by.is_only_asker(task.askers, task.scopes), is_shielded=is_shielded))


def _for_reader(events: Sequence[Event], *, is_asker: bool, is_shielded: bool) -> Sequence[Event]:
    """Whoever asked does not read what colleagues wrote to each other; where it is shielded, nobody else reads who asked."""
    if is_asker:
        return [event if event.kind in WORDS_FOR_ASKERS else replace(event, reason=None) for event in events]
    if not is_shielded:
        return events
    return [replace(event, actor_id=None if event.kind in BY_ASKERS else event.actor_id, acting_for_id=None) for event in events]
