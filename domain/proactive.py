"""Work that somebody saw before anyone asked (未诉先办): routed as a request is, and closed by its check; nobody is asked about it."""

from datetime import datetime

from domain.access import Actor
from domain.cases import Act, Case, Facts, Moment, act_on
from domain.errors import RefusalCode, refused
from domain.events import EventKind
from domain.items import MatterScope, ServiceItem
from domain.legs import promise, windows
from domain.posts import Role
from domain.requests import CONTENTS_OPEN
from domain.routing import Service
from domain.tasks import Task, TaskState

RAISED_BY = frozenset({Role.GRID_WORKER, Role.GRID_LEADER, Role.SECRETARY, Role.DISPATCHER})
"""A worker in the own grids, who leads or dispatches in the sub-tree below."""


def permit(by: Actor, grid_id: str) -> None:
    """Raises NOT_ALLOWED for whoever has nothing to do in that grid."""
    organisation = by.organisation
    grid = organisation.grids.get(grid_id) if organisation else None
    above = {unit.id for unit in organisation.path(grid.branch_id)} if organisation and grid else set()
    works_there = any(post.role is Role.GRID_WORKER and post.grid_id == grid_id for post in by.appointments)
    if not works_there and not above & by.units_led(*RAISED_BY - {Role.GRID_WORKER}):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.grid_out_of_reach", "gridId")


def raised(task_id: str, item: ServiceItem, grid_id: str, service: Service, moment: Moment) -> Act:
    """The new task with whoever serves; the first leg is due as a promise would be."""
    new = Task(
        id=task_id,
        township=moment.organisation.township,
        request_id=None,
        parent_id=None,
        state=TaskState.QUEUED,
        title=item.name,
        owner_id=service.unit.id,
        owner_path=(),
        grid_id=grid_id if item.default_scope is MatterScope.RESIDENCE else None,
        assignee_id=None,
        rule=service.rule,
        routed_because=service.because,
        created_at=moment.at,
        updated_at=moment.at,
        due_at=None,
        item_id=item.id,
        root_id=task_id,
        raised_by_id=moment.by.id,
        deadline_class=item.deadline_class,
    )
    given = windows(moment.calendar, item.deadline_class, moment.at)
    due = promise(moment.calendar, item.deadline_class, moment.at)
    task = new.assign(service, moment.organisation, given, at=moment.at).new_leg(due)
    facts: Facts = {"rule": task.rule, "broken": True} if service.is_broken else {"rule": task.rule}
    return act_on(Case(None, (task,)), EventKind.TASK_RAISED, task_id, facts)


def is_closed_to(task: Task, reader: Actor, at: datetime) -> bool:
    """Whether its words and place are not the reader's business any more: it is long over, and they only worked on it."""
    return task.is_over and at - task.updated_at > CONTENTS_OPEN and reader.is_only_worker(task.scopes)
