"""Calling others in to help with a task (主办与协办), and calling work off. Whoever has the task stays accountable for all of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from domain.cases import Act, Case, Moment, act_on, permitted
from domain.deadlines import Due
from domain.errors import RefusalCode, invalid, not_found, refused
from domain.events import EventKind
from domain.following import follow
from domain.further_owners import service_of_unit
from domain.legs import promise, windows
from domain.lifecycle import Verb, guard_cancel
from domain.organisation import Organisation
from domain.roll_up import below, called_off, settled, told_of
from domain.routing import Avoided, Service
from domain.tasks import Task, TaskState

MOST = 20
"""How many tasks may help with one at a time, however deep: whoever needs more asks for another task."""


def of_unit(organisation: Organisation, unit_id: str, avoided: Avoided, *, on: date) -> Service:
    """Whoever takes it for that unit. Refuses what is no unit, what may own nothing, and what the matter is about."""
    if unit_id not in organisation.units:
        raise not_found("unitId")
    service = service_of_unit(organisation, unit_id, avoided, on=on)
    if service is None:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.unit_out_of_reach", "unitId")
    return service


def add(
    case: Case,
    task_id: str,
    assist_id: str,
    service: Service,
    moment: Moment,
    *,
    what: str,
    is_required: bool,
    expected_version: int | None = None,
) -> Act:
    """Row 14: a new task below this one, with whoever serves; what is to be done is told in words of its own."""
    task = permitted(case, task_id, moment, Verb.ADD_ASSIST, expected_version=expected_version)
    if service.person is not None and service.person.id == task.assignee_id:
        raise invalid("refusal.has_it_already", "assigneeId")
    if sum(not helping.is_over for helping in below(case.tasks, task_id)) >= MOST:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_assists", "taskId", limit=MOST)
    child = helping(task, assist_id, service, moment, leg_of(case, moment), is_required=is_required)
    after = case.after(replace(task, updated_at=moment.at), also=[child])
    facts = {"assist": child.id, "given_to": child.assignee_id, "given_unit": child.owner_id, "required": is_required}
    act = act_on(after, EventKind.ASSIST_ADDED, task_id, facts)
    return Act(act.case, act.kind, act.task_id, act.facts, said={assist_id: what})


def called_in_by_rule(case: Case, services: Mapping[str, Service], moment: Moment) -> Case:
    """A new case with a required task for each further owner of the matter, by the id that it gets."""
    lead, due = case.tasks[0], leg_of(case, moment)
    below = [helping(lead, id_, service, moment, due, is_required=True) for id_, service in services.items()]
    tasks = settled([lead, *below])
    return Case(case.request and follow(case.request, tasks, at=moment.at), tasks)


def helping(task: Task, assist_id: str, service: Service, moment: Moment, due: Due | None, *, is_required: bool) -> Task:
    """A new task that helps with this one: of the same matter, seen by the same askers, hidden from the same persons."""
    new = Task(
        id=assist_id,
        township=task.township,
        request_id=task.request_id,
        parent_id=task.id,
        state=TaskState.QUEUED,
        title=task.title,
        owner_id=service.unit.id,
        owner_path=(),
        grid_id=task.grid_id,
        assignee_id=None,
        rule=service.rule,
        routed_because=service.because,
        created_at=moment.at,
        updated_at=moment.at,
        due_at=None,
        askers=task.askers,
        proxy_grant_id=task.proxy_grant_id,
        is_for_household=task.is_for_household,
        hidden_from=task.hidden_from,
        item_id=task.item_id,
        root_id=task.root_id,
        is_required=is_required,
        deadline_class=task.deadline_class,
    )
    given = windows(moment.calendar, moment.deadline_class, moment.at)
    return new.assign(service, moment.organisation, given, at=moment.at).new_leg(due)


def leg_of(case: Case, moment: Moment) -> Due | None:
    """A leg of its own, inside the promise while that is not broken."""
    own = promise(moment.calendar, moment.deadline_class, moment.at)
    lead = case.tasks[0]
    end = case.request.promise if case.request else lead.leg
    if end is None or end.at <= moment.at or (own is not None and own.at <= end.at):
        return own
    return end


def cancel(case: Case, task_id: str, moment: Moment, *, reason: str, expected_version: int | None = None) -> Act:
    """Row 31: called off, with whatever helps with it; each who had some of it is told."""
    task = permitted(case, task_id, moment, Verb.CANCEL, expected_version=expected_version)
    guard_cancel(task)
    along = called_off(case.tasks, task_id, at=moment.at)
    after = case.after(task.cancel(at=moment.at), also=along)
    return act_on(after, EventKind.TASK_CANCELLED, task_id, told_of(case.tasks, after.tasks, task_id), reason)
