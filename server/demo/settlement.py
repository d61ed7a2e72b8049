"""The one settlement of the demo, the same every time: invented people in an invented place."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.households import Household, HouseholdLink
from domain.ids import Kind
from domain.items import ServiceItem
from domain.organisation import HubHousehold, OrganisationParts
from domain.people import Person
from domain.places import Area
from server.demo import names
from server.demo.catalogue import catalogue
from server.demo.chart import MICRO_GRIDS, SINCE, Chart, chart_of
from server.demo.homes import Circle, Home, circles
from server.demo.mint import Mint
from server.demo.posts import Holder, holders

FEWEST_HOUSEHOLDS = MICRO_GRIDS
"""One in each micro-grid: a hub without neighbours is none."""

_MADE_UP_TOWNSHIP = re.compile("99[0-9]{7}", re.ASCII)
_NAMED_IN_FIRST_GRID = 3
"""Residents 1 to 3 are neighbours; the next ones live in one other grid each."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """All that the demo starts from; `handles` says which person each name of the demo ("grid-worker-1") stands for.

    `sign_ins` are names of sign-ins that are not just one person's: a phone that is shared, and one that nobody linked yet.
    """

    township_code: str
    township_name: str
    area: Area
    parts: OrganisationParts
    persons: tuple[Person, ...]
    households: tuple[Household, ...]
    items: tuple[ServiceItem, ...]
    handles: Mapping[str, str]
    sign_ins: Mapping[str, tuple[str, ...]]


def settlement(households: int = 1710, *, township: str = "990101101") -> Settlement:
    """The settlement with that many homes. Raises `ValueError` for too few, and for a township that could be a real one."""
    if households < FEWEST_HOUSEHOLDS:
        raise ValueError(f"a settlement has {FEWEST_HOUSEHOLDS} households or more, not {households}")
    if not _MADE_UP_TOWNSHIP.fullmatch(township):
        raise ValueError(f"a made-up township has nine digits and begins with 99, not {township!r}")
    mint = Mint(township)
    chart = chart_of(township, households, mint)
    neighbours = tuple(circles(chart, mint))
    posts = tuple(holders(chart, neighbours, mint))
    by_handle = {post.handle: post.person.id for post in posts}
    homes = tuple(_households(chart, neighbours, by_handle))
    residents = tuple(_residents(chart, homes, mint))
    return Settlement(
        township_code=township,
        township_name=names.TOWNSHIP,
        area=chart.area,
        parts=_parts(chart, neighbours, posts, by_handle, mint),
        persons=(*(post.person for post in posts), *residents),
        households=homes,
        items=catalogue(),
        handles=_handles(chart, residents, by_handle),
        sign_ins={"shared-phone-1": tuple(person.id for person in residents[-2:]), "newcomer-1": ()},
    )


def shared_accounts(planned: Settlement) -> Mapping[str, Sequence[str]]:
    """The uids that several persons sign in with, and who they are."""
    return {uid_of(name): person_ids for name, person_ids in planned.sign_ins.items() if person_ids}


def uid_of(handle: str) -> str:
    """The Firebase uid that a person of the demo signs in with."""
    return f"demo-{handle}"


def _parts(
    chart: Chart, neighbours: Sequence[Circle], posts: Sequence[Holder], by_handle: Mapping[str, str], mint: Mint
) -> OrganisationParts:
    linked = Counter(circle.micro_grid.id for circle in neighbours for home in circle.homes if home.is_linked)
    return OrganisationParts(
        units=tuple(chart.units.values()),
        grids=chart.grids,
        micro_grids=chart.micro_grids,
        hubs=tuple(
            HubHousehold(mint.new(Kind.HUB), chart.township, by_handle[f"hub-host-{number}"], micro.id, linked[micro.id])
            for number, micro in enumerate(chart.micro_grids, 1)
        ),
        villages=chart.villages,
        appointments=tuple(replace(post.appointment, order=order) for order, post in enumerate(posts)),
        holders=tuple(post.person for post in posts),
    )


def _households(chart: Chart, neighbours: Sequence[Circle], by_handle: Mapping[str, str]) -> Iterator[Household]:
    for number, circle in enumerate(neighbours, 1):
        member_id = by_handle[f"link-member-{number}"]
        for home in circle.homes:
            yield _household(chart, circle, home, member_id)


def _household(chart: Chart, circle: Circle, home: Home, member_id: str) -> Household:
    link = HouseholdLink(home.id, member_id, SINCE, None, agreed_by_household=True) if home.is_linked else None
    return Household(
        id=home.id,
        township=chart.township,
        label=home.room.label,
        address=f"{names.TOWNSHIP}{names.SETTLEMENT}{home.room.address}",
        residence_grid_id=circle.grid.id,
        micro_grid_id=circle.micro_grid.id,
        origin_village_id=home.village.id,
        link=link,
        code=home.room.label,
    )


def _residents(chart: Chart, homes: Sequence[Household], mint: Mint) -> Iterator[Person]:
    """One for each home, in the order of their handles; in the last home two, who share a phone."""
    cast = names.people(f"{chart.township}|residents")
    in_order = _in_order_of_residents(chart, homes)
    for number, home in enumerate((*in_order, in_order[-1]), 1):
        yield Person(mint.new(Kind.PERSON), chart.township, next(cast), home.id, f"resident-{number}")


def _in_order_of_residents(chart: Chart, homes: Sequence[Household]) -> list[Household]:
    """The first three homes of the first grid, the first of each other grid, then all that are left."""
    by_grid = {grid.id: [home for home in homes if home.residence_grid_id == grid.id] for grid in chart.grids}
    first, *others = by_grid.values()
    named = [*first[:_NAMED_IN_FIRST_GRID], *(grid[0] for grid in others)]
    return [*named, *(home for home in homes if home not in named)]


def _handles(chart: Chart, residents: Sequence[Person], by_handle: Mapping[str, str]) -> Mapping[str, str]:
    """The residents whom the guide names, everybody with a post, then the other residents: the first page shows each role."""
    named = _NAMED_IN_FIRST_GRID + len(chart.grids) - 1
    numbered = {f"resident-{number}": person.id for number, person in enumerate(residents, 1)}
    first = dict(list(numbered.items())[:named])
    return {**first, **by_handle, **numbered}
