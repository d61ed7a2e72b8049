"""Which unit may stand below which: the two chains, and the committees across them that own nothing."""

from dataclasses import dataclass, field

from domain.chains import LEGAL_PARENTS
from domain.errors import Message
from domain.organisation import OVERLAYS, OrgUnitKind
from domain.workbook_pages import Draft, Faults, Page


@dataclass(slots=True)
class Units:
    """What the other sheets ask of the units: kind and parent by code."""

    kinds: dict[str, OrgUnitKind | None] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)

    def add(self, draft: Draft) -> None:
        code = draft.text("code")
        if code is not None:
            self.kinds.setdefault(code, kind_of(draft))
            self.parents.setdefault(code, draft.text("parent"))

    def path(self, code: str) -> list[str]:
        """The unit and those above it, up to the first that is unknown or comes again."""
        path: list[str] = []
        above: str | None = code
        while above is not None and above not in path and above in self.kinds:
            path.append(above)
            above = self.parents[above]
        return path

    def is_in_circle(self, code: str) -> bool:
        return self.parents.get(self.path(code)[-1]) == code

    def are_in_line(self, one: str, other: str) -> bool:
        """Whether one of the two is the other, or above it."""
        return one in self.path(other) or other in self.path(one)


def kind_of(draft: Draft) -> OrgUnitKind | None:
    kind = draft.values.get("kind")
    return kind if isinstance(kind, OrgUnitKind) else None


def check_unit(page: Page, draft: Draft, units: Units, faults: Faults, *, township: str) -> None:
    """What one line of the units must keep, seen with all the others."""
    kind, code = kind_of(draft), draft.text("code")
    if code is not None and not code.startswith(township):
        faults.at(page, draft, "code", Message("import.foreign_code", {"value": code, "township": township}))
    elif code is not None and kind is not None and (code == township) != (kind is OrgUnitKind.TOWNSHIP_COMMITTEE):
        faults.at(page, draft, "code", Message("import.township_code", {"value": code, "township": township}))
    if kind is not None:
        _check_parent(page, draft, kind, units, faults)
        _check_skill(page, draft, kind, faults)
        _check_covers(page, draft, kind, units, faults)


def _check_parent(page: Page, draft: Draft, kind: OrgUnitKind, units: Units, faults: Faults) -> None:
    parent, code = draft.text("parent"), draft.text("code")
    expected = Message(f"import.expected.parents.{kind.value.lower()}")
    if parent is None:
        if kind is not OrgUnitKind.TOWNSHIP_COMMITTEE and draft.is_blank("parent"):
            faults.at(page, draft, "parent", Message("import.required"), expected)
    elif kind is OrgUnitKind.TOWNSHIP_COMMITTEE:
        faults.at(page, draft, "parent", Message("import.township_below", {"value": parent}), expected)
    elif parent not in units.kinds:
        faults.at(page, draft, "parent", Message("import.unknown_code", {"value": parent, "sheet": page.title}))
    elif code is not None and units.is_in_circle(code):
        faults.at(page, draft, "parent", Message("import.circle", {"value": parent}), expected)
    elif (above := units.kinds[parent]) is not None and above not in LEGAL_PARENTS[kind]:
        faults.at(page, draft, "parent", Message("import.wrong_parent", {"value": parent}), expected)


def _check_skill(page: Page, draft: Draft, kind: OrgUnitKind, faults: Faults) -> None:
    skill = draft.text("skill")
    if skill is not None and kind is not OrgUnitKind.PROFESSIONAL_BRANCH:
        faults.at(page, draft, "skill", Message("import.skill_misplaced"))


def _check_covers(page: Page, draft: Draft, kind: OrgUnitKind, units: Units, faults: Faults) -> None:
    covered = draft.texts("covers")
    if covered and kind not in OVERLAYS:
        faults.at(page, draft, "covers", Message("import.covers_misplaced"))
        return
    for code in covered:
        if code not in units.kinds:
            faults.at(page, draft, "covers", Message("import.unknown_code", {"value": code, "sheet": page.title}))
        elif units.kinds[code] in OVERLAYS | {OrgUnitKind.TOWNSHIP_COMMITTEE}:
            faults.at(page, draft, "covers", Message("import.wrong_kind", {"value": code}))
