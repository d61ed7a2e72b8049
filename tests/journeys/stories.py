"""What the stories share: a matter on its way, what somebody sees of it, and proof that a "no" left no trace."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid4

from adapters.mongo.collections import COLLECTIONS
from domain.calendar import SHANGHAI
from server.demo.main_job import Player
from tests.conftest import Town
from tests.reorganising import keep

Answer = dict[str, Any]

LAMP = "三单元五楼楼道灯不亮，晚上老人下楼不方便。"
TASK = (
    "id state version title outcome dueAt acknowledgeBy contactBy overdue rule routedBecause actions "
    "assignee { id displayName } owner { id name } grid { id }"
)
REQUEST = (
    "id number state version statusText text promiseDueAt overdue reworkCount verdict grade address location { lat lng } "
    "household { id label } submittedBy { id displayName } onBehalfOf { id displayName } tasks { id state }"
)
EVENT = "kind at deviceTime deviceTimeDoubtful reason actor { displayName } actingFor { displayName }"
NOTICE = "id title body readAt about { __typename id }"
CURRENT = "__typename id ... on Task { state version } ... on Request { requestState: state version }"
REFUSAL = f"... on Refusal {{ code message field current {{ {CURRENT} }} }}"

USUAL: Mapping[str, Answer] = {
    "acknowledgeTask": {},
    "startTask": {"contact": "CALL"},
    "completeTask": {"outcome": "SOLVED", "note": "换了灯泡"},
    "verifyTask": {"passed": True},
    "returnTask": {"reason": "NOT_MY_PLACE", "note": "这栋楼不归我管"},
    "decideReturn": {"approved": False, "reason": "这栋楼归您管"},
}
"""What a verb is usually sent with."""

NEVER_WRITTEN = {"calendar", "items", "migrations"}


@dataclass(frozen=True)
class Matter:
    """A request and its task."""

    request_id: str
    number: str
    task_id: str


async def say(player: Player, verb: str, shown: str, **fields: Any) -> Answer:
    """A mutation; its payload, or the refusal with what it shows of the current state."""
    kind = verb[0].upper() + verb[1:]
    document = f"mutation($input: {kind}Input!) {{ {verb}(input: $input) {{ ... on {kind}Payload {{ {shown} }} {REFUSAL} }} }}"
    answer: Answer = (await player.ask(document, input={"commandId": str(uuid4()), **fields}))[verb]
    return answer


async def submit(town: Town, asker: Player, item: str = "stairwell-lamp", **fields: Any) -> Matter:
    """Somebody asks for something, and it is taken."""
    answer = await say(asker, "submitRequest", "request { id number tasks { id } }", **{"itemId": town.item(item), "text": LAMP, **fields})
    assert "request" in answer, answer
    tasks = answer["request"]["tasks"]
    return Matter(answer["request"]["id"], answer["request"]["number"], tasks[0]["id"] if tasks else "")


async def act(player: Player, verb: str, matter: Matter, **fields: Any) -> Answer:
    """What somebody does with the task; it is done, and this is the task after it."""
    answer = await say(player, verb, f"task {{ {TASK} }}", **{"taskId": matter.task_id, **USUAL.get(verb, {}), **fields})
    assert "task" in answer, answer
    task: Answer = answer["task"]
    return task


async def refused(player: Player, verb: str, matter: Matter, **fields: Any) -> Answer:
    """What somebody tries to do with the task, or with the request, and may not: the refusal."""
    if verb == "answerFollowUp":
        given = {"requestId": matter.request_id, "verdict": "SOLVED", "grade": "SATISFIED", **fields}
        answer = await say(player, verb, "request { state }", **given)
    else:
        answer = await say(player, verb, "task { state }", **{"taskId": matter.task_id, **USUAL.get(verb, {}), **fields})
    assert "code" in answer, answer
    return answer


async def answer(player: Player, matter: Matter, verdict: str = "SOLVED", **fields: Any) -> Answer:
    """The resident's last word, and the request after it."""
    given = {"requestId": matter.request_id, "verdict": verdict, "grade": "SATISFIED", **fields}
    said = await say(player, "answerFollowUp", f"request {{ {REQUEST} }}", **given)
    assert "request" in said, said
    request: Answer = said["request"]
    return request


WAY: tuple[tuple[str, str], ...] = (
    ("ACKNOWLEDGED", "acknowledgeTask"),
    ("IN_PROGRESS", "startTask"),
    ("COMPLETED", "completeTask"),
    ("AWAITING_FOLLOW_UP", "verifyTask"),
)


async def bring(town: Town, matter: Matter, worker: Player, to: str, *, checked_by: Player | None = None) -> None:
    """Straight on from where the task stands, a second a step, until it stands there."""
    task = await task_of(worker, matter)
    assert task is not None, "the worker does not see it"
    states = [state for state, _ in WAY]
    first = states.index(task["state"]) + 1 if task["state"] in states else 0
    for state, verb in WAY[first : states.index(to) + 1]:
        actor = checked_by if verb == "verifyTask" and checked_by else worker
        town.clock.advance(seconds=1)
        assert (await act(actor, verb, matter))["state"] == state


