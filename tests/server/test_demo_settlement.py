"""The demo's settlement: the same every time, complete, and such that each matter finds the one who serves it."""

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from domain.access import Actor, actor_of, homes_in_sight, may_see_person, may_see_resident
from domain.deadlines import DeadlineClass
from domain.households import Household
from domain.ids import NO_TOWNSHIP, Kind, parse
from domain.items import MatterScope, ServiceItem, ServiceLine
from domain.organisation import Grid, Organisation, OrgUnitKind
from domain.people import Person
from domain.places import Area, GeoPoint
from domain.posts import LEADING_ROLES, Role
from domain.routing import Place, Service, who_serves
from server.demo.catalogue import catalogue
from server.demo.settlement import FEWEST_HOUSEHOLDS, Settlement, settlement, uid_of

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
TOWNSHIP = "990101101"
SHARED_HANDLES = (
    *(f"resident-{n}" for n in range(1, 8)),
    *(f"grid-worker-{n}" for n in range(1, 6)),
    *(f"grid-leader-{n}" for n in range(1, 6)),
    *("dispatcher-1", "secretary-1", "secretary-2", "centre-clerk-1", "centre-clerk-2"),
    *(f"village-officer-{n}" for n in range(1, 6)),
    *("provider-worker-1", "volunteer-1", "branch-leader-1", "branch-leader-2", "administrator-1", "privacy-officer-1"),
    *(f"hub-host-{n}" for n in range(1, 29)),
    "link-member-1",
)


class Town:
    """A settlement with what the tests ask of it."""

    def __init__(self, households: int) -> None:
        self.demo: Settlement = settlement(households)
        self.organisation = Organisation(self.demo.township_code, "test", self.demo.parts)
        self.persons = {person.id: person for person in self.demo.persons}
        self.homes = {home.id: home for home in self.demo.households}
        self.items = {item.code: item for item in self.demo.items}
        self.handle_of = {person_id: handle for handle, person_id in self.demo.handles.items()}

    def person(self, handle: str) -> Person:
        return self.persons[self.demo.handles[handle]]

    def home(self, handle: str) -> Household:
        home_id = self.person(handle).household_id
        assert home_id is not None
        return self.homes[home_id]

    def grid_number(self, home: Household) -> int:
        return [grid.id for grid in self.demo.parts.grids].index(home.residence_grid_id) + 1

    def micro_grid_number(self, home: Household) -> int:
        return [micro.id for micro in self.demo.parts.micro_grids].index(home.micro_grid_id or "") + 1

    def village_number(self, home: Household) -> int:
        return [village.id for village in self.demo.parts.villages].index(home.origin_village_id or "") + 1

    def serves(self, handle: str, item: ServiceItem) -> Service:
        home = self.home(handle)
        place = Place(home.residence_grid_id, home.micro_grid_id, home.origin_village_id)
        return who_serves(self.organisation, item, item.default_scope, place, on=TODAY)

    def actor(self, handle: str) -> Actor:
        person = self.person(handle)
        return actor_of(person, self.organisation, at=NOW, home=self.homes.get(person.household_id or ""))

    def post_handles(self) -> list[str]:
        return [self.handle_of[post.person_id] for post in self.demo.parts.appointments]


def drawn(grid: Grid) -> Area:
    assert grid.boundary is not None
    return grid.boundary


@cache
def town_of(households: int) -> Town:
    return Town(households)


@pytest.fixture
def full() -> Town:
    """The settlement as the demo fills it."""
    return town_of(1710)


@pytest.fixture(params=[FEWEST_HOUSEHOLDS, 60, 1710, 5000], ids=lambda count: f"{count}-homes")
def town(request: pytest.FixtureRequest) -> Town:
    return town_of(request.param)


# The same every time, and complete


def test_asked_twice_the_settlement_is_the_same(full: Town) -> None:
    assert settlement() == settlement(1710) == full.demo
    assert list(settlement().handles) == list(full.demo.handles)


def test_another_run_of_python_builds_the_same_settlement(full: Town) -> None:
    program = (
        "from server.demo.settlement import settlement as s; d = s(); print(*d.handles.values(), *(p.display_name for p in d.persons))"
    )
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
        )
        expected = [*full.demo.handles.values(), *(person.display_name for person in full.demo.persons)]
        assert run.stdout.decode().split() == expected


