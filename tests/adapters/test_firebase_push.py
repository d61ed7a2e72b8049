"""Pushes through the real SDK over real HTTP, to a stand-in of FCM on loopback."""

import asyncio
import os
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import firebase_admin
import google.auth.credentials
import pytest
import uvicorn
from google.auth.exceptions import RefreshError
from starlette.applications import Starlette
from starlette.types import ASGIApp

from adapters.firebase.app import NoCredentials, _tamed, close, demo_app, production_app
from adapters.firebase.push import FirebasePushes
from domain.devices import Push, PushOutcome, PushResult
from domain.push import Pushes
from server.demo.fcm import Answer, FcmStandIn

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PATIENCE = 60
"""Seconds: whatever takes longer hangs."""
SENT, DEAD, LATER, REJECTED = PushOutcome.SENT, PushOutcome.DEAD_TOKEN, PushOutcome.LATER, PushOutcome.REJECTED
TOKEN = "dq3Vx1mKTb:APA91bHk-an-opaque_registration_token"
PUSH = Push(
    device_id="device-1",
    token=TOKEN,
    title="任务",
    body="您有一项新任务。",
    data={"kind": "TASK_ASSIGNED", "taskId": "task-1"},
    collapse_key="TASK_ASSIGNED:task-1",
    time_to_live=3600,
    is_urgent=False,
)


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve(sockets=[door]))
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    server.should_exit = True
    await running


HOUSE = Starlette()


@pytest.fixture(scope="module")
async def fcm_url() -> AsyncIterator[str]:
    async with serving(HOUSE) as url:
        yield url


@pytest.fixture(scope="module")
async def app(fcm_url: str) -> AsyncIterator[firebase_admin.App]:
    app = demo_app("demo-lianhu", fcm_url, http_timeout=30)
    yield app
    await close(app)


@pytest.fixture
def fcm() -> FcmStandIn:
    """A new stand-in for each test, behind the one address: making an app costs a tenth of a second."""
    fcm = FcmStandIn(clock=lambda: NOW)
    HOUSE.router.routes[:] = fcm.routes
    return fcm


@pytest.fixture
def pushes(app: firebase_admin.App, fcm: FcmStandIn) -> Pushes:
    return FirebasePushes(app, clock=lambda: NOW)


async def one(pushes: Pushes, push: Push = PUSH) -> PushResult:
    [result] = await pushes.send([push])
    assert result.device_id == push.device_id
    assert push.token not in result.detail
    return result


def to_phones(count: int) -> list[Push]:
    return [replace(PUSH, device_id=f"device-{number}", token=f"phone-{number}") for number in range(count)]


async def test_results_come_in_the_order_of_the_pushes(fcm: FcmStandIn, pushes: Pushes) -> None:
    batch = to_phones(120)
    fcm.answer_next("phone-3", Answer(delay=0.2))
    fcm.answer_next("phone-7", Answer(404, "UNREGISTERED", delay=0.1))
    fcm.answer_next("phone-119", Answer(404, "UNREGISTERED"))
    results = await pushes.send(batch)
    assert [result.device_id for result in results] == [push.device_id for push in batch]
    assert [push.device_id for push, result in zip(batch, results, strict=True) if result.outcome is DEAD] == ["device-7", "device-119"]
    assert sum(result.outcome is SENT for result in results) == 118
    assert {push["token"] for push in fcm.received()} == {push.token for push in batch} - {"phone-7", "phone-119"}


async def test_no_pushes_ask_nobody(fcm: FcmStandIn, pushes: Pushes) -> None:
    assert await pushes.send([]) == []
    assert fcm.asked == 0


async def test_a_push_says_to_each_platform_what_it_means(fcm: FcmStandIn, pushes: Pushes) -> None:
    assert await one(pushes) == PushResult("device-1", SENT)
    assert fcm.received(TOKEN)[0]["message"] == {
        "token": TOKEN,
        "notification": {"title": "任务", "body": "您有一项新任务。"},
        "data": {"kind": "TASK_ASSIGNED", "taskId": "task-1"},
        "android": {"priority": "normal", "ttl": "3600s", "collapse_key": "TASK_ASSIGNED:task-1"},
        "apns": {
            "headers": {
                "apns-priority": "5",
                "apns-collapse-id": "TASK_ASSIGNED:task-1",
                "apns-expiration": str(int(NOW.timestamp()) + 3600),
            },
            "payload": {"aps": {"mutable-content": 1}},
        },
        "webpush": {"headers": {"TTL": "3600", "Urgency": "normal"}},
    }


async def test_an_urgent_push_hurries_and_makes_a_sound(fcm: FcmStandIn, pushes: Pushes) -> None:
    await one(pushes, replace(PUSH, is_urgent=True))
    message = fcm.received(TOKEN)[0]["message"]
    assert message["android"]["priority"] == "high"
    assert message["apns"]["headers"]["apns-priority"] == "10"
    assert message["apns"]["payload"] == {"aps": {"mutable-content": 1, "sound": "default"}}
    assert message["webpush"]["headers"]["Urgency"] == "high"


