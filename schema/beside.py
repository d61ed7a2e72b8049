"""Beside a request: the one in which it goes on, how both stand, and what is alike."""

from datetime import datetime
from typing import Any

from strawberry import Parent

from domain import requests
from domain.status import status_of
from schema.context import Info


async def status_text(root: Parent[requests.Request], info: Info) -> str:
    tasks = await info.context.loaders.tasks_of_request.load((root.township, root.id)) or []
    return info.context.say(status_of(root, tasks, await goes_on_in(root, info)))


async def goes_on_in(root: requests.Request, info: Info) -> requests.Request | None:
    """As nobody is shown it: for how it stands, and what was promised."""
    return await info.context.loaders.goes_on_in.load((root.township, root.merged_into_id)) if root.merged_into_id else None


async def promise_due_at(root: Parent[requests.Request], info: Info) -> datetime | None:
    into = await goes_on_in(root, info)
    return into.promise_due_at if into else root.promise_due_at


async def merged_into(root: Parent[requests.Request], info: Info) -> Any:
    return await info.context.loaders.request.load(root.merged_into_id) if root.merged_into_id else None


def merged_count(root: Parent[requests.Request], info: Info) -> int | None:
    """Of few it would tell a neighbour of another: for the staff."""
    return None if root.as_asker(info.context.actor) in root.askers else root.merged_count


async def related(root: Parent[requests.Request], info: Info) -> Any:
    return await info.context.loaders.related.load(root)


async def repeats(root: Parent[requests.Request], info: Info) -> Any:
    earlier = await info.context.loaders.request.load(root.repeats_id) if root.repeats_id else None
    return None if earlier and earlier.has_closed_contents_for(info.context.actor, info.context.at) else earlier
