"""After the end: a request is opened once more (row 26), or something is said about it, which always gets an owner (row 28a)."""

from collections.abc import Callable
from dataclasses import replace

from domain.calendar import SHANGHAI
from domain.cases import Act, Case, Facts, Moment, hand_to
from domain.errors import Message
from domain.events import EventKind
from domain.intake import first_task
from domain.legs import promise
from domain.request_acts import act_of, changed, permitted
from domain.request_moves import RequestAction
from domain.requests import OPEN, Request
from domain.routing import RULE_CLIMB, Service, climb, unit_above
from domain.tasks import Task


def reopen(case: Case, moment: Moment, *, words: str, route: Callable[[Case], Service], expected_version: int | None = None) -> Act:
    """Row 26: the lead goes on with it on a new leg; where they are not there any more, whoever `route` finds."""
    request = permitted(case, RequestAction.REOPEN, moment, expected_version)
    opened, lead = request.reopen(at=moment.at), case.tasks[0]
    again = lead.rework(promise(moment.calendar, moment.deadline_class, moment.at), at=moment.at)
    if opened.unsolved_count > 1:
        above = unit_above(moment.organisation, lead.owner_id)
        again = again.supervise(tuple(unit.id for unit in moment.organisation.path(above.id)))
    if not _is_there(lead.assignee_id, moment):
        again = hand_to(again, route(case), moment, is_new_leg=True)
    after = changed(case, opened, (again, *case.tasks[1:]), at=moment.at)
    facts: Facts = {
        "from": lead.assignee_id,
        "supervised": again.is_supervised,
        "closed_at": request.closed_at.isoformat() if request.closed_at else None,
    }
    return act_of(after, EventKind.REQUEST_REOPENED, facts, words)


def add_message(case: Case, moment: Moment, *, text: str, new_id: str, expected_version: int | None = None) -> Act:
    """Row 28a: told to whoever has it; after the end somebody gets a task to answer, unless one is open already."""
    request = permitted(case, RequestAction.ADD_MESSAGE, moment, expected_version)
    answering = next((task for task in case.tasks if task.is_message and not task.is_over), None)
    if request.state in OPEN or answering is not None:
        after = changed(case, request, case.tasks, at=moment.at)
        return act_of(after, EventKind.MESSAGE_ADDED, {}, text, task=answering)
    task = _to_answer(case, request, new_id, moment)
    after = changed(case, request, (*case.tasks, task), at=moment.at)
    return act_of(after, EventKind.MESSAGE_ADDED, {"new": True}, text, task=task)


def _to_answer(case: Case, request: Request, new_id: str, moment: Moment) -> Task:
    """A task of its own for whoever leads the unit that had it, else the nearest above; its leg counts from now."""
    organisation, on = moment.organisation, moment.at.astimezone(SHANGHAI).date()
    because = (Message("routing.message"),)
    found = climb(organisation, request.owner_path[0], None, on=on, avoided=case.avoided)
    service = replace(found, because=because) if found else Service(organisation.root(), None, RULE_CLIMB, because, ())
    task = first_task(request, new_id, service, moment)
    return replace(task.new_leg(promise(moment.calendar, moment.deadline_class, moment.at)), is_message=True)


def _is_there(person_id: str | None, moment: Moment) -> bool:
    on, organisation = moment.at.astimezone(SHANGHAI).date(), moment.organisation
    return person_id is not None and bool(organisation.posts_of(person_id, on)) and organisation.absence_of(person_id, on) is None
