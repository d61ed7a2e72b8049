"""Every query that is sent is described in `docs/queries.md`, and MongoDB does what is described: explained over 20,000 requests."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import pytest

from adapters.mongo.collections import COLLECTIONS
from server.demo.running import fill as fill_demo
from server.demo.settlement import settlement
from server.settings import Settings
from server.wiring import build_house
from tests.adapters.explaining import Explained, Recorder, Shape
from tests.adapters.filling import fill
from tests.adapters.tour import Tour
from tests.conftest import DATA_KEY, ROOT, TestClock

HEAD = "| Collection | Command | Filter | Sort | Index | Shard | What for |"
REQUESTS = 20_000

OF_A_TOWNSHIP = {collection.name for collection in COLLECTIONS if "township" in collection.fields}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the document. A term with several operators (`scopes in or =`) is one of several terms."""

    text: str
    collections: frozenset[str]
    verb: str
    wanted: tuple[frozenset[str], ...]
    optional: frozenset[str]
    sorts: frozenset[str]
    indexes: frozenset[str]
    shard: str

    def fits(self, shape: Shape) -> bool:
        if shape.collection not in self.collections or shape.verb != self.verb or shape.sort not in self.sorts:
            return False
        known = self.optional.union(*self.wanted)
        return shape.terms <= known and all(len(shape.terms & alternatives) == 1 for alternatives in self.wanted)

    def unsent(self, shapes: Sequence[Shape]) -> Iterator[str]:
        """What the row says and no query does."""
        terms = frozenset[str]().union(*(shape.terms for shape in shapes))
        yield from self.optional.union(*self.wanted) - terms
        yield from self.collections - {shape.collection for shape in shapes}
        yield from self.sorts - {shape.sort for shape in shapes}


def read_rows(document: str) -> list[Row]:
    rows, is_table = [], False
    for line in document.splitlines():
        if line == HEAD:
            is_table = True
        elif not line.startswith("|"):
            is_table = False
        elif is_table and not line.startswith("|---"):
            rows.append(_row(line))
    return rows


def _row(line: str) -> Row:
    collections, verb, terms, sorts, indexes, shard, what_for = (cell.strip() for cell in line.strip("|").split("|"))
    assert what_for, f"what is it for? {line}"
    wanted = [term for term in terms.split(", ") if term and not term.startswith("[")]
    return Row(
        text=line,
        collections=frozenset(collections.split(", ")),
        verb=verb,
        wanted=tuple(_alternatives(term) for term in wanted),
        optional=frozenset(re.findall(r"\[([^\]]+)\]", terms)),
        sorts=frozenset(sorts.split(" or ")),
        indexes=frozenset(indexes.split(" or ")),
        shard=shard,
    )


def _alternatives(term: str) -> frozenset[str]:
    field, _, operators = term.partition(" ")
    return frozenset({term} if "(" in term else {f"{field} {operator}" for operator in operators.split(" or ")})


@dataclass(frozen=True)
class Toured:
    """What was sent, and what the document says of it."""

    recorder: Recorder
    rows: list[Row]

    def row(self, shape: Shape) -> Row | None:
        fitting = [row for row in self.rows if row.fits(shape)]
        assert len(fitting) < 2, f"two rows fit {shape}:\n" + "\n".join(row.text for row in fitting)
        return fitting[0] if fitting else None

    def described(self) -> Iterator[tuple[Explained, Row]]:
        for explained in self.recorder.explained:
            row = self.row(explained.shape)
            if row is not None:
                yield explained, row


async def tour_of(driver: str, uri: str, households: int, requests: int, *, is_explaining: bool) -> Recorder:
    """What a house sends that is set up, filled, and toured from one end to the other."""
    planned, clock, recorder = settlement(households), TestClock(), Recorder(uri, is_explaining)
    named = {"mongodb_uri": uri, "mongodb_database": f"queries_{uuid4().hex[:12]}", "mongodb_driver": driver}
    settings = Settings(mode="demo", data_key=DATA_KEY, load_limit=REQUESTS, **named)  # type: ignore[arg-type]
    recorder.is_on = True
    recorder.note("setting up")
    house = build_house(settings, clock=clock, listeners=[recorder])
    try:
        await fill_demo(house, planned, lambda _: None)
        recorder.is_on = False
        await fill(house, planned, until=clock(), requests=requests)
        recorder.is_on = True
        await Tour(house, planned, clock, recorder.note).make()
    finally:
        recorder.is_on = False
        await house.mongo.database.client.drop_database(settings.mongodb_database)
        await house.close()
        recorder.close()
    return recorder


