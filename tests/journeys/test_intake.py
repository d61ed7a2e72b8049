"""What is not accepted by itself: it waits at the intake desk, is taken in, declined with where to go, or given to somebody outside."""

import asyncio

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    Matter,
    history_of,
    node,
    nothing_written,
    say,
    submit,
    task_of,
    titles,
    to_do,
)

SHOWN = "id state statusText promiseDueAt actions declinedBecause handedOffTo item { code } tasks { id state assignee { id } }"
OTHER_WAY = {"reason": "OTHER_BODY", "whereToGo": "请到镇自然资源所（镇政府一楼）申请"}


async def on_request(player: Player, verb: str, matter: Matter, **fields: object) -> Answer:
    """What somebody does to the request: the request after it, or the refusal."""
    said = await say(player, verb, f"request {{ {SHOWN} }}", requestId=matter.request_id, **fields)
    request: Answer = said.get("request", said)
    return request


async def request_of(player: Player, matter: Matter) -> Answer | None:
    return await node(player, matter.request_id, f"... on Request {{ {SHOWN} }}")


async def wish(town: Town, asker: str = "resident-1") -> tuple[Player, Matter]:
    """Somebody wishes for a new lamp; nobody has taken it in yet, and the desk was told."""
    player = await town.person(asker)
    matter = await submit(town, player, "new-facility")
    await town.settle()
    town.clock.advance(seconds=1)
    return player, matter


async def test_it_waits_for_those_who_may_take_it_in_and_is_nobodys_work_yet(town: Town) -> None:
    resident, matter = await wish(town)
    clerk, dispatcher, worker, stranger = await town.people("centre-clerk-1", "dispatcher-1", "grid-worker-1", "grid-worker-2")

    seen = await request_of(resident, matter)

    assert seen is not None
    assert (seen["state"], seen["tasks"], seen["statusText"]) == ("RECEIVED", [], "已收到，等待受理")
    assert seen["actions"] == ["WITHDRAW", "NUDGE", "ADD_MESSAGE"]
    assert (await titles(clerk), await titles(dispatcher), await titles(worker)) == (["有诉求待受理"], ["有诉求待受理"], [])
    assert await to_do(worker) == []
    assert [(await request_of(player, matter) or {}).get("actions") for player in (clerk, worker, stranger)] == [
        ["ACCEPT", "DECLINE", "HAND_OFF_TO_EMERGENCY"],
        ["ACCEPT", "HAND_OFF_TO_EMERGENCY"],
        None,
    ]
    listed = await clerk.ask("{ requests(filter: { states: [RECEIVED] }) { edges { node { id } } } }")
    assert [edge["node"]["id"] for edge in listed["requests"]["edges"]] == [matter.request_id]


async def test_the_worker_on_duty_takes_it_in_and_the_promise_has_run_since_it_was_made(town: Town) -> None:
    resident, matter = await wish(town)
    worker = await town.person("grid-worker-1")
    before = await request_of(resident, matter)
    town.clock.advance(days=2)
    for player in (resident, worker):
        await player.sign_in()

    taken = await on_request(worker, "acceptRequest", matter)
    await town.settle()

    [task] = taken["tasks"]
    assert before is not None
    assert (taken["state"], taken["promiseDueAt"]) == ("IN_HAND", before["promiseDueAt"])
    assert (task["state"], task["assignee"]["id"]) == ("ASSIGNED", town.id_of("grid-worker-1"))
    led = await task_of(worker, Matter(matter.request_id, matter.number, task["id"]))
    assert led is not None
    assert led["dueAt"] == before["promiseDueAt"]
    assert await titles(resident) == ["您的诉求已受理"]
    assert [event["kind"] for event in await history_of(resident, matter)] == ["RequestAccepted", "RequestSubmitted"]


