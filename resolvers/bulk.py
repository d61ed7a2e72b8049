"""One act of the desk for many tasks: each is a command of its own, so that a refusal stops no other, and all is safe to repeat."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from domain import cases
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.cases import Act, Case
from domain.commands import CommandOutcome
from domain.desk_nudges import nudge_task
from domain.errors import Refusal, RefusalCode, invalid, refused
from domain.lifecycle import Verb
from domain.ports import Ports
from domain.routing import Loads
from domain.tasks import Task
from domain.texts import optional_text
from resolvers.acting import Acting, Done, acting, signed_in
from resolvers.batch import ended
from resolvers.tasks import AssignTask, assign_task, by_router, move

MOST_TASKS = 200
ASSIGNING = (Verb.ASSIGN, Verb.ASSIGN_AGAIN)


@dataclass(frozen=True, slots=True)
class BulkAssign:
    """To one person, or each to whoever the router finds. `expected_versions` go with `task_ids`, one each."""

    command_id: UUID
    task_ids: Sequence[str]
    assignee_id: str | None = None
    by_router: bool = False
    note: str | None = None
    expected_versions: Sequence[int] | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class BulkNudge:
    command_id: UUID
    task_ids: Sequence[str]
    note: str | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RouteTask:
    """One task of `BulkAssign`, to whoever the router finds."""

    command_id: UUID
    task_id: str
    note: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class NudgeTask:
    """One task of `BulkNudge`."""

    command_id: UUID
    task_id: str
    note: str | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class BulkItem:
    """How it ended for one task."""

    task_id: str
    outcome: CommandOutcome
    refusal: Refusal | None
    subject: Task | None


async def bulk_assign(sent: BulkAssign, *, by: Actor, ports: Ports) -> Done[Sequence[BulkItem]]:
    """Answers for each task in the order sent."""
    signed_in(by)
    _check_size(sent.task_ids)
    versions = sent.expected_versions
    if versions is not None and len(versions) != len(sent.task_ids):
        raise invalid("refusal.versions_wanted", "expectedVersions")
    if (sent.assignee_id is None) is not sent.by_router:
        raise invalid("refusal.one_assignee", "assigneeId")
    optional_text(sent.note, "note")
    loads = await _loads(by, ports) if sent.by_router else {}

    def of_one(number: int, task_id: str) -> Awaitable[Done[Task]]:
        command_id, version = uuid5(sent.command_id, task_id), versions[number] if versions else None
        if sent.assignee_id is None:
            return _route_task(RouteTask(command_id, task_id, sent.note, version, sent.device_time), loads, by=by, ports=ports)
        given = AssignTask(command_id, task_id, sent.assignee_id, sent.note, version, sent.device_time)
        return assign_task(given, by=by, ports=ports)

    return await _one_by_one(sent.task_ids, of_one)


async def bulk_nudge(sent: BulkNudge, *, by: Actor, ports: Ports) -> Done[Sequence[BulkItem]]:
    """Answers for each task in the order sent."""
    signed_in(by)
    _check_size(sent.task_ids)
    optional_text(sent.note, "note")

    def of_one(_: int, task_id: str) -> Awaitable[Done[Task]]:
        return _nudge_task(NudgeTask(uuid5(sent.command_id, task_id), task_id, sent.note, sent.device_time), by=by, ports=ports)

    return await _one_by_one(sent.task_ids, of_one)


def _check_size(task_ids: Sequence[str]) -> None:
    if len(task_ids) > MOST_TASKS:
        raise invalid("refusal.too_many_tasks", "taskIds", most=MOST_TASKS)


async def _one_by_one(task_ids: Sequence[str], of_one: Callable[[int, str], Awaitable[Done[Task]]]) -> Done[Sequence[BulkItem]]:
    """Tasks of one request change it in turn; a task that is named twice is done once."""
    items = []
    for number, task_id in enumerate(task_ids):
        end = await ended(of_one(number, task_id))
        items.append(BulkItem(task_id, end.outcome, end.refusal, end.subject))
    return Done(items)


async def _loads(by: Actor, ports: Ports) -> dict[str, int]:
    """How much everybody with a post has to do, once for the whole call."""
    person, organisation = signed_in(by)
    on = ports.clock().astimezone(SHANGHAI).date()
    held = {post.person_id for post in organisation.appointments.values() if post.is_live(on)}
    return dict(await ports.tasks.to_do(person.township, held))


async def _route_task(sent: RouteTask, loads: dict[str, int], *, by: Actor, ports: Ports) -> Done[Task]:
    """To whoever serves the matter today; refused where nobody is free. `loads` grow with it."""
    now = await acting("routeTask", sent, by=by, ports=ports)
    note, items = optional_text(sent.note, "note"), await ports.catalogue.items()

    def change(case: Case) -> Act:
        service = by_router(case, sent.task_id, items, now, loads=Loads(loads, ports.load_limit))
        if service.person is None:
            task = cases.permitted(case, sent.task_id, now.moment(case), *ASSIGNING, expected_version=sent.expected_version)
            raise refused(RefusalCode.WRONG_STATE, "refusal.nobody_free", "taskId", current=task)
        return cases.assign(case, sent.task_id, service, now.moment(case), note=note, expected_version=sent.expected_version)

    done = await move(sent.task_id, change, now, by=by, ports=ports)
    if not done.is_replay and done.subject.assignee_id:
        loads[done.subject.assignee_id] = loads.get(done.subject.assignee_id, 0) + 1
    return done


async def _nudge_task(sent: NudgeTask, *, by: Actor, ports: Ports) -> Done[Task]:
    now: Acting = await acting("nudgeTask", sent, by=by, ports=ports)
    note = optional_text(sent.note, "note")

    def change(case: Case) -> Act:
        return nudge_task(case, sent.task_id, now.moment(case), note=note)

    return await move(sent.task_id, change, now, by=by, ports=ports)
