"""Requests: asking, reading, and the last word."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from domain import cases, intake, verdicts
from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.cases import Act, Case
from domain.check_digits import request_number
from domain.commands import Command, Replayed
from domain.deadlines import Due
from domain.errors import NumberTaken, Refused, invalid, not_found
from domain.ids import Kind
from domain.items import MatterScope, ServiceItem
from domain.legs import promise
from domain.organisation import Organisation
from domain.pages import Page, PageRequest
from domain.places import GeoPoint
from domain.ports import Ports, RequestQuery
from domain.privacy_notices import notice_of
from domain.requests import Grade, Request, RequestState, Verdict, Words
from domain.routing import Avoided, Loads, Place, Service, candidates, shielded, who_serves
from domain.search import LookKind
from domain.texts import optional_text, required_text
from resolvers.acting import Acting, Done, acting
from resolvers.owners import with_further_owners
from resolvers.places import Where, check_place_is_given, placed
from resolvers.principals import Principal
from resolvers.search import enter_look
from resolvers.similar import with_earlier

NUMBERS_TRIED = 5

Keep = Callable[[Act, Words, str, Command], Awaitable[Case | Replayed]]
"""Who keeps a new case, its words, the event of that id and the command: `Requests.add`."""


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    command_id: UUID
    item_id: str
    text: str
    scope: MatterScope | None = None
    household_id: str | None = None
    location: GeoPoint | None = None
    village_id: str | None = None
    address: str | None = None
    attachment_ids: Sequence[str] | None = None
    on_behalf_of_id: str | None = None
    about_person_id: str | None = None
    about_unit_id: str | None = None
    for_household: bool | None = None
    device_time: datetime | None = None
    notice_version: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerFollowUp:
    command_id: UUID
    request_id: str
    verdict: Verdict
    grade: Grade
    words: str | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Matter:
    """What is asked for, checked: the item, where it belongs and lies, whom it is about, and for whom it is asked."""

    item: ServiceItem
    scope: MatterScope
    where: Where
    avoided: Avoided
    principal: Principal
    notice_version: int | None


async def submit_request(sent: SubmitRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """A request with its routed task, both clocks running; the answer is there before anybody was told."""
    now = await acting("submitRequest", sent, by=by, ports=ports, acting_for_id=sent.on_behalf_of_id)
    return await submit_by(ports.requests.add, sent, now, by=by, ports=ports)


async def submit_by(keep: Keep, sent: SubmitRequest, now: Acting, *, by: Actor, ports: Ports) -> Done[Request]:
    """The same for any command that asks for something; `keep` is who keeps the case."""
    try:
        case, words, is_rule_broken = await _routed(sent, now, by, ports)
    except Refused:
        # What was taken on once stays so, whatever has become of the home or the item since.
        try:
            replayed = await ports.requests.replay_of(now.command)
        except Refused:  # COMMAND_MISMATCH comes after whatever is wrong with the contents
            replayed = None
        if replayed is None:
            raise
        return await answered(replayed, by=by, ports=ports)
    return await answered(await _keep(keep, case, words, now, ports, is_rule_broken=is_rule_broken), by=by, ports=ports)


async def _routed(sent: SubmitRequest, now: Acting, by: Actor, ports: Ports) -> tuple[Case, Words, bool]:
    """The new case, checked and routed, its words, and whether a rule of routing was broken. Nothing is written."""
    text, address = required_text(sent.text, "text"), optional_text(sent.address, "address")
    check_place_is_given(sent, now, by)
    _check_notice_is_known(sent)
    item = (await ports.catalogue.items()).get(sent.item_id)
    if item is None:
        raise not_found("itemId")
    if sent.attachment_ids:
        raise not_found("attachmentIds")
    scope, on = sent.scope or item.default_scope, now.at.astimezone(SHANGHAI).date()
    avoided = _avoided(sent, now.organisation, on)
    principal, where = await placed(sent, item, scope, now, by=by, ports=ports)
    loads = await loads_of(item, scope, where.place, now, ports)
    service = who_serves(now.organisation, item, scope, where.place, on=on, avoided=avoided, loads=loads)
    if item.is_shielded or avoided.is_about_somebody:
        service = shielded(service, now.organisation, avoided, on=on)
    case = await _new_case(_Matter(item, scope, where, avoided, principal, sent.notice_version), service, now, ports)
    return case, Words(case.request.id if case.request else "", text, address, sent.location), service.is_broken


async def loads_of(item: ServiceItem, scope: MatterScope, place: Place, now: Acting, ports: Ports) -> Loads:
    """How much those have to do who would be asked first."""
    asked = candidates(now.organisation, item, scope, place, on=now.at.astimezone(SHANGHAI).date())
    return Loads(await ports.tasks.to_do(now.person.township, asked), ports.load_limit)


async def answer_follow_up(sent: AnswerFollowUp, *, by: Actor, ports: Ports) -> Done[Request]:
    """The resident's verdict: it closes the request, or sends it back to work."""
    now = await acting("answerFollowUp", sent, by=by, ports=ports)
    words = optional_text(sent.words, "words")

    def change(case: Case) -> cases.Act:
        return verdicts.answer(case, now.moment(case), verdict=sent.verdict, grade=sent.grade, words=words)

    return await update_request(sent.request_id, change, now, by=by, ports=ports)


async def requests_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[Request]:
    at = ports.clock()
    return [request.seen_by(by, at) for request in await ports.requests.by_ids(ids, seen_by=by)]


async def request_by_number(number: str, *, by: Actor, ports: Ports) -> Request | None:
    request = await ports.requests.by_number(number, seen_by=by)
    return request.seen_by(by, ports.clock()) if request else None


