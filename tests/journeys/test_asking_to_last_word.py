"""From asking to the last word: the history, who is told of what, and what a push gives away."""

from datetime import timedelta
from itertools import pairwise

from domain.errors import Message
from tests.conftest import Town
from tests.journeys.stories import (
    LAMP,
    act,
    answer,
    bring,
    history_of,
    home_of,
    in_scope,
    inbox,
    name_of,
    pushes,
    register,
    request_of,
    rows,
    said_in,
    submit,
    task_of,
    titles,
    to_do,
)


async def test_two_clocks_start_when_the_resident_asks(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")

    matter = await submit(town, resident)

    request, task = await request_of(resident, matter), await task_of(worker, matter)
    assert request is not None
    assert task is not None
    assert request["promiseDueAt"] == "2026-11-30T09:30:00.000Z"  # five working days, when the office closes
    assert task["dueAt"] == request["promiseDueAt"]
    assert task["acknowledgeBy"] == "2026-11-23T07:30:00.000Z"  # four office hours, lunch left out
    assert task["contactBy"] == "2026-11-24T02:00:00.000Z"
    assert (task["overdue"], request["overdue"]) == (False, False)


async def test_the_history_tells_who_did_what_and_when_by_both_clocks(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    town.clock.advance(minutes=30)
    await bring(town, matter, worker, "IN_PROGRESS")
    mended_at = town.clock() + timedelta(minutes=5)
    town.clock.advance(hours=2)
    await act(worker, "completeTask", matter, deviceTime=mended_at.isoformat(), note="换了灯泡和开关")
    town.clock.advance(seconds=1)
    await act(leader, "verifyTask", matter)
    town.clock.advance(seconds=1)
    await answer(resident, matter, grade="VERY_SATISFIED", words="来得快")

    history = await history_of(resident, matter)

    kinds = ["FollowUpAnswered", "TaskVerified", "TaskCompleted", "TaskStarted", "TaskAcknowledged", "RequestSubmitted"]
    assert [event["kind"] for event in history] == kinds
    by = [name_of(town, handle) for handle in ("resident-1", "grid-leader-1", *["grid-worker-1"] * 3, "resident-1")]
    assert [event["actor"]["displayName"] for event in history] == by
    assert all(later["at"] >= earlier["at"] for later, earlier in pairwise(history))
    completed = history[2]
    assert completed["at"] == "2026-11-23T04:30:02.000Z"
    assert completed["deviceTime"] == "2026-11-23T02:35:02.000Z"
    assert not completed["deviceTimeDoubtful"]
    assert completed["reason"] == "换了灯泡和开关"
    assert history[0]["reason"] == "来得快"


async def test_the_resident_sees_that_colleagues_talked_but_not_their_words(town: Town) -> None:
    resident, worker, leader, dispatcher = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1")
    matter = await submit(town, resident)
    town.clock.advance(seconds=1)
    await act(worker, "returnTask", matter, note="同事之间：楼不归我")
    town.clock.advance(seconds=1)
    await act(dispatcher, "decideReturn", matter, approved=False, reason="同事之间：归你")
    town.clock.advance(seconds=1)
    await act(leader, "assignTask", matter, assigneeId=town.id_of("grid-leader-1"), note="同事之间：我来吧")
    await bring(town, matter, leader, "IN_PROGRESS")

    seen, told = await history_of(resident, matter), await history_of(leader, matter)

    kinds = ["TaskStarted", "TaskAcknowledged", "TaskAssigned", "ReturnRefused", "TaskReturned", "RequestSubmitted"]
    assert [event["kind"] for event in seen] == kinds
    assert [event["reason"] for event in told[2:5]] == ["同事之间：我来吧", "同事之间：归你", "同事之间：楼不归我"]
    assert "同事之间" not in said_in(seen)


async def test_the_resident_does_not_read_how_the_leader_scolded_the_worker(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    await bring(town, matter, worker, "COMPLETED")

    town.clock.advance(seconds=1)
    await act(leader, "verifyTask", matter, passed=False, reason="同事之间：活太糙，重来")

    assert (await history_of(worker, matter))[0]["reason"] == "同事之间：活太糙，重来"
    seen = await history_of(resident, matter)
    assert seen[0]["kind"] == "TaskFailedCheck"
    assert "同事之间" not in said_in(seen)


async def test_each_act_is_told_to_whom_it_concerns_and_to_nobody_else(town: Town) -> None:
    handles = ("resident-1", "grid-worker-1", "grid-leader-1", "secretary-1", "dispatcher-1", "resident-2")
    resident, worker, leader, *others = await town.people(*handles)
    matter = await submit(town, resident)
    await town.settle()
    assert (await titles(worker), await titles(leader), await titles(resident)) == (["新工单"], [], [])

    await bring(town, matter, worker, "COMPLETED")
    await town.settle()
    assert (await titles(worker), await titles(leader), await titles(resident)) == (["新工单"], ["有工单待核查"], [])

    await act(leader, "verifyTask", matter)
    await town.settle()
    await answer(resident, matter)
    await town.settle()
    assert (await titles(worker), await titles(leader), await titles(resident)) == (["新工单"], ["有工单待核查"], ["请您评价"])
    assert [await titles(other) for other in others] == [[], [], []]
    assert await town.count("notices") == 3


async def test_a_notice_speaks_the_language_of_whoever_reads_it(town: Town) -> None:
    resident, chinese = await town.people("resident-1", "grid-worker-1")
    english = await town.person("grid-worker-1", language="en-GB,zh;q=0.5")
    matter = await submit(town, resident)
    await town.settle()

    [in_chinese], [in_english] = await inbox(chinese), await inbox(english)

    assert (in_chinese["title"], in_chinese["body"]) == ("新工单", "您有一张新工单：楼道灯报修。请及时签收。")
    assert in_english["title"] == "New task"
    assert in_english["body"] == "You have a new task: 楼道灯报修. Please acknowledge it soon."
    assert in_chinese["about"] == in_english["about"] == {"__typename": "Task", "id": matter.task_id}
    assert in_chinese["id"] == in_english["id"]


async def test_a_push_says_only_that_there_is_something(town: Town) -> None:
    handles = ("resident-1", "grid-worker-1", "grid-leader-1")
    resident, worker, leader = await town.people(*handles)
    tokens = [await register(player) for player in (resident, worker, leader)]
    matter = await submit(town, resident, address="三号楼东侧小门旁")
    await town.settle()
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()

    [to_resident], [to_worker], [to_leader] = [pushes(town, token) for token in tokens]

    assert to_worker["data"] == {"kind": "task_assigned", "taskId": matter.task_id, "noticeId": (await inbox(worker))[0]["id"]}
    assert to_leader["data"] == {"kind": "task_to_check", "taskId": matter.task_id, "noticeId": (await inbox(leader))[0]["id"]}
    assert to_resident["data"] == {"kind": "follow_up_asked", "requestId": matter.request_id, "noticeId": (await inbox(resident))[0]["id"]}
    assert to_worker["notification"] == to_leader["notification"] == {"title": "联户", "body": "您有工单消息，请打开应用查看。"}
    assert to_resident["notification"] == {"title": "联户", "body": "您的诉求有新进展，请打开应用查看。"}
    home = next(home for home in town.planned.households if home.id == home_of(town, "resident-1"))
    private = ["楼道灯", LAMP[:6], "小门", home.label, home.address, home.id, matter.number, *(name_of(town, handle) for handle in handles)]
    sent = said_in([to_resident, to_worker, to_leader])
    assert [word for word in private if word in sent] == []


async def test_a_push_speaks_the_language_of_the_phone(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    token = await register(worker, language="en")

    await submit(town, resident)
    await town.settle()

    assert pushes(town, token)[0]["notification"] == {"title": "Lianhu", "body": "There is news about a task. Open the app to see it."}


async def test_the_status_is_one_short_sentence_at_every_step(town: Town) -> None:
    resident, worker, leader, dispatcher = await town.people("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1")
    english = await town.person("resident-1", language="en")
    matter = await submit(town, resident)
    chinese: list[str] = []

    async def look() -> None:
        seen = [await request_of(player, matter) for player in (resident, english)]
        here, there = [request["statusText"] for request in seen if request]
        assert 0 < len(here) <= 20
        assert 0 < len(there) <= 60
        assert there.isascii()
        chinese.append(here)

    await look()
    await act(worker, "returnTask", matter)
    await look()
    await act(dispatcher, "decideReturn", matter)
    for state in ("ACKNOWLEDGED", "IN_PROGRESS", "COMPLETED", "AWAITING_FOLLOW_UP"):
        await bring(town, matter, worker, state, checked_by=leader)
        await look()
    await answer(resident, matter, "NOT_SOLVED")
    await look()
    await bring(town, matter, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(resident, matter)
    await look()

    assert len(set(chinese)) == len(chinese) == 8


async def test_no_status_sentence_is_longer_than_a_small_screen(town: Town) -> None:
    for language, longest in (("zh-CN", 20), ("en", 60)):
        keys = [key for key in town.house.messages.texts[language] if key.startswith("status.")]
        sentences = [town.house.messages.render(Message(key), language) for key in keys]
        assert [sentence for sentence in sentences if not 0 < len(sentence) <= longest] == []


async def test_done_work_leaves_the_list_and_stays_in_sight(town: Town) -> None:
    resident, worker, leader = await town.people("resident-1", "grid-worker-1", "grid-leader-1")
    matter = await submit(town, resident)
    assert await to_do(worker) == [matter.task_id]

    await bring(town, matter, worker, "COMPLETED")

    assert await to_do(worker) == []
    assert await in_scope(worker) == await in_scope(leader) == [matter.task_id]
    await act(leader, "verifyTask", matter)
    request = await answer(resident, matter, grade="SATISFIED")
    assert (request["state"], request["verdict"], request["grade"], request["reworkCount"]) == ("CLOSED", "SOLVED", "SATISFIED", 0)
    mine = await resident.ask("{ viewer { requests { edges { node { id number state } } } } }")
    assert rows(mine["viewer"]["requests"]) == [{"id": matter.request_id, "number": matter.number, "state": "CLOSED"}]


async def test_the_figures_move_for_the_units_it_belongs_to(town: Town) -> None:
    resident, secretary = await town.people("resident-1", "secretary-1")
    units = {unit.name: unit.id for unit in town.planned.parts.units}
    document = 'query($u: ID!) { measures(unitId: $u, from: "2026-11-23", to: "2026-11-23") { unit { name } requests due } }'

    await submit(town, resident)
    await town.settle()

    figures = (await secretary.ask(document, u=units["柳湾新村党总支"]))["measures"]
    counted = {figure["unit"]["name"]: figure["requests"] for figure in figures}
    assert (counted["柳湾新村党总支"], counted["第一网格党支部"], counted["第二网格党支部"]) == (1, 1, 0)
    assert {figure["due"] for figure in figures} == {0}
