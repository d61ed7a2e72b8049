"""Domain values as documents and back: the field names are the same, `_id` is `id`, enums are their values, days are ISO text."""

from dataclasses import is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from adapters.mongo.driver import Document

T = TypeVar("T")


def encode(value: object) -> Document:
    """The document of a dataclass. Sets are sorted, so that equal values are equal documents."""
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} is no domain value")
    document: Document = msgspec.to_builtins(value, builtin_types=(datetime,), order="deterministic")
    if "id" in document:
        document = {"_id": document.pop("id"), **document}
    return document


def decode(kind: type[T], document: Document) -> T:
    """The domain value of a document; fields that only the store needs are passed over."""
    fields = {("id" if name == "_id" else name): value for name, value in document.items()}
    return msgspec.convert(fields, kind, builtin_types=(datetime,))


def changed_fields(before: Document, after: Document) -> dict[str, Any]:
    """What an update has to set, so that the one becomes the other."""
    return {name: value for name, value in after.items() if name not in before or before[name] != value}


def stored_moment(at: datetime) -> datetime:
    """The moment as the database keeps it: UTC, to the millisecond."""
    moment = at.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
