"""What is alike: the same item at the same place; of somebody's own, at the same home; of what is shielded, nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import Kind, compose, uuid7
from domain.items import MatterScope
from domain.requests import OPEN, OVER, Request, RequestState
from domain.routing import Place
from domain.similar import ALIKE_WITHIN, MOST_SUGGESTED, Suggestions, is_alike, matter_key, suggestions
from tests.domain.cast import MONDAY, actor, asked, everybody, id_of, planned
from tests.domain.cast_of_requests import request_of

LAMP, PENSION, LAND, CONDUCT = "stairwell-lamp", "pension-form", "land-certificate", "staff-conduct"
HERE = Place("grid-1", "micro-1", "village-1")


def made(code: str = LAMP, by: str = "resident-1", *, after: timedelta = timedelta(), number: int = 0) -> Request:
    """A request that came so long after Monday morning."""
    at = MONDAY + after
    request = request_of(asked(code, by, at=at))
    return replace(request, id=compose(Kind.REQUEST, request.township, uuid7(at, number)))


def named(suggested: Suggestions) -> list[str]:
    return [similar.id for similar in suggested.found]


def test_a_lamp_is_the_same_in_the_same_building_whoever_reports_it() -> None:
    mine, neighbours = made(), made(by="resident-2")

    assert everybody()["resident-1"].household_id != everybody()["resident-2"].household_id
    assert matter_key(mine) == matter_key(neighbours) is not None
    assert matter_key(made("water-leak")) != matter_key(mine)
    assert matter_key(made(by="resident-4")) != matter_key(mine), "another grid"


def test_what_is_somebodys_own_is_the_same_in_one_home_only() -> None:
    mine = made(PENSION)

    assert matter_key(made(PENSION, after=timedelta(days=3))) == matter_key(mine) is not None
    assert matter_key(made(PENSION, "resident-2")) != matter_key(mine)
    assert matter_key(replace(mine, household_id=None)) is None, "nobody knows whose"


@pytest.mark.parametrize(
    ("scope", "place", "where"),
    [
        (MatterScope.RESIDENCE, HERE, "micro-1"),
        (MatterScope.RESIDENCE, Place("grid-1"), "grid-1"),
        (MatterScope.RESIDENCE, Place(village_id="village-1"), "village-1"),
        (MatterScope.ORIGIN_VILLAGE, HERE, "village-1"),
        (MatterScope.ORIGIN_VILLAGE, Place("grid-1"), "grid-1"),
        (MatterScope.RESIDENCE, Place(), None),
    ],
)
def test_everybodys_matter_lies_at_the_smallest_place_known_and_that_of_a_village_in_it(
    scope: MatterScope, place: Place, where: str | None
) -> None:
    key = matter_key(replace(made(), scope=scope, place=place))

    assert (key.rpartition(" ")[2] if key else None) == where


def test_what_is_shielded_or_about_somebody_has_no_key() -> None:
    assert matter_key(made(CONDUCT)) is None
    assert matter_key(replace(made(), about_person_id=id_of("grid-worker-1"))) is None
    assert matter_key(replace(made(), is_shielded=True)) is None


def test_alike_is_another_one_within_thirty_days_either_way() -> None:
    request, month = made(), ALIKE_WITHIN

    assert is_alike(request, made(by="resident-2", after=month))
    assert is_alike(made(by="resident-2", after=month), request)
    assert not is_alike(request, made(by="resident-2", after=month + timedelta(seconds=1)))
    assert not is_alike(request, request)
    assert not is_alike(made(CONDUCT), made(CONDUCT, "resident-2", number=1))


# --- What is suggested.


def test_a_neighbour_is_shown_how_it_stands_and_opens_nothing() -> None:
    lamp = made()
    [similar] = suggestions([lamp], {}, actor("resident-2"), MONDAY).found

    assert (similar.id, similar.state, similar.is_mine, similar.opened) == (lamp.id, RequestState.IN_HAND, False, None)
    assert similar.submitted_on.isoformat() == "2026-11-23"


def test_whoever_asked_and_whoever_sees_it_anyway_open_it() -> None:
    lamp = made()
    [own] = suggestions([lamp], {}, actor("resident-1"), MONDAY).found
    [desks] = suggestions([lamp], {}, actor("dispatcher-1"), MONDAY).found

    assert (own.is_mine, own.opened and own.opened.id) == (True, lamp.id)
    assert (desks.is_mine, desks.opened and desks.opened.id) == (False, lamp.id)


def test_what_is_merged_leads_to_what_it_goes_on_in_once() -> None:
    into, other = made(), made(by="resident-2", after=timedelta(hours=1))
    merged = replace(other, state=RequestState.MERGED, merged_into_id=into.id)
    found, targets = [merged, into], {into.id: into}

    [strangers] = suggestions(found, targets, actor("resident-3"), MONDAY).found
    assert (strangers.id, strangers.is_mine, strangers.opened) == (into.id, False, None)
    [mine] = suggestions(found, targets, actor("resident-2"), MONDAY).found
    assert (mine.id, mine.is_mine, mine.opened and mine.opened.id) == (into.id, True, merged.id)


def test_what_goes_on_in_somebodys_own_matter_tells_nothing_of_that() -> None:
    private = made(PENSION)
    merged = replace(made(by="resident-2", after=timedelta(hours=1)), state=RequestState.MERGED, merged_into_id=private.id)
    targets = {private.id: private}

    assert suggestions([merged], targets, actor("resident-3"), MONDAY).found == ()
    [own] = suggestions([merged], targets, actor("resident-2"), MONDAY).found
    assert (own.id, own.state, own.opened and own.opened.id) == (merged.id, RequestState.MERGED, merged.id)


@given(
    st.lists(st.tuples(st.sampled_from(RequestState), st.sampled_from(["resident-1", "resident-2"]), st.booleans()), max_size=12),
    st.sampled_from(["resident-1", "resident-2", "resident-3", "grid-worker-1", "dispatcher-1", "nobody"]),
)
def test_no_more_than_five_all_open_newest_first_and_a_stranger_opens_none(
    drawn: list[tuple[RequestState, str, bool]], reader: str
) -> None:
    found = [
        replace(made(by=by, after=timedelta(minutes=number)), state=state, is_shared=is_shared)
        for number, (state, by, is_shared) in enumerate(drawn)
        if state is not RequestState.MERGED
    ]
    told = suggestions(found, {}, actor(reader), MONDAY)

    assert len(told.found) <= MOST_SUGGESTED
    assert named(told) == sorted(named(told), reverse=True)
    for similar in told.found:
        assert similar.known.state in OPEN
        assert similar.known.is_shared or similar.opened is not None
        assert similar.is_mine is (id_of(reader) in similar.known.askers if reader != "nobody" else False)
        if reader in {"resident-3", "nobody"}:
            assert similar.opened is None
    if reader == "resident-3":
        assert len(told.found) == min(MOST_SUGGESTED, sum(request.is_shared and request.state not in OVER for request in found))


def test_the_cast_stands_where_these_stories_need_it() -> None:
    homes = {home.id: home for home in planned().households}
    first, second = (homes[everybody()[handle].household_id or ""] for handle in ("resident-1", "resident-2"))
    assert first.micro_grid_id == second.micro_grid_id
    assert made(LAND).scope is MatterScope.ORIGIN_VILLAGE
