"""The committee's desk: what waits, in queues, for whoever answers for it."""

from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import Answer, act, bring, rows, submit

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
