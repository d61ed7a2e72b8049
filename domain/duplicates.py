"""Duplicates (row 5): several asked for the same, and one request goes on for all; each is asked whether it is fixed at their place.

No chains: what others go on in is merged into nothing, and into what is merged nothing is. Each act changes both requests, so of two
opposite ones at once the second finds what the first did.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from domain.access import Actor
from domain.cases import Act, Case, Facts, Moment, hand_to
from domain.commands import Command, Replayed
from domain.deadlines import Due
from domain.errors import Message, Refusal, RefusalCode, Refused, invalid, not_found, refused
from domain.events import EventKind
from domain.legs import promise
from domain.request_acts import act_of, cancelled, changed, ended, permitted
from domain.request_moves import REOPENED_WITHIN, RequestAction, RequestStanding, is_too_late_to_unmerge, request_standings
from domain.requests import OPEN, Grade, Request, RequestState, Verdict, is_to_be_reworked
from domain.routing import Service
from domain.similar import is_everybodys
from domain.tasks import Task, TaskState
from domain.waiting import lets_others_go, wait

MOST_AT_ONCE = 20
MOST_MERGED = 200
"""So many may go on in one request: its act concerns each of them."""

Route = Callable[[Case], Service]


class Merges(Protocol):
    """Acts on several requests at once, kept together or not at all."""

    async def merge(
        self,
        into_id: str,
        from_ids: Sequence[str],
        change: Callable[[Case, Sequence[Case]], Sequence[Act]],
        *,
        seen_by: Actor,
        event_ids: Sequence[str],
        command: Command,
    ) -> Case | Replayed:
        """The act on the request in which they go on comes first, and that is answered. An event id for each."""
        ...

    async def update(
        self,
        request_id: str,
        change: Callable[[Case, Case | None], Sequence[Act]],
        *,
        seen_by: Actor,
        event_ids: Sequence[str],
        command: Command,
    ) -> Case | Replayed:
        """An act on one that the reader's keys open, with the one in which it goes on, whoever sees that."""
        ...

    async def into(self, township: str, ids: Sequence[str]) -> Sequence[Request]:
        """Requests in which others go on, for what is told to those."""
        ...


def merge(
    target: Case, sources: Sequence[Case], moment: Moment, *, reason: str | None, expected_version: int | None = None
) -> tuple[Act, ...]:
    """Row 5 for each of `sources`: they go on in `target`."""
    into = _open_target(target, moment, expected_version)
    count = into.merged_count + len(sources)
    acts = [merged(source, into, moment, reason=reason) for source in sources]
    if count > MOST_MERGED:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.too_many_merged", "fromIds", limit=MOST_MERGED)
    joined = changed(target, replace(into, merged_count=count), target.tasks, at=moment.at)
    return act_of(joined, EventKind.REQUEST_JOINED), *acts


def _open_target(case: Case, moment: Moment, expected_version: int | None) -> Request:
    into = case.request
    if into is None:
        raise not_found("intoId")
    if RequestStanding.DISPATCHER not in request_standings(into, moment.by, at=moment.at):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "intoId")
    if expected_version is not None and expected_version != into.version:
        raise Refused(Refusal(RefusalCode.CONFLICT, Message("refusal.conflict"), "expectedVersion", into))
    if into.state is RequestState.MERGED:
        raise refused(RefusalCode.WRONG_STATE, "refusal.merged_itself", "intoId", current=into)
    if into.state not in OPEN - {RequestState.ANSWERED}:  # whoever is asked already was asked before these joined
        raise Refused(Refusal(RefusalCode.WRONG_STATE, Message("refusal.wrong_state", {"state": into.state.value}), "intoId", into))
    if into.is_shielded:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.merge_shielded", "intoId")
    return into


def merged(case: Case, into: Request, moment: Moment, *, reason: str | None, expected_version: int | None = None) -> Act:
    """Row 5: its tasks are called off; whoever asked keeps it, and hears of the answer."""
    request = permitted(case, RequestAction.MERGE, moment, expected_version)
    if request.item_id != into.item_id and reason is None:
        raise invalid("refusal.merge_reason_wanted", "reason")
    # What was said of an earlier try says nothing of this one.
    goes_on = replace(request, merged_into_id=into.id, verdict=None, grade=None)
    after = ended(case, goes_on, RequestState.MERGED, at=moment.at)
    goes_out_of_sight = {"out_of_sight": True} if is_everybodys(request) and not is_everybodys(into) else {}
    return act_of(after, EventKind.REQUEST_MERGED, {"cancelled": cancelled(case), **goes_out_of_sight}, reason)


