"""Who holds which post in the demo: the staff, a host for each hub, a link member for each circle of neighbours."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain.ids import Kind
from domain.organisation import OrgUnit
from domain.people import Person
from domain.posts import Appointment, Role
from server.demo import names
from server.demo.chart import GRIDS, SINCE, Chart
from server.demo.homes import Circle
from server.demo.mint import Mint


@dataclass(frozen=True, slots=True)
class Post:
    """A post and the handle of whoever holds it."""

    handle: str
    role: Role
    unit: OrgUnit
    grid_id: str | None = None
    micro_grid_id: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A person of the demo with a post. Where holders live is nobody's business: none of them has a home here."""

    handle: str
    person: Person
    appointment: Appointment


def holders(chart: Chart, neighbours: Sequence[Circle], mint: Mint) -> Iterator[Holder]:
    """Everybody with a post: the staff first, then hosts, then link members. No two share a name."""
    cast = names.distinct(names.people(f"{chart.township}|posts"))
    for post in (*_staff(chart), *_hosts(chart), *_link_members(chart, neighbours)):
        yield _holder(post, next(cast), chart, mint)


def _holder(post: Post, name: str, chart: Chart, mint: Mint) -> Holder:
    id_ = mint.new(Kind.PERSON)
    appointment = Appointment(
        id=mint.new(Kind.APPOINTMENT),
        township=chart.township,
        person_id=id_,
        role=post.role,
        unit_id=post.unit.id,
        since=SINCE,
        grid_id=post.grid_id,
        micro_grid_id=post.micro_grid_id,
    )
    return Holder(post.handle, Person(id_, chart.township, name, code=post.handle), appointment)


def _staff(chart: Chart) -> Iterator[Post]:
    units = chart.units
    for number, grid in enumerate(chart.grids, 1):
        yield Post(f"grid-worker-{number}", Role.GRID_WORKER, units[f"branch-{number}"], grid.id)
    for number in range(1, GRIDS + 1):
        yield Post(f"grid-leader-{number}", Role.GRID_LEADER, units[f"branch-{number}"])
    yield Post("dispatcher-1", Role.DISPATCHER, units["township"])
    yield Post("secretary-1", Role.SECRETARY, units["settlement"])
    yield Post("secretary-2", Role.SECRETARY, units["township"])
    yield Post("centre-clerk-1", Role.CENTRE_CLERK, units["centre"])
    yield Post("centre-clerk-2", Role.CENTRE_CLERK, units["centre"])
    for number in range(1, len(chart.villages) + 1):
        yield Post(f"village-officer-{number}", Role.SECRETARY, units[f"village-{number}"])
    yield Post("provider-worker-1", Role.PROVIDER_WORKER, units["provider"])
    yield Post("volunteer-1", Role.VOLUNTEER, units["volunteering-branch"])
    yield Post("branch-leader-1", Role.GRID_LEADER, units["property-branch"])
    yield Post("branch-leader-2", Role.GRID_LEADER, units["volunteering-branch"])
    yield Post("administrator-1", Role.ADMINISTRATOR, units["township"])
    yield Post("privacy-officer-1", Role.PRIVACY_OFFICER, units["township"])


def _hosts(chart: Chart) -> Iterator[Post]:
    branches = _branches(chart)
    for number, micro in enumerate(chart.micro_grids, 1):
        yield Post(f"hub-host-{number}", Role.HUB_HOST, branches[micro.grid_id], micro.grid_id, micro.id)


def _link_members(chart: Chart, neighbours: Iterable[Circle]) -> Iterator[Post]:
    branches = _branches(chart)
    for number, circle in enumerate(neighbours, 1):
        micro = circle.micro_grid
        yield Post(f"link-member-{number}", Role.LINK_MEMBER, branches[micro.grid_id], micro.grid_id, micro.id)


def _branches(chart: Chart) -> dict[str, OrgUnit]:
    """The branch of each grid, by the grid's id."""
    return {grid.id: chart.units[f"branch-{number}"] for number, grid in enumerate(chart.grids, 1)}
