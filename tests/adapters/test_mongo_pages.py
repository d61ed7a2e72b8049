"""Long lists: every filter finds exactly what it says, and a page is a page while others write."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import pytest

from adapters.mongo.codec import decode
from domain.access import Actor, Door, key
from domain.errors import BadArgument
from domain.events import EventKind
from domain.pages import Page, PageRequest, cursor, page_request
from domain.ports import RequestQuery, TaskQuery
from domain.requests import Request
from domain.tasks import ReturnReason, Task
from resolvers.tasks import DecideReturn, ReturnTask, decide_return, return_task
from tests.adapters.filling import Backlog, fill
from tests.adapters.stage import Stage
from tests.adapters.tour import READERS, Tour
from tests.conftest import MONDAY_MORNING

T = TypeVar("T", Request, Task)
Read = Callable[[PageRequest], Awaitable[Page[T]]]


async def forward(read: Read[T], size: int = 100) -> list[T]:
    """The whole list, page by page; each page says truly whether there is more."""
    rows: list[T] = []
    page = await read(PageRequest(size))
    assert not page.has_previous
    while page.rows:
        rows += page.rows
        last = await read(PageRequest(size, after=page.keys[-1]))
        assert page.has_next == bool(last.rows)
        assert last.has_previous or not last.rows
        page = last
    return rows


async def backward(read: Read[T], size: int = 100) -> list[T]:
    """The whole list from its end, in the list's order."""
    rows: list[T] = []
    page = await read(PageRequest(size, is_backward=True))
    assert not page.has_next
    while page.rows:
        rows[:0] = page.rows
        page = await read(PageRequest(size, before=page.keys[0], is_backward=True))
    return rows


def requests_of(stage: Stage, query: RequestQuery, reader: Actor) -> Read[Request]:
    return lambda page: stage.house.ports.requests.page(query, page, seen_by=reader, at=stage.clock())


def tasks_of(stage: Stage, query: TaskQuery, reader: Actor) -> Read[Task]:
    return lambda page: stage.house.ports.tasks.page(query, page, seen_by=reader, at=stage.clock())


def ids(rows: Sequence[Request] | Sequence[Task]) -> list[str]:
    return [row.id for row in rows]


async def test_a_page_runs_forward_and_backward_from_any_row(stage: Stage) -> None:
    made = [(await stage.submit()).id for _ in range(7)]
    read = requests_of(stage, RequestQuery(), await stage.actor("resident-1"))
    newest = made[::-1]

    first = await read(PageRequest(3))
    assert (ids(first.rows), first.has_next, first.has_previous) == (newest[:3], True, False)
    second = await read(PageRequest(3, after=first.keys[-1]))
    assert (ids(second.rows), second.has_next, second.has_previous) == (newest[3:6], True, True)
    third = await read(PageRequest(3, after=second.keys[-1]))
    assert (ids(third.rows), third.has_next, third.has_previous) == (newest[6:], False, True)
    last = await read(PageRequest(3, is_backward=True))
    assert (ids(last.rows), last.has_next, last.has_previous) == (newest[4:], False, True)
    before = await read(PageRequest(4, before=last.keys[0], is_backward=True))
    assert (ids(before.rows), before.has_next, before.has_previous) == (newest[:4], True, False)
    assert (await read(PageRequest(0))).rows == []


async def test_nothing_is_shown_twice_or_left_out_while_others_ask(stage: Stage) -> None:
    made = [(await stage.submit()).id for _ in range(9)]
    read = requests_of(stage, RequestQuery(), await stage.actor("dispatcher-1"))

    seen: list[str] = []
    page = await read(PageRequest(2))
    while page.rows:
        seen += ids(page.rows)
        await stage.submit("resident-2")
        page = await read(PageRequest(2, after=page.keys[-1]))
    assert seen == made[::-1]

    seen = []
    page = await read(PageRequest(2, is_backward=True))
    while page.rows and not set(made) <= set(seen):
        seen = ids(page.rows) + seen
        await stage.submit("resident-2")
        page = await read(PageRequest(2, before=page.keys[0], is_backward=True))
    assert seen[-len(made) :] == made[::-1]


async def test_the_longest_overdue_comes_first_and_equal_moments_keep_their_order(stage: Stage) -> None:
    """Five working days end when the office closes, so many are due at one moment."""
    urgent = (await stage.submit(item="gas-smell")).id
    others = [(await stage.submit()).id for _ in range(6)]
    stage.clock.advance(days=30)
    reader = await stage.actor("dispatcher-1")
    read = requests_of(stage, RequestQuery(overdue=True), reader)
    due = {task.request_id: task.id for task in await forward(tasks_of(stage, TaskQuery(overdue=True), reader))}

    assert ids(await forward(read, 2)) == [urgent, *others]
    assert ids(await backward(read, 2)) == [urgent, *others]
    assert list(due) == [urgent, *others]
    first = await read(PageRequest(3))
    back = await read(PageRequest(2, before=first.keys[-1], is_backward=True))
    assert (ids(back.rows), back.has_next, back.has_previous) == ([urgent, others[0]], True, False)


