"""Edges load by key in batches: one command for a page, never one a row. Whatever is loaded is loaded for the actor."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from strawberry.dataloader import DataLoader

from domain.access import Actor
from domain.campaigns import Campaign
from domain.contacts import MaskedContact
from domain.followers import FollowedMatter
from domain.households import Household, Reach
from domain.ids import Kind, parse
from domain.measures import Linked
from domain.notices import Notice
from domain.organisation import MicroGrid
from domain.people import Person
from domain.ports import Ports
from domain.proxies import ProxyGrant
from domain.requests import Request, Words
from domain.subject_requests import SubjectRequest
from domain.tasks import Task
from resolvers import (
    campaigns,
    contacts,
    duplicates,
    followers,
    households,
    measures,
    notices,
    organisation,
    proactive,
    proxies,
    requests,
    similar,
    subject_requests,
    tasks,
)

K = TypeVar("K")
V = TypeVar("V")
Readable = Request | Task | Campaign | Household | Person | Notice | FollowedMatter | ProxyGrant | SubjectRequest


class Loaders:
    """One set an operation."""

    def __init__(self, actor: Actor, ports: Ports) -> None:
        self._actor, self._ports = actor, ports
        self.request: DataLoader[str, Request | None] = _loader(self._requests)
        self.goes_on_in: DataLoader[tuple[str, str], Request | None] = _loader(self._go_on_in)
        self.task: DataLoader[str, Task | None] = _loader(self._tasks)
        self.tasks_of_request: DataLoader[tuple[str, str], list[Task] | None] = _loader(self._tasks_of_requests)
        self.related: DataLoader[Request, Sequence[Request]] = DataLoader(self._related, cache_key_fn=_id)
        self.words: DataLoader[Request, Words | None] = DataLoader(self._words, cache_key_fn=_id)
        self.words_of_work: DataLoader[Task, Words | None] = DataLoader(self._words_of_work, cache_key_fn=_id)
        self.campaign_of_task: DataLoader[Task, Campaign | None] = DataLoader(self._campaigns_of_tasks, cache_key_fn=_id)
        self.tasks_of_work: DataLoader[tuple[str, str], list[Task] | None] = _loader(self._tasks_of_work)
        self.household_of_request: DataLoader[Request, Household | None] = DataLoader(self._households_of_requests, cache_key_fn=_id)
        self.contact_of_request: DataLoader[Request, MaskedContact | None] = DataLoader(self._contacts_of_requests, cache_key_fn=_id)
        self.person_named: DataLoader[tuple[str, str], Person | None] = _loader(self._persons_named)
        self.reach: DataLoader[tuple[str, str], Reach | None] = _loader(self._reaches)
        self.links: DataLoader[MicroGrid, Linked | None] = DataLoader(self._links, cache_key_fn=_id)
        self.node: DataLoader[str, object | None] = _loader(self._nodes)

    async def _requests(self, ids: Sequence[str]) -> Mapping[str, Request]:
        found = await requests.requests_by_ids(ids, by=self._actor, ports=self._ports)
        return {request.id: request for request in found}

    async def _go_on_in(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Request]:
        found: dict[tuple[str, str], Request] = {}
        for township in {township for township, _ in keys}:
            wanted = [id_ for at, id_ in keys if at == township]
            found |= {(township, into.id): into for into in await duplicates.go_on_in(township, wanted, ports=self._ports)}
        return found

    async def _tasks(self, ids: Sequence[str]) -> Mapping[str, Task]:
        return {task.id: task for task in await tasks.tasks_by_ids(ids, by=self._actor, ports=self._ports)}

    async def _tasks_of_requests(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], list[Task]]:
        groups: dict[tuple[str, str], list[Task]] = {key: [] for key in keys}
        for township in {township for township, _ in keys}:
            ids = [id_ for at, id_ in keys if at == township]
            for task in await tasks.tasks_of_requests(township, ids, by=self._actor, ports=self._ports):
                groups[township, task.request_id or ""].append(task)
        return groups

    async def _related(self, asked: Sequence[Request]) -> list[Sequence[Request]]:
        found = await similar.related_to(asked, by=self._actor, ports=self._ports)
        return [found.get(request.id, ()) for request in asked]

    async def _words(self, asked: Sequence[Request]) -> list[Words | None]:
        found = await requests.words_of(asked, by=self._actor, ports=self._ports)
        return [found.get(request.id) for request in asked]

    async def _words_of_work(self, asked: Sequence[Task]) -> list[Words | None]:
        found = await proactive.words_of_work(asked, by=self._actor, ports=self._ports)
        return [found.get(task.id) for task in asked]

    async def _campaigns_of_tasks(self, asked: Sequence[Task]) -> list[Campaign | None]:
        found = await campaigns.campaigns_of_tasks(asked, ports=self._ports)
        return [found.get(task.campaign_id or "") for task in asked]

    async def _tasks_of_work(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], list[Task]]:
        groups: dict[tuple[str, str], list[Task]] = {key: [] for key in keys}
        for township in {township for township, _ in keys}:
            for task in await tasks.tasks_of_work(township, [id_ for at, id_ in keys if at == township], by=self._actor, ports=self._ports):
                groups[township, task.root_id or ""].append(task)
        return groups

    async def _households_of_requests(self, asked: Sequence[Request]) -> list[Household | None]:
        found = await households.households_of_requests(asked, by=self._actor, ports=self._ports)
        return [found.get(request.household_id or "") for request in asked]

    async def _contacts_of_requests(self, asked: Sequence[Request]) -> list[MaskedContact | None]:
        found = await contacts.contacts_of_requests(asked, by=self._actor, ports=self._ports)
        return [found.get(request.id) for request in asked]

    async def _links(self, asked: Sequence[MicroGrid]) -> list[Linked | None]:
        found = await measures.links_in(asked, by=self._actor, ports=self._ports)
        return [found.get(micro.id) for micro in asked]

    async def _reaches(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Reach]:
        """Of homes that the actor may find."""
        found: dict[tuple[str, str], Reach] = {}
        for township in {township for township, _ in keys}:
            known = await self._ports.reaches.of(township, [id_ for at, id_ in keys if at == township])
            found |= {(township, id_): reach for id_, reach in known.items()}
        return found

    async def _persons_named(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Person]:
        """Names on what the actor may see: whoever holds a post is known already."""
        found: dict[tuple[str, str], Person] = {}
        for township in {township for township, _ in keys}:
            wanted = [id_ for at, id_ in keys if at == township]
            own = self._actor.organisation
            holders = own.holders if own is not None and own.township == township else {}
            found |= {(township, id_): holders[id_] for id_ in wanted if id_ in holders}
            missing = [id_ for id_ in wanted if id_ not in holders]
            if missing:
                found |= {(township, person.id): person for person in await self._ports.people.by_ids(township, missing)}
        return found

    async def _nodes(self, ids: Sequence[str]) -> Mapping[str, object]:
        """Anything by its id, if it exists for the actor."""
        readable = [id_ for id_ in ids if parse(id_) is not None]
        found: dict[str, object] = dict(await organisation.organisation_nodes(readable, by=self._actor, ports=self._ports))
        readers: dict[Kind, Callable[..., Awaitable[Sequence[Readable]]]] = {
            Kind.REQUEST: requests.requests_by_ids,
            Kind.TASK: tasks.tasks_by_ids,
            Kind.CAMPAIGN: campaigns.campaigns_by_ids,
            Kind.HOUSEHOLD: households.households_by_ids,
            Kind.PERSON: organisation.persons_by_ids,
            Kind.NOTICE: notices.notices_by_ids,
            Kind.FOLLOWING: followers.followed_by_ids,
            Kind.PROXY_GRANT: proxies.grants_by_ids,
            Kind.SUBJECT_REQUEST: subject_requests.subject_requests_by_ids,
        }
        for kind, read in readers.items():
            wanted = [id_ for id_ in readable if (ref := parse(id_)) and ref.kind is kind]
            if wanted:
                found |= {thing.id: thing for thing in await read(wanted, by=self._actor, ports=self._ports)}
        return found


def _loader(read: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
    async def load(keys: list[K]) -> list[V | None]:
        found = await read(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def _id(thing: Request | Task | MicroGrid) -> str:
    return thing.id
