"""The GraphQL door over real HTTP and WebSockets, before a throw-away schema."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx
import pytest
import strawberry
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from strawberry.extensions import SchemaExtension
from strawberry.scalars import JSON
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from domain.identity import BadToken, IdentityUnavailable
from schema.documents import Limits
from server.graphql import GraphQLDoor
from server.operations import MAX_BYTES, Credentials
from server.sockets import MAX_OPERATIONS

PATIENCE = 10  # seconds: whatever takes longer hangs
SECRET = "13800138000"  # stands for what must never be in a log


# ---- the throw-away schema


@dataclass
class Context:
    """One operation's context: its serial number, and who asks."""

    serial: int
    shown: Credentials


@dataclass
class House:
    """Counts contexts and streams; `deny` makes the identity provider fail."""

    made: list[Context] = field(default_factory=list)
    open_streams: int = 0
    deny: type[Exception] | None = None

    async def context_for(self, shown: Credentials) -> Context:
        if self.deny:
            raise self.deny
        if shown.authorization == "Bearer expired":
            raise BadToken
        context = Context(len(self.made), shown)
        self.made.append(context)
        return context


class NotAllowed(Exception):
    pass


@strawberry.type
class Done:
    word: str


@strawberry.type
class Refusal:
    message: str


class Turn(strawberry.ExceptionHandler[NotAllowed, Refusal]):
    def handle(self, exception: NotAllowed, **_: object) -> Refusal:
        return Refusal(message="not today")


Deed = Annotated[Done | Refusal, strawberry.union("Deed")]


@strawberry.input(one_of=True)
class Command:
    start: strawberry.Maybe[str]
    stop: strawberry.Maybe[str]


@strawberry.input
class Note:
    text: strawberry.Maybe[str]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "you") -> str:
        return f"hello {name}"

    @strawberry.field
    def asker(self, info: strawberry.Info) -> str:
        shown = info.context.shown
        return f"{info.context.serial} {shown.authorization} {shown.accept_language}"

    @strawberry.field
    def fails(self, word: str = "") -> str | None:
        raise ValueError(f"the database said no, {word}")

    @strawberry.field
    def fails_hard(self) -> str:
        raise ValueError("the database said no")

    @strawberry.field
    def forbids(self) -> str | None:
        raise GraphQLError("Ask for less.", extensions={"code": "BAD_USER_INPUT", "hint": "less"})

    @strawberry.field
    def blurts(self) -> str | None:
        raise GraphQLError("nobody gave me a code")

    @strawberry.field
    def counts(self) -> int | None:
        return "many"  # type: ignore[return-value]

    @strawberry.field
    def odd(self) -> JSON:
        return JSON({1: object()})

    @strawberry.field
    def needs(self, number: int = 1) -> int:
        return number

    @strawberry.field
    async def sleeps(self, seconds: float) -> str | None:
        await asyncio.sleep(seconds)
        return "awake"

    @strawberry.field
    def reads(self, note: Note) -> str | None:
        return note.text.value if note.text else "nothing"

    @strawberry.field
    def all(self) -> list["Query"]:
        return [Query(), Query(), Query()]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def do(self, word: str) -> Deed:
        if word == "no":
            raise NotAllowed
        return Done(word=word)

    @strawberry.mutation
    def command(self, commands: list[Command]) -> int:
        return len(commands)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def counts(self, info: strawberry.Info, up_to: int, then: str = "end") -> AsyncGenerator[int, None]:
        house.open_streams += 1
        try:
            for number in range(up_to):
                yield number
            if then == "wait":
                await asyncio.sleep(3600)
            if then == "break":
                raise ValueError("the stream said no")
            if then == "forbid":
                raise GraphQLError("Start again.", extensions={"code": "BAD_USER_INPUT"})
        finally:
            house.open_streams -= 1

    @strawberry.subscription
    async def asker(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
        yield f"{info.context.serial} {info.context.shown.authorization} {info.context.shown.accept_language}"

    @strawberry.subscription
    async def never(self, word: str = "") -> AsyncGenerator[int, None]:
        if not word:
            raise ValueError("not even a beginning")
        yield 1


schema = strawberry.Schema(Query, Mutation, Subscription, exception_handlers=[Turn()])
house = House()


# ---- a server in this loop


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - what is waited for knows of no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[str]:
    """The door on a free port of this machine, as `host:port`."""
    app = Starlette(routes=GraphQLDoor(schema, house.context_for, **settings).mount())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with served(allowed_origins=["https://console.example"]) as where:
        yield where


@pytest.fixture(scope="module")
async def hasty() -> AsyncIterator[str]:
    """A door that gives an operation one second."""
    async with served(deadline=1) as where:
        yield where


@pytest.fixture(autouse=True)
def fresh_house() -> None:
    house.made.clear()
    house.deny = None


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE) as client:
        yield client


