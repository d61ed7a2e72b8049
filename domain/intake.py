"""Taking a request in, or not: what is not accepted by itself waits at the intake desk, is accepted, declined or given to others."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain.access import Door, key, keys
from domain.calendar import SHANGHAI, WorkingCalendar
from domain.cases import Act, Case, Facts, Moment
from domain.errors import invalid
from domain.events import EventKind
from domain.following import follow
from domain.items import MatterScope, ServiceItem
from domain.legs import promise, resumed, windows
from domain.organisation import Organisation, OrgUnitKind
from domain.request_acts import act_of, cancelled, changed, ended, permitted
from domain.request_moves import RequestAction
from domain.requests import DeclineReason, HandOffTo, Request, RequestState
from domain.routing import Avoided, Service
from domain.tasks import Task, TaskState
from domain.waiting import wait


def received(request: Request, service: Service, moment: Moment) -> Case:
    """The case of a request that somebody has to accept: it has no task yet, and is open to those who may take it in."""
    path = tuple(unit.id for unit in moment.organisation.path(service.unit.id))
    avoided = Avoided(request.about_person_id, request.about_unit_id)
    opened = intake_keys(request, path[0], avoided, moment.organisation, moment.at.astimezone(SHANGHAI).date())
    waiting = replace(wait(request, moment), owner_path=path, intake_scopes=opened)
    return Case(follow(waiting, (), at=moment.at), ())


def submitted(case: Case) -> Act:
    """Row 1 without row 2: told to those who may take it in."""
    return act_of(case, EventKind.REQUEST_SUBMITTED)


def intake_keys(request: Request, owner_id: str, avoided: Avoided, organisation: Organisation, on: date) -> frozenset[str]:
    """The counter of the centre beside the owner; the workers of the grid where it lies, if that grid's own branch would own it.

    Where a shielded matter lies would tell whose it is; and what it is about does not take it in.
    """
    grid = organisation.grids.get(request.place.grid_id or "")
    centre = organisation.unit_of_kind(OrgUnitKind.SERVICE_CENTRE, on, near=owner_id)
    opened = set()
    if centre is not None and not avoided.covers(organisation, centre.id, on):
        opened.add(key(Door.UNIT, centre.id))
    if grid is not None and grid.branch_id == owner_id and not request.is_shielded and request.scope is MatterScope.RESIDENCE:
        opened |= keys(Door.GRID, [grid.id])
    return frozenset(opened)


def first_task(request: Request, task_id: str, service: Service, moment: Moment) -> Task:
    """The lead task of a request, with whoever serves; its first leg is due with the promise."""
    # Where a shielded matter lies would tell whose it is, and what belongs to the village left lies in no grid.
    is_placed = not request.is_shielded and request.scope is MatterScope.RESIDENCE
    task = Task(
        id=task_id,
        township=request.township,
        request_id=request.id,
        parent_id=None,
        state=TaskState.QUEUED,
        title=request.title,
        owner_id=service.unit.id,
        owner_path=(),
        grid_id=request.place.grid_id if is_placed else None,
        assignee_id=None,
        rule=service.rule,
        routed_because=service.because,
        created_at=moment.at,
        updated_at=moment.at,
        due_at=None,
        askers=request.askers,
        proxy_grant_id=request.proxy_grant_id,
        is_for_household=request.is_for_household,
        hidden_from=request.hidden_from,
        deadline_class=moment.deadline_class,
    )
    routed = task.assign(service, moment.organisation, windows(moment.calendar, moment.deadline_class, moment.at), at=moment.at)
    return routed.new_leg(request.promise)


def as_accepted(request: Request, item: ServiceItem, scope: MatterScope, calendar: WorkingCalendar) -> Request:
    """The request as it is taken in: of another item, its promise is that item's, since it was made. What was shielded stays so."""
    taken = replace(request, item_id=item.id, item_version=item.version, scope=scope, title=item.name)
    taken = replace(taken, is_shielded=request.is_shielded or item.is_shielded, is_shared=item.is_shared)
    if item.id == request.item_id:
        return taken
    due = promise(calendar, item.deadline_class, request.submitted_at)
    return replace(
        taken,
        promise_due_at=due.at if due else None,
        promise_provisional=bool(due and due.is_provisional),
        promise_by_clock=bool(due and due.by_the_clock),
    )


def accept(
    case: Case, moment: Moment, taken: Request, work: Sequence[Task], *, is_rule_broken: bool, expected_version: int | None = None
) -> Act:
    """Row 2: `taken` is the request as it is taken in, `work` its routed lead, and what helps with it."""
    permitted(case, RequestAction.ACCEPT, moment, expected_version)
    task, *helping = work
    facts: Facts = {"rule": task.rule, "item": taken.item_id, "scope": taken.scope.value, **({"broken": True} if is_rule_broken else {})}
    facts = {**facts, **({"called_in": " ".join(each.id for each in helping)} if helping else {})}
    lead_first = (*work, *case.tasks)
    after = changed(case, replace(taken, state=RequestState.IN_HAND), lead_first, at=moment.at)
    return act_of(after, EventKind.REQUEST_ACCEPTED, facts, task=task)


def decline(case: Case, moment: Moment, *, reason: DeclineReason, where_to_go: str, expected_version: int | None = None) -> Act:
    """Row 3: not taken on; the resident reads why, and where to go instead."""
    request = permitted(case, RequestAction.DECLINE, moment, expected_version)
    declined = replace(request, state=RequestState.DECLINED, declined_because=reason)
    after = changed(case, declined, case.tasks, at=moment.at)
    return act_of(after, EventKind.REQUEST_DECLINED, {"reason": reason.value}, where_to_go)


def object_to_decline(case: Case, moment: Moment, *, words: str, expected_version: int | None = None) -> Act:
    """Row 3a: back at the intake desk, and the promise has the time that was left when it was declined."""
    request = permitted(case, RequestAction.OBJECT_TO_DECLINE, moment, expected_version)
    back = replace(wait(request, moment), closed_at=None, objected_at=moment.at)
    if request.promise and request.closed_at:
        due = resumed(moment.calendar, request.promise, request.closed_at, moment.at)
        back = replace(back, promise_due_at=due.at, promise_provisional=due.is_provisional)
    return act_of(changed(case, back, case.tasks, at=moment.at), EventKind.DECLINE_OBJECTED, {}, words)


def hand_off(case: Case, moment: Moment, *, to: HandOffTo, number: str | None, reason: str, expected_version: int | None = None) -> Act:
    """Rows 4 and 4a: somebody outside has it now; the resident reads whom to call, the work ends."""
    told = number or to.number
    if told is None:
        raise invalid("refusal.number_wanted", "number")
    action = RequestAction.HAND_OFF_TO_EMERGENCY if to.number else RequestAction.HAND_OFF
    request = permitted(case, action, moment, expected_version)
    after = ended(case, replace(request, handed_off_to=to), RequestState.HANDED_OFF, at=moment.at)
    return act_of(after, EventKind.REQUEST_HANDED_OFF, {"to": to.value, "cancelled": cancelled(case)}, f"{told} {reason}")
