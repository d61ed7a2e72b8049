"""Searching on MongoDB: either walk finds the same, a page looks through so much and no more, and old words are found after an upgrade."""

from collections.abc import Iterator

import pytest

from adapters.mongo import search
from adapters.mongo.migrations import MIGRATIONS
from domain.access import Actor
from domain.pages import Page, PageRequest
from domain.ports import RequestQuery
from domain.requests import Request
from domain.search import sought
from tests.adapters.filling import fill
from tests.adapters.stage import Stage


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """As if there were very many: everything is common, and a page looks at six."""
    for name, value in {"PROBED": 2, "FIRST_STEP": 2, "STEP": 3, "LOOKED_THROUGH": 6}.items():
        monkeypatch.setattr(search, name, value)
    return iter([monkeypatch])


async def page_of(stage: Stage, words: str, reader: Actor, page: PageRequest, **more: object) -> Page[Request]:
    query = RequestQuery(sought=sought(words), **more)  # type: ignore[arg-type]
    return await stage.house.ports.requests.page(query, page, seen_by=reader, at=stage.clock())


async def everything(stage: Stage, words: str, reader: Actor, size: int = 20, **more: object) -> list[str]:
    """All that is found, page by page, as a client follows cursors; each page is bounded."""
    ids: list[str] = []
    page = await page_of(stage, words, reader, PageRequest(size), **more)
    while True:
        ids += [request.id for request in page.rows]
        if not page.has_next:
            return ids
        page = await page_of(stage, words, reader, PageRequest(size, after=page.end or page.keys[-1]), **more)


async def backwards(stage: Stage, words: str, reader: Actor, size: int) -> list[str]:
    ids: list[str] = []
    page = await page_of(stage, words, reader, PageRequest(size, is_backward=True))
    while True:
        ids[:0] = [request.id for request in page.rows]
        if not page.has_previous:
            return ids
        page = await page_of(stage, words, reader, PageRequest(size, before=page.start or page.keys[0], is_backward=True))


async def written(stage: Stage, reader: Actor, words: str) -> list[str]:
    """The same, found by reading all that somebody may see."""
    seen = await stage.house.ports.requests.page(RequestQuery(), PageRequest(10_000), seen_by=reader, at=stage.clock())
    texts = await stage.house.ports.requests.words(stage.township, [request.id for request in seen.rows])
    has = {found.request_id for found in texts if all(part in (found.text or "").casefold() for part in sought(words).parts)}
    return [request.id for request in seen.rows if request.id in has]


@pytest.mark.parametrize("words", ["灯", "灯 老人", "水 早上", "没人"])
async def test_either_walk_finds_what_reading_everything_finds(stage: Stage, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    await fill(stage.house, stage.planned, until=stage.clock(), requests=400)
    readers = [await stage.actor(handle) for handle in ("dispatcher-1", "grid-leader-1", "resident-1")]
    expected = [await written(stage, reader, words) for reader in readers]
    assert expected[0]

    for probed in (1_000, 2):  # everything is rare; nothing is, and some see few
        monkeypatch.setattr(search, "PROBED", probed)
        assert [await everything(stage, words, reader, 7) for reader in readers] == expected
        assert [await backwards(stage, words, reader, 7) for reader in readers] == expected


async def test_a_page_looks_through_so_many_and_says_where_it_stopped(stage: Stage, small_steps: object) -> None:
    other = [await stage.submit("resident-4") for _ in range(9)]
    mine = [await stage.submit("resident-1"), await stage.submit("resident-1"), await stage.submit("resident-1")]
    later = [await stage.submit("resident-4") for _ in range(9)]
    leader, dispatcher = await stage.actor("grid-leader-1"), await stage.actor("dispatcher-1")

    # Nothing in the first eight that it looked at, newest first: the page is empty, and there is more.
    first = await page_of(stage, "灯不亮", leader, PageRequest(2))

    assert (list(first.rows), first.has_next, first.end) == ([], True, (later[1].id,))
    assert await everything(stage, "灯不亮", leader, 2) == [request.id for request in reversed(mine)]
    assert await backwards(stage, "灯不亮", leader, 2) == [request.id for request in reversed(mine)]
    assert await everything(stage, "灯不亮", dispatcher, 2) == [request.id for request in reversed([*other, *mine, *later])]


async def test_a_range_of_time_bounds_the_walk(stage: Stage, small_steps: object) -> None:
    made = [await stage.submit("resident-4") for _ in range(12)]
    dispatcher, since, until = await stage.actor("dispatcher-1"), made[2].submitted_at, made[5].submitted_at

    found = await everything(stage, "灯不亮", dispatcher, 2, submitted_after=since, submitted_before=until)

    assert found == [request.id for request in reversed(made[2:5])]


async def test_words_of_before_are_found_after_the_upgrade_and_those_that_were_removed_are_not(stage: Stage) -> None:
    kept, removed = await stage.submit("resident-1"), await stage.submit("resident-1")
    words, dispatcher = stage.house.mongo.collection("words"), await stage.actor("dispatcher-1")
    tokens = [document["tokens"] for document in await stage.find("words", _id=kept.id)]
    await words.update_many({}, {"$unset": {"tokens": ""}})
    tombstone = {"_id": removed.id, "township": stage.township, "erased_at": stage.clock(), "erased_because": "ASKED_FOR"}
    await words.replace_one({"_id": removed.id}, tombstone)
    assert await everything(stage, "灯不亮", dispatcher) == []

    [step] = [step for step in MIGRATIONS if step.name == "what words are found by"]
    for _ in range(2):  # safe to run again
        await step.run(stage.house.mongo, stage.clock())

    assert await everything(stage, "灯不亮", dispatcher) == [kept.id]
    assert [document["tokens"] for document in await stage.find("words", _id=kept.id)] == tokens
    assert await stage.find("words", _id=removed.id) == [tombstone]
