"""Rule 8: whoever gives a task back may say whose it is; that is believed as far as the item's own rule goes."""

from collections.abc import Mapping
from datetime import date

from domain.errors import Message
from domain.items import MatterScope, OwnerRule, ServiceItem
from domain.organisation import Organisation, OrgUnit, OrgUnitKind
from domain.posts import Role
from domain.routing import Avoided, Service

RULE_PROPOSAL = "8"

OWNERS: Mapping[OwnerRule, OrgUnitKind] = {
    OwnerRule.RESIDENCE_GRID: OrgUnitKind.GRID_BRANCH,
    OwnerRule.HUB: OrgUnitKind.GRID_BRANCH,
    OwnerRule.PROFESSIONAL_BRANCH: OrgUnitKind.PROFESSIONAL_BRANCH,
    OwnerRule.SERVICE_CENTRE: OrgUnitKind.SERVICE_CENTRE,
    OwnerRule.SETTLEMENT_ORG: OrgUnitKind.SETTLEMENT_ORG,
}
"""What kind of unit owns by each rule; matters of the village left are a village organisation's."""

HANDS = frozenset({Role.GRID_WORKER, Role.PROVIDER_WORKER, Role.VOLUNTEER, Role.CENTRE_CLERK})


def proposed(
    organisation: Organisation, item: ServiceItem, scope: MatterScope, owner_id: str | None, avoided: Avoided, *, on: date
) -> Service | None:
    """The service of the unit or person that was proposed; nothing where the item's rule has another kind of owner, or nobody is there."""
    post = next((post for post in organisation.posts_of(owner_id or "", on)), None)
    unit = organisation.units.get(post.unit_id if post else owner_id or "")
    if unit is None or not _fits(unit, item, scope, on) or avoided.covers(organisation, unit.id, on):
        return None
    workers = [held.person_id for held in organisation.posts_at(unit.id, on) if held.role in HANDS]
    asked = organisation.present([post.person_id], on) if post else organisation.on_duty(workers, unit.id, on)
    skipped = avoided.persons(organisation, on) | avoided.also
    able = [id_ for id_ in [*asked, *organisation.present(organisation.leaders(unit.id, on), on)] if id_ not in skipped]
    if not able:
        return None
    because = (Message("routing.proposed", {"unit": unit.name}),)
    return Service(unit, organisation.holders[able[0]], RULE_PROPOSAL, because, organisation.path(unit.id)[1:])


def _fits(unit: OrgUnit, item: ServiceItem, scope: MatterScope, on: date) -> bool:
    wanted = OrgUnitKind.VILLAGE_ORG if scope is MatterScope.ORIGIN_VILLAGE else OWNERS[item.owner_rule]
    return unit.is_valid(on) and unit.kind is wanted and (wanted is not OrgUnitKind.PROFESSIONAL_BRANCH or unit.skill == item.skill)
