"""Verbs that ask a service on this machine: `token` and `health`."""

from collections.abc import Callable

import httpx

from server.serving import base_url
from server.settings import Settings


class NoAnswer(Exception):
    """Nothing that could be used answers there; the message says the mend."""


def tell_token(person: str, settings: Settings, say: Callable[[str], None]) -> int:
    base = base_url(settings.host, settings.port)
    try:
        answer = httpx.post(f"{base}/demo/sign-in", json={"person": person}, timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        raise NoAnswer(f"no demo answers on {base}: start it with `make run`") from error
    try:
        said = answer.json()
        if answer.status_code != 200:
            raise NoAnswer(str(said["error"]))
        say(said["idToken"])
    except (ValueError, KeyError, TypeError) as error:
        raise NoAnswer(f"what answers on {base} is no demo of Lianhu") from error
    return 0


def ask_health(settings: Settings, say: Callable[[str], None]) -> int:
    # Asks this machine, whatever addresses it listens on.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    try:
        answer = httpx.get(f"{base_url(host, settings.port)}/health/ready", timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        raise NoAnswer(f"nothing answers on port {settings.port}") from error
    status = answer.json().get("status") if answer.headers.get("content-type") == "application/json" else None
    say(status or "something else answers there")
    return 0 if answer.status_code == 200 and status == "ready" else 1
