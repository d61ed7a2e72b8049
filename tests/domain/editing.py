"""The township of the demo, changed in memory by people of its cast: what the verbs answer, carried out as the store does it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import pytest

from domain.calendar import SHANGHAI
from domain.errors import Refusal, Refused
from domain.households import Household
from domain.ids import Kind
from domain.organisation import Grid, HubHousehold, MicroGrid, Organisation, OrganisationParts, OrgUnit, Village
from domain.people import Person
from domain.posts import Absence, Appointment, Duty
from domain.reorganisation import Changed, Editor, editor
from tests.domain.cast import MONDAY, everybody, new_id, planned

TODAY = MONDAY.astimezone(SHANGHAI).date()
PARTS: dict[type, str] = {
    OrgUnit: "units",
    Grid: "grids",
    MicroGrid: "micro_grids",
    HubHousehold: "hubs",
    Village: "villages",
    Appointment: "appointments",
    Absence: "absences",
    Duty: "duties",
}

Verb = Callable[..., Any]


@dataclass
class Desk:
    """The township and its homes as they stand; each act makes the next version of both."""

    now: Organisation = field(default_factory=lambda: Organisation(planned().township_code, "1", planned().parts))
    homes: dict[str, Household] = field(default_factory=lambda: {home.id: home for home in planned().households})
    at: datetime = MONDAY
    made: int = 0

    @property
    def on(self) -> date:
        return self.at.astimezone(SHANGHAI).date()

    def editor(self, handle: str) -> Editor:
        person = everybody()[handle]
        return editor(person, self.now, at=self.at, home=self.homes.get(person.household_id or ""))

    def new_id(self, kind: Kind) -> str:
        self.made += 1
        return new_id(kind, 900_000 + self.made)

    def do(self, verb: Verb, *given: Any, by: str = "administrator-1", **more: Any) -> Changed:
        """It is done, and true from now on."""
        changed: Changed = verb(self.editor(by), *given, **more)
        self.now, self.homes = carried_out(self.now, self.homes, changed)
        return changed

    def refused(self, verb: Verb, *given: Any, by: str = "administrator-1", **more: Any) -> Refusal:
        with pytest.raises(Refused) as no:
            verb(self.editor(by), *given, **more)
        return no.value.refusal

    def no(self, verb: Verb, *given: Any, by: str = "administrator-1", **more: Any) -> tuple[str, str | None]:
        """The refusal's key and field."""
        refusal = self.refused(verb, *given, by=by, **more)
        return refusal.message.key.removeprefix("refusal."), refusal.field

    def unit(self, name: str) -> OrgUnit:
        return next(unit for unit in self.now.units.values() if unit.name == name)

    def grid(self, number: int) -> Grid:
        """One of the demo's five, counted from the west."""
        return next(grid for grid in self.now.grids.values() if grid.code.endswith(f"601{number:03}"))

    def home_of(self, handle: str) -> Household:
        return self.homes[everybody()[handle].household_id or ""]

    def homes_in(self, *grid_ids: str) -> list[Household]:
        return [home for home in self.homes.values() if home.residence_grid_id in grid_ids]

    def around(self, *ids: str, members: Sequence[str] = ()) -> list[Household]:
        """The homes, their neighbours, and those linked with the members: what the store hands to a verb."""
        grids = {self.homes[id_].residence_grid_id for id_ in ids if id_ in self.homes}
        found = [*self.homes_in(*grids), *(home for home in self.homes.values() if home.link and home.link.member_id in members)]
        return list({home.id: home for home in found}.values())

    def tomorrow(self, days: int = 1) -> date:
        return date.fromordinal(self.on.toordinal() + days)


def carried_out(now: Organisation, homes: dict[str, Household], changed: Changed) -> tuple[Organisation, dict[str, Household]]:
    """What is true after the change, as the store would say it."""
    kept: dict[str, dict[str, Any]] = {name: {value.id: value for value in getattr(now.parts, name)} for name in PARTS.values()}
    homes = dict(homes)
    for value in changed.values:
        if isinstance(value, Household):
            homes[value.id] = value
        else:
            kept[PARTS[type(value)]][value.id] = value
    for name, id_ in changed.gone:
        kept[name].pop(id_)
    persons = {person.id: person for person in planned().persons}
    holders: list[Person] = [persons[id_] for id_ in sorted({post.person_id for post in kept["appointments"].values()})]
    parts = OrganisationParts(**{name: tuple(values.values()) for name, values in kept.items()}, holders=holders)
    return Organisation(now.township, str(now.version + 1), parts, version=now.version + 1), homes


def with_post(desk: Desk, handle: str, **fields: Any) -> Appointment:
    """A post of somebody of the cast, changed by hand."""
    post = next(post for post in desk.now.appointments.values() if post.person_id == everybody()[handle].id)
    changed = replace(post, **fields)
    desk.now, desk.homes = carried_out(desk.now, desk.homes, Changed((changed,)))
    return changed
