"""Merging on MongoDB: opposite merges at once leave exactly one open, and nothing is half merged."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from domain.access import Actor
from domain.errors import RefusalCode, Refused
from domain.requests import Request, RequestState
from resolvers.duplicates import MergeRequests, UnmergeRequest, merge_requests, unmerge_request
from tests.adapters.stage import Stage

RACES = 200


async def merge(stage: Stage, dispatcher: Actor, into: Request, other: Request) -> RefusalCode | None:
    try:
        await merge_requests(MergeRequests(uuid4(), into.id, [other.id]), by=dispatcher, ports=stage.house.ports)
    except Refused as no:
        return no.refusal.code
    return None


async def states(stage: Stage, *requests: Request) -> Counter[tuple[str, int]]:
    found = await stage.find("requests", _id={"$in": [request.id for request in requests]})
    return Counter((document["state"], document["merged_count"]) for document in found)


async def test_opposite_merges_at_once_leave_exactly_one_open(stage: Stage) -> None:
    first, second = await stage.submit("resident-1"), await stage.submit("resident-2")
    dispatcher = await stage.actor("dispatcher-1")

    for _ in range(RACES):
        answers = await asyncio.gather(merge(stage, dispatcher, first, second), merge(stage, dispatcher, second, first))
        assert Counter(answers)[None] == 1
        assert await states(stage, first, second) == Counter({(RequestState.IN_HAND.value, 1): 1, (RequestState.MERGED.value, 0): 1})
        gone = second if answers[0] is None else first
        await unmerge_request(UnmergeRequest(uuid4(), gone.id), by=dispatcher, ports=stage.house.ports)

    assert await states(stage, first, second) == Counter({(RequestState.IN_HAND.value, 0): 2})
    assert await stage.count("events", kind="RequestMerged") == await stage.count("events", kind="RequestJoined") == RACES


async def test_many_into_one_at_once_and_in_a_circle_leave_no_chain(stage: Stage) -> None:
    ring = [await stage.submit(handle) for handle in ("resident-1", "resident-2", "resident-1", "resident-2")]
    dispatcher = await stage.actor("dispatcher-1")

    await asyncio.gather(*(merge(stage, dispatcher, into, other) for into, other in zip(ring, [*ring[1:], ring[0]], strict=True)))

    found = {document["_id"]: document for document in await stage.find("requests")}
    for document in found.values():
        into = found.get(document["merged_into_id"] or "")
        assert (document["state"] == RequestState.MERGED.value) is (into is not None)
        assert into is None or into["merged_into_id"] is None
        assert document["merged_count"] == sum(other["merged_into_id"] == document["_id"] for other in found.values())


async def test_one_that_may_not_and_none_is_merged(stage: Stage) -> None:
    into, other = await stage.submit("resident-1"), await stage.submit("resident-2")
    private = await stage.submit("resident-2", item="staff-conduct", about_person_id=stage.id_of("grid-worker-2"))
    dispatcher, before = await stage.actor("dispatcher-1"), await stage.contents()

    sent = MergeRequests(uuid4(), into.id, [other.id, private.id], "同一件事")
    with pytest.raises(Refused) as no:
        await merge_requests(sent, by=dispatcher, ports=stage.house.ports)
    assert no.value.refusal.code in {RefusalCode.NOT_ALLOWED, RefusalCode.NOT_FOUND}
    assert await stage.contents() == before
