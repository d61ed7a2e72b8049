"""The command line: each verb does its work, or says in one sentence why not and what to do."""

import asyncio
import gc
import json
import logging
import re
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from adapters.mongo.collections import COLLECTIONS
from schema.printed import printed
from server import cli
from server.cli import VERBS, main
from server.demo.settlement import settlement
from server.mongod import MongodUnavailable, find_mongod
from server.settings import described_settings
from tests.conftest import DATA_KEY, Served

DEMO = {"LIANHU_MODE": "demo"}
PRODUCTION = {"LIANHU_FIREBASE_PROJECT": "lianhu-heze", "LIANHU_DATA_KEY": DATA_KEY}
NOBODYS_PORT = "1"
"""On which no program of ours, nor of anybody's, listens: a free one may be taken meanwhile."""
Captured = pytest.CaptureFixture[str]
PATIENCE = 120  # seconds: whatever takes longer hangs


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The command line sets up logs for a whole process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


# PyMongo leaves the socket to the collector of a connection that was under way when its client was closed.
leaves_sockets = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def unreachable() -> Iterator[Mapping[str, str]]:
    """A database that nobody answers for, as settings."""
    yield {"LIANHU_MONGODB_URI": f"mongodb://127.0.0.1:{NOBODYS_PORT}/?replicaSet=nobody"}
    gc.collect()


@pytest.fixture
def database(mongodb_uri: str) -> Iterator[Mapping[str, str]]:
    """An empty database of the test's own, as settings."""
    name = f"cli_{uuid4().hex[:12]}"
    yield {"LIANHU_MONGODB_URI": mongodb_uri, "LIANHU_MONGODB_DATABASE": name}
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(name)


def said(captured: Captured) -> tuple[str, str]:
    out, err = captured.readouterr()
    return out, err


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        port: int = door.getsockname()[1]
        return port


def fails(captured: Captured, *arguments: str, **environment: str) -> str:
    """What a verb that failed said; it fails with 1, in one sentence, without a traceback."""
    assert main(arguments, environment) == 1
    out, err = said(captured)
    assert err.startswith("lianhu: ")
    assert "Traceback" not in err
    assert out == ""
    return err.removeprefix("lianhu: ")


# --- Help, and what is no command.


def test_help_lists_every_verb_and_every_setting(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"], {})
    text = said(capsys)[0]

    assert end.value.code == 0
    assert all(f"\n    {verb}" in text for verb in VERBS)
    assert all(name in text and words in text for name, _, words in described_settings())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as end:
        main([verb, "--help"], {})

    assert end.value.code == 0
    assert " ".join(VERBS[verb].split()) in " ".join(said(capsys)[0].split())


@pytest.mark.parametrize("arguments", [[], ["dance"], ["serve", "now"], ["seed", "--households", "many"], ["token"]])
def test_what_is_no_command_is_explained(arguments: list[str], capsys: Captured) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments, {})

    assert end.value.code == 2
    assert "usage: python -m server" in said(capsys)[1]


def test_bad_settings_stop_every_verb_all_named_at_once(capsys: Captured) -> None:
    told = fails(capsys, "sdl", LIANHU_PORT="x", LIANHU_MODE="y", LIANHU_NOISE="z")

    assert all(name in told for name in ("LIANHU_PORT", "LIANHU_MODE", "LIANHU_NOISE is no setting"))


def test_logs_are_json_where_a_collector_wants_them(capsys: Captured) -> None:
    assert main(["sdl"], {"LIANHU_LOG_FORMAT": "json"}) == 0
    logging.getLogger("lianhu").warning("三单元")

    assert json.loads(said(capsys)[1])["message"] == "三单元"


# --- sdl.


def test_sdl_prints_the_schema(capsys: Captured) -> None:
    assert main(["sdl"], {}) == 0
    assert said(capsys) == (printed(), "")


