"""Units, posts, leave and the rota changed while work goes on: each deed is one command and one version of the organisation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from domain.access import Actor
from domain.commands import Replayed
from domain.households import Household
from domain.ids import Kind
from domain.leave_changes import NewDuty, NewLeave, duty_ended, duty_planned, leave_ended, leave_recorded
from domain.organisation import Organisation, OrgUnit, OrgUnitKind
from domain.people import Person
from domain.ports import Ports
from domain.post_changes import NewPost, appointed, ended_post
from domain.posts import Absence, Appointment, Duty, Role
from domain.reorganisation import Changed, Editor, editor
from domain.unit_changes import NewUnit, closed, created, moved, renamed
from resolvers.acting import Done, Sent, command_of, signed_in

T = TypeVar("T")

EditHomes = Callable[[Editor, Sequence[Household]], Changed]
"""What a deed does, given who edits the township as it is and the homes that were asked for."""


@dataclass(frozen=True, slots=True)
class CreateUnit:
    command_id: UUID
    code: str
    name: str
    kind: OrgUnitKind
    parent_id: str
    valid_from: date | None = None
    skill: str | None = None
    covers: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class MoveUnit:
    command_id: UUID
    unit_id: str
    parent_id: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class RenameUnit:
    command_id: UUID
    unit_id: str
    name: str
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class CloseUnit:
    command_id: UUID
    unit_id: str
    valid_to: date | None = None
    successor_id: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Appoint:
    command_id: UUID
    person_id: str
    role: Role
    unit_id: str
    grid_id: str | None = None
    micro_grid_id: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class EndAppointment:
    command_id: UUID
    appointment_id: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class RecordLeave:
    command_id: UUID
    person_id: str
    since: date
    until: date
    substitute_id: str | None = None


@dataclass(frozen=True, slots=True)
class EndLeave:
    command_id: UUID
    absence_id: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PlanDuty:
    command_id: UUID
    unit_id: str
    person_id: str
    since: date
    until: date
    grid_id: str | None = None


@dataclass(frozen=True, slots=True)
class EndDuty:
    command_id: UUID
    duty_id: str
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The township after the deed, and what the deed was about."""

    organisation: Organisation
    subject_id: str
    is_replay: bool


async def create_unit(sent: CreateUnit, *, by: Actor, ports: Ports) -> Done[OrgUnit | None]:
    wanted = NewUnit(sent.code, sent.name, sent.kind, sent.parent_id, sent.valid_from, sent.skill, tuple(sent.covers or ()))
    id_ = _new_id(Kind.UNIT, by, ports)
    return _unit(await reorganised("createUnit", sent, lambda edit, _: created(edit, id_, wanted), id_, by=by, ports=ports))


async def move_unit(sent: MoveUnit, *, by: Actor, ports: Ports) -> Done[OrgUnit | None]:
    def change(edit: Editor, _: Sequence[Household]) -> Changed:
        return moved(edit, sent.unit_id, sent.parent_id, expected_version=sent.expected_version)

    return _unit(await reorganised("moveUnit", sent, change, sent.unit_id, by=by, ports=ports))


async def rename_unit(sent: RenameUnit, *, by: Actor, ports: Ports) -> Done[OrgUnit | None]:
    def change(edit: Editor, _: Sequence[Household]) -> Changed:
        return renamed(edit, sent.unit_id, sent.name, expected_version=sent.expected_version)

    return _unit(await reorganised("renameUnit", sent, change, sent.unit_id, by=by, ports=ports))


async def close_unit(sent: CloseUnit, *, by: Actor, ports: Ports) -> Done[OrgUnit | None]:
    base_id = _new_id(Kind.EVENT, by, ports)

    def change(edit: Editor, _: Sequence[Household]) -> Changed:
        return closed(
            edit,
            sent.unit_id,
            base_id=base_id,
            valid_to=sent.valid_to,
            successor_id=sent.successor_id,
            expected_version=sent.expected_version,
        )

    return _unit(await reorganised("closeUnit", sent, change, sent.unit_id, by=by, ports=ports))


async def appoint(sent: Appoint, *, by: Actor, ports: Ports) -> Done[Appointment | None]:
    """Whoever is appointed is somebody of the township, with a post or without."""
    person, organisation = signed_in(by)
    found = await ports.people.by_ids(person.township, [sent.person_id])
    wanted = NewPost(sent.role, sent.unit_id, sent.grid_id, sent.micro_grid_id, sent.since, sent.until)
    # A micro-grid stays with its grid for good: whoever changes the township meanwhile does not change this.
    micro = organisation.micro_grids.get(sent.micro_grid_id or "") if sent.role is Role.HUB_HOST else None
    id_ = _new_id(Kind.APPOINTMENT, by, ports)

    def change(edit: Editor, homes: Sequence[Household]) -> Changed:
        return appointed(edit, id_, found[0] if found else None, wanted, homes)

    grid_ids = [micro.grid_id] if micro else []
    return _post(await reorganised("appoint", sent, change, id_, by=by, ports=ports, grid_ids=grid_ids))


