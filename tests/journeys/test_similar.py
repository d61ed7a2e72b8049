"""Before somebody asks: what is known already, and nothing of whose it is. Afterwards: what is alike, and what was asked for again."""

import json
from typing import Any

import pytest

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import LAMP, REFUSAL, Answer, Matter, answer, bring, node, nothing_written, request_of, say, submit
from tests.journeys.test_duplicates import merge

NOVEMBER = 'from: "2026-11-01", to: "2026-11-30"'
SHOWN = (
    "id item { code } state statusText submittedOn promiseDueAt isMine "
    "request { id number text address household { id label address } submittedBy { id displayName } contact { phone } }"
)
ARGUMENTS = {"itemId": "ID!", "householdId": "ID", "location": "GeoPointInput", "villageId": "ID", "onBehalfOfId": "ID"}
ADDRESS = "三单元五楼东户门口"


async def looked(town: Town, player: Player, item: str = "stairwell-lamp", **place: Any) -> Answer:
    """What is known already, or the refusal."""
    given = {"itemId": town.item(item), **place}
    types = ", ".join(f"${name}: {ARGUMENTS[name]}" for name in given)
    names = ", ".join(f"{name}: ${name}" for name in given)
    document = f"query({types}) {{ similarRequests({names}) {{ ... on SimilarRequests {{ found {{ {SHOWN} }} }} {REFUSAL} }} }}"
    told: Answer = (await player.ask(document, **given))["similarRequests"]
    return told


async def found(town: Town, player: Player, item: str = "stairwell-lamp", **place: Any) -> list[Answer]:
    told = await looked(town, player, item, **place)
    assert "found" in told, told
    rows: list[Answer] = told["found"]
    return rows


async def home_of(player: Player) -> str:
    home: str = (await player.ask("{ viewer { household { id } } }"))["viewer"]["household"]["id"]
    return home


async def later(town: Town, *players: Player, **time: float) -> None:
    """Time passes, and everybody signs in again."""
    town.clock.advance(**time)
    for player in players:
        await player.sign_in()


async def about(player: Player, matter: Matter) -> Answer:
    told = await node(player, matter.request_id, "... on Request { related { id } repeats { id } }")
    assert told is not None
    return {"related": [other["id"] for other in told["related"]], "repeats": (told["repeats"] or {}).get("id")}


async def test_a_neighbour_learns_that_the_lamp_is_known_and_nothing_of_who_said_so(town: Town) -> None:
    asker, neighbour = await town.people("resident-1", "resident-2")
    matter = await submit(town, asker, address=ADDRESS)
    seen = await request_of(asker, matter)
    assert seen is not None

    async with nothing_written(town):
        told = await looked(town, neighbour)
    [similar] = told["found"]

    assert (similar["id"], similar["item"], similar["state"]) == (matter.request_id, {"code": "stairwell-lamp"}, "IN_HAND")
    assert (similar["statusText"], similar["submittedOn"]) == ("已受理，等待办理", "2026-11-23")
    assert (similar["isMine"], similar["request"], similar["promiseDueAt"]) == (False, None, seen["promiseDueAt"])
    answered = json.dumps(told, ensure_ascii=False)
    home = seen["household"]
    theirs = [LAMP, ADDRESS, matter.number, matter.task_id, home["id"], home["label"], seen["submittedBy"]["displayName"]]
    assert [each for each in (*theirs, town.id_of("resident-1"), seen["submittedBy"]["id"]) if each in answered] == []
    assert await request_of(neighbour, matter) is None, "the id opens nothing"


async def test_whoever_asked_finds_their_own_and_the_desk_what_it_sees_anyway(town: Town) -> None:
    asker, dispatcher = await town.people("resident-1", "dispatcher-1")
    matter = await submit(town, asker)
    [own] = await found(town, asker)
    [desks] = await found(town, dispatcher, householdId=await home_of(asker))

    assert (own["isMine"], own["request"]["number"], own["statusText"]) == (True, matter.number, "已派单，等待签收")
    assert (desks["isMine"], desks["request"]["number"]) == (False, matter.number)


