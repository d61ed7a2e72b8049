"""Campaigns (专项行动): one act gives every grid, or every link member, of a sub-tree a task and a notice.

The act keeps the campaign and the list of whom it goes to, in parts; the parts become tasks afterwards, each once, whoever else is at it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Protocol

from domain import roll_up
from domain.access import Actor, Door, keys, oversees
from domain.calendar import SHANGHAI, WorkingCalendar
from domain.cases import Act, Case, Facts, Moment, act_on
from domain.commands import Command, Replayed
from domain.deadlines import DeadlineClass, Due
from domain.errors import Message, RefusalCode, invalid, not_found, refused
from domain.events import EventKind
from domain.further_owners import service_of_unit
from domain.ids import Kind, derived, parse
from domain.legs import windows
from domain.organisation import OVERLAYS, Organisation
from domain.posts import Role
from domain.routing import NOTHING_AVOIDED, RULE_HAND, Service, service_of_grid
from domain.tasks import OVER, Task, TaskState
from domain.texts import required_text

STARTED_BY = (Role.GRID_LEADER, Role.SECRETARY, Role.DISPATCHER)
LONGEST_TITLE = 60
LONGEST_DAYS = 366
PART = 50
"""How many tasks are made at a time: few enough that others' commands go on meanwhile."""


class Audience(Enum):
    """Who gets a task each."""

    GRIDS = "GRIDS"
    LINK_MEMBERS = "LINK_MEMBERS"


@dataclass(frozen=True, slots=True)
class Campaign:
    """What was started, for whom below which unit. `owner_path` are the unit and those above it, nearest first, as it was started.

    `total` tasks belong to it; `ended_at` where it was ended before all of them were done.
    """

    id: str
    township: str
    unit_id: str
    owner_path: tuple[str, ...]
    title: str
    text: str
    audience: Audience
    due_on: date
    total: int
    started_by_id: str
    started_at: datetime
    ended_at: datetime | None = None
    ended_because: str | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """The keys that open it: whoever leads the unit or one above."""
        return keys(Door.UNIT, self.owner_path)


