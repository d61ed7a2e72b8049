"""A case (案卷): a request with its tasks, which change together or not at all. Each verb is a pure function from case to act."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain import tasks
from domain.access import Actor
from domain.calendar import SHANGHAI, WorkingCalendar
from domain.deadlines import DeadlineClass, Due, Limit, LimitUnit, due
from domain.errors import invalid
from domain.events import EventKind
from domain.following import follow as follow
from domain.legs import promise, resumed, windows
from domain.lifecycle import Verb, guard_completion, guard_contact, guard_return, permit
from domain.organisation import Organisation
from domain.requests import Request
from domain.roll_up import changed_along, drawn_back, ended_along, told_of
from domain.routing import Avoided, Service
from domain.standings import standings, verifiers
from domain.tasks import Outcome, ReturnReason, Task, TaskState

Facts = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Case:
    """A request and its tasks, the lead first; a task that nobody asked for has no request."""

    request: Request | None
    tasks: tuple[Task, ...]

    def task(self, task_id: str) -> Task:
        return next(task for task in self.tasks if task.id == task_id)

    @property
    def workers(self) -> frozenset[str]:
        """Whoever had any of its tasks at any time."""
        return frozenset().union(*(task.workers for task in self.tasks))

    @property
    def avoided(self) -> Avoided:
        """Whom the request is about, and who gave its tasks back."""
        gave_back = frozenset(person for task in self.tasks for person in task.returners)
        if self.request is None:
            return Avoided(also=gave_back)
        return Avoided(self.request.about_person_id, self.request.about_unit_id, gave_back)

    def numbered(self, number: str) -> "Case":
        """The case whose request has its number."""
        return replace(self, request=replace(self.request, number=number)) if self.request else self

    @property
    def root_id(self) -> str:
        """What its words are kept by: its request, or the task that it began with."""
        return self.request.id if self.request else self.tasks[0].root_id or self.tasks[0].id

    @property
    def item_id(self) -> str | None:
        return self.request.item_id if self.request else self.tasks[0].item_id

    def after(self, changed: Task, request: Request | None = None, *, also: Sequence[Task] = ()) -> "Case":
        """The case with one task changed, and others along with it; what follows from them does, and the version of each grows by one."""
        at, all_tasks = changed.updated_at, changed_along(self.tasks, changed, also)
        before = self.request
        if before is None:
            return Case(None, all_tasks)
        # What a request says of itself follows from its tasks: when one changes, so does it.
        followed = follow(request or before, all_tasks, at=at)
        return Case(replace(followed, version=before.version + 1), all_tasks)


@dataclass(frozen=True, slots=True)
class Act:
    """What a verb did: the case as it is now, and what the history and the notices will say of it.

    `task_id` is empty where it was done to a request that has no task.
    """

    case: Case
    kind: EventKind
    task_id: str | None
    facts: Facts = field(default_factory=dict)
    reason: str | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    """Words about single tasks by their id: what is to be done."""

    @property
    def subject_id(self) -> str:
        """The request's id, or the task's where nobody asked."""
        return self.case.request.id if self.case.request else self.case.tasks[0].id


@dataclass(frozen=True, slots=True)
class Moment:
    """When an act happens, by whom, and by which calendar its deadlines are counted."""

    at: datetime
    by: Actor
    calendar: WorkingCalendar
    organisation: Organisation
    deadline_class: DeadlineClass


def act_on(case: Case, kind: EventKind, task_id: str, facts: Facts | None = None, reason: str | None = None) -> Act:
    """The act with who has and who owns the task after it: whoever is told late is told of what happened, not of what is true by now."""
    task = case.task(task_id)
    standing: Facts = {"assignee": task.assignee_id, "owner": task.owner_id}
    return Act(case, kind, task_id, {**standing, **(facts or {})}, reason)


def submitted(case: Case, *, is_rule_broken: bool = False) -> Act:
    """Row 1 with rows 2 and 6: a case that the router made; the committee hears of a rule that was broken."""
    lead = case.tasks[0]
    called_in = " ".join(task.id for task in case.tasks[1:])
    facts: Facts = {"rule": lead.rule, **({"broken": True} if is_rule_broken else {}), **({"called_in": called_in} if called_in else {})}
    return act_on(case, EventKind.REQUEST_SUBMITTED, lead.id, facts)


def permitted(case: Case, task_id: str, moment: Moment, *verbs: Verb, expected_version: int | None) -> Task:
    task = case.task(task_id)
    permit(verbs, task, standings(task, moment.by, at=moment.at), expected_version=expected_version)
    return task


def assign(
    case: Case, task_id: str, service: Service, moment: Moment, *, note: str | None = None, expected_version: int | None = None
) -> Act:
    """Rows 6 and 13. A queued task that had a leg before starts a new one; else the leg keeps its due time."""
    task = permitted(case, task_id, moment, Verb.ASSIGN, Verb.ASSIGN_AGAIN, expected_version=expected_version)
    if service.person is None or service.person.id == task.assignee_id:
        raise invalid("refusal.has_it_already", "assigneeId")
    task = task.on_leg(after_thinking(task, moment))
    assigned = hand_to(task, service, moment, is_new_leg=task.state is TaskState.QUEUED and bool(task.past_assignees))
    facts: Facts = {"from": task.assignee_id, "rule": service.rule, **left_done(task)}
    return act_on(case.after(assigned), EventKind.TASK_ASSIGNED, task_id, facts, note)


def acknowledge(case: Case, task_id: str, moment: Moment, *, expected_version: int | None = None) -> Act:
    """Row 7."""
    task = permitted(case, task_id, moment, Verb.ACKNOWLEDGE, expected_version=expected_version)
    return act_on(case.after(task.acknowledge(at=moment.at)), EventKind.TASK_ACKNOWLEDGED, task_id)


def start(
    case: Case,
    task_id: str,
    moment: Moment,
    *,
    contact: tasks.ContactKind | None,
    reached: bool,
    tried_at: datetime | None,
    note: str | None = None,
    expected_version: int | None = None,
) -> Act:
    """Row 12, or 12a where the resident was not reached; row 12c after a bad review. A contact is wanted where somebody asked.

    `tried_at` is the phone's time: it counts where it lies between the assignment and now.
    """
    if contact is None and case.task(task_id).request_id is not None:
        raise invalid("refusal.contact_wanted", "contact")
    task = permitted(case, task_id, moment, Verb.START, Verb.CONTACT_AGAIN, expected_version=expected_version)
    guard_contact(task)
    return contacted(case, task, moment, contact=contact, reached=reached, tried_at=tried_at, note=note)


def contacted(
    case: Case,
    task: Task,
    moment: Moment,
    *,
    contact: tasks.ContactKind | None,
    reached: bool,
    tried_at: datetime | None,
    note: str | None,
) -> Act:
    """Rows 12, 12a and 12c, of a task that may be begun."""
    is_plausible = tried_at is not None and task.assigned_at is not None and task.assigned_at <= tried_at <= moment.at
    changed = task.start(at=moment.at) if reached else task.try_contact(tried_at if tried_at and is_plausible else moment.at, at=moment.at)
    met = EventKind.TASK_CONTACTED if task.state is TaskState.IN_PROGRESS else EventKind.TASK_STARTED
    kind = met if changed.contacted_at is not None else EventKind.TASK_CONTACT_TRIED
    facts: Facts = {"contact": contact.value if contact else None, "reached": reached}
    return act_on(case.after(changed), kind, task.id, facts, note)


def give_back(
    case: Case,
    task_id: str,
    moment: Moment,
    *,
    reason: ReturnReason,
    note: str,
    proposed_owner_id: str | None = None,
    expected_version: int | None = None,
) -> Act:
    """Row 9: off the worker's list, onto the desk."""
    task = permitted(case, task_id, moment, Verb.RETURN, expected_version=expected_version)
    by_id = task.assignee_id or ""
    guard_return(task, by_id, at=moment.at)
    facts: Facts = {"reason": reason.value, "proposed_owner": proposed_owner_id}
    returned = task.give_back(by_id, proposed_owner_id, at=moment.at)
    return act_on(case.after(returned), EventKind.TASK_RETURNED, task_id, facts, note)