async def test_what_is_somebodys_own_is_suggested_to_nobody_but_them_and_whoever_sees_it(town: Town) -> None:
    asker, neighbour, dispatcher = await town.people("resident-1", "resident-2", "dispatcher-1")
    matter = await submit(town, asker, "pension-form")

    assert await found(town, neighbour, "pension-form") == []
    assert [own["isMine"] for own in await found(town, asker, "pension-form")] == [True]
    assert [known["id"] for known in await found(town, dispatcher, "pension-form", householdId=await home_of(asker))] == [matter.request_id]


async def test_what_is_shielded_or_dangerous_is_suggested_to_nobody(town: Town) -> None:
    asker, neighbour = await town.people("resident-1", "resident-2")
    await submit(town, asker, "staff-conduct")
    await submit(town, asker, aboutPersonId=town.id_of("grid-worker-1"))
    await submit(town, asker, "gas-smell")

    for player in (asker, neighbour):
        for item in ("staff-conduct", "stairwell-lamp", "gas-smell"):
            assert await found(town, player, item) == [], "nobody is to think that gas was reported by somebody else"


async def test_only_what_is_open_near_by_and_of_this_month_is_suggested(town: Town) -> None:
    asker, worker, leader, neighbour = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "resident-2")
    matter = await submit(town, asker)
    assert await found(town, await town.person("resident-4")) == [], "another grid"
    assert await found(town, neighbour, "water-leak") == []

    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    assert [similar["state"] for similar in await found(town, neighbour)] == ["ANSWERED"]
    await answer(asker, matter)
    assert await found(town, neighbour) == []

    other = await submit(town, neighbour)
    await later(town, neighbour, days=30)
    assert [similar["id"] for similar in await found(town, neighbour)] == [other.request_id]
    town.clock.advance(seconds=1)
    assert await found(town, neighbour) == []


async def test_at_most_five_and_the_newest_first(town: Town) -> None:
    asker, neighbour = await town.people("resident-1", "resident-2")
    made = []
    for _ in range(6):
        made.append(await submit(town, asker))
        town.clock.advance(seconds=1)

    assert [similar["id"] for similar in await found(town, neighbour)] == [matter.request_id for matter in reversed(made[1:])]


async def test_a_merged_one_leads_to_the_one_in_which_it_goes_on(town: Town) -> None:
    asker, neighbour, helper, dispatcher = await town.people("resident-1", "resident-2", "link-member-1", "dispatcher-1")
    into = await submit(town, asker)
    town.clock.advance(seconds=1)
    other = await submit(town, neighbour)
    await merge(dispatcher, into, other)

    [strangers] = await found(town, helper, householdId=await home_of(asker))
    assert (strangers["id"], strangers["isMine"], strangers["request"]) == (into.request_id, False, None)
    [mine] = await found(town, neighbour)
    assert (mine["id"], mine["isMine"], mine["request"]["id"]) == (into.request_id, True, other.request_id)


async def test_nobody_asks_about_a_place_that_they_could_not_ask_for(town: Town) -> None:
    asker, neighbour, volunteer = await town.people("resident-1", "resident-2", "volunteer-1")
    await submit(town, asker, "pension-form")
    home = await home_of(asker)

    async def no(player: Player, item: str = "stairwell-lamp", **place: Any) -> tuple[str, str | None]:
        told = await looked(town, player, item, **place)
        return told["code"], told["field"]

    assert await no(neighbour, householdId=home) == ("NOT_FOUND", "householdId")
    assert await no(neighbour, "pension-form", householdId=home) == ("NOT_FOUND", "householdId")
    assert await no(neighbour, "pension-form", onBehalfOfId=town.id_of("resident-1")) == ("NOT_FOUND", "onBehalfOfId")
    assert await no(neighbour, location={"lat": 1.0, "lng": 1.0}) == ("OUTSIDE_AREA", "location")
    assert await no(neighbour, villageId="nowhere") == ("NOT_FOUND", "villageId")
    assert await no(volunteer) == ("INVALID_INPUT", "householdId")
    assert await no(town.stranger()) == ("SIGN_IN_REQUIRED", None)


