"""Exports of a filled database over HTTP, as the `million` bench has them: rows, seconds, and the most memory that the server ever held."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep

import httpx

from domain.identity import SignIn
from server.app import build_app
from server.serving import listen, make_server, run
from server.settings import Settings
from server.wiring import build_house


class Anybody:
    """Keeps `domain.identity.Identity`: whoever names themselves is believed. On loopback, for as long as a bench lasts."""

    async def verify(self, token: str, *, at: datetime) -> SignIn:
        return SignIn(token, at, at + timedelta(hours=1))


def take_away(settings: Settings, uid: str, at: datetime, size: int) -> None:
    """Every request as CSV, then as many as a workbook takes; each line says what it took."""
    recent = at - timedelta(days=365) * min(1.0, 90_000 / size)
    arguments = [settings.mongodb_uri, settings.mongodb_database, settings.data_key, at.isoformat()]
    command = [sys.executable, "-m", "bench.taking_away", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout
            base = serving.stdout.readline().strip()
            with httpx.Client(base_url=base, timeout=600, trust_env=False, headers={"Authorization": f"Bearer {uid}"}) as client:
                _wait_for(client)
                print(f"   the server before: {_peak(serving.pid)} MB", flush=True)
                _csv(client, serving.pid)
                _xlsx(client, serving.pid, recent, min(size, 90_000))
        finally:
            serving.terminate()


def _wait_for(client: httpx.Client) -> None:
    for _ in range(100):
        with suppress(httpx.ConnectError):
            asked = client.post("/graphql", json={"query": "{ viewer { person { id } } }"})
            assert asked.json()["data"]["viewer"], asked.text
            return
        sleep(0.1)
    raise RuntimeError("the server does not answer")


def _csv(client: httpx.Client, pid: int) -> None:
    begun = perf_counter()
    with client.stream("GET", "/exports/requests.csv") as answered:
        rows = sum(1 for _ in csv.reader(_lines(answered))) - 1
        print(f"   {rows} rows of CSV in {perf_counter() - begun:.0f} s, {answered.num_bytes_downloaded / 1e6:.0f} MB; ", end="")
    print(f"the server at most {_peak(pid)} MB", flush=True)


def _lines(answered: httpx.Response) -> Iterator[str]:
    for line in answered.iter_lines():
        yield f"{line}\n"


def _xlsx(client: httpx.Client, pid: int, since: datetime, rows: int) -> None:
    begun = perf_counter()
    answered = client.get("/exports/requests.xlsx", params={"submittedAfter": since.isoformat()})
    assert answered.status_code == 200, answered.text
    print(f"   a workbook of {len(answered.content) / 1e6:.0f} MB (about {rows} rows) in {perf_counter() - begun:.0f} s; ", end="")
    print(f"the server at most {_peak(pid)} MB", flush=True)


def _peak(pid: int) -> int:
    """The most resident memory of a process, in MB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1000


async def _serve(settings: Settings, at: datetime) -> None:
    house = build_house(settings, clock=lambda: at)
    with listen("127.0.0.1", 0) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        await make_server(build_app(house, Anybody())).serve(sockets=[listening])


if __name__ == "__main__":
    uri, database, key, moment = sys.argv[1:5]
    served = Settings(mode="demo", mongodb_uri=uri, mongodb_database=database, data_key=key, firebase_project="demo-lianhu")
    run(_serve(served, datetime.fromisoformat(moment)))
