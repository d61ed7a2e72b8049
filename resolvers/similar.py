"""What is alike: what is known already before somebody asks, what is related to a request, and what is asked for again."""

from dataclasses import replace

from domain.ports import Ports
from domain.requests import Request
from domain.similar import ALIKE_WITHIN, matter_key


async def with_earlier(request: Request, *, ports: Ports) -> Request:
    """A new request with the newest one that it repeats, if it does: a fact of the moment at which it came."""
    matter, at = matter_key(request), request.submitted_at
    if matter is None:
        return request
    return replace(request, repeats_id=await ports.similar.latest(request.township, matter, since=at - ALIKE_WITHIN, until=at))
