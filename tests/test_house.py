"""The house in order: what must not exist does not, imports do nothing, everything is written down, and files stay readable."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from inspect import getmembers, isclass
from itertools import pairwise
from pathlib import Path

import pytest
from graphql import build_schema

from adapters.mongo.collections import COLLECTIONS
from domain.errors import RefusalCode
from domain.events import EventKind
from domain.notices import NoticeKind
from schema.printed import printed
from server.cli import VERBS
from server.settings import described_settings
from server.wiring import load_messages

ROOT = Path(__file__).parent.parent
FLOORS = ("domain", "resolvers", "adapters", "schema", "server")
SOURCES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in SOURCES if path.name not in {"__init__.py", "__main__.py"}]
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- What must not exist (domain.md, section 12).

FORBIDDEN = {
    *("addiction", "addict", "drug", "mental", "psychiatric", "illness", "correction", "convict", "prisoner", "released", "petition"),
    *("petitioner", "stability", "extremist", "score", "scores", "scoring", "ranking", "rank", "rating", "label", "labels", "tag"),
    *("profile", "profiling", "blacklist", "watchlist", "suspicious", "risk", "credit", "penalty", "birth", "birthday", "birthdate"),
    *("age", "gender", "sex", "ethnic", "ethnicity", "nationality", "religion", "faith", "health", "disability", "income", "salary"),
    *("wealth", "debt", "face", "facial", "fingerprint", "biometric", "photo", "camera", "gate", "track", "tracks", "tracking"),
    *("trajectory", "movement", "gps", "position", "checkin", "attendance", "temperature", "quota", "patrol", "appraisal", "dues"),
    *("whereabouts", "occupants", "relatives", "kinship"),
}
FORBIDDEN_TOGETHER = (
    ("id", "number"),
    ("id", "card"),
    ("identity", "number"),
    ("identity", "card"),
    ("citizen", "id"),
    ("party", "member"),
    ("party", "membership"),
    ("check", "in"),
    ("visit", "count"),
    ("family", "members"),
    ("household", "members"),
    ("last", "seen"),
)
ALLOWED: Mapping[str, str] = {
    "Household.label": "a room number, like 3-2-501: of a home, not of a person",
    "households.label": "the same, as it is kept",
    "ServiceItem.photo_reason": "why an item wants a picture of the matter, never of a face",
    "ServiceItem.photo_required": "whether it wants one",
    "ServiceItem.photoRequired": "the same, as it is served",
    "message zh-CN refusal.photo_wanted": "says that it wants one",
    "message en refusal.photo_wanted": "the same",
    "verb health": "the health of the service, of nobody else",
    "domain.sync.Position": "where a phone stands in the feed, not where anybody is",
    "Placed.position": "where a command stands in its batch",
}


def words_of(name: str) -> list[str]:
    """`checkIn`, `CHECK_IN` and `check_in` are the same two words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def is_forbidden(name: str) -> bool:
    words = words_of(name)
    pairs = list(pairwise(words))
    return bool(set(words) & FORBIDDEN) or any(pair in pairs for pair in FORBIDDEN_TOGETHER)


def served_names() -> Iterator[tuple[str, str]]:
    """Names of the schema: types, fields, arguments, values."""
    for kind in build_schema(printed()).type_map.values():
        if kind.name.startswith("__"):
            continue
        yield kind.name, kind.name
        for name, field in getattr(kind, "fields", {}).items():
            yield f"{kind.name}.{name}", name
            yield from ((f"{kind.name}.{name}({argument}:)", argument) for argument in getattr(field, "args", {}))
        yield from ((f"{kind.name}.{name}", name) for name in getattr(kind, "values", {}))


def kept_names() -> Iterator[tuple[str, str]]:
    """Names of what is kept: the law's records, whose fields are the documents' fields, and what collections and indexes add."""
    for module in MODULES:
        for name, kind in getmembers(import_module(module), isclass):
            if kind.__module__ == module and is_dataclass(kind):
                yield f"{module}.{name}", name
                yield from ((f"{name}.{field.name}", field.name) for field in fields(kind))
    for collection in COLLECTIONS:
        yield from ((f"{collection.name}.{name}", name) for name in (collection.name, *collection.fields))
        for index in collection.indexes:
            yield from ((f"{collection.name} index {index.name}: {key}", part) for key, _ in index.keys for part in key.split("."))


def said_names() -> Iterator[tuple[str, str]]:
    """Names of what is said and set: keys of messages, verbs, settings, refusals, events and notices."""
    for language, texts in load_messages().texts.items():
        yield from ((f"message {language} {key}", part) for key in texts for part in key.split("."))
    yield from ((f"verb {verb}", verb.replace("-", "_")) for verb in VERBS)
    yield from ((f"setting {name}", name) for name, _, _ in described_settings())
    for kind in (*RefusalCode, *EventKind, *NoticeKind):
        yield f"{type(kind).__name__}.{kind.name}", kind.value


def test_nothing_exists_that_must_not() -> None:
    found = {place for place, name in [*served_names(), *kept_names(), *said_names()] if is_forbidden(name)}

    assert found - set(ALLOWED) == set(), "see domain.md, section 12, before anything is allowed here"


def test_every_exception_is_still_needed() -> None:
    found = {place for place, name in [*served_names(), *kept_names(), *said_names()] if is_forbidden(name)}

    assert set(ALLOWED) - found == set()


@pytest.mark.parametrize("name", ["stabilityScore", "check_in", "CHECK_IN", "idNumber", "partyMember", "lastSeenAt", "birthDate"])
def test_the_list_would_notice(name: str) -> None:
    assert is_forbidden(name)


