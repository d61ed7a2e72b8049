"""Townships by the thousand, drawn from a seed: both chains, overlays, vacancies, leave, rotas, closed units and grids cut anew."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

from domain.households import Household
from domain.ids import Kind, compose
from domain.items import MatterScope, OwnerRule, ServiceItem
from domain.organisation import Grid, HubHousehold, MicroGrid, Organisation, OrganisationParts, OrgUnit, OrgUnitKind, Village
from domain.people import Person
from domain.posts import Absence, Appointment, Duty, Role
from domain.routing import Avoided, Loads, Place
from tests.domain.cast import item

TODAY = date(2026, 11, 23)
LONG_AGO, SKILLS = date(2026, 1, 1), ("property", "volunteering")

CHAINS: dict[OrgUnitKind, tuple[OrgUnitKind, ...]] = {
    OrgUnitKind.SETTLEMENT_ORG: (OrgUnitKind.TOWNSHIP_COMMITTEE,),
    OrgUnitKind.VILLAGE_ORG: (OrgUnitKind.TOWNSHIP_COMMITTEE,),
    OrgUnitKind.AREA_COMMITTEE: (OrgUnitKind.TOWNSHIP_COMMITTEE,),
    OrgUnitKind.INDUSTRY_COMMITTEE: (OrgUnitKind.TOWNSHIP_COMMITTEE,),
    OrgUnitKind.SERVICE_CENTRE: (OrgUnitKind.TOWNSHIP_COMMITTEE, OrgUnitKind.SETTLEMENT_ORG),
    OrgUnitKind.GRID_BRANCH: (OrgUnitKind.SETTLEMENT_ORG, OrgUnitKind.VILLAGE_ORG),
    OrgUnitKind.PROFESSIONAL_BRANCH: (OrgUnitKind.SETTLEMENT_ORG, OrgUnitKind.VILLAGE_ORG),
    OrgUnitKind.PARTY_GROUP: (OrgUnitKind.GRID_BRANCH, OrgUnitKind.PROFESSIONAL_BRANCH),
    OrgUnitKind.PROVIDER: (OrgUnitKind.PROFESSIONAL_BRANCH, OrgUnitKind.SETTLEMENT_ORG),
}
"""What may stand below what."""


@dataclass(frozen=True)
class Asked:
    """Something that is asked for in a drawn township."""

    item: ServiceItem
    scope: MatterScope
    place: Place
    avoided: Avoided
    loads: Loads


class Draw:
    """One township; the same seed gives the same one. Ids are those of `township`, numbered."""

    def __init__(self, seed: int, township: str = "990000001") -> None:
        self.chance, self.township, self._made = Random(seed), township, 0
        self.persons = [Person(self.id(Kind.PERSON), township, f"某{number}") for number in range(self.chance.randint(1, 12))]
        self.units = self._units()
        self.grids = self._grids()
        self.micro_grids = [
            MicroGrid(self.id(Kind.MICRO_GRID), township, f"{grid.code}01", "微网格", grid.id) for grid in self.grids if self.maybe(0.7)
        ]
        self.villages = [
            Village(self.id(Kind.VILLAGE), township, unit.code, unit.name, unit.id)
            for unit in self.units
            if unit.kind is OrgUnitKind.VILLAGE_ORG
        ]
        self.posts = self._posts()
        self.homes = self._homes()

    def id(self, kind: Kind) -> str:
        self._made += 1
        return compose(kind, self.township, UUID(int=self._made))

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def parts(self) -> OrganisationParts:
        hosts = [post for post in self.posts if post.role is Role.HUB_HOST and post.micro_grid_id]
        hubs = [HubHousehold(self.id(Kind.HUB), self.township, post.person_id, post.micro_grid_id or "", 0) for post in hosts]
        absences = [self._absence(person) for person in self.persons if self.maybe(0.25)]
        duties = [self._duty(post) for post in self.posts if self.maybe(0.2)]
        return OrganisationParts(self.units, self.grids, self.micro_grids, hubs, self.villages, self.posts, self.persons, absences, duties)

    def organisation(self) -> Organisation:
        return Organisation(self.township, "drawn", self.parts())

    def asks(self, many: int) -> Iterator[Asked]:
        for _ in range(many):
            wanted = replace(item("stairwell-lamp"), owner_rule=self.chance.choice(list(OwnerRule)), skill=self.chance.choice(SKILLS))
            home = self.chance.choice(self.homes)
            place = Place(home.residence_grid_id, home.micro_grid_id, home.origin_village_id) if self.maybe(0.85) else Place()
            about = self.chance.choice(self.persons).id if self.maybe(0.15) else None
            unit = self.chance.choice(self.units).id if self.maybe(0.1) else None
            loads = Loads({person.id: self.chance.randrange(60) for person in self.persons}, 30) if self.maybe(0.5) else Loads()
            yield Asked(wanted, self.chance.choice(list(MatterScope)), place, Avoided(about, unit), loads)

    def _units(self) -> list[OrgUnit]:
        root = OrgUnit(self.id(Kind.UNIT), self.township, self.township, "乡镇党委", OrgUnitKind.TOWNSHIP_COMMITTEE, None, LONG_AGO)
        units = [root]
        for number in range(self.chance.randint(0, 16)):
            kind = self.chance.choice(list(CHAINS))
            parents = [unit for unit in units if unit.kind in CHAINS[kind]]
            if not parents:
                continue
            parent = self.chance.choice(parents)
            is_closed = self.maybe(0.1)
            is_overlay = kind in {OrgUnitKind.AREA_COMMITTEE, OrgUnitKind.INDUSTRY_COMMITTEE}
            unit = OrgUnit(
                id=self.id(Kind.UNIT),
                township=self.township,
                code=f"{self.township}{number:03}",
                name=f"{kind.value} {number}",
                kind=kind,
                parent_id=parent.id,
                valid_from=LONG_AGO,
                valid_to=TODAY if is_closed else None,
                skill=self.chance.choice(SKILLS) if kind is OrgUnitKind.PROFESSIONAL_BRANCH else None,
                covers=tuple(other.id for other in units[1:3]) if is_overlay else (),
            )
            units.append(unit)
        return units

    def _grids(self) -> list[Grid]:
        branches = [unit for unit in self.units if unit.kind is OrgUnitKind.GRID_BRANCH] or self.units[:1]
        grids: list[Grid] = []
        for number in range(self.chance.randint(1, 5)):
            code, branch = f"{self.township}601{number + 1:03}", self.chance.choice(branches)
            end = TODAY - timedelta(days=1) if self.maybe(0.1) else None
            succeeds = (grids[-1].id,) if grids and grids[-1].valid_to else ()
            grids.append(
                Grid(self.id(Kind.GRID), self.township, code, f"网格{number}", branch.id, None, 1, LONG_AGO, end, succeeds=succeeds)
            )
        return grids

    def _posts(self) -> list[Appointment]:
        posts: list[Appointment] = []
        for order in range(self.chance.randint(0, 30)):
            role = self.chance.choice(list(Role))
            grid = self.chance.choice(self.grids)
            of_grid = role in {Role.GRID_WORKER, Role.HUB_HOST, Role.LINK_MEMBER}
            micros = [micro.id for micro in self.micro_grids if micro.grid_id == grid.id]
            unit_id = grid.branch_id if of_grid else self.chance.choice(self.units).id
            posts.append(
                Appointment(
                    id=self.id(Kind.APPOINTMENT),
                    township=self.township,
                    person_id=self.chance.choice(self.persons).id,
                    role=role,
                    unit_id=unit_id,
                    since=self.chance.choice([LONG_AGO, LONG_AGO, LONG_AGO, TODAY, TODAY + timedelta(days=1)]),
                    until=self.chance.choice([None, None, None, TODAY, TODAY + timedelta(days=30)]),
                    grid_id=grid.id if of_grid else None,
                    micro_grid_id=self.chance.choice(micros) if micros and of_grid else None,
                    order=order,
                )
            )
        return posts

    def _absence(self, person: Person) -> Absence:
        since = TODAY + timedelta(days=self.chance.randint(-5, 1))
        substitute = self.chance.choice([None, *(other.id for other in self.persons)])
        return Absence(
            self.id(Kind.ABSENCE), self.township, person.id, since, since + timedelta(days=self.chance.randint(1, 9)), substitute
        )

    def _duty(self, post: Appointment) -> Duty:
        since = TODAY + timedelta(days=self.chance.randint(-5, 1))
        until = since + timedelta(days=self.chance.randint(1, 9))
        return Duty(self.id(Kind.DUTY), self.township, post.unit_id, post.person_id, since, until, post.grid_id)

    def _homes(self) -> list[Household]:
        return [self._home(grid, number) for number, grid in enumerate(self.grids)]

    def _home(self, grid: Grid, number: int) -> Household:
        micros = [micro.id for micro in self.micro_grids if micro.grid_id == grid.id]
        village = self.chance.choice(self.villages).id if self.villages and self.maybe(0.8) else None
        return Household(
            id=self.id(Kind.HOUSEHOLD),
            township=self.township,
            label=f"{number}-1-101",
            address=f"{number}号楼",
            residence_grid_id=grid.id,
            micro_grid_id=micros[0] if micros else None,
            origin_village_id=village,
            link=None,
        )
