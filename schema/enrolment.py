"""Entering persons, and the codes that link their sign-ins."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import enrolment
from domain.slips import slip
from resolvers import enrolment as deeds
from schema.context import Info
from schema.graph import WANTED, PersonT, deed, described, edge, shows
from schema.refusal import payload, result


def _slip(root: Parent[enrolment.IssuedCode], info: Info) -> str | None:
    lines = root.slip()
    return slip(info.context.say(line) for line in lines) if lines else None


@shows(enrolment.IssuedCode, "A code that links a sign-in to a person, once (绑定码).")
class EnrolmentCode:
    person: Any = edge(lambda root: root.person, PersonT, "Whose it is (人员).")
    code: str | None = described("The code, shown once: nothing where the command is a repeat (绑定码).")
    slip: Any = edge(_slip, str | None, "Lines for a printer of 42 columns, with the code; nothing without it (纸条).")
    valid_until: datetime | None = described("When it ends, unless it is used before; nothing where the command is a repeat (有效期).")


@strawberry.input(description="Enters somebody (登记人员).")
class EnrolPersonInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    display_name: str = strawberry.field(description="The name that is shown (显示名称).")
    is_over_fourteen: bool = strawberry.field(
        description="Whoever enters them has made sure that they are fourteen or more; nothing else of it is kept (年满十四周岁)."
    )
    household_id: strawberry.ID | None = strawberry.field(default=None, description="Where they live, for residents (住户).")
    code: str | None = strawberry.field(
        default=None, description="How the organisation's own list knows them; from whoever may import that list (编号)."
    )


@strawberry.input(description="Corrects a name or a home (更正人员信息).")
class CorrectPersonInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    person_id: strawberry.ID = strawberry.field(description="Whom (人员).")
    display_name: str | None = strawberry.field(default=None, description="The right name; else it stays (显示名称).")
    household_id: strawberry.ID | None = strawberry.field(default=None, description="Where they live now; else it stays (住户).")


@strawberry.input(description="Makes a code for somebody who is there (发放绑定码).")
class IssueEnrolmentCodeInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    person_id: strawberry.ID = strawberry.field(description="For whom (人员).")
    short: bool | None = strawberry.field(
        default=False, description="Read out and good for ten minutes; else printed, for seven days (当面口述)."
    )


EnrolPersonPayload = payload("EnrolPerson", "person", PersonT, "Whoever was entered (人员).")
CorrectPersonPayload = payload("CorrectPerson", "person", PersonT, "The person as they are now (人员).")
IssueEnrolmentCodePayload = payload("IssueEnrolmentCode", "enrolment_code", EnrolmentCode, "The code (绑定码).")
EnrolPersonResult = result("EnrolPerson", EnrolPersonPayload)
CorrectPersonResult = result("CorrectPerson", CorrectPersonPayload)
IssueEnrolmentCodeResult = result("IssueEnrolmentCode", IssueEnrolmentCodePayload)


async def enrol_person(input: Annotated[EnrolPersonInput, WANTED], info: Info) -> Any:
    sent = deeds.EnrolPerson(input.command_id, input.display_name, input.is_over_fourteen, input.household_id, input.code)
    return await deeds.enrol_person(sent, by=info.context.actor, ports=info.context.ports)


async def correct_person(input: Annotated[CorrectPersonInput, WANTED], info: Info) -> Any:
    sent = deeds.CorrectPerson(input.command_id, input.person_id, input.display_name, input.household_id)
    return await deeds.correct_person(sent, by=info.context.actor, ports=info.context.ports)


async def issue_enrolment_code(input: Annotated[IssueEnrolmentCodeInput, WANTED], info: Info) -> Any:
    sent = deeds.IssueEnrolmentCode(input.command_id, input.person_id, bool(input.short))
    return await deeds.issue_enrolment_code(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class EnrolmentMutations:
    enrol_person: Any = deed(enrol_person, EnrolPersonResult, "Enter somebody (登记人员).")
    correct_person: Any = deed(correct_person, CorrectPersonResult, "Correct a name or a home (更正人员信息).")
    issue_enrolment_code: Any = deed(
        issue_enrolment_code, IssueEnrolmentCodeResult, "Hand somebody a code that links their sign-in (发放绑定码)."
    )
