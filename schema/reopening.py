"""After the end of a request: opening it once more, and what is said about it later."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import reopening as deeds
from schema.context import Info
from schema.graph import WANTED, deed
from schema.refusal import result
from schema.requests import COMMAND, DEVICE, VERSION, request_payload


@strawberry.input(description="Has a closed request worked on again (重新办理).")
class ReopenRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    words: str = strawberry.field(description="What is still not right, 1 to 2,000 characters (未解决的情况).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


@strawberry.input(description="Says something more about a request (留言).")
class AddMessageInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    text: str = strawberry.field(description="What there is to say, 1 to 2,000 characters (留言内容).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


ReopenRequestResult = result("ReopenRequest", request_payload("ReopenRequest"))
AddMessageResult = result("AddMessage", request_payload("AddMessage"))


async def reopen_request(input: Annotated[ReopenRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.ReopenRequest(input.command_id, input.request_id, input.words, input.expected_version, input.device_time)
    return await deeds.reopen_request(sent, by=info.context.actor, ports=info.context.ports)


async def add_message(input: Annotated[AddMessageInput, WANTED], info: Info) -> Any:
    sent = deeds.AddMessage(input.command_id, input.request_id, input.text, input.expected_version, input.device_time)
    return await deeds.add_message(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class ReopeningMutations:
    reopen_request: Any = deed(reopen_request, ReopenRequestResult, "Have a closed request worked on again, once (重新办理).")
    add_message: Any = deed(add_message, AddMessageResult, "Say something more about a request; somebody always gets it (留言).")
