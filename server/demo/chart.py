"""The demo's township without its people: units, grids side by side, micro-grids and the villages left."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from domain.ids import Kind
from domain.organisation import Grid, MicroGrid, OrgUnit, OrgUnitKind, Village
from domain.places import Area, GeoPoint
from server.demo import names
from server.demo.catalogue import PROPERTY_SKILL, VOLUNTEERING_SKILL
from server.demo.mint import Mint

SINCE = date(2026, 1, 1)
"""The day on which everything in the demo began."""

GRIDS = 5
MICRO_GRIDS = 28

# Open fields on the plain of south-west Shandong, WGS 84; nothing there bears the demo's names.
_SOUTH, _WEST = 35.2, 115.5  # degrees
_HEIGHT = 0.0045  # degrees of latitude: 500 m
_WIDTH = 0.0044  # degrees of longitude: 400 m, this far north


@dataclass(frozen=True, slots=True)
class Chart:
    """`units` go by what the demo calls them ("branch-1")."""

    township: str
    units: Mapping[str, OrgUnit]
    grids: tuple[Grid, ...]
    micro_grids: tuple[MicroGrid, ...]
    villages: tuple[Village, ...]
    area: Area


@dataclass(frozen=True, slots=True)
class _UnitRow:
    name: str
    parent: str | None
    kind: OrgUnitKind
    code: str
    title: str
    skill: str | None = None


def shares(total: int, parts: int) -> list[int]:
    """`total` cut into nearly equal parts, the larger ones first."""
    least, left_over = divmod(total, parts)
    return [least + (number < left_over) for number in range(parts)]


def chart_of(township: str, households: int, mint: Mint) -> Chart:
    """The township with a settlement of that many homes."""
    units = _units(township, mint)
    grids = tuple(_grid(number, count, units, mint) for number, count in enumerate(shares(households, GRIDS), 1))
    return Chart(
        township=township,
        units=units,
        grids=grids,
        micro_grids=tuple(_micro_grids(grids, mint)),
        villages=tuple(_village(number, title, units, mint) for number, title in enumerate(names.VILLAGES, 1)),
        area=_rectangle(0, GRIDS),
    )


def _unit_rows(township: str) -> Iterator[_UnitRow]:
    """Parents first. Every code begins with the township's: that is how a unit's township is found."""
    kinds = OrgUnitKind
    # CJ/T 349 numbers a settlement without a code of its own from 601 up, where no village can be.
    settlement = f"{township}601"
    yield _UnitRow("township", None, kinds.TOWNSHIP_COMMITTEE, township, f"{names.TOWNSHIP}党委")
    yield _UnitRow("settlement", "township", kinds.SETTLEMENT_ORG, settlement, f"{names.SETTLEMENT}党总支")
    for number, ordinal in enumerate(names.ORDINALS[:GRIDS], 1):
        branch, code = f"branch-{number}", f"{settlement}{number:02}"
        yield _UnitRow(branch, "settlement", kinds.GRID_BRANCH, code, f"第{ordinal}网格党支部")
        yield _UnitRow(f"{branch}-group-1", branch, kinds.PARTY_GROUP, f"{code}01", f"第{ordinal}网格第一党小组")
        yield _UnitRow(f"{branch}-group-2", branch, kinds.PARTY_GROUP, f"{code}02", f"第{ordinal}网格第二党小组")
    yield from _professional_rows(settlement)
    for number, village in enumerate(names.VILLAGES, 1):
        yield _UnitRow(f"village-{number}", "township", kinds.VILLAGE_ORG, _division_code(township, number), f"{village}党支部")
    yield _UnitRow("centre", "settlement", kinds.SERVICE_CENTRE, f"{settlement}90", f"{names.SETTLEMENT}综合服务中心")


def _professional_rows(settlement: str) -> Iterator[_UnitRow]:
    kinds = OrgUnitKind
    yield _UnitRow("property-branch", "settlement", kinds.PROFESSIONAL_BRANCH, f"{settlement}11", "红色物业党支部", PROPERTY_SKILL)
    yield _UnitRow("provider", "property-branch", kinds.PROVIDER, f"{settlement}1101", f"{names.SETTLEMENT}物业服务有限公司")
    yield _UnitRow("volunteering-branch", "settlement", kinds.PROFESSIONAL_BRANCH, f"{settlement}12", "志愿服务党支部", VOLUNTEERING_SKILL)


def _units(township: str, mint: Mint) -> Mapping[str, OrgUnit]:
    units: dict[str, OrgUnit] = {}
    for row in _unit_rows(township):
        parent_id = units[row.parent].id if row.parent else None
        units[row.name] = OrgUnit(mint.new(Kind.UNIT), township, row.code, row.title, row.kind, parent_id, SINCE, skill=row.skill)
    return units


def _grid(number: int, households: int, units: Mapping[str, OrgUnit], mint: Mint) -> Grid:
    """The grid `number`, counted from the west."""
    settlement, branch = units["settlement"], units[f"branch-{number}"]
    return Grid(
        id=mint.new(Kind.GRID),
        township=settlement.township,
        code=f"{settlement.code}{number:03}",
        name=f"第{names.ORDINALS[number - 1]}网格",
        branch_id=branch.id,
        boundary=_rectangle(number - 1, number),
        household_count=households,
        valid_from=SINCE,
    )


def _micro_grids(grids: tuple[Grid, ...], mint: Mint) -> Iterator[MicroGrid]:
    for grid, count in zip(grids, shares(MICRO_GRIDS, GRIDS), strict=True):
        for number in range(1, count + 1):
            title = f"{grid.name}第{names.ORDINALS[number - 1]}微网格"
            yield MicroGrid(mint.new(Kind.MICRO_GRID), grid.township, f"{grid.code}{number:02}", title, grid.id)


def _village(number: int, title: str, units: Mapping[str, OrgUnit], mint: Mint) -> Village:
    unit = units[f"village-{number}"]
    return Village(mint.new(Kind.VILLAGE), unit.township, unit.code, title, unit.id)


def _division_code(township: str, number: int) -> str:
    """Villagers' committees are numbered from 200 up."""
    return f"{township}{200 + number}"


def _rectangle(first: int, last: int) -> Area:
    """The strip of land from border `first` to border `last`, counted from the west; neighbours share a border to the last digit."""
    west, east = (round(_WEST + border * _WIDTH, 6) for border in (first, last))
    north = round(_SOUTH + _HEIGHT, 6)
    return Area((GeoPoint(_SOUTH, west), GeoPoint(_SOUTH, east), GeoPoint(north, east), GeoPoint(north, west)))
