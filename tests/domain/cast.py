"""The demo's cast and one request of it, without a database: what the tests of the law play with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from uuid import UUID

from domain import (
    assists,
    callouts,
    campaigns,
    cases,
    climbing,
    early_reports,
    extensions,
    followups,
    late_reports,
    pauses,
    supervision,
    verdicts,
)
from domain.access import NOBODY, Actor, actor_of
from domain.approvals import Deferral, Extension, SuspendCause
from domain.calendar import SHANGHAI, CalendarDay, DayKind, WorkingCalendar, published_days, published_through
from domain.call_out import CallOutGrade, CallOutKind
from domain.cases import Act, Case, Moment
from domain.clockwork import CLOCK_ACTS
from domain.confirmations import confirm
from domain.desk_nudges import nudge_task
from domain.errors import RefusalCode, Refused
from domain.households import Reach
from domain.ids import Kind, compose
from domain.items import MatterScope, ServiceItem
from domain.legs import promise, windows
from domain.lifecycle import Verb, permit
from domain.organisation import Organisation
from domain.people import Person
from domain.recounting import recounted, settled
from domain.requests import Grade, Request, RequestState, Verdict
from domain.routing import NOTHING_AVOIDED, RULE_HAND, Avoided, Place, Service, who_serves
from domain.standings import standings
from domain.tasks import ContactKind, EarlyReport, LateReport, Outcome, ReturnReason, Task, TaskState
from server.demo.settlement import Settlement, settlement

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""10:00 in Shanghai, on a working day, with the office open."""

CALENDAR = WorkingCalendar.from_days(published_days(), published_through=published_through())


@cache
def planned() -> Settlement:
    return settlement(60)


@cache
def town() -> Organisation:
    return Organisation(planned().township_code, "tests", planned().parts)


@cache
def everybody() -> Mapping[str, Person]:
    persons = {person.id: person for person in planned().persons}
    return {handle: persons[person_id] for handle, person_id in planned().handles.items()}


def id_of(handle: str) -> str:
    return planned().handles[handle]


def handle_of(person_id: str | None) -> str | None:
    return next((handle for handle, id_ in planned().handles.items() if id_ == person_id), None)


def item(code: str) -> ServiceItem:
    return next(item for item in planned().items if item.code == code)


def actor(handle: str, *, at: datetime = MONDAY, organisation: Organisation | None = None) -> Actor:
    """Somebody of the cast; "nobody" did not sign in."""
    if handle == "nobody":
        return NOBODY
    person = everybody()[handle]
    home = next((home for home in planned().households if home.id == person.household_id), None)
    return actor_of(person, organisation or town(), at=at, home=home)


def home_of(handle: str) -> Place:
    household_id = everybody()[handle].household_id
    home = next(home for home in planned().households if home.id == household_id)
    return Place(home.residence_grid_id, home.micro_grid_id, home.origin_village_id)


def new_id(kind: Kind, number: int) -> str:
    return compose(kind, planned().township_code, UUID(int=number))


def asked(code: str = "stairwell-lamp", by: str = "resident-1", *, at: datetime = MONDAY, avoided: Avoided = NOTHING_AVOIDED) -> Case:
    """A request as it is just after it was submitted, with its routed task."""
    asked_for, place, on = item(code), home_of(by), at.astimezone(SHANGHAI).date()
    service = who_serves(town(), asked_for, asked_for.default_scope, place, on=on, avoided=avoided)
    due = promise(CALENDAR, asked_for.deadline_class, at)
    request = Request(
        id=new_id(Kind.REQUEST, 1),
        township=planned().township_code,
        number="990101101-261123-0000000-0",
        state=RequestState.IN_HAND,
        item_id=asked_for.id,
        item_version=asked_for.version,
        scope=asked_for.default_scope,
        place=place,
        owner_path=(),
        household_id=everybody()[by].household_id,
        submitted_by_id=id_of(by),
        on_behalf_of_id=None,
        submitted_at=at,
        promise_due_at=due.at if due else None,
        promise_provisional=False,
        promise_by_clock=bool(due and due.by_the_clock),
        is_shielded=asked_for.is_shielded,
        about_person_id=avoided.person_id,
        about_unit_id=avoided.unit_id,
        hidden_from=tuple(sorted(avoided.persons(town(), on))),
        title=asked_for.name,
        is_shared=asked_for.is_shared,
    )
    task = Task(
        id=new_id(Kind.TASK, 2),
        township=request.township,
        request_id=request.id,
        parent_id=None,
        state=TaskState.QUEUED,
        title=asked_for.name,
        owner_id=service.unit.id,
        owner_path=(),
        grid_id=None if asked_for.is_shielded or asked_for.default_scope is MatterScope.ORIGIN_VILLAGE else place.grid_id,
        assignee_id=None,
        rule=service.rule,
        routed_because=service.because,
        created_at=at,
        updated_at=at,
        due_at=None,
        askers=request.askers,
        hidden_from=request.hidden_from,
        deadline_class=asked_for.deadline_class,
    )
    routed = task.assign(service, town(), windows(CALENDAR, asked_for.deadline_class, at), at=at).new_leg(due)
    return Case(cases.follow(request, (routed,), at=at), (routed,))


