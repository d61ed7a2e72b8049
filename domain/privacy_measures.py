"""Figures of how units handled what is known of persons: of units, never of who looked, and never of whom (`docs/measures.md`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.access import Actor
from domain.measures import SMALLEST_GROUP, Period, Sums, is_inside
from domain.posts import Role


@dataclass(frozen=True, slots=True)
class PrivacyMeasure:
    """How a unit handled what is known of persons: how often a contact was shown, and of what use it was; of nobody by name.

    What persons asked about their own data is the township's alone.
    """

    unit_id: str
    township: str
    reveals: int
    reveals_per_task: float | None = None
    reveals_without_contact_share: float | None = None
    subject_requests_due: int | None = None
    subject_requests_on_time_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What persons asked about their own data: how many answers fell due, and how many came in time."""

    due: int = 0
    on_time: int = 0


def privacy_measure(township: str, sums: Sums, period: Period, answered: Answered | None = None) -> PrivacyMeasure:
    """Tasks are those of requests that are counted; a look is one whatever became of the request."""
    came = sums.total(period.came)
    reveals, tasks = came["reveals"], came["tasks"] - came["proactive"]
    return PrivacyMeasure(
        sums.unit_id,
        township,
        reveals,
        reveals / tasks if tasks > 0 else None,
        came["reveals_unused"] / reveals if reveals > 0 else None,
        answered.due if answered else None,
        answered.on_time / answered.due if answered and answered.due else None,
    )


def answered_told(by_month: Sequence[Answered]) -> Answered | None:
    """What whoever does not answer it is told: of months, none of them small: a small one would be the difference of two periods."""
    if not by_month or any(month.due < SMALLEST_GROUP for month in by_month):
        return None
    return Answered(sum(month.due for month in by_month), sum(month.on_time for month in by_month))


def privacy_units_told(reader: Actor, unit_id: str) -> Sequence[str]:
    """The unit and its children: for those who lead it or one above it, and for the township's privacy officer."""
    organisation = reader.organisation
    if organisation is None or unit_id not in organisation.units:
        return []
    is_told = is_inside(reader, unit_id) or reader.holds_for_the_township(Role.PRIVACY_OFFICER)
    return [unit_id, *(child.id for child in organisation.children(unit_id))] if is_told else []
