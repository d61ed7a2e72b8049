"""Who may follow what, what they are shown, and of which acts they hear: nobody learns here whose it is, or where exactly."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from domain import followers
from domain.access import Actor
from domain.cases import Act
from domain.errors import RefusalCode
from domain.events import EventKind
from domain.followers import SAID_DONE, TO_FOLLOW, FollowedMatter
from domain.ids import Kind, parse
from domain.items import MatterScope
from domain.lifecycle import Verb
from domain.notices import NoticeKind, pushes_of
from domain.organisation import Organisation
from domain.requests import OVER, Request, RequestState
from domain.routing import Place
from domain.tasks import TaskState
from domain.tellings import AT_ONCE, PHONES_AT_ONCE, Telling, heard, notices_for, pushes_to, telling_of
from server.wiring import load_messages
from tests.domain.cast import MONDAY, actor, asked, deed_of, home_of, id_of, moment, planned, refusal_of, standing_in, town, wished
from tests.domain.cast_of_requests import request_of
from tests.domain.test_notices import event_of, notices

ITEMS = {each.id: each for each in planned().items}
LAMP, HAIRCUT = "stairwell-lamp", "haircut-at-home"


def lamp(code: str = LAMP, **changes: object) -> Request:
    return replace(request_of(asked(code)), **changes)  # type: ignore[arg-type]  # fields of a request


def follow(request: Request, by: Actor, into: Request | None = None) -> RefusalCode | None:
    return refusal_of(lambda: followers.followed(request, into, ITEMS, by=by, at=MONDAY))


def test_a_neighbour_of_the_grid_follows_what_everybody_there_waits_for() -> None:
    for handle in ("resident-2", "resident-9", "resident-16"):
        kept = followers.followed(lamp(), None, ITEMS, by=actor(handle), at=MONDAY)
        assert (kept.request_id, kept.person_id, kept.since) == (lamp().id, id_of(handle), MONDAY)
        ref = parse(kept.id)
        assert ref is not None
        assert ref.kind is Kind.FOLLOWING


def every_request() -> Iterator[tuple[Request, bool]]:
    """With whether it may be followed."""
    about: dict[str, dict[str, str]] = {
        "nobody": {},
        "a person": {"about_person_id": id_of("grid-worker-2")},
        "a unit": {"about_unit_id": town().root().id},
    }
    for code, is_shielded, named, state in product((LAMP, HAIRCUT), (False, True), about, RequestState):
        request = lamp(code, is_shielded=is_shielded, state=state, **about[named])
        yield request, code == LAMP and not is_shielded and named == "nobody" and state in TO_FOLLOW


def test_whatever_else_it_is_it_is_not_there_for_anybody() -> None:
    for request, may_be_followed in every_request():
        assert follow(request, actor("resident-2")) is (None if may_be_followed else RefusalCode.NOT_FOUND)
    for state in (RequestState.ANSWERED, *OVER):
        assert state not in TO_FOLLOW


def test_nobody_waits_for_what_somebody_else_said_of_a_danger() -> None:
    assert ITEMS[lamp("gas-smell").item_id].is_shared
    assert follow(lamp("gas-smell"), actor("resident-2")) is RefusalCode.NOT_FOUND


def test_from_another_grid_and_without_a_home_it_is_not_there_either() -> None:
    strangers = [actor("resident-4"), actor("grid-worker-1"), actor("dispatcher-1"), actor("volunteer-1")]
    assert [follow(lamp(), by) for by in strangers] == [RefusalCode.NOT_FOUND] * 4
    assert follow(lamp(item_id="item_000000000_" + "0" * 32), actor("resident-2")) is RefusalCode.NOT_FOUND


def test_a_matter_of_the_village_left_is_followed_by_those_who_left_it() -> None:
    village_id = home_of("resident-1").village_id
    road = lamp(scope=MatterScope.ORIGIN_VILLAGE, place=Place(village_id=village_id))

    assert follow(road, actor("resident-10")) is None
    assert follow(road, actor("resident-2")) is RefusalCode.NOT_FOUND


def test_a_grid_that_was_cut_anew_goes_on_for_who_lives_in_the_new_one() -> None:
    old = next(grid for grid in planned().parts.grids if grid.id == lamp().place.grid_id)
    new = replace(old, id=old.id[:-4] + "ffff", succeeds=(old.id,))
    cut = Organisation(town().township, "cut", replace(planned().parts, grids=(*planned().parts.grids, new)))
    by = actor("resident-2", organisation=cut)

    assert by.home is not None
    assert follow(lamp(), replace(by, home=replace(by.home, residence_grid_id=new.id))) is None


def test_what_goes_on_in_another_is_followed_there_if_that_may_be() -> None:
    merged = lamp(state=RequestState.MERGED)
    into = replace(lamp(), id=lamp().id[:-4] + "ffff")

    assert followers.followed(merged, into, ITEMS, by=actor("resident-2"), at=MONDAY).request_id == into.id
    assert follow(merged, actor("resident-2"), replace(into, is_shielded=True)) is RefusalCode.NOT_FOUND
    assert follow(merged, actor("resident-2"), replace(into, state=RequestState.CLOSED)) is RefusalCode.NOT_FOUND
    assert follow(merged, actor("resident-4"), into) is RefusalCode.NOT_FOUND


def test_whoever_asked_has_it_already_and_whoever_only_typed_it_has_not() -> None:
    typed = lamp(on_behalf_of_id=id_of("resident-1"), submitted_by_id=id_of("hub-host-1"))

    assert followers.is_own(lamp(), id_of("resident-1"))
    assert followers.is_own(typed, id_of("resident-1"))
    assert not followers.is_own(typed, id_of("hub-host-1"))
    assert not followers.is_own(lamp(), id_of("resident-2"))


def test_a_follower_is_shown_nothing_that_tells_whose_it_is() -> None:
    shown = {field.name for field in fields(FollowedMatter)}
    hidden = {"number", "household_id", "submitted_by_id", "on_behalf_of_id", "place", "owner_path", "title", "hidden_from"}
    assert shown & hidden == set()
    kept = followers.following(lamp(), id_of("resident-2"), at=MONDAY)
    for state in RequestState:
        matter = followers.as_followed(kept, lamp(state=state), None, at=MONDAY)
        assert matter.may_report_not_fixed is (state in SAID_DONE)
        for language, most in (("zh-CN", 20), ("en", 60)):
            assert 0 < len(load_messages().render(matter.status, language)) <= most


def test_that_it_is_not_fixed_is_said_once_it_is_said_to_be_done_and_15_days_after_the_end() -> None:
    for state in RequestState:
        code = refusal_of(lambda state=state: followers.said_done(lamp(state=state), None, at=MONDAY))  # type: ignore[misc]
        assert code is (None if state in SAID_DONE else RefusalCode.WRONG_STATE)
    closed = lamp(state=RequestState.CLOSED, closed_at=MONDAY)
    assert refusal_of(lambda: followers.said_done(closed, None, at=MONDAY + timedelta(days=15))) is None
    late = refusal_of(lambda: followers.said_done(closed, None, at=MONDAY + timedelta(days=15, seconds=1)))
    assert late is RefusalCode.TOO_LATE


def test_only_whoever_leads_the_owner_knows_how_many_follow() -> None:
    case = asked()
    request = replace(request_of(case), owner_path=case.tasks[0].owner_path)
    counted = [handle for handle in planned().handles if followers.may_count(actor(handle), request)]
    assert sorted(counted) == ["dispatcher-1", "grid-leader-1", "secretary-1", "secretary-2"]
    own = replace(request, submitted_by_id=id_of("grid-leader-1"))
    assert not followers.may_count(actor("grid-leader-1"), own)


K, S = NoticeKind, TaskState
HEARD = [
    (Verb.PASS_CHECK, S.COMPLETED, "grid-leader-1", K.FOLLOWED_DONE),
    (Verb.FAIL_CHECK, S.COMPLETED, "grid-leader-1", None),
    (Verb.COMPLETE, S.IN_PROGRESS, "grid-worker-1", None),
    (Verb.SUSPEND, S.IN_PROGRESS, "grid-leader-1", K.FOLLOWED_ON_HOLD),
    (Verb.RESUME, S.SUSPENDED, "grid-leader-1", K.FOLLOWED_GOES_ON),
    (Verb.REWORK, S.AWAITING_FOLLOW_UP, "resident-1", K.FOLLOWED_GOES_ON),
    (Verb.ANSWER, S.AWAITING_FOLLOW_UP, "resident-1", None),
    (Verb.ACKNOWLEDGE, S.ASSIGNED, "grid-worker-1", None),
    (Verb.START, S.ACKNOWLEDGED, "grid-worker-1", None),
    (Verb.ESCALATE, S.ASSIGNED, "nobody", None),
]


def done(verb: Verb, state: TaskState, by: str) -> Act:
    act = deed_of(verb, wished(standing_in(state), verb), moment(by, at=MONDAY + timedelta(hours=6)))
    assert act is not None
    return act


@pytest.mark.parametrize(("verb", "state", "by", "kind"), HEARD)
def test_followers_hear_of_what_becomes_of_it_and_not_of_who_has_it(verb: Verb, state: TaskState, by: str, kind: NoticeKind | None) -> None:
    act = done(verb, state, by)
    assert heard(event_of(act, by), act.case) is kind


def test_who_is_told_of_the_act_anyway_or_did_it_is_not_told_again_and_nobody_twice() -> None:
    act = done(Verb.PASS_CHECK, S.COMPLETED, "grid-leader-1")
    told = notices(act, "grid-leader-1")
    telling = telling_of(event_of(act, "grid-leader-1"), act.case, told, ["req_990101101_" + "1" * 32])
    assert isinstance(telling, Telling)
    assert {id_of("resident-1"), id_of("grid-leader-1")} <= set(telling.silent)
    assert telling.request_ids == (request_of(act.case).id, "req_990101101_" + "1" * 32)

    people = [id_of(handle) for handle in ("resident-1", "resident-2", "grid-leader-1", "resident-3")]
    names = dict.fromkeys(people, "楼道灯")
    made = notices_for(telling, names)
    assert [notice.person_id for notice in made] == [id_of("resident-2"), id_of("resident-3")]
    assert made == notices_for(telling, names), "made twice it is the same"
    assert {notice.about_id for notice in made} == {followers.following_id(telling.request_ids[0], notice.person_id) for notice in made}
    assert not pushes_of(made, {}, load_messages())
    assert AT_ONCE == 500


def test_an_act_that_is_nothing_to_them_owes_them_nothing() -> None:
    act = done(Verb.ACKNOWLEDGE, S.ASSIGNED, "grid-worker-1")
    assert telling_of(event_of(act, "grid-worker-1"), act.case, (), ()) is None
    passed = done(Verb.PASS_CHECK, S.COMPLETED, "grid-leader-1")
    event = event_of(passed, "grid-leader-1")
    assert heard(event, replace(passed.case, request=None)) is None
    apart = replace(event, kind=EventKind.REQUEST_UNMERGED, facts={"called_in": ""})
    assert heard(apart, passed.case) is None
    assert heard(replace(apart, facts={"let_go": True}), passed.case) is K.FOLLOWED_GOES_ON
    ended = replace(event, kind=EventKind.REQUEST_WITHDRAWN, facts={})
    telling = telling_of(ended, passed.case, (), ["req_990101101_" + "1" * 32])
    assert telling is not None
    assert telling.request_ids == (request_of(passed.case).id,), "what was merged into it goes on by itself"
    message = replace(passed.case.tasks[0], is_message=True)
    assert heard(event, replace(passed.case, tasks=(message,))) is None
    assert heard(replace(event, kind=EventKind.EXTENSION_GRANTED, facts={"promise": False}), passed.case) is None
    assert heard(replace(event, kind=EventKind.EXTENSION_GRANTED, facts={"promise": True}), passed.case) is K.FOLLOWED_MOVED
    assert heard(replace(event, kind=EventKind.DEADLINES_RECOUNTED, facts={"from": "a", "to": "a"}), passed.case) is None
    assert heard(replace(event, kind=EventKind.DEADLINES_RECOUNTED, facts={"from": "a", "to": "b"}), passed.case) is K.FOLLOWED_MOVED
    closed = replace(passed.case, request=replace(request_of(passed.case), state=RequestState.CLOSED))
    assert heard(replace(event, kind=EventKind.DEADLINES_RECOUNTED, facts={"from": "a", "to": "b"}), closed) is None


def somebodys_own() -> list[Request]:
    """What a lamp may turn out to be, in each state."""
    ways: list[dict[str, Any]] = [{"is_shared": False}, {"is_shielded": True}, {"about_person_id": id_of("grid-worker-2")}]
    return [
        replace(lamp(item_id="item_of_somebody", title="谁的事", state=state, promise_due_at=MONDAY), **way)
        for way in ways
        for state in RequestState
    ]


def test_what_turns_out_to_be_somebodys_own_is_to_its_followers_a_lamp_that_goes_no_further() -> None:
    kept = followers.following(lamp(), id_of("resident-2"), at=MONDAY)
    ended = followers.as_followed(kept, lamp(state=RequestState.WITHDRAWN, promise_due_at=None), None, at=MONDAY)
    for own in somebodys_own():
        merged = lamp(state=RequestState.MERGED, merged_into_id=own.id)
        assert followers.as_followed(kept, own, None, at=MONDAY) == followers.as_followed(kept, merged, own, at=MONDAY) == ended
        assert followers.as_followed(kept, own, lamp(), at=MONDAY) == ended
        assert refusal_of(lambda own=own: followers.said_done(own, None, at=MONDAY)) is RefusalCode.WRONG_STATE  # type: ignore[misc]
        assert refusal_of(lambda own=own, merged=merged: followers.said_done(merged, own, at=MONDAY)) is RefusalCode.WRONG_STATE  # type: ignore[misc]
        assert followers.replayed_following(kept.id, own, None, by=actor("resident-2"), at=MONDAY) is None


def test_of_what_became_somebodys_own_they_hear_once_that_it_ended_and_by_no_other_name() -> None:
    passed = done(Verb.PASS_CHECK, S.COMPLETED, "grid-leader-1")
    event = event_of(passed, "grid-leader-1")
    for own in somebodys_own():
        case = replace(passed.case, request=own)
        for kind in EventKind:
            told = heard(replace(event, kind=kind, facts={"asked": True, "promise": True, "from": "a", "to": "b", "anew": True}), case)
            assert told is (K.FOLLOWED_ENDED if kind is EventKind.REQUEST_ACCEPTED else None)
        telling = telling_of(replace(event, kind=EventKind.REQUEST_ACCEPTED), case, (), ())
        assert telling is not None
        assert [notice.item_name for notice in notices_for(telling, {id_of("resident-2"): "楼道灯"})] == ["楼道灯"]
    assert heard(replace(event, kind=EventKind.REQUEST_ACCEPTED), passed.case) is None


def test_of_merging_they_hear_only_where_it_ends_or_begins_anew_for_them() -> None:
    passed = done(Verb.PASS_CHECK, S.COMPLETED, "grid-leader-1")
    event = event_of(passed, "grid-leader-1")
    for kind, fact, told in (
        (EventKind.REQUEST_MERGED, "out_of_sight", K.FOLLOWED_ENDED),
        (EventKind.REQUEST_UNMERGED, "anew", K.FOLLOWED_GOES_ON),
    ):
        assert heard(replace(event, kind=kind, facts={}), passed.case) is None
        assert heard(replace(event, kind=kind, facts={fact: True}), passed.case) is told


def test_each_phone_stands_in_one_row_of_few_enough_and_only_whose_inbox_has_it() -> None:
    act = done(Verb.PASS_CHECK, S.COMPLETED, "grid-leader-1")
    telling = telling_of(event_of(act, "grid-leader-1"), act.case, (), ("req_990101101_" + "1" * 32,))
    assert telling is not None
    phones = {f"per_{number:03}": [f"phone {number} {which}" for which in range(number % 4)] for number in range(300)}

    rows = pushes_to(telling, "per_299", phones)

    assert sorted(id_ for row in rows for id_ in row.phones) == sorted(id_ for own in phones.values() for id_ in own)
    assert [person for row in rows for person in row.person_ids] == [person for person, own in phones.items() if own]
    assert all(row.is_push and 0 < len(row.phones) <= PHONES_AT_ONCE and row.request_ids == telling.request_ids[:1] for row in rows)
    assert len({row.id for row in rows}) == len(rows) == 5
    assert rows == pushes_to(telling, "per_299", phones), "made twice they are the same"
    assert pushes_to(telling, "per_299", {"per_000": []}) == ()
