"""Where somebody can be reached, and who looked."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import contacts
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.contacts import ReadFlag, RevealReason
from domain.households import Reach
from domain.people import Person
from domain.posts import Role
from resolvers import contacts as deeds
from resolvers.acting import Done
from schema.context import Info
from schema.graph import WANTED, ContactReadingT, PersonT, deed, described, edge, shows
from schema.pages import After, Before, First, Last, connection, connection_types, wanted_page
from schema.refusal import payload, result

ContactReadingEdge, ContactReadingConnection = connection_types("ContactReading", ContactReadingT, "查阅记录")


@shows(contacts.MaskedContact, "How somebody can be reached, as far as it is shown without a reason (脱敏联系方式).")
class MaskedContact:
    phone: str | None = described("The telephone with its middle hidden (脱敏电话).")
    reach: Reach = described("How they want to be reached (联系途径).")
    has_address: bool = described("Whether the detail of the address is known too (是否有详细地址).")


@shows(contacts.Contact, "How somebody can be reached, in clear (联系方式).")
class Contact:
    phone: str | None = described("The telephone in E.164, a landline too (电话).")
    address_detail: Any = edge(lambda root: root.address, str | None, "What finds the door (详细地址).")
    reach: Reach = described("How they want to be reached (联系途径).")
    set_at: datetime = described("Since when it is so (登记时间).")


async def _reader(root: Parent[contacts.Reading], info: Info) -> Person | None:
    """By name for the privacy officer; for the person only whose name hangs on the notice board."""
    context = info.context
    is_named = context.actor.holds_for_the_township(Role.PRIVACY_OFFICER) and root.person_id != context.actor.id
    on = context.at.astimezone(SHANGHAI).date()
    if not is_named and not (await context.organisation_of(root.township)).has_public_post(root.by_id, on):
        return None
    return await context.loaders.person_named.load((root.township, root.by_id))


@shows(contacts.Reading, "A line of the read log: whose contact was shown to whom, and why (查阅记录).")
class ContactReading:
    at: datetime = described("When (时间).")
    role: Role = described("In which role the reader acted (查阅人角色).")
    reader: Any = edge(_reader, PersonT | None, "Who looked; for the person themselves only where it is a public post (查阅人).")
    reason: RevealReason = described("Why (查阅原因).")
    note: str | None = described("Why, in words (说明).")
    request_number: str = described("For which request (诉求编号).")
    task_id: strawberry.ID = described("For which task (工单).")
    person_id: strawberry.ID = described("Whose contact it was (被查阅人).")
    flags: list[ReadFlag] = described("What is unusual about it; for the privacy officer (异常标记).")


@strawberry.input(description="Says how somebody can be reached, instead of what was there (登记联系方式).")
class SetContactInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    reach: Reach = strawberry.field(description="How they want to be reached (联系途径).")
    person_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whom; else oneself. Others only by the township's administrator (人员)."
    )
    phone: str | None = strawberry.field(default=None, description="A mobile or landline number in China, +86 or not; none is fine (电话).")
    address_detail: str | None = strawberry.field(default=None, description="What finds the door, up to 2,000 characters (详细地址).")


@strawberry.input(description="Asks for a contact in clear, for one task (查看联系方式).")
class RevealContactInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again, unchanged, is logged once (指令标识).")
    task_id: strawberry.ID = strawberry.field(description="For which task (工单).")
    reason: RevealReason = strawberry.field(description="Why; the person can read it (查阅原因).")
    note: str | None = strawberry.field(default=None, description="Why, in words, wanted for OTHER; the person can read it (说明).")


SetContactPayload = payload("SetContact", "contact", MaskedContact, "The contact, masked (联系方式).")
RevealContactPayload = payload("RevealContact", "contact", Contact, "The contact in clear (联系方式).")
SetContactResult = result("SetContact", SetContactPayload)
RevealContactResult = result("RevealContact", RevealContactPayload)


async def set_contact(input: Annotated[SetContactInput, WANTED], info: Info) -> Any:
    sent = deeds.SetContact(input.command_id, input.reach, input.person_id, input.phone, input.address_detail)
    return Done(await deeds.set_contact(sent, by=info.context.actor, ports=info.context.ports))


async def reveal_contact(input: Annotated[RevealContactInput, WANTED], info: Info) -> Any:
    sent = deeds.RevealContact(input.command_id, input.task_id, input.reason, input.note)
    return Done(await deeds.reveal_contact(sent, by=info.context.actor, ports=info.context.ports))


async def _read_log(info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None) -> Any:
    page = wanted_page(first, after, last, before)
    found = await deeds.read_log(page, by=info.context.actor, ports=info.context.ports)
    return connection(ContactReadingEdge, ContactReadingConnection, found)


async def own_contact(root: Parent[Actor], info: Info) -> Any:
    return await deeds.own_contact(by=info.context.actor, ports=info.context.ports)


async def own_readings(
    root: Parent[Actor], info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None
) -> Any:
    page = wanted_page(first, after, last, before)
    found = await deeds.own_readings(page, by=info.context.actor, ports=info.context.ports)
    return connection(ContactReadingEdge, ContactReadingConnection, found)


@strawberry.type
class ViewerContact:
    contact: Any = edge(own_contact, Contact | None, "How you can be reached, in clear; looking at your own is not logged (我的联系方式).")
    contact_reads: Any = edge(own_readings, ContactReadingConnection, "Who looked at it, newest first (我的联系方式查阅记录).")


@strawberry.type
class ContactQueries:
    read_log: Any = edge(
        _read_log, ContactReadingConnection, "The township's read log, newest first, for its privacy officer; else empty (查阅留痕)."
    )


@strawberry.type
class ContactMutations:
    set_contact: Any = deed(set_contact, SetContactResult, "Say how somebody can be reached (登记联系方式).")
    reveal_contact: Any = deed(reveal_contact, RevealContactResult, "See a contact in clear, for one task, on record (查看联系方式).")