async def ask(http: httpx.AsyncClient, query: str, headers: dict[str, str] | None = None, **rest: Any) -> dict[str, Any]:
    response = await http.post("/graphql", json={"query": query, **rest}, headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    answer: dict[str, Any] = response.json()
    return answer


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


# ---- HTTP: well-formed requests


async def test_a_query_is_answered(http: httpx.AsyncClient) -> None:
    assert await ask(http, "query Q($n: String!) { hello(name: $n) }", variables={"n": "邻里"}, operationName="Q") == {
        "data": {"hello": "hello 邻里"}
    }


@pytest.mark.parametrize("path", ["/graphql", "/graphql/"])
async def test_both_spellings_of_the_address_answer_without_a_redirect(http: httpx.AsyncClient, path: str) -> None:
    response = await http.post(path, json={"query": "{ hello }", "variables": None, "operationName": None, "extensions": {}, "id": 1})
    assert response.json() == {"data": {"hello": "hello you"}}


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
async def test_json_in_utf_8_is_taken(http: httpx.AsyncClient, content_type: str) -> None:
    response = await http.post("/graphql", content=b'{"query":"{hello}"}', headers={"content-type": content_type})
    assert response.status_code == 200


async def test_no_is_data(http: httpx.AsyncClient) -> None:
    text = "mutation M($w: String!) { do(word: $w) { __typename ... on Done { word } ... on Refusal { message } } }"
    assert (await ask(http, text, variables={"w": "yes"}))["data"] == {"do": {"__typename": "Done", "word": "yes"}}
    assert (await ask(http, text, variables={"w": "no"}))["data"] == {"do": {"__typename": "Refusal", "message": "not today"}}


async def test_every_request_has_a_context_of_its_own_with_what_was_shown(http: httpx.AsyncClient) -> None:
    headers = {"authorization": "Bearer good", "accept-language": "zh-CN"}
    assert (await ask(http, "{ asker }", headers))["data"] == {"asker": "0 Bearer good zh-CN"}
    assert (await ask(http, "{ asker }"))["data"] == {"asker": "1 None None"}


# ---- HTTP: what is no GraphQL request


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_only_post_is_served(http: httpx.AsyncClient, method: str) -> None:
    response = await http.request(method, "/graphql?query={hello}")
    assert (response.status_code, response.headers["allow"], codes(response.json())) == (405, "POST", ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/plain,application/json",
        "application/graphql",
        "application/json; charset=gbk",
        "application/jsonx",
        "",
        "multipart/form-data; boundary=x",
    ],
)
async def test_other_content_types_are_refused(http: httpx.AsyncClient, content_type: str) -> None:
    response = await http.post("/graphql", content=b'{"query":"{hello}"}', headers={"content-type": content_type})
    assert (response.status_code, codes(response.json())) == (415, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"5",
        b"null",
        b'"x"',
        b"[]",
        b"[1]",
        b'[{"query":"{hello}"}]',
        b"{}",
        b'{"query":5}',
        b'{"query":null}',
        b'{"query":"{hello}","variables":[]}',
        b'{"query":"{hello}","variables":"x"}',
        b'{"query":"{hello}","operationName":5}',
        b'{"query":"{hello}","extensions":5}',
        b'{"query":"{hello}","variables":{"n":"\\ud800"}}',
        b'{"query":"{hello(name:\\"\xff\\")}"}',
        b'{"query":"{hello}","variables":{"n":NaN}}',
        b"[" * 5_000,
        b'{"query":"{hello}","variables":{"n":' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_a_malformed_body_is_a_400_in_the_shape_of_graphql(http: httpx.AsyncClient, body: bytes) -> None:
    response = await http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.headers["content-type"], codes(response.json())) == (400, "application/json", ["BAD_USER_INPUT"])


