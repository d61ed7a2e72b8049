"""The slip that a helper prints for whoever asked."""

from strawberry import Parent

from domain.calendar import SHANGHAI
from domain.errors import Message
from domain.requests import Request
from domain.slips import slip
from schema.context import Info


async def slip_of(root: Parent[Request], info: Info) -> str:
    """Number, item, promise, and whom to ask; nothing that tells whose it is."""
    context = info.context
    item = (await context.ports.catalogue.items())[root.item_id]
    lines = [Message("slip.number", {"number": root.number}), Message("slip.item", {"item": item.name})]
    if root.promise_due_at:
        lines.append(Message("slip.promise", {"day": f"{root.promise_due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"}))
    tasks = await context.loaders.tasks_of_request.load((root.township, root.id)) or []
    unit = (await context.organisation_of(root.township)).units.get(tasks[0].owner_id) if tasks else None
    if unit is not None:
        lines.append(Message("slip.ask", {"unit": unit.name}))
    return slip(context.say(line) for line in lines)
