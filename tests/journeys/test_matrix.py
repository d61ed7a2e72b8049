"""Every role at every place asks everything there is to ask of one matter: `docs/access-matrix.md` is what they are answered."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from server.demo.main_job import Player
from server.demo.settlement import Settlement
from server.wiring import House
from tests.conftest import MONDAY_MORNING, Served, TestClock, Town
from tests.journeys.stories import Matter, nothing_written, say
from tests.journeys.test_live_changes import Line, listening, told
from tests.matrix import deeds
from tests.matrix.matters import Grown, Reader, grown, ids_of, leaves, missing, play, settle_in, signed_in
from tests.matrix.page import PAGE, page
from tests.matrix.surfaces import APART, ASKED, OF, classified, documents, fields_of_the_schema, variables_of
from tests.test_house import is_forbidden

LIVE = "Subscription.liveChanges"
ID = re.compile(r"[a-z]{3,5}_[0-9]{9}_[0-9a-f]{32}")


@dataclass
class Stage:
    """The town as it is planted and played once, the matters in it, and everybody's phone."""

    town: Town
    made: Grown
    matters: Mapping[str, Matter]
    ids: Mapping[str, str]
    missing: Mapping[str, str]
    phones: Mapping[Reader, Player]

    @property
    def known(self) -> frozenset[str]:
        return frozenset(id_ for name, id_ in self.ids.items() if name != "elsewhere")  # which is no part of it


@pytest.fixture(scope="module")
async def stage(house_of_session: House, served: Served, settlement_of_60: Settlement, clock: TestClock) -> AsyncIterator[Stage]:
    clock.now = MONDAY_MORNING
    made = grown(settlement_of_60)
    async with httpx.AsyncClient(base_url=served.base, timeout=30, trust_env=False) as client:
        town = Town(house_of_session, served, made.planned, client, clock)
        await settle_in(town, made)
        matters = await play(town, made)
        ids = await ids_of(town, made, next(iter(matters.values())))
        phones = {reader: signed_in(town, reader.handle) for reader in made.readers}
        yield Stage(town, made, matters, ids, missing(ids), phones)


def tells(value: object, known: frozenset[str]) -> bool:
    """Whether an answer tells of the matter: one of its ids, or, where no ids are asked for, anything at all."""
    found = list(leaves(value))
    ids = [leaf for leaf in found if isinstance(leaf, str) and ID.fullmatch(leaf)]
    return any(id_ in known for id_ in ids) if ids else any(bool(leaf) for leaf in found)


async def post(player: Player, document: str, variables: Mapping[str, Any]) -> httpx.Response:
    return await player._client.post("/graphql", json={"query": document, "variables": variables}, headers=player._headers)


# --- The tables know the whole schema.


def test_every_field_of_the_schema_is_in_a_table() -> None:
    assert sorted(set(fields_of_the_schema()) - set(classified())) == [], "see the head of tests/matrix/surfaces.py"
    assert sorted(set(classified()) - set(fields_of_the_schema())) == [], "no longer in the schema"
    assert len(classified()) == len(set(classified())), "in two tables"


def test_every_id_that_a_command_names_is_in_a_table() -> None:
    known = {*deeds.DEEDS, *deeds.OPEN_IDS}

    assert sorted(set(deeds.ids_of_the_schema()) - known) == [], "see the head of tests/matrix/deeds.py"
    assert sorted(known - set(deeds.ids_of_the_schema())) == [], "no longer in the schema"
    assert deeds.mutations_without_input() == ["applyCommands"]


# --- The page.


@dataclass(frozen=True)
class Answers:
    """What each reader is told by each surface, and of which surfaces the thing itself was not there for them."""

    cells: Mapping[Reader, Mapping[str, bool]]
    blank: Mapping[Reader, frozenset[str]]


@pytest.fixture(scope="module")
async def answers(stage: Stage) -> Answers:
    live = await heard_live(stage)
    asked = documents(ASKED)
    cells: dict[Reader, Mapping[str, bool]] = {}
    blank: dict[Reader, frozenset[str]] = {}
    for reader, phone in stage.phones.items():
        told_of: dict[str, bool] = {}
        nothing: set[str] = set()
        for document in asked:
            data = await phone.ask(document.text, **variables_of(document.text, stage.ids))
            told_of |= {surface: tells(document.answer_of(surface, data), stage.known) for surface in document.paths}
            nothing |= {surface for surface, (root, _) in document.paths.items() if is_nothing(data[root])}
        cells[reader] = {**{surface: told_of[surface] for surface in ASKED}, LIVE: live[reader]}
        blank[reader] = frozenset(surface for surface in nothing if names_an_id(surface))
    return Answers(cells, blank)