# --- Afterwards.


async def test_the_desk_sees_what_is_related_and_a_resident_only_their_own(town: Town) -> None:
    asker, neighbour, dispatcher, worker = await town.people("resident-1", "resident-2", "dispatcher-1", "grid-worker-2")
    first = await submit(town, asker)
    await later(town, neighbour, days=1)
    second = await submit(town, neighbour)
    await later(town, asker, neighbour, dispatcher, worker, days=1)
    third = await submit(town, asker)
    await submit(town, asker, "pension-form")

    assert await about(dispatcher, second) == {"related": [third.request_id, first.request_id], "repeats": first.request_id}
    assert await about(dispatcher, third) == {"related": [second.request_id, first.request_id], "repeats": second.request_id}
    assert await about(asker, third) == {"related": [first.request_id], "repeats": None}, "that a neighbour asked is not told"
    assert await about(neighbour, second) == {"related": [], "repeats": None}
    assert await request_of(worker, second) is None


async def test_related_is_told_for_a_whole_list_at_once(town: Town) -> None:
    asker, neighbour, dispatcher = await town.people("resident-1", "resident-2", "dispatcher-1")
    lamps = [await submit(town, player) for player in (asker, neighbour)]
    pension = await submit(town, asker, "pension-form")
    quiet = await submit(town, neighbour, "staff-conduct")

    edges = (await dispatcher.ask("{ requests { edges { node { id related { id } } } } }"))["requests"]["edges"]
    related = {edge["node"]["id"]: [other["id"] for other in edge["node"]["related"]] for edge in edges}
    assert related == {
        lamps[0].request_id: [lamps[1].request_id],
        lamps[1].request_id: [lamps[0].request_id],
        pension.request_id: [],
        quiet.request_id: [],
    }


async def test_after_thirty_days_nothing_is_repeated(town: Town) -> None:
    asker, neighbour, dispatcher = await town.people("resident-1", "resident-2", "dispatcher-1")
    await submit(town, asker)
    await later(town, neighbour, dispatcher, days=30, seconds=1)
    again = await submit(town, neighbour)

    assert await about(dispatcher, again) == {"related": [], "repeats": None}


# --- Figures.


async def repeat_rate(town: Town, reader: Player) -> float | None:
    await town.settle()
    data = await reader.ask(f'{{ orgUnit(code: "{town.planned.township_code}") {{ id }} }}')
    document = f"query($id: ID!) {{ measures(unitId: $id, {NOVEMBER}) {{ repeatRate }} }}"
    rate: float | None = (await reader.ask(document, id=data["orgUnit"]["id"]))["measures"][0]["repeatRate"]
    return rate


async def test_the_same_lamp_reported_again_within_a_month_is_a_repeat(town: Town) -> None:
    first, neighbour, dispatcher = await town.people("resident-1", "resident-2", "dispatcher-1")
    await submit(town, first)
    assert await repeat_rate(town, dispatcher) == 0.0

    town.clock.advance(hours=1)
    await submit(town, neighbour)
    await submit(town, first, "pension-form")
    await submit(town, neighbour, "pension-form")
    assert await repeat_rate(town, dispatcher) == 0.25, "the lamp is everybody's, the pension is not"


@pytest.mark.parametrize("verb", ["withdrawRequest", "mergeRequests"])
async def test_what_is_in_no_figure_is_repeated_by_nothing(town: Town, verb: str) -> None:
    first, neighbour, dispatcher = await town.people("resident-1", "resident-2", "dispatcher-1")
    old = await submit(town, first)
    if verb == "withdrawRequest":
        await say(first, verb, "request { id }", requestId=old.request_id)
    else:
        town.clock.advance(hours=1)
        await merge(dispatcher, await submit(town, neighbour, "water-leak"), old, reason="同一处跳闸")
    town.clock.advance(hours=1)
    await submit(town, neighbour)

    assert await repeat_rate(town, dispatcher) == 0.0
