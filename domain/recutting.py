"""Grids cut anew: old ones end, new ones with codes that never were take over their homes, micro-grids, workers and open tasks.

All of it is today: what was routed before keeps its grid, and whoever works in the new ones sees it, because they succeed the old ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

from domain.chains import BRANCHES, HOME_DIGITS, HOMES_OF_GRIDS, grid_code, is_digits, micro_grid_code
from domain.commands import digest
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.home_changes import linked_in
from domain.households import Household
from domain.ids import Kind, derived
from domain.organisation import Grid, HubHousehold, MicroGrid, Organisation
from domain.places import Area, GeoPoint
from domain.post_changes import ended, ended_duties
from domain.posts import Appointment, Role
from domain.reorganisation import Changed, Editor, check_open, name_of
from domain.rights import Right

MAX_GRIDS, MAX_MICRO_GRIDS, MAX_CORNERS, MAX_NAMED_HOMES, MAX_WORKERS = 20, 100, 500, 2_000, 20
FEWEST_CORNERS = 3
MAX_HOMES = 4_000
"""Homes that move at once: some eight grids. All of it is one transaction, and that ends after ten seconds."""


@dataclass(frozen=True, slots=True)
class NewMicroGrid:
    """`from_id` is an old micro-grid that goes along whole: homes, hub, host, link members; `household_ids` are homes named one by one."""

    code: str
    name: str
    from_id: str | None = None
    household_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewGrid:
    """`succeeds` are the old grids whose open tasks it takes over; `household_ids` stand in it outside of every micro-grid."""

    code: str
    name: str
    branch_id: str
    succeeds: Sequence[str]
    boundary: Sequence[GeoPoint] | None = None
    worker_ids: Sequence[str] = ()
    micro_grids: Sequence[NewMicroGrid] = ()
    household_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Recut:
    """What is cut anew, and into what."""

    old_ids: Sequence[str]
    grids: Sequence[NewGrid]


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom and what a re-cut meets; `confirmation` stands for what was looked at: these contents, this version of the organisation."""

    worker_ids: tuple[str, ...]
    household_count: int
    confirmation: str


def confirmation_of(now: Organisation, wanted: Recut) -> str:
    return digest(f"recut/{now.township}/{now.version}", {"old": list(wanted.old_ids), "grids": [asdict(grid) for grid in wanted.grids]})


def affected(edit: Editor, wanted: Recut, homes: Sequence[Household]) -> Affected:
    """What the re-cut would meet. Refuses whatever the re-cut itself would refuse."""
    confirmation = confirmation_of(edit.now, wanted)
    recut(edit, wanted, homes, base_id=derived(Kind.EVENT, edit.now.root().id, "preview"), confirmation=confirmation)
    workers = {post.person_id: None for post in _posts_of(edit, wanted.old_ids) if post.role is Role.GRID_WORKER}
    return Affected(
        tuple(workers), len([home for home in homes if home.residence_grid_id in wanted.old_ids]), confirmation_of(edit.now, wanted)
    )


def recut(edit: Editor, wanted: Recut, homes: Sequence[Household], *, base_id: str, confirmation: str) -> Changed:
    """The township after it. `homes` are all of the old grids; new things take ids from `base_id`.

    Raises NOT_FOUND, NOT_ALLOWED, INVALID_INPUT, WRONG_STATE; CONFLICT where the organisation moved on since it was looked at.
    """
    old = permitted(edit, wanted)
    if confirmation != confirmation_of(edit.now, wanted):
        raise refused(RefusalCode.CONFLICT, "refusal.moved_on", "confirmation")
    for grid in old.values():
        check_open(grid, "oldGridIds")
    grids = _new_grids(edit, wanted, base_id)
    micros = _new_micro_grids(edit, wanted, grids, base_id)
    after = _homes_after(wanted, homes, grids, micros)
    counted = {grid.id: grid for grid in _counted(grids, after)}
    posts = _posts_after(edit, wanted, grids, micros, base_id)
    turns, gone = ended_duties(edit, lambda duty: duty.grid_id in old, edit.on)
    values: list[Any] = [
        *(replace(grid, valid_to=edit.on, household_count=0, version=grid.version + 1) for grid in old.values()),
        *(replace(micro, valid_to=edit.on) for id_ in old for micro in edit.now.micro_grids_of(id_) if micro.valid_to is None),
        *counted.values(),
        *micros.values(),
        *_hubs_after(edit, wanted, micros, after),
        *after,
        *posts,
        *turns,
    ]
    about = [*counted, *old]
    return edit.changed(values, about=about, units=[grid.branch_id for grid in (*old.values(), *counted.values())], gone=gone)


