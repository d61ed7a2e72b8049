"""PyMongo's own async API against Motor, through the seam that the product uses: the same commands, the same database, the same loop.

Rounds alternate, so that a noisy neighbour disturbs both; CPU is that of the whole process, the threads of Motor included.
"""

import os
import tempfile
from asyncio import gather
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time
from uuid import uuid4

from adapters.mongo.driver import Document, Mongo, Session
from server.mongod import EmbeddedMongod
from server.serving import run

ROUNDS = 30
AT_ONCE = 8
DOCUMENTS = 20
DRIVERS = ("pymongo", "motor")
WRITTEN = ("commands", "requests", "events")

Work = Callable[[Mongo], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Spent:
    """Microseconds an operation: of the processor, and by the clock."""

    cpu: float
    wall: float


async def find_twenty(mongo: Mongo) -> None:
    found = await mongo.collection("tasks").find({"township": "990101101"}).sort([("_id", -1)]).limit(DOCUMENTS).to_list()
    if len(found) != DOCUMENTS:
        raise RuntimeError(f"{len(found)} documents were found, not {DOCUMENTS}")


async def transact(mongo: Mongo) -> None:
    """The shape of a command: its record, a document, an event; then the commit."""

    async def work(session: Session) -> None:
        for name in WRITTEN:
            await mongo.collection(name).insert_one(_document(uuid4().hex), session=session)

    await mongo.transact(work)


CASES: Mapping[str, tuple[Work, int]] = {
    f"find {DOCUMENTS} documents": (find_twenty, 160),
    "transaction of 3 inserts": (transact, 48),
}
"""By name: the operation, and how many of it make a round."""


def main() -> None:
    """Prints, for each operation, what it costs with either driver and the ratio between neighbouring rounds."""
    with _mongodb() as uri:
        run(_compare(uri))


async def _compare(uri: str) -> None:
    database = f"bench_{uuid4().hex[:8]}"
    mongos = {driver: Mongo(uri, database, driver=driver) for driver in DRIVERS}
    try:
        for collection in WRITTEN:  # a collection that is made inside a transaction makes it conflict with others
            await mongos["pymongo"].database.create_collection(collection)
        await mongos["pymongo"].collection("tasks").insert_many([_document(f"{number:03}") for number in range(100)])
        for name, (work, count) in CASES.items():
            print(f"   {name}, {AT_ONCE} at once, {ROUNDS} pairs of rounds ", end="", flush=True)
            rounds: list[Mapping[str, Spent]] = []
            for number in range(-1, ROUNDS):  # the first one warms up
                order = DRIVERS if number % 2 else DRIVERS[::-1]
                spent = {driver: await _round(mongos[driver], work, count) for driver in order}
                if number >= 0:
                    rounds.append(spent)
                    print(".", end="", flush=True)
            print()
            _tell(rounds)
    finally:
        await mongos["pymongo"].database.client.drop_database(database)
        for mongo in mongos.values():
            await mongo.close()


async def _round(mongo: Mongo, work: Work, count: int) -> Spent:
    async def one_after_another() -> None:
        for _ in range(count // AT_ONCE):
            await work(mongo)

    cpu, wall = process_time(), perf_counter()
    await gather(*(one_after_another() for _ in range(AT_ONCE)))
    return Spent((process_time() - cpu) / count * 1e6, (perf_counter() - wall) / count * 1e6)


def _tell(rounds: list[Mapping[str, Spent]]) -> None:
    """The best round is what noise leaves alone; the ratios of neighbours, with the middle half of them, are what it leaves of the rest."""
    for driver in DRIVERS:
        cpu, wall = min(spent[driver].cpu for spent in rounds), min(spent[driver].wall for spent in rounds)
        print(f"     {driver:8} best round: {cpu:5.0f} us CPU, {wall:5.0f} us wall")
    for of in ("cpu", "wall"):
        ratios = [getattr(spent["motor"], of) / getattr(spent["pymongo"], of) for spent in rounds]
        low, middle, high = quantiles(ratios, n=4)
        print(f"     motor / pymongo, {of:4}: {middle:.2f} (half of all pairs from {low:.2f} to {high:.2f})")


def _document(id_: str) -> Document:
    """As large as a task, about."""
    return {
        "_id": id_,
        "township": "990101101",
        "state": "ASSIGNED",
        "scopes": ["u1", "u2", "g1", "p1"],
        "note": "灯不亮" * 40,
        "version": 1,
    }


@contextmanager
def _mongodb() -> Iterator[str]:
    given = os.environ.get("LIANHU_MONGODB_URI")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="lianhu-bench-") as folder, EmbeddedMongod(Path(folder)) as mongod:
        yield mongod.uri
