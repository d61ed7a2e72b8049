"""What one case adds to the figures of units (计数): a pure function of its history, so that sums can be kept up and counted anew alike.

A count stands at a unit, on a day and under a name. What came in stands on the day when it came; everything that is judged, on the day
when its limit fell due. The promise is judged at the units that own the request now; a leg, at the units that owned it then; a call-out,
at the units that were called.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.calendar import SHANGHAI
from domain.events import EventKind
from domain.recounting import with_windows_moved
from domain.replay import Reveal, Step
from domain.requests import LOWEST_GRADES, EntryKind, Request, RequestState, Verdict
from domain.tasks import PAUSED, Task, TaskState

Cell = tuple[str, str, str]
"""A unit's id, or that of a unit and a village (`of_village`), a day or a month as ISO text, and the name of what is counted."""

Counts = Mapping[str, int]
OfficeTime = Callable[[datetime, datetime], timedelta]
"""The working time between two moments."""

EDITION = 3
"""Which rules these are. Whatever is counted more, or otherwise, raises it: sums by the rules before are counted anew by themselves."""

BINS_A_DOUBLING = 8
SHORTEST_SECONDS = 60
"""Times are counted in bins, eight for each doubling from one minute on: what is read from them is at most 4.4 % off."""

LEVELS_BY_VILLAGE = 2
"""What those who left a village asked for is counted at the township and the level below it: two sums more, where each level had one."""

UNSIGNED = frozenset({TaskState.QUEUED, TaskState.ASSIGNED, TaskState.RETURN_PENDING, TaskState.CANCELLED})


CONTACTS = frozenset(
    {
        EventKind.TASK_STARTED,
        EventKind.TASK_CONTACT_TRIED,
        EventKind.TASK_CONTACTED,
        EventKind.TASK_COMPLETED,
        EventKind.FOLLOW_UP_TRIED,
        EventKind.FOLLOW_UP_RECORDED,
    }
)
"""Acts that say that whoever asked was reached, or that somebody tried, or was there."""


@dataclass(slots=True)
class Leg:
    """One handler's time with a task; `used` leaves pauses out. A reworked task begins another one, without being dispatched."""

    path: tuple[str, ...]
    since: datetime
    acknowledge_by: datetime | None = None
    contact_by: datetime | None = None
    dispatched_at: datetime | None = None
    signed_at: datetime | None = None
    contacted_at: datetime | None = None
    returned_at: datetime | None = None
    is_refused: bool = False
    left_at: datetime | None = None
    used: timedelta = timedelta()
    is_running: bool = True

    def run_to(self, at: datetime) -> None:
        self.used += at - self.since if self.is_running else timedelta()
        self.since = at

    def is_due(self, limit: datetime | None, met_at: datetime | None) -> bool:
        """Whether a limit has to be answered for: not where the task was taken away or given back before it."""
        return limit is not None and (met_at is not None or self.left_at is None or self.left_at >= limit)


def day_of(at: datetime) -> str:
    return at.astimezone(SHANGHAI).date().isoformat()


def tally(steps: Sequence[Step], office_time: OfficeTime, reveals: Sequence[Reveal] = ()) -> Counter[Cell]:
    """What a case adds to the figures of each unit, by day; where it is left out of all of them, reveals only: a look was a look."""
    counts: Counter[Cell] = Counter()
    if not steps:
        return counts
    for reveal in reveals:
        _count_reveal(counts, reveal, steps)
    request = steps[-1].case.request
    # Whoever only answers a message does none of the work; what belongs to a request is counted with that; a campaign counts its own.
    whole = [task for task in steps[-1].case.tasks if not task.is_message and task.campaign_id is None]
    tasks = [task for task in whole if request is not None or task.request_id is None]
    if request is not None and not request.is_counted:
        return counts
    by_task = _legs(steps)
    legs = [leg for task in tasks for leg in by_task.get(task.id, [])]
    if request is not None:
        _count_request(counts, request, office_time)
        _count_shares(counts, request, legs)
        _count_contacts(counts, request, legs, office_time)
    for task in tasks:
        if request is not None or task.state is not TaskState.CANCELLED:
            _count_task(counts, task, by_task.get(task.id, []), is_asked_for=request is not None)
            _count_call_outs(counts, task)
    return counts


def _add(counts: Counter[Cell], path: Iterable[str], day: str, names: Iterable[str], number: int = 1) -> None:
    for unit_id in path:
        for name in names:
            counts[unit_id, day, name] += number


def of_village(unit_id: str, village_id: str) -> str:
    """Where those who left a village are counted for a unit."""
    return f"{unit_id}@{village_id}"


def _with_village(path: Sequence[str], request: Request) -> list[str]:
    village_id = request.place.village_id
    return [*path, *(of_village(unit_id, village_id) for unit_id in path[-LEVELS_BY_VILLAGE:] if village_id)]


