"""Reports of a phone that wait for what they build on."""

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import tasks
from domain.tasks import ContactKind, Outcome
from schema.context import Info


@strawberry.type(description="What a phone sent before the act that it builds on; carried out as soon as that is there (暂存回报).")
class EarlyReport:
    command_id: UUID = strawberry.field(description="Which command of the phone (指令标识).")
    at: datetime = strawberry.field(description="When, by the phone's clock (设备时间).")
    outcome: Outcome | None = strawberry.field(description="What came of the work, where it is said to be done (办理结果).")
    contact: ContactKind | None = strawberry.field(description="How the resident was contacted, where work began (联系方式).")


async def early_reports_of(root: Parent[tasks.Task], info: Info) -> list[EarlyReport]:
    if info.context.actor.is_only_asker(root.askers, root.scopes):
        return []
    return [
        EarlyReport(command_id=UUID(report.command_id), at=report.at, outcome=report.outcome, contact=report.contact)
        for report in root.early
    ]
