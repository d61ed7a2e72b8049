"""What a thermal printer is given: plain lines that fit on its paper, where a Chinese character takes two columns."""

import unicodedata
from collections.abc import Iterable

COLUMNS = 42

_WIDE = {"W", "F", "A"}
"""Of uncertain width too: printers with a Chinese font set them wide."""


def columns_of(text: str) -> int:
    """How many columns the text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in _WIDE else 1 for character in text)


def slip(lines: Iterable[str]) -> str:
    """The lines, broken where they are too long for the paper, at a space where there is one."""
    return "\n".join(part for line in lines for part in _broken(line))


def _broken(line: str) -> list[str]:
    parts: list[str] = []
    while columns_of(line) > COLUMNS:
        fitting = _fitting(line)
        space = line.rfind(" ", 0, fitting + 1)
        end = space if space > 0 else fitting
        parts.append(line[:end].rstrip())
        line = line[end:].lstrip()
    return [*parts, line]


def _fitting(line: str) -> int:
    """How many characters from the start fit."""
    taken = 0
    for count, character in enumerate(line):
        taken += columns_of(character)
        if taken > COLUMNS:
            return count
    return len(line)
