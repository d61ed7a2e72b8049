"""Who may do what with the organisation and with data about persons: one catalogue, by role; what may be done with tasks is `lifecycle`.

A right reaches the sub-tree of the unit where its role is held, and no further; without a post there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from domain.access import Actor, homes_in_sight
from domain.errors import RefusalCode, refused
from domain.households import Household
from domain.posts import Role


class Right(Enum):
    IMPORT_ORGANISATION = "import the organisation"
    MANAGE_UNITS = "create, move and close units, and cut grids anew"
    APPOINT = "appoint, and end posts"
    PLAN_DUTY = "record leave, name substitutes, draw up the rota"
    MOVE_HOUSEHOLDS = "move households to another grid or micro-grid"
    LINK_HOUSEHOLDS = "link a household with a member, with its agreement"
    RECORD_PROXY = "record a proxy grant that a resident gave on paper or by word, and its revocation"
    KEEP_SUBJECT_REQUESTS = "answer what persons ask about their own data"
    ENROL = "enrol persons, hand out codes for linking a sign-in, unlink"


@dataclass(frozen=True, slots=True)
class Grant:
    """The roles that have a right, and what it is in Chinese."""

    roles: frozenset[Role]
    chinese: str


def _grant(chinese: str, *roles: Role) -> Grant:
    return Grant(frozenset(roles), chinese)


RIGHTS: Mapping[Right, Grant] = {
    Right.IMPORT_ORGANISATION: _grant("导入组织", Role.ADMINISTRATOR),
    Right.MANAGE_UNITS: _grant("组织与网格调整", Role.ADMINISTRATOR),
    Right.APPOINT: _grant("任免", Role.ADMINISTRATOR, Role.SECRETARY),
    Right.PLAN_DUTY: _grant("请假、替班与排班", Role.ADMINISTRATOR, Role.SECRETARY, Role.DISPATCHER, Role.GRID_LEADER),
    Right.MOVE_HOUSEHOLDS: _grant("住户迁移", Role.ADMINISTRATOR, Role.SECRETARY),
    Right.LINK_HOUSEHOLDS: _grant("联户", Role.ADMINISTRATOR, Role.SECRETARY, Role.GRID_LEADER),
    Right.RECORD_PROXY: _grant("授权委托登记", Role.CENTRE_CLERK, Role.GRID_LEADER, Role.DISPATCHER, Role.SECRETARY),
    Right.KEEP_SUBJECT_REQUESTS: _grant("个人信息权利请求", Role.PRIVACY_OFFICER),
    Right.ENROL: _grant("人员登记与账号绑定", Role.ADMINISTRATOR, Role.CENTRE_CLERK),
}


def may(actor: Actor, right: Right, unit_id: str) -> bool:
    """Whether the actor holds the right at the unit or above it."""
    organisation = actor.organisation
    if organisation is None:
        return False
    held = actor.units_led(*RIGHTS[right].roles)
    return any(unit.id in held for unit in organisation.path(unit_id))


def require(actor: Actor, right: Right, unit_id: str, field: str) -> None:
    """Raises NOT_ALLOWED, naming `field`, unless the actor may."""
    if not may(actor, right, unit_id):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", field)


def may_record_proxy(actor: Actor, home: Household) -> bool:
    """Whether one of the actor's posts that have the right serves the home: a counter serves whatever its centre stands beside."""
    posts = tuple(post for post in actor.appointments if post.role in RIGHTS[Right.RECORD_PROXY].roles)
    return homes_in_sight(replace(actor, appointments=posts)).as_staff(home)
