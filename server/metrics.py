"""What Prometheus may count: doors, pushes and backlogs; never persons."""

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REGISTRY = CollectorRegistry()
ANSWERS = Histogram("lianhu_http_seconds", "Time to answer, in seconds", ["door", "status"], registry=REGISTRY)
NOTICES = Counter("lianhu_notices_total", "Notices put into inboxes", registry=REGISTRY)
PUSHES = Counter("lianhu_pushes_total", "Pushes by how they ended", ["outcome"], registry=REGISTRY)
PARKED = Gauge("lianhu_outbox_parked", "Acts whose pushes were given up", registry=REGISTRY)
FOLLOWERS_BACKLOG = Gauge("lianhu_followers_backlog", "Rounds in which followers are still to be told", ["of"], registry=REGISTRY)
FOLLOWERS_LATE = Gauge(
    "lianhu_followers_late_seconds", "How long the first of them waits for a relay, in seconds", ["of"], registry=REGISTRY
)
CLOCK_ACTS = Counter("lianhu_clock_acts_total", "Acts of the clock", registry=REGISTRY)
RECOUNTED = Counter("lianhu_recounted_total", "Requests and tasks counted anew by a calendar that changed", registry=REGISTRY)
CLOCK_BACKLOG = Gauge("lianhu_clock_backlog", "Tasks whose moment has come and that no clockwork has claimed", registry=REGISTRY)
CLOCK_LATE = Gauge("lianhu_clock_late_seconds", "How long the first of them waits, in seconds", registry=REGISTRY)

TROUBLES = Counter("lianhu_troubles_total", "Rounds that failed for a reason that is a bug", ["loop"], registry=REGISTRY)

DOORS = ("/graphql", "/exports", "/health", "/demo")


def serve_metrics(host: str, port: int) -> None:
    """Serves /metrics on a port of its own."""
    start_http_server(port, addr=host, registry=REGISTRY)


class Measured:
    """Times every answer of the doors it knows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = perf_counter(), 0

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            door = next((door for door in DOORS if scope["path"].startswith(door)), "other")
            ANSWERS.labels(door, str(status)).observe(perf_counter() - begun)
