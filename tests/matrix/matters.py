"""A township with both chains and every kind of unit, somebody in every role at every place of it, and a matter at each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from adapters.mongo.driver import Document
from adapters.mongo.seed import plant_township
from domain.households import HouseholdLink
from domain.ids import Kind, compose
from domain.organisation import OrgUnit, OrgUnitKind
from domain.people import Person
from domain.places import Area, GeoPoint
from domain.posts import Appointment, Role
from domain.tallies import of_village
from server.demo.chart import SINCE
from server.demo.main_job import Player
from server.demo.settlement import Settlement, settlement, uid_of
from tests.conftest import MONDAY_MORNING, Town, plant
from tests.journeys.stories import Matter, act, answer, bring, inbox, register, say, submit

OTHER = "990101102"
ELSEWHERE = Area((GeoPoint(36, 117), GeoPoint(36, 118), GeoPoint(37, 118), GeoPoint(37, 117)))
STAFF = [role for role in Role if role is not Role.RESIDENT]


@dataclass(frozen=True)
class Reader:
    """Who reads: a role, where it is held or how they stand to the matter, and the handle they sign in with."""

    role: str
    where: str
    handle: str | None


@dataclass
class Grown:
    """The demo's settlement with what the matrix needs besides, and who reads."""

    planned: Settlement
    other: Settlement
    readers: list[Reader] = field(default_factory=list)


def new_id(kind: Kind, township: str, name: str) -> str:
    return compose(kind, township, UUID(bytes=sha256(f"{township}{kind}{name}".encode()).digest()[:16]))


def seats(planned: Settlement) -> dict[str, OrgUnit]:
    """Every place where a post is held, by how it stands to the branch of the first grid."""
    units = {unit.name: unit for unit in planned.parts.units}
    home = next(home for home in planned.households if home.id == _home_id(planned, "resident-1"))
    left = next(village.unit_id for village in planned.parts.villages if village.id == home.origin_village_id)
    by_kind = {kind: [unit for unit in units.values() if unit.kind is kind] for kind in OrgUnitKind}
    branch, sibling = by_kind[OrgUnitKind.GRID_BRANCH][:2]
    [township], [area, crosswise] = by_kind[OrgUnitKind.TOWNSHIP_COMMITTEE], by_kind[OrgUnitKind.AREA_COMMITTEE]
    return {
        "the township": township,
        "the settlement": by_kind[OrgUnitKind.SETTLEMENT_ORG][0],
        "the branch itself": branch,
        "a party group below": next(unit for unit in by_kind[OrgUnitKind.PARTY_GROUP] if unit.parent_id == branch.id),
        "a sibling branch": sibling,
        "a professional branch": by_kind[OrgUnitKind.PROFESSIONAL_BRANCH][0],
        "a provider": by_kind[OrgUnitKind.PROVIDER][0],
        "the service centre": by_kind[OrgUnitKind.SERVICE_CENTRE][0],
        "the village left": next(unit for unit in by_kind[OrgUnitKind.VILLAGE_ORG] if unit.id == left),
        "another village": next(unit for unit in by_kind[OrgUnitKind.VILLAGE_ORG] if unit.id != left),
        "an area committee over it": area,
        "an area committee over others": crosswise,
        "an industry committee": by_kind[OrgUnitKind.INDUSTRY_COMMITTEE][0],
    }


def _overlays(planned: Settlement) -> Iterator[OrgUnit]:
    units = planned.parts.units
    root = next(unit for unit in units if unit.parent_id is None)
    branches = [unit.id for unit in units if unit.kind is OrgUnitKind.GRID_BRANCH]
    trades = [unit.id for unit in units if unit.kind is OrgUnitKind.PROFESSIONAL_BRANCH]
    rows = [
        ("东片区党委", OrgUnitKind.AREA_COMMITTEE, branches[:1]),
        ("西片区党委", OrgUnitKind.AREA_COMMITTEE, branches[1:]),
        ("物业行业党委", OrgUnitKind.INDUSTRY_COMMITTEE, trades),
    ]
    for number, (name, kind, covers) in enumerate(rows, 95):
        id_ = new_id(Kind.UNIT, root.township, name)
        yield OrgUnit(id_, root.township, f"{root.code}{number}", name, kind, root.id, SINCE, covers=tuple(covers))


