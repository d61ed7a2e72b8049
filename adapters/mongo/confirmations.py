"""Codes of requests, derived from the secret under the data key; only the tries are stored."""

from datetime import datetime
from hashlib import sha256

from adapters.mongo.driver import Mongo
from adapters.mongo.tries import count_try, take_back
from domain.confirmations import DIGITS, Codes
from domain.requests import Request


class MongoConfirmations:
    """Keeps `domain.confirmations.Confirmations`."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def codes(self) -> Codes:
        fingerprint = await self._mongo.vault.fingerprints("confirmation")

        def code(request: Request) -> str:
            number = int.from_bytes(fingerprint(f"{request.id}/{request.rework_count}"), "big")
            return f"{number % 10**DIGITS:0{DIGITS}}"

        return code

    async def count_try(self, task_id: str, person_id: str, *, at: datetime) -> int:
        return await count_try(self._mongo, _key(task_id, person_id), at=at)

    async def take_back(self, task_id: str, person_id: str) -> None:
        await take_back(self._mongo, [_key(task_id, person_id)])


def _key(task_id: str, person_id: str) -> str:
    """No id is kept."""
    return f"confirmation {sha256(f'{task_id}/{person_id}'.encode()).hexdigest()}"
