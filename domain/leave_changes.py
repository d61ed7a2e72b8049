"""Leave with a substitute, and turns on the rota: planned ahead, ended early, never twice at a time."""

from dataclasses import dataclass, replace
from datetime import date

from domain.access import may_see_person
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.organisation import OrgUnit
from domain.post_changes import overlap
from domain.posts import Absence, Appointment, Duty
from domain.reorganisation import Changed, Editor, check_days, check_open, not_before
from domain.rights import Right, may


@dataclass(frozen=True, slots=True)
class NewLeave:
    person_id: str
    since: date
    until: date
    substitute_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewDuty:
    """A turn on the rota of the unit, or of one of its grids."""

    unit_id: str
    person_id: str
    since: date
    until: date
    grid_id: str | None = None


def leave_recorded(edit: Editor, id_: str, wanted: NewLeave) -> Changed:
    """By the person or whoever plans the rota above one of their posts. Raises NOT_FOUND, NOT_ALLOWED, INVALID_INPUT, CONFLICT."""
    not_before(wanted.since, edit.on, "since")
    check_days(wanted.since, wanted.until)
    posts = _posts(edit, wanted.person_id)
    if not _may_plan(edit, wanted.person_id, posts):
        # Whether somebody holds a post is not told to those who do not know them.
        holder = edit.now.holders.get(wanted.person_id)
        is_known = bool(posts) and holder is not None and may_see_person(edit.by, holder, at=edit.at)
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "personId") if is_known else not_found("personId")
    leave = Absence(id_, edit.now.township, wanted.person_id, wanted.since, wanted.until, wanted.substitute_id)
    if any(other.person_id == leave.person_id and overlap(leave, other) for other in edit.now.absences.values()):
        raise refused(RefusalCode.CONFLICT, "refusal.on_leave_already", "since")
    if leave.substitute_id is not None:
        _check_substitute(edit, leave, posts)
    return edit.changed([leave], about=[leave.id, leave.person_id], units=[post.unit_id for post in posts])


def leave_ended(edit: Editor, leave_id: str, *, until: date | None = None) -> Changed:
    """They are back from that day on, today where none is given; leave that had not begun never comes."""
    day, leave = not_before(until, edit.on, "until"), edit.now.absences.get(leave_id)
    posts = _posts(edit, leave.person_id) if leave else []
    if leave is None or not _may_plan(edit, leave.person_id, posts):
        raise not_found("absenceId")
    if leave.until <= day:
        raise refused(RefusalCode.WRONG_STATE, "refusal.ended_already", "absenceId")
    units, about = [post.unit_id for post in posts], [leave.id, leave.person_id]
    if leave.since >= day:
        return edit.changed([], gone=[("absences", leave.id)], about=about, units=units)
    return edit.changed([replace(leave, until=day)], about=about, units=units)


def duty_planned(edit: Editor, id_: str, wanted: NewDuty) -> Changed:
    """Whoever has the turn is asked first. Two turns for one place may not be on one day."""
    not_before(wanted.since, edit.on, "since")
    check_days(wanted.since, wanted.until)
    unit = edit.unit(wanted.unit_id, "unitId")
    edit.require(Right.PLAN_DUTY, unit.id, "unitId")
    check_open(unit, "unitId")
    if wanted.grid_id is not None and edit.open_grid(wanted.grid_id, "gridId").branch_id != unit.id:
        raise invalid("refusal.grid_elsewhere", "gridId")
    duty = Duty(id_, edit.now.township, unit.id, wanted.person_id, wanted.since, wanted.until, wanted.grid_id)
    if not any(_is_near(edit, post, unit) for post in _posts(edit, wanted.person_id)):
        raise not_found("personId")
    same_place = (other for other in edit.now.duties.values() if (other.unit_id, other.grid_id) == (duty.unit_id, duty.grid_id))
    if any(overlap(duty, other) for other in same_place):
        raise refused(RefusalCode.CONFLICT, "refusal.turn_taken", "since")
    return edit.changed([duty], about=[duty.id, duty.person_id], units=[unit.id])


def duty_ended(edit: Editor, duty_id: str, *, until: date | None = None) -> Changed:
    day, duty = not_before(until, edit.on, "until"), edit.now.duties.get(duty_id)
    if duty is None or not may(edit.by, Right.PLAN_DUTY, duty.unit_id):
        raise not_found("dutyId")
    if duty.until <= day:
        raise refused(RefusalCode.WRONG_STATE, "refusal.ended_already", "dutyId")
    about = [duty.id, duty.person_id]
    if duty.since >= day:
        return edit.changed([], gone=[("duties", duty.id)], about=about, units=[duty.unit_id])
    return edit.changed([replace(duty, until=day)], about=about, units=[duty.unit_id])


def _posts(edit: Editor, person_id: str) -> list[Appointment]:
    """Posts that they hold, or are going to."""
    return [post for post in edit.now.appointments.values() if post.person_id == person_id and (post.until is None or post.until > edit.on)]


def _may_plan(edit: Editor, person_id: str, posts: list[Appointment]) -> bool:
    """Whoever holds a post for oneself; for others the right is needed above one of their posts."""
    return bool(posts) and (person_id == edit.by.id or any(may(edit.by, Right.PLAN_DUTY, post.unit_id) for post in posts))


def _check_substitute(edit: Editor, leave: Absence, posts: list[Appointment]) -> None:
    """Somebody else with a post in the same unit, or above or below it, who is there in that time."""
    stand_in = leave.substitute_id or ""
    units = [unit for post in posts if (unit := edit.now.units.get(post.unit_id))]
    is_near = any(_is_near(edit, held, unit) for held in _posts(edit, stand_in) for unit in units)
    is_away = any(other.person_id == stand_in and overlap(leave, other) for other in edit.now.absences.values())
    if stand_in == leave.person_id or not is_near or is_away:
        raise invalid("refusal.substitute_unfit", "substituteId")


def _is_near(edit: Editor, post: Appointment, unit: OrgUnit) -> bool:
    """Whether the post is held in the unit, above it or below it."""
    above = {step.id for step in edit.now.path(unit.id)}
    return post.unit_id in above or unit.id in {step.id for step in edit.now.path(post.unit_id)}
