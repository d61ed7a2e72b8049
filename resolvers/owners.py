"""Several owners of one matter (rule 9): whoever owns the place leads, the item's further owners help, from the first moment on."""

from domain.assists import called_in_by_rule
from domain.calendar import SHANGHAI
from domain.cases import Case
from domain.further_owners import further_owners
from domain.ids import Kind
from domain.items import ServiceItem
from domain.ports import Ports
from resolvers.acting import Acting


def with_further_owners(case: Case, item: ServiceItem, now: Acting, ports: Ports) -> Case:
    """A case that was just routed, with a task below its lead for each further owner; the case itself where the item has none."""
    request, on = case.request, now.at.astimezone(SHANGHAI).date()
    if request is None or not item.assist_rules:
        return case
    lead = now.organisation.units[case.tasks[0].owner_id]
    services = further_owners(
        now.organisation, item, request.scope, request.place, lead, on=on, avoided=case.avoided, is_shielded=request.is_shielded
    )
    ids = [ports.ids.new(Kind.TASK, request.township, now.at) for _ in services]
    return called_in_by_rule(case, dict(zip(ids, services, strict=True)), now.moment(case))
