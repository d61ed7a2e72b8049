"""graphql-transport-ws: one socket's conversation."""

import asyncio
from contextlib import aclosing, suppress

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.operations import (
    MAX_BYTES,
    PERSON_HEADER,
    Credentials,
    Operations,
    Payload,
    Question,
    Refused,
    at_most,
    error_of,
    failure,
    log_bugs,
    read_json,
)

MAX_OPERATIONS = 20  # at a time on one socket
LONGEST_ID = 200  # characters, of an operation's id: it is said again with every event
SUBPROTOCOL = "graphql-transport-ws"


class Conversation:
    """One socket, from its acceptance to the last word. Whatever comes in, it ends in a close code, never in a traceback."""

    def __init__(self, socket: WebSocket, operations: Operations) -> None:
        self._socket = socket
        self._operations = operations
        self._shown: Credentials | None = None
        self._running: dict[str, asyncio.Task[None]] = {}  # by the client's id, until the last word of it is on its way
        self._tasks: set[asyncio.Task[None]] = set()

    async def hold(self, init_wait: float) -> None:
        await self._socket.accept(SUBPROTOCOL)
        try:
            async with at_most(init_wait, Refused(4408, "Connection initialisation timeout")):
                while self._shown is None:
                    await self._hear(await self._read())
            while True:
                await self._hear(await self._read())
        except WebSocketDisconnect:
            pass
        except Refused as no:
            await self._close(no.closing, str(no))
        except Exception as error:
            log_bugs([error], None)
            await self._close(1013, "Try again later")
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> object:
        frame = await self._socket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect
        if frame.get("text") is None:
            raise Refused(4400, "Messages are text.")
        text = frame["text"].encode()
        if len(text) > MAX_BYTES:
            raise Refused(1009, f"A message has at most {MAX_BYTES} bytes.")
        return read_json(text)

    async def _hear(self, message: object) -> None:
        match message:
            case {"type": "ping"}:
                await self._say({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "connection_init", **rest}:
                await self._greet(rest.get("payload"))
            case {"type": "subscribe"} if self._shown is None:
                raise Refused(4401, "Unauthorized")
            case {"type": "subscribe", "id": str(id_), "payload": payload} if 0 < len(id_) <= LONGEST_ID:
                await self._start(id_, Question.read(payload))
            case {"type": "complete", "id": str(id_)}:
                await self._stop(id_)
            case _:
                raise Refused(4400, "Malformed message")

    async def _greet(self, payload: object) -> None:
        if self._shown is not None:
            raise Refused(4429, "Too many initialisation requests")
        if not isinstance(payload, dict | None):
            raise Refused(4400, "Malformed connection_init")
        given = {key.lower().replace("-", ""): value for key, value in (payload or {}).items()}
        headers = self._socket.headers
        authorization = given.get("authorization", headers.get("authorization"))
        language = given.get("acceptlanguage", headers.get("accept-language"))
        person_id = given.get(PERSON_HEADER.replace("-", ""), headers.get(PERSON_HEADER))
        if not all(isinstance(value, str | None) for value in (authorization, language, person_id)):
            raise Refused(4400, "Malformed connection_init")
        shown = Credentials(authorization, language, person_id)
        await self._operations.admit(shown)  # for the answer only: each operation gets a context of its own
        self._shown = shown
        await self._say({"type": "connection_ack"})

    async def _start(self, id_: str, question: Question) -> None:
        if id_ in self._running:
            raise Refused(4409, "Subscriber already exists")
        if len(self._running) >= MAX_OPERATIONS:
            error = error_of(f"A socket carries at most {MAX_OPERATIONS} operations at a time.", "BAD_USER_INPUT")
            await self._say({"id": id_, "type": "error", "payload": [error]})
            return
        assert self._shown
        task = asyncio.create_task(self._run(id_, question, self._shown))
        self._running[id_] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self, id_: str) -> None:
        task = self._running.pop(id_, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})  # so that neither its id nor its place is taken while it still ends

    async def _run(self, id_: str, question: Question, shown: Credentials) -> None:
        with suppress(WebSocketDisconnect):
            try:
                async with aclosing(self._operations.answers(question, shown)) as answers:
                    async for answer in answers:
                        if "data" not in answer:
                            return await self._end(id_, {"type": "error", "payload": answer["errors"]})
                        await self._say({"id": id_, "type": "next", "payload": answer})
                        await asyncio.sleep(0)  # a flood leaves room for other lines, and for the news that its own line is gone
                await self._end(id_, {"type": "complete"})
            except Refused as no:
                await self._end(id_, {"type": "error", "payload": [no.error]})
            except TypeError as error:  # what JSON cannot say
                await self._end(id_, {"type": "error", "payload": failure(error, None)["errors"]})

    async def _end(self, id_: str, message: Payload) -> None:
        self._running.pop(id_, None)
        await self._say({"id": id_, **message})

    async def _say(self, message: Payload) -> None:
        try:
            await self._socket.send_text(orjson.dumps(message).decode())
        except RuntimeError:  # the word of Starlette and uvicorn for a line that was closed meanwhile
            raise WebSocketDisconnect from None

    async def _close(self, code: int, reason: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code, reason)
