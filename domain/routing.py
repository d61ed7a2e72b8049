"""Who serves a household or a place, for a matter, and why: the order of `domain.md`, section 7, over one `Organisation`.

Pure: the same organisation, item, place and day always give the same answer, and there always is exactly one accountable unit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.errors import Message
from domain.items import MatterScope, OwnerRule, ServiceItem
from domain.organisation import Organisation, OrgUnit, OrgUnitKind, Role
from domain.people import Person

RULE_CONFLICT, RULE_SCOPE, RULE_PLACE, RULE_ITEM, RULE_DUTY, RULE_CLIMB = "2", "3", "4", "5", "6", "7"
RULE_HAND = "hand"
"""Not a rule of routing: a leader or the dispatcher picked the person."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a matter is, as far as it is known; nothing known is a place too, and the settlement's committee serves it."""

    grid_id: str | None = None
    micro_grid_id: str | None = None
    village_id: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """The accountable `unit`, who of it serves (nobody where every post is vacant), and the climb above it, nearest first."""

    unit: OrgUnit
    person: Person | None
    rule: str
    because: tuple[Message, ...]
    climb: tuple[OrgUnit, ...]


@dataclass(frozen=True, slots=True)
class Avoided:
    """Whom and what a matter must not come to: what it is about (rule 2), and who gave it back."""

    person_id: str | None = None
    unit_id: str | None = None
    also: frozenset[str] = frozenset()

    @property
    def is_about_somebody(self) -> bool:
        return self.person_id is not None or self.unit_id is not None

    def units(self, organisation: Organisation, on: date) -> frozenset[str]:
        """Units out of the question: the one it is about, and each where the person it is about holds a post."""
        about = {self.unit_id} if self.unit_id else set()
        if self.person_id:
            about |= {post.unit_id for post in organisation.posts_of(self.person_id, on)}
        root = organisation.root().id
        return frozenset(about - {root})

    def persons(self, organisation: Organisation, on: date) -> frozenset[str]:
        """Persons who must neither get it nor read it."""
        hidden = {self.person_id} if self.person_id else set()
        if self.unit_id:
            hidden |= {post.person_id for post in organisation.posts_at(self.unit_id, on)}
        return frozenset(hidden)


NOTHING_AVOIDED = Avoided()


@dataclass(frozen=True, slots=True)
class _Rung:
    """One step of the ladder: a unit and those of it who could serve, first asked first."""

    unit: OrgUnit
    holders: list[str]
    rule: str
    because: Message


def who_serves(
    organisation: Organisation, item: ServiceItem, scope: MatterScope, place: Place, *, on: date, avoided: Avoided = NOTHING_AVOIDED
) -> Service:
    """The one accountable unit and its person on duty; climbs over vacancies up to the township, which always answers."""
    first = _first_rung(organisation, item, scope, place, on)
    ladder = [first, *_leaders_above(organisation, first.unit, on)]
    return _first_served(organisation, ladder, avoided, on)


def climb(
    organisation: Organisation, owner_id: str, assignee_id: str | None, *, on: date, avoided: Avoided = NOTHING_AVOIDED
) -> Service | None:
    """One level up from whoever did not take it; nothing where nobody stands above."""
    owner = organisation.units.get(owner_id) or organisation.root()
    skipped = avoided.persons(organisation, on) | avoided.also | ({assignee_id} if assignee_id else set())
    is_led_by_assignee = assignee_id in organisation.leaders(owner.id, on)
    for rung in _leaders_above(organisation, owner, on):
        if rung.unit.id == owner.id and is_led_by_assignee:
            continue
        person_id = next((holder for holder in rung.holders if holder not in skipped), None)
        if person_id and rung.unit.id not in avoided.units(organisation, on):
            because = (Message("routing.not_acknowledged", {"unit": owner.name}), rung.because)
            return Service(rung.unit, organisation.holders[person_id], RULE_CLIMB, because, organisation.path(rung.unit.id)[1:])
    return None


def unit_above(organisation: Organisation, unit_id: str) -> OrgUnit:
    """The unit one level up; the township stands above itself."""
    path = organisation.path(unit_id)
    return path[1] if len(path) > 1 else organisation.root()


def _first_served(organisation: Organisation, ladder: list[_Rung], avoided: Avoided, on: date) -> Service:
    out_of_question = avoided.units(organisation, on)
    skipped = avoided.persons(organisation, on) | avoided.also
    reasons: list[Message] = []
    for rung in ladder:
        reasons.append(rung.because)
        person_id = next((holder for holder in rung.holders if holder not in skipped), None)
        if rung.unit.id in out_of_question:
            reasons.append(Message("routing.conflict", {"unit": rung.unit.name}))
        elif person_id is None:
            reasons.append(Message("routing.vacant", {"unit": rung.unit.name}))
        else:
            rule = RULE_CONFLICT if avoided.is_about_somebody else rung.rule
            return _service(organisation, rung.unit, person_id, rule, reasons)
    reasons.append(Message("routing.nobody"))
    return _service(organisation, organisation.root(), None, RULE_CLIMB, reasons)


