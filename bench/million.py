"""A million requests of one township: every queue of the board, lists, searches, figures and exports; what MongoDB looked at, and how long.

The database is filled by the domain's own values and encoders, without events and notices. It takes a while and
some gigabytes of disk, and tells how far it is.
`python -m bench million 50000` fills fewer, as LIANHU_BENCH_REQUESTS does.
"""

import os
import resource
import tempfile
from asyncio import sleep
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from pymongo import MongoClient

from adapters.mongo.collections import build
from adapters.mongo.migrations import migrate
from adapters.mongo.tallies import Head
from bench.taking_away import take_away
from domain.access import Actor
from domain.board import BoardQueue as Queue
from domain.board import QueueKind, look
from domain.identity import SignIn
from domain.measures import CAME, JUDGED
from domain.pages import PageRequest
from domain.ports import Ports, RequestQuery, TaskQuery
from domain.requests import RequestState
from domain.search import sought
from domain.tallies import of_village
from domain.tasks import TO_DO
from resolvers.measures import measures, measures_by_origin_village
from resolvers.similar import SimilarTo, related_to, similar_requests
from server.demo.running import fill as fill_demo
from server.demo.settlement import Settlement, settlement, uid_of
from server.mongod import EmbeddedMongod
from server.serving import run
from server.settings import Settings
from server.wiring import House, build_house
from tests.adapters.explaining import Command, Recorder
from tests.adapters.filling import fill

REQUESTS = 1_000_000
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DATABASE = "bench_million"
REPEATED = 5
CACHE = "cache_size=4GB"
OPEN = (RequestState.IN_HAND, RequestState.ON_HOLD, RequestState.ANSWERED)
WORDS = ("灯", "电梯", "楼道灯 老人", "水管漏水 智能手机", "助听器", "wifi", "没有的词")
NAMES = (*CAME.values(), *JUDGED.values())
PERIODS = (
    ("a day", date(2026, 11, 20), date(2026, 11, 20)),
    ("a month", date(2026, 10, 1), date(2026, 10, 31)),
    ("a quarter, by days at both ends", date(2026, 8, 25), date(2026, 11, 23)),
    ("two years", date(2024, 11, 25), date(2026, 11, 22)),
)
READERS = ("dispatcher-1", "grid-leader-1", "grid-worker-1", "resident-1")


class EachCommand(Recorder):
    """Has every command explained, those too that look like one before."""

    def _look_at(self, verb: str, command: Command, database: str) -> None:
        self._seen.clear()
        super()._look_at(verb, command, database)


@dataclass(frozen=True, slots=True)
class Read:
    """One thing that somebody asks for."""

    name: str
    ask: Callable[[], Awaitable[Any]]


