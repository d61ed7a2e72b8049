"""How somebody stands to a task: who has it, who answers for it, who may decide on it, who asked; today, by the organisation."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.call_out import NOT_CALLED, CallOutState
from domain.organisation import Organisation, OrgUnitKind
from domain.posts import Appointment, Role
from domain.tasks import Task

VOLUNTEERS = frozenset({Role.LINK_MEMBER, Role.HUB_HOST})
"""They hold their post with a branch and are none of its staff."""


class Standing(Enum):
    """How somebody stands to a task."""

    ASSIGNEE = "the assignee"
    FORMER_ASSIGNEE = "whoever had it before it was given to somebody else"
    LEADER = "a leader of the owner unit or one above"
    DISPATCHER = "the township's dispatcher"
    RETURN_JUDGE = "the dispatcher or a secretary above, not of the returner's own unit"
    SUPERIOR = "a leader of the owner unit or one above, who does not have it"
    EXTENSION_JUDGE = "a leader above for the first, from the second on the township's dispatcher or secretary; not who has it"
    DEFERRAL_JUDGE = "a secretary of the township, who neither has it nor asked for it"
    HEAD = "a secretary of the township"
    CALLED = "whoever works in a department that was called out"
    VERIFIER = "the nearest leader of the owner's chain who never worked on it"
    ASKER = "the resident, or the principal"
    CALLER = "the dispatcher, a clerk of the centre beside it, or the volunteer who typed it, from outside the unit that did the work"
    CLOCK = "the clock"


def standings(task: Task, actor: Actor, *, at: datetime) -> frozenset[Standing]:
    """Every way in which the actor stands to the task now; none for whoever the matter is about."""
    organisation = actor.organisation
    if actor.id is None or organisation is None or actor.id in task.hidden_from:
        return frozenset()
    on = at.astimezone(SHANGHAI).date()
    held = set()
    if task.assignee_id == actor.id:
        held.add(Standing.ASSIGNEE)
    elif actor.id in task.former_assignees:
        held.add(Standing.FORMER_ASSIGNEE)
    path = frozenset(authority(task, organisation))
    if path & actor.units_led(Role.GRID_LEADER, Role.SECRETARY):
        held.add(Standing.LEADER)
    if path & actor.units_led(Role.DISPATCHER):
        held.add(Standing.DISPATCHER)
    if _may_judge_return(task, actor, authority(task, organisation)):
        held.add(Standing.RETURN_JUDGE)
    if actor.id != task.assignee_id:
        held |= _of_approvals(task, actor, authority(task, organisation))
    if organisation.root().id in actor.units_led(Role.SECRETARY):
        held.add(Standing.HEAD)
    awaited = {each.unit_id for each in task.call_outs if each.state is CallOutState.RAISED}
    if any(post.unit_id in awaited and post.role not in NOT_CALLED for post in actor.appointments):
        held.add(Standing.CALLED)
    if actor.id in verifiers(task, organisation, on):
        held.add(Standing.VERIFIER)
    if task.askers and task.askers[0] == actor.id and not task.is_for_household:
        held.add(Standing.ASKER)
    if may_call(task, actor.id, actor.appointments, organisation, on):
        held.add(Standing.CALLER)
    return frozenset(held)


def may_call(task: Task, person_id: str, posts: Sequence[Appointment], organisation: Organisation, on: date) -> bool:
    """Who may ask by word whether it helped: the desk, the counter beside it, or the volunteer who typed it.

    `posts` are the person's live ones.

    Never who worked on it or on another task of the request, who has the last word or is its proxy, nor the staff of the unit that did the
    work: the owner's; where it was moved up for supervision, of those who worked on it.
    """
    typists = task.askers if task.is_for_household else () if task.proxy_grant_id else task.askers[1:]
    out = {*task.workers, *task.colleagues, *task.hidden_from, *(set(task.askers) - set(typists))}
    units = (
        {post.unit_id for worker in task.workers for post in organisation.posts_of(worker, on)} if task.is_supervised else {task.owner_id}
    )
    is_staff = any(post.unit_id in units and post.role not in VOLUNTEERS for post in posts)
    if person_id in out or is_staff:
        return False
    above = authority(task, organisation)
    return any(
        (post.role is Role.CENTRE_CLERK and post.unit_id in {*above, _centre_beside(task, organisation, on)})
        or (post.role is Role.DISPATCHER and post.unit_id in above)
        or (post.role in VOLUNTEERS and person_id in typists)
        for post in posts
    )


def _centre_beside(task: Task, organisation: Organisation, on: date) -> str | None:
    """The centre whose counter takes in what the owner has: its clerks ask about that, and about nothing of another centre's."""
    centre = organisation.unit_of_kind(OrgUnitKind.SERVICE_CENTRE, on, near=organisation.seat(task.owner_id))
    return centre.id if centre else None


def authority(task: Task, organisation: Organisation) -> tuple[str, ...]:
    """The owner unit and those above it as they stand today: whoever took a unit over decides on what it owns."""
    return authority_of(task.owner_id, task.owner_path, organisation)


def authority_of(owner_id: str, owner_path: tuple[str, ...], organisation: Organisation) -> tuple[str, ...]:
    """The same of any owner; the path as it was routed where that unit is none any more."""
    above = [owner_id, *(unit.id for unit in organisation.path(organisation.seat(owner_id)))]
    return tuple(dict.fromkeys(above)) if owner_id in organisation.units else owner_path


def verifiers(task: Task, organisation: Organisation, on: date) -> tuple[str, ...]:
    """Who may check the work: the leader of the owner unit, else the nearest above, of those who never worked on it or asked for it.

    What the centre's counter owns, another clerk of the centre may check too.
    """
    excluded = {*task.workers, *task.colleagues, *task.hidden_from, *task.askers}
    owner = organisation.units.get(task.owner_id)
    is_centre = owner is not None and owner.kind is OrgUnitKind.SERVICE_CENTRE
    posts = organisation.posts_at(task.owner_id, on) if is_centre else []
    eligible = [post.person_id for post in posts if post.role is Role.CENTRE_CLERK and post.person_id not in excluded]
    for unit_id in authority(task, organisation):
        leaders = [person for person in organisation.leaders(unit_id, on) if person not in excluded]
        if leaders:
            return tuple(dict.fromkeys([*eligible, *leaders]))
    return tuple(eligible)


def _may_judge_return(task: Task, actor: Actor, path: tuple[str, ...]) -> bool:
    if actor.id in task.returners:
        return False
    above = frozenset(path[1:]) or frozenset(path)
    return bool(frozenset(path) & actor.units_led(Role.DISPATCHER)) or bool(above & actor.units_led(Role.SECRETARY))


def _of_approvals(task: Task, actor: Actor, path: tuple[str, ...]) -> set[Standing]:
    """What somebody who does not have the task may decide on: pauses, more time, the long ledger."""
    held, root = set[Standing](), frozenset(path[-1:])
    is_leader = bool(frozenset(path) & actor.units_led(Role.GRID_LEADER, Role.SECRETARY))
    is_secretary = bool(root & actor.units_led(Role.SECRETARY))
    if is_leader:
        held.add(Standing.SUPERIOR)
    if is_secretary or bool(root & actor.units_led(Role.DISPATCHER)) if task.extensions else is_leader:
        held.add(Standing.EXTENSION_JUDGE)
    if is_secretary and not (task.deferral and task.deferral.asked_by_id == actor.id):
        held.add(Standing.DEFERRAL_JUDGE)
    return held
