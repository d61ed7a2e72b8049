"""Duplicates: several requests that go on as one."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import duplicates as deeds
from schema.context import Info
from schema.graph import WANTED, deed
from schema.refusal import result
from schema.requests import COMMAND, DEVICE, VERSION, AnswerFollowUpInput, AnswerFollowUpResult, request_payload


@strawberry.input(description="Lets several requests go on in one; each asker keeps theirs, and is asked when it is answered (合并诉求).")
class MergeRequestsInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    into_id: strawberry.ID = strawberry.field(description="The request in which they go on (并入诉求).")
    from_ids: list[strawberry.ID] = strawberry.field(description="Which ones, 1 to 20, before work on them began (被合并诉求).")
    reason: str | None = strawberry.field(
        default=None, description="Why they are the same, up to 2,000 characters; wanted where the item is another (合并理由)."
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


@strawberry.input(description="Lets a merged request go on by itself, as it was (取消合并).")
class UnmergeRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)


MergeRequestsResult = result("MergeRequests", request_payload("MergeRequests"))
UnmergeRequestResult = result("UnmergeRequest", request_payload("UnmergeRequest"))


async def merge_requests(input: Annotated[MergeRequestsInput, WANTED], info: Info) -> Any:
    sent = deeds.MergeRequests(input.command_id, input.into_id, input.from_ids, input.reason, input.expected_version, input.device_time)
    return await deeds.merge_requests(sent, by=info.context.actor, ports=info.context.ports)


async def unmerge_request(input: Annotated[UnmergeRequestInput, WANTED], info: Info) -> Any:
    sent = deeds.UnmergeRequest(input.command_id, input.request_id, input.expected_version, input.device_time)
    return await deeds.unmerge_request(sent, by=info.context.actor, ports=info.context.ports)


async def answer_follow_up(input: Annotated[AnswerFollowUpInput, WANTED], info: Info) -> Any:
    return await deeds.answer(input.to_domain(), by=info.context.actor, ports=info.context.ports)


@strawberry.type
class DuplicateMutations:
    merge_requests: Any = deed(merge_requests, MergeRequestsResult, "Let several requests go on in one (合并诉求).")
    unmerge_request: Any = deed(unmerge_request, UnmergeRequestResult, "Let a merged request go on by itself (取消合并).")
    answer_follow_up: Any = deed(answer_follow_up, AnswerFollowUpResult, "Have the last word (评价办理结果).")