def grown(planned: Settlement) -> Grown:
    """The settlement with overlays, with everybody seated, a link of the home, and another township beside it."""
    planned = replace(planned, parts=replace(planned.parts, units=(*planned.parts.units, *_overlays(planned))))
    home_id, member_id = _home_id(planned, "resident-1"), planned.handles["link-member-1"]
    link = HouseholdLink(home_id, member_id, SINCE, None, agreed_by_household=True)
    homes = tuple(replace(home, link=link) if home.id == home_id else home for home in planned.households)
    made = Grown(replace(planned, households=homes), settlement(28, township=OTHER))
    for where, unit in seats(planned).items():
        for role in STAFF:
            made.planned = _seated(made.planned, made.readers, role, where, unit)
    for role in STAFF:
        root = next(unit for unit in made.other.parts.units if unit.parent_id is None)
        made.other = _seated(made.other, made.readers, role, "another township", root)
    _add_the_rest(made, home_id)
    return made


def _seated(planned: Settlement, readers: list[Reader], role: Role, where: str, unit: OrgUnit) -> Settlement:
    """Somebody with that post there; at a branch with its grid and its first micro-grid."""
    handle = f"{role.value}@{where}"
    grid = next((grid for grid in planned.parts.grids if grid.branch_id == unit.id), None)
    micro = next((micro for micro in planned.parts.micro_grids if grid and micro.grid_id == grid.id), None)
    readers.append(Reader(role.value, where, handle))
    person = Person(new_id(Kind.PERSON, unit.township, handle), unit.township, handle)
    post = _post(person, role, unit)
    return _with(planned, handle, person, replace(post, grid_id=grid.id if grid else None, micro_grid_id=micro.id if micro else None))


def _post(person: Person, role: Role, unit: OrgUnit, until: date | None = None) -> Appointment:
    id_ = new_id(Kind.APPOINTMENT, unit.township, person.display_name)
    return Appointment(id_, unit.township, person.id, role, unit.id, SINCE, until, order=9_999)


def _with(planned: Settlement, handle: str, person: Person, *posts: Appointment) -> Settlement:
    parts = replace(
        planned.parts, appointments=(*planned.parts.appointments, *posts), holders=(*planned.parts.holders, *[person] * bool(posts))
    )
    return replace(planned, parts=parts, persons=(*planned.persons, person), handles={**planned.handles, handle: person.id})


def _add_the_rest(made: Grown, home_id: str) -> None:
    """Those who stand to the matter by more than a post, and those who hold none."""
    township = made.planned.township_code
    today = MONDAY_MORNING.date()

    def somebody(handle: str, home: str | None = None) -> Person:
        return Person(new_id(Kind.PERSON, township, handle), township, handle, home)

    branch = seats(made.planned)["the branch itself"]
    made.planned = _with(made.planned, "housemate", somebody("housemate", home_id))
    made.planned = _with(made.planned, "bystander", somebody("bystander"))
    former = somebody("former-leader")
    made.planned = _with(made.planned, "former-leader", former, _post(former, Role.SECRETARY, branch, until=today))
    host = _host_of(made.planned, home_id)
    made.readers += [
        Reader("RESIDENT", "for whom it is", "resident-1"),
        Reader("RESIDENT", "in the same home", "housemate"),
        Reader("RESIDENT", "next door", "resident-2"),
        Reader("RESIDENT", "in another grid", "resident-4"),
        Reader("HUB_HOST", "who typed it", host),
        Reader("LINK_MEMBER", "of the home", "link-member-1"),
        Reader("GRID_WORKER", "who has it", "grid-worker-1"),
        Reader("nobody", "whose post ended today", "former-leader"),
        Reader("nobody", "without post or home", "bystander"),
        Reader("nobody", "whose sign-in is linked to nobody", "unlinked"),
        Reader("nobody", "who did not sign in", None),
    ]


def _home_id(planned: Settlement, handle: str) -> str:
    home_id = next(person.household_id for person in planned.persons if person.id == planned.handles[handle])
    assert home_id is not None
    return home_id


def _host_of(planned: Settlement, home_id: str) -> str:
    micro = next(home.micro_grid_id for home in planned.households if home.id == home_id)
    host_id = next(hub.host_id for hub in planned.parts.hubs if hub.micro_grid_id == micro)
    return next(handle for handle, id_ in planned.handles.items() if id_ == host_id)


async def settle_in(town: Town, made: Grown) -> None:
    """Both townships are planted as the seed plants them."""
    await plant(town.house, made.planned)
    other = made.other
    accounts = {uid_of(handle): other.handles[handle] for handle in other.handles if "@" in handle or handle == "resident-1"}
    accounts["demo-other-resident"] = accounts.pop("demo-resident-1")
    await plant_township(
        town.house.mongo,
        *(other.township_code, "外镇", ELSEWHERE, "stamp-of-the-other", other.parts),
        at=MONDAY_MORNING - timedelta(days=30),
        persons=other.persons,
        households=other.households,
        accounts=accounts,
    )


