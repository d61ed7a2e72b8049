"""Whoever asked takes it back: the work is called off, but where others are in danger it goes on without them."""

from datetime import timedelta

from domain.calendar import SHANGHAI
from server.demo.main_job import Player
from tests.conftest import Town
from tests.journeys.stories import (
    Matter,
    act,
    bring,
    history_of,
    home_of,
    inbox,
    node,
    nothing_written,
    rows,
    said_in,
    say,
    submit,
    task_of,
    titles,
    to_do,
)
from tests.journeys.test_intake import on_request, request_of


async def taken(town: Town, item: str = "stairwell-lamp") -> tuple[Player, Player, Matter]:
    """The resident, the worker who took it, and the matter."""
    resident, worker = await town.people("resident-1", "grid-worker-1")
    matter = await submit(town, resident, item)
    await bring(town, matter, worker, "ACKNOWLEDGED")
    await town.settle()
    town.clock.advance(seconds=1)
    return resident, worker, matter


async def test_the_work_is_called_off_and_the_worker_told(town: Town) -> None:
    resident, worker, matter = await taken(town)

    back = await on_request(resident, "withdrawRequest", matter, words="自己换好了")
    await town.settle()

    assert (back["state"], back["statusText"], back["tasks"][0]["state"]) == ("WITHDRAWN", "已撤回", "CANCELLED")
    assert back["actions"] == ["ADD_MESSAGE"]
    assert (await to_do(worker), await titles(worker), await titles(resident)) == ([], ["工单已取消", "新工单"], [])
    history = await history_of(worker, matter)
    assert (history[0]["kind"], history[0]["reason"]) == ("RequestWithdrawn", "自己换好了")
    async with nothing_written(town):
        again = await on_request(resident, "withdrawRequest", matter)
    assert (again["code"], again["current"]["requestState"]) == ("WRONG_STATE", "WITHDRAWN")


async def test_withdrawn_is_in_no_figure(town: Town) -> None:
    resident, _, matter = await taken(town)
    dispatcher = await town.person("dispatcher-1")
    unit = (await dispatcher.ask("{ viewer { appointments { unit { id } } } }"))["viewer"]["appointments"][0]["unit"]["id"]
    figures = f'{{ measures(unitId: "{unit}", from: "2026-11-01", to: "2026-12-31") {{ requests }} }}'
    before = (await dispatcher.ask(figures))["measures"][0]

    await on_request(resident, "withdrawRequest", matter)
    await town.settle()

    after = (await dispatcher.ask(figures))["measures"][0]
    assert (before["requests"], after["requests"]) == (1, 0)


async def test_in_danger_the_work_goes_on_and_nothing_of_it_tells_who_asked(town: Town) -> None:
    resident, worker, matter = await taken(town, "gas-smell")
    leader, dispatcher = await town.people("grid-leader-1", "dispatcher-1")

    back = await on_request(resident, "withdrawRequest", matter, words="不想让人知道是我说的")
    await town.settle()

    assert (back["state"], back["tasks"]) == ("WITHDRAWN", [])
    assert (await to_do(worker), (await titles(worker))[0]) == ([matter.task_id], "险情请继续处置")
    assert [await request_of(player, matter) for player in (worker, leader)] == [None, await request_of(leader, matter)]
    shown = "... on Task { state request { id } history { edges { node { kind reason actor { id } actingFor { id } } } } }"
    task = await node(worker, matter.task_id, shown)
    assert task is not None
    assert (task["state"], task["request"]) == ("ACKNOWLEDGED", None)
    assert town.id_of("resident-1") not in said_in(task)
    assert "不想让人知道" not in said_in(task)
    assert rows(task["history"])[0]["kind"] == "RequestWithdrawn"
    # It is done like any work that nobody asked for: no contact is wanted, it is checked, and nobody has a last word.
    assert (await act(worker, "startTask", matter, contact=None, note="已关阀"))["state"] == "IN_PROGRESS"
    await act(worker, "completeTask", matter)
    assert (await act(leader, "verifyTask", matter))["state"] == "CLOSED"
    assert (await request_of(dispatcher, matter) or {})["state"] == "WITHDRAWN"
    assert await node(resident, matter.task_id) is None


async def test_a_proxy_takes_it_back_only_where_the_grant_says_so(town: Town) -> None:
    principal, agent = await town.people("resident-1", "resident-4")
    today = town.clock().astimezone(SHANGHAI).date()
    days = {"since": today.isoformat(), "until": (today + timedelta(days=30)).isoformat()}
    matters: list[Matter] = []
    for may in (None, True):
        granted = await say(principal, "grantProxy", "grant { id mayWithdraw }", agentId=town.id_of("resident-4"), mayWithdraw=may, **days)
        assert granted["grant"]["mayWithdraw"] is bool(may)
        matters.append(await submit(town, agent, onBehalfOfId=town.id_of("resident-1")))
        if may is None:
            assert (await on_request(agent, "withdrawRequest", matters[0]))["code"] == "NOT_ALLOWED"
            await say(principal, "revokeProxy", "grant { id }", grantId=granted["grant"]["id"])
    await town.settle()
    town.clock.advance(seconds=1)

    back = await on_request(agent, "withdrawRequest", matters[1])
    await town.settle()

    assert back["state"] == "WITHDRAWN"
    assert [(notice["title"], (notice["about"] or {})["id"]) for notice in await inbox(principal)] == [
        ("诉求已撤回", matters[1].request_id)
    ]


async def test_for_a_home_the_desk_takes_it_back_on_its_word(town: Town) -> None:
    host, dispatcher = await town.people("hub-host-1", "dispatcher-1")
    matter = await submit(town, host, householdId=home_of(town, "resident-1"), forHousehold=True)

    assert (await on_request(host, "withdrawRequest", matter))["code"] == "NOT_ALLOWED"
    assert (await on_request(dispatcher, "withdrawRequest", matter, words="来电说不用了"))["state"] == "WITHDRAWN"


async def test_neighbours_and_workers_take_nothing_back(town: Town) -> None:
    _, worker, matter = await taken(town)
    neighbour = await town.person("resident-2")

    async with nothing_written(town):
        codes = [(await on_request(player, "withdrawRequest", matter))["code"] for player in (worker, neighbour)]

    assert codes == ["NOT_ALLOWED", "NOT_FOUND"]
    assert (await task_of(worker, matter) or {})["state"] == "ACKNOWLEDGED"
