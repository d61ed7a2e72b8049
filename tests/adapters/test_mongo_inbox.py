"""The inbox is its owner's alone, and a phone is whoever's hand it is in."""

from dataclasses import replace
from uuid import uuid4

import pytest

from domain.access import NOBODY
from domain.devices import Device, DevicePlatform
from domain.errors import RefusalCode, Refused
from domain.notices import Notice
from domain.pages import PageRequest
from resolvers.devices import RegisterDevice, RetireDevice, register_device, retire_device
from resolvers.notices import MarkNoticesRead, mark_notices_read
from tests.adapters.stage import Stage

ANDROID, IOS = DevicePlatform.ANDROID, DevicePlatform.IOS


async def _inbox(stage: Stage, handle: str) -> list[Notice]:
    return list((await stage.house.ports.notices.page(PageRequest(100), seen_by=await stage.actor(handle))).rows)


async def _some_notices(stage: Stage, count: int = 3) -> list[Notice]:
    """The first grid worker's, newest first, and one of another worker."""
    for _ in range(count):
        await stage.submit()
    await stage.submit("resident-4")
    await stage.tell()
    notices = await _inbox(stage, "grid-worker-1")
    assert len(notices) == count
    return notices


async def test_the_inbox_runs_newest_first_in_pages(stage: Stage) -> None:
    notices = await _some_notices(stage, 5)
    worker, ports = await stage.actor("grid-worker-1"), stage.house.ports
    assert [notice.created_at for notice in notices] == sorted((notice.created_at for notice in notices), reverse=True)
    first = await ports.notices.page(PageRequest(2), seen_by=worker)
    second = await ports.notices.page(PageRequest(2, after=first.keys[-1]), seen_by=worker)
    assert ([*first.rows, *second.rows], second.has_next) == (notices[:4], True)


async def test_reading_marks_once_and_is_told_to_the_other_phones(stage: Stage) -> None:
    notices = await _some_notices(stage)
    worker, ports = await stage.actor("grid-worker-1"), stage.house.ports
    head = await stage.number()
    sent = MarkNoticesRead(uuid4(), [notices[0].id, notices[2].id])

    assert await ports.notices.unread(seen_by=worker) == 3
    read_at = stage.later(minutes=5)
    assert await mark_notices_read(sent, by=worker, ports=ports) == 1
    assert [notice.read_at for notice in await _inbox(stage, "grid-worker-1")] == [read_at, None, read_at]
    told = await ports.feed.rows(head, await stage.number(), 100, seen_by=worker)
    assert {subject for row in told for subject, _ in row.subjects} == {notices[0].id, notices[2].id}

    stage.later(minutes=5)
    assert await mark_notices_read(sent, by=worker, ports=ports) == 1  # the same command again
    head = await stage.number()
    assert await mark_notices_read(MarkNoticesRead(uuid4(), [notices[0].id]), by=worker, ports=ports) == 1
    assert [notice.read_at for notice in await _inbox(stage, "grid-worker-1")] == [read_at, None, read_at]
    assert await stage.number() == head  # what was read already is no change


async def test_one_notice_of_somebody_else_and_none_is_marked(stage: Stage) -> None:
    notices = await _some_notices(stage)
    ports = stage.house.ports
    worker = await stage.actor("grid-worker-1")
    foreign = next(document["_id"] for document in await stage.find("notices") if document["person_id"] != worker.id)
    before = await stage.contents()
    for stranger in (foreign, "note_1", "", f"note_990202202_{'0' * 32}"):
        with pytest.raises(Refused) as refused:
            await mark_notices_read(MarkNoticesRead(uuid4(), [notices[0].id, stranger]), by=worker, ports=ports)
        assert (refused.value.refusal.code, refused.value.refusal.field) == (RefusalCode.NOT_FOUND, "noticeIds")
    assert await stage.contents() == before


async def test_a_mark_with_other_contents_is_a_mismatch(stage: Stage) -> None:
    notices = await _some_notices(stage)
    worker, sent = await stage.actor("grid-worker-1"), MarkNoticesRead(uuid4(), [notices[0].id])
    await mark_notices_read(sent, by=worker, ports=stage.house.ports)
    with pytest.raises(Refused) as refused:
        await mark_notices_read(replace(sent, notice_ids=[notices[1].id]), by=worker, ports=stage.house.ports)
    assert refused.value.refusal.code is RefusalCode.COMMAND_MISMATCH


async def test_the_same_notice_named_twice_is_one(stage: Stage) -> None:
    notices = await _some_notices(stage)
    worker = await stage.actor("grid-worker-1")
    sent = MarkNoticesRead(uuid4(), [notices[0].id, notices[0].id])
    assert await mark_notices_read(sent, by=worker, ports=stage.house.ports) == 2


