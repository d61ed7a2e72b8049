"""Finding requests by what was written (关键词检索): tokens of a text, and what a query asks of them; never a person, never a number.

Chinese is not cut into words, so each run of it is found by its single characters and by any two that stand side by side; a word in
letters or digits by itself and by its beginnings. Names of persons and five or more digits make no tokens, so nothing finds them.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from domain.access import Actor
from domain.errors import BadArgument
from domain.pages import Page, PageRequest
from domain.texts import MAX_CHARACTERS

MAX_SOUGHT = 50
LONGEST_BEGINNING = 12
NAME_LENGTHS = range(2, 7)
SHORTEST_SURE_NAME = 3
"""A name of two characters is as often two words of a sentence: it is left out of a text only where it is known to stand there."""

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_RUN = re.compile(f"[{_HAN}]+")
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_DIGIT = r"[0-9０-９〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺]"
_NUMBER = re.compile(rf"[0-9０-９](?:[\s\-_.·,/()（）－．，]*[0-9０-９]){{4,}}|{_DIGIT}{{5,}}")
"""Five or more digits, also where something stands between them as in a telephone number, or in Chinese figures."""
_GAP = "\n"


@dataclass(frozen=True, slots=True)
class Sought:
    """What a query asks for: each of `parts` stands in the text as it is, so each of `tokens` is among the text's."""

    given: str
    parts: tuple[str, ...]
    tokens: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Whether the parts stand there; of digits that make no tokens, nothing does."""
        shown = without_numbers(text)
        return all(part in shown for part in self.parts)


class LookKind(Enum):
    SEARCH = "SEARCH"
    EXPORT = "EXPORT"


@dataclass(frozen=True, slots=True)
class Look:
    """One line of the search log (检索记录): who searched or exported, when, narrowed by which parts of the filter; never the words.

    `rows` is how many an export held; nothing while it runs, and where it was broken off.
    """

    id: str
    township: str
    by_id: str
    kind: LookKind
    filters: tuple[str, ...]
    at: datetime
    rows: int | None = None


class SearchLog(Protocol):
    async def enter(self, look: Look) -> None:
        """Before anything is shown."""
        ...

    async def finish(self, look: Look, rows: int) -> None:
        """The export came to its end with so many rows."""
        ...

    async def of_township(self, page: PageRequest, *, seen_by: Actor) -> Page[Look]:
        """Every line of the reader's township, newest first. For its privacy officer."""
        ...


def sought(text: str) -> Sought:
    """What `text` asks for. Raises `BadArgument` for what is too long, says nothing, or looks for a number."""
    if len(text) > MAX_SOUGHT:
        raise BadArgument(f"a search has at most {MAX_SOUGHT} characters")
    plain = _plain(text)
    if _NUMBER.search(plain):
        raise BadArgument("nothing is searched by five or more digits")
    parts = tuple(dict.fromkeys(_RUN.findall(plain)))
    if not parts:
        raise BadArgument("a search wants a word")
    return Sought(text, parts, tuple(dict.fromkeys(token for part in parts for token in _asked(part))))


def tokens_of(text: str, names: Collection[str] = ()) -> tuple[str, ...]:
    """What a text is found by, in order; `names` are left out of it."""
    left = without_numbers(text)
    for name in sorted(map(_plain, names), key=len, reverse=True):
        left = left.replace(name, _GAP)
    return tuple(sorted({token for run in _RUN.findall(left) for token in _kept(run)}))


def possible_names(texts: Sequence[str], lengths: range = NAME_LENGTHS) -> frozenset[str]:
    """Whatever in the texts could be somebody's name: every few characters side by side, and each word."""
    found: set[str] = set()
    for text in texts:
        given = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
        found |= {word for word in (given.strip(), *given.split()) if 2 <= len(word) <= MAX_SOUGHT}
        for run in _HAN_RUN.findall(given):
            found |= {run[at : at + size] for size in lengths for at in range(len(run) - size + 1)}
    return frozenset(found)


def without_numbers(text: str) -> str:
    """The text in one spelling, a gap for each number of five or more digits."""
    return _NUMBER.sub(_GAP, _plain(text))


def masked_numbers(text: str) -> str:
    """The text as it is, with stars for each number of five or more digits."""
    return _NUMBER.sub("*****", text)


def _plain(text: str) -> str:
    """One spelling: full-width letters as the others, capitals as small ones."""
    return unicodedata.normalize("NFKC", text).casefold()


def _asked(part: str) -> Iterator[str]:
    """The fewest tokens of a part that a text with it must have."""
    if _HAN_RUN.fullmatch(part) and len(part) > 1:
        yield from (part[at : at + 2] for at in range(len(part) - 1))
    else:
        yield part[:LONGEST_BEGINNING]


def _kept(run: str) -> Iterator[str]:
    if not _HAN_RUN.fullmatch(run):
        yield from (run[:size] for size in range(1, min(len(run), LONGEST_BEGINNING) + 1))
        return
    yield from run
    yield from (run[at : at + 2] for at in range(len(run) - 1))