async def test_every_filter_finds_exactly_what_it_says(stage: Stage) -> None:
    """Held against the domain's own judgement of every document, for every reader."""
    await fill(stage.house, stage.planned, until=MONDAY_MORNING, requests=400, backlog=Backlog(owed=0))
    all_requests = [decode(Request, document) for document in await stage.find("requests")]
    all_tasks = [decode(Task, document) for document in await stage.find("tasks")]
    tour, found = Tour(stage.house, stage.planned, stage.clock, lambda _: None), 0
    for handle in READERS:
        reader = await stage.actor(handle)
        for words, query in tour.request_queries(reader):
            requests = await forward(requests_of(stage, query, reader))
            wanted = [request for request in all_requests if _is_request(request, query, reader, stage.clock())]
            in_order = sorted(wanted, key=lambda r: (r.promise_due_at, r.id)) if query.overdue else _newest_first(wanted)
            assert ids(requests) == ids(in_order), f"{handle}: requests {words}"
            found += len(requests)
        for words, asked in tour.task_queries(reader):
            tasks = await forward(tasks_of(stage, asked, reader))
            wished = [task for task in all_tasks if _is_task(task, asked, reader, stage.clock())]
            in_order_too = sorted(wished, key=lambda t: (t.due_at, t.id)) if asked.is_by_due_time else _newest_first(wished)
            assert ids(tasks) == ids(in_order_too), f"{handle}: tasks {words}"
            found += len(tasks)
    assert found > 5_000


def _newest_first(rows: list[T]) -> list[T]:
    return sorted(rows, key=lambda row: row.id, reverse=True)


def _is_request(request: Request, query: RequestQuery, reader: Actor, at: datetime) -> bool:
    after, before = query.submitted_after, query.submitted_before
    return (
        _is_seen(request, reader)
        and (query.states is None or request.state in query.states)
        and (query.item_ids is None or request.item_id in query.item_ids)
        and (query.grid_ids is None or (request.place.grid_id in query.grid_ids and not request.is_shielded))
        and (query.unit_id is None or key(Door.UNIT, query.unit_id) in request.scopes)
        and (query.overdue is None or request.is_overdue(at) is query.overdue)
        and (after is None or request.submitted_at >= after)
        and (before is None or request.submitted_at < before)
        and (not query.asked_by_me or reader.id in request.askers)
    )


def _is_task(task: Task, query: TaskQuery, reader: Actor, at: datetime) -> bool:
    is_due_before = query.due_before is not None and not task.leg_met and task.due_at is not None and task.due_at < query.due_before
    return (
        _is_seen(task, reader)
        and (query.states is None or task.state in query.states)
        and (query.assignee_id is None or task.assignee_id == query.assignee_id)
        and (query.grid_ids is None or task.grid_id in query.grid_ids)
        and (query.unit_id is None or key(Door.UNIT, query.unit_id) in task.scopes)
        and (query.overdue is None or task.is_overdue(at) is query.overdue)
        and (query.due_before is None or (is_due_before and (query.overdue is not False or (task.due_at or at) >= at)))
    )


def _is_seen(thing: Request | Task, reader: Actor) -> bool:
    return reader.may_open(thing.scopes) and reader.id not in thing.hidden_from


async def test_no_state_at_all_is_an_empty_list(stage: Stage) -> None:
    await stage.submit()
    dispatcher = await stage.actor("dispatcher-1")
    assert await forward(requests_of(stage, RequestQuery(states=()), dispatcher)) == []
    assert await forward(tasks_of(stage, TaskQuery(states=(), assignee_id=dispatcher.id), dispatcher)) == []
    assert await forward(requests_of(stage, RequestQuery(item_ids=(), grid_ids=()), dispatcher)) == []


@pytest.mark.parametrize("forged", [("yesterday", "req_1"), ("", ""), ("2026-11-23", "req_1"), ("2026-11-23T10:00:00", "")])
async def test_a_forged_position_is_a_bad_argument_and_no_accident(stage: Stage, forged: tuple[str, str]) -> None:
    await stage.submit()
    read = requests_of(stage, RequestQuery(overdue=True), await stage.actor("dispatcher-1"))
    with pytest.raises(BadArgument):
        await read(page_request(10, cursor(forged), parts=2))


async def test_history_runs_in_pages_with_the_words_of_each_act(stage: Stage) -> None:
    request = await stage.submit()
    [task] = await stage.tasks_of(request)
    await stage.do(return_task, ReturnTask, "grid-worker-1", task_id=task.id, reason=ReturnReason.OTHER, note="归物业")
    await stage.do(decide_return, DecideReturn, "dispatcher-1", task_id=task.id, approved=False, reason="归网格")
    history = stage.house.ports.history

    first = await history.of_request(request, PageRequest(2))
    assert [(event.kind, event.reason) for event in first.rows] == [
        (EventKind.RETURN_REFUSED, "归网格"),
        (EventKind.TASK_RETURNED, "归物业"),
    ]
    assert first.has_next
    rest = await history.of_request(request, PageRequest(2, after=first.keys[-1]))
    assert [(event.kind, event.reason) for event in rest.rows] == [(EventKind.REQUEST_SUBMITTED, None)]
    assert (await history.of_task(task, PageRequest(10))).rows == [*first.rows, *rest.rows]

    await stage.house.mongo.collection("words").delete_many({})  # erased: what happened stays, the words are gone
    assert [event.reason for event in (await history.of_request(request, PageRequest(10))).rows] == [None, None, None]


async def test_words_are_read_for_a_page_of_requests(stage: Stage) -> None:
    asked = [await stage.submit(), await stage.submit(address="3号楼")]
    words = await stage.house.ports.requests.words(stage.township, ids(asked))
    assert {w.request_id: (w.text, w.address) for w in words} == {
        asked[0].id: ("三单元五楼楼道灯不亮", None),
        asked[1].id: ("三单元五楼楼道灯不亮", "3号楼"),
    }
    assert await stage.house.ports.requests.words("990202202", ids(asked)) == []
