"""Withdrawing a request."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import withdrawals as deeds
from schema.context import Info
from schema.graph import WANTED, deed
from schema.refusal import result
from schema.requests import COMMAND, DEVICE, VERSION, request_payload


@strawberry.input(description="Takes a request back (撤回诉求).")
class WithdrawRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    words: str | None = strawberry.field(default=None, description="Why, up to 2,000 characters (撤回原因).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


WithdrawRequestResult = result("WithdrawRequest", request_payload("WithdrawRequest"))


async def withdraw_request(input: Annotated[WithdrawRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.WithdrawRequest(input.command_id, input.request_id, input.words, input.expected_version, input.device_time)
    return await deeds.withdraw_request(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class WithdrawalMutations:
    withdraw_request: Any = deed(withdraw_request, WithdrawRequestResult, "Take a request back (撤回诉求).")
