"""Calling others in to help with a task, and calling work off."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import assists as deeds
from schema.context import Info
from schema.graph import WANTED, TaskT, deed
from schema.refusal import payload, result

_COMMAND = "Made by the client; the same again is the same command (指令标识)."
_VERSION = "Refuse with CONFLICT where the task is another version (预期版本)."
_DEVICE = "When, by the phone's clock; never a reason to refuse (设备时间)."


@strawberry.input(description="Calls a unit or a colleague in to help; who has the task stays accountable (添加协办).")
class AddAssistInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task is to be helped with (主办工单).")
    what: str = strawberry.field(description="What they are to do, 1 to 2,000 characters (协办事项).")
    unit_id: strawberry.ID | None = strawberry.field(default=None, description="Which unit; this or assigneeId (协办组织).")
    assignee_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whom of the own unit, or of those within reach of whoever leads or dispatches (协办人)."
    )
    required: bool | None = strawberry.field(
        default=True, description="Whether the task cannot be completed without it; else it ends with the task (是否必需)."
    )
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.AddAssist:
        required = True if self.required is None else self.required
        return deeds.AddAssist(
            self.command_id, self.task_id, self.what, self.unit_id, self.assignee_id, required, self.expected_version, self.device_time
        )


@strawberry.input(description="Calls a task off, with whatever helps with it (取消工单).")
class CancelTaskInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    task_id: strawberry.ID = strawberry.field(description="Which task; never the lead of a request (工单).")
    reason: str = strawberry.field(description="Why, 1 to 2,000 characters (理由).")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.CancelTask:
        return deeds.CancelTask(self.command_id, self.task_id, self.reason, self.expected_version, self.device_time)


AddAssistResult = result("AddAssist", payload("AddAssist", "task", TaskT, "The task that is helped with, as it is now (主办工单)."))
CancelTaskResult = result("CancelTask", payload("CancelTask", "task", TaskT, "The task as it is now (工单)."))


async def add_assist(input: Annotated[AddAssistInput, WANTED], info: Info) -> Any:
    return await deeds.add_assist(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def cancel_task(input: Annotated[CancelTaskInput, WANTED], info: Info) -> Any:
    return await deeds.cancel_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


@strawberry.type
class AssistMutations:
    add_assist: Any = deed(add_assist, AddAssistResult, "Call others in to help with a task (添加协办).")
    cancel_task: Any = deed(cancel_task, CancelTaskResult, "Call a task off (取消工单).")
