"""Recording what was said by whoever does not answer by an app."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import cases, followups
from domain.access import Actor
from domain.cases import Case
from domain.commands import Replayed
from domain.errors import not_found
from domain.ports import Ports
from domain.requests import Grade, Request, Verdict
from domain.texts import required_text
from resolvers.acting import Done, acting
from resolvers.requests import requests_by_ids


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    command_id: UUID
    request_id: str
    verdict: Verdict
    grade: Grade
    words: str
    device_time: datetime | None = None


async def record_answer(sent: RecordAnswer, *, by: Actor, ports: Ports) -> Done[Request]:
    """The spoken verdict: it closes the request, or sends it back to work."""
    now = await acting("recordAnswer", sent, by=by, ports=ports)
    words = required_text(sent.words, "words")
    found = await ports.requests.by_ids([sent.request_id], seen_by=by)
    home_ids = [request.household_id for request in found if request.household_id]
    reaches = await ports.reaches.of(now.person.township, home_ids)

    def change(case: Case) -> cases.Act:
        reach = reaches.get(case.request.household_id or "") if case.request else None
        return followups.record(case, now.moment(case), verdict=sent.verdict, grade=sent.grade, words=words, reach=reach)

    kept = await ports.requests.update(sent.request_id, change, seen_by=by, event_id=now.event_id, command=now.command)
    seen = await requests_by_ids([sent.request_id], by=by, ports=ports)
    if not seen:
        raise not_found("commandId")
    return Done(seen[0], is_replay=isinstance(kept, Replayed))
