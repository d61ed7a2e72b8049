"""More time and standing still: asking, deciding, suspending, deferring, and the resident's objection."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import tasks
from domain.approvals import SuspendCause
from domain.events import EventKind
from domain.pages import PageRequest
from resolvers import extensions as more_time
from resolvers import pauses as deeds
from resolvers.history import history_of_task
from schema.context import Info
from schema.enumeration import described as enumerated
from schema.graph import WANTED, RequestT, TaskT, deed
from schema.refusal import payload, result

enumerated(
    SuspendCause,
    "Why a task stands still for a while (挂起原因).",
    {
        "ASKED_FOR_LATER": "The resident asked for a later time (居民要求改期).",
        "PAPERS_AWAITED": "Papers are still to come (等待材料).",
        "WEATHER": "The weather (天气原因).",
        "SEASON": "Not before its season (季节原因).",
        "PART_ON_ORDER": "A part is on order (等待配件).",
    },
)

RECENT = 20
"""Acts looked through for the words with which something was asked for."""


@strawberry.type(description="More time that is asked for and not decided on yet (待批延期).")
class TaskExtension:
    until: datetime = strawberry.field(description="When the leg would be due (申请延至).")
    working_days: int = strawberry.field(description="By how many working days (延长工作日).")
    asked_at: datetime = strawberry.field(description="Since when (申请时间).")
    reason: str | None = strawberry.field(description="Why, in the words of whoever asked, where they are for the reader (理由).")


@strawberry.type(description="A place on the long ledger that is asked for and not decided on yet (待批挂账).")
class TaskDeferral:
    review_on: date = strawberry.field(description="When it would be looked at again (复查日期).")
    asked_at: datetime = strawberry.field(description="Since when (申请时间).")
    reason: str | None = strawberry.field(description="Why, and what is planned, where that is for the reader (理由和计划).")


async def extension_of(root: Parent[tasks.Task], info: Info) -> TaskExtension | None:
    wish = root.extension
    if wish is None or info.context.actor.is_only_asker(root.askers, root.scopes):
        return None
    reason = await _words_of(root, EventKind.EXTENSION_REQUESTED, info)
    return TaskExtension(until=wish.until, working_days=wish.working_days, asked_at=wish.asked_at, reason=reason)


async def deferral_of(root: Parent[tasks.Task], info: Info) -> TaskDeferral | None:
    wish = root.deferral
    if wish is None or info.context.actor.is_only_asker(root.askers, root.scopes):
        return None
    return TaskDeferral(review_on=wish.review_on, asked_at=wish.asked_at, reason=await _words_of(root, EventKind.DEFERRAL_ASKED, info))


async def _words_of(task: tasks.Task, kind: EventKind, info: Info) -> str | None:
    """The words of the newest act of that kind, as the reader's history shows them."""
    events = await history_of_task(task, PageRequest(RECENT), by=info.context.actor, ports=info.context.ports)
    return next((event.reason for event in events.rows if event.kind is kind), None)


_COMMAND = "Made by the client; the same again is the same command (指令标识)."
_VERSION = "Refuse with CONFLICT where the task is another version (预期版本)."
_DEVICE = "When, by the phone's clock; never a reason to refuse (设备时间)."
_TASK = "Which task (工单)."


@strawberry.input(description="Asks for more time, before the leg is due (申请延期).")
class RequestExtensionInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description=_TASK)
    reason: str = strawberry.field(description="Why, for whoever decides (理由).")
    working_days: int | None = strawberry.field(default=None, description="By how many working days; or give `until` (延长工作日).")
    until: date | None = strawberry.field(
        default=None, description="Until the office closes on this day, or on the next working day; or give `workingDays` (延至)."
    )
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> more_time.RequestExtension:
        return more_time.RequestExtension(
            self.command_id, self.task_id, self.reason, self.working_days, self.until, self.expected_version, self.device_time
        )