def given_to(handle: str) -> Service:
    """The service of somebody whom a leader or the dispatcher picked."""
    post = next(post for post in planned().parts.appointments if post.person_id == id_of(handle))
    return Service(town().units[post.unit_id], everybody()[handle], RULE_HAND, (), town().path(post.unit_id)[1:])


def moment(by: str, code: str = "stairwell-lamp", *, at: datetime = MONDAY) -> Moment:
    return Moment(at, actor(by, at=at), CALENDAR, town(), item(code).deadline_class)


Deed = Callable[[Case, Moment, int | None], Act | None]


def _lead(case: Case) -> str:
    return case.tasks[0].id


def _other_worker(case: Case) -> Service:
    """A worker of the branch who is not the one that has it."""
    return given_to("grid-worker-2" if case.tasks[0].assignee_id != id_of("grid-worker-2") else "grid-worker-1")


def _start(case: Case, now: Moment, version: int | None, *, reached: bool) -> Act:
    return cases.start(case, _lead(case), now, contact=ContactKind.CALL, reached=reached, tried_at=now.at, expected_version=version)


def _answer(verdict: Verdict, grade: Grade) -> Deed:
    return lambda case, now, _: verdicts.answer(case, now, verdict=verdict, grade=grade)


def _by_the_clock(name: str) -> Deed:
    """What that row of the clock's table does a month later, if its moment has come by then."""

    def deed(case: Case, now: Moment, _: int | None) -> Act | None:
        row, later = next(row for row in CLOCK_ACTS if row.name == name), replace(now, at=now.at + timedelta(days=30))
        moment = row.when(case, case.tasks[0], now.calendar)
        return row.act(case, case.tasks[0], later) if moment is not None and moment <= later.at else None

    return deed


def _defer(case: Case, now: Moment, version: int | None) -> Act:
    on = now.at.astimezone(SHANGHAI).date() + timedelta(days=30)
    return pauses.defer(case, _lead(case), now, plan="下批改造", reason="要换整条线路", review_on=on, expected_version=version)


TUESDAY_OFF = replace(CALENDAR.with_days([CalendarDay(date(2026, 11, 24), DayKind.OFF, "tests")]), version=2)


def _ids(case: Case) -> list[str]:
    return [*([case.request.id] if case.request else []), *(task.id for task in case.tasks)]


def _typed_for_them(case: Case) -> Case:
    """The same case, had somebody been with whoever asked."""
    request = case.request and replace(case.request, on_behalf_of_id=case.request.submitted_by_id)
    return replace(case, request=request)


def call_out(
    case: Case,
    now: Moment,
    *,
    kind: CallOutKind = CallOutKind.EMERGENCY,
    within: int = 30,
    unit_id: str | None = None,
    expected_version: int | None = None,
) -> Act:
    """The provider of the demo is asked for."""
    provider = given_to("provider-worker-1").unit.id
    unit_ids = [provider if unit_id is None else unit_id]
    return callouts.call_out(
        case, _lead(case), now, unit_ids=unit_ids, kind=kind, within_minutes=within, reason="需要停电", expected_version=expected_version
    )


def somebody_else(case: Case) -> str:
    return "branch-leader-1" if case.tasks[0].assignee_id == id_of("provider-worker-1") else "provider-worker-1"


def add_assist(
    case: Case,
    now: Moment,
    *,
    to: str = "provider-worker-1",
    below: str | None = None,
    number: int = 3,
    is_required: bool = True,
    expected_version: int | None = None,
) -> Act:
    """Somebody of the cast is called in to help with the lead, or with another task of the case."""
    assist_id = new_id(Kind.TASK, number)
    return assists.add(
        case, below or _lead(case), assist_id, given_to(to), now, what="先停水", is_required=is_required, expected_version=expected_version
    )


