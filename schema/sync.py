"""The feed of changes, asked for or pushed."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

import strawberry

from domain import sync
from domain.errors import BadArgument
from domain.pages import MAX_SIZE
from resolvers.sync import changes as read_changes
from schema.context import Info
from schema.graph import Node, bad_argument, described, edge, shows
from schema.pages import First

Since = Annotated[str | None, strawberry.argument(description="The cursor of the last batch; without one everything is told (上次游标).")]


@shows(sync.ChangeBatch, "What changed in your scope, and what left it (变更批次).")
class ChangeBatch:
    changed: Any = edge(lambda root: list(root.changed), list[Node], "Each once, in its current state (变更项).")
    removed: Any = edge(lambda root: list(root.removed), list[strawberry.ID], "Ids that left your scope: forget them (移除项).")
    cursor: str = described("Where to go on (游标).")
    more: bool = described("Whether to ask again at once (是否还有).")
    reset: bool = described("Your scope is another one now: forget everything and go on with this cursor (需要重置).")


async def changes(info: Info, after: Since = None, first: First = 100) -> Any:
    size = MAX_SIZE if first is None else min(first, MAX_SIZE)
    try:
        if size < 1:
            raise BadArgument("first is at least 1")
        return await read_changes(after, size, by=info.context.actor, ports=info.context.ports)
    except BadArgument as error:
        raise bad_argument(error) from error


async def live_changes(info: Info, after: Since = None) -> AsyncGenerator[Any, None]:
    """The same batches, as they come. Rights are read anew before each: whoever lost them hears nothing more."""
    context = info.context
    cursor, stamp = after, ""
    while context.actor.is_signed_in and stamp != sync.stamp_of(context.actor):
        stamp = sync.stamp_of(context.actor)
        async with aclosing(context.ports.feed.wakes(seen_by=context.actor)) as wakes:
            async for _ in wakes:
                more = True
                while more:
                    context.begin(await context.sign_in_again(), context.ports.clock())
                    batch: sync.ChangeBatch = await changes(info, cursor)
                    cursor, more = batch.cursor, batch.more
                    if batch.changed or batch.removed or batch.reset:
                        yield batch
                if stamp != sync.stamp_of(context.actor):
                    break
