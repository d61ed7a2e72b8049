"""The embedded MongoDB: real starts, real kills, and the sentence that each failure ends in."""

import os
import platform
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.client_session import ClientSession

from server import mongod
from server.mongod import EmbeddedMongod, MongodUnavailable, find_mongod

ROOT = Path(__file__).parents[2]

# Starts a MongoDB, says what it knows about it, and waits to be killed.
OTHER_RUN = """
import sys, time
from pathlib import Path
from server.mongod import EmbeddedMongod
with EmbeddedMongod(Path(sys.argv[1])) as running:
    print(running.uri, flush=True)
    time.sleep(60)
"""


def client_of(uri: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(uri, serverSelectionTimeoutMS=5000, w="majority", journal=True)


def keep(uri: str, *notes: str) -> None:
    with client_of(uri) as client:
        client.lianhu.notes.insert_many([{"_id": note} for note in notes])


def kept(uri: str) -> list[str]:
    with client_of(uri) as client:
        return sorted(note["_id"] for note in client.lianhu.notes.find())


def impostor(folder: Path, *lines: str) -> None:
    """Puts a mongod into the folder that does no more than these lines of shell."""
    folder.mkdir(exist_ok=True)
    (folder / "mongod").write_text("\n".join(["#!/bin/sh", *lines]))
    (folder / "mongod").chmod(0o755)


def test_a_fresh_start_takes_a_transaction_and_tells_of_changes(tmp_path: Path) -> None:
    def move(session: ClientSession) -> None:
        client.lianhu.notes.insert_one({"_id": "one"}, session=session)
        client.lianhu.notes.insert_one({"_id": "two"}, session=session)

    with EmbeddedMongod(tmp_path / "not" / "there" / "yet") as running:
        with client_of(running.uri) as client, client.lianhu.notes.watch() as changes:
            with client.start_session() as session:
                session.with_transaction(move)
            assert [changes.next()["documentKey"]["_id"], changes.next()["documentKey"]["_id"]] == ["one", "two"]
            bound_to = client.admin.command("getCmdLineOpts")["parsed"]["net"]["bindIp"]
        assert bound_to == "127.0.0.1"
        assert running.uri == f"mongodb://127.0.0.1:{running.port}/?replicaSet=lianhu&directConnection=false"


def test_the_next_run_finds_the_data_though_the_port_is_another_one(tmp_path: Path) -> None:
    with EmbeddedMongod(tmp_path) as first:
        keep(first.uri, "one")
        first_port = first.port
        with pytest.raises(RuntimeError, match="started already"):
            first.start()
    with EmbeddedMongod(tmp_path) as second:
        assert second.port != first_port
        keep(second.uri, "two")
        assert kept(second.uri) == ["one", "two"]


def test_a_second_run_on_the_same_data_is_told_what_to_do_and_leaves_the_first_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongod, "_GRACE", 0.3)
    with EmbeddedMongod(tmp_path) as first:
        second = EmbeddedMongod(tmp_path)
        with pytest.raises(MongodUnavailable, match=r"in use by another run: stop that one, or name another LIANHU_DATA_DIR\.$") as refused:
            second.start()
        assert str(tmp_path) in str(refused.value)
        with pytest.raises(RuntimeError, match="not started"):
            _ = second.uri
        keep(first.uri, "one")


def test_a_taken_port_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongod, "_GRACE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(MongodUnavailable, match=rf"^Port {port}, meant for MongoDB, is taken by another program"):
            EmbeddedMongod(tmp_path, port=port).start()


def test_killing_the_mongod_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    notes = [f"note {number:02}" for number in range(20)]
    with EmbeddedMongod(tmp_path) as first:
        for note in notes:
            keep(first.uri, note)
        os.kill(first.pid, signal.SIGKILL)
    with EmbeddedMongod(tmp_path) as second:
        assert kept(second.uri) == notes


