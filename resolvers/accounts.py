"""Accounts: a sign-in is linked by a code, says whom it acts for, and is unlinked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from uuid import UUID

from domain.access import Actor
from domain.commands import Command, Replayed, digest
from domain.enrolment import read_code
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.identity import SignIn
from domain.people import Person
from domain.ports import Ports
from resolvers.acting import Done, command_of, signed_in
from resolvers.enrolment import person_in_reach


@dataclass(frozen=True, slots=True)
class LinkAccount:
    command_id: UUID
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnlinkAccount:
    command_id: UUID
    person_id: str


async def who_are_you(sign_in: SignIn | None, *, ports: Ports) -> Sequence[Person]:
    """The persons of the sign-in, for it to choose from; nothing else of them."""
    return await ports.accounts.persons_of(sign_in, at=ports.clock()) if sign_in else []


async def link_account(sent: LinkAccount, *, sign_in: SignIn | None, ports: Ports) -> Done[Person]:
    """Links the sign-in to the person whose code it is. For whoever signed in, linked or not; the code alone decides."""
    if sign_in is None:
        raise refused(RefusalCode.SIGN_IN_REQUIRED, "refusal.sign_in_required")
    digits = read_code(sent.code)
    if digits is None:
        raise invalid("refusal.code_mistyped", "code")
    contents = {given.name: getattr(sent, given.name) for given in fields(sent)}
    command = Command(sign_in.author, sent.command_id, "linkAccount", digest("linkAccount", {**contents, "code": digits}), ports.clock())
    linked = await ports.accounts.link(digits, sign_in, command=command)
    if isinstance(linked, Person):
        return Done(linked)
    persons = await ports.accounts.persons_of(sign_in, at=command.at)
    known = next((person for person in persons if person.id == linked.subject_id), None)
    if known is None:  # unlinked meanwhile
        raise not_found("code")
    return Done(known, is_replay=True)


async def unlink_account(sent: UnlinkAccount, *, by: Actor, ports: Ports) -> Done[Person]:
    """Takes a person off every sign-in: one's own, or that of somebody in reach who lost the phone."""
    person, organisation = signed_in(by)
    at = ports.clock()
    is_own = sent.person_id == person.id
    subject = person if is_own else await person_in_reach(sent.person_id, by, organisation, ports)
    kept = await ports.accounts.unlink(subject, command=command_of("unlinkAccount", sent, person, at=at))
    return Done(subject, is_replay=isinstance(kept, Replayed))
