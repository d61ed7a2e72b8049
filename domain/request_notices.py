"""Who is told of what is done to a request: whoever asked, the intake desk, and whoever has the work or answers for it."""

from collections.abc import Iterator
from datetime import date

from domain.access import Door, key
from domain.cases import Case
from domain.events import Event, EventKind
from domain.followups import is_spoken
from domain.notice_kinds import Around, Concern, NoticeKind, committee, desk, fact_of
from domain.organisation import Organisation
from domain.posts import Role
from domain.requests import Request, RequestState
from domain.routing import unit_above
from domain.tasks import Task
from domain.withdrawals import BEGUN, GOES_ON

OF_REQUESTS = frozenset(
    {
        EventKind.REQUEST_REMINDED,
        EventKind.ACCEPTANCE_MISSED,
        EventKind.REQUEST_ACCEPTED,
        EventKind.REQUEST_DECLINED,
        EventKind.DECLINE_OBJECTED,
        EventKind.REQUEST_HANDED_OFF,
        EventKind.REQUEST_WITHDRAWN,
        EventKind.REQUEST_MERGED,
        EventKind.REQUEST_UNMERGED,
        EventKind.REQUEST_NUDGED,
        EventKind.REQUEST_REOPENED,
        EventKind.MESSAGE_ADDED,
    }
)
"""Whom these concern is told here, whether or not there is a task."""


def concerned_by_request(
    event: Event, task: Task | None, case: Case, organisation: Organisation, on: date, around: Around
) -> list[Concern]:
    """`task` is the one that the act was about, as it was after it."""
    request = case.request
    if request is None:
        return []
    match event.kind:
        case EventKind.REQUEST_SUBMITTED:
            return _intake(event, request, NoticeKind.REQUEST_TO_ACCEPT, organisation, on)
        case EventKind.DECLINE_OBJECTED:
            return _intake(event, request, NoticeKind.DECLINE_OBJECTED, organisation, on)
        case EventKind.REQUEST_ACCEPTED if task is not None:
            broken = committee(organisation, on) if event.facts.get("broken") else []
            return [
                *_owner_of(event, task, NoticeKind.TASK_ASSIGNED, organisation, on),
                *askers_told(case, request, NoticeKind.REQUEST_ACCEPTED, around),
                *((person, NoticeKind.RULE_BROKEN, task.id) for person in broken),
            ]
        case EventKind.REQUEST_DECLINED:
            return askers_told(case, request, NoticeKind.REQUEST_DECLINED, around)
        case EventKind.REQUEST_HANDED_OFF:
            return askers_told(case, request, NoticeKind.REQUEST_HANDED_OFF, around)
        case EventKind.REQUEST_MERGED:
            return askers_told(case, request, NoticeKind.REQUEST_MERGED, around)
        case EventKind.REQUEST_UNMERGED:
            kind = NoticeKind.MERGED_ENDED if event.facts.get("let_go") else NoticeKind.REQUEST_UNMERGED
            return [*_back(event, task, request, organisation, on), *askers_told(case, request, kind, around)]
        case EventKind.REQUEST_WITHDRAWN:
            return [*askers_told(case, request, NoticeKind.REQUEST_WITHDRAWN, around), *_going_on_without(event, request, organisation, on)]
        case EventKind.REQUEST_NUDGED | EventKind.REQUEST_REOPENED | EventKind.MESSAGE_ADDED:
            return _going_on(event, task, case, request, organisation, on)
        case _:
            return _as_time_passes(event, request, organisation, on)


def _as_time_passes(event: Event, request: Request, organisation: Organisation, on: date) -> list[Concern]:
    """While nobody has taken it in: first those are told who may, then those above them."""
    at_the_desk = desk({event.actor_id, *request.hidden_from}, organisation, on)
    first = _first_line(request, organisation, on)
    match event.kind:
        case EventKind.REQUEST_REMINDED:
            return [(person, NoticeKind.ACCEPTANCE_REMINDED, request.id) for person in first or at_the_desk]
        case EventKind.ACCEPTANCE_MISSED:
            above = at_the_desk if first else committee(organisation, on)
            return [(person, NoticeKind.ACCEPTANCE_MISSED, request.id) for person in above]
        case EventKind.PROMISE_MISSED:
            return [(person, NoticeKind.PROMISE_BROKEN, request.id) for person in at_the_desk]
        case EventKind.DEADLINES_RECOUNTED if event.facts.get("from") != event.facts.get("to"):
            return [(request.judge_id, NoticeKind.DEADLINE_MOVED, request.id)]
        case _:
            return []


def _first_line(request: Request, organisation: Organisation, on: date) -> list[str]:
    """Who may take it in below the desk and is there: the clerks of the centre beside it, the workers of its grid."""
    grids = [grid for grid in organisation.grids.values() if key(Door.GRID, grid.id) in request.intake_scopes]
    workers = [
        post.person_id
        for grid in grids
        for post in organisation.posts_at(grid.branch_id, on)
        if post.role is Role.GRID_WORKER and post.grid_id == grid.id
    ]
    able = [person for person in (*_clerks(request, organisation, on), *workers) if person not in request.hidden_from]
    return organisation.present(able, on)


