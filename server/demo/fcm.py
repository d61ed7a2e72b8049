"""A stand-in for Firebase Cloud Messaging (HTTP v1): takes what FCM takes, refuses as FCM refuses, delivers to nobody."""

import asyncio
import json
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, TypedDict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

NEWEST_KEPT = 10_000  # messages
LARGEST_PAYLOAD = 4096  # bytes

_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_FIELDS = {"name", "data", "notification", "android", "webpush", "apns", "fcm_options", "token", "fid", "topic", "condition"}
_RESERVED = re.compile(r"(from|message_type|google\..*|gcm\..*)", re.DOTALL)
_DURATION = re.compile(r"[0-9]+(\.[0-9]{1,9})?s")
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class ReceivedPush(TypedDict):
    """A message that was taken: the token (or fid) it went to, the FCM v1 message, and when (RFC 3339)."""

    token: str
    message: dict[str, Any]
    at: str


@dataclass(frozen=True, slots=True)
class Answer:
    """How the stand-in shall answer one message; the default takes it. A scripted answer stands in for all checks.

    `error_code` is FCM's own (UNREGISTERED, QUOTA_EXCEEDED, ...); `body` replaces the JSON answer; `delay` is in seconds.
    """

    status: int = 200
    error_code: str | None = None
    words: str = "scripted"
    retry_after: str | None = None
    body: str | None = None
    delay: float = 0


class FcmStandIn:
    """Answers `POST /v1/projects/{project}/messages:send` and keeps the newest 10,000 messages that it took.

    Mount `routes` under any prefix, or serve them alone.
    """

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self.routes: list[BaseRoute] = [Route("/v1/projects/{project}/messages:send", self._send, methods=["POST"])]
        self.asked = 0  # requests in all, the refused ones too
        self._clock = clock
        self._received: deque[ReceivedPush] = deque(maxlen=NEWEST_KEPT)
        self._scripts: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._numbers = count(1)

    def received(self, token: str | None = None) -> list[ReceivedPush]:
        """The messages that were taken, newest last; only those to `token` where one is named."""
        return [push for push in self._received if token in (None, push["token"])]

    def answer_next(self, token: str, *answers: Answer) -> None:
        """Answers the next messages to `token` like this, one by one, after what was scripted before."""
        self._scripts[token].extend(answers)

    async def _send(self, request: Request) -> Response:
        self.asked += 1
        project = request.path_params["project"]
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return _refusal(401, "Request is missing required authentication credential.")
        try:
            content = json.loads(await request.body())
        except (ValueError, RecursionError):
            return _refusal(400, "Invalid JSON payload received.")
        message = content.get("message") if isinstance(content, dict) else None
        if not isinstance(message, dict):
            return _refusal(400, "Message is missing.", field="message")
        token = message.get("token") or message.get("fid")
        if isinstance(token, str) and self._scripts.get(token):
            return await self._as_scripted(self._scripts[token].popleft(), project, token, message)
        fault = next(_faults(message), None)
        if fault is not None:
            return _refusal(400, fault[1], "INVALID_ARGUMENT", field=fault[0])
        return self._taken(project, str(token), message, keep=not content.get("validate_only"))

    async def _as_scripted(self, answer: Answer, project: str, token: str, message: dict[str, Any]) -> Response:
        await asyncio.sleep(answer.delay)
        response: Response
        if answer.status == 200:
            response = self._taken(project, token, message)
        else:
            response = _refusal(answer.status, answer.words, answer.error_code)
        if answer.body is not None:  # taken, or refused, but told in words that nobody expects
            response = Response(answer.body, answer.status, media_type="text/html")
        if answer.retry_after is not None:
            response.headers["Retry-After"] = answer.retry_after
        return response

    def _taken(self, project: str, token: str, message: dict[str, Any], *, keep: bool = True) -> Response:
        if keep:
            self._received.append({"token": token, "message": message, "at": self._clock().isoformat()})
        return JSONResponse({"name": f"projects/{project}/messages/{next(self._numbers)}"})


def _refusal(status: int, words: str, error_code: str | None = None, *, field: str | None = None) -> Response:
    """An error in FCM's shape."""
    details: list[dict[str, Any]] = []
    if error_code is not None:
        details.append({"@type": _FCM_ERROR, "errorCode": error_code})
    if field is not None:
        details.append({"@type": _BAD_REQUEST, "fieldViolations": [{"field": field, "description": words}]})
    error = {"code": status, "message": words, "status": _STATUS.get(status, "UNKNOWN"), "details": details}
    return JSONResponse({"error": error}, status)


def _faults(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What FCM would not take, as pairs of field and words; an approximation that is stricter than nothing."""
    for name in message.keys() - _FIELDS:
        yield "message", f"Invalid JSON payload received. Unknown name \"{name}\" at 'message': Cannot find field."
    targets = [message[name] for name in ("token", "fid") if message.get(name)]
    if len(targets) != 1:
        yield "message", "Recipient of the message is not set."
    elif not isinstance(targets[0], str) or re.search(r"\s", targets[0]):
        yield "message.token", "The registration token is not a valid FCM registration token"
    yield from _faults_of_data(message.get("data", {}))
    yield from _faults_of_platforms(message)
    counted = {name: message[name] for name in ("notification", "data") if name in message}
    if len(json.dumps(counted, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")) > LARGEST_PAYLOAD:
        yield "message", "Message is too big"


def _faults_of_data(data: object) -> Iterator[tuple[str, str]]:
    if not isinstance(data, dict):
        yield "message.data", "Invalid value at 'message.data'"
        return
    for position, (name, value) in enumerate(data.items()):
        if not isinstance(value, str):
            yield f"message.data[{position}].value", f"Invalid value at 'message.data[{position}].value' (TYPE_STRING), {json.dumps(value)}"
        if _RESERVED.fullmatch(name):
            yield "message.data", f"Invalid data payload key: {name}"


def _faults_of_platforms(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("notification", "android", "apns", "webpush"):
        if not isinstance(message.get(name, {}), dict):
            yield f"message.{name}", f"Invalid value at 'message.{name}'"
            return
    android = message.get("android", {})
    if str(android.get("priority", "normal")).lower() not in ("normal", "high"):
        yield "message.android.priority", "Invalid value at 'message.android.priority'"
    if not _DURATION.fullmatch(str(android.get("ttl", "0s"))):
        yield "message.android.ttl", "Invalid value at 'message.android.ttl' (type.googleapis.com/google.protobuf.Duration)"
    for name in ("apns", "webpush"):
        headers = message.get(name, {}).get("headers", {})
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            yield f"message.{name}.headers", f"Invalid value at 'message.{name}.headers' (TYPE_STRING)"
            return
    yield from _faults_of_apple(message.get("apns", {}).get("headers", {}))


def _faults_of_apple(headers: dict[str, str]) -> Iterator[tuple[str, str]]:
    if headers.get("apns-priority", "10") not in ("1", "5", "10"):
        yield "message.apns.headers", "Invalid apns-priority"
    if len(headers.get("apns-collapse-id", "").encode("utf-8", "replace")) > 64:
        yield "message.apns.headers", "apns-collapse-id is longer than 64 bytes"
    if not headers.get("apns-expiration", "0").isdecimal():
        yield "message.apns.headers", "Invalid apns-expiration"