def _count_request(counts: Counter[Cell], request: Request, office_time: OfficeTime) -> None:
    came = {EntryKind.OWN: [], EntryKind.ASSISTED: ["assisted"], EntryKind.PROXY: ["proxy"]}[request.entry]
    repeated = ["repeats"] if request.repeats_id else []
    path = _with_village(request.owner_path, request)
    _add(counts, path, day_of(request.submitted_at), ["requests", *came, *repeated])
    if request.promise_due_at is None or request.promise_provisional:  # nobody is judged before its year has a calendar
        return
    judged = {"due": True, "completed": request.completed_at is not None, "on_time": request.promise_met}
    judged["held"] = request.state is RequestState.ON_HOLD
    has_answered, is_closed = request.verdict is not None, request.state is RequestState.CLOSED
    judged |= {"answered": has_answered, "solved": request.verdict is Verdict.SOLVED}
    judged["satisfied"] = has_answered and request.grade is not None and request.grade not in LOWEST_GRADES
    is_own = has_answered and request.entry is EntryKind.OWN
    judged |= {"own_answered": is_own, "own_solved": is_own and request.verdict is Verdict.SOLVED}
    judged |= {"closed": is_closed, "closed_answered": is_closed and has_answered}
    judged |= {"closed_reworked": is_closed and request.rework_count > 0, "closed_extended": is_closed and request.extended_by > 0}
    first_due_at = request.promise_first_due_at or request.promise_due_at
    judged["on_time_at_first"] = request.completed_at is not None and request.completed_at <= first_due_at
    names = [name for name, holds in judged.items() if holds]
    if is_closed and request.closed_at:
        names += _times("close", request.submitted_at, request.closed_at, office_time)
    _add(counts, path, day_of(request.promise_due_at), names)


def _count_shares(counts: Counter[Cell], request: Request, legs: Sequence[Leg]) -> None:
    """Of the time that was promised, how much passed in whose hands."""
    if request.promise_due_at is None or request.promise_provisional:
        return
    day, promised = day_of(request.promise_due_at), request.promise_due_at - request.submitted_at
    for leg in legs:
        _add(counts, leg.path, day, ["seconds_used"], round(leg.used.total_seconds()))
    hands = dict.fromkeys(unit_id for leg in legs for unit_id in leg.path)
    _add(counts, hands, day, ["seconds_promised"], round(promised.total_seconds()))


def _count_contacts(counts: Counter[Cell], request: Request, legs: Sequence[Leg], office_time: OfficeTime) -> None:
    """Each handler's contact in time; and how long whoever asked waited for the first one."""
    first = min((leg.contacted_at for leg in legs if leg.contacted_at), default=None)
    for leg in legs:
        if leg.contact_by is not None and leg.is_due(leg.contact_by, leg.contacted_at):
            is_met = leg.contacted_at is not None and leg.contacted_at <= leg.contact_by
            names = ["to_contact", "contacted"] if is_met else ["to_contact"]
            if first is not None and leg.contacted_at == first:
                names += _times("contact", request.submitted_at, first, office_time)
            _add(counts, _with_village(leg.path, request), day_of(leg.contact_by), names)


def _count_task(counts: Counter[Cell], task: Task, legs: Sequence[Leg], *, is_asked_for: bool) -> None:
    if task.parent_id is None:
        _add(counts, task.owner_path, day_of(task.created_at), ["tasks"] if is_asked_for else ["tasks", "proactive"])
    for leg in legs:
        _count_dispatch(counts, leg)


def _count_dispatch(counts: Counter[Cell], leg: Leg) -> None:
    if leg.dispatched_at is not None:
        came = {"dispatched": True, "returned": leg.returned_at is not None, "returns_refused": leg.is_refused}
        _add(counts, leg.path, day_of(leg.dispatched_at), [name for name, holds in came.items() if holds])
    if leg.acknowledge_by is not None and leg.is_due(leg.acknowledge_by, leg.signed_at):
        is_met = leg.signed_at is not None and leg.signed_at <= leg.acknowledge_by
        _add(counts, leg.path, day_of(leg.acknowledge_by), ["to_sign", "signed"] if is_met else ["to_sign"])


def _count_call_outs(counts: Counter[Cell], task: Task) -> None:
    """Who was called owes an arrival by the limit: not where the task was over before, and nobody had to come any more."""
    for call_out in task.call_outs:
        limit = call_out.arrive_by
        if limit is None or (call_out.reported_at is None and call_out.ended_at is not None and call_out.ended_at <= limit):
            continue
        has_come = call_out.reported_at is not None and call_out.reported_at <= limit
        called = call_out.path or (call_out.unit_id, task.owner_path[-1])
        _add(counts, called, day_of(limit), ["called_out", "reported_in"] if has_come else ["called_out"])


