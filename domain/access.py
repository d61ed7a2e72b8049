"""Who may see what, as keys: a reader holds keys, a document names the keys that open it; no key in common, no document.

Keys come from posts and from being somebody; the depth of a role is which keys it holds (`domain.md`, section 8).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from domain.calendar import SHANGHAI
from domain.ids import key_of
from domain.organisation import Appointment, Organisation, Role
from domain.people import Person

UNIT_READERS = frozenset({Role.GRID_LEADER, Role.SECRETARY, Role.DISPATCHER, Role.CENTRE_CLERK})
"""Roles that see the sub-tree of the unit where they are held."""


class Door(Enum):
    """What a key hangs on. A worker's key opens what one works on, a helper's what one typed for
    somebody; both are held for as long as any post is."""

    PERSON = "p"
    WORKER = "w"
    HELPER = "t"
    HOUSEHOLD = "h"
    GRID = "g"
    UNIT = "u"


ASKING = (Door.PERSON, Door.HELPER)
"""Keys that having asked gives, for oneself or for somebody else."""


def key(door: Door, id_: str) -> str:
    return f"{door.value}{key_of(id_)}"


def keys(door: Door, ids: Iterable[str]) -> frozenset[str]:
    return frozenset(key(door, id_) for id_ in ids)


def asker_keys(askers: Sequence[str]) -> frozenset[str]:
    """Whom it is for reads it as a person; whoever typed it reads it as the helper they are, while they hold a post."""
    return keys(Door.PERSON, askers[:1]) | keys(Door.HELPER, askers[1:])


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks or acts, with the rights that live appointments give at the moment `at`.

    `NOBODY` is somebody who did not sign in, or whose sign-in is linked to no person: no keys, so nothing to see.
    """

    person: Person | None
    appointments: tuple[Appointment, ...]
    keys: frozenset[str]
    organisation: Organisation | None = field(repr=False)

    @property
    def id(self) -> str | None:
        return self.person.id if self.person else None

    @property
    def is_signed_in(self) -> bool:
        return self.person is not None

    @property
    def roles(self) -> tuple[Role, ...]:
        """Roles held now, each once; whoever has a household is a resident."""
        held = {post.role for post in self.appointments}
        if self.person and self.person.household_id:
            held.add(Role.RESIDENT)
        return tuple(role for role in Role if role in held)

    def may_open(self, scopes: frozenset[str]) -> bool:
        return not self.keys.isdisjoint(scopes)

    def is_only_asker(self, askers: Sequence[str], scopes: frozenset[str]) -> bool:
        """Whether nothing but having asked or typed opens it: no grid of theirs, no post over it."""
        return self.id is not None and self.id in askers and self.keys & scopes <= {key(door, self.id) for door in ASKING}

    def units_led(self, *roles: Role) -> frozenset[str]:
        return frozenset(post.unit_id for post in self.appointments if post.role in roles)


NOBODY = Actor(person=None, appointments=(), keys=frozenset(), organisation=None)


def actor_of(person: Person, organisation: Organisation, *, at: datetime) -> Actor:
    """The person with the rights that the organisation gives today, Shanghai time."""
    posts = tuple(organisation.posts_of(person.id, at.astimezone(SHANGHAI).date()))
    held = {key(Door.PERSON, person.id)}
    if person.household_id:
        held.add(key(Door.HOUSEHOLD, person.household_id))
    if posts:
        held |= {key(Door.WORKER, person.id), key(Door.HELPER, person.id)}
    for post in posts:
        if post.role is Role.GRID_WORKER and post.grid_id:
            held.add(key(Door.GRID, post.grid_id))
        elif post.role in UNIT_READERS:
            held.add(key(Door.UNIT, post.unit_id))
    return Actor(person, posts, frozenset(held), organisation)


def may_see_person(reader: Actor, person: Person, *, at: datetime) -> bool:
    """Oneself; whoever holds a public post, for anybody signed in; others for those whose keys open them."""
    if not reader.is_signed_in or reader.organisation is None:
        return False
    if reader.id == person.id or reader.may_open(person.scopes):
        return True
    return reader.organisation.has_public_post(person.id, at.astimezone(SHANGHAI).date())
