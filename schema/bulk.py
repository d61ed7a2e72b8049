"""One act of the desk for many tasks, with an answer for each."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

import schema.enums  # noqa: F401  # shows the enumerations before any type uses one
from domain import errors
from domain.commands import CommandOutcome
from resolvers import bulk as deeds
from schema.context import Info
from schema.graph import WANTED, TaskT, deed, described, edge, shows
from schema.refusal import Refusal, payload, result


def _refusal(root: Parent[deeds.BulkItem]) -> errors.Refusal | None:
    return root.refusal


def _subject(root: Parent[deeds.BulkItem]) -> Any:
    return root.subject


@shows(deeds.BulkItem, "How it ended for one task (单项结果).")
class BulkItem:
    task_id: strawberry.ID = described("Which task, as it was named (工单).")
    outcome: CommandOutcome = described("How it ended (结果).")
    refusal: Any = edge(_refusal, Refusal | None, "Why not, where it was refused (拒绝原因).")
    task: Any = edge(_subject, TaskT | None, "The task as it is now (工单).")


_COMMAND = "Made by the client; the same again is the same command, for each task (指令标识)."
_TASKS = "Which tasks, at most 200 (工单)."
_DEVICE = "When, by the phone's clock; never a reason to refuse (设备时间)."


@strawberry.input(description="Gives many tasks to one person, or each to whoever the router finds (批量派单).")
class BulkAssignInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_ids: list[strawberry.ID] = strawberry.field(description=_TASKS)
    assignee_id: strawberry.ID | None = strawberry.field(default=None, description="To whom; not with `byRouter` (承办人).")
    by_router: bool | None = strawberry.field(default=False, description="To whoever the router finds free (自动派单).")
    note: str | None = strawberry.field(default=None, description="A word to colleagues (备注).")
    expected_versions: list[int] | None = strawberry.field(
        default=None, description="One for each task: CONFLICT where it is another (预期版本)."
    )
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)


@strawberry.input(description="Asks whoever has them how many tasks go (批量催办).")
class BulkNudgeInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_ids: list[strawberry.ID] = strawberry.field(description=_TASKS)
    note: str | None = strawberry.field(default=None, description="A word to colleagues (备注).")
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)


_ITEMS = "What came of each, in the order sent (各项结果)."
BulkAssignResult = result("BulkAssign", payload("BulkAssign", "items", list[BulkItem], _ITEMS))
BulkNudgeResult = result("BulkNudge", payload("BulkNudge", "items", list[BulkItem], _ITEMS))


async def bulk_assign(input: Annotated[BulkAssignInput, WANTED], info: Info) -> Any:
    sent = deeds.BulkAssign(
        input.command_id,
        input.task_ids,
        input.assignee_id,
        bool(input.by_router),
        input.note,
        input.expected_versions,
        input.device_time,
    )
    return await deeds.bulk_assign(sent, by=info.context.actor, ports=info.context.ports)


async def bulk_nudge(input: Annotated[BulkNudgeInput, WANTED], info: Info) -> Any:
    sent = deeds.BulkNudge(input.command_id, input.task_ids, input.note, input.device_time)
    return await deeds.bulk_nudge(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class BulkMutations:
    bulk_assign: Any = deed(bulk_assign, BulkAssignResult, "Give many tasks to somebody, or let the router do it (批量派单).")
    bulk_nudge: Any = deed(bulk_nudge, BulkNudgeResult, "Ask how many tasks go, each once a day (批量催办).")
