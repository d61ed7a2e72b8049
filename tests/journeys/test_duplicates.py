"""Several ask for the same: one request goes on for all, each is asked, and each can say that it is not fixed at their place."""

from uuid import uuid4

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Answer,
    Matter,
    answer,
    bring,
    history_of,
    node,
    nothing_written,
    request_of,
    say,
    submit,
    task_of,
    titles,
)

SHOWN = "id state statusText promiseDueAt mergedCount mergedInto { id } verdict actions tasks { id state assignee { id } }"


async def lamps(town: Town) -> tuple[Matter, Matter]:
    """The stairwell is dark, and two from different homes say so."""
    first = await submit(town, await town.person("resident-1"))
    town.clock.advance(seconds=1)
    second = await submit(town, await town.person("resident-2"))
    town.clock.advance(seconds=1)
    return first, second


async def merge(player: Player, into: Matter, *sources: Matter, **fields: object) -> Answer:
    ids = [source.request_id for source in sources]
    said = await say(player, "mergeRequests", f"request {{ {SHOWN} }}", intoId=into.request_id, fromIds=ids, **fields)
    request: Answer = said.get("request", said)
    return request


async def unmerge(player: Player, matter: Matter, **fields: object) -> Answer:
    said = await say(player, "unmergeRequest", f"request {{ {SHOWN} }}", requestId=matter.request_id, **fields)
    request: Answer = said.get("request", said)
    return request


async def seen(player: Player, matter: Matter) -> Answer:
    found = await node(player, matter.request_id, f"... on Request {{ {SHOWN} }}")
    assert found is not None
    return found


async def test_one_goes_on_for_both_and_neither_asker_learns_of_the_other(town: Town) -> None:
    into, other = await lamps(town)
    asker, neighbour, dispatcher, worker = await town.people("resident-1", "resident-2", "dispatcher-1", "grid-worker-1")

    merged = await merge(dispatcher, into, other)
    await town.settle()

    assert (merged["state"], merged["mergedCount"]) == ("IN_HAND", 1)
    kept = await seen(neighbour, other)
    assert (kept["state"], kept["statusText"], kept["mergedInto"], kept["mergedCount"]) == ("MERGED", "已合并办理", None, None)
    assert kept["promiseDueAt"] == (await seen(asker, into))["promiseDueAt"]
    assert [task["state"] for task in kept["tasks"]] == ["CANCELLED"]
    assert (await seen(dispatcher, other))["mergedInto"] == {"id": into.request_id}
    assert (await titles(neighbour))[0] == "您的诉求已合并办理"
    assert (await seen(asker, into))["mergedCount"] is None
    assert await request_of(asker, other) is None
    assert await request_of(neighbour, into) is None
    assert await task_of(worker, into) is not None


