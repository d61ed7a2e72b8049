"""The stand-in for FCM takes what FCM takes and refuses as FCM refuses."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from server.demo.fcm import NEWEST_KEPT, Answer, FcmStandIn

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SEND = "/v1/projects/demo-lianhu/messages:send"
BEARER = {"Authorization": "Bearer demo"}
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve(sockets=[door]))
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    server.should_exit = True
    await running


HOUSE = Starlette()


@pytest.fixture
def fcm() -> FcmStandIn:
    fcm = FcmStandIn(clock=lambda: NOW)
    HOUSE.router.routes[:] = fcm.routes
    return fcm


@pytest.fixture(scope="module")
async def phone() -> AsyncIterator[httpx.AsyncClient]:
    async with serving(HOUSE) as url, httpx.AsyncClient(base_url=url, headers=BEARER) as client:
        yield client


async def send(client: httpx.AsyncClient, **message: Any) -> httpx.Response:
    return await client.post(SEND, json={"message": {"token": "phone-1", **message}})


async def test_a_message_is_taken_and_kept_newest_last(fcm: FcmStandIn, phone: httpx.AsyncClient) -> None:
    first = await send(phone, data={"kind": "TASK_ASSIGNED"})
    second = await send(phone, token="phone-2")
    assert first.json() == {"name": "projects/demo-lianhu/messages/1"}
    assert second.json() == {"name": "projects/demo-lianhu/messages/2"}
    assert [push["token"] for push in fcm.received()] == ["phone-1", "phone-2"]
    wanted = {"token": "phone-1", "message": {"token": "phone-1", "data": {"kind": "TASK_ASSIGNED"}}, "at": "2026-03-01T08:00:00+00:00"}
    assert fcm.received("phone-1") == [wanted]
    assert fcm.received("phone-3") == []


async def test_an_installation_id_is_as_good_as_a_token(fcm: FcmStandIn, phone: httpx.AsyncClient) -> None:
    answer = await phone.post(SEND, json={"message": {"fid": "installation-1"}})
    assert answer.status_code == 200
    assert len(fcm.received("installation-1")) == 1


async def test_a_dry_run_is_answered_and_not_kept(fcm: FcmStandIn, phone: httpx.AsyncClient) -> None:
    answer = await phone.post(SEND, json={"message": {"token": "phone-1"}, "validate_only": True})
    assert answer.status_code == 200
    assert fcm.received() == []


async def test_it_answers_under_a_prefix_too(fcm: FcmStandIn) -> None:
    house = Starlette(routes=[Mount("/demo/fcm", routes=fcm.routes)])
    async with serving(house) as url, httpx.AsyncClient(base_url=url, headers=BEARER) as client:
        answer = await client.post(f"/demo/fcm{SEND}", json={"message": {"token": "phone-1"}})
    assert answer.status_code == 200
    assert len(fcm.received()) == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"token": ""}, "Recipient"),
        ({"fid": "installation-1"}, "Recipient"),
        ({"token": "a b"}, "not a valid FCM registration token"),
        ({"token": 7}, "not a valid FCM registration token"),
        ({"data": {"tries": 3}}, "TYPE_STRING"),
        ({"data": {"google.kind": "x"}}, "Invalid data payload key"),
        ({"data": ["x"]}, "message.data"),
        ({"data": {"kind": "单" * 1400}}, "too big"),
        ({"android": {"priority": "loud"}}, "priority"),
        ({"android": {"ttl": "an hour"}}, "ttl"),
        ({"android": "x"}, "message.android"),
        ({"apns": {"headers": {"apns-priority": 10}}}, "TYPE_STRING"),
        ({"apns": {"headers": {"apns-priority": "7"}}}, "apns-priority"),
        ({"apns": {"headers": {"apns-collapse-id": "x" * 65}}}, "64 bytes"),
        ({"apns": {"headers": {"apns-expiration": "soon"}}}, "apns-expiration"),
        ({"colour": "red"}, "Unknown name"),
    ],
)
async def test_what_fcm_would_not_take_is_refused_in_its_words(
    fcm: FcmStandIn, phone: httpx.AsyncClient, fault: dict[str, Any], words: str
) -> None:
    answer = await send(phone, **fault)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert words in error["message"]
    assert {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"} in error["details"]
    assert fcm.received() == []


@pytest.mark.usefixtures("fcm")
@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"message": "hello"}', b"[" * 100_000])
async def test_what_is_no_message_is_refused(phone: httpx.AsyncClient, content: bytes) -> None:
    answer = await phone.post(SEND, content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.usefixtures("fcm")
async def test_nobody_sends_without_credentials(phone: httpx.AsyncClient) -> None:
    answer = await phone.post(SEND, json={"message": {"token": "phone-1"}}, headers={"Authorization": ""})
    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


async def test_answers_follow_the_script_and_then_return_to_normal(fcm: FcmStandIn, phone: httpx.AsyncClient) -> None:
    fcm.answer_next("phone-1", Answer(404, "UNREGISTERED"), Answer(429, "QUOTA_EXCEEDED", retry_after="30"))
    gone, full, other, normal = [await send(phone, token=token) for token in ("phone-1", "phone-1", "phone-2", "phone-1")]
    assert gone.status_code == 404
    assert gone.json()["error"]["status"] == "NOT_FOUND"
    assert gone.json()["error"]["details"] == [{"@type": FCM_ERROR, "errorCode": "UNREGISTERED"}]
    assert (full.status_code, full.headers["Retry-After"]) == (429, "30")
    assert (other.status_code, normal.status_code) == (200, 200)
    assert [push["token"] for push in fcm.received()] == ["phone-2", "phone-1"]
    assert fcm.asked == 4


async def test_an_unreadable_answer_may_hide_a_message_that_was_taken(fcm: FcmStandIn, phone: httpx.AsyncClient) -> None:
    fcm.answer_next("phone-1", Answer(body="<html>", delay=0.01), Answer(502, body="<html>Bad Gateway</html>"))
    taken, lost = await send(phone), await send(phone)
    assert (taken.status_code, taken.text) == (200, "<html>")
    assert (lost.status_code, lost.text) == (502, "<html>Bad Gateway</html>")
    assert len(fcm.received()) == 1


async def test_only_the_newest_ten_thousand_are_kept(fcm: FcmStandIn, phone: httpx.AsyncClient) -> None:
    for number in range(NEWEST_KEPT):
        fcm._taken("demo-lianhu", f"old-{number}", {})
    await send(phone)
    assert len(fcm.received()) == NEWEST_KEPT
    assert fcm.received("old-0") == []
    assert fcm.received()[-1]["token"] == "phone-1"
