"""Steps that bring a database from one release to the next: numbered, kept in a ledger, and safe to run twice."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo import ReplaceOne, UpdateOne

from adapters.mongo.calendars import publish_calendar
from adapters.mongo.carrying import carry_over
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.organisations import version_record
from adapters.mongo.search import tokens_for
from adapters.mongo.versions import BATCH, FOREVER, KINDS
from domain.board import NEVER, PILE_OF_STATE
from domain.calendar import published_days, published_through
from domain.ids import Kind

WORDS_AT_ONCE = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    run: Callable[[Mongo, datetime], Awaitable[object]]
    """With the moment of now; what is said of it, if anything, is how much it did."""
    is_repeated: bool = False
    """Also where it ran before: servers of the release before may have gone on writing for a while."""


async def _first_calendar(mongo: Mongo, _at: datetime) -> None:
    """The working-day table as it is published; a table that is there already is somebody's own, and stays."""
    if await mongo.collection("calendar").find_one({"_id": "china"}, {"_id": 1}) is None:
        await publish_calendar(mongo, published_days(), published_through())


async def _first_versions(mongo: Mongo, _at: datetime) -> None:
    """Rows of the organisation that were kept before there were versions are those of the first one."""
    async for township in mongo.collection("townships").find({"version": {"$exists": False}}, {"_id": 1}):
        code = township["_id"]
        for name in KINDS:
            old = {"township": code, "from_version": {"$exists": False}}
            documents = await mongo.collection(name).find(old).to_list()
            rows = await mongo.vault.sealed(name, [_first_row(document) for document in documents])
            for start in range(0, len(rows), BATCH):
                # A row that was written before a step died is written again, the same.
                same = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows[start : start + BATCH]]
                await mongo.collection(name).bulk_write(same, ordered=False)
            await mongo.collection(name).delete_many(old)
        began = version_record(code, 1, at=datetime.fromtimestamp(0, UTC), by="migration", kind="migration")
        await mongo.collection("organisation_versions").replace_one({"_id": began["_id"]}, began, upsert=True)
        await mongo.collection("townships").update_one({"_id": code}, {"$set": {"version": 1, "staging": None}})


def _first_row(document: Document) -> Document:
    kept = {name: value for name, value in document.items() if name not in {"_id", "scopes", "has_post", "rank"}}
    order = {"order": document["rank"]} if "rank" in document else {}
    return {"_id": f"{document['_id']}~1", "id": document["_id"], "from_version": 1, "to_version": FOREVER, **kept, **order}


async def _accounts_of_several_persons(mongo: Mongo, _at: datetime) -> None:
    """From one person an account to several. `person_id` stays where it is, for a service of the last release that still reads it."""
    today = {"$dateToString": {"date": "$$NOW", "format": "%Y-%m-%d", "timezone": "Asia/Shanghai"}}
    several = [{"$set": {"person_ids": ["$person_id"], "last_used_day": today}}]
    await mongo.collection("accounts").update_many({"person_ids": {"$exists": False}}, several)


async def _piles_of_the_desk(mongo: Mongo, _at: datetime) -> None:
    """Where open tasks lie on the board: until now that follows from their state alone."""
    branches = [{"case": {"$eq": ["$state", state.value]}, "then": pile.value} for state, pile in PILE_OF_STATE.items()]
    laid = [{"$set": {"pile": {"$switch": {"branches": branches, "default": None}}, "pile_at": {"$ifNull": ["$due_at", NEVER]}}}]
    unlaid = {"pile": {"$exists": False}, "state": {"$in": [state.value for state in PILE_OF_STATE]}}
    await mongo.collection("tasks").update_many(unlaid, laid)


async def _tokens_of_words(mongo: Mongo, _at: datetime) -> None:
    """What texts are found by that were kept before there was a search; what is removed meanwhile stays removed."""
    last, looked_at = "", 0
    while found := await _next_words(mongo, last):
        last, looked_at = found[-1]["_id"], looked_at + len(found)
        log.info("made to be found by their words: %d texts looked at", looked_at)
        for township in sorted({words["township"] for words in found}):
            texts = {
                words["_id"]: words["text"]
                for words in found
                if words["township"] == township and words.get("text") and words["_id"].startswith(f"{Kind.REQUEST.value}_")
            }
            if not texts:
                continue
            by_id = {"township": township, "_id": {"$in": sorted(texts)}}
            asked = await mongo.collection("requests").find(by_id, {"asker_ids": 1}).hint("_id_").to_list()
            askers = dict.fromkeys(texts, ()) | {request["_id"]: request["asker_ids"] for request in asked}
            tokens = await tokens_for(mongo, township, texts, askers)
            changes = [
                UpdateOne({"township": township, "_id": id_, "erased_at": None}, {"$set": {"tokens": tokens[id_]}}) for id_ in sorted(texts)
            ]
            await mongo.collection("words").bulk_write(changes, ordered=False)


async def _next_words(mongo: Mongo, after: str) -> list[Document]:
    cursor = mongo.collection("words").find({"_id": {"$gt": after}}, {"township": 1, "text": 1}).sort([("_id", 1)])
    return await cursor.limit(WORDS_AT_ONCE).hint("_id_").to_list()


async def _carried_over(mongo: Mongo, at: datetime) -> int:
    """Clocks, classes, piles and all else that an open case has by now; how many lacked something."""
    return await carry_over(mongo, at=at)


MIGRATIONS = (
    Migration(1, "first calendar", _first_calendar),
    Migration(2, "the organisation by versions", _first_versions),
    Migration(3, "accounts of several persons", _accounts_of_several_persons),
    Migration(4, "piles of the desk", _piles_of_the_desk),
    Migration(5, "what words are found by", _tokens_of_words),
    Migration(6, "what earlier releases did not keep", _carried_over, is_repeated=True),
)


async def migrate(mongo: Mongo, *, at: datetime, migrations: tuple[Migration, ...] = MIGRATIONS) -> list[str]:
    """Runs what was not run yet, in order; what it ran. A step that dies half-way is run again, so each must bear that."""
    ledger = mongo.collection("migrations")
    ran: list[str] = []
    for migration in migrations:
        ran_before = await ledger.find_one({"_id": migration.number}) is not None
        if ran_before and not migration.is_repeated:
            continue
        with mongo.patience():
            done = await migration.run(mongo, at)
        if ran_before and not done:
            continue
        await ledger.replace_one({"_id": migration.number}, {"name": migration.name, "applied_at": at}, upsert=True)
        ran.append(f"{migration.number} {migration.name}")
    return ran
