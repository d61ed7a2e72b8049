"""Homes, for those whom they concern."""

from collections.abc import Mapping, Sequence

from domain.access import Actor
from domain.households import Household
from domain.ports import Ports
from domain.requests import Request


async def households_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[Household]:
    return await ports.households.by_ids(ids, seen_by=by)


async def households_of_requests(requests: Sequence[Request], *, by: Actor, ports: Ports) -> Mapping[str, Household]:
    """The homes that visible requests name; the reader who has a key to the home itself sees its link too."""
    wanted = {request.household_id: request.township for request in requests if request.household_id}
    found = {home.id: home for home in await ports.households.by_ids(list(wanted), seen_by=by)}
    for township in set(wanted.values()):
        missing = [id_ for id_, at in wanted.items() if at == township and id_ not in found]
        if missing:
            found |= {home.id: home for home in await ports.households.of_requests(township, missing, seen_by=by)}
    return found
