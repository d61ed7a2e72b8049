"""Tasks: every verb that a worker, a leader or the dispatcher has, and reading."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import cases
from domain.access import Actor, may_see_person
from domain.calendar import SHANGHAI
from domain.cases import Act, Case, Moment
from domain.errors import Message, RefusalCode, invalid, not_found, refused
from domain.further_owners import served_again
from domain.items import MatterScope, ServiceItem
from domain.organisation import Organisation
from domain.pages import Page, PageRequest
from domain.ports import Ports, TaskQuery
from domain.posts import Appointment, Role
from domain.proposals import proposed
from domain.routing import NO_LOADS, RULE_CLIMB, RULE_HAND, Avoided, Loads, Place, Service, shielded, who_serves
from domain.tasks import ContactKind, Outcome, ReturnReason, Task
from domain.texts import optional_text, required_text
from resolvers.acting import Acting, Done, acting
from resolvers.confirmations import checked
from resolvers.early_reports import with_early_reports

ASSIGNABLE = (
    Role.GRID_WORKER,
    Role.GRID_LEADER,
    Role.CENTRE_CLERK,
    Role.PROVIDER_WORKER,
    Role.VOLUNTEER,
    Role.HUB_HOST,
    Role.LINK_MEMBER,
    Role.SECRETARY,
    Role.DISPATCHER,
)
"""Posts that can be given a task, those nearest to the work first."""


@dataclass(frozen=True, slots=True)
class AssignTask:
    command_id: UUID
    task_id: str
    assignee_id: str
    note: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class AcknowledgeTask:
    command_id: UUID
    task_id: str
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class StartTask:
    command_id: UUID
    task_id: str
    contact: ContactKind | None = None
    reached: bool = True
    note: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReturnTask:
    command_id: UUID
    task_id: str
    reason: ReturnReason
    note: str
    proposed_owner_id: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecideReturn:
    command_id: UUID
    task_id: str
    approved: bool
    assignee_id: str | None = None
    reason: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class CompleteTask:
    command_id: UUID
    task_id: str
    outcome: Outcome
    note: str
    attachment_ids: Sequence[str] | None = None
    expected_version: int | None = None
    device_time: datetime | None = None
    confirmation_code: str | None = None


@dataclass(frozen=True, slots=True)
class VerifyTask:
    command_id: UUID
    task_id: str
    passed: bool
    reason: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


async def assign_task(sent: AssignTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Gives the task to a post holder of the leader's sub-tree, or of the dispatcher's township."""
    now = await acting("assignTask", sent, by=by, ports=ports)
    note = optional_text(sent.note, "note")

    def change(case: Case) -> Act:
        service = by_hand(sent.assignee_id, case.task(sent.task_id), case.avoided, now, by)
        return cases.assign(case, sent.task_id, service, now.moment(case), note=note, expected_version=sent.expected_version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def acknowledge_task(sent: AcknowledgeTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """The assignee has seen it and takes it."""
    now = await acting("acknowledgeTask", sent, by=by, ports=ports)

    def change(case: Case) -> Act:
        return cases.acknowledge(case, sent.task_id, now.moment(case), expected_version=sent.expected_version)

    done = await move(sent.task_id, change, now, by=by, ports=ports)
    return await with_early_reports(done, now, by=by, ports=ports)


async def start_task(sent: StartTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """The first contact with whoever asked, and work begins; a try that reached nobody is kept as one."""
    now = await acting("startTask", sent, by=by, ports=ports)
    note = optional_text(sent.note, "note")

    def change(case: Case) -> Act:
        return cases.start(
            case,
            sent.task_id,
            now.moment(case),
            contact=sent.contact,
            reached=sent.reached,
            tried_at=sent.device_time,
            note=note,
            expected_version=sent.expected_version,
        )

    done = await move(sent.task_id, change, now, by=by, ports=ports)
    return await with_early_reports(done, now, by=by, ports=ports)


async def return_task(sent: ReturnTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Not mine: off the worker's list and onto the desk, with a reason and perhaps a proposal."""
    now = await acting("returnTask", sent, by=by, ports=ports)
    note = required_text(sent.note, "note")

    def change(case: Case) -> Act:
        if sent.proposed_owner_id is not None and not _is_in_directory(sent.proposed_owner_id, now):
            raise not_found("proposedOwnerId")
        return cases.give_back(
            case,
            sent.task_id,
            now.moment(case),
            reason=sent.reason,
            note=note,
            proposed_owner_id=sent.proposed_owner_id,
            expected_version=sent.expected_version,
        )

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def decide_return(sent: DecideReturn, *, by: Actor, ports: Ports) -> Done[Task]:
    """The desk agrees (to a named person, or to whoever the router finds) or refuses with a reason."""
    now = await acting("decideReturn", sent, by=by, ports=ports)
    reason = optional_text(sent.reason, "reason") if sent.approved else required_text(sent.reason or "", "reason")
    items = await ports.catalogue.items()

    def change(case: Case) -> Act:
        moment, version = now.moment(case), sent.expected_version
        if not sent.approved:
            return cases.refuse_return(case, sent.task_id, moment, reason=reason or "", expected_version=version)
        task = case.task(sent.task_id)
        named = by_hand(sent.assignee_id, task, case.avoided, now, by) if sent.assignee_id is not None else None
        service = named or by_router(case, sent.task_id, items, now)
        return cases.approve_return(case, sent.task_id, service, moment, reason=reason, expected_version=version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def complete_task(sent: CompleteTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Done, with what came of it; somebody else checks it next, or whoever asked confirmed it with their own code."""
    now = await acting("completeTask", sent, by=by, ports=ports)
    note = required_text(sent.note, "note")
    if sent.attachment_ids:
        raise not_found("attachmentIds")
    items = await ports.catalogue.items()

    def change(case: Case) -> Act:
        item = items.get(case.item_id or "")
        if item is not None and item.photo_required:
            raise invalid("refusal.photo_wanted", "attachmentIds")
        return cases.complete(
            case,
            sent.task_id,
            now.moment(case),
            outcome=sent.outcome,
            note=note,
            is_confirmed=is_confirmed(case),
            expected_version=sent.expected_version,
        )

    async with checked(sent.confirmation_code, sent.task_id, now, ports, version=sent.expected_version) as is_confirmed:
        return await move(sent.task_id, change, now, by=by, ports=ports)


async def verify_task(sent: VerifyTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Checked by somebody who never worked on it; what does not pass goes back with a reason."""
    now = await acting("verifyTask", sent, by=by, ports=ports)
    reason = optional_text(sent.reason, "reason") if sent.passed else required_text(sent.reason or "", "reason")

    def change(case: Case) -> Act:
        return cases.verify(case, sent.task_id, now.moment(case), passed=sent.passed, reason=reason, expected_version=sent.expected_version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def tasks_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[Task]:
    return await ports.tasks.by_ids(ids, seen_by=by)


async def tasks_of_requests(township: str, request_ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[Task]:
    return await ports.tasks.of_requests(township, request_ids, seen_by=by)


async def tasks_of_work(township: str, root_ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[Task]:
    """Of work that nobody asked for, by the tasks that it began with."""
    return await ports.tasks.of_work(township, root_ids, seen_by=by)


async def tasks_page(query: TaskQuery, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Task]:
    return await ports.tasks.page(query, page, seen_by=by, at=ports.clock())


async def move(task_id: str, change: Callable[[Case], Act], now: Acting, *, by: Actor, ports: Ports) -> Done[Task]:
    """One act, kept whole; a replay reads the task under today's rights."""
    kept = await ports.tasks.update(task_id, change, seen_by=by, event_id=now.event_id, command=now.command)
    if isinstance(kept, Case):
        return Done(kept.task(task_id))
    found = await tasks_by_ids([kept.subject_id], by=by, ports=ports)
    if not found:
        raise not_found("taskId")
    return Done(found[0], is_replay=True)


def by_hand(assignee_id: str, task: Task, avoided: Avoided, now: Acting, by: Actor, *, colleagues: bool = False) -> Service:
    """The service of the person whom a leader or the dispatcher picked. Refuses whoever holds no post within their reach.

    `colleagues`: whoever picks need not lead; people of their own unit are within reach.
    """
    on = now.at.astimezone(SHANGHAI).date()
    organisation = now.organisation
    person = organisation.holders.get(assignee_id)
    posts = [post for post in organisation.posts_of(assignee_id, on) if post.role in ASSIGNABLE] if person else []
    if person is None or not posts or not may_see_person(by, person, at=now.at):
        raise not_found("assigneeId")
    # Whom it is about may be looked into by their own leader, where somebody above says so; a unit by nobody of its own.
    of_unit = Avoided(unit_id=avoided.unit_id)
    own = frozenset(post.unit_id for post in by.appointments) if colleagues else frozenset()
    within = [
        post
        for post in posts
        if (post.unit_id in own or _is_within_reach(post, organisation, by)) and not of_unit.covers(organisation, post.unit_id, on)
    ]
    if not within or assignee_id in task.hidden_from or assignee_id in avoided.persons(organisation, on):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.assignee_out_of_reach", "assigneeId")
    if organisation.absence_of(assignee_id, on) is not None:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.assignee_away", "assigneeId")
    own_unit = [post for post in within if post.unit_id == task.owner_id]
    post = min(own_unit or within, key=lambda candidate: ASSIGNABLE.index(candidate.role))
    unit = organisation.units[post.unit_id]
    because = (Message("routing.by_hand", {"unit": unit.name}),)
    return Service(unit, person, RULE_HAND, because, organisation.path(unit.id)[1:])


def _is_within_reach(post: Appointment, organisation: Organisation, by: Actor) -> bool:
    led = by.units_led(Role.GRID_LEADER, Role.SECRETARY, Role.DISPATCHER)
    return any(unit.id in led for unit in organisation.path(post.unit_id))


def by_router(case: Case, task_id: str, items: Mapping[str, ServiceItem], now: Acting | Moment, *, loads: Loads = NO_LOADS) -> Service:
    """The owner that was proposed, as far as the item's rule goes; else where the router would send it today, past whoever gave it back.

    What helps goes by its own rule, or waits with the unit that leads: the router would only find the lead.
    """
    request, on, task = case.request, now.at.astimezone(SHANGHAI).date(), case.task(task_id)
    item, organisation = items.get(case.item_id or ""), now.organisation
    scope = request.scope if request else item.default_scope if item else MatterScope.RESIDENCE
    place = request.place if request else Place(grid_id=task.grid_id)
    proposal = proposed(organisation, item, scope, task.proposed_owner_id, case.avoided, on=on) if item else None
    if task.parent_id:
        routed = served_again(organisation, item, scope, place, case.task(task.parent_id), task, on=on, avoided=case.avoided)
    elif item is None:
        return Service(organisation.root(), None, RULE_CLIMB, (Message("routing.nobody"),), ())
    else:
        routed = who_serves(organisation, item, scope, place, on=on, avoided=case.avoided, loads=loads)
    service = proposal or routed
    return shielded(service, organisation, case.avoided, on=on) if request and request.is_shielded else service


def _is_in_directory(id_: str, now: Acting) -> bool:
    """A unit, or somebody on the notice board."""
    return id_ in now.organisation.units or now.organisation.has_public_post(id_, now.at.astimezone(SHANGHAI).date())
