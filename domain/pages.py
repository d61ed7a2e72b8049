"""Pages of long lists: keyset cursors, stable while others write; at most 100 a page, 20 where nobody says."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from domain.errors import BadArgument

T = TypeVar("T")

DEFAULT_SIZE = 20
MAX_SIZE = 100
FIRST_YEAR, LAST_YEAR = 1, 9999
"""At the edges of the calendar a moment has no other zone."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`size` rows after `after`, or the last ones before `before` where `is_backward`."""

    size: int = DEFAULT_SIZE
    after: tuple[str, ...] | None = None
    before: tuple[str, ...] | None = None
    is_backward: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows in the list's order, the key of each, and whether there is more on either side.

    `start` and `end` are where a search left off that had looked through enough: the page before or after it begins there, not at a row.
    """

    rows: Sequence[T]
    keys: Sequence[tuple[str, ...]]
    has_next: bool
    has_previous: bool
    start: tuple[str, ...] | None = None
    end: tuple[str, ...] | None = None


def page_request(
    first: int | None, after: str | None, last: int | None = None, before: str | None = None, *, parts: int = 1
) -> PageRequest:
    """The page that was asked for; cursors have `parts` parts. Raises `BadArgument` for what contradicts itself or is no cursor."""
    if last is not None and first not in {None, DEFAULT_SIZE}:  # the schema fills in first: 20 where nobody gave it
        raise BadArgument("give first or last, not both")
    if (last is not None and after is not None) or (last is None and before is not None):
        raise BadArgument("first goes with after, last goes with before")
    wanted = first if last is None else last
    if wanted is not None and wanted < 0:
        raise BadArgument("first and last are not negative")
    size = min(MAX_SIZE, DEFAULT_SIZE if wanted is None else wanted)
    return PageRequest(size, _key(after, "after", parts), _key(before, "before", parts), is_backward=last is not None)


def cursor(key: tuple[str, ...]) -> str:
    """A position in a list as clients carry it: opaque, and worth nothing to whoever may not see the list."""
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def parse_cursor(value: str) -> tuple[str, ...] | None:
    """The position in a cursor of ours, or nothing."""
    try:
        raw = json.loads(base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(raw, list) or not all(isinstance(part, str) and _is_text(part) for part in raw):
        return None
    return tuple(raw)


def _key(value: str | None, argument: str, parts: int) -> tuple[str, ...] | None:
    if value is None:
        return None
    key = parse_cursor(value)
    if key is None or len(key) != parts or (parts > 1 and not _is_moment(key[0])):
        raise BadArgument(f"{argument} is no cursor of this list")
    return key


def _is_text(part: str) -> bool:
    """Half a surrogate pair is no text, and no database takes it."""
    return not any("\ud800" <= character <= "\udfff" for character in part)


def _is_moment(text: str) -> bool:
    """Lists by due time have cursors of moment and id."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.tzinfo is not None and FIRST_YEAR < moment.year < LAST_YEAR
    except ValueError:
        return False
