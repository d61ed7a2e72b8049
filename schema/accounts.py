"""Sign-ins: whom they are linked to, and how they come to be."""

from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers import accounts as deeds
from schema.context import Info
from schema.graph import WANTED, PersonT, deed, edge
from schema.refusal import payload, result


@strawberry.input(description="Links the sign-in to whose code it is (绑定账号).")
class LinkAccountInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    code: str = strawberry.field(description="The eight digits that were given in person; spaces and dashes do not matter (绑定码).")


@strawberry.input(description="Takes somebody off every sign-in, and their phones off pushes (解除绑定).")
class UnlinkAccountInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    person_id: strawberry.ID = strawberry.field(description="Oneself, or somebody who lost the phone (人员).")


LinkAccountPayload = payload("LinkAccount", "person", PersonT, "Whom the sign-in may act for from now on (人员).")
UnlinkAccountPayload = payload("UnlinkAccount", "person", PersonT, "Who has to be linked anew (人员).")
LinkAccountResult = result("LinkAccount", LinkAccountPayload)
UnlinkAccountResult = result("UnlinkAccount", UnlinkAccountPayload)


async def _who_are_you(info: Info) -> Any:
    return list(await deeds.who_are_you(info.context.sign_in, ports=info.context.ports))


async def link_account(input: Annotated[LinkAccountInput, WANTED], info: Info) -> Any:
    sent = deeds.LinkAccount(input.command_id, input.code)
    return await deeds.link_account(sent, sign_in=info.context.sign_in, ports=info.context.ports)


async def unlink_account(input: Annotated[UnlinkAccountInput, WANTED], info: Info) -> Any:
    sent = deeds.UnlinkAccount(input.command_id, input.person_id)
    return await deeds.unlink_account(sent, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class AccountQueries:
    who_are_you: Any = edge(
        _who_are_you,
        list[PersonT],
        "The persons of your sign-in; name one in the header Lianhu-Person where there are several (您是哪一位).",
    )


@strawberry.type
class AccountMutations:
    link_account: Any = deed(link_account, LinkAccountResult, "Link your sign-in to a person, by a code given in person (绑定账号).")
    unlink_account: Any = deed(unlink_account, UnlinkAccountResult, "Take a person off every sign-in and phone (解除绑定).")