def test_sdl_holds_the_committed_schema_against_the_served_one(capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed = tmp_path / "schema.graphql"
    monkeypatch.setattr(cli, "SNAPSHOT", committed)

    committed.write_text(printed(), "utf-8")
    assert main(["sdl", "--check"], {}) == 0
    assert said(capsys) == ("schema/schema.graphql is what is served\n", "")

    committed.write_text(printed() + "\nscalar More\n", "utf-8")
    assert "make sdl" in fails(capsys, "sdl", "--check")


# --- What only production or only the demo does.


@pytest.mark.parametrize("verb", ["serve", "relay", "clockwork"])
def test_the_verbs_of_production_are_not_for_the_demo(verb: str, capsys: Captured) -> None:
    assert fails(capsys, verb, **DEMO) == f"`{verb}` is for production; the verb `demo` runs everything in one process\n"


@pytest.mark.parametrize("verb", ["serve", "relay", "clockwork"])
def test_production_does_not_start_and_says_every_reason(verb: str, capsys: Captured) -> None:
    told = fails(capsys, verb, FIREBASE_AUTH_EMULATOR_HOST="127.0.0.1:9099")

    assert told.startswith("production does not start:\n")
    assert [line.split()[1] for line in told.splitlines()[1:]] == [
        "FIREBASE_AUTH_EMULATOR_HOST",
        "LIANHU_FIREBASE_PROJECT",
        "LIANHU_DATA_KEY",
        "LIANHU_MONGODB_URI",
    ]


def test_the_demo_refuses_what_others_could_reach(capsys: Captured) -> None:
    assert "loopback" in fails(capsys, "demo", LIANHU_HOST="0.0.0.0")
    assert "demo-" in fails(capsys, "demo", LIANHU_FIREBASE_PROJECT="lianhu-heze")
    assert "loopback" in fails(capsys, "check-settings", **DEMO, LIANHU_HOST="::")


def test_the_demo_says_that_its_port_is_taken(capsys: Captured) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        port = door.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}" in fails(capsys, "demo", LIANHU_PORT=str(port))


# --- check-settings.


def check(captured: Captured, **environment: str) -> tuple[int, list[str]]:
    code = main(["check-settings"], environment)
    out, err = said(captured)
    assert err == ""
    return code, out.splitlines()


def test_the_demo_would_start_with_nothing_set(capsys: Captured) -> None:
    assert check(capsys, **DEMO) == (0, ["demo mode would start"])


def test_production_would_not_start_with_nothing_set(capsys: Captured) -> None:
    code, lines = check(capsys)

    assert code == 1
    assert lines[-1] == "production would not start"
    assert [line.split()[1] for line in lines[:-1]] == ["LIANHU_FIREBASE_PROJECT", "LIANHU_DATA_KEY", "LIANHU_MONGODB_URI"]


def test_production_takes_no_project_of_a_demo(capsys: Captured) -> None:
    assert "- LIANHU_FIREBASE_PROJECT is a demo project: name the real one" in check(capsys, LIANHU_FIREBASE_PROJECT="demo-lianhu")[1]


def test_production_wants_indexes_first_and_would_start_then(capsys: Captured, database: Mapping[str, str]) -> None:
    code, lines = check(capsys, **PRODUCTION, **database)
    assert code == 1
    assert "indexes are missing" in lines[0]
    assert "run the verb `indexes`" in lines[0]

    assert main(["indexes"], database) == 0
    made = said(capsys)[0].splitlines()
    assert {f"made {collection.name}.{index.name}" for collection in COLLECTIONS for index in collection.indexes} <= set(made)
    assert made[-1] == f"{len(made) - 1} things were missing"

    assert main(["indexes"], database) == 0
    assert said(capsys)[0] == "nothing was missing\n"
    assert check(capsys, **PRODUCTION, **database) == (0, ["production would start"])


@leaves_sockets
def test_a_database_that_does_not_answer_is_told(capsys: Captured, unreachable: Mapping[str, str]) -> None:
    assert "MongoDB does not answer (ServerSelectionTimeoutError)" in check(capsys, **PRODUCTION, **unreachable)[1][0]


