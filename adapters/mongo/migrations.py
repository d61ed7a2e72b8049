"""Steps that bring a database from one release to the next: numbered, kept in a ledger, and safe to run twice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.mongo.catalogue import publish_calendar
from adapters.mongo.driver import Mongo
from domain.calendar import published_days, published_through


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    run: Callable[[Mongo], Awaitable[None]]


async def _first_calendar(mongo: Mongo) -> None:
    """The working-day table as it is published; a table that is there already is somebody's own, and stays."""
    if await mongo.collection("calendar").find_one({"_id": "china"}, {"_id": 1}) is None:
        await publish_calendar(mongo, published_days(), published_through())


async def _accounts_of_several_persons(mongo: Mongo) -> None:
    """From one person an account to several. `person_id` stays where it is, for a service of the last release that still reads it."""
    today = {"$dateToString": {"date": "$$NOW", "format": "%Y-%m-%d", "timezone": "Asia/Shanghai"}}
    several = [{"$set": {"person_ids": ["$person_id"], "last_used_day": today}}]
    await mongo.collection("accounts").update_many({"person_ids": {"$exists": False}}, several)


MIGRATIONS = (
    Migration(1, "first calendar", _first_calendar),
    Migration(2, "accounts of several persons", _accounts_of_several_persons),
)


async def migrate(mongo: Mongo, *, at: datetime, migrations: tuple[Migration, ...] = MIGRATIONS) -> list[str]:
    """Runs what was not run yet, in order; what it ran. A step that dies half-way is run again, so each must bear that."""
    ledger = mongo.collection("migrations")
    ran: list[str] = []
    for migration in migrations:
        if await ledger.find_one({"_id": migration.number}) is not None:
            continue
        await migration.run(mongo)
        await ledger.replace_one({"_id": migration.number}, {"name": migration.name, "applied_at": at}, upsert=True)
        ran.append(f"{migration.number} {migration.name}")
    return ran
