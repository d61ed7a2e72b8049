"""Proxy grants: given by the principal's own sign-in, or recorded by a helper with an office; revoked as easily as by a word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.errors import RefusalCode, Refused, invalid, not_found, refused
from domain.ids import Kind
from domain.items import ServiceItem
from domain.people import Person
from domain.ports import Ports
from domain.proxies import MAX_ITEMS, ProxyEvidence, ProxyGrant, check_evidence, check_period
from domain.rights import may_record_proxy
from resolvers.acting import Done, command_of, signed_in


@dataclass(frozen=True, slots=True)
class GrantProxy:
    command_id: UUID
    agent_id: str
    since: date
    until: date
    item_ids: Sequence[str] | None = None
    evidence: ProxyEvidence | None = None
    principal_id: str | None = None
    may_withdraw: bool | None = None


@dataclass(frozen=True, slots=True)
class RevokeProxy:
    command_id: UUID
    grant_id: str


async def grant_proxy(sent: GrantProxy, *, by: Actor, ports: Ports) -> Done[ProxyGrant]:
    """The grant as it is kept. Refuses a helper who would be the agent, whoever has no room, and items that want signed paper."""
    person, _ = signed_in(by)
    at = ports.clock()
    command = command_of("grantProxy", sent, person, at=at, acting_for_id=sent.principal_id)
    try:
        grant = await _checked(sent, at, by, ports)
    except Refused:
        # What was given once stays so, whatever day it is by now and whoever moved.
        try:
            replayed = await ports.requests.replay_of(command)
        except Refused:  # COMMAND_MISMATCH comes after whatever is wrong with the contents
            replayed = None
        if replayed is None:
            raise
        return await _answered(replayed.subject_id, is_replay=True, by=by, ports=ports)
    kept_id = await ports.proxy_grants.record(grant, command=command)
    return await _answered(kept_id, is_replay=kept_id != grant.id, by=by, ports=ports)


async def _checked(sent: GrantProxy, at: datetime, by: Actor, ports: Ports) -> ProxyGrant:
    """The grant that is asked for, without having looked whether there is room for it."""
    person, _ = signed_in(by)
    check_period(sent.since, sent.until, on=at.astimezone(SHANGHAI).date())
    is_own = sent.principal_id in {None, person.id}
    items = await _items(sent.item_ids, ports)
    evidence = check_evidence(sent.evidence, items, is_own=is_own)
    principal = await _principal(sent.principal_id, by, ports)
    agent = await _agent(sent.agent_id, principal, ports)
    if not is_own and agent.id == person.id:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.own_proxy", "agentId")
    return ProxyGrant(
        id=ports.ids.new(Kind.PROXY_GRANT, person.township, at),
        township=person.township,
        principal_id=principal.id,
        agent_id=agent.id,
        item_ids=tuple(item.id for item in items),
        since=sent.since,
        until=sent.until,
        evidence=evidence,
        recorded_by_id=person.id,
        recorded_at=at,
        may_withdraw=bool(sent.may_withdraw),
    )


async def revoke_proxy(sent: RevokeProxy, *, by: Actor, ports: Ports) -> Done[ProxyGrant]:
    """Ends it: for either party, for whoever recorded it, and for helpers with the office, who were told so by the principal."""
    person, _ = signed_in(by)
    command = command_of("revokeProxy", sent, person, at=ports.clock())
    found = await grants_by_ids([sent.grant_id], by=by, ports=ports)
    if not found:
        raise not_found("grantId")
    is_replay = await ports.requests.replay_of(command) is not None
    await ports.proxy_grants.revoke(found[0].id, township=person.township, command=command)
    return await _answered(found[0].id, is_replay=is_replay, by=by, ports=ports)


async def grants_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[ProxyGrant]:
    """Those of which the reader is a party, and those that the reader's office may record."""
    if by.person is None:
        return []
    found = await ports.proxy_grants.by_ids(by.person.township, ids)
    return [grant for grant in found if by.id in grant.parties or await _may_record_for(grant.principal_id, by, ports)]


async def own_grants(*, by: Actor, ports: Ports) -> Sequence[ProxyGrant]:
    """Those that one gave or was given and that have not ended."""
    return await ports.proxy_grants.of_person(seen_by=by, on=ports.clock().astimezone(SHANGHAI).date())


async def _answered(grant_id: str, *, is_replay: bool, by: Actor, ports: Ports) -> Done[ProxyGrant]:
    found = await grants_by_ids([grant_id], by=by, ports=ports)
    if not found:
        raise not_found("commandId")
    return Done(found[0], is_replay=is_replay)


async def _principal(principal_id: str | None, by: Actor, ports: Ports) -> Person:
    """Oneself, or a resident whom the helper's office serves."""
    person, _ = signed_in(by)
    if principal_id is not None and principal_id != person.id:
        found = await ports.people.by_ids(person.township, [principal_id])
        if not found or not await _may_record_for(principal_id, by, ports):
            raise not_found("principalId")
        return found[0]
    if person.household_id is None:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.grant_by_residents", "principalId")
    return person


async def _agent(agent_id: str, principal: Person, ports: Ports) -> Person:
    if agent_id == principal.id:
        raise invalid("refusal.proxy_of_oneself", "agentId")
    found = await ports.people.by_ids(principal.township, [agent_id])
    if not found:
        raise not_found("agentId")
    return found[0]


async def _items(item_ids: Sequence[str] | None, ports: Ports) -> list[ServiceItem]:
    wanted = list(dict.fromkeys(item_ids or ()))
    if len(wanted) > MAX_ITEMS:
        raise invalid("refusal.too_many", "itemIds", limit=MAX_ITEMS)
    items = await ports.catalogue.items()
    if any(id_ not in items for id_ in wanted):
        raise not_found("itemIds")
    return [items[id_] for id_ in wanted]


async def _may_record_for(principal_id: str, by: Actor, ports: Ports) -> bool:
    """Whether one of the reader's posts serves the home where the principal lives."""
    if by.person is None or not by.appointments:
        return False
    people = await ports.people.by_ids(by.person.township, [principal_id])
    home_ids = [person.household_id for person in people if person.household_id]
    homes = await ports.households.by_ids(home_ids, seen_by=by)
    return any(may_record_proxy(by, home) for home in homes)
