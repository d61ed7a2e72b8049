"""Reports that came too late: read, and decided on."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import events, tasks
from domain.people import Person
from domain.tasks import Outcome
from resolvers import late_reports as deeds
from schema.context import Info
from schema.early_reports import EarlyReport, early_reports_of
from schema.graph import WANTED, PersonT, TaskT, deed, edge
from schema.refusal import payload, result


async def _by(root: Parent[Any], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.by_id))


@strawberry.type(description="Work that somebody says is done who has the task no more; it waits for a decision (迟到回报).")
class LateReport:
    command_id: UUID = strawberry.field(description="Which command of the phone (指令标识).")
    by: Any = edge(_by, PersonT | None, "Who did it (回报人).")
    at: datetime = strawberry.field(description="When, by the phone's clock (设备时间).")
    outcome: Outcome = strawberry.field(description="What came of the work; the words are in the history (办理结果).")
    township: strawberry.Private[str]
    by_id: strawberry.Private[str]


async def _task(root: Parent[Any], info: Info) -> Any:
    return await info.context.loaders.task.load(root.task_id)


@strawberry.type(description="A report of yours that came too late, and was refused (被拒回报).")
class RejectedReport:
    at: datetime = strawberry.field(description="When the server took it (服务器时间).")
    device_time: datetime | None = strawberry.field(description="When, by the phone's clock (设备时间).")
    outcome: Outcome | None = strawberry.field(description="What came of the work, where it was said to be done (办理结果).")
    note: str | None = strawberry.field(description="What you wrote; nothing once erased (说明).")
    task: Any = edge(_task, TaskT | None, "The task, while you see it (工单).")
    task_id: strawberry.Private[str]


def late_reports_of(root: Parent[tasks.Task], info: Info) -> list[LateReport]:
    if info.context.actor.is_only_asker(root.askers, root.scopes):
        return []
    return [
        LateReport(command_id=UUID(late.command_id), at=late.at, outcome=late.outcome, township=root.township, by_id=late.by_id)
        for late in root.late
    ]


def _rejected(event: events.Event) -> RejectedReport:
    outcome = event.facts.get("outcome")
    return RejectedReport(
        at=event.at,
        device_time=event.device_time,
        outcome=Outcome(outcome) if outcome else None,
        note=event.reason,
        task_id=event.task_id or "",
    )


async def _rejected_reports(info: Info) -> list[RejectedReport]:
    return [_rejected(event) for event in await deeds.own_rejected(by=info.context.actor, ports=info.context.ports)]


@strawberry.type
class TaskReports:
    early_reports: Any = edge(early_reports_of, list[EarlyReport], "What a phone sent before what it builds on; to colleagues (暂存回报).")
    late_reports: Any = edge(late_reports_of, list[LateReport], "Work of former assignees that waits for a decision (迟到回报).")


@strawberry.type
class ViewerReports:
    rejected_reports: Any = edge(
        _rejected_reports, list[RejectedReport], "Your reports that came too late, the newest 20, newest first (被拒回报)."
    )


@strawberry.input(description="Decides whether work counts that was reported too late (迟到回报审核).")
class DecideReportInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    task_id: strawberry.ID = strawberry.field(description="Which task (工单).")
    report_id: UUID = strawberry.field(description="Which of its `lateReports`, by their `commandId` (迟到回报).")
    approved: bool = strawberry.field(description="Whether it counts: the task is then done (是否采纳).")
    reason: str | None = strawberry.field(
        default=None, description="Why not, 1 to 2,000 characters; wanted where it does not count (理由)."
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse with CONFLICT where the task is another version (预期版本)."
    )
    device_time: datetime | None = strawberry.field(
        default=None, description="When, by the phone's clock; never a reason to refuse (设备时间)."
    )


DecideReportResult = result("DecideReport", payload("DecideReport", "task", TaskT, "The task as it is now (工单)."))


async def decide_report(input: Annotated[DecideReportInput, WANTED], info: Info) -> Any:
    sent = deeds.DecideReport(
        input.command_id, input.task_id, input.report_id, input.approved, input.reason, input.expected_version, input.device_time
    )
    return await deeds.decide_report(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class ReportMutations:
    decide_report: Any = deed(decide_report, DecideReportResult, "Decide whether a late report counts (迟到回报审核).")
