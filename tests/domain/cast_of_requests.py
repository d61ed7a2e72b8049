"""A request of the demo's cast that somebody has to accept, wherever it stands, without a database."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime

from domain import duplicates, intake, nudges, reopening, withdrawals
from domain.cases import Act, Case, Moment
from domain.ids import Kind
from domain.items import ServiceItem
from domain.posts import Appointment
from domain.request_moves import RequestAction
from domain.requests import DeclineReason, HandOffTo, Request, RequestState
from domain.routing import who_serves
from domain.tasks import TaskState
from tests.domain.cast import CALENDAR, MONDAY, asked, given_to, id_of, item, moment, new_id, planned, standing_in, town

WAITING_ITEM = "new-facility"
ON = date(2026, 11, 23)


def request_of(case: Case) -> Request:
    assert case.request is not None
    return case.request


def waiting(by: str = "resident-1", *, at: datetime = MONDAY) -> Case:
    """Just made, and nobody has taken it in yet; it lies in the grid of grid-worker-1."""
    request, wanted = request_of(asked(WAITING_ITEM, by, at=at)), item(WAITING_ITEM)
    service = who_serves(town(), wanted, request.scope, request.place, on=ON)
    return intake.received(replace(request, task_scopes=frozenset(), owner_path=()), service, moment(by, WAITING_ITEM, at=at))


def accepted(case: Case, now: Moment, *, as_item: ServiceItem | None = None, version: int | None = None) -> Act:
    """Taken in, and given to whom the router finds."""
    request, wanted = request_of(case), as_item or item(WAITING_ITEM)
    taken = intake.as_accepted(request, wanted, request.scope, CALENDAR)
    service = who_serves(town(), wanted, taken.scope, taken.place, on=ON)
    task = intake.first_task(taken, new_id(Kind.TASK, 9), service, replace(now, deadline_class=wanted.deadline_class))
    return intake.accept(case, now, taken, [task], is_rule_broken=False, expected_version=version)


def _declined(case: Case, now: Moment, version: int | None) -> Act:
    return intake.decline(case, now, reason=DeclineReason.OTHER_BODY, where_to_go="请到镇政府一楼窗口", expected_version=version)


def _handed_off(to: HandOffTo) -> "RequestDeed":
    return lambda case, now, version: intake.hand_off(case, now, to=to, number="0530-1234567", reason="归他们管", expected_version=version)


RequestDeed = Callable[[Case, Moment, int | None], Act]

OTHER = request_of(waiting("resident-2"))
"""What somebody else asked for the same."""


def _unmerged(case: Case, now: Moment, version: int | None) -> Act:
    return duplicates.unmerge(case, None, now, route=lambda _: given_to("grid-worker-2"), expected_version=version)[0]


REQUEST_DEEDS: Mapping[RequestAction, RequestDeed] = {
    RequestAction.ACCEPT: lambda case, now, version: accepted(case, now, version=version),
    RequestAction.DECLINE: _declined,
    RequestAction.OBJECT_TO_DECLINE: lambda case, now, version: intake.object_to_decline(
        case, now, words="这事归你们", expected_version=version
    ),
    RequestAction.MERGE: lambda case, now, version: duplicates.merged(case, OTHER, now, reason="同一件事", expected_version=version),
    RequestAction.UNMERGE: _unmerged,
    RequestAction.HAND_OFF: _handed_off(HandOffTo.OTHER_SERVICE),
    RequestAction.HAND_OFF_TO_EMERGENCY: _handed_off(HandOffTo.FIRE_119),
    RequestAction.WITHDRAW: lambda case, now, version: withdrawals.withdraw(case, now, expected_version=version),
    RequestAction.NUDGE: lambda case, now, version: nudges.nudge(case, now, expected_version=version),
    RequestAction.REOPEN: lambda case, now, version: reopening.reopen(
        case, now, words="灯又灭了", route=lambda _: given_to("grid-worker-2"), expected_version=version
    ),
    RequestAction.ADD_MESSAGE: lambda case, now, version: reopening.add_message(
        case, now, text="还有一句", new_id=new_id(Kind.TASK, 10), expected_version=version
    ),
}
"""Each verb with arguments that nothing speaks against."""


def now_of(by: str, *, at: datetime = MONDAY) -> Moment:
    return moment(by, WAITING_ITEM, at=at)


def request_in(state: RequestState, first: Case | None = None) -> Case:
    """The request in that state, with the tasks that it has there."""
    case = first or waiting()
    if state is RequestState.RECEIVED:
        return case
    if state is RequestState.DECLINED:
        return _declined(case, now_of("dispatcher-1"), None).case
    lead = accepted(case, now_of("dispatcher-1")).case
    by_task = {
        RequestState.IN_HAND: TaskState.ASSIGNED,
        RequestState.ON_HOLD: TaskState.SUSPENDED,
        RequestState.ANSWERED: TaskState.AWAITING_FOLLOW_UP,
        RequestState.CLOSED: TaskState.CLOSED,
    }
    if state in by_task:
        return standing_in(by_task[state], lead)
    if state is RequestState.WITHDRAWN:
        return withdrawals.withdraw(_for(lead, "resident-1"), now_of("resident-1")).case
    if state is RequestState.HANDED_OFF:
        return _handed_off(HandOffTo.OTHER_SERVICE)(lead, now_of("dispatcher-1"), None).case
    return duplicates.merged(_for(lead, "resident-1"), OTHER, now_of("dispatcher-1"), reason=None).case


def _for(case: Case, handle: str) -> Case:
    """The same case, asked by somebody for themself."""
    request = replace(request_of(case), submitted_by_id=id_of(handle), is_for_household=False)
    return Case(request, case.tasks)


def for_home(case: Case, typist: str = "hub-host-1") -> Case:
    """The same case, typed for a home where nobody signs in."""
    request = replace(request_of(case), submitted_by_id=id_of(typist), is_for_household=True)
    return Case(request, tuple(replace(task, askers=request.askers, is_for_household=True) for task in case.tasks))


def post_of(handle: str) -> Appointment:
    return next(post for post in planned().parts.appointments if post.person_id == id_of(handle))
