"""Who has how much to do, for whoever can send help."""

from collections.abc import Sequence

from domain.access import Actor
from domain.calendar import SHANGHAI
from domain.ports import Ports
from domain.workload import Workload, told_of


async def workload(unit_id: str, *, by: Actor, ports: Ports) -> Sequence[Workload]:
    """Nothing for whoever neither leads the unit nor works there."""
    told = told_of(by, unit_id, ports.clock().astimezone(SHANGHAI).date())
    if by.person is None or not told:
        return []
    counts = await ports.tasks.to_do(by.person.township, told)
    return [Workload(person_id, by.person.township, counts.get(person_id, 0)) for person_id in told]