@pytest.mark.parametrize("name", ["linkMember", "PARTY_GROUP", "number", "phoneNumberToDial", "page", "visible", "stage"])
def test_the_list_lets_the_glossary_pass(name: str) -> None:
    assert not is_forbidden(name)


# --- Imports do nothing.

WATCHED = """
import importlib, sys, threading
acts = []
def watch(event, args):
    # urllib3 asks once whether this machine speaks IPv6 at all, by binding to ::1.
    if event == "socket.bind" and args[1] == ("::1", 0):
        return
    if event in {"socket.bind", "socket.connect", "subprocess.Popen", "os.fork", "_thread.start_new_thread", "os.mkdir", "os.remove"}:
        acts.append(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        acts.append(f"open {args[0]} {args[1]}")
sys.dont_write_bytecode = True
sys.addaudithook(watch)
for module in sys.argv[1:]:
    importlib.import_module(module)
    for act in acts:
        print(module, act)
    acts.clear()
import asyncio
print("threads", threading.active_count(), "loop", asyncio._get_running_loop())
"""


def test_importing_every_module_starts_writes_and_opens_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", WATCHED, *MODULES], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("threads 1 loop None\n", "")


def test_imports_stand_at_the_top() -> None:
    for path in SOURCES:
        functions = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, FUNCTION)]
        inside = [node.lineno for part in functions for node in ast.walk(part) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert inside == [], path


# --- Files and functions stay readable.

LONGEST_FILE, LONGEST_FUNCTION = 320, 40
LONG_FILES: Mapping[str, str] = {"domain/lifecycle.py": "the one table of moves, a row for each"}
LONG_FUNCTIONS: Mapping[str, str] = {}
NO_NAMES = {"utils", "util", "helpers", "common", "services", "managers", "core", "misc", "base"}


def test_no_file_is_longer_than_one_can_read_at_once_without_a_reason() -> None:
    long = {named(path) for path in SOURCES if len(path.read_text("utf-8").splitlines()) > LONGEST_FILE}

    assert long == set(LONG_FILES)


def test_no_function_is_longer_than_a_screen_without_a_reason() -> None:
    long = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, FUNCTION) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION:
                long.add(f"{named(path)}: {node.name}")

    assert long == set(LONG_FUNCTIONS)


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [named(path) for path in SOURCES if {path.stem, path.parent.name} & NO_NAMES] == []


def test_every_module_says_what_it_is_for() -> None:
    written = [path for path in SOURCES if path.read_text("utf-8").strip() and path.name != "__main__.py"]

    assert [named(path) for path in written if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


# --- Everything is written down.


@cache
def page(name: str) -> str:
    path = ROOT / name
    return path.read_text("utf-8") if path.exists() else ""


def first_cells(name: str) -> list[str]:
    """What the first column of every table on a page says, without its quotes."""
    rows = [line.split("|")[1].strip() for line in page(name).splitlines() if line.startswith("|")]
    return [cell.strip("`") for cell in rows]


def test_every_setting_is_documented_with_its_default() -> None:
    rows = {
        line.split("|")[1].strip(): line.split("|")[2].strip()
        for line in page("docs/settings.md").splitlines()
        if line.startswith("| `LIANHU")
    }

    assert rows == {f"`{name}`": f"`{default}`" if default else "" for name, default, _ in described_settings()}


def test_every_verb_is_documented() -> None:
    assert [verb for verb in VERBS if verb not in first_cells("docs/running.md")] == []


def test_every_refusal_code_is_documented() -> None:
    assert [code.value for code in RefusalCode if code.value not in first_cells("docs/refusals.md")] == []


def test_every_kind_of_event_and_of_notice_is_documented() -> None:
    assert [kind.value for kind in EventKind if kind.value not in first_cells("docs/events.md")] == []
    assert [kind.value for kind in NoticeKind if f"`{kind.value}`" not in page("docs/events.md")] == []


def test_every_verb_of_make_is_documented() -> None:
    verbs = re.findall(r"^([a-z-]+):[^#\n]*## ", page("Makefile"), re.MULTILINE)

    assert len(verbs) > 8
    assert [verb for verb in verbs if f"make {verb}" not in page("README.md") and verb != "help"] == []
    assert "`make`" in page("README.md"), "`make` alone is `make help`"


# --- What is kept in the repository.


def tracked() -> list[Path]:
    """Files of the repository, those not yet added too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no clone")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    somebodys = re.compile(rb"(?<![\w.-])/(?:work|root|home/\w+|Users/\w+)/")

    assert [named(path) for path in tracked() if somebodys.search(path.read_bytes())] == []


def requirements() -> Iterator[tuple[str, str]]:
    """Each requirement of each lock file, with its hashes on one line."""
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text("utf-8").replace("\\\n", " ")
        yield from ((path.name, line) for line in text.splitlines() if line.strip() and not line.startswith("#"))


def test_every_requirement_is_of_one_version_with_hashes_and_of_no_host() -> None:
    locked = list(requirements())
    pinned = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,-]+\])?==[^ ;]+( ;[^-]*)?( +--hash=sha256:[0-9a-f]{64})+ *")

    assert {name for name, _ in locked} == {"dev.txt", "run.txt"}
    assert [line[:60] for _, line in locked if not pinned.fullmatch(line)] == []
    assert [line[:60] for _, line in locked if "://" in line or "-index" in line or " @ " in line] == []


def test_whatever_is_shipped_is_what_was_tested() -> None:
    """The image installs run.txt, the tests ran with dev.txt: one version of everything in both."""
    by_file = {name: {line.split(" ")[0] for other, line in requirements() if other == name} for name in ("run.txt", "dev.txt")}

    assert by_file["run.txt"] <= by_file["dev.txt"]