def approve_return(
    case: Case, task_id: str, service: Service, moment: Moment, *, reason: str | None = None, expected_version: int | None = None
) -> Act:
    """Row 10: to a new assignee, or to where the router says; a new leg starts with whoever gets it."""
    task = permitted(case, task_id, moment, Verb.APPROVE_RETURN, expected_version=expected_version)
    if service.person is not None and service.person.id == task.assignee_id:
        raise invalid("refusal.has_it_already", "assigneeId")
    assigned = hand_to(task.bind_returns(), service, moment, is_new_leg=True)
    facts: Facts = {"from": task.assignee_id, "rule": service.rule}
    return act_on(case.after(assigned), EventKind.RETURN_APPROVED, task_id, facts, reason)


def refuse_return(case: Case, task_id: str, moment: Moment, *, reason: str, expected_version: int | None = None) -> Act:
    """Row 11: back to who returned it; from the second return on this binds."""
    task = permitted(case, task_id, moment, Verb.REFUSE_RETURN, expected_version=expected_version)
    refused_task = task.refuse_return(after_thinking(task, moment), at=moment.at)
    return act_on(case.after(refused_task), EventKind.RETURN_REFUSED, task_id, {"binds": refused_task.is_return_bound}, reason)


def after_thinking(task: Task, moment: Moment) -> Due | None:
    """The leg, which stood still while the desk thought about a return."""
    return resumed(moment.calendar, task.leg, task.returned_at, moment.at) if task.leg and task.returned_at else task.leg


