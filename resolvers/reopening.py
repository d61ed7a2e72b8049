"""After the end of a request: opening it once more, and what is said about it later."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import reopening
from domain.access import Actor
from domain.cases import Act, Case
from domain.ids import Kind
from domain.ports import Ports
from domain.requests import Request
from domain.routing import Service
from domain.texts import required_text
from resolvers.acting import Done, acting
from resolvers.requests import update_request
from resolvers.tasks import by_router


@dataclass(frozen=True, slots=True)
class ReopenRequest:
    command_id: UUID
    request_id: str
    words: str
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class AddMessage:
    command_id: UUID
    request_id: str
    text: str
    expected_version: int | None = None
    device_time: datetime | None = None


async def reopen_request(sent: ReopenRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """It did not help after all: once, within 15 days, it is worked on again."""
    now = await acting("reopenRequest", sent, by=by, ports=ports)
    words, items = required_text(sent.words, "words"), await ports.catalogue.items()

    def change(case: Case) -> Act:
        def route(case: Case) -> Service:
            return by_router(case, case.tasks[0].id, items, now)

        return reopening.reopen(case, now.moment(case), words=words, route=route, expected_version=sent.expected_version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)


async def add_message(sent: AddMessage, *, by: Actor, ports: Ports) -> Done[Request]:
    """Something more about a request, told to whoever has it; after its end somebody gets it to answer."""
    now = await acting("addMessage", sent, by=by, ports=ports)
    text, new_id = required_text(sent.text, "text"), ports.ids.new(Kind.TASK, now.person.township, now.at)

    def change(case: Case) -> Act:
        return reopening.add_message(case, now.moment(case), text=text, new_id=new_id, expected_version=sent.expected_version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)
