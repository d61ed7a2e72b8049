"""The service items that every demo has, by code: at least one for each way in which a matter finds its owner."""

from collections.abc import Iterator

from domain.deadlines import DeadlineClass
from domain.ids import NO_TOWNSHIP, Kind
from domain.items import MatterScope, OwnerRule, ServiceItem, ServiceLine
from server.demo.mint import Mint

PROPERTY_SKILL = "property"
VOLUNTEERING_SKILL = "volunteering"
"""What the two professional branches are good at."""

_GOVERNMENT = ServiceLine.GOVERNMENT_SERVICE
_PROPERTY = ServiceLine.RED_PROPERTY_SERVICE
_FACILITY = ServiceLine.PUBLIC_FACILITY_SERVICE
_CONVENIENCE = ServiceLine.CONVENIENCE_VOLUNTEERING
_CAMPAIGN = ServiceLine.VOLUNTEERING

_GRID = OwnerRule.RESIDENCE_GRID
_HUB = OwnerRule.HUB
_BRANCH = OwnerRule.PROFESSIONAL_BRANCH
_CENTRE = OwnerRule.SERVICE_CENTRE
_SETTLEMENT = OwnerRule.SETTLEMENT_ORG

_HERE = MatterScope.RESIDENCE
_ORIGIN = MatterScope.ORIGIN_VILLAGE

_DANGER = DeadlineClass.DANGER
_UTILITY = DeadlineClass.UTILITY
_NORMAL = DeadlineClass.NORMAL
_COMPLEX = DeadlineClass.COMPLEX


def catalogue() -> tuple[ServiceItem, ...]:
    """The items belong to the whole deployment: their ids are the same whichever township is filled."""
    return tuple(_items(Mint(NO_TOWNSHIP)))


def _items(mint: Mint) -> Iterator[ServiceItem]:
    def new() -> str:
        return mint.new(Kind.ITEM)

    yield ServiceItem(new(), "stairwell-lamp", "楼道灯报修", _FACILITY, _GRID, _HERE, _NORMAL, is_shared=True)
    yield ServiceItem(new(), "water-leak", "供水管道漏水", _FACILITY, _GRID, _HERE, _UTILITY, is_shared=True)
    yield ServiceItem(new(), "gas-smell", "闻到燃气味", _FACILITY, _GRID, _HERE, _DANGER, number_to_dial="119", is_shared=True)
    yield ServiceItem(new(), "lift-repair", "电梯报修", _PROPERTY, _BRANCH, _HERE, _UTILITY, skill=PROPERTY_SKILL, is_shared=True)
    # The counter takes the form in, works on it and answers: an enquiry would have no limit to take it up by.
    yield ServiceItem(new(), "pension-form", "养老金领取手续", _GOVERNMENT, _CENTRE, _HERE, _NORMAL, needs_paper=True)
    # Land stays with the village left; somebody who left no village is served at the counter.
    yield ServiceItem(new(), "land-certificate", "承包地证明", _GOVERNMENT, _CENTRE, _ORIGIN, _COMPLEX, needs_paper=True)
    yield ServiceItem(new(), "haircut-at-home", "上门理发", _CONVENIENCE, _HUB, _HERE, _NORMAL)
    yield ServiceItem(new(), "tree-planting", "义务植树", _CAMPAIGN, _BRANCH, _HERE, _NORMAL, skill=VOLUNTEERING_SKILL)
    yield ServiceItem(new(), "staff-conduct", "工作人员作风反映", _GOVERNMENT, _SETTLEMENT, _HERE, _NORMAL, is_shielded=True)
    # Whether and where something new is built is looked at before anybody is sent.
    yield ServiceItem(new(), "new-facility", "增设公共设施建议", _FACILITY, _GRID, _HERE, _COMPLEX, is_auto_accepted=False)
    # Pumping it out is the property branch's, whose place it is the grid's.
    yield ServiceItem(
        new(),
        "basement-flood",
        "地下室积水",
        _FACILITY,
        _GRID,
        _HERE,
        _UTILITY,
        skill=PROPERTY_SKILL,
        assist_rules=(_BRANCH,),
        is_shared=True,
    )
