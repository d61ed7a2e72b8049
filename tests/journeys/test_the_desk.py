"""The committee's desk: what waits, in queues, for whoever answers for it."""

from uuid import uuid4

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, act, bring, end_posts, give_posts_back, history_of, rows, say, submit, titles, to_do

QUEUES = "queues(kinds: $kinds) { kind count { tasks more } tasks(first: 10) { edges { node { id } } } }"
BOARD = f"query($unit: ID!, $kinds: [QueueKind!]) {{ board(unitId: $unit) {{ unit {{ id }} {QUEUES} }} }}"


def unit_of(town: Town, name: str) -> str:
    return next(unit.id for unit in town.planned.parts.units if unit.name == name)


async def board(player: Player, unit_id: str, *kinds: str) -> dict[str, list[str]] | None:
    """The queues that are not empty, with the tasks in them; nothing where somebody may not look."""
    found: Answer | None = (await player.ask(BOARD, unit=unit_id, kinds=list(kinds) or None))["board"]
    if found is None:
        return None
    assert found["unit"]["id"] == unit_id
    queues = {queue["kind"]: [task["id"] for task in rows(queue["tasks"])] for queue in found["queues"]}
    assert all(queue["count"] == {"tasks": len(queues[queue["kind"]]), "more": False} for queue in found["queues"])
    return {kind: ids for kind, ids in queues.items() if ids}


async def later(town: Town, days: int, *players: Player) -> None:
    """So many days later they sign in again."""
    town.clock.advance(days=days)
    for player in players:
        await player.sign_in()


async def test_a_matter_goes_from_queue_to_queue_until_the_resident_is_asked(town: Town) -> None:
    resident, worker, leader, dispatcher = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1")
    township, matter = unit_of(town, "柳湾镇党委"), await submit(town, resident)

    assert await board(dispatcher, township) == {"UNACKNOWLEDGED": [matter.task_id]}
    await act(worker, "returnTask", matter)
    assert await board(dispatcher, township) == {"RETURNED": [matter.task_id], "WAITING_FOR_DECISION": [matter.task_id]}
    assert await board(leader, unit_of(town, "第一网格党支部"), "RETURNED") == {"RETURNED": [matter.task_id]}
    await act(dispatcher, "decideReturn", matter)
    assert await board(dispatcher, township) == {}, "it is under way, and there is time"
    await later(town, 6, worker, leader, dispatcher)
    assert await board(dispatcher, township) == {"DUE_SOON": [matter.task_id]}, "Sunday: it is due on Monday evening"
    await later(town, 2, worker, leader, dispatcher)
    assert await board(dispatcher, township, "DUE_SOON", "OVERDUE") == {"OVERDUE": [matter.task_id]}
    await bring(town, matter, worker, "COMPLETED")
    assert await board(dispatcher, township) == {"UNCHECKED": [matter.task_id]}
    await act(leader, "verifyTask", matter)
    assert await board(dispatcher, township) == {}


async def test_the_soonest_due_comes_first_and_pages_follow(town: Town) -> None:
    resident, dispatcher = await town.people("resident-1", "dispatcher-1")
    lamp, gas, water = [await submit(town, resident, item) for item in ("stairwell-lamp", "gas-smell", "water-leak")]
    shown = "edges { node { id } } pageInfo { hasNextPage endCursor }"
    document = (
        "query($unit: ID!, $after: String) { board(unitId: $unit) { queues(kinds: [UNACKNOWLEDGED]) "
        f"{{ tasks(first: 2, after: $after) {{ {shown} }} }} }} }}"
    )
    after, found = None, []
    for _ in range(2):
        [queue] = (await dispatcher.ask(document, unit=unit_of(town, "柳湾镇党委"), after=after))["board"]["queues"]
        found += [task["id"] for task in rows(queue["tasks"])]
        after = queue["tasks"]["pageInfo"]["endCursor"]
    assert found == [gas.task_id, water.task_id, lamp.task_id]
    assert queue["tasks"]["pageInfo"]["hasNextPage"] is False


