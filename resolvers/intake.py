"""Taking requests in: accepting, declining, objecting, handing off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import intake
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.cases import Act, Case
from domain.errors import not_found
from domain.ids import Kind
from domain.items import MatterScope, ServiceItem
from domain.ports import Ports
from domain.requests import DeclineReason, HandOffTo, Request
from domain.routing import NO_LOADS, Service, shielded, who_serves
from domain.tasks import Task
from domain.texts import optional_text, required_text
from resolvers.acting import Acting, Done, acting
from resolvers.owners import with_further_owners
from resolvers.requests import loads_of, update_request


@dataclass(frozen=True, slots=True)
class AcceptRequest:
    command_id: UUID
    request_id: str
    item_id: str | None = None
    scope: MatterScope | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeclineRequest:
    command_id: UUID
    request_id: str
    reason: DeclineReason
    where_to_go: str
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ObjectToDecline:
    command_id: UUID
    request_id: str
    words: str
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandOffRequest:
    command_id: UUID
    request_id: str
    to: HandOffTo
    reason: str
    number: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


async def accept_request(sent: AcceptRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """Takes it in, perhaps as another item or for the other address, and routes it; the promise has run since it was made."""
    now = await acting("acceptRequest", sent, by=by, ports=ports)
    items, calendar = await ports.catalogue.items(), await ports.calendars.current()
    if sent.item_id is not None and sent.item_id not in items:
        raise not_found("itemId")
    loads, task_id = NO_LOADS, ports.ids.new(Kind.TASK, now.person.township, now.at)
    for request in await ports.requests.by_ids([sent.request_id], seen_by=by):
        item = items[sent.item_id or request.item_id]
        loads = await loads_of(item, sent.scope or request.scope, request.place, now, ports)

    def change(case: Case) -> Act:
        if case.request is None:
            raise not_found("requestId")
        item = items[sent.item_id or case.request.item_id]
        taken = intake.as_accepted(case.request, item, sent.scope or case.request.scope, calendar)
        on = now.at.astimezone(SHANGHAI).date()
        service = who_serves(now.organisation, item, taken.scope, taken.place, on=on, avoided=case.avoided, loads=loads)
        task = intake.first_task(taken, task_id, _as_told(service, taken, case, now), now.moment(Case(taken, ())))
        work = with_further_owners(Case(taken, (task,)), item, now, ports).tasks
        return intake.accept(case, now.moment(case), taken, work, is_rule_broken=service.is_broken, expected_version=sent.expected_version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)


def work_of(case: Case, task_id: str, items: Mapping[str, ServiceItem], now: Acting, ports: Ports) -> Sequence[Task]:
    """The work on a request as it would be, were it taken in now as it is: its routed lead, and the further owners of its item."""
    if case.request is None:
        return ()
    item, request, on = items[case.request.item_id], case.request, now.at.astimezone(SHANGHAI).date()
    service = who_serves(now.organisation, item, request.scope, request.place, on=on, avoided=case.avoided)
    task = intake.first_task(request, task_id, _as_told(service, request, case, now), now.moment(case))
    return with_further_owners(Case(request, (task,)), item, now, ports).tasks


def _as_told(service: Service, request: Request, case: Case, now: Acting) -> Service:
    on = now.at.astimezone(SHANGHAI).date()
    return shielded(service, now.organisation, case.avoided, on=on) if request.is_shielded else service


async def decline_request(sent: DeclineRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """Does not take it on, and says where to go instead."""
    now = await acting("declineRequest", sent, by=by, ports=ports)
    where_to_go = required_text(sent.where_to_go, "whereToGo")

    def change(case: Case) -> Act:
        moment, version = now.moment(case), sent.expected_version
        return intake.decline(case, moment, reason=sent.reason, where_to_go=where_to_go, expected_version=version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)


async def object_to_decline(sent: ObjectToDecline, *, by: Actor, ports: Ports) -> Done[Request]:
    """The resident's one objection: it is looked at again."""
    now = await acting("objectToDecline", sent, by=by, ports=ports)
    words = required_text(sent.words, "words")

    def change(case: Case) -> Act:
        return intake.object_to_decline(case, now.moment(case), words=words, expected_version=sent.expected_version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)


async def hand_off_request(sent: HandOffRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """Gives it to an emergency line or another service, whose number or reference was told."""
    now = await acting("handOffRequest", sent, by=by, ports=ports)
    reason, number = required_text(sent.reason, "reason"), optional_text(sent.number, "number")

    def change(case: Case) -> Act:
        moment, version = now.moment(case), sent.expected_version
        return intake.hand_off(case, moment, to=sent.to, number=number, reason=reason, expected_version=version)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)
