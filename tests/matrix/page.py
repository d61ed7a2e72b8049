"""Writes `docs/access-matrix.md` from what was answered: readers who are answered alike share a row, surfaces that open alike a column."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.matrix.matters import Reader

PAGE = Path(__file__).parents[2] / "docs" / "access-matrix.md"
NOTE = "<!-- Written by `python -m tests.matrix` from real answers; a test fails where it is stale. Read what changed. -->"
SEES, NOTHING = "sees", "-"

Cells = Mapping[Reader, Mapping[str, bool]]


def page(surfaces: Cells, matters: Cells) -> str:
    """The whole page."""
    return "\n".join(
        [
            "# Access matrix: what everybody sees of one matter",
            "",
            NOTE,
            "",
            "A township with both chains, every kind of unit, overlays and a neighbour township is planted; somebody holds each role at",
            "each place of it; and everything that can be asked is asked by each of them, over HTTP. The columns are all fields of the",
            "schema that lead to another thing, count, or are personal. The rules are in [access](access.md); who may *do* what is in",
            "[actions](actions.md).",
            "",
            "The matter is a request of a household of the first grid, typed by its hub host for a resident, with an open task of the",
            f"grid's branch that the grid's worker has. `{SEES}`: the answer tells of it. `{NOTHING}`: the answer is empty, and where the",
            "thing itself is not there, to the byte the answer for an id that nothing has. *Where* is where the role is held, seen from",
            "the branch.",
            "",
            "Counts that tell of nobody hang on the notice board with their thing (`Grid.householdCount`); those of figures, hubs and",
            "inboxes are for those who see the unit's figures, the hub, or whose inbox it is.",
            "",
            *_grouped(surfaces, "What opens together", "Each column stands for all surfaces of its line."),
            "## Who sees what of the matter",
            "",
            *_table(_by_first(surfaces), "Where it is held, or how they stand to it"),
            "",
            "Readers that hold a role are named by it alone: whoever holds two sees what either sees.",
            "",
            "## Who sees which matter",
            "",
            "One task at each place, and the request with it. A node, a list, a number, the history and the feed agree in every cell: what",
            "is not there by one door is there by none.",
            "",
            *_table(matters, "Where it is held, or how they stand to the first"),
            "",
        ]
    )


def _groups(cells: Cells) -> dict[tuple[bool, ...], list[str]]:
    """Surfaces by who sees them, in the order of the tables."""
    groups: dict[tuple[bool, ...], list[str]] = {}
    for surface in next(iter(cells.values())):
        groups.setdefault(tuple(row[surface] for row in cells.values()), []).append(surface)
    return groups


def _by_first(cells: Cells) -> Cells:
    firsts = [names[0] for names in _groups(cells).values()]
    return {reader: {name: row[name] for name in firsts} for reader, row in cells.items()}


def _grouped(cells: Cells, title: str, text: str) -> Iterable[str]:
    yield from (f"## {title}", "", text, "", "| Column | All that opens with it |", "|---|---|")
    for names in _groups(cells).values():
        yield f"| `{names[0]}` | {', '.join(f'`{name}`' for name in names)} |"
    yield ""


def _table(cells: Cells, where: str) -> Iterable[str]:
    names = list(next(iter(cells.values())))
    yield f"| Role | {where} | {' | '.join(f'`{name}`' if '.' in name else name for name in names)} |"
    yield f"|{'---|' * (len(names) + 2)}"
    for roles, places, row in _rows(cells):
        marks = " | ".join(SEES if row[name] else NOTHING for name in names)
        yield f"| {', '.join(roles)} | {'; '.join(places)} | {marks} |"


def _rows(cells: Cells) -> Sequence[tuple[list[str], list[str], Mapping[str, bool]]]:
    """One row for each role and answer; roles that are answered alike everywhere share theirs."""
    by_role: dict[str, dict[tuple[bool, ...], list[str]]] = {}
    for reader, row in cells.items():
        by_role.setdefault(reader.role, {}).setdefault(tuple(row.values()), []).append(reader.where)
    alike: dict[str, list[str]] = {}
    for role, answers in by_role.items():
        alike.setdefault(repr(answers), []).append(role)
    names = list(next(iter(cells.values())))
    return [
        (roles, places, dict(zip(names, answer, strict=True))) for roles in alike.values() for answer, places in _places(by_role[roles[0]])
    ]


MANY = 5


def _places(answers: Mapping[tuple[bool, ...], list[str]]) -> Iterable[tuple[tuple[bool, ...], list[str]]]:
    """The answers of one role: the most common one comes last, as "anywhere else"."""
    common = max(answers, key=lambda answer: len(answers[answer]))
    if len(answers[common]) < MANY:
        yield from answers.items()
        return
    yield from ((answer, places) for answer, places in answers.items() if answer != common)
    yield common, ["anywhere else" if len(answers) > 1 else "anywhere"]
