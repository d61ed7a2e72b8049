"""Any role, held anywhere in the tree, and a request's own verbs: who stands over its owner or takes in for it, and nobody beside."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from domain.errors import RefusalCode
from domain.organisation import OrgUnitKind
from domain.posts import Role
from domain.request_moves import REQUEST_MOVES, RequestAction, RequestStanding, request_actions, request_standings
from domain.requests import RequestState
from tests.domain.cast import MONDAY, refusal_of, town
from tests.domain.cast_of_requests import REQUEST_DEEDS, now_of, request_in, request_of, waiting
from tests.domain.test_lifecycle_places import EVERYWHERE, PLACES, appointed
from tests.domain.test_request_moves import LAW

R = RequestStanding
STAFF, DESK, NOTHING = {R.STAFF}, {R.DISPATCHER, R.STAFF}, set[RequestStanding]()
OVER_IT: Mapping[tuple[Role, str], set[RequestStanding]] = {
    (Role.GRID_WORKER, "own"): {R.GRID_WORKER, R.STAFF},
    **{(role, place): STAFF for role in (Role.GRID_LEADER, Role.CENTRE_CLERK, Role.SECRETARY) for place in ("own", "ancestor", "top")},
    **{(Role.DISPATCHER, place): DESK for place in ("own", "ancestor", "top")},
}
"""How who reads it at all stands to what waits in the grid of the first branch; a clerk's own verbs are those of the centre's counter."""


def standing(role: Role, place: str, state: RequestState) -> set[RequestStanding]:
    """The grid's workers stand to it while it waits, and while there is open work in their grid."""
    is_gone = (role, place) == (Role.GRID_WORKER, "own") and state not in {RequestState.RECEIVED, *WITH_WORK}
    return NOTHING if is_gone else OVER_IT.get((role, place), NOTHING)


WITH_WORK = {RequestState.IN_HAND, RequestState.ON_HOLD, RequestState.ANSWERED}


@pytest.mark.parametrize(("role", "place"), EVERYWHERE)
@pytest.mark.parametrize("state", RequestState)
def test_who_stands_over_the_owner_stands_to_the_request_and_nobody_else_does(state: RequestState, role: Role, place: str) -> None:
    request = request_of(request_in(state))

    assert request_standings(request, appointed(role, place), at=MONDAY) == standing(role, place, state)


@pytest.mark.parametrize(("role", "place"), EVERYWHERE)
def test_what_is_offered_anywhere_is_what_the_rows_say_and_the_rest_is_refused_and_changes_nothing(role: Role, place: str) -> None:
    by = appointed(role, place)
    for state in RequestState:
        case, before, held = request_in(state), request_in(state), standing(role, place, state)
        legal = {move.action for move in REQUEST_MOVES if state in move.sources and move.who & held}
        assert set(request_actions(request_of(case), by, at=MONDAY)) == legal, state
        for action in RequestAction:
            no = refusal_of(lambda: REQUEST_DEEDS[action](case, replace(now_of("nobody"), by=by), None))  # noqa: B023
            wanted = None if action in legal else RefusalCode.WRONG_STATE if LAW[action][2] & held else RefusalCode.NOT_ALLOWED
            assert no is wanted, (state, action)
        assert case == before


def test_the_counter_of_the_centre_beside_it_takes_in_and_declines_and_a_counter_elsewhere_does_not() -> None:
    beside = next(unit.id for unit in town().units.values() if unit.kind is OrgUnitKind.SERVICE_CENTRE)
    request, clerk = request_of(waiting()), appointed(Role.CENTRE_CLERK, "own")
    post = replace(clerk.appointments[0], unit_id=beside)

    assert beside not in PLACES.values()
    assert request_standings(request, replace(clerk, appointments=(post,)), at=MONDAY) >= {R.CLERK}
    assert R.CLERK not in request_standings(request, clerk, at=MONDAY)
