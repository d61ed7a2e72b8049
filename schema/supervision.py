"""Formal follow-up by hand."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import tasks
from domain.lifecycle import TaskAction, actions
from domain.posts import Role
from resolvers import supervision as deeds
from schema.context import Info
from schema.graph import WANTED, RequestT, deed
from schema.refusal import payload, result


async def actions_of(root: Parent[tasks.Task], info: Info) -> list[TaskAction]:
    """What the reader may do with it now; the promise is judged for the desk alone, which may put it under follow-up."""
    actor, at = info.context.actor, info.context.at
    if root.request_id is None or root.parent_id or root.is_supervised or not actor.units_led(Role.DISPATCHER):
        return list(actions(root, actor, at=at))
    request = await info.context.loaders.request.load(root.request_id)
    return list(actions(root, actor, at=at, is_promise_broken=request is not None and request.is_overdue(at)))


@strawberry.input(description="Puts a request that goes wrong under formal follow-up (督办).")
class SuperviseRequestInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    request_id: strawberry.ID = strawberry.field(
        description="Which request: overdue, done again twice, returned twice, or not solved as the resident said (诉求)."
    )
    reason: str = strawberry.field(description="Why, 1 to 2,000 characters (理由).")
    device_time: datetime | None = strawberry.field(
        default=None, description="When, by the phone's clock; never a reason to refuse (设备时间)."
    )


SuperviseRequestResult = result("SuperviseRequest", payload("SuperviseRequest", "request", RequestT, "The request as it is now (诉求)."))


async def supervise_request(input: Annotated[SuperviseRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.SuperviseRequest(input.command_id, input.request_id, input.reason, input.device_time)
    return await deeds.supervise_request(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class SupervisionMutations:
    supervise_request: Any = deed(supervise_request, SuperviseRequestResult, "Put a request under formal follow-up (督办).")
