"""How long things are kept (保存期限): one table by collection, and what of it is removed when the time is over."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from domain.calendar import SHANGHAI

YEAR = 365


class Basis(Enum):
    """From when the time counts."""

    OWN_MOMENT = "a moment of its own"
    REQUEST_OVER = "the end of its request"
    LAST_REQUEST_OVER = "the end of the person's last request"
    NAMED_REQUEST_OVER = "the end of the request that it names"


class Removal(Enum):
    CONTENTS = "its contents; that they were removed, when and why stays"
    DOCUMENT = "the whole document"


@dataclass(frozen=True, slots=True)
class Policy:
    """What of a collection is removed, how many days after what.

    `moment` is the field that the days count from: of the document itself, or of requests. Where it is its own, the collection has an
    index `retention` on it; where it is that of the person's last request, documents have the person's id for theirs; of somebody
    who never asked they go once the person is on the list no more. A document that names a request has its id as `request_id`.
    """

    collection: str
    days: int
    basis: Basis
    moment: str
    removal: Removal
    removes: str
    chinese: str
    is_by_day: bool = False
    """Whether the moment is kept as a day, Shanghai time."""

    def bound(self, at: datetime) -> datetime | str:
        """The cutoff, as moments are kept."""
        cutoff = self.cutoff(at)
        return cutoff.astimezone(SHANGHAI).date().isoformat() if self.is_by_day else cutoff

    def cutoff(self, at: datetime) -> datetime:
        """What lies at this moment or before it has been kept long enough."""
        return at - timedelta(days=self.days)


def _own(
    collection: str,
    moment: str,
    days: int,
    removes: str,
    chinese: str,
    *,
    is_by_day: bool = False,
    removal: Removal = Removal.DOCUMENT,
) -> Policy:
    return Policy(collection, days, Basis.OWN_MOMENT, moment, removal, removes, chinese, is_by_day)


POLICIES: tuple[Policy, ...] = (
    Policy(
        "words",
        3 * YEAR,
        Basis.REQUEST_OVER,
        "closed_at",
        Removal.CONTENTS,
        "text, address, point and remarks of a request, 3 years after its end",
        "诉求内容",
    ),
    _own(
        "words",
        "closed_at",
        3 * YEAR,
        "words of work that nobody asked for, 3 years after its end",
        "未诉先办内容",
        removal=Removal.CONTENTS,
    ),
    Policy(
        "contacts",
        90,
        Basis.LAST_REQUEST_OVER,
        "closed_at",
        Removal.DOCUMENT,
        "telephone and address of a person, 90 days after the end of their last request",
        "联系方式",
    ),
    _own("notices", "created_at", YEAR, "lines of an inbox, after 1 year", "通知"),
    Policy(
        "followings",
        15,
        Basis.NAMED_REQUEST_OVER,
        "closed_at",
        Removal.DOCUMENT,
        "who follows a request, 15 days after its end, or that of the one in which it went on",
        "关注",
    ),
    _own("devices", "retired_at", 180, "phones that get no pushes any more, 180 days after the last", "已停用设备"),
    _own("subject_requests", "decided_at", 3 * YEAR, "what somebody asked about their data, 3 years after the answer", "个人信息权利请求"),
    _own(
        "proxy_grants",
        "until",
        3 * YEAR,
        "who could ask for whom, 3 years after the day until which it was given",
        "授权委托",
        is_by_day=True,
    ),
    _own("enrolment_codes", "expires_at", 0, "codes that are too old, at once", "绑定码"),
)
"""In the order in which they are swept."""

BY_THE_DATABASE: Mapping[str, str] = {
    "commands": "records of commands, after 400 days",
    "readings": "the read log, after 3 years",
    "saved_filters": "filters, 2 years after they were changed last",
    "looks": "the log of searches and exports, after 3 years",
}
"""What MongoDB removes by itself."""


@dataclass(frozen=True, slots=True)
class Due:
    """Documents of one township whose time is over, by id, in order."""

    policy: Policy
    township: str
    ids: tuple[str, ...]


class Retention(Protocol):
    def due(self, policy: Policy, *, at: datetime) -> AsyncIterator[Due]:
        """Batches of what is to be removed, by township, then by moment, then by id; what is held is never among them."""
        ...

    async def remove(self, due: Due, *, at: datetime) -> Sequence[str]:
        """Removes what of the batch is still due, in one transaction; its ids."""
        ...

    async def hold(self, number: str, because: str | None, *, at: datetime) -> bool:
        """Flags the contents of a request as in dispute, or takes the flag off; whether there is such a request with contents."""
        ...
