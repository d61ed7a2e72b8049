"""A code from whoever keeps the database: the first administrator is linked before anybody is there who could hand one out."""

from uuid import uuid4

from domain.commands import Command
from domain.enrolment import DIGITS, PRINTED_LIFE, SALT_DIGITS, IssuedCode, with_check_digit
from domain.ids import Kind, parse
from domain.organisation import Organisation
from domain.people import Person
from domain.slips import slip
from server.wiring import House

OPERATOR = "operator"
"""Whose commands these are."""


async def hand_out(house: House, person: str, township: str | None) -> str | None:
    """The slip of a code for the person, an id or a code of the township's list; nothing where there is no such person."""
    organisation = await _township(house, person, township)
    found = await _find(house, person, organisation) if organisation else None
    if organisation is None or found is None:
        return None
    ids, at = house.ports.ids, house.ports.clock()
    digits, until = with_check_digit(ids.digits(DIGITS - 1)), at + PRINTED_LIFE
    command = Command(OPERATOR, uuid4(), "issueEnrolmentCode", "", at)
    administered = [organisation.root().id]
    await house.ports.enrolment.issue(
        found, digits, salt=ids.digits(SALT_DIGITS), valid_until=until, administered=administered, command=command
    )
    return slip(house.messages.render(line, "zh-CN") for line in IssuedCode(found, digits, until).slip())


async def _township(house: House, person: str, township: str | None) -> Organisation | None:
    ref = parse(person)
    return await house.ports.organisations.of_township(ref.township if ref and ref.kind is Kind.PERSON else township or "")


async def _find(house: House, person: str, organisation: Organisation) -> Person | None:
    ref = parse(person)
    is_id = ref is not None and ref.kind is Kind.PERSON
    return await (house.ports.enrolment.person if is_id else house.ports.enrolment.listed)(organisation, person)