async def test_a_body_of_more_than_a_mebibyte_is_refused(http: httpx.AsyncClient) -> None:
    text = "{ hello }" + "#" * MAX_BYTES
    response = await http.post("/graphql", json={"query": text})
    assert (response.status_code, codes(response.json())) == (413, ["BAD_USER_INPUT"])
    assert await ask(http, "{ hello }")


async def test_an_endless_body_is_not_read_to_its_end(address: str) -> None:
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for _ in range(MAX_BYTES // 0x10000 + 1):
        writer.write(chunk)
    status = await asyncio.wait_for(reader.readline(), PATIENCE)
    assert status.split()[1] == b"413"
    writer.close()


async def test_a_body_that_never_comes_is_not_waited_for(hasty: str) -> None:
    host, port = hasty.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    status = await asyncio.wait_for(reader.readline(), PATIENCE)
    assert status.split()[1] == b"408"
    writer.close()


async def test_a_phone_that_hangs_up_in_the_middle_leaves_no_trace(
    address: str, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = address.split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await ask(http, "{ hello }")
    assert "Traceback" not in caplog.text


# ---- HTTP: identity


async def test_a_bad_token_is_a_401(http: httpx.AsyncClient) -> None:
    response = await http.post("/graphql", json={"query": "{ nonsense"}, headers={"authorization": "Bearer expired"})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert codes(response.json()) == ["UNAUTHENTICATED"]


async def test_an_unreachable_identity_provider_is_a_503(http: httpx.AsyncClient) -> None:
    house.deny = IdentityUnavailable
    response = await http.post("/graphql", json={"query": "{ hello }"})
    assert (response.status_code, response.headers["retry-after"], codes(response.json())) == (503, "5", ["UNAVAILABLE"])


@pytest.mark.parametrize("trouble", [OSError, TimeoutError])
async def test_any_other_trouble_with_identity_is_masked(http: httpx.AsyncClient, trouble: type[Exception]) -> None:
    house.deny = trouble
    answer = await ask(http, "{ hello }")
    assert (codes(answer), answer["errors"][0]["message"]) == (["INTERNAL"], "Something went wrong on our side.")


# ---- HTTP: mistakes of the client


@pytest.mark.parametrize(
    ("text", "rest", "message"),
    [
        ("{ hello", {}, "Syntax Error: Expected Name, found <EOF>."),
        ("", {}, "Syntax Error: Unexpected <EOF>."),
        ("{ nobody }", {}, "Cannot query field 'nobody' on type 'Query'."),
        (
            "{ all { all { all { all { all { hello } } } } } }",
            {},
            "The operation costs 111111; at most 20000 is allowed. Ask for fewer fields or shorter pages.",
        ),
        ("query A { hello } query B { hello }", {}, "The document has 2 operations: operationName must say which to execute."),
        ("query A { hello }", {"operationName": "B"}, "The document has no operation of the name that operationName gives."),
        (
            "query ($n: Int!) { needs(number: $n) }",
            {"variables": {"n": "x"}},
            "Variable '$n' has invalid value: Int cannot represent non-integer value: 'x'",
        ),
        (
            "query ($n: Int!) { needs(number: $n) }",
            {},
            "Variable '$n' has invalid value: Expected a value of non-null type 'Int!' to be provided.",
        ),
        ("subscription { asker }", {}, "Subscriptions are served over WebSocket, graphql-transport-ws."),
        ('mutation { command(commands: [{start: "a", stop: "b"}]) }', {}, ""),
        ("mutation { command(commands: [{}]) }", {}, ""),
        ("mutation ($c: [Command!]!) { command(commands: $c) }", {"variables": {"c": [{"start": "a", "stop": "b"}]}}, ""),
        ("mutation ($c: [Command!]!) { command(commands: $c) }", {"variables": {"c": [{"start": None}]}}, ""),
    ],
    ids=lambda value: value[:50] if isinstance(value, str) else None,
)
async def test_a_mistake_in_the_document_or_its_variables_is_told(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, text: str, rest: dict[str, Any], message: str
) -> None:
    answer = await ask(http, text, **rest)
    assert (codes(answer), "data" in answer) == (["BAD_USER_INPUT"], False)
    assert answer["errors"][0]["message"] == message or not message
    assert not [record for record in caplog.records if record.name == "server.operations"]


async def test_a_command_with_one_key_is_taken(http: httpx.AsyncClient) -> None:
    text = "mutation ($c: [Command!]!) { command(commands: $c) }"
    assert await ask(http, text, variables={"c": [{"start": "a"}, {"stop": "b"}]}) == {"data": {"command": 2}}
    assert await ask(http, 'mutation { command(commands: [{start: "a"}]) }') == {"data": {"command": 1}}


async def test_an_argument_that_can_only_be_read_later_is_the_clients_mistake_too(http: httpx.AsyncClient) -> None:
    null = await ask(http, "query ($n: Int = 3) { needs(number: $n) }", variables={"n": None})
    maybe = await ask(http, "query ($t: String) { reads(note: {text: $t}) }", variables={"t": None})
    one_of = await ask(http, "mutation ($s: String) { command(commands: [{start: $s}]) }", variables={"s": None})
    assert [codes(answer) for answer in (null, maybe, one_of)] == [["BAD_USER_INPUT"]] * 3


async def test_the_limits_are_the_ones_that_were_given() -> None:
    async with served(limits=Limits(max_root_fields=1)) as where, httpx.AsyncClient(base_url=f"http://{where}") as http:
        answer = await ask(http, "{ a: hello b: hello }")
    assert answer["errors"][0]["message"] == "The document asks for 2 fields at its root; at most 1 are allowed."


# ---- HTTP: mistakes of ours


async def test_a_failing_resolver_is_masked_and_logged_once_without_what_was_asked(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await ask(http, f'query Census {{ all {{ fails }} hello(name: "{SECRET}") }}', operationName="Census")
    assert answer["data"] == {"all": [{"fails": None}] * 3, "hello": f"hello {SECRET}"}
    assert codes(answer) == ["INTERNAL"] * 3
    assert "database" not in json.dumps(answer)
    assert answer["errors"][1]["path"] == ["all", 1, "fails"]
    (record,) = (record for record in caplog.records if record.name == "server.operations")
    assert {error["extensions"]["correlationId"] for error in answer["errors"]} == {record.__dict__["correlation_id"]}
    assert record.__dict__["operation"] == "Census"
    assert "the database said no" in caplog.text
    assert SECRET not in caplog.text
    assert "hello" not in caplog.text


@pytest.mark.parametrize("text", ["{ failsHard }", "{ blurts }", "{ counts }", "{ odd }"])
async def test_whatever_goes_wrong_without_a_code_is_masked(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, text: str) -> None:
    answer = await ask(http, text)
    assert (codes(answer), answer["errors"][0]["message"]) == (["INTERNAL"], "Something went wrong on our side.")
    assert "many" not in json.dumps(answer)
    assert text not in caplog.text


async def test_an_error_with_a_code_passes_as_it_is(http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = await ask(http, "{ forbids }")
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]) == ("Ask for less.", {"code": "BAD_USER_INPUT", "hint": "less"})
    assert answer["data"] == {"forbids": None}
    assert not caplog.records


async def test_an_operation_that_takes_too_long_is_cancelled(http: httpx.AsyncClient, hasty: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://{hasty}", timeout=PATIENCE) as hurried:
        answer = await ask(hurried, "{ sleeps(seconds: 3600) }")
    assert (codes(answer), answer["errors"][0]["message"]) == (["INTERNAL"], "The operation took too long.")
    assert await ask(http, "{ sleeps(seconds: 0) }") == {"data": {"sleeps": "awake"}}


async def test_the_introspection_of_tools_is_answered(http: httpx.AsyncClient) -> None:
    assert (await ask(http, "{ __schema { types { name inputFields { name } isOneOf } } }"))["data"]


def test_a_schema_with_extensions_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="extensions"):
        GraphQLDoor(strawberry.Schema(Query, extensions=[SchemaExtension]), house.context_for)


def test_credentials_do_not_print_the_token() -> None:
    assert SECRET not in repr(Credentials(SECRET, None))


# ---- WebSockets


@asynccontextmanager
async def socket(address: str, init: dict[str, Any] | None = None, *, greet: bool = True, **how: Any) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://{address}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], open_timeout=PATIENCE, **how) as line:
        if greet:
            await say(line, type="connection_init", **({"payload": init} if init is not None else {}))
            assert await hear(line) == {"type": "connection_ack"}
        yield line


async def say(line: ClientConnection, **message: Any) -> None:
    await line.send(json.dumps(message))


async def subscribe(line: ClientConnection, id_: str, query: str, **rest: Any) -> None:
    await say(line, type="subscribe", id=id_, payload={"query": query, **rest})


async def hear(line: ClientConnection) -> dict[str, Any]:
    text = await asyncio.wait_for(line.recv(), PATIENCE)
    assert isinstance(text, str)
    message: dict[str, Any] = json.loads(text)
    return message


async def closing(line: ClientConnection) -> int:
    """The code that the socket is closed with, whatever is said before."""
    await asyncio.wait_for(line.wait_closed(), PATIENCE)
    assert line.close_code
    return line.close_code


async def test_a_subscription_is_streamed_to_its_end(address: str) -> None:
    async with socket(address) as line:
        await subscribe(line, "a", "subscription S($n: Int!) { counts(upTo: $n) }", variables={"n": 2}, operationName="S")
        assert [await hear(line) for _ in range(3)] == [
            {"id": "a", "type": "next", "payload": {"data": {"counts": 0}}},
            {"id": "a", "type": "next", "payload": {"data": {"counts": 1}}},
            {"id": "a", "type": "complete"},
        ]


async def test_queries_and_mutations_run_on_a_socket_too(address: str) -> None:
    async with socket(address) as line:
        await subscribe(line, "q", "{ hello }")
        assert (await hear(line))["payload"] == {"data": {"hello": "hello you"}}
        assert await hear(line) == {"id": "q", "type": "complete"}
        await subscribe(line, "q", 'mutation { do(word: "no") { ... on Refusal { message } } }')
        assert (await hear(line))["payload"] == {"data": {"do": {"message": "not today"}}}


async def test_every_operation_of_a_socket_has_a_context_of_its_own(address: str) -> None:
    async with socket(address, {"Authorization": "Bearer good", "acceptLanguage": "en"}) as line:
        heard = []
        for text in ("{ asker }", "subscription { asker }", "{ asker }"):
            await subscribe(line, "a", text)
            heard.append((await hear(line))["payload"]["data"]["asker"])
            assert (await hear(line))["type"] == "complete"
    assert heard == ["1 Bearer good en", "2 Bearer good en", "3 Bearer good en"]  # 0 was for the greeting


@pytest.mark.parametrize("payload", [{"authorization": "A", "Accept-Language": "B"}, {"Authorization": "A", "acceptLanguage": "B"}])
async def test_both_spellings_of_the_greetings_payload_are_understood(address: str, payload: dict[str, str]) -> None:
    async with socket(address, payload):
        assert house.made[0].shown == Credentials("A", "B")


async def test_what_the_greeting_leaves_out_is_taken_from_the_handshake(address: str) -> None:
    async with socket(address, {}, additional_headers={"Authorization": "Bearer hand", "Accept-Language": "zh-CN"}):
        assert house.made[0].shown == Credentials("Bearer hand", "zh-CN")


@pytest.mark.parametrize("name", ["Lianhu-Person", "lianhu-person", "lianhuPerson"])
async def test_whom_a_socket_acts_for_is_said_in_the_greeting_or_the_handshake(address: str, name: str) -> None:
    async with socket(address, {name: "pers"}, additional_headers={"Lianhu-Person": "another"}):
        assert house.made[0].shown == Credentials(None, None, "pers")
    async with socket(address, {}, additional_headers={"Lianhu-Person": "another"}):
        assert house.made[-1].shown == Credentials(None, None, "another")


async def test_whom_a_request_acts_for_is_said_in_a_header(http: httpx.AsyncClient) -> None:
    await ask(http, "{ hello }", {"Lianhu-Person": "pers"})
    assert house.made[-1].shown == Credentials(None, None, "pers")


async def test_a_ping_is_answered_before_and_after_the_greeting(address: str) -> None:
    async with socket(address, greet=False) as line:
        await say(line, type="ping")
        await say(line, type="pong")
        assert await hear(line) == {"type": "pong"}
        await say(line, type="connection_init", payload=None)
        await say(line, type="ping", payload={"x": 1})
        assert [(await hear(line))["type"] for _ in range(2)] == ["connection_ack", "pong"]


async def test_a_client_ends_its_subscription_and_uses_the_id_again(address: str) -> None:
    async with socket(address) as line:
        await subscribe(line, "a", 'subscription { counts(upTo: 1, then: "wait") }')
        await hear(line)
        await say(line, type="complete", id="a")
        await say(line, type="complete", id="nobody")
        await subscribe(line, "a", "{ hello }")
        assert (await hear(line))["payload"] == {"data": {"hello": "hello you"}}
        assert house.open_streams == 0


async def test_a_dropped_line_ends_its_subscriptions(address: str) -> None:
    async with socket(address) as line:
        await subscribe(line, "a", 'subscription { counts(upTo: 1, then: "wait") }')
        await subscribe(line, "b", 'subscription { counts(upTo: 0, then: "wait") }')
        await hear(line)
        await eventually(lambda: house.open_streams == 2)
        line.transport.abort()
        await eventually(lambda: house.open_streams == 0)


async def test_a_line_that_drops_amid_a_flood_of_events_is_no_traceback(address: str, caplog: pytest.LogCaptureFixture) -> None:
    async with socket(address) as line:
        for i in range(5):
            await subscribe(line, str(i), "subscription { counts(upTo: 1000000) }")
        await hear(line)
        line.transport.abort()
        await eventually(lambda: house.open_streams == 0)
    assert "Traceback" not in caplog.text


async def test_a_server_that_goes_down_ends_its_subscriptions_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as where:
        line = await connect(f"ws://{where}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")])
        await say(line, type="connection_init")
        await hear(line)
        await subscribe(line, "a", 'subscription { counts(upTo: 1, then: "wait") }')
        assert [(await hear(line))["type"]] == ["next"]
    assert (await closing(line), house.open_streams) == (1012, 0)
    assert "Traceback" not in caplog.text