@pytest.fixture
def single_server(tmp_path: Path) -> Iterator[str]:
    """A MongoDB without a replica set."""
    try:
        binary = find_mongod()
    except MongodUnavailable as gone:
        pytest.skip(str(gone))
    words = ["--dbpath", str(tmp_path), "--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
    for port in (free_port() for _ in range(5)):
        alone = [str(binary), *words, "--port", str(port)]
        with subprocess.Popen(alone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
            if is_up := answers(process, uri):
                yield uri
            process.kill()
        if is_up:
            return
    pytest.fail("this mongod does not run alone")


def answers(process: subprocess.Popen[bytes], uri: str) -> bool:
    """Whether it does in the end; not where it hangs, or somebody else was faster with its port, and answers."""
    with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=200, socketTimeoutMS=PATIENCE * 1_000) as client:
        until = monotonic() + PATIENCE
        while process.poll() is None and monotonic() < until:
            with suppress(PyMongoError):
                if client.admin.command("serverStatus")["pid"] == process.pid:
                    return True
            sleep(0.05)
    return False


def test_a_database_without_transactions_is_refused(capsys: Captured, single_server: str) -> None:
    code, lines = check(capsys, **PRODUCTION, LIANHU_MONGODB_URI=single_server)

    assert code == 1
    assert lines[0] == "- MongoDB is a single server, without transactions: make it a replica set, or use a mongos"


BAD_DATABASES = [
    {"LIANHU_MONGODB_URI": "http://db.example"},
    {"LIANHU_MONGODB_URI": "mongodb://"},
    {"LIANHU_MONGODB_URI": "mongodb://127.0.0.1:99999/"},
    {"LIANHU_MONGODB_URI": "mongodb://127.0.0.1/?replicaSet=x", "LIANHU_MONGODB_DATABASE": "two words"},
]


@pytest.mark.parametrize("given", BAD_DATABASES, ids=lambda given: " ".join(given.values()))
def test_a_database_that_cannot_be_one_is_told_and_not_traced(given: Mapping[str, str], capsys: Captured) -> None:
    code, lines = check(capsys, **PRODUCTION, **given)

    assert code == 1
    assert "LIANHU_MONGODB_" in lines[0]
    assert "LIANHU_MONGODB_" in fails(capsys, "indexes", **given)
    assert "LIANHU_MONGODB_" in fails(capsys, "seed", **DEMO, **given)


# --- indexes and seed.


def test_indexes_wants_to_know_where(capsys: Captured) -> None:
    assert "LIANHU_MONGODB_URI is empty" in fails(capsys, "indexes")


@leaves_sockets
def test_indexes_says_that_nobody_answers(capsys: Captured, unreachable: Mapping[str, str]) -> None:
    assert "MongoDB did not do it (ServerSelectionTimeoutError" in fails(capsys, "indexes", **unreachable)


@leaves_sockets
def test_the_history_is_of_a_database_that_answers(capsys: Captured, unreachable: Mapping[str, str]) -> None:
    assert "MongoDB did not do it (ServerSelectionTimeoutError" in fails(capsys, "replay", "--check", **unreachable)


@leaves_sockets
def test_seed_says_that_nobody_answers(capsys: Captured, unreachable: Mapping[str, str]) -> None:
    assert "ServerSelectionTimeoutError" in fails(capsys, "seed", **DEMO, **unreachable)


def test_seed_invents_people_only_for_the_demo(capsys: Captured) -> None:
    assert "LIANHU_MODE=demo" in fails(capsys, "seed", LIANHU_MONGODB_URI="mongodb://127.0.0.1/?replicaSet=x")


def test_seed_wants_enough_households(capsys: Captured) -> None:
    assert "28 households or more, not 27" in fails(capsys, "seed", "--households", "27", **DEMO)


def test_seed_fills_a_database_once(capsys: Captured, database: Mapping[str, str]) -> None:
    assert main(["seed", "--households", "30"], {**DEMO, **database}) == 0
    told = said(capsys)[0]
    assert "The settlement of 柳湾镇 is filled: 30 households" in told

    assert main(["seed", "--households", "40"], {**DEMO, **database}) == 0
    assert said(capsys)[0] == "990101101 is there already, and stays as it is\n"
    with MongoClient[dict[str, object]](database["LIANHU_MONGODB_URI"]) as client:
        assert client[database["LIANHU_MONGODB_DATABASE"]].households.count_documents({}) == 30


def test_seed_brings_a_database_of_its_own_where_none_is_named(capsys: Captured, tmp_path: Path) -> None:
    assert main(["seed", "--households", "28"], {**DEMO, "LIANHU_DATA_DIR": str(tmp_path)}) == 0
    assert "is filled: 28 households" in said(capsys)[0]
    assert (tmp_path / "mongo" / "mongod.log").is_file()


# --- the first code.


def test_the_first_code_is_printed_for_whoever_keeps_the_database(capsys: Captured, database: Mapping[str, str]) -> None:
    assert main(["seed", "--households", "28"], {**DEMO, **database}) == 0
    planned = settlement(28)
    administrator = planned.handles["administrator-1"]
    said(capsys)

    assert main(["enrolment-code", administrator], {**DEMO, **database}) == 0
    printed_slip, _ = said(capsys)
    with MongoClient[dict[str, Any]](database["LIANHU_MONGODB_URI"]) as client:
        here = client[database["LIANHU_MONGODB_DATABASE"]]
        here.persons.update_one({"id": administrator}, {"$set": {"code": "A-1"}})
        [kept] = here.enrolment_codes.find()
    code = re.search(r"绑定码：(\d{4}) (\d{4})$", printed_slip, re.MULTILINE)
    assert code is not None
    assert (kept["_id"], kept["issued_by_id"], kept["beginning"]) == (administrator, "operator", code[1])
    assert main(["enrolment-code", "A-1", "--township", planned.township_code], {**DEMO, **database}) == 0
    assert "绑定码" in said(capsys)[0]
    for unknown in (["A-1"], ["A-2", "--township", planned.township_code], ["A-1", "--township", "990909909"], [""]):
        assert "there is no such person" in fails(capsys, "enrolment-code", *unknown, **DEMO, **database)


@leaves_sockets
def test_the_first_code_wants_a_database_that_answers(capsys: Captured, unreachable: Mapping[str, str]) -> None:
    assert "LIANHU_MONGODB_URI is empty" in fails(capsys, "enrolment-code", "A-1")
    assert "ServerSelectionTimeoutError" in fails(capsys, "enrolment-code", "A-1", "--township", "990101101", **unreachable)


# --- token and health, against a running service.


def port_of(served: Served) -> str:
    return served.base.rpartition(":")[2]


async def ask(served: Served, *arguments: str) -> int:
    """The verb in a thread of its own: the service runs in this one."""
    return await asyncio.to_thread(main, arguments, {"LIANHU_PORT": port_of(served)})


async def test_token_prints_one_for_somebody_of_the_demo(served: Served, capsys: Captured) -> None:
    assert await ask(served, "token", "resident-1") == 0
    assert said(capsys)[0].count(".") == 2


async def test_token_knows_only_people_of_the_demo(served: Served, capsys: Captured) -> None:
    assert await ask(served, "token", "somebody-else") == 1
    assert said(capsys)[1] == "lianhu: person must be one of /demo/people\n"


async def test_health_is_good_while_the_service_is_ready(served: Served, capsys: Captured) -> None:
    assert await ask(served, "health") == 0
    assert said(capsys)[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_token_and_health_say_that_nobody_answers(host: str, capsys: Captured) -> None:
    port = NOBODYS_PORT

    assert "no demo answers" in fails(capsys, "token", "resident-1", LIANHU_PORT=port, LIANHU_HOST=host)
    assert f"nothing answers on port {port}" in fails(capsys, "health", LIANHU_PORT=port, LIANHU_HOST=host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_health_asks_this_machine_whatever_it_listens_on(host: str, capsys: Captured) -> None:
    assert "nothing answers" in fails(capsys, "health", LIANHU_PORT=NOBODYS_PORT, LIANHU_HOST=host)


class _SomethingElse(BaseHTTPRequestHandler):
    """A web server that is not ours."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()
        self.wfile.write("<p>别的网站</p>".encode())

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    """The port of somebody else's web server."""
    with HTTPServer(("127.0.0.1", 0), _SomethingElse) as other:
        serving = Thread(target=other.serve_forever)
        serving.start()
        yield str(other.server_port)
        other.shutdown()
        serving.join()


def test_somebody_elses_server_is_not_healthy_and_gives_no_token(stranger: str, capsys: Captured) -> None:
    assert main(["health"], {"LIANHU_PORT": stranger}) == 1
    said(capsys)
    assert "demo" in fails(capsys, "token", "resident-1", LIANHU_PORT=stranger)
