"""What workers read of it once it is long over, and what outside help is told of whose it is."""

from dataclasses import replace

import pytest

from domain.people import alias
from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    LAMP,
    Answer,
    Matter,
    answer,
    bring,
    history_of,
    home_of,
    name_of,
    node,
    nothing_written,
    request_of,
    said_in,
    say,
    submit,
)
from tests.reorganising import keep

POINT = {"lat": 35.201, "lng": 115.501}


async def closed(town: Town, worker: str = "grid-worker-1", checker: str = "grid-leader-1", item: str = "stairwell-lamp") -> Matter:
    """A matter of the first resident that was done, checked and judged, at home in 3-2-501."""
    resident, hands, leader = await town.people("resident-1", worker, checker)
    matter = await submit(town, resident, item, address="三单元五楼", location=POINT, householdId=home_of(town, "resident-1"))
    await bring(town, matter, hands, "AWAITING_FOLLOW_UP", checked_by=leader)
    assert (await answer(resident, matter, words="谢谢"))["state"] == "CLOSED"
    return matter


async def contents(player: Player, matter: Matter) -> Answer:
    request = await request_of(player, matter)
    assert request is not None
    return {name: request[name] for name in ("text", "address", "location", "household")}


NOTHING: Answer = {"text": "", "address": None, "location": None, "household": None}


async def test_whoever_did_the_work_reads_it_for_thirty_days_after_the_end(town: Town) -> None:
    matter = await closed(town)

    town.clock.advance(days=30)
    worker = await town.person("grid-worker-1")

    assert (await contents(worker, matter))["text"] == LAMP
    assert next(event["reason"] for event in await history_of(worker, matter)) == "谢谢"


async def test_after_thirty_days_the_work_is_still_there_and_the_contents_are_not(town: Town) -> None:
    matter = await closed(town)

    town.clock.advance(days=30, seconds=5)
    worker, leader, dispatcher, resident = await town.people("grid-worker-1", "grid-leader-1", "dispatcher-1", "resident-1")

    assert await contents(worker, matter) == NOTHING
    history = await history_of(worker, matter)
    assert len(history) == 6
    assert [event for event in history if event["reason"]] == []
    assert (await request_of(worker, matter) or {})["verdict"] == "SOLVED"
    for reader in (leader, dispatcher, resident):
        assert (await contents(reader, matter))["text"] == LAMP
        assert (await contents(reader, matter))["household"]["id"] == home_of(town, "resident-1")


async def test_a_phone_that_starts_anew_does_not_get_them_either(town: Town) -> None:
    matter = await closed(town)
    await town.settle()
    town.clock.advance(days=31)
    worker = await town.person("grid-worker-1")

    shown = "{ changes { changed { ... on Request { id text address household { label } } } } }"
    [batch] = [(await worker.ask(shown))["changes"]["changed"]]

    assert [thing for thing in batch if thing] == [{"id": matter.request_id, "text": "", "address": None, "household": None}]


async def test_outside_help_is_told_the_place_and_the_matter_and_an_alias(town: Town) -> None:
    resident, provider, dispatcher = await town.people("resident-1", "provider-worker-1", "dispatcher-1")
    matter = await submit(town, resident, "lift-repair")

    request = await request_of(provider, matter)

    assert request is not None
    assert request["submittedBy"]["displayName"] == alias(name_of(town, "resident-1"))
    assert (request["text"], request["household"]["id"]) == (LAMP, home_of(town, "resident-1"))
    history = await history_of(provider, matter)
    assert [event["actor"] for event in history] == [None]
    assert name_of(town, "resident-1") not in said_in([request, history])
    assert (await request_of(dispatcher, matter) or {})["submittedBy"]["displayName"] == name_of(town, "resident-1")


async def test_with_an_alias_outside_help_gets_no_id_that_is_worth_the_name(town: Town) -> None:
    """A provider's worker lives here too, and would let the resident be their proxy, to be told whom they chose."""
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    [worker] = [person for person in town.planned.persons if person.id == town.id_of("provider-worker-1")]
    await keep(town.house, worker.township, replace(worker, household_id=home_of(town, "resident-2")))
    provider = await town.person("provider-worker-1")
    matter = await submit(town, resident, "lift-repair")
    shown = "... on Request { submittedBy { id displayName } }"
    days = {"since": "2026-11-23", "until": "2026-11-24"}

    asked = (await node(provider, matter.request_id, shown) or {})["submittedBy"]

    assert asked == (await node(provider, matter.request_id, shown) or {})["submittedBy"]
    assert asked["displayName"] == alias(name_of(town, "resident-1"))
    assert await node(provider, asked["id"], "id") is None
    async with nothing_written(town):
        said = await say(provider, "grantProxy", "grant { agent { displayName } }", agentId=asked["id"], **days)
    assert (said["code"], said["field"]) == ("NOT_FOUND", "agentId")
    known = (await node(dispatcher, matter.request_id, shown) or {})["submittedBy"]
    assert known == {"id": town.id_of("resident-1"), "displayName": name_of(town, "resident-1")}
    given = await say(resident, "grantProxy", "grant { agent { id displayName } }", agentId=town.id_of("resident-4"), **days)
    assert given["grant"]["agent"] == {"id": town.id_of("resident-4"), "displayName": name_of(town, "resident-4")}


@pytest.mark.parametrize(("name", "shown"), [("王秀兰", "王某某"), ("Ann Lee", "Resident A."), (" 李四", "李某某"), ("", "某某")])
def test_an_alias_is_the_first_character(name: str, shown: str) -> None:
    assert alias(name) == shown