async def test_nobody_has_an_empty_inbox(stage: Stage) -> None:
    notices = await _some_notices(stage)
    ports = stage.house.ports
    assert (await ports.notices.page(PageRequest(), seen_by=NOBODY)).rows == ()
    assert await ports.notices.by_ids([notices[0].id], seen_by=NOBODY) == []
    assert await ports.notices.unread(seen_by=NOBODY) == 0


# ---- phones


async def _phones(stage: Stage, *handles: str) -> dict[str, list[Device]]:
    ids = [stage.id_of(handle) for handle in handles]
    found = await stage.house.outbox.phones(stage.township, ids)
    return {handle: list(found.get(stage.id_of(handle), ())) for handle in handles}


async def test_a_phone_is_found_for_its_owner_until_it_is_handed_back(stage: Stage) -> None:
    worker, ports = await stage.actor("grid-worker-1"), stage.house.ports
    sent = RegisterDevice(uuid4(), "token-1", ANDROID, "1.2", "en")
    phone = await register_device(sent, by=worker, ports=ports)
    second = await register_device(RegisterDevice(uuid4(), "token-2", IOS), by=worker, ports=ports)

    assert await register_device(sent, by=worker, ports=ports) == phone
    mine = (await _phones(stage, "grid-worker-1", "grid-worker-2"))["grid-worker-1"]
    assert {(device.id, device.token, device.platform, device.language) for device in mine} == {
        (phone, "token-1", ANDROID, "en"),
        (second, "token-2", IOS, "zh-CN"),
    }
    retired_at = stage.later(minutes=1)
    back = RetireDevice(uuid4(), phone)
    await retire_device(back, by=worker, ports=ports)
    stage.later(minutes=1)
    await retire_device(back, by=worker, ports=ports)
    await retire_device(RetireDevice(uuid4(), phone), by=worker, ports=ports)
    assert [device.id for device in (await _phones(stage, "grid-worker-1"))["grid-worker-1"]] == [second]
    [document] = await stage.find("devices", _id=phone)
    assert document["retired_at"] == retired_at


async def test_a_token_belongs_to_whoever_registered_it_last(stage: Stage) -> None:
    ports = stage.house.ports
    for handle in ("grid-worker-1", "grid-worker-2", "grid-worker-1", "grid-leader-1"):
        await register_device(RegisterDevice(uuid4(), "one-token", ANDROID), by=await stage.actor(handle), ports=ports)
    found = await _phones(stage, "grid-worker-1", "grid-worker-2", "grid-leader-1")
    assert {handle: [device.token for device in devices] for handle, devices in found.items()} == {
        "grid-worker-1": [],
        "grid-worker-2": [],
        "grid-leader-1": ["one-token"],
    }


async def test_a_phone_of_somebody_else_is_not_found(stage: Stage) -> None:
    ports = stage.house.ports
    await stage.plant_other()
    phone = await register_device(RegisterDevice(uuid4(), "token", ANDROID), by=await stage.actor("grid-worker-1"), ports=ports)
    before = await stage.contents()
    strangers = [await stage.actor("grid-worker-2"), await stage.signed_in("other-grid-worker-1")]
    for stranger in strangers:
        with pytest.raises(Refused) as refused:
            await retire_device(RetireDevice(uuid4(), phone), by=stranger, ports=ports)
        assert (refused.value.refusal.code, refused.value.refusal.field) == (RefusalCode.NOT_FOUND, "deviceId")
    for nonsense in ("phone_1", "", stage.id_of("grid-worker-1")):
        with pytest.raises(Refused):
            await retire_device(RetireDevice(uuid4(), nonsense), by=await stage.actor("grid-worker-1"), ports=ports)
    assert await stage.contents() == before


async def test_a_registration_with_other_contents_is_a_mismatch(stage: Stage) -> None:
    worker, sent = await stage.actor("grid-worker-1"), RegisterDevice(uuid4(), "token", ANDROID)
    await register_device(sent, by=worker, ports=stage.house.ports)
    with pytest.raises(Refused) as refused:
        await register_device(replace(sent, token="another"), by=worker, ports=stage.house.ports)
    assert refused.value.refusal.code is RefusalCode.COMMAND_MISMATCH
    assert await stage.count("devices") == 1


async def test_dead_tokens_are_forgotten_and_come_back_with_a_new_registration(stage: Stage) -> None:
    worker, ports, outbox = await stage.actor("grid-worker-1"), stage.house.ports, stage.house.outbox
    phones = [await register_device(RegisterDevice(uuid4(), f"token-{number}", ANDROID), by=worker, ports=ports) for number in range(3)]
    await outbox.forget_phones(stage.township, phones[:2], at=stage.clock())
    await outbox.forget_phones("990202202", phones[2:], at=stage.clock())
    assert [device.id for device in (await _phones(stage, "grid-worker-1"))["grid-worker-1"]] == [phones[2]]
    again = await register_device(RegisterDevice(uuid4(), "token-0", ANDROID), by=worker, ports=ports)
    assert {device.id for device in (await _phones(stage, "grid-worker-1"))["grid-worker-1"]} == {phones[2], again}
