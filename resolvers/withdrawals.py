"""Withdrawing a request."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import withdrawals
from domain.access import Actor
from domain.cases import Act, Case
from domain.ports import Ports
from domain.requests import Request
from domain.texts import optional_text
from resolvers.acting import Done, acting
from resolvers.requests import update_request


@dataclass(frozen=True, slots=True)
class WithdrawRequest:
    command_id: UUID
    request_id: str
    words: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


async def withdraw_request(sent: WithdrawRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """Takes it back; work where others are in danger goes on without the person."""
    now = await acting("withdrawRequest", sent, by=by, ports=ports)
    words = optional_text(sent.words, "words")

    def change(case: Case) -> Act:
        return withdrawals.withdraw(case, now.moment(case), words=words, expected_version=sent.expected_version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)
