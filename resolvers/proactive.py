"""Raising work that nobody asked for, and reading its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import proactive
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.cases import Case, Moment
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.ids import Kind
from domain.items import ServiceItem
from domain.places import GeoPoint
from domain.ports import Ports
from domain.requests import Words
from domain.routing import Loads, Place, Service, candidates, who_serves
from domain.tasks import Task
from domain.texts import optional_text, required_text
from resolvers.acting import Acting, Done, acting
from resolvers.tasks import tasks_by_ids


@dataclass(frozen=True, slots=True)
class CreateTask:
    command_id: UUID
    item_id: str
    text: str
    grid_id: str | None = None
    location: GeoPoint | None = None
    address: str | None = None
    device_time: datetime | None = None


async def create_task(sent: CreateTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Work in a grid of whoever raises it, routed as a request is."""
    now = await acting("createTask", sent, by=by, ports=ports)
    text, address = required_text(sent.text, "text"), optional_text(sent.address, "address")
    item = (await ports.catalogue.items()).get(sent.item_id)
    if item is None:
        raise not_found("itemId")
    grid_id = _grid_id(sent, now)
    proactive.permit(by, grid_id)
    task_id = ports.ids.new(Kind.TASK, now.person.township, now.at)
    service = await _service(item, grid_id, now, ports)
    moment = Moment(now.at, by, await ports.calendars.current(), now.organisation, item.deadline_class)
    act = proactive.raised(task_id, item, grid_id, service, moment)
    words = Words(task_id, None, address, sent.location, said={task_id: text})
    kept = await ports.tasks.add(act, words, now.event_id, now.command)
    if isinstance(kept, Case):
        return Done(kept.tasks[0])
    found = await tasks_by_ids([kept.subject_id], by=by, ports=ports)
    if not found:
        raise not_found("commandId")
    return Done(found[0], is_replay=True)


def _grid_id(sent: CreateTask, now: Acting) -> str:
    """The grid that was named, or the one around the point."""
    if sent.location is not None and not sent.location.is_on_earth:
        raise invalid("refusal.point_nowhere", "location")
    if sent.grid_id is None and sent.location is None:
        raise invalid("refusal.grid_or_point", "gridId")
    on = now.at.astimezone(SHANGHAI).date()
    if sent.grid_id is not None:
        grid = now.organisation.grids.get(sent.grid_id)
        if grid is None or not grid.is_valid(on):
            raise not_found("gridId")
        return grid.id
    around = now.organisation.grid_at(sent.location, on) if sent.location else None
    if around is None:
        raise refused(RefusalCode.OUTSIDE_AREA, "refusal.outside_area", "location")
    return around.id


async def _service(item: ServiceItem, grid_id: str, now: Acting, ports: Ports) -> Service:
    on, place = now.at.astimezone(SHANGHAI).date(), Place(grid_id=grid_id)
    asked = candidates(now.organisation, item, item.default_scope, place, on=on)
    loads = Loads(await ports.tasks.to_do(now.person.township, asked), ports.load_limit)
    return who_serves(now.organisation, item, item.default_scope, place, on=on, loads=loads)


async def words_of_work(tasks: Sequence[Task], *, by: Actor, ports: Ports) -> Mapping[str, Words]:
    """The words about tasks that nobody asked for, by their ids; none once they are closed to the reader. `tasks` were read for `by`."""
    at = ports.clock()
    roots = {task.id: task.root_id for task in tasks if task.root_id and not proactive.is_closed_to(task, by, at)}
    townships = {task.township for task in tasks}
    found = {words.request_id: words for township in townships for words in await ports.requests.words(township, sorted({*roots.values()}))}
    return {task_id: found[root_id] for task_id, root_id in roots.items() if root_id in found}
