"""ID tokens of the demo: shaped as Firebase's, signed with a key that lives as long as the process."""

import base64
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from domain.identity import BadToken

SHORTEST_KEY = 32  # bytes


class DemoTokens:
    """Issues and checks the demo's ID tokens.

    While FIREBASE_AUTH_EMULATOR_HOST is set, firebase_admin believes any token and never looks at its expiry; the third
    segment made here (HMAC-SHA256) is what keeps strangers out, even of a demo.
    """

    def __init__(self, project_id: str, key: bytes) -> None:
        """Raises ValueError where the project is not a `demo-` one or the key is shorter than 32 bytes."""
        if not project_id.startswith("demo-"):
            raise ValueError(f"a demo project's id starts with demo-, this is {project_id!r}")
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"a key of {len(key)} bytes is too short, {SHORTEST_KEY} are wanted")
        self._project_id = project_id
        self._key = key

    def issue(self, uid: str, *, at: datetime, lifetime: timedelta) -> str:
        """A token that proves `uid` from `at` on, for `lifetime`."""
        issued = int(at.timestamp())
        claims = {
            "iss": f"https://securetoken.google.com/{self._project_id}",
            "aud": self._project_id,
            "sub": uid,
            "user_id": uid,
            "auth_time": issued,
            "iat": issued,
            "exp": int((at + lifetime).timestamp()),
            "firebase": {"identities": {}, "sign_in_provider": "custom"},
        }
        signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT'})}.{_segment(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def check(self, token: str, *, at: datetime) -> None:
        """Raises `BadToken` unless this process issued the token and it has not expired by `at`."""
        signed, _, signature = token.rpartition(".")
        # Compared as text: another spelling of the same bytes is another token. Bytes, as compare_digest wants ASCII in strings.
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(signed).encode()):
            raise BadToken("not a token of this demo")
        if at.timestamp() >= _claims(signed)["exp"]:
            raise BadToken("expired")

    def _signature(self, signed: str) -> str:
        return _unpadded(hmac.digest(self._key, signed.encode("utf-8", "replace"), "sha256"))


def _segment(content: dict[str, Any]) -> str:
    return _unpadded(json.dumps(content).encode())


def _claims(signed: str) -> dict[str, Any]:
    """What the second segment says; only for text whose signature held, so its shape is known."""
    encoded = signed.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return claims


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
