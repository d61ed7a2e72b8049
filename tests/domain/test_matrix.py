"""Role x own unit x target over any tree: what keys open is what section 8 says, and without a post nothing is opened."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.access import NOBODY, Actor, actor_of, homes_in_sight, may_see_person, may_see_resident
from domain.households import Household, HouseholdLink
from domain.ids import Kind
from domain.legs import Windows
from domain.measures import units_told
from domain.organisation import OVERLAYS, Organisation, OrganisationParts, OrgUnit, OrgUnitKind
from domain.people import Person
from domain.posts import Appointment, Role
from domain.rights import Right, may
from domain.routing import RULE_HAND, Service
from domain.tasks import Task, TaskState
from tests.domain.section_8 import MAY, Section8
from tests.domain.townships import ON, TOWNSHIP, _ids, organisations

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ANY = settings(deadline=None, max_examples=100)
SINCE = date(2026, 1, 1)
LINKS = [(SINCE, None, True), (SINCE, ON, True), (date(2027, 1, 1), None, True), (SINCE, None, False)]
"""Holds, ended today, not yet begun, not agreed to."""

OUTSIDER = Person(_ids(Kind.PERSON, 99)[-1], TOWNSHIP, "外人")


def oracle(reader: Actor) -> Section8:
    assert reader.person is not None
    assert reader.organisation is not None
    on_the_day = [
        post for post in reader.organisation.appointments.values() if post.since <= ON and (post.until is None or post.until > ON)
    ]
    own = [post for post in on_the_day if post.person_id == reader.id]
    return Section8(reader.person, own, reader.organisation)


def homes(organisation: Organisation) -> st.SearchStrategy[Household]:
    persons = sorted(organisation.holders)
    link = st.builds(
        lambda member_id, dates: HouseholdLink("home", member_id, dates[0], dates[1], agreed_by_household=dates[2]),
        st.sampled_from(persons),
        st.sampled_from(LINKS),
    )
    return st.builds(
        Household,
        id=st.sampled_from(_ids(Kind.HOUSEHOLD, 2)),
        township=st.just(TOWNSHIP),
        label=st.just("1-1-101"),
        address=st.just("一号楼"),
        residence_grid_id=st.sampled_from(sorted(organisation.grids)),
        micro_grid_id=st.sampled_from([None, *sorted(organisation.micro_grids)]),
        origin_village_id=st.sampled_from([None, *sorted(organisation.villages)]),
        link=st.none() | link,
    )


@st.composite
def readers(draw: st.DrawFn, organisation: Organisation) -> Actor:
    """Anybody of the township: with posts, without, at home in it or not."""
    person = draw(st.sampled_from([*organisation.holders.values(), OUTSIDER]))
    home = draw(st.none() | homes(organisation))
    return actor_of(replace(person, household_id=home.id if home else None), organisation, at=NOON, home=home)


@st.composite
def tasks(draw: st.DrawFn, organisation: Organisation) -> Task:
    """A task owned anywhere, as routing makes it."""
    persons = [*sorted(organisation.holders), OUTSIDER.id]
    askers = tuple(draw(st.lists(st.sampled_from(persons), min_size=1, max_size=2, unique=True)))
    hidden = set(draw(st.lists(st.sampled_from(persons), max_size=2))) - set(askers)
    assignee = draw(st.sampled_from([None, *organisation.holders.values()]))
    unit = draw(st.sampled_from(list(organisation.units.values())))
    queued = Task(
        *(_ids(Kind.TASK, 1)[0], TOWNSHIP, None, None, TaskState.QUEUED, "灯", unit.id, ()),
        grid_id=draw(st.sampled_from([None, *sorted(organisation.grids)])),
        assignee_id=None,
        rule="4",
        routed_because=(),
        created_at=NOON,
        updated_at=NOON,
        due_at=None,
        askers=askers,
        hidden_from=tuple(sorted(hidden)),
    )
    service = Service(unit, assignee, RULE_HAND, (), ())
    routed = queued.assign(service, organisation, Windows(None, None, None, NOON), at=NOON)
    return replace(routed, state=draw(st.sampled_from(TaskState)))


def is_opened(reader: Actor, task: Task) -> bool:
    """As every query of the data layer asks: a key in common, and not one of those from whom it is hidden."""
    return reader.may_open(task.scopes) and reader.id not in task.hidden_from


@ANY
@given(data=st.data())
def test_a_task_is_opened_to_those_whom_section_8_names_and_to_nobody_else(data: st.DataObject) -> None:
    organisation = data.draw(organisations())
    reader, task = data.draw(readers(organisation)), data.draw(tasks(organisation))

    assert is_opened(reader, task) == oracle(reader).sees_task(task)
    assert not is_opened(NOBODY, task)


@ANY
@given(data=st.data())
def test_a_home_and_who_lives_there_are_found_by_those_who_serve_it(data: st.DataObject) -> None:
    organisation = data.draw(organisations())
    reader, home = data.draw(readers(organisation)), data.draw(homes(organisation))

    assert homes_in_sight(reader).has(home) == oracle(reader).sees_home(home)
    assert may_see_resident(reader, home) == oracle(reader).serves_home(home)
    assert not homes_in_sight(NOBODY).has(home)


@ANY
@given(data=st.data())
def test_names_are_known_as_far_as_the_notice_board_and_the_own_staff_go(data: st.DataObject) -> None:
    organisation = data.draw(organisations())
    reader, person = data.draw(readers(organisation)), data.draw(st.sampled_from([*organisation.holders.values(), OUTSIDER]))
    theirs = [post for post in organisation.appointments.values() if post.person_id == person.id and post.is_live(ON)]
    home = reader.home if reader.home and reader.home.link_on(ON) else replace(reader.home, link=None) if reader.home else None

    assert may_see_person(reader, person, at=NOON) == oracle(reader).knows(person, theirs, home)
    assert not may_see_person(NOBODY, person, at=NOON)


@ANY
@given(data=st.data())
def test_figures_and_rights_reach_the_sub_tree_and_figures_what_an_overlay_covers(data: st.DataObject) -> None:
    organisation = data.draw(organisations())
    reader, unit = data.draw(readers(organisation)), data.draw(st.sampled_from(list(organisation.units.values())))
    told = units_told(reader, unit.id)

    assert (unit.id in told) == oracle(reader).is_told_figures_of(unit.id)
    assert all(oracle(reader).is_told_figures_of(id_) for id_ in told)
    assert set(MAY) == set(Right), "a right that section_8.MAY does not know"
    assert {right for right in Right if may(reader, right, unit.id)} == {right for right in Right if oracle(reader).may(right, unit.id)}
    assert (units_told(NOBODY, unit.id), [right for right in Right if may(NOBODY, right, unit.id)]) == ([], [])


@ANY
@given(data=st.data())
def test_no_appointment_means_nothing(data: st.DataObject) -> None:
    organisation = data.draw(organisations())
    reader = actor_of(OUTSIDER, organisation, at=NOON)
    task = replace(data.draw(tasks(organisation)), assignee_id=OUTSIDER.id)
    unit = data.draw(st.sampled_from(list(organisation.units.values())))

    assert is_opened(reader, task) == (OUTSIDER.id == task.askers[0])
    assert not homes_in_sight(reader).has(data.draw(homes(organisation)))
    assert units_told(reader, unit.id) == []
    assert not any(may(reader, right, unit.id) for right in Right)


# --- An overlay: totals of what it covers, and single tasks only where it owns them.


def overlaid(kind: OrgUnitKind) -> tuple[Organisation, dict[str, OrgUnit]]:
    """A township with a settlement of two branches, and an overlay that covers the first, led by its secretary."""
    names = ("township", "settlement", "branch", "sibling", "overlay")
    kinds = OrgUnitKind
    of_kind = (kinds.TOWNSHIP_COMMITTEE, kinds.SETTLEMENT_ORG, kinds.GRID_BRANCH, kinds.GRID_BRANCH, kind)
    ids = dict(zip(names, _ids(Kind.UNIT, 5), strict=True))
    parents = {"settlement": "township", "branch": "settlement", "sibling": "settlement", "overlay": "township"}
    units = {
        name: OrgUnit(ids[name], TOWNSHIP, TOWNSHIP, name, kind_, ids.get(parents.get(name, "")), SINCE)
        for name, kind_ in zip(names, of_kind, strict=True)
    }
    units["overlay"] = replace(units["overlay"], covers=(units["branch"].id,))
    post = Appointment(_ids(Kind.APPOINTMENT, 1)[0], TOWNSHIP, OUTSIDER.id, Role.SECRETARY, ids["overlay"], SINCE)
    return Organisation(TOWNSHIP, "overlaid", OrganisationParts(list(units.values()), [], [], [], [], [post], [OUTSIDER])), units


@given(kind=st.sampled_from(sorted(OVERLAYS, key=lambda kind: kind.value)))
def test_whoever_leads_an_overlay_gets_totals_of_what_it_covers_and_no_single_task_of_it(kind: OrgUnitKind) -> None:
    organisation, units = overlaid(kind)
    leader = actor_of(OUTSIDER, organisation, at=NOON)
    ids = {name: unit.id for name, unit in units.items()}
    owned = {name: keys_of_task_at(organisation, unit) for name, unit in units.items()}

    assert units_told(leader, ids["overlay"]) == [ids["overlay"], ids["branch"]]
    assert units_told(leader, ids["branch"]) == [ids["branch"]]
    assert [units_told(leader, ids[name]) for name in ("township", "settlement", "sibling")] == [[], [], []]
    assert {name for name, task in owned.items() if is_opened(leader, task)} == {"overlay"}
    assert not any(may(leader, right, ids["branch"]) for right in Right)


def keys_of_task_at(organisation: Organisation, unit: OrgUnit) -> Task:
    askers = (_ids(Kind.PERSON, 50)[-1],)
    head = (
        _ids(Kind.TASK, 1)[0],
        TOWNSHIP,
        None,
        None,
        TaskState.QUEUED,
        "灯",
        unit.id,
        tuple(step.id for step in organisation.path(unit.id)),
    )
    return Task(*head, None, None, "4", (), NOON, NOON, None, askers=askers)
