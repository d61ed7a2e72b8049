"""Figures of units, never of persons: cohorts by the limit that fell due, as `domain.md`, section 9, defines them (`docs/measures.md`)."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from domain.access import UNIT_READERS, Actor
from domain.organisation import OVERLAYS, Organisation
from domain.tallies import Counts, periods, quantile_hours, total

SMALLEST_GROUP = 10
"""Groups smaller than this are not shown outside the unit."""


@dataclass(frozen=True, slots=True)
class Measure:
    """`requests` came in during the period; of `due` the promise fell due in it. Withdrawn, declined, merged, handed off: left out.

    A rate is a share between 0 and 1, times are in hours; nothing where there is nothing to divide by.
    """

    unit_id: str
    township: str
    requests: int
    due: int
    acknowledged_on_time_rate: float | None = None
    contact_rate: float | None = None
    completion_rate: float | None = None
    on_time_rate: float | None = None
    on_time_rate_at_first: float | None = None
    resolved_rate: float | None = None
    own_resolved_rate: float | None = None
    helped_resolved_rate: float | None = None
    satisfied_rate: float | None = None
    answer_coverage: float | None = None
    rework_rate: float | None = None
    extension_rate: float | None = None
    return_rate: float | None = None
    wrong_return_rate: float | None = None
    proactive_share: float | None = None
    proxy_share: float | None = None
    assisted_share: float | None = None
    repeat_rate: float | None = None
    leg_share: float | None = None
    callout_on_time_rate: float | None = None
    median_hours_to_contact: float | None = None
    p90_hours_to_contact: float | None = None
    median_office_hours_to_contact: float | None = None
    p90_office_hours_to_contact: float | None = None
    median_hours_to_close: float | None = None
    p90_hours_to_close: float | None = None
    median_office_hours_to_close: float | None = None
    p90_office_hours_to_close: float | None = None
    deferred_stock: int | None = None
    p90_days_deferred: float | None = None
    link_coverage: float | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """Of how many homes how many have a live link (联户)."""

    homes: int = 0
    linked: int = 0

    def __add__(self, other: "Linked") -> "Linked":
        return Linked(self.homes + other.homes, self.linked + other.linked)

    @property
    def coverage(self) -> float | None:
        return self.linked / self.homes if self.homes else None


@dataclass(frozen=True, slots=True)
class Period:
    """The days asked for. What came in is counted up to now; what is judged, up to the last day that is over."""

    first: date
    last: date
    today: date

    @property
    def came(self) -> list[str]:
        return periods(self.first, self.last)

    @property
    def judged(self) -> list[str]:
        return periods(self.first, min(self.last, self.today - timedelta(days=1)))

    @property
    def months(self) -> list[str] | None:
        """The months that it is made of, where it is made of whole ones that are over."""
        is_whole = all(len(period) == len("2026-11") for period in self.came)
        return self.came if is_whole and self.last < self.today else None


@dataclass(frozen=True, slots=True)
class Sums:
    """What was counted at one unit, by day or month."""

    unit_id: str
    by_period: Mapping[str, Counts] = field(default_factory=dict)
    deferred: Sequence[timedelta] = ()
    """For how long each task that is on the long ledger now has been there."""
    homes: Linked = Linked()
    """Those that stand in its grids now."""

    def total(self, wanted: Sequence[str]) -> Counts:
        return total(self.by_period[period] for period in wanted if period in self.by_period)


JUDGED: Mapping[str, tuple[str, str]] = {
    "acknowledged_on_time_rate": ("signed", "to_sign"),
    "contact_rate": ("contacted", "to_contact"),
    "completion_rate": ("completed", "due"),
    "on_time_rate": ("on_time", "due_and_not_held"),
    "on_time_rate_at_first": ("on_time_at_first", "due_and_not_held"),
    "resolved_rate": ("solved", "answered"),
    "own_resolved_rate": ("own_solved", "own_answered"),
    "helped_resolved_rate": ("helped_solved", "helped_answered"),
    "satisfied_rate": ("satisfied", "answered"),
    "answer_coverage": ("closed_answered", "closed"),
    "rework_rate": ("closed_reworked", "closed"),
    "extension_rate": ("closed_extended", "closed"),
    "callout_on_time_rate": ("reported_in", "called_out"),
}
"""Rates of what fell due: one count over another."""

CAME: Mapping[str, tuple[str, str]] = {
    "return_rate": ("returned", "dispatched"),
    "wrong_return_rate": ("returns_refused", "returned"),
    "proactive_share": ("proactive", "tasks"),
    "proxy_share": ("proxy", "requests"),
    "assisted_share": ("assisted", "requests"),
    "repeat_rate": ("repeats", "requests"),
}
"""Shares of what came in."""

TIMES: Mapping[str, tuple[str, float]] = {
    "median_hours_to_contact": ("contact", 0.5),
    "p90_hours_to_contact": ("contact", 0.9),
    "median_office_hours_to_contact": ("contact_office", 0.5),
    "p90_office_hours_to_contact": ("contact_office", 0.9),
    "median_hours_to_close": ("close", 0.5),
    "p90_hours_to_close": ("close", 0.9),
    "median_office_hours_to_close": ("close_office", 0.5),
    "p90_office_hours_to_close": ("close_office", 0.9),
}
"""Times of what fell due, each within which that share came to its end."""


def measure(township: str, sums: Sums, period: Period, *, is_inside: bool) -> Measure:
    """The formulas. Outside the unit no rate is told of a group that is too small."""
    came, judged, smallest = sums.total(period.came), _with_differences(sums.total(period.judged)), 1 if is_inside else SMALLEST_GROUP

    def rates(table: Mapping[str, tuple[str, str]], counts: Counts) -> dict[str, float | None]:
        return {name: counts[part] / counts[whole] if counts[whole] >= smallest else None for name, (part, whole) in table.items()}

    def hours(name: str, share: float) -> float | None:
        counted = sum(number for key, number in judged.items() if key.startswith(f"{name}:"))
        return quantile_hours(judged, name, share) if counted >= smallest else None

    has_share, ledger = judged["due"] >= smallest and judged["seconds_promised"] > 0, len(sums.deferred)
    return Measure(
        sums.unit_id,
        township,
        requests=came["requests"],
        due=judged["due"],
        leg_share=judged["seconds_used"] / judged["seconds_promised"] if has_share else None,
        deferred_stock=ledger if is_inside or ledger >= SMALLEST_GROUP else None,
        p90_days_deferred=_nearest_rank(sums.deferred, 0.9) if ledger >= smallest else None,
        link_coverage=sums.homes.coverage if sums.homes.homes >= smallest else None,
        **rates(JUDGED, judged),
        **rates(CAME, came),
        **{name: hours(*wanted) for name, wanted in TIMES.items()},
    )


def _with_differences(counts: Counts) -> Counts:
    """Also of what is the rest of something."""
    helped = {f"helped_{name}": counts[name] - counts[f"own_{name}"] for name in ("answered", "solved")}
    return Counter(counts) + Counter({"due_and_not_held": counts["due"] - counts["held"], **helped})


def _nearest_rank(ages: Sequence[timedelta], share: float) -> float:
    return sorted(ages)[math.ceil(share * len(ages)) - 1] / timedelta(days=1)


def measures_of(reader: Actor, asked: Sums, below: Sequence[Sums], period: Period) -> list[Measure]:
    """The figures of the unit that was asked for, and of those below, as far as the reader may be told of them.

    Outside a unit, only of whole months that are over, each with enough in it; and none from which another's, that is too small to be
    told, could be worked out.
    """
    organisation = reader.organisation
    if organisation is None:
        return []
    inside = {sums.unit_id for sums in (asked, *below) if is_inside(reader, sums.unit_id)}
    shown = [sums for sums in (asked, *below) if sums.unit_id in inside or is_large(sums, period)]
    if asked.unit_id not in inside and asked in shown:
        with_links = _without_small_rest(asked.homes.homes, below)  # links are of no period: they are held over all that stand below
        told = without_complement(asked, [sums for sums in below if sums in shown], period)
        shown = [asked, *(sums if sums.unit_id in with_links else replace(sums, homes=Linked()) for sums in told)]
    return [measure(organisation.township, sums, period, is_inside=sums.unit_id in inside) for sums in shown]


def is_inside(reader: Actor, unit_id: str) -> bool:
    """Whether the reader leads the unit or one above it; whoever leads an overlay that covers it stands outside."""
    organisation = reader.organisation
    led = reader.units_led(*UNIT_READERS)
    return organisation is not None and any(step.id in led for step in organisation.path(unit_id))


def is_large(sums: Sums, period: Period) -> bool:
    """Months are told one by one, so a small one hides in none of them: the difference of two periods would be it."""
    if period.months is None:
        return False
    by_month = [sums.total([month]) for month in period.months]
    return all(counts["requests"] >= SMALLEST_GROUP and counts["due"] >= SMALLEST_GROUP for counts in by_month)


def without_complement(asked: Sums, shown: list[Sums], period: Period) -> list[Sums]:
    """Those below, less the smallest until what is not shown of the whole is nothing, or enough itself."""
    months = period.months or []
    kept = sorted(shown, key=lambda sums: sums.total(months)["requests"])
    while kept and not all(_is_enough(asked, kept, month) for month in months):
        kept = kept[1:]
    return [sums for sums in shown if sums in kept]


def _without_small_rest(homes: int, below: Sequence[Sums]) -> frozenset[str]:
    """Those below whose links are told: the smallest are not until what stands elsewhere is nothing, or enough itself."""
    told = sorted((sums for sums in below if sums.homes.homes >= SMALLEST_GROUP), key=lambda sums: sums.homes.homes)
    while told and 0 < homes - sum(sums.homes.homes for sums in told) < SMALLEST_GROUP:
        told = told[1:]
    return frozenset(sums.unit_id for sums in told)


def _is_enough(asked: Sums, kept: Sequence[Sums], month: str) -> bool:
    whole, told = asked.total([month]), total(sums.total([month]) for sums in kept)
    return all(whole[name] == told[name] or whole[name] - told[name] >= SMALLEST_GROUP for name in ("requests", "due"))


def homes_of(organisation: Organisation, unit_id: str, by_place: Mapping[tuple[str, str | None], Linked]) -> Linked:
    """Those in the grids of the unit and of all below it."""
    below = organisation.subtree(unit_id)
    grids = {grid.id for grid in organisation.grids.values() if grid.branch_id in below}
    return sum((homes for (grid_id, _), homes in by_place.items() if grid_id in grids), Linked())


def units_told(reader: Actor, unit_id: str) -> Sequence[str]:
    """Whose figures the reader gets who asks for a unit: the unit first, its children, and what it covers where it is an overlay.

    Figures are for those who lead the unit or one above it, and for those who lead an overlay that covers one of these.
    """
    organisation = reader.organisation
    unit = organisation.units.get(unit_id) if organisation else None
    if organisation is None or unit is None:
        return []
    led = reader.units_led(*UNIT_READERS)
    wanted = [unit.id, *(child.id for child in organisation.children(unit.id)), *(unit.covers if unit.kind in OVERLAYS else ())]
    told = [id_ for id_ in dict.fromkeys(wanted) if _is_told(id_, led, organisation)]
    return told if unit.id in told else []


def _is_told(unit_id: str, led: frozenset[str], organisation: Organisation) -> bool:
    overlays = [organisation.units[id_] for id_ in led if id_ in organisation.units and organisation.units[id_].kind in OVERLAYS]
    covered = {id_ for overlay in overlays for id_ in overlay.covers}
    return any(step.id in led or step.id in covered for step in organisation.path(unit_id))
