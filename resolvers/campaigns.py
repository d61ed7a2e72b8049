"""Campaigns: starting and ending one, how far it is, and giving out its tasks afterwards."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from domain import campaigns
from domain.access import NOBODY, Actor
from domain.campaigns import PART, Audience, Campaign, CampaignParts, Part, PartKind, Progress
from domain.cases import Act, Case, Moment
from domain.clockwork import DueTasks
from domain.commands import CLOCK, Command, Replayed
from domain.deadlines import DeadlineClass
from domain.errors import Refused, not_found
from domain.ids import Kind, derived
from domain.ports import Ports
from domain.tasks import Task
from domain.texts import required_text
from resolvers.acting import Done, acting

LEASE_SECONDS = 60.0
FIRST_WAIT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 3600.0
MOST_SHOWN = 100
ENDS = UUID("0b7f6f0a-6f56-5c0e-8d4b-6d1f0a2b9c11")
"""Names the commands that call tasks off: one for one task in one version, whoever is first."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StartCampaign:
    command_id: UUID
    unit_id: str
    title: str
    text: str
    audience: Audience
    due_on: date
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class EndCampaign:
    command_id: UUID
    campaign_id: str
    reason: str
    device_time: datetime | None = None


async def start_campaign(sent: StartCampaign, *, by: Actor, ports: Ports) -> Done[Campaign]:
    """The answer is there before the first task is made."""
    now = await acting("startCampaign", sent, by=by, ports=ports)
    campaign_id = ports.ids.new(Kind.CAMPAIGN, now.person.township, now.at)
    campaign, parts = campaigns.started(
        campaign_id, sent.unit_id, title=sent.title, text=sent.text, audience=sent.audience, due_on=sent.due_on, by=by, at=now.at
    )
    return await _kept(await ports.campaigns.start(campaign, parts, now.command), "unitId", by, ports)


async def end_campaign(sent: EndCampaign, *, by: Actor, ports: Ports) -> Done[Campaign]:
    """Nothing more is given out; what is open is called off afterwards, and each who has some of it is told."""
    now = await acting("endCampaign", sent, by=by, ports=ports)
    reason = required_text(sent.reason, "reason")
    part = Part(f"{sent.campaign_id}-end", sent.campaign_id, PartKind.CALL_OFF)
    kept = await ports.campaigns.end(sent.campaign_id, reason=reason, part=part, seen_by=by, command=now.command)
    return await _kept(kept, "campaignId", by, ports)


async def campaigns_of(unit_id: str, *, by: Actor, ports: Ports) -> Sequence[Campaign]:
    """The newest hundred of the unit and below, for whoever leads it."""
    return await ports.campaigns.of_unit(unit_id, MOST_SHOWN, seen_by=by)


async def campaigns_by_ids(ids: Sequence[str], *, by: Actor, ports: Ports) -> Sequence[Campaign]:
    return await ports.campaigns.by_ids(ids, seen_by=by)


async def campaigns_of_tasks(tasks: Sequence[Task], *, ports: Ports) -> Mapping[str, Campaign]:
    """By campaign. `tasks` were read for whoever asks."""
    found: dict[str, Campaign] = {}
    for township in {task.township for task in tasks}:
        ids = sorted({task.campaign_id for task in tasks if task.campaign_id and task.township == township})
        found |= {campaign.id: campaign for campaign in await ports.campaigns.briefs(township, ids)}
    return found


async def progress(campaign: Campaign, *, by: Actor, ports: Ports) -> Progress | None:
    """For whoever leads its unit or one above it; a worker sees the task alone."""
    if by.organisation is None or not campaigns.may_read(by, campaign):
        return None
    return campaigns.progress_of(campaign, await ports.campaigns.counted(campaign), by.organisation)


async def spread(parts: CampaignParts, due_tasks: DueTasks, *, ports: Ports) -> int:
    """Does one part of one campaign; how many tasks were in it. Nothing where nothing is left."""
    part = await parts.claim(at=ports.clock(), lease_seconds=LEASE_SECONDS)
    if part is None:
        return 0
    try:
        campaign = await parts.campaign_of(part)
        if part.kind is PartKind.GIVE_OUT:
            await _give_out(campaign, part, parts, ports)
            return max(len(part.targets), 1)
        return await _call_off(campaign, part, parts, due_tasks, ports)
    except (Refused, LookupError, ValueError, RuntimeError):
        log.exception("part %s of a campaign could not be done", part.id)
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(part.tries, 10))
        await parts.later(part, until=ports.clock() + timedelta(seconds=wait))
        return 1


async def _give_out(campaign: Campaign, part: Part, parts: CampaignParts, ports: Ports) -> None:
    moment = await _moment(campaign, ports)
    acts = [campaigns.given_out(campaign, target, moment) for target in part.targets]
    with_events = [(act, derived(Kind.EVENT, ports.ids.new(Kind.EVENT, campaign.township, moment.at), act.subject_id)) for act in acts]
    command = Command(campaign.started_by_id, uuid5(ENDS, part.id), "startCampaign", "", moment.at)
    await parts.give_out(part, with_events, command)


async def _call_off(campaign: Campaign, part: Part, parts: CampaignParts, due_tasks: DueTasks, ports: Ports) -> int:
    moment = await _moment(campaign, ports)
    tasks = await parts.open_tasks(campaign, PART)
    for task_id, version in tasks:
        command = Command(CLOCK, uuid5(ENDS, f"{task_id}/{version}"), "endCampaign", "", moment.at)

        def change(case: Case, task_id: str = task_id) -> Act | None:
            return campaigns.called_off(case, task_id, moment, campaign.ended_because or "")

        await due_tasks.move(task_id, change, event_id=ports.ids.new(Kind.EVENT, campaign.township, moment.at), command=command)
    if len(tasks) < PART:
        await parts.done(part)
    else:
        await parts.later(part, until=moment.at)
    return max(len(tasks), 1)


async def _moment(campaign: Campaign, ports: Ports) -> Moment:
    organisation = await ports.organisations.of_township(campaign.township)
    if organisation is None:
        raise LookupError("a campaign was kept of a township that is gone")
    return Moment(ports.clock(), NOBODY, await ports.calendars.current(), organisation, DeadlineClass.NORMAL)


async def _kept(kept: Campaign | Replayed, field: str, by: Actor, ports: Ports) -> Done[Campaign]:
    if isinstance(kept, Campaign):
        return Done(kept)
    found = await campaigns_by_ids([kept.subject_id], by=by, ports=ports)
    if not found:
        raise not_found(field)
    return Done(found[0], is_replay=True)
