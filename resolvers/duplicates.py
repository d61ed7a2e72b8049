"""Duplicates: several requests that go on as one, and each by itself again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import duplicates
from domain.access import Actor
from domain.cases import Act, Case
from domain.duplicates import MOST_AT_ONCE, Route
from domain.errors import invalid
from domain.ids import Kind
from domain.items import ServiceItem
from domain.ports import Ports
from domain.requests import Request, RequestState
from domain.routing import Service
from domain.texts import optional_text
from resolvers.acting import Acting, Done, acting
from resolvers.requests import AnswerFollowUp, answer_follow_up, answered
from resolvers.tasks import by_router


@dataclass(frozen=True, slots=True)
class MergeRequests:
    command_id: UUID
    into_id: str
    from_ids: Sequence[str]
    reason: str | None = None
    expected_version: int | None = None
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnmergeRequest:
    command_id: UUID
    request_id: str
    expected_version: int | None = None
    device_time: datetime | None = None


async def merge_requests(sent: MergeRequests, *, by: Actor, ports: Ports) -> Done[Request]:
    """Up to twenty go on in one: all of them, or none where one of them may not."""
    now = await acting("mergeRequests", sent, by=by, ports=ports)
    reason, from_ids = optional_text(sent.reason, "reason"), list(dict.fromkeys(sent.from_ids))
    if not 1 <= len(from_ids) <= MOST_AT_ONCE:
        raise invalid("refusal.merge_how_many", "fromIds", limit=MOST_AT_ONCE)
    if sent.into_id in from_ids:
        raise invalid("refusal.merge_with_itself", "fromIds")

    def change(target: Case, sources: Sequence[Case]) -> Sequence[Act]:
        return duplicates.merge(target, sources, now.moment(target), reason=reason, expected_version=sent.expected_version)

    event_ids = _event_ids(now, 1 + len(from_ids), ports)
    kept = await ports.merges.merge(sent.into_id, from_ids, change, seen_by=by, event_ids=event_ids, command=now.command)
    return await answered(kept, by=by, ports=ports)


async def unmerge_request(sent: UnmergeRequest, *, by: Actor, ports: Ports) -> Done[Request]:
    """It goes on by itself again, its promise as it was made."""
    now = await acting("unmergeRequest", sent, by=by, ports=ports)
    items = await ports.catalogue.items()

    def change(case: Case, target: Case | None) -> Sequence[Act]:
        return duplicates.unmerge(case, target, now.moment(case), route=_routed(items, now), expected_version=sent.expected_version)

    event_ids = _event_ids(now, 2, ports)
    kept = await ports.merges.update(sent.request_id, change, seen_by=by, event_ids=event_ids, command=now.command)
    return await answered(kept, by=by, ports=ports)


async def answer(sent: AnswerFollowUp, *, by: Actor, ports: Ports) -> Done[Request]:
    """The last word, also on what went on in another request."""
    found = await ports.requests.by_ids([sent.request_id], seen_by=by)
    if not any(request.state is RequestState.MERGED for request in found):
        return await answer_follow_up(sent, by=by, ports=ports)
    now, items = await acting("answerFollowUp", sent, by=by, ports=ports), await ports.catalogue.items()
    words = optional_text(sent.words, "words")

    def change(case: Case, target: Case | None) -> Sequence[Act]:
        moment, route = now.moment(case), _routed(items, now)
        return duplicates.answer(case, target, moment, verdict=sent.verdict, grade=sent.grade, words=words, route=route)

    event_ids = _event_ids(now, 2, ports)
    kept = await ports.merges.update(sent.request_id, change, seen_by=by, event_ids=event_ids, command=now.command)
    return await answered(kept, by=by, ports=ports)


async def go_on_in(township: str, ids: Sequence[str], *, ports: Ports) -> Sequence[Request]:
    """Requests in which others go on, to tell those how that stands; shown to nobody as they are."""
    return await ports.merges.into(township, ids)


def _routed(items: Mapping[str, ServiceItem], now: Acting) -> Route:
    def route(case: Case) -> Service:
        return by_router(case, case.tasks[0].id, items, now)

    return route


def _event_ids(now: Acting, count: int, ports: Ports) -> list[str]:
    return [now.event_id, *(ports.ids.new(Kind.EVENT, now.person.township, now.at) for _ in range(count - 1))]
