"""What is known already, before somebody asks for it too."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry
from strawberry import Parent

from domain import similar
from domain.items import MatterScope
from domain.requests import RequestState
from resolvers import similar as reads
from resolvers.followers import may_follow
from schema.beside import promise_due_at, status_text
from schema.context import Info
from schema.graph import RequestT, described, edge, shows
from schema.organisation import GeoPointInput, ServiceItem
from schema.refusal import Refusal
from schema.requests import item_of


async def _item(root: Parent[similar.SimilarRequest], info: Info) -> Any:
    return await item_of(root.known, info)


async def _status_text(root: Parent[similar.SimilarRequest], info: Info) -> str:
    return await status_text(root.known, info)


async def _promise_due_at(root: Parent[similar.SimilarRequest], info: Info) -> datetime | None:
    return await promise_due_at(root.known, info)


async def _may_follow(root: Parent[similar.SimilarRequest], info: Info) -> bool:
    return not root.is_mine and await may_follow(root.known, by=info.context.actor, ports=info.context.ports)


@shows(similar.SimilarRequest, "A request that is open already: how it stands, and nothing of whoever asked (相似诉求).")
class SimilarRequest:
    id: strawberry.ID = described("Opaque id of the request; it opens nothing (标识).")
    item: Any = edge(_item, ServiceItem, "What was asked for (服务事项).")
    state: RequestState = described("Where it stands (状态).")
    status_text: Any = edge(_status_text, str, "Where it stands, in one plain sentence (进度说明).")
    submitted_on: date = described("The day on which it came (提交日期).")
    promise_due_at: Any = edge(_promise_due_at, datetime | None, "The promise: when an answer is due (承诺时限).")
    is_mine: bool = described("Whether you asked for it, or yours goes on in it (是否本人诉求).")
    may_follow: Any = edge(_may_follow, bool, "Whether you may follow it instead of asking too: `followRequest` (是否可关注).")
    request: Any = edge(
        lambda root: root.opened, RequestT | None, "The request, or yours that goes on in it; for whoever may see it anyway (诉求)."
    )


@shows(similar.Suggestions, "What is known already; none is no sign that nobody asked (相似诉求).")
class SimilarRequests:
    found: Any = edge(lambda root: list(root.found), list[SimilarRequest], "At most five, newest first (相似诉求列表).")


SimilarRequestsResult = Annotated[
    SimilarRequests | Refusal,
    strawberry.union("SimilarRequestsResult", description="What is known already, or why it could not be asked for (相似诉求或拒绝)."),
]


def _argument(text: str) -> Any:
    return strawberry.argument(description=text)


async def _similar_requests(
    info: Info,
    item_id: Annotated[strawberry.ID, _argument("What would be asked for (服务事项).")],
    scope: Annotated[MatterScope | None, _argument("Which address it belongs to; else the item's (事项归属).")] = None,
    household_id: Annotated[strawberry.ID | None, _argument("Which home; else your own (住户).")] = None,
    location: Annotated[GeoPointInput | None, _argument("Where, as a point (位置).")] = None,
    village_id: Annotated[strawberry.ID | None, _argument("Which village, where neither home nor point is known (村).")] = None,
    on_behalf_of_id: Annotated[strawberry.ID | None, _argument("For whom, where somebody else types (被代办人).")] = None,
    for_household: Annotated[bool | None, _argument("For the home itself, by a helper (为住户代填).")] = None,
) -> Any:
    point = location.to_domain() if location else None
    wanted = reads.SimilarTo(item_id, scope, household_id, point, village_id, on_behalf_of_id, for_household)
    return await reads.similar_requests(wanted, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class SimilarQueries:
    """Part of `Query`."""

    similar_requests: Any = edge(
        _similar_requests,
        SimilarRequestsResult,
        "What is open of the same item at the same place, to look at before `submitRequest`; of somebody's own matters only"
        " what you see anyway (相似诉求提示).",
    )
