"""Proxy grants: who may ask on whose behalf."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import proxies
from domain.calendar import SHANGHAI
from domain.items import ServiceItem as Item
from domain.people import Person
from domain.proxies import ProxyEvidence
from resolvers import proxies as deeds
from schema.context import Info
from schema.graph import WANTED, Node, PersonT, deed, described, edge, several, shows
from schema.organisation import ServiceItem
from schema.refusal import payload, result


async def _principal(root: Parent[proxies.ProxyGrant], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.principal_id))


async def _agent(root: Parent[proxies.ProxyGrant], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.agent_id))


async def _recorded_by(root: Parent[proxies.ProxyGrant], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.recorded_by_id))


async def _items(root: Parent[proxies.ProxyGrant], info: Info) -> list[Item]:
    items = await info.context.ports.catalogue.items()
    return [items[id_] for id_ in root.item_ids if id_ in items]


def _live(root: Parent[proxies.ProxyGrant], info: Info) -> bool:
    return root.is_live(info.context.at.astimezone(SHANGHAI).date())


@shows(proxies.ProxyGrant, "Who may ask for what on whose behalf (授权委托).")
class ProxyGrant(Node):
    principal: Any = edge(_principal, PersonT | None, "Who gave it, and keeps the last word (被代办人).")
    agent: Any = edge(_agent, PersonT | None, "Who may act under it (代办人).")
    items: Any = edge(_items, list[ServiceItem], "For what; none stands for all but those with money or rights (服务事项).")
    since: date = described("First day (起始日期).")
    until: date = described("Day from which it no longer holds (终止日期).")
    evidence: ProxyEvidence = described("What shows that it was given (授权凭据).")
    recorded_by: Any = edge(_recorded_by, PersonT | None, "Who recorded it (登记人).")
    revoked_at: datetime | None = described("When it was revoked (撤销时间).")
    live: Any = edge(_live, bool, "Whether it holds today (是否有效).")
    may_withdraw: bool = described("Whether the agent may take back what was asked under it (可代为撤回).")
    version: int = described("Grows by one with every change (版本).")


@strawberry.input(description="Lets somebody ask on one's behalf (授权委托).")
class GrantProxyInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    agent_id: strawberry.ID = strawberry.field(description="Who may act (代办人).")
    since: date = strawberry.field(description="First day (起始日期).")
    until: date = strawberry.field(description="Day from which it no longer holds, at most a year later (终止日期).")
    item_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="For what; else all but those with money or rights (服务事项)."
    )
    evidence: ProxyEvidence | None = strawberry.field(
        default=None, description="What shows it; wanted where a helper records it, and only there (授权凭据)."
    )
    principal_id: strawberry.ID | None = strawberry.field(default=None, description="Who gives it; else yourself (被代办人).")
    may_withdraw: bool | None = strawberry.field(
        default=None, description="Whether the agent may also take back what was asked under it; else not (可代为撤回)."
    )

    def to_domain(self) -> deeds.GrantProxy:
        return deeds.GrantProxy(
            self.command_id,
            self.agent_id,
            self.since,
            self.until,
            several(self.item_ids),
            self.evidence,
            self.principal_id,
            self.may_withdraw,
        )


@strawberry.input(description="Ends a grant at once (撤销授权委托).")
class RevokeProxyInput:
    command_id: UUID = strawberry.field(description="Made by the client; the same again is the same command (指令标识).")
    grant_id: strawberry.ID = strawberry.field(description="Which grant (授权委托).")


GrantProxyPayload = payload("GrantProxy", "grant", ProxyGrant, "The grant as it is now (授权委托).")
RevokeProxyPayload = payload("RevokeProxy", "grant", ProxyGrant, "The grant as it is now (授权委托).")
GrantProxyResult = result("GrantProxy", GrantProxyPayload)
RevokeProxyResult = result("RevokeProxy", RevokeProxyPayload)


async def grant_proxy(input: Annotated[GrantProxyInput, WANTED], info: Info) -> Any:
    return await deeds.grant_proxy(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def revoke_proxy(input: Annotated[RevokeProxyInput, WANTED], info: Info) -> Any:
    sent = deeds.RevokeProxy(input.command_id, input.grant_id)
    return await deeds.revoke_proxy(sent, by=info.context.actor, ports=info.context.ports)


async def own_grants(info: Info) -> Any:
    """For `Viewer`."""
    return await deeds.own_grants(by=info.context.actor, ports=info.context.ports)


@strawberry.type
class ProxyMutations:
    grant_proxy: Any = deed(grant_proxy, GrantProxyResult, "Let somebody ask on your behalf, or record that a resident did (授权委托).")
    revoke_proxy: Any = deed(revoke_proxy, RevokeProxyResult, "End a grant at once (撤销授权委托).")
