"""What cannot be understood is refused by name and leaves no trace; what people really write is kept as it is."""

from typing import Any

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, act, history_of, home_of, node, nothing_written, raw, refused, request_of, say, submit

EMOJI = "灯坏了😭👨‍👩‍👧‍👦🇨🇳👍🏽🏳️‍🌈\n第二行 e\u0301 𠮷"


async def no_of(player: Player, town: Town, **fields: Any) -> tuple[str, str]:
    """The code and the field with which a request is refused; nothing is written."""
    async with nothing_written(town):
        answer = await say(player, "submitRequest", "request { id }", **{"itemId": town.item("stairwell-lamp"), "text": "灯不亮", **fields})
    assert "code" in answer, answer
    return answer["code"], answer["field"]


def no_ids(right: str) -> list[str]:
    """What is no id, or is none of ours; and what only looks like the right one."""
    unknown, cut = right[:-12] + "0123456789ab", right[:-1]
    elsewhere = right.replace("990101101", "990101102").replace("item_000000000", "item_000000001")
    return [unknown, elsewhere, cut, right.upper(), f" {right}", f"{right}\n", "", " ", "1", "null", "%", "$ne", "a\u0000b", "灯" * 1_000]


BAD_TEXTS = {
    "nothing": "",
    "white space": " \t\n\u3000 ",
    "nothing to be seen": "\u200b\u200d\ufeff",
    "2,001 characters": "灯" * 2_001,
    "100,000 characters": "灯" * 100_000,
    "a null": "灯\u0000不亮",
    "a bell": "灯\u0007不亮",
    "an escape": "\u001b[2J灯",
    "a delete": "灯\u007f不亮",
    "a next line": "灯\u0085不亮",
    "a lone return": "灯\r不亮",
    "a turned text": "灯\u202e亮不",
}


async def test_a_text_that_says_nothing_or_too_much_is_refused(town: Town) -> None:
    resident = await town.person("resident-1")

    for name, text in BAD_TEXTS.items():
        assert await no_of(resident, town, text=text) == ("INVALID_INPUT", "text"), name
        if "灯" in text:
            assert await no_of(resident, town, address=text) == ("INVALID_INPUT", "address"), name


async def test_every_text_is_held_to_the_same_rule(town: Town) -> None:
    resident, worker, leader, dispatcher = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1")
    matter = await submit(town, resident)
    tries: list[tuple[Player, str, str, Answer]] = [
        (leader, "assignTask", "note", {"assigneeId": town.id_of("hub-host-1")}),
        (worker, "startTask", "note", {}),
        (worker, "returnTask", "note", {}),
        (worker, "completeTask", "note", {}),
        (leader, "verifyTask", "reason", {}),
        (dispatcher, "decideReturn", "reason", {"approved": True}),
        (resident, "answerFollowUp", "words", {}),
    ]

    async with nothing_written(town):
        for player, verb, field, fields in tries:
            for text in ("灯" * 2_001, "灯\u0000", "灯\u0007"):
                refusal = await refused(player, verb, matter, **fields, **{field: text})
                assert (refusal["code"], refusal["field"]) == ("INVALID_INPUT", field), verb