async def test_it_may_be_taken_in_as_something_else_and_its_promise_is_that_items(town: Town) -> None:
    _, matter = await wish(town)
    clerk = await town.person("centre-clerk-1")

    taken = await on_request(clerk, "acceptRequest", matter, itemId=town.item("stairwell-lamp"))

    assert taken["item"]["code"] == "stairwell-lamp"
    assert taken["promiseDueAt"] == "2026-11-30T09:30:00.000Z"  # five working days since it was made
    assert (await on_request(clerk, "acceptRequest", matter, itemId="item_000000000_" + "0" * 32))["code"] == "NOT_FOUND"


async def test_two_who_take_it_in_at_once_make_one_task_and_the_other_sees_it(town: Town) -> None:
    _, matter = await wish(town)
    clerks = await town.people("centre-clerk-1", "centre-clerk-2")

    answers = await asyncio.gather(*(on_request(clerk, "acceptRequest", matter, expectedVersion=1) for clerk in clerks))

    won, lost = sorted(answers, key=lambda answer: "code" in answer)
    assert won["state"] == "IN_HAND"
    assert (lost["code"], lost["current"]["requestState"]) == ("CONFLICT", "IN_HAND")
    assert (await town.count("tasks"), await town.count("events", kind="RequestAccepted")) == (1, 1)


async def test_taking_it_in_twice_by_one_command_is_done_once(town: Town) -> None:
    _, matter = await wish(town)
    dispatcher = await town.person("dispatcher-1")
    sent = {"commandId": "5f0c1b9e-3b1d-4c57-9a53-0d6b0c7f1b22"}

    first = await on_request(dispatcher, "acceptRequest", matter, **sent)
    again = await on_request(dispatcher, "acceptRequest", matter, **sent)

    assert first == again
    assert await town.count("tasks") == 1


async def test_the_resident_reads_why_not_and_where_to_go_and_objects_once(town: Town) -> None:
    resident, matter = await wish(town)
    clerk, dispatcher, worker = await town.people("centre-clerk-1", "dispatcher-1", "grid-worker-1")

    declined = await on_request(clerk, "declineRequest", matter, **OTHER_WAY)
    await town.settle()

    assert (declined["state"], declined["declinedBecause"], declined["statusText"]) == ("DECLINED", "OTHER_BODY", "未予受理")
    assert await titles(resident) == ["您的诉求未予受理"]
    assert (await history_of(resident, matter))[0]["reason"] == OTHER_WAY["whereToGo"]
    assert await request_of(worker, matter) is None  # it was never the worker's
    town.clock.advance(seconds=1)
    back = await on_request(resident, "objectToDecline", matter, words="去年就是村里装的")
    await town.settle()
    assert (back["state"], "OBJECT_TO_DECLINE" in back["actions"]) == ("RECEIVED", False)
    assert (await titles(dispatcher))[0] == "对不予受理有异议"
    await on_request(dispatcher, "declineRequest", matter, **OTHER_WAY)
    async with nothing_written(town):
        refusal = await on_request(resident, "objectToDecline", matter, words="再看看")
    assert (refusal["code"], refusal["current"]["requestState"]) == ("LIMIT_REACHED", "DECLINED")


async def test_what_nobody_took_in_is_asked_about_by_nobody_and_saying_that_it_helped_changes_nothing(town: Town) -> None:
    resident, matter = await wish(town)
    clerk, dispatcher = await town.people("centre-clerk-1", "dispatcher-1")
    word = {"verdict": "SOLVED", "grade": "SATISFIED"}

    for state in ("RECEIVED", "DECLINED"):
        async with nothing_written(town):
            answered = await on_request(resident, "answerFollowUp", matter, **word)
            recorded = await on_request(dispatcher, "recordAnswer", matter, words="说修好了", **word)
            tried = await on_request(clerk, "recordFollowUpTry", matter)
            supervised = [await on_request(player, "superviseRequest", matter, reason="太慢") for player in (clerk, dispatcher)]
        assert (answered["code"], answered["current"]["requestState"]) == ("WRONG_STATE", state)
        assert (recorded["code"], tried["code"]) == ("NOT_ALLOWED", "NOT_ALLOWED")
        assert [refusal["code"] for refusal in supervised] == ["NOT_ALLOWED", "WRONG_STATE"]
        await on_request(dispatcher, "declineRequest", matter, **OTHER_WAY)