class PartKind(Enum):
    GIVE_OUT = "GIVE_OUT"
    CALL_OFF = "CALL_OFF"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a campaign that is still to be done: tasks to give out to `targets`, or whatever is open to be called off."""

    id: str
    campaign_id: str
    kind: PartKind
    targets: tuple[str, ...] = ()
    tries: int = 0
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How far the tasks of one unit are: `open` are neither done nor over, `done` closed or waiting for their check."""

    unit_id: str
    township: str
    total: int = 0
    open: int = 0
    done: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is: `given_out` of its tasks are made; figures of its unit, and of each unit right below it."""

    campaign_id: str
    given_out: int
    whole: Tally
    units: tuple[Tally, ...] = field(default=())


DONE = frozenset({TaskState.COMPLETED, TaskState.AWAITING_FOLLOW_UP, TaskState.CLOSED})

Counted = Mapping[tuple[str, TaskState], int]
"""Tasks by owner unit and state."""


class Campaigns(Protocol):
    """A port. Reads are for whoever leads the unit or one above it, but for `briefs`."""

    async def start(self, campaign: Campaign, parts: Sequence[Part], command: Command) -> Campaign | Replayed:
        """Keeps it with all its parts, in one transaction. Raises `Refused` COMMAND_MISMATCH."""
        ...

    async def end(self, campaign_id: str, *, reason: str, part: Part, seen_by: Actor, command: Command) -> Campaign | Replayed:
        """Nothing more is given out, and what is open will be called off. Raises `Refused` NOT_FOUND, WRONG_STATE, COMMAND_MISMATCH."""
        ...

    async def by_ids(self, ids: Sequence[str], *, seen_by: Actor) -> Sequence[Campaign]: ...

    async def of_unit(self, unit_id: str, limit: int, *, seen_by: Actor) -> Sequence[Campaign]:
        """Those of the unit and below, newest first."""
        ...

    async def briefs(self, township: str, ids: Sequence[str]) -> Sequence[Campaign]:
        """As they are. For tasks that the reader may see."""
        ...

    async def counted(self, campaign: Campaign) -> Counted:
        """How many of its tasks there are. `campaign` was read for somebody."""
        ...


class CampaignParts(Protocol):
    """A port of the clockwork: what is still to be done, claimed with a lease."""

    async def claim(self, *, at: datetime, lease_seconds: float) -> Part | None: ...

    async def campaign_of(self, part: Part) -> Campaign: ...

    async def give_out(self, part: Part, acts: Sequence[tuple[Act, str]], command: Command) -> bool:
        """Keeps the acts (each with its event's id) and ends the part, in one transaction; false where somebody else was faster."""
        ...

    async def open_tasks(self, campaign: Campaign, limit: int) -> Sequence[tuple[str, int]]:
        """Ids and versions of tasks that are not over."""
        ...

    async def done(self, part: Part) -> None: ...

    async def later(self, part: Part, *, until: datetime) -> None: ...


def started(
    campaign_id: str, unit_id: str, *, title: str, text: str, audience: Audience, due_on: date, by: Actor, at: datetime
) -> tuple[Campaign, tuple[Part, ...]]:
    """A new campaign with its parts. Refuses whoever does not lead the unit, a day that is past or too far, and where there is nobody."""
    title, text = required_text(title, "title"), required_text(text, "text")
    if len(title) > LONGEST_TITLE:
        raise invalid("refusal.text_too_long", "title", limit=LONGEST_TITLE)
    today, organisation = at.astimezone(SHANGHAI).date(), by.organisation
    if not today < due_on <= today + timedelta(days=LONGEST_DAYS):
        raise invalid("refusal.campaign_day", "dueOn", limit=LONGEST_DAYS)
    unit = organisation.units.get(unit_id) if organisation else None
    if organisation is None or by.id is None or unit is None or not unit.is_valid(today):
        raise not_found("unitId")
    path = tuple(step.id for step in organisation.path(unit_id))
    if unit.kind in OVERLAYS or not frozenset(path) & by.units_led(*STARTED_BY):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "unitId")
    targets = audience_of(organisation, unit_id, audience, on=today)
    if not targets:
        raise invalid("refusal.campaign_for_nobody", "unitId")
    campaign = Campaign(campaign_id, unit.township, unit_id, path, title, text, audience, due_on, len(targets), by.id, at)
    firsts = range(0, len(targets), PART)
    parts = tuple(Part(f"{campaign_id}-{first}", campaign_id, PartKind.GIVE_OUT, tuple(targets[first : first + PART])) for first in firsts)
    return campaign, parts


def audience_of(organisation: Organisation, unit_id: str, audience: Audience, *, on: date) -> list[str]:
    """Grids of the sub-tree in the order of their codes; or whoever links homes there, each once."""
    below = organisation.subtree(unit_id)
    if audience is Audience.GRIDS:
        grids = [grid for grid in organisation.grids.values() if grid.branch_id in below and grid.is_valid(on)]
        return [grid.id for grid in sorted(grids, key=lambda grid: grid.code)]
    posts = [post for unit in sorted(below) for post in organisation.posts_at(unit, on) if post.role is Role.LINK_MEMBER]
    return list(dict.fromkeys(post.person_id for post in posts))


