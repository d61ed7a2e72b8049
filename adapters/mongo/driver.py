"""The seam: the one place that knows whether PyMongo's own async API or Motor carries the commands.

The two differ in sessions, aggregate, watch and close; everything above sees collections and these few methods.
"""

import logging
from asyncio import CancelledError, create_task, wait
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from inspect import isawaitable
from typing import Any, TypeVar, cast

import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientEncryption
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.asynchronous.encryption import AsyncClientEncryption
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from adapters.mongo.vault import DATA_KEYS, MasterKeys, Vault, no_keys
from domain.errors import Refused

SET_UP_SECONDS = 6 * 3600.0
"""Bounds one step of setting up, which may go through everything there is; otherwise the driver waits 20 seconds for an answer."""

Document = dict[str, Any]
Session = AsyncClientSession
T = TypeVar("T")

log = logging.getLogger(__name__)

TRANSACTION_SECONDS = 10.0
"""Bounds a transaction with all its retries; the driver's own window is two minutes."""


class _Unwanted(Exception):
    """Whoever wanted it was cancelled."""


class Mongo:
    """A pool of connections to one database, by either driver, with the vault for what is sealed in it.

    `close` it in the loop that used it.
    """

    def __init__(
        self,
        uri: str,
        database: str,
        *,
        driver: str = "pymongo",
        listeners: Sequence[CommandListener] = (),
        keys: MasterKeys = no_keys,
        new_secret: Callable[[], bytes] = bytes,
    ) -> None:
        options: dict[str, Any] = {
            "appname": "lianhu",
            "tz_aware": True,
            "uuidRepresentation": "standard",
            "w": "majority",
            "readConcernLevel": "majority",
            "retryWrites": True,
            "serverSelectionTimeoutMS": 4_000,
            "connectTimeoutMS": 4_000,
            "socketTimeoutMS": 20_000,
            "event_listeners": list(listeners),
        }
        client = AsyncIOMotorClient(uri, **options) if driver == "motor" else AsyncMongoClient(uri, **options)
        # Motor mirrors these methods at run time without sharing the types.
        self._client = cast("AsyncMongoClient[Document]", client)
        self.database: AsyncDatabase[Document] = self._client[database]
        self._is_motor = driver == "motor"
        self.vault = Vault(self.database, self._encryption, keys, new_secret)

    def collection(self, name: str) -> AsyncCollection[Document]:
        return self.database[name]

    async def transact(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Runs `work` in one transaction, again where the driver says so: it must be short and do nothing but database work.

        Whoever is cancelled meanwhile waits until what was begun is undone, or kept. A command that is cut off may reach the server after
        the end of its own transaction, and would hold what it wrote for a minute.
        """
        end: CancelledError | None = None

        async def attempt(session: Session) -> T:
            if not end:
                done = await work(session)
            if end:
                raise _Unwanted
            return done

        running = create_task(self._transaction(attempt))
        while not running.done():
            try:
                await wait({running})
            except CancelledError as cancelled:
                end = end or cancelled
        if end:
            error = None if running.cancelled() else running.exception()
            if error and not isinstance(error, _Unwanted | Refused):
                log.warning("a transaction failed whose caller was cancelled (%s)", type(error).__name__)
            raise end
        return running.result()

    async def _transaction(self, attempt: Callable[[Session], Awaitable[T]]) -> T:
        started = self._client.start_session()
        session = cast("Session", await started if isawaitable(started) else started)
        try:
            with pymongo.timeout(TRANSACTION_SECONDS):
                return await session.with_transaction(
                    cast("Callable[[Session], Any]", attempt), read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
                )
        finally:
            await session.end_session()

    def patience(self) -> AbstractContextManager[None]:
        """Inside, commands may take as long as setting up does."""
        return pymongo.timeout(SET_UP_SECONDS)

    async def aggregate(self, name: str, pipeline: Sequence[Mapping[str, Any]], **options: Any) -> list[Document]:
        pending: Any = self.collection(name).aggregate(list(pipeline), **options)
        cursor = await pending if isawaitable(pending) else pending
        documents: list[Document] = await cursor.to_list()
        return documents

    @asynccontextmanager
    async def watch(self, name: str, pipeline: Sequence[Mapping[str, Any]]) -> AsyncIterator[AsyncIterator[Document]]:
        """A change stream on one collection. It ends with the oplog or the connection: a way to be woken, not a record."""
        pending: Any = self.collection(name).watch(list(pipeline), max_await_time_ms=1_000)
        stream = await pending if isawaitable(pending) else pending
        async with stream:
            yield stream

    async def command(self, name: str) -> Document:
        return await self._client.admin.command(name)

    def _encryption(self, providers: Mapping[str, Any], tls: Mapping[str, Any]) -> AsyncClientEncryption[Document]:
        kind: Any = AsyncIOMotorClientEncryption if self._is_motor else AsyncClientEncryption
        keys, options = f"{self.database.name}.{DATA_KEYS}", CodecOptions(tz_aware=True)  # type: ignore[var-annotated]
        return cast("AsyncClientEncryption[Document]", kind(providers, keys, self._client, options, kms_tls_options=tls or None))

    async def close(self) -> None:
        await self.vault.close()
        closing = cast("Any", self._client.close())
        if isawaitable(closing):
            await closing
