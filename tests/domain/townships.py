"""Townships that nobody drew up: any tree of units of both chains, with vacancies, ended posts and persons in several of them."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from hypothesis import strategies as st

from domain.ids import Kind, compose
from domain.items import OwnerRule, ServiceItem
from domain.organisation import OVERLAYS, Grid, HubHousehold, MicroGrid, Organisation, OrganisationParts, OrgUnit, OrgUnitKind, Village
from domain.people import Person
from domain.places import Area, GeoPoint
from domain.posts import Appointment, Role
from domain.routing import Avoided, Place
from tests.domain.cast import item

TOWNSHIP = "990000001"
ON = date(2026, 11, 23)
SKILLS = ("property", "volunteering")
SQUARE = Area((GeoPoint(0, 0), GeoPoint(0, 1), GeoPoint(1, 1), GeoPoint(1, 0)))
BELOW_THE_TOWNSHIP = [kind for kind in OrgUnitKind if kind is not OrgUnitKind.TOWNSHIP_COMMITTEE]
PERIODS = [(date(2026, 1, 1), None), (date(2026, 1, 1), ON), (date(2027, 1, 1), None), (ON, date(2026, 11, 24))]
"""Held now, ended today, not yet begun, held for one day."""


@dataclass(frozen=True)
class Matter:
    """What is asked for, where, and who must not get it."""

    organisation: Organisation
    item: ServiceItem
    place: Place
    avoided: Avoided


def _ids(kind: Kind, many: int) -> list[str]:
    return [compose(kind, TOWNSHIP, UUID(int=number)) for number in range(1, many + 1)]


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    units = draw(_units())
    ids = [unit.id for unit in units]
    branches = [unit.id for unit in units if unit.kind is OrgUnitKind.GRID_BRANCH] or ids[:1]
    grids = [
        Grid(id_, TOWNSHIP, "1", "网格", draw(st.sampled_from(branches)), SQUARE, 1, ON) for id_ in _ids(Kind.GRID, draw(st.integers(1, 3)))
    ]
    micros = [MicroGrid(id_, TOWNSHIP, "1", "微网格", draw(st.sampled_from(grids)).id) for id_ in _ids(Kind.MICRO_GRID, 3)]
    villages = [Village(id_, TOWNSHIP, "1", "原村", draw(st.sampled_from(ids))) for id_ in _ids(Kind.VILLAGE, 2)]
    persons = [Person(id_, TOWNSHIP, "某人") for id_ in _ids(Kind.PERSON, 8)]
    posts = draw(_posts(ids, [grid.id for grid in grids], [micro.id for micro in micros], [person.id for person in persons]))
    hubs = [HubHousehold(id_, TOWNSHIP, persons[0].id, micros[0].id, 3) for id_ in _ids(Kind.HUB, 1)]
    return Organisation(TOWNSHIP, "drawn", OrganisationParts(units, grids, micros, hubs, villages, posts, persons))


@st.composite
def _units(draw: st.DrawFn) -> list[OrgUnit]:
    ids = _ids(Kind.UNIT, 10)
    units = [OrgUnit(ids[0], TOWNSHIP, TOWNSHIP, "乡镇党委", OrgUnitKind.TOWNSHIP_COMMITTEE, None, ON)]
    for id_ in ids[1 : draw(st.integers(1, 10))]:
        kind, parent = draw(st.sampled_from(BELOW_THE_TOWNSHIP)), draw(st.sampled_from(units))
        skill = draw(st.sampled_from(SKILLS)) if kind is OrgUnitKind.PROFESSIONAL_BRANCH else None
        covers = draw(st.lists(st.sampled_from([unit.id for unit in units]), max_size=2, unique=True)) if kind in OVERLAYS else []
        unit = OrgUnit(id_, TOWNSHIP, f"{TOWNSHIP}{id_[-1]}", f"{id_[-1]}号组织", kind, parent.id, ON, skill=skill, covers=tuple(covers))
        units.append(unit)
    return draw(st.permutations(units))


@st.composite
def _posts(draw: st.DrawFn, units: list[str], grids: list[str], micros: list[str], persons: list[str]) -> list[Appointment]:
    posts = []
    for id_ in _ids(Kind.APPOINTMENT, draw(st.integers(0, 14))):
        since, until = draw(st.sampled_from(PERIODS))
        person, role, unit = draw(st.sampled_from(persons)), draw(st.sampled_from(Role)), draw(st.sampled_from(units))
        post = Appointment(id_, TOWNSHIP, person, role, unit, since, until)
        posts.append(replace(post, grid_id=draw(st.sampled_from(grids)), micro_grid_id=draw(st.sampled_from(micros))))
    return posts


@st.composite
def matters(draw: st.DrawFn) -> Matter:
    organisation = draw(organisations())
    wanted = replace(item("stairwell-lamp"), owner_rule=draw(st.sampled_from(OwnerRule)), skill=draw(st.sampled_from(SKILLS)))
    place = Place(
        draw(st.sampled_from([None, *organisation.grids])),
        draw(st.sampled_from([None, *organisation.micro_grids])),
        draw(st.sampled_from([None, *organisation.villages])),
    )
    persons = sorted(organisation.holders)
    avoided = Avoided(
        draw(st.sampled_from([None, None, *persons])),
        draw(st.sampled_from([None, None, *organisation.units])),
        frozenset(draw(st.lists(st.sampled_from(persons), max_size=2))),
    )
    return Matter(organisation, wanted, place, avoided)
