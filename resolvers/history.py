"""The history of what one may see; each reader's view leaves out what is not for them."""

from collections.abc import Sequence
from dataclasses import replace

from domain.access import Actor
from domain.events import BY_ASKERS, OF_MERGES, OF_OTHERS, WORDS_FOR_ASKERS, Event, EventKind
from domain.pages import Page, PageRequest
from domain.ports import Ports
from domain.proactive import is_closed_to
from domain.requests import Request
from domain.tasks import Task


async def history_of_request(request: Request, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Event]:
    """Newest first, its tasks' acts included. `request` was read for `by`."""
    without = OF_MERGES if request.as_asker(by) in request.askers else frozenset[EventKind]()
    events = _without_others(await ports.history.of_request(request, page, without=without))
    if by.is_only_asker(request.askers, request.scopes):
        return replace(events, rows=_for_asker(events.rows))
    return replace(events, rows=_within(events.rows, request, by, ports))


async def history_of_task(task: Task, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Event]:
    """Newest first. `task` was read for `by`."""
    events = _without_others(await ports.history.of_task(task, page))
    found = await ports.requests.by_ids([task.request_id], seen_by=by) if task.request_id else []
    if by.is_only_asker(task.askers, task.scopes):
        return replace(events, rows=_for_asker(events.rows))
    if task.request_id is None:  # nobody asked for it, or whoever did has taken it back
        is_closed = is_closed_to(task, by, ports.clock())
        shown = [replace(event, reason=None) for event in events.rows] if is_closed else events.rows
        return replace(events, rows=_without_askers(shown))
    return replace(events, rows=_within(events.rows, found[0], by, ports) if found else _without_askers(events.rows))


def _without_others(events: Page[Event]) -> Page[Event]:
    rows = [replace(event, actor_id=None, acting_for_id=None) if event.kind in OF_OTHERS else event for event in events.rows]
    return replace(events, rows=rows)


def _within(events: Sequence[Event], request: Request, by: Actor, ports: Ports) -> Sequence[Event]:
    """Where the matter is shielded nobody else reads who asked, nor does outside help; no words once its contents are closed."""
    if request.has_closed_contents_for(by, ports.clock()):
        events = [replace(event, reason=None) for event in events]
    if request.is_shielded or request.hides_name_from(by):
        return _without_askers(events)
    return events


def _for_asker(events: Sequence[Event]) -> Sequence[Event]:
    """Whoever asked does not read what colleagues wrote to each other."""
    return [event if event.kind in WORDS_FOR_ASKERS else replace(event, reason=None) for event in events]


def _without_askers(events: Sequence[Event]) -> Sequence[Event]:
    return [replace(event, actor_id=None if event.kind in BY_ASKERS else event.actor_id, acting_for_id=None) for event in events]
