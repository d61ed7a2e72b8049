"""Asking by word whether it helped."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.requests import Grade, Verdict
from resolvers import followups as deeds
from schema.context import Info
from schema.graph import WANTED, RequestT, deed
from schema.refusal import payload, result


@strawberry.input(description="Records what was said by whoever was asked by word whether it helped (代录回访).")
class RecordAnswerInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    verdict: Verdict = strawberry.field(description="Did it help, as they said (是否解决).")
    grade: Grade = strawberry.field(description="Five grades, as they said (评价).")
    words: str = strawberry.field(description="What they said, 1 to 2,000 characters (原话).")
    device_time: datetime | None = strawberry.field(
        default=None, description="When, by the phone's clock; never a reason to refuse (设备时间)."
    )


@strawberry.input(description="Records a try to ask by word whether it helped (回访未达).")
class RecordFollowUpTryInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    reached: bool | None = strawberry.field(
        default=False, description="Whether they were reached, and gave no answer; such a try is none towards closing it (是否联系上)."
    )
    note: str | None = strawberry.field(default=None, description="What came of it; not shown to whoever asked (备注).")
    device_time: datetime | None = strawberry.field(
        default=None, description="When, by the phone's clock; never a reason to refuse (设备时间)."
    )


RecordAnswerPayload = payload("RecordAnswer", "request", RequestT, "The request as it is now (诉求).")
RecordAnswerResult = result("RecordAnswer", RecordAnswerPayload)


RecordFollowUpTryPayload = payload("RecordFollowUpTry", "request", RequestT, "The request as it is now (诉求).")
RecordFollowUpTryResult = result("RecordFollowUpTry", RecordFollowUpTryPayload)


async def record_answer(input: Annotated[RecordAnswerInput, WANTED], info: Info) -> Any:
    sent = deeds.RecordAnswer(input.command_id, input.request_id, input.verdict, input.grade, input.words, input.device_time)
    return await deeds.record_answer(sent, by=info.context.actor, ports=info.context.ports)


async def record_follow_up_try(input: Annotated[RecordFollowUpTryInput, WANTED], info: Info) -> Any:
    sent = deeds.RecordFollowUpTry(input.command_id, input.request_id, bool(input.reached), input.note, input.device_time)
    return await deeds.record_follow_up_try(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class FollowUpMutations:
    record_answer: Any = deed(record_answer, RecordAnswerResult, "Record the last word of whoever was asked by word (代录回访).")
    record_follow_up_try: Any = deed(record_follow_up_try, RecordFollowUpTryResult, "Record a try to ask them by word (回访未达).")
