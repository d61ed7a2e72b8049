"""Calling departments out (吹哨报到): the dispatcher asks, the head approves, the department reports in, the township rates it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.calendar import SHANGHAI, WorkingCalendar
from domain.call_out import DEPARTMENTS, OPEN, REMINDED_AFTER, CallOut, CallOutGrade, CallOutKind, CallOutState
from domain.cases import Act, Case, Facts, Moment, act_on, permitted
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.events import EventKind
from domain.guards import CALLED_AT_A_TIME, guard_call_out_asked, guard_call_out_to_conclude
from domain.lifecycle import Verb
from domain.organisation import Organisation
from domain.tasks import Task

SHORTEST, LONGEST = 10, 24 * 60
"""Minutes in which a department may be asked to arrive."""


def permit_departments(organisation: Organisation, unit_ids: Sequence[str], moment_at: datetime) -> None:
    """Raises NOT_FOUND for what is no unit, INVALID_INPUT for what cannot be called out."""
    on = moment_at.astimezone(SHANGHAI).date()
    for unit_id in unit_ids:
        unit = organisation.units.get(unit_id)
        if unit is None:
            raise not_found("unitIds")
        if unit.kind not in DEPARTMENTS or not unit.is_valid(on):
            raise invalid("refusal.not_a_department", "unitIds")


def call_out(
    case: Case,
    task_id: str,
    moment: Moment,
    *,
    unit_ids: Sequence[str],
    kind: CallOutKind,
    within_minutes: int,
    reason: str,
    expected_version: int | None = None,
) -> Act:
    """Row 15: asked for; nobody is called before the township's head agrees."""
    if kind is CallOutKind.JOINT_ENFORCEMENT:
        raise invalid("refusal.joint_enforcement", "kind")
    if not SHORTEST <= within_minutes <= LONGEST:
        raise invalid("refusal.arrival_limit", "arriveWithinMinutes", shortest=SHORTEST, longest=LONGEST)
    task = permitted(case, task_id, moment, Verb.CALL_OUT, expected_version=expected_version)
    there = {each.unit_id for each in task.call_outs if each.state in OPEN}
    on = moment.at.astimezone(SHANGHAI).date()
    is_about = any(case.avoided.covers(moment.organisation, unit_id, on) for unit_id in unit_ids)
    if not unit_ids or there & set(unit_ids) or is_about:
        raise invalid("refusal.called_already", "unitIds")
    if len(there) + len(unit_ids) > CALLED_AT_A_TIME:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_call_outs", "unitIds", limit=CALLED_AT_A_TIME)
    paths = {unit_id: tuple(step.id for step in moment.organisation.path(unit_id)) for unit_id in unit_ids}
    new = [CallOut(unit_id, kind, moment.by.id or "", moment.at, within_minutes, path=path) for unit_id, path in paths.items()]
    facts: Facts = {"units": " ".join(unit_ids), "kind": kind.value, "within": within_minutes}
    return _act(case, task, [*task.call_outs, *new], EventKind.CALL_OUT_ASKED, moment.at, facts, reason)


def decide(case: Case, task_id: str, moment: Moment, *, approved: bool, reason: str | None, expected_version: int | None = None) -> Act:
    """Row 15a: whatever is asked for is called out, or not; the limit runs from now."""
    task = permitted(case, task_id, moment, Verb.DECIDE_CALL_OUT, expected_version=expected_version)
    guard_call_out_asked(task, moment.by.id or "", moment.at)
    state = CallOutState.RAISED if approved else CallOutState.REFUSED

    def decided(each: CallOut) -> CallOut:
        limit = moment.at + timedelta(minutes=each.within_minutes) if approved else None
        return each.moved(state, arrive_by=limit)

    asked = [each for each in task.call_outs if each.state is CallOutState.ASKED]
    facts: Facts = {"approved": approved, "units": " ".join(each.unit_id for each in asked), "asked_by": asked[0].asked_by_id}
    return _act(case, task, _with(task, asked, decided), EventKind.CALL_OUT_DECIDED, moment.at, facts, reason)