def _service(organisation: Organisation, unit: OrgUnit, person_id: str | None, rule: str, reasons: list[Message]) -> Service:
    person = organisation.holders[person_id] if person_id else None
    return Service(unit, person, rule, tuple(reasons), organisation.path(unit.id)[1:])


def _first_rung(organisation: Organisation, item: ServiceItem, scope: MatterScope, place: Place, on: date) -> _Rung:
    if scope is MatterScope.ORIGIN_VILLAGE and place.village_id:
        village = organisation.villages[place.village_id]
        unit = organisation.units[village.unit_id]
        return _Rung(unit, organisation.leaders(unit.id, on), RULE_SCOPE, Message("routing.origin_village", {"village": village.name}))
    rung = _by_item(organisation, item, place, on)
    return rung or _settlement(organisation, on)


def _by_item(organisation: Organisation, item: ServiceItem, place: Place, on: date) -> _Rung | None:
    match item.owner_rule:
        case OwnerRule.RESIDENCE_GRID:
            return _residence_grid(organisation, place, on)
        case OwnerRule.HUB:
            return _hub(organisation, place, on) or _residence_grid(organisation, place, on)
        case OwnerRule.PROFESSIONAL_BRANCH:
            return _professional_branch(organisation, item, on)
        case OwnerRule.SERVICE_CENTRE:
            return _service_centre(organisation, on)
        case OwnerRule.SETTLEMENT_ORG:
            return None


def _residence_grid(organisation: Organisation, place: Place, on: date) -> _Rung | None:
    grid = organisation.grids.get(place.grid_id) if place.grid_id else None
    if grid is None or not grid.is_valid(on):
        return None
    posts = organisation.posts_at(grid.branch_id, on)
    holders = [post.person_id for post in posts if post.role is Role.GRID_WORKER and post.grid_id == grid.id]
    return _Rung(organisation.units[grid.branch_id], holders, RULE_PLACE, Message("routing.residence_grid", {"grid": grid.name}))


def _hub(organisation: Organisation, place: Place, on: date) -> _Rung | None:
    micro = organisation.micro_grids.get(place.micro_grid_id) if place.micro_grid_id else None
    if micro is None:
        return None
    branch = organisation.units[organisation.grids[micro.grid_id].branch_id]
    posts = organisation.posts_at(branch.id, on)
    holders = [post.person_id for post in posts if post.role is Role.HUB_HOST and post.micro_grid_id == micro.id]
    return _Rung(branch, holders, RULE_ITEM, Message("routing.hub", {"micro_grid": micro.name}))


def _professional_branch(organisation: Organisation, item: ServiceItem, on: date) -> _Rung | None:
    branch = organisation.unit_of_kind(OrgUnitKind.PROFESSIONAL_BRANCH, on, skill=item.skill) if item.skill else None
    if branch is None:
        return None
    hands = [branch.id, *(unit.id for unit in organisation.children(branch.id) if unit.kind is OrgUnitKind.PROVIDER and unit.is_valid(on))]
    roles = {Role.PROVIDER_WORKER, Role.VOLUNTEER}
    holders = [post.person_id for unit_id in hands for post in organisation.posts_at(unit_id, on) if post.role in roles]
    return _Rung(branch, holders, RULE_ITEM, Message("routing.professional_branch", {"unit": branch.name}))


def _service_centre(organisation: Organisation, on: date) -> _Rung | None:
    centre = organisation.unit_of_kind(OrgUnitKind.SERVICE_CENTRE, on)
    if centre is None:
        return None
    clerks = [post.person_id for post in organisation.posts_at(centre.id, on) if post.role is Role.CENTRE_CLERK]
    return _Rung(centre, clerks, RULE_ITEM, Message("routing.service_centre", {"unit": centre.name}))


def _settlement(organisation: Organisation, on: date) -> _Rung:
    settlement = organisation.unit_of_kind(OrgUnitKind.SETTLEMENT_ORG, on) or organisation.root()
    return _Rung(settlement, organisation.leaders(settlement.id, on), RULE_ITEM, Message("routing.settlement", {"unit": settlement.name}))


def _leaders_above(organisation: Organisation, unit: OrgUnit, on: date) -> Iterator[_Rung]:
    """The leaders of the unit itself (rule 6), then of each unit above it (rule 7)."""
    for step in organisation.path(unit.id):
        rule = RULE_DUTY if step.id == unit.id else RULE_CLIMB
        yield _Rung(step, organisation.leaders(step.id, on), rule, Message("routing.leader", {"unit": step.name}))