async def test_a_socket_carries_twenty_operations_at_a_time(address: str) -> None:
    async with socket(address) as line:
        for i in range(MAX_OPERATIONS + 1):
            await subscribe(line, str(i), 'subscription { counts(upTo: 0, then: "wait") }')
        message = await hear(line)
        assert (message["id"], message["type"]) == (str(MAX_OPERATIONS), "error")
        await say(line, type="complete", id="0")
        await subscribe(line, "again", "{ hello }")
        assert (await hear(line))["type"] == "next"


# ---- WebSockets: mistakes


@pytest.mark.parametrize(
    "frame",
    [
        "[]", "5", '"x"', "null", "nonsense", "{}", '{"type":5}', '{"type":["ping"]}', '{"type":"hello"}', b'{"type":"ping"}', "[" * 5_000,
        '{"type":"subscribe"}', '{"type":"subscribe","id":"a"}', '{"type":"subscribe","id":5,"payload":{"query":"{hello}"}}',
        '{"type":"subscribe","id":"","payload":{"query":"{hello}"}}', '{"type":"subscribe","id":["a"],"payload":{"query":"{hello}"}}',
        '{"type":"subscribe","id":"a","payload":"x"}', '{"type":"subscribe","id":"a","payload":{"query":5}}',
        '{"type":"subscribe","id":"a","payload":{"query":"{hello}","variables":[]}}', '{"type":"complete"}', '{"type":"complete","id":{}}',
        '{"type":"subscribe","id":"a","payload":{"query":"{hello}","variables":{"n":"\\ud800"}}}',
    ],
    ids=lambda frame: repr(frame[:60]),
)  # fmt: skip
async def test_a_malformed_frame_closes_the_socket_and_is_no_traceback(
    address: str, caplog: pytest.LogCaptureFixture, frame: str | bytes
) -> None:
    async with socket(address) as line:
        await line.send(frame)
        assert await closing(line) == 4400
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("payload", [[], "x", 5, {"Authorization": 5}, {"acceptLanguage": ["en"]}])
async def test_a_malformed_greeting_closes_the_socket(address: str, payload: object) -> None:
    async with socket(address, greet=False) as line:
        await say(line, type="connection_init", payload=payload)
        assert await closing(line) == 4400


