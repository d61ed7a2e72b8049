"""What has been kept long enough goes, what the dry run lists is what goes, and nothing else changes; whatever is in dispute stays."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import uuid4

import pytest

from adapters.mongo import retention
from adapters.mongo.codec import encode
from adapters.mongo.collections import COMMAND_DAYS
from adapters.mongo.driver import Document
from adapters.mongo.retention import MongoRetention
from domain.calendar import SHANGHAI
from domain.followers import following
from domain.ids import Kind
from domain.pages import PageRequest
from domain.proxies import ProxyEvidence, ProxyGrant
from domain.requests import Request, RequestState
from domain.retention import BY_THE_DATABASE, POLICIES, YEAR, Due, Policy
from domain.subject_requests import SubjectRequest, SubjectRequestKind, SubjectRequestState
from domain.tasks import TaskState
from resolvers.history import history_of_request
from resolvers.requests import words_of
from resolvers.retention import sweep
from resolvers.subject_requests import DecideSubjectRequest, RequestOwnData, decide_subject_request, request_own_data
from tests.adapters.stage import Stage
from tests.conftest import drops_sockets
from tests.reorganising import keep

Listed = list[tuple[str, str]]
DAYS = {policy.collection: policy.days for policy in POLICIES}
WORDS, _WORK, CONTACTS, NOTICES, *_ = POLICIES


async def over(stage: Stage, request: Request, at: datetime) -> None:
    """The request and its task ended at that moment."""
    ended = {"state": RequestState.CLOSED.value, "closed_at": at}
    await stage.house.mongo.collection("requests").update_one({"_id": request.id}, {"$set": ended})
    await stage.house.mongo.collection("tasks").update_many({"request_id": request.id}, {"$set": {"state": TaskState.CLOSED.value}})


async def put_contact(stage: Stage, handle: str) -> None:
    """Somebody wants to be visited."""
    masked = {"reach": "VISIT", "phone": None, "has_address": False}
    contact = {"_id": stage.id_of(handle), "township": stage.township, "reach": "VISIT", "set_at": stage.clock(), "masked": masked}
    await stage.house.mongo.collection("contacts").insert_one(contact)


@dataclass
class Archive:
    """Documents of every age, made by chance; `old` are those whose time is over at `now`, worked out here by hand."""

    stage: Stage
    chance: Random
    now: datetime
    old: set[tuple[str, str]] = field(default_factory=set)

    async def fill(self, count: int) -> None:
        for number in range(count):
            await self._request(f"resident-{number % 4 + 1}")
            await self._contact(f"resident-{number + 5}")
            await self._put("notices", Kind.NOTICE, "created_at", {"person_id": "n", "scopes": ["p0"], "seq": 1_000_000 + number})
            await self._put("devices", Kind.DEVICE, "retired_at", {"person_id": "n", "token": f"t{number}"}, has_moment=number % 3 > 0)
            await self._grant(number)
            await self._followings(number)
            code = {"beginning": "1234", "salt": "s", "digest": "d", "tries": 0}
            await self._put("enrolment_codes", Kind.PERSON, "expires_at", code)
            await self._put("subject_requests", Kind.SUBJECT_REQUEST, "decided_at", self._asked(number), has_moment=number % 3 > 0)

    def age(self, days: int) -> int:
        """In seconds: on either side of the limit, or just on it."""
        return self.chance.choice([days * 86_400, days * 86_400 - 1, self.chance.randint(0, 2 * days * 86_400)])

    async def _request(self, handle: str) -> None:
        request, age = await self.stage.submit(handle, address="三单元"), self.age(DAYS["words"])
        if self.chance.random() < 0.8:
            await over(self.stage, request, self.now - timedelta(seconds=age))
            self._note("words", request.id, age)

    async def _contact(self, handle: str) -> None:
        """Of somebody who asked for one thing."""
        age, person_id = self.age(DAYS["contacts"]), self.stage.id_of(handle)
        await over(self.stage, await self.stage.submit(handle), self.now - timedelta(seconds=age))
        await put_contact(self.stage, handle)
        self._note("contacts", person_id, age)

    async def _grant(self, number: int) -> None:
        """One that ran out so many days ago; every other one was revoked long before."""
        days = DAYS["proxy_grants"]
        age = self.chance.choice([days, days - 1, self.chance.randint(-300, 2 * days)])
        until = self.now.astimezone(SHANGHAI).date() - timedelta(days=age)
        since, revoked_at = until - timedelta(days=100), self.now - timedelta(days=age + 90) if number % 2 else None
        id_, evidence = self.stage.house.ports.ids.new(Kind.PROXY_GRANT, self.stage.township, self.now), ProxyEvidence.OWN_SIGN_IN
        grant = ProxyGrant(id_, self.stage.township, "p", "a", (), since, until, evidence, "p", self.now, revoked_at)
        await self.stage.house.mongo.collection("proxy_grants").insert_one(encode(grant))
        self._note("proxy_grants", id_, age * 86_400)

    async def _followings(self, number: int) -> None:
        """Of a request that goes on, of one that is over, and of one that was merged long ago into the first or the second."""
        age, long_ago = self.age(DAYS["followings"]), self.now - timedelta(days=YEAR)
        going, ended, merged = [await self.stage.submit(f"resident-{number % 4 + 1}") for _ in range(3)]
        await over(self.stage, ended, self.now - timedelta(seconds=age))
        await over(self.stage, merged, long_ago)
        into, requests = self.chance.choice((going, ended)), self.stage.house.mongo.collection("requests")
        await requests.update_one({"_id": merged.id}, {"$set": {"state": RequestState.MERGED.value, "merged_into_id": into.id}})
        for request, handle in ((going, "resident-2"), (ended, "resident-2"), (ended, "resident-3"), (merged, "resident-3")):
            kept = following(request, self.stage.id_of(handle), at=self.now)
            await self.stage.house.mongo.collection("followings").insert_one(encode(kept))
            if request is not going and (request is ended or into is ended):
                self._note("followings", kept.id, age)

    def _asked(self, number: int) -> Document:
        state = SubjectRequestState.DONE if number % 3 else SubjectRequestState.OPEN
        kind, at = SubjectRequestKind.COPY, self.now
        kept = SubjectRequest("", "", f"n{number}", "n", kind, "请给我一份", state, at, at, due_provisional=False, entries=())
        return {name: value for name, value in encode(kept).items() if name != "_id"}

    async def _put(self, collection: str, kind: Kind, moment: str, fields: Document, *, has_moment: bool = True) -> None:
        age, id_ = self.age(DAYS[collection]), self.stage.house.ports.ids.new(kind, self.stage.township, self.now)
        at = self.now - timedelta(seconds=age) if has_moment else None
        document = {**fields, "_id": id_, "township": self.stage.township, moment: at}
        await self.stage.house.mongo.collection(collection).insert_one(document)
        if has_moment:
            self._note(collection, id_, age)

    def _note(self, collection: str, id_: str, age: int) -> None:
        if age >= DAYS[collection] * 86_400:
            self.old.add((collection, id_))


async def swept(stage: Stage, at: datetime, *, dry_run: bool, policies: Sequence[Policy] = POLICIES) -> Listed:
    hand = MongoRetention(stage.house.mongo)
    found = sweep(hand, at=at, dry_run=dry_run, policies=policies)
    return [(due.policy.collection, id_) async for due in found for id_ in due.ids]


async def figures(stage: Stage) -> object:
    return await stage.figures("dispatcher-1", [unit.id for unit in stage.planned.parts.units], date(2026, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize("seed", range(4))
async def test_what_the_dry_run_lists_is_what_goes_and_nothing_else_changes(
    seed: int, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 4)
    archive = Archive(stage, Random(seed), stage.clock())
    await archive.fill(14)
    counted, before = await figures(stage), await stage.contents()

    listed = await swept(stage, archive.now, dry_run=True)
    assert await stage.contents() == before, "a dry run writes nothing"
    removed = await swept(stage, archive.now, dry_run=False)

    assert removed == listed
    assert (set(listed), len(listed)) == (archive.old, len(archive.old))
    assert {name for name, _ in listed} == set(DAYS)
    after = await stage.contents()
    for name, documents in before.items():
        gone = {id_ for collection, id_ in listed if collection == name}
        if name == "words":
            tombstones = [{"_id": id_, "township": stage.township, "erased_at": archive.now, "erased_because": "RETENTION"} for id_ in gone]
            assert [words for words in after[name] if words["_id"] in gone] == sorted(tombstones, key=lambda words: str(words["_id"]))
            after[name] = [words for words in after[name] if words["_id"] not in gone]
        assert after[name] == [document for document in documents if document["_id"] not in gone], name
    assert await figures(stage) == counted
    assert await swept(stage, archive.now, dry_run=True) == await swept(stage, archive.now, dry_run=False) == []


@drops_sockets
@pytest.mark.parametrize("seed", range(3))
async def test_killed_at_any_moment_and_run_again_it_removes_the_same(seed: int, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    chance = Random(seed)
    archive = Archive(stage, chance, stage.clock())
    await archive.fill(10)
    listed, before = await swept(stage, archive.now, dry_run=True), await stage.contents()

    for _ in range(6):
        running = asyncio.create_task(swept(stage, archive.now, dry_run=False))
        await asyncio.wait({running}, timeout=chance.random() * 0.03)
        running.cancel()
        await asyncio.wait({running})
    await swept(stage, archive.now, dry_run=False)

    after = await stage.contents()
    left = {(name, document["_id"]) for name in DAYS for document in after[name] if not document.get("erased_at")}
    there = {(name, document["_id"]) for name in DAYS for document in before[name]}
    assert there - left == set(listed) == archive.old
    assert [name for name in after if name not in DAYS and after[name] != before[name]] == []


async def test_what_is_in_dispute_stays_until_it_is_not(stage: Stage) -> None:
    ports, hand = stage.house.ports, MongoRetention(stage.house.mongo)
    requests = [await stage.submit(handle) for handle in ("resident-1", "resident-2", "resident-3", "resident-4", "resident-5")]
    asking, flagged, working, in_hand, free = requests
    now, long_ago = stage.later(days=1), stage.clock() - timedelta(days=4 * YEAR)
    for request in requests:
        await over(stage, request, long_ago)
    await stage.house.mongo.collection("tasks").update_one({"request_id": working.id}, {"$set": {"state": TaskState.IN_PROGRESS.value}})
    await stage.house.mongo.collection("requests").update_one({"_id": in_hand.id}, {"$set": {"state": RequestState.ANSWERED.value}})
    assert await hand.hold(flagged.number, "有人起诉", at=now)
    assert not await hand.hold("990101101-261123-0000000-0", "没有", at=now)
    resident, officer = await stage.actor("resident-1"), await stage.actor("privacy-officer-1")
    sent = RequestOwnData(uuid4(), SubjectRequestKind.EXPLAIN, "为什么派给他")
    asked = (await request_own_data(sent, by=resident, ports=ports)).subject

    assert await swept(stage, now, dry_run=True) == await swept(stage, now, dry_run=False) == [("words", free.id)]

    await decide_subject_request(DecideSubjectRequest(uuid4(), asked.id, done=True, reason="按片区"), by=officer, ports=ports)
    assert await hand.hold(flagged.number, None, at=now)
    assert sorted(await swept(stage, now, dry_run=False)) == sorted([("words", asking.id), ("words", flagged.id)])
    assert not await hand.hold(free.number, "太晚了", at=now)


async def test_a_dispute_that_begins_between_the_list_and_the_removal_is_respected(stage: Stage) -> None:
    first, second = await stage.submit("resident-1"), await stage.submit("resident-2")
    now, hand = stage.later(days=1), MongoRetention(stage.house.mongo)
    for request in (first, second):
        await over(stage, request, now - timedelta(days=4 * YEAR))
    [due] = [due async for due in hand.due(WORDS, at=now)]
    await request_own_data(RequestOwnData(uuid4(), SubjectRequestKind.COPY), by=await stage.actor("resident-1"), ports=stage.house.ports)

    assert set(due.ids) == {first.id, second.id}
    assert await hand.remove(due, at=now) == [second.id]


async def test_history_and_words_are_still_read_when_nothing_is_left_of_them(stage: Stage) -> None:
    ports, request = stage.house.ports, await stage.submit()
    now, reader = stage.later(days=1), await stage.actor("dispatcher-1")
    await over(stage, request, now - timedelta(days=4 * YEAR))
    await swept(stage, now, dry_run=False)

    [found] = await ports.requests.by_ids([request.id], seen_by=reader)
    words = (await words_of([found], by=reader, ports=ports))[request.id]
    assert (words.text, words.address, words.location) == (None, None, None)
    history = await history_of_request(found, PageRequest(), by=reader, ports=ports)
    assert [event.reason for event in history.rows] == [None]


async def test_contact_data_go_after_the_last_request_of_whoever_they_are_of(stage: Stage) -> None:
    now = stage.later(days=1)
    handles = ("resident-1", "resident-2", "resident-3", "resident-4", "grid-worker-1")
    for handle in handles:
        await put_contact(stage, handle)
    ages = {"resident-1": (90, 400), "resident-2": (89, 400), "resident-3": (400,), "grid-worker-1": ()}
    for handle, days in ages.items():
        for age in days:
            await over(stage, await stage.submit(handle), now - timedelta(days=age))
    await stage.submit("resident-3")  # and this one is not over

    listed = await swept(stage, now, dry_run=True, policies=[CONTACTS])

    assert listed == await swept(stage, now, dry_run=False, policies=[CONTACTS]) == [(CONTACTS.collection, stage.id_of("resident-1"))]
    assert await stage.count(CONTACTS.collection) == len(handles) - 1


async def test_contact_data_of_whoever_never_asked_go_when_they_leave_the_list(stage: Stage) -> None:
    for handle in ("resident-1", "resident-2", "resident-3", "resident-4"):
        await put_contact(stage, handle)
    await stage.submit("resident-3")
    assert await swept(stage, stage.later(days=1), dry_run=True, policies=[CONTACTS]) == [], "they live here"
    question = RequestOwnData(uuid4(), SubjectRequestKind.EXPLAIN, "我搬走后还留着什么")
    asked = (await request_own_data(question, by=await stage.actor("resident-2"), ports=stage.house.ports)).subject

    leaving = ("resident-1", "resident-2", "resident-3")
    await keep(stage.house, stage.township, gone=tuple(("persons", stage.id_of(handle)) for handle in leaving))

    now = stage.later(days=1)
    listed = await swept(stage, now, dry_run=True, policies=[CONTACTS])
    assert listed == await swept(stage, now, dry_run=False, policies=[CONTACTS]) == [(CONTACTS.collection, stage.id_of("resident-1"))]
    officer, answer = await stage.actor("privacy-officer-1"), DecideSubjectRequest(uuid4(), asked.id, done=True, reason="联系方式")
    await decide_subject_request(answer, by=officer, ports=stage.house.ports)
    assert await swept(stage, now, dry_run=False, policies=[CONTACTS]) == [(CONTACTS.collection, stage.id_of("resident-2"))]
    assert await stage.count(CONTACTS.collection) == 2, "one lives here, of the other something is asked yet"


async def test_every_township_is_swept_by_itself(stage: Stage) -> None:
    await stage.plant_other()
    now = stage.clock()
    for township in ("990202202", stage.township):
        id_ = stage.house.ports.ids.new(Kind.NOTICE, township, now)
        notice = {"_id": id_, "township": township, "person_id": "n", "scopes": [], "created_at": now - timedelta(days=YEAR)}
        await stage.house.mongo.collection("notices").insert_one(notice)

    hand = MongoRetention(stage.house.mongo)
    found = [due async for due in sweep(hand, at=now, dry_run=False)]

    assert [due.township for due in found] == [stage.township, "990202202"]
    assert found[0] == Due(NOTICES, stage.township, found[0].ids)


def test_the_table_says_what_the_database_removes_by_itself() -> None:
    assert str(COMMAND_DAYS) in BY_THE_DATABASE["commands"]
    assert replace(WORDS, days=1).cutoff(datetime(2026, 11, 23)) == datetime(2026, 11, 22)  # noqa: DTZ001  # arithmetic only
