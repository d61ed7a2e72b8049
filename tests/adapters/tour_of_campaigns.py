"""What campaigns ask: started, given out, looked at, ended, and a part that has to wait."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from domain.access import Actor
from domain.campaigns import Audience
from domain.posts import Role
from domain.tasks import Task
from resolvers.campaigns import (
    EndCampaign,
    StartCampaign,
    campaigns_by_ids,
    campaigns_of,
    campaigns_of_tasks,
    end_campaign,
    progress,
    spread,
)
from resolvers.campaigns import start_campaign as start
from server.wiring import House


async def tour_of_campaigns(house: House, dispatcher: Actor, note: Callable[[str], None]) -> None:
    ports, unit_id = house.ports, next(iter(dispatcher.units_led(Role.DISPATCHER)))
    due_on = (ports.clock() + timedelta(days=4)).date()
    note("a campaign")
    sent = StartCampaign(uuid4(), unit_id, "雪后清扫", "清扫楼道口积雪", Audience.GRIDS, due_on)
    campaign = (await start(sent, by=dispatcher, ports=ports)).subject
    note("a part that waits")
    part = await house.campaign_parts.claim(at=ports.clock(), lease_seconds=0)
    assert part is not None
    await house.campaign_parts.later(part, until=ports.clock())
    note("campaigns give out")
    while await spread(house.campaign_parts, house.due_tasks, ports=ports):
        pass
    note("how far it is")
    await progress(campaign, by=dispatcher, ports=ports)
    note("campaigns of a unit")
    await campaigns_of(unit_id, by=dispatcher, ports=ports)
    await campaigns_by_ids([campaign.id], by=dispatcher, ports=ports)
    note("campaigns of tasks")
    open_tasks = await house.campaign_parts.open_tasks(campaign, 5)
    tasks: list[Task] = list(await ports.tasks.by_ids([id_ for id_, _ in open_tasks], seen_by=dispatcher))
    await campaigns_of_tasks(tasks, ports=ports)
    note("campaigns call off")
    await end_campaign(EndCampaign(uuid4(), campaign.id, "雪停了"), by=dispatcher, ports=ports)
    while await spread(house.campaign_parts, house.due_tasks, ports=ports):
        pass
