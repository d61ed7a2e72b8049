"""Standing still: suspended for a while, or on the long ledger; and what the resident says to that."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from domain import pauses
from domain.access import Actor
from domain.approvals import SuspendCause
from domain.cases import Act, Case
from domain.ports import Ports
from domain.requests import Request
from domain.tasks import Task
from domain.texts import optional_text, required_text
from resolvers.acting import Done, acting, unless_replayed
from resolvers.requests import update_request
from resolvers.tasks import move


@dataclass(frozen=True, slots=True)
class SuspendTask:
    command_id: UUID
    task_id: str
    cause: SuspendCause
    until: datetime
    reason: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResumeTask:
    command_id: UUID
    task_id: str
    note: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeferTask:
    command_id: UUID
    task_id: str
    plan: str
    reason: str
    review_on: date
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecideDeferral:
    command_id: UUID
    task_id: str
    approved: bool
    reason: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class UndeferTask:
    command_id: UUID
    task_id: str
    note: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObjectToDeferral:
    command_id: UUID
    request_id: str
    words: str
    device_time: datetime | None = None


async def suspend_task(sent: SuspendTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """A leader lets it stand still, for a cause that lies outside of whoever works on it."""
    now = await acting("suspendTask", sent, by=by, ports=ports)
    reason = optional_text(sent.reason, "reason")
    await unless_replayed(partial(pauses.check_until, sent.until, at=now.at), now, ports)

    def change(case: Case) -> Act:
        return pauses.suspend(
            case,
            sent.task_id,
            now.moment(case),
            cause=sent.cause,
            until=sent.until,
            reason=reason,
            expected_version=sent.expected_version,
        )

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def resume_task(sent: ResumeTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Whoever learns that the cause has ended lets it go on."""
    now = await acting("resumeTask", sent, by=by, ports=ports)
    note = optional_text(sent.note, "note")

    def change(case: Case) -> Act:
        return pauses.resume(case, sent.task_id, now.moment(case), reason=note, expected_version=sent.expected_version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def defer_task(sent: DeferTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """The desk asks for a place on the long ledger; a secretary of the township puts it there at once."""
    now = await acting("deferTask", sent, by=by, ports=ports)
    plan, reason = required_text(sent.plan, "plan"), required_text(sent.reason, "reason")
    await unless_replayed(partial(pauses.check_review, sent.review_on, at=now.at), now, ports)

    def change(case: Case) -> Act:
        return pauses.defer(
            case,
            sent.task_id,
            now.moment(case),
            plan=plan,
            reason=reason,
            review_on=sent.review_on,
            expected_version=sent.expected_version,
        )

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def decide_deferral(sent: DecideDeferral, *, by: Actor, ports: Ports) -> Done[Task]:
    """The secretary agrees to what the desk asked for, or does not, and says why."""
    now = await acting("decideDeferral", sent, by=by, ports=ports)
    reason = optional_text(sent.reason, "reason") if sent.approved else required_text(sent.reason or "", "reason")

    def change(case: Case) -> Act:
        moment, version = now.moment(case), sent.expected_version
        if sent.approved:
            return pauses.approve_deferral(case, sent.task_id, moment, reason=reason, expected_version=version)
        return pauses.refuse_deferral(case, sent.task_id, moment, reason=reason or "", expected_version=version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def undefer_task(sent: UndeferTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Off the long ledger: it can be done now."""
    now = await acting("undeferTask", sent, by=by, ports=ports)
    note = optional_text(sent.note, "note")

    def change(case: Case) -> Act:
        return pauses.undefer(case, sent.task_id, now.moment(case), reason=note, expected_version=sent.expected_version)

    return await move(sent.task_id, change, now, by=by, ports=ports)


async def object_to_deferral(sent: ObjectToDeferral, *, by: Actor, ports: Ports) -> Done[Request]:
    """The resident does not agree: kept, and told to whoever decides."""
    now = await acting("objectToDeferral", sent, by=by, ports=ports)
    words = required_text(sent.words, "words")

    def change(case: Case) -> Act:
        return pauses.object_to_deferral(case, now.moment(case), words=words)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)
