"""The search log."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import Parent

from domain import search
from domain.people import Person
from domain.search import LookKind
from resolvers import search as deeds
from schema.context import Info
from schema.graph import PersonT, described, edge, shows
from schema.pages import After, Before, First, Last, connection, connection_types, wanted_page


async def _by(root: Parent[search.Look], info: Info) -> Person | None:
    return await info.context.loaders.person_named.load((root.township, root.by_id))


@shows(search.Look, "A line of the search log: who looked for requests by their words, or exported a list, and when (检索记录).")
class Look:
    kind: LookKind = described("A search, or an export (类型).")
    by: Any = edge(_by, PersonT | None, "Who (检索人).")
    at: datetime = described("When (时间).")
    filters: list[str] = described("By which parts of the filter, never by which words (筛选项).")
    rows: int | None = described("How many rows an export held; nothing where it was broken off (导出行数).")


LookEdge, LookConnection = connection_types("Look", Look, "检索记录")


async def _search_log(info: Info, first: First = 20, after: After = None, last: Last = None, before: Before = None) -> Any:
    page = wanted_page(first, after, last, before)
    return connection(LookEdge, LookConnection, await deeds.search_log(page, by=info.context.actor, ports=info.context.ports))


@strawberry.type
class SearchQueries:
    search_log: Any = edge(
        _search_log, LookConnection, "Searches and exports of the township, newest first, for its privacy officer; else empty (检索留痕)."
    )
