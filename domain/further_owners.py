"""Who else has a part in a matter: the further owners of its item (rule 9), and a unit that was picked to help."""

from dataclasses import replace
from datetime import date

from domain.errors import Message
from domain.items import MatterScope, ServiceItem
from domain.organisation import Organisation, OrgUnit
from domain.posts import Role
from domain.routing import NOTHING_AVOIDED, RULE_HAND, RULE_SEVERAL, Avoided, Place, Service, may_own, shielded, who_serves
from domain.tasks import Task

WORKING_AT_A_UNIT = frozenset({Role.CENTRE_CLERK, Role.PROVIDER_WORKER, Role.GRID_WORKER, Role.VOLUNTEER})
"""Posts whose holders take what was given to their unit, where nobody leads it."""


def further_owners(
    organisation: Organisation,
    item: ServiceItem,
    scope: MatterScope,
    place: Place,
    lead: OrgUnit,
    *,
    on: date,
    avoided: Avoided = NOTHING_AVOIDED,
    is_shielded: bool = False,
) -> list[Service]:
    """Who helps with a matter of several owners (rule 9): each further owner once, and not the unit that leads."""
    services: dict[str, Service] = {}
    for rule in item.assist_rules:
        found = who_serves(organisation, replace(item, owner_rule=rule), scope, place, on=on, avoided=avoided)
        told = shielded(found, organisation, avoided, on=on) if is_shielded else found
        helps = replace(told, rule=RULE_SEVERAL, because=(Message("routing.several_owners", {"unit": lead.name}), *told.because))
        services.setdefault(found.unit.id, helps)
    return [service for unit_id, service in services.items() if unit_id != lead.id]


def served_again(
    organisation: Organisation,
    item: ServiceItem | None,
    scope: MatterScope,
    place: Place,
    helped: Task,
    helping: Task,
    *,
    on: date,
    avoided: Avoided,
) -> Service:
    """Who helps now that it was given back: whom its own rule finds past whoever did; else it waits with the unit that leads.

    What was called in by hand follows no rule: whoever leads calls in somebody else, or their leader gives it to one of theirs.
    """
    lead = organisation.units.get(helped.owner_id) or organisation.root()
    because = Message("routing.several_owners", {"unit": lead.name})
    for by_rule in [replace(item, owner_rule=rule) for rule in item.assist_rules] if item and helping.rule == RULE_SEVERAL else ():
        first = who_serves(organisation, by_rule, scope, place, on=on, avoided=replace(avoided, also=frozenset()))
        if first.unit.id == helping.owner_id:
            found = who_serves(organisation, by_rule, scope, place, on=on, avoided=avoided)
            if found.person is not None and found.unit.id != lead.id and found.person.id != helped.assignee_id:
                return replace(found, rule=RULE_SEVERAL, because=(because, *found.because))
    waits = (Message("routing.with_the_lead", {"unit": lead.name}),)
    return Service(lead, None, RULE_SEVERAL if helping.rule == RULE_SEVERAL else RULE_HAND, waits, organisation.path(lead.id)[1:])


def service_of_unit(organisation: Organisation, unit_id: str, avoided: Avoided, *, on: date) -> Service | None:
    """Whoever takes something for a unit that was picked by hand: who leads it, else who works there; nobody where all are away.

    Nothing where the unit may own nothing, or the matter is about it.
    """
    unit = organisation.units[unit_id]
    if not may_own(unit, on) or avoided.covers(organisation, unit_id, on):
        return None
    workers = [post.person_id for post in organisation.posts_at(unit_id, on) if post.role in WORKING_AT_A_UNIT]
    asked = [*organisation.present(organisation.leaders(unit_id, on), on), *organisation.on_duty(workers, unit_id, on)]
    skipped = avoided.persons(organisation, on) | avoided.also
    person_id = next((person for person in asked if person not in skipped), None)
    because = (Message("routing.by_hand", {"unit": unit.name}),)
    return Service(unit, organisation.holders[person_id] if person_id else None, RULE_HAND, because, organisation.path(unit_id)[1:])
