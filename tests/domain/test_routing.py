"""Who serves, and why: every rule of the order, and what holds in any township whatever."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Message
from domain.further_owners import further_owners
from domain.items import MatterScope, OwnerRule, ServiceItem
from domain.organisation import Organisation, OrgUnit, OrgUnitKind
from domain.posts import Appointment
from domain.routing import NOTHING_AVOIDED, RULE_SEVERAL, Avoided, Place, Service, climb, unit_above, who_serves
from server.wiring import load_messages
from tests.domain.cast import handle_of, home_of, id_of, item, planned, town
from tests.domain.townships import ON, Matter, matters

HERE = MatterScope.RESIDENCE
LAMP = item("stairwell-lamp")


def named(name: str) -> OrgUnit:
    return next(unit for unit in town().units.values() if unit.name == name)


def holder(service: Service) -> str | None:
    """The id of whoever serves."""
    return service.person.id if service.person else None


def without(*handles: str, organisation: Organisation | None = None) -> Organisation:
    """The township where these have just left their posts."""
    gone = {id_of(handle) for handle in handles}
    posts = [replace(post, until=ON) if post.person_id in gone else post for post in planned().parts.appointments]
    return Organisation(town().township, "vacant", replace(planned().parts, appointments=posts))


def served(
    code: str,
    *,
    by: str = "resident-1",
    organisation: Organisation | None = None,
    avoided: Avoided = NOTHING_AVOIDED,
    place: Place | None = None,
) -> Service:
    wanted = item(code)
    return who_serves(organisation or town(), wanted, wanted.default_scope, place or home_of("resident-1"), on=ON, avoided=avoided)


def told(service: Service) -> tuple[str, str | None, str, list[str]]:
    """Unit, person, rule, and the keys of the reasons."""
    return service.unit.name, handle_of(holder(service)), service.rule, [reason.key for reason in service.because]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("stairwell-lamp", ("第一网格党支部", "grid-worker-1", "4", ["routing.residence_grid"])),
        ("haircut-at-home", ("第一网格党支部", "hub-host-1", "5", ["routing.hub"])),
        ("lift-repair", ("红色物业党支部", "provider-worker-1", "5", ["routing.professional_branch"])),
        ("tree-planting", ("志愿服务党支部", "volunteer-1", "5", ["routing.professional_branch"])),
        ("pension-form", ("柳湾新村综合服务中心", "centre-clerk-1", "5", ["routing.service_centre"])),
        ("staff-conduct", ("柳湾新村党总支", "secretary-1", "5", ["routing.settlement"])),
    ],
)
def test_each_owner_rule_finds_its_unit_and_person(code: str, expected: tuple[str, str, str, list[str]]) -> None:
    assert told(served(code)) == expected


def test_a_matter_of_the_village_that_was_left_goes_there_whatever_the_item_says() -> None:
    village = town().villages[home_of("resident-1").village_id or ""]
    service = served("land-certificate")

    assert (service.unit.id, service.rule) == (village.unit_id, "3")
    assert service.because == (Message("routing.origin_village", {"village": village.name}),)
    assert handle_of(holder(service)) == "village-officer-1"


def test_whoever_left_no_village_is_served_by_the_items_own_rule() -> None:
    assert told(served("land-certificate", place=Place(home_of("resident-1").grid_id)))[:2] == ("柳湾新村综合服务中心", "centre-clerk-1")


def test_a_matter_of_the_residence_does_not_go_to_the_village() -> None:
    assert who_serves(town(), item("land-certificate"), HERE, home_of("resident-1"), on=ON).unit.name == "柳湾新村综合服务中心"


def test_a_vacancy_is_climbed_over_and_told() -> None:
    service = served("stairwell-lamp", organisation=without("grid-worker-1"))

    assert told(service) == ("第一网格党支部", "grid-leader-1", "6", ["routing.residence_grid", "routing.vacant", "routing.leader"])


def test_the_climb_goes_on_to_the_settlement_and_the_township() -> None:
    below = ("grid-worker-1", "grid-leader-1")

    assert told(served("stairwell-lamp", organisation=without(*below)))[:3] == ("柳湾新村党总支", "secretary-1", "7")
    assert told(served("stairwell-lamp", organisation=without(*below, "secretary-1")))[:3] == ("柳湾镇党委", "dispatcher-1", "7")
    assert told(served("stairwell-lamp", organisation=without(*below, "secretary-1", "dispatcher-1")))[1] == "secretary-2"


def test_where_every_post_is_vacant_the_township_has_it_and_nobody_does() -> None:
    service = served("stairwell-lamp", organisation=without(*planned().handles))

    assert told(service)[:3] == ("柳湾镇党委", None, "7")
    assert service.because[-1] == Message("routing.nobody")
    assert service.climb == ()


def test_where_no_hub_is_known_the_grid_gives_the_help() -> None:
    place = Place(home_of("resident-1").grid_id)

    assert told(served("haircut-at-home", place=place))[:3] == ("第一网格党支部", "grid-worker-1", "4")


def test_where_nothing_is_known_the_settlement_looks_after_it() -> None:
    assert told(served("stairwell-lamp", place=Place()))[:3] == ("柳湾新村党总支", "secretary-1", "5")


@pytest.mark.parametrize(("kind", "code"), [(OrgUnitKind.PROFESSIONAL_BRANCH, "lift-repair"), (OrgUnitKind.SERVICE_CENTRE, "pension-form")])
def test_where_there_is_no_such_unit_the_settlement_looks_after_it(kind: OrgUnitKind, code: str) -> None:
    units = [replace(unit, kind=OrgUnitKind.PARTY_GROUP) if unit.kind is kind else unit for unit in planned().parts.units]
    organisation = Organisation(town().township, "other", replace(planned().parts, units=units))

    assert told(served(code, organisation=organisation))[:3] == ("柳湾新村党总支", "secretary-1", "5")


def test_a_township_without_a_settlement_looks_after_it_itself() -> None:
    units = [replace(u, kind=OrgUnitKind.AREA_COMMITTEE) if u.kind is OrgUnitKind.SETTLEMENT_ORG else u for u in planned().parts.units]
    organisation = Organisation(town().township, "other", replace(planned().parts, units=units))

    assert told(served("staff-conduct", organisation=organisation))[:2] == ("柳湾镇党委", "dispatcher-1")


def test_a_unit_that_has_ended_serves_nobody_and_its_successor_does() -> None:
    """A branch was re-cut and the new one has the people: the first rule with an active owner wins (domain.md, section 7)."""
    old = named("志愿服务党支部")
    ended = [replace(unit, valid_to=ON) if unit.id == old.id else unit for unit in planned().parts.units]
    new = replace(old, id=f"{old.id[:-2]}ff", code=f"{old.code}9", name="新志愿服务党支部", valid_from=ON)
    posts = [replace(post, unit_id=new.id) if post.unit_id == old.id else post for post in planned().parts.appointments]
    organisation = Organisation(town().township, "re-cut", replace(planned().parts, units=[*ended, new], appointments=posts))

    assert told(served("tree-planting", organisation=organisation))[:2] == ("新志愿服务党支部", "volunteer-1")


# --- Conflicts.


def test_a_matter_about_a_worker_starts_one_level_above_each_of_their_units() -> None:
    service = served("stairwell-lamp", avoided=Avoided(person_id=id_of("grid-worker-1")))

    assert told(service)[:3] == ("柳湾新村党总支", "secretary-1", "2")
    assert "routing.conflict" in told(service)[3]


def test_a_matter_about_a_unit_is_not_given_to_anybody_of_it() -> None:
    service = served("staff-conduct", avoided=Avoided(unit_id=named("柳湾新村党总支").id))

    assert told(service)[:3] == ("柳湾镇党委", "dispatcher-1", "2")


def test_a_matter_about_somebody_elsewhere_goes_the_usual_way_as_rule_two() -> None:
    assert told(served("stairwell-lamp", avoided=Avoided(person_id=id_of("grid-worker-2"))))[:3] == ("第一网格党支部", "grid-worker-1", "2")


def test_the_township_stays_answerable_for_a_matter_about_itself_but_not_its_people() -> None:
    root = town().root()
    avoided = Avoided(id_of("dispatcher-1"), root.id)

    assert avoided.units(town(), ON) == frozenset()
    assert {handle_of(person) for person in avoided.persons(town(), ON)} >= {"dispatcher-1", "secretary-2"}
    assert told(served("stairwell-lamp", organisation=without("grid-worker-1", "grid-leader-1", "secretary-1"), avoided=avoided))[1] is None


def test_whoever_gave_it_back_does_not_get_it_again_though_the_unit_may() -> None:
    assert told(served("pension-form", avoided=Avoided(also=frozenset({id_of("centre-clerk-1")}))))[:2] == (
        "柳湾新村综合服务中心",
        "centre-clerk-2",
    )


def test_nothing_avoided_is_nobody_and_nothing() -> None:
    assert (NOTHING_AVOIDED.units(town(), ON), NOTHING_AVOIDED.persons(town(), ON)) == (frozenset(), frozenset())


# --- The climb, when nobody acknowledges.


def climbs(owner: str, assignee: str | None, **more: Avoided) -> list[tuple[str, str | None]]:
    """Unit and person of each step until nobody stands above."""
    steps, unit_id, person_id = [], named(owner).id, assignee and id_of(assignee)
    while (service := climb(town(), unit_id, person_id, on=ON, **more)) is not None:
        assert service.rule == "7"
        assert service.because[0].key == "routing.not_acknowledged"
        unit_id, person_id = service.unit.id, holder(service)
        steps.append((service.unit.name, handle_of(person_id)))
    return steps


def test_a_worker_who_does_not_acknowledge_is_followed_by_leader_settlement_and_dispatcher() -> None:
    assert climbs("第一网格党支部", "grid-worker-1") == [
        ("第一网格党支部", "grid-leader-1"),
        ("柳湾新村党总支", "secretary-1"),
        ("柳湾镇党委", "dispatcher-1"),
    ]


def test_above_the_dispatcher_nobody_stands() -> None:
    assert climbs("柳湾镇党委", "dispatcher-1") == []


def test_the_climb_goes_past_whomever_it_is_about() -> None:
    assert climbs("第一网格党支部", "grid-worker-1", avoided=Avoided(person_id=id_of("grid-leader-1"))) == [
        ("柳湾新村党总支", "secretary-1"),
        ("柳湾镇党委", "dispatcher-1"),
    ]


def test_a_unit_that_is_gone_climbs_from_the_township() -> None:
    service = climb(town(), "unit_990101101_ffffffffffffffffffffffffffffffff", None, on=ON)

    assert service is not None
    assert handle_of(holder(service)) == "dispatcher-1"


def test_the_township_stands_above_itself() -> None:
    root = town().root()

    assert unit_above(town(), root.id) == root
    assert unit_above(town(), named("第一网格党支部").id).name == "柳湾新村党总支"


# --- In any township whatever.

ANY = settings(deadline=None, max_examples=150)
MESSAGES = load_messages()


def live_posts(organisation: Organisation, person_id: str) -> list[Appointment]:
    return [post for post in organisation.posts_of(person_id, ON) if post.is_live(ON)]


def is_of(service: Service, organisation: Organisation) -> bool:
    """Whether the person serves for the unit: by a post at it, or at a provider right below a professional branch."""
    assert service.person is not None
    hands = {service.unit.id, *(child.id for child in organisation.children(service.unit.id) if child.kind is OrgUnitKind.PROVIDER)}
    return any(post.unit_id in hands for post in live_posts(organisation, service.person.id))


@ANY
@given(matter=matters(), scope=st.sampled_from(MatterScope))
def test_there_is_always_exactly_one_unit_with_the_path_above_it_as_its_climb(matter: Matter, scope: MatterScope) -> None:
    service = who_serves(matter.organisation, matter.item, scope, matter.place, on=ON, avoided=matter.avoided)
    path = matter.organisation.path(service.unit.id)

    assert matter.organisation.units[service.unit.id] == service.unit
    assert path == (service.unit, *service.climb)
    assert path[-1] == matter.organisation.root()
    assert service.because


@ANY
@given(matter=matters(), scope=st.sampled_from(MatterScope))
def test_whoever_serves_holds_a_live_post_there_and_is_never_avoided(matter: Matter, scope: MatterScope) -> None:
    organisation, avoided = matter.organisation, matter.avoided
    service = who_serves(organisation, matter.item, scope, matter.place, on=ON, avoided=avoided)

    if service.person is None:
        assert (service.unit, service.rule, service.because[-1].key) == (organisation.root(), "7", "routing.nobody")
    else:
        assert is_of(service, organisation)
        assert service.person.id not in avoided.persons(organisation, ON) | avoided.also
        assert service.unit.id not in avoided.units(organisation, ON)


@ANY
@given(matter=matters(), scope=st.sampled_from(MatterScope))
def test_the_same_question_has_the_same_answer(matter: Matter, scope: MatterScope) -> None:
    answers = [who_serves(matter.organisation, matter.item, scope, matter.place, on=ON, avoided=matter.avoided) for _ in range(2)]

    assert answers[0] == answers[1]


@ANY
@given(matter=matters(), scope=st.sampled_from(MatterScope))
def test_every_reason_can_be_told_in_every_language(matter: Matter, scope: MatterScope) -> None:
    service = who_serves(matter.organisation, matter.item, scope, matter.place, on=ON, avoided=matter.avoided)

    assert all(MESSAGES.render(reason, language) for reason in service.because for language in MESSAGES.texts)


@ANY
@given(matter=matters())
def test_every_climb_goes_upwards_past_whom_it_avoids_and_ends(matter: Matter) -> None:
    organisation, avoided = matter.organisation, matter.avoided
    service: Service | None = who_serves(organisation, matter.item, HERE, matter.place, on=ON)
    begun = organisation.path(service.unit.id) if service else ()
    for _ in range(len(begun) + 1):
        assert service is not None
        before, person = organisation.path(service.unit.id), holder(service)
        service = climb(organisation, service.unit.id, person, on=ON, avoided=avoided)
        if service is None:
            return
        assert service.unit in before
        assert service.person is not None
        assert service.person.id != person
        assert service.person.id not in avoided.persons(organisation, ON) | avoided.also
        assert service.unit.id not in avoided.units(organisation, ON)
    pytest.fail("the climb did not end")


@ANY
@given(matter=matters())
def test_somebody_who_leads_the_township_ends_every_climb(matter: Matter) -> None:
    organisation = matter.organisation
    root = organisation.root()
    service: Service | None = who_serves(organisation, matter.item, HERE, matter.place, on=ON)
    last = service
    while service is not None:
        last, service = service, climb(organisation, service.unit.id, holder(service), on=ON)

    assert last is not None
    leaders = set(organisation.leaders(root.id, ON))
    assert last.unit == root or not leaders - {holder(last)}


def test_an_item_of_any_owner_rule_is_routed() -> None:
    wanted: list[ServiceItem] = [replace(LAMP, owner_rule=rule) for rule in OwnerRule]

    assert all(who_serves(town(), each, HERE, home_of("resident-1"), on=date(2026, 11, 23)).person for each in wanted)


# --- Several owners.


def test_each_further_owner_helps_once_and_never_the_one_that_leads() -> None:
    flood, place, on = item("basement-flood"), home_of("resident-1"), ON
    lead = who_serves(town(), flood, flood.default_scope, place, on=on)
    twice = replace(flood, assist_rules=(OwnerRule.PROFESSIONAL_BRANCH, OwnerRule.RESIDENCE_GRID, OwnerRule.PROFESSIONAL_BRANCH))
    helping = further_owners(town(), twice, flood.default_scope, place, lead.unit, on=on)
    hidden = further_owners(town(), flood, flood.default_scope, place, lead.unit, on=on, is_shielded=True)

    assert [(service.rule, service.unit.kind) for service in helping] == [(RULE_SEVERAL, OrgUnitKind.PROFESSIONAL_BRANCH)]
    assert [service.unit.id for service in hidden] == [service.unit.id for service in helping]
    assert further_owners(town(), item("stairwell-lamp"), flood.default_scope, place, lead.unit, on=on) == []
