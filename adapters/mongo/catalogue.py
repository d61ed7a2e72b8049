"""The catalogue and the calendar on MongoDB: small, public, and kept in memory for a minute."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from time import monotonic
from typing import Generic, TypeVar

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Mongo
from domain.calendar import CalendarDay, WorkingCalendar
from domain.items import ServiceItem

T = TypeVar("T")

SECONDS_KEPT = 60.0


class Kept(Generic[T]):
    """A value that is read again when it is older than a minute. Elapsed time only, never the time of day."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._value: T | None = None
        self._read_at = 0.0

    async def get(self) -> T:
        if self._value is None or monotonic() - self._read_at > SECONDS_KEPT:
            self._value = await self._read()
            self._read_at = monotonic()
        return self._value


class MongoCatalogue:
    """Keeps `domain.ports.Catalogue`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._kept = Kept(self._read)

    async def items(self) -> Mapping[str, ServiceItem]:
        return await self._kept.get()

    async def _read(self) -> Mapping[str, ServiceItem]:
        documents = await self._mongo.collection("items").find({}).sort([("_id", 1)]).to_list()
        return {document["_id"]: decode(ServiceItem, document) for document in documents}


async def keep_items(mongo: Mongo, items: Sequence[ServiceItem]) -> None:
    """These items as they are from now on; servers read them within a minute."""
    for item in items:
        document = encode(item)
        await mongo.collection("items").replace_one({"_id": document["_id"]}, document, upsert=True)


class MongoCalendars:
    """Keeps `domain.ports.Calendars`: the table is one document, published as one."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._kept = Kept(self._read)

    async def current(self) -> WorkingCalendar:
        return await self._kept.get()

    async def _read(self) -> WorkingCalendar:
        document = await self._mongo.collection("calendar").find_one({"_id": "china"})
        if document is None:
            raise LookupError("the calendar table is empty: run the verb `indexes`")
        days = [decode(CalendarDay, day) for day in document["days"]]
        return WorkingCalendar.from_days(days, published_through=date.fromisoformat(document["published_through"]))


async def publish_calendar(mongo: Mongo, days: tuple[CalendarDay, ...], through: date) -> None:
    """The whole table in one write: nobody ever reads half of it."""
    table = {"days": [encode(day) for day in days], "published_through": through.isoformat()}
    await mongo.collection("calendar").replace_one({"_id": "china"}, table, upsert=True)
