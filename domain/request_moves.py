"""A request's own verbs as one table: every legal move, from where, by whom. Code, `actions`, docs and tests read the same rows.

Rows are those of `domain.md`, section 5. A row without targets leaves the request where its tasks put it; where there are several its guard
says which. What speaks against a verb beside who, where and which version is a guard: it is asked by the verb and by `actions` alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from domain.access import Actor, Door, key
from domain.calendar import SHANGHAI
from domain.errors import Message, Refusal, RefusalCode, Refused, refused
from domain.events import EventKind
from domain.organisation import Organisation
from domain.posts import Role
from domain.requests import OPEN, EntryKind, Request, RequestState
from domain.standings import authority_of

REOPENED_WITHIN = timedelta(days=15)
MESSAGES_WITHIN = timedelta(days=365)
"""How long after the end something can still be said about it; later it is asked for anew."""

RECEIVED, DECLINED, IN_HAND, CLOSED = RequestState.RECEIVED, RequestState.DECLINED, RequestState.IN_HAND, RequestState.CLOSED


class RequestAction(Enum):
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    OBJECT_TO_DECLINE = "OBJECT_TO_DECLINE"
    MERGE = "MERGE"
    UNMERGE = "UNMERGE"
    HAND_OFF = "HAND_OFF"
    HAND_OFF_TO_EMERGENCY = "HAND_OFF_TO_EMERGENCY"
    WITHDRAW = "WITHDRAW"
    NUDGE = "NUDGE"
    REOPEN = "REOPEN"
    ADD_MESSAGE = "ADD_MESSAGE"


class RequestStanding(Enum):
    """How somebody stands to a request."""

    ASKER = "the resident, or the principal"
    PROXY = "a proxy whose live grant says so"
    TYPIST = "whoever typed it for a home"
    SPEAKER = "whoever asked, acts or typed for them"
    GRID_WORKER = "a worker of its grid, on duty"
    CLERK = "a clerk of the centre beside it"
    DISPATCHER = "the township's dispatcher"
    HOME_DESK = "the dispatcher, where it is for a home"
    STAFF = "anybody of the staff who sees it"


@dataclass(frozen=True, slots=True)
class RequestMove:
    """One row: who may take a request from where to where, what guards it, which clock it touches, what it leaves in the history."""

    row: str
    action: RequestAction
    sources: frozenset[RequestState]
    targets: frozenset[RequestState]
    who: frozenset[RequestStanding]
    guard: str
    clock: str
    evidence: EventKind


def _move(
    row: str,
    action: RequestAction,
    sources: set[RequestState] | frozenset[RequestState],
    targets: set[RequestState],
    who: set[RequestStanding],
    evidence: EventKind,
    *,
    guard: str = "-",
    clock: str = "-",
) -> RequestMove:
    return RequestMove(row, action, frozenset(sources), frozenset(targets), frozenset(who), guard, clock, evidence)


_OWN = {RequestStanding.ASKER, RequestStanding.TYPIST}

REQUEST_MOVES: tuple[RequestMove, ...] = (
    _move(
        "2", RequestAction.ACCEPT, {RECEIVED}, {IN_HAND},
        {RequestStanding.GRID_WORKER, RequestStanding.CLERK, RequestStanding.DISPATCHER}, EventKind.REQUEST_ACCEPTED,
        guard="item and scope are set; it is routed", clock="the promise runs since it was made; the leg and its windows start",
    ),
    _move(
        "3", RequestAction.DECLINE, {RECEIVED}, {DECLINED}, {RequestStanding.CLERK, RequestStanding.DISPATCHER}, EventKind.REQUEST_DECLINED,
        guard="a reason, and where to go instead", clock="stops",
    ),
    _move(
        "3a", RequestAction.OBJECT_TO_DECLINE, {DECLINED}, {RECEIVED}, _OWN, EventKind.DECLINE_OBJECTED,
        guard="once", clock="the promise goes on with the time that was left",
    ),
    _move(
        "4", RequestAction.HAND_OFF, OPEN, {RequestState.HANDED_OFF}, {RequestStanding.DISPATCHER}, EventKind.REQUEST_HANDED_OFF,
        guard="the number or reference that was told, and a reason", clock="stops",
    ),
    _move(
        "4a", RequestAction.HAND_OFF_TO_EMERGENCY, OPEN, {RequestState.HANDED_OFF}, {RequestStanding.STAFF}, EventKind.REQUEST_HANDED_OFF,
        guard="110, 119, 120 or 122, and a reason", clock="stops",
    ),
    _move(
        "5", RequestAction.MERGE, {RECEIVED, IN_HAND}, {RequestState.MERGED}, {RequestStanding.DISPATCHER},
        EventKind.REQUEST_MERGED,
        guard="before the work began; not shielded, not for a home, none goes on in it; into an open one; of another item with a reason",
        clock="follows the request in which it goes on",
    ),
    _move(
        "5a", RequestAction.UNMERGE, {RequestState.MERGED}, {IN_HAND, RECEIVED}, {RequestStanding.DISPATCHER},
        EventKind.REQUEST_UNMERGED,
        guard="while that in which it goes on is open, and 15 days after; it waits to be taken in again where nobody had",
        clock="the promise runs since it was made; the windows start again",
    ),
    _move(
        "26", RequestAction.REOPEN, {CLOSED}, {IN_HAND}, _OWN, EventKind.REQUEST_REOPENED,
        guard="once, within 15 days of the end; the second time that it is not solved one level up owns it", clock="a new leg",
    ),
    _move(
        "27", RequestAction.WITHDRAW, OPEN, {RequestState.WITHDRAWN},
        {RequestStanding.ASKER, RequestStanding.PROXY, RequestStanding.HOME_DESK}, EventKind.REQUEST_WITHDRAWN,
        guard="where others are in danger the work goes on without the person", clock="stops",
    ),
    _move(
        "28", RequestAction.NUDGE, OPEN, set(), _OWN, EventKind.REQUEST_NUDGED, guard="once a day",
    ),
    _move(
        "28a", RequestAction.ADD_MESSAGE, frozenset(RequestState) - {RequestState.MERGED}, set(), {RequestStanding.SPEAKER},
        EventKind.MESSAGE_ADDED, guard="within a year of the end; after it somebody gets a task to answer", clock="of that task only",
    ),
)  # fmt: skip


class ClockDeed(Enum):
    """What the clock does to a request itself."""

    REMIND = "remind"
    MISS = "miss the acceptance"
    BREAK_PROMISE = "break the promise"
    LET_GO = "let go"


@dataclass(frozen=True, slots=True)
class RequestClockMove:
    """A row that nobody takes: what the clock does to requests in `sources`. Without targets they stay where they are."""

    row: str
    deed: ClockDeed
    sources: frozenset[RequestState]
    targets: frozenset[RequestState]
    guard: str
    clock: str
    evidence: EventKind


REQUEST_CLOCK: tuple[RequestClockMove, ...] = (
    RequestClockMove(
        "2a", ClockDeed.REMIND, frozenset({RECEIVED}), frozenset(), "half of the window to take it in is over; once", "-",
        EventKind.REQUEST_REMINDED,
    ),
    RequestClockMove(
        "2b", ClockDeed.MISS, frozenset({RECEIVED}), frozenset(), "the window to take it in is over; once", "the promise runs on",
        EventKind.ACCEPTANCE_MISSED,
    ),
    RequestClockMove(
        "2c", ClockDeed.BREAK_PROMISE, frozenset({RECEIVED}), frozenset(), "as row 20c of tasks; once for each due time", "-",
        EventKind.PROMISE_MISSED,
    ),
    RequestClockMove(
        "5b", ClockDeed.LET_GO, frozenset({RequestState.MERGED}), frozenset({IN_HAND, RECEIVED}),
        "that in which it goes on was withdrawn, declined or handed off, and whoever asked has not had an answer; as row 5a",
        "the promise runs since it was made; the windows start again", EventKind.REQUEST_UNMERGED,
    ),
)  # fmt: skip


def row_of(action: RequestAction) -> RequestMove:
    return next(move for move in REQUEST_MOVES if move.action is action)


def request_standings(request: Request, actor: Actor, *, at: datetime) -> frozenset[RequestStanding]:
    """Every way in which the actor stands to the request now; none for whoever the matter is about."""
    organisation = actor.organisation
    if actor.id is None or organisation is None or actor.id in request.hidden_from:
        return frozenset()
    return _of_askers(request, actor) | _of_staff(request, actor, organisation, at)


def _of_askers(request: Request, actor: Actor) -> frozenset[RequestStanding]:
    held = set()
    if actor.id == request.judge_id:
        held.add(RequestStanding.ASKER)
    if request.is_for_household and actor.id == request.submitted_by_id and actor.appointments:
        held.add(RequestStanding.TYPIST)
    if request.as_asker(actor) in request.askers and actor.asking_keys & request.scopes:
        held.add(RequestStanding.SPEAKER)
    if any(grant.id == request.proxy_grant_id and grant.may_withdraw for grant in actor.grants):
        held.add(RequestStanding.PROXY)
    return frozenset(held)


def _of_staff(request: Request, actor: Actor, organisation: Organisation, at: datetime) -> frozenset[RequestStanding]:
    held = set()
    opened = (actor.keys & request.scopes) - actor.asking_keys
    is_there = organisation.absence_of(actor.id or "", at.astimezone(SHANGHAI).date()) is None
    if is_there and any(key_.startswith(Door.GRID.value) for key_ in opened & request.intake_scopes):
        held.add(RequestStanding.GRID_WORKER)
    if {key(Door.UNIT, unit_id) for unit_id in actor.units_led(Role.CENTRE_CLERK)} & request.intake_scopes:
        held.add(RequestStanding.CLERK)
    above = authority_of(request.owner_path[0], request.owner_path, organisation) if request.owner_path else ()
    if actor.units_led(Role.DISPATCHER) & frozenset(above):
        held |= {RequestStanding.DISPATCHER} | ({RequestStanding.HOME_DESK} if request.is_for_household else set())
    if opened and not actor.only_co_ordinates:
        held.add(RequestStanding.STAFF)
    return frozenset(held)


def permit_request(action: RequestAction, request: Request, actor: Actor, *, at: datetime, expected_version: int | None = None) -> None:
    """Raises NOT_ALLOWED, CONFLICT, WRONG_STATE or what its guard says, the first that holds."""
    move = row_of(action)
    if not move.who & request_standings(request, actor, at=at):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "requestId")
    if expected_version is not None and expected_version != request.version:
        raise Refused(Refusal(RefusalCode.CONFLICT, Message("refusal.conflict"), "expectedVersion", request))
    if request.state not in move.sources:
        raise Refused(
            Refusal(RefusalCode.WRONG_STATE, Message("refusal.wrong_state", {"state": request.state.value}), "requestId", request)
        )
    _GUARDS.get(action, _nothing)(request, at)


def request_actions(request: Request, actor: Actor, *, at: datetime, into: Request | None = None) -> tuple[RequestAction, ...]:
    """The actor's legal moves now; none of them is then refused for who, when or where. `into` is that in which it goes on, if it does."""
    legal = (move.action for move in REQUEST_MOVES if _is_open(move.action, request, actor, at))
    return tuple(action for action in legal if action is not RequestAction.UNMERGE or not is_too_late_to_unmerge(into, at=at))