def signed_in(town: Town, handle: str | None) -> Player:
    """Somebody of either township at a phone."""
    player = town.stranger()
    if handle is not None:
        token = town.served.tokens.issue(uid_of(handle), at=town.clock(), lifetime=timedelta(hours=12))
        player._headers["Authorization"] = f"Bearer {token}"
    return player


async def play(town: Town, made: Grown) -> dict[str, Matter]:
    """A matter at every place, by the verbs that everybody has; the first is the one that is asked about."""
    seat = seats(made.planned)
    resident, neighbour = signed_in(town, "resident-1"), signed_in(town, "resident-4")
    worker, leader, dispatcher = (signed_in(town, handle) for handle in ("grid-worker-1", "grid-leader-1", "dispatcher-1"))
    await register(worker)
    matters = {"open, of the branch": await _main(town, made, worker)}
    matters["closed, of the branch"] = closed = await submit(town, resident)
    await bring(town, closed, worker, "AWAITING_FOLLOW_UP", checked_by=leader)
    await answer(resident, closed)
    matters["of a sibling branch"] = await submit(town, neighbour)
    matters["of a professional branch"] = await submit(town, resident, "lift-repair")
    matters["of the service centre"] = await submit(town, resident, "pension-form")
    matters["of the village left"] = await submit(town, resident, "land-certificate")
    matters["shielded, of the settlement"] = await submit(town, resident, "staff-conduct")
    matters["about the branch, of the settlement"] = await submit(town, resident, aboutUnitId=seat["the branch itself"].id)
    by_hand = {
        "of the township, by hand": f"{Role.DISPATCHER.value}@the township",
        "of a party group, by hand": f"{Role.GRID_WORKER.value}@a party group below",
        "of a provider, by hand": f"{Role.PROVIDER_WORKER.value}@a provider",
        "of an area committee, by hand": f"{Role.SECRETARY.value}@an area committee over it",
    }
    for name, handle in by_hand.items():
        matters[name] = await submit(town, resident)
        await act(dispatcher, "assignTask", matters[name], assigneeId=made.planned.handles[handle])
    await _plan(town, made, leader)
    await say(dispatcher, "saveFilter", "filters { id }", name="逾期", tasks={"overdue": True})
    matters["of another township"] = await submit(town, signed_in(town, "other-resident"))
    await town.settle()
    await _sum_up(town, made)
    return matters


async def _sum_up(town: Town, made: Grown) -> None:
    """A month before any of it, as sums only: enough came from the resident's village for it to be told."""
    township, settlement_id = made.planned.township_code, seats(made.planned)["the settlement"].id
    home = next(home for home in made.planned.households if home.id == _home_id(made.planned, "resident-1"))
    head = await town.house.tallies.head(township)
    for unit_id in (settlement_id, of_village(settlement_id, home.origin_village_id or "")):
        told = {"unit_id": unit_id, "period": "2026-10", "counts": {"requests": 12, "due": 12}}
        await town.house.mongo.collection("tallies").insert_one({"_id": head.id_of(unit_id, "2026-10"), "township": township, **told})


DAYS = {"since": "2026-11-24", "until": "2026-12-01"}


async def _plan(town: Town, made: Grown, leader: Player) -> None:
    """Leave and a turn at the branch; a grant of the resident's, and what they ask about their data."""
    seat, handles, resident = seats(made.planned), made.planned.handles, signed_in(town, "resident-1")
    away, stand_in = (handles[f"{role.value}@the branch itself"] for role in (Role.VOLUNTEER, Role.PROVIDER_WORKER))
    turn = {"unitId": seat["the branch itself"].id, "gridId": made.planned.parts.grids[0].id, "personId": handles["grid-worker-1"]}
    done = [
        await say(leader, "recordLeave", "absence { id }", personId=away, substituteId=stand_in, **DAYS),
        await say(leader, "planDuty", "duty { id }", **turn, **DAYS),
        await say(resident, "grantProxy", "grant { id }", agentId=handles["housemate"], itemIds=[town.item("stairwell-lamp")], **DAYS),
        await say(resident, "setHouseholdReach", "household { id }", householdId=_home_id(made.planned, "resident-1"), reach="VISIT"),
        await say(
            signed_in(town, "administrator-1"), "issueEnrolmentCode", "enrolmentCode { person { id } }", personId=handles["resident-1"]
        ),
        await say(resident, "requestOwnData", "subjectRequest { id }", kind="COPY", words="我想看看"),
    ]
    assert [answer for answer in done if "code" in answer] == [], done