async def test_nobody_else_looks_at_a_desk(town: Town) -> None:
    await submit(town, (await town.people("resident-1"))[0])
    township, branch = unit_of(town, "柳湾镇党委"), unit_of(town, "第一网格党支部")
    for handle in ("resident-1", "grid-worker-1", "administrator-1", "privacy-officer-1", "grid-leader-2"):
        player = await town.person(handle)
        assert (await board(player, township), await board(player, branch)) == (None, None), handle
    assert await board(town.stranger(), township) is None
    leader = await town.person("grid-leader-1")
    assert (await board(leader, township), await board(leader, "unit_990101101_nowhere")) == (None, None)


# --- Many at once.

ITEMS = "items { taskId outcome refusal { code current { ... on Task { version } } } task { id state assignee { id } } }"


async def test_the_desk_gives_many_to_one_and_each_is_told_in_the_inbox(town: Town) -> None:
    resident, worker, other, dispatcher = await town.people("resident-1", "grid-worker-1", "grid-worker-2", "dispatcher-1")
    matters = [await submit(town, resident) for _ in range(3)]
    await act(worker, "acknowledgeTask", matters[1])
    ids, command = [matter.task_id for matter in matters], str(uuid4())
    given = {"commandId": command, "taskIds": ids, "assigneeId": town.id_of("grid-worker-2"), "expectedVersions": [1, 1, 1]}

    items = (await say(dispatcher, "bulkAssign", ITEMS, **given))["items"]
    assert [(item["taskId"], item["outcome"]) for item in items] == [(ids[0], "APPLIED"), (ids[1], "CONFLICT"), (ids[2], "APPLIED")]
    assert items[1]["refusal"] == {"code": "CONFLICT", "current": {"version": 2}}
    assert await to_do(other) == [ids[2], ids[0]]
    again = (await say(dispatcher, "bulkAssign", ITEMS, **given))["items"]
    assert [item["outcome"] for item in again] == ["DUPLICATE", "CONFLICT", "DUPLICATE"]
    await town.settle()
    assert (await titles(other)).count("新工单") == 2


async def test_the_router_takes_many_off_the_desk(town: Town) -> None:
    """Everybody's post was vacant; now two are held again."""
    resident = await town.person("resident-1")
    vacant = ("grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1", "secretary-2")
    await end_posts(town, *vacant)
    ids = [(await submit(town, resident)).task_id for _ in range(2)]
    await give_posts_back(town, "dispatcher-1", "grid-worker-1")
    dispatcher, township = await town.person("dispatcher-1"), unit_of(town, "柳湾镇党委")
    assert await board(dispatcher, township) == {"UNROUTED": ids}

    answer = await say(dispatcher, "bulkAssign", ITEMS, taskIds=ids, byRouter=True)
    assert [item["task"]["assignee"]["id"] for item in answer["items"]] == [town.id_of("grid-worker-1")] * 2
    assert await board(dispatcher, township) == {"UNACKNOWLEDGED": ids}
    await give_posts_back(town, *vacant)


async def test_a_nudge_reaches_whoever_has_it_once_a_day(town: Town) -> None:
    resident, worker, dispatcher = await town.people("resident-1", "grid-worker-1", "dispatcher-1")
    matter = await submit(town, resident)
    for outcome, code in (("APPLIED", None), ("REJECTED", "LIMIT_REACHED")):
        [item] = (await say(dispatcher, "bulkNudge", ITEMS, taskIds=[matter.task_id], note="老人等着用灯"))["items"]
        assert (item["outcome"], item["refusal"] and item["refusal"]["code"]) == (outcome, code)
    await town.settle()
    assert (await titles(worker)).count("请加快办理") == 1
    newest, *_ = await history_of(dispatcher, matter)
    assert (newest["kind"], newest["reason"]) == ("TaskNudged", "老人等着用灯")
    assert [event["reason"] for event in await history_of(resident, matter)] == [None, None], "a word to colleagues"
