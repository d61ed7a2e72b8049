"""The GraphQL door: POST and graphql-transport-ws over one schema, with the same limits, masks and identity for both."""

from collections.abc import Iterable
from contextlib import aclosing

import orjson
import strawberry
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from schema.documents import Limits
from server.operations import MAX_BYTES, PERSON_HEADER, ContextFor, Credentials, Operations, Question, Refused, at_most, read_json
from server.sockets import SUBPROTOCOL, Conversation


class GraphQLDoor:
    """Serves `schema` at /graphql. Every operation, on a socket too, gets a context of its own from `context_for`.

    `context_for` may raise `BadToken` (answered 401) and `IdentityUnavailable` (503). `deadline` is in seconds, for queries and
    mutations; `init_wait` in seconds, for a socket's first word. Pages of other origins may open sockets only if listed.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        context_for: ContextFor,
        *,
        limits: Limits | None = None,
        allowed_origins: Iterable[str] = (),
        deadline: float = 30,
        init_wait: float = 10,
    ) -> None:
        self._operations = Operations(schema, context_for, limits, deadline)
        self._origins = normalize_allowed_origins(allowed_origins)
        self._init_wait = init_wait

    def mount(self) -> list[BaseRoute]:
        """The routes. Both spellings are served, so that no router redirects a POST (to http, behind a proxy)."""
        return [route(path, self) for path in ("/graphql", "/graphql/") for route in (Route, WebSocketRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._converse(WebSocket(scope, receive, send))
        else:
            response = await self._respond(Request(scope, receive))
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            body = await _body(request, within=self._operations.deadline)
            given = request.headers
            shown = Credentials(given.get("authorization"), given.get("accept-language"), given.get(PERSON_HEADER))
            answer = await self._operations.answer(Question.read(read_json(body)), shown)
        except Refused as no:
            return Response(orjson.dumps({"errors": [no.error]}), no.status, no.headers, "application/json")
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        return Response(answer, media_type="application/json")

    async def _converse(self, socket: WebSocket) -> None:
        origin = socket.headers.get("origin")
        if origin is not None and not self._is_welcome(origin, socket.headers.get("host")):
            await socket.close()  # before it is accepted: the handshake is answered with 403
        elif SUBPROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept()
            await socket.close(4406, "Subprotocol not acceptable")
        else:
            await Conversation(socket, self._operations).hold(self._init_wait)

    def _is_welcome(self, origin: str, host: str | None) -> bool:
        return "*" in self._origins or is_same_origin(origin, host) or normalize_origin(origin) in self._origins


async def _body(request: Request, within: float) -> bytes:
    if request.method != "POST":
        raise Refused(405, "Requests are POSTed.", headers={"Allow": "POST"})
    media, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if media != "application/json" or any(one not in ("charset=utf-8", 'charset="utf-8"') for one in parameters):
        raise Refused(415, "Requests are application/json in UTF-8.")
    body = bytearray()
    async with at_most(within, Refused(408, "The request took too long to arrive.")), aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > MAX_BYTES:
                raise Refused(413, f"A request has at most {MAX_BYTES} bytes.")
    return bytes(body)
