"""Who serves a household or a place, for a matter, and why: the order of `domain.md`, section 7, over one `Organisation`.

Pure: the same organisation, item, place and day always give the same answer, and there always is exactly one accountable unit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from domain.deadlines import DeadlineClass
from domain.errors import Message
from domain.items import MatterScope, OwnerRule, ServiceItem
from domain.organisation import OVERLAYS, Organisation, OrgUnit, OrgUnitKind
from domain.people import Person
from domain.posts import Role

RULE_CONFLICT, RULE_SCOPE, RULE_PLACE, RULE_ITEM, RULE_DUTY, RULE_CLIMB = "2", "3", "4", "5", "6", "7"
RULE_SEVERAL = "9"
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
    """The accountable `unit`, who of it serves (nobody where every post is vacant), and the climb above it, nearest first.

    `is_broken` where the rule that should have decided is missing something: the committee has to mend it.
    """

    unit: OrgUnit
    person: Person | None
    rule: str
    because: tuple[Message, ...]
    climb: tuple[OrgUnit, ...]
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Loads:
    """How many tasks each person has to do, and how many are enough; without a `limit` nobody has too many."""

    open_tasks: Mapping[str, int] = field(default_factory=dict)
    limit: int | None = None

    def is_full(self, person_id: str) -> bool:
        return self.limit is not None and self.open_tasks.get(person_id, 0) >= self.limit


NO_LOADS = Loads()


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
        return frozenset(about - {organisation.root().id})

    def covers(self, organisation: Organisation, unit_id: str, on: date) -> bool:
        """Whether the unit is one of those, or stands below one: whoever it is about must not have its own people look into it."""
        out_of_question = self.units(organisation, on)
        return bool(out_of_question) and any(step.id in out_of_question for step in organisation.path(unit_id))

    def persons(self, organisation: Organisation, on: date) -> frozenset[str]:
        """Persons who must neither get it nor read it."""
        hidden = {self.person_id} if self.person_id else set()
        if self.unit_id:
            hidden |= {post.person_id for post in organisation.posts_at(self.unit_id, on)}
        return frozenset(hidden)


NOTHING_AVOIDED = Avoided()


@dataclass(frozen=True, slots=True)
class _Rung:
    """One step of the ladder: a unit and those of it who could serve, first asked first; whoever leads has no limit of tasks."""

    unit: OrgUnit
    holders: list[str]
    rule: str
    because: Message
    is_leading: bool = False
    is_broken: bool = False


def who_serves(
    organisation: Organisation,
    item: ServiceItem,
    scope: MatterScope,
    place: Place,
    *,
    on: date,
    avoided: Avoided = NOTHING_AVOIDED,
    loads: Loads = NO_LOADS,
) -> Service:
    """The one accountable unit and its person on duty; climbs over vacancies up to the township, which always answers."""
    first = _first_rung(organisation, item, scope, place, on)
    ladder = [first, *_leaders_above(organisation, first.unit, on)]
    # In danger nobody has too much to do.
    loads = NO_LOADS if item.deadline_class is DeadlineClass.DANGER else loads
    return _first_served(organisation, ladder, avoided, loads, on)


def service_of_grid(organisation: Organisation, grid_id: str, *, on: date) -> Service:
    """Who is on duty in a grid, whatever they have to do already; climbs as `who_serves` does."""
    place = Place(grid_id=grid_id)
    first = _residence_grid(organisation, place, on) or _settlement(organisation, place, on)
    return _first_served(organisation, [first, *_leaders_above(organisation, first.unit, on)], NOTHING_AVOIDED, NO_LOADS, on)


def shielded(service: Service, organisation: Organisation, avoided: Avoided, *, on: date) -> Service:
    """The same without the reasons that tell whose matter it is: grids, homes' surroundings, units that it passed on its way up."""
    about = [organisation.units[id_] for id_ in avoided.units(organisation, on) if id_ in organisation.units]
    told = {unit.name for unit in (service.unit, *about)}
    kept = tuple(reason for reason in service.because if not reason.params or reason.params.get("unit") in told)
    return replace(service, because=(*kept, Message("routing.shielded")) if kept != service.because else kept)


def candidates(organisation: Organisation, item: ServiceItem, scope: MatterScope, place: Place, *, on: date) -> frozenset[str]:
    """Whose load matters for `who_serves`."""
    if item.deadline_class is DeadlineClass.DANGER:
        return frozenset()
    return frozenset(_first_rung(organisation, item, scope, place, on).holders)


