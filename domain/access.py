"""Who may see what, as keys: a reader holds keys, a document names the keys that open it; no key in common, no document.

Keys come from posts and from being somebody; the depth of a role is which keys it holds (`domain.md`, section 8).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from domain.calendar import SHANGHAI
from domain.call_out import DEPARTMENTS, NOT_CALLED
from domain.households import Household
from domain.ids import key_of
from domain.organisation import OVERLAYS, Organisation, OrgUnitKind
from domain.people import Person
from domain.posts import Appointment, Role
from domain.proxies import ProxyGrant

UNIT_READERS = frozenset({Role.GRID_LEADER, Role.SECRETARY, Role.DISPATCHER, Role.CENTRE_CLERK})
"""Roles that see the sub-tree of the unit where they are held."""


class Door(Enum):
    """What a key hangs on. A worker's key opens what one works on, a helper's what one typed for
    somebody; both are held for as long as any post is. A department's opens what it was called out to.
    A grant's opens what a proxy asked under it, while it is live."""

    PERSON = "p"
    WORKER = "w"
    HELPER = "t"
    GRID = "g"
    UNIT = "u"
    GRANT = "a"
    CALLED = "c"


ASKING = (Door.PERSON, Door.HELPER)
"""Keys that having asked gives, for oneself or for somebody else."""


WORKING = (Door.WORKER.value, Door.GRID.value, Door.CALLED.value)
"""How the keys begin that work on something gives, or on whatever lies in a grid."""

OUTSIDE_HELP = frozenset({Role.PROVIDER_WORKER, Role.VOLUNTEER})
"""Roles that work on a matter and need not know whose it is."""


def key(door: Door, id_: str) -> str:
    return f"{door.value}{key_of(id_)}"


def keys(door: Door, ids: Iterable[str]) -> frozenset[str]:
    return frozenset(key(door, id_) for id_ in ids)


def asker_keys(askers: Sequence[str], *, grant_id: str | None = None, is_for_household: bool = False) -> frozenset[str]:
    """Whom it is for reads it as a person; whoever typed it reads it as the helper they are, while they hold a post.

    A proxy, who typed it under a grant, reads it while that is live, whatever post they hold. Where it is for a household, it is nobody's.
    """
    if is_for_household:
        return keys(Door.HELPER, askers)
    typed = {key(Door.GRANT, grant_id)} if grant_id else keys(Door.HELPER, askers[1:])
    return keys(Door.PERSON, askers[:1]) | typed


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks or acts, with the rights that live appointments give at the moment `at`.

    `home` is where they live, without its address; `grants` are the live ones under which they are a proxy; `on` is the day in Shanghai.
    `NOBODY` is somebody who did not sign in, or whose sign-in is linked to no person: no keys, nothing to see.
    """

    person: Person | None
    appointments: tuple[Appointment, ...]
    keys: frozenset[str]
    organisation: Organisation | None = field(repr=False)
    home: Household | None = field(default=None, repr=False)
    grants: tuple[ProxyGrant, ...] = field(default=(), repr=False)
    on: date | None = None

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
        return self.id is not None and self.id in askers and self.keys & scopes <= self.asking_keys

    @property
    def asking_keys(self) -> frozenset[str]:
        """Keys held for having asked: for oneself, for somebody as a helper, for somebody as a proxy."""
        own = {key(door, self.id) for door in ASKING} if self.id else set()
        return self.keys & (own | keys(Door.GRANT, (grant.id for grant in self.grants)))

    def is_only_worker(self, scopes: frozenset[str]) -> bool:
        """Whether nothing but the work opens it: having it, or a post in the grid where it lies."""
        opened = self.keys & scopes
        return bool(opened) and all(held.startswith(WORKING) for held in opened)

    @property
    def is_outside_help(self) -> bool:
        """Somebody who works for a provider or as a volunteer, and holds no other post."""
        return bool(self.appointments) and {post.role for post in self.appointments} <= OUTSIDE_HELP

    def units_led(self, *roles: Role) -> frozenset[str]:
        return frozenset(post.unit_id for post in self.appointments if post.role in roles)

    @property
    def only_co_ordinates(self) -> bool:
        """Whether every post is one of an overlay: totals and what was escalated to it, never anybody's contact."""
        units = self.organisation.units if self.organisation else {}
        kinds = [units[post.unit_id].kind for post in self.appointments if post.unit_id in units]
        return bool(kinds) and all(kind in OVERLAYS for kind in kinds)

    def holds_for_the_township(self, role: Role) -> bool:
        """Whether a role that is one for the whole township is held there, and not somewhere below."""
        return self.organisation is not None and self.organisation.root().id in self.units_led(role)


NOBODY = Actor(person=None, appointments=(), keys=frozenset(), organisation=None)


def actor_of(
    person: Person, organisation: Organisation, *, at: datetime, home: Household | None = None, grants: Iterable[ProxyGrant] = ()
) -> Actor:
    """The person with the rights that the organisation and live grants give today, Shanghai time."""
    on = at.astimezone(SHANGHAI).date()
    posts = tuple(organisation.posts_of(person.id, on))
    live = tuple(grant for grant in grants if grant.agent_id == person.id and grant.is_live(on))
    held = {key(Door.PERSON, person.id), *keys(Door.GRANT, (grant.id for grant in live))}
    if posts:
        held |= {key(Door.WORKER, person.id), key(Door.HELPER, person.id)}
    for post in posts:
        unit = organisation.units.get(post.unit_id)
        if unit is not None and unit.kind in DEPARTMENTS and post.role not in NOT_CALLED:
            held.add(key(Door.CALLED, unit.id))
        if post.role is Role.GRID_WORKER and post.grid_id:
            # What was routed under a grid that was cut anew is its successors' to see.
            held |= keys(Door.GRID, organisation.succeeded_by(post.grid_id))
        elif post.role in UNIT_READERS:
            held |= keys_of_subtree(organisation, post.unit_id)
    return Actor(person, posts, frozenset(held), organisation, home, live, on)


