"""Leave and the rota as whoever plans them reads them: what is not over yet, soonest first."""

from collections.abc import Sequence
from datetime import date

from domain.access import Actor
from domain.organisation import Organisation
from domain.posts import Absence, Duty
from domain.rights import Right, may


def absences_at(organisation: Organisation, unit_id: str, *, by: Actor, on: date) -> Sequence[Absence]:
    """Of those who hold a post at the unit itself."""
    if not _may_plan(organisation, unit_id, by):
        return []
    holders = {post.person_id for post in organisation.posts_at(unit_id, on)}
    there = [absence for absence in organisation.absences.values() if absence.person_id in holders and absence.until > on]
    return sorted(there, key=lambda absence: (absence.since, absence.id))


def duties_at(organisation: Organisation, unit_id: str, *, by: Actor, on: date) -> Sequence[Duty]:
    if not _may_plan(organisation, unit_id, by):
        return []
    there = [duty for duty in organisation.duties.values() if duty.unit_id == unit_id and duty.until > on]
    return sorted(there, key=lambda duty: (duty.since, duty.id))


def _may_plan(organisation: Organisation, unit_id: str, by: Actor) -> bool:
    """A unit of another township is nobody's here to plan for."""
    is_own = by.organisation is not None and by.organisation.township == organisation.township
    return is_own and may(by, Right.PLAN_DUTY, unit_id)
