"""Commands are carried out once: the record goes in first, in the same transaction as everything that the command does."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.errors import DuplicateKeyError

from adapters.mongo.driver import Mongo, Session
from domain.commands import Command, Replayed
from domain.errors import RefusalCode, refused

T = TypeVar("T")

ATTEMPTS = 3


class _KeptBefore(Exception):
    """The record is there already."""


class Ledger:
    """The records of commands, each for 400 days."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def once(self, command: Command, township: str, subject_id: str, work: Callable[[Session], Awaitable[T]]) -> T | Replayed:
        """What `work` answers, or `Replayed` where the command was carried out before. Raises COMMAND_MISMATCH for other contents.

        Whatever `work` raises undoes the record too: a refused command may be sent again when the world has changed.
        """
        record = {
            "_id": command.key,
            "township": township,
            "verb": command.verb,
            "digest": command.digest,
            "subject_id": subject_id,
            "at": command.at,
        }

        async def recorded(session: Session) -> T:
            try:
                await self._mongo.collection("commands").insert_one(record, session=session)
            except DuplicateKeyError as error:
                raise _KeptBefore from error
            return await work(session)

        for _ in range(ATTEMPTS):
            try:
                return await self._mongo.transact(recorded)
            except _KeptBefore:
                replayed = await self.replay_of(command)
                if replayed is not None:
                    return replayed
        raise RuntimeError("a command's record was there and then was not")

    async def replay_of(self, command: Command) -> Replayed | None:
        """What the command did, if it was carried out before. Raises COMMAND_MISMATCH."""
        record = await self._mongo.collection("commands").find_one({"_id": command.key})
        if record is None:
            return None
        if record["digest"] != command.digest:
            raise refused(RefusalCode.COMMAND_MISMATCH, "refusal.command_mismatch", "commandId")
        return Replayed(record["subject_id"], record["at"])