def _taken_over(organisation: Organisation, unit_id: str) -> frozenset[str]:
    """Units below whose older tasks do not name `unit_id` above them: those that were moved there, those whose place another took."""
    below = [organisation.units[id_] for id_ in organisation.subtree(unit_id) if id_ in organisation.units]
    moved = {unit.id for unit in below if unit.former_parent_ids}
    pending, closed = [id_ for unit in below for id_ in unit.succeeds], set[str]()
    while pending:
        current = pending.pop()
        if current not in closed and current in organisation.units:
            closed.add(current)
            pending += organisation.units[current].succeeds
    return frozenset(moved | closed)


def oversees(reader: Actor, unit_id: str) -> bool:
    """Whether the reader sees the whole sub-tree of the unit: by a post there, or at one above it."""
    organisation = reader.organisation
    return organisation is not None and any(unit.id in reader.units_led(*UNIT_READERS) for unit in organisation.path(unit_id))


def keys_of_subtree(organisation: Organisation, unit_id: str) -> frozenset[str]:
    """What opens everything of the unit and all below it, to be held by whoever `oversees` it."""
    return keys(Door.UNIT, {unit_id, *_taken_over(organisation, unit_id)})


@dataclass(frozen=True, slots=True)
class HomesInSight:
    """Which homes somebody may find, by where they stand and whom they agreed to; it follows today's organisation, never a copy of it.

    Staff finds homes of its grids and of villages left, a host those of the micro-grid, a link member those that agreed, a resident one.
    """

    own_id: str | None = None
    grid_ids: frozenset[str] = frozenset()
    village_ids: frozenset[str] = frozenset()
    micro_grid_ids: frozenset[str] = frozenset()
    member_id: str | None = None
    on: date | None = None

    def as_staff(self, home: Household) -> bool:
        return home.residence_grid_id in self.grid_ids or home.origin_village_id in self.village_ids

    def has(self, home: Household) -> bool:
        link = home.link_on(self.on) if self.on and self.member_id else None
        is_linked = link is not None and link.member_id == self.member_id
        return home.id == self.own_id or self.as_staff(home) or home.micro_grid_id in self.micro_grid_ids or is_linked


def homes_in_sight(reader: Actor) -> HomesInSight:
    organisation = reader.organisation
    if organisation is None or reader.person is None:
        return HomesInSight()
    own_id = reader.person.household_id
    if not reader.appointments:
        return HomesInSight(own_id)
    units = frozenset[str]().union(*(organisation.subtree(id_) for id_ in _reach(reader, organisation)))
    served = {grid.id for grid in organisation.grids.values() if grid.branch_id in units}
    worked = {id_ for post in reader.appointments if post.role is Role.GRID_WORKER and post.grid_id for id_ in [post.grid_id]}
    hosted = {post.micro_grid_id for post in reader.appointments if post.role is Role.HUB_HOST and post.micro_grid_id}
    villages = {village.id for village in organisation.villages.values() if village.unit_id in units}
    member_id = reader.id if any(post.role is Role.LINK_MEMBER for post in reader.appointments) else None
    return HomesInSight(own_id, frozenset(served | worked), frozenset(villages), frozenset(hosted), member_id, reader.on)


def _reach(reader: Actor, organisation: Organisation) -> frozenset[str]:
    """The tops of the sub-trees whose homes the reader's posts serve: a counter serves whatever its centre stands beside."""
    tops: set[str] = set()
    for post in reader.appointments:
        unit = organisation.units.get(post.unit_id)
        if post.role in UNIT_READERS and unit is not None:
            is_counter = post.role is Role.CENTRE_CLERK and unit.kind is OrgUnitKind.SERVICE_CENTRE
            tops.add(unit.parent_id if is_counter and unit.parent_id else unit.id)
    return frozenset(tops)


def may_see_person(reader: Actor, person: Person, *, at: datetime) -> bool:
    """Oneself; whoever holds a public post, for anybody signed in; hosts and link members for those whom they serve and staff above.

    A resident is found through the home: `may_see_resident`.
    """
    organisation = reader.organisation
    if not reader.is_signed_in or organisation is None:
        return False
    on = at.astimezone(SHANGHAI).date()
    if reader.id == person.id or organisation.has_public_post(person.id, on):
        return True
    return any(_knows(reader, post, organisation, on) for post in organisation.posts_of(person.id, on))


def may_see_resident(reader: Actor, home: Household) -> bool:
    """Staff whose grids or villages the home belongs to; neither its host nor its link member, nor the others who live there."""
    return homes_in_sight(reader).as_staff(home)


def _knows(reader: Actor, post: Appointment, organisation: Organisation, on: date) -> bool:
    above = {unit.id for unit in organisation.path(post.unit_id)}
    if above & reader.units_led(*UNIT_READERS):
        return True
    if post.grid_id and any(own.role is Role.GRID_WORKER and own.grid_id == post.grid_id for own in reader.appointments):
        return True
    home = reader.home
    if home is None:
        return False
    link = home.link_on(on)
    is_host = post.role is Role.HUB_HOST and post.micro_grid_id is not None and post.micro_grid_id == home.micro_grid_id
    return is_host or (post.role is Role.LINK_MEMBER and link is not None and link.member_id == post.person_id)