async def test_a_push_lives_no_longer_than_the_networks_allow_and_perhaps_not_at_all(fcm: FcmStandIn, pushes: Pushes) -> None:
    await one(pushes, replace(PUSH, time_to_live=0))
    await one(pushes, replace(PUSH, time_to_live=10**9))
    momentary, long = [push["message"] for push in fcm.received()]
    assert (momentary["android"]["ttl"], momentary["apns"]["headers"]["apns-expiration"]) == ("0s", "0")
    assert momentary["webpush"]["headers"]["TTL"] == "0"
    assert long["android"]["ttl"] == "2419200s"


async def test_a_long_collapse_key_is_shortened_for_apple_and_stays_the_same_each_time(fcm: FcmStandIn, pushes: Pushes) -> None:
    for key in ("k" * 65, "k" * 65, "k" * 66):
        await one(pushes, replace(PUSH, collapse_key=key))
    first, again, other = [push["message"]["apns"]["headers"]["apns-collapse-id"] for push in fcm.received()]
    assert first == again != other
    assert len(first) <= 64


@pytest.mark.parametrize("answer", [Answer(404, "UNREGISTERED"), Answer(403, "SENDER_ID_MISMATCH")])
async def test_a_phone_that_is_gone_is_told_as_such(fcm: FcmStandIn, pushes: Pushes, answer: Answer) -> None:
    fcm.answer_next(TOKEN, answer)
    assert (await one(pushes)).outcome is DEAD


async def test_a_token_that_never_was_one_is_dead_and_a_bad_message_is_rejected(fcm: FcmStandIn, pushes: Pushes) -> None:
    fcm.answer_next(
        TOKEN,
        Answer(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
        Answer(400, "INVALID_ARGUMENT", "Invalid value at 'message.android.ttl'"),
    )
    assert (await one(pushes)).outcome is DEAD
    rejected = await one(pushes)
    assert rejected.outcome is REJECTED
    assert "message.android.ttl" in rejected.detail


@pytest.mark.parametrize("echo", [TOKEN, TOKEN.replace(":", "%3A"), f"token {TOKEN[11:]} is odd"])
async def test_what_is_said_about_a_push_never_repeats_its_token(fcm: FcmStandIn, pushes: Pushes, echo: str) -> None:
    for answer in (Answer(400, "INVALID_ARGUMENT", echo), Answer(404, "UNREGISTERED", echo), Answer(502, body=echo), Answer(body=echo)):
        fcm.answer_next(TOKEN, answer)
        assert "registration_token" not in (await one(pushes)).detail


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        (" 0 ", 0),
        ("Sun, 01 Mar 2026 08:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 07:00:00 GMT", 0),
        ("99999999", 86_400),
        ("1" * 40, None),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
async def test_a_full_quota_waits_as_long_as_it_is_told(fcm: FcmStandIn, pushes: Pushes, header: str | None, seconds: float | None) -> None:
    fcm.answer_next(TOKEN, Answer(429, "QUOTA_EXCEEDED", retry_after=header))
    result = await one(pushes)
    assert (result.outcome, result.retry_after) == (LATER, seconds)
    assert fcm.asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500),
        Answer(503, "UNAVAILABLE"),
        Answer(502, body="<html><title>502 Bad Gateway</title></html>"),
        Answer(401, "THIRD_PARTY_AUTH_ERROR"),
        Answer(403),
        Answer(404),
        Answer(404, body="<html>no such page</html>"),
        Answer(504, body='{"error": "as a string"}'),
        Answer(body="<html>captive portal</html>"),
        Answer(body="{}"),
        Answer(body="[]"),
    ],
)
async def test_passing_trouble_of_one_push_is_for_later_and_leaves_the_others_alone(
    fcm: FcmStandIn, pushes: Pushes, answer: Answer
) -> None:
    fcm.answer_next("phone-1", answer)
    results = await pushes.send(to_phones(3))
    assert [result.outcome for result in results] == [SENT, LATER, SENT]
    assert results[1].detail


async def test_a_push_that_is_not_answered_is_for_later_and_leaves_the_others_alone(fcm: FcmStandIn, fcm_url: str) -> None:
    app = demo_app("demo-lianhu", fcm_url, http_timeout=2, name="hurried")
    fcm.answer_next("phone-1", Answer(delay=6))
    results = await FirebasePushes(app, clock=lambda: NOW).send(to_phones(3))
    await close(app)
    assert [result.outcome for result in results] == [SENT, LATER, SENT]
    assert results[1].detail


