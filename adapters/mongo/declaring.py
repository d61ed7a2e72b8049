"""How a collection is declared: the fields that every document has, and the indexes, with their options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from adapters.mongo.vault import SEALED

INDEX_OPTIONS = ("unique", "partialFilterExpression", "expireAfterSeconds")

Keys = list[tuple[str, int | str]]
Described = tuple[tuple[tuple[str, int | str], ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Index:
    name: str
    keys: Keys
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def described(self) -> Described:
        return tuple(self.keys), dict(self.options)

    def model(self) -> IndexModel:
        return IndexModel(self.keys, name=self.name, **self.options)


@dataclass(frozen=True, slots=True)
class Collection:
    """`fields` are required, with their BSON types; whatever else a document has is the codec's business, but for what must be sealed."""

    name: str
    fields: Mapping[str, str | list[str]]
    indexes: tuple[Index, ...] = ()

    @property
    def validation(self) -> Mapping[str, Any]:
        """Documents from before a field was sealed may still be changed in other ways."""
        return {"validator": self.validator, "validationLevel": "moderate" if self.name in SEALED else "strict"}

    @property
    def validator(self) -> Mapping[str, Any]:
        properties: dict[str, Any] = {name: {"bsonType": kind} for name, kind in self.fields.items()}
        properties |= {name: {"bsonType": ["binData", "null"]} for name in SEALED.get(self.name, ())}
        return {"$jsonSchema": {"bsonType": "object", "required": ["_id", *self.fields], "properties": properties}}


def keys(*names: str) -> Keys:
    """`-name` runs downwards."""
    return [(name.removeprefix("-"), DESCENDING if name.startswith("-") else ASCENDING) for name in names]


def index(name: str, *names: str, **options: Any) -> Index:
    return Index(name, keys(*names), options)
