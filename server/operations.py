"""One GraphQL operation, whichever door it came through: its request, context, limits, execution, and what is told of errors.

Documents run on graphql-core itself, not through `strawberry.Schema.execute`: that would parse and validate again, pick the first of
several operations, and log what clients sent. Strawberry's own extensions are therefore not run, and a schema with any is refused.
"""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, cast

import orjson
import strawberry
from graphql import ArgumentNode, ExecutionResult, GraphQLError, GraphQLInputObjectType, GraphQLSchema, ValueNode, execute, subscribe
from pymongo.errors import ConnectionFailure, PyMongoError
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.execution import optimized_is_awaitable

from domain.identity import BadToken, IdentityUnavailable
from schema.documents import AcceptedDocument, BadDocument, Documents, Limits

MAX_BYTES = 1024 * 1024  # of a request's body, and of a socket's message
PERSON_HEADER = "lianhu-person"
"""The id of whom a sign-in with several persons acts for; in `connection_init` the same name."""
SORRY = "Something went wrong on our side."
logger = logging.getLogger(__name__)

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller shows: the Authorization header as it came, the languages that are wished for, and whom of several it acts for."""

    authorization: str | None = field(repr=False)
    accept_language: str | None
    person_id: str | None = None


ContextFor = Callable[[Credentials], Awaitable[object]]


class Refused(Exception):
    """No operation comes of it. `status` is HTTP's; on a socket it is the code to close with, or stands for one."""

    def __init__(self, status: int, message: str, code: str = "BAD_USER_INPUT", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.closing = {400: 4400, 401: 4403, 503: 1013}.get(status, status)
        self.headers = headers
        self.error = error_of(message, code)


def error_of(message: str, code: str, **more: str) -> Payload:
    return {"message": message, "extensions": {"code": code, **more}}


@asynccontextmanager
async def at_most(seconds: float, late: Exception) -> AsyncIterator[None]:
    """Raises `late` when it took longer; a TimeoutError of somebody else passes as it is."""
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        if limit.expired():
            raise late from None
        raise


@dataclass(frozen=True, slots=True)
class Question:
    query: str
    operation_name: str | None
    variables: dict[str, Any]

    @classmethod
    def read(cls, payload: object) -> "Question":
        """Raises `Refused` (400) unless it is one GraphQL request. Of a key given twice the last counts, as JSON readers do."""
        if not isinstance(payload, dict):
            raise Refused(400, "A request is one JSON object; batches are not served.")
        query, name, variables = payload.get("query"), payload.get("operationName"), payload.get("variables")
        if not isinstance(query, str):
            raise Refused(400, "`query` must be a string.")
        if not isinstance(name, str | None):
            raise Refused(400, "`operationName` must be a string or null.")
        if not isinstance(variables, dict | None) or not isinstance(payload.get("extensions"), dict | None):
            raise Refused(400, "`variables` and `extensions` must be objects or null.")
        return cls(query, name, variables or {})


def read_json(text: bytes) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refused(400, "This is not JSON in UTF-8.") from None


class TooLong(Exception):
    pass


async def admitted(context_for: ContextFor, shown: Credentials) -> object:
    """A fresh context for whoever shows these. Raises `Refused`."""
    try:
        return await context_for(shown)
    except BadToken:
        challenge = {"WWW-Authenticate": "Bearer"}
        raise Refused(401, "The token is invalid or expired.", "UNAUTHENTICATED", challenge) from None
    except IdentityUnavailable:
        raise Refused(503, "Sign-ins cannot be checked right now.", "UNAVAILABLE", {"Retry-After": "5"}) from None


class Operations:
    """Runs operations for both doors: context, limits, execution, and what may be told of errors."""

    def __init__(self, schema: strawberry.Schema, context_for: ContextFor, limits: Limits | None, deadline: float) -> None:
        if schema.extensions:
            raise ValueError("this door does not run Strawberry's schema extensions")
        self._schema: GraphQLSchema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it
        _teach_one_of(self._schema)
        self._documents = Documents(self._schema, limits)
        self._context_for = context_for
        self._how = {"executor_class": schema.execution_context_class, "is_awaitable": optimized_is_awaitable, "hide_suggestions": True}
        self.deadline = deadline

    async def admit(self, shown: Credentials) -> object:
        """A fresh context. Raises `Refused`."""
        return await admitted(self._context_for, shown)

    async def answer(self, question: Question, shown: Credentials) -> bytes:
        """The whole answer to a query or mutation, in JSON. Raises `Refused`."""
        async with aclosing(self.answers(question, shown, subscriptions=False)) as answers:
            answer = await anext(answers)
        try:
            return orjson.dumps(answer)
        except TypeError as error:
            return orjson.dumps(failure(error, None))

    async def answers(self, question: Question, shown: Credentials, *, subscriptions: bool = True) -> AsyncGenerator[Payload, None]:
        """The one answer, or a subscription's many; after one without `data` there are no more. Raises `Refused`."""
        name: str | None = None  # known once the document is read: what the request gives may be anything
        try:
            async with at_most(self.deadline, TooLong()):
                context = await self.admit(shown)
                accepted = self._documents.accept(question.query, question.operation_name, question.variables)
                name = accepted.name
                if accepted.is_subscription and not subscriptions:
                    raise BadDocument([GraphQLError("Subscriptions are served over WebSocket, graphql-transport-ws.")])
                result = await self._begin(accepted, question.variables, context)
            if not accepted.is_subscription:
                yield _answer(result, name)
            elif isinstance(result, ExecutionResult):
                yield {"errors": _told(result.errors or [], name)}
            else:
                async with aclosing(result):
                    async for event in result:
                        yield _answer(event, name)
        except Refused:
            raise
        except BadDocument as bad:
            yield {"errors": [error.formatted for error in bad.errors]}
        except Exception as error:
            yield failure(error, name)

    async def _begin(self, accepted: AcceptedDocument, variables: dict[str, Any], context: object) -> Any:
        """An `ExecutionResult`; of a subscription, a stream of them, or one that says why it did not begin."""
        start: Callable[..., Any] = subscribe if accepted.is_subscription else execute
        how = {**self._how, "variable_values": variables, "operation_name": accepted.name, "context_value": context}
        result = start(self._schema, accepted.document, **how)
        return await result if isawaitable(result) else result


def _teach_one_of(schema: GraphQLSchema) -> None:
    """Strawberry marks @oneOf inputs for itself only; graphql-core, once told, checks them before anything is executed."""
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType) and getattr(type_.extensions.get("strawberry-definition"), "is_one_of", False):
            type_.is_one_of = True