def unmerge(case: Case, target: Case | None, moment: Moment, *, route: Route, expected_version: int | None = None) -> tuple[Act, ...]:
    """Row 5a: it goes on by itself, as if it had never been merged."""
    request = permitted(case, RequestAction.UNMERGE, moment, expected_version)
    if is_too_late_to_unmerge(target.request if target else None, at=moment.at):
        raise refused(RefusalCode.TOO_LATE, "refusal.unmerge_too_late", "requestId", current=request)
    return _by_itself(case, request, target, moment, request.promise, route, {}, None)


def let_go(case: Case, target: Case | None, moment: Moment, *, route: Route) -> tuple[Act, ...]:
    """Row 5b: that in which it went on ended without an answer, so it goes on by itself, its promise as it was made.

    Nothing where somebody was faster, or whoever asked has had their answer.
    """
    request, into = case.request, target.request if target else None
    if request is None or into is None or request.state is not RequestState.MERGED or request.verdict or not lets_others_go(into):
        return ()
    return _by_itself(case, request, target, moment, request.promise, route, {"let_go": True}, None)


def answer(
    case: Case, target: Case | None, moment: Moment, *, verdict: Verdict, grade: Grade, words: str | None, route: Route
) -> tuple[Act, ...]:
    """Rows 23 and 24 of one that went on in another: its own last word; not solved here, and it goes on by itself on a new leg."""
    request, into = case.request, target.request if target else None
    by_id = moment.by.id
    if request is None or by_id is None or by_id != request.judge_id or (target and by_id in target.workers):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "requestId")
    if into is None or into.state in OPEN - {RequestState.ANSWERED}:
        raise refused(RefusalCode.WRONG_STATE, "refusal.not_asked", "requestId", current=request)
    if into.closed_at is not None and moment.at > into.closed_at + REOPENED_WITHIN:
        raise refused(RefusalCode.TOO_LATE, "refusal.reopen_too_late", "requestId", current=request)
    graded, facts = request.judge(verdict, grade), {"verdict": verdict.value, "grade": grade.value}
    if not is_to_be_reworked(verdict, grade):
        return (act_of(changed(case, graded, case.tasks, at=moment.at), EventKind.FOLLOW_UP_ANSWERED, facts, words),)
    leg = promise(moment.calendar, moment.deadline_class, moment.at)
    return _by_itself(case, graded.not_solved(), target, moment, leg, route, facts, words)


def _by_itself(
    case: Case, request: Request, target: Case | None, moment: Moment, leg: Due | None, route: Route, facts: Facts, words: str | None
) -> tuple[Act, ...]:
    """The request with the work that was called off when it was merged, routed anew; and the one that it went on in, without it.

    Where nobody had taken it in there is none: it waits for that again, whatever else was to be answered.
    """
    lead = next((task for task in case.tasks if not task.is_message), None)
    tasks = [
        _again(task, case, moment, leg, route if task is lead else None) if task is lead or _was_called_off(task, request) else task
        for task in case.tasks
    ]
    back = replace(request, state=RequestState.IN_HAND) if lead else wait(request, moment)
    back = replace(back, merged_into_id=None, closed_at=None)
    helping = " ".join(task.id for task in tasks[1:] if task.state is TaskState.QUEUED)
    facts = {**facts, **({"anew": True} if target and target.request and _looked_over(target.request) else {})}
    act = act_of(changed(case, back, tasks, at=moment.at), EventKind.REQUEST_UNMERGED, {**facts, "called_in": helping}, words)
    if target is None or target.request is None:
        return (act,)
    parted = replace(target.request, merged_count=max(target.request.merged_count - 1, 0))
    return act, act_of(changed(target, parted, target.tasks, at=moment.at), EventKind.REQUEST_PARTED)


def _looked_over(into: Request) -> bool:
    """Whether those who follow what went on in it had to take it for done, or ended."""
    return into.state not in OPEN - {RequestState.ANSWERED} or not is_everybodys(into)


def _was_called_off(task: Task, request: Request) -> bool:
    return task.state is TaskState.CANCELLED and task.updated_at == request.closed_at


def _again(task: Task, case: Case, moment: Moment, leg: Due | None, route: Route | None) -> Task:
    """The lead with whoever serves now; whatever helped with it, or was to answer, waits at the desk."""
    if route is not None:
        return hand_to(task, route(case), moment, is_new_leg=False).new_leg(leg)
    return replace(task.new_leg(leg), state=TaskState.QUEUED, assignee_id=None)
