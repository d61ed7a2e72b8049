"""Doors for lists to take away: CSV as it is read, a workbook of up to 100,000 rows; behind the same sign-in, in the same scope."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import orjson
import strawberry
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from adapters.workbook.exports import WorkbookOfRows
from domain.errors import BadArgument, Message, RefusalCode
from domain.errors import Refused as NotAllowed
from domain.exports import BYTE_ORDER_MARK, MOST_IN_A_WORKBOOK, REQUEST_COLUMNS, TASK_COLUMNS, Row, csv_lines, permit_export, shown
from domain.ports import RequestQuery, TaskQuery
from domain.search import Look, LookKind
from resolvers.acting import signed_in
from resolvers.exports import request_rows, task_rows
from resolvers.search import enter_look
from schema.context import Context
from schema.exports import request_export, task_export
from server.operations import PERSON_HEADER, ContextFor, Credentials, Refused, admitted
from server.wiring import House

AT_ONCE = 4
"""Exports that one process makes at a time; who comes then is told to come again."""

CHUNK = 64 * 1024
STATUS = {RefusalCode.SIGN_IN_REQUIRED: 401}
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Export:
    """One list: its columns, what its parameters ask for, and its rows."""

    name: str
    columns: tuple[Message, ...]
    query: Callable[..., RequestQuery | TaskQuery]
    rows: Callable[..., AsyncIterator[list[Row]]]


EXPORTS = (
    Export("requests", tuple(REQUEST_COLUMNS), request_export, request_rows),
    Export("tasks", tuple(TASK_COLUMNS), task_export, task_rows),
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An export under way: for whom, of what, and its line in the search log."""

    export: Export
    context: Context
    query: RequestQuery | TaskQuery
    look: Look

    async def rows(self) -> AsyncGenerator[list[list[str]], None]:
        say, context = self.context.say, self.context
        found: Any = self.export.rows(self.query, by=context.actor, again=context.sign_in_again, ports=context.ports)
        async with aclosing(found):
            async for rows in found:
                yield [shown(row, say) for row in rows]

    @property
    def headers(self) -> list[str]:
        return shown(self.export.columns, self.context.say)


class ExportDoors:
    """`GET /exports/requests.csv`, `.xlsx`, and the same of tasks; parameters are the parts of the list's filter."""

    def __init__(self, house: House, schema: strawberry.Schema, context_for: ContextFor) -> None:
        self._log, self._schema, self._context_for = house.ports.search_log, schema, context_for
        self._under_way: Counter[str] = Counter()

    def routes(self) -> list[BaseRoute]:
        routes: list[Route] = []
        for export in EXPORTS:
            for ending, answer in (("csv", self._csv), ("xlsx", self._xlsx)):
                routes.append(Route(f"/exports/{export.name}.{ending}", partial(self._answer, export, answer), methods=["GET"]))
        for route in routes:
            (route.methods or set()).discard("HEAD")  # which would make the whole list and throw it away
        return list(routes)

    async def _answer(self, export: Export, answer: Callable[[_Asked, Request], Any], request: Request) -> Response:
        try:
            context = await self._admit(request)
            query = export.query({name: request.query_params.getlist(name) for name in request.query_params}, self._schema)
            if self._under_way.total() >= AT_ONCE:
                raise Refused(503, "Too many exports are under way.", "UNAVAILABLE", {"Retry-After": "30"})
            person, _ = signed_in(context.actor)
            look = await enter_look(LookKind.EXPORT, query, by=person, ports=context.ports)
            response: Response = await answer(_Asked(export, context, query, look), request)
        except Refused as no:
            return _no(no)
        except BadArgument as error:
            return _no(Refused(400, str(error)))
        return response

    async def _admit(self, request: Request) -> Context:
        given = request.headers
        shown_ = Credentials(given.get("authorization"), given.get("accept-language"), given.get(PERSON_HEADER))
        context = await admitted(self._context_for, shown_)
        if not isinstance(context, Context):
            raise TypeError("an export wants somebody's context")
        try:
            permit_export(context.actor)
        except NotAllowed as no:
            code = no.refusal.code
            raise Refused(STATUS.get(code, 403), context.say(no.refusal.message), code.value) from None
        return context

    async def _csv(self, asked: _Asked, _: Request) -> Response:
        return StreamingResponse(self._lines(asked), 200, _attachment(f"{asked.export.name}.csv"), CSV)

    async def _lines(self, asked: _Asked) -> AsyncIterator[bytes]:
        """Chunk by chunk. Where the client goes away, this is closed, and nothing more is read."""
        self._under_way[asked.look.id] += 1
        count = 0
        try:
            yield (BYTE_ORDER_MARK + csv_lines([asked.headers])).encode()
            async with aclosing(asked.rows()) as found:
                async for rows in found:
                    count += len(rows)
                    yield csv_lines(rows).encode()
            await self._log.finish(asked.look, count)
        finally:
            del self._under_way[asked.look.id]

    async def _xlsx(self, asked: _Asked, request: Request) -> Response:
        self._under_way[asked.look.id] += 1
        file = TemporaryFile()  # noqa: SIM115 - it is closed once it is sent
        try:
            count = await _write(file, asked, request)
        except BaseException:
            file.close()
            raise
        finally:
            del self._under_way[asked.look.id]
        await self._log.finish(asked.look, count)
        return StreamingResponse(_read(file), 200, _attachment(f"{asked.export.name}.xlsx"), XLSX)


async def _write(file: IO[bytes], asked: _Asked, request: Request) -> int:
    """The whole workbook, off the loop; how many rows. Raises `Refused` beyond what a workbook is made for, and where nobody waits."""
    count = 0
    with TemporaryDirectory(prefix="lianhu-") as folder:
        book = WorkbookOfRows(file, Path(folder), asked.headers)
        try:
            async with aclosing(asked.rows()) as found:
                async for rows in found:
                    count += len(rows)
                    if count > MOST_IN_A_WORKBOOK:
                        raise Refused(422, f"More than {MOST_IN_A_WORKBOOK} rows: narrow the filter, or take the .csv.", "LIMIT_REACHED")
                    if await request.is_disconnected():
                        raise Refused(400, "Nobody waits for it.")
                    await asyncio.to_thread(book.write, rows)
        finally:
            await asyncio.to_thread(book.close)
    return count


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _no(no: Refused) -> Response:
    return Response(orjson.dumps({"errors": [no.error]}), no.status, no.headers, "application/json")