async def requests_page(query: RequestQuery, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Request]:
    """The list; a search is on record before anything of it is shown."""
    if query.sought is not None and by.person is not None:
        await enter_look(LookKind.SEARCH, query, by=by.person, ports=ports)
    return await requests_found(query, page, by=by, ports=ports)


async def requests_found(query: RequestQuery, page: PageRequest, *, by: Actor, ports: Ports) -> Page[Request]:
    """The same for whoever has put it on record already."""
    at = ports.clock()
    found = await ports.requests.page(query, page, seen_by=by, at=at)
    return replace(found, rows=[request.seen_by(by, at) for request in found.rows])


async def words_of(requests: Sequence[Request], *, by: Actor, ports: Ports) -> Mapping[str, Words]:
    """The words of requests that were read for `by`; where one is shielded, whatever tells who asked is left out.

    Where contents are closed to the reader there are none.
    """
    at = ports.clock()
    requests = [request for request in requests if not request.has_closed_contents_for(by, at)]
    townships = {request.township for request in requests}
    found = [words for township in townships for words in await ports.requests.words(township, [r.id for r in requests])]
    shielded = {request.id for request in requests if request.hides_person_from(request.as_asker(by))}
    return {
        words.request_id: Words(words.request_id, words.text, said=words.said) if words.request_id in shielded else words for words in found
    }


async def _keep(keep: Keep, case: Case, words: Words, now: Acting, ports: Ports, *, is_rule_broken: bool) -> Case | Replayed:
    """Keeps a new case under a number that nobody has."""
    for _ in range(NUMBERS_TRIED):
        number = request_number(now.person.township, now.at.astimezone(SHANGHAI).date(), ports.ids.digits(7))
        try:
            numbered = case.numbered(number)
            act = cases.submitted(numbered, is_rule_broken=is_rule_broken) if case.tasks else intake.submitted(numbered)
            return await keep(act, words, now.event_id, now.command)
        except NumberTaken:
            continue
    raise RuntimeError("every number that chance gave was taken")


async def update_request(request_id: str, change: Callable[[Case], Act], now: Acting, *, by: Actor, ports: Ports) -> Done[Request]:
    """One act on a request, kept whole; a replay reads it under today's rights."""
    return await answered(
        await ports.requests.update(request_id, change, seen_by=by, event_id=now.event_id, command=now.command), by=by, ports=ports
    )


async def answered(kept: Case | Replayed, *, by: Actor, ports: Ports) -> Done[Request]:
    """What was just kept; a replay reads its subject under today's rights."""
    if isinstance(kept, Case) and kept.request is not None:
        return Done(kept.request.shown_to(kept.request.as_asker(by)))
    found = await requests_by_ids([kept.subject_id], by=by, ports=ports) if isinstance(kept, Replayed) else []
    if not found:
        raise not_found("commandId")
    return Done(found[0], is_replay=True)


def _check_notice_is_known(sent: SubmitRequest) -> None:
    if sent.notice_version is not None and notice_of(sent.notice_version) is None:
        raise invalid("refusal.notice_unknown", "noticeVersion")


def _avoided(sent: SubmitRequest, organisation: Organisation, on: date) -> Avoided:
    """Whom the matter is about; only public posts and units can be named, so nobody's neighbour is reported here."""
    if sent.about_person_id is not None and not organisation.has_public_post(sent.about_person_id, on):
        raise not_found("aboutPersonId")
    if sent.about_unit_id is not None and sent.about_unit_id not in organisation.units:
        raise not_found("aboutUnitId")
    return Avoided(sent.about_person_id, sent.about_unit_id)


async def _new_case(matter: _Matter, service: Service, now: Acting, ports: Ports) -> Case:
    """The request in hand and its lead task with whoever serves; or waiting for somebody to accept it, where its item wants that."""
    request = _new_request(matter, promise(await ports.calendars.current(), matter.item.deadline_class, now.at), now, ports)
    request = await with_earlier(request, ports=ports)
    if not matter.item.is_auto_accepted:
        return intake.received(request, service, now.moment(Case(request, ())))
    task_id = ports.ids.new(Kind.TASK, request.township, now.at)
    routed = intake.first_task(request, task_id, service, now.moment(Case(request, ())))
    return with_further_owners(Case(cases.follow(request, (routed,), at=now.at), (routed,)), matter.item, now, ports)


def _new_request(matter: _Matter, due: Due | None, now: Acting, ports: Ports) -> Request:
    township, on = now.person.township, now.at.astimezone(SHANGHAI).date()
    hidden = matter.avoided.persons(now.organisation, on) - {now.person.id, matter.principal.person_id}
    return Request(
        id=ports.ids.new(Kind.REQUEST, township, now.at),
        township=township,
        number="",
        state=RequestState.IN_HAND,
        item_id=matter.item.id,
        item_version=matter.item.version,
        scope=matter.scope,
        place=matter.where.place,
        owner_path=(),
        household_id=matter.where.household.id if matter.where.household else None,
        submitted_by_id=now.person.id,
        on_behalf_of_id=matter.principal.person_id,
        submitted_at=now.at,
        promise_due_at=due.at if due else None,
        promise_provisional=bool(due and due.is_provisional),
        promise_by_clock=bool(due and due.by_the_clock),
        is_shielded=matter.item.is_shielded or matter.avoided.is_about_somebody,
        about_person_id=matter.avoided.person_id,
        about_unit_id=matter.avoided.unit_id,
        hidden_from=tuple(sorted(hidden)),
        agent_id=now.person.id if matter.principal.grant_id else None,
        proxy_grant_id=matter.principal.grant_id,
        is_for_household=matter.principal.is_household,
        notice_version=matter.notice_version,
        title=matter.item.name,
        is_shared=matter.item.is_shared,
    )
