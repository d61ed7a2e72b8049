"""Figures by the village that homes left, as far as anybody is told of them: whether all are served alike (同等服务)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from domain.access import Actor
from domain.measures import SMALLEST_GROUP, Period, Sums, measure, units_told
from domain.organisation import Organisation, OrgUnitKind
from domain.small_groups import WHOLE, Cell, Table, told_in


@dataclass(frozen=True, slots=True)
class VillageMeasure:
    """What those who left one village asked a unit for, and how they were served: whether all are served alike (同等服务)."""

    village_id: str
    township: str
    requests: int
    due: int
    contact_rate: float | None
    completion_rate: float | None
    on_time_rate: float | None
    resolved_rate: float | None
    satisfied_rate: float | None
    answer_coverage: float | None
    rework_rate: float | None
    median_hours_to_contact: float | None
    median_hours_to_close: float | None


BY_VILLAGE = tuple(entry.name for entry in fields(VillageMeasure) if entry.name not in {"village_id", "township"})


@dataclass(frozen=True, slots=True)
class ByVillage:
    """What was counted of one unit: in all, and by the village that homes left."""

    in_all: Sums
    villages: Mapping[str, Sums]


def measures_by_village(asked: str, whole: ByVillage, below: Sequence[ByVillage], township: str, period: Period) -> list[VillageMeasure]:
    """The figures of a unit by the village that homes left: the township, or one of those right below it, of which each is to be known.

    For everybody as for those outside: of whole months that are over and groups of ten, and no small one can be worked out, of whichever
    of these units. Each month is decided by itself, so that no two periods tell more than their months.
    """
    units = {WHOLE if unit is whole else unit.in_all.unit_id: unit for unit in (whole, *below)}
    name = next((name for name, unit in units.items() if unit.in_all.unit_id == asked), None)
    if name is None or not period.months:
        return []
    by_month = [_told_of(units, month) for month in period.months]
    told = {village_id: sums for village_id, sums in units[name].villages.items() if all((name, village_id) in cells for cells in by_month)}
    measured = {village_id: measure(township, sums, period, is_inside=False) for village_id, sums in told.items()}
    return [
        VillageMeasure(village_id, township, **{name: getattr(of_village, name) for name in BY_VILLAGE})
        for village_id, of_village in measured.items()
    ]


def _told_of(units: Mapping[str, ByVillage], month: str) -> frozenset[Cell]:
    def number(sums: Sums, count: str) -> int:
        return sums.by_period.get(month, {}).get(count, 0)

    def table(count: str) -> Table:
        in_all = {name: number(unit.in_all, count) for name, unit in units.items()}
        return Table(in_all, {(name, id_): number(sums, count) for name, unit in units.items() for id_, sums in unit.villages.items()})

    return told_in([table("requests"), table("due")], smallest=SMALLEST_GROUP)


def units_by_village(organisation: Organisation) -> Sequence[str]:
    """The units that have figures by village, the township first: it, and what stands right below it and serves more than one village."""
    root = organisation.root()
    return [root.id, *(child.id for child in organisation.children(root.id) if child.kind is not OrgUnitKind.VILLAGE_ORG)]


def villages_told(reader: Actor, unit_id: str) -> Sequence[str]:
    """The villages by which the reader may have the figures of a unit: the township's, or those of what stands right below it."""
    organisation = reader.organisation
    if organisation is None or unit_id not in units_by_village(organisation) or not units_told(reader, unit_id):
        return []
    return sorted(organisation.villages)
