"""Asking by word whether it helped: recording what was said, and the tries that reached nobody."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import cases, followups
from domain.access import Actor
from domain.cases import Case
from domain.commands import Replayed
from domain.errors import not_found
from domain.ports import Change, Ports
from domain.requests import Grade, Request, Verdict
from domain.texts import optional_text, required_text
from resolvers.acting import Acting, Done, acting
from resolvers.requests import requests_by_ids


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    command_id: UUID
    request_id: str
    verdict: Verdict
    grade: Grade
    words: str
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordFollowUpTry:
    command_id: UUID
    request_id: str
    reached: bool = False
    note: str | None = None
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

    return await _kept(sent.request_id, change, now, by=by, ports=ports)


async def record_follow_up_try(sent: RecordFollowUpTry, *, by: Actor, ports: Ports) -> Done[Request]:
    """A try to ask them, kept as one; the third on a second day lets the clock close it without an answer."""
    now = await acting("recordFollowUpTry", sent, by=by, ports=ports)
    note = optional_text(sent.note, "note")

    def change(case: Case) -> cases.Act:
        return followups.try_call(case, now.moment(case), reached=sent.reached, note=note)

    return await _kept(sent.request_id, change, now, by=by, ports=ports)


async def _kept(request_id: str, change: Change, now: Acting, *, by: Actor, ports: Ports) -> Done[Request]:
    kept = await ports.requests.update(request_id, change, seen_by=by, event_id=now.event_id, command=now.command)
    seen = await requests_by_ids([request_id], by=by, ports=ports)
    if not seen:
        raise not_found("commandId")
    return Done(seen[0], is_replay=isinstance(kept, Replayed))
