"""Two hundred drawn townships in a real database: what was routed is stored with its reasons, and a past day answers what was stored."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from adapters.mongo.seed import plant_township
from domain.access import Actor
from domain.errors import Message
from domain.identity import SignIn
from domain.ids import Kind
from domain.people import Person
from domain.places import Area, GeoPoint
from domain.routing import who_serves
from domain.tasks import Task
from resolvers.organisation import who_serves_household
from resolvers.requests import SubmitRequest, submit_request
from server.wiring import House
from tests.conftest import MONDAY_MORNING, TestClock
from tests.domain.drawn import TODAY, Draw
from tests.reorganising import keep
from tests.resolvers.conftest import Deeds

TOWNSHIPS = 200
NOWHERE = Area((GeoPoint(10, 10), GeoPoint(10, 10.1), GeoPoint(10.1, 10.1), GeoPoint(10.1, 10)))


@dataclass(frozen=True)
class Planted:
    draw: Draw
    parts: Any
    resident: str


async def planted(house: House, seed: int, clock: TestClock) -> Planted:
    township = f"990{seed:06}"
    draw = Draw(seed, township)
    parts = draw.parts()
    resident = Person(draw.id(Kind.PERSON), township, "住户", draw.chance.choice(draw.homes).id)
    await plant_township(
        house.mongo,
        township,
        township,
        NOWHERE,
        uuid4().hex,
        parts,
        at=clock(),
        persons=[*draw.persons, resident],
        households=draw.homes,
        accounts={f"resident-of-{township}": resident.id},
    )
    return Planted(draw, parts, f"resident-of-{township}")


async def signed_in(house: House, uid: str, clock: TestClock) -> Actor:
    return await house.ports.people.signed_in(SignIn(uid, clock(), clock() + timedelta(hours=1)), at=clock())


async def everything_changes(house: House, town: Planted) -> None:
    """Every post ends, every grid goes to the township's own committee, every home moves to the first grid."""
    root = next(unit for unit in town.parts.units if unit.parent_id is None)
    posts = [replace(post, until=TODAY) for post in town.parts.appointments]
    grids = [replace(grid, branch_id=root.id) for grid in town.parts.grids]
    homes = [replace(home, residence_grid_id=town.parts.grids[0].id, micro_grid_id=None) for home in town.draw.homes]
    await keep(house, town.draw.township, *posts, *grids, *homes)


def stored(task: Task) -> tuple[str, str | None, str, tuple[Message, ...]]:
    return task.owner_id, task.assignee_id, task.rule, task.routed_because


async def test_every_request_ends_at_one_unit_and_a_past_day_answers_what_was_stored(deeds: Deeds, clock: TestClock) -> None:
    catalogue, house, changed = await deeds.ports.catalogue.items(), deeds.house, 0
    items = [item for item in catalogue.values() if item.is_auto_accepted and not item.is_shielded and not item.assist_rules]
    for seed in range(TOWNSHIPS):
        clock.now = MONDAY_MORNING
        town = await planted(house, seed, clock)
        resident = await signed_in(house, town.resident, clock)
        assert resident.home is not None
        asked = town.draw.chance.choice(items)
        clock.advance(minutes=5)
        moment = clock()
        request = (await submit_request(SubmitRequest(uuid4(), asked.id, "灯不亮"), by=resident, ports=house.ports)).subject
        [task] = await house.ports.tasks.of_requests(request.township, [request.id], seen_by=resident)
        assert resident.organisation is not None
        expected = who_serves(resident.organisation, asked, request.scope, request.place, on=TODAY)
        assert stored(task) == (expected.unit.id, expected.person.id if expected.person else None, expected.rule, expected.because)
        assert task.owner_path[-1] == resident.organisation.root().id
        is_named = task.assignee_id is not None and resident.organisation.has_public_post(task.assignee_id, TODAY)

        clock.advance(hours=1)
        await everything_changes(house, town)
        resident = await signed_in(house, town.resident, clock)
        then = await who_serves_household(resident.home.id if resident.home else "", asked.id, None, moment, by=resident, ports=house.ports)
        now = await who_serves_household(resident.home.id if resident.home else "", asked.id, None, None, by=resident, ports=house.ports)
        assert then is not None
        assert now is not None
        # A volunteer at home who stood in is told to those whom they serve only.
        assert (task.owner_id, task.rule, task.routed_because) == (then.unit.id, then.rule, then.because)
        assert (then.person.id if then.person else None) == (task.assignee_id if is_named else None)
        assert now.person is None, "every post has ended"
        changed += then.person is not None
    assert changed > TOWNSHIPS // 3
