"""The part of the tour where people help each other: a grant, what is asked under it, its end; how word gets to a home."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.households import Reach
from domain.ports import Ports
from resolvers.proxies import GrantProxy, RevokeProxy, grant_proxy, grants_by_ids, own_grants, revoke_proxy
from resolvers.reach import SetHouseholdReach, set_household_reach
from resolvers.requests import SubmitRequest, submit_request


async def help_each_other(item_id: str, agent_of: Any, people: Mapping[str, Actor], ports: Ports) -> None:
    """`agent_of` signs the agent in anew; the grant is revoked in the end, the agent's request stays."""
    resident, leader = people["resident-1"], people["grid-leader-1"]
    today = ports.clock().astimezone(SHANGHAI).date()
    agent = await agent_of()
    sent = GrantProxy(uuid4(), agent.id, today, today + timedelta(days=365))
    grant = (await grant_proxy(sent, by=resident, ports=ports)).subject
    await grant_proxy(sent, by=resident, ports=ports)
    await grants_by_ids([grant.id], by=leader, ports=ports)
    await own_grants(by=resident, ports=ports)
    await submit_request(SubmitRequest(uuid4(), item_id, "楼道灯不亮", on_behalf_of_id=resident.id), by=await agent_of(), ports=ports)
    await revoke_proxy(RevokeProxy(uuid4(), grant.id), by=leader, ports=ports)
    home_id = resident.person.household_id if resident.person else None
    await set_household_reach(SetHouseholdReach(uuid4(), home_id or "", Reach.VISIT), by=leader, ports=ports)
    await ports.reaches.of(agent.person.township, [home_id or ""])
