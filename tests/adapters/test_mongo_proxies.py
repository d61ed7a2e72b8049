"""Grants on both drivers: however many are recorded at once, nobody becomes the proxy of more than twenty."""

from asyncio import gather
from datetime import date, timedelta
from uuid import uuid4

from domain.errors import RefusalCode, Refused
from domain.proxies import MAX_PRINCIPALS, ProxyGrant
from resolvers.proxies import GrantProxy, RevokeProxy, grant_proxy, own_grants, revoke_proxy
from tests.adapters.stage import Stage

SINCE, UNTIL = date(2026, 11, 23), date(2027, 11, 23)


async def give(stage: Stage, principal: str, agent: str = "resident-4") -> ProxyGrant | RefusalCode:
    sent = GrantProxy(uuid4(), stage.id_of(agent), SINCE, UNTIL)
    try:
        return (await grant_proxy(sent, by=await stage.actor(principal), ports=stage.house.ports)).subject
    except Refused as no:
        return no.refusal.code


async def test_thirty_at_once_end_at_exactly_twenty(stage: Stage) -> None:
    principals = [handle for handle in stage.planned.handles if handle.startswith("resident-") and handle != "resident-4"][:30]

    answers = await gather(*(give(stage, principal) for principal in principals))

    given = [answer for answer in answers if isinstance(answer, ProxyGrant)]
    assert len(principals) == 30
    assert len(given) == MAX_PRINCIPALS
    assert [answer for answer in answers if not isinstance(answer, ProxyGrant)] == [RefusalCode.LIMIT_REACHED] * 10
    assert await stage.house.mongo.collection("proxy_grants").count_documents({}) == MAX_PRINCIPALS
    assert await stage.house.mongo.collection("commands").count_documents({}) == MAX_PRINCIPALS
    agent = await stage.actor("resident-4")
    assert {grant.id for grant in agent.grants} == {grant.id for grant in given}


async def test_revoked_and_expired_grants_leave_room(stage: Stage) -> None:
    given = await give(stage, "resident-1")
    assert isinstance(given, ProxyGrant)
    assert await give(stage, "resident-1") is RefusalCode.LIMIT_REACHED
    await revoke_proxy(RevokeProxy(uuid4(), given.id), by=await stage.actor("resident-1"), ports=stage.house.ports)
    assert (await stage.actor("resident-4")).grants == ()

    again = await give(stage, "resident-1")

    assert isinstance(again, ProxyGrant)
    assert [grant.id for grant in await own_grants(by=await stage.actor("resident-4"), ports=stage.house.ports)] == [again.id]
    stage.clock.now += timedelta(days=366)
    assert (await stage.actor("resident-4")).grants == ()
    assert await own_grants(by=await stage.actor("resident-1"), ports=stage.house.ports) == []
