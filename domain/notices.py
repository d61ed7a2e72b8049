"""Who is told of what, in which words: pure. The inbox is the truth; a push only says that something is there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.callout_notices import OF_CALL_OUTS, concerned_by_call_out, told_of_ended
from domain.cases import Case
from domain.devices import Device, Push
from domain.errors import Message
from domain.events import Event, EventKind
from domain.followups import callers, carriers
from domain.ids import Kind, derived
from domain.messages import Messages
from domain.notice_kinds import NOTHING_AROUND as NOTHING_AROUND
from domain.notice_kinds import Around as Around
from domain.notice_kinds import Concern, committee, desk, fact_of
from domain.notice_kinds import NoticeKind as NoticeKind
from domain.organisation import Organisation
from domain.pause_notices import OF_PAUSES, concerned_by_pause
from domain.report_notices import OF_REPORTS, concerned_by_report, told_of_report
from domain.request_notices import OF_REQUESTS, concerned_by_request, told_on
from domain.requests import Request
from domain.routing import unit_above
from domain.standings import verifiers
from domain.tasks import Task

URGENT = frozenset(
    {NoticeKind.TASK_ASSIGNED, NoticeKind.TASK_CLIMBED, NoticeKind.CALLED_OUT, NoticeKind.TASK_REMINDED, NoticeKind.TASK_UNROUTED}
)

PUSHED_AS = {Kind.REQUEST.value: "requestId", Kind.FOLLOWING.value: "followingId"}
"""Under which name a push has the id of what it is about; that of a task else."""

PUSH_TIME_TO_LIVE = 24 * 3600
"""Seconds: a day later the inbox says it better."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of somebody's inbox about one act. Words are rendered when it is read; it holds ids and catalogue names only."""

    id: str
    township: str
    person_id: str
    kind: NoticeKind
    item_name: str
    about_id: str
    created_at: datetime
    read_at: datetime | None = None

    @property
    def title(self) -> Message:
        return Message(f"notice.{self.kind.value}.title")

    @property
    def body(self) -> Message:
        return Message(f"notice.{self.kind.value}.body", {"item": self.item_name})


def notices_of(event: Event, case: Case, organisation: Organisation, *, on: date, around: Around = NOTHING_AROUND) -> tuple[Notice, ...]:
    """Whom the act concerns, each person once, never whoever did it and never whom it is hidden from."""
    of_event = next((task for task in case.tasks if task.id == event.task_id), next(iter(case.tasks), None))
    task = _as_it_was(of_event, event, organisation) if of_event else None
    if task is None or event.kind in OF_REQUESTS:
        concerns = concerned_by_request(event, task, case, organisation, on, around)
    elif event.kind in OF_PAUSES:
        concerns = concerned_by_pause(event, task, case, organisation, on, around)
    elif event.kind in OF_REPORTS:
        concerns = concerned_by_report(event, task, organisation, on)
    elif event.kind in OF_CALL_OUTS:
        concerns = concerned_by_call_out(event, task, organisation, on)
    else:
        concerns = _concerned(event, task, case, organisation, on, around)
    about = task or case.request
    title, hidden_from = (about.title, about.hidden_from) if about else ("", ())
    told: dict[str, tuple[NoticeKind, str]] = {}
    unrouted = desk({event.actor_id, *hidden_from}, organisation, on)
    for person_id, kind, about_id in [
        *concerns,
        *told_on(event, concerns, case.request, around),
        *_with_other_tasks(event, case, unrouted),
        *told_of_ended(event, organisation, on),
        *told_of_report(event, task, organisation, on),
    ]:
        if person_id and person_id != event.actor_id and person_id not in hidden_from:
            told.setdefault(person_id, (kind, about_id))
    return tuple(
        Notice(derived(Kind.NOTICE, event.id, person_id), event.township, person_id, kind, title, about_id, event.at)
        for person_id, (kind, about_id) in told.items()
    )


