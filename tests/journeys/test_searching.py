"""Requests are found by what was written in them, by whoever may read them, and every search is on record."""

from typing import Any

import pytest

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    LAMP,
    Answer,
    Matter,
    answer,
    bring,
    home_of,
    name_of,
    nothing_written,
    raw,
    rows,
    say,
    submit,
)

LIST = """query($filter: RequestFilter, $first: Int, $after: String, $last: Int, $before: String) {
  requests(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
LOG = "{ searchLog { edges { node { kind by { id } at filters rows } } } }"


async def found(player: Player, text: str, **filter: Any) -> list[str]:
    """The ids of what somebody finds by these words."""
    listed = await player.ask(LIST, filter={"text": text, **filter}, first=100)
    return [request["id"] for request in rows(listed["requests"])]


async def error(player: Player, text: str) -> Answer:
    refusal: Answer = (await raw(player, LIST, filter={"text": text}))["errors"][0]
    assert refusal["extensions"]["code"] == "BAD_USER_INPUT"
    return refusal


async def asked(town: Town, handle: str, text: str, **fields: Any) -> Matter:
    return await submit(town, await town.person(handle), text=text, **fields)


@pytest.mark.parametrize(
    "text", ["灯", "楼道", "道灯", "灯不亮", "楼道灯不亮", "老人 楼道", "不方便，灯不亮", "WIFI", "wi", "ｗｉｆｉ", "501", "50", LAMP]
)
async def test_chinese_is_found_by_words_and_by_parts_of_words(town: Town, text: str) -> None:
    matter = await asked(town, "resident-1", LAMP + "WiFi也断了，501室")
    await asked(town, "resident-1", "水管漏了")

    assert await found(await town.person("dispatcher-1"), text) == [matter.request_id]


@pytest.mark.parametrize("text", ["楼梯", "灯亮", "道楼", "灯 漏", "亮灯", "fi", "01"])
async def test_what_is_not_there_is_not_found(town: Town, text: str) -> None:
    await asked(town, "resident-1", LAMP + "WiFi也断了，501室")

    assert await found(await town.person("dispatcher-1"), text) == []


async def test_everybody_finds_what_they_may_see_and_nothing_else(town: Town) -> None:
    here, there = await asked(town, "resident-1", "楼道灯不亮"), await asked(town, "resident-4", "路灯不亮")
    readers = await town.people("resident-1", "resident-4", "grid-leader-1", "grid-leader-2", "dispatcher-1", "administrator-1")

    seen = [sorted(await found(reader, "灯不亮")) for reader in readers]

    one, two = here.request_id, there.request_id
    assert seen == [[one], [two], [one], [two], sorted([one, two]), []]
    own = '{ viewer { requests(filter: {text: "灯不亮"}) { edges { node { id } } } } }'
    assert [[row["id"] for row in rows((await reader.ask(own))["viewer"]["requests"])] for reader in readers[:3]] == [[one], [two], []]
    assert (await town.stranger().ask(LIST, filter={"text": "灯不亮"}))["requests"]["edges"] == []


async def test_other_parts_of_the_filter_hold_too(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")
    lamp, lift = (
        await asked(town, "resident-1", "灯不亮"),
        await submit(town, await town.person("resident-1"), "lift-repair", text="灯不亮"),
    )

    assert await found(dispatcher, "灯不亮") == [lift.request_id, lamp.request_id]
    assert await found(dispatcher, "灯不亮", itemIds=[town.item("lift-repair")]) == [lift.request_id]
    assert await found(dispatcher, "灯不亮", states=["CLOSED"]) == []
    assert await found(dispatcher, "灯不亮", overdue=True) == []
    town.clock.advance(days=40)
    dispatcher = await town.person("dispatcher-1")
    assert await found(dispatcher, "灯不亮", overdue=True) == [lift.request_id, lamp.request_id]
    assert await found(dispatcher, "灯不亮", submittedAfter="2026-12-30T00:00:00Z") == []


async def test_pages_of_a_search_have_each_once_in_both_directions(town: Town) -> None:
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    made = [(await submit(town, resident, text=f"灯不亮，第{number}次")).request_id for number in range(5)][::-1]

    first = (await dispatcher.ask(LIST, filter={"text": "灯不亮"}, first=2))["requests"]
    second = (await dispatcher.ask(LIST, filter={"text": "灯不亮"}, first=4, after=first["pageInfo"]["endCursor"]))["requests"]
    last = (await dispatcher.ask(LIST, filter={"text": "灯不亮"}, last=2, before=second["pageInfo"]["endCursor"]))["requests"]

    assert [row["id"] for row in rows(first) + rows(second)] == made
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert [row["id"] for row in rows(last)] == made[2:4]
    assert last["pageInfo"]["hasPreviousPage"] is True


@pytest.mark.parametrize("text", ["13812345678", "138 1234 5678", "138-1234", "12345", "灯12345", "１２３４５", "一三八一二三"])
async def test_nothing_is_found_by_five_or_more_digits(town: Town, text: str) -> None:
    await asked(town, "resident-1", "灯不亮，电话13812345678，门牌12345，或一三八一二三四五六七八")
    dispatcher = await town.person("dispatcher-1")

    assert "digits" in (await error(dispatcher, text))["message"]


@pytest.mark.parametrize("text", ["138", "1381", "5678", "1234", "一三八", "r12"])
async def test_nor_by_a_part_of_a_number(town: Town, text: str) -> None:
    matter = await asked(town, "resident-1", "灯不亮，电话13812345678或138 1234 5678、一三八一二三四五六七八，车牌鲁R12345")
    dispatcher = await town.person("dispatcher-1")

    assert (await found(dispatcher, text), await found(dispatcher, "灯不亮")) == ([], [matter.request_id])


@pytest.mark.parametrize("text", ["", "  ", "，。！", "灯" * 51])
async def test_a_search_without_words_or_too_long_is_an_error(town: Town, text: str) -> None:
    await error(await town.person("dispatcher-1"), text)


async def test_nothing_is_found_by_a_name(town: Town) -> None:
    """Neither by that of whoever asked nor by that of a neighbour, whole or in part, by nobody."""
    own, neighbour = name_of(town, "resident-1"), name_of(town, "resident-4")
    matter = await asked(town, "resident-1", f"我是{own}，{neighbour}家的灯不亮")
    dispatcher, resident = await town.people("dispatcher-1", "resident-1")

    for reader in (dispatcher, resident):
        for text in (own, own[1:], own[:2], neighbour, neighbour[1:], f"灯不亮 {own}", f"{neighbour}家"):
            assert await found(reader, text) == [], text
        assert await found(reader, "家的灯不亮") == [matter.request_id]


async def test_nor_by_the_name_of_somebody_who_came_later(town: Town) -> None:
    await asked(town, "resident-1", "新来的欧阳小燕家灯不亮")
    administrator, dispatcher = await town.people("administrator-1", "dispatcher-1")
    assert await found(dispatcher, "欧阳小燕") != []

    entered = {"displayName": "欧阳小燕", "isOverFourteen": True}
    assert "person" in await say(administrator, "enrolPerson", "person { id }", **entered)

    assert await found(dispatcher, "欧阳小燕") == []


async def test_a_worker_finds_it_until_its_contents_close(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident, householdId=home_of(town, "resident-1"))
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(resident, matter)

    town.clock.advance(days=30)
    worker, leader = await town.people("grid-worker-1", "grid-leader-1")
    assert (await found(worker, "楼道灯"), await found(leader, "楼道灯")) == ([matter.request_id], [matter.request_id])
    town.clock.advance(seconds=10)

    assert (await found(worker, "楼道灯"), await found(leader, "楼道灯")) == ([], [matter.request_id])


async def test_what_was_removed_is_not_found(town: Town) -> None:
    matter = await asked(town, "resident-1", LAMP)
    dispatcher = await town.person("dispatcher-1")
    assert await found(dispatcher, "楼道灯") == [matter.request_id]

    await town.house.mongo.collection("words").replace_one(
        {"_id": matter.request_id}, {"township": town.planned.township_code, "erased_at": town.clock(), "erased_because": "ASKED_FOR"}
    )

    assert await found(dispatcher, "楼道灯") == []


async def test_every_search_is_on_record_with_who_and_when_and_without_its_words(town: Town) -> None:
    matter = await asked(town, "resident-1", LAMP)
    leader, officer, dispatcher = await town.people("grid-leader-1", "privacy-officer-1", "dispatcher-1")

    assert await found(leader, "楼道灯", states=["IN_HAND"]) == [matter.request_id]

    [line] = rows((await officer.ask(LOG))["searchLog"])
    assert line == {"kind": "SEARCH", "by": {"id": town.id_of("grid-leader-1")}, "at": line["at"], "filters": line["filters"], "rows": None}
    assert sorted(line["filters"]) == ["states", "text"]
    kept = await town.house.mongo.collection("looks").find_one({})
    assert kept is not None
    assert "楼道灯" not in str(kept)
    for other in (leader, dispatcher, town.stranger()):
        assert rows((await other.ask(LOG))["searchLog"]) == []


async def test_a_list_without_words_is_not(town: Town) -> None:
    dispatcher = await town.person("dispatcher-1")

    async with nothing_written(town):
        await dispatcher.ask(LIST, filter={"states": ["IN_HAND"]})
        await error(dispatcher, "12345")
