"""The calendar of working days on MongoDB: one document, published as one; tables of before stay for what was counted by them."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from adapters.mongo.catalogue import Kept
from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document, Mongo
from domain.calendar import CalendarDay, WorkingCalendar

NOW = "china"


@dataclass(frozen=True, slots=True)
class Table:
    """The table as it is kept: with the source of each of its days."""

    days: tuple[CalendarDay, ...]
    published_through: date
    version: int

    @property
    def calendar(self) -> WorkingCalendar:
        return replace(WorkingCalendar.from_days(self.days, published_through=self.published_through), version=self.version)


class MongoCalendars:
    """Keeps `domain.ports.Calendars`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._kept = Kept(self._read)
        self._past: dict[int, WorkingCalendar] = {}

    async def current(self) -> WorkingCalendar:
        return await self._kept.get()

    async def at_least(self, version: int) -> WorkingCalendar:
        """The current one, read again where somebody was seen to have a newer one."""
        if (await self.current()).version < version:
            self._kept.forget()
        return await self.current()

    async def of_version(self, version: int) -> WorkingCalendar:
        """The table as it was in that version; the current one for one that is not of the past."""
        current = await self.current()
        if version >= current.version:
            return current
        if version not in self._past:
            document = await self._mongo.collection("calendar").find_one({"_id": f"{NOW}/{version}"})
            if document is None:
                raise LookupError(f"version {version} of the calendar is gone")
            self._past[version] = _table(document).calendar
        return self._past[version]

    async def table(self) -> Table:
        """As it is kept now, whatever is in memory."""
        document = await self._mongo.collection("calendar").find_one({"_id": NOW})
        if document is None:
            raise LookupError("the calendar table is empty: run the verb `indexes`")
        return _table(document)

    async def publish(self, days: tuple[CalendarDay, ...], through: date, *, instead_of: Table, at: datetime) -> bool:
        """The whole table in one write, so that nobody ever reads half of it; false where another one was published since `instead_of`."""
        calendar = self._mongo.collection("calendar")
        past = _document(instead_of.days, instead_of.published_through, instead_of.version)
        await calendar.replace_one({"_id": f"{NOW}/{instead_of.version}"}, past, upsert=True)
        table = {**_document(days, through, instead_of.version + 1), "published_at": at}
        # A table of before versions has none; `recounted` stays.
        seen = {"_id": NOW, "version": {"$in": [instead_of.version, *([None] if instead_of.version == 1 else [])]}}
        changed = await calendar.update_one(seen, {"$set": table})
        self._kept.forget()
        return changed.modified_count == 1

    async def _read(self) -> WorkingCalendar:
        return (await self.table()).calendar


async def publish_calendar(mongo: Mongo, days: tuple[CalendarDay, ...], through: date) -> None:
    """The first table."""
    await mongo.collection("calendar").replace_one({"_id": NOW}, _document(days, through, 1), upsert=True)


def _document(days: tuple[CalendarDay, ...], through: date, version: int) -> Document:
    return {"days": [encode(day) for day in days], "published_through": through.isoformat(), "version": version}


def _table(document: Document) -> Table:
    days = tuple(decode(CalendarDay, day) for day in document["days"])
    return Table(days, date.fromisoformat(document["published_through"]), document.get("version", 1))
