"""Tasks: what workers do."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import tasks
from domain.approvals import SuspendCause
from domain.lifecycle import TaskAction
from domain.people import Person
from domain.ports import TaskQuery
from domain.tasks import ContactKind, Outcome, ReturnReason, TaskState
from resolvers import tasks as deeds
from resolvers.history import history_of_task
from schema.callouts import CallOut, call_outs_of
from schema.campaigns import campaign_of
from schema.context import Info
from schema.graph import WANTED, CampaignT, GridT, Node, OrgUnitT, PersonT, RequestT, TaskT, described, edge, several, shows
from schema.late_reports import TaskReports
from schema.organisation import GeoPoint, ServiceItem
from schema.pages import After, Before, EventConnection, EventEdge, First, Last, connection, wanted_page
from schema.pauses import TaskDeferral, TaskExtension, deferral_of, extension_of
from schema.proactive import address_of, item_of, location_of, raised_by, text_of
from schema.refusal import payload, result
from schema.supervision import actions_of


async def _request(root: Parent[tasks.Task], info: Info) -> Any:
    return await info.context.loaders.request.load(root.request_id) if root.request_id else None


async def _parent(root: Parent[tasks.Task], info: Info) -> Any:
    return await info.context.loaders.task.load(root.parent_id) if root.parent_id else None


async def _assists(root: Parent[tasks.Task], info: Info) -> Any:
    loaders = info.context.loaders
    if root.request_id is None:
        siblings = await loaders.tasks_of_work.load((root.township, root.root_id)) if root.root_id else []
    else:
        siblings = await loaders.tasks_of_request.load((root.township, root.request_id))
    return [task for task in siblings or [] if task.parent_id == root.id]


async def _assignee(root: Parent[tasks.Task], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.assignee_id)) if root.assignee_id else None


async def _proposed_owner(root: Parent[tasks.Task], info: Info) -> Any:
    if root.proposed_owner_id is None or info.context.actor.is_only_asker(root.askers, root.scopes):
        return None
    return await info.context.loaders.node.load(root.proposed_owner_id)


async def _owner(root: Parent[tasks.Task], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units[root.owner_id]


async def _grid(root: Parent[tasks.Task], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).grids.get(root.grid_id or "")


def _supervised(root: Parent[tasks.Task]) -> bool:
    return root.is_supervised


def _overdue(root: Parent[tasks.Task], info: Info) -> bool:
    return root.is_overdue(info.context.at)


def _routed_because(root: Parent[tasks.Task], info: Info) -> list[str]:
    return [info.context.say(message) for message in root.routed_because]


async def _history(
    root: Parent[tasks.Task], info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None
) -> Any:
    page = wanted_page(first, after, last, before)
    events = await history_of_task(root, page, by=info.context.actor, ports=info.context.ports)
    return connection(EventEdge, EventConnection, events)


@shows(tasks.Task, "A piece of work, owned by exactly one unit at a time (工单).")
class Task(TaskReports, Node):
    state: TaskState = described("Where it stands (状态).")
    title: str = described("What it is about: the item's name, never the resident's words (标题).")
    request: Any = edge(_request, RequestT | None, "The request it works on (诉求).")
    parent: Any = edge(_parent, TaskT | None, "The task that called it in to help (主办工单).")
    assists: Any = edge(_assists, list[TaskT], "Tasks that help (协办工单).")
    call_outs: Any = edge(call_outs_of, list[CallOut], "Departments that were called out to it (吹哨).")
    is_required: bool = described("Whether what it helps with cannot be completed without it (是否必需).")
    open_assists: int = described("How many required assists it waits for (未完成协办数).")
    text: Any = edge(
        text_of, str | None, "What is to be done, in the words of whoever raised it or called it in; nothing once erased (任务说明)."
    )
    item: Any = edge(item_of, ServiceItem | None, "What it is about, where nobody asked for it; else on the request (服务事项).")
    address: Any = edge(address_of, str | None, "Where, in words, where nobody asked for it; else on the request (地址说明).")
    location: Any = edge(location_of, GeoPoint | None, "Where, as a point, where nobody asked for it; else on the request (位置).")
    raised_by: Any = edge(raised_by, PersonT | None, "Who saw that there is something to do, before anyone asked (发现人).")
    campaign: Any = edge(campaign_of, CampaignT | None, "Which campaign it is part of (专项行动).")
    assignee: Any = edge(_assignee, PersonT | None, "Who has it (承办人).")
    owner: Any = edge(_owner, OrgUnitT, "The accountable unit (责任组织).")
    proposed_owner: Any = edge(_proposed_owner, Node | None, "Whose it is instead, as the returner thinks (建议承办).")
    grid: Any = edge(_grid, GridT | None, "The grid it lies in (网格).")
    due_at: datetime | None = described("When the leg is due (办理时限).")
    due_provisional: bool = described("Whether a calendar that is not published yet may move it (时限待定).")
    acknowledge_by: datetime | None = described("When it must be acknowledged (签收时限).")
    contact_by: datetime | None = described("When the resident must be contacted (联系时限).")
    extension: Any = edge(extension_of, TaskExtension | None, "More time that is asked for; the old due time stands (待批延期).")
    extended_by: int = described("By how many working days it was extended in all (已延期工作日).")
    suspended_because: SuspendCause | None = described("Why it stands still, while it is suspended (挂起原因).")
    resume_at: datetime | None = described("When it goes on by itself, while it is suspended (挂起至).")
    deferral: Any = edge(deferral_of, TaskDeferral | None, "A place on the long ledger that is asked for (待批挂账).")
    review_on: date | None = described("When it is looked at again, while it is deferred (复查日期).")
    objected_at: datetime | None = described("When the resident objected to its last deferral (居民提出异议时间).")
    overdue: Any = edge(
        _overdue, bool, "Whether the leg was missed, never while it is provisional; the promise is on the request (是否逾期)."
    )
    supervised: Any = edge(_supervised, bool, "Whether it is under formal follow-up, one level up (督办).")
    is_message: bool = described("Whether somebody is to answer what was said after the request's end (是否留言答复).")
    outcome: Outcome | None = described("What came of it (办理结果).")
    rule: str = described("Number of the routing rule that decided, or `hand` (规则编号).")
    routed_because: Any = edge(_routed_because, list[str], "Why it came here (派单理由).")
    actions: Any = edge(actions_of, list[TaskAction], "What you may do with it now (可用操作).")
    history: Any = edge(_history, EventConnection, "What happened to it, newest first (办理历史).")
    created_at: datetime = described("When it was made (创建时间).")
    updated_at: datetime = described("When it last changed (更新时间).")
    version: int = described("Grows by one with every change (版本).")


@strawberry.input(description="Narrows a list of tasks; all given parts hold (工单筛选).")
class TaskFilter:
    states: list[TaskState] | None = strawberry.field(default=None, description="In one of these states (状态).")
    assignee_id: strawberry.ID | None = strawberry.field(default=None, description="Assigned to this person (承办人).")
    unit_id: strawberry.ID | None = strawberry.field(default=None, description="In the sub-tree of this unit (组织).")
    grid_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="In these grids (网格).")
    overdue: bool | None = strawberry.field(
        default=None, description="True: only missed legs, the longest missed first; false: only others (是否逾期)."
    )
    unrouted: bool | None = strawberry.field(
        default=None, description="True: only what nobody has; false: only what somebody has (未派单)."
    )
    due_before: datetime | None = strawberry.field(
        default=None, description="Not met and due before, soonest first; with `overdue` false, from now on (时限早于)."
    )


ROUTED = frozenset(TaskState) - {TaskState.QUEUED}


def task_query(filter: TaskFilter | None, *, mine: str | None = None, default_states: frozenset[TaskState] | None = None) -> TaskQuery:
    """`mine` narrows to one assignee, whatever else the filter asks for."""
    given = filter or TaskFilter()
    states = set(given.states) if given.states is not None else set(default_states) if default_states else None
    if given.unrouted is not None:
        wanted = {TaskState.QUEUED} if given.unrouted else set(ROUTED)
        states = wanted if states is None else states & wanted
    return TaskQuery(
        states=None if states is None else tuple(state for state in TaskState if state in states),
        assignee_id=mine if mine and given.assignee_id in {None, mine} else given.assignee_id,
        grid_ids=several(given.grid_ids),
        unit_id=given.unit_id,
        overdue=given.overdue,
        due_before=given.due_before,
    )


_COMMAND = "Made by the client; the same again is the same command (指令标识)."
_VERSION = "Refuse with CONFLICT where the task is another version (预期版本)."
_DEVICE = "When, by the phone's clock; never a reason to refuse (设备时间)."


@strawberry.input(description="Gives a task to somebody (派单／转派).")
class AssignTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    assignee_id: strawberry.ID = strawberry.field(description="To whom (承办人).")
    note: str | None = strawberry.field(default=None, description="A word to colleagues (备注).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.AssignTask:
        return deeds.AssignTask(self.command_id, self.task_id, self.assignee_id, self.note, self.expected_version, self.device_time)


@strawberry.input(description="Takes a task (签收).")
class AcknowledgeTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.AcknowledgeTask:
        return deeds.AcknowledgeTask(self.command_id, self.task_id, self.expected_version, self.device_time)


@strawberry.input(description="Logs the first contact and begins (开始办理).")
class StartTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    contact: ContactKind | None = strawberry.field(default=None, description="How; wanted where somebody asked for it (联系方式).")
    reached: bool | None = strawberry.field(
        default=True, description="Whether the resident was reached; the third try at a different time begins the work anyhow (是否联系上)."
    )
    note: str | None = strawberry.field(default=None, description="What was said (备注).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.StartTask:
        reached = True if self.reached is None else self.reached
        return deeds.StartTask(self.command_id, self.task_id, self.contact, reached, self.note, self.expected_version, self.device_time)


@strawberry.input(description="Sends a task back as not mine (退单).")
class ReturnTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    reason: ReturnReason = strawberry.field(description="Why (退单原因).")
    note: str = strawberry.field(description="Why, in words (说明).")
    proposed_owner_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose it is instead: a unit or a person (建议承办)."
    )
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.ReturnTask:
        return deeds.ReturnTask(
            self.command_id, self.task_id, self.reason, self.note, self.proposed_owner_id, self.expected_version, self.device_time
        )


@strawberry.input(description="The desk's decision on a return (退单审核).")
class DecideReturnInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    approved: bool = strawberry.field(description="Whether the return is right (是否同意).")
    assignee_id: strawberry.ID | None = strawberry.field(default=None, description="Who gets it instead; else the router picks (新承办人).")
    reason: str | None = strawberry.field(default=None, description="Why; wanted for a refusal (理由).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.DecideReturn:
        return deeds.DecideReturn(
            self.command_id, self.task_id, self.approved, self.assignee_id, self.reason, self.expected_version, self.device_time
        )


@strawberry.input(description="Says that a task is done (办结).")
class CompleteTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    outcome: Outcome = strawberry.field(description="What came of it (办理结果).")
    note: str = strawberry.field(description="What was done, 1 to 2,000 characters (办理说明).")
    attachment_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Evidence, where the item wants it (附件).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)
    confirmation_code: str | None = strawberry.field(default=None, description="The resident's own code: confirmed on the spot (确认码).")

    def to_domain(self) -> deeds.CompleteTask:
        files, version, code = several(self.attachment_ids), self.expected_version, self.confirmation_code
        return deeds.CompleteTask(self.command_id, self.task_id, self.outcome, self.note, files, version, self.device_time, code)


@strawberry.input(description="Checks what somebody else did (核查).")
class VerifyTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    passed: bool = strawberry.field(description="Whether it is done right (是否通过).")
    reason: str | None = strawberry.field(default=None, description="Why; wanted where it did not pass (理由).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.VerifyTask:
        return deeds.VerifyTask(self.command_id, self.task_id, self.passed, self.reason, self.expected_version, self.device_time)


def _task_payload(verb: str) -> Any:
    return payload(verb, "task", TaskT, "The task as it is now (工单).")


AssignTaskResult = result("AssignTask", _task_payload("AssignTask"))
AcknowledgeTaskResult = result("AcknowledgeTask", _task_payload("AcknowledgeTask"))
StartTaskResult = result("StartTask", _task_payload("StartTask"))
ReturnTaskResult = result("ReturnTask", _task_payload("ReturnTask"))
DecideReturnResult = result("DecideReturn", _task_payload("DecideReturn"))
CompleteTaskResult = result("CompleteTask", _task_payload("CompleteTask"))
VerifyTaskResult = result("VerifyTask", _task_payload("VerifyTask"))


async def assign_task(input: Annotated[AssignTaskInput, WANTED], info: Info) -> Any:
    return await deeds.assign_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def acknowledge_task(input: Annotated[AcknowledgeTaskInput, WANTED], info: Info) -> Any:
    return await deeds.acknowledge_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def start_task(input: Annotated[StartTaskInput, WANTED], info: Info) -> Any:
    return await deeds.start_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def return_task(input: Annotated[ReturnTaskInput, WANTED], info: Info) -> Any:
    return await deeds.return_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def decide_return(input: Annotated[DecideReturnInput, WANTED], info: Info) -> Any:
    return await deeds.decide_return(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def complete_task(input: Annotated[CompleteTaskInput, WANTED], info: Info) -> Any:
    return await deeds.complete_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def verify_task(input: Annotated[VerifyTaskInput, WANTED], info: Info) -> Any:
    return await deeds.verify_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)