def main(requests: int | None = None) -> None:
    """Prints one line a read, and what exports took."""
    size = requests or int(os.environ.get("LIANHU_BENCH_REQUESTS") or REQUESTS)
    with tempfile.TemporaryDirectory(prefix="lianhu-bench-") as folder, EmbeddedMongod(Path(folder) / "mongo") as mongod:
        client: MongoClient[dict[str, Any]] = MongoClient(mongod.uri)
        client.admin.command("setParameter", 1, wiredTigerEngineRuntimeConfig=CACHE)
        key = Path(folder) / "data.key"
        key.write_bytes(b64encode(bytes(96)))
        named = {"mongodb_uri": mongod.uri, "mongodb_database": DATABASE, "data_key": str(key), "firebase_project": "demo-lianhu"}
        settings = Settings(mode="demo", **named)  # type: ignore[arg-type]
        planned = settlement(min(40_000, max(1_710, size // 5)))
        run(_filled(settings, planned, size))
        statistics = client[DATABASE].command("dbStats")
        print(f"   on disk {statistics['storageSize'] / 1e9:.1f} GB, indexes {statistics['indexSize'] / 1e9:.1f} GB", flush=True)
        run(_set_up_again(settings))
        run(_measured(settings, planned))
        take_away(settings, uid_of("dispatcher-1"), AT, size)
        client.close()


async def _filled(settings: Settings, planned: Settlement, size: int) -> None:
    house = build_house(settings, clock=lambda: AT)
    begun = perf_counter()

    def say(done: int) -> None:
        if done % max(size // 20, 1) < 200:
            print(f"   {done:>9} requests, {perf_counter() - begun:5.0f} s", flush=True)

    try:
        await fill_demo(house, planned, lambda _: None)
        counts = await fill(house, planned, until=AT, requests=size, backlog=None, say=say)
        await _keep_sums(house, planned)
    finally:
        await house.close()
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(f"   {made}; {perf_counter() - begun:.0f} s with indexes, at most {kilobytes / 1000:.0f} MB here", flush=True)


async def _set_up_again(settings: Settings) -> None:
    """What `indexes` does where nothing is missing."""
    house = build_house(settings, clock=lambda: AT)
    begun = perf_counter()
    try:
        if [*await build(house.mongo), *await migrate(house.mongo, at=AT)]:
            raise RuntimeError("something was missing")
    finally:
        await house.close()
    print(f"   `indexes` again, nothing missing: {perf_counter() - begun:.1f} s", flush=True)


async def _keep_sums(house: House, planned: Settlement) -> None:
    """Sums for every unit, and for the upper ones by village, each day and month of two years, as if they had been counted.

    How they are read is what is measured: each has as many counts as a busy unit's, a bin for every length of time among them.
    """
    days = [(AT - timedelta(days=age)).date().isoformat() for age in range(2 * 365)]
    periods = [*days, *sorted({day[:7] for day in days})]
    bins = {f"{name}:{number}": 3 for name in ("close", "close_office", "contact", "contact_office") for number in range(40, 100)}
    head, counts = Head(planned.township_code), {name: 70 for _, name in NAMES} | {name: 60 for name, _ in NAMES} | bins
    upper = [unit for unit in planned.parts.units if unit.parent_id is None or unit.parent_id == planned.parts.units[0].id]
    by_village = [of_village(unit.id, village.id) for unit in upper for village in planned.parts.villages]
    sums = [
        {"_id": head.id_of(unit_id, period), "township": head.township, "unit_id": unit_id, "period": period, "counts": counts}
        for unit_id in [*(unit.id for unit in planned.parts.units), *by_village]
        for period in periods
    ]
    for start in range(0, len(sums), 5_000):
        await house.mongo.collection("tallies").insert_many(sums[start : start + 5_000])
    print(f"   {len(sums)} sums of {len(planned.parts.units)} units, {len(by_village)} of them by village too", flush=True)


async def _measured(settings: Settings, planned: Settlement) -> None:
    recorder = EachCommand(settings.mongodb_uri)
    house = build_house(settings, clock=lambda: AT, listeners=[recorder])
    print(f"   {'':44} {'documents':>9} {'keys':>9} {'commands':>8} {'middle':>8} {'worst':>8}")
    try:
        for handle in READERS:
            reader = await house.ports.people.signed_in(SignIn(uid_of(handle), AT, AT + timedelta(hours=1)), at=AT)
            for read in _reads(reader, planned, house):
                await _one(f"{handle}: {read.name}", read, recorder)
    finally:
        await house.close()
        recorder.close()


async def _one(name: str, read: Read, recorder: EachCommand) -> None:
    """Timed without anybody looking on, then explained."""
    await read.ask()
    took: list[float] = []
    for _ in range(REPEATED):
        begun = perf_counter()
        await read.ask()
        took.append((perf_counter() - begun) * 1000)
        await sleep(0)
    recorder.explained.clear()
    recorder.is_on = True
    await read.ask()
    recorder.is_on = False
    found = recorder.explained
    examined, keys = sum(each.examined for each in found), sum(each.keys for each in found)
    print(f"   {name:44} {examined:>9} {keys:>9} {len(found):>8} {median(took):>5.1f} ms {max(took):>5.1f} ms", flush=True)
    if recorder.troubles:
        raise RuntimeError(recorder.troubles[0])


def _reads(reader: Actor, planned: Settlement, house: House) -> Iterator[Read]:
    """What a desk, a phone in a stairwell and a resident ask for, a page of twenty each."""
    ports, page = house.ports, PageRequest(20)
    unit = next((post.unit_id for post in reader.appointments), None)
    if unit and reader.units_led(*(post.role for post in reader.appointments)) and any(key.startswith("u") for key in reader.keys):
        yield from _board(reader, unit, ports, page)
    for name, query in _request_lists(planned).items():
        yield Read(f"requests {name}", _asked(ports.requests.page, query, page, reader))
    for name, wanted in _task_lists(reader).items():
        yield Read(f"tasks {name}", _asked(ports.tasks.page, wanted, page, reader))
    yield from _what_is_alike(reader, planned, ports, page)
    for words in WORDS:
        yield Read(f"search {words}", _asked(ports.requests.page, RequestQuery(sought=sought(words)), page, reader))
    if unit:
        for name, first, last in PERIODS:
            yield Read(f"figures of {name}", lambda first=first, last=last: measures(unit, first, last, by=reader, ports=ports))  # type: ignore[misc]
        year = date(2025, 11, 1), date(2026, 10, 31)
        yield Read("figures by village, a year", lambda: measures_by_origin_village(unit, *year, by=reader, ports=ports))
        grids = [grid.id for grid in planned.parts.grids]
        yield Read("links of every grid", lambda: ports.figures.linked(grids, AT.date(), seen_by=reader))


def _board(reader: Actor, unit: str, ports: Ports, page: PageRequest) -> Iterator[Read]:
    for kind in QueueKind:
        shown = look(
            Queue(kind, unit, reader.person.township if reader.person else ""),
            at=AT,
            soon=AT + timedelta(days=1),
            published_until=AT + timedelta(days=30),
        )
        yield Read(f"queue {kind.value}", lambda shown=shown: ports.boards.page(shown, page, seen_by=reader))  # type: ignore[misc]
        yield Read(f"count {kind.value}", lambda shown=shown: ports.boards.count(shown, seen_by=reader))  # type: ignore[misc]


def _what_is_alike(reader: Actor, planned: Settlement, ports: Ports, page: PageRequest) -> Iterator[Read]:
    """Before somebody asks for a lamp at the first resident's home, and beside each of a page of requests."""
    lamp = next(item.id for item in planned.items if item.code == "stairwell-lamp")
    home = next(person.household_id for person in planned.persons if person.id == planned.handles["resident-1"])

    async def beside_a_page() -> None:
        found = await ports.requests.page(RequestQuery(), page, seen_by=reader, at=AT)
        await related_to(found.rows, by=reader, ports=ports)

    yield Read("known already", lambda: similar_requests(SimilarTo(lamp, household_id=home), by=reader, ports=ports))
    yield Read("requests all, and what is related", beside_a_page)


def _asked(read: Callable[..., Awaitable[Any]], query: object, page: PageRequest, reader: Actor) -> Callable[[], Awaitable[Any]]:
    return lambda: read(query, page, seen_by=reader, at=AT)


def _request_lists(planned: Settlement) -> Mapping[str, RequestQuery]:
    grid, month = planned.parts.grids[1], AT - timedelta(days=200)
    items: Sequence[str] = [item.id for item in planned.items if item.code == "tree-planting"]
    return {
        "all": RequestQuery(),
        "open": RequestQuery(states=OPEN),
        "overdue": RequestQuery(overdue=True),
        "not overdue": RequestQuery(overdue=False),
        "of an item": RequestQuery(item_ids=tuple(items)),
        "in a grid": RequestQuery(grid_ids=(grid.id,)),
        "open, of a unit": RequestQuery(states=OPEN, unit_id=grid.branch_id),
        "of a month": RequestQuery(submitted_after=month, submitted_before=month + timedelta(days=30)),
        "asked by me": RequestQuery(asked_by_me=True),
    }


def _task_lists(reader: Actor) -> Mapping[str, TaskQuery]:
    return {
        "all": TaskQuery(),
        "to do": TaskQuery(states=tuple(sorted(TO_DO, key=lambda state: state.value))),
        "of mine, to do": TaskQuery(assignee_id=reader.id, states=tuple(sorted(TO_DO, key=lambda state: state.value))),
        "overdue": TaskQuery(overdue=True),
        "due soon": TaskQuery(due_before=AT + timedelta(days=2)),
    }