def _called(case: Case) -> Case:
    """The same case, had the calls begun on Monday; whoever asked was not heard of since."""
    return replace(case, request=case.request and replace(case.request, calls_begun_at=case.request.asked_at and MONDAY))


def _contact_again(case: Case, now: Moment, version: int | None) -> Act:
    """By the verb of the first contact, had the same case come back with one of the lowest grades."""
    permit((Verb.CONTACT_AGAIN,), case.tasks[0], standings(case.tasks[0], now.by, at=now.at), expected_version=version)
    return _start(_unheard(case), now, version, reached=True)


def _confirm(case: Case, now: Moment, version: int | None) -> Act:
    confirm(case, _lead(case), now, given="123456", codes=lambda _request: "123456", tries=1, expected_version=version)
    return cases.complete(case, _lead(case), now, outcome=Outcome.SOLVED, note="换了灯泡", is_confirmed=True, expected_version=version)


def _unheard(case: Case) -> Case:
    """The same case, had whoever asked not been heard since it came back."""
    return replace(case, tasks=tuple(replace(task, contacted_at=None) for task in case.tasks))


REPORT_COME_LATE = LateReport(str(UUID(int=9)), planned().handles["grid-worker-2"], "said", MONDAY, Outcome.SOLVED)
REPORT_OF_BEGUN = EarlyReport(str(UUID(int=7)), "said", MONDAY, contact=ContactKind.VISIT)
REPORT_OF_DONE = EarlyReport(str(UUID(int=8)), "said", MONDAY, outcome=Outcome.SOLVED)


def _held(case: Case, report: EarlyReport) -> tuple[Case, Task]:
    """The same case, had a phone sent that before what it builds on."""
    task = replace(case.tasks[0], early=(report,))
    return replace(case, tasks=(task, *case.tasks[1:])), task


