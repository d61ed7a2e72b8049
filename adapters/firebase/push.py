"""Firebase Cloud Messaging as the hand that pushes: what a push looks like on each platform, and what FCM's answers mean."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial

import firebase_admin
from firebase_admin import exceptions, messaging
from google.auth.credentials import TokenState
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from domain.devices import Push, PushOutcome, PushResult

AT_ONCE = 50  # messages in flight: each costs one HTTP request and 2-3 ms of this loop
LARGEST_PAYLOAD = 4096  # bytes; FCM's limit, which the SDK does not check
LONGEST_LIFE = 28 * 24 * 3600  # seconds; FCM's limit
LONGEST_COLLAPSE_ID = 64  # bytes; Apple's limit
LONGEST_WAIT = 24 * 3600  # seconds; no Retry-After is believed beyond it
LONGEST_DETAIL = 200  # characters

_DEAD = (messaging.UnregisteredError, messaging.SenderIdMismatchError)
_BAD_TOKEN_WORDS = "not a valid FCM registration token"


class FirebasePushes:
    """Sends pushes through FCM, 50 at a time, each on its own: one bad answer spoils one push. Tries nothing twice.

    One instance a process, used on one loop (the SDK's client binds to the first that it sends on).
    """

    def __init__(self, app: firebase_admin.App, *, clock: Callable[[], datetime], patience: float = 10) -> None:
        """`patience` is in seconds: how long one push, or a new access token, may take in all."""
        self._app = app
        self._clock = clock
        self._patience = patience
        self._refreshing = asyncio.Lock()

    async def send(self, pushes: Sequence[Push]) -> list[PushResult]:
        """One result for each push, in the same order; whatever goes wrong outside is an outcome, never an exception.

        LATER may mean that the push was sent and its answer lost: the phone tells repeats by the collapse key and the ids.
        """
        results: list[PushResult] = []
        for start in range(0, len(pushes), AT_ONCE):
            results += await self._send_together(pushes[start : start + AT_ONCE])
        return results

    async def _send_together(self, pushes: Sequence[Push]) -> list[PushResult]:
        trouble = await self._access_trouble()
        if trouble:
            return [PushResult(push.device_id, PushOutcome.LATER, trouble) for push in pushes]
        return await asyncio.gather(*(self._send_one(push) for push in pushes))

    async def _access_trouble(self) -> str:
        """Renews the access token ahead of its end; the words of what went wrong, or nothing.

        In a thread, because the SDK would do it on the loop and stop everything for as long as Google takes.
        """
        credential = self._app.credential.get_credential()
        try:
            async with asyncio.timeout(self._patience), self._refreshing:
                if credential.token_state is not TokenState.FRESH:
                    await asyncio.to_thread(credential.refresh, partial(Request(), timeout=self._app.options.get("httpTimeout")))
        except (GoogleAuthError, TimeoutError) as error:
            return f"no access token: {type(error).__name__}"
        return ""

    async def _send_one(self, push: Push) -> PushResult:
        now = self._clock()
        try:
            message = message_of(push, now=now)
        except ValueError as error:
            return PushResult(push.device_id, PushOutcome.REJECTED, _without_token(str(error), push.token))
        try:
            # A batch of one is no dearer (the SDK sends one request a message), and an unreadable answer fails the whole batch.
            async with asyncio.timeout(self._patience):
                batch = await messaging.send_each_async([message], app=self._app)
        except TimeoutError:
            return PushResult(push.device_id, PushOutcome.LATER, f"no answer within {self._patience} s")
        except exceptions.FirebaseError as error:
            return _judged(push, error, now=now)
        return _judged(push, batch.responses[0].exception, now=now, was_sent=batch.responses[0].success)


def message_of(push: Push, *, now: datetime) -> messaging.Message:
    """The push as FCM wants it. Raises ValueError where FCM would never take it (over 4096 bytes, no token, broken text)."""
    time_to_live = min(push.time_to_live, LONGEST_LIFE)
    message = messaging.Message(
        notification=messaging.Notification(title=push.title, body=push.body),
        data=dict(push.data),
        android=messaging.AndroidConfig(priority="high" if push.is_urgent else "normal", ttl=time_to_live, collapse_key=push.collapse_key),
        apns=_apns(push, time_to_live, now=now),
        webpush=messaging.WebpushConfig(headers={"TTL": str(time_to_live), "Urgency": "high" if push.is_urgent else "normal"}),
    )
    # A registration token (getToken) goes here; `fid`, which the SDK recommends, takes the installation id of an app that opted into
    # registering by it, and FCM answers UNREGISTERED for any other. FCM takes such an id in `token` too, so this field serves both
    # kinds of app. Set, not passed: the constructor's deprecation warning could only be silenced for the whole process.
    message.token = push.token
    str(message)  # the SDK's own checks; raises ValueError
    size = _payload_size(push)
    if size > LARGEST_PAYLOAD:
        raise ValueError(f"payload of {size} bytes, {LARGEST_PAYLOAD} fit")
    return message


def _apns(push: Push, time_to_live: int, *, now: datetime) -> messaging.APNSConfig:
    collapse_id = push.collapse_key
    if len(collapse_id.encode()) > LONGEST_COLLAPSE_ID:
        collapse_id = hashlib.sha256(collapse_id.encode()).hexdigest()
    return messaging.APNSConfig(
        headers={
            "apns-priority": "10" if push.is_urgent else "5",
            "apns-collapse-id": collapse_id,
            # Zero tells Apple to try once and keep nothing.
            "apns-expiration": str(int(now.timestamp()) + time_to_live) if time_to_live else "0",
        },
        # Mutable, so that the app may put its own words on it; a sound only for what cannot wait.
        payload=messaging.APNSPayload(messaging.Aps(mutable_content=True, sound="default" if push.is_urgent else None)),
    )


def _payload_size(push: Push) -> int:
    """Bytes of what counts against FCM's limit. Raises ValueError for text that has no UTF-8."""
    counted = {"notification": {"title": push.title, "body": push.body}, "data": dict(push.data)}
    return len(json.dumps(counted, ensure_ascii=False, separators=(",", ":")).encode())


def _judged(push: Push, error: exceptions.FirebaseError | None, *, now: datetime, was_sent: bool = False) -> PushResult:
    """What FCM's answer means for the push; anything that nobody has seen yet is worth another try."""
    if was_sent:
        return PushResult(push.device_id, PushOutcome.SENT)
    if error is None:
        return PushResult(push.device_id, PushOutcome.LATER, "an answer without a message id")
    if isinstance(error, _DEAD):
        return PushResult(push.device_id, PushOutcome.DEAD_TOKEN, _named(error))
    if isinstance(error, exceptions.InvalidArgumentError):
        is_dead = _BAD_TOKEN_WORDS in str(error)
        detail = _without_token(f"{_named(error)}: {error}", push.token)
        return PushResult(push.device_id, PushOutcome.DEAD_TOKEN if is_dead else PushOutcome.REJECTED, detail)
    return PushResult(push.device_id, PushOutcome.LATER, _named(error), retry_after=_retry_after(error, now=now))


def _named(error: exceptions.FirebaseError) -> str:
    """The error's name, code and HTTP status: never its words, which may repeat what was sent."""
    status = "" if error.http_response is None else f" {error.http_response.status_code}"
    return f"{type(error).__name__} {error.code}{status}"


def _without_token(words: str, token: str) -> str:
    """The words without the token and without any longer part of it."""
    parts = [token, *sorted(re.findall(r"[\w-]{8,}", token), key=len, reverse=True)]
    for part in filter(None, parts):
        words = words.replace(part, "…")
    return words[:LONGEST_DETAIL]


def _retry_after(error: exceptions.FirebaseError, *, now: datetime) -> float | None:
    """Seconds that the other side asked us to wait (it says seconds or a date), or None where it said nothing readable."""
    header = "" if error.http_response is None else error.http_response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", header):
        seconds = float(header)
    else:
        try:
            seconds = (parsedate_to_datetime(header) - now).total_seconds()
        except (TypeError, ValueError, OverflowError):  # no date, or one without a zone
            return None
    return min(max(seconds, 0.0), float(LONGEST_WAIT))
