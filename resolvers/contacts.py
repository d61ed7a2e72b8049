"""Contacts: given by whom they are of, shown masked, revealed for one task with a reason, and read again by nobody unseen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.access import Actor
from domain.contacts import Contact, MaskedContact, Reading, RevealReason, flags_of, parse_phone, permit_reveal, privacy_officers, role_for
from domain.errors import invalid, not_found
from domain.households import Reach
from domain.ids import Kind
from domain.pages import Page, PageRequest
from domain.people import Person
from domain.ports import Ports
from domain.posts import Role
from domain.requests import Request
from domain.standings import standings
from domain.texts import optional_text
from resolvers.acting import command_of, signed_in


@dataclass(frozen=True, slots=True)
class SetContact:
    command_id: UUID
    reach: Reach
    person_id: str | None = None
    phone: str | None = None
    address_detail: str | None = None


@dataclass(frozen=True, slots=True)
class RevealContact:
    command_id: UUID
    task_id: str
    reason: RevealReason
    note: str | None = None


async def set_contact(sent: SetContact, *, by: Actor, ports: Ports) -> MaskedContact:
    """How somebody can be reached from now on, instead of what was there: their own, or by the township's administrator."""
    person, _ = signed_in(by)
    whose = await _whose(sent.person_id, person, by, ports)
    phone = parse_phone(sent.phone, "phone") if sent.phone is not None and sent.phone.strip() else None
    address = optional_text(sent.address_detail, "addressDetail")
    if sent.reach is Reach.PHONE and phone is None:
        raise invalid("refusal.phone_wanted", "phone")
    at = ports.clock()
    contact = Contact(whose, person.township, sent.reach, phone, address, at, person.id)
    # A digest of a number could be undone by trying all numbers: a keyed fingerprint stands in its place.
    covered = replace(sent, phone=await _covered(phone, ports), address_detail=await _covered(address, ports))
    await ports.contacts.set(contact, command=command_of("setContact", covered, person, at=at))
    return contact.masked


async def reveal_contact(sent: RevealContact, *, by: Actor, ports: Ports) -> Contact:
    """The contact of whoever asked, for whoever does the work or answers for it; nothing is shown before it stands in the read log."""
    person, organisation = signed_in(by)
    note, at = optional_text(sent.note, "note"), ports.clock()
    if sent.reason is RevealReason.OTHER and note is None:
        raise invalid("refusal.reason_wanted", "note")
    tasks = await ports.tasks.by_ids([sent.task_id], seen_by=by)
    requests = await ports.requests.by_ids([task.request_id for task in tasks if task.request_id], seen_by=by)
    if not requests:
        raise not_found("taskId")
    task, request = tasks[0], requests[0]
    permit_reveal(task, request, frozenset() if by.only_co_ordinates else standings(task, by, at=at))
    reading = Reading(
        id=ports.ids.new(Kind.READING, person.township, at),
        township=person.township,
        person_id=request.judge_id or "",
        by_id=person.id,
        role=role_for(task, by),
        task_id=task.id,
        request_id=request.id,
        request_number=request.number,
        reason=sent.reason,
        note=note,
        at=at,
        flags=flags_of(at, await ports.calendars.current()),
    )
    command, watching = command_of("revealContact", sent, person, at=at), privacy_officers(organisation, at)
    return await ports.contacts.reveal(reading, watched_by=watching, command=command)


async def contacts_of_requests(requests: Sequence[Request], *, by: Actor, ports: Ports) -> Mapping[str, MaskedContact]:
    """By request, masked: for whoever works on it or above it, and for the person; not where it is shielded, nor for who only typed it."""
    at = ports.clock()
    open_ = [request for request in requests if not request.has_closed_contents_for(by, at)]
    shown = {request.id: request for request in open_ if request.judge_id and not request.hides_person_from(by.id)}
    is_barred = by.only_co_ordinates
    shown = {id_: r for id_, r in shown.items() if r.judge_id == by.id or not (is_barred or by.is_only_asker(r.askers, r.scopes))}
    found: dict[str, MaskedContact] = {}
    for township in {request.township for request in shown.values()}:
        wanted = [request.judge_id for request in shown.values() if request.judge_id and request.township == township]
        found |= {contact.person_id: contact for contact in await ports.contacts.masked(township, wanted)}
    return {id_: found[request.judge_id] for id_, request in shown.items() if request.judge_id in found}


async def own_contact(*, by: Actor, ports: Ports) -> Contact | None:
    """In clear, and not logged: it is the reader's own."""
    return await ports.contacts.own(seen_by=by)


async def own_readings(page: PageRequest, *, by: Actor, ports: Ports) -> Page[Reading]:
    """Who looked at one's own contact. What is unusual about it is the privacy officer's business."""
    found = await ports.read_log.of_person(page, seen_by=by)
    return replace(found, rows=[replace(reading, flags=()) for reading in found.rows])


async def read_log(page: PageRequest, *, by: Actor, ports: Ports) -> Page[Reading]:
    """Every reading of the township, for its privacy officer; an empty list for everybody else."""
    if not by.holds_for_the_township(Role.PRIVACY_OFFICER):
        return Page((), (), has_next=False, has_previous=False)
    return await ports.read_log.of_township(page, seen_by=by)


async def _whose(person_id: str | None, person: Person, by: Actor, ports: Ports) -> str:
    """Nobody but the person and the township's administrator can tell by the answer whether there is such a person."""
    if person_id is None or person_id == person.id:
        return person.id
    if not by.holds_for_the_township(Role.ADMINISTRATOR) or not await ports.people.by_ids(person.township, [person_id]):
        raise not_found("personId")
    return person_id


async def _covered(value: str | None, ports: Ports) -> str | None:
    return await ports.contacts.fingerprint(value) if value is not None else None
