"""Figures of units, never of persons: cohorts by the limit that fell due, as `domain.md`, section 9, defines them."""

from dataclasses import dataclass


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
