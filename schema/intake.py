"""Taking requests in: accepting, declining, objecting, handing off."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.items import MatterScope
from domain.requests import DeclineReason, HandOffTo
from resolvers import intake as deeds
from schema.context import Info
from schema.graph import WANTED, deed
from schema.refusal import result
from schema.requests import COMMAND, DEVICE, VERSION, request_payload


@strawberry.input(description="Takes a request in, and routes it (受理).")
class AcceptRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    item_id: strawberry.ID | None = strawberry.field(default=None, description="As which item; else as it was asked (服务事项).")
    scope: MatterScope | None = strawberry.field(default=None, description="For which address; else as it was asked (事项归属).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


@strawberry.input(description="Does not take a request on (不予受理).")
class DeclineRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    reason: DeclineReason = strawberry.field(description="Why (不予受理原因).")
    where_to_go: str = strawberry.field(description="Where to go instead, for whoever asked, 1 to 2,000 characters (办理去向).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


@strawberry.input(description="Has a declined request looked at again (对不予受理提出异议).")
class ObjectToDeclineInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    words: str = strawberry.field(description="Why it should be taken on, 1 to 2,000 characters (异议理由).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


@strawberry.input(description="Gives a request to somebody outside (转出).")
class HandOffRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    to: HandOffTo = strawberry.field(description="To whom (转出去向).")
    number: str | None = strawberry.field(
        default=None, description="The number or reference that was told; wanted for a service that is no emergency line (告知的号码)."
    )
    reason: str = strawberry.field(description="Why, for whoever asked, 1 to 2,000 characters (理由).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


AcceptRequestResult = result("AcceptRequest", request_payload("AcceptRequest"))
DeclineRequestResult = result("DeclineRequest", request_payload("DeclineRequest"))
ObjectToDeclineResult = result("ObjectToDecline", request_payload("ObjectToDecline"))
HandOffRequestResult = result("HandOffRequest", request_payload("HandOffRequest"))


async def accept_request(input: Annotated[AcceptRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.AcceptRequest(input.command_id, input.request_id, input.item_id, input.scope, input.expected_version, input.device_time)
    return await deeds.accept_request(sent, by=info.context.actor, ports=info.context.ports)


async def decline_request(input: Annotated[DeclineRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.DeclineRequest(
        input.command_id, input.request_id, input.reason, input.where_to_go, input.expected_version, input.device_time
    )
    return await deeds.decline_request(sent, by=info.context.actor, ports=info.context.ports)


async def object_to_decline(input: Annotated[ObjectToDeclineInput, WANTED], info: Info) -> Any:
    sent = deeds.ObjectToDecline(input.command_id, input.request_id, input.words, input.expected_version, input.device_time)
    return await deeds.object_to_decline(sent, by=info.context.actor, ports=info.context.ports)


async def hand_off_request(input: Annotated[HandOffRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.HandOffRequest(
        input.command_id, input.request_id, input.to, input.reason, input.number, input.expected_version, input.device_time
    )
    return await deeds.hand_off_request(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class IntakeMutations:
    accept_request: Any = deed(accept_request, AcceptRequestResult, "Take a request in, and route it (受理).")
    decline_request: Any = deed(decline_request, DeclineRequestResult, "Do not take a request on, and say where to go (不予受理).")
    object_to_decline: Any = deed(object_to_decline, ObjectToDeclineResult, "Have a declined request looked at again (对不予受理提出异议).")
    hand_off_request: Any = deed(hand_off_request, HandOffRequestResult, "Give a request to an emergency line or another service (转出).")
