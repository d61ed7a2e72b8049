"""Putting a request under formal follow-up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import supervision
from domain.access import Actor
from domain.cases import Act, Case
from domain.commands import Replayed
from domain.errors import not_found
from domain.ports import Ports
from domain.requests import Request
from domain.texts import required_text
from resolvers.acting import Done, acting
from resolvers.requests import requests_by_ids


@dataclass(frozen=True, slots=True)
class SuperviseRequest:
    command_id: UUID
    request_id: str
    reason: str
    device_time: datetime | None = None


async def supervise_request(sent: SuperviseRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """Flagged, and those one level up are told."""
    now = await acting("superviseRequest", sent, by=by, ports=ports)
    reason = required_text(sent.reason, "reason")

    def change(case: Case) -> Act:
        return supervision.supervise(case, now.moment(case), reason=reason)

    kept = await ports.requests.update(sent.request_id, change, seen_by=by, event_id=now.event_id, command=now.command)
    found = await requests_by_ids([sent.request_id], by=by, ports=ports)
    if not found:
        raise not_found("commandId")
    return Done(found[0], is_replay=isinstance(kept, Replayed))
