"""What followers ask: followed, merged, told by a relay, looked at, counted, followed no more, and said not to be fixed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from adapters.mongo.retention import MongoRetention
from domain.access import Actor
from domain.ids import Kind
from domain.notices import NoticeKind
from domain.pages import PageRequest
from domain.requests import Grade, Request, Verdict
from domain.retention import POLICIES
from domain.tasks import ContactKind, Outcome
from domain.tellings import Telling
from resolvers.duplicates import MergeRequests, merge_requests
from resolvers.followers import (
    FollowRequest,
    ReportNotFixed,
    UnfollowRequest,
    follow_request,
    followed_by_ids,
    follower_count,
    following_page,
    report_not_fixed,
    unfollow_request,
)
from resolvers.requests import AnswerFollowUp, SubmitRequest, answer_follow_up, submit_request
from resolvers.tasks import (
    AcknowledgeTask,
    CompleteTask,
    StartTask,
    VerifyTask,
    acknowledge_task,
    complete_task,
    start_task,
    verify_task,
)
from server.demo.settlement import Settlement
from server.wiring import House


async def tour_of_followers(
    house: House, planned: Settlement, actor: Callable[[str], Awaitable[Actor]], note: Callable[[str], None]
) -> None:
    ports = house.ports
    asker, neighbour, other, dispatcher = [await actor(handle) for handle in ("resident-1", "resident-2", "resident-3", "dispatcher-1")]
    item_id = next(item.id for item in planned.items if item.code == "stairwell-lamp")
    note("something to follow")
    lamp, same, third = [
        (await submit_request(SubmitRequest(uuid4(), item_id, "灯不亮"), by=by, ports=ports)).subject for by in (asker, other, asker)
    ]
    note("following")
    for request in (lamp, lamp, same, third):
        await follow_request(FollowRequest(uuid4(), request.id), by=neighbour, ports=ports)
    note("following what others go on in")
    await merge_requests(MergeRequests(uuid4(), lamp.id, [same.id]), by=dispatcher, ports=ports)
    await follow_request(FollowRequest(uuid4(), same.id), by=neighbour, ports=ports)
    note("what somebody follows")
    page = await following_page(PageRequest(1), by=neighbour, ports=ports)
    await following_page(PageRequest(20, after=page.keys[-1]), by=neighbour, ports=ports)
    await following_page(PageRequest(20, is_backward=True), by=neighbour, ports=ports)
    await followed_by_ids([row.id for row in page.rows], by=neighbour, ports=ports)
    note("how many follow")
    for id_ in (lamp.id, third.id):
        [seen] = await ports.requests.by_ids([id_], seen_by=dispatcher)
        await follower_count(seen, by=dispatcher, ports=ports)
    await _told(house, lamp, same, note)
    note("following no more")
    await unfollow_request(UnfollowRequest(uuid4(), third.id), by=neighbour, ports=ports)
    note("not fixed here")
    await _said_done(house, lamp, await actor("grid-worker-1"), await actor("grid-leader-1"))
    await report_not_fixed(ReportNotFixed(uuid4(), lamp.id, "还是黑的"), by=neighbour, ports=ports)
    await answer_follow_up(AnswerFollowUp(uuid4(), lamp.id, Verdict.SOLVED, Grade.SATISFIED), by=asker, ports=ports)
    note("followings that are too old")
    hand, later = MongoRetention(house.mongo), ports.clock() + timedelta(days=4_000)
    for policy in (policy for policy in POLICIES if policy.collection == "followings"):
        for due in [due async for due in hand.due(policy, at=later)]:
            await hand.remove(due, at=later)


async def _told(house: House, lamp: Request, same: Request, note: Callable[[str], None]) -> None:
    note("followers are told")
    tellings, at = house.outbox.tellings, house.ports.clock()
    event_id = house.ports.ids.new(Kind.EVENT, lamp.township, at)
    telling = Telling(event_id, lamp.township, event_id, NoticeKind.FOLLOWED_DONE, at, (lamp.id, same.id))
    await tellings.owe([telling, replace(telling, id=f"{event_id}/nobody", request_ids=(event_id,))])
    claimed = await tellings.claim(is_push=False, at=at, lease_seconds=60)
    assert claimed is not None
    await tellings.followers(claimed, 1)
    await tellings.push([replace(claimed, id=f"{event_id}/push", person_ids=(claimed.event_id,))], due_at=at)
    await tellings.go_on(replace(claimed, after=""), due_at=at)
    for is_push in (False, True):
        await tellings.left(is_push=is_push)
        while last := await tellings.claim(is_push=is_push, at=at, lease_seconds=60):
            await tellings.done(last)


async def _said_done(house: House, lamp: Request, worker: Actor, leader: Actor) -> None:
    ports = house.ports
    [task, *_] = await ports.tasks.of_requests(lamp.township, [lamp.id], seen_by=leader)
    await acknowledge_task(AcknowledgeTask(uuid4(), task.id), by=worker, ports=ports)
    await start_task(StartTask(uuid4(), task.id, ContactKind.CALL), by=worker, ports=ports)
    await complete_task(CompleteTask(uuid4(), task.id, Outcome.SOLVED, "换了灯泡"), by=worker, ports=ports)
    await verify_task(VerifyTask(uuid4(), task.id, passed=True), by=leader, ports=ports)
