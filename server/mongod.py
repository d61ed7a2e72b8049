"""The real MongoDB of demo and tests: one mongod on loopback, a replica set of one, that never outlives whoever started it."""

import contextlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

_REPLICA_SET = "lianhu"
_LOG_LIMIT = 8 * 1024 * 1024
_INSTEAD = "set LIANHU_MONGODB_URI to a MongoDB replica set of your own"

# In seconds. A run that was just killed leaves a mongod that closes its files for about one: data and port may still be taken.
_GRACE = 3.0

# Replaces itself with mongod after asking the kernel (PR_SET_PDEATHSIG = 1) to end it together with the thread that started it;
# where the kernel knows no such wish, it goes without. A process of its own, because Popen's preexec_fn may deadlock beside threads.
_LEASH = """
import ctypes, os, signal, sys
prctl = getattr(ctypes.CDLL(None), "prctl", None)
if prctl is not None:
    prctl(1, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit("whoever wanted it is gone already")
os.execv(sys.argv[2], sys.argv[2:])
"""

# Small files (9 MB on disk instead of 302) and a small cache: this holds a settlement, not a city.
_MANNERS = (
    *("--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet"),
    *("--replSet", _REPLICA_SET, "--oplogSize", "64"),
    *("--wiredTigerCacheSizeGB", "0.25", "--wiredTigerEngineConfigString", "log=(prealloc=false,file_max=8MB)"),
    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
)


class MongodUnavailable(Exception):
    """No MongoDB could be started here; its text is one sentence with the mend, meant for the terminal."""


class _Ended(Exception):
    """Our mongod ended by itself, with this exit code and this log."""

    def __init__(self, code: int, log: str) -> None:
        super().__init__(code)
        self.code = code
        self.log = log

    @property
    def has_data_in_use(self) -> bool:
        return self.code == 100 and "DBPathInUse" in self.log

    @property
    def has_port_taken(self) -> bool:
        return self.code == 48


def find_mongod() -> Path:
    """The mongod to run: the one on PATH, else the one that the development requirements brought; raises `MongodUnavailable`."""
    on_path = shutil.which("mongod")
    if on_path is not None:
        return Path(on_path)
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        here = f"{platform.system()} on {platform.machine()}"
        raise MongodUnavailable(
            f"No mongod on PATH, and the packaged one runs on x86-64 Linux only, not on {here}: install MongoDB, or {_INSTEAD}."
        )
    package = importlib.util.find_spec("fiftyone")  # finds without importing
    for place in (package and package.submodule_search_locations) or ():
        packaged = Path(place) / "db" / "bin" / "mongod"
        if packaged.is_file():
            return _made_runnable(packaged)
    raise MongodUnavailable(f"No mongod on PATH or in this Python: install requirements/dev.txt (`make` does it), or {_INSTEAD}.")


def _made_runnable(binary: Path) -> Path:
    """Wheels may lose the run bit on their way to the disk."""
    if not os.access(binary, os.X_OK):
        try:
            binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        except OSError as error:
            raise MongodUnavailable(f"{binary} may not be run, and that could not be changed: `chmod +x` it, or {_INSTEAD}.") from error
    return binary


