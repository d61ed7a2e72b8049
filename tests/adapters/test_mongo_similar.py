"""What is alike, on both drivers: exactly what the law says, for whoever sees it, and of nobody else's own."""

from datetime import timedelta

import pytest

import adapters.mongo.similar as hand
from adapters.mongo.codec import decode
from domain.access import Actor
from domain.requests import Request, RequestState
from domain.similar import ALIKE_WITHIN, COUNTED, MOST_LOOKED_AT, MOST_RELATED, SUGGESTED, is_alike, matter_key
from tests.adapters.crowding import crowd
from tests.adapters.filling import fill
from tests.adapters.sent import listened_to
from tests.adapters.stage import Stage
from tests.conftest import MONDAY_MORNING


async def newest_first(stage: Stage) -> list[Request]:
    return [decode(Request, document) for document in reversed(await stage.find("requests"))]


def sees(reader: Actor, request: Request) -> bool:
    return reader.may_open(request.scopes) and reader.id not in request.hidden_from


@pytest.mark.parametrize("for_each", [hand.FOR_EACH, 1])
async def test_what_is_related_is_what_the_law_says_for_everybody(stage: Stage, monkeypatch: pytest.MonkeyPatch, for_each: int) -> None:
    """However little the first read brings."""
    monkeypatch.setattr(hand, "FOR_EACH", for_each)
    await fill(stage.house, stage.planned, until=MONDAY_MORNING, requests=1_500)
    everything, found = await newest_first(stage), 0
    for handle in ("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1", "administrator-1"):
        reader = await stage.actor(handle)
        asked = [request for request in everything if sees(reader, request)][:40]
        told = await stage.house.ports.similar.around(asked, seen_by=reader)
        for request in asked:
            alike = [other for other in everything if is_alike(request, other) and sees(reader, other)][:MOST_RELATED]
            assert list(told.get(request.id, ())) == alike, (handle, request.id)
            found += len(alike)
    assert found


async def test_beside_a_page_of_a_busy_place_two_commands_read_what_is_related(stage: Stage) -> None:
    lamp, dispatcher = await stage.submit(), await stage.actor("dispatcher-1")
    same = [lamp, *await crowd(stage.house, lamp, 11 * hand.FOR_EACH)]
    page = same[5:15]
    async with listened_to(stage) as (house, sent):
        told = await house.ports.similar.around(page, seen_by=dispatcher)

        assert sent.commands == {"find requests": 1, "aggregate requests": 1}
    for request in page:
        assert [other.id for other in told[request.id]] == [other.id for other in same if other != request][:MOST_RELATED]


async def test_what_is_open_is_found_by_whoever_may_be_told(stage: Stage) -> None:
    await fill(stage.house, stage.planned, until=MONDAY_MORNING, requests=1_500)
    everything, since = await newest_first(stage), MONDAY_MORNING - timedelta(days=60)
    similar, told = stage.house.ports.similar, 0
    for matter in {key: None for request in everything[:300] if (key := matter_key(request))}:
        alike = [request for request in everything if matter_key(request) == matter and request.submitted_at >= since]
        is_shared = alike[0].is_shared if alike else False
        for handle in ("resident-1", "dispatcher-1"):
            reader = await stage.actor(handle)
            open_ones = [request for request in alike if request.state in SUGGESTED and (is_shared or sees(reader, request))]
            found = await similar.open_ones(stage.township, matter, since=since, is_shared=is_shared, seen_by=reader)
            assert list(found) == open_ones[:MOST_LOOKED_AT]
            told += len(found)
        counted = [request for request in alike if request.state in COUNTED and request.submitted_at < MONDAY_MORNING]
        latest = await similar.latest(stage.township, matter, since=since, until=MONDAY_MORNING)
        assert latest == (counted[0].id if counted else None)
    assert told


async def test_whoever_is_of_another_township_or_nobody_finds_nothing(stage: Stage) -> None:
    request = await stage.submit()
    await stage.plant_other()
    matter, since = matter_key(request) or "", stage.clock() - ALIKE_WITHIN
    for reader in (await stage.signed_in("other-dispatcher-1"), await stage.signed_in("nobody-at-all")):
        similar = stage.house.ports.similar
        assert list(await similar.open_ones(stage.township, matter, since=since, is_shared=True, seen_by=reader)) == []
        assert await similar.around([request], seen_by=reader) == {}


async def test_the_key_is_kept_with_what_has_one_and_follows_what_it_is_made_of(stage: Stage) -> None:
    lamp, quiet = await stage.submit(), await stage.submit(item="staff-conduct")
    about = await stage.submit(about_person_id=stage.id_of("grid-worker-1"))
    again = await stage.submit("resident-2")
    kept = {document["_id"]: document for document in await stage.find("requests")}

    assert kept[lamp.id]["matter_key"] == kept[again.id]["matter_key"] == matter_key(lamp) is not None
    assert kept[quiet.id]["matter_key"] is kept[about.id]["matter_key"] is None
    assert [kept[request.id]["repeats_id"] for request in (lamp, quiet, about, again)] == [None, None, None, lamp.id]
    assert kept[again.id]["state"] == RequestState.IN_HAND.value


async def test_a_request_of_an_older_release_is_read_as_nobodys_repeat(stage: Stage) -> None:
    request = await stage.submit()
    gone = {"is_shared": "", "repeats_id": "", "matter_key": ""}
    await stage.house.mongo.collection("requests").update_one({"_id": request.id}, {"$unset": gone})
    [kept] = await stage.house.ports.requests.by_ids([request.id], seen_by=await stage.actor("dispatcher-1"))

    assert (kept.is_shared, kept.repeats_id) == (False, None)
    assert (await stage.submit("resident-2")).repeats_id is None
