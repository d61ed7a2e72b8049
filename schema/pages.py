"""Connections after the Relay specification, over keyset pages."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from domain.errors import BadArgument
from domain.pages import Page, PageRequest, cursor, page_request
from schema.graph import NoticeT, OrganisationChangeT, RequestT, SubjectRequestT, TaskT, bad_argument, described
from schema.history import Event

First = Annotated[int | None, strawberry.argument(description="How many, at most 100 (数量).")]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor (起始游标).")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, at most 100 (倒数数量).")]
Before = Annotated[str | None, strawberry.argument(description="With `last`: only what comes before this cursor (截止游标).")]


@strawberry.type(description="Where a page stands in its list (分页信息).")
class PageInfo:
    has_next_page: bool = described("Whether more follows (是否有下一页).")
    has_previous_page: bool = described("Whether more precedes (是否有上一页).")
    start_cursor: str | None = described("Cursor of the first row (首游标).")
    end_cursor: str | None = described("Cursor of the last row (末游标).")


def connection_types(node: str, shown: Any, words: str) -> tuple[Any, Any]:
    """`<Node>Edge` and `<Node>Connection`."""
    edge_name, connection_name = f"{node}Edge", f"{node}Connection"
    edge_type = strawberry.type(
        type(
            edge_name,
            (),
            {
                "__annotations__": {"cursor": str, "node": shown},
                "__module__": __name__,
                "cursor": described("Position in the list (游标)."),
                "node": described(f"The row ({words})."),
            },
        ),
        description=f"A row of a list, with its position ({words}).",
    )
    connection_type = strawberry.type(
        type(
            connection_name,
            (),
            {
                "__annotations__": {"edges": list[edge_type], "page_info": PageInfo},  # type: ignore[valid-type]  # made here
                "__module__": __name__,
                "edges": described("The rows of this page (行)."),
                "page_info": described("Where the page stands (分页信息)."),
            },
        ),
        description=f"A page of a list ({words}).",
    )
    return edge_type, connection_type


RequestEdge, RequestConnection = connection_types("Request", RequestT, "诉求")
TaskEdge, TaskConnection = connection_types("Task", TaskT, "工单")
EventEdge, EventConnection = connection_types("Event", Event, "历史记录")
SubjectRequestEdge, SubjectRequestConnection = connection_types("SubjectRequest", SubjectRequestT, "个人信息权利请求")
NoticeEdge, NoticeConnection = connection_types("Notice", NoticeT, "通知")
OrganisationChangeEdge, OrganisationChangeConnection = connection_types("OrganisationChange", OrganisationChangeT, "组织变更")


def wanted_page(first: int | None, after: str | None, last: int | None, before: str | None, *, parts: int = 1) -> PageRequest:
    try:
        return page_request(first, after, last, before, parts=parts)
    except BadArgument as error:
        raise bad_argument(error) from error


def connection(edge_type: Any, connection_type: Any, page: Page[Any]) -> Any:
    """The page as clients see it."""
    cursors: Sequence[str] = [cursor(key) for key in page.keys]
    start, end = (cursor(key) if key else None for key in (page.start, page.end))
    edges = [edge_type(cursor=position, node=row) for position, row in zip(cursors, page.rows, strict=True)]
    return connection_type(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=start or (cursors[0] if cursors else None),
            end_cursor=end or (cursors[-1] if cursors else None),
        ),
    )
