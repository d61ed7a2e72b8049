"""An old person without a phone asks through the hub household; what they say in the end is recorded by somebody from outside."""

import pytest

from domain.slips import columns_of
from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    Matter,
    answer,
    bring,
    history_of,
    home_of,
    name_of,
    node,
    nothing_written,
    refused,
    request_of,
    say,
    submit,
    task_of,
    titles,
)
from tests.journeys.test_helping_hands import for_resident, mine, no_of

ASK_THEM, ANSWER_IT = "请转告并回访", "请您评价"


def for_home(town: Town, handle: str = "resident-1") -> Answer:
    return {"householdId": home_of(town, handle), "forHousehold": True}


async def record(player: Player, matter: Matter, verdict: str = "SOLVED", **fields: object) -> Answer:
    given = {"requestId": matter.request_id, "verdict": verdict, "grade": "SATISFIED", "words": "灯亮了，谢谢", **fields}
    return await say(player, "recordAnswer", "request { state verdict grade reworkCount }", **given)


async def may_not_record(town: Town, matter: Matter, *handles: str) -> dict[str, str]:
    """How each is refused; nothing is written."""
    codes = {}
    for handle in handles:
        player = await town.person(handle)
        async with nothing_written(town):
            codes[handle] = (await record(player, matter)).get("code", "done")
    return codes


async def reach(player: Player, town: Town, how: str, home: str = "resident-1") -> Answer:
    return await say(player, "setHouseholdReach", "household { reach }", householdId=home_of(town, home), reach=how)


async def reach_seen(player: Player, town: Town, home: str = "resident-1") -> str | None:
    found = await node(player, home_of(town, home), "... on Household { reach }")
    return found["reach"] if found else "no home"


async def test_an_old_person_asks_through_the_hub_household(town: Town) -> None:
    host, worker, leader, resident = await town.people("hub-host-1", "grid-worker-1", "grid-leader-1", "resident-1")

    matter = await submit(town, host, **for_home(town))

    shown = await node(host, matter.request_id, "... on Request { entry onBehalfOf { id } submittedBy { id } household { id } }")
    assert shown == {
        "entry": "ASSISTED",
        "onBehalfOf": None,
        "submittedBy": {"id": town.id_of("hub-host-1")},
        "household": {"id": home_of(town, "resident-1")},
    }
    assert (await mine(host), await mine(resident)) == ([matter.request_id], [])
    assert (await request_of(resident, matter), await task_of(resident, matter)) == (None, None)
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    assert await titles(host) == [ASK_THEM]
    async with nothing_written(town):
        assert (await refused(host, "answerFollowUp", matter))["code"] == "NOT_ALLOWED"

    assert (await record(host, matter))["request"] == {"state": "CLOSED", "verdict": "SOLVED", "grade": "SATISFIED", "reworkCount": 0}

    said = (await history_of(host, matter))[0]
    assert (said["kind"], said["reason"]) == ("FollowUpRecorded", "灯亮了，谢谢")
    assert said["actor"] == {"displayName": name_of(town, "hub-host-1")}


async def test_who_did_the_work_or_owns_it_does_not_record_what_was_said(town: Town) -> None:
    worker, leader, desk = await town.people("grid-worker-1", "grid-leader-1", "dispatcher-1")
    matter = await submit(town, worker, **for_home(town))
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    assert (await titles(worker), await titles(desk)) == ([], [ASK_THEM])

    insiders = ("grid-worker-1", "grid-leader-1", "secretary-1")
    strangers = ("resident-1", "hub-host-1", "link-member-1", "centre-clerk-1", "grid-worker-2")
    told = await may_not_record(town, matter, *insiders, *strangers)

    assert {told[handle] for handle in insiders} == {"NOT_ALLOWED"}
    assert {told[handle] for handle in strangers} <= {"NOT_FOUND", "NOT_ALLOWED"}
    assert (await record(desk, matter))["request"]["state"] == "CLOSED"


async def test_what_did_not_help_is_done_again(town: Town) -> None:
    host, worker, leader = await town.people("hub-host-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, host, **for_home(town))
    async with nothing_written(town):
        assert (await record(host, matter))["code"] == "WRONG_STATE"
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)

    again = (await record(host, matter, "NOT_SOLVED", grade="UNSATISFIED"))["request"]

    assert (again["state"], again["reworkCount"]) == ("IN_HAND", 1)
    await town.settle()
    assert (await titles(worker))[0] == "居民反映未解决"


async def test_words_are_wanted_where_an_answer_is_recorded(town: Town) -> None:
    host = await town.person("hub-host-1")
    matter = await submit(town, host, **for_home(town))

    for words in ("", " ", "一\x07"):
        async with nothing_written(town):
            said = await record(host, matter, words=words)
        assert (said["code"], said["field"]) == ("INVALID_INPUT", "words")


