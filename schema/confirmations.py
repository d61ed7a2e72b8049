"""The code by which whoever asked confirms on the spot."""

from strawberry import Parent

from domain.requests import Request
from resolvers.confirmations import code_for
from schema.context import Info


async def confirmation_code_of(root: Parent[Request], info: Info) -> str | None:
    if root.judge_id is None or root.judge_id != info.context.actor.id:
        return None
    tasks = await info.context.loaders.tasks_of_request.load((root.township, root.id)) or []
    return await code_for(root, tasks, by=info.context.actor, ports=info.context.ports)
