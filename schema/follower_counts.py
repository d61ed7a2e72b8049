"""How many follow a request, for whoever leads its owner."""

from typing import Any

import strawberry
from strawberry import Parent

from domain import followers
from domain.requests import Request
from resolvers.followers import follower_count
from schema.context import Info
from schema.graph import described, edge, shows


@shows(followers.FollowerCount, "How many follow, as far as it is counted (关注人数).")
class FollowerCount:
    followers: int = described("How many, at most 1,000 (数量).")
    more: bool = described("Whether there are more than that (是否更多).")


async def _count(root: Parent[Request], info: Info) -> Any:
    return await follower_count(root, by=info.context.actor, ports=info.context.ports)


@strawberry.type
class CountedFollowers:
    follower_count: Any = edge(
        _count, FollowerCount | None, "How many others wait for it, never who; for whoever leads the owner (关注人数)."
    )
