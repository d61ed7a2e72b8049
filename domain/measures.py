"""Figures of units, never of persons: cohorts by the limit that fell due, as `domain.md`, section 9, defines them."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.access import UNIT_READERS, Actor
from domain.organisation import OVERLAYS, Organisation


@dataclass(frozen=True, slots=True)
class Measure:
    """`requests` came in during the period; of `due` the promise fell due in it. Withdrawn, declined, merged, handed off: left out.

    A rate is a share between 0 and 1, times are in hours; nothing where there is nothing to divide by.
    """

    unit_id: str
    township: str
    requests: int
    due: int
    contact_rate: float | None = None
    on_time_rate: float | None = None
    resolved_rate: float | None = None
    satisfied_rate: float | None = None
    answer_coverage: float | None = None
    rework_rate: float | None = None
    return_rate: float | None = None
    median_hours_to_close: float | None = None
    p90_hours_to_close: float | None = None


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