async def task_of(player: Player, matter: Matter) -> Answer | None:
    """The task as somebody sees it, or nothing."""
    return await node(player, matter.task_id, f"... on Task {{ {TASK} }}")


async def request_of(player: Player, matter: Matter) -> Answer | None:
    """The request as somebody sees it, or nothing."""
    return await node(player, matter.request_id, f"... on Request {{ {REQUEST} }}")


async def node(player: Player, id_: str, shown: str = "__typename") -> Answer | None:
    found: Answer | None = (await player.ask(f"query($id: ID!) {{ node(id: $id) {{ {shown} }} }}", id=id_))["node"]
    return found


async def history_of(player: Player, matter: Matter) -> list[Answer]:
    """What happened to the request, newest first, as somebody reads it."""
    shown = f"... on Request {{ history(first: 50) {{ edges {{ node {{ {EVENT} }} }} }} }}"
    found = await node(player, matter.request_id, shown)
    assert found is not None, "the reader does not see the request"
    return rows(found["history"])


def rows(connection: Answer) -> list[Answer]:
    return [edge["node"] for edge in connection["edges"]]


async def inbox(player: Player) -> list[Answer]:
    """Somebody's notices, newest first."""
    return rows((await player.ask(f"{{ viewer {{ notices(first: 100) {{ edges {{ node {{ {NOTICE} }} }} }} }} }}"))["viewer"]["notices"])


async def titles(player: Player) -> list[str]:
    return [notice["title"] for notice in await inbox(player)]


async def to_do(player: Player) -> list[str]:
    """The ids on somebody's own list."""
    listed = (await player.ask("{ viewer { tasks(first: 100) { edges { node { id } } } } }"))["viewer"]["tasks"]
    return [task["id"] for task in rows(listed)]


async def in_scope(player: Player, filter: Answer | None = None) -> list[str]:
    """The ids of all tasks that somebody may list."""
    document = "query($filter: TaskFilter) { tasks(filter: $filter, first: 100) { edges { node { id } } } }"
    return [task["id"] for task in rows((await player.ask(document, filter=filter))["tasks"])]


async def register(player: Player, token: str | None = None, **fields: Any) -> str:
    """Somebody's phone is registered; its token."""
    token = token or f"phone-{uuid4()}"
    answer = await say(player, "registerDevice", "deviceId", **{"token": token, "platform": "ANDROID", **fields})
    assert "deviceId" in answer, answer
    return token


def pushes(town: Town, token: str) -> list[Answer]:
    """The messages that Google was given for that phone, oldest first."""
    return [push["message"] for push in town.served.fcm.received(token)]


async def raw(player: Player, document: str, **variables: Any) -> Answer:
    """The whole answer, errors and all."""
    response = await player._client.post("/graphql", json={"query": document, "variables": variables}, headers=player._headers)
    body: Answer = response.json()
    return body


async def end_posts(town: Town, *handles: str) -> None:
    """From today on they hold no post any more."""
    await _hold_posts(town, handles, until=town.clock().astimezone(SHANGHAI).date())


async def give_posts_back(town: Town, *handles: str) -> None:
    """They hold the post that they had, for good."""
    await _hold_posts(town, handles, until=None)


async def _hold_posts(town: Town, handles: Sequence[str], *, until: date | None) -> None:
    held = {town.id_of(handle) for handle in handles}
    posts = [replace(post, until=until) for post in town.planned.parts.appointments if post.person_id in held]
    await keep(town.house, town.planned.township_code, *posts)


async def kept(town: Town) -> dict[str, list[Any]]:
    """Every document that anybody could have written, as it stands."""
    names = [collection.name for collection in COLLECTIONS if collection.name not in NEVER_WRITTEN]
    unseen = {"last_used_day": 0}  # of an account: moves on by itself with the first act of a day
    return {name: await town.house.mongo.collection(name).find({}, unseen).sort([("_id", 1)]).to_list() for name in names}


@asynccontextmanager
async def nothing_written(town: Town, *, but: frozenset[str] | set[str] = frozenset()) -> AsyncIterator[None]:
    """Whatever happens inside leaves every document as it was, but those: nothing is there to be told to anybody either."""
    before = await kept(town)
    yield
    after = await kept(town)
    changed = [name for name in after if after[name] != before[name] and name not in but]
    assert not changed, f"written: {changed}"


def name_of(town: Town, handle: str) -> str:
    return next(person.display_name for person in town.planned.persons if person.id == town.id_of(handle))


def home_of(town: Town, handle: str) -> str:
    """The id of somebody's household."""
    home = next(person.household_id for person in town.planned.persons if person.id == town.id_of(handle))
    assert home is not None
    return home


def said_in(thing: object) -> str:
    """All that is written in an answer, for looking for what must not be there."""
    return json.dumps(thing, ensure_ascii=False)