def _as_it_was(task: Task, event: Event, organisation: Organisation) -> Task:
    """With who had it and who owned it after the act: much may have happened since."""
    owner_id = fact_of(event, "owner") or task.owner_id
    path = tuple(unit.id for unit in organisation.path(owner_id)) or task.owner_path
    return replace(task, assignee_id=fact_of(event, "assignee"), owner_id=owner_id, owner_path=path)


FOR_THE_ASSIGNEE: Mapping[EventKind, NoticeKind] = {
    EventKind.CONTACT_MISSED: NoticeKind.CONTACT_MISSED,
    EventKind.TASK_NUDGED: NoticeKind.TASK_NUDGED,
    EventKind.RETURN_REFUSED: NoticeKind.RETURN_REFUSED,
}
"""Acts that concern whoever has the task, and nobody else."""


def _concerned(event: Event, task: Task, case: Case, organisation: Organisation, on: date, around: Around) -> list[Concern]:
    if event.kind in FOR_THE_ASSIGNEE:
        return [(task.assignee_id, FOR_THE_ASSIGNEE[event.kind], task.id)]
    match event.kind:
        case EventKind.CAMPAIGN_TASK_GIVEN:
            return _assigned(event, task, organisation, on)
        case EventKind.REQUEST_SUBMITTED | EventKind.TASK_RAISED:
            broken = (
                [(person, NoticeKind.RULE_BROKEN, task.id) for person in committee(organisation, on)] if event.facts.get("broken") else []
            )
            return [*_assigned(event, task, organisation, on), *broken]
        case EventKind.TASK_ASSIGNED | EventKind.RETURN_APPROVED:
            return [*_assigned(event, task, organisation, on), (fact_of(event, "from"), NoticeKind.TASK_TAKEN_AWAY, task.id)]
        case EventKind.TASK_ESCALATED:
            return [(task.assignee_id, NoticeKind.TASK_CLIMBED, task.id), (fact_of(event, "from"), NoticeKind.TASK_TAKEN_AWAY, task.id)]
        case EventKind.TASK_REMINDED:
            kind = NoticeKind.TASK_NOT_TAKEN if event.facts.get("top") else NoticeKind.TASK_REMINDED
            return [(task.assignee_id, kind, task.id)]
        case EventKind.TASK_WARNED | EventKind.TASK_MISSED | EventKind.PROMISE_MISSED:
            return _late(event, task, organisation, on)
        case EventKind.DEADLINES_RECOUNTED:
            return _recounted(event, task, case)
        case EventKind.TASK_RETURNED:
            return [(person, NoticeKind.TASK_RETURNED, task.id) for person in desk({event.actor_id, *task.hidden_from}, organisation, on)]
        case EventKind.TASK_COMPLETED if event.facts.get("checked"):
            return [(person, NoticeKind.TASK_TO_CHECK, task.id) for person in verifiers(task, organisation, on)]
        case EventKind.TASK_FAILED_CHECK:
            return [(task.assignee_id, NoticeKind.CHECK_FAILED, task.id), *_left_alone(event, task, organisation, on)]
        case EventKind.TASK_VERIFIED | EventKind.TASK_COMPLETED if event.facts.get("asked") and case.request:
            return _asked(case, case.request, organisation, on, around)
        case EventKind.ASSIST_ADDED:
            return _called_in(event, task, organisation, on)
        case EventKind.REQUEST_SUPERVISED:
            above = {task.owner_id, unit_above(organisation, task.owner_id).id}
            leaders = [person for unit_id in sorted(above) for person in organisation.leaders(unit_id, on)]
            return [(person, NoticeKind.REQUEST_SUPERVISED, task.id) for person in (task.assignee_id, *leaders)]
        case EventKind.TASK_CANCELLED:
            return [(task.assignee_id, NoticeKind.TASK_CANCELLED, task.id)]
        case _:
            return _after_the_work(event, task, case, organisation, on)


