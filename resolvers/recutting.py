"""Grids cut anew in two steps: what it would meet is looked at first, and only what was looked at can be confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain import recutting
from domain.access import Actor
from domain.devices import Device
from domain.households import Household
from domain.ids import Kind
from domain.organisation import Grid
from domain.pages import Page, PageRequest
from domain.people import Person
from domain.ports import Ports
from domain.posts import Role
from domain.recutting import NewGrid, Recut
from domain.reorganisation import Changed, Editor, OpenTasks, Version, editor
from domain.rights import Right
from domain.unit_changes import Held, held
from resolvers.acting import Done, signed_in
from resolvers.reorganisation import reorganised

NO_VERSIONS: Page[Version] = Page((), (), has_next=False, has_previous=False)


@dataclass(frozen=True, slots=True)
class RecutGrids:
    command_id: UUID
    old_grid_ids: Sequence[str]
    grids: Sequence[NewGrid]
    confirmation: str

    @property
    def wanted(self) -> Recut:
        return Recut(tuple(self.old_grid_ids), tuple(self.grids))


@dataclass(frozen=True, slots=True)
class WorkersPhone:
    """A phone of a worker whose grid ends. What it has not sent yet only the phone knows; no day of its last word is kept."""

    worker: Person
    device: Device


@dataclass(frozen=True, slots=True)
class RecutPreview:
    """Whom and what a re-cut would meet."""

    workers: tuple[Person, ...]
    open_tasks: OpenTasks
    household_count: int
    phones: tuple[WorkersPhone, ...]
    confirmation: str


@dataclass(frozen=True, slots=True)
class ClosePreview:
    """What is open at a unit that somebody thinks of closing."""

    held: Held
    open_tasks: OpenTasks


async def recut_preview(wanted: Recut, *, by: Actor, ports: Ports) -> RecutPreview:
    """Refuses whatever the re-cut itself would refuse."""
    person, now = signed_in(by)
    edit = editor(person, now, at=ports.clock(), home=by.home)
    recutting.permitted(edit, wanted)
    found = recutting.affected(edit, wanted, await ports.aftermath.homes_of(now, wanted.old_ids))
    tasks = await ports.aftermath.open_tasks(now.township, now.root().id, grid_ids=wanted.old_ids)
    phones = await ports.aftermath.phones(now.township, found.worker_ids)
    return RecutPreview(
        workers=tuple(now.holders[id_] for id_ in found.worker_ids),
        open_tasks=tasks,
        household_count=found.household_count,
        phones=tuple(WorkersPhone(now.holders[device.person_id], device) for device in phones),
        confirmation=found.confirmation,
    )


async def recut_grids(sent: RecutGrids, *, by: Actor, ports: Ports) -> Done[Sequence[Grid]]:
    """The grids that took over, in the order in which they were named."""
    person, _ = signed_in(by)
    base_id = ports.ids.new(Kind.EVENT, person.township, ports.clock())

    def change(edit: Editor, homes: Sequence[Household]) -> Changed:
        return recutting.recut(edit, sent.wanted, homes, base_id=base_id, confirmation=sent.confirmation)

    def permit(edit: Editor, _: Sequence[Household]) -> object:
        return recutting.permitted(edit, sent.wanted)

    outcome = await reorganised("recutGrids", sent, change, base_id, by=by, ports=ports, grid_ids=sent.old_grid_ids, permit=permit)
    by_code = {grid.code: grid for grid in outcome.organisation.grids.values()}
    return Done([by_code[grid.code] for grid in sent.grids if grid.code in by_code], outcome.is_replay)


async def close_preview(unit_id: str, *, by: Actor, ports: Ports) -> ClosePreview:
    person, now = signed_in(by)
    edit = editor(person, now, at=ports.clock(), home=by.home)
    unit = edit.unit(unit_id, "unitId")
    edit.require(Right.MANAGE_UNITS, unit.id, "unitId")
    return ClosePreview(held(now, unit.id, edit.on), await ports.aftermath.open_tasks(now.township, unit.id))


async def organisation_history(page: PageRequest, *, by: Actor, ports: Ports) -> Page[Version]:
    """Changes that concern what an administrator or a secretary answers for, newest first; nothing for anybody else."""
    units = by.units_led(Role.ADMINISTRATOR, Role.SECRETARY)
    if by.organisation is None or not units:
        return NO_VERSIONS
    return await ports.aftermath.versions(by.organisation.township, units, page)