async def test_when_nobody_is_let_in_the_whole_batch_waits(fcm: FcmStandIn, pushes: Pushes) -> None:
    batch = to_phones(60)
    for push in batch:
        fcm.answer_next(push.token, Answer(401))
    assert {result.outcome for result in await pushes.send(batch)} == {LATER}
    assert fcm.received() == []


async def test_when_fcm_is_out_of_reach_every_push_waits() -> None:
    app = demo_app("demo-lianhu", "http://127.0.0.1:1", name="closed")
    results = await FirebasePushes(app, clock=lambda: NOW).send(to_phones(3))
    await close(app)
    assert {result.outcome for result in results} == {LATER}


async def test_one_push_takes_no_longer_than_the_patience(fcm: FcmStandIn, fcm_url: str) -> None:
    app = demo_app("demo-lianhu", fcm_url, http_timeout=30, name="patient")
    fcm.answer_next(TOKEN, Answer(delay=5))
    result = await one(FirebasePushes(app, clock=lambda: NOW, patience=0.1))
    await close(app)
    assert result.outcome is LATER, "whoever has more of it hears that it was sent"


async def test_a_storm_of_bad_answers_is_neither_repeated_nor_outlived(fcm: FcmStandIn, pushes: Pushes) -> None:
    batch = to_phones(150)
    for push in batch:
        fcm.answer_next(push.token, Answer(503, "UNAVAILABLE", retry_after="7000"))
    async with asyncio.timeout(PATIENCE):
        results = await pushes.send(batch)
    assert {(result.outcome, result.retry_after) for result in results} == {(LATER, 7000.0)}
    assert fcm.asked == 150
    assert {result.outcome for result in await pushes.send(batch)} == {SENT}


@pytest.mark.parametrize(
    "flaw",
    [
        {"body": "满" * 1366},
        {"data": {"kind": "x" * 4096}},
        {"data": {"tries": 3}},
        {"body": "half of a pair \ud83d"},
        {"token": ""},
        {"time_to_live": -1},
    ],
)
async def test_what_could_never_be_sent_is_rejected_without_asking(fcm: FcmStandIn, pushes: Pushes, flaw: dict[str, Any]) -> None:
    results = await pushes.send([replace(PUSH, **flaw), PUSH])
    assert [result.outcome for result in results] == [REJECTED, SENT]
    assert fcm.asked == 1


async def test_chinese_counts_as_the_bytes_it_is_sent_as(pushes: Pushes) -> None:
    assert (await one(pushes, replace(PUSH, body="满" * 1300))).outcome is SENT


class SlowCredentials(google.auth.credentials.Credentials):  # type: ignore[misc, unused-ignore]
    """Google's token endpoint on a slow day: blocks its thread until the story goes on, and perhaps fails."""

    def __init__(self, *, fails: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self.fails = fails
        self.renewals = 0
        self.has_begun, self.may_end = threading.Event(), threading.Event()
        self.went_on = False

    def refresh(self, request: object) -> None:
        self.renewals += 1
        self.has_begun.set()
        self.went_on = self.may_end.wait(PATIENCE)
        if self.fails:
            raise RefreshError("no")  # type: ignore[no-untyped-call, unused-ignore]
        self.token = "fresh"


@pytest.mark.parametrize(("fails", "outcome"), [(False, SENT), (True, LATER)])
@pytest.mark.usefixtures("fcm")
async def test_a_new_access_token_is_fetched_while_everything_else_goes_on(fcm_url: str, fails: bool, outcome: PushOutcome) -> None:
    credentials = SlowCredentials(fails=fails)
    app = firebase_admin.initialize_app(credentials, {"projectId": "demo-lianhu"}, "slow")
    tamed = _tamed(app, f"{fcm_url}/v1/projects/demo-lianhu/messages:send")
    pushes = FirebasePushes(tamed, clock=lambda: NOW, patience=PATIENCE)
    sending = asyncio.create_task(pushes.send(to_phones(3)))
    while not credentials.has_begun.is_set():  # noqa: ASYNC110  # another thread's event
        await asyncio.sleep(0.01)
    credentials.may_end.set()
    results = await sending
    await close(app)
    assert {result.outcome for result in results} == {outcome}
    assert (credentials.renewals, credentials.went_on) == (1, True)


async def test_a_closed_app_leaves_its_name_free_and_its_connections_shut(fcm: FcmStandIn, fcm_url: str) -> None:
    for _ in range(2):
        app = demo_app("demo-lianhu", fcm_url, name="closed")
        assert (await one(FirebasePushes(app, clock=lambda: NOW))).outcome is SENT
        await close(app)
    assert fcm.asked == 2


def test_a_demo_needs_a_demo_project() -> None:
    with pytest.raises(ValueError, match="demo-"):
        demo_app("lianhu", "http://127.0.0.1:1")


def test_production_without_google_credentials_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(os.environ, "GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(NoCredentials):
        production_app("lianhu-production")
