"""Who has how much to do."""

from typing import Annotated, Any

import strawberry
from strawberry import Parent

from domain import workload
from resolvers import workload as reads
from schema.context import Info
from schema.graph import PersonT, described, edge, shows


async def _person(root: Parent[workload.Workload], info: Info) -> Any:
    return await info.context.loaders.person_named.load((root.township, root.person_id))


@shows(workload.Workload, "What stands on somebody's list now; for help, never for grading (工作量).")
class Workload:
    person: Any = edge(_person, PersonT | None, "Who (人员).")
    open_tasks: int = described("How many tasks they have to do (待办数).")


async def _workload(info: Info, unit_id: Annotated[strawberry.ID, strawberry.argument(description="The unit (组织).")]) -> Any:
    return await reads.workload(unit_id, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class WorkloadQueries:
    workload: Any = edge(
        _workload,
        list[Workload],
        "Everybody on duty in a unit and below, in roster order, for whoever leads it; else oneself (工作量).",
    )