async def test_a_grid_worker_declines_nothing(town: Town) -> None:
    _, matter = await wish(town)
    worker = await town.person("grid-worker-1")

    async with nothing_written(town):
        refusal = await on_request(worker, "declineRequest", matter, **OTHER_WAY)

    assert refusal["code"] == "NOT_ALLOWED"


async def test_the_promise_stands_still_while_it_was_declined(town: Town) -> None:
    resident, matter = await wish(town)
    clerk = await town.person("centre-clerk-1")
    before = await on_request(clerk, "declineRequest", matter, **OTHER_WAY)
    town.clock.advance(days=7)
    await resident.sign_in()

    after = await on_request(resident, "objectToDecline", matter, words="归你们管")

    assert (before["promiseDueAt"], after["promiseDueAt"]) == ("2026-12-14T09:30:00.000Z", "2026-12-21T09:30:00.000Z")


async def test_anybody_of_the_staff_gives_it_to_an_emergency_line_and_the_workers_are_told(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await town.settle()
    town.clock.advance(seconds=1)

    gone = await on_request(leader, "handOffRequest", matter, to="FIRE_119", reason="楼道里有烟，已请消防到场")
    await town.settle()

    assert (gone["state"], gone["handedOffTo"], gone["tasks"][0]["state"]) == ("HANDED_OFF", "FIRE_119", "CANCELLED")
    assert gone["statusText"] == "已转其他部门办理"
    assert (await titles(worker), await titles(resident)) == (["工单已取消", "新工单"], ["您的诉求已转出"])
    assert (await history_of(resident, matter))[0]["reason"] == "119 楼道里有烟，已请消防到场"
    assert await to_do(worker) == []


async def test_only_the_dispatcher_gives_it_to_others_and_says_whom_to_call(town: Town) -> None:
    resident, leader, dispatcher = await town.people("resident-1", "grid-leader-1", "dispatcher-1")
    matter = await submit(town, resident)
    other = {"to": "OTHER_SERVICE", "reason": "归供电公司"}

    async with nothing_written(town):
        refusals = [
            await on_request(leader, "handOffRequest", matter, number="95598", **other),
            await on_request(dispatcher, "handOffRequest", matter, **other),
            await on_request(resident, "handOffRequest", matter, to="FIRE_119", reason="有烟"),
        ]
    assert [(refusal["code"], refusal["field"]) for refusal in refusals] == [
        ("NOT_ALLOWED", "requestId"),
        ("INVALID_INPUT", "number"),
        ("NOT_ALLOWED", "requestId"),
    ]
    assert (await on_request(dispatcher, "handOffRequest", matter, number="95598", **other))["state"] == "HANDED_OFF"


async def test_what_is_shielded_waits_without_its_place(town: Town) -> None:
    """About the counter itself: its clerks never see it; the desk takes it in."""
    resident, clerk, worker, dispatcher = await town.people("resident-1", "centre-clerk-1", "grid-worker-1", "dispatcher-1")
    centre = (await clerk.ask("{ viewer { appointments { unit { id } } } }"))["viewer"]["appointments"][0]["unit"]["id"]
    matter = await submit(town, resident, "new-facility", aboutUnitId=centre)
    await town.settle()

    assert [await request_of(player, matter) for player in (clerk, worker)] == [None, None]
    assert (await titles(dispatcher), await titles(clerk)) == (["有诉求待受理"], [])
    assert (await on_request(dispatcher, "acceptRequest", matter))["state"] == "IN_HAND"
    assert await request_of(clerk, matter) is None


BOARD = (
    "query($unit: ID!, $kinds: [QueueKind!]) { board(unitId: $unit) { queues(kinds: $kinds) { kind count { tasks more } "
    "requests(first: 1) { edges { node { id acceptBy } } pageInfo { hasNextPage } } tasks { edges { node { id } } } } } }"
)


async def test_whoever_may_take_it_in_is_reminded_then_the_desk_hears_of_it_and_nobody_twice(town: Town) -> None:
    _, matter = await wish(town)
    clerk, dispatcher, worker, leader = await town.people("centre-clerk-1", "dispatcher-1", "grid-worker-1", "grid-leader-1")

    for hours in (2, 0.1, 3.5, 24):
        town.clock.advance(hours=hours)
        await town.wind()
        await town.settle()

    for player in (clerk, dispatcher, worker, leader):
        await player.sign_in()
    assert await titles(clerk) == ["诉求待受理，请尽快", "有诉求待受理"]
    assert await titles(worker) == ["诉求待受理，请尽快"]
    assert await titles(dispatcher) == ["诉求超时未受理", "有诉求待受理"]
    assert await titles(leader) == []
    assert [await town.count("events", kind=kind) for kind in ("RequestReminded", "AcceptanceMissed")] == [1, 1]
    assert (await on_request(clerk, "acceptRequest", matter))["state"] == "IN_HAND"
    await town.wind()
    assert await town.count("events", kind="AcceptanceMissed") == 1


async def test_taken_in_in_time_nobody_is_reminded(town: Town) -> None:
    _, matter = await wish(town)
    clerk = await town.person("centre-clerk-1")
    await on_request(clerk, "declineRequest", matter, **OTHER_WAY)

    town.clock.advance(days=60)
    await town.wind()

    assert await town.count("events", request_id=matter.request_id) == 2


async def test_the_board_has_what_waits_by_when_it_is_to_be_taken_in_for_whoever_leads_there(town: Town) -> None:
    """The older one was declined and came back, so it has the whole window again."""
    resident, back = await wish(town)
    other = await submit(town, resident, "new-facility")
    dispatcher, worker = await town.people("dispatcher-1", "grid-worker-1")
    town.clock.advance(hours=1)
    await on_request(dispatcher, "declineRequest", back, **OTHER_WAY)
    await on_request(resident, "objectToDecline", back, words="去年就是村里装的")
    root = next(unit.id for unit in town.planned.parts.units if unit.parent_id is None)

    def queue(answer: Answer) -> tuple[int, list[str], bool]:
        [one] = answer["board"]["queues"]
        assert one["tasks"]["edges"] == []
        ids = [edge["node"]["id"] for edge in one["requests"]["edges"]]
        return one["count"]["tasks"], ids, one["requests"]["pageInfo"]["hasNextPage"]

    assert queue(await dispatcher.ask(BOARD, unit=root, kinds=["UNACCEPTED"])) == (2, [other.request_id], True)
    assert queue(await dispatcher.ask(BOARD, unit=root, kinds=["UNROUTED"])) == (0, [], False)
    assert (await worker.ask(BOARD, unit=root, kinds=["UNACCEPTED"]))["board"] is None
    await on_request(worker, "acceptRequest", other)
    assert queue(await dispatcher.ask(BOARD, unit=root, kinds=["UNACCEPTED"])) == (1, [back.request_id], False)


async def test_taken_in_as_a_matter_of_several_owners_the_others_help_from_the_first_moment_on(town: Town) -> None:
    _, matter = await wish(town)
    dispatcher, plumber = await town.people("dispatcher-1", "provider-worker-1")

    taken = await on_request(dispatcher, "acceptRequest", matter, itemId=town.item("basement-flood"))
    await town.settle()

    assert len(taken["tasks"]) == 2
    assert await titles(plumber) == ["新工单"]
    assert len(await to_do(plumber)) == 1
