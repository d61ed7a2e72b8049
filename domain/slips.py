"""A slip (回执) for whoever asked and has no app: what a thermal printer prints, or a helper writes down."""

from collections.abc import Iterable
from unicodedata import east_asian_width

COLUMNS = 42
"""Of the usual thermal printer; a Chinese character takes two."""


def columns_of(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WFA" else 1 for character in text)


def slip(lines: Iterable[str]) -> str:
    """The lines, broken so that none is wider than the paper; at a blank where there is one."""
    return "\n".join(part for line in lines for part in _broken(line))


def _broken(line: str) -> Iterable[str]:
    current = ""
    for character in line:
        if columns_of(current + character) > COLUMNS:
            head, blank, rest = current.rpartition(" ")
            yield (head if blank and head.strip() else current).rstrip()
            current = rest if blank and head.strip() else ""
        current += character
    yield current
