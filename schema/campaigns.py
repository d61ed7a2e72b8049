"""Campaigns: one act, a task for everybody of an audience."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import campaigns, tasks
from domain.campaigns import Audience
from domain.people import Person as PersonThing
from resolvers import campaigns as deeds
from schema.context import Info
from schema.enumeration import described as enumeration
from schema.graph import WANTED, Node, OrgUnitT, PersonT, deed, described, edge, shows
from schema.refusal import payload, result

enumeration(
    Audience,
    "Who gets a task each (派发对象).",
    {
        "GRIDS": "Every grid: whoever is on duty there (网格).",
        "LINK_MEMBERS": "Everybody who links homes (联户党员).",
    },
)


async def campaign_of(root: Parent[tasks.Task], info: Info) -> Any:
    return await info.context.loaders.campaign_of_task.load(root) if root.campaign_id else None


async def _tally_unit(root: Parent[campaigns.Tally], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units[root.unit_id]


async def _unit(root: Parent[campaigns.Campaign], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).units.get(root.unit_id)


async def _started_by(root: Parent[campaigns.Campaign], info: Info) -> PersonThing | None:
    return await info.context.loaders.person_named.load((root.township, root.started_by_id))


def _total(root: Parent[campaigns.Campaign], info: Info) -> int | None:
    return root.total if campaigns.may_read(info.context.actor, root) else None


def _ended_because(root: Parent[campaigns.Campaign], info: Info) -> str | None:
    return root.ended_because if campaigns.may_read(info.context.actor, root) else None


async def _progress(root: Parent[campaigns.Campaign], info: Info) -> Any:
    return await deeds.progress(root, by=info.context.actor, ports=info.context.ports)


@shows(campaigns.Tally, "How far the tasks of a unit and all below it are (进度).")
class CampaignTally:
    unit: Any = edge(_tally_unit, OrgUnitT, "Whose (组织).")
    total: int = described("How many there are (工单数).")
    open: int = described("How many are still to be done (未办结).")
    done: int = described("How many are done, checked or not (已办结).")
    cancelled: int = described("How many were called off (已取消).")


@shows(campaigns.Progress, "How far a campaign is (专项行动进度).")
class CampaignProgress:
    given_out: int = described("How many of its tasks are made by now (已派发).")
    whole: CampaignTally = described("Of all of it (合计).")
    units: list[CampaignTally] = described("Of each unit right below, by code; only those that have tasks (下级组织).")


@shows(campaigns.Campaign, "One act that gives every grid or link member of a sub-tree a task (专项行动).")
class Campaign(Node):
    title: str = described("What it is called; the title of its tasks (标题).")
    text: str = described("What is to be done (内容).")
    audience: Audience = described("Who gets a task each (派发对象).")
    due_on: date = described("By when, to the end of the office day (截止日).")
    unit: Any = edge(_unit, OrgUnitT | None, "Below which unit (组织).")
    started_by: Any = edge(_started_by, PersonT | None, "Who started it (发起人).")
    started_at: datetime = described("When (发起时间).")
    ended_at: datetime | None = described("When it was ended before all was done (结束时间).")
    ended_because: Any = edge(_ended_because, str | None, "Why, for whoever leads the unit (结束原因).")
    total: Any = edge(_total, int | None, "How many tasks it has in all, for whoever leads the unit (应派数).")
    progress: Any = edge(_progress, CampaignProgress | None, "How far it is now, for whoever leads the unit (进度).")


_COMMAND = "Made by the client; the same again is the same command (指令标识)."
_DEVICE = "When, by the phone's clock; never a reason to refuse (设备时间)."


@strawberry.input(description="Gives every grid or link member of a unit and below a task and a notice (发起专项行动).")
class StartCampaignInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    unit_id: strawberry.ID = strawberry.field(description="Below which unit; whoever leads it or one above may (组织).")
    title: str = strawberry.field(description="What it is called, 1 to 60 characters (标题).")
    text: str = strawberry.field(description="What is to be done, 1 to 2,000 characters, without anybody's data (内容).")
    audience: Audience = strawberry.field(description="Who gets a task each (派发对象).")
    due_on: date = strawberry.field(description="By when; after today, at most a year ahead (截止日).")
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.StartCampaign:
        return deeds.StartCampaign(self.command_id, self.unit_id, self.title, self.text, self.audience, self.due_on, self.device_time)


@strawberry.input(description="Ends a campaign; what is open is called off (结束专项行动).")
class EndCampaignInput:
    command_id: UUID = strawberry.field(description=_COMMAND)
    campaign_id: strawberry.ID = strawberry.field(description="Which campaign (专项行动).")
    reason: str = strawberry.field(description="Why, for those who have its tasks (原因).")
    device_time: datetime | None = strawberry.field(default=None, description=_DEVICE)

    def to_domain(self) -> deeds.EndCampaign:
        return deeds.EndCampaign(self.command_id, self.campaign_id, self.reason, self.device_time)


def _payload(verb: str) -> Any:
    return payload(verb, "campaign", Campaign, "The campaign as it is now (专项行动).")


StartCampaignResult = result("StartCampaign", _payload("StartCampaign"))
EndCampaignResult = result("EndCampaign", _payload("EndCampaign"))


async def _start_campaign(input: Annotated[StartCampaignInput, WANTED], info: Info) -> Any:
    return await deeds.start_campaign(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def _end_campaign(input: Annotated[EndCampaignInput, WANTED], info: Info) -> Any:
    return await deeds.end_campaign(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def _campaigns(info: Info, unit_id: Annotated[strawberry.ID, strawberry.argument(description="The unit (组织).")]) -> Any:
    return await deeds.campaigns_of(unit_id, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class CampaignQueries:
    campaigns: Any = edge(
        _campaigns, list[Campaign], "The newest hundred of a unit and below, newest first, for whoever leads it (专项行动)."
    )


@strawberry.type
class CampaignMutations:
    start_campaign: Any = deed(_start_campaign, StartCampaignResult, "Give every grid or link member a task (发起专项行动).")
    end_campaign: Any = deed(_end_campaign, EndCampaignResult, "End a campaign (结束专项行动).")