def test_another_township_has_other_ids_but_the_same_catalogue(full: Town) -> None:
    other = settlement(60, township="990101002")
    assert {person.township for person in other.persons} == {"990101002"}
    assert all(unit.code.startswith("990101002") for unit in other.parts.units)
    assert other.items == full.demo.items


@pytest.mark.parametrize("households", [-1, 0, FEWEST_HOUSEHOLDS - 1])
def test_a_settlement_with_an_empty_micro_grid_is_refused(households: int) -> None:
    with pytest.raises(ValueError, match="28 households"):
        settlement(households)


@pytest.mark.parametrize("township", ["371702001", "99010100", "9901011011", "99010100x", "99010100１", ""])
def test_invented_people_never_move_into_a_township_that_could_be_real(township: str) -> None:
    with pytest.raises(ValueError, match="begins with 99"):
        settlement(60, township=township)


def test_the_settlement_has_the_size_that_the_guide_promises(full: Town) -> None:
    parts = full.demo.parts
    assert (len(full.demo.households), len(parts.grids), len(parts.micro_grids), len(parts.hubs), len(parts.villages)) == (
        1710,
        5,
        28,
        28,
        5,
    )
    assert [grid.household_count for grid in parts.grids] == [342] * 5
    assert Counter(unit.kind for unit in parts.units) == {
        OrgUnitKind.TOWNSHIP_COMMITTEE: 1,
        OrgUnitKind.SETTLEMENT_ORG: 1,
        OrgUnitKind.GRID_BRANCH: 5,
        OrgUnitKind.PROFESSIONAL_BRANCH: 2,
        OrgUnitKind.PARTY_GROUP: 10,
        OrgUnitKind.VILLAGE_ORG: 5,
        OrgUnitKind.SERVICE_CENTRE: 1,
        OrgUnitKind.PROVIDER: 1,
    }
    assert full.demo.township_name == "柳湾镇"
    assert full.demo.township_code == TOWNSHIP


def test_a_micro_grid_has_50_to_80_homes_and_a_link_member_about_15(full: Town) -> None:
    sizes = Counter(home.micro_grid_id for home in full.demo.households)
    assert len(sizes) == 28
    assert all(50 <= size <= 80 for size in sizes.values())
    links = Counter(home.link.member_id for home in full.demo.households if home.link)
    assert all(10 <= count <= 15 for count in links.values())


def test_one_home_in_ten_has_no_link_whatever_the_village_it_left(full: Town) -> None:
    unlinked = Counter(home.origin_village_id for home in full.demo.households if home.link is None)
    assert sum(unlinked.values()) == 171
    assert set(unlinked.values()) <= {34, 35}


# Holds together at any size


def test_every_handle_of_the_guide_is_there_and_no_other(town: Town) -> None:
    residents = [handle for handle in town.demo.handles if handle.startswith("resident-")]
    members = [handle for handle in town.demo.handles if handle.startswith("link-member-")]
    assert residents == [f"resident-{n}" for n in range(1, len(town.demo.households) + 2)]
    assert members == [f"link-member-{n}" for n in range(1, len(members) + 1)]
    assert set(town.demo.handles) == {*SHARED_HANDLES, *residents, *members}
    assert len(town.handle_of) == len(town.demo.handles) == len(town.persons) == len(town.demo.persons)
    assert list(town.demo.handles)[:8] == [*(f"resident-{n}" for n in range(1, 8)), "grid-worker-1"]


def test_the_first_residents_live_where_the_guide_says(town: Town) -> None:
    homes = [town.home(f"resident-{n}") for n in range(1, 8)]
    assert [town.grid_number(home) for home in homes] == [1, 1, 1, 2, 3, 4, 5]
    assert len({home.id for home in homes}) == 7
    assert (homes[0].label, homes[0].address) == ("3-2-501", "柳湾镇柳湾新村3号楼2单元501室")
    assert town.village_number(homes[0]) == 1
    assert town.micro_grid_number(homes[0]) == 1
    assert homes[0].link is not None
    assert homes[0].link.member_id == town.demo.handles["link-member-1"]


