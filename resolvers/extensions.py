"""More time: asking for it, and deciding on it."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from domain import extensions
from domain.access import Actor
from domain.cases import Act, Case
from domain.ports import Ports
from domain.tasks import Task
from domain.texts import required_text
from resolvers.acting import Done, acting, unless_replayed
from resolvers.tasks import move


@dataclass(frozen=True, slots=True)
class RequestExtension:
    command_id: UUID
    task_id: str
    reason: str
    working_days: int | None = None
    until: date | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecideExtension:
    command_id: UUID
    task_id: str
    approved: bool
    reason: str
    expected_version: int | None = None
    device_time: datetime | None = None


async def request_extension(sent: RequestExtension, *, by: Actor, ports: Ports) -> Done[Task]:
    """The assignee needs longer: asked before the leg is due; the old due time stands until somebody above grants it."""
    now = await acting("requestExtension", sent, by=by, ports=ports)
    reason = required_text(sent.reason, "reason")
    await unless_replayed(partial(extensions.check_wish, sent.working_days, sent.until, at=now.at), now, ports)

    def change(case: Case) -> Act:
        return extensions.ask(
            case,
            sent.task_id,
            now.moment(case),
            working_days=sent.working_days,
            until=sent.until,
            reason=reason,
            expected_version=sent.expected_version,
        )

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def decide_extension(sent: DecideExtension, *, by: Actor, ports: Ports) -> Done[Task]:
    """Granted, with words for the resident, or not, with words for whoever asked."""
    now = await acting("decideExtension", sent, by=by, ports=ports)
    reason = required_text(sent.reason, "reason")
    decide = extensions.grant if sent.approved else extensions.refuse

    def change(case: Case) -> Act:
        return decide(case, sent.task_id, now.moment(case), reason=reason, expected_version=sent.expected_version)

    return await move(sent.task_id, change, now, by=by, ports=ports)