def climb(
    organisation: Organisation, owner_id: str, assignee_id: str | None, *, on: date, avoided: Avoided = NOTHING_AVOIDED
) -> Service | None:
    """One level up from whoever did not take it; nothing where nobody stands above."""
    owner = organisation.units.get(organisation.seat(owner_id)) or organisation.root()
    skipped = avoided.persons(organisation, on) | avoided.also | ({assignee_id} if assignee_id else set())
    is_led_by_assignee = assignee_id in organisation.leaders(owner.id, on)
    for rung in _leaders_above(organisation, owner, on):
        if (rung.unit.id == owner.id and is_led_by_assignee) or not may_own(rung.unit, on):
            continue
        person_id = next((holder for holder in rung.holders if holder not in skipped), None)
        if person_id and not avoided.covers(organisation, rung.unit.id, on):
            because = (Message("routing.not_acknowledged", {"unit": owner.name}), rung.because)
            return Service(rung.unit, organisation.holders[person_id], RULE_CLIMB, because, organisation.path(rung.unit.id)[1:])
    return None


def unit_above(organisation: Organisation, unit_id: str) -> OrgUnit:
    """The unit one level up; the township stands above itself."""
    path = organisation.path(unit_id)
    return path[1] if len(path) > 1 else organisation.root()


def may_own(unit: OrgUnit, on: date) -> bool:
    """An overlay co-ordinates, it does not own (rule 11); a unit that is closed, or not there yet, owns nothing."""
    return unit.kind not in OVERLAYS and unit.is_valid(on)


def _first_served(organisation: Organisation, ladder: list[_Rung], avoided: Avoided, loads: Loads, on: date) -> Service:
    skipped = avoided.persons(organisation, on) | avoided.also
    reasons: list[Message] = []
    is_broken = ladder[0].is_broken
    for rung in ladder:
        if not may_own(rung.unit, on) and rung.unit.kind is not OrgUnitKind.TOWNSHIP_COMMITTEE:
            reasons.append(Message("routing.not_an_owner", {"unit": rung.unit.name}))
            is_broken = is_broken or not rung.unit.is_valid(on)
            continue
        reasons.append(rung.because)
        free = [holder for holder in rung.holders if holder not in skipped]
        able = free if rung.is_leading else [holder for holder in free if not loads.is_full(holder)]
        if avoided.covers(organisation, rung.unit.id, on):
            reasons.append(Message("routing.conflict", {"unit": rung.unit.name}))
        elif able:
            rule = RULE_CONFLICT if avoided.is_about_somebody else rung.rule
            return _service(organisation, rung.unit, able[0], rule, reasons, is_broken=is_broken)
        else:
            reasons.append(Message("routing.overloaded" if free else "routing.vacant", {"unit": rung.unit.name}))
    reasons.append(Message("routing.nobody"))
    return _service(organisation, organisation.root(), None, RULE_CLIMB, reasons, is_broken=is_broken)


def _service(
    organisation: Organisation, unit: OrgUnit, person_id: str | None, rule: str, reasons: list[Message], *, is_broken: bool
) -> Service:
    person = organisation.holders[person_id] if person_id else None
    return Service(unit, person, rule, tuple(reasons), organisation.path(unit.id)[1:], is_broken)


def _first_rung(organisation: Organisation, item: ServiceItem, scope: MatterScope, place: Place, on: date) -> _Rung:
    if scope is MatterScope.ORIGIN_VILLAGE and place.village_id:
        village = organisation.villages.get(place.village_id)
        unit = organisation.units.get(village.unit_id) if village else None
        if village is None or unit is None:
            return _settlement(organisation, place, on, is_broken=True)
        because = Message("routing.origin_village", {"village": village.name})
        return _Rung(unit, organisation.present(organisation.leaders(unit.id, on), on), RULE_SCOPE, because, is_leading=True)
    intake = _village_intake(organisation, item, place, on)
    if intake is not None:
        return intake
    match item.owner_rule:
        case OwnerRule.RESIDENCE_GRID:
            rung = _residence_grid(organisation, place, on)
        case OwnerRule.HUB:
            rung = _hub(organisation, place, on) or _residence_grid(organisation, place, on)
        case OwnerRule.PROFESSIONAL_BRANCH:
            rung = _professional_branch(organisation, item, place, on)
        case OwnerRule.SERVICE_CENTRE:
            rung = _service_centre(organisation, place, on)
        case OwnerRule.SETTLEMENT_ORG:
            return _settlement(organisation, place, on)
    # Whoever does not know where it is has not broken a rule; a place that no grid has, or a branch that nobody set up, is one.
    is_place_unknown = place.grid_id is None and item.owner_rule in {OwnerRule.RESIDENCE_GRID, OwnerRule.HUB}
    return rung or _settlement(organisation, place, on, is_broken=not is_place_unknown)


