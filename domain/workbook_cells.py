"""What stands in one cell of a spreadsheet, and how a code, a day, a word or a boundary is read from it.

Spreadsheet programs change what people type: long codes become numbers and lose digits, room numbers become days. Each reader says so
instead of guessing. A reader takes a cell that is not blank and raises `BadCell`, whose message says what is wrong.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TypeVar

from domain.contacts import parse_phone
from domain.errors import Message, Refused
from domain.places import Area, GeoPoint

E = TypeVar("E", bound=Enum)


class Mark(Enum):
    """What the hand saw in place of a value."""

    FORMULA = "FORMULA"
    ERROR = "ERROR"  # like #REF!
    MERGED = "MERGED"  # covered by a cell merged over it


Cell = str | float | bool | date | datetime | time | timedelta | Mark | None
Reader = Callable[[Cell], object]

MOST_LISTED = 500
"""So many codes in one cell, at most."""
MOST_CORNERS = 200

_EXACT = 10**15
"""A spreadsheet keeps 15 digits of a number; whatever is longer has lost some."""
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,3}", re.ASCII)
_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#####"})
_DAY = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?", re.ASCII)
_MIDNIGHT = re.compile(r"[ T]00:00(:00)?")
_BETWEEN = re.compile(r"[;；,，、\s]+")
_PHONE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})|(0[0-9]{2,3})-?([2-9][0-9]{6,7})(?:-([0-9]{1,5}))?", re.ASCII)
_NUMBERS = re.compile(
    r"(?<![0-9])(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9])"
    r"|(?<![0-9])0(?:10|2[0-9]|[3-9][0-9]{2})[ -]?[2-9][0-9]{6,7}(?:-[0-9]{1,5})?(?![0-9])"
    r"|1\.[3-9][0-9]{9}[eE]\+?0?10",
    re.ASCII,
)
"""Telephone numbers within other text, also as a spreadsheet program shows a large number."""
_POLYGON = re.compile(r"POLYGON\s*\(\s*\(([^()]*)\)\s*\)", re.ASCII | re.IGNORECASE)
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FIRST_YEAR, _LAST_YEAR = 1949, 2199


class BadCell(Exception):
    """A cell that cannot be read."""

    def __init__(self, what: Message) -> None:
        super().__init__(what.key)
        self.what = what


def is_blank(cell: Cell) -> bool:
    """Nothing to see: empty, white space, or marks without a body."""
    return cell is None or (isinstance(cell, str) and not any(map(_is_visible, cell)))


def _is_visible(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) not in {"Cf", "Zs", "Zl", "Zp", "Cc"}


def shown(cell: Cell) -> str:
    """The cell in a sentence, short."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        return f"{cell:.15g}"
    text = cell.value if isinstance(cell, Mark) else str(cell)
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= 40 else f"{text[:39]}…"


def without_numbers(text: str) -> str:
    """The text with stars in place of telephone numbers: reports are kept and passed on, and a column may have slipped."""
    plain = unicodedata.normalize("NFKC", text)
    return _NUMBERS.sub("****", plain) if _NUMBERS.search(plain) else text


def written(cell: Cell) -> str:
    """The text of a cell that was meant as text; a small whole number counts as its digits."""
    if cell is Mark.FORMULA:
        raise BadCell(Message("import.formula"))
    if cell is Mark.MERGED:
        raise BadCell(Message("import.merged"))
    if cell is Mark.ERROR or (isinstance(cell, str) and cell.strip() in _ERRORS):
        raise BadCell(Message("import.error_value"))
    if isinstance(cell, date | time | timedelta):
        raise BadCell(Message("import.became_day", {"value": shown(cell)}))
    if isinstance(cell, bool):
        raise BadCell(Message("import.not_text", {"value": shown(cell)}))
    if isinstance(cell, float | int):
        return _digits(cell)
    return str(cell).strip()


def _digits(number: float) -> str:
    if number != number or number < 0 or number >= _EXACT or number != int(number):
        raise BadCell(Message("import.became_number", {"value": shown(number)}))
    return str(int(number))


def _plain(cell: Cell) -> str:
    """Text that no spreadsheet program takes for a formula when it is opened again."""
    text = written(cell)
    if text[:1] in {"=", "+", "-", "@", "＝"}:
        raise BadCell(Message("import.formula"))
    return text


def text_of(limit: int) -> Reader:
    """Words for people, on one line, at most `limit` characters."""

    def read(cell: Cell) -> str:
        text = _plain(cell)
        if len(text) > limit:
            raise BadCell(Message("import.too_long", {"limit": limit}))
        if any(unicodedata.category(character) in {"Cc", "Cs"} or character in _REORDERING for character in text):
            raise BadCell(Message("import.control_characters"))
        return text

    return read


def code_of(shape: str) -> Reader:
    """A code of digits of a regular `shape`. Full-width digits are read as digits."""
    pattern = re.compile(shape, re.ASCII)

    def read(cell: Cell) -> str:
        text = unicodedata.normalize("NFKC", _code_text(cell))
        if not pattern.fullmatch(text):
            raise BadCell(Message("import.bad_code", {"value": shown(text)}))
        return text

    return read


def free_code_of(shape: str) -> Reader:
    """A code that may begin with zeros: typed as a number it may have lost them."""
    read_code = code_of(shape)

    def read(cell: Cell) -> object:
        if isinstance(cell, float | int) and not isinstance(cell, bool):
            raise BadCell(Message("import.became_number", {"value": shown(cell)}))
        return read_code(cell)

    return read


