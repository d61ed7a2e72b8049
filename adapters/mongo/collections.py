"""Every collection, index and validator, declared once. `indexes` builds them, production refuses to start without them.

Township-bound collections begin their hot indexes with the township, so that a sharded cluster asks one shard a query
(`docs/scaling.md` has the shard keys; `docs/queries.md` has every query and its index, and a test explains each one).
"""

from pymongo.errors import CollectionInvalid, OperationFailure

from adapters.mongo.clock import LONG_AGO
from adapters.mongo.declaring import INDEX_OPTIONS, Collection, Described, Index
from adapters.mongo.declaring import index as _index
from adapters.mongo.driver import Mongo
from adapters.mongo.versions import FOREVER
from domain.importing_desk import DAYS_KEPT

NAMESPACE_EXISTS = 48

COMMAND_DAYS = 400
"""How long a command's record answers for it, in days."""

FILTER_DAYS = 2 * 365
"""How long saved filters stay after they were changed last, in days: two years."""

READING_DAYS = 3 * 365 + 1
"""How long the read log answers, in days: three years."""


def _versioned(name: str, *more: Index, **fields: str | list[str]) -> Collection:
    """Rows that are true from one version of the township until another (`adapters/mongo/versions.py`)."""
    kept = {**_TOWNSHIP, "id": "string", "from_version": "int", "to_version": "int", **fields}
    rows = (_index("by_township", "township", "to_version", "from_version"), _index("of_id", "id", "to_version"))
    return Collection(name, kept, (*rows, *more))


_TOWNSHIP = {"township": "string"}
_SCOPED = {**_TOWNSHIP, "scopes": "array", "version": "int"}
_ON_THE_DESK = {"pile": {"$gt": ""}}
"""Open tasks only: a few of a hundred."""
_ANY_TIME = LONG_AGO.replace(tzinfo=None)
"""What has a moment has a later one; as MongoDB tells it."""

