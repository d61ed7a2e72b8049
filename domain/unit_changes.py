"""Units made, moved, renamed and closed: one township at the top, no cycles, kinds where they may stand, codes never used again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from domain.chains import LEGAL_PARENTS, unit_code
from domain.errors import RefusalCode, invalid, refused
from domain.ids import Kind, derived
from domain.organisation import OVERLAYS, Grid, Organisation, OrgUnit, OrgUnitKind, Village
from domain.post_changes import check_administrator_left, ended, ended_duties
from domain.posts import Appointment
from domain.reorganisation import Changed, Editor, check_open, check_version, name_of, not_before
from domain.rights import Right


@dataclass(frozen=True, slots=True)
class NewUnit:
    """`skill` of a professional branch, `covers` of an overlay; without `valid_from` it is there from today."""

    code: str
    name: str
    kind: OrgUnitKind
    parent_id: str
    valid_from: date | None = None
    skill: str | None = None
    covers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """What is open at a unit: who closes it has to say who takes it over, or that the posts end."""

    children: tuple[OrgUnit, ...]
    grids: tuple[Grid, ...]
    villages: tuple[Village, ...]
    posts: tuple[Appointment, ...]

    @property
    def is_to_be_taken_over(self) -> bool:
        return bool(self.children or self.grids or self.villages)


def created(edit: Editor, id_: str, wanted: NewUnit) -> Changed:
    """A new unit. Raises NOT_FOUND, NOT_ALLOWED, INVALID_INPUT."""
    unit = OrgUnit(
        id=id_,
        township=edit.now.township,
        code=unit_code(wanted.code, edit.now.township, "code"),
        name=name_of(wanted.name),
        kind=wanted.kind,
        parent_id=wanted.parent_id,
        valid_from=not_before(wanted.valid_from, edit.on, "validFrom"),
        skill=name_of(wanted.skill, "skill") if wanted.skill is not None else None,
        covers=tuple(dict.fromkeys(wanted.covers)),
    )
    if unit.skill is not None and unit.kind is not OrgUnitKind.PROFESSIONAL_BRANCH:
        raise invalid("refusal.skill_unwanted", "skill")
    parent = edit.unit(wanted.parent_id, "parentId")
    edit.require(Right.MANAGE_UNITS, parent.id, "parentId")
    check_open(parent, "parentId")
    _check_parent(unit.kind, parent)
    _check_covered(edit, unit)
    if edit.now.unit_by_code(unit.code) is not None:
        raise invalid("refusal.code_used", "code")
    return edit.changed([unit], about=[unit.id, parent.id], units=[parent.id])


def moved(edit: Editor, unit_id: str, parent_id: str, *, expected_version: int | None = None) -> Changed:
    """The unit, and all below it, under another parent; whoever leads it from now on sees what it was given before."""
    unit, parent = edit.unit(unit_id, "unitId"), edit.unit(parent_id, "parentId")
    edit.require(Right.MANAGE_UNITS, unit.id, "unitId")
    edit.require(Right.MANAGE_UNITS, parent.id, "parentId")
    check_version(unit, expected_version)
    check_open(unit, "unitId")
    check_open(parent, "parentId")
    if unit.parent_id == parent.id:
        raise invalid("refusal.stands_there", "parentId")
    if parent.id in edit.now.subtree(unit.id):
        raise invalid("refusal.cycle", "parentId")
    _check_parent(unit.kind, parent)
    return edit.changed([_under(unit, parent.id)], about=[unit.id, parent.id, unit.parent_id or ""], units=[unit.id, parent.id])


def renamed(edit: Editor, unit_id: str, name: str, *, expected_version: int | None = None) -> Changed:
    name, unit = name_of(name), edit.unit(unit_id, "unitId")
    edit.require(Right.MANAGE_UNITS, unit.id, "unitId")
    check_version(unit, expected_version)
    check_open(unit, "unitId")
    return edit.changed([replace(unit, name=name, version=unit.version + 1)], about=[unit.id], units=[unit.id])


def held(now: Organisation, unit_id: str, on: date) -> Held:
    """What is open at the unit itself, today or from a later day."""
    return Held(
        children=tuple(child for child in now.children(unit_id) if child.valid_to is None or child.valid_to > on),
        grids=tuple(grid for grid in now.grids_of(unit_id) if grid.valid_to is None or grid.valid_to > on),
        villages=tuple(village for village in now.villages.values() if village.unit_id == unit_id),
        posts=tuple(post for post in now.appointments.values() if post.unit_id == unit_id and (post.until is None or post.until > on)),
    )


def closed(
    edit: Editor,
    unit_id: str,
    *,
    base_id: str,
    valid_to: date | None = None,
    successor_id: str | None = None,
    expected_version: int | None = None,
) -> Changed:
    """The unit is no more from that day on; a successor of its kind takes over whatever stood below it, and its open tasks.

    Posts end with it; whoever serves a grid goes with the grid. New posts take ids from `base_id`. What is taken over, is today.
    """
    day, unit = not_before(valid_to, edit.on, "validTo"), edit.unit(unit_id, "unitId")
    successor = edit.unit(successor_id, "successorId") if successor_id is not None else None
    edit.require(Right.MANAGE_UNITS, unit.id, "unitId")
    if successor is not None:
        edit.require(Right.MANAGE_UNITS, successor.id, "successorId")
    check_version(unit, expected_version)
    check_open(unit, "unitId")
    if unit.kind is OrgUnitKind.TOWNSHIP_COMMITTEE:
        raise invalid("refusal.township_stays", "unitId")
    if successor is not None:
        _check_successor(edit, unit, successor)
    open_ = held(edit.now, unit.id, edit.on)
    if successor is None and open_.is_to_be_taken_over:
        raise refused(RefusalCode.WRONG_STATE, "refusal.successor_wanted", "successorId", current=unit)
    if open_.is_to_be_taken_over and day != edit.on:
        raise invalid("refusal.taken_over_today", "validTo")
    check_administrator_left(edit, [post.id for post in open_.posts], "unitId")
    values = [
        replace(unit, valid_to=day, version=unit.version + 1),
        *(ended(post, day) for post in open_.posts),
        *_covers_mended(edit, unit, successor),
        *(_taken_over(edit, unit, successor, open_, base_id) if successor else ()),
    ]
    ended_turns, gone = ended_duties(edit, lambda duty: duty.unit_id == unit.id, day)
    about = [unit.id, *([successor.id] if successor else [])]
    return edit.changed([*values, *ended_turns], gone=gone, about=about, units=about)


def _taken_over(edit: Editor, unit: OrgUnit, successor: OrgUnit, open_: Held, base_id: str) -> Iterator[Any]:
    yield replace(successor, succeeds=(*successor.succeeds, unit.id), version=successor.version + 1)
    yield from (_under(child, successor.id) for child in open_.children)
    yield from (replace(grid, branch_id=successor.id, version=grid.version + 1) for grid in open_.grids)
    yield from (replace(village, unit_id=successor.id) for village in open_.villages)
    for post in open_.posts:
        if post.grid_id is not None:
            id_, since = derived(Kind.APPOINTMENT, base_id, post.id), max(post.since, edit.on)
            yield replace(post, id=id_, unit_id=successor.id, since=since)


def _covers_mended(edit: Editor, unit: OrgUnit, successor: OrgUnit | None) -> Iterator[OrgUnit]:
    """Overlays that co-ordinated the unit co-ordinate its successor."""
    for overlay in edit.now.units.values():
        if unit.id in overlay.covers:
            covers = [successor.id if id_ == unit.id and successor else id_ for id_ in overlay.covers if id_ != unit.id or successor]
            yield replace(overlay, covers=tuple(dict.fromkeys(covers)), version=overlay.version + 1)


def _check_successor(edit: Editor, unit: OrgUnit, successor: OrgUnit) -> None:
    check_open(successor, "successorId")
    if successor.kind is not unit.kind or successor.id in edit.now.subtree(unit.id) or not successor.is_valid(edit.on):
        raise invalid("refusal.successor_unfit", "successorId")


def _under(unit: OrgUnit, parent_id: str) -> OrgUnit:
    former = tuple(dict.fromkeys([*unit.former_parent_ids, unit.parent_id or ""]))
    return replace(unit, parent_id=parent_id, former_parent_ids=former, version=unit.version + 1)


def _check_parent(kind: OrgUnitKind, parent: OrgUnit) -> None:
    if parent.kind not in LEGAL_PARENTS[kind]:
        raise invalid("refusal.illegal_parent", "parentId")


def _check_covered(edit: Editor, overlay: OrgUnit) -> None:
    if overlay.covers and overlay.kind not in OVERLAYS:
        raise invalid("refusal.covers_unwanted", "covers")
    for unit in [edit.unit(id_, "covers") for id_ in overlay.covers]:
        check_open(unit, "covers")
        if unit.kind in OVERLAYS or unit.kind is OrgUnitKind.TOWNSHIP_COMMITTEE:
            raise invalid("refusal.covers_unwanted", "covers")
