"""The lamp is dark for the whole stairwell: one asked, the others follow, each hears once, and one says that theirs is dark still."""

from asyncio import gather
from dataclasses import replace
from uuid import uuid4

import pytest

from adapters.mongo.catalogue import MongoCatalogue, keep_items
from domain.followers import MOST_FOLLOWED
from domain.ids import Kind
from domain.posts import Appointment, Role
from server.demo.main_job import Player
from tests.conftest import MONDAY_MORNING, Town
from tests.journeys.stories import (
    Answer,
    Matter,
    answer,
    bring,
    home_of,
    inbox,
    node,
    nothing_written,
    pushes,
    raw,
    register,
    request_of,
    rows,
    said_in,
    say,
    submit,
    task_of,
    titles,
)
from tests.reorganising import keep

FOLLOWED = "id requestId state statusText promiseDueAt mayReportNotFixed item { name }"
DONE, GOES_ON = "您关注的事项据报已办完", "您关注的事项继续办理"


async def follow(player: Player, matter: Matter, **fields: object) -> Answer:
    said = await say(player, "followRequest", f"followed {{ {FOLLOWED} }}", requestId=matter.request_id, **fields)
    followed: Answer = said.get("followed", said)
    return followed


async def unfollow(player: Player, matter: Matter, **fields: object) -> Answer:
    return await say(player, "unfollowRequest", "requestId", requestId=matter.request_id, **fields)


async def report(player: Player, matter: Matter, text: str = "我们这层还是黑的", **fields: object) -> Answer:
    shown = "request { id number text state item { name } household { id } tasks { id assignee { id } } }"
    said = await say(player, "reportNotFixed", shown, requestId=matter.request_id, text=text, **fields)
    request: Answer = said.get("request", said)
    return request


async def following(player: Player) -> list[Answer]:
    shown = f"{{ viewer {{ following(first: 100) {{ edges {{ node {{ {FOLLOWED} }} }} }} }} }}"
    return rows((await player.ask(shown))["viewer"]["following"])


async def follower_count(player: Player, matter: Matter) -> Answer | None:
    found = await node(player, matter.request_id, "... on Request { followerCount { followers more } }")
    return found["followerCount"] if found else None