def _clerks(request: Request, organisation: Organisation, on: date) -> list[str]:
    counters = [unit.id for unit in organisation.units.values() if key(Door.UNIT, unit.id) in request.intake_scopes]
    return [post.person_id for id_ in counters for post in organisation.posts_at(id_, on) if post.role is Role.CENTRE_CLERK]


def _going_on(event: Event, task: Task | None, case: Case, request: Request, organisation: Organisation, on: date) -> list[Concern]:
    """What those are told who have it, or answer for it: that somebody waits, has something to say, or is not content after all."""
    if task is None:
        kind = NoticeKind.REQUEST_NUDGED if event.kind is EventKind.REQUEST_NUDGED else NoticeKind.MESSAGE_ADDED
        return _intake(event, request, kind, organisation, on)
    if event.kind is EventKind.REQUEST_REOPENED:
        above = task.owner_id if event.facts.get("supervised") else unit_above(organisation, task.owner_id).id
        told = [(person, NoticeKind.REOPENED_BELOW, task.id) for person in organisation.leaders(above, on)]
        return [*_owner_of(event, task, NoticeKind.REQUEST_REOPENED, organisation, on), *told]
    if event.kind is EventKind.MESSAGE_ADDED:
        return _owner_of(event, task, NoticeKind.MESSAGE_ADDED, organisation, on)
    others = [(other.assignee_id, NoticeKind.REQUEST_NUDGED, other.id) for other in case.tasks if not other.is_over]
    leaders = [(person, NoticeKind.REQUEST_NUDGED, task.id) for person in organisation.leaders(task.owner_id, on)]
    return [*_owner_of(event, task, NoticeKind.REQUEST_NUDGED, organisation, on), *others, *leaders]


def _owner_of(event: Event, task: Task, kind: NoticeKind, organisation: Organisation, on: date) -> list[Concern]:
    """Whoever has it; the desk, where nobody does."""
    if task.assignee_id is not None:
        return [(task.assignee_id, kind, task.id)]
    return [(person, NoticeKind.TASK_UNROUTED, task.id) for person in desk({event.actor_id, *task.hidden_from}, organisation, on)]


def _intake(event: Event, request: Request, kind: NoticeKind, organisation: Organisation, on: date) -> list[Concern]:
    """The counter of the centre beside it, and the desk."""
    dispatchers = desk({event.actor_id, *request.hidden_from}, organisation, on)
    return [(person, kind, request.id) for person in (*_clerks(request, organisation, on), *dispatchers)]


def askers_told(case: Case, request: Request, kind: NoticeKind, around: Around) -> list[Concern]:
    """Whom it is for; their proxy while the grant is live; whoever typed it, where word gets to them by nothing else."""
    agent_id = request.agent_id if around.is_grant_live else None
    typist_id = request.submitted_by_id if is_spoken(case, around.reach) else None
    return [(person, kind, request.id) for person in (request.judge_id, agent_id, typist_id)]


def _back(event: Event, task: Task | None, request: Request, organisation: Organisation, on: date) -> list[Concern]:
    """Whoever has it now, or those who may take it in: it is not handled with another any more."""
    if task is None:
        return _intake(event, request, NoticeKind.REQUEST_TO_ACCEPT, organisation, on)
    return _owner_of(event, task, NoticeKind.TASK_ASSIGNED, organisation, on)


TOLD_ON = {
    NoticeKind.FOLLOW_UP_ASKED: NoticeKind.FOLLOW_UP_ASKED,
    NoticeKind.PROMISE_EXTENDED: NoticeKind.PROMISE_EXTENDED,
    NoticeKind.REQUEST_SUSPENDED: NoticeKind.REQUEST_SUSPENDED,
    NoticeKind.REQUEST_RESUMED: NoticeKind.REQUEST_RESUMED,
    NoticeKind.REQUEST_DEFERRED: NoticeKind.REQUEST_DEFERRED,
}
"""What those are told whose requests go on in this one, when whoever asked for it is told of something. Where it ends without an answer
theirs go on by themselves, and they are told of that."""


def told_on(event: Event, concerns: list[Concern], request: Request | None, around: Around) -> list[Concern]:
    """The same for each of them, about their own request. They are asked as well where nobody was who asked for this one."""
    kinds = [TOLD_ON[kind] for _, kind, about_id in concerns if request and about_id == request.id and kind in TOLD_ON]
    if not kinds and event.kind in {EventKind.TASK_VERIFIED, EventKind.TASK_COMPLETED} and request and request.state is RequestState.CLOSED:
        kinds = [NoticeKind.FOLLOW_UP_ASKED]
    return [(person_id, kind, request_id) for kind in kinds[:1] for person_id, request_id in around.merged]


def _going_on_without(event: Event, request: Request, organisation: Organisation, on: date) -> Iterator[Concern]:
    """Whoever had work that goes on without the person, and whoever has what begins with it; the desk, where nobody does."""
    begun = dict.fromkeys((fact_of(event, BEGUN) or "").split())
    for pair in (fact_of(event, GOES_ON) or "").split():
        task_id, _, person_id = pair.partition("/")
        yield person_id, NoticeKind.TASK_ASSIGNED if task_id in begun else NoticeKind.TASK_GOES_ON, task_id
        begun.pop(task_id, None)
    at_the_desk = desk({event.actor_id, *request.hidden_from}, organisation, on)
    yield from ((person, NoticeKind.TASK_UNROUTED, task_id) for task_id in begun for person in at_the_desk)
