"""How an enumeration of the domain is shown: as it is, with every value described."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar, cast

import strawberry

E = TypeVar("E", bound=Enum)


def described(kind: type[E], description: str, values: Mapping[str, str], *, name: str | None = None) -> type[E]:
    """Shows the enumeration. A value without a description is a mistake that stops the start."""
    strawberry.enum(kind, name=name, description=description)
    definition = cast("Any", kind).__strawberry_definition__
    for value in definition.values:
        value.description = values[value.name]
    return kind
