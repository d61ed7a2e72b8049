"""Persons, by the little that service needs of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account or a post; `household_id` is set for residents. `code` is how the organisation's own list knows them."""

    id: str
    township: str
    display_name: str
    household_id: str | None = None
    code: str = ""
