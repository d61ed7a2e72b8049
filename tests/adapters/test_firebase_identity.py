"""ID tokens through the real SDK; Google's certificates come from a stand-in on loopback."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import firebase_admin
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from firebase_admin import _token_gen, auth
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from adapters.firebase.app import close, demo_app, production_app
from adapters.firebase.demo_tokens import DemoTokens
from adapters.firebase.identity import EMULATOR, LONGEST_TOKEN, FirebaseIdentity
from domain.identity import BadToken, Identity, IdentityUnavailable, SignIn

PROJECT = "lianhu-test"
ISSUER = f"https://securetoken.google.com/{PROJECT}"
DEMO = "demo-lianhu"
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
PATIENCE = 120  # seconds: whatever takes longer hangs


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve(sockets=[door]))
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    server.should_exit = True
    await running


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def certificate_of(key: RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - HOUR, NOW + 24 * HOUR)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@dataclass
class Google:
    """Signs tokens as Google does, and serves the certificate for it."""

    key: RSAPrivateKey
    url: str = "nowhere"
    asked: int = 0
    delay: float = 0
    status: int = 200
    body: str | None = None
    may_answer: asyncio.Event | None = None

    def __post_init__(self) -> None:
        self.was_asked = asyncio.Event()

    async def certificates(self, _: Request) -> Response:
        self.asked += 1
        self.was_asked.set()
        await asyncio.sleep(self.delay)
        if self.may_answer is not None:
            await self.may_answer.wait()
        body = json.dumps({"key-1": certificate_of(self.key)}) if self.body is None else self.body
        return Response(body, self.status, {"Cache-Control": "public, max-age=3600"} if self.status == 200 else None)

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        at = int(NOW.timestamp())
        usual = {"iss": ISSUER, "aud": PROJECT, "sub": "uid-1"}
        times = {"auth_time": at - 600, "iat": at - 10, "exp": at + 3600}
        signed = f"{segment(header or {'alg': 'RS256', 'kid': 'key-1'})}.{segment(usual | times | claims)}"
        signature = self.key.sign(signed.encode(), PKCS1v15(), SHA256())
        return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


HOUSE = Starlette()


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[firebase_admin.App]:
    credentials = tmp_path_factory.mktemp("google") / "credentials.json"
    credentials.write_text(json.dumps({"type": "authorized_user", "client_id": "x", "client_secret": "x", "refresh_token": "x"}))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
        environment.delenv(EMULATOR, raising=False)
        app = production_app(PROJECT)
        auth._get_client(app)
        async with serving(HOUSE) as HOUSE.state.url:
            yield app
    await close(app)


@pytest.fixture
def google(app: firebase_admin.App, key: RSAPrivateKey) -> Google:
    """A new Google for each test, behind the one address, and no certificate known of it yet."""
    google = Google(key, url=f"{HOUSE.state.url}/certificates")
    HOUSE.router.routes[:] = [Route("/certificates", google.certificates)]
    # THE ONE PLACE that points the SDK's verifier at the stand-in; there is no option for it.
    client = auth._get_client(app)
    client._token_verifier = _token_gen.TokenVerifier(app)
    client._token_verifier.id_token_verifier.cert_url = google.url
    return google


@pytest.fixture
async def identity(app: firebase_admin.App, google: Google) -> AsyncIterator[FirebaseIdentity]:
    assert google.asked == 0
    identity = FirebaseIdentity(app)
    yield identity
    await identity.close()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that the SDK was given to verify."""
    given: list[str] = []
    verify = auth.verify_id_token

    def noted(token: str, **options: Any) -> Any:
        given.append(token)
        return verify(token, **options)

    monkeypatch.setattr(auth, "verify_id_token", noted)
    return given


async def test_a_valid_token_proves_who_signed_in_and_until_when(google: Google, identity: Identity) -> None:
    sign_in = await identity.verify(google.token(), at=NOW)
    assert sign_in == SignIn("uid-1", signed_in_at=NOW - timedelta(minutes=10), expires_at=NOW + HOUR)