def is_nothing(value: object) -> bool:
    """No such thing: not even an empty one."""
    return value is None or value == [] or (isinstance(value, list) and not any(value))


def names_an_id(surface: str) -> bool:
    return "$" in ASKED[surface] or "$" in OF[surface.partition(".")[0]]


async def heard_live(stage: Stage) -> Mapping[Reader, bool]:
    """Who hears of the matter on the line; whoever hears nothing hears nothing at all."""
    heard: dict[Reader, bool] = {}
    readers = list(stage.phones)
    for at in range(0, len(readers), 40):
        async with AsyncExitStack() as open_lines:
            lines = [
                (reader, await open_lines.enter_async_context(listening(stage.town, stage.phones[reader])))
                for reader in readers[at : at + 40]
            ]
            results = await asyncio.gather(*(first_batch(line) for _, line in lines))
            heard |= {
                reader: result is not None and bool(told([result]) & stage.known)
                for (reader, _), result in zip(lines, results, strict=True)
            }
    return heard


LOOKS = 3


async def first_batch(line: Line) -> dict[str, Any] | None:
    """What it says by itself; nothing where it has answered as much three times meanwhile, each time asked anew."""
    for number in range(LOOKS):
        await line.ask(f"look {number}", "{ changes { cursor changed { __typename } } }")
        while True:
            message = await line.hear()
            if message["id"] == "live":
                return message["payload"]["data"]["liveChanges"] if message["type"] == "next" else None
            if message["type"] != "next":
                break
    return None


MATTERS = """query($tasks: [ID!]!, $requests: [ID!]!) {
  tasks: nodes(ids: $tasks) { id ... on Task { request { id } history { edges { node { kind } } } } }
  requests: nodes(ids: $requests) { id ... on Request { tasks { id } history { edges { node { kind } } } } }
  listed: tasks(first: 100) { edges { node { id } } }
  asked: requests(first: 100) { edges { node { id } } }
  changes { changed { id } }
  %s
}"""


@pytest.fixture(scope="module")
async def matters_seen(stage: Stage) -> Mapping[Reader, Mapping[str, bool]]:
    """Which matters each reader sees. Whatever door is asked: the same."""
    numbers = " ".join(f'n{at}: request(number: "{matter.number}") {{ id }}' for at, matter in enumerate(stage.matters.values()))
    tasks = {name: matter.task_id for name, matter in stage.matters.items()}
    requests = {name: matter.request_id for name, matter in stage.matters.items()}
    found: dict[Reader, Mapping[str, bool]] = {}
    for reader, phone in stage.phones.items():
        data = await phone.ask(MATTERS % numbers, tasks=list(tasks.values()), requests=list(requests.values()))
        by_door = {
            "tasks by id": {name for name, node in zip(tasks, data["tasks"], strict=True) if node},
            "tasks, from the request": {name for name, node in zip(tasks, data["requests"], strict=True) if node and node["tasks"]},
            "histories of tasks": {name for name, node in zip(tasks, data["tasks"], strict=True) if node and node["history"]["edges"]},
            "histories of requests": {
                name for name, node in zip(tasks, data["requests"], strict=True) if node and node["history"]["edges"]
            },
            "requests by id": {name for name, node in zip(tasks, data["requests"], strict=True) if node},
            "requests by number": {name for at, name in enumerate(tasks) if data[f"n{at}"]},
            "the list of tasks": _named(tasks, data["listed"]),
            "the list of requests": _named(requests, data["asked"]),
            "tasks in the feed": _named(tasks, data["changes"]),
            "requests in the feed": _named(requests, data["changes"]),
        }
        seen = by_door["tasks by id"]
        assert {door: names ^ seen for door, names in by_door.items() if names != seen} == {}, reader
        found[reader] = {name: name in seen for name in tasks}
    return found


def _named(ids: Mapping[str, str], answer: object) -> set[str]:
    told_ids = set(leaves(answer))
    return {name for name, id_ in ids.items() if id_ in told_ids}


async def test_the_committed_matrix_is_what_is_answered(answers: Answers, matters_seen: Mapping[Reader, Mapping[str, bool]]) -> None:
    text = page(answers.cells, matters_seen)
    if os.environ.get("WRITE_ACCESS_MATRIX"):
        PAGE.write_text(text, "utf-8")

    assert PAGE.read_text("utf-8") == text, "stale: run `python -m tests.matrix`, and look at what changed"


def test_every_surface_is_seen_by_somebody_so_that_its_dash_means_something(answers: Answers) -> None:
    assert {surface for surface in ASKED if not any(row[surface] for row in answers.cells.values())} == {"Query.node: the phone"}
    assert set(APART) & set(ASKED) == set()