def _after_the_work(event: Event, task: Task, case: Case, organisation: Organisation, on: date) -> list[Concern]:
    """What comes of asking whether it helped."""
    request = case.request
    match event.kind:
        case EventKind.REQUEST_REWORKED:
            return [*_reworked(event, task, organisation, on), *_recorded(event, request)]
        case EventKind.FOLLOW_UP_RECORDED:
            return _recorded(event, request)
        case EventKind.FOLLOW_UP_STARTED if request:
            return [(person, NoticeKind.FOLLOW_UP_TO_CALL, request.id) for person in callers(case, organisation, on)]
        case EventKind.FOLLOW_UP_UNANSWERED if request:
            return [(request.judge_id or request.submitted_by_id, NoticeKind.FOLLOW_UP_UNANSWERED, request.id)]
        case _:
            return []


def _asked(case: Case, request: Request, organisation: Organisation, on: date, around: Around) -> list[Concern]:
    """The principal first; their proxy while the grant is live; whoever carries the question to a home without an app."""
    agent_id = request.agent_id if around.is_grant_live else None
    return [
        (request.judge_id, NoticeKind.FOLLOW_UP_ASKED, request.id),
        (agent_id, NoticeKind.FOLLOW_UP_FOR_PRINCIPAL, request.id),
        *((person, NoticeKind.FOLLOW_UP_TO_CARRY, request.id) for person in carriers(case, around.reach, organisation, on)),
    ]


OTHER_TASKS = {
    "called_in": NoticeKind.TASK_ASSIGNED,
    "cancelled": NoticeKind.TASK_CANCELLED,
    "drawn_back": NoticeKind.CHECK_FAILED,
    "assists_done": NoticeKind.ASSISTS_DONE,
}
"""What an act does to other tasks of the case, by the fact that has their ids."""


def _with_other_tasks(event: Event, case: Case, at_the_desk: list[str]) -> list[Concern]:
    """Whoever has them; the desk of what was called in and nobody has."""
    touched = [(task, fact) for fact in OTHER_TASKS for task in case.tasks if task.id in (fact_of(event, fact) or "").split()]
    unrouted = [task for task, fact in touched if fact == "called_in" and task.assignee_id is None]
    told = [(task.assignee_id, OTHER_TASKS[fact], task.id) for task, fact in touched]
    return [*told, *((person, NoticeKind.TASK_UNROUTED, task.id) for task in unrouted for person in at_the_desk)]


def _called_in(event: Event, task: Task, organisation: Organisation, on: date) -> list[Concern]:
    """Whoever is to help, or the desk where the unit has nobody; whoever has the task hears that others were called in."""
    assist_id, given_to = fact_of(event, "assist") or task.id, fact_of(event, "given_to")
    if given_to is None:
        called = [(person, NoticeKind.TASK_UNROUTED, assist_id) for person in desk({event.actor_id, *task.hidden_from}, organisation, on)]
        return [*called, (task.assignee_id, NoticeKind.ASSIST_ADDED, task.id)]
    return [(given_to, NoticeKind.TASK_ASSIGNED, assist_id), (task.assignee_id, NoticeKind.ASSIST_ADDED, task.id)]


def _recorded(event: Event, request: Request | None) -> list[Concern]:
    """Whoever has the last word, where somebody else wrote it down: they can say that it was none of theirs."""
    was_recorded = request is not None and event.facts.get("recorded") is True
    return [(request.judge_id, NoticeKind.FOLLOW_UP_RECORDED, request.id)] if request and was_recorded else []


def _assigned(event: Event, task: Task, organisation: Organisation, on: date) -> list[Concern]:
    if task.assignee_id is None and task.parent_id is not None and event.kind is EventKind.RETURN_APPROVED:
        return _back_with_the_lead(event, task, organisation, on)
    if task.assignee_id is None:
        return [(person, NoticeKind.TASK_UNROUTED, task.id) for person in desk({event.actor_id, *task.hidden_from}, organisation, on)]
    return [(task.assignee_id, NoticeKind.TASK_ASSIGNED, task.id)]


def _back_with_the_lead(event: Event, task: Task, organisation: Organisation, on: date) -> list[Concern]:
    """Whoever was to help gave it back: who leads, and those of their unit who may give it to somebody; the desk where there is none."""
    leaders = [person for person in organisation.leaders(task.owner_id, on) if person not in {event.actor_id, *task.hidden_from}]
    able = leaders or desk({event.actor_id, *task.hidden_from}, organisation, on)
    told = [(person, NoticeKind.TASK_UNROUTED, task.id) for person in able]
    waiting = [(person, NoticeKind.ASSIST_RETURNED, task.id) for person in task.leads]
    return [*told, *waiting]


