"""Who is signed in, and what is theirs."""

from typing import Any

from strawberry import Parent

import schema.enums  # noqa: F401  # shows the enumerations before any type uses one
from domain.access import Actor
from domain.posts import Role
from resolvers import notices as notice_reads
from schema import proxies
from schema.contacts import ViewerContact
from schema.context import Info
from schema.filters import ViewerFilters
from schema.followers import ViewerFollowing
from schema.graph import HouseholdT, edge, shows
from schema.late_reports import ViewerReports
from schema.lists import own_requests, own_tasks
from schema.organisation import Appointment
from schema.pages import (
    After,
    Before,
    First,
    Last,
    NoticeConnection,
    NoticeEdge,
    RequestConnection,
    TaskConnection,
    connection,
    wanted_page,
)
from schema.people import Person
from schema.subject_requests import ViewerSubjectRequests


async def _notices(info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None) -> Any:
    page = wanted_page(first, after, last, before)
    found = await notice_reads.notices_page(page, by=info.context.actor, ports=info.context.ports)
    return connection(NoticeEdge, NoticeConnection, found)


async def _unread(info: Info) -> int:
    return await notice_reads.unread_notices(by=info.context.actor, ports=info.context.ports)


async def _household(root: Parent[Actor], info: Info) -> Any:
    home = root.person.household_id if root.person else None
    return await info.context.loaders.node.load(home) if home else None


@shows(Actor, "Who is signed in (当前用户).")
class Viewer(ViewerContact, ViewerFilters, ViewerFollowing, ViewerReports, ViewerSubjectRequests):
    person: Any = edge(lambda root: root.person, Person, "You (本人).")
    roles: Any = edge(lambda root: list(root.roles), list[Role], "What you are now (角色).")
    appointments: Any = edge(lambda root: list(root.appointments), list[Appointment], "Posts you hold now (任职).")
    household: Any = edge(_household, HouseholdT | None, "Your home (住户).")
    tasks: Any = edge(own_tasks, TaskConnection, "Yours to do, newest first; other states where the filter names them (我的待办).")
    requests: Any = edge(own_requests, RequestConnection, "Those you made or that were made for you, newest first (我的诉求).")
    notices: Any = edge(_notices, NoticeConnection, "Your inbox, newest first (我的通知).")
    unread_notices: Any = edge(_unread, int, "How many lines of it are unread (未读数).")
    proxy_grants: Any = edge(
        proxies.own_grants, list[proxies.ProxyGrant], "Those you gave or were given that have not ended, newest first (授权委托)."
    )