def is_too_late_to_unmerge(into: Request | None, *, at: datetime) -> bool:
    """Whether that in which it went on is over so long that nobody comes back to it."""
    return into is not None and into.closed_at is not None and at > into.closed_at + REOPENED_WITHIN


def _is_open(action: RequestAction, request: Request, actor: Actor, at: datetime) -> bool:
    try:
        permit_request(action, request, actor, at=at)
    except Refused:
        return False
    return True


def _nothing(_request: Request, _at: datetime) -> None:
    """Nothing speaks against it."""


def _guard_objection(request: Request, _at: datetime) -> None:
    if request.objected_at is not None:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.objected_before", "requestId", current=request)


def _guard_reopening(request: Request, at: datetime) -> None:
    if request.reopened_at is not None:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.reopened_before", "requestId", current=request)
    if request.closed_at is not None and at > request.closed_at + REOPENED_WITHIN:
        raise refused(RefusalCode.TOO_LATE, "refusal.reopen_too_late", "requestId", current=request)


def _guard_nudge(request: Request, at: datetime) -> None:
    if request.nudged_at is not None and request.nudged_at.astimezone(SHANGHAI).date() == at.astimezone(SHANGHAI).date():
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.request_nudged_today", "requestId", current=request)


def _guard_message(request: Request, at: datetime) -> None:
    if request.closed_at is not None and at > request.closed_at + MESSAGES_WITHIN:
        raise refused(RefusalCode.TOO_LATE, "refusal.message_too_late", "requestId", current=request)


def _guard_merge(request: Request, _at: datetime) -> None:
    """What would show who asked, whom nobody could ask by their app, and what others already go on in stays as it is."""
    if request.is_shielded:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.merge_shielded", "fromIds")
    if request.entry is EntryKind.ASSISTED:
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.merge_spoken", "fromIds")
    if request.work_began:
        raise refused(RefusalCode.TOO_LATE, "refusal.work_began", "fromIds", current=request)
    if request.merged_count:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.merge_chain", "fromIds", current=request)


_GUARDS: Mapping[RequestAction, Callable[[Request, datetime], None]] = {
    RequestAction.OBJECT_TO_DECLINE: _guard_objection,
    RequestAction.MERGE: _guard_merge,
    RequestAction.REOPEN: _guard_reopening,
    RequestAction.NUDGE: _guard_nudge,
    RequestAction.ADD_MESSAGE: _guard_message,
}
