"""Bringing a whole organisation from a file: which id stands behind which code, what the file would change, and who carries it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from domain.commands import Command
from domain.ids import Ids, Kind, key_of
from domain.workbook import form_of, written
from domain.workbook_pages import Fault
from domain.workbook_rows import Row, Sheet

MOST_LINES = 100
"""So many changes of one sheet are told one by one."""

HIDDEN = frozenset({"address", "phone"})
"""Columns of which a difference says that they changed, and not into what."""

KINDS: Mapping[Sheet, Kind] = {
    Sheet.UNITS: Kind.UNIT,
    Sheet.VILLAGES: Kind.VILLAGE,
    Sheet.GRIDS: Kind.GRID,
    Sheet.MICRO_GRIDS: Kind.MICRO_GRID,
    Sheet.HOUSEHOLDS: Kind.HOUSEHOLD,
    Sheet.PERSONS: Kind.PERSON,
    Sheet.POSTS: Kind.APPOINTMENT,
    Sheet.HUBS: Kind.HUB,
}


class What(Enum):
    """What a file does to a row. `KEPT` is one that stays as it is all the same: something hangs on it, or a household ended it."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    ENDED = "ENDED"
    KEPT = "KEPT"


@dataclass(frozen=True, slots=True)
class Cut:
    """One field of a row, before and after, as its cell would show it; empty where nobody is told."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row that a file changes, by its code."""

    code: str
    what: What
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What a file would change, or changed, of one sheet; `lines` are the first of them."""

    sheet: Sheet
    added: int
    changed: int
    ended: int
    kept: int
    unchanged: int
    lines: tuple[Line, ...]

    @property
    def is_nothing(self) -> bool:
        return not (self.added or self.changed or self.ended)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check or an import: faults, or differences. `version` is the organisation's afterwards."""

    version: int
    faults: tuple[Fault, ...] = ()
    left_out: int = 0
    differences: tuple[Difference, ...] = ()
    is_applied: bool = False
    contacts: int = 0

    @property
    def is_sound(self) -> bool:
        return not self.faults

    @property
    def is_nothing(self) -> bool:
        return all(difference.is_nothing for difference in self.differences)


@dataclass(slots=True)
class Tally:
    """Counts what is different, and keeps the first lines of it."""

    counts: dict[tuple[Sheet, What | None], int] = field(default_factory=dict)
    lines: dict[Sheet, list[Line]] = field(default_factory=dict)
    sheets: dict[Sheet, None] = field(default_factory=dict)

    def compare(self, sheet: Sheet, code: str, before: Row | None, after: Row | None) -> None:
        """A row as it stands and as the file has it; nothing for what is not there."""
        if before == after:
            self._count(sheet, None)
        elif before is None or after is None:
            self.note(sheet, code, What.ADDED if before is None else What.ENDED)
        else:
            self.note(sheet, code, What.CHANGED, _cuts(sheet, before, after))

    def note(self, sheet: Sheet, code: str, what: What, cuts: tuple[Cut, ...] = ()) -> None:
        self._count(sheet, what)
        lines = self.lines.setdefault(sheet, [])
        if len(lines) < MOST_LINES:
            lines.append(Line(code, what, cuts))

    def differences(self) -> tuple[Difference, ...]:
        return tuple(self._difference(sheet) for sheet in Sheet if sheet in self.sheets)

    def _difference(self, sheet: Sheet) -> Difference:
        added, changed, ended, kept, unchanged = (
            self.counts.get((sheet, what), 0) for what in (What.ADDED, What.CHANGED, What.ENDED, What.KEPT, None)
        )
        return Difference(sheet, added, changed, ended, kept, unchanged, tuple(self.lines.get(sheet, ())))

    def _count(self, sheet: Sheet, what: What | None) -> None:
        self.sheets[sheet] = None
        self.counts[sheet, what] = self.counts.get((sheet, what), 0) + 1


def _cuts(sheet: Sheet, before: Row, after: Row) -> tuple[Cut, ...]:
    changed = [column for column in form_of(sheet).columns if getattr(before, column.name) != getattr(after, column.name)]
    return tuple(
        Cut(column.name, "", "")
        if column.name in HIDDEN
        else Cut(column.name, written(column, getattr(before, column.name)), written(column, getattr(after, column.name)))
        for column in changed
    )


class NoIds:
    """Keeps `Ids` for a register of what stands: there is nothing new in it."""

    def new(self, kind: Kind, township: str, at: datetime) -> str:
        raise LookupError("everything stands already")

    def digits(self, count: int) -> str:
        raise LookupError("everything stands already")


class Register:
    """Which id stands behind which code. A code that is new gets a new id, and keeps it for as long as the register lives."""

    def __init__(self, township: str, at: datetime, ids: Ids) -> None:
        self.township = township
        self._at = at
        self._ids = ids
        self._by_code: dict[Sheet, dict[str, str]] = {sheet: {} for sheet in KINDS}
        self._by_id: dict[str, str] = {}
        self._stood: set[str] = set()

    def stands(self, sheet: Sheet, code: str, id_: str) -> None:
        self._by_code[sheet][code] = id_
        self._by_id[id_] = code
        self._stood.add(id_)

    def id_of(self, sheet: Sheet, code: str) -> str:
        found = self._by_code[sheet].get(code)
        if found is None:
            found = self.new(sheet)
            self._by_code[sheet][code] = found
            self._by_id[found] = code
        return found

    def wanted(self, sheet: Sheet, code: str | None) -> str | None:
        return self.id_of(sheet, code) if code is not None else None

    def new(self, sheet: Sheet) -> str:
        return self._ids.new(KINDS[sheet], self.township, self._at)

    def code_of(self, id_: str | None) -> str | None:
        """Of what has no code of its own, or is no longer there, the last digits of its id."""
        return None if id_ is None else self._by_id.get(id_) or key_of(id_)

    def has_stood(self, id_: str) -> bool:
        return id_ in self._stood

    def standing(self, sheet: Sheet) -> Mapping[str, str]:
        """Codes and ids of what stood before the file."""
        return {code: id_ for code, id_ in self._by_code[sheet].items() if id_ in self._stood}


@dataclass(frozen=True, slots=True)
class Import:
    """One run: for which township, on which day, by whom. `id` is what its lease is known by."""

    id: str
    township: str
    at: datetime
    today: date
    by_id: str
    expected_version: int | None = None
    command: Command | None = None


def is_over(until: date | None, today: date) -> bool:
    return until is not None and until <= today


def total(differences: Sequence[Difference]) -> Mapping[str, int]:
    """How many rows were added, changed and ended, of all sheets."""
    names = ("added", "changed", "ended")
    return {name: sum(getattr(difference, name) for difference in differences) for name in names}
