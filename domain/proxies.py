"""Proxies (代办): one resident acts for another under a grant (授权委托), which has a scope, a period and evidence, and can be revoked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from domain.commands import Command
from domain.errors import RefusalCode, invalid, refused
from domain.items import ServiceItem

if TYPE_CHECKING:
    from domain.access import Actor

MAX_PRINCIPALS = 20
"""Nobody is proxy for more, and nobody has more proxies."""

MAX_ITEMS = 100

LATEST_START = timedelta(days=366)


class ProxyEvidence(Enum):
    OWN_SIGN_IN = "OWN_SIGN_IN"  # the principal's own command
    SIGNED_PAPER = "SIGNED_PAPER"
    CALL_BACK_BY_THIRD = "CALL_BACK_BY_THIRD"
    WITNESS = "WITNESS"


@dataclass(frozen=True, slots=True)
class ProxyGrant:
    """Who may ask for what on whose behalf; `until` is the day from which it no longer holds.

    No `item_ids` stand for every item but those with money or rights. `may_withdraw`: what was asked under it may be taken back under it.
    `recorded_by_id` is the principal, or the helper who was told.
    """

    id: str
    township: str
    principal_id: str
    agent_id: str
    item_ids: tuple[str, ...]
    since: date
    until: date
    evidence: ProxyEvidence
    recorded_by_id: str
    recorded_at: datetime
    revoked_at: datetime | None = None
    version: int = 1
    may_withdraw: bool = False

    @property
    def parties(self) -> tuple[str, str]:
        return self.principal_id, self.agent_id

    def is_live(self, on: date) -> bool:
        return self.revoked_at is None and self.since <= on < self.until

    def is_ended(self, on: date) -> bool:
        """Neither holds nor will hold."""
        return self.revoked_at is not None or self.until <= on

    def covers(self, item: ServiceItem) -> bool:
        """Money and rights only where they are named, on signed paper."""
        if item.needs_paper:
            return item.id in self.item_ids and self.evidence is ProxyEvidence.SIGNED_PAPER
        return not self.item_ids or item.id in self.item_ids

    def revoke(self, *, at: datetime) -> "ProxyGrant":
        """Ended; what ended before stays as it ended."""
        return self if self.revoked_at else replace(self, revoked_at=at, version=self.version + 1)


class ProxyGrants(Protocol):
    """A port."""

    async def record(self, grant: ProxyGrant, *, command: Command) -> str:
        """The id of the grant that is kept. Raises `Refused`: LIMIT_REACHED, however many are recorded at once, COMMAND_MISMATCH."""
        ...

    async def revoke(self, grant_id: str, *, township: str, command: Command) -> None:
        """Ends it; whether the reader may is judged before. Raises `Refused` COMMAND_MISMATCH."""
        ...

    async def by_ids(self, township: str, ids: Sequence[str]) -> Sequence[ProxyGrant]:
        """Whether the reader may see them is judged after."""
        ...

    async def of_person(self, *, seen_by: "Actor", on: date) -> Sequence[ProxyGrant]:
        """Those that the reader gave or was given and that have not ended, newest first; there are at most 40."""
        ...


def covering(grants: Iterable[ProxyGrant], principal_id: str, item: ServiceItem, on: date) -> ProxyGrant | None:
    """The grant under which the item may be asked for on the principal's behalf."""
    return next((grant for grant in grants if grant.principal_id == principal_id and grant.is_live(on) and grant.covers(item)), None)


def check_period(since: date, until: date, *, on: date) -> None:
    """At most a year, not over yet, and not begun later than in a year. Raises INVALID_INPUT."""
    if since > on + LATEST_START:
        raise invalid("refusal.grant_period", "since")
    if until <= since or until <= on or until > a_year_after(since):
        raise invalid("refusal.grant_period", "until")


def a_year_after(day: date) -> date:
    """The same day of the next year; after 29 February, 1 March."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def check_evidence(evidence: ProxyEvidence | None, items: Iterable[ServiceItem], *, is_own: bool) -> ProxyEvidence:
    """The evidence that is kept. Raises INVALID_INPUT where it does not fit who records, or what the grant is for."""
    if is_own and evidence not in {None, ProxyEvidence.OWN_SIGN_IN}:
        raise invalid("refusal.evidence_not_wanted", "evidence")
    if not is_own and evidence in {None, ProxyEvidence.OWN_SIGN_IN}:
        raise invalid("refusal.evidence_wanted", "evidence")
    kept = ProxyEvidence.OWN_SIGN_IN if is_own or evidence is None else evidence
    if kept is not ProxyEvidence.SIGNED_PAPER and any(item.needs_paper for item in items):
        raise invalid("refusal.paper_wanted", "itemIds")
    return kept


def check_room(principal_id: str, agent_id: str, others: Sequence[ProxyGrant]) -> None:
    """`others` are the grants of either that have not ended. Raises LIMIT_REACHED."""
    given = [grant for grant in others if grant.principal_id == principal_id]
    taken = [grant for grant in others if grant.agent_id == agent_id]
    if any(grant.agent_id == agent_id for grant in given):
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.grant_there_already", "agentId")
    if len(taken) >= MAX_PRINCIPALS:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_principals", "agentId", limit=MAX_PRINCIPALS)
    if len(given) >= MAX_PRINCIPALS:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_proxies", "principalId", limit=MAX_PRINCIPALS)