def test_the_last_two_residents_share_a_home_and_a_phone_and_a_newcomer_is_nobody_yet(town: Town) -> None:
    last = [f"resident-{len(town.demo.households) + more}" for more in (0, 1)]

    assert town.home(last[0]) == town.home(last[1])
    assert town.demo.sign_ins == {"shared-phone-1": tuple(town.demo.handles[handle] for handle in last), "newcomer-1": ()}
    assert not town.demo.sign_ins.keys() & town.demo.handles.keys()


def test_every_home_has_a_resident_the_last_one_two_a_label_of_its_own_and_a_village_left(town: Town) -> None:
    last = town.person(f"resident-{len(town.demo.households)}").household_id
    assert Counter(person.household_id for person in town.demo.persons if person.household_id) == Counter([*town.homes, last])
    assert len({home.label for home in town.demo.households}) == len(town.demo.households)
    villages = Counter(home.origin_village_id for home in town.demo.households)
    assert len(villages) == 5
    assert max(villages.values()) - min(villages.values()) <= 1


def test_homes_are_spread_evenly_over_grids_and_within_each_over_micro_grids(town: Town) -> None:
    per_grid = Counter(home.residence_grid_id for home in town.demo.households)
    assert per_grid == {grid.id: grid.household_count for grid in town.demo.parts.grids}
    assert max(per_grid.values()) - min(per_grid.values()) <= 1
    per_micro = Counter(home.micro_grid_id for home in town.demo.households)
    for grid in town.demo.parts.grids:
        counts = [per_micro[micro.id] for micro in town.organisation.micro_grids_of(grid.id)]
        assert sum(counts) == grid.household_count
        assert max(counts) - min(counts) <= 1
        assert min(counts) >= 1
    for home in town.demo.households:
        assert town.organisation.micro_grids[home.micro_grid_id or ""].grid_id == home.residence_grid_id


def test_a_link_is_agreed_and_goes_to_a_member_of_the_own_micro_grid(town: Town) -> None:
    posts = {post.person_id: post for post in town.demo.parts.appointments if post.role is Role.LINK_MEMBER}
    for home in town.demo.households:
        if home.link:
            assert home.link.agreed_by_household
            assert (home.link.household_id, home.link.since, home.link.until) == (home.id, date(2026, 1, 1), None)
            assert posts[home.link.member_id].micro_grid_id == home.micro_grid_id


def test_a_hub_counts_the_live_links_of_its_micro_grid(town: Town) -> None:
    links = Counter(home.micro_grid_id for home in town.demo.households if home.link)
    assert [hub.linked_household_count for hub in town.demo.parts.hubs] == [links[micro.id] for micro in town.demo.parts.micro_grids]
    assert [town.handle_of[hub.host_id] for hub in town.demo.parts.hubs] == [f"hub-host-{n}" for n in range(1, 29)]
    assert [hub.micro_grid_id for hub in town.demo.parts.hubs] == [micro.id for micro in town.demo.parts.micro_grids]


def test_ids_are_unique_name_their_kind_and_sort_in_the_order_of_making(town: Town) -> None:
    parts = town.demo.parts
    made = {
        Kind.UNIT: [unit.id for unit in parts.units],
        Kind.GRID: [grid.id for grid in parts.grids],
        Kind.MICRO_GRID: [micro.id for micro in parts.micro_grids],
        Kind.HUB: [hub.id for hub in parts.hubs],
        Kind.VILLAGE: [village.id for village in parts.villages],
        Kind.APPOINTMENT: [post.id for post in parts.appointments],
        Kind.HOUSEHOLD: [home.id for home in town.demo.households],
        Kind.PERSON: [person.id for person in town.demo.persons],
    }
    keys_made = [id_.rpartition("_")[2] for ids in made.values() for id_ in ids]
    assert len(set(keys_made)) == len(keys_made)
    for kind, ids in made.items():
        assert ids == sorted(ids)
        refs = [parse(id_) for id_ in ids]
        assert all(ref is not None and ref.kind is kind and ref.township == TOWNSHIP for ref in refs)
        assert all(id_[-20] == "7" and id_[-16] in "89ab" for id_ in ids), "a UUIDv7 says so"


# Codes and land


