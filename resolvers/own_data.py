"""A copy of everything that is stored about one person, for that person, or printed for them by a privacy officer."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.access import Actor, Door, key
from domain.calendar import SHANGHAI
from domain.events import Event
from domain.items import ServiceItem
from domain.organisation import Organisation
from domain.own_data import ActCopy, ContactCopy, FollowedCopy, GrantCopy, LinkCopy, OwnData, PersonCopy, PostCopy, RequestCopy
from domain.pages import MAX_SIZE, PageRequest
from domain.people import Person
from domain.ports import Ports, RequestQuery
from domain.proxies import ProxyGrant
from domain.requests import Request, Words
from domain.status import status_of
from domain.subject_requests import (
    SubjectRequest,
    SubjectRequestAct,
    SubjectRequestEntry,
    SubjectRequestKind,
    SubjectRequestState,
    keeps_subject_requests,
)
from domain.tasks import Task
from resolvers.followers import following_page
from resolvers.history import history_of_request

MOST_ACTS = 100
MOST_REQUESTS = 20


async def own_data(page: PageRequest, *, by: Actor, ports: Ports) -> OwnData | None:
    """One's own; nothing for whoever did not sign in."""
    if by.person is None or by.organisation is None:
        return None
    return await _copy(by.person, by.organisation, page, ports)


async def data_of_subject(subject_request_id: str, page: PageRequest, *, by: Actor, ports: Ports) -> OwnData | None:
    """What the person of an open request for a copy asked for, for the privacy officer who hands it out; each reading is entered there."""
    if by.person is None or by.organisation is None or not keeps_subject_requests(by):
        return None
    found = await ports.subject_requests.by_ids([subject_request_id], seen_by=by)
    if not found or not _is_to_be_copied(found[0]) or found[0].is_asked_for_another_by(by.id):
        return None
    persons = await ports.people.by_ids(found[0].township, [found[0].person_id])
    if not persons:
        return None
    entry = SubjectRequestEntry(ports.clock(), by.person.id, SubjectRequestAct.COPY_READ)
    await ports.subject_requests.enter(found[0].id, entry, seen_by=by)
    return await _copy(persons[0], by.organisation, page, ports)


def _is_to_be_copied(asked: SubjectRequest) -> bool:
    return asked.kind is SubjectRequestKind.COPY and asked.state is SubjectRequestState.OPEN


async def _copy(person: Person, organisation: Organisation, page: PageRequest, ports: Ports) -> OwnData:
    """Read with the person's own key and no other: what they see as a worker or a helper is somebody else's."""
    subject = Actor(person, (), frozenset({key(Door.PERSON, person.id)}), organisation)
    page, at = replace(page, size=min(page.size, MOST_REQUESTS)), ports.clock()
    found = await ports.requests.page(RequestQuery(asked_by_me=True), page, seen_by=subject, at=at)
    copies = await _requests(found.rows, subject, ports)
    head = await _person(person, subject, organisation, at, ports) if page.after is None else None
    return OwnData(person.id, at, head, tuple(copies), found.keys[-1] if found.has_next else None)


