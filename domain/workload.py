"""Who has how much to do (工作量): for help, never for grading. One number a person, of now, in the order of the roster."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.access import Actor
from domain.organisation import Organisation
from domain.posts import LEADING_ROLES, Role

WITHOUT_TASKS = frozenset({Role.RESIDENT, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Workload:
    """What stands on somebody's list now."""

    person_id: str
    township: str
    open_tasks: int


def told_of(reader: Actor, unit_id: str, on: date) -> Sequence[str]:
    """Whose number the reader gets who asks for a unit: everybody's on duty there and below, for whoever leads it; else only one's own."""
    organisation = reader.organisation
    if organisation is None or unit_id not in organisation.units:
        return ()
    there = _on_duty(organisation, unit_id, on)
    if any(unit.id in reader.units_led(*LEADING_ROLES) for unit in organisation.path(unit_id)):
        return there
    return [person_id for person_id in there if person_id == reader.id]


def _on_duty(organisation: Organisation, unit_id: str, on: date) -> Sequence[str]:
    """Each once, unit by unit, as their posts stand there; whoever is on leave is left out."""
    units = sorted(organisation.subtree(unit_id), key=lambda id_: organisation.units[id_].code)
    posts = [post for id_ in units for post in organisation.posts_at(id_, on) if post.role not in WITHOUT_TASKS]
    holders = dict.fromkeys(post.person_id for post in posts)
    return [person_id for person_id in holders if organisation.absence_of(person_id, on) is None]
