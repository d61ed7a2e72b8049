"""Subject requests are kept with their notices, once; and what is removed of somebody is removed whole, everywhere, or not at all."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.mongo.driver import Document
from adapters.mongo.homes import HomesWanted
from adapters.mongo.staging import Staging
from domain.access import NOBODY
from domain.commands import Replayed
from domain.contacts import Contact
from domain.devices import DevicePlatform
from domain.errors import RefusalCode, Refused
from domain.households import Household, Reach
from domain.organisation import Organisation
from domain.pages import PageRequest
from domain.people import ERASED_NAME, Person
from domain.reorganisation import Changed, Overtaken
from domain.requests import Grade, Request, Verdict
from domain.subject_requests import Decision, SubjectRequest, SubjectRequestKind, SubjectRequestState
from domain.tasks import ContactKind, Outcome
from resolvers.contacts import SetContact, set_contact
from resolvers.devices import RegisterDevice, register_device
from resolvers.enrolment import CorrectPerson, IssueEnrolmentCode, correct_person, issue_enrolment_code
from resolvers.requests import AnswerFollowUp, SubmitRequest, answer_follow_up, submit_request
from resolvers.subject_requests import DecideSubjectRequest, RequestOwnData, decide_subject_request, request_own_data
from resolvers.tasks import AcknowledgeTask, CompleteTask, StartTask, VerifyTask, acknowledge_task, complete_task, start_task, verify_task
from server.wiring import House, build_house
from tests.adapters.stage import Stage
from tests.adapters.test_mongo_importing import a_run, apply
from tests.domain.books import Book, demo_rows
from tests.reorganising import keep

K = SubjectRequestKind


async def ask(stage: Stage, handle: str, kind: SubjectRequestKind = K.COPY) -> SubjectRequest:
    stage.clock.advance(seconds=1)
    sent = RequestOwnData(uuid4(), kind, "请处理")
    return (await request_own_data(sent, by=await stage.actor(handle), ports=stage.house.ports)).subject


async def decide(stage: Stage, asked: SubjectRequest, *, done: bool = True, by: str = "privacy-officer-1") -> SubjectRequest:
    sent = DecideSubjectRequest(uuid4(), asked.id, done, "已处理")
    return (await decide_subject_request(sent, by=await stage.actor(by), ports=stage.house.ports)).subject


async def finished(stage: Stage, handle: str = "resident-1") -> Request:
    """A request that was done, checked and judged."""
    request = await stage.submit(handle, address="三单元")
    [task] = await stage.tasks_of(request)
    await stage.do(acknowledge_task, AcknowledgeTask, "grid-worker-1", task_id=task.id)
    await stage.do(start_task, StartTask, "grid-worker-1", task_id=task.id, contact=ContactKind.CALL)
    await stage.do(complete_task, CompleteTask, "grid-worker-1", task_id=task.id, outcome=Outcome.SOLVED, note="换了灯泡")
    await stage.do(verify_task, VerifyTask, "grid-leader-1", task_id=task.id, passed=True)
    answered = {"request_id": request.id, "verdict": Verdict.SOLVED, "grade": Grade.SATISFIED, "words": "好"}
    await stage.do(answer_follow_up, AnswerFollowUp, handle, **answered)
    return request


async def test_it_is_kept_with_the_notice_to_every_privacy_officer(stage: Stage) -> None:
    asked = await ask(stage, "resident-1")

    [document], [notice] = await stage.find("subject_requests"), await stage.find("notices")
    assert (document["person_id"], document["state"], document["kind"]) == (stage.id_of("resident-1"), "OPEN", "COPY")
    assert (notice["person_id"], notice["about_id"], notice["unnumbered"]) == (stage.id_of("privacy-officer-1"), asked.id, True)
    assert await stage.number() == 1


async def test_one_of_a_kind_is_open_however_many_ask_at_once(stage: Stage) -> None:
    answers = await asyncio.gather(*(ask(stage, "resident-1") for _ in range(5)), return_exceptions=True)

    refusals = [answer.refusal.code for answer in answers if isinstance(answer, Refused)]
    assert refusals == [RefusalCode.LIMIT_REACHED] * 4
    assert (await stage.count("subject_requests"), await stage.count("commands"), await stage.count("notices")) == (1, 1, 1)


async def test_pages_and_things_by_id_are_for_whom_they_concern(stage: Stage) -> None:
    port = stage.house.ports.subject_requests
    asked = [await ask(stage, handle) for handle in ("resident-1", "resident-2", "resident-3")]
    await decide(stage, asked[1])
    officer, resident, worker = [await stage.actor(name) for name in ("privacy-officer-1", "resident-1", "grid-worker-1")]
    ids = [each.id for each in asked]

    first = await port.page(None, PageRequest(2), seen_by=officer)
    rest = await port.page(None, PageRequest(2, after=first.keys[-1]), seen_by=officer)
    assert [each.id for each in [*first.rows, *rest.rows]] == ids[::-1]
    assert [each.id for each in (await port.page(SubjectRequestState.OPEN, PageRequest(), seen_by=officer)).rows] == [ids[2], ids[0]]
    assert [each.id for each in (await port.own(PageRequest(), seen_by=resident)).rows] == ids[:1]
    assert {each.id for each in await port.by_ids(ids, seen_by=officer)} == set(ids)
    assert [each.id for each in await port.by_ids(ids, seen_by=resident)] == ids[:1]
    for reader in (worker, resident, NOBODY):
        assert (await port.page(None, PageRequest(), seen_by=reader)).rows in ([], ())
    assert (await port.own(PageRequest(), seen_by=NOBODY)).rows == ()
    assert await port.by_ids(ids, seen_by=NOBODY) == await port.by_ids(ids, seen_by=worker) == []
    counts = await port.counts(stage.township, stage.id_of("resident-2"))
    assert (counts.accounts, counts.phones, counts.notices) == (1, 0, 1)


async def test_an_officer_of_another_township_finds_nothing(stage: Stage) -> None:
    await stage.plant_other()
    asked = await ask(stage, "resident-1", K.DELETE)
    other, before = await stage.signed_in("other-privacy-officer-1"), await stage.contents()

    assert (await stage.house.ports.subject_requests.page(None, PageRequest(), seen_by=other)).rows == []
    sent = DecideSubjectRequest(uuid4(), asked.id, done=True)
    with pytest.raises(Refused) as no:
        await decide_subject_request(sent, by=other, ports=stage.house.ports)
    assert no.value.refusal.code is RefusalCode.NOT_FOUND
    assert await stage.contents() == before


async def test_a_decision_is_made_once(stage: Stage) -> None:
    asked = await ask(stage, "resident-1")
    answers = await asyncio.gather(*(decide(stage, asked) for _ in range(4)), return_exceptions=True)

    assert sum(isinstance(answer, SubjectRequest) for answer in answers) == 1
    assert all(answer.refusal.code is RefusalCode.WRONG_STATE for answer in answers if isinstance(answer, Refused))
    [document] = await stage.find("subject_requests")
    assert (document["state"], document["version"], len(document["entries"])) == ("DONE", 2, 2)
    assert await stage.count("notices", person_id=stage.id_of("resident-1")) == 1


async def test_the_same_command_again_changes_nothing(stage: Stage) -> None:
    port, officer, asked = stage.house.ports.subject_requests, await stage.actor("privacy-officer-1"), await ask(stage, "resident-1")
    command = stage.command()

    def refuse(found: SubjectRequest) -> Decision:
        return Decision(found.decide(by=officer, at=stage.clock(), done=False, reason="不行"), (), erases=False)

    await port.decide(asked.id, refuse, seen_by=officer, command=command)
    before = await stage.contents()
    assert await port.decide(asked.id, refuse, seen_by=officer, command=command) == Replayed(asked.id)
    assert await stage.contents() == before


# ---- removal


async def test_trouble_on_the_way_removes_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await finished(stage)
    asked = await ask(stage, "resident-1", K.DELETE)
    await stage.actor("privacy-officer-1")
    before = await stage.contents()
    monkeypatch.setattr("adapters.mongo.erasure.GOES_WITH_PERSON", (("devices", "person_id"), ("no.such\0collection", "person_id")))

    with pytest.raises(Exception, match="collection"):
        await decide(stage, asked)

    assert await stage.contents() == before


async def test_the_history_replayed_is_still_what_is_kept(stage: Stage) -> None:
    request = await finished(stage)
    await register_device(
        RegisterDevice(uuid4(), "phone", DevicePlatform.ANDROID), by=await stage.actor("resident-1"), ports=stage.house.ports
    )
    asked = await ask(stage, "resident-1", K.DELETE)
    await stage.tell()
    await stage.actor("privacy-officer-1")
    before = await stage.contents()

    await decide(stage, asked)

    after = await stage.contents()
    assert [name for name in ("requests", "tasks", "events", "households", "appointments") if after[name] != before[name]] == []
    rebuilt: defaultdict[str, Document] = defaultdict(dict)
    changes = [change for event in after["events"] for change in event["changes"]]
    for change in sorted(changes, key=lambda change: int(change["fields"]["version"])):
        rebuilt[change["id"]] |= change["fields"]
    stored = {document["_id"]: document for document in [*after["requests"], *after["tasks"]]}
    assert dict(rebuilt) == stored
    [words] = after["words"]
    assert words == {"_id": request.id, "township": stage.township, "erased_at": stage.clock(), "erased_because": "ASKED_FOR"}
    person = stage.id_of("resident-1")
    assert [row["display_name"] for row in after["persons"] if row["id"] == person] == [ERASED_NAME]
    for name in ("devices", "notices"):
        assert after[name] == [document for document in before[name] if document["person_id"] != person], name
    assert after["accounts"] == [account for account in before["accounts"] if person not in account["person_ids"]]
    assert await stage.actor("resident-1") == NOBODY


async def test_what_they_asked_and_were_answered_before_goes_and_nobody_elses(stage: Stage) -> None:
    others = await decide(stage, await ask(stage, "resident-2", K.EXPLAIN))
    before = await decide(stage, await ask(stage, "resident-1", K.EXPLAIN))
    asked = await ask(stage, "resident-1", K.DELETE)
    assert before.reason == "已处理"

    await decide(stage, asked)

    kept = {document["_id"]: (document["words"], document["reason"]) for document in await stage.find("subject_requests")}
    assert kept == {others.id: ("请处理", "已处理"), before.id: (None, None), asked.id: (None, "已处理")}


async def test_of_a_phone_that_is_shared_only_the_person_goes(stage: Stage) -> None:
    gone, stays = stage.planned.sign_ins["shared-phone-1"]
    handle = next(handle for handle, person_id in stage.planned.handles.items() if person_id == gone)

    await decide(stage, await ask(stage, handle, K.DELETE))

    [shared] = await stage.find("accounts", _id="demo-shared-phone-1")
    assert shared["person_ids"] == [stays]
    assert await stage.count("accounts", person_ids=gone) == 0
    assert (await stage.signed_in("demo-shared-phone-1")).id == stays
    administrator, code = await stage.actor("administrator-1"), IssueEnrolmentCode(uuid4(), gone)
    with pytest.raises(Refused) as no:  # and nobody is linked to what is left of them
        await issue_enrolment_code(code, by=administrator, ports=stage.house.ports)
    assert no.value.refusal.code is RefusalCode.NOT_FOUND


async def test_what_somebody_typed_for_another_stays_the_others(stage: Stage) -> None:
    """A helper who left goes; what was asked for a neighbour does not."""
    home = next(person.household_id for person in stage.planned.persons if person.id == stage.id_of("resident-1"))
    typed = await stage.submit("link-member-1", household_id=home, on_behalf_of_id=stage.id_of("resident-1"))
    member = stage.id_of("link-member-1")
    posts = [post for post in stage.planned.parts.appointments if post.person_id == member]
    await keep(stage.house, stage.township, *(replace(post, until=date(2026, 11, 1)) for post in posts))
    asked = await ask(stage, "link-member-1", K.DELETE)

    await decide(stage, asked)

    [words] = await stage.find("words")
    assert (words["_id"], words["text"]) == (typed.id, "三单元五楼楼道灯不亮")


async def told(stage: Stage, person_id: str) -> set[str]:
    return {row["display_name"] for row in await stage.find("persons", id=person_id)}


async def test_an_import_that_had_read_the_name_does_not_bring_it_back(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, imports = await ask(stage, "resident-3", K.DELETE), stage.house.imports
    judged = imports._judged

    async def slowly(*given: Any) -> Any:
        found = await judged(*given)
        await decide(stage, asked)
        return found

    monkeypatch.setattr(imports, "_judged", slowly)
    with pytest.raises(Refused) as no:
        await apply(stage.house, Book(demo_rows()).save(tmp_path / "file.xlsx"))

    assert no.value.refusal.message.key == "refusal.import_overtaken"
    assert await told(stage, stage.id_of("resident-3")) == {ERASED_NAME}


async def test_nobody_is_removed_while_an_import_is_applied_that_lives(stage: Stage) -> None:
    asked = await ask(stage, "resident-3", K.DELETE)
    staging = Staging(stage.house.mongo, stage.clock, a_run(stage.house), 1)
    await staging.begin()
    before = await stage.contents()

    with pytest.raises(Refused) as no:
        await decide(stage, asked)

    assert (no.value.refusal.code, no.value.refusal.message.key) == (RefusalCode.CONFLICT, "refusal.import_under_way")
    assert await stage.contents() == before
    stage.clock.advance(minutes=3)  # it died
    await decide(stage, asked)
    assert await told(stage, stage.id_of("resident-3")) == {ERASED_NAME}


@pytest.mark.parametrize("handle", ["resident-3", "link-member-1"])
async def test_a_correction_under_way_does_not_bring_the_name_back(stage: Stage, monkeypatch: pytest.MonkeyPatch, handle: str) -> None:
    """Without a post, and with one that is over."""
    id_, enrolment = stage.id_of(handle), stage.house.ports.enrolment
    posts = [post for post in stage.planned.parts.appointments if post.person_id == id_]
    if posts:
        await keep(stage.house, stage.township, *(replace(post, until=date(2026, 11, 1)) for post in posts))
    asked, administrator, home = await ask(stage, handle, K.DELETE), await stage.actor("administrator-1"), enrolment.home

    async def slowly(*given: Any) -> Any:
        monkeypatch.setattr(enrolment, "home", home)
        await decide(stage, asked)
        return await home(*given)

    monkeypatch.setattr(enrolment, "home", slowly)
    sent = CorrectPerson(uuid4(), id_, household_id=stage.planned.households[5].id)
    with pytest.raises(Refused) as no:
        await correct_person(sent, by=administrator, ports=stage.house.ports)

    assert no.value.refusal.code is RefusalCode.NOT_FOUND
    assert {(row["display_name"], row["household_id"]) for row in await stage.find("persons", id=id_)} == {(ERASED_NAME, None)}


async def test_a_change_of_the_organisation_that_had_read_the_name_reads_again(stage: Stage) -> None:
    member, seen = stage.id_of("link-member-1"), list[str]()
    posts = [post for post in stage.planned.parts.appointments if post.person_id == member]
    await keep(stage.house, stage.township, *(replace(post, until=date(2026, 11, 1)) for post in posts))
    asked, organisations = await ask(stage, "link-member-1", K.DELETE), stage.house.ports.organisations
    before = await organisations.of_township(stage.township)
    assert before is not None
    await decide(stage, asked)

    def change(now: Organisation, _: Sequence[Household]) -> Changed:
        seen.append(now.holders[member].display_name)
        return Changed((now.holders[member],))

    as_read = partial(organisations._advance, before, lambda *_: None, change, HomesWanted(), stage.command())  # type: ignore[attr-defined]
    with pytest.raises(Overtaken):
        await stage.house.mongo.transact(as_read)
    await organisations.reorganise(stage.township, change, permit=lambda *_: None, subject_id=member, command=stage.command())

    assert seen == [ERASED_NAME]
    assert await told(stage, member) == {ERASED_NAME}


async def test_no_contact_of_theirs_comes_after_them_from_whatever_was_under_way(stage: Stage) -> None:
    """From their own phone, and from a file."""
    resident, contacts = await stage.actor("resident-3"), stage.house.ports.contacts
    set_by = partial(set_contact, SetContact(uuid4(), Reach.PHONE, phone="13812345678"), by=resident, ports=stage.house.ports)
    of_file = [
        Contact(stage.id_of(name), stage.township, Reach.VISIT, None, None, stage.clock(), "") for name in ("resident-3", "resident-4")
    ]
    await set_by()
    assert await stage.count("contacts", _id=resident.id) == 1
    await decide(stage, await ask(stage, "resident-3", K.DELETE))

    again = partial(set_contact, SetContact(uuid4(), Reach.VISIT), by=resident, ports=stage.house.ports)
    with pytest.raises(Refused) as no:
        await again()
    await contacts.keep(of_file)

    assert (no.value.refusal.code, no.value.refusal.field) == (RefusalCode.NOT_FOUND, "personId")
    assert [document["_id"] for document in await stage.find("contacts")] == [stage.id_of("resident-4")]


async def test_nothing_is_asked_by_or_for_somebody_who_was_removed_meanwhile(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    ports, resident, helper = stage.house.ports, await stage.actor("resident-3"), await stage.actor("grid-worker-1")
    person = resident.person
    assert person is not None
    own = SubmitRequest(uuid4(), stage.item("stairwell-lamp"), "楼道灯不亮")
    typed = replace(own, command_id=uuid4(), on_behalf_of_id=person.id, household_id=person.household_id)
    by_ids = ports.people.by_ids

    async def as_before(township: str, ids: Sequence[str]) -> Sequence[Person]:
        return [person] if person.id in ids else await by_ids(township, ids)

    await decide(stage, await ask(stage, "resident-3", K.DELETE))
    monkeypatch.setattr(ports.people, "by_ids", as_before)
    refused = []
    for sent, by in ((own, resident), (typed, helper)):
        with pytest.raises(Refused) as no:
            await submit_request(sent, by=by, ports=ports)
        refused.append((no.value.refusal.code, no.value.refusal.field))

    assert refused == [(RefusalCode.SIGN_IN_REQUIRED, None), (RefusalCode.NOT_FOUND, "onBehalfOfId")]
    assert (await stage.count("requests"), await stage.count("words")) == (0, 0)
    await submit_request(replace(own, command_id=uuid4()), by=await stage.actor("resident-1"), ports=ports)
    assert await stage.count("words") == 1


async def test_a_removal_and_a_contact_at_the_same_moment_leave_no_contact(stage: Stage) -> None:
    resident = await stage.actor("resident-3")
    asked = await ask(stage, "resident-3", K.DELETE)
    sent = [SetContact(uuid4(), Reach.PHONE, phone="13812345678") for _ in range(6)]

    ended = await asyncio.gather(
        *(set_contact(one, by=resident, ports=stage.house.ports) for one in sent), decide(stage, asked), return_exceptions=True
    )

    assert [end for end in ended if isinstance(end, BaseException) and not isinstance(end, Refused)] == []
    assert await stage.count("contacts") == 0
    assert await told(stage, stage.id_of("resident-3")) == {ERASED_NAME}


@pytest.fixture
async def other_process(stage: Stage) -> AsyncIterator[House]:
    house = build_house(stage.house.settings, clock=stage.clock)
    yield house
    await house.close()


async def test_no_process_and_no_past_version_tells_the_name_any_more(stage: Stage, other_process: House) -> None:
    """Somebody who held a post once is in every process's memory."""
    member = stage.id_of("link-member-1")
    posts = [post for post in stage.planned.parts.appointments if post.person_id == member]
    await keep(stage.house, stage.township, *(replace(post, until=date(2026, 11, 1)) for post in posts))
    last_week = stage.clock() - timedelta(days=7)
    for house in (stage.house, other_process):
        now = await house.ports.organisations.of_township(stage.township)
        assert now is not None
        assert (await house.ports.organisations.as_of(now, last_week)).holders[member].display_name != ERASED_NAME

    await decide(stage, await ask(stage, "link-member-1", K.DELETE))

    for house in (stage.house, other_process):
        now = await house.ports.organisations.of_township(stage.township)
        assert now is not None
        then = await house.ports.organisations.as_of(now, last_week)
        assert {at.holders[member].display_name for at in (now, then)} == {ERASED_NAME}
    rows = await stage.find("persons", id=member)
    assert {(row["display_name"], row["household_id"], row["code"]) for row in rows} == {(ERASED_NAME, None, "")}
