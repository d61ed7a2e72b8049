"""Calling others in to help with a task, and calling work off."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import assists
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.cases import Act, Case
from domain.errors import invalid
from domain.ids import Kind
from domain.ports import Ports
from domain.tasks import Task
from domain.texts import required_text
from resolvers.acting import Done, acting
from resolvers.tasks import by_hand, move


@dataclass(frozen=True, slots=True)
class AddAssist:
    command_id: UUID
    task_id: str
    what: str
    unit_id: str | None = None
    assignee_id: str | None = None
    required: bool = True
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class CancelTask:
    command_id: UUID
    task_id: str
    reason: str
    expected_version: int | None = None
    device_time: datetime | None = None


async def add_assist(sent: AddAssist, *, by: Actor, ports: Ports) -> Done[Task]:
    """A unit, or a colleague, is called in to help; the task stays with whoever has it."""
    now = await acting("addAssist", sent, by=by, ports=ports)
    what = required_text(sent.what, "what")
    if (sent.unit_id is None) == (sent.assignee_id is None):
        raise invalid("refusal.one_to_help", "unitId")
    assist_id = ports.ids.new(Kind.TASK, now.person.township, now.at)

    def change(case: Case) -> Act:
        on = now.at.astimezone(SHANGHAI).date()
        if sent.unit_id is not None:
            service = assists.of_unit(now.organisation, sent.unit_id, case.avoided, on=on)
        else:
            service = by_hand(sent.assignee_id or "", case.task(sent.task_id), case.avoided, now, by, colleagues=True)
        version, moment = sent.expected_version, now.moment(case)
        return assists.add(case, sent.task_id, assist_id, service, moment, what=what, is_required=sent.required, expected_version=version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def cancel_task(sent: CancelTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Called off, with whatever helps with it."""
    now = await acting("cancelTask", sent, by=by, ports=ports)
    reason = required_text(sent.reason, "reason")

    def change(case: Case) -> Act:
        return assists.cancel(case, sent.task_id, now.moment(case), reason=reason, expected_version=sent.expected_version)

    return await move(sent.task_id, change, now, by=by, ports=ports)