def _count_reveal(counts: Counter[Cell], reveal: Reveal, steps: Sequence[Step]) -> None:
    """At the units that had the task then. Whoever asked was heard afterwards, or somebody tried, or it was of no use."""
    case = next((step.case for step in reversed(steps) if step.event.at <= reveal.at), steps[0].case)
    paths = [task.owner_path for task in case.tasks if task.id == reveal.task_id]
    path = paths[0] if paths else case.request.owner_path if case.request else ()
    is_used = any(step.event.kind in CONTACTS and step.event.at >= reveal.at for step in steps)
    _add(counts, path, day_of(reveal.at), ["reveals"] if is_used else ["reveals", "reveals_unused"])


def _legs(steps: Sequence[Step]) -> dict[str, list[Leg]]:
    """Who had each task when, oldest first."""
    before: dict[str, Task] = {}
    legs: dict[str, list[Leg]] = {}
    for step in steps:
        for task in step.case.tasks:
            _follow_leg(legs.setdefault(task.id, []), before.get(task.id), task, step)
        before = {task.id: task for task in step.case.tasks}
    return legs


def _follow_leg(legs: list[Leg], before: Task | None, task: Task, step: Step) -> None:
    """What an act did to the leg that a task is on, or which one it began."""
    at = step.event.at
    is_new = task.assignee_id is not None and task.assigned_at is not None
    if before is not None:
        is_new = is_new and (task.assigned_at, task.assignee_id) != (before.assigned_at, before.assignee_id)
    current = legs[-1] if legs else None
    if current is not None:
        current.run_to(at)
        _recount(current, with_windows_moved(before or task, step.event.facts))
        if current.left_at is None and (is_new or task.assignee_id is None or task.is_over):
            current.left_at = at
    if is_new:
        legs.append(Leg(task.owner_path, at, task.acknowledge_by, task.contact_by, dispatched_at=task.assigned_at))
    elif before is not None and before.completed_at and not task.completed_at and task.state is TaskState.IN_PROGRESS:
        legs.append(Leg(task.owner_path, at))
    if legs:
        _recount(legs[-1], task)
        _mark(legs[-1], before, task, step)


def _recount(leg: Leg, task: Task) -> None:
    """A window that a new calendar moved is judged where it is now."""
    if leg.acknowledge_by is not None:
        leg.acknowledge_by = task.acknowledge_by or leg.acknowledge_by
    if leg.contact_by is not None:
        leg.contact_by = task.contact_by or leg.contact_by


def _mark(leg: Leg, before: Task | None, task: Task, step: Step) -> None:
    at = step.event.at
    if step.event.kind is EventKind.RETURN_REFUSED and before is not None and before.state is TaskState.RETURN_PENDING:
        leg.is_refused, leg.signed_at, leg.left_at = True, leg.signed_at or leg.returned_at, None
    if task.state is TaskState.RETURN_PENDING and leg.left_at is None:
        leg.returned_at = leg.left_at = task.returned_at or at
    if leg.signed_at is None and task.state not in UNSIGNED:
        leg.signed_at = at
    is_tried_only = step.event.facts.get("reached") is False
    if task.contacted_at and not (before and before.contacted_at == task.contacted_at) and not is_tried_only:
        leg.contacted_at = task.contacted_at
    leg.is_running = leg.left_at is None and task.completed_at is None and task.state not in PAUSED


# --- Times in bins.


def _times(name: str, first: datetime, last: datetime, office_time: OfficeTime) -> list[str]:
    return [f"{name}:{bin_of(last - first)}", f"{name}_office:{bin_of(office_time(first, last))}"]


def bin_of(time: timedelta) -> int:
    return round(BINS_A_DOUBLING * math.log2(max(time.total_seconds(), SHORTEST_SECONDS) / SHORTEST_SECONDS))


def hours_of_bin(number: int) -> float:
    return float(SHORTEST_SECONDS * 2 ** (number / BINS_A_DOUBLING) / 3600)


def quantile_hours(counts: Counts, name: str, share: float) -> float | None:
    """The time within which that share came to its end, in hours, by the nearest rank; nothing where nothing did."""
    bins = sorted((int(key.partition(":")[2]), number) for key, number in counts.items() if key.startswith(f"{name}:") and number > 0)
    rank, seen = math.ceil(share * sum(number for _, number in bins)), 0
    for bin_, number in bins:
        seen += number
        if seen >= rank:
            return hours_of_bin(bin_)
    return None


# --- Days and months.


def periods(first: date, last: date) -> list[str]:
    """The days from the first to the last, whole months as one: a long time is read from few sums."""
    found, day = [], first
    while day <= last:
        after_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        if day.day == 1 and after_month <= last + timedelta(days=1):
            found.append(day.isoformat()[:7])
            day = after_month
        else:
            found.append(day.isoformat())
            day += timedelta(days=1)
    return found


def with_months(counts: Counter[Cell]) -> Counter[Cell]:
    """Counts by day, and the same by month."""
    both: Counter[Cell] = Counter()
    for (unit_id, day, name), number in counts.items():
        both[unit_id, day, name] += number
        both[unit_id, day[:7], name] += number
    return both


def total(sums: Iterable[Counts]) -> Counter[str]:
    added: Counter[str] = Counter()
    for counts in sums:
        added.update(counts)
    return added
