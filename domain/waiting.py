"""What happens to a request by the mere passing of time, besides what happens to its tasks: it waits to be taken in, or lets others go.

Rows of `REQUEST_CLOCK` (`domain/request_moves.py`), by the rules of `CLOCK_ACTS`: after its act a row's moment is later, or there is none.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.calendar import WorkingCalendar
from domain.cases import Act, Case, Facts, Moment
from domain.deadlines import DeadlineClass
from domain.events import EventKind
from domain.legs import acceptance
from domain.overdue import promise_red
from domain.request_acts import changed
from domain.requests import WITHOUT_ANSWER, Request, RequestState


def lets_others_go(request: Request) -> bool:
    """Whether those that went on in it have to go on by themselves: it ended, and there is no answer."""
    return request.merged_count > 0 and request.state in WITHOUT_ANSWER


def wait(request: Request, moment: Moment) -> Request:
    """To be taken in from now on: by when, and when those are reminded who may do so."""
    return waiting_since(replace(request, state=RequestState.RECEIVED), moment.calendar, moment.deadline_class, moment.at)


def waiting_since(request: Request, calendar: WorkingCalendar, deadline_class: DeadlineClass, since: datetime) -> Request:
    remind_at, by = acceptance(calendar, deadline_class, since)
    return replace(request, accept_from=since, accept_remind_at=remind_at, accept_by=by, is_acceptance_late=False)


def _window_over(request: Request, _calendar: WorkingCalendar) -> datetime | None:
    return None if request.is_acceptance_late else request.accept_by


def _miss(case: Case, request: Request, now: Moment) -> Act:
    """Row 2b: nobody took it in; those one level up are told, once."""
    return _act(case, replace(request, is_acceptance_late=True, accept_remind_at=None), EventKind.ACCEPTANCE_MISSED, now)


def _remind(case: Case, request: Request, now: Moment) -> Act:
    """Row 2a: those who may take it in are reminded, once."""
    return _act(case, replace(request, accept_remind_at=None), EventKind.REQUEST_REMINDED, now)


def _promise_broken(request: Request, calendar: WorkingCalendar) -> datetime | None:
    return promise_red(request, calendar) if request.state is RequestState.RECEIVED else None


def _tell_promise_broken(case: Case, request: Request, now: Moment) -> Act:
    """Row 2c: as row 20c, while nobody has taken it in."""
    return _act(case, replace(request, promise_told=request.promise_due_at), EventKind.PROMISE_MISSED, now)


def _let_go(case: Case, request: Request, now: Moment) -> Act:
    """Row 5b, once everybody who waited for an answer goes on by themselves: nobody goes on in it any more."""
    return _act(case, replace(request, merged_count=0), EventKind.REQUEST_PARTED, now)


@dataclass(frozen=True, slots=True)
class RequestClockAct:
    """One thing that the clock does to a request, and from which moment on."""

    name: str
    when: Callable[[Request, WorkingCalendar], datetime | None]
    act: Callable[[Case, Request, Moment], Act]


REQUEST_CLOCK_ACTS: tuple[RequestClockAct, ...] = (
    RequestClockAct("let others go", lambda request, _calendar: request.closed_at if lets_others_go(request) else None, _let_go),
    RequestClockAct("not taken in", _window_over, _miss),
    RequestClockAct("remind", lambda request, _calendar: request.accept_remind_at, _remind),
    RequestClockAct("promise broken", _promise_broken, _tell_promise_broken),
)


def request_clock_at(request: Request, calendar: WorkingCalendar) -> datetime | None:
    """When the clock has to look at the request next, beside its tasks."""
    moments = [row.when(request, calendar) for row in REQUEST_CLOCK_ACTS]
    return min((moment for moment in moments if moment is not None), default=None)


def act_on_request(case: Case, now: Moment) -> Act | None:
    """What the clock does to the request now; nothing where no moment has come."""
    request = case.request
    for row in REQUEST_CLOCK_ACTS if request else ():
        moment = row.when(request, now.calendar) if request else None
        if request is not None and moment is not None and moment <= now.at:
            return row.act(case, request, now)
    return None


def _act(case: Case, request: Request, kind: EventKind, now: Moment) -> Act:
    """An act on the request alone."""
    facts: Facts = {"assignee": None, "owner": request.owner_path[0] if request.owner_path else None}
    return Act(changed(case, request, case.tasks, at=now.at), kind, None, facts)