async def test_clocks_may_differ_by_half_a_minute(google: Google, identity: Identity) -> None:
    at = datetime.now(UTC)
    late = google.token(exp=int(at.timestamp()) - 5)
    early = google.token(iat=int(at.timestamp()) + 20)
    assert [(await identity.verify(token, at=at)).uid for token in (late, early)] == ["uid-1", "uid-1"]
    with pytest.raises(BadToken):
        await identity.verify(google.token(iat=int(at.timestamp()) + 120), at=at)


def with_parts(google: Google, *, header: object = None, claims: object = None, signature: str | None = None) -> str:
    """A good token with some of its parts exchanged, and its signature left as it was."""
    parts = google.token().split(".")
    new = (header and segment(header), claims and segment(claims), signature)
    return ".".join(part if other is None else str(other) for part, other in zip(parts, new, strict=True))


BAD_TOKENS: dict[str, Callable[[Google], str]] = {
    "empty": lambda google: "",
    "too long": lambda google: "x" * (LONGEST_TOKEN + 1),
    "too long though signed": lambda google: google.token(note="x" * LONGEST_TOKEN),
    "no token": lambda google: "not a token",
    "not ASCII": lambda google: "\ud83d.令牌.\x00",
    "two segments": lambda google: google.token().rpartition(".")[0],
    "signature cut off": lambda google: with_parts(google, signature=""),
    "signature changed": lambda google: with_parts(google, signature="A" * 342),
    "claims changed": lambda google: with_parts(google, claims={"aud": PROJECT, "iss": ISSUER, "sub": "uid-2"}),
    "signed by somebody else": lambda google: Google(generate_private_key(65537, 2048)).token(),
    "unknown key": lambda google: google.token({"alg": "RS256", "kid": "key-2"}),
    "key of a wrong type": lambda google: google.token({"alg": "RS256", "kid": ["key-1"]}),
    "unsigned": lambda google: with_parts(google, header={"alg": "none"}, signature=""),
    "unsigned with a key": lambda google: with_parts(google, header={"alg": "none", "kid": "key-1"}, signature=""),
    "another algorithm": lambda google: google.token({"alg": "HS256", "kid": "key-1"}),
    "legacy token of a wrong type": lambda google: google.token({"alg": "HS256"}, v=0, d=5),
    "for another project": lambda google: google.token(aud="another-project"),
    "from another issuer": lambda google: google.token(iss="https://securetoken.google.com/another-project"),
    "expired": lambda google: google.token(iat=int(NOW.timestamp()) - 3660, exp=int(NOW.timestamp()) - 60),
    "expiry of a wrong type": lambda google: google.token(exp="tomorrow"),
    "sign-in time of a wrong type": lambda google: google.token(auth_time=None),
    "sign-in time beyond time": lambda google: google.token(auth_time=1e300),
    "nobody": lambda google: google.token(sub=""),
    "somebody of a wrong type": lambda google: google.token(sub=7),
    "claims that are a list": lambda google: with_parts(google, claims=["uid-1"]),
    "nested without end": lambda google: f"{segment({})}.{base64.urlsafe_b64encode(b'[' * 5000).decode()}.AAAA",
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_a_bad_token_is_refused_in_words_that_do_not_repeat_it(google: Google, identity: Identity, kind: str) -> None:
    with pytest.raises(BadToken) as refusal:
        await identity.verify(BAD_TOKENS[kind](google), at=datetime.now(UTC))
    assert str(refusal.value) in ("not the shape of a token", "not valid", "expired", "malformed", "claims are missing")
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(("status", "body"), [(500, ""), (404, "no"), (200, "<html>Please sign in to this network</html>"), (200, "")])
async def test_without_readable_certificates_nobody_is_believed_and_nobody_is_blamed(
    google: Google, identity: FirebaseIdentity, status: int, body: str
) -> None:
    google.status, google.body = status, body
    with pytest.raises(IdentityUnavailable):
        await identity.verify(google.token(), at=NOW)
    with pytest.raises(IdentityUnavailable):
        await identity.warm_up()


async def test_when_google_is_out_of_reach_identity_is_unavailable_and_recovers(
    google: Google, app: firebase_admin.App, identity: FirebaseIdentity
) -> None:
    verifier = auth._get_client(app)._token_verifier.id_token_verifier
    verifier.cert_url = "http://127.0.0.1:1/"
    token = google.token()
    with pytest.raises(IdentityUnavailable):
        await identity.verify(token, at=NOW)
    verifier.cert_url = google.url
    assert (await identity.verify(token, at=NOW)).uid == "uid-1"


async def test_a_token_is_verified_once_in_five_minutes(google: Google, identity: Identity, work: list[str]) -> None:
    token = google.token()
    for at in (NOW, NOW + timedelta(seconds=299)):
        await identity.verify(token, at=at)
    assert work == [token]
    await identity.verify(token, at=NOW + timedelta(seconds=300))
    assert work == [token, token]
    assert google.asked == 1


async def test_a_token_that_is_remembered_expires_all_the_same(google: Google, identity: Identity, work: list[str]) -> None:
    token = google.token()
    await identity.verify(token, at=NOW + HOUR - timedelta(seconds=60))
    with pytest.raises(BadToken):
        await identity.verify(token, at=NOW + HOUR + timedelta(seconds=30))
    assert len(work) == 2


async def test_only_so_many_tokens_are_remembered_the_used_ones_longest(google: Google, app: firebase_admin.App, work: list[str]) -> None:
    identity = FirebaseIdentity(app, remembered=2)
    first, second, third = (google.token(sub=f"uid-{number}") for number in (1, 2, 3))
    for token in (first, second, first, third, first, second):
        await identity.verify(token, at=NOW)
    assert work == [first, second, third, second]
    await identity.close()


async def test_fifty_callers_with_one_token_share_one_verification(google: Google, identity: Identity, work: list[str]) -> None:
    google.delay = 0.2
    token = google.token()
    sign_ins = await asyncio.gather(*(identity.verify(token, at=NOW) for _ in range(50)))
    assert {sign_in.uid for sign_in in sign_ins} == {"uid-1"}
    assert work == [token]


async def test_a_caller_who_leaves_does_not_end_it_for_the_others(google: Google, identity: Identity, work: list[str]) -> None:
    google.delay = 0.2
    token = google.token()
    leaver, stayer = (asyncio.create_task(identity.verify(token, at=NOW)) for _ in range(2))
    await asyncio.sleep(0.05)
    leaver.cancel()
    assert (await stayer).uid == "uid-1"
    assert leaver.cancelled()
    assert work == [token]


async def test_everything_else_goes_on_while_the_certificates_are_slow(google: Google, identity: Identity) -> None:
    google.may_answer = asyncio.Event()
    verifying = asyncio.create_task(identity.verify(google.token(), at=NOW))
    await google.was_asked.wait()
    for _ in range(20):
        await asyncio.sleep(0.01)
    assert not verifying.done()
    google.may_answer.set()
    assert (await verifying).uid == "uid-1"


async def test_nobody_waits_beyond_the_patience_and_the_work_is_not_lost(google: Google, app: firebase_admin.App, work: list[str]) -> None:
    identity = FirebaseIdentity(app, patience=0.1)
    google.may_answer = asyncio.Event()
    token = google.token()
    for _ in range(2):
        with pytest.raises(IdentityUnavailable):
            await identity.verify(token, at=NOW)
    await google.was_asked.wait()
    google.may_answer.set()
    sign_in = None
    async with asyncio.timeout(PATIENCE):
        while sign_in is None:
            with suppress(IdentityUnavailable):
                sign_in = await identity.verify(token, at=NOW)
    assert (sign_in.uid, work) == ("uid-1", [token])
    await identity.close()


async def test_a_crowd_of_new_tokens_is_turned_away_instead_of_queued_without_end(
    google: Google, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.firebase.identity.MOST_FLIGHTS", 3)
    google.delay = 0.1
    tokens = [google.token(sub=f"uid-{number}") for number in range(5)]
    answers = await asyncio.gather(*(identity.verify(token, at=NOW) for token in tokens), return_exceptions=True)
    assert [type(answer) for answer in answers] == [SignIn] * 3 + [IdentityUnavailable] * 2


async def test_warming_up_fetches_the_certificates_ahead_of_the_first_caller(google: Google, identity: FirebaseIdentity) -> None:
    await identity.warm_up()
    assert google.asked == 1
    await identity.verify(google.token(), at=NOW)
    assert google.asked == 1


async def test_outside_a_demo_the_emulators_switch_makes_nobody_believable(
    google: Google, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EMULATOR, "127.0.0.1:1")
    with pytest.raises(IdentityUnavailable):
        await identity.verify(google.token({"alg": "none"}), at=NOW)


# --- The demo: the SDK is told to believe everything, our own signature decides ------------------------------------------------


@pytest.fixture
def tokens() -> DemoTokens:
    return DemoTokens(DEMO, b"k" * 32)


@pytest.fixture
async def demo_identity(tokens: DemoTokens, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Identity]:
    monkeypatch.setenv(EMULATOR, "127.0.0.1:1")
    app = demo_app(DEMO, "http://127.0.0.1:1")
    identity = FirebaseIdentity(app, tokens)
    await identity.warm_up()
    yield identity
    await identity.close()
    await close(app)


async def test_a_demo_token_goes_the_same_way_as_a_real_one(demo_identity: Identity, tokens: DemoTokens, work: list[str]) -> None:
    token = tokens.issue("resident-1", at=NOW, lifetime=HOUR)
    for _ in range(2):
        assert await demo_identity.verify(token, at=NOW) == SignIn("resident-1", NOW, NOW + HOUR)
    assert work == [token]


async def test_a_demo_token_that_is_remembered_expires_to_the_second(demo_identity: Identity, tokens: DemoTokens, work: list[str]) -> None:
    token = tokens.issue("resident-1", at=NOW, lifetime=timedelta(minutes=1))
    await demo_identity.verify(token, at=NOW + timedelta(seconds=59))
    with pytest.raises(BadToken):
        await demo_identity.verify(token, at=NOW + timedelta(seconds=60))
    assert work == [token]


async def test_only_this_demo_itself_can_make_its_tokens(demo_identity: Identity, tokens: DemoTokens, work: list[str]) -> None:
    header, payload, signature = tokens.issue("resident-1", at=NOW, lifetime=HOUR).split(".")
    other = DemoTokens(DEMO, b"another key, just as long as ours").issue("resident-1", at=NOW, lifetime=HOUR)
    promoted = segment({"iss": f"https://securetoken.google.com/{DEMO}", "aud": DEMO, "sub": "administrator-1", "exp": 9**11})
    forged = [other, f"{header}.{promoted}.{signature}", f"{header}.{payload}.", f"{header}.{payload}.{signature}=", f"{header}.{payload}"]
    for token in (*forged, "", ".", "..", "a.b.c", "\ud83d.a.b", "x" * 9000):
        with pytest.raises(BadToken):
            await demo_identity.verify(token, at=NOW)
    assert work == []


def test_demo_tokens_are_checked_on_their_own_too(tokens: DemoTokens) -> None:
    token = tokens.issue("resident-1", at=NOW, lifetime=HOUR)
    tokens.check(token, at=NOW)
    for wrong, at in ((token, NOW + HOUR), (token[:-1], NOW), ("\ud83d.\ud83d.\ud83d", NOW), ("", NOW)):
        with pytest.raises(BadToken):
            tokens.check(wrong, at=at)


@pytest.mark.parametrize(("project", "key"), [("lianhu", b"k" * 32), (DEMO, b"short")])
def test_demo_tokens_want_a_demo_project_and_a_long_key(project: str, key: bytes) -> None:
    with pytest.raises(ValueError):
        DemoTokens(project, key)