async def _person(person: Person, subject: Actor, organisation: Organisation, at: datetime, ports: Ports) -> PersonCopy:
    township, on = person.township, at.astimezone(SHANGHAI).date()
    homes = await ports.households.by_ids([person.household_id], seen_by=subject) if person.household_id else []
    home = homes[0] if homes else None
    link = home.link_on(on) if home else None
    grants = await ports.proxy_grants.of_person(seen_by=subject, on=on)
    others = {id_ for grant in grants for id_ in grant.parties} | ({link.member_id} if link else set())
    names = {other.id: other.display_name for other in await ports.people.by_ids(township, sorted(others))}
    contact = await ports.contacts.masked(township, [person.id])
    counts = await ports.subject_requests.counts(township, person.id)
    posts = [post for post in organisation.appointments.values() if post.person_id == person.id]
    return PersonCopy(
        id=person.id,
        name=person.display_name,
        home=home.label if home else None,
        address=home.address if home else None,
        reach=(await ports.reaches.of(township, [home.id])).get(home.id) if home else None,
        contact=ContactCopy(contact[0].reach, contact[0].phone) if contact else None,
        grants=tuple(_grant(grant, person.id, names) for grant in grants),
        link=LinkCopy(names.get(link.member_id), link.since, link.until) if link else None,
        posts=tuple(PostCopy(post.role, organisation.units[post.unit_id].name, post.since, post.until) for post in posts),
        filters=tuple(kept.name for kept in await ports.filters.own(seen_by=subject)),
        followed=await _followed(subject, ports),
        accounts=counts.accounts,
        phones=counts.phones,
        notices=counts.notices,
        readings=counts.readings,
    )


def _grant(grant: ProxyGrant, person_id: str, names: Mapping[str, str]) -> GrantCopy:
    is_given = grant.principal_id == person_id
    return GrantCopy(is_given, names.get(grant.agent_id if is_given else grant.principal_id), grant.since, grant.until)


async def _followed(subject: Actor, ports: Ports) -> tuple[FollowedCopy, ...]:
    found, items = await following_page(PageRequest(MAX_SIZE), by=subject, ports=ports), await ports.catalogue.items()
    named = [(items[matter.item_id].name if matter.item_id in items else matter.item_id, matter.since) for matter in found.rows]
    return tuple(FollowedCopy(item, since) for item, since in named)


async def _requests(requests: Sequence[Request], subject: Actor, ports: Ports) -> list[RequestCopy]:
    if not requests:
        return []
    township, ids = requests[0].township, [request.id for request in requests]
    words = {found.request_id: found for found in await ports.requests.words(township, ids)}
    tasks = await ports.tasks.of_requests(township, ids, seen_by=subject)
    home_ids = [request.household_id for request in requests if request.household_id]
    homes = {home.id: home.label for home in await ports.households.of_requests(township, home_ids, seen_by=subject)}
    histories = await gather(*(_history(request, subject, ports) for request in requests))
    people = {event.actor_id for acts, _ in histories for event in acts if event.actor_id} | {
        request.submitted_by_id for request in requests if request.submitted_by_id
    }
    names = {person.id: person.display_name for person in await ports.people.by_ids(township, sorted(people))}
    items = await ports.catalogue.items()
    return [
        _request(
            request, words.get(request.id), [task for task in tasks if task.request_id == request.id], acts, names, items, homes, more=more
        )
        for request, (acts, more) in zip(requests, histories, strict=True)
    ]


async def _history(request: Request, subject: Actor, ports: Ports) -> tuple[Sequence[Event], bool]:
    page = await history_of_request(request, PageRequest(MOST_ACTS), by=subject, ports=ports)
    return list(reversed(page.rows)), page.has_next


def _request(
    request: Request,
    words: Words | None,
    tasks: Sequence[Task],
    acts: Sequence[Event],
    names: Mapping[str, str],
    items: Mapping[str, ServiceItem],
    homes: Mapping[str, str],
    *,
    more: bool,
) -> RequestCopy:
    point = words.location if words else None
    item = items.get(request.item_id)
    return RequestCopy(
        id=request.id,
        number=request.number,
        item=item.name if item else request.item_id,
        state=request.state,
        status=status_of(request, tasks),
        submitted_at=request.submitted_at,
        submitted_by=names.get(request.submitted_by_id or ""),
        text=words.text if words else None,
        address=words.address if words else None,
        point=(point.lat, point.lng) if point else None,
        home=homes.get(request.household_id or ""),
        notice_version=request.notice_version,
        verdict=request.verdict,
        grade=request.grade,
        acts=tuple(ActCopy(event.at, event.kind, names.get(event.actor_id or ""), event.reason) for event in acts),
        has_more_acts=more,
    )
