"""The part of the tour where others are called in to help, and called off again."""

from collections.abc import Mapping
from uuid import uuid4

from domain.access import Actor
from domain.pages import PageRequest
from domain.ports import Ports
from resolvers.assists import AddAssist, CancelTask, add_assist, cancel_task
from resolvers.history import history_of_task
from resolvers.proactive import CreateTask, create_task, words_of_work
from resolvers.tasks import AcknowledgeTask, acknowledge_task
from server.demo.settlement import Settlement


async def call_others_in(request_id: str, task_id: str, planned: Settlement, people: Mapping[str, Actor], ports: Ports) -> None:
    worker, dispatcher = people["grid-worker-1"], people["dispatcher-1"]
    plumber = planned.handles["provider-worker-1"]
    unit_id = next(post.unit_id for post in planned.parts.appointments if post.person_id == plumber)
    await add_assist(AddAssist(uuid4(), task_id, "先停水", unit_id=unit_id), by=worker, ports=ports)
    found = await ports.tasks.of_requests(planned.township_code, [request_id], seen_by=dispatcher)
    child = next(task for task in found if task.parent_id == task_id)
    await cancel_task(CancelTask(uuid4(), child.id, "不用停水了"), by=dispatcher, ports=ports)


async def raise_work(item_id: str, grid_id: str, planned: Settlement, people: Mapping[str, Actor], ports: Ports) -> None:
    """Nobody asked for it; others are called in to help with it, and it is called off."""
    leader, dispatcher = people["grid-leader-1"], people["dispatcher-1"]
    task = (await create_task(CreateTask(uuid4(), item_id, "路面有坑", grid_id), by=leader, ports=ports)).subject
    await acknowledge_task(AcknowledgeTask(uuid4(), task.id), by=people["grid-worker-1"], ports=ports)
    unit_id = next(post.unit_id for post in planned.parts.appointments if post.person_id == planned.handles["provider-worker-1"])
    await add_assist(AddAssist(uuid4(), task.id, "铺路面", unit_id=unit_id), by=dispatcher, ports=ports)
    found = await ports.tasks.of_work(planned.township_code, [task.id], seen_by=dispatcher)
    await words_of_work(found, by=dispatcher, ports=ports)
    await history_of_task(task, PageRequest(), by=dispatcher, ports=ports)
    await cancel_task(CancelTask(uuid4(), task.id, "已由市政处理"), by=dispatcher, ports=ports)
