"""A case is kept whole or not at all, whatever goes wrong, and however many act on it at once."""

import asyncio
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import bson
import pytest
from bson.codec_options import CodecOptions
from pymongo.errors import DuplicateKeyError

from adapters.mongo.cases import request_document, task_document
from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document
from domain import cases
from domain.cases import Act, Case
from domain.commands import CLOCK, Command, Replayed
from domain.devices import DevicePlatform
from domain.errors import NumberTaken, RefusalCode, Refused
from domain.events import EventKind
from domain.requests import Grade, Request, Verdict, Words
from domain.tasks import ContactKind, Outcome, ReturnReason, Task, TaskState
from resolvers.clock import wind
from resolvers.devices import RegisterDevice, register_device
from resolvers.requests import AnswerFollowUp, SubmitRequest, answer_follow_up, submit_request
from resolvers.tasks import (
    AcknowledgeTask,
    AssignTask,
    CompleteTask,
    DecideReturn,
    ReturnTask,
    StartTask,
    VerifyTask,
    acknowledge_task,
    assign_task,
    complete_task,
    decide_return,
    return_task,
    start_task,
    verify_task,
)
from tests.adapters.stage import QuietPushes, Stage

WRITTEN = ("requests", "tasks", "words", "events", "commands")


async def test_asking_keeps_documents_words_event_command_and_what_the_relay_owes(stage: Stage) -> None:
    request = await stage.submit()

    assert {name: await stage.count(name) for name in WRITTEN} == dict.fromkeys(WRITTEN, 1)
    [document], [words], [event], [record] = [await stage.find(name) for name in ("requests", "words", "events", "commands")]
    [task] = await stage.tasks_of(request)
    assert document == _as_stored(request_document(request, await stage.house.ports.calendars.current()))
    assert (words["_id"], words["township"], words["text"]) == (request.id, stage.township, "三单元五楼楼道灯不亮")
    assert (event["request_id"], event["task_id"], event["kind"]) == (request.id, task.id, EventKind.REQUEST_SUBMITTED.value)
    assert (event["unnumbered"], event["relay"]) == (True, {"due_at": stage.clock(), "tries": 0})
    assert (record["subject_id"], record["verb"]) == (request.id, "submitRequest")
    assert set(event["scopes"]) == request.scopes | task.scopes


async def test_what_was_stored_is_read_back_as_it_was(stage: Stage) -> None:
    request = await stage.submit(item="staff-conduct", about_person_id=stage.id_of("grid-worker-2"))
    [task] = await stage.tasks_of(request)

    [stored] = await stage.find("requests")
    assert decode(Request, stored) == request
    assert decode(Task, task_document(Case(request, (task,)), task, await stage.house.ports.calendars.current())) == task
    assert stored["hidden_from"] == [stage.id_of("grid-worker-2")]