def _code_text(cell: Cell) -> str:
    text = _plain(cell).removeprefix("'")
    if _SCIENTIFIC.fullmatch(text):
        raise BadCell(Message("import.became_number", {"value": text}))
    return text


def codes_of(shape: str) -> Reader:
    """Several codes with semicolons between them; one written twice counts once."""
    read_code = code_of(shape)

    def read(cell: Cell) -> tuple[str, ...]:
        parts = [part for part in _BETWEEN.split(_code_text(cell)) if part]
        if len(parts) > MOST_LISTED:
            raise BadCell(Message("import.too_many_codes", {"limit": MOST_LISTED}))
        return tuple(dict.fromkeys(str(read_code(part)) for part in parts))

    return read


def word_of(words: Mapping[str, E]) -> Reader:
    """One word of a list: a Chinese one or the enumeration's own, in any case."""

    def read(cell: Cell) -> E:
        text = unicodedata.normalize("NFKC", written(cell))
        found = words.get(text) or words.get(text.upper().replace(" ", "_"))
        if found is None:
            raise BadCell(Message("import.unknown_word", {"value": shown(text)}))
        return found

    return read


def yes_or_no(cell: Cell) -> bool:
    """是 or 否, yes or no, or a ticked box."""
    if isinstance(cell, bool):
        return cell
    text = written(cell).casefold()
    if text not in {"是", "否", "yes", "no", "true", "false"}:
        raise BadCell(Message("import.unknown_word", {"value": shown(text)}))
    return text in {"是", "yes", "true"}


def day(cell: Cell) -> date:
    """A calendar day, as a day of the spreadsheet or written year first."""
    if isinstance(cell, datetime):
        found: date | None = cell.date() if cell.time() == time() else None
    elif isinstance(cell, date):
        found = cell
    elif isinstance(cell, str):
        found = _written_day(written(cell))
    else:
        written(cell if isinstance(cell, Mark) else None)
        found = None
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise BadCell(Message("import.bad_day", {"value": shown(cell)}))
    return found


def _written_day(text: str) -> date | None:
    match = _DAY.fullmatch(_MIDNIGHT.sub("", text))
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def phone(cell: Cell) -> str:
    """A mobile or fixed number of the mainland, as its digits; of a fixed one the area code comes first."""
    text = unicodedata.normalize("NFKC", f"{cell:.0f}" if isinstance(cell, float | int) else written(cell))
    match = _PHONE.fullmatch(text.replace(" ", "") if text.startswith("0") else re.sub(r"[ -]", "", text))
    if match is None:
        # The number itself stays out of the sentence: reports are passed on.
        raise BadCell(Message("import.bad_phone"))
    number = match[1] or f"{match[2]}{match[3]}"
    try:
        parse_phone(number, "phone")
    except Refused as error:
        raise BadCell(Message("import.bad_phone")) from error
    return number + (f"-{match[4]}" if match[4] else "")


def boundary(cell: Cell) -> Area:
    """`POLYGON ((longitude latitude, ...))`, WGS 84, one closed ring that does not cross itself."""
    match = _POLYGON.fullmatch(_plain(cell))
    corners = [_corner(pair) for pair in match[1].split(",")] if match else []
    if not corners:
        raise BadCell(Message("import.boundary_unreadable"))
    if corners[0] != corners[-1]:
        raise BadCell(Message("import.boundary_open"))
    ring = corners[:-1]
    if not 3 <= len(ring) <= MOST_CORNERS or len(set(ring)) != len(ring):
        raise BadCell(Message("import.boundary_corners", {"count": len(set(ring)), "limit": MOST_CORNERS}))
    if not all(corner.is_on_earth for corner in ring):
        raise BadCell(Message("import.boundary_nowhere"))
    if _crosses_itself(ring):
        raise BadCell(Message("import.boundary_crosses"))
    return Area(tuple(ring))


def _corner(pair: str) -> GeoPoint:
    try:
        lng, lat = map(float, pair.split())
    except ValueError:
        raise BadCell(Message("import.boundary_unreadable")) from None
    return GeoPoint(lat, lng)


def _crosses_itself(ring: list[GeoPoint]) -> bool:
    """Whether two sides that are no neighbours meet, or the ring is a line there and back."""
    sides = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    last = len(sides) - 1
    apart = ((a, b) for i, a in enumerate(sides) for j, b in enumerate(sides[i + 2 :], i + 2) if not (i == 0 and j == last))
    return any(_meet(*a, *b) for a, b in apart) or all(_turn(ring[0], ring[1], corner) == 0 for corner in ring[2:])


def _meet(a: GeoPoint, b: GeoPoint, c: GeoPoint, d: GeoPoint) -> bool:
    turns = (_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b))
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    return any(turn == 0 and _in_box(*ends) for turn, ends in zip(turns, ((a, b, c), (a, b, d), (c, d, a), (c, d, b)), strict=True))


def _turn(a: GeoPoint, b: GeoPoint, c: GeoPoint) -> int:
    """1 to the left, -1 to the right, 0 straight on."""
    area = (b.lng - a.lng) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lng - a.lng)
    return (area > 0) - (area < 0)


def _in_box(a: GeoPoint, b: GeoPoint, point: GeoPoint) -> bool:
    return min(a.lat, b.lat) <= point.lat <= max(a.lat, b.lat) and min(a.lng, b.lng) <= point.lng <= max(a.lng, b.lng)