async def test_what_people_really_write_is_kept_byte_for_byte(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")

    matter = await submit(town, resident, text=EMOJI, address="🏳️‍🌈三号楼👩🏽‍🔧")
    await act(worker, "acknowledgeTask", matter)
    town.clock.advance(seconds=1)
    await act(worker, "startTask", matter)
    town.clock.advance(seconds=1)
    await act(worker, "completeTask", matter, note=EMOJI)

    request = await request_of(worker, matter)
    assert request is not None
    assert request["text"].encode() == EMOJI.encode()
    assert request["address"].encode() == "🏳️‍🌈三号楼👩🏽‍🔧".encode()
    assert (await history_of(resident, matter))[0]["reason"].encode() == EMOJI.encode()


async def test_two_thousand_characters_and_outer_white_space_are_fine(town: Town) -> None:
    resident = await town.person("resident-1")

    longest = await submit(town, resident, text="灯" * 2_000)
    padded = await submit(town, resident, text="  灯不亮\r\n请来看看 \n", address="  ")

    assert len((await request_of(resident, longest) or {})["text"]) == 2_000
    request = await request_of(resident, padded)
    assert request is not None
    assert (request["text"], request["address"]) == ("灯不亮\n请来看看", None)


async def test_an_id_that_is_none_is_not_found_by_name(town: Town) -> None:
    resident = await town.person("resident-1")
    settlement, branch, worker_id = town.planned.parts.units[1].id, town.planned.parts.grids[0].branch_id, town.id_of("grid-worker-1")
    answers, expected = {}, {}

    for field, right, of_another_kind in (
        ("itemId", town.item("stairwell-lamp"), settlement),
        ("householdId", home_of(town, "resident-1"), town.id_of("resident-1")),
        ("onBehalfOfId", town.id_of("resident-1"), home_of(town, "resident-1")),
        ("aboutPersonId", worker_id, branch),
        ("aboutUnitId", branch, worker_id),
        ("attachmentIds", "blob_990101101_01234567890123456789012345678901", settlement),
    ):
        for bad in [*no_ids(right), of_another_kind]:
            sent = {"itemId": town.item("stairwell-lamp"), "text": "灯不亮", field: [bad] if field == "attachmentIds" else bad}
            answer = await say(resident, "submitRequest", "request { id }", **sent)
            answers[field, bad[:50]], expected[field, bad[:50]] = (answer.get("code"), answer.get("field")), ("NOT_FOUND", field)

    assert {key: value for key, value in answers.items() if value != expected[key]} == {}
    assert await town.count("requests") == 0


async def test_no_verb_takes_an_id_that_is_none(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)

    async with nothing_written(town):
        for bad in [*no_ids(matter.task_id), town.planned.parts.grids[0].id]:
            refusal = await refused(worker, "acknowledgeTask", matter, taskId=bad)
            assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "taskId")
            refusal = await refused(leader, "assignTask", matter, assigneeId=bad)
            assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "assigneeId")
            refusal = await refused(resident, "answerFollowUp", matter, requestId=bad)
            assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "requestId")
            refusal = await refused(worker, "returnTask", matter, proposedOwnerId=bad)
            assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "proposedOwnerId")
        assert [await node(worker, bad) for bad in no_ids(matter.task_id)] == [None] * len(no_ids(matter.task_id))
        assert (await refused(worker, "completeTask", matter, attachmentIds=["photo"]))["field"] == "attachmentIds"


async def test_a_point_is_in_a_grid_or_refused(town: Town) -> None:
    resident = await town.person("resident-1")

    for outside in ((35.3, 115.5), (0.0, 0.0), (90.0, 180.0), (-35.2, -115.5), (35.2, 115.499)):
        assert await no_of(resident, town, location={"lat": outside[0], "lng": outside[1]}) == ("OUTSIDE_AREA", "location")
    for impossible in ((90.1, 0), (0, 180.1), (-91, 0), (1e308, 0), (0, -1e308)):
        assert await no_of(resident, town, location={"lat": impossible[0], "lng": impossible[1]}) == ("INVALID_INPUT", "location")


async def test_what_is_no_value_at_all_fails_before_anything_is_done(town: Town) -> None:
    resident = await town.person("resident-1")
    document = "mutation($input: SubmitRequestInput!) { submitRequest(input: $input) { __typename } }"
    good = {"commandId": "5f0c1b9e-3b1d-4c57-9a53-0d6b0c7f1a11", "itemId": town.item("stairwell-lamp"), "text": "灯不亮"}

    async with nothing_written(town):
        for bad in (
            {"commandId": "1"},
            {"commandId": "{5f0c1b9e-3b1d-4c57-9a53-0d6b0c7f1a11}"},
            {"commandId": None},
            {"text": None},
            {"text": 5},
            {"itemId": None},
            {"scope": "ELSEWHERE"},
            {"location": {"lat": 35.2}},
            {"location": {"lat": "35.2", "lng": 115.5}},
            {"deviceTime": "2026-11-23T10:00:00"},
            {"deviceTime": "yesterday"},
            {"deviceTime": "2026-02-30T10:00:00+08:00"},
            {"deviceTime": 1_764_000_000},
            {"surprise": True},
        ):
            body = await raw(resident, document, input={**good, **bad})
            assert body.get("data") is None, bad
            assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_USER_INPUT"}, bad


async def test_a_phone_with_a_wrong_clock_is_believed_and_flagged(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")

    matter = await submit(town, resident, deviceTime="2099-01-01T00:00:00+08:00")
    for verb, at in (
        ("acknowledgeTask", "1970-01-01T00:00:00Z"),
        ("startTask", "2026-11-23T10:04:59+08:00"),
        ("completeTask", "9999-12-31T23:59:59-12:00"),
    ):
        town.clock.advance(seconds=1)
        await act(worker, verb, matter, deviceTime=at)

    events = (await history_of(worker, matter))[::-1]
    assert [event["deviceTimeDoubtful"] for event in events] == [True, False, False, True]
    assert events[0]["deviceTime"] == "2098-12-31T16:00:00.000Z"
    assert events[1]["deviceTime"] == "1970-01-01T00:00:00.000Z"
    assert [event["at"] for event in events] == [f"2026-11-23T02:00:0{second}.000Z" for second in range(4)]
    assert (await request_of(resident, matter) or {})["promiseDueAt"] == "2026-11-30T09:30:00.000Z"