def _reworked(event: Event, task: Task, organisation: Organisation, on: date) -> list[Concern]:
    """Who works on it, and whoever answers one level up: the resident said that it did not help."""
    owner_id = task.owner_id if event.facts.get("supervised") else unit_above(organisation, task.owner_id).id
    above = [(person, NoticeKind.NOT_SOLVED_BELOW, task.id) for person in organisation.leaders(owner_id, on)]
    return [(task.assignee_id, NoticeKind.NOT_SOLVED, task.id), *_left_alone(event, task, organisation, on), *above]


LATE = {
    EventKind.TASK_WARNED: NoticeKind.TASK_DUE_SOON,
    EventKind.TASK_MISSED: NoticeKind.TASK_OVERDUE,
    EventKind.PROMISE_MISSED: NoticeKind.PROMISE_BROKEN,
}


def _late(event: Event, task: Task, organisation: Organisation, on: date) -> list[Concern]:
    """Who has it and whoever answers for it; the desk once it is over."""
    above = [] if event.kind is EventKind.TASK_WARNED else desk({event.actor_id, *task.hidden_from}, organisation, on)
    return [(person, LATE[event.kind], task.id) for person in (*_answerable(event, task, organisation, on), *above)]


def _recounted(event: Event, task: Task, case: Case) -> list[Concern]:
    """Whose date is another one now. What has ended was judged again, which is nothing to wait for."""
    is_open = case.request is None or case.request.is_open
    has_leg_moved = event.facts.get("leg_from") != event.facts.get("leg_to") and not task.is_over
    worker = [(task.assignee_id, task.id)] if has_leg_moved else []
    has_promise_moved = event.facts.get("from") != event.facts.get("to") and is_open
    asker = [(case.request.judge_id, case.request.id)] if case.request and has_promise_moved else []
    return [(person, NoticeKind.DEADLINE_MOVED, about) for person, about in (*worker, *asker)]


def _answerable(event: Event, task: Task, organisation: Organisation, on: date) -> list[str]:
    """Who has it, or the desk where nobody has; and the nearest leader of the owner's chain who is somebody else."""
    holders = [task.assignee_id] if task.assignee_id else desk({event.actor_id, *task.hidden_from}, organisation, on)
    for unit_id in task.owner_path:
        leaders = [person for person in organisation.leaders(unit_id, on) if person not in {*holders, *task.hidden_from}]
        if leaders:
            return [*holders, *leaders]
    return holders


def _left_alone(event: Event, task: Task, organisation: Organisation, on: date) -> list[Concern]:
    """The desk, where whoever is to do it again holds no post any more."""
    told = desk({event.actor_id, *task.hidden_from}, organisation, on) if task.assignee_id is None else []
    return [(person, NoticeKind.TASK_UNROUTED, task.id) for person in told]


def pushes_of(notices: tuple[Notice, ...], devices: Mapping[str, tuple[Device, ...]], messages: Messages) -> tuple[Push, ...]:
    """A push for each phone of each person told: the kind, opaque ids and a generic sentence, never the matter."""
    return tuple(_push(notice, device, messages) for notice in notices for device in devices.get(notice.person_id, ()))


def _push(notice: Notice, device: Device, messages: Messages) -> Push:
    about = PUSHED_AS.get(notice.about_id.partition("_")[0], "taskId")
    is_task = about == "taskId"
    return Push(
        device_id=device.id,
        token=device.token,
        title=messages.render(Message("push.title"), device.language),
        body=messages.render(Message("push.task" if is_task else "push.request"), device.language),
        data={"kind": notice.kind.value, about: notice.about_id, "noticeId": notice.id},
        collapse_key=notice.about_id,
        time_to_live=PUSH_TIME_TO_LIVE,
        is_urgent=notice.kind in URGENT,
    )