def permitted(edit: Editor, wanted: Recut) -> Mapping[str, Grid]:
    """The old grids, by id. What can be judged before any home is read: the size of the plan, and the right to cut those grids anew."""
    if not 0 < len(wanted.old_ids) <= MAX_GRIDS or not 0 < len(wanted.grids) <= MAX_GRIDS:
        raise invalid("refusal.recut_size", "grids", limit=MAX_GRIDS)
    succeeded = set(chain.from_iterable(grid.succeeds for grid in wanted.grids))
    if any(not grid.succeeds for grid in wanted.grids) or succeeded != set(wanted.old_ids):
        raise invalid("refusal.succeeds_wanted", "grids.succeeds")
    old = {id_: edit.grid(id_, "oldGridIds") for id_ in wanted.old_ids}
    for grid in old.values():
        edit.require(Right.MANAGE_UNITS, grid.branch_id, "oldGridIds")
    return old


def _new_grids(edit: Editor, wanted: Recut, base_id: str) -> Mapping[str, Grid]:
    """By code."""
    ever, made = {grid.code for grid in edit.now.grids.values()}, dict[str, Grid]()
    for new in wanted.grids:
        branch = edit.unit(new.branch_id, "grids.branchId")
        edit.require(Right.MANAGE_UNITS, branch.id, "grids.branchId")
        check_open(branch, "grids.branchId")
        if branch.kind not in BRANCHES or not branch.is_valid(edit.on):
            raise invalid("refusal.no_branch", "grids.branchId")
        code, kind = grid_code(new.code, _home_of_grids(edit, branch.id), "grids.code")
        if code in ever or code in made:
            raise invalid("refusal.code_used", "grids.code")
        made[code] = Grid(
            id=derived(Kind.GRID, base_id, code),
            township=edit.now.township,
            code=code,
            name=name_of(new.name, "grids.name"),
            branch_id=branch.id,
            boundary=_boundary(new.boundary),
            household_count=0,
            valid_from=edit.on,
            kind=kind,
            succeeds=tuple(dict.fromkeys(new.succeeds)),
        )
    return made


def _home_of_grids(edit: Editor, branch_id: str) -> str:
    """The twelve digits of the settlement or village that the branch belongs to."""
    for unit in edit.now.path(branch_id):
        if unit.kind in HOMES_OF_GRIDS and len(unit.code) == HOME_DIGITS and is_digits(unit.code):
            return unit.code
    raise invalid("refusal.no_branch", "grids.branchId")


def _boundary(corners: Sequence[GeoPoint] | None) -> Area | None:
    if corners is None:
        return None
    if not FEWEST_CORNERS <= len(corners) <= MAX_CORNERS or not all(corner.is_on_earth for corner in corners):
        raise invalid("refusal.boundary", "grids.boundary")
    return Area(tuple(corners))


def _new_micro_grids(edit: Editor, wanted: Recut, grids: Mapping[str, Grid], base_id: str) -> Mapping[str, MicroGrid]:
    """By code."""
    ever, made, taken = {micro.code for micro in edit.now.micro_grids.values()}, dict[str, MicroGrid](), set[str]()
    if sum(len(new.micro_grids) for new in wanted.grids) > MAX_MICRO_GRIDS:
        raise invalid("refusal.too_many", "grids.microGrids", limit=MAX_MICRO_GRIDS)
    for new in wanted.grids:
        for part in new.micro_grids:
            code = micro_grid_code(part.code, new.code, "grids.microGrids.code")
            if code in ever or code in made:
                raise invalid("refusal.code_used", "grids.microGrids.code")
            if part.from_id is not None:
                former = edit.now.micro_grids.get(part.from_id)
                if former is None or former.valid_to is not None or former.grid_id not in new.succeeds or part.from_id in taken:
                    raise not_found("grids.microGrids.fromId")
                taken.add(part.from_id)
            name = name_of(part.name, "grids.microGrids.name")
            made[code] = MicroGrid(derived(Kind.MICRO_GRID, base_id, code), edit.now.township, code, name, grids[new.code].id, edit.on)
    return made