def complete(
    case: Case,
    task_id: str,
    moment: Moment,
    *,
    outcome: Outcome,
    note: str,
    is_confirmed: bool = False,
    expected_version: int | None = None,
) -> Act:
    """Row 20: the leg stops, and the promise is judged when nothing else is open. Row 21a where the resident confirmed it on the spot."""
    task = permitted(case, task_id, moment, Verb.COMPLETE, expected_version=expected_version)
    guard_completion(task)
    return completed(case, task, moment, outcome=outcome, note=note, is_confirmed=is_confirmed)


def completed(case: Case, task: Task, moment: Moment, *, outcome: Outcome, note: str | None, is_confirmed: bool) -> Act:
    """Rows 20 and 21a, of a task that may be completed."""
    done = task.complete(outcome, at=moment.at)
    is_checked = not is_confirmed and bool(verifiers(done, moment.organisation, moment.at.astimezone(SHANGHAI).date()))
    is_asked = not is_checked and _is_asked(case, done)
    if not is_checked:  # the resident's word is the check: they gave it, or nobody is left who may check it
        done = done.pass_check(is_asked=is_asked, at=moment.at)
    along = ended_along(case.tasks, task.id, is_checked=not is_checked, at=moment.at)
    after = case.after(done, also=along)
    facts: dict[str, str | int | bool | None] = {"outcome": outcome.value, "checked": is_checked, "asked": is_asked}
    facts |= {"confirmed": True} if is_confirmed else {}
    return act_on(after, EventKind.TASK_COMPLETED, task.id, {**facts, **told_of(case.tasks, after.tasks, task.id)}, note)


def _is_asked(case: Case, task: Task) -> bool:
    """Whether somebody has the last word on it: whoever asked, unless they worked on it; once, about the whole, never on a message."""
    if task.parent_id is not None or task.is_message:
        return False
    if case.request is None or case.request.is_for_household:
        return case.request is not None
    return case.request.judge_id not in case.workers


def verify(
    case: Case, task_id: str, moment: Moment, *, passed: bool, reason: str | None = None, expected_version: int | None = None
) -> Act:
    """Rows 21 and 22: the resident is asked next, or the work is done again."""
    task = permitted(case, task_id, moment, Verb.PASS_CHECK, expected_version=expected_version)
    if passed:
        is_asked = _is_asked(case, task)
        along = ended_along(case.tasks, task_id, is_checked=True, at=moment.at)
        checked = case.after(task.pass_check(is_asked=is_asked, at=moment.at), also=along)
        return act_on(checked, EventKind.TASK_VERIFIED, task_id, {"asked": is_asked}, reason)
    if reason is None:
        raise invalid("refusal.reason_wanted", "reason")
    request = case.request.rework() if case.request and not task.is_message else None
    again, *back = [
        with_an_owner(each.rework(leg_again(each, moment), at=moment.at), moment) for each in (task, *drawn_back(case.tasks, task))
    ]
    after = case.after(again, request, also=back)
    return act_on(after, EventKind.TASK_FAILED_CHECK, task_id, told_of(case.tasks, after.tasks, task_id), reason)


def leg_again(task: Task, moment: Moment) -> Due | None:
    """The leg of what is done again: the item's; the campaign's day where it is part of one, the next working day once that is over."""
    if task.campaign_id is None:
        return promise(moment.calendar, moment.deadline_class, moment.at)
    if task.due_at is not None and task.due_at > moment.at:
        return Due(task.due_at, task.due_provisional)
    return due(moment.calendar, moment.at, Limit(1, LimitUnit.WORKING_DAY))


def with_an_owner(task: Task, moment: Moment) -> Task:
    """Back with whoever did it; on the desk where they hold no post any more: nothing is done again by nobody."""
    on = moment.at.astimezone(SHANGHAI).date()
    return (
        task
        if moment.organisation.posts_of(task.assignee_id or "", on)
        else replace(task, state=TaskState.QUEUED, assignee_id=None, contact_by=None)
    )


def left_done(task: Task) -> Facts:
    """Said where whoever has it had reported it done, before what that builds on: it is to be decided whether that counts."""
    return {"left_done": True} if any(report.outcome for report in task.early) else {}


def hand_to(task: Task, service: Service, moment: Moment, *, is_new_leg: bool) -> Task:
    """The task with whoever serves, its windows from now; on a new leg where somebody does and it is to be one."""
    given = task.assign(service, moment.organisation, windows(moment.calendar, moment.deadline_class, moment.at), at=moment.at)
    if not is_new_leg or service.person is None or task.campaign_id is not None:  # a campaign has one day for all
        return given
    return given.new_leg(promise(moment.calendar, moment.deadline_class, moment.at))