# --- Forbidden and missing are one and the same.


def as_sent(response: httpx.Response, ids: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """All that crosses the wire, with a constant for what was asked, and without the time of day."""
    body = response.content
    for id_ in ids.values():
        body = body.replace(id_.encode(), b"?")
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return response.status_code, headers, body


async def test_whatever_is_forbidden_is_answered_as_what_is_missing_to_the_byte(stage: Stage, answers: Answers) -> None:
    for reader, phone in stage.phones.items():
        for document in documents(surface for surface in ASKED if surface in answers.blank[reader]):
            forbidden = await post(phone, document.text, variables_of(document.text, stage.ids))
            nothing = await post(phone, document.text, variables_of(document.text, stage.missing))
            assert as_sent(forbidden, stage.ids) == as_sent(nothing, stage.missing), reader
            assert forbidden.status_code == 200


def tried_by(stage: Stage, answers: Answers) -> list[tuple[str, Player, list[str]]]:
    """Who tries which deeds: of readers that hold the same role and see the same things of it, one."""
    tries: list[tuple[str, Player, list[str]]] = []
    seen: set[object] = set()
    for reader, phone in stage.phones.items():
        blind = [name for name, tried in deeds.DEEDS.items() if not tried.by and not answers.cells[reader][deeds.SEEN_BY[tried.thing]]]
        if blind and (reader.role, reader.where in OF_A_PLACE, tuple(blind)) not in seen:
            seen.add((reader.role, reader.where in OF_A_PLACE, tuple(blind)))
            tries.append((f"{reader.role} {reader.where}", phone, blind))
    by_hand = {handle for tried in deeds.DEEDS.values() for handle in tried.by}
    named = {handle: [name for name, tried in deeds.DEEDS.items() if handle in tried.by] for handle in sorted(by_hand)}
    tries += [(handle, signed_in(stage.town, handle), names) for handle, names in named.items()]
    return [(who, phone, names[at : at + AT_ONCE]) for who, phone, names in tries for at in range(0, len(names), AT_ONCE)]


AT_ONCE = 25
"""Deeds that one document tries: it is held to the limits like any other."""


OF_A_PLACE = {"a sibling branch", "the village left", "an area committee over it", "another township"}


async def test_a_command_that_names_what_is_forbidden_is_refused_as_one_that_names_nothing(stage: Stage, answers: Answers) -> None:
    tries = tried_by(stage, answers)
    assert {name for _, _, names in tries for name in names} == set(deeds.DEEDS)

    async with nothing_written(stage.town):
        for who, phone, names in tries:
            document = deeds.mutation_of(dict.fromkeys(names))
            forbidden = await post(phone, document, inputs(names, stage.ids, stage.ids))
            nothing = await post(phone, document, inputs(names, stage.ids, stage.missing))
            assert as_sent(forbidden, stage.ids) == as_sent(nothing, stage.missing), who
            refused = dict(zip(names, forbidden.json()["data"].values(), strict=True))
            told_of = {
                name: answer
                for name, answer in refused.items()
                if any(no.get("current") or "code" not in no for no in deeds.refusals_of(answer))
            }
            assert set(told_of) - HARMLESS == set(), (who, told_of)


HARMLESS = {"markNoticesRead.noticeIds"}
"""Answers how many of one's own are unread, whatever was named."""


def command_of(deed: str) -> UUID:
    return UUID(int=list(deeds.DEEDS).index(deed) + 1)


def inputs(names: list[str], ids: Mapping[str, str], asked: Mapping[str, str]) -> dict[str, Any]:
    """The variables that try these deeds; other ids than the asked one are real."""
    return {
        f"d{number}": deeds.filled(name, deeds.DEEDS[name], str(command_of(name)), ids, asked[deeds.DEEDS[name].thing])
        for number, name in enumerate(names)
    }


async def test_what_a_phone_did_offline_to_what_it_may_not_see_is_answered_as_if_it_were_nothing(stage: Stage, answers: Answers) -> None:
    async with nothing_written(stage.town):
        for who, phone, names in tried_by(stage, answers):
            batched = [name for name in names if name.partition(".")[0] in deeds.of_a_batch()]
            commands = [
                [{name.partition(".")[0]: sent} for name, sent in zip(batched, inputs(batched, stage.ids, asked).values(), strict=True)]
                for asked in (stage.ids, stage.missing)
            ]
            forbidden, nothing = [await post(phone, deeds.BATCH, {"commands": each}) for each in commands]
            assert as_sent(forbidden, stage.ids) == as_sent(nothing, stage.missing), who


# --- No appointment means nothing.


NOTHING_TOLD = """{
  requests { edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
  tasks { edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
  changes { changed { id } removed more reset }
  viewer { roles appointments { role } household { id } unreadNotices
    tasks { edges { cursor } } requests { edges { cursor } } notices { edges { cursor } } }
}"""
NO_ROWS = {"edges": [], "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}}
NO_VIEWER: dict[str, Any] = {"roles": [], "appointments": [], "household": None, "unreadNotices": 0} | {
    name: {"edges": []} for name in ("tasks", "requests", "notices")
}


@pytest.mark.parametrize(
    "where", ["whose post ended today", "without post or home", "whose sign-in is linked to nobody", "who did not sign in"]
)
async def test_without_an_appointment_there_is_nothing(stage: Stage, where: str) -> None:
    phone = next(phone for reader, phone in stage.phones.items() if reader.where == where)
    data = await phone.ask(NOTHING_TOLD)

    is_somebody = where in {"whose post ended today", "without post or home"}
    assert data == {
        "requests": NO_ROWS,
        "tasks": NO_ROWS,
        "changes": {"changed": [], "removed": [], "more": False, "reset": False},
        "viewer": NO_VIEWER if is_somebody else None,
    }


# --- An overlay co-ordinates.


async def test_an_area_committee_reads_what_was_escalated_to_it_and_nobodys_contact(stage: Stage) -> None:
    matter = stage.matters["of an area committee, by hand"]
    shown = "node(id: $id) { ... on Request { text contact { phone } tasks { owner { name } } } }"
    area, township = signed_in(stage.town, "SECRETARY@an area committee over it"), signed_in(stage.town, "SECRETARY@the township")

    seen, above = [(await phone.ask(f"query($id: ID!) {{ {shown} }}", id=matter.request_id))["node"] for phone in (area, township)]

    assert (seen["tasks"], seen["contact"]) == ([{"owner": {"name": "东片区党委"}}], None)
    assert above == {**seen, "contact": {"phone": "138****5678"}}
    async with nothing_written(stage.town):
        answer = await say(area, "revealContact", "contact { phone }", taskId=matter.task_id, reason="ARRANGE_VISIT")
        assert (answer["code"], answer["field"]) == ("NOT_ALLOWED", "taskId")


@pytest.mark.parametrize("where", ["the settlement", "the branch itself", "an area committee over it"])
async def test_an_office_of_the_township_is_one_only_where_it_is_held_there(stage: Stage, where: str) -> None:
    officer, administrator = signed_in(stage.town, f"PRIVACY_OFFICER@{where}"), signed_in(stage.town, f"ADMINISTRATOR@{where}")

    assert (await officer.ask("{ readLog { edges { cursor } } }"))["readLog"] == {"edges": []}
    async with nothing_written(stage.town):
        answer = await say(administrator, "setContact", "contact { phone }", personId=stage.ids["resident"], **deeds.CALL)
        assert (answer["code"], answer["field"]) == ("NOT_FOUND", "personId")


# --- What must not be kept (domain.md, section 12), in the documents themselves.


EMPTY_HERE = {"imports", "import_parts", "divisions", "link_tries", "looks", "campaigns", "campaign_parts", "followings", "tellings"}
"""No file is imported, no code is guessed, nothing is searched for, no campaign is started, nobody follows: fields as in `COLLECTIONS`.

`tests/test_house.py` reads these.
"""
ALLOWED_IN_DOCUMENTS = {
    "households.label": "a room number, like 3-2-501: of a home, not of a person",
    "items.photo_reason": "why an item wants a picture of the matter, never of a face",
}


def names_in(document: object, place: str) -> Iterator[tuple[str, str]]:
    """Every field of a document, however deep, as `collection.field`; ids that stand as keys are no names."""
    if isinstance(document, dict):
        for name, inner in document.items():
            if not ID.fullmatch(name):
                yield f"{place}.{name}", name
            yield from names_in(inner, place if ID.fullmatch(name) else f"{place}.{name}")
    elif isinstance(document, list):
        for inner in document:
            yield from names_in(inner, place)


async def test_no_document_has_a_field_that_must_not_exist(stage: Stage) -> None:
    found: set[tuple[str, str]] = set()
    empty: set[str] = set()
    for name in await stage.town.house.mongo.database.list_collection_names():
        documents_of = [document async for document in stage.town.house.mongo.collection(name).find({}).limit(2_000)]
        empty |= set() if documents_of else {name}
        found |= {named for document in documents_of for named in names_in(document, name)}

    assert {place for place, name in found if is_forbidden(name)} == set(ALLOWED_IN_DOCUMENTS), "see domain.md, section 12"
    assert empty <= EMPTY_HERE, "nothing is kept there here: let a matter fill it, or say why not"
    assert len(found) > 150, "the documents were looked at"
