"""Ids of the demo: shaped as all ids are, and the same every time."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from domain.ids import Kind, compose, uuid7

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
"""The moment of the first id; each further one is a millisecond younger, so that ids sort in the order they were made."""


class Mint:
    """Makes the ids of one township, in an order that decides what they are."""

    __slots__ = ("_made", "_township")

    def __init__(self, township: str) -> None:
        self._township = township
        self._made = 0

    def new(self, kind: Kind) -> str:
        """The next id; its "randomness" is a digest of the township, the kind and how many were made before."""
        digest = sha256(f"{self._township}|{kind.value}|{self._made}".encode()).digest()
        moment = BEGINNING + timedelta(milliseconds=self._made)
        self._made += 1
        return compose(kind, self._township, uuid7(moment, int.from_bytes(digest[:10])))
