"""Calling departments out to a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import callouts
from domain.access import Actor
from domain.call_out import CallOutGrade, CallOutKind
from domain.cases import Act, Case
from domain.ports import Ports
from domain.tasks import Task
from domain.texts import optional_text, required_text
from resolvers.acting import Done, acting
from resolvers.tasks import move


@dataclass(frozen=True, slots=True)
class CallDepartmentsOut:
    command_id: UUID
    task_id: str
    unit_ids: Sequence[str]
    kind: CallOutKind
    arrive_within_minutes: int
    reason: str
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecideCallOut:
    command_id: UUID
    task_id: str
    approved: bool
    reason: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportIn:
    command_id: UUID
    task_id: str
    note: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConcludeCallOut:
    command_id: UUID
    task_id: str
    unit_id: str
    grade: CallOutGrade
    note: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


async def call_out(sent: CallDepartmentsOut, *, by: Actor, ports: Ports) -> Done[Task]:
    """Asks that departments be called to a task."""
    now = await acting("callOut", sent, by=by, ports=ports)
    reason = required_text(sent.reason, "reason")

    def change(case: Case) -> Act:
        callouts.permit_departments(now.organisation, sent.unit_ids, now.at)
        return callouts.call_out(
            case,
            sent.task_id,
            now.moment(case),
            unit_ids=sent.unit_ids,
            kind=sent.kind,
            within_minutes=sent.arrive_within_minutes,
            reason=reason,
            expected_version=sent.expected_version,
        )

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def decide_call_out(sent: DecideCallOut, *, by: Actor, ports: Ports) -> Done[Task]:
    """The township's head agrees, or refuses with a reason."""
    now = await acting("decideCallOut", sent, by=by, ports=ports)
    reason = optional_text(sent.reason, "reason") if sent.approved else required_text(sent.reason or "", "reason")

    def change(case: Case) -> Act:
        return callouts.decide(
            case, sent.task_id, now.moment(case), approved=sent.approved, reason=reason, expected_version=sent.expected_version
        )

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def report_in(sent: ReportIn, *, by: Actor, ports: Ports) -> Done[Task]:
    """Somebody of the department is there."""
    now = await acting("reportIn", sent, by=by, ports=ports)
    note = optional_text(sent.note, "note")

    def change(case: Case) -> Act:
        return callouts.report_in(case, sent.task_id, now.moment(case), note=note, expected_version=sent.expected_version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def conclude_call_out(sent: ConcludeCallOut, *, by: Actor, ports: Ports) -> Done[Task]:
    """The township rates how the department answered."""
    now = await acting("concludeCallOut", sent, by=by, ports=ports)
    note = optional_text(sent.note, "note")

    def change(case: Case) -> Act:
        return callouts.conclude(
            case,
            sent.task_id,
            now.moment(case),
            unit_id=sent.unit_id,
            grade=sent.grade,
            note=note,
            expected_version=sent.expected_version,
        )

    return await move(sent.task_id, change, now, by=by, ports=ports)