COLLECTIONS: tuple[Collection, ...] = (
    Collection("townships", {"name": "string", "stamp": "string", "version": "int"}, (Index("area", [("area", "2dsphere")]),)),
    Collection(
        "organisation_versions",
        {**_TOWNSHIP, "version": "int", "activated_at": "date"},
        (_index("activated", "township", "activated_at"), _index("of_unit", "township", "unit_ids", "-version")),
    ),
    _versioned("units", code="string", kind="string"),
    _versioned("grids", code="string", branch_id="string"),
    _versioned("micro_grids", grid_id="string"),
    _versioned("hubs", host_id="string"),
    _versioned("villages", division_code="string"),
    _versioned("appointments", person_id="string", role="string"),
    _versioned("absences", person_id="string"),
    _versioned("duties", person_id="string", unit_id="string"),
    _versioned(
        "households",
        _index("of_grid", "township", "residence_grid_id", "to_version"),
        _index("of_member", "township", "link.member_id", "to_version"),
        _index(
            "links",
            "township",
            "residence_grid_id",
            "to_version",
            "from_version",
            "micro_grid_id",
            "link.agreed_by_household",
            "link.since",
            "link.until",
        ),
        label="string",
    ),
    Collection(
        "contacts",
        {**_TOWNSHIP, "reach": "string", "set_at": "date"},
        (_index("by_phone", "township", "phone_key", partialFilterExpression={"phone_key": {"$exists": True}}),),
    ),
    Collection(
        "readings",
        {**_TOWNSHIP, "person_id": "string", "by_id": "string", "at": "date"},
        (
            _index("of_township", "township", "-_id"),
            _index("of_person", "township", "person_id", "-_id"),
            _index("by_reader", "township", "by_id", "at"),
            _index("forget", "at", expireAfterSeconds=READING_DAYS * 86_400),
        ),
    ),
    Collection("data_keys", {}, (_index("names", "keyAltNames", unique=True, partialFilterExpression={"keyAltNames": {"$exists": True}}),)),
    Collection("lookup_keys", {"secret": "binData"}),
    Collection(
        "import_parts",
        {**_TOWNSHIP, "import_id": "string", "content": "binData", "at": "date"},
        (_index("of_import", "township", "import_id"), _index("forget", "at", expireAfterSeconds=DAYS_KEPT * 86_400)),
    ),
    Collection("imports", {**_TOWNSHIP, "state": "string", "at": "date"}, (_index("forget", "at", expireAfterSeconds=DAYS_KEPT * 86_400),)),
    Collection("divisions", {"name": "string"}, (_index("below", "parent", "_id"),)),
    _versioned(
        "persons",
        _index("code", "township", "code", unique=True, partialFilterExpression={"to_version": FOREVER, "code": {"$gt": ""}}),
        _index("by_name", "township", "display_name", "id"),
        display_name="string",
    ),
    Collection("accounts", {**_TOWNSHIP, "person_ids": "array", "last_used_day": "string"}, (_index("of_person", "person_ids"),)),
    Collection(
        "enrolment_codes",
        {**_TOWNSHIP, "beginning": "string", "salt": "string", "digest": "string", "expires_at": "date", "tries": "int"},
        (_index("beginning", "beginning", "expires_at"), _index("retention", "township", "expires_at", "_id")),
    ),
    Collection("link_tries", {"count": "int", "day": "string"}, (_index("of_day", "day"),)),
    Collection("items", {"code": "string", "version": "int"}),
    Collection("calendar", {"days": "array", "published_through": "string"}),
    Collection(
        "requests",
        {**_SCOPED, "number": "string", "state": "string", "submitted_at": "date"},
        (
            _index("number", "township", "number", unique=True),
            _index("in_scope", "township", "scopes", "-_id"),
            _index("in_scope_by_state", "township", "scopes", "state", "-_id", "item_id", "place.grid_id"),
            _index("in_scope_by_item", "township", "scopes", "item_id", "-_id", "place.grid_id"),
            _index("in_scope_by_grid", "township", "scopes", "place.grid_id", "-_id"),
            _index(
                *("in_scope_by_promise", "township", "scopes", "promise_met", "is_counted", "promise_due_at", "_id"),
                *("state", "item_id", "place.grid_id", "promise_provisional"),
            ),
            _index("waiting", "township", "scopes", "accept_by", "_id", partialFilterExpression={"accept_by": {"$gte": _ANY_TIME}}),
            _index("hidden", "township", "hidden_from"),
            _index("clock", "clock_at", partialFilterExpression={"clock_at": {"$gt": _ANY_TIME}}),
            _index("merged", "township", "merged_into_id", "_id", partialFilterExpression={"merged_into_id": {"$gt": ""}}),
            _index("matter", "township", "matter_key", "-_id", "state", partialFilterExpression={"matter_key": {"$gt": ""}}),
            _index("retention", "township", "closed_at", "_id"),
            _index("recount", "counted_by", "recount_due"),
        ),
    ),
    Collection(
        "words",
        {**_TOWNSHIP},
        (
            _index("by_token", "township", "tokens", "-_id"),
            _index("retention", "township", "closed_at", "_id", partialFilterExpression={"closed_at": {"$exists": True}}),
        ),
    ),
    Collection(
        "looks",
        {**_TOWNSHIP, "by_id": "string", "kind": "string", "at": "date"},
        (_index("of_township", "township", "-_id"), _index("forget", "at", expireAfterSeconds=READING_DAYS * 86_400)),
    ),
    Collection(
        "tasks",
        {**_SCOPED, "state": "string", "owner_id": "string", "created_at": "date", "updated_at": "date"},
        (
            _index("of_request", "township", "request_id", "_id"),
            _index("of_root", "township", "root_id", "_id", partialFilterExpression={"root_id": {"$gt": ""}}),
            _index(
                "of_campaign", "township", "campaign_id", "owner_id", "state", "_id", partialFilterExpression={"campaign_id": {"$gt": ""}}
            ),
            _index("in_scope", "township", "scopes", "-_id"),
            _index("in_scope_by_state", "township", "scopes", "state", "-_id", "grid_id"),
            _index("in_scope_by_grid", "township", "scopes", "grid_id", "-_id"),
            _index("in_scope_by_assignee", "township", "scopes", "assignee_id", "state", "-_id", "grid_id"),
            _index(
                *("in_scope_by_due", "township", "scopes", "leg_met", "due_at", "_id", "assignee_id", "state", "grid_id"),
                "due_provisional",
            ),
            _index("to_do", "township", "assignee_id", "state"),
            _index("board", "township", "scopes", "pile", "pile_at", "_id", "due_provisional", partialFilterExpression=_ON_THE_DESK),
            _index("board_hidden", "township", "hidden_from", "pile", "pile_at", "due_provisional", partialFilterExpression=_ON_THE_DESK),
            _index("clock", "clock_at"),
            _index("recount", "counted_by", "recount_due"),
        ),
    ),
    Collection(
        "events",
        {**_TOWNSHIP, "kind": "string", "at": "date", "scopes": "array"},
        (
            _index("of_request", "township", "request_id", "-_id"),
            _index("of_task", "township", "subjects.id", "-_id"),
            _index("rejected", "township", "actor_id", "-_id", partialFilterExpression={"kind": "ReportRejected"}),
            _index("feed", "township", "scopes", "seq", partialFilterExpression={"seq": {"$exists": True}}),
            _index("number", "township", "seq", unique=True, partialFilterExpression={"seq": {"$exists": True}}),
            _index("unnumbered", "unnumbered", "_id", partialFilterExpression={"unnumbered": True}),
            _index("outbox", "relay.due_at", partialFilterExpression={"relay.due_at": {"$exists": True}}),
            _index("parked", "relay.parked_at", partialFilterExpression={"relay.parked_at": {"$type": "date"}}),
        ),
    ),
    Collection(
        "campaigns",
        {**_TOWNSHIP, "unit_id": "string", "started_at": "date", "scopes": "array"},
        (_index("in_scope", "township", "scopes", "-_id"),),
    ),
    Collection(
        "campaign_parts",
        {**_TOWNSHIP, "campaign_id": "string", "due_at": "date"},
        (_index("due", "due_at"), _index("of_campaign", "township", "campaign_id")),
    ),
    Collection(
        "commands",
        {**_TOWNSHIP, "digest": "string", "subject_id": "string", "at": "date"},
        (_index("forget", "at", expireAfterSeconds=COMMAND_DAYS * 86_400),),
    ),
    Collection(
        "notices",
        {**_TOWNSHIP, "person_id": "string", "created_at": "date", "scopes": "array"},
        (
            _index("inbox", "township", "person_id", "-_id"),
            _index("retention", "township", "created_at", "_id"),
            _index("unread", "township", "person_id", "read_at", partialFilterExpression={"read_at": None}),
            _index("feed", "township", "scopes", "seq", partialFilterExpression={"seq": {"$exists": True}}),
            _index("number", "township", "seq", unique=True, partialFilterExpression={"seq": {"$exists": True}}),
            _index("unnumbered", "unnumbered", "_id", partialFilterExpression={"unnumbered": True}),
        ),
    ),
    Collection(
        "devices",
        {**_TOWNSHIP, "person_id": "string", "token": "string"},
        (_index("of_person", "township", "person_id"), _index("retention", "township", "retired_at", "_id")),
    ),
    Collection(
        "subject_requests",
        {**_TOWNSHIP, "person_id": "string", "kind": "string", "state": "string", "made_at": "date", "due_at": "date"},
        (
            _index("of_person", "township", "person_id", "-_id"),
            _index("by_state", "township", "state", "-_id"),
            _index("retention", "township", "decided_at", "_id"),
            _index("recount", "due_at", partialFilterExpression={"state": "OPEN"}),
            _index("due", "township", "due_at", "decided_at"),
            _index("open_of_person", "township", "person_id", "kind", unique=True, partialFilterExpression={"state": "OPEN"}),
        ),
    ),
    Collection(
        "proxy_grants",
        {**_TOWNSHIP, "principal_id": "string", "agent_id": "string", "since": "string", "until": "string"},
        (
            _index("given_by", "principal_id", "revoked_at", "until"),
            _index("given_to", "agent_id", "revoked_at", "until"),
            _index("retention", "township", "until", "_id"),
        ),
    ),
    Collection("proxy_parties", {**_TOWNSHIP, "grants": ["int", "long"]}),
    Collection("household_reaches", {**_TOWNSHIP, "reach": "string", "set_by_id": "string", "set_at": "date"}),
    Collection(
        "saved_filters",
        {**_TOWNSHIP, "filters": "array", "saved_at": "date"},
        (_index("forget", "saved_at", expireAfterSeconds=FILTER_DAYS * 86_400),),
    ),
    Collection(
        "followings",
        {**_TOWNSHIP, "request_id": "string", "person_id": "string", "since": "date", "item_id": "string", "item_name": "string"},
        (_index("of_request", "township", "request_id", "person_id"), _index("of_person", "township", "person_id", "-_id")),
    ),
    Collection("tellings", {**_TOWNSHIP, "kind": "string", "is_push": "bool", "due_at": "date"}, (_index("due", "is_push", "due_at"),)),
    Collection("sequences", {"value": ["int", "long"]}),
    Collection("tallies", {**_TOWNSHIP, "unit_id": "string", "period": "string", "counts": "object"}),
    Collection("tally_heads", {"seq": ["int", "long"], "turn": "int"}),
    Collection("migrations", {"applied_at": "date"}),
)


