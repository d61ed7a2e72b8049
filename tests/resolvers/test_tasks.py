"""Tasks: whom a leader may give one to, how a return is decided, and what reading shows."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.mongo.catalogue import MongoCatalogue
from domain.errors import RefusalCode, Refused
from domain.events import EventKind
from domain.pages import PageRequest
from domain.ports import TaskQuery
from domain.posts import Appointment, Role
from domain.tasks import ContactKind, Outcome, ReturnReason, Task, TaskState
from resolvers import tasks
from resolvers.tasks import AcknowledgeTask, AssignTask, CompleteTask, DecideReturn, ReturnTask, StartTask, VerifyTask
from tests.reorganising import keep
from tests.resolvers.conftest import Deeds


async def assign(deeds: Deeds, task: Task, to: str, by: str) -> Task:
    given: Task = await deeds.do(tasks.assign_task, AssignTask(uuid4(), task.id, deeds.id_of(to), "请您看看"), by)
    return given


async def why_not(deeds: Deeds, task: Task, to: str, by: str) -> RefusalCode:
    return (await deeds.refused(tasks.assign_task, AssignTask(uuid4(), task.id, deeds.id_of(to)), by)).code


# --- Giving.


@pytest.mark.parametrize(
    ("by", "to", "unit"),
    [
        ("grid-leader-1", "hub-host-1", "第一网格党支部"),
        ("grid-leader-1", "grid-leader-1", "第一网格党支部"),
        ("secretary-1", "grid-worker-2", "第二网格党支部"),
        ("dispatcher-1", "centre-clerk-1", "柳湾新村综合服务中心"),
        ("dispatcher-1", "provider-worker-1", "柳湾新村物业服务有限公司"),
        ("dispatcher-1", "dispatcher-1", "柳湾镇党委"),
    ],
)
async def test_a_task_is_given_to_a_post_within_reach_and_its_unit_owns_it(by: str, to: str, unit: str, deeds: Deeds) -> None:
    task = await assign(deeds, await deeds.brought_to("ASSIGNED"), to, by)

    assert (task.assignee_id, task.owner_id, task.rule) == (deeds.id_of(to), deeds.unit(unit), "hand")
    assert [reason.key for reason in task.routed_because] == ["routing.by_hand"]


@pytest.mark.parametrize(
    ("by", "to"), [("grid-leader-1", "grid-worker-2"), ("grid-leader-1", "secretary-1"), ("secretary-1", "dispatcher-1")]
)
async def test_a_leader_gives_to_nobody_beyond_the_own_sub_tree(by: str, to: str, deeds: Deeds) -> None:
    assert await why_not(deeds, await deeds.brought_to("ASSIGNED"), to, by) is RefusalCode.NOT_ALLOWED


@pytest.mark.parametrize("to", ["resident-2", "administrator-1", "privacy-officer-1"])
async def test_whoever_holds_no_post_that_works_can_get_nothing(to: str, deeds: Deeds) -> None:
    assert await why_not(deeds, await deeds.brought_to("ASSIGNED"), to, "dispatcher-1") is RefusalCode.NOT_FOUND


async def test_whom_it_is_about_does_not_get_it(deeds: Deeds) -> None:
    task = await deeds.lead(await deeds.submit("staff-conduct", about_person_id=deeds.id_of("grid-worker-2")))

    assert await why_not(deeds, task, "grid-worker-2", "dispatcher-1") is RefusalCode.NOT_ALLOWED


async def test_whoever_has_it_does_not_get_it_again(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    no = await deeds.refused(tasks.assign_task, AssignTask(uuid4(), task.id, deeds.id_of("grid-worker-1")), "grid-leader-1")

    assert (no.code, no.field) == (RefusalCode.INVALID_INPUT, "assigneeId")


async def test_with_several_posts_the_one_in_the_owner_unit_counts_first_then_the_nearest_to_the_work(deeds: Deeds) -> None:
    """grid-worker-2 answers for the second branch, too, and lends a hand in the first."""
    task = await deeds.brought_to("ASSIGNED")
    own = next(post for post in deeds.planned.parts.appointments if post.person_id == deeds.id_of("grid-worker-2"))
    more = [(Role.GRID_LEADER, own.unit_id), (Role.VOLUNTEER, task.owner_id)]
    posts = [
        Appointment(f"{own.id[:-1]}{number}", own.township, own.person_id, role, unit, own.since, order=900 + number)
        for number, (role, unit) in enumerate(more)
    ]
    await keep(deeds.house, own.township, *posts)

    assert (await assign(deeds, task, "grid-worker-2", "dispatcher-1")).owner_id == task.owner_id
    elsewhere = await deeds.lead(await deeds.submit("pension-form"))
    assert (await assign(deeds, elsewhere, "grid-worker-2", "dispatcher-1")).owner_id == own.unit_id


# --- Returns.


async def returned(deeds: Deeds, proposed: str | None = None) -> Task:
    task = await deeds.brought_to("ASSIGNED")
    sent = ReturnTask(uuid4(), task.id, ReturnReason.NOT_MY_PLACE, "不在我的网格", proposed)
    given_back: Task = await deeds.do(tasks.return_task, sent, "grid-worker-1")
    return given_back


@pytest.mark.parametrize("proposed", [None, "unit", "person"])
async def test_a_return_may_propose_a_unit_or_somebody_on_the_notice_board(proposed: str | None, deeds: Deeds) -> None:
    ids = {None: None, "unit": deeds.unit("第二网格党支部"), "person": deeds.id_of("grid-worker-2")}
    task = await returned(deeds, ids[proposed])

    assert (task.state, task.proposed_owner_id) == (TaskState.RETURN_PENDING, ids[proposed])


@pytest.mark.parametrize("proposed", ["", "unit_990101101_" + "f" * 32, "🙂"])
async def test_a_return_proposes_nobody_who_is_not_there(proposed: str, deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    sent = ReturnTask(uuid4(), task.id, ReturnReason.OTHER, "不归我管", proposed)

    assert (await deeds.refused(tasks.return_task, sent, "grid-worker-1")).field == "proposedOwnerId"
    by_resident = replace(sent, proposed_owner_id=deeds.id_of("resident-1"))
    assert (await deeds.refused(tasks.return_task, by_resident, "grid-worker-1")).field == "proposedOwnerId"


async def test_an_approved_return_goes_to_whoever_the_desk_names(deeds: Deeds) -> None:
    task = await returned(deeds)
    sent = DecideReturn(uuid4(), task.id, approved=True, assignee_id=deeds.id_of("grid-worker-2"))
    decided = await deeds.do(tasks.decide_return, sent, "dispatcher-1")

    assert (decided.state, decided.assignee_id) == (TaskState.ASSIGNED, deeds.id_of("grid-worker-2"))


async def test_an_approved_return_goes_where_the_router_says_past_whoever_gave_it_back(deeds: Deeds) -> None:
    task = await returned(deeds)
    decided = await deeds.do(tasks.decide_return, DecideReturn(uuid4(), task.id, approved=True), "dispatcher-1")

    assert (decided.state, decided.assignee_id, decided.rule) == (TaskState.ASSIGNED, deeds.id_of("grid-leader-1"), "6")


async def test_the_desk_does_not_give_it_back_to_whoever_returned_it(deeds: Deeds) -> None:
    task = await returned(deeds)
    sent = DecideReturn(uuid4(), task.id, approved=True, assignee_id=deeds.id_of("grid-worker-1"))

    assert (await deeds.refused(tasks.decide_return, sent, "dispatcher-1")).message.key == "refusal.has_it_already"


async def test_a_refused_return_goes_on_with_a_reason(deeds: Deeds) -> None:
    task = await returned(deeds)
    decided = await deeds.do(tasks.decide_return, DecideReturn(uuid4(), task.id, approved=False, reason="归您"), "secretary-1")

    assert (decided.state, decided.assignee_id) == (TaskState.ACKNOWLEDGED, deeds.id_of("grid-worker-1"))
    events = await deeds.ports.history.of_task(task, PageRequest(1))
    assert (events.rows[0].kind, events.rows[0].reason) == (EventKind.RETURN_REFUSED, "归您")


async def alone(deeds: Deeds, task: Task) -> None:
    """The task as one that nobody asked for: it has no request."""
    await deeds.house.mongo.collection("tasks").update_one({"_id": task.id}, {"$set": {"request_id": None, "askers": []}})


async def test_the_return_of_a_task_that_nobody_asked_for_waits_at_the_township(deeds: Deeds) -> None:
    task = await returned(deeds)
    await alone(deeds, task)
    decided = await deeds.do(tasks.decide_return, DecideReturn(uuid4(), task.id, approved=True), "dispatcher-1")

    assert (decided.state, decided.assignee_id, decided.owner_id) == (TaskState.QUEUED, None, deeds.unit("柳湾镇党委"))


async def test_a_task_that_nobody_asked_for_is_worked_on_without_a_contact(deeds: Deeds) -> None:
    task = await deeds.brought_to("ACKNOWLEDGED")
    await alone(deeds, task)
    started = await deeds.do(tasks.start_task, StartTask(uuid4(), task.id), "grid-worker-1")
    done = await deeds.do(tasks.complete_task, CompleteTask(uuid4(), task.id, Outcome.SOLVED, "好了"), "grid-worker-1")

    assert (started.state, done.state) == (TaskState.IN_PROGRESS, TaskState.COMPLETED)


# --- Work.


async def test_tries_that_were_made_offline_count_by_the_phones_time_if_that_can_be(deeds: Deeds) -> None:
    task = await deeds.brought_to("ACKNOWLEDGED")
    deeds.clock.advance(hours=2)
    now = deeds.clock()
    made_up = [now - timedelta(days=3), now + timedelta(days=3), None]
    for device_time in made_up:
        sent = StartTask(uuid4(), task.id, ContactKind.CALL, reached=False, device_time=device_time)
        task = await deeds.do(tasks.start_task, sent, "grid-worker-1")
    assert task.contact_tries == (now,)

    for minutes in (60, 30):
        sent = StartTask(uuid4(), task.id, ContactKind.CALL, reached=False, device_time=now - timedelta(minutes=minutes))
        task = await deeds.do(tasks.start_task, sent, "grid-worker-1")
    assert task.state is TaskState.IN_PROGRESS


async def test_evidence_that_is_not_there_is_not_found(deeds: Deeds) -> None:
    task = await deeds.brought_to("IN_PROGRESS")
    sent = CompleteTask(uuid4(), task.id, Outcome.SOLVED, "好了", attachment_ids=["x"])

    assert (await deeds.refused(tasks.complete_task, sent, "grid-worker-1")).field == "attachmentIds"


async def test_a_picture_is_wanted_where_the_item_says_why(deeds: Deeds) -> None:
    task = await deeds.brought_to("IN_PROGRESS")
    items = deeds.house.mongo.collection("items")
    await items.update_one({"code": "stairwell-lamp"}, {"$set": {"photo_reason": "定损"}})
    ports = replace(deeds.ports, catalogue=MongoCatalogue(deeds.house.mongo))  # one that has read nothing yet
    sent, by = CompleteTask(uuid4(), task.id, Outcome.SOLVED, "好了"), await deeds.actor("grid-worker-1")
    try:
        with pytest.raises(Refused, match=r"INVALID_INPUT: refusal\.photo_wanted"):
            await tasks.complete_task(sent, by=by, ports=ports)
    finally:
        await items.update_one({"code": "stairwell-lamp"}, {"$set": {"photo_reason": None}})


async def test_a_check_needs_no_words_and_a_failed_one_does(deeds: Deeds) -> None:
    task = await deeds.brought_to("COMPLETED")
    no = await deeds.refused(tasks.verify_task, VerifyTask(uuid4(), task.id, passed=False), "grid-leader-1")
    assert (no.code, no.field) == (RefusalCode.INVALID_INPUT, "reason")

    failed = await deeds.do(tasks.verify_task, VerifyTask(uuid4(), task.id, passed=False, reason="还是不亮"), "grid-leader-1")
    assert failed.state is TaskState.IN_PROGRESS
    await deeds.do(tasks.complete_task, CompleteTask(uuid4(), task.id, Outcome.SOLVED, "又换了"), "grid-worker-1")
    passed = await deeds.do(tasks.verify_task, VerifyTask(uuid4(), task.id, passed=True), "grid-leader-1")
    assert passed.state is TaskState.AWAITING_FOLLOW_UP


async def test_a_replay_answers_with_the_task_as_it_is_today(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    sent = AcknowledgeTask(uuid4(), task.id, device_time=deeds.clock())
    await deeds.do(tasks.acknowledge_task, sent, "grid-worker-1")
    await deeds.do(tasks.start_task, StartTask(uuid4(), task.id, ContactKind.CALL), "grid-worker-1")
    before = await deeds.contents()
    again = await tasks.acknowledge_task(replace(sent, device_time=None), by=await deeds.actor("grid-worker-1"), ports=deeds.ports)

    assert (again.is_replay, again.subject.state) == (True, TaskState.IN_PROGRESS)
    assert await deeds.contents() == before


# --- Reading.


async def test_a_list_shows_what_ones_keys_open(deeds: Deeds) -> None:
    lamp, pension = await deeds.brought_to("ASSIGNED"), await deeds.lead(await deeds.submit("pension-form"))

    async def seen_by(handle: str) -> set[str]:
        page = await tasks.tasks_page(TaskQuery(), PageRequest(50), by=await deeds.actor(handle), ports=deeds.ports)
        return {task.id for task in page.rows}

    assert await seen_by("dispatcher-1") == {lamp.id, pension.id}
    assert await seen_by("grid-worker-1") == {lamp.id}
    assert await seen_by("centre-clerk-2") == {pension.id}
    assert await seen_by("resident-2") == await seen_by("nobody") == set()


async def test_the_tasks_of_a_request_are_shown_to_those_who_see_them(deeds: Deeds) -> None:
    request = await deeds.submit()

    async def seen_by(handle: str) -> int:
        return len(await tasks.tasks_of_requests(request.township, [request.id], by=await deeds.actor(handle), ports=deeds.ports))

    assert [await seen_by(handle) for handle in ("resident-1", "grid-worker-1", "resident-2", "nobody")] == [1, 1, 0, 0]
    assert await tasks.tasks_of_requests("990101102", [request.id], by=await deeds.actor("resident-1"), ports=deeds.ports) == []


async def test_a_deed_whose_record_is_there_and_whose_task_is_gone_is_not_found(deeds: Deeds) -> None:
    task = await deeds.brought_to("ASSIGNED")
    sent = AcknowledgeTask(uuid4(), task.id)
    await deeds.do(tasks.acknowledge_task, sent, "grid-worker-1")
    await deeds.house.mongo.collection("tasks").delete_one({"_id": task.id})

    assert (await deeds.refused(tasks.acknowledge_task, sent, "grid-worker-1")).code is RefusalCode.NOT_FOUND
