"""The last word of whoever does not answer by an app."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.requests import Grade, Verdict
from resolvers import followups as deeds
from schema.context import Info
from schema.graph import WANTED, RequestT, deed
from schema.refusal import payload, result


@strawberry.input(description="Records what was said by whoever does not answer by an app (代录回访).")
class RecordAnswerInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    verdict: Verdict = strawberry.field(description="Did it help, as they said (是否解决).")
    grade: Grade = strawberry.field(description="Five grades, as they said (评价).")
    words: str = strawberry.field(description="What they said, 1 to 2,000 characters (原话).")
    device_time: datetime | None = strawberry.field(
        default=None, description="When, by the phone's clock; never a reason to refuse (设备时间)."
    )


RecordAnswerPayload = payload("RecordAnswer", "request", RequestT, "The request as it is now (诉求).")
RecordAnswerResult = result("RecordAnswer", RecordAnswerPayload)


async def record_answer(input: Annotated[RecordAnswerInput, WANTED], info: Info) -> Any:
    sent = deeds.RecordAnswer(input.command_id, input.request_id, input.verdict, input.grade, input.words, input.device_time)
    return await deeds.record_answer(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class FollowUpMutations:
    record_answer: Any = deed(record_answer, RecordAnswerResult, "Record the last word of whoever does not answer by an app (代录回访).")
