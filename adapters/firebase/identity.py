"""Firebase Authentication as the identity provider: who a token proves, without stopping the event loop for it."""

import asyncio
import base64
import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import firebase_admin
from firebase_admin import auth

from adapters.firebase.demo_tokens import DemoTokens
from domain.identity import BadToken, IdentityUnavailable, SignIn

LONGEST_TOKEN = 8 * 1024  # bytes
CLOCK_SKEW = timedelta(seconds=30)
REMEMBERED_FOR = timedelta(minutes=5)
MOST_FLIGHTS = 1000  # verifications under way or waiting for a thread; beyond it, callers are turned away at once
EMULATOR = "FIREBASE_AUTH_EMULATOR_HOST"


class FirebaseIdentity:
    """Verifies Firebase ID tokens in a few threads of its own, each token once in five minutes.

    With `demo_tokens` it believes those and nothing else (the SDK, which the demo tells not to look at signatures, is asked too).
    """

    def __init__(
        self,
        app: firebase_admin.App,
        demo_tokens: DemoTokens | None = None,
        *,
        threads: int = 4,
        remembered: int = 10_000,
        patience: float = 10,
    ) -> None:
        """`remembered` bounds the tokens kept, `patience` (seconds) bounds what a caller waits."""
        self._app = app
        self._demo_tokens = demo_tokens
        self._patience = patience
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="firebase-identity")
        self._known = _Known(remembered)
        self._flights: dict[bytes, asyncio.Task[SignIn]] = {}

    async def warm_up(self) -> None:
        """Fetches Google's certificates ahead of the first caller. Raises `IdentityUnavailable`; does nothing in a demo."""
        if self._demo_tokens is None:
            with suppress(BadToken):  # a token that nobody signed is refused, but only once the certificates are here
                await self._in_thread(_unsigned_token(self._app.project_id))

    async def close(self) -> None:
        """Starts no further verification; those under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def verify(self, token: str, *, at: datetime) -> SignIn:
        """The sign-in that the token proves at `at`. Raises `BadToken`, or `IdentityUnavailable`."""
        if not token or len(token) > LONGEST_TOKEN or not token.isascii():
            raise BadToken("not the shape of a token")
        if self._demo_tokens is not None:
            self._demo_tokens.check(token, at=at)
        key = hashlib.sha256(token.encode()).digest()
        sign_in = self._known.get(key, at=at) or await self._flight(key, token, at=at)
        if at >= sign_in.expires_at + CLOCK_SKEW:
            raise BadToken("expired")
        return sign_in

    async def _flight(self, key: bytes, token: str, *, at: datetime) -> SignIn:
        """The verification of this token that is under way, or a new one; a caller who leaves does not end it for the others."""
        flight = self._flights.get(key)
        if flight is None:
            if len(self._flights) >= MOST_FLIGHTS:
                raise IdentityUnavailable("too many verifications at once")
            flight = asyncio.create_task(self._verify_afresh(key, token, at=at))
            self._flights[key] = flight
            flight.add_done_callback(partial(self._landed, key))
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(flight)
        except TimeoutError as error:
            raise IdentityUnavailable("verification takes too long") from error

    def _landed(self, key: bytes, flight: asyncio.Task[SignIn]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # seen, even where every caller has left

    async def _verify_afresh(self, key: bytes, token: str, *, at: datetime) -> SignIn:
        sign_in = _sign_in(await self._in_thread(token))
        self._known.keep(key, sign_in, until=min(sign_in.expires_at, at + REMEMBERED_FOR))
        return sign_in

    async def _in_thread(self, token: str) -> Mapping[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._claims, token)

    def _claims(self, token: str) -> Mapping[str, Any]:
        """The verified claims; blocks for the certificates where they are not here or have aged."""
        # The SDK reads the variable on each call and then believes unsigned tokens: this must not depend on a start-up check alone.
        if self._demo_tokens is None and os.environ.get(EMULATOR):
            raise IdentityUnavailable(f"{EMULATOR} is set outside a demo")
        try:
            claims: Mapping[str, Any] = auth.verify_id_token(token, app=self._app, clock_skew_seconds=int(CLOCK_SKEW.total_seconds()))
        except auth.CertificateFetchError as error:
            raise IdentityUnavailable("certificates cannot be fetched") from error
        except auth.ExpiredIdTokenError:
            raise BadToken("expired") from None
        except auth.InvalidIdTokenError as error:
            raise _meaning(error) from None
        # What the SDK lets through for tokens whose parts are of the wrong type or nested without end.
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise BadToken("malformed") from None
        return claims


class _Known:
    """The newest verified sign-ins by the digest of their token, each until its time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[bytes, tuple[SignIn, datetime]] = OrderedDict()

    def get(self, key: bytes, *, at: datetime) -> SignIn | None:
        sign_in, until = self._entries.get(key, (None, at))
        if sign_in is None:
            return None
        if at >= until:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return sign_in

    def keep(self, key: bytes, sign_in: SignIn, *, until: datetime) -> None:
        self._entries[key] = (sign_in, until)
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)


def _meaning(error: auth.InvalidIdTokenError) -> BadToken | IdentityUnavailable:
    """What the refusal means; its words repeat parts of the token, so they go no further."""
    # A proxy's page in place of the certificates reaches us as an invalid token; it must not sign everybody out.
    if isinstance(error.cause, (json.JSONDecodeError, UnicodeDecodeError)):
        return IdentityUnavailable("certificates cannot be read")
    return BadToken("not valid")


def _sign_in(claims: Mapping[str, Any]) -> SignIn:
    try:
        signed_in_at = _moment(claims.get("auth_time", claims["iat"]))
        return SignIn(uid=claims["uid"], signed_in_at=signed_in_at, expires_at=_moment(claims["exp"]))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise BadToken("claims are missing") from None


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _unsigned_token(project_id: str) -> str:
    """A token that is right in all but its signature, so that the SDK goes and fetches the certificates."""
    header = {"alg": "RS256", "kid": "warm-up"}
    payload = {"iss": f"https://securetoken.google.com/{project_id}", "aud": project_id, "sub": "warm-up"}
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (header, payload, {}))