async def test_each_is_asked_when_it_is_answered_and_gives_their_own_grade(town: Town) -> None:
    into, other = await lamps(town)
    neighbour, dispatcher, worker, leader = await town.people("resident-2", "dispatcher-1", "grid-worker-1", "grid-leader-1")
    await merge(dispatcher, into, other)
    early = await say(neighbour, "answerFollowUp", "request { id }", requestId=other.request_id, verdict="SOLVED", grade="SATISFIED")
    assert early["code"] == "WRONG_STATE"

    await bring(town, into, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    assert (await titles(neighbour))[0] == (await titles(await town.person("resident-1")))[0]
    assert (await seen(neighbour, other))["statusText"] == "已合并办完，请您评价"
    said = await answer(neighbour, other)

    assert (said["state"], said["verdict"], said["grade"]) == ("MERGED", "SOLVED", "SATISFIED")
    assert (await seen(dispatcher, into))["state"] == "ANSWERED"
    assert (await seen(dispatcher, into))["verdict"] is None


async def test_not_fixed_here_and_their_own_goes_on_by_itself(town: Town) -> None:
    into, other = await lamps(town)
    neighbour, dispatcher, worker, leader = await town.people("resident-2", "dispatcher-1", "grid-worker-1", "grid-leader-1")
    await merge(dispatcher, into, other)
    await bring(town, into, worker, "AWAITING_FOLLOW_UP", checked_by=leader)

    said = await answer(neighbour, other, "NOT_SOLVED", grade="UNSATISFIED", words="我们这层还是黑的")
    await town.settle()

    assert (said["state"], said["verdict"], said["reworkCount"]) == ("IN_HAND", "NOT_SOLVED", 1)
    [task] = (await seen(neighbour, other))["tasks"]
    assert (task["state"], task["assignee"] is not None) == ("ASSIGNED", True)
    assert (await seen(dispatcher, into))["mergedCount"] == 0
    assert (await seen(dispatcher, into))["state"] == "ANSWERED"
    last = (await history_of(neighbour, other))[0]
    assert (last["kind"], last["reason"]) == ("RequestUnmerged", "我们这层还是黑的")
    parted = (await history_of(dispatcher, into))[0]
    assert (parted["kind"], parted["actor"]) == ("RequestParted", None), "that somebody parted, not who"
    told = {event["kind"] for event in await history_of(await town.person("resident-1"), into)}
    assert not told & {"RequestJoined", "RequestParted"}, "who asked for it learns of no neighbour"
    assert "TaskVerified" in told


async def test_taken_apart_it_is_as_it_was_and_its_promise_too(town: Town) -> None:
    into, other = await lamps(town)
    neighbour, dispatcher = await town.people("resident-2", "dispatcher-1")
    before = await seen(neighbour, other)
    await merge(dispatcher, into, other)

    await town.settle()
    town.clock.advance(seconds=1)
    back = await unmerge(dispatcher, other)
    await town.settle()

    assert (back["state"], back["promiseDueAt"]) == ("IN_HAND", before["promiseDueAt"])
    assert back["tasks"] == before["tasks"]
    assert (await titles(neighbour))[0] == "您的诉求恢复单独办理"
    assert (await seen(dispatcher, into))["mergedCount"] == 0
    assert (await unmerge(dispatcher, other))["code"] == "WRONG_STATE"


async def test_what_nobody_had_taken_in_waits_again(town: Town) -> None:
    first = await submit(town, await town.person("resident-1"), "new-facility")
    second = await submit(town, await town.person("resident-2"), "new-facility")
    dispatcher = await town.person("dispatcher-1")
    assert (await merge(dispatcher, first, second))["state"] == "RECEIVED"

    back = await unmerge(dispatcher, second)
    await town.settle()

    assert (back["state"], back["tasks"]) == ("RECEIVED", [])
    assert "ACCEPT" in back["actions"]


async def test_an_end_without_an_answer_lets_each_go_on_by_itself_and_they_are_told(town: Town) -> None:
    into, other = await lamps(town)
    wished = await submit(town, await town.person("resident-2"), "new-facility")
    asker, neighbour, dispatcher = await town.people("resident-1", "resident-2", "dispatcher-1")
    before = await seen(neighbour, other)
    await merge(dispatcher, into, other, wished, reason="同一件事")
    await town.settle()
    town.clock.advance(seconds=1)

    await say(asker, "withdrawRequest", "request { state }", requestId=into.request_id)
    await town.settle()
    assert (await seen(neighbour, other))["statusText"] == "合并事项已结束，转为单独办理"
    await town.wind()
    await town.wind()
    await town.settle()

    back, waits = await seen(neighbour, other), await seen(neighbour, wished)
    assert (back["state"], back["promiseDueAt"], back["tasks"][0]["state"]) == ("IN_HAND", before["promiseDueAt"], "ASSIGNED")
    assert (waits["state"], waits["tasks"]) == ("RECEIVED", [])
    assert (await titles(neighbour))[:2] == ["您的诉求将单独办理"] * 2
    assert (await seen(dispatcher, into))["mergedCount"] == 0
    kinds = [event["kind"] for event in await history_of(neighbour, other)]
    assert kinds == ["RequestUnmerged", "RequestMerged", "RequestSubmitted"]
    assert await town.count("events", kind="RequestUnmerged") == await town.count("events", kind="RequestParted") == 2
    assert (await seen(asker, into))["state"] == "WITHDRAWN", "nothing comes back to whoever took theirs back"


async def test_who_had_their_answer_is_not_brought_back(town: Town) -> None:
    into, other = await lamps(town)
    asker, neighbour, dispatcher, worker, leader = await town.people(
        "resident-1", "resident-2", "dispatcher-1", "grid-worker-1", "grid-leader-1"
    )
    await merge(dispatcher, into, other)
    await bring(town, into, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(neighbour, other)
    await answer(asker, into, "NOT_SOLVED")

    await say(asker, "withdrawRequest", "request { state }", requestId=into.request_id)
    await town.wind()

    assert ((await seen(neighbour, other))["state"], (await seen(neighbour, other))["verdict"]) == ("MERGED", "SOLVED")
    assert (await seen(dispatcher, into))["mergedCount"] == 0
    assert await town.count("events", kind="RequestUnmerged") == 0


async def test_long_after_the_end_it_is_not_taken_out_any_more(town: Town) -> None:
    into, other = await lamps(town)
    asker, dispatcher, worker, leader = await town.people("resident-1", "dispatcher-1", "grid-worker-1", "grid-leader-1")
    await merge(dispatcher, into, other)
    await bring(town, into, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(asker, into)
    assert "UNMERGE" in (await seen(dispatcher, other))["actions"]
    town.clock.advance(days=15, seconds=1)
    await dispatcher.sign_in()

    assert "UNMERGE" not in (await seen(dispatcher, other))["actions"]
    async with nothing_written(town):
        assert (await unmerge(dispatcher, other))["code"] == "TOO_LATE"


async def test_no_chains_nothing_begun_nothing_private_and_another_item_only_with_a_reason(town: Town) -> None:
    into, other = await lamps(town)
    dispatcher, worker, leader = await town.people("dispatcher-1", "grid-worker-1", "grid-leader-1")
    third = await submit(town, await town.person("resident-2"), "new-facility")
    private = await submit(town, await town.person("resident-2"), "staff-conduct", aboutPersonId=town.id_of("grid-worker-2"))
    await merge(dispatcher, into, other)
    async with nothing_written(town):
        assert (await merge(dispatcher, other, third, reason="同一件事"))["message"].startswith("该件自己已并入")
        assert (await merge(dispatcher, third, into, reason="同一件事"))["code"] == "LIMIT_REACHED"
        assert (await merge(dispatcher, into, third))["field"] == "reason"
        assert (await merge(dispatcher, into, into))["code"] == "INVALID_INPUT"
        assert (await merge(dispatcher, into))["code"] == "INVALID_INPUT"
        assert (await merge(dispatcher, into, private, reason="同一件事"))["code"] in {"NOT_ALLOWED", "NOT_FOUND"}
        assert (await merge(leader, into, third))["code"] in {"NOT_ALLOWED", "NOT_FOUND"}
        assert (await merge(dispatcher, into, third, reason="同一件事", expectedVersion=99))["code"] == "CONFLICT"
        assert (await unmerge(leader, other))["code"] == "NOT_ALLOWED"
    await unmerge(dispatcher, other)
    await bring(town, into, worker, "IN_PROGRESS")
    async with nothing_written(town):
        assert (await merge(dispatcher, other, into))["code"] == "TOO_LATE"
    assert "MERGE" not in (await seen(dispatcher, into))["actions"]


async def test_the_same_command_twice_merges_once(town: Town) -> None:
    into, other = await lamps(town)
    dispatcher, command = await town.person("dispatcher-1"), str(uuid4())

    answers = [await merge(dispatcher, into, other, commandId=command) for _ in range(2)]

    assert answers[0] == answers[1]
    assert await town.count("events", kind="RequestMerged") == await town.count("events", kind="RequestJoined") == 1