def test_every_code_is_unique_and_tells_its_township(full: Town) -> None:
    parts = full.demo.parts
    codes = [*(unit.code for unit in parts.units), *(grid.code for grid in parts.grids), *(micro.code for micro in parts.micro_grids)]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith(TOWNSHIP) and code.isdecimal() for code in codes)
    for unit in parts.units:
        assert full.organisation.unit_by_code(unit.code) is unit


def test_grids_and_micro_grids_are_numbered_within_the_settlement(full: Town) -> None:
    parts = full.demo.parts
    assert [grid.code for grid in parts.grids] == [f"990101101601{n:03}" for n in range(1, 6)]
    assert len({grid.branch_id for grid in parts.grids}) == 5
    for grid in parts.grids:
        micro_grids = full.organisation.micro_grids_of(grid.id)
        assert [micro.code for micro in micro_grids] == [f"{grid.code}{n:02}" for n in range(1, len(micro_grids) + 1)]
    assert [village.division_code for village in parts.villages] == [f"990101101{n}" for n in range(201, 206)]


def test_units_hang_together_as_the_chain_says(full: Town) -> None:
    units = full.organisation.units
    parents = {unit.kind: units[unit.parent_id].kind for unit in units.values() if unit.parent_id}
    assert parents == {
        OrgUnitKind.SETTLEMENT_ORG: OrgUnitKind.TOWNSHIP_COMMITTEE,
        OrgUnitKind.VILLAGE_ORG: OrgUnitKind.TOWNSHIP_COMMITTEE,
        OrgUnitKind.GRID_BRANCH: OrgUnitKind.SETTLEMENT_ORG,
        OrgUnitKind.PROFESSIONAL_BRANCH: OrgUnitKind.SETTLEMENT_ORG,
        OrgUnitKind.SERVICE_CENTRE: OrgUnitKind.SETTLEMENT_ORG,
        OrgUnitKind.PARTY_GROUP: OrgUnitKind.GRID_BRANCH,
        OrgUnitKind.PROVIDER: OrgUnitKind.PROFESSIONAL_BRANCH,
    }
    assert all(len(full.organisation.children(grid.branch_id)) == 2 for grid in full.demo.parts.grids)
    assert full.organisation.root().code == TOWNSHIP


def test_grids_adjoin_from_west_to_east_without_gap_or_overlap(full: Town) -> None:
    boxes = [[(corner.lng, corner.lat) for corner in drawn(grid).corners] for grid in full.demo.parts.grids]
    for west, east in pairwise(boxes):
        assert max(west)[0] == min(east)[0]
        assert {lat for _, lat in west} == {lat for _, lat in east}
    corners = {(corner.lng, corner.lat) for corner in full.demo.area.corners}
    assert corners == {*boxes[0][::3], *boxes[-1][1:3]}