def given_out(campaign: Campaign, target: str, moment: Moment) -> Act:
    """The task of one grid or link member, the same whoever makes it; queued where nobody is there."""
    on, organisation = moment.at.astimezone(SHANGHAI).date(), moment.organisation
    task_id = derived(Kind.TASK, campaign.id, target)
    is_grid = (ref := parse(target)) is not None and ref.kind is Kind.GRID
    found = service_of_grid(organisation, target, on=on) if is_grid else _of_member(organisation, campaign, target, on)
    service = replace(found, because=(Message("routing.campaign", {"title": campaign.title}), *found.because))
    new = Task(
        id=task_id,
        township=campaign.township,
        request_id=None,
        parent_id=None,
        state=TaskState.QUEUED,
        title=campaign.title,
        owner_id=service.unit.id,
        owner_path=(),
        grid_id=target if is_grid else None,
        assignee_id=None,
        rule=service.rule,
        routed_because=service.because,
        created_at=moment.at,
        updated_at=moment.at,
        due_at=None,
        root_id=task_id,
        campaign_id=campaign.id,
    )
    given = windows(moment.calendar, DeadlineClass.NORMAL, moment.at)
    task = new.assign(service, organisation, given, at=moment.at).new_leg(Due(closing_time(campaign.due_on, moment.calendar), False))
    facts: Facts = {"campaign": campaign.id, "rule": task.rule}
    return act_on(Case(None, (task,)), EventKind.CAMPAIGN_TASK_GIVEN, task_id, facts)


def closing_time(day: date, calendar: WorkingCalendar) -> datetime:
    """When the office closes on that day, or would."""
    return datetime.combine(day, calendar.office.windows[-1][1], SHANGHAI).astimezone(UTC)


def called_off(case: Case, task_id: str, moment: Moment, reason: str) -> Act | None:
    """Row 31a: its campaign was ended; nothing where it is done or over."""
    task = case.task(task_id)
    if task.state in OVER or task.state in DONE:
        return None
    after = case.after(task.cancel(at=moment.at), also=roll_up.called_off(case.tasks, task_id, at=moment.at))
    facts: Facts = {"campaign": task.campaign_id, **roll_up.told_of(case.tasks, after.tasks, task_id)}
    return act_on(after, EventKind.TASK_CANCELLED, task_id, facts, reason)


def progress_of(campaign: Campaign, counted: Counted, organisation: Organisation) -> Progress:
    """Rolled up to the campaign's unit, and to the units right below it in the order of their codes."""
    whole = Tally(campaign.unit_id, campaign.township)
    children = {
        child.id: Tally(child.id, campaign.township) for child in sorted(organisation.children(campaign.unit_id), key=lambda u: u.code)
    }
    for (owner_id, state), count in counted.items():
        whole = _added(whole, state, count)
        child = next((step.id for step in organisation.path(organisation.seat(owner_id)) if step.id in children), None)
        if child is not None:
            children[child] = _added(children[child], state, count)
    return Progress(campaign.id, whole.total, whole, tuple(tally for tally in children.values() if tally.total))


def may_read(reader: Actor, campaign: Campaign) -> bool:
    return oversees(reader, campaign.unit_id)


def _added(tally: Tally, state: TaskState, count: int) -> Tally:
    cancelled, done = (count if state is TaskState.CANCELLED else 0), (count if state in DONE else 0)
    is_open = count - cancelled - done
    return Tally(tally.unit_id, tally.township, tally.total + count, tally.open + is_open, tally.done + done, tally.cancelled + cancelled)


def _of_member(organisation: Organisation, campaign: Campaign, person_id: str, on: date) -> Service:
    """The link member at their branch; whoever serves there for one who is away, or holds the post no more."""
    below = organisation.subtree(campaign.unit_id)
    posts = [post for post in organisation.posts_of(person_id, on) if post.role is Role.LINK_MEMBER and post.unit_id in below]
    unit = organisation.units[posts[0].unit_id] if posts else organisation.units.get(campaign.unit_id) or organisation.root()
    if posts and organisation.absence_of(person_id, on) is None:
        because = (Message("routing.by_hand", {"unit": unit.name}),)
        return Service(unit, organisation.holders[person_id], RULE_HAND, because, organisation.path(unit.id)[1:])
    service = service_of_unit(organisation, unit.id, NOTHING_AVOIDED, on=on)
    return service or Service(unit, None, RULE_HAND, (Message("routing.nobody"),), organisation.path(unit.id)[1:])
