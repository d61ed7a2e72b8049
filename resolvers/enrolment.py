"""Enrolment: persons are entered and corrected, and handed a code that links their sign-in."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access import Actor
from domain.commands import Replayed
from domain.enrolment import (
    DIGITS,
    PRINTED_LIFE,
    SALT_DIGITS,
    SPOKEN_LIFE,
    Amendment,
    IssuedCode,
    Reach,
    list_code,
    reach_of,
    require_home,
    require_person,
    with_check_digit,
)
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.households import Household
from domain.ids import Kind
from domain.organisation import Organisation
from domain.people import Person
from domain.ports import Ports
from domain.posts import Role
from domain.reorganisation import Changed, name_of
from domain.rights import Right, may
from resolvers.acting import Done, command_of, signed_in


@dataclass(frozen=True, slots=True)
class EnrolPerson:
    command_id: UUID
    display_name: str
    is_over_fourteen: bool
    household_id: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectPerson:
    command_id: UUID
    person_id: str
    display_name: str | None = None
    household_id: str | None = None


@dataclass(frozen=True, slots=True)
class IssueEnrolmentCode:
    command_id: UUID
    person_id: str
    short: bool = False


async def enrol_person(sent: EnrolPerson, *, by: Actor, ports: Ports) -> Done[Person]:
    """Enters somebody of fourteen or more, who can be handed a code from then on."""
    person, organisation = signed_in(by)
    name, code, at = name_of(sent.display_name, "displayName"), list_code(sent.code), ports.clock()
    if not sent.is_over_fourteen:
        raise invalid("refusal.under_fourteen", "isOverFourteen")
    reach = reach_of(by, organisation)
    if sent.household_id is None and not reach.has_home(None):
        if reach.is_empty:
            raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "householdId")
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.home_of_resident", "householdId")
    await _check_home(sent.household_id, by, reach, ports)
    if code and not may(by, Right.IMPORT_ORGANISATION, organisation.root().id):
        # The next file gives posts by the codes of the list: whoever took one ahead of it would have the post.
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "code")
    entered = Person(ports.ids.new(Kind.PERSON, person.township, at), person.township, name, sent.household_id, code)
    kept = await ports.enrolment.enrol(entered, command=command_of("enrolPerson", sent, person, at=at))
    return await _answered(kept, organisation, ports)


async def correct_person(sent: CorrectPerson, *, by: Actor, ports: Ports) -> Done[Person]:
    """Writes another name or home over what was there: what was wrong is not kept."""
    person, organisation = signed_in(by)
    if sent.display_name is None and sent.household_id is None:
        raise invalid("refusal.text_empty", "displayName")
    name = None if sent.display_name is None else name_of(sent.display_name, "displayName")
    subject = await person_in_reach(sent.person_id, by, organisation, ports)
    await _check_home(sent.household_id, by, reach_of(by, organisation), ports)
    amendment = Amendment(name, sent.household_id)
    command = command_of("correctPerson", sent, person, at=ports.clock())
    if subject.id not in organisation.holders:
        return await _answered(await ports.enrolment.correct(subject, amendment, command=command), organisation, ports)
    # Every process keeps the names of those with posts in memory, under the township's stamp: it has to move on.
    around = {
        unit.id for post in organisation.appointments.values() if post.person_id == subject.id for unit in organisation.path(post.unit_id)
    }

    def change(now: Organisation, _: Sequence[Household]) -> Changed:
        if subject.id not in now.holders:
            raise refused(RefusalCode.CONFLICT, "refusal.conflict", "commandId")
        return Changed((amendment.of(now.holders[subject.id]),), about=(subject.id,), unit_ids=tuple(sorted(around)))

    kept = await ports.organisations.reorganise(person.township, change, subject_id=subject.id, command=command)
    return await _answered(kept if isinstance(kept, Replayed) else kept.values[0], organisation, ports)


async def issue_enrolment_code(sent: IssueEnrolmentCode, *, by: Actor, ports: Ports) -> Done[IssuedCode]:
    """A code for the person, shown this once; the one before ends. Sent again, the command answers without the code."""
    person, organisation = signed_in(by)
    at = ports.clock()
    subject = await person_in_reach(sent.person_id, by, organisation, ports)
    digits = with_check_digit(ports.ids.digits(DIGITS - 1))
    until = at + (SPOKEN_LIFE if sent.short else PRINTED_LIFE)
    command = command_of("issueEnrolmentCode", sent, person, at=at)
    kept = await ports.enrolment.issue(
        subject,
        digits,
        salt=ports.ids.digits(SALT_DIGITS),
        valid_until=until,
        administered=by.units_led(Role.ADMINISTRATOR),
        command=command,
    )
    if kept is not None:
        return Done(IssuedCode(subject, None, None), is_replay=True)
    return Done(IssuedCode(subject, digits, until))


async def person_in_reach(person_id: str, by: Actor, organisation: Organisation, ports: Ports) -> Person:
    """Whom the actor may enrol, hand a code and unlink. Raises NOT_FOUND, or NOT_ALLOWED for whoever they may see all the same."""
    found = await ports.enrolment.person(organisation, person_id)
    home = await ports.enrolment.home(organisation, found.household_id) if found and found.household_id else None
    return require_person(reach_of(by, organisation), by, found, home, at=ports.clock())


async def _check_home(household_id: str | None, by: Actor, reach: Reach, ports: Ports) -> None:
    if household_id is not None:
        require_home(reach, by, await ports.enrolment.home(reach.organisation, household_id))


async def _answered(kept: Person | Replayed, organisation: Organisation, ports: Ports) -> Done[Person]:
    if isinstance(kept, Person):
        return Done(kept)
    found = await ports.enrolment.person(organisation, kept.subject_id)
    if found is None:
        raise not_found("commandId")
    return Done(found, is_replay=True)