def test_a_point_lies_in_exactly_one_grid_and_none_outside(full: Town) -> None:
    grids, steps = full.demo.parts.grids, 40
    west, east = full.demo.area.corners[0].lng, full.demo.area.corners[1].lng
    south, north = full.demo.area.corners[0].lat, full.demo.area.corners[2].lat
    for n in range(steps):
        point = GeoPoint((south + north) / 2, west + (east - west) * n / steps)
        around = [grid for grid in grids if drawn(grid).contains(point)]
        assert around == [full.organisation.grid_at(point, TODAY)]
        assert full.demo.area.contains(point)
        assert around == [grids[n * 5 // steps]]
    outside = GeoPoint(south, east + 0.001)
    assert full.organisation.grid_at(outside, TODAY) is None
    assert not full.demo.area.contains(outside)


# Who serves


def expected_hands(town: Town, resident: str) -> dict[str, tuple[str, str]]:
    """Unit code and handle by item, as the guide says for the resident."""
    home = town.home(resident)
    grid, micro, village = town.grid_number(home), town.micro_grid_number(home), town.village_number(home)
    branch = f"9901011016010{grid}"
    return {
        "stairwell-lamp": (branch, f"grid-worker-{grid}"),
        "water-leak": (branch, f"grid-worker-{grid}"),
        "gas-smell": (branch, f"grid-worker-{grid}"),
        "lift-repair": ("99010110160111", "provider-worker-1"),
        "pension-form": ("99010110160190", "centre-clerk-1"),
        "land-certificate": (f"99010110120{village}", f"village-officer-{village}"),
        "haircut-at-home": (branch, f"hub-host-{micro}"),
        "tree-planting": ("99010110160112", "volunteer-1"),
        "staff-conduct": ("990101101601", "secretary-1"),
        "new-facility": (branch, f"grid-worker-{grid}"),
        "basement-flood": (branch, f"grid-worker-{grid}"),
    }


@pytest.mark.parametrize("resident", ["resident-1", "resident-4", "resident-7"])
def test_each_matter_finds_the_one_who_serves_it(town: Town, resident: str) -> None:
    found = {}
    for code, item in town.items.items():
        service = town.serves(resident, item)
        assert service.person is not None
        found[code] = (service.unit.code, town.handle_of[service.person.id])
    assert found == expected_hands(town, resident)


def test_residents_of_two_grids_are_served_by_two_workers_hosts_and_village_officers(full: Town) -> None:
    first, fourth = expected_hands(full, "resident-1"), expected_hands(full, "resident-4")
    assert {code for code in first if first[code] != fourth[code]} == {
        *("stairwell-lamp", "water-leak", "new-facility", "basement-flood", "gas-smell", "haircut-at-home", "land-certificate")
    }


def test_every_matter_can_climb_over_a_leader_to_the_township(full: Town) -> None:
    for unit in full.organisation.units.values():
        led = [step for step in full.organisation.path(unit.id) if full.organisation.leaders(step.id, TODAY)]
        assert led
        assert led[-1] is full.organisation.root()
    dispatcher, secretary = full.demo.handles["dispatcher-1"], full.demo.handles["secretary-2"]
    assert full.organisation.leaders(full.organisation.root().id, TODAY) == [dispatcher, secretary]


def test_posts_are_live_from_the_first_day_of_2026_without_an_end(full: Town) -> None:
    assert {(post.since, post.until) for post in full.demo.parts.appointments} == {(date(2026, 1, 1), None)}
    assert {post.role for post in full.demo.parts.appointments} == set(Role) - {Role.RESIDENT}
    assert set(full.organisation.holders) == {post.person_id for post in full.demo.parts.appointments}


def test_a_post_is_held_where_its_handle_says(full: Town) -> None:
    for post, handle in zip(full.demo.parts.appointments, full.post_handles(), strict=True):
        name, _, number = handle.rpartition("-")
        unit = full.organisation.units[post.unit_id]
        grid = full.organisation.grids[post.grid_id] if post.grid_id else None
        if name in {"grid-worker", "grid-leader"}:
            assert unit.code == f"9901011016010{number}"
        if name == "village-officer":
            assert (unit.code, post.role) == (f"99010110120{number}", Role.SECRETARY)
        if name in {"grid-worker", "hub-host", "link-member"}:
            assert grid is not None
            assert grid.branch_id == unit.id
        assert (post.micro_grid_id is not None) == (name in {"hub-host", "link-member"})
        assert (grid is not None) == (name in {"grid-worker", "hub-host", "link-member"})
        if name == "branch-leader":
            assert post.role in LEADING_ROLES
            assert unit.skill == {"1": "property", "2": "volunteering"}[number]


# Who may see whom


def test_a_home_is_found_by_its_people_its_grid_both_chains_the_counter_and_who_looks_in_on_it(town: Town) -> None:
    hosts = {post.micro_grid_id: post.person_id for post in town.demo.parts.appointments if post.role is Role.HUB_HOST}
    sights = {handle: homes_in_sight(town.actor(handle)) for handle in town.post_handles()}
    residents = {person.household_id: town.handle_of[person.id] for person in town.demo.persons if person.household_id}
    for home in town.demo.households:
        grid = town.grid_number(home)
        staff = {f"grid-worker-{grid}", f"grid-leader-{grid}", "secretary-1", "secretary-2", "dispatcher-1", "centre-clerk-1"}
        staff |= {"centre-clerk-2", f"village-officer-{town.village_number(home)}"}
        looking_in = {town.handle_of[hosts[home.micro_grid_id]]} | ({town.handle_of[home.link.member_id]} if home.link else set())
        assert {handle for handle, sight in sights.items() if sight.has(home)} == staff | looking_in
        assert {handle for handle, sight in sights.items() if sight.as_staff(home)} == staff
        assert homes_in_sight(town.actor(residents[home.id])).has(home)


def test_a_resident_finds_no_other_home(full: Town) -> None:
    resident = homes_in_sight(full.actor("resident-1"))
    assert [home for home in full.demo.households if resident.has(home)] == [full.home("resident-1")]


def test_whoever_holds_a_post_has_no_home_here(town: Town) -> None:
    assert not any(town.persons[post.person_id].household_id for post in town.demo.parts.appointments)


def test_a_worker_finds_the_residents_of_the_own_grid_and_no_others(full: Town) -> None:
    worker = full.actor("grid-worker-1")
    assert [may_see_resident(worker, full.home(f"resident-{n}")) for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert not may_see_resident(full.actor("hub-host-1"), full.home("resident-1"))


def test_a_resident_finds_the_own_host_and_link_member_but_no_neighbour(full: Town) -> None:
    resident = full.actor("resident-1")
    seen = [h for h in full.demo.handles if may_see_person(resident, full.person(h), at=NOW)]
    at_home = [handle for handle in seen if handle.rpartition("-")[0] in {"resident", "hub-host", "link-member"}]
    assert at_home == ["resident-1", "hub-host-1", "link-member-1"]
    assert resident.roles == (Role.RESIDENT,)


def test_a_village_officer_opens_the_homes_that_left_the_village_and_no_others(full: Town) -> None:
    officer = homes_in_sight(full.actor("village-officer-1"))
    opened = {full.village_number(home) for home in full.demo.households if officer.has(home)}
    assert opened == {1}


def test_staff_have_names_of_their_own_in_chinese(full: Town) -> None:
    names = [person.display_name for person in full.demo.parts.holders]
    assert len(set(names)) == len(names)
    assert all(len(name) == 3 and all("\u4e00" <= sign <= "\u9fff" for sign in name) for name in names)


# The catalogue


def test_the_catalogue_is_what_the_guide_promises() -> None:
    line, deadline = ServiceLine, DeadlineClass
    assert {item.code: (item.line, item.deadline_class) for item in catalogue()} == {
        "stairwell-lamp": (line.PUBLIC_FACILITY_SERVICE, deadline.NORMAL),
        "water-leak": (line.PUBLIC_FACILITY_SERVICE, deadline.UTILITY),
        "gas-smell": (line.PUBLIC_FACILITY_SERVICE, deadline.DANGER),
        "lift-repair": (line.RED_PROPERTY_SERVICE, deadline.UTILITY),
        "pension-form": (line.GOVERNMENT_SERVICE, deadline.NORMAL),
        "land-certificate": (line.GOVERNMENT_SERVICE, deadline.COMPLEX),
        "haircut-at-home": (line.CONVENIENCE_VOLUNTEERING, deadline.NORMAL),
        "tree-planting": (line.VOLUNTEERING, deadline.NORMAL),
        "staff-conduct": (line.GOVERNMENT_SERVICE, deadline.NORMAL),
        "new-facility": (line.PUBLIC_FACILITY_SERVICE, deadline.COMPLEX),
        "basement-flood": (line.PUBLIC_FACILITY_SERVICE, deadline.UTILITY),
    }
    assert [item.code for item in catalogue() if not item.is_auto_accepted] == ["new-facility"]
    assert not any(item.photo_required for item in catalogue())


def test_only_danger_names_a_number_only_conduct_is_shielded_only_land_goes_to_the_village() -> None:
    assert {item.code: item.number_to_dial for item in catalogue() if item.number_to_dial} == {"gas-smell": "119"}
    assert [item.code for item in catalogue() if item.is_shielded] == ["staff-conduct"]
    assert [item.code for item in catalogue() if item.default_scope is MatterScope.ORIGIN_VILLAGE] == ["land-certificate"]


def test_items_belong_to_no_township() -> None:
    refs = [parse(item.id) for item in catalogue()]
    assert all(ref is not None and ref.kind is Kind.ITEM and ref.township == NO_TOWNSHIP for ref in refs)
    assert len({item.id for item in catalogue()}) == 11


def test_a_person_of_the_demo_signs_in_by_the_handle() -> None:
    assert uid_of("resident-1") == "demo-resident-1"