def test_it_goes_with_a_killed_run_and_the_next_run_starts_right_away(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OTHER_RUN, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        keep(other.stdout.readline().strip(), "one")
        other.kill()
    with EmbeddedMongod(tmp_path) as running:  # would find the data in use, were the other mongod alive
        assert kept(running.uri) == ["one"]


def test_it_is_started_from_the_main_thread_only(tmp_path: Path) -> None:
    errors: list[str] = []

    def start() -> None:
        try:
            EmbeddedMongod(tmp_path).start()
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert errors == ["start MongoDB from the main thread: it ends together with the thread that started it"]


@pytest.mark.parametrize(
    ("dying", "sentence"),
    [
        (
            "echo 'error while loading shared libraries: libcurl.so.4: cannot open' >&2; exit 127",
            "lacks libcurl: `apt-get install libcurl4`, or",
        ),
        ("echo 'error while loading shared libraries: libcrypto.so.3: cannot open' >&2; exit 127", "lacks OpenSSL 3"),
        ("kill -ILL $$", "wants a processor with AVX"),
        (
            'echo \'{"s": "E", "msg": "No space", "attr": {"error": "28"}}\'; echo \'{"s": "I"}\'; exit 14',
            r"with 14 \(it said: No space 28\)",
        ),
        ('echo \'{"s": "F", "msg": "Odd", "attr": {"error": {"code": 1}}}\'; exit 14', r'it said: Odd \{"code": 1\}'),
        ("exit 3", r"with 3 \(it said: nothing\)"),
    ],
)
def test_a_mongod_that_cannot_run_ends_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dying: str, sentence: str) -> None:
    impostor(tmp_path / "bin", dying)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(MongodUnavailable, match=sentence) as refused:
        EmbeddedMongod(tmp_path / "data").start()
    assert "LIANHU_MONGODB_URI" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_mongod_that_never_listens_is_given_up_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impostor(tmp_path / "bin", f"echo $$ > {tmp_path}/pid", "echo busy", "exec /bin/sleep 60")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(MongodUnavailable, match=r"took no writes within 0\.5 s \(it said: busy\)"):
        EmbeddedMongod(tmp_path / "data", patience=0.5).start()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_data_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MongodUnavailable, match="name another LIANHU_DATA_DIR"):
        EmbeddedMongod(tmp_path / "file" / "data").start()


def test_an_endless_log_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mongod.log").write_text("old\n")
    monkeypatch.setattr(mongod, "_LOG_LIMIT", 3)
    impostor(tmp_path / "bin", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(MongodUnavailable, match="it said: nothing"):
        EmbeddedMongod(tmp_path).start()
    assert (tmp_path / "mongod.log").read_text() == ""


class TestFindingOne:
    @pytest.fixture(autouse=True)
    def nothing_on_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.setattr(platform, "system", lambda: "Linux")
        monkeypatch.setattr(platform, "machine", lambda: "x86_64")

    def test_the_one_on_path_comes_first(self, tmp_path: Path) -> None:
        impostor(tmp_path / "bin")
        assert find_mongod() == tmp_path / "bin" / "mongod"

    def test_the_packaged_one_gets_its_run_bit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        binary = tmp_path / "fiftyone" / "db" / "bin" / "mongod"
        binary.parent.mkdir(parents=True)
        binary.touch(mode=0o644)
        monkeypatch.setattr(sys, "path", [str(tmp_path)])
        assert find_mongod() == binary
        assert os.access(binary, os.X_OK)

    def test_a_run_bit_that_cannot_be_set_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: Path, mode: int) -> None:
            raise PermissionError(path, mode)

        binary = tmp_path / "fiftyone" / "db" / "bin" / "mongod"
        binary.parent.mkdir(parents=True)
        binary.touch(mode=0o644)
        monkeypatch.setattr(sys, "path", [str(tmp_path)])
        monkeypatch.setattr(Path, "chmod", refuse)
        with pytest.raises(MongodUnavailable, match=r"`chmod \+x` it, or set LIANHU_MONGODB_URI"):
            find_mongod()

    def test_a_machine_that_the_packaged_one_does_not_know_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(platform, "machine", lambda: "aarch64")
        with pytest.raises(MongodUnavailable, match="not on Linux on aarch64: install MongoDB, or set LIANHU_MONGODB_URI"):
            find_mongod()

    def test_a_python_without_the_package_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "path", [])
        with pytest.raises(MongodUnavailable, match=r"install requirements/dev.txt \(`make` does it\)"):
            find_mongod()