def _village_intake(organisation: Organisation, item: ServiceItem, place: Place, on: date) -> _Rung | None:
    """Whoever does not know the grid picks a village from a list (rule 4): its organisation takes it in, and sends it on."""
    village = organisation.villages.get(place.village_id) if place.village_id and place.grid_id is None else None
    unit = organisation.units.get(village.unit_id) if village else None
    if village is None or unit is None or item.owner_rule not in {OwnerRule.RESIDENCE_GRID, OwnerRule.HUB}:
        return None
    because = Message("routing.village_intake", {"village": village.name})
    return _Rung(unit, organisation.present(organisation.leaders(unit.id, on), on), RULE_PLACE, because, is_leading=True)


def _branch_of(organisation: Organisation, place: Place) -> str | None:
    grid = organisation.grids.get(place.grid_id) if place.grid_id else None
    return grid.branch_id if grid else None


def _residence_grid(organisation: Organisation, place: Place, on: date) -> _Rung | None:
    grid = organisation.grids.get(place.grid_id) if place.grid_id else None
    branch = organisation.units.get(grid.branch_id) if grid else None
    if grid is None or branch is None or not grid.is_valid(on):
        return None
    posts = organisation.posts_at(branch.id, on)
    workers = [post.person_id for post in posts if post.role is Role.GRID_WORKER and post.grid_id == grid.id]
    holders = organisation.on_duty(workers, branch.id, on, grid_id=grid.id)
    return _Rung(branch, holders, RULE_PLACE, Message("routing.residence_grid", {"grid": grid.name}))


def _hub(organisation: Organisation, place: Place, on: date) -> _Rung | None:
    micro = organisation.micro_grids.get(place.micro_grid_id) if place.micro_grid_id else None
    grid = organisation.grids.get(micro.grid_id) if micro else None
    branch = organisation.units.get(grid.branch_id) if grid else None
    if micro is None or branch is None or not micro.is_valid(on):
        return None
    posts = organisation.posts_at(branch.id, on)
    hosts = [post.person_id for post in posts if post.role is Role.HUB_HOST and post.micro_grid_id == micro.id]
    return _Rung(branch, organisation.present(hosts, on), RULE_ITEM, Message("routing.hub", {"micro_grid": micro.name}))


def _professional_branch(organisation: Organisation, item: ServiceItem, place: Place, on: date) -> _Rung | None:
    near = _branch_of(organisation, place)
    branch = organisation.unit_of_kind(OrgUnitKind.PROFESSIONAL_BRANCH, on, skill=item.skill, near=near) if item.skill else None
    if branch is None:
        return None
    hands = [branch.id, *(unit.id for unit in organisation.children(branch.id) if unit.kind is OrgUnitKind.PROVIDER and unit.is_valid(on))]
    roles = {Role.PROVIDER_WORKER, Role.VOLUNTEER}
    workers = [post.person_id for unit_id in hands for post in organisation.posts_at(unit_id, on) if post.role in roles]
    holders = organisation.on_duty(workers, branch.id, on)
    return _Rung(branch, holders, RULE_ITEM, Message("routing.professional_branch", {"unit": branch.name}))


def _service_centre(organisation: Organisation, place: Place, on: date) -> _Rung | None:
    centre = organisation.unit_of_kind(OrgUnitKind.SERVICE_CENTRE, on, near=_branch_of(organisation, place))
    if centre is None:
        return None
    clerks = [post.person_id for post in organisation.posts_at(centre.id, on) if post.role is Role.CENTRE_CLERK]
    holders = organisation.on_duty(clerks, centre.id, on)
    return _Rung(centre, holders, RULE_ITEM, Message("routing.service_centre", {"unit": centre.name}))


def _settlement(organisation: Organisation, place: Place, on: date, *, is_broken: bool = False) -> _Rung:
    near = _branch_of(organisation, place)
    settlement = organisation.unit_of_kind(OrgUnitKind.SETTLEMENT_ORG, on, near=near) or organisation.root()
    holders = organisation.present(organisation.leaders(settlement.id, on), on)
    because = Message("routing.settlement", {"unit": settlement.name})
    return _Rung(settlement, holders, RULE_ITEM, because, is_leading=True, is_broken=is_broken)


def _leaders_above(organisation: Organisation, unit: OrgUnit, on: date) -> Iterator[_Rung]:
    """The leaders of the unit itself (rule 6), then of each unit above it (rule 7)."""
    for step in organisation.path(unit.id):
        rule = RULE_DUTY if step.id == unit.id else RULE_CLIMB
        holders = organisation.present(organisation.leaders(step.id, on), on)
        yield _Rung(step, holders, rule, Message("routing.leader", {"unit": step.name}), is_leading=True)