async def test_a_frame_of_more_than_a_mebibyte_is_refused(address: str) -> None:
    async with socket(address) as line:
        await line.send('{"type":"ping","payload":{"x":"' + "x" * MAX_BYTES + '"}}')
        assert await closing(line) == 1009


async def test_nobody_is_waited_for_who_does_not_greet() -> None:
    async with served(init_wait=0.5) as address, socket(address, greet=False) as line:
        await say(line, type="ping")
        assert await closing(line) == 4408


async def test_nothing_is_served_before_the_greeting(address: str) -> None:
    async with socket(address, greet=False) as line:
        await subscribe(line, "a", "{ hello }")
        assert await closing(line) == 4401


async def test_one_greets_once(address: str) -> None:
    async with socket(address) as line:
        await say(line, type="connection_init")
        assert await closing(line) == 4429


async def test_an_id_in_use_closes_the_socket(address: str) -> None:
    async with socket(address) as line:
        await subscribe(line, "a" * 200, 'subscription { counts(upTo: 0, then: "wait") }')
        await subscribe(line, "a" * 200, "{ hello }")
        assert await closing(line) == 4409


async def test_another_subprotocol_is_not_spoken(address: str) -> None:
    for offered in ([Subprotocol("graphql-ws")], None):
        async with connect(f"ws://{address}/graphql", subprotocols=offered) as line:
            assert await closing(line) == 4406


