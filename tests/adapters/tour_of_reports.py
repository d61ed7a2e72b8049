"""The part of the tour where a phone reports on a task that was given to somebody else, and one is told what of it counts."""

from uuid import uuid4

from domain.access import Actor
from domain.ports import Ports
from domain.tasks import Outcome
from resolvers.batch import carried_out
from resolvers.late_reports import own_rejected
from resolvers.tasks import CompleteTask


async def report_too_late(task_id: str, worker: Actor, ports: Ports) -> None:
    await carried_out(CompleteTask(uuid4(), task_id, Outcome.SOLVED, "换了灯泡"), by=worker, ports=ports)
    await own_rejected(by=worker, ports=ports)
