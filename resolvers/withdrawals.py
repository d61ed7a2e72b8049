"""Withdrawing a request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import withdrawals
from domain.access import Actor
from domain.cases import Act, Case
from domain.ids import Kind
from domain.ports import Ports
from domain.requests import Request
from domain.tasks import Task
from domain.texts import optional_text
from resolvers.acting import Done, acting
from resolvers.intake import work_of
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

    items, task_id = await ports.catalogue.items(), ports.ids.new(Kind.TASK, now.person.township, now.at)

    def begin(case: Case) -> Sequence[Task]:
        return work_of(case, task_id, items, now, ports)

    def change(case: Case) -> Act:
        return withdrawals.withdraw(case, now.moment(case), words=words, begin=begin, expected_version=sent.expected_version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)
