"""Any role, held anywhere in the tree: who stands over the owner of a task may act on it, and nobody beside or below it may."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest

from domain.access import Actor
from domain.errors import RefusalCode
from domain.lifecycle import MOVES, TaskAction, Verb, actions
from domain.organisation import Organisation, OrgUnit, OrgUnitKind
from domain.posts import Role
from domain.standings import Standing, may_call, standings
from domain.tasks import Task, TaskState
from tests.domain.cast import DEEDS, MONDAY, actor, asked, id_of, moment, planned, refusal_of, standing_in, town, wished

NEWCOMER = "resident-3"
"""Who holds no other post, and has nothing to do with the lamp of resident-1."""
OF_A_GRID = {Role.GRID_WORKER, Role.HUB_HOST, Role.LINK_MEMBER}
OWNER = asked().tasks[0].owner_path
AREA = replace(town().root(), id="area", name="片区党委", kind=OrgUnitKind.AREA_COMMITTEE, parent_id=town().root().id, covers=OWNER[:1])
UNITS = [*town().units.values(), AREA]


def _first(kind: OrgUnitKind, *, other_than: str = "", below: str | None = None) -> str:
    return next(unit.id for unit in UNITS if unit.kind is kind and unit.id != other_than and below in {None, unit.parent_id})


PLACES: Mapping[str, str] = {
    "own": OWNER[0],
    "ancestor": OWNER[1],
    "top": OWNER[2],
    "descendant": _first(OrgUnitKind.PARTY_GROUP, below=OWNER[0]),
    "sibling": _first(OrgUnitKind.GRID_BRANCH, other_than=OWNER[0]),
    "other chain": _first(OrgUnitKind.VILLAGE_ORG),
    "overlay": AREA.id,
    "other township": OWNER[1],
}
L, D = {Standing.LEADER, Standing.SUPERIOR, Standing.EXTENSION_JUDGE}, {Standing.DISPATCHER, Standing.RETURN_JUDGE}
CALLER, NOTHING = {Standing.CALLER}, set[Standing]()
OVER_IT: Mapping[tuple[Role, str], set[Standing]] = {
    (Role.GRID_WORKER, "own"): NOTHING,  # reads what lies in the grid
    (Role.GRID_LEADER, "own"): {*L, Standing.VERIFIER},
    (Role.GRID_LEADER, "ancestor"): L,
    (Role.GRID_LEADER, "top"): L,
    (Role.CENTRE_CLERK, "own"): NOTHING,  # the staff of the unit that did the work does not ask whether it helped
    (Role.CENTRE_CLERK, "ancestor"): CALLER,
    (Role.CENTRE_CLERK, "top"): CALLER,
    (Role.DISPATCHER, "own"): {*D, Standing.VERIFIER},
    (Role.DISPATCHER, "ancestor"): {*D, *CALLER},
    (Role.DISPATCHER, "top"): {*D, *CALLER},
    (Role.SECRETARY, "own"): {*L, Standing.VERIFIER},
    (Role.SECRETARY, "ancestor"): {*L, Standing.RETURN_JUDGE},
    (Role.SECRETARY, "top"): {*L, Standing.RETURN_JUDGE, Standing.DEFERRAL_JUDGE, Standing.HEAD},
}
"""How who reads the task at all stands to it; whoever is not here reads nothing of it, and is told that there is none."""
EVERYWHERE = [(role, place) for role in Role for place in PLACES]


@cache
def appointed(role: Role, place: str) -> Actor:
    """The newcomer, with that role at that place and nowhere else."""
    grids = {grid.branch_id: grid.id for grid in planned().parts.grids}
    grid_id = grids.get(PLACES[place]) if role in OF_A_GRID and place != "other township" else None
    micro_id = next((micro.id for micro in planned().parts.micro_grids if micro.grid_id == grid_id), None)
    post = replace(planned().parts.appointments[0], person_id=id_of(NEWCOMER), role=role, unit_id=PLACES[place])
    post = replace(post, grid_id=grid_id, micro_grid_id=micro_id, until=None)
    parts = replace(planned().parts, units=UNITS, appointments=[*planned().parts.appointments, post])
    if place != "other township":
        return actor(NEWCOMER, organisation=Organisation(planned().township_code, role.value, parts))
    units = [_elsewhere(unit) for unit in parts.units]
    there = replace(parts, units=units, grids=[], micro_grids=[], hubs=[], villages=[], appointments=[replace(post, unit_id=units[1].id)])
    return actor(NEWCOMER, organisation=Organisation("990202202", role.value, there))


def _elsewhere(unit: OrgUnit) -> OrgUnit:
    """The same unit, had another township drawn it up."""
    named = {"id": _there(unit.id), "parent_id": unit.parent_id and _there(unit.parent_id), "covers": ()}
    return replace(unit, township="990202202", **named)  # type: ignore[arg-type]  # ids all of them


def _there(id_: str) -> str:
    return id_.replace(planned().township_code, "990202202")[:-1] + "f"


def reads(by: Actor, task: Task) -> bool:
    return bool(by.keys & task.scopes)


@pytest.mark.parametrize(("role", "place"), EVERYWHERE)
def test_who_stands_over_the_owner_stands_to_the_task_and_nobody_else_reads_it(role: Role, place: str) -> None:
    task, by = asked().tasks[0], appointed(role, place)

    assert reads(by, task) == ((role, place) in OVER_IT)
    if (role, place) in OVER_IT:
        assert standings(task, by, at=MONDAY) == OVER_IT[role, place]
    else:  # a clerk anywhere could call, had they anything to read of it
        assert standings(task, by, at=MONDAY) <= CALLER


@pytest.mark.parametrize(("role", "place"), EVERYWHERE)
def test_what_is_offered_anywhere_is_what_the_rows_say_of_whoever_stands_there(role: Role, place: str) -> None:
    for state in TaskState:
        offered = set(actions(standing_in(state).tasks[0], appointed(role, place), at=MONDAY))
        legal = {move.action for move in MOVES if state in move.sources and move.who & OVER_IT.get((role, place), NOTHING)}

        assert offered <= legal - {None}, state
        assert legal - {None} - offered <= NEEDS_A_CAUSE, state


def test_a_clerk_asks_about_what_lies_beside_her_own_centre_and_about_nothing_of_anothers() -> None:
    """Of two centres, each stands with the units around it."""
    task, centre = asked().tasks[0], _first(OrgUnitKind.SERVICE_CENTRE)
    village = _first(OrgUnitKind.VILLAGE_ORG)
    other = replace(town().units[centre], id="other centre", code=f"{town().units[village].code}90", parent_id=village)
    parts = replace(planned().parts, units=[*town().units.values(), other])
    two = Organisation(town().township, "two centres", parts)
    of_village = replace(task, owner_id=village, owner_path=tuple(unit.id for unit in two.path(village)))
    post = replace(planned().parts.appointments[0], role=Role.CENTRE_CLERK, grid_id=None, micro_grid_id=None)
    told = {
        (work.owner_id, unit_id): may_call(work, id_of(NEWCOMER), [replace(post, unit_id=unit_id)], two, MONDAY.date())
        for work in (task, of_village)
        for unit_id in (centre, other.id)
    }

    assert told == {
        (OWNER[0], centre): True,
        (OWNER[0], "other centre"): False,
        (village, centre): False,
        (village, "other centre"): True,
    }


NEEDS_A_CAUSE = {
    *(TaskAction.DECIDE_EXTENSION, TaskAction.DECIDE_DEFERRAL, TaskAction.DECIDE_CALL_OUT, TaskAction.CONCLUDE_CALL_OUT),
    *(TaskAction.SUPERVISE, TaskAction.CANCEL, TaskAction.DECIDE_REPORT),
}
"""Nobody asked for anything, nothing went wrong, and the lead of a request is never called off."""

OF_A_LEADER = (Verb.GRANT_EXTENSION, Verb.SUSPEND, Verb.UNDEFER, Verb.PASS_CHECK, Verb.FAIL_CHECK, Verb.APPROVE_RETURN)


@pytest.mark.parametrize(("role", "place"), EVERYWHERE)
def test_who_may_not_is_refused_before_anything_else_and_nothing_changes(role: Role, place: str) -> None:
    for verb, state in ((verb, state) for verb in OF_A_LEADER for state in TaskState):
        [move] = [move for move in MOVES if move.verb is verb]
        may = bool(move.who & OVER_IT.get((role, place), NOTHING))
        case, before = wished(standing_in(state), verb), wished(standing_in(state), verb)
        now = replace(moment(NEWCOMER), by=appointed(role, place))
        done = None if state in move.sources else RefusalCode.WRONG_STATE

        assert refusal_of(lambda: DEEDS[verb](case, now, None)) is (done if may else RefusalCode.NOT_ALLOWED)  # noqa: B023
        assert refusal_of(lambda: DEEDS[verb](case, now, 99)) is (RefusalCode.CONFLICT if may else RefusalCode.NOT_ALLOWED)  # noqa: B023
        assert case == before