DEEDS: Mapping[Verb, Deed] = {
    Verb.ASSIGN: lambda case, now, version: cases.assign(case, _lead(case), _other_worker(case), now, expected_version=version),
    Verb.ASSIGN_AGAIN: lambda case, now, version: cases.assign(case, _lead(case), _other_worker(case), now, expected_version=version),
    Verb.ACKNOWLEDGE: lambda case, now, version: cases.acknowledge(case, _lead(case), now, expected_version=version),
    Verb.REMIND: lambda case, now, _: climbing.remind(case, _lead(case), at=now.at),
    Verb.ESCALATE: lambda case, now, _: climbing.escalate(case, _lead(case), given_to("grid-leader-1"), now),
    Verb.MISS_CONTACT: lambda case, now, version: _by_the_clock("contact missed")(_unheard(case), now, version),
    Verb.WARN: _by_the_clock("yellow"),
    Verb.MISS: _by_the_clock("red"),
    Verb.BREAK_PROMISE: _by_the_clock("promise broken"),
    Verb.RECOUNT: lambda case, now, _: recounted(case, settled(case, dict.fromkeys(_ids(case), CALENDAR), TUESDAY_OFF), at=now.at),
    Verb.RETURN: lambda case, now, version: cases.give_back(
        case, _lead(case), now, reason=ReturnReason.NOT_MY_ITEM, note="不归我管", expected_version=version
    ),
    Verb.APPROVE_RETURN: lambda case, now, version: cases.approve_return(
        case, _lead(case), _other_worker(case), now, expected_version=version
    ),
    Verb.REFUSE_RETURN: lambda case, now, version: cases.refuse_return(case, _lead(case), now, reason="归您", expected_version=version),
    Verb.TRY_CONTACT: lambda case, now, version: _start(case, now, version, reached=False),
    Verb.START: lambda case, now, version: _start(case, now, version, reached=True),
    Verb.REQUEST_EXTENSION: lambda case, now, version: extensions.ask(
        case, _lead(case), now, working_days=1, until=None, reason="缺人手", expected_version=version
    ),
    Verb.GRANT_EXTENSION: lambda case, now, version: extensions.grant(case, _lead(case), now, reason="要等一天", expected_version=version),
    Verb.REFUSE_EXTENSION: lambda case, now, version: extensions.refuse(case, _lead(case), now, reason="来得及", expected_version=version),
    Verb.SUSPEND: lambda case, now, version: pauses.suspend(
        case, _lead(case), now, cause=SuspendCause.WEATHER, until=now.at + timedelta(minutes=1), expected_version=version
    ),
    Verb.RESUME: lambda case, now, version: pauses.resume(case, _lead(case), now, expected_version=version),
    Verb.END_SUSPENSION: lambda case, now, _: pauses.end_suspension(case, case.tasks[0], now),
    Verb.DEFER: _defer,
    Verb.DEFER_AT_ONCE: _defer,
    Verb.APPROVE_DEFERRAL: lambda case, now, version: pauses.approve_deferral(case, _lead(case), now, expected_version=version),
    Verb.REFUSE_DEFERRAL: lambda case, now, version: pauses.refuse_deferral(
        case, _lead(case), now, reason="再想想办法", expected_version=version
    ),
    Verb.OBJECT: lambda case, now, _: pauses.object_to_deferral(case, now, words="不想再等"),
    Verb.REVIEW: lambda case, now, _: pauses.review(case, case.tasks[0], now),
    Verb.UNDEFER: lambda case, now, version: pauses.undefer(case, _lead(case), now, expected_version=version),
    Verb.CONTACT_AGAIN: lambda case, now, version: _contact_again(case, now, version),
    Verb.COMPLETE: lambda case, now, version: cases.complete(
        case, _lead(case), now, outcome=Outcome.SOLVED, note="换了灯泡", expected_version=version
    ),
    Verb.CONFIRM: lambda case, now, version: _confirm(case, now, version),
    Verb.PASS_CHECK: lambda case, now, version: cases.verify(case, _lead(case), now, passed=True, expected_version=version),
    Verb.FAIL_CHECK: lambda case, now, version: cases.verify(
        case, _lead(case), now, passed=False, reason="灯还是不亮", expected_version=version
    ),
    Verb.ANSWER: _answer(Verdict.SOLVED, Grade.SATISFIED),
    Verb.RECORD: lambda case, now, _: followups.record(
        _typed_for_them(case), now, verdict=Verdict.SOLVED, grade=Grade.SATISFIED, words="灯亮了", reach=Reach.VISIT
    ),
    Verb.NUDGE_TASK: lambda case, now, version: nudge_task(case, _lead(case), now, note="进展如何", expected_version=version),
    Verb.BEGIN_CALLS: lambda case, now, _: followups.begin_calls(case, case.tasks[0], now),
    Verb.TRY_CALL: lambda case, now, _: followups.try_call(_called(case), now, reached=False, note="没人接"),
    Verb.SILENT_CLOSE: lambda case, now, _: followups.close_unanswered(
        _called(case), case.tasks[0], replace(now, at=now.at + timedelta(days=7))
    ),
    Verb.REWORK: _answer(Verdict.NOT_SOLVED, Grade.UNSATISFIED),
    Verb.ADD_ASSIST: lambda case, now, version: add_assist(case, now, to=somebody_else(case), expected_version=version),
    Verb.CALL_OUT: lambda case, now, version: call_out(case, now, unit_id="one more", expected_version=version),
    Verb.DECIDE_CALL_OUT: lambda case, now, version: callouts.decide(
        case, _lead(case), now, approved=True, reason=None, expected_version=version
    ),
    Verb.REPORT_IN: lambda case, now, version: callouts.report_in(case, _lead(case), now, note=None, expected_version=version),
    Verb.CONCLUDE_CALL_OUT: lambda case, now, version: callouts.conclude(
        case, _lead(case), now, unit_id=given_to("provider-worker-1").unit.id, grade=CallOutGrade.GOOD, note=None, expected_version=version
    ),
    Verb.SUPERVISE: lambda case, now, _: supervision.supervise(case, now, reason="拖了太久"),
    Verb.HOLD: lambda case, now, version: early_reports.hold(
        case, _lead(case), now, REPORT_OF_DONE, note="换了灯泡", expected_version=version
    ),
    Verb.BEGIN_AS_HELD: lambda case, now, _: early_reports.take(*_held(case, REPORT_OF_BEGUN), now),
    Verb.COMPLETE_AS_HELD: lambda case, now, _: early_reports.take(*_held(case, REPORT_OF_DONE), now),
    Verb.REPORT_LATE: lambda case, now, version: late_reports.keep(
        case, _lead(case), now, report=REPORT_COME_LATE, why=RefusalCode.NOT_FOUND, note="换了灯泡", expected_version=version
    ),
    Verb.REPORT_AFTER: lambda case, now, version: late_reports.keep(
        case, _lead(case), now, report=REPORT_COME_LATE, why=RefusalCode.WRONG_STATE, note="换了灯泡", expected_version=version
    ),
    Verb.APPROVE_REPORT: lambda case, now, version: late_reports.approve(
        case, _lead(case), now, command_id=REPORT_COME_LATE.command_id, expected_version=version
    ),
    Verb.DISMISS_REPORT: lambda case, now, version: late_reports.dismiss(
        case, _lead(case), now, command_id=REPORT_COME_LATE.command_id, reason="已重新安排", expected_version=version
    ),
    Verb.CALL_OFF: lambda case, now, _: campaigns.called_off(case, _lead(case), now, "雪停了"),
    Verb.CANCEL: lambda case, now, version: assists.cancel(case, _lead(case), now, reason="不用办了", expected_version=version),
}
"""Each verb with arguments that nothing speaks against; whether it may be done is then up to who, where and when."""


