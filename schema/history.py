"""What happened to a request or a task."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import Parent

from domain import events
from domain.people import Person
from schema.context import Info
from schema.graph import PersonT, described, edge, shows


async def _actor(root: Parent[events.Event], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.actor_id)) if root.actor_id else None


async def _acting_for(root: Parent[events.Event], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.acting_for_id)) if root.acting_for_id else None


def _kind(root: Parent[events.Event]) -> str:
    return root.kind.value


@shows(events.Event, "One act, appended and never altered (历史记录).")
class Event:
    id: strawberry.ID = described("Opaque id (标识).")
    kind: Any = edge(_kind, str, "What happened, a past verb of the committed list (事件类型).")
    actor: Any = edge(_actor, PersonT | None, "Who did it; nobody where the clock did, or where it is not shown (操作人).")
    acting_for: Any = edge(_acting_for, PersonT | None, "On whose behalf (被代办人).")
    at: datetime = described("When the server took it (服务器时间).")
    device_time: datetime | None = described("When it happened by the phone's clock (设备时间).")
    device_time_doubtful: bool = described("Whether the phone's clock says the future (设备时间存疑).")
    reason: str | None = described("The words that were given, where they are for the reader (说明).")
