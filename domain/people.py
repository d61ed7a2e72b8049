"""Persons, by the little that service needs of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account or a post. `household_id` is set for residents; `scopes` says whose directory shows them."""

    id: str
    township: str
    display_name: str
    household_id: str | None = None
    scopes: frozenset[str] = frozenset()
