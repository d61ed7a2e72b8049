"""Who is told of more time and of pauses: whoever decides, whoever has the work, and whoever asked for it."""

from datetime import date

from domain.cases import Case
from domain.events import Event, EventKind
from domain.notice_kinds import Around, Concern, NoticeKind, committee, desk, fact_of
from domain.organisation import Organisation
from domain.posts import Role
from domain.request_notices import askers_told
from domain.tasks import Task

TOLD: dict[EventKind, tuple[NoticeKind, NoticeKind | None]] = {
    EventKind.EXTENSION_GRANTED: (NoticeKind.EXTENSION_GRANTED, NoticeKind.PROMISE_EXTENDED),
    EventKind.EXTENSION_REFUSED: (NoticeKind.EXTENSION_REFUSED, None),
    EventKind.TASK_SUSPENDED: (NoticeKind.TASK_SUSPENDED, NoticeKind.REQUEST_SUSPENDED),
    EventKind.TASK_RESUMED: (NoticeKind.TASK_RESUMED, NoticeKind.REQUEST_RESUMED),
    EventKind.TASK_UNDEFERRED: (NoticeKind.TASK_RESUMED, NoticeKind.REQUEST_RESUMED),
    EventKind.TASK_DEFERRED: (NoticeKind.TASK_DEFERRED, NoticeKind.REQUEST_DEFERRED),
}
"""What whoever has the task is told, and what whoever asked is."""

TO_DECIDE: dict[EventKind, NoticeKind] = {
    EventKind.EXTENSION_REQUESTED: NoticeKind.EXTENSION_ASKED,
    EventKind.DEFERRAL_ASKED: NoticeKind.DEFERRAL_ASKED,
    EventKind.DEFERRAL_REFUSED: NoticeKind.DEFERRAL_REFUSED,
    EventKind.DEFERRAL_OBJECTED: NoticeKind.DEFERRAL_OBJECTED,
    EventKind.DEFERRAL_REVIEW_CAME: NoticeKind.DEFERRAL_REVIEW,
}
"""What those above are told."""

OF_PAUSES = frozenset(TOLD) | frozenset(TO_DECIDE)


def concerned_by_pause(event: Event, task: Task, case: Case, organisation: Organisation, on: date, around: Around) -> list[Concern]:
    if event.kind in TO_DECIDE:
        return [(person, TO_DECIDE[event.kind], task.id) for person in _deciding(event, task, organisation, on)]
    of_task, of_request = TOLD[event.kind]
    staff = (task.assignee_id, fact_of(event, "asked_by"))
    is_moved = event.kind is not EventKind.EXTENSION_GRANTED or event.facts.get("promise")
    askers = askers_told(case, case.request, of_request, around) if case.request and of_request and is_moved else []
    return [*((person, of_task, task.id) for person in staff), *askers]


def _deciding(event: Event, task: Task, organisation: Organisation, on: date) -> list[str | None]:
    match event.kind:
        case EventKind.EXTENSION_REQUESTED if not event.facts.get("second"):
            return [*_nearest_above(task, organisation, on)]
        case EventKind.DEFERRAL_ASKED:
            return [*_holders(organisation, organisation.root().id, on, Role.SECRETARY)]
        case EventKind.DEFERRAL_REFUSED:
            return [fact_of(event, "asked_by")]
        case EventKind.DEFERRAL_OBJECTED:
            return [*committee(organisation, on)]
        case _:
            return [*desk({event.actor_id, *task.hidden_from}, organisation, on)]


def _nearest_above(task: Task, organisation: Organisation, on: date) -> list[str]:
    """The leaders of the owner unit, or of the nearest above where none of them is anybody but who has the task."""
    silent = {task.assignee_id, *task.hidden_from}
    above = (_holders(organisation, unit_id, on, Role.GRID_LEADER, Role.SECRETARY) for unit_id in task.owner_path)
    told = ([person for person in leaders if person not in silent] for leaders in above)
    return next((leaders for leaders in told if leaders), [])


def _holders(organisation: Organisation, unit_id: str, on: date, *roles: Role) -> list[str]:
    return [post.person_id for post in organisation.posts_at(unit_id, on) if post.role in roles]