async def build(mongo: Mongo) -> list[str]:
    """Makes what is missing of collections, validators and indexes; safe to run again and beside a running service. Says what it did."""
    done: list[str] = []
    existing = set(await mongo.database.list_collection_names())
    for collection in COLLECTIONS:
        if collection.name not in existing:
            done += await _create(mongo, collection)
        else:
            await mongo.database.command("collMod", collection.name, **collection.validation)
        done += await _build_indexes(mongo, collection)
    return done


async def missing(mongo: Mongo) -> list[str]:
    """Indexes that are declared and not there, or there with other keys, as `collection.index`."""
    gaps: list[str] = []
    for collection in COLLECTIONS:
        present = await _present(mongo, collection)
        gaps += [f"{collection.name}.{index.name}" for index in collection.indexes if present.get(index.name) != index.described]
    return gaps


async def _create(mongo: Mongo, collection: Collection) -> list[str]:
    try:
        await mongo.database.create_collection(collection.name, **collection.validation)
    except (CollectionInvalid, OperationFailure) as error:
        if isinstance(error, OperationFailure) and error.code != NAMESPACE_EXISTS:
            raise
        return []  # another process was faster
    return [collection.name]


async def _build_indexes(mongo: Mongo, collection: Collection) -> list[str]:
    present = await _present(mongo, collection)
    wanted = [index for index in collection.indexes if present.get(index.name) != index.described]
    for index in wanted:
        if index.name in present:  # of another release: for as long as it is built anew, queries that name it fail
            await mongo.collection(collection.name).drop_index(index.name)
    if wanted:
        with mongo.patience():
            await mongo.collection(collection.name).create_indexes([index.model() for index in wanted])
    return [f"{collection.name}.{index.name}" for index in wanted]


async def _present(mongo: Mongo, collection: Collection) -> dict[str, Described]:
    """Each index by its name, as it is described."""
    try:
        reply = await mongo.database.command("listIndexes", collection.name)
    except OperationFailure:  # no such collection
        return {}
    return {
        index["name"]: (tuple(index["key"].items()), {name: index[name] for name in INDEX_OPTIONS if name in index})
        for index in reply["cursor"]["firstBatch"]
    }
