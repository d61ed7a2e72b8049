"""The catalogue on MongoDB: small, public, and kept in memory for a minute."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Generic, TypeVar

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Mongo
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

    def forget(self) -> None:
        """It is read again when it is asked for next."""
        self._value = None


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
