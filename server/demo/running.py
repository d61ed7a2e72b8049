"""Demo mode in one process: its own MongoDB, the settlement, the service with relay and clockwork, and the main job."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from time import perf_counter

import httpx

from adapters.firebase.app import close, demo_app
from adapters.firebase.demo_tokens import DemoTokens
from adapters.firebase.identity import FirebaseIdentity
from adapters.firebase.push import FirebasePushes
from adapters.mongo.collections import build
from adapters.mongo.migrations import migrate
from adapters.mongo.seed import is_planted, plant_items, plant_township
from server.app import build_app
from server.clockwork import run_clockwork
from server.demo.doors import FCM_PREFIX, DemoDoors
from server.demo.fcm import FcmStandIn
from server.demo.main_job import MainJob
from server.demo.settlement import Settlement, settlement, shared_accounts, uid_of
from server.loops import end
from server.mongod import EmbeddedMongod
from server.production import EMULATOR
from server.relay import Relay, run_relay
from server.serving import Server, base_url, listen, make_server, run, stop_on_signals
from server.settings import BadSetting, Settings
from server.wiring import House, build_house

PROJECT = "demo-lianhu"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Say = Callable[[str], None]


def demo_settings(settings: Settings) -> Settings:
    """Demo mode as it must be. Raises `BadSetting` for an address that others could reach, or a project that is real."""
    if settings.host not in LOOPBACK:
        raise BadSetting("LIANHU_HOST must be a loopback address in demo mode: anybody can sign in as anybody there")
    if settings.firebase_project and not settings.firebase_project.startswith("demo-"):
        raise BadSetting("LIANHU_FIREBASE_PROJECT must begin with demo- in demo mode")
    return replace(settings, mode="demo", firebase_project=settings.firebase_project or PROJECT)


def run_demo(settings: Settings, *, once: bool, say: Say = print) -> int:
    """The exit code: 0 unless a step of the main job failed. The database is started here, in the main thread."""
    settings = demo_settings(settings)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with ExitStack() as stack:
        listening = stack.enter_context(listen(settings.host, settings.port))
        if not settings.mongodb_uri:
            begun = perf_counter()
            mongod = stack.enter_context(EmbeddedMongod(settings.data_dir / "mongo"))
            settings = replace(settings, mongodb_uri=mongod.uri)
            say(f"MongoDB is up ({perf_counter() - begun:.1f} s), its files under {settings.data_dir}")
        return run(_run(settings, listening, once=once, say=say))


async def fill(house: House, planned: Settlement, say: Say) -> None:
    """Indexes, calendar and, on first start, the settlement."""
    begun = perf_counter()
    made = await build(house.mongo) + await migrate(house.mongo, at=house.ports.clock())
    locked = await house.mongo.vault.trouble()
    if locked:
        raise BadSetting(locked)
    if made:
        say(f"Collections, indexes and calendar are built ({perf_counter() - begun:.1f} s)")
    if await is_planted(house.mongo, planned.township_code):
        say(f"{planned.township_code} is there already, and stays as it is")
        return
    begun = perf_counter()
    await plant_items(house.mongo, planned.items)
    await plant_township(
        house.mongo,
        planned.township_code,
        planned.township_name,
        planned.area,
        secrets.token_hex(8),
        planned.parts,
        at=house.ports.clock(),
        persons=planned.persons,
        households=planned.households,
        accounts={uid_of(handle): person_id for handle, person_id in planned.handles.items()},
        shared=shared_accounts(planned),
        progress=lambda name, count: say(f"  {count:6} {name}"),
    )
    say(f"The settlement of {planned.township_name} is filled: {len(planned.households)} households ({perf_counter() - begun:.1f} s)")


async def _run(settings: Settings, listening: socket.socket, *, once: bool, say: Say) -> int:
    port = listening.getsockname()[1]
    base = base_url(settings.host, port)
    # Read by firebase_admin on every call: tokens of the demo need no Google. Ours are signed all the same.
    os.environ[EMULATOR] = f"{settings.host}:{port}"
    house = build_house(settings)
    tokens = DemoTokens(settings.firebase_project, secrets.token_bytes(32))
    firebase = demo_app(settings.firebase_project, base + FCM_PREFIX)
    identity = FirebaseIdentity(firebase, tokens)
    planned, fcm = settlement(), FcmStandIn(clock=house.ports.clock)
    try:
        await fill(house, planned, say)
        server = make_server(build_app(house, identity, more_routes=DemoDoors(house, planned, tokens, fcm).routes()))
        pushes = FirebasePushes(firebase, clock=house.ports.clock)
        relay = Relay(house.outbox, house.ports.organisations, pushes, house.messages, house.ports.clock)
        return await _serve_and_play(server, listening, relay, house, base, once=once, say=say)
    finally:
        await identity.close()
        await close(firebase)
        await house.close()
        os.environ.pop(EMULATOR, None)


async def _serve_and_play(server: Server, listening: socket.socket, relay: Relay, house: House, base: str, *, once: bool, say: Say) -> int:
    stop_on_signals(server.stop)
    helpers = [
        asyncio.create_task(run_relay(relay, house.sequencer, house.tallies, house.mongo)),
        asyncio.create_task(run_clockwork(house)),
    ]
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        say(f"Serving on {base}/graphql")
        async with httpx.AsyncClient(base_url=base, timeout=15, trust_env=False) as client:
            playing = asyncio.create_task(MainJob(client, say).play())
            await asyncio.wait([playing, serving], return_when=asyncio.FIRST_COMPLETED)
            holds = playing.done() and playing.result()
            playing.cancel()
        if not holds and not once and not serving.done():
            say("The main job did not hold: its people or homes were changed. `make clean` begins anew; everything else is served.")
        if once or serving.done():
            server.stop()
        else:
            say(f"Serving on {base}/graphql until Ctrl-C. Sign in with POST {base}/demo/sign-in, people are at {base}/demo/people.")
        await serving
        return 0 if holds else 1
    finally:
        await end(*helpers)
