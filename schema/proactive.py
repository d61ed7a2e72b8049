"""Work that nobody asked for, and the words about single tasks."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import tasks
from domain.people import Person
from domain.requests import Words
from resolvers import proactive as deeds
from schema.context import Info
from schema.graph import WANTED, TaskT, deed
from schema.organisation import GeoPointInput
from schema.refusal import payload, result


async def text_of(root: Parent[tasks.Task], info: Info) -> str | None:
    """Words between colleagues: not for whoever only asked."""
    actor, loaders = info.context.actor, info.context.loaders
    if actor.is_only_asker(root.askers, root.scopes):
        return None
    request = await loaders.request.load(root.request_id) if root.request_id else None
    words = await loaders.words.load(request) if request else await _words(root, info)
    return words.said.get(root.id) if words else None


async def _words(root: tasks.Task, info: Info) -> Words | None:
    """Of work that nobody asked for; the words of a request are on the request."""
    return await info.context.loaders.words_of_work.load(root) if root.request_id is None else None


async def address_of(root: Parent[tasks.Task], info: Info) -> str | None:
    words = await _words(root, info)
    return words.address if words else None


async def location_of(root: Parent[tasks.Task], info: Info) -> Any:
    words = await _words(root, info)
    return words.location if words else None


async def item_of(root: Parent[tasks.Task], info: Info) -> Any:
    return (await info.context.ports.catalogue.items()).get(root.item_id or "")


async def raised_by(root: Parent[tasks.Task], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.raised_by_id)) if root.raised_by_id else None


@strawberry.input(description="Raises work before anyone asked; nobody is asked about it afterwards (未诉先办).")
class CreateTaskInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    item_id: strawberry.ID = strawberry.field(description="What is to be done (服务事项).")
    text: str = strawberry.field(description="What was seen, 1 to 2,000 characters, without anybody's data (情况说明).")
    grid_id: strawberry.ID | None = strawberry.field(default=None, description="In which grid; else the one around the point (网格).")
    location: GeoPointInput | None = strawberry.field(default=None, description="Where, as a point (位置).")
    address: str | None = strawberry.field(default=None, description="Where, in words (地址说明).")
    device_time: datetime | None = strawberry.field(
        default=None, description="When, by the phone's clock; never a reason to refuse (设备时间)."
    )

    def to_domain(self) -> deeds.CreateTask:
        location = self.location.to_domain() if self.location else None
        return deeds.CreateTask(self.command_id, self.item_id, self.text, self.grid_id, location, self.address, self.device_time)


CreateTaskResult = result("CreateTask", payload("CreateTask", "task", TaskT, "The task as it is now (工单)."))


async def create_task(input: Annotated[CreateTaskInput, WANTED], info: Info) -> Any:
    return await deeds.create_task(input.to_domain(), by=info.context.actor, ports=info.context.ports)


@strawberry.type
class ProactiveMutations:
    create_task: Any = deed(create_task, CreateTaskResult, "Raise work before anyone asked (未诉先办).")