async def test_who_types_for_a_home(town: Town) -> None:
    resident, officer, other, worker = await town.people("resident-1", "village-officer-1", "hub-host-9", "grid-worker-1")

    assert await no_of(resident, town, **for_home(town)) == ("NOT_ALLOWED", "forHousehold")
    assert await no_of(officer, town, **for_home(town)) == ("NOT_ALLOWED", "forHousehold")
    assert await no_of(other, town, **for_home(town)) == ("NOT_FOUND", "householdId")
    assert await no_of(worker, town, forHousehold=True, location={"lat": 37.0, "lng": 105.0}) == ("INVALID_INPUT", "householdId")
    assert await no_of(worker, town, **for_resident(town), forHousehold=True) == ("INVALID_INPUT", "forHousehold")


async def test_whom_no_app_reaches_is_told_by_whoever_typed_and_may_answer_by_word(town: Town) -> None:
    member, worker, leader, resident = await town.people("link-member-1", "grid-worker-1", "grid-leader-1", "resident-1")
    assert (await reach(member, town, "VISIT"))["household"] == {"reach": "VISIT"}
    first = await submit(town, member, **for_resident(town))
    second = await submit(town, member, **for_resident(town))
    for matter in (first, second):
        await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    assert (await titles(resident), await titles(member)) == ([ANSWER_IT] * 2, [ASK_THEM] * 2)

    assert (await record(member, first))["request"]["state"] == "CLOSED"
    assert (await answer(resident, second))["state"] == "CLOSED"


@pytest.mark.parametrize("how", [None, "APP"])
async def test_whom_the_app_reaches_answers_themselves(town: Town, how: str | None) -> None:
    member, worker, leader, resident = await town.people("link-member-1", "grid-worker-1", "grid-leader-1", "resident-1")
    if how:
        await reach(resident, town, how)
    matter = await submit(town, member, **for_resident(town))
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()

    assert (await titles(resident), await titles(member)) == ([ANSWER_IT], [])
    assert await may_not_record(town, matter, "link-member-1", "dispatcher-1") == {
        "link-member-1": "NOT_ALLOWED",
        "dispatcher-1": "NOT_ALLOWED",
    }


async def test_nobody_takes_the_last_word_from_whoever_asked_by_their_own_sign_in(town: Town) -> None:
    """The desk says that the home wants a visit, and would then say that they were very satisfied."""
    resident, desk, worker, leader = await town.people("resident-1", "dispatcher-1", "grid-worker-1", "grid-leader-1")
    before = await submit(town, resident, householdId=home_of(town, "resident-1"))
    assert "household" in await reach(desk, town, "VISIT")
    after = await submit(town, resident, householdId=home_of(town, "resident-1"))
    for matter in (before, after):
        await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
        assert await may_not_record(town, matter, "dispatcher-1") == {"dispatcher-1": "NOT_ALLOWED"}
    await town.settle()
    assert (await titles(resident), await titles(desk)) == ([ANSWER_IT] * 2, [])

    assert [(await answer(resident, matter))["state"] for matter in (before, after)] == ["CLOSED"] * 2


async def test_how_word_gets_to_a_home_is_said_and_seen_by_those_who_may_find_it(town: Town) -> None:
    resident = await town.person("resident-1")
    assert await reach_seen(resident, town) is None
    assert (await reach(resident, town, "PHONE"))["household"] == {"reach": "PHONE"}
    for handle in ("link-member-1", "hub-host-1", "grid-worker-1", "grid-leader-1", "centre-clerk-1", "dispatcher-1"):
        helper = await town.person(handle)
        assert (await reach(helper, town, "NEIGHBOUR"))["household"] == {"reach": "NEIGHBOUR"}, handle
        assert await reach_seen(helper, town) == "NEIGHBOUR", handle
    for handle, code in {"resident-4": "NOT_FOUND", "grid-worker-2": "NOT_FOUND", "village-officer-1": "NOT_ALLOWED"}.items():
        player = await town.person(handle)
        async with nothing_written(town):
            assert (await reach(player, town, "APP"))["code"] == code, handle
    assert await reach_seen(await town.person("resident-4"), town) == "no home"
    assert await town.count("household_reaches") == 1


async def test_a_slip_fits_the_printer_and_names_nobody(town: Town) -> None:
    host = await town.person("hub-host-1")
    english = await town.person("hub-host-1", language="en")
    matter = await submit(town, host, **for_home(town))

    slip = (await node(host, matter.request_id, "... on Request { slip }") or {})["slip"]
    in_english = (await node(english, matter.request_id, "... on Request { slip }") or {})["slip"]

    lines = slip.splitlines()
    assert lines[:2] == [f"编号：{matter.number}", "事项：楼道灯报修"]
    assert lines[2].startswith("承诺时限：2026-")
    assert lines[3].startswith("咨询：")
    assert all(columns_of(line) <= 42 for line in [*lines, *in_english.splitlines()])
    assert in_english.startswith(f"No. {matter.number}")
    assert name_of(town, "resident-1") not in slip
