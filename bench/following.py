"""10,000 follow one request: how fast they come, seconds until each was told, and what a resident's request takes meanwhile.

The relay runs in a process of its own, as it does in service; everybody has a phone, and pushes are answered at once.
"""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter
from uuid import uuid4

from adapters.mongo.codec import encode
from bench.town import ALONE, ask, beside, on_a_mongod, plant, signed_in, spread, timed
from domain.access import Actor, actor_of
from domain.devices import Device, DevicePlatform, device_id
from domain.ids import Kind
from domain.people import Person
from domain.requests import Request
from domain.tasks import ContactKind, Outcome, Task
from resolvers.followers import FollowRequest, follow_request
from resolvers.tasks import (
    AcknowledgeTask,
    CompleteTask,
    StartTask,
    VerifyTask,
    acknowledge_task,
    complete_task,
    start_task,
    verify_task,
)
from server.demo.settlement import Settlement, settlement
from server.relay import run_relay
from server.serving import run
from server.settings import Settings
from server.wiring import House, RandomIds, build_house, wall_clock

FOLLOWERS = 10_000
AT_ONCE = 16


def main(followers: int = FOLLOWERS) -> None:
    """Prints what there is and how long it took; `python -m bench.following 500` measures fewer."""
    on_a_mongod("following", lambda settings, others: _measured(settings, followers, others))


async def _measured(settings: Settings, count: int, others: list[str]) -> None:
    planned, people = peopled(settlement(60), count)
    house = build_house(settings)
    try:
        await plant(house, planned)
        asker, neighbour = [await signed_in(house, handle) for handle in ("resident-1", "resident-2")]
        lamp = await ask(house, planned, asker)
        await _phones(house, people)
        begun = perf_counter()
        took, acts = await _follow(house, lamp, [_as(person, neighbour) for person in people])
        print(f"   {count} follow in {perf_counter() - begun:.1f} s, {AT_ONCE} at once: {spread(took)}", flush=True)
        print(f"   the worker takes the task and begins meanwhile: {', '.join(f'{each:.0f} ms' for each in acts)}", flush=True)
        alone = [await timed(house, planned, asker) for _ in range(ALONE)]
        await _done(house, lamp)
        begun, background = perf_counter(), subprocess.Popen(others)  # noqa: ASYNC220  # it is to run beside this
        try:
            meanwhile, told, firsts = [], 0, [0.0]
            while told < count:
                meanwhile += [await timed(house, planned, asker) for _ in range(10)]
                told = await house.mongo.collection("notices").count_documents({"kind": "followed_done"})
                firsts = firsts if firsts[0] or not told else [perf_counter() - begun]
            print(f"   {told} told after {perf_counter() - begun:.1f} s, the first after {firsts[0]:.1f} s (the relay's start)", flush=True)
        finally:
            background.terminate()
            await asyncio.to_thread(background.wait)
            print(f"   the relay's memory: {getrusage(RUSAGE_CHILDREN).ru_maxrss // 1024} MB at most", flush=True)
        for name, some in (("alone", alone), ("meanwhile", meanwhile)):
            print(f"   submitRequest {name}: {spread(some)}", flush=True)
    finally:
        await house.close()


def peopled(planned: Settlement, count: int) -> tuple[Settlement, list[Person]]:
    """With so many more who live in the grid of the second resident."""
    ids, at = RandomIds(), wall_clock()
    home_id = next(person.household_id for person in planned.persons if person.id == planned.handles["resident-2"])
    people = [Person(ids.new(Kind.PERSON, planned.township_code, at), planned.township_code, "邻居", home_id) for _ in range(count)]
    return replace(planned, persons=(*planned.persons, *people)), people


def _as(person: Person, neighbour: Actor) -> Actor:
    """Signed in as that person, who lives with the neighbour."""
    assert neighbour.organisation is not None
    return actor_of(person, neighbour.organisation, at=wall_clock(), home=neighbour.home)


async def _phones(house: House, people: Sequence[Person]) -> None:
    now = wall_clock()
    phones = [
        Device(device_id(each.township, each.id), each.township, each.id, each.id, DevicePlatform.ANDROID, None, "zh-CN", now)
        for each in people
    ]
    for first in range(0, len(phones), 1_000):
        await house.mongo.collection("devices").insert_many([encode(phone) for phone in phones[first : first + 1_000]])


async def _follow(house: House, lamp: Request, followers: Sequence[Actor]) -> tuple[list[float], list[float]]:
    """Milliseconds each; and what the worker's acts on the same request took in the middle of it."""
    waiting, took, acts = iter(followers), list[float](), list[float]()

    async def one_after_another() -> None:
        for follower in waiting:
            begun = perf_counter()
            await follow_request(FollowRequest(uuid4(), lamp.id), by=follower, ports=house.ports)
            took.append((perf_counter() - begun) * 1000)

    async def worked() -> None:
        while len(took) < len(followers) // 4:  # noqa: ASYNC110  # a quarter of them is no event
            await asyncio.sleep(0.01)
        for verb in (_taken, _begun):
            begun = perf_counter()
            await verb(house, lamp)
            acts.append((perf_counter() - begun) * 1000)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)), worked())
    return took, acts


async def _taken(house: House, lamp: Request) -> None:
    worker, task = await _task(house, lamp)
    await acknowledge_task(AcknowledgeTask(uuid4(), task.id), by=worker, ports=house.ports)


async def _begun(house: House, lamp: Request) -> None:
    worker, task = await _task(house, lamp)
    await start_task(StartTask(uuid4(), task.id, ContactKind.CALL), by=worker, ports=house.ports)


async def _task(house: House, lamp: Request) -> tuple[Actor, Task]:
    worker = await signed_in(house, "grid-worker-1")
    [task] = await house.ports.tasks.of_requests(lamp.township, [lamp.id], seen_by=worker)
    return worker, task


async def _done(house: House, lamp: Request) -> None:
    """It is said to be done, and checked."""
    ports, leader = house.ports, await signed_in(house, "grid-leader-1")
    worker, task = await _task(house, lamp)
    await complete_task(CompleteTask(uuid4(), task.id, Outcome.SOLVED, "换了灯泡"), by=worker, ports=ports)
    await verify_task(VerifyTask(uuid4(), task.id, passed=True), by=leader, ports=ports)


async def _background(uri: str, key: str) -> None:
    """The whole relay, until it is ended."""
    house, relay = beside("following", uri, key)
    try:
        await run_relay(relay, house.sequencer, house.tallies, house.mongo)
    finally:
        await house.close()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run(_background(*sys.argv[1:3]))
    else:
        main(*map(int, sys.argv[1:]))