@strawberry.input(description="Grants more time, or not (延期审批).")
class DecideExtensionInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description=_TASK)
    approved: bool = strawberry.field(description="Whether it is granted (是否同意).")
    reason: str = strawberry.field(description="Why: where it is granted the resident reads it (理由).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> more_time.DecideExtension:
        return more_time.DecideExtension(self.command_id, self.task_id, self.approved, self.reason, self.expected_version, self.device_time)


@strawberry.input(description="Lets a task stand still for a while (挂起).")
class SuspendTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description=_TASK)
    cause: SuspendCause = strawberry.field(description="Why (挂起原因).")
    until: datetime = strawberry.field(description="When it goes on by itself; ten working days in all over its life (挂起至).")
    reason: str | None = strawberry.field(default=None, description="In words, for the resident too (说明).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.SuspendTask:
        return deeds.SuspendTask(
            self.command_id, self.task_id, self.cause, self.until, self.reason, self.expected_version, self.device_time
        )


@strawberry.input(description="Lets a suspended task go on: the cause has ended (解挂).")
class ResumeTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description=_TASK)
    note: str | None = strawberry.field(default=None, description="A word to colleagues (备注).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.ResumeTask:
        return deeds.ResumeTask(self.command_id, self.task_id, self.note, self.expected_version, self.device_time)


@strawberry.input(description="Asks for a place on the long ledger, for what cannot be solved now (挂账).")
class DeferTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description=_TASK)
    plan: str = strawberry.field(description="What is going to be done, for the resident too (办理计划).")
    reason: str = strawberry.field(description="Why it cannot be solved now, in plain words for the resident (原因).")
    review_on: date = strawberry.field(description="When it is looked at again, at most 90 days ahead (复查日期).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.DeferTask:
        return deeds.DeferTask(
            self.command_id, self.task_id, self.plan, self.reason, self.review_on, self.expected_version, self.device_time
        )


@strawberry.input(description="Agrees to a place on the long ledger, or does not (挂账审批).")
class DecideDeferralInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description=_TASK)
    approved: bool = strawberry.field(description="Whether it is deferred (是否同意).")
    reason: str | None = strawberry.field(default=None, description="Why; wanted for a refusal (理由).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.DecideDeferral:
        return deeds.DecideDeferral(self.command_id, self.task_id, self.approved, self.reason, self.expected_version, self.device_time)


@strawberry.input(description="Takes a task off the long ledger (销账).")
class UndeferTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description=_TASK)
    note: str | None = strawberry.field(default=None, description="A word to colleagues (备注).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.UndeferTask:
        return deeds.UndeferTask(self.command_id, self.task_id, self.note, self.expected_version, self.device_time)


@strawberry.input(description="The resident does not agree that it waits (对挂账提出异议).")
class ObjectToDeferralInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    words: str = strawberry.field(description="Why not, 1 to 2,000 characters (意见).")
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)


def _of_task(verb: str) -> Any:
    return result(verb, payload(verb, "task", TaskT, "The task as it is now (工单)."))


RequestExtensionResult = _of_task("RequestExtension")
DecideExtensionResult = _of_task("DecideExtension")
SuspendTaskResult = _of_task("SuspendTask")
ResumeTaskResult = _of_task("ResumeTask")
DeferTaskResult = _of_task("DeferTask")
DecideDeferralResult = _of_task("DecideDeferral")
UndeferTaskResult = _of_task("UndeferTask")
ObjectToDeferralPayload = payload("ObjectToDeferral", "request", RequestT, "The request as it is now (诉求).")
ObjectToDeferralResult = result("ObjectToDeferral", ObjectToDeferralPayload)


async def request_extension(input: Annotated[RequestExtensionInput, WANTED], info: Info) -> Any:
    return await more_time.request_extension(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def decide_extension(input: Annotated[DecideExtensionInput, WANTED], info: Info) -> Any:
    return await more_time.decide_extension(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def suspend_task(input: Annotated[SuspendTaskInput, WANTED], info: Info) -> Any:
    return await deeds.suspend_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def resume_task(input: Annotated[ResumeTaskInput, WANTED], info: Info) -> Any:
    return await deeds.resume_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def defer_task(input: Annotated[DeferTaskInput, WANTED], info: Info) -> Any:
    return await deeds.defer_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def decide_deferral(input: Annotated[DecideDeferralInput, WANTED], info: Info) -> Any:
    return await deeds.decide_deferral(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def undefer_task(input: Annotated[UndeferTaskInput, WANTED], info: Info) -> Any:
    return await deeds.undefer_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def object_to_deferral(input: Annotated[ObjectToDeferralInput, WANTED], info: Info) -> Any:
    sent = deeds.ObjectToDeferral(input.command_id, input.request_id, input.words, input.device_time)
    return await deeds.object_to_deferral(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class PauseMutations:
    request_extension: Any = deed(request_extension, RequestExtensionResult, "Ask for more time (申请延期).")
    decide_extension: Any = deed(decide_extension, DecideExtensionResult, "Grant more time, or not (延期审批).")
    suspend_task: Any = deed(suspend_task, SuspendTaskResult, "Let a task stand still for a while (挂起).")
    resume_task: Any = deed(resume_task, ResumeTaskResult, "Let a suspended task go on (解挂).")
    defer_task: Any = deed(defer_task, DeferTaskResult, "Ask for a place on the long ledger (挂账).")
    decide_deferral: Any = deed(decide_deferral, DecideDeferralResult, "Decide on a place on the long ledger (挂账审批).")
    undefer_task: Any = deed(undefer_task, UndeferTaskResult, "Take a task off the long ledger (销账).")
    object_to_deferral: Any = deed(object_to_deferral, ObjectToDeferralResult, "Disagree that it waits (对挂账提出异议).")
