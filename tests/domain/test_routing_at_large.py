"""Ten thousand townships that nobody drew up: whatever is asked ends at exactly one accountable unit, with reasons."""

from collections import Counter
from dataclasses import replace

import pytest

from domain.organisation import OVERLAYS, Organisation
from domain.routing import Service, who_serves
from server.wiring import load_messages
from tests.domain.drawn import TODAY, Asked, Draw

TOWNSHIPS, ASKED_IN_EACH, SLICES = 10_000, 2, 10
MESSAGES = load_messages()


def answer(organisation: Organisation, asked: Asked) -> Service:
    return who_serves(organisation, asked.item, asked.scope, asked.place, on=TODAY, avoided=asked.avoided, loads=asked.loads)


def expect_one_accountable_unit(organisation: Organisation, asked: Asked, service: Service) -> None:
    unit, root = service.unit, organisation.root()
    assert organisation.units[unit.id] == unit
    assert unit.is_valid(TODAY)
    assert unit.kind not in OVERLAYS
    assert organisation.path(unit.id) == (unit, *service.climb)
    assert (unit, *service.climb)[-1] == root
    assert service.because
    assert all(MESSAGES.render(reason, language) for reason in service.because for language in MESSAGES.texts)
    if service.person is None:
        assert (unit, service.because[-1].key) == (root, "routing.nobody")
        return
    person_id = service.person.id
    assert organisation.absence_of(person_id, TODAY) is None
    assert organisation.posts_of(person_id, TODAY)
    assert person_id not in asked.avoided.persons(organisation, TODAY)
    assert not asked.avoided.covers(organisation, unit.id, TODAY)
    if asked.loads.is_full(person_id):
        stood_in_for = {absence.person_id for absence in organisation.absences.values() if absence.substitute_id == person_id}
        assert {person_id, *stood_in_for} & set(organisation.leaders(unit.id, TODAY)), "only whoever leads has no limit"


@pytest.mark.parametrize("part", range(SLICES))
def test_every_request_ends_at_exactly_one_accountable_unit(part: int) -> None:
    ends: Counter[str] = Counter()
    for seed in range(part, TOWNSHIPS, SLICES):
        draw = Draw(seed)
        organisation = draw.organisation()
        for asked in draw.asks(ASKED_IN_EACH):
            service = answer(organisation, asked)
            expect_one_accountable_unit(organisation, asked, service)
            assert answer(organisation, asked) == service
            ends[service.because[-1].key] += 1
    assert len(ends) > 6, "drawn townships are of many kinds"


def test_the_township_as_it_was_answers_as_it_did_whatever_has_changed_since() -> None:
    changed = 0
    for seed in range(500):
        draw = Draw(seed)
        then = draw.organisation()
        [asked] = draw.asks(1)
        stored = answer(then, asked)
        posts = [replace(post, until=TODAY) for post in then.parts.appointments]
        closed = [replace(grid, valid_to=TODAY) for grid in then.parts.grids]
        now = Organisation(then.township, "later", replace(then.parts, appointments=posts, grids=closed), version=2)
        changed += answer(now, asked) != stored
        assert answer(then, asked) == stored
    assert changed > 200


def test_somebody_is_always_found_where_somebody_leads_the_township_and_is_there() -> None:
    found = 0
    for seed in range(2_000):
        draw = Draw(seed)
        organisation = draw.organisation()
        root = organisation.root()
        leaders = organisation.present(organisation.leaders(root.id, TODAY), TODAY)
        for asked in draw.asks(1):
            hidden = asked.avoided.persons(organisation, TODAY)
            if set(leaders) - hidden:
                found += 1
                assert answer(organisation, asked).person is not None
    assert found > 100
