"""Rows of followers, and of what they are still to be told, on both drivers: counted no further than said, claimed by one at a time."""

from asyncio import gather
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pymongo.asynchronous.collection import AsyncCollection

from adapters.mongo.codec import encode
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.followers import MongoTellings
from domain.errors import RefusalCode, Refused
from domain.followers import MOST_COUNTED, MOST_FOLLOWED, FollowerCount, following
from domain.ids import Kind, derived
from domain.notices import NoticeKind
from domain.pages import PageRequest
from domain.requests import Request
from domain.tellings import Telling
from resolvers.followers import FollowRequest, follow_request, follower_count, following_page
from tests.adapters.stage import Stage


async def rows(stage: Stage, request: Request, count: int, *, by: str = "") -> list[str]:
    """So many follow it; or `by` follows so many others."""
    salts = [str(number) for number in range(count)]
    if by:
        kept = [
            following(replace(request, id=derived(Kind.REQUEST, request.id, salt)), stage.id_of(by), at=stage.clock()) for salt in salts
        ]
    else:
        kept = [following(request, derived(Kind.PERSON, request.id, salt), at=stage.clock()) for salt in salts]
    await stage.house.mongo.collection("followings").insert_many([encode(row) for row in kept])
    return sorted(row.person_id for row in kept)


def owed(stage: Stage, request: Request) -> Telling:
    id_ = stage.new_event_id()
    return Telling(id_, stage.township, id_, NoticeKind.FOLLOWED_DONE, stage.clock(), (request.id,))


async def test_they_are_counted_up_to_a_thousand(stage: Stage) -> None:
    lamp, leader = await stage.submit(), await stage.actor("grid-leader-1")
    assert await follower_count(lamp, by=leader, ports=stage.house.ports) == FollowerCount(0, more=False)
    await rows(stage, lamp, MOST_COUNTED)
    assert await follower_count(lamp, by=leader, ports=stage.house.ports) == FollowerCount(MOST_COUNTED, more=False)
    await stage.house.mongo.collection("followings").insert_one(encode(following(lamp, stage.id_of("resident-3"), at=stage.clock())))
    assert await follower_count(lamp, by=leader, ports=stage.house.ports) == FollowerCount(MOST_COUNTED, more=True)
    assert await follower_count(lamp, by=await stage.actor("grid-worker-1"), ports=stage.house.ports) is None


async def test_of_several_at_once_no_more_than_fifty_are_followed(stage: Stage) -> None:
    lamps = [await stage.submit() for _ in range(6)]
    await rows(stage, lamps[0], MOST_FOLLOWED - 2, by="resident-2")
    neighbour = await stage.actor("resident-2")

    async def follow(lamp: Request) -> RefusalCode | None:
        try:
            await follow_request(FollowRequest(uuid4(), lamp.id), by=neighbour, ports=stage.house.ports)
        except Refused as no:
            return no.refusal.code
        return None

    assert sorted(str(code) for code in await gather(*map(follow, lamps))) == sorted(["None"] * 2 + ["RefusalCode.LIMIT_REACHED"] * 4)
    assert await stage.count("followings", person_id=stage.id_of("resident-2")) == MOST_FOLLOWED


async def test_what_is_followed_is_paged_the_newest_request_first(stage: Stage) -> None:
    lamps, neighbour = [await stage.submit() for _ in range(3)], await stage.actor("resident-2")
    for lamp in (lamps[1], lamps[0], lamps[2]):
        await follow_request(FollowRequest(uuid4(), lamp.id), by=neighbour, ports=stage.house.ports)

    first = await following_page(PageRequest(2), by=neighbour, ports=stage.house.ports)
    rest = await following_page(PageRequest(2, after=first.keys[-1]), by=neighbour, ports=stage.house.ports)

    assert [row.request_id for row in (*first.rows, *rest.rows)] == [lamp.id for lamp in reversed(lamps)]
    assert (first.has_next, rest.has_next) == (True, False)
    assert (await following_page(PageRequest(), by=await stage.actor("resident-1"), ports=stage.house.ports)).rows == []


async def test_nothing_is_owed_where_nobody_follows_and_nothing_twice(stage: Stage) -> None:
    lamp, tellings = await stage.submit(), stage.house.outbox.tellings
    telling = owed(stage, lamp)
    await tellings.owe([telling])
    assert await stage.count("tellings") == 0
    await rows(stage, lamp, 1)
    await tellings.owe([telling])
    await tellings.owe([telling])
    assert await stage.count("tellings") == 1


class Meanwhile(Mongo):
    """Something happens, once, between finding a telling and claiming it."""

    def __init__(self, stage: Stage, happens: Callable[[], Awaitable[object]]) -> None:
        settings = stage.house.settings
        super().__init__(settings.mongodb_uri, settings.mongodb_database, driver=settings.mongodb_driver)
        self._happens = happens

    def collection(self, name: str) -> Any:
        return Late(super().collection(name), self._happens)


class Late:
    def __init__(self, tellings: AsyncCollection[Document], happens: Callable[[], Awaitable[object]]) -> None:
        self._tellings, self._happens, self.find = tellings, happens, tellings.find

    async def update_one(self, *given: Any) -> Any:
        await self._happens()
        return await self._tellings.update_one(*given)

    async def find_one_and_update(self, *given: Any, **more: Any) -> Any:
        await self._happens()
        return await self._tellings.find_one_and_update(*given, **more)


async def test_whoever_claims_what_another_relay_just_told_some_of_goes_on_from_there(stage: Stage) -> None:
    lamp, at = await stage.submit(), stage.clock()
    people = await rows(stage, lamp, 5)
    fast = MongoTellings(stage.house.mongo, mark="fast")
    await fast.owe([owed(stage, lamp)])

    async def told_meanwhile() -> None:
        claimed = await fast.claim(is_push=False, at=at, lease_seconds=60)
        assert claimed is not None
        await fast.go_on(replace(claimed, after=people[2]), due_at=at)

    mongo = Meanwhile(stage, told_meanwhile)
    mine = await MongoTellings(mongo, mark="late").claim(is_push=False, at=at, lease_seconds=60)
    await mongo.close()

    assert mine is not None
    assert [row.person_id for row in await fast.followers(mine, 5)] == people[3:]


async def test_one_tells_at_a_time_and_who_lost_the_lease_writes_nothing_down(stage: Stage) -> None:
    lamp = await stage.submit()
    people = await rows(stage, lamp, 5)
    slow, fast = MongoTellings(stage.house.mongo, mark="slow"), MongoTellings(stage.house.mongo, mark="fast")
    await slow.owe([owed(stage, lamp)])
    at = stage.clock()

    mine = await slow.claim(is_push=False, at=at, lease_seconds=60)
    assert mine is not None
    assert await fast.claim(is_push=False, at=at + timedelta(seconds=59), lease_seconds=60) is None
    theirs = await fast.claim(is_push=False, at=at + timedelta(seconds=60), lease_seconds=60)
    assert theirs is not None
    assert [row.person_id for row in await fast.followers(theirs, 3)] == people[:3]
    await slow.go_on(replace(mine, after=people[4]), due_at=at)
    await slow.done(mine)
    await fast.go_on(replace(theirs, after=people[2]), due_at=at)
    again = await slow.claim(is_push=False, at=at, lease_seconds=60)
    assert again is not None
    assert [row.person_id for row in await slow.followers(again, 3)] == people[3:]
    await slow.done(again)
    assert await stage.count("tellings") == 0
