"""Changing the organisation while work goes on: each verb is a pure function from the township as it is to what is true next."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from domain.access import Actor, actor_of
from domain.calendar import SHANGHAI
from domain.devices import Device
from domain.errors import Message, Refusal, RefusalCode, Refused, invalid, not_found, refused
from domain.households import Household
from domain.organisation import Grid, Organisation, OrgUnit
from domain.pages import Page, PageRequest
from domain.people import Person
from domain.rights import Right, require
from domain.texts import required_text

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Changed:
    """`values` are rows (units, grids, posts, homes, …) as they are from now on; `gone` are (collection, id) of rows that no longer are.

    `about` are ids that say what was changed, the main one first; `unit_ids` the units concerned and those above them: who leads one
    of them reads of the change in the history.
    """

    values: tuple[Any, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    about: tuple[str, ...] = ()
    unit_ids: tuple[str, ...] = ()


Reorganise = Callable[[Organisation, Sequence[Household]], Changed]
"""Pure; given the township and the homes that were asked for; run again when somebody else changed the township first."""

Judge = Callable[[Organisation, Sequence[Household]], object]
"""Pure; raises `Refused` for whoever may not. It is given the township and the homes that were named by their id, and no others."""


class Overtaken(Exception):
    """Somebody else changed the township at the same moment."""


class Abandoned(Exception):
    """An import died in the middle and left its lease, which is over."""


@dataclass(frozen=True, slots=True)
class Version:
    """One change to a township's organisation: when, through whom (nobody where it was set up), by which act, and what it was about."""

    township: str
    version: int
    activated_at: datetime
    by: str
    kind: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTasks:
    """How many tasks are not over, and the ids of the newest of them."""

    count: int
    ids: tuple[str, ...]


class Aftermath(Protocol):
    """What a change to the organisation would meet, and what earlier ones did. Ids and counts, never contents."""

    async def open_tasks(self, township: str, unit_id: str, *, grid_ids: Sequence[str] | None = None) -> OpenTasks:
        """Tasks below the unit that are not over; of some grids only, where they are named."""
        ...

    async def phones(self, township: str, person_ids: Sequence[str]) -> Sequence[Device]:
        """The phones that these persons registered and did not give back."""
        ...

    async def homes_of(self, now: Organisation, grid_ids: Sequence[str]) -> Sequence[Household]:
        """Every home of the grids, in that version of the organisation, without the addresses."""
        ...

    async def versions(self, township: str, unit_ids: frozenset[str], page: PageRequest) -> Page[Version]:
        """Changes that concern one of the units, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes the township `now`, with the rights that it gives them at that moment."""

    now: Organisation
    by: Actor
    at: datetime

    @property
    def on(self) -> date:
        """The day in Shanghai."""
        return self.at.astimezone(SHANGHAI).date()

    def unit(self, id_: str, field: str) -> OrgUnit:
        """A unit of the editor's own township."""
        unit = self.now.units.get(id_)
        if unit is None:
            raise not_found(field)
        return unit

    def grid(self, id_: str, field: str) -> Grid:
        grid = self.now.grids.get(id_)
        if grid is None:
            raise not_found(field)
        return grid

    def open_grid(self, id_: str, field: str) -> Grid:
        """One that is not closed."""
        grid = self.grid(id_, field)
        check_open(grid, field)
        return grid

    def require(self, right: Right, unit_id: str, field: str) -> None:
        require(self.by, right, unit_id, field)

    def changed(
        self,
        values: Iterable[Any],
        *,
        about: Iterable[str],
        units: Iterable[str | None],
        gone: Iterable[tuple[str, str]] = (),
    ) -> Changed:
        """What is true next, with what the history says of it."""
        concerned = {step.id: None for unit_id in units if unit_id for step in self.now.path(unit_id)}
        return Changed(tuple(values), tuple(gone), tuple(dict.fromkeys(about)), tuple(concerned))


def editor(person: Person, now: Organisation, *, at: datetime, home: Household | None = None) -> Editor:
    """The person as the township knows them at that moment; `home` is where they live."""
    return Editor(now, actor_of(person, now, at=at, home=home), at)


def check_open(thing: OrgUnit | Grid, field: str) -> None:
    """Raises WRONG_STATE for what is closed, or going to be."""
    if thing.valid_to is None:
        return
    if isinstance(thing, OrgUnit):
        raise refused(RefusalCode.WRONG_STATE, "refusal.unit_closed", field, current=thing)
    raise refused(RefusalCode.WRONG_STATE, "refusal.grid_closed", field, current=thing)


def check_version(thing: Any, expected: int | None) -> None:
    """Raises CONFLICT, with the thing as it is, where somebody saw another version of it."""
    if expected is not None and expected != thing.version:
        raise Refused(Refusal(RefusalCode.CONFLICT, Message("refusal.conflict"), "expectedVersion", thing))


def name_of(value: str, field: str = "name") -> str:
    """A name: one line of at most 100 characters."""
    if len(value) > LONGEST_NAME:
        raise invalid("refusal.text_too_long", field, limit=LONGEST_NAME)
    name = required_text(value, field)
    if "\n" in name:
        raise invalid("refusal.text_control_characters", field)
    return name


def not_before(day: date | None, today: date, field: str) -> date:
    """The day, today where none is given. Refuses days that are over: what was true then stays as it was kept."""
    if day is not None and day < today:
        raise invalid("refusal.day_over", field)
    return day or today


def check_days(since: date, until: date | None, field: str = "until") -> None:
    if until is not None and until <= since:
        raise invalid("refusal.days_reversed", field)
