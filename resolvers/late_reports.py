"""Reports that came too late: kept, decided on, and read by whoever sent them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from domain import late_reports
from domain.access import Actor
from domain.cases import Act, Case
from domain.commands import Command
from domain.errors import Refusal, RefusalCode, Refused
from domain.events import Event
from domain.ports import Ports
from domain.requests import CONTENTS_OPEN
from domain.tasks import LateReport, Task
from domain.texts import optional_text, required_text
from resolvers.acting import Acting, Done, acting
from resolvers.tasks import CompleteTask, StartTask, move

KEPT = UUID("5d6e8a52-2b43-5f0c-9a0c-0f9f6a2f4b1d")
"""Names the acts that keep what was refused: each once, however often it is sent."""

TOO_LATE = frozenset({RefusalCode.NOT_FOUND, RefusalCode.NOT_ALLOWED, RefusalCode.WRONG_STATE, RefusalCode.CONFLICT})
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class DecideReport:
    command_id: UUID
    task_id: str
    report_id: UUID
    approved: bool
    reason: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


async def keep(sent: StartTask | CompleteTask, refusal: Refusal, *, by: Actor, ports: Ports) -> None:
    """What was refused because the task is somebody else's by now stays in its history; anything else leaves no trace."""
    if refusal.code not in TOO_LATE:
        return
    try:
        now, note = await acting("reportLate", sent, by=by, ports=ports), optional_text(sent.note, "note")
        change = _kept(sent, refusal.code, note, now)
        command = Command(now.person.id, uuid5(KEPT, str(sent.command_id)), "reportLate", "", now.at, sent.device_time)
        await ports.tasks.update_as_former(sent.task_id, change, by=by, event_id=now.event_id, command=command)
    except Refused:
        return


def _kept(sent: StartTask | CompleteTask, why: RefusalCode, note: str | None, now: Acting) -> Callable[[Case], Act]:
    report = (
        LateReport(str(sent.command_id), now.person.id, now.event_id, sent.device_time or now.at, sent.outcome)
        if isinstance(sent, CompleteTask)
        else None
    )
    return lambda case: late_reports.keep(case, sent.task_id, now.moment(case), report=report, why=why, note=note)


async def decide_report(sent: DecideReport, *, by: Actor, ports: Ports) -> Done[Task]:
    """Whether work counts that was reported too late."""
    now = await acting("decideReport", sent, by=by, ports=ports)
    reason = optional_text(sent.reason, "reason") if sent.approved else required_text(sent.reason or "", "reason")

    def change(case: Case) -> Act:
        moment, report_id, version = now.moment(case), str(sent.report_id), sent.expected_version
        if sent.approved:
            return late_reports.approve(case, sent.task_id, moment, command_id=report_id, expected_version=version)
        return late_reports.dismiss(case, sent.task_id, moment, command_id=report_id, reason=reason or "", expected_version=version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def own_rejected(*, by: Actor, ports: Ports) -> Sequence[Event]:
    """The newest of one's own reports that came too late; what was written, for as long as contents stay open to whoever worked on them."""
    at = ports.clock()
    found = await ports.history.reports_rejected(MOST_SHOWN, by=by)
    return [replace(event, reason=None) if at - event.at > CONTENTS_OPEN else event for event in found]
