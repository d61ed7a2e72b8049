"""Lists of tasks and requests: everybody's in scope, and one's own."""

from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from strawberry import Parent

from domain.access import Actor
from domain.tasks import TO_DO
from resolvers import requests as request_reads
from resolvers import tasks as task_reads
from schema.context import Info
from schema.pages import After, Before, First, Last, RequestConnection, RequestEdge, TaskConnection, TaskEdge, connection, wanted_page
from schema.requests import RequestFilter, request_query
from schema.tasks import TaskFilter, task_query

TaskFilterArgument = Annotated[TaskFilter | None, strawberry.argument(description="Narrows the list (筛选).")]
RequestFilterArgument = Annotated[RequestFilter | None, strawberry.argument(description="Narrows the list (筛选).")]


async def tasks(
    info: Info,
    filter: TaskFilterArgument = None,
    first: First = 20,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Any:
    return await _task_page(info, task_query(filter), first, after, last, before)


async def own_tasks(
    root: Parent[Actor],
    info: Info,
    filter: TaskFilterArgument = None,
    first: First = 20,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Any:
    if filter is not None and filter.assignee_id not in {None, root.id}:
        raise GraphQLError("your own tasks are assigned to you", extensions={"code": "BAD_USER_INPUT"})
    return await _task_page(info, task_query(filter, mine=root.id, default_states=TO_DO), first, after, last, before)


async def _task_page(info: Info, query: Any, first: int | None, after: str | None, last: int | None, before: str | None) -> Any:
    page = wanted_page(first, after, last, before, parts=2 if query.is_by_due_time else 1)
    found = await task_reads.tasks_page(query, page, by=info.context.actor, ports=info.context.ports)
    return connection(TaskEdge, TaskConnection, found)


async def requests(
    info: Info,
    filter: RequestFilterArgument = None,
    first: First = 20,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Any:
    return await _request_page(info, filter, first, after, last, before, asked_by_me=False)


async def own_requests(
    info: Info,
    filter: RequestFilterArgument = None,
    first: First = 20,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Any:
    return await _request_page(info, filter, first, after, last, before, asked_by_me=True)


async def _request_page(
    info: Info,
    filter: RequestFilter | None,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    *,
    asked_by_me: bool,
) -> Any:
    query = request_query(filter, asked_by_me=asked_by_me)
    page = wanted_page(first, after, last, before, parts=2 if query.is_by_promise else 1)
    found = await request_reads.requests_page(query, page, by=info.context.actor, ports=info.context.ports)
    return connection(RequestEdge, RequestConnection, found)
