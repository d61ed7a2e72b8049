"""Followers: "that is my lamp too", and "not fixed at mine"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain import followers
from domain.access import Actor
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from domain.errors import Refused, not_found
from domain.followers import FollowedMatter, FollowerCount, Following
from domain.pages import Page, PageRequest
from domain.ports import Ports
from domain.requests import Request, Words
from domain.texts import required_text
from resolvers.acting import Acting, Done, acting
from resolvers.requests import SubmitRequest, answered, submit_by


@dataclass(frozen=True, slots=True)
class FollowRequest:
    command_id: UUID
    request_id: str
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnfollowRequest:
    command_id: UUID
    request_id: str
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportNotFixed:
    command_id: UUID
    request_id: str
    text: str
    device_time: datetime | None = None


async def follow_request(sent: FollowRequest, *, by: Actor, ports: Ports) -> Done[FollowedMatter]:
    """Whoever lives there hears what becomes of it; what goes on in another is followed there."""
    now = await acting("followRequest", sent, by=by, ports=ports)
    try:
        new = await _to_follow(sent.request_id, now, by, ports)
    except Refused:
        # Who followed it once has done so, whatever has become of it since.
        replayed = await ports.requests.replay_of(now.command)
        if replayed is None:
            raise
        return await _as_it_is(replayed, sent.request_id, by, ports)
    kept = await ports.followers.follow(new, command=now.command)
    if isinstance(kept, Replayed):
        return await _as_it_is(kept, sent.request_id, by, ports)
    return Done((await _shown([kept], ports))[0])


async def unfollow_request(sent: UnfollowRequest, *, by: Actor, ports: Ports) -> Done[str]:
    """Nothing more is heard of it."""
    now = await acting("unfollowRequest", sent, by=by, ports=ports)
    kept = await ports.followers.unfollow(sent.request_id, by=by, command=now.command)
    return Done(kept.subject_id, is_replay=True) if isinstance(kept, Replayed) else Done(kept)


async def report_not_fixed(sent: ReportNotFixed, *, by: Actor, ports: Ports) -> Done[Request]:
    """The follower's own request for the same at their home, routed as any; the other is followed no more."""
    now = await acting("reportNotFixed", sent, by=by, ports=ports)
    try:
        text = required_text(sent.text, "text")
        following = await ports.followers.of_request(sent.request_id, seen_by=by)
        if following is None:
            raise not_found("requestId")
        asked, into = await _matter(following.township, following.request_id, ports)
        matter = followers.said_done(asked, into, at=now.at)
    except Refused:
        replayed = await ports.requests.replay_of(now.command)
        if replayed is None:
            raise
        return await answered(replayed, by=by, ports=ports)

    async def keep(act: Act, words: Words, event_id: str, command: Command) -> Case | Replayed:
        return await ports.followers.report(following, followers.referring(act, matter), words, event_id, command)

    own = SubmitRequest(sent.command_id, matter.item_id, text, scope=matter.scope, device_time=sent.device_time)
    return await submit_by(keep, own, now, by=by, ports=ports)


async def following_page(page: PageRequest, *, by: Actor, ports: Ports) -> Page[FollowedMatter]:
    """One's own, the newest request first."""
    found = await ports.followers.page(page, seen_by=by)
    return Page(await _shown(found.rows, ports), found.keys, has_next=found.has_next, has_previous=found.has_previous)


async def followed_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[FollowedMatter]:
    return await _shown(await ports.followers.by_ids(ids, seen_by=by), ports)


async def may_follow(request: Request, *, by: Actor, ports: Ports) -> bool:
    """Whether `request`, somebody else's, may be followed by the reader."""
    return followers.may_be_followed(request, None, await ports.catalogue.items(), by=by)


async def follower_count(request: Request, *, by: Actor, ports: Ports) -> FollowerCount | None:
    """For whoever leads the owner. `request` was read for them."""
    return await ports.followers.count(request) if followers.may_count(by, request) else None


async def _to_follow(request_id: str, now: Acting, by: Actor, ports: Ports) -> Following:
    asked, into = await _matter(now.person.township, request_id, ports)
    new = followers.followed(asked, into, await ports.catalogue.items(), by=by, at=now.at)
    matter = into or asked
    if any(followers.is_own(each, by.id) for each in (asked, matter)) or await ports.followers.asked_too(matter, seen_by=by):
        raise followers.refused_as_own(matter)
    return new


async def _matter(township: str, request_id: str, ports: Ports) -> tuple[Request, Request | None]:
    """The request as nobody is shown it, and the one in which it goes on."""
    found = await ports.merges.into(township, [request_id])
    if not found:
        raise not_found("requestId")
    into = await ports.merges.into(township, [found[0].merged_into_id]) if found[0].merged_into_id else []
    return found[0], into[0] if into else None


async def _shown(kept: Sequence[Following], ports: Ports) -> list[FollowedMatter]:
    """As their followers are shown them."""
    if not kept:
        return []
    township, at = kept[0].township, ports.clock()
    asked = {request.id: request for request in await ports.merges.into(township, sorted({each.request_id for each in kept}))}
    into_ids = sorted({request.merged_into_id for request in asked.values() if request.merged_into_id})
    into = {request.id: request for request in await ports.merges.into(township, into_ids)} if into_ids else {}
    there = [(each, asked[each.request_id]) for each in kept]
    return [followers.as_followed(each, request, into.get(request.merged_into_id or ""), at=at) for each, request in there]


async def _as_it_is(replayed: Replayed, request_id: str, by: Actor, ports: Ports) -> Done[FollowedMatter]:
    """As it stands now, also where it is followed no more."""
    found = await followed_by_ids([replayed.subject_id], by=by, ports=ports)
    if found:
        return Done(found[0], is_replay=True)
    at = ports.clock()
    asked, into = await _matter(by.person.township if by.person else "", request_id, ports)
    once = followers.replayed_following(replayed.subject_id, asked, into, by=by, at=replayed.at or at)
    if once is None:
        raise not_found("commandId")
    return Done(followers.as_followed(once, asked, into, at=at), is_replay=True)
