"""Ids are opaque to clients; to the house they say which kind of thing, in which township, so that one shard can answer."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Protocol
from uuid import UUID

NO_TOWNSHIP = "000000000"
"""The township of what belongs to the whole deployment: the catalogue of service items."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHAPE = re.compile(r"(?P<kind>[a-z]{3,5})_(?P<township>[0-9]{9})_(?P<key>[0-9a-f]{32})", re.ASCII)


class Kind(Enum):
    UNIT = "unit"
    GRID = "grid"
    MICRO_GRID = "micro"
    HUB = "hub"
    HOUSEHOLD = "home"
    VILLAGE = "vill"
    PERSON = "pers"
    APPOINTMENT = "post"
    ABSENCE = "away"
    DUTY = "turn"
    ITEM = "item"
    REQUEST = "req"
    TASK = "task"
    EVENT = "evt"
    NOTICE = "note"
    DEVICE = "phone"
    SUBJECT_REQUEST = "subj"
    READING = "read"
    LOOK = "look"
    PROXY_GRANT = "proxy"
    FILTER = "filt"
    CAMPAIGN = "camp"
    FOLLOWING = "foll"


_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Ref:
    """An id taken apart."""

    kind: Kind
    township: str
    key: str


class Ids(Protocol):
    """Makes new ids; the only source of randomness that deeds may use."""

    def new(self, kind: Kind, township: str, at: datetime) -> str:
        """A fresh id; ids of one kind and township sort by `at`, to the millisecond."""
        ...

    def digits(self, count: int) -> str:
        """`count` random decimal digits."""
        ...


def compose(kind: Kind, township: str, key: UUID) -> str:
    """The id of `key`, a UUIDv7 so that ids sort by the moment they were made."""
    return f"{kind.value}_{township}_{key.hex}"


def parse(value: str) -> Ref | None:
    """The id taken apart, or nothing where it is no id at all."""
    match = _SHAPE.fullmatch(value)
    if match is None or match["kind"] not in _KINDS:
        return None
    return Ref(_KINDS[match["kind"]], match["township"], match["key"])


def is_of(kind: Kind, value: str) -> bool:
    ref = parse(value)
    return ref is not None and ref.kind is kind


def township_of(value: str) -> str:
    """The township of an id that this house made. Raises `ValueError` for anything else."""
    ref = parse(value)
    if ref is None:
        raise ValueError("not an id of this house")
    return ref.township


def key_of(value: str) -> str:
    return value.rpartition("_")[2]


def first_id_at(kind: Kind, township: str, at: datetime) -> str:
    """The lowest id that could have been made at `at`: where a range of time becomes a range of ids."""
    milliseconds = max(0, min(_milliseconds(at), (1 << 48) - 1))
    return f"{kind.value}_{township}_{milliseconds:012x}{'0' * 20}"


def uuid7(at: datetime, randomness: int) -> UUID:
    """A UUIDv7 (RFC 9562, section 5.7) of the millisecond `at` and 74 bits of `randomness`."""
    return _uuid7(_milliseconds(at), randomness)


def _milliseconds(at: datetime) -> int:
    """Since 1970, in whole numbers: a float would lose one now and then."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _uuid7(milliseconds: int, randomness: int) -> UUID:
    high = (randomness >> 62) & 0xFFF
    low = randomness & ((1 << 62) - 1)
    return UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | 7 << 76 | high << 64 | 2 << 62 | low)


def derived(kind: Kind, base: str, salt: str) -> str:
    """The one id that `base` and `salt` always give, with the time order of `base`: made twice, it is the same."""
    ref = parse(base)
    if ref is None:
        raise ValueError("derived ids stand on an id of this house")
    randomness = int.from_bytes(sha256(f"{base}|{salt}".encode()).digest()[:10]) & ((1 << 74) - 1)
    return compose(kind, ref.township, _uuid7(int(ref.key[:12], 16), randomness))