async def test_words_stand_in_one_document_and_nowhere_else(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    await stage.do(return_task, ReturnTask, "grid-worker-1", task_id=task.id, reason=ReturnReason.OTHER, note="楼道灯归物业")

    contents = await stage.contents()
    assert not [name for name in contents if name != "words" and any(word in str(contents[name]) for word in ("三单元", "归物业"))]
    [words] = contents["words"]
    assert list(words["remarks"].values()) == ["楼道灯归物业"]


class _Trouble(Exception):
    """Something that nobody thought of."""


async def test_trouble_inside_a_change_leaves_everything_as_it_was(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    worker, before = await stage.actor("grid-worker-1"), await stage.contents()

    def change(case: Case) -> Act:
        raise _Trouble

    with pytest.raises(_Trouble):
        await stage.house.ports.tasks.update(task.id, change, seen_by=worker, event_id=stage.new_event_id(), command=stage.command())
    assert await stage.contents() == before


async def test_trouble_at_the_last_write_undoes_the_ones_before(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    [event] = await stage.find("events")
    worker, before = await stage.actor("grid-worker-1"), await stage.contents()

    with pytest.raises(DuplicateKeyError):
        await stage.house.ports.tasks.update(task.id, _signed, seen_by=worker, event_id=event["_id"], command=stage.command())
    assert await stage.contents() == before


async def test_a_number_that_is_taken_is_said_and_nothing_is_kept(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    before, now = await stage.contents(), stage.clock()
    id_, task_id = request.id[:-1] + _other(request.id[-1]), task.id[:-1] + _other(task.id[-1])
    twin = replace(task, id=task_id, request_id=id_)
    act = cases.submitted(Case(replace(request, id=id_), (twin,)))

    with pytest.raises(NumberTaken):
        await stage.house.ports.requests.add(act, Words(id_, "另一件事"), stage.new_event_id(), stage.command())
    assert await stage.contents() == before
    assert stage.clock() == now


async def test_fifty_equal_commands_at_once_ask_once_and_are_answered_alike(stage: Stage) -> None:
    resident, worker = await stage.actor("resident-1"), await stage.actor("grid-worker-1")
    ports, pushes = stage.house.ports, QuietPushes()
    await register_device(RegisterDevice(uuid4(), "the-workers-phone", DevicePlatform.ANDROID), by=worker, ports=ports)
    sent = SubmitRequest(uuid4(), stage.item("stairwell-lamp"), "楼道灯不亮")

    answers = await asyncio.gather(*(submit_request(sent, by=resident, ports=ports) for _ in range(50)))

    assert {name: await stage.count(name) for name in ("requests", "tasks", "words", "events")} == dict.fromkeys(
        ("requests", "tasks", "words", "events"), 1
    )
    assert len({answer.subject for answer in answers}) == 1
    assert sum(not answer.is_replay for answer in answers) == 1
    await stage.tell(pushes)
    assert (await stage.count("notices"), len(pushes.sent)) == (1, 1)

    with pytest.raises(Refused) as refused:
        await submit_request(replace(sent, text="别的事"), by=resident, ports=ports)
    assert refused.value.refusal.code is RefusalCode.COMMAND_MISMATCH
    again = await submit_request(sent, by=resident, ports=ports)
    assert (again.is_replay, again.subject) == (True, answers[0].subject)
    assert await stage.count("requests") == 1


async def test_fifty_who_take_the_same_task_at_once_are_one(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    worker, ports = await stage.actor("grid-worker-1"), stage.house.ports

    taken = await asyncio.gather(
        *(acknowledge_task(AcknowledgeTask(uuid4(), task.id), by=worker, ports=ports) for _ in range(50)), return_exceptions=True
    )
    refusals = [answer.refusal.code for answer in taken if isinstance(answer, Refused)]
    assert refusals == [RefusalCode.WRONG_STATE] * 49
    assert await stage.count("events", kind=EventKind.TASK_ACKNOWLEDGED.value) == 1
    assert await stage.count("commands") == 2
    [now] = await stage.tasks_of(request)
    assert (now.state, now.version) == (TaskState.ACKNOWLEDGED, 2)


async def test_no_change_is_lost_when_many_change_one_task(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    worker, tasks = await stage.actor("grid-worker-1"), stage.house.ports.tasks
    runs = 0

    def mark(number: int, case: Case) -> Act:
        nonlocal runs
        runs += 1
        marked = replace(case.tasks[0], past_assignees=(*case.tasks[0].past_assignees, str(number)))
        return Act(case.after(marked), EventKind.TASK_STARTED, task.id)

    def update(number: int) -> object:
        event_id, command = stage.new_event_id(), stage.command()
        return tasks.update(task.id, lambda case: mark(number, case), seen_by=worker, event_id=event_id, command=command)

    await asyncio.gather(*(update(number) for number in range(20)))  # type: ignore[call-overload]
    [now] = await stage.tasks_of(request)
    assert sorted(now.past_assignees, key=int) == [str(number) for number in range(20)]
    assert (now.version, await stage.count("events")) == (21, 21)
    assert runs >= 20  # the losers of a race run again


async def test_nothing_to_do_keeps_nothing_so_the_clock_may_come_again(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    before, command = await stage.contents(), Command(CLOCK, uuid4(), "clock", "", stage.clock())

    done = await stage.house.due_tasks.move(task.id, lambda _: None, event_id=stage.new_event_id(), command=command)
    assert done is None
    assert await stage.contents() == before

    moved = await stage.house.due_tasks.move(task.id, _signed, event_id=stage.new_event_id(), command=command)
    assert isinstance(moved, Case)
    again = await stage.house.due_tasks.move(task.id, _signed, event_id=stage.new_event_id(), command=command)
    assert again == Replayed(task.id)


async def test_the_clock_claims_what_is_due_the_longest_waiting_first(stage: Stage) -> None:
    first, second = await stage.submit(), await stage.submit(item="gas-smell")
    due_tasks = stage.house.due_tasks
    ids = {request.id: (await stage.tasks_of(request))[0].id for request in (first, second)}

    async def claimed(at: datetime, limit: int = 10) -> list[str]:
        return [task.id for task in await due_tasks.claim(at=at, limit=limit, lease_seconds=1)]

    assert await claimed(stage.clock()) == []
    late = stage.clock() + timedelta(days=2)
    assert await claimed(late) == [ids[second.id], ids[first.id]]
    assert await claimed(late) == []
    late += timedelta(seconds=2)
    assert [len(await claimed(late, limit=1)) for _ in range(3)] == [1, 1, 0]


# ---- the history is enough to rebuild everything


async def test_the_changes_of_all_events_rebuild_request_and_tasks(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    worker, other, leader = "grid-worker-1", "grid-worker-2", "grid-leader-1"
    mine = {"task_id": task.id}

    await stage.do(return_task, ReturnTask, worker, **mine, reason=ReturnReason.NOT_MY_ITEM, note="归物业")
    await stage.do(decide_return, DecideReturn, "dispatcher-1", **mine, approved=False, reason="归网格")
    await stage.do(assign_task, AssignTask, "dispatcher-1", **mine, assignee_id=stage.id_of(other), note="换人")
    stage.clock.advance(days=1)
    await wind(stage.house.due_tasks, ports=stage.house.ports)  # nobody took it: it climbs
    await stage.do(assign_task, AssignTask, "dispatcher-1", **mine, assignee_id=stage.id_of(worker))
    await stage.do(acknowledge_task, AcknowledgeTask, worker, **mine)
    for _ in range(3):
        stage.clock.advance(hours=1)
        await stage.do(start_task, StartTask, worker, **mine, contact=ContactKind.CALL, reached=False)
    await stage.do(complete_task, CompleteTask, worker, **mine, outcome=Outcome.SOLVED, note="换了灯泡")
    await stage.do(verify_task, VerifyTask, leader, **mine, passed=False, reason="还是不亮")
    await stage.do(complete_task, CompleteTask, worker, **mine, outcome=Outcome.SOLVED, note="换了开关")
    await stage.do(verify_task, VerifyTask, leader, **mine, passed=True)
    failed = {"verdict": Verdict.NOT_SOLVED, "grade": Grade.UNSATISFIED, "words": "又坏了"}
    await stage.do(answer_follow_up, AnswerFollowUp, "resident-1", request_id=request.id, **failed)
    await stage.do(complete_task, CompleteTask, worker, **mine, outcome=Outcome.SOLVED, note="换了线")
    await stage.do(verify_task, VerifyTask, leader, **mine, passed=True)
    solved = {"verdict": Verdict.SOLVED, "grade": Grade.SATISFIED}
    await stage.do(answer_follow_up, AnswerFollowUp, "resident-1", request_id=request.id, **solved)

    kinds = {document["kind"] for document in await stage.find("events")}
    assert len(kinds) >= 11
    assert await _rebuilt(stage, request.id) == await _stored(stage, request.id)


async def test_acts_that_overtake_each_other_still_rebuild_the_case(stage: Stage) -> None:
    """Whose command came first need not be whose was kept first: ids are made before the transaction."""
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    worker, tasks = await stage.actor("grid-worker-1"), stage.house.ports.tasks
    slow, slow_command = stage.new_event_id(), stage.command()
    stage.clock.advance(seconds=1)
    quick, quick_command = stage.new_event_id(), stage.command()

    def reminded(case: Case) -> Act:
        return Act(case.after(case.tasks[0].remind(at=quick_command.at)), EventKind.TASK_REMINDED, task.id)

    await tasks.update(task.id, reminded, seen_by=worker, event_id=quick, command=quick_command)
    await tasks.update(task.id, _signed, seen_by=worker, event_id=slow, command=slow_command)

    assert await _rebuilt(stage, request.id) == await _stored(stage, request.id)


async def _rebuilt(stage: Stage, request_id: str) -> dict[str, Document]:
    """By the version that each change made: ids are drawn before the commit, versions with it."""
    documents: defaultdict[str, Document] = defaultdict(dict)
    changes = [change for event in await stage.find("events", request_id=request_id) for change in event["changes"]]
    for change in sorted(changes, key=lambda change: int(change["fields"]["version"])):
        documents[change["id"]] |= change["fields"]
    return dict(documents)


async def _stored(stage: Stage, request_id: str) -> dict[str, Document]:
    documents = await stage.find("requests", _id=request_id) + await stage.find("tasks", request_id=request_id)
    return {document["_id"]: document for document in documents}


def _as_stored(document: Document) -> Document:
    """As MongoDB keeps it: tuples are arrays."""
    return bson.decode(bson.encode(document), CodecOptions(tz_aware=True))


def _signed(case: Case) -> Act:
    task = case.tasks[0]
    return Act(case.after(task.acknowledge(at=task.updated_at)), EventKind.TASK_ACKNOWLEDGED, task.id)


def _other(digit: str) -> str:
    return "0" if digit != "0" else "1"


def test_equal_values_are_equal_documents() -> None:
    words = Words("req_990101101_" + "0" * 32, "楼道灯不亮")
    assert encode(words) == {"request_id": words.request_id, "text": "楼道灯不亮", "address": None, "location": None, "said": {}}
    with pytest.raises(TypeError):
        encode({"no": "value"})
