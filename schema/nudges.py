"""Nudging whoever has a request."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import nudges as deeds
from schema.context import Info
from schema.graph import WANTED, deed
from schema.refusal import result
from schema.requests import COMMAND, DEVICE, VERSION, request_payload


@strawberry.input(description="Reminds whoever has a request (催办).")
class NudgeRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    words: str | None = strawberry.field(default=None, description="A word with it, up to 2,000 characters (催办说明).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


NudgeRequestResult = result("NudgeRequest", request_payload("NudgeRequest"))


async def nudge_request(input: Annotated[NudgeRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.NudgeRequest(input.command_id, input.request_id, input.words, input.expected_version, input.device_time)
    return await deeds.nudge_request(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class NudgeMutations:
    nudge_request: Any = deed(nudge_request, NudgeRequestResult, "Remind whoever has a request, once a day (催办).")