async def _main(town: Town, made: Grown, worker: Player) -> Matter:
    """Typed by the hub host for the first resident, begun, with a task that helps and somebody proposed instead."""
    home_id = _home_id(made.planned, "resident-1")
    fields = {"householdId": home_id, "onBehalfOfId": made.planned.handles["resident-1"], "address": "三单元门口"}
    host = signed_in(town, _host_of(made.planned, home_id))
    matter = await submit(town, host, **fields, location={"lat": 35.202, "lng": 115.502})
    await town.settle()
    await bring(town, matter, worker, "ACKNOWLEDGED")
    await act(worker, "startTask", matter, note="已电话联系，下午到")
    reached = {"reach": "PHONE", "phone": "13812345678", "addressDetail": "三单元五楼东户"}
    assert "contact" in await say(signed_in(town, "resident-1"), "setContact", "contact { phone }", **reached)
    assert "contact" in await say(worker, "revealContact", "contact { phone }", taskId=matter.task_id, reason="ARRANGE_VISIT")
    tasks = town.house.mongo.collection("tasks")
    await tasks.update_one({"_id": matter.task_id}, {"$set": {"proposed_owner_id": seats(made.planned)["the settlement"].id}})
    kept: Document | None = await tasks.find_one({"_id": matter.task_id})
    assert kept is not None
    await tasks.insert_one({**kept, "_id": new_id(Kind.TASK, kept["township"], "assist"), "parent_id": matter.task_id})
    return matter


async def ids_of(town: Town, made: Grown, matter: Matter) -> dict[str, str]:
    """Every id that there is to know of the matter, by the name under which it is asked for."""
    planned, seat = made.planned, seats(made.planned)
    home = next(home for home in planned.households if home.id == _home_id(planned, "resident-1"))
    micro = next(micro for micro in planned.parts.micro_grids if micro.id == home.micro_grid_id)
    hub = next(hub for hub in planned.parts.hubs if hub.micro_grid_id == micro.id)
    device = await town.house.mongo.collection("devices").find_one({"person_id": planned.handles["grid-worker-1"]})
    notices = await inbox(signed_in(town, "grid-worker-1"))
    kept = {name: await _first(town, name, planned.township_code) for name in ("absences", "duties", "proxy_grants", "subject_requests")}
    elsewhere = await town.house.mongo.collection("requests").find_one({"submitted_by_id": planned.handles["resident-4"]})
    assert device is not None
    assert elsewhere is not None
    return {
        "absence": kept["absences"]["id"],
        "duty": kept["duties"]["id"],
        "grant": kept["proxy_grants"]["_id"],
        "subject_request": kept["subject_requests"]["_id"],
        "agent": kept["proxy_grants"]["agent_id"],
        "away": kept["absences"]["person_id"],
        "stand_in": kept["absences"]["substitute_id"],
        "leader": planned.handles["grid-leader-1"],
        "neighbour": planned.handles["resident-2"],
        "area": seat["an area committee over it"].id,
        "task": matter.task_id,
        "request": matter.request_id,
        "elsewhere": elsewhere["_id"],
        "number": matter.number,
        "notice": next(notice["id"] for notice in notices if (notice["about"] or {}).get("id") == matter.task_id),
        "home": home.id,
        "resident": planned.handles["resident-1"],
        "unit": seat["the branch itself"].id,
        "code": seat["the branch itself"].code,
        "grid": micro.grid_id,
        "micro": micro.id,
        "hub": hub.id,
        "village": home.origin_village_id or "",
        "item": town.item("stairwell-lamp"),
        "device": device["_id"],
        "worker": planned.handles["grid-worker-1"],
        "member": planned.handles["link-member-1"],
        "host": hub.host_id,
        "settlement": seat["the settlement"].id,
        "group": seat["a party group below"].id,
        "assist": new_id(Kind.TASK, planned.township_code, "assist"),
        "post": next(post.id for post in planned.parts.appointments if post.person_id == hub.host_id),
    }


async def _first(town: Town, collection: str, township: str) -> Document:
    found: Document | None = await town.house.mongo.collection(collection).find_one({"township": township})
    assert found is not None
    return found


def missing(ids: Mapping[str, str]) -> dict[str, str]:
    """As many ids of the same kinds and township that nothing has."""
    return {name: id_[:-12] + "0123456789ab" if "_" in id_ else _other_number(id_) for name, id_ in ids.items()}


def _other_number(text: str) -> str:
    return text[:-1] + str((int(text[-1]) + 1) % 10) if "-" in text else text[:9] + "777"


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value is not None:
        yield value
