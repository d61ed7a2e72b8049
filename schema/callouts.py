"""Calling departments out to a task."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import call_out, tasks
from domain.call_out import CallOutGrade, CallOutKind, CallOutState
from resolvers import callouts as deeds
from schema.context import Info
from schema.graph import WANTED, OrgUnitT, TaskT, deed, described, edge, shows
from schema.refusal import payload, result

_COMMAND = "Made by the client; the same again is the same command (指令标识)."
_VERSION = "Refuse with CONFLICT where the task is another version (预期版本)."
_DEVICE = "When, by the phone's clock; never a reason to refuse (设备时间)."


async def _unit(root: Parent[call_out.CallOut], info: Info) -> Any:
    return await info.context.loaders.node.load(root.unit_id)


def _on_time(root: Parent[call_out.CallOut]) -> bool | None:
    return root.is_on_time


@shows(call_out.CallOut, "A department that the township summons to a task (吹哨).")
class CallOut:
    unit: Any = edge(_unit, OrgUnitT | None, "Which department (部门).")
    kind: CallOutKind = described("Why (吹哨情形).")
    state: CallOutState = described("Where it stands (吹哨状态).")
    asked_at: datetime = described("When it was asked for (申请时间).")
    within_minutes: int = described("How soon it is to be there, from the approval (到场时限，分钟).")
    arrive_by: datetime | None = described("By when it is to be there (报到时限).")
    reported_at: datetime | None = described("When it reported in (报到时间).")
    on_time: Any = edge(_on_time, bool | None, "Whether it came in time; nothing while that is open (是否按时报到).")
    grade: CallOutGrade | None = described("How it answered, as the township says; nothing where it is not rated (报到评价).")
    ended_at: datetime | None = described("When its task was over, before it was rated (结束时间).")


def call_outs_of(root: Parent[tasks.Task]) -> list[call_out.CallOut]:
    return list(root.call_outs)


@strawberry.input(description="Asks that departments be called to a task; the township's head decides (吹哨).")
class CallOutInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    unit_ids: list[strawberry.ID] = strawberry.field(description="Which departments (部门).")
    kind: CallOutKind = strawberry.field(description="Why; joint enforcement is handed off instead (吹哨情形).")
    arrive_within_minutes: int = strawberry.field(description="How soon after the approval, 10 to 1440 minutes (到场时限，分钟).")
    reason: str = strawberry.field(description="What is wanted of them, 1 to 2,000 characters (理由).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.CallDepartmentsOut:
        return deeds.CallDepartmentsOut(
            self.command_id,
            self.task_id,
            tuple(self.unit_ids),
            self.kind,
            self.arrive_within_minutes,
            self.reason,
            self.expected_version,
            self.device_time,
        )


@strawberry.input(description="Decides on the call-outs that wait at a task (吹哨审批).")
class DecideCallOutInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    approved: bool = strawberry.field(description="Whether they are called (是否同意).")
    reason: str | None = strawberry.field(default=None, description="Why; wanted for a refusal (理由).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.DecideCallOut:
        return deeds.DecideCallOut(self.command_id, self.task_id, self.approved, self.reason, self.expected_version, self.device_time)


@strawberry.input(description="Says that the department is there (报到).")
class ReportInInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    note: str | None = strawberry.field(default=None, description="A word to colleagues (备注).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.ReportIn:
        return deeds.ReportIn(self.command_id, self.task_id, self.note, self.expected_version, self.device_time)


@strawberry.input(description="Rates how a department answered (吹哨评价).")
class ConcludeCallOutInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    unit_id: strawberry.ID = strawberry.field(description="Which department (部门).")
    grade: CallOutGrade = strawberry.field(description="How it answered (报到评价).")
    note: str | None = strawberry.field(default=None, description="A word to colleagues (备注).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.ConcludeCallOut:
        return deeds.ConcludeCallOut(
            self.command_id, self.task_id, self.unit_id, self.grade, self.note, self.expected_version, self.device_time
        )


def _task_payload(verb: str) -> Any:
    return payload(verb, "task", TaskT, "The task as it is now (工单).")


CallOutResult = result("CallOut", _task_payload("CallOut"))
DecideCallOutResult = result("DecideCallOut", _task_payload("DecideCallOut"))
ReportInResult = result("ReportIn", _task_payload("ReportIn"))
ConcludeCallOutResult = result("ConcludeCallOut", _task_payload("ConcludeCallOut"))


async def call_departments_out(input: Annotated[CallOutInput, WANTED], info: Info) -> Any:
    return await deeds.call_out(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def decide_call_out(input: Annotated[DecideCallOutInput, WANTED], info: Info) -> Any:
    return await deeds.decide_call_out(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def report_in(input: Annotated[ReportInInput, WANTED], info: Info) -> Any:
    return await deeds.report_in(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def conclude_call_out(input: Annotated[ConcludeCallOutInput, WANTED], info: Info) -> Any:
    return await deeds.conclude_call_out(input.to_domain(), by=info.context.actor, ports=info.context.ports)


@strawberry.type
class CallOutMutations:
    call_out: Any = deed(call_departments_out, CallOutResult, "Ask that departments be called to a task (吹哨).")
    decide_call_out: Any = deed(decide_call_out, DecideCallOutResult, "Decide on call-outs (吹哨审批).")
    report_in: Any = deed(report_in, ReportInResult, "Say that the department is there (报到).")
    conclude_call_out: Any = deed(conclude_call_out, ConcludeCallOutResult, "Rate how a department answered (吹哨评价).")
