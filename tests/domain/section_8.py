"""`domain.md`, section 8, said again in other words: who sees what, straight from posts and from the tree, without keys.

It climbs by `parent_id` itself and asks nothing of `domain.access`, so that a slip in one of them shows as a difference.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.households import Household
from domain.organisation import Organisation, OrgUnit, OrgUnitKind
from domain.people import Person
from domain.posts import Appointment, Role
from domain.rights import Right
from domain.tasks import Task, TaskState
from tests.domain.townships import ON as TODAY

DESKS = (Role.GRID_LEADER, Role.SECRETARY, Role.DISPATCHER, Role.CENTRE_CLERK)
AT_HOME = (Role.RESIDENT, Role.LINK_MEMBER, Role.HUB_HOST)
"""Not on the notice board."""

MAY: dict[Right, tuple[Role, ...]] = {
    Right.IMPORT_ORGANISATION: (Role.ADMINISTRATOR,),
    Right.MANAGE_UNITS: (Role.ADMINISTRATOR,),
    Right.APPOINT: (Role.ADMINISTRATOR, Role.SECRETARY),
    Right.PLAN_DUTY: (Role.ADMINISTRATOR, Role.SECRETARY, Role.DISPATCHER, Role.GRID_LEADER),
    Right.MOVE_HOUSEHOLDS: (Role.ADMINISTRATOR, Role.SECRETARY),
    Right.LINK_HOUSEHOLDS: (Role.ADMINISTRATOR, Role.SECRETARY, Role.GRID_LEADER),
    Right.RECORD_PROXY: (Role.CENTRE_CLERK, Role.GRID_LEADER, Role.DISPATCHER, Role.SECRETARY),
    Right.KEEP_SUBJECT_REQUESTS: (Role.PRIVACY_OFFICER,),
    Right.ENROL: (Role.ADMINISTRATOR, Role.CENTRE_CLERK),
}
"""Who changes the organisation: a right without a line here fails the matrix by its name."""


@dataclass(frozen=True)
class Section8:
    """What one person sees who holds these posts today."""

    reader: Person
    posts: Sequence[Appointment]
    tree: Organisation

    # --- The tree.

    def _up(self, unit_id: str | None) -> Iterator[OrgUnit]:
        while unit_id is not None and unit_id in self.tree.units:
            yield self.tree.units[unit_id]
            unit_id = self.tree.units[unit_id].parent_id

    def _stands_over(self, unit_id: str, *roles: Role) -> bool:
        above = {unit.id for unit in self._up(unit_id)}
        return any(post.role in roles and post.unit_id in above for post in self.posts)

    # --- Tasks, and with them their requests and histories.

    def sees_task(self, task: Task) -> bool:
        if self.reader.id == task.askers[0]:
            return True  # whom it is for
        if self.reader.id in task.askers:
            return bool(self.posts)  # who typed it, while there to help
        if self.reader.id in task.hidden_from or not self.posts:
            return False
        return self.reader.id == task.assignee_id or self._stands_over(task.owner_id, *DESKS) or self._works_in_its_grid(task)

    def _works_in_its_grid(self, task: Task) -> bool:
        is_open = task.state not in {TaskState.CLOSED, TaskState.CANCELLED}
        is_of_the_branch = task.grid_id is not None and self.tree.grids[task.grid_id].branch_id == task.owner_id
        return is_open and is_of_the_branch and any(post.role is Role.GRID_WORKER and post.grid_id == task.grid_id for post in self.posts)

    # --- Homes and persons.

    def sees_home(self, home: Household) -> bool:
        hosts = any(post.role is Role.HUB_HOST and post.micro_grid_id == home.micro_grid_id for post in self.posts)
        return home.id == self.reader.household_id or self.serves_home(home) or hosts or self._is_linked(home)

    def _is_linked(self, home: Household) -> bool:
        link = home.link
        holds = link is not None and link.agreed_by_household and link.since <= TODAY and (link.until is None or link.until > TODAY)
        is_member = any(post.role is Role.LINK_MEMBER for post in self.posts)
        return holds and is_member and link is not None and link.member_id == self.reader.id

    def serves_home(self, home: Household) -> bool:
        """As staff: this also opens who lives there."""
        works = any(post.role is Role.GRID_WORKER and post.grid_id == home.residence_grid_id for post in self.posts)
        village = self.tree.villages[home.origin_village_id].unit_id if home.origin_village_id else None
        standing = [self.tree.grids[home.residence_grid_id].branch_id, *([village] if village else [])]
        return works or any(self._stands_over(unit_id, *DESKS) or self._has_the_counter_of(unit_id) for unit_id in standing)

    def _has_the_counter_of(self, unit_id: str) -> bool:
        above = {unit.id for unit in self._up(unit_id)}
        counters = [self.tree.units[post.unit_id] for post in self.posts if post.role is Role.CENTRE_CLERK]
        return any(unit.kind is OrgUnitKind.SERVICE_CENTRE and unit.parent_id in above for unit in counters)

    def knows(self, person: Person, their_posts: Sequence[Appointment], home: Household | None) -> bool:
        """The name of somebody with a post; `home` is the reader's own."""
        if person.id == self.reader.id or any(post.role not in AT_HOME for post in their_posts):
            return True
        return any(self._knows_holder(post, home) for post in their_posts)

    def _knows_holder(self, post: Appointment, home: Household | None) -> bool:
        is_of_the_grid = any(own.role is Role.GRID_WORKER and own.grid_id and own.grid_id == post.grid_id for own in self.posts)
        serves_me = home is not None and (
            (post.role is Role.HUB_HOST and post.micro_grid_id == home.micro_grid_id)
            or (post.role is Role.LINK_MEMBER and home.link is not None and home.link.member_id == post.person_id)
        )
        return self._stands_over(post.unit_id, *DESKS) or is_of_the_grid or serves_me

    # --- Figures, and what one may do with the organisation.

    def is_told_figures_of(self, unit_id: str) -> bool:
        if self._stands_over(unit_id, *DESKS):
            return True
        led = [self.tree.units[post.unit_id] for post in self.posts if post.role in DESKS]
        covered = {id_ for unit in led if unit.kind.name.endswith("_COMMITTEE") and unit.parent_id for id_ in unit.covers}
        return any(unit.id in covered for unit in self._up(unit_id))

    def may(self, right: Right, unit_id: str) -> bool:
        return self._stands_over(unit_id, *MAY[right])
