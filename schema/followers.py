"""Followers: many wait for one matter."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import Parent

from domain import followers
from domain.items import ServiceItem as Item
from domain.requests import RequestState
from resolvers import followers as deeds
from schema.context import Info
from schema.graph import WANTED, Node, deed, described, edge, shows
from schema.organisation import ServiceItem
from schema.pages import After, Before, First, Last, connection, connection_types, wanted_page
from schema.refusal import payload, result
from schema.requests import COMMAND, DEVICE, request_payload


async def _item(root: Parent[followers.FollowedMatter], info: Info) -> Item:
    return (await info.context.ports.catalogue.items())[root.item_id]


def _status_text(root: Parent[followers.FollowedMatter], info: Info) -> str:
    return info.context.say(root.status)


@shows(followers.FollowedMatter, "What somebody else asked for and you wait for too; never whose it is, or in which words (关注事项).")
class FollowedMatter(Node):
    request_id: strawberry.ID = described("The request that you follow, which you cannot open (诉求标识).")
    item: Any = edge(_item, ServiceItem, "What was asked for (服务事项).")
    since: datetime = described("Since when you follow it (关注时间).")
    state: RequestState = described("Where it stands, or the one in which it goes on (状态).")
    status_text: Any = edge(_status_text, str, "The same in one plain sentence (进度说明).")
    promise_due_at: datetime | None = described("When an answer is due (承诺时限).")
    may_report_not_fixed: bool = described("Whether you may say now that it is not fixed at your place (是否可反映未解决).")


FollowedMatterEdge, FollowedMatterConnection = connection_types("FollowedMatter", FollowedMatter, "关注事项")


async def _following(info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None) -> Any:
    page = wanted_page(first, after, last, before)
    found = await deeds.following_page(page, by=info.context.actor, ports=info.context.ports)
    return connection(FollowedMatterEdge, FollowedMatterConnection, found)


@strawberry.type
class ViewerFollowing:
    following: Any = edge(_following, FollowedMatterConnection, "What you follow, the newest request first (我的关注).")


@strawberry.input(description="Follows what somebody else of the same grid asked for, and everybody there waits for (关注诉求).")
class FollowRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request, of those that were suggested (诉求).")
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)

    def to_domain(self) -> deeds.FollowRequest:
        return deeds.FollowRequest(self.command_id, self.request_id, self.device_time)


@strawberry.input(description="Follows a request no more (取消关注).")
class UnfollowRequestInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="Which request (诉求).")
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)

    def to_domain(self) -> deeds.UnfollowRequest:
        return deeds.UnfollowRequest(self.command_id, self.request_id, self.device_time)


@strawberry.input(description="Says of what is said to be done that it is not fixed at your place: a request of your own (反映未解决).")
class ReportNotFixedInput:
    command_id: UUID = strawberry.field(description=COMMAND)
    request_id: strawberry.ID = strawberry.field(description="The request that you follow (诉求).")
    text: str = strawberry.field(description="How it is at your place, 1 to 2,000 characters (诉求内容).")
    device_time: datetime | None = strawberry.field(default=None, description=DEVICE)

    def to_domain(self) -> deeds.ReportNotFixed:
        return deeds.ReportNotFixed(self.command_id, self.request_id, self.text, self.device_time)


FollowRequestResult = result(
    "FollowRequest", payload("FollowRequest", "followed", FollowedMatter, "What you follow, as it is now (关注事项).")
)
UnfollowRequestResult = result("UnfollowRequest", payload("UnfollowRequest", "request_id", strawberry.ID, "Which request (诉求)."))
ReportNotFixedResult = result("ReportNotFixed", request_payload("ReportNotFixed"))


async def _follow_request(input: Annotated[FollowRequestInput, WANTED], info: Info) -> Any:
    return await deeds.follow_request(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def _unfollow_request(input: Annotated[UnfollowRequestInput, WANTED], info: Info) -> Any:
    return await deeds.unfollow_request(input.to_domain(), by=info.context.actor, ports=info.context.ports)


async def _report_not_fixed(input: Annotated[ReportNotFixedInput, WANTED], info: Info) -> Any:
    return await deeds.report_not_fixed(input.to_domain(), by=info.context.actor, ports=info.context.ports)


@strawberry.type
class FollowerMutations:
    follow_request: Any = deed(_follow_request, FollowRequestResult, "Hear what becomes of what others asked for (关注诉求).")
    unfollow_request: Any = deed(_unfollow_request, UnfollowRequestResult, "Hear nothing more of it (取消关注).")
    report_not_fixed: Any = deed(_report_not_fixed, ReportNotFixedResult, "Say that it is not fixed at your place (反映未解决).")