# ---- what may be told


def _answer(result: ExecutionResult, name: str | None) -> Payload:
    errors = result.errors or []
    answer: Payload = {}
    if result.data is not None or any(error.path for error in errors):
        answer["data"] = result.data
    if errors:
        answer["errors"] = _told(errors, name)
    return answer


def _told(errors: list[GraphQLError], name: str | None) -> list[Payload]:
    """The errors for the client's eyes; those that are bugs are masked, and logged together under one correlation id."""
    bugs = [error for error in errors if _code(error) is None]
    mask = error_of(SORRY, "INTERNAL", correlationId=log_bugs(bugs, name)) if bugs else {}
    told: list[Payload] = []
    for error in errors:
        shown = cast("Payload", error.formatted)
        code = _code(error)
        told.append({**shown, **mask} if code is None else {**shown, "extensions": {**(error.extensions or {}), "code": code}})
    return told


def _code(error: GraphQLError) -> str | None:
    """The code under which the error is shown as it is; None for a bug."""
    cause = _cause(error)
    code = (error.extensions or {}).get("code")
    if isinstance(cause, GraphQLError) and isinstance(code, str):
        return code
    # Without a path it never came to a resolver: the variables could not be read. Arguments are read one by one, later.
    is_input = error.path is None or isinstance(cause, StrawberryInputCoercionError)
    nodes = cause.nodes or () if isinstance(cause, GraphQLError) else ()
    return "BAD_USER_INPUT" if is_input or any(isinstance(node, ArgumentNode | ValueNode) for node in nodes) else None


def _cause(error: Exception) -> Exception:
    while isinstance(error, GraphQLError) and error.original_error is not None:
        error = error.original_error
    return error


def failure(error: Exception, name: str | None) -> Payload:
    """The answer when it did not come to one, or a subscription broke."""
    if isinstance(error, GraphQLError) and (error.extensions or {}).get("code"):
        return {"errors": [error.formatted]}
    message = "The operation took too long." if isinstance(error, TooLong) else SORRY
    return {"errors": [error_of(message, "INTERNAL", correlationId=log_bugs([error], name))]}


def log_bugs(bugs: Sequence[Exception], name: str | None) -> str:
    """Logs the first of them, without the operation's text and variables. Returns the correlation id."""
    correlation_id = uuid.uuid4().hex
    cause = _cause(bugs[0])
    if isinstance(cause, GraphQLError):  # whose words quote the document
        cause = RuntimeError(cause.message).with_traceback(cause.__traceback__)
    extra = {"operation": name and name[:80], "correlation_id": correlation_id, "errors": len(bugs)}
    # The database away or slow: every operation says so at once, and no trace tells more.
    is_outage = isinstance(cause, PyMongoError) and (isinstance(cause, ConnectionFailure) or cause.timeout)
    logger.error("GraphQL operation failed (%s): %s", type(cause).__name__, extra, exc_info=None if is_outage else cause, extra=extra)
    return correlation_id