class EmbeddedMongod:
    """One mongod over `data_dir`, on 127.0.0.1 only; with port 0 it picks a free one. Use it as a context, or stop it last.

    Start it from the main thread: it ends together with the thread that started it, whatever ends that. `patience` is in seconds,
    `more` are further words for mongod's command line.
    """

    def __init__(self, data_dir: Path, *, port: int = 0, patience: float = 30.0, more: Sequence[str] = ()) -> None:
        self._data_dir = data_dir
        self._wanted_port = port
        self._port = port
        self._patience = patience
        self._more = tuple(more)
        self._deadline = 0.0
        self._log_from = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where clients find it, once it is started."""
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet={_REPLICA_SET}&directConnection=false"

    @property
    def port(self) -> int:
        """The port it listens on, once it is started."""
        self._running()
        return self._port

    @property
    def pid(self) -> int:
        """Its process id, once it is started."""
        return self._running().pid

    @property
    def log(self) -> Path:
        """The file with what it says."""
        return self._data_dir / "mongod.log"

    def start(self) -> None:
        """Returns once it takes writes, or raises `MongodUnavailable`, having left nothing running."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("start MongoDB from the main thread: it ends together with the thread that started it")
        if self._process is not None:
            raise RuntimeError("this MongoDB is started already")
        binary = find_mongod()
        begun = time.monotonic()
        self._deadline = begun + self._patience
        while not self._is_started(binary, is_last_try=time.monotonic() > begun + _GRACE):
            time.sleep(0.2)

    def stop(self) -> None:
        """Ends it in order, or by force after ten seconds; does nothing when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _is_started(self, binary: Path, *, is_last_try: bool) -> bool:
        """Whether this try succeeded; False where another one may."""
        try:
            self._launch(binary)
            # Only its own log tells that it listens: behind the port, somebody else's MongoDB might answer.
            self._wait_until(lambda: "waiting for connections" in self._said().lower())
            self._become_primary()
        except _Ended as end:
            self.stop()
            if not is_last_try and (end.has_data_in_use or end.has_port_taken):
                return False
            raise MongodUnavailable(self._why(binary, end)) from None
        except BaseException:
            self.stop()
            raise
        return True

    def _launch(self, binary: Path) -> None:
        self._port = self._wanted_port or _free_port()
        arguments = [str(binary), "--dbpath", str(self._data_dir), "--port", str(self._port), *_MANNERS, *self._more]
        try:
            self._data_dir.mkdir(parents=True, exist_ok=True)
            with self.log.open("ab") as log:
                if log.tell() > _LOG_LIMIT:
                    log.truncate(0)
                self._log_from = self.log.stat().st_size
                self._process = subprocess.Popen(  # noqa: S603 - our own words and the binary that was found
                    [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid()), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C is for us: we stop it last
                )
        except OSError as error:
            raise MongodUnavailable(
                f"MongoDB cannot keep its data in {self._data_dir} ({error.strerror}): name another LIANHU_DATA_DIR."
            ) from error

    def _become_primary(self) -> None:
        host = f"127.0.0.1:{self._port}"
        with MongoClient[dict[str, Any]](host, directConnection=True, serverSelectionTimeoutMS=2000) as client:
            self._wait_until(lambda: _is_member(client, host))
            self._wait_until(lambda: bool(client.admin.command("hello")["isWritablePrimary"]))

    def _wait_until(self, is_so: Callable[[], bool]) -> None:
        """Returns once `is_so`; raises `_Ended`, or `MongodUnavailable` when patience is at its end."""
        process = self._running()
        while True:
            with contextlib.suppress(PyMongoError):  # not ready to answer: ask again
                if is_so():
                    return
            code = process.poll()
            if code is not None:
                raise _Ended(code, self._said())
            if time.monotonic() > self._deadline:
                told = _last_words(self._said())
                raise MongodUnavailable(
                    f"MongoDB took no writes within {self._patience:g} s (it said: {told}): see {self.log}, or {_INSTEAD}."
                )
            time.sleep(0.02)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("this MongoDB is not started")
        return self._process

    def _said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            return log.read().decode(errors="replace")

    def _why(self, binary: Path, end: _Ended) -> str:
        if end.has_data_in_use:
            return f"The data in {self._data_dir} is in use by another run: stop that one, or name another LIANHU_DATA_DIR."
        if end.has_port_taken:
            return f"Port {self._port}, meant for MongoDB, is taken by another program: stop that one, or choose another port."
        if "libcurl.so.4" in end.log:
            return f"{binary} lacks libcurl: `apt-get install libcurl4`, or {_INSTEAD}."
        if "libssl.so.3" in end.log or "libcrypto.so.3" in end.log:
            return f"{binary} lacks OpenSSL 3, which came with Debian 12 and Ubuntu 22.04: use one of these or newer, or {_INSTEAD}."
        if end.code == -signal.SIGILL:
            return f"{binary} wants a processor with AVX, which this one lacks: {_INSTEAD}."
        return f"{binary} ended at once with {end.code} (it said: {_last_words(end.log)}): see {self.log}, or {_INSTEAD}."


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _is_member(client: MongoClient[dict[str, Any]], host: str) -> bool:
    """Sees to it that the replica set consists of `host`; on another port than before it would never become primary."""
    config = client.local["system.replset"].find_one()
    if config is None:
        client.admin.command("replSetInitiate", {"_id": _REPLICA_SET, "members": [{"_id": 0, "host": host}]})
    elif [member["host"] for member in config["members"]] != [host]:
        config["members"] = [{**config["members"][0], "host": host}]
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
    return True


def _last_words(log: str) -> str:
    """The last complaint in a mongod's log, or else its last line."""
    lines = [line for line in log.splitlines() if line.strip()]
    said = [_complaint(line) for line in reversed(lines)]
    return next((words for words in said if words), lines[-1] if lines else "nothing")


def _complaint(line: str) -> str:
    """What an error line says; empty for any other line."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line.strip()  # not of its log: the loader, or the command line's check
    if not isinstance(entry, Mapping) or entry.get("s") not in {"E", "F"}:
        return ""
    detail = entry.get("attr", {}).get("error", "")
    return f"{entry.get('msg', '')} {detail if isinstance(detail, str) else json.dumps(detail)}".strip()