async def test_three_follow_each_hears_once_and_one_says_that_it_is_not_fixed_here(town: Town) -> None:
    lamp = await submit(town, await town.person("resident-1"))
    neighbours = await town.people("resident-2", "resident-3", "resident-9")
    worker, leader, dispatcher = await town.people("grid-worker-1", "grid-leader-1", "dispatcher-1")
    phone = await register(neighbours[0])
    shown = "... on SimilarRequests { found { id mayFollow isMine } }"
    known = await neighbours[0].ask(
        f"query($item: ID!) {{ similarRequests(itemId: $item) {{ {shown} }} }}", item=town.item("stairwell-lamp")
    )
    assert known["similarRequests"]["found"] == [{"id": lamp.request_id, "mayFollow": True, "isMine": False}]
    for neighbour in neighbours:
        town.clock.advance(seconds=1)
        assert (await follow(neighbour, lamp))["state"] == "IN_HAND"
    assert await follower_count(leader, lamp) == await follower_count(dispatcher, lamp) == {"followers": 3, "more": False}

    await bring(town, lamp, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    await town.settle()

    assert [await titles(neighbour) for neighbour in neighbours] == [[DONE]] * 3
    [pushed] = pushes(town, phone)
    assert pushed["data"]["kind"] == "followed_done"
    [[notice], [followed]] = await inbox(neighbours[0]), await following(neighbours[0])
    assert pushed["data"]["followingId"] == notice["about"]["id"] == followed["id"]
    assert (followed["state"], followed["mayReportNotFixed"]) == ("ANSWERED", True)

    town.clock.advance(minutes=5)
    own = await report(neighbours[0], lamp)
    await town.settle()

    assert own["id"] != lamp.request_id
    assert (own["text"], own["household"]["id"], own["state"]) == ("我们这层还是黑的", home_of(town, "resident-2"), "IN_HAND")
    assert own["tasks"][0]["assignee"]["id"] == town.id_of("grid-worker-1")
    assert (await titles(worker))[0] == "新工单"
    assert await following(neighbours[0]) == []
    assert len(await following(neighbours[1])) == 1
    assert await follower_count(leader, lamp) == {"followers": 2, "more": False}
    repeated = await node(leader, own["id"], "... on Request { repeats { id } }")
    assert repeated == {"repeats": {"id": lamp.request_id}}
    assert (await report(neighbours[0], lamp))["code"] == "NOT_FOUND"
    assert await town.count("requests") == 2
    assert (await request_of(await town.person("resident-1"), lamp) or {})["reworkCount"] == 0


async def test_who_follows_reads_nothing_of_who_asked_and_nobody_reads_who_follows(town: Town) -> None:
    asker, neighbour, worker, dispatcher = await town.people("resident-1", "resident-2", "grid-worker-1", "dispatcher-1")
    lamp = await submit(town, asker, text="三单元五楼的灯", address="五楼东户门口")
    await follow(neighbour, lamp)
    await bring(town, lamp, worker, "IN_PROGRESS")
    await town.settle()

    shown = [await following(neighbour), await inbox(neighbour)]
    hidden = (lamp.number, "五楼", town.id_of("resident-1"), home_of(town, "resident-1"), town.id_of("grid-worker-1"))
    assert [secret for secret in hidden if secret in said_in(shown)] == []
    assert await request_of(neighbour, lamp) is None
    assert await task_of(neighbour, lamp) is None
    changed = (await neighbour.ask("{ changes { changed { id } } }"))["changes"]["changed"]
    assert lamp.request_id not in said_in(changed)
    assert await follower_count(asker, lamp) is None
    assert await follower_count(worker, lamp) is None
    everything = await node(
        dispatcher, lamp.request_id, "... on Request { number text history { edges { node { actor { id } } } } tasks { id } }"
    )
    assert town.id_of("resident-2") not in said_in(everything)
    own = (await following(neighbour))[0]["id"]
    assert await node(asker, own) is None
    assert await node(dispatcher, own) is None


async def test_whatever_nobody_there_may_follow_is_as_if_it_were_not_there(town: Town) -> None:
    asker, neighbour, far, dispatcher, worker = await town.people("resident-1", "resident-2", "resident-4", "dispatcher-1", "grid-worker-1")
    lamp = await submit(town, asker)
    personal = await submit(town, asker, "haircut-at-home")
    shielded = await submit(town, asker, "staff-conduct", aboutPersonId=town.id_of("grid-worker-2"))
    about = await submit(town, asker, aboutPersonId=town.id_of("grid-worker-2"))
    withdrawn, answered = await submit(town, asker), await submit(town, asker)
    await say(asker, "withdrawRequest", "request { state }", requestId=withdrawn.request_id)
    await bring(town, answered, worker, "AWAITING_FOLLOW_UP", checked_by=await town.person("grid-leader-1"))
    nothing = Matter(f"req_990101101_{'0' * 32}", "", "")

    async with nothing_written(town):
        missing = await follow(neighbour, nothing)
        assert missing["code"] == "NOT_FOUND"
        for matter in (personal, shielded, about, withdrawn, answered):
            assert await follow(neighbour, matter) == missing
        for stranger in (far, dispatcher, worker):
            assert await follow(stranger, lamp) == missing
        assert await follow(neighbour, Matter("不是标识", "", "")) == missing
        assert (await follow(asker, lamp))["code"] == "NOT_ALLOWED"
        assert (await follow(town.stranger(), lamp))["code"] == "SIGN_IN_REQUIRED"
        assert (await unfollow(neighbour, lamp))["code"] == "NOT_FOUND"
        assert (await report(neighbour, lamp))["code"] == "NOT_FOUND"


async def test_what_was_merged_goes_on_for_its_followers_and_an_asker_who_follows_hears_once(town: Town) -> None:
    into = await submit(town, await town.person("resident-1"))
    other = await submit(town, await town.person("resident-2"))
    own, third, late, dispatcher, worker, leader = await town.people(
        "resident-2", "resident-3", "resident-9", "dispatcher-1", "grid-worker-1", "grid-leader-1"
    )
    await follow(third, other)
    await follow(own, into)
    await say(dispatcher, "mergeRequests", "request { id }", intoId=into.request_id, fromIds=[other.request_id])
    assert (await follow(late, other))["requestId"] == into.request_id
    assert (await follow(own, other))["code"] == "NOT_ALLOWED"
    assert await follower_count(dispatcher, into) == {"followers": 3, "more": False}

    await bring(town, into, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()

    assert await titles(third) == await titles(late) == [DONE]
    assert sorted(await titles(own)) == sorted(["您的诉求已合并办理", (await titles(await town.person("resident-1")))[0]])
    [followed] = await following(third)
    assert (followed["requestId"], followed["state"], followed["mayReportNotFixed"]) == (other.request_id, "ANSWERED", True)
    assert (await report(third, other))["state"] == "IN_HAND"


async def test_they_hear_of_what_somebody_without_light_wants_to_know_and_of_nothing_else(town: Town) -> None:
    asker, neighbour, worker, leader = await town.people("resident-1", "resident-2", "grid-worker-1", "grid-leader-1")
    lamp = await submit(town, asker)
    await follow(neighbour, lamp)
    await bring(town, lamp, worker, "IN_PROGRESS")
    await say(leader, "suspendTask", "task { id }", taskId=lamp.task_id, cause="WEATHER", until="2026-11-24T10:00:00+08:00")
    await town.settle()
    assert await titles(neighbour) == ["您关注的事项暂缓办理"]
    town.clock.advance(seconds=1)
    await say(leader, "resumeTask", "task { id }", taskId=lamp.task_id)
    await bring(town, lamp, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    town.clock.advance(seconds=1)
    await answer(asker, lamp, "NOT_SOLVED", grade="UNSATISFIED", words="又灭了")
    await town.settle()
    assert await titles(neighbour) == [GOES_ON, DONE, GOES_ON, "您关注的事项暂缓办理"]
    assert (await report(neighbour, lamp))["code"] == "WRONG_STATE"
    town.clock.advance(seconds=1)
    await say(asker, "withdrawRequest", "request { state }", requestId=lamp.request_id)
    await town.settle()
    assert (await titles(neighbour))[0] == "您关注的事项不再办理"
    assert (await following(neighbour))[0]["statusText"].startswith("已不再办理")


async def test_who_follows_no_more_hears_no_more(town: Town) -> None:
    lamp = await submit(town, await town.person("resident-1"))
    neighbour, worker, leader = await town.people("resident-2", "grid-worker-1", "grid-leader-1")
    await follow(neighbour, lamp)

    assert await unfollow(neighbour, lamp) == {"requestId": lamp.request_id}
    await bring(town, lamp, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()

    assert await titles(neighbour) == []
    assert await town.count("followings") == await town.count("tellings") == 0


async def test_the_same_command_again_changes_nothing_and_from_a_phone_that_was_offline_neither(town: Town) -> None:
    lamp = await submit(town, await town.person("resident-1"))
    neighbour, worker, leader = await town.people("resident-2", "grid-worker-1", "grid-leader-1")
    first, last = str(uuid4()), str(uuid4())
    follows = {"followRequest": {"commandId": first, "requestId": lamp.request_id}}
    ended = "outcome subject { id __typename } refusal { code }"
    shown = f"mutation($commands: [CommandInput!]!) {{ applyCommands(commands: $commands) {{ {ended} }} }}"

    applied = (await raw(neighbour, shown, commands=[follows, follows]))["data"]["applyCommands"]
    assert [one["outcome"] for one in applied] == ["APPLIED", "DUPLICATE"]
    assert applied[0]["subject"] == applied[1]["subject"] == {"id": (await following(neighbour))[0]["id"], "__typename": "FollowedMatter"}
    assert (await follow(neighbour, lamp))["requestId"] == lamp.request_id
    assert await town.count("followings") == 1
    assert (await follow(neighbour, await submit(town, await town.person("resident-1")), commandId=first))["code"] == "COMMAND_MISMATCH"

    await bring(town, lamp, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    reports = {"reportNotFixed": {"commandId": last, "requestId": lamp.request_id, "text": "还是黑的"}}
    applied = (await raw(neighbour, shown, commands=[reports, reports]))["data"]["applyCommands"]
    assert [one["outcome"] for one in applied] == ["APPLIED", "DUPLICATE"]
    assert applied[0]["subject"] == applied[1]["subject"]
    assert (await report(neighbour, lamp, "还是黑的", commandId=last))["id"] == applied[0]["subject"]["id"]
    assert (await report(neighbour, lamp, "别的话", commandId=last))["code"] in {"COMMAND_MISMATCH", "NOT_FOUND"}
    assert await town.count("requests") == 3
    ends = {"unfollowRequest": {"commandId": str(uuid4()), "requestId": lamp.request_id}}
    assert (await raw(neighbour, shown, commands=[ends]))["data"]["applyCommands"][0]["refusal"] == {"code": "NOT_FOUND"}


@pytest.mark.parametrize(("days", "is_late"), [(14, False), (16, True)])
async def test_15_days_after_the_end_it_is_too_late_to_say_so(town: Town, days: int, is_late: bool) -> None:
    asker, neighbour, worker, leader = await town.people("resident-1", "resident-2", "grid-worker-1", "grid-leader-1")
    lamp = await submit(town, asker)
    await follow(neighbour, lamp)
    await bring(town, lamp, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(asker, lamp)

    town.clock.advance(days=days)
    neighbour = await town.person("resident-2")
    [followed] = await following(neighbour)
    said = await report(neighbour, lamp)

    assert followed["mayReportNotFixed"] is not is_late
    assert (said.get("code"), "id" in said) == (("TOO_LATE", False) if is_late else (None, True))


async def test_fifty_are_enough(town: Town) -> None:
    asker, neighbour = await town.people("resident-1", "resident-2")
    lamps = [await submit(town, asker) for _ in range(MOST_FOLLOWED + 1)]
    for lamp in lamps[:-1]:
        assert "requestId" in await follow(neighbour, lamp)

    assert (await follow(neighbour, lamps[-1]))["code"] == "LIMIT_REACHED"
    await unfollow(neighbour, lamps[0])
    assert "requestId" in await follow(neighbour, lamps[-1])


async def test_what_somebody_follows_is_in_the_copy_of_their_data_and_goes_with_them(town: Town) -> None:
    lamp = await submit(town, await town.person("resident-1"))
    neighbour, officer = await town.people("resident-2", "privacy-officer-1")
    await follow(neighbour, lamp)

    copy = (await neighbour.ask("{ ownData { text json } }"))["ownData"]
    assert "关注事项：楼道灯" in copy["text"]
    assert lamp.number not in said_in(copy)
    asked = await say(neighbour, "requestOwnData", "subjectRequest { id }", kind="DELETE")
    done = await say(officer, "decideSubjectRequest", "subjectRequest { state }", subjectRequestId=asked["subjectRequest"]["id"], done=True)

    assert "subjectRequest" in done, done
    assert await town.count("followings") == 0


async def test_several_at_once_of_one_person_are_one_following_and_one_report(town: Town) -> None:
    lamp = await submit(town, await town.person("resident-1"))
    neighbour, worker, leader = await town.people("resident-2", "grid-worker-1", "grid-leader-1")

    said = await gather(*(follow(neighbour, lamp) for _ in range(6)))
    assert {one["requestId"] for one in said} == {lamp.request_id}
    assert await town.count("followings") == 1
    await bring(town, lamp, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    reports = await gather(*(report(neighbour, lamp) for _ in range(6)))

    assert sorted(one.get("code", "") for one in reports) == ["", *["NOT_FOUND"] * 5]
    assert await town.count("requests") == 2
    assert await town.count("events", kind="RequestSubmitted") == 2


async def test_what_was_merged_and_taken_apart_again_is_followed_by_itself(town: Town) -> None:
    into = await submit(town, await town.person("resident-1"))
    other = await submit(town, await town.person("resident-3"))
    neighbour, dispatcher, worker, leader = await town.people("resident-2", "dispatcher-1", "grid-worker-1", "grid-leader-1")
    await follow(neighbour, other)
    await say(dispatcher, "mergeRequests", "request { id }", intoId=into.request_id, fromIds=[other.request_id])
    town.clock.advance(seconds=1)
    await say(dispatcher, "unmergeRequest", "request { id }", requestId=other.request_id)

    await bring(town, into, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()

    assert await titles(neighbour) == []
    assert [(one["requestId"], one["state"]) for one in await following(neighbour)] == [(other.request_id, "IN_HAND")]


async def test_what_it_went_on_in_ended_and_it_goes_on_by_itself_for_its_followers_too(town: Town) -> None:
    into = await submit(town, await town.person("resident-1"))
    other = await submit(town, await town.person("resident-3"))
    asker, neighbour, direct, dispatcher = await town.people("resident-1", "resident-2", "resident-9", "dispatcher-1")
    await follow(neighbour, other)
    await follow(direct, into)
    await say(dispatcher, "mergeRequests", "request { id }", intoId=into.request_id, fromIds=[other.request_id])
    town.clock.advance(seconds=1)

    await say(asker, "withdrawRequest", "request { state }", requestId=into.request_id)
    await town.settle()
    assert (await titles(neighbour), await titles(direct)) == ([], ["您关注的事项不再办理"])
    town.clock.advance(seconds=1)
    await town.wind()
    await town.settle()

    assert await titles(neighbour) == [GOES_ON]
    assert [one["state"] for one in await following(neighbour)] == ["IN_HAND"]
    assert await titles(direct) == ["您关注的事项不再办理"]


async def test_what_was_said_to_be_done_and_goes_on_by_itself_is_heard_of_again(town: Town) -> None:
    into = await submit(town, await town.person("resident-1"))
    other = await submit(town, await town.person("resident-3"))
    neighbour, dispatcher, worker, leader = await town.people("resident-2", "dispatcher-1", "grid-worker-1", "grid-leader-1")
    await follow(neighbour, other)
    await say(dispatcher, "mergeRequests", "request { id }", intoId=into.request_id, fromIds=[other.request_id])
    await bring(town, into, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()
    town.clock.advance(minutes=5)
    await answer(await town.person("resident-3"), other, "NOT_SOLVED", grade="UNSATISFIED", words="我们这层还是黑的")
    await town.settle()

    assert await titles(neighbour) == [GOES_ON, DONE]
    assert [(one["requestId"], one["state"]) for one in await following(neighbour)] == [(other.request_id, "IN_HAND")]


async def waiting_lamp(town: Town) -> Matter:
    """Somebody's lamp that nobody has taken in, of a day on which the desk wants to look at each first."""
    catalogue = town.house.ports.catalogue
    assert isinstance(catalogue, MongoCatalogue)
    lamp = (await catalogue.items())[town.item("stairwell-lamp")]
    try:
        await keep_items(town.house.mongo, [replace(lamp, is_auto_accepted=False)])
        catalogue._kept.forget()
        return await submit(town, await town.person("resident-1"))
    finally:
        await keep_items(town.house.mongo, [lamp])
        catalogue._kept.forget()


@pytest.mark.parametrize("item", ["staff-conduct", "haircut-at-home"])
async def test_what_is_taken_in_as_somebodys_own_is_to_its_followers_a_lamp_that_has_ended(town: Town, item: str) -> None:
    lamp = await waiting_lamp(town)
    neighbour, clerk, dispatcher = await town.people("resident-2", "centre-clerk-1", "dispatcher-1")
    assert (await follow(neighbour, lamp))["state"] == "RECEIVED"
    name = next(each.name for each in town.planned.items if each.code == item)

    by = clerk if item == "haircut-at-home" else dispatcher
    taken = await say(by, "acceptRequest", "request { state item { code } }", requestId=lamp.request_id, itemId=town.item(item))
    await town.settle()

    assert taken["request"]["item"]["code"] == item, taken
    [followed] = await following(neighbour)
    assert (followed["item"]["name"], followed["state"], followed["promiseDueAt"]) == ("楼道灯报修", "WITHDRAWN", None)
    [notice] = await inbox(neighbour)
    assert "楼道灯" in notice["body"]
    copy = (await neighbour.ask("{ ownData { text json } }"))["ownData"]
    assert name not in said_in([followed, notice, copy])
    assert (await report(neighbour, lamp))["code"] == "WRONG_STATE"
    assert await unfollow(neighbour, lamp) == {"requestId": lamp.request_id}


async def test_what_is_merged_into_somebodys_own_tells_followers_nothing_of_that(town: Town) -> None:
    """With a reason, a dispatcher may merge what is of another item."""
    haircut = await submit(town, await town.person("resident-1"), "haircut-at-home")
    lamp = await submit(town, await town.person("resident-3"))
    neighbour, dispatcher, worker, leader = await town.people("resident-2", "dispatcher-1", "grid-worker-1", "grid-leader-1")
    await follow(neighbour, lamp)

    merged = await say(
        dispatcher, "mergeRequests", "request { id }", intoId=haircut.request_id, fromIds=[lamp.request_id], reason="同一户一并办"
    )
    assert "request" in merged, merged
    await town.settle()
    before = await inbox(neighbour)
    given = await say(dispatcher, "assignTask", "task { id }", taskId=haircut.task_id, assigneeId=town.id_of("grid-worker-1"))
    assert "task" in given, given
    await bring(town, haircut, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await town.settle()

    assert [notice["title"] for notice in before] == ["您关注的事项不再办理"]
    assert await inbox(neighbour) == before
    [followed] = await following(neighbour)
    assert (followed["item"]["name"], followed["state"], followed["promiseDueAt"]) == ("楼道灯报修", "WITHDRAWN", None)
    assert not followed["mayReportNotFixed"]
    assert (await report(neighbour, lamp))["code"] == "WRONG_STATE"


async def test_following_sent_again_after_it_was_ended_is_a_repeat_and_follows_nothing(town: Town) -> None:
    lamp = await submit(town, await town.person("resident-1"))
    neighbour, command = await town.person("resident-2"), str(uuid4())
    first = await follow(neighbour, lamp, commandId=command)
    await unfollow(neighbour, lamp)

    async with nothing_written(town):
        assert await follow(neighbour, lamp, commandId=command) == first
    ended = await raw(
        neighbour,
        "mutation($commands: [CommandInput!]!) { applyCommands(commands: $commands) { outcome refusal { code } } }",
        commands=[{"followRequest": {"commandId": command, "requestId": lamp.request_id}}],
    )
    assert ended["data"]["applyCommands"] == [{"outcome": "DUPLICATE", "refusal": None}]
    assert await town.count("followings") == 0


async def test_a_worker_who_lives_there_follows_like_anybody_and_is_not_told_of_their_own_work(town: Town) -> None:
    """A neighbour who is given a post of the grid: what they do themselves is no news to them."""
    lamp = await submit(town, await town.person("resident-1"))
    neighbour, other, dispatcher = await town.people("resident-2", "resident-3", "dispatcher-1")
    await follow(neighbour, lamp)
    await follow(other, lamp)
    post = Appointment(
        town.house.ports.ids.new(Kind.APPOINTMENT, town.planned.township_code, town.clock()),
        town.planned.township_code,
        town.id_of("resident-2"),
        Role.GRID_WORKER,
        town.planned.parts.grids[0].branch_id,
        MONDAY_MORNING.date(),
        grid_id=town.planned.parts.grids[0].id,
    )
    await keep(town.house, town.planned.township_code, post)
    given = await say(dispatcher, "assignTask", "task { id }", taskId=lamp.task_id, assigneeId=town.id_of("resident-2"))
    assert "task" in given, given
    await bring(town, lamp, neighbour, "IN_PROGRESS")
    town.clock.advance(seconds=1)
    code = (await node(await town.person("resident-1"), lamp.request_id, "... on Request { confirmationCode }") or {})["confirmationCode"]
    done = await say(
        neighbour, "completeTask", "task { state }", taskId=lamp.task_id, outcome="SOLVED", note="换了灯泡", confirmationCode=code
    )
    await town.settle()

    assert done["task"]["state"] == "AWAITING_FOLLOW_UP", done
    assert await titles(other) == [DONE]
    assert DONE not in await titles(neighbour)
