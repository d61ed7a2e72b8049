"""The demo's homes before anybody moves in: rooms, the micro-grid of each, and the circle of neighbours who share a link member."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from math import ceil

from domain.ids import Kind
from domain.organisation import Grid, MicroGrid, Village
from server.demo.chart import Chart, shares
from server.demo.mint import Mint

LARGEST_CIRCLE = 15
"""So many homes, at most, to one link member."""

_UNITS, _FLOORS, _ROOMS = 3, 6, 2
_ROOMS_OF_BUILDING = _UNITS * _FLOORS * _ROOMS
_FIRST_ROOM = 2 * _ROOMS_OF_BUILDING + 1 * _FLOORS * _ROOMS + 4 * _ROOMS
"""Where moving in began: 3-2-501, counted from 1-1-101. So the first resident lives there, however small the settlement is."""


@dataclass(frozen=True, slots=True)
class Room:
    """A flat, as people here say it: building, unit (stairwell), room."""

    building: int
    unit: int
    room: int

    @property
    def label(self) -> str:
        return f"{self.building}-{self.unit}-{self.room}"

    @property
    def address(self) -> str:
        return f"{self.building}号楼{self.unit}单元{self.room}室"


@dataclass(frozen=True, slots=True)
class Home:
    """Where a household lives, the village it left, and whether it agreed to a link."""

    id: str
    room: Room
    village: Village
    is_linked: bool


@dataclass(frozen=True, slots=True)
class Circle:
    """Neighbours of one micro-grid with one link member, whom most of them agreed to."""

    grid: Grid
    micro_grid: MicroGrid
    homes: tuple[Home, ...]


def circles(chart: Chart, mint: Mint) -> Iterator[Circle]:
    """All homes, grid by grid from the west, in the order of moving in."""
    homes = _homes(chart, mint)
    for grid in chart.grids:
        micro_grids = [micro for micro in chart.micro_grids if micro.grid_id == grid.id]
        for micro, count in zip(micro_grids, shares(grid.household_count, len(micro_grids)), strict=True):
            for size in shares(count, ceil(count / LARGEST_CIRCLE)):
                yield Circle(grid, micro, tuple(islice(homes, size)))


def _homes(chart: Chart, mint: Mint) -> Iterator[Home]:
    villages = cycle(chart.villages)
    for number, room in enumerate(_rooms(chart)):
        yield Home(mint.new(Kind.HOUSEHOLD), room, next(villages), _is_linked(number))


def _rooms(chart: Chart) -> Iterator[Room]:
    """As many rooms as each grid has households, each grid in buildings of its own."""
    largest = max(grid.household_count for grid in chart.grids)
    buildings = max(ceil(largest / _ROOMS_OF_BUILDING), ceil((_FIRST_ROOM + 1) / _ROOMS_OF_BUILDING))
    for grid_number, grid in enumerate(chart.grids):
        for number in range(_FIRST_ROOM, _FIRST_ROOM + grid.household_count):
            yield _room(grid_number * buildings, number % (buildings * _ROOMS_OF_BUILDING))


def _room(buildings_before: int, number: int) -> Room:
    building, number = divmod(number, _ROOMS_OF_BUILDING)
    unit, number = divmod(number, _FLOORS * _ROOMS)
    floor, door = divmod(number, _ROOMS)
    return Room(buildings_before + building + 1, unit + 1, (floor + 1) * 100 + door + 1)


def _is_linked(number: int) -> bool:
    """Nine in ten; the tenth is another one in each ten, so that no village is left out more than the others."""
    return number % 10 != 9 - number // 10 % 10