def _homes_after(wanted: Recut, homes: Sequence[Household], grids: Mapping[str, Grid], micros: Mapping[str, MicroGrid]) -> list[Household]:
    """Every home of the old grids in its new place: where it was named, else with its micro-grid. None is left behind."""
    named, along = dict[str, tuple[Grid, MicroGrid | None]](), dict[str, tuple[Grid, MicroGrid | None]]()
    for new in wanted.grids:
        grid = grids[new.code]
        places = [(new.household_ids, None), *((part.household_ids, micros[part.code]) for part in new.micro_grids)]
        for ids, micro in places:
            for id_ in ids:
                if id_ in named:
                    raise invalid("refusal.named_twice", "grids.householdIds")
                named[id_] = grid, micro
        along |= {part.from_id: (grid, micros[part.code]) for part in new.micro_grids if part.from_id}
    if len(named) > MAX_NAMED_HOMES:
        raise invalid("refusal.too_many", "grids.householdIds", limit=MAX_NAMED_HOMES)
    standing = {home.id: home for home in homes if home.residence_grid_id in wanted.old_ids}
    if len(standing) > MAX_HOMES:
        raise invalid("refusal.too_many", "oldGridIds", limit=MAX_HOMES)
    if not named.keys() <= standing.keys():
        raise not_found("grids.householdIds")
    after = []
    for home in standing.values():
        place = named.get(home.id) or along.get(home.micro_grid_id or "")
        if place is None:
            raise invalid("refusal.home_left_behind", "grids.householdIds", home=home.id)
        grid, micro = place
        after.append(replace(home, residence_grid_id=grid.id, micro_grid_id=micro.id if micro else None, version=home.version + 1))
    return after


def _counted(grids: Mapping[str, Grid], homes: Sequence[Household]) -> Iterator[Grid]:
    for grid in grids.values():
        yield replace(grid, household_count=sum(1 for home in homes if home.residence_grid_id == grid.id))


def _hubs_after(edit: Editor, wanted: Recut, micros: Mapping[str, MicroGrid], homes: Sequence[Household]) -> Iterator[HubHousehold]:
    """A hub goes along with its micro-grid; one whose micro-grid ends stays with it, and has nobody linked."""
    kept = {part.from_id: micros[part.code] for new in wanted.grids for part in new.micro_grids if part.from_id}
    for hub in edit.now.hubs.values():
        former = edit.now.micro_grids.get(hub.micro_grid_id)
        if former is None or former.grid_id not in wanted.old_ids:
            continue
        micro = kept.get(hub.micro_grid_id)
        linked = linked_in(micro.id, homes, edit.on) if micro else 0
        yield replace(hub, micro_grid_id=micro.id if micro else hub.micro_grid_id, linked_household_count=linked)


def _posts_of(edit: Editor, grid_ids: Sequence[str]) -> list[Appointment]:
    """Posts for the grids that are held, or are going to be."""
    posts = edit.now.appointments.values()
    return [post for post in posts if post.grid_id in grid_ids and (post.until is None or post.until > edit.on)]


def _posts_after(
    edit: Editor, wanted: Recut, grids: Mapping[str, Grid], micros: Mapping[str, MicroGrid], base_id: str
) -> Iterator[Appointment]:
    """Posts for the old grids end; hosts and link members go along with their micro-grid; workers are those named."""
    along = {part.from_id: (grids[new.code], micros[part.code]) for new in wanted.grids for part in new.micro_grids if part.from_id}
    for post in _posts_of(edit, wanted.old_ids):
        yield ended(post, edit.on)
        if post.role is not Role.GRID_WORKER and post.micro_grid_id in along:
            grid, micro = along[post.micro_grid_id]
            id_, since = derived(Kind.APPOINTMENT, base_id, post.id), max(post.since, edit.on)
            yield replace(post, id=id_, unit_id=grid.branch_id, grid_id=grid.id, micro_grid_id=micro.id, since=since)
    order = 1 + max((post.order for post in edit.now.appointments.values()), default=-1)
    for new in wanted.grids:
        if len(new.worker_ids) > MAX_WORKERS:
            raise invalid("refusal.too_many", "grids.workerIds", limit=MAX_WORKERS)
        for place, person_id in enumerate(dict.fromkeys(new.worker_ids)):
            if person_id == edit.by.id:
                raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_oneself", "grids.workerIds")
            if not edit.now.posts_of(person_id, edit.on):
                raise not_found("grids.workerIds")
            grid = grids[new.code]
            id_ = derived(Kind.APPOINTMENT, base_id, f"{grid.code}/{person_id}")
            role, unit_id = Role.GRID_WORKER, grid.branch_id
            yield Appointment(id_, edit.now.township, person_id, role, unit_id, edit.on, grid_id=grid.id, order=order + place)