async def end_appointment(sent: EndAppointment, *, by: Actor, ports: Ports) -> Done[Appointment | None]:
    def change(edit: Editor, _: Sequence[Household]) -> Changed:
        return ended_post(edit, sent.appointment_id, until=sent.until)

    return _post(await reorganised("endAppointment", sent, change, sent.appointment_id, by=by, ports=ports))


async def record_leave(sent: RecordLeave, *, by: Actor, ports: Ports) -> Done[Absence | None]:
    wanted, id_ = NewLeave(sent.person_id, sent.since, sent.until, sent.substitute_id), _new_id(Kind.ABSENCE, by, ports)
    return _absence(await reorganised("recordLeave", sent, lambda edit, _: leave_recorded(edit, id_, wanted), id_, by=by, ports=ports))


async def end_leave(sent: EndLeave, *, by: Actor, ports: Ports) -> Done[Absence | None]:
    """Nothing is left of leave that had not begun."""

    def change(edit: Editor, _: Sequence[Household]) -> Changed:
        return leave_ended(edit, sent.absence_id, until=sent.until)

    return _absence(await reorganised("endLeave", sent, change, sent.absence_id, by=by, ports=ports))


async def plan_duty(sent: PlanDuty, *, by: Actor, ports: Ports) -> Done[Duty | None]:
    wanted = NewDuty(sent.unit_id, sent.person_id, sent.since, sent.until, sent.grid_id)
    id_ = _new_id(Kind.DUTY, by, ports)
    return _duty(await reorganised("planDuty", sent, lambda edit, _: duty_planned(edit, id_, wanted), id_, by=by, ports=ports))


async def end_duty(sent: EndDuty, *, by: Actor, ports: Ports) -> Done[Duty | None]:
    """Nothing is left of a turn that had not begun."""

    def change(edit: Editor, _: Sequence[Household]) -> Changed:
        return duty_ended(edit, sent.duty_id, until=sent.until)

    return _duty(await reorganised("endDuty", sent, change, sent.duty_id, by=by, ports=ports))


async def reorganised(
    verb: str,
    sent: Sent,
    change: EditHomes,
    subject_id: str,
    *,
    by: Actor,
    ports: Ports,
    household_ids: Sequence[str] = (),
    grid_ids: Sequence[str] = (),
    member_ids: Sequence[str] = (),
    permit: Callable[[Editor, Sequence[Household]], object] | None = None,
) -> Outcome:
    """Makes the next version true, judged by the rights that the editor has in the version before it. Homes come with their neighbours.

    `permit` judges first, by the homes named alone; where there is none, `change` does.
    """
    person, _ = signed_in(by)
    at = ports.clock()
    done = await ports.organisations.reorganise(
        person.township,
        partial(_as_edited, change, by, person, at),
        permit=partial(_as_edited, permit or change, by, person, at),
        household_ids=household_ids,
        grid_ids=grid_ids,
        member_ids=member_ids,
        with_neighbours=bool(household_ids),
        subject_id=subject_id,
        command=command_of(verb, sent, person, at=at),
    )
    organisation = await ports.organisations.of_township(person.township)
    if organisation is None:
        raise LookupError("the township is gone")
    return Outcome(organisation, done.subject_id if isinstance(done, Replayed) else subject_id, isinstance(done, Replayed))


def _as_edited(
    judge: Callable[[Editor, Sequence[Household]], T],
    by: Actor,
    person: Person,
    at: datetime,
    now: Organisation,
    homes: Sequence[Household],
) -> T:
    return judge(editor(person, now, at=at, home=by.home), homes)


def _new_id(kind: Kind, by: Actor, ports: Ports) -> str:
    person, _ = signed_in(by)
    return ports.ids.new(kind, person.township, ports.clock())


def _unit(outcome: Outcome) -> Done[OrgUnit | None]:
    return Done(outcome.organisation.units.get(outcome.subject_id), outcome.is_replay)


def _post(outcome: Outcome) -> Done[Appointment | None]:
    return Done(outcome.organisation.appointments.get(outcome.subject_id), outcome.is_replay)


def _absence(outcome: Outcome) -> Done[Absence | None]:
    return Done(outcome.organisation.absences.get(outcome.subject_id), outcome.is_replay)


def _duty(outcome: Outcome) -> Done[Duty | None]:
    return Done(outcome.organisation.duties.get(outcome.subject_id), outcome.is_replay)
