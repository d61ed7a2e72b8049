"""Which figures of a table of two levels may be told, so that no small group can be worked out from the others (小于十人不公布).

The table is of one month: a township and what stands right below it, each in all and by village. In all is known of each unit that has
enough; of a village in a unit, what is told, and whatever follows from it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Cell = tuple[str, str | None]
"""A unit and a village; none for those who left none."""

WHOLE = ""
"""The township itself, in a table."""

DIRECT = "-"
"""What belongs to the township and to nothing that stands below it now, or to a unit that has too little to be told of itself."""


@dataclass(frozen=True, slots=True)
class Table:
    """One count: of the township (`WHOLE`), and of each unit below, in all and by village."""

    in_all: Mapping[str, int]
    by_village: Mapping[Cell, int]

    def without(self, units: Collection[str]) -> "Table":
        """With what those have among what stands in no unit."""
        in_all = {unit: number for unit, number in self.in_all.items() if unit not in units}
        return Table(in_all, {cell: number for cell, number in self.by_village.items() if cell[0] not in units})

    @property
    def cells(self) -> Mapping[Cell, int]:
        """Every part that is not nothing: also of those who left no village, and of what stands in no unit below."""
        of_unit, below = Counter[str](), Counter[str | None]()
        for (unit, village), number in self.by_village.items():
            of_unit[unit] += number
            below[village] += number if unit != WHOLE else 0
        found: dict[Cell, int] = dict(self.by_village)
        for unit, number in self.in_all.items():
            found[unit, None] = number - of_unit[unit]
            below[None] += found[unit, None] if unit != WHOLE else 0
        found |= {(DIRECT, village): found.get((WHOLE, village), 0) - number for village, number in below.items()}
        return {cell: number for cell, number in found.items() if number > 0}


@dataclass(frozen=True, slots=True)
class _Line:
    """Parts that make a whole; `whole` is nothing where that is known of itself."""

    parts: tuple[Cell, ...]
    whole: Cell | None = None

    @property
    def all(self) -> tuple[Cell, ...]:
        return (*self.parts, *([self.whole] if self.whole else ()))


def told_in(tables: Sequence[Table], *, smallest: int) -> frozenset[Cell]:
    """What may be told of each of these counts: nothing small, and nothing from which, with all the rest, such a group follows."""
    small = {unit for table in tables for unit, number in table.in_all.items() if number < smallest and unit != WHOLE}
    counts = [table.without(small).cells for table in tables]
    everywhere = set[Cell]().union(*counts)
    told = {cell for cell in everywhere if cell[1] is not None and cell[0] != DIRECT and all(n.get(cell, 0) >= smallest for n in counts)}
    lines = [[line for line in _lines(cells) if line.whole or sum(map(cells.__getitem__, line.parts)) >= smallest] for cells in counts]
    while told and (given_up := _given_up(told, counts, lines, smallest)):
        told -= given_up
    return frozenset(told)


def _lines(cells: Mapping[Cell, int]) -> Iterator[_Line]:
    """The township by village first, then each village by unit, then each unit by village."""
    by_village, by_unit = defaultdict[str | None, list[Cell]](list), defaultdict[str, list[Cell]](list)
    for cell in cells:
        by_unit[cell[0]].append(cell)
        by_village[cell[1]] += [cell] if cell[0] != WHOLE else []
    yield _Line(tuple(by_unit.pop(WHOLE, ())))
    for village, parts in by_village.items():
        yield _Line(tuple(parts), (WHOLE, village))
    for parts in by_unit.values():
        yield _Line(tuple(parts))


def _given_up(told: set[Cell], counts: Sequence[Mapping[Cell, int]], lines: Sequence[list[_Line]], smallest: int) -> set[Cell]:
    """What is told no more: of each line that gives a small group away by itself, the smallest; then one by one, of several."""
    given_up = set[Cell]()
    for cells, of_count in zip(counts, lines, strict=True):
        for line in of_count:
            if _gives_away(line, cells, told, smallest) and not given_up & set(line.all):
                given_up.add(_by_size([cell for cell in line.all if cell in told] or told, cells)[0])
    for cells, of_count in zip(counts, lines, strict=True) if not given_up else ():
        known = _known(told, of_count)
        for line in of_count:
            if _gives_away(line, cells, known, smallest):
                return {_what_helps(line, told, cells, of_count, smallest)}
    return given_up


def _gives_away(line: _Line, cells: Mapping[Cell, int], known: set[Cell], smallest: int) -> bool:
    """Whether something small is known of it: a part, or all that is not known of a known whole."""
    hidden = sum(cells[cell] for cell in line.parts if cell not in known)
    is_open = line.whole is None or line.whole in known
    return (is_open and 0 < hidden < smallest) or any(cells.get(cell, smallest) < smallest for cell in line.all if cell in known)


def _what_helps(line: _Line, told: set[Cell], cells: Mapping[Cell, int], lines: Sequence[_Line], smallest: int) -> Cell:
    """The smallest without which it is kept, below the township if there is one."""
    by_size = _by_size(told, cells)
    helps = (cell for cell in by_size if not _gives_away(line, cells, _known(told - {cell}, lines), smallest))
    return next(helps, by_size[0])


def _by_size(told: Iterable[Cell], cells: Mapping[Cell, int]) -> list[Cell]:
    return sorted(told, key=lambda cell: (cell[0] == WHOLE, cells.get(cell, 0), str(cell)))


def _known(told: set[Cell], lines: Sequence[_Line]) -> set[Cell]:
    """What is told, and what follows from it step by step: the last part of a known whole, and the whole of known parts."""
    known, before = set(told), -1
    while len(known) != before:
        before = len(known)
        for line in lines:
            hidden = [cell for cell in line.all if cell not in known]
            if len(hidden) == 1:
                known.add(hidden[0])
    return known