async def test_a_bad_token_at_the_greeting_closes_the_socket(address: str) -> None:
    async with socket(address, greet=False) as line:
        await say(line, type="connection_init", payload={"Authorization": "Bearer expired"})
        assert await closing(line) == 4403


@pytest.mark.parametrize("trouble", [IdentityUnavailable, OSError])
async def test_trouble_with_identity_at_the_greeting_asks_to_come_again(address: str, trouble: type[Exception]) -> None:
    house.deny = trouble
    async with socket(address, greet=False) as line:
        await say(line, type="connection_init")
        assert await closing(line) == 1013


async def test_a_token_that_went_bad_fails_the_operation_and_keeps_the_socket(address: str) -> None:
    async with socket(address) as line:
        house.deny = BadToken
        await subscribe(line, "a", "{ hello }")
        message = await hear(line)
        assert (message["type"], message["payload"][0]["extensions"]) == ("error", {"code": "UNAUTHENTICATED"})
        house.deny = None
        await subscribe(line, "a", "{ hello }")
        assert (await hear(line))["type"] == "next"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{ hello", "BAD_USER_INPUT"),
        ("subscription { nobody }", "BAD_USER_INPUT"),
        ("{ all { all { all { all { all { hello } } } } } }", "BAD_USER_INPUT"),
        ("subscription A { asker } subscription B { asker }", "BAD_USER_INPUT"),
        ("subscription ($n: Int!) { counts(upTo: $n) }", "BAD_USER_INPUT"),
        ("query ($n: Int!) { needs(number: $n) }", "BAD_USER_INPUT"),
        ("subscription { never }", "INTERNAL"),
        ("{ odd }", "INTERNAL"),
        ('subscription { counts(upTo: 0, then: "break") }', "INTERNAL"),
        ('subscription { counts(upTo: 0, then: "forbid") }', "BAD_USER_INPUT"),
    ],
)
async def test_an_operation_that_comes_to_nothing_is_an_error_message_and_its_id_is_free(address: str, text: str, code: str) -> None:
    async with socket(address) as line:
        await subscribe(line, "a", text)
        message = await hear(line)
        assert (message["id"], message["type"]) == ("a", "error")
        assert codes({"errors": message["payload"]}) == [code]
        assert " said no" not in json.dumps(message)
        await subscribe(line, "a", "{ hello }")
        assert (await hear(line))["type"] == "next"


