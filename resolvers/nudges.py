"""Nudging whoever has a request."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import nudges
from domain.access import Actor
from domain.cases import Act, Case
from domain.ports import Ports
from domain.requests import Request
from domain.texts import optional_text
from resolvers.acting import Done, acting
from resolvers.requests import update_request


@dataclass(frozen=True, slots=True)
class NudgeRequest:
    command_id: UUID
    request_id: str
    words: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


async def nudge_request(sent: NudgeRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """Reminds whoever has it and whoever answers for them, once a day."""
    now = await acting("nudgeRequest", sent, by=by, ports=ports)
    words = optional_text(sent.words, "words")

    def change(case: Case) -> Act:
        return nudges.nudge(case, now.moment(case), words=words, expected_version=sent.expected_version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)