def wished(case: Case, verb: Verb) -> Case:
    """The same case, with whatever the verb decides on asked for by who has the task, or by the dispatcher."""
    task = case.tasks[0]
    if verb in {Verb.GRANT_EXTENSION, Verb.REFUSE_EXTENSION}:
        task = replace(task, extension=Extension(task.assignee_id or "", task.updated_at, 1, task.updated_at))
    if verb in {Verb.APPROVE_DEFERRAL, Verb.REFUSE_DEFERRAL}:
        task = replace(task, deferral=Deferral(id_of("dispatcher-1"), task.updated_at, task.updated_at.date()))
    if verb in {Verb.APPROVE_REPORT, Verb.DISMISS_REPORT}:
        task = replace(task, late=(REPORT_COME_LATE,))
    if verb is Verb.REPORT_LATE:  # the worker next door had it first
        task = replace(task, former_assignees=(id_of("grid-worker-2"),))
    return replace(case, tasks=(task, *case.tasks[1:]))


def deed_of(verb: Verb, case: Case, now: Moment, *, expected_version: int | None = None) -> Act | None:
    return DEEDS[verb](case, now, expected_version)


def refusal_of(deed: Callable[[], object]) -> RefusalCode | None:
    """Why it was refused; nothing where it was done."""
    try:
        deed()
    except Refused as no:
        return no.refusal.code
    return None


def standing_in(state: TaskState, case: Case | None = None, **changes: object) -> Case:
    """A case whose task stands in that state, with all that a task in that state has."""
    before = case or asked()
    task = replace(before.tasks[0], **changes)  # type: ignore[arg-type]
    at = task.updated_at
    by_state: Mapping[TaskState, Mapping[str, object]] = {
        TaskState.QUEUED: {"assignee_id": None, "acknowledge_by": None, "remind_at": None, "contact_by": None, "return_by": None},
        TaskState.IN_PROGRESS: {"contacted_at": task.contacted_at or at},
        TaskState.RETURN_PENDING: {"returned_at": at, "returners": (*task.returners, task.assignee_id), "acknowledge_by": None},
        TaskState.SUSPENDED: {"paused_at": at, "suspended_because": SuspendCause.WEATHER, "resume_at": at + timedelta(hours=1)},
        TaskState.DEFERRED: {"paused_at": at, "review_on": at.date(), "review_at": at + timedelta(hours=1)},
        TaskState.COMPLETED: {"completed_at": at, "outcome": Outcome.SOLVED, "past_assignees": (*task.past_assignees, task.assignee_id)},
    }
    done = by_state[TaskState.COMPLETED]
    by_state = {**by_state, TaskState.AWAITING_FOLLOW_UP: done, TaskState.CLOSED: done}
    stands = replace(task, state=state, **by_state.get(state, {}))  # type: ignore[arg-type]
    request = before.request and replace(before.request, state=RequestState.IN_HAND)
    return Case(request and cases.follow(request, (stands,), at=at), (stands,))


@dataclass
class Story:
    """One case as it goes on; `acts` are what was done so far, each with the case as it was before."""

    case: Case
    code: str = "stairwell-lamp"
    at: datetime = MONDAY

    def __post_init__(self) -> None:
        self.acts: list[Act] = []

    @property
    def task(self) -> Task:
        return self.case.tasks[0]

    def do(self, verb: Verb, by: str, *, after: timedelta = timedelta()) -> Act:
        """The verb, done by somebody of the cast some time later."""
        self.at += after
        act = deed_of(verb, self.case, moment(by, self.code, at=self.at))
        assert act is not None
        return self.keep(act)

    def keep(self, act: Act) -> Act:
        self.acts.append(act)
        self.case = act.case
        return act