async def test_an_operation_that_takes_too_long_on_a_socket_is_an_error_message(hasty: str) -> None:
    async with socket(hasty) as line:
        await subscribe(line, "a", "{ sleeps(seconds: 3600) }")
        message = await hear(line)
        assert (message["id"], message["type"], codes({"errors": message["payload"]})) == ("a", "error", ["INTERNAL"])
        await subscribe(line, "a", "{ hello }")
        assert (await hear(line))["id"] == "a"


async def test_a_subscription_that_breaks_in_the_middle_is_masked_and_logged(address: str, caplog: pytest.LogCaptureFixture) -> None:
    async with socket(address) as line:
        await subscribe(line, "a", 'subscription Watch { counts(upTo: 1, then: "break") }')
        assert (await hear(line))["type"] == "next"
        message = await hear(line)
        assert (message["type"], codes({"errors": message["payload"]})) == ("error", ["INTERNAL"])
    (record,) = (record for record in caplog.records if record.name == "server.operations")
    assert (record.__dict__["operation"], record.levelno) == ("Watch", logging.ERROR)
    assert message["payload"][0]["extensions"]["correlationId"] == record.__dict__["correlation_id"]


async def test_a_failing_field_of_a_query_on_a_socket_is_masked(address: str) -> None:
    async with socket(address) as line:
        await subscribe(line, "a", "{ fails }")
        message = await hear(line)
        assert (message["type"], message["payload"]["data"], codes(message["payload"])) == ("next", {"fails": None}, ["INTERNAL"])


async def test_subscriptions_outlive_the_deadline_of_queries(hasty: str) -> None:
    async with socket(hasty) as line:
        await subscribe(line, "a", 'subscription { counts(upTo: 1, then: "wait") }')
        await hear(line)
        await asyncio.sleep(1.2)
        assert house.open_streams == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_page_of_another_origin_opens_no_socket(address: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with socket(address, origin=origin):
            pass
    assert caught.value.response.status_code == 403


async def test_the_own_and_the_listed_origins_open_sockets(address: str) -> None:
    for origin in (f"http://{address}", "https://console.example"):
        async with socket(address, origin=origin):
            pass
