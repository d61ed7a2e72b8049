"""The inbox: one's own, and nobody else's."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.access import Actor
from domain.errors import invalid
from domain.notices import Notice
from domain.pages import Page, PageRequest
from domain.ports import Ports
from resolvers.acting import command_of, signed_in

MAX_NOTICES = 100


@dataclass(frozen=True, slots=True)
class MarkNoticesRead:
    command_id: UUID
    notice_ids: Sequence[str]


async def mark_notices_read(sent: MarkNoticesRead, *, by: Actor, ports: Ports) -> int:
    """How many are left unread."""
    person, _ = signed_in(by)
    if len(sent.notice_ids) > MAX_NOTICES:
        raise invalid("refusal.too_many", "noticeIds", limit=MAX_NOTICES)
    command = command_of("markNoticesRead", sent, person, at=ports.clock())
    await ports.notices.mark_read(sent.notice_ids, by=by, command=command)
    return await ports.notices.unread(seen_by=by)


async def notices_page(page: PageRequest, *, by: Actor, ports: Ports) -> Page[Notice]:
    return await ports.notices.page(page, seen_by=by)


async def notices_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[Notice]:
    return await ports.notices.by_ids(ids, seen_by=by)


async def unread_notices(*, by: Actor, ports: Ports) -> int:
    return await ports.notices.unread(seen_by=by)
