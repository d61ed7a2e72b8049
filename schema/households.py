"""Homes, and the link they agreed to."""

from datetime import date
from typing import Any

from strawberry import Parent

from domain import households
from domain.access import homes_in_sight
from domain.calendar import SHANGHAI
from domain.households import Reach
from domain.ids import township_of
from domain.people import Person
from schema.context import Info
from schema.graph import GridT, Node, PersonT, VillageT, described, edge, shows


async def _residence_grid(root: Parent[households.Household], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).grids[root.residence_grid_id]


async def _origin_village(root: Parent[households.Household], info: Info) -> Any:
    return (await info.context.organisation_of(root.township)).villages.get(root.origin_village_id or "")


def _link(root: Parent[households.Household], info: Info) -> households.HouseholdLink | None:
    context = info.context
    return root.link_on(context.at.astimezone(SHANGHAI).date()) if homes_in_sight(context.actor).has(root) else None


async def _reach(root: Parent[households.Household], info: Info) -> Reach | None:
    return await info.context.loaders.reach.load((root.township, root.id)) if homes_in_sight(info.context.actor).has(root) else None


async def _member(root: Parent[households.HouseholdLink], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((township_of(root.member_id), root.member_id))


@shows(households.HouseholdLink, "A link member whom a household agreed to (党员联户).")
class HouseholdLink:
    member: Any = edge(_member, PersonT, "The link member (联户党员).")
    since: date = described("First day (起始日期).")
    until: date | None = described("Day from which it no longer is (终止日期).")
    agreed_by_household: bool = described("Whether the household agreed (住户是否同意).")


@shows(households.Household, "A home in the settlement; never who lives in it (住户).")
class Household(Node):
    label: str = described("Building, unit, room (楼栋单元房号).")
    address: str = described("Address (地址).")
    residence_grid: Any = edge(_residence_grid, GridT, "The grid it stands in (现居住网格).")
    origin_village: Any = edge(_origin_village, VillageT | None, "The village it left (迁出村).")
    link: Any = edge(_link, HouseholdLink | None, "Its active link, if it agreed to one (党员联户).")
    reach: Any = edge(_reach, Reach | None, "How word gets there, for those who may find the home (联系方式).")
    version: int = described("Grows by one with every change (版本).")
