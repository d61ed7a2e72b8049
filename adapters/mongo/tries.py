"""Wrong codes, counted for a day: before a code is looked at, outside of any transaction."""

from collections.abc import Sequence
from datetime import datetime

from pymongo import ReturnDocument

from adapters.mongo.driver import Mongo
from domain.accounts import day_of


async def count_try(mongo: Mongo, key: str, *, at: datetime) -> int:
    """How many there were today, with this one. The counts of other days are removed by the first of a day."""
    day, tries = day_of(at).isoformat(), mongo.collection("link_tries")
    count = [{"$set": {"count": {"$cond": [{"$eq": ["$day", day]}, {"$add": ["$count", 1]}, 1]}, "day": day}}]
    counted = await tries.find_one_and_update({"_id": key}, count, upsert=True, return_document=ReturnDocument.AFTER)
    times: int = counted["count"] if counted else 1
    if times == 1:
        await tries.delete_many({"day": {"$lt": day}})
    return times


async def take_back(mongo: Mongo, keys: Sequence[str]) -> None:
    """They were no wrong ones."""
    await mongo.collection("link_tries").update_many({"_id": {"$in": list(keys)}}, {"$inc": {"count": -1}})
