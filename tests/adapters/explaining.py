"""Listens to the commands that the code sends, has MongoDB explain each, and says what it did in a few plain facts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

NOT_QUERIES = frozenset(
    {
        *("insert", "getMore", "killCursors", "commitTransaction", "abortTransaction"),
        *("create", "collMod", "createIndexes", "dropIndexes", "listIndexes", "listCollections"),
        *("ping", "hello", "endSessions"),
    }
)
"""Commands that look for nothing."""

RANGE = frozenset({"$gt", "$gte", "$lt", "$lte"})
WORDS = {"$eq": "=", "$in": "in", "$all": "all", "$ne": "not", "$type": "type", "$exists": "exists", "$geoIntersects": "intersects"}
OF_THE_SESSION = frozenset({"lsid", "txnNumber", "startTransaction", "autocommit", "readConcern", "writeConcern", "maxTimeMS"})

Command = Mapping[str, Any]
Plan = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a command asks for, without its values: `terms` are fields with how they are compared."""

    collection: str
    verb: str
    terms: frozenset[str]
    sort: str

    def __str__(self) -> str:
        return f"{self.verb} {self.collection} ({', '.join(sorted(self.terms))}) sorted by {self.sort or 'nothing'}"


@dataclass(frozen=True, slots=True)
class Explained:
    """What MongoDB did for one command, or would do: the indexes it used, and how much it had to look at.

    `own` is how many documents the reader may see at all, where the command narrows by a unit that the reader does not stand above.
    `named` is how many documents the command names by their ids.
    """

    shape: Shape
    step: str
    indexes: frozenset[str]
    stages: frozenset[str]
    keys: int
    examined: int
    returned: int
    milliseconds: int
    own: int | None = None
    named: int = 0

    @property
    def is_bounded(self) -> bool:
        if self.shape.verb == "count":
            return self.examined <= 50
        return self.examined <= max(self.named, 5 * self.returned + 50 if self.own is None else self.own)

    def __str__(self) -> str:
        did = f"{self.examined} documents and {self.keys} keys for {self.returned} in {self.milliseconds} ms"
        return f"{self.step}: {self.shape}: {did} by {', '.join(sorted(self.indexes)) or 'no index'} ({', '.join(sorted(self.stages))})"


@dataclass
class Recorder(CommandListener):
    """Has each command explained at the moment at which it is sent, when the data is as it will find it: once for a step and a form.

    Any driver takes it as a listener. `step` is what the tour is doing just now; `troubles` is what went wrong in here, which a driver
    would only print.
    """

    uri: str
    is_explaining: bool = True
    step: str = ""
    is_on: bool = False
    shapes: set[Shape] = field(default_factory=set)
    explained: list[Explained] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(self.uri, tz_aware=True, datetime_conversion="DATETIME_AUTO")
        self._seen: set[tuple[str, str]] = set()

    def close(self) -> None:
        self._client.close()

    def note(self, step: str) -> None:
        self.step = step

    def started(self, event: CommandStartedEvent) -> None:
        if not self.is_on or event.command_name in NOT_QUERIES:
            return
        try:
            self._look_at(event.command_name, event.command, event.database_name)
        except Exception as error:
            self.troubles.append(f"{self.step}: {event.command_name}: {error!r}")

    def _look_at(self, verb: str, command: Command, database: str) -> None:
        shape = shape_of(verb, command)
        self.shapes.add(shape)
        form = (self.step, repr((shape, _form(command))))
        if self.is_explaining and shape.verb != "watch" and form not in self._seen:
            self._seen.add(form)
            explain = {"explain": _bare(verb, command), "verbosity": "executionStats"}
            plan = self._client[database].command(explain, codec_options=self._client.codec_options)
            self.explained.append(_explained(shape, self.step, plan, self._own(command, database), _named(command)))

    def _own(self, command: Command, database: str) -> int | None:
        wanted = command.get("filter", {})
        if "$expr" not in wanted:
            return None
        return self._client[database][command["find"]].count_documents({name: wanted[name] for name in ("township", "scopes")})

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to see."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to see either."""


def shape_of(verb: str, command: Command) -> Shape:
    collection = command[verb]
    match verb:
        case "findAndModify":
            return Shape(collection, verb, terms_of(command["query"]), _sort(command.get("sort")))
        case "find":
            return Shape(collection, verb, terms_of(command["filter"]), _sort(command.get("sort")))
        case "aggregate":
            first = command["pipeline"][0]
            if "$changeStream" in first:
                return Shape(collection, "watch", frozenset(), "")
            is_count = any("$group" in stage for stage in command["pipeline"])
            return Shape(collection, "count" if is_count else verb, terms_of(first["$match"]), "")
        case "update":
            return Shape(collection, verb, terms_of(command["updates"][0]["q"]), "")
        case "delete":
            return Shape(collection, verb, terms_of(command["deletes"][0]["q"]), "")
        case _:
            raise ValueError("a command that this file was not taught yet")


