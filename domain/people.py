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


ERASED_NAME = "已注销"
"""What is left of the name of somebody whose data were removed."""


def alias(display_name: str) -> str:
    """What stands for a resident's name where only the work matters: the first character, and no more."""
    first = display_name.strip()[:1]
    return f"Resident {first}." if first.isascii() and first else f"{first}某某"