def report_in(case: Case, task_id: str, moment: Moment, *, note: str | None, expected_version: int | None = None) -> Act:
    """Row 16: somebody of the department is there."""
    task = permitted(case, task_id, moment, Verb.REPORT_IN, expected_version=expected_version)
    own = {post.unit_id for post in moment.by.appointments}
    [there, *_] = [each for each in task.call_outs if each.state is CallOutState.RAISED and each.unit_id in own]
    come = there.moved(CallOutState.REPORTED, reported_at=moment.at, reported_by_id=moment.by.id)
    facts: Facts = {"unit": there.unit_id, "on_time": come.is_on_time}
    return _act(case, task, _with(task, [there], lambda _: come), EventKind.DEPARTMENT_REPORTED, moment.at, facts, note)


def conclude(
    case: Case, task_id: str, moment: Moment, *, unit_id: str, grade: CallOutGrade, note: str | None, expected_version: int | None = None
) -> Act:
    """Row 16a: the township says how the department answered."""
    task = permitted(case, task_id, moment, Verb.CONCLUDE_CALL_OUT, expected_version=expected_version)
    guard_call_out_to_conclude(task, moment.by.id or "", moment.at)
    ended = [each for each in task.call_outs if each.unit_id == unit_id and each.is_to_be_concluded][-1:]
    if not ended:
        raise refused(RefusalCode.WRONG_STATE, "refusal.no_call_out", "unitId", current=task)
    if ended[0].is_too_late_to_rate(moment.at):
        raise refused(RefusalCode.TOO_LATE, "refusal.call_out_too_late", "unitId", current=task)
    facts: Facts = {"unit": unit_id, "grade": grade.value, "on_time": ended[0].is_on_time}
    graded = _with(task, ended, lambda each: each.moved(CallOutState.CONCLUDED, grade=grade))
    return _act(case, task, graded, EventKind.CALL_OUT_CONCLUDED, moment.at, facts, note)


def missed_at(_case: Case, task: Task, _calendar: WorkingCalendar) -> datetime | None:
    """When the first department that has not come should have been there."""
    limits = [each.arrive_by for each in _awaited(task) if each.arrive_by]
    return None if task.is_over else min(limits, default=None)


def tell_missed(case: Case, task: Task, moment: Moment) -> Act | None:
    """Row 16b: nobody of the department reported in by the limit; once, told to the desk."""
    late = [each for each in _awaited(task) if each.arrive_by is not None and each.arrive_by <= moment.at]
    if not late or task.is_over:
        return None
    told = _with(task, late, lambda each: replace(each, missed_told=True))
    return _act(case, task, told, EventKind.CALL_OUT_MISSED, moment.at, {"units": " ".join(each.unit_id for each in late)}, None)


def rating_due_at(_case: Case, task: Task, _calendar: WorkingCalendar) -> datetime | None:
    """When it is time to say that the first department whose task is over is not rated yet."""
    return min((each.ended_at + REMINDED_AFTER for each in _unrated(task) if each.ended_at), default=None)


def remind_to_rate(case: Case, task: Task, moment: Moment) -> Act | None:
    """Row 16c: told once to whoever called out; to nobody where the clock came too late for it."""
    due = [each for each in _unrated(task) if each.ended_at and each.ended_at + REMINDED_AFTER <= moment.at]
    if not due:
        return None
    told = _with(task, due, lambda each: replace(each, is_reminded=True))
    in_time = [each for each in due if not each.is_too_late_to_rate(moment.at)]
    asked_by = " ".join(dict.fromkeys(each.asked_by_id for each in in_time))
    facts: Facts = {"units": " ".join(each.unit_id for each in in_time), "asked_by": asked_by}
    return _act(case, task, told, EventKind.CALL_OUT_REMINDED, moment.at, facts, None)


def _unrated(task: Task) -> list[CallOut]:
    return [each for each in task.call_outs if each.state is CallOutState.ENDED and each.is_to_be_concluded and not each.is_reminded]


def _awaited(task: Task) -> list[CallOut]:
    return [each for each in task.call_outs if each.state is CallOutState.RAISED and not each.missed_told]


def _with(task: Task, some: Sequence[CallOut], change: Callable[[CallOut], CallOut]) -> list[CallOut]:
    return [change(each) if each in some else each for each in task.call_outs]


def _act(case: Case, task: Task, call_outs: Sequence[CallOut], kind: EventKind, at: datetime, facts: Facts, words: str | None) -> Act:
    return act_on(case.after(replace(task, call_outs=tuple(call_outs), updated_at=at)), kind, task.id, facts, words)
