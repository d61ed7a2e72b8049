"""Phones come, change hands and go; Google has bad days; the inbox has it once all the same."""

from server.demo.fcm import Answer as FcmAnswer
from server.relay import LAST_TRY
from tests.conftest import Town
from tests.journeys.stories import inbox, nothing_written, pushes, register, say, submit, titles

BUSY = FcmAnswer(503, "UNAVAILABLE")
GONE = FcmAnswer(404, "UNREGISTERED")


async def device_of(town: Town, token: str) -> str:
    document = await town.house.mongo.collection("devices").find_one({"token": token, "retired_at": None})
    assert document is not None
    id_: str = document["_id"]
    return id_


async def test_every_phone_of_a_worker_is_pushed_and_the_inbox_has_it_once(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    phones = [await register(worker, platform=platform) for platform in ("ANDROID", "IOS", "WEB")]

    await submit(town, resident)
    await town.settle()

    sent = [pushes(town, token) for token in phones]
    assert [len(messages) for messages in sent] == [1, 1, 1]
    assert len({messages[0]["data"]["noticeId"] for messages in sent}) == 1
    assert await titles(worker) == ["新工单"]


async def test_a_phone_that_changes_hands_goes_with_the_new_person(town: Town) -> None:
    resident, worker, other = await town.people("resident-1", "grid-worker-1", "grid-worker-2")
    token = await register(worker)

    await register(other, token)
    await submit(town, resident)
    await town.settle()

    assert pushes(town, token) == []
    assert await titles(worker) == ["新工单"]
    assert await town.count("devices", token=token, retired_at=None) == 1
    neighbour = await town.person("resident-4")
    await submit(town, neighbour)
    await town.settle()
    assert [push["data"]["kind"] for push in pushes(town, token)] == ["task_assigned"]


async def test_a_phone_registered_again_is_pushed_once(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    token = await register(worker)
    await register(worker, token, language="en")

    await submit(town, resident)
    await town.settle()

    assert [push["notification"]["title"] for push in pushes(town, token)] == ["Lianhu"]


async def test_a_retired_phone_gets_nothing_more(town: Town) -> None:
    resident, worker, other = await town.people("resident-1", "grid-worker-1", "grid-worker-2")
    token = await register(worker)
    device_id = await device_of(town, token)
    async with nothing_written(town):
        assert (await say(other, "retireDevice", "deviceId", deviceId=device_id))["code"] == "NOT_FOUND"
        assert (await say(worker, "retireDevice", "deviceId", deviceId="phone"))["code"] == "NOT_FOUND"

    assert await say(worker, "retireDevice", "deviceId", deviceId=device_id) == {"deviceId": device_id}
    assert await say(worker, "retireDevice", "deviceId", deviceId=device_id) == {"deviceId": device_id}
    await submit(town, resident)
    await town.settle()

    assert (pushes(town, token), await titles(worker)) == ([], ["新工单"])


async def test_a_dead_token_is_forgotten_and_the_other_phone_goes_on(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    dead, alive = await register(worker), await register(worker)
    town.served.fcm.answer_next(dead, GONE)

    await submit(town, resident)
    await town.settle()
    assert await town.count("devices", token=dead, retired_at=None) == 0
    await submit(town, resident)
    await town.settle()

    assert (len(pushes(town, dead)), len(pushes(town, alive))) == (0, 2)
    assert await titles(worker) == ["新工单", "新工单"]
    assert await town.count("events", relay={"$exists": True}) == 0


async def test_when_google_is_busy_the_push_comes_later_and_only_where_it_is_missing(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    busy, fine = await register(worker), await register(worker)
    town.served.fcm.answer_next(busy, BUSY, BUSY)

    await submit(town, resident)
    await town.settle()
    assert (len(pushes(town, busy)), len(pushes(town, fine)), await titles(worker)) == (0, 1, ["新工单"])
    asked = town.served.fcm.asked
    await town.settle()
    assert town.served.fcm.asked == asked  # not before its time
    for _ in range(2):
        town.clock.advance(seconds=4)
        await town.settle()

    assert (len(pushes(town, busy)), len(pushes(town, fine)), await titles(worker)) == (1, 1, ["新工单"])
    assert await town.count("events", relay={"$exists": True}) == 0


async def test_google_says_when_to_come_again_and_is_heard(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    token = await register(worker)
    town.served.fcm.answer_next(token, FcmAnswer(429, "QUOTA_EXCEEDED", retry_after="60"))
    await submit(town, resident)
    await town.settle()

    town.clock.advance(seconds=59)
    await town.settle()
    assert pushes(town, token) == []
    town.clock.advance(seconds=2)
    await town.settle()

    assert len(pushes(town, token)) == 1


async def test_after_the_last_try_it_is_parked_and_counted(town: Town) -> None:
    resident, worker = await town.people("resident-1", "grid-worker-1")
    token = await register(worker)
    town.served.fcm.answer_next(token, *[BUSY] * LAST_TRY)

    await submit(town, resident)
    asked = town.served.fcm.asked
    for _ in range(LAST_TRY + 3):
        await town.settle()
        town.clock.advance(minutes=15)

    assert town.served.fcm.asked - asked == LAST_TRY
    assert await town.house.outbox.parked() == 1
    assert pushes(town, token) == []
    await worker.sign_in()
    assert await titles(worker) == ["新工单"]
    await resident.sign_in()
    await submit(town, resident)
    await town.settle()
    assert len(pushes(town, token)) == 1  # the phone is not given up


async def test_notices_are_read_once_and_by_their_owner_only(town: Town) -> None:
    resident, worker, other = await town.people("resident-1", "grid-worker-1", "grid-worker-2")
    for _ in range(3):
        await submit(town, resident)
    await town.settle()
    ids = [notice["id"] for notice in await inbox(worker)]
    async with nothing_written(town):
        for bad in ([*ids[:1], "note"], [ids[0], town.id_of("resident-1")]):
            assert (await say(worker, "markNoticesRead", "unreadNotices", noticeIds=bad))["code"] == "NOT_FOUND"
        assert (await say(other, "markNoticesRead", "unreadNotices", noticeIds=ids))["code"] == "NOT_FOUND"

    assert await say(worker, "markNoticesRead", "unreadNotices", noticeIds=ids[:2]) == {"unreadNotices": 1}
    first_read = [notice["readAt"] for notice in await inbox(worker)]
    town.clock.advance(hours=1)
    assert await say(worker, "markNoticesRead", "unreadNotices", noticeIds=ids) == {"unreadNotices": 0}

    now = [notice["readAt"] for notice in await inbox(worker)]
    assert (now[:2], now[2] is None) == (first_read[:2], False)
    assert (await worker.ask("{ viewer { unreadNotices } }"))["viewer"]["unreadNotices"] == 0


async def test_a_token_that_is_none_is_refused(town: Town) -> None:
    worker = await town.person("grid-worker-1")

    async with nothing_written(town):
        for token in ("", " ", "with space", "中文", "x" * 4_097, "tab\tin", "bell\u0007"):
            answer = await say(worker, "registerDevice", "deviceId", token=token, platform="ANDROID")
            assert (answer.get("code"), answer.get("field")) == ("INVALID_INPUT", "token"), token[:20]
        answer = await say(worker, "registerDevice", "deviceId", token="fine", platform="ANDROID", appVersion="v" * 65)
        assert (answer.get("code"), answer.get("field")) == ("INVALID_INPUT", "appVersion")
