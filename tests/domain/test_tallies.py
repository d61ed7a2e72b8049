"""What a case adds to the figures follows from its history, at the units that had it, on the days when its limits fell due."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.cases import Act, Case, submitted
from domain.deadlines import office_time_between
from domain.errors import Refused
from domain.events import Event, EventKind
from domain.ids import Kind
from domain.lifecycle import Verb
from domain.replay import Recorded, Reveal, Step, differing, in_order, replayed
from domain.requests import Request, RequestState
from domain.routing import Place
from domain.tallies import EDITION, Counts, bin_of, hours_of_bin, of_village, quantile_hours, tally, with_months
from domain.tasks import Task, TaskState
from tests.domain.cast import CALENDAR, MONDAY, Story, asked, call_out, given_to, moment, new_id, standing_in, town

WORKER, LEADER, DESK, RESIDENT = "grid-worker-1", "grid-leader-1", "dispatcher-1", "resident-1"
TODAY, DUE = "2026-11-23", "2026-11-30"
"""Of a lamp that somebody asked for on Monday: the day it came in, and the day of the promise."""
HOUR = timedelta(hours=1)


def event(act: Act, number: int, at: datetime) -> Event:
    task = act.case.task(act.task_id or "")
    id_ = new_id(Kind.EVENT, number)
    return Event(id_, task.township, task.request_id, task.id, act.kind, None, None, at, None, act.facts)


def steps_of(story: Story, begun: Case, at: datetime = MONDAY) -> list[Step]:
    """The story with its beginning."""
    acts = [submitted(begun), *story.acts]
    return [Step(event(act, number, act.case.tasks[0].updated_at if number else at), act.case) for number, act in enumerate(acts)]


def office(first: datetime, last: datetime) -> timedelta:
    return office_time_between(CALENDAR, first, last)


def counted(steps: Sequence[Step], unit_id: str | None = None) -> dict[str, dict[str, int]]:
    """What it added for a unit, the township unless another is named, by day."""
    found: dict[str, dict[str, int]] = {}
    for (unit, day, name), number in tally(steps, office).items():
        if unit == (unit_id or town().root().id) and number:
            found.setdefault(day, {})[name] = number
    return found


def told(*done: tuple[Verb, str, timedelta], begun: Case | None = None) -> list[Step]:
    first = begun or asked()
    story = Story(first)
    for verb, by, after in done:
        story.do(verb, by, after=after)
    return steps_of(story, first)


TO_THE_CHECK = ((Verb.ACKNOWLEDGE, WORKER, HOUR), (Verb.START, WORKER, HOUR), (Verb.COMPLETE, WORKER, HOUR))
CHECKED = (*TO_THE_CHECK, (Verb.PASS_CHECK, LEADER, HOUR))


def test_a_request_that_was_solved_in_time_counts_on_every_day_of_its_limits() -> None:
    steps = told(*CHECKED, (Verb.ANSWER, RESIDENT, HOUR))
    found = counted(steps)

    assert found[TODAY] == {"requests": 1, "tasks": 1, "dispatched": 1, "to_sign": 1, "signed": 1}
    contact = found["2026-11-24"]
    assert {name: contact[name] for name in ("to_contact", "contacted")} == {"to_contact": 1, "contacted": 1}
    assert quantile_hours(contact, "contact", 0.5) == pytest.approx(2, rel=0.045)
    due = found[DUE]
    judged = ("due", "completed", "on_time", "answered", "own_answered", "own_solved", "solved", "satisfied", "closed", "closed_answered")
    assert {name: due[name] for name in judged} == dict.fromkeys(judged, 1)
    assert quantile_hours(due, "close", 0.9) == pytest.approx(5, rel=0.045)
    assert quantile_hours(due, "close_office", 0.9) == pytest.approx(3.5, rel=0.045), "less the lunch hour and a half"
    assert due["seconds_used"] == 3 * 3600


def test_it_counts_for_the_owner_and_everybody_above_and_nobody_else() -> None:
    steps = told()
    request = steps[-1].case.request
    assert request is not None
    counts = tally(steps, office)

    assert {unit for unit, _, name in counts if name == "requests" and "@" not in unit} == set(request.owner_path)


def test_what_is_asked_for_again_is_counted_on_the_day_when_it_came() -> None:
    begun = asked()
    assert begun.request is not None
    again = replace(begun, request=replace(begun.request, repeats_id=new_id(Kind.REQUEST, 7)))

    assert counted(told(begun=again))[TODAY]["repeats"] == 1
    assert "repeats" not in counted(told())[TODAY]


@pytest.mark.parametrize("state", [RequestState.WITHDRAWN, RequestState.DECLINED, RequestState.MERGED, RequestState.HANDED_OFF])
def test_what_was_withdrawn_or_went_elsewhere_is_left_out_everywhere(state: RequestState) -> None:
    steps = told(*TO_THE_CHECK)
    last = steps[-1]
    assert last.case.request is not None
    ended = replace(last, case=replace(last.case, request=replace(last.case.request, state=state)))

    assert tally([*steps, ended], office) == Counter()
    assert tally([], office) == Counter()


def test_whoever_did_not_sign_in_time_missed_it_and_the_next_one_has_a_window_of_their_own() -> None:
    found = counted(told((Verb.ESCALATE, WORKER, 5 * HOUR + HOUR / 2)))

    assert sum(day.get("to_sign", 0) for day in found.values()) == 2
    assert sum(day.get("signed", 0) for day in found.values()) == 0
    assert found[TODAY]["dispatched"] == 2


def test_a_task_that_is_taken_away_before_its_limits_owes_nothing_for_them() -> None:
    found = counted(told((Verb.ASSIGN_AGAIN, DESK, HOUR)))

    assert sum(day.get("to_sign", 0) for day in found.values()) == 1
    assert sum(day.get("to_contact", 0) for day in found.values()) == 1


def test_a_return_is_counted_with_its_dispatch_and_where_it_was_wrong_as_such() -> None:
    refused = counted(told((Verb.RETURN, WORKER, HOUR), (Verb.REFUSE_RETURN, DESK, HOUR)))
    approved = counted(told((Verb.RETURN, WORKER, HOUR), (Verb.APPROVE_RETURN, DESK, HOUR)))

    assert {name: refused[TODAY].get(name, 0) for name in ("dispatched", "returned", "returns_refused", "signed")} == {
        "dispatched": 1,
        "returned": 1,
        "returns_refused": 1,
        "signed": 1,
    }
    assert {name: approved[TODAY].get(name, 0) for name in ("dispatched", "returned", "returns_refused")} == {
        "dispatched": 2,
        "returned": 1,
        "returns_refused": 0,
    }
    assert approved[DUE]["seconds_used"] == 3600, "while the desk thought nobody had it"


def test_three_tries_count_for_the_clock_and_not_as_contact() -> None:
    tries = ((Verb.TRY_CONTACT, WORKER, HOUR),) * 3
    steps = told((Verb.ACKNOWLEDGE, WORKER, HOUR), *tries)
    found = counted(steps)

    assert steps[-1].case.tasks[0].state is TaskState.IN_PROGRESS
    assert found["2026-11-24"] == {"to_contact": 1}


def test_not_solved_is_an_answer_and_the_second_try_closes_it_as_reworked() -> None:
    again = told(*CHECKED, (Verb.REWORK, RESIDENT, HOUR))
    assert {name: counted(again)[DUE].get(name, 0) for name in ("answered", "solved", "closed", "completed")} == {
        "answered": 1,
        "solved": 0,
        "closed": 0,
        "completed": 0,
    }

    closed = told(*CHECKED, (Verb.REWORK, RESIDENT, HOUR), *CHECKED[2:], (Verb.ANSWER, RESIDENT, HOUR))
    due = counted(closed)[DUE]
    assert (due["closed"], due["closed_reworked"], due["solved"], due["on_time"]) == (1, 1, 1, 1)
    assert due["seconds_used"] == 4 * 3600, "the time of the check is nobody's"


def test_what_is_on_hold_is_held_and_its_leg_stands_still() -> None:
    steps = told(*TO_THE_CHECK[:2])
    last = steps[-1]
    at = last.event.at
    held = _moved(last, TaskState.SUSPENDED, at + HOUR, RequestState.ON_HOLD)
    resumed = _moved(held, TaskState.IN_PROGRESS, at + 50 * HOUR, RequestState.IN_HAND)
    done = _moved(resumed, TaskState.COMPLETED, at + 51 * HOUR, RequestState.IN_HAND, completed_at=at + 51 * HOUR)

    assert counted([*steps, held])[DUE]["held"] == 1
    assert counted([*steps, held, resumed, done])[DUE]["seconds_used"] == 4 * 3600


def _moved(step: Step, state: TaskState, at: datetime, request_state: RequestState, **changes: object) -> Step:
    assert step.case.request is not None
    task = replace(step.case.tasks[0], state=state, updated_at=at, **changes)  # type: ignore[arg-type]
    case = Case(replace(step.case.request, state=request_state), (task,))
    return Step(replace(step.event, at=at, kind=EventKind.TASK_STARTED, facts={}), case)


def test_helped_and_proxied_are_told_apart_from_who_asked_by_themselves() -> None:
    begun = asked()
    assert begun.request is not None
    helped = replace(begun, request=replace(begun.request, on_behalf_of_id=begun.request.submitted_by_id))
    proxied = replace(begun, request=replace(begun.request, proxy_grant_id="grant"))

    assert counted(told(begun=helped))[TODAY]["assisted"] == 1
    assert counted(told(begun=proxied))[TODAY]["proxy"] == 1


def test_work_that_nobody_had_to_ask_for_is_proactive_unless_it_was_cancelled() -> None:
    alone = replace(asked().tasks[0], request_id=None)
    made = Step(Event("e", alone.township, None, alone.id, EventKind.TASK_ASSIGNED, None, None, MONDAY, None, {}), Case(None, (alone,)))
    cancelled = replace(made, case=Case(None, (replace(alone, state=TaskState.CANCELLED),)))

    assert counted([made])[TODAY] == {"tasks": 1, "proactive": 1, "dispatched": 1, "to_sign": 1}
    assert counted([made, cancelled]) == {}
    child = replace(made, case=Case(None, (replace(alone, parent_id="parent"),)))
    assert "tasks" not in counted([child])[TODAY], "an assist task is part of another one"


def test_what_came_from_a_village_is_counted_once_more_at_the_township_and_right_below_it() -> None:
    steps = told(*CHECKED, (Verb.ANSWER, RESIDENT, HOUR))
    request = steps[-1].case.request
    assert request is not None
    assert request.place.village_id is not None
    counts = tally(steps, office)

    top = request.owner_path[-2:]
    assert len(request.owner_path) > len(top), "the branch itself is too small to be told by village"
    assert {unit for unit, _, _ in counts if "@" in unit} == {of_village(unit_id, request.place.village_id) for unit_id in top}
    for unit_id in top:
        of_all, of_them = counted(steps, unit_id), counted(steps, of_village(unit_id, request.place.village_id))
        assert of_them[TODAY]["requests"] == of_all[TODAY]["requests"] == 1
        assert all(of_all[day][name] == number for day, counts_ in of_them.items() for name, number in counts_.items())
        assert {"on_time", "solved"} <= of_them[DUE].keys()
        assert not {"tasks", "dispatched", "seconds_used"} & {name for names in of_them.values() for name in names}


def test_who_left_no_village_is_counted_with_nobody_else() -> None:
    begun = asked()
    assert begun.request is not None
    nowhere = replace(begun, request=replace(begun.request, place=Place(begun.request.place.grid_id)))

    assert not [unit for unit, _, _ in tally(told(begun=nowhere), office) if "@" in unit]


def called(arrives: int | None, *, ended: int | None = None) -> list[Step]:
    """A provider that is to be there within half an hour; whether it comes, and the task ends, after so many minutes."""
    begun = standing_in(TaskState.IN_PROGRESS)
    story = Story(begun)
    story.keep(call_out(begun, moment(DESK)))
    story.do(Verb.DECIDE_CALL_OUT, "secretary-2", after=HOUR)
    decided_at = story.at
    if arrives is not None:
        story.at = decided_at + timedelta(minutes=arrives)
        story.do(Verb.REPORT_IN, "provider-worker-1")
    steps = steps_of(story, begun)
    if ended is not None:
        at = decided_at + timedelta(minutes=ended)
        over = steps[-1].case.tasks[0].close(at=at)
        steps.append(_moved(steps[-1], TaskState.CLOSED, at, RequestState.CLOSED, call_outs=over.call_outs))
    return steps


PROVIDER = given_to("provider-worker-1").unit.id


@pytest.mark.parametrize(
    ("steps", "of_provider"),
    [
        (called(20), {"called_out": 1, "reported_in": 1}),
        (called(31), {"called_out": 1}),
        (called(None), {"called_out": 1}),
        (called(None, ended=40), {"called_out": 1}),
        (called(None, ended=10), {}),
        (called(20, ended=25), {"called_out": 1, "reported_in": 1}),
    ],
)
def test_a_department_is_judged_by_the_limit_it_had_and_not_where_nobody_needed_it_any_more(
    steps: list[Step], of_provider: dict[str, int]
) -> None:
    assert counted(steps, PROVIDER).get(TODAY, {}) == of_provider
    township, elsewhere = counted(steps).get(TODAY, {}), counted(steps, steps[-1].case.tasks[0].owner_path[0]).get(TODAY, {})
    assert {name: township.get(name) for name in of_provider} == of_provider
    assert elsewhere.keys().isdisjoint(of_provider), "whose task it is was not called"


def test_what_was_called_before_its_place_was_kept_counts_at_the_unit_and_the_township() -> None:
    steps = called(20)
    task = steps[-1].case.tasks[0]
    old = replace(task, call_outs=tuple(replace(each, path=()) for each in task.call_outs))
    steps[-1] = replace(steps[-1], case=replace(steps[-1].case, tasks=(old,)))

    found = tally(steps, office)
    assert {unit for unit, _, name in found if name == "reported_in"} == {PROVIDER, town().root().id}


def looked(steps: Sequence[Step], *after: timedelta, task_id: str | None = None) -> dict[str, dict[str, int]]:
    """What looks at the contact so long after the beginning add for the township, by day."""
    reveals = [Reveal(MONDAY + each, task_id or steps[0].case.tasks[0].id) for each in after]
    both = tally(steps, office, reveals)
    both.subtract(tally(steps, office))
    root, found = town().root().id, dict[str, dict[str, int]]()
    for (unit, day, name), number in both.items():
        if unit == root and number:
            found.setdefault(day, {})[name] = number
    return found


def test_a_look_at_the_contact_is_counted_and_whether_a_contact_followed() -> None:
    acknowledged, started = told((Verb.ACKNOWLEDGE, WORKER, HOUR)), told(*TO_THE_CHECK[:2])

    assert looked(acknowledged, HOUR * 1.5, HOUR * 30) == {
        TODAY: {"reveals": 1, "reveals_unused": 1},
        "2026-11-24": {"reveals": 1, "reveals_unused": 1},
    }
    assert looked(started, HOUR * 1.5) == {TODAY: {"reveals": 1}}, "two hours after the beginning they were heard"
    assert looked(started, HOUR * 2.5) == {TODAY: {"reveals": 1, "reveals_unused": 1}}, "and not after that"
    assert looked(told((Verb.ACKNOWLEDGE, WORKER, HOUR), (Verb.TRY_CONTACT, WORKER, HOUR)), HOUR) == {TODAY: {"reveals": 1}}


def test_a_look_counts_at_who_had_the_task_then_whatever_became_of_the_request() -> None:
    steps = told(*TO_THE_CHECK)
    last = steps[-1]
    assert last.case.request is not None
    path = steps[0].case.tasks[0].owner_path
    ended = replace(last, case=replace(last.case, request=replace(last.case.request, state=RequestState.WITHDRAWN)))
    counts = tally([*steps, ended], office, [Reveal(MONDAY + HOUR, last.case.tasks[0].id)])

    assert {unit for unit, _, _ in counts} == set(path)
    assert {name for _, _, name in counts} == {"reveals"}
    elsewhere = replace(last.case.tasks[0], owner_path=("unit", *path[-1:]))
    moved = replace(last, case=replace(last.case, tasks=(elsewhere,)))
    counts = tally([*steps, moved], office, [Reveal(MONDAY + HOUR, last.case.tasks[0].id)])
    assert {unit for unit, _, name in counts if name == "reveals"} == set(path)
    assert looked(steps, HOUR, task_id="of another request meanwhile") == {TODAY: {"reveals": 1}}


def test_a_queued_task_is_dispatched_to_nobody() -> None:
    assert "dispatched" not in counted(told(begun=standing_in(TaskState.QUEUED, assigned_at=None)))[TODAY]


def signed_after(hours: int, *, moved_to: datetime) -> list[Step]:
    """By whoever came before the clock, which had not counted their window anew yet: the act says where it is now."""
    *begun, signed = told((Verb.ACKNOWLEDGE, WORKER, hours * HOUR))
    facts = {**signed.event.facts, "windows_moved": f"{signed.case.tasks[0].id}/acknowledge_by/{moved_to.isoformat()}"}
    return [*begun, replace(signed, event=replace(signed.event, facts=facts))]


def test_who_signs_before_the_clock_counted_anew_is_judged_by_where_the_window_is_now() -> None:
    tomorrow = MONDAY + 24 * HOUR

    assert counted(signed_after(23, moved_to=tomorrow))["2026-11-24"]["signed"] == 1
    assert sum(day.get("signed", 0) for day in counted(signed_after(25, moved_to=tomorrow)).values()) == 0


def test_what_is_counted_otherwise_is_of_another_edition() -> None:
    """Sums of an edition that were counted by two rules would be half of one and half of the other, and nobody would see it."""
    stories = [
        told(*CHECKED, (Verb.ANSWER, RESIDENT, HOUR)),
        told(*CHECKED, (Verb.REWORK, RESIDENT, HOUR), *CHECKED[2:], (Verb.ANSWER, RESIDENT, HOUR)),
        told((Verb.RETURN, WORKER, HOUR), (Verb.REFUSE_RETURN, DESK, HOUR)),
        told((Verb.ESCALATE, WORKER, 6 * HOUR)),
        called(20),
        signed_after(23, moved_to=MONDAY + 24 * HOUR),
    ]
    cells: Counter[tuple[str, str]] = Counter()
    for steps in stories:
        for (_, day, name), number in tally(steps, office, [Reveal(MONDAY + HOUR, steps[0].case.tasks[0].id)]).items():
            cells[day, name] += number
    stands_for = sha256(repr(sorted(cells.items())).encode()).hexdigest()[:12]

    assert (EDITION, stands_for) == (3, "7d551c65d8fd"), (
        "raise EDITION, unless only these stories changed; then write down what stands for them"
    )


# --- Times.


@given(st.floats(60, 63_072_000))
def test_a_time_read_from_its_bin_is_hardly_off(seconds: float) -> None:
    assert hours_of_bin(bin_of(timedelta(seconds=seconds))) * 3600 == pytest.approx(seconds, rel=0.0445)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40), st.sampled_from([0.5, 0.9]))
def test_a_quantile_is_the_nearest_rank(bins: list[int], share: float) -> None:
    counts: Counts = Counter(f"close:{number}" for number in bins) | Counter({"close_office:3": 7, "other": 2})
    rank = -int(-share * len(bins) // 1)

    assert quantile_hours(counts, "close", share) == hours_of_bin(sorted(bins)[rank - 1])


# --- Whatever happens.


VERBS = tuple(verb for verb in Verb if verb is not Verb.CALL_OFF)  # nothing that somebody asked for is part of a campaign
BY: dict[Verb, str] = {Verb.ANSWER: RESIDENT, Verb.REWORK: RESIDENT}
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.sampled_from([WORKER, "grid-worker-2", LEADER, DESK, RESIDENT]), st.integers(0, 40)), max_size=25
)


def any_story(draws: list[tuple[Verb, str, int]]) -> list[Step]:
    """Whatever of it the law allows."""
    begun = asked()
    story = Story(begun)
    for verb, by, hours in draws:
        try:
            story.do(verb, by, after=hours * HOUR)
        except (Refused, AssertionError, KeyError, AttributeError):
            continue
    return steps_of(story, begun)


@settings(max_examples=60)
@given(STEPS)
def test_counts_are_never_below_nothing_and_no_part_is_more_than_its_whole(draws: list[tuple[Verb, str, int]]) -> None:
    counts = tally(any_story(draws), office)
    assert all(number >= 0 for number in counts.values())
    for (unit, day, name), number in counts.items():
        for whole in PARTS.get(name, ()):
            assert number <= counts[unit, day, whole], (name, whole)
    months = with_months(counts)
    assert sum(months.values()) == 2 * sum(counts.values())


PARTS = {
    "completed": ["due"], "on_time": ["completed"], "held": ["due"], "closed": ["completed"], "closed_answered": ["closed", "answered"],
    "closed_reworked": ["closed"], "solved": ["answered"], "satisfied": ["answered"], "own_answered": ["answered"],
    "own_solved": ["solved"], "signed": ["to_sign"], "contacted": ["to_contact"], "returned": ["dispatched"],
    "returns_refused": ["returned"], "proactive": ["tasks"], "reported_in": ["called_out"],
}  # fmt: skip


@settings(max_examples=60)
@given(STEPS, st.integers(0, 26))
def test_counting_up_step_by_step_is_counting_at_once(draws: list[tuple[Verb, str, int]], cut: int) -> None:
    """What the sums rest on: a batch adds what there is with it, less what there was without it."""
    steps = any_story(draws)
    kept = tally(steps[:cut], office)
    kept.update(tally(steps, office))
    kept.subtract(tally(steps[:cut], office))

    assert +kept == +tally(steps, office)


# --- Replay.


def recorded(before: Case | None, act: Act, number: int, fields_of: Callable[[object], dict[str, object]]) -> Recorded:
    def documents(case: Case | None) -> dict[str, dict[str, object]]:
        things: list[Request | Task] = [*case.tasks, *([case.request] if case.request else [])] if case else []
        return {thing.id: fields_of(thing) for thing in things}

    old, changes = documents(before), {}
    for id_, new in documents(act.case).items():
        changed = {name: value for name, value in new.items() if id_ not in old or old[id_][name] != value}
        if changed:
            changes[id_] = changed
    return Recorded(event(act, number, MONDAY), changes)


@settings(max_examples=40)
@given(STEPS, st.randoms(use_true_random=False))
def test_the_changes_in_any_order_make_the_documents_again(draws: list[tuple[Verb, str, int]], chance: object) -> None:
    def fields_of(thing: object) -> dict[str, object]:
        return {name: getattr(thing, name) for name in type(thing).__dataclass_fields__}  # type: ignore[attr-defined]

    steps, history, before = any_story(draws), [], None
    for number, step in enumerate(steps):
        act = Act(step.case, step.event.kind, step.case.tasks[0].id)
        history.append(recorded(before, act, number, fields_of))
        before = step.case
    shuffled = sorted(history, key=lambda _: chance.random())  # type: ignore[attr-defined]
    last = steps[-1].case
    assert last.request is not None

    stored = {last.request.id: fields_of(last.request)} | {task.id: fields_of(task) for task in last.tasks}
    assert replayed(shuffled) == stored
    assert list(in_order(shuffled, last.request.id)) == history


def test_a_difference_is_told_by_its_fields() -> None:
    assert differing({"a": 1, "b": 2, "c": None}, {"a": 1, "b": 3}) == ("b", "c")
