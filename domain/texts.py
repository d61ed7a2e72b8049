"""What may be written: 1 to 2,000 characters, no control characters, every emoji kept."""

import unicodedata

from domain.errors import invalid

MAX_CHARACTERS = 2_000

_LINE_BREAKS = {"\n"}
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make a text look like another one than it is."""


def required_text(value: str, field: str) -> str:
    """The text without outer white space. Refuses, naming `field`, what is empty, too long or has control characters."""
    text = optional_text(value, field)
    if text is None:
        raise invalid("refusal.text_empty", field)
    return text


def optional_text(value: str | None, field: str) -> str | None:
    """Like `required_text`, but nothing where nothing was written."""
    if value is None:
        return None
    if len(value) > MAX_CHARACTERS:
        raise invalid("refusal.text_too_long", field, limit=MAX_CHARACTERS)
    text = value.replace("\r\n", "\n").strip()
    if any(_is_forbidden(character) for character in text):
        raise invalid("refusal.text_control_characters", field)
    return text if any(_is_visible(character) for character in text) else None


def _is_visible(character: str) -> bool:
    """Not white space, and not a mark that only shapes its neighbours."""
    return unicodedata.category(character) not in {"Cf", "Zs", "Zl", "Zp", "Cc"}


def _is_forbidden(character: str) -> bool:
    if character in _LINE_BREAKS:
        return False
    return unicodedata.category(character) in {"Cc", "Cs"} or character in _REORDERING