def terms_of(wanted: Mapping[str, Any]) -> frozenset[str]:
    """The filter's fields, each with how it is compared."""
    terms: set[str] = set()
    for name, value in wanted.items():
        if name == "$and":
            terms = terms.union(*map(terms_of, value))
        elif name in {"$or", "$nor"}:
            branches = sorted(" + ".join(sorted(terms_of(part))) for part in value)
            terms.add(f"{'any' if name == '$or' else 'none'}({' / '.join(branches)})")
        else:
            terms |= {f"{name} {word}" for word in _comparisons(value)}
    return frozenset(terms)


def _comparisons(value: object) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield "="
        return
    if "$elemMatch" in value:  # of one and the same key of several
        yield from _comparisons(value["$elemMatch"])
    if RANGE & value.keys():
        yield "range"
    for operator in value.keys() - RANGE - {"$elemMatch"}:
        yield WORDS[operator]


def _sort(keys: Mapping[str, int] | None) -> str:
    return ", ".join(name if direction == 1 else f"-{name}" for name, direction in (keys or {}).items())


def _form(command: Command) -> object:
    """The command less its values: finer than a shape, for bounds on one side or on both make other plans."""
    return _formed(
        {name: value for name, value in command.items() if name in {"filter", "query", "pipeline", "updates", "deletes", "hint"}}
    )


def _formed(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _formed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_formed(part) for part in value if isinstance(part, Mapping)]
    return type(value).__name__


def _bare(verb: str, command: Command) -> dict[str, Any]:
    """The command as it can be explained: outside of any session, and of many updates the first."""
    bare = {name: value for name, value in command.items() if name not in OF_THE_SESSION and not name.startswith("$")}
    for many in ("updates", "deletes"):
        if many in bare:
            bare[many] = bare[many][:1]
    return {verb: bare.pop(verb), **bare}


def _named(command: Command) -> int:
    """How many ids a search judges at once: those of a step along an index."""
    ids = command.get("filter", {}).get("_id")
    return len(ids.get("$in", ())) if isinstance(ids, Mapping) else 0


def _explained(shape: Shape, step: str, plan: Plan, own: int | None, named: int) -> Explained:
    reads = list(_reads(plan))
    joins = [stage for stage in plan.get("stages", []) if "$lookup" in stage]
    statistics = [read["executionStats"] for read in reads]
    winning = [stage for read in reads for stage in _stages(_winning(read["queryPlanner"]["winningPlan"]))]
    did = [stage for done in statistics for stage in _stages(done["executionStages"])]
    matched = sum(stage.get("nMatched", 0) + stage.get("nWouldDelete", 0) for stage in did)
    indexes = {
        "_id_" if stage["stage"] == "IDHACK" else stage["indexName"]
        for stage in winning
        if stage["stage"] == "IDHACK" or "indexName" in stage
    }
    return Explained(
        shape=shape,
        step=step,
        indexes=frozenset(indexes | {name for join in joins for name in join["indexesUsed"]}),
        stages=frozenset(stage["stage"] for stage in winning) | {"COLLSCAN" for join in joins if int(join["collectionScans"])},
        keys=int(sum(each["totalKeysExamined"] for each in (*statistics, *joins))),
        examined=int(sum(each["totalDocsExamined"] for each in (*statistics, *joins))),
        returned=int(matched or sum(each["nReturned"] for each in statistics)),
        milliseconds=int(sum(each["executionTimeMillis"] for each in statistics)),
        own=own,
        named=named,
    )


def _reads(plan: Plan) -> Iterator[Plan]:
    """The plan, or of several that are united each."""
    if "stages" not in plan:
        yield plan
        return
    yield plan["stages"][0]["$cursor"]
    for stage in plan["stages"]:
        if "$unionWith" in stage:
            yield stage["$unionWith"]["pipeline"][0]["$cursor"]


def _winning(plan: Plan) -> Plan:
    """The plan's stages, whichever of MongoDB's two engines made it."""
    inner: Plan = plan.get("queryPlan", plan)
    return inner


def _stages(plan: Plan) -> Iterator[Plan]:
    yield plan
    below = [plan[name] for name in ("inputStage", "outerStage", "innerStage", "thenStage", "elseStage") if name in plan]
    for inner in [*below, *plan.get("inputStages", [])]:
        yield from _stages(inner)