@pytest.fixture(scope="module")
async def toured(mongodb_uri: str) -> Toured:
    rows = read_rows((ROOT / "docs" / "queries.md").read_text("utf-8"))
    return Toured(await tour_of("pymongo", mongodb_uri, 1710, REQUESTS, is_explaining=True), rows)


def told(lines: Iterable[object]) -> str:
    return "\n" + "\n".join(sorted({str(line) for line in lines}))


def to_paste(shape: Shape, recorder: Recorder) -> str:
    indexes = {index for explained in recorder.explained if explained.shape == shape for index in explained.indexes}
    shard = "one shard" if "township =" in shape.terms else "?"
    cells = (shape.collection, shape.verb, ", ".join(sorted(shape.terms)), shape.sort, " or ".join(sorted(indexes)), shard, "?")
    return f"| {' | '.join(cells)} |"


async def test_every_query_that_is_sent_is_described(toured: Toured) -> None:
    assert not toured.recorder.troubles, told(toured.recorder.troubles)
    missing = [shape for shape in toured.recorder.shapes if toured.row(shape) is None]
    assert not missing, "these rows are missing:" + told(to_paste(shape, toured.recorder) for shape in missing)


async def test_every_description_is_of_a_query_that_is_sent(toured: Toured) -> None:
    unsent = [(row, list(row.unsent([shape for shape in toured.recorder.shapes if row.fits(shape)]))) for row in toured.rows]
    assert len(toured.rows) > 60
    assert not any(parts for _, parts in unsent), told(f"{', '.join(parts)} of {row.text}" for row, parts in unsent if parts)


async def test_no_query_scans_a_collection_or_sorts_in_memory(toured: Toured) -> None:
    heavy = [explained for explained, row in toured.described() if "none" not in row.indexes and explained.stages & {"COLLSCAN", "SORT"}]
    assert not heavy, told(heavy)


async def test_no_query_reads_much_more_than_it_returns(toured: Toured) -> None:
    assert len(toured.recorder.explained) > 1_000
    greedy = [explained for explained in toured.recorder.explained if not explained.is_bounded]
    assert not greedy, told(greedy)


async def test_each_query_uses_the_index_that_is_named(toured: Toured) -> None:
    others = [explained for explained, row in toured.described() if (explained.indexes or {"none"}) - row.indexes]
    assert not others, told(others)


async def test_queries_about_a_township_ask_one_shard(toured: Toured) -> None:
    for row in toured.rows:
        names_township = frozenset({"township ="}) in row.wanted
        if row.shard == "one shard":
            assert names_township, row.text
        elif row.shard == "by _id":
            assert row.wanted == (frozenset({"_id ="}),), row.text
        elif row.shard == "not sharded":
            assert not row.collections & OF_A_TOWNSHIP, row.text
        else:
            assert row.shard == "demo only" or re.fullmatch(r"every shard, [a-z ]+: .{10,}", row.shard), row.text
            assert row.shard == "demo only" or not names_township, row.text


async def test_the_history_is_only_added_to(toured: Toured) -> None:
    """What is changed of an event is whether it was told and numbered: all that it is found by there are the marks of that."""
    shapes = [
        shape for shape in toured.recorder.shapes if shape.collection == "events" and shape.verb in {"update", "delete", "findAndModify"}
    ]
    assert shapes
    for shape in shapes:
        assert shape.verb == "update"
        assert [term for term in shape.terms if term.startswith(("relay.", "unnumbered "))], shape


async def test_every_index_is_there_for_a_query(toured: Toured) -> None:
    """Or for a promise that the database keeps: what is unique, and what is forgotten after a time."""
    named = {f"{collection}.{index}" for row in toured.rows for collection in row.collections for index in row.indexes}
    declared = {f"{collection.name}.{index.name}": index.options for collection in COLLECTIONS for index in collection.indexes}
    idle = [name for name, options in declared.items() if name not in named and not options.keys() & {"unique", "expireAfterSeconds"}]
    assert not idle, told(idle)


async def test_motor_sends_the_same_queries(toured: Toured, mongodb_uri: str) -> None:
    recorder = await tour_of("motor", mongodb_uri, 60, 500, is_explaining=False)
    assert not recorder.troubles, told(recorder.troubles)
    others = [shape for shape in recorder.shapes if toured.row(shape) is None]
    assert not others, told(others)
