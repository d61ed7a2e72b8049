"""Contacts are stored sealed, found by a keyed hash, and shown only after the reading stands in the log; by either driver."""

from dataclasses import replace
from uuid import uuid4

import pytest
from bson import Binary
from pymongo.errors import WriteError

from adapters.mongo.vault import is_sealed
from domain.access import NOBODY
from domain.contacts import Contact, ReadFlag, Reading, RevealReason
from domain.errors import RefusalCode, Refused
from domain.households import Reach
from domain.ids import Kind
from domain.pages import PageRequest
from domain.posts import Role
from domain.tasks import ReturnReason
from resolvers.tasks import ReturnTask, return_task
from tests.adapters.stage import OTHER_TOWNSHIP, Stage

PHONE, SHARED = "+8613812345678", "+865305678901"
DOOR = "三单元五楼东户"


def _contact(stage: Stage, handle: str = "resident-1", phone: str | None = PHONE) -> Contact:
    return Contact(stage.id_of(handle), stage.township, Reach.PHONE, phone, DOOR, stage.clock(), stage.id_of(handle))


def _reading(stage: Stage, handle: str = "resident-1", by: str = "grid-worker-1") -> Reading:
    at = stage.clock()
    ids = {kind: stage.house.ports.ids.new(kind, stage.township, at) for kind in (Kind.READING, Kind.TASK, Kind.REQUEST)}
    return Reading(
        ids[Kind.READING],
        stage.township,
        stage.id_of(handle),
        stage.id_of(by),
        Role.GRID_WORKER,
        ids[Kind.TASK],
        ids[Kind.REQUEST],
        "990101101-261123-0000001-0",
        RevealReason.ARRANGE_VISIT,
        "家里没人应门",
        at,
    )


async def test_a_contact_comes_back_as_it_was_set_and_the_last_one_counts(stage: Stage) -> None:
    contacts, reader = stage.house.ports.contacts, await stage.actor("resident-1")
    assert await contacts.own(seen_by=reader) is None
    await contacts.set(_contact(stage), command=stage.command())
    assert await contacts.own(seen_by=reader) == _contact(stage)

    moved = replace(_contact(stage), phone=None, reach=Reach.VISIT)
    await contacts.set(moved, command=stage.command())

    assert await contacts.own(seen_by=reader) == moved
    assert await contacts.own(seen_by=await stage.actor("resident-2")) is None
    assert await contacts.own(seen_by=NOBODY) is None
    assert await contacts.persons_with(PHONE, township=stage.township) == []


async def test_what_is_stored_tells_neither_number_nor_address(stage: Stage) -> None:
    await stage.house.ports.contacts.set(_contact(stage), command=stage.command())

    [document] = await stage.find("contacts")

    assert {name for name, value in document.items() if is_sealed(value)} == {"phone", "address"}
    assert document["masked"] == {"phone": "138****5678", "reach": "PHONE", "has_address": True}
    whole = repr(await stage.contents())
    assert not [secret for secret in ("13812345678", "138123", DOOR) if secret in whole]


async def test_a_command_sets_once(stage: Stage) -> None:
    contacts, command = stage.house.ports.contacts, stage.command()
    await contacts.set(_contact(stage), command=command)
    await contacts.set(replace(_contact(stage), phone=SHARED), command=stage.command())

    await contacts.set(_contact(stage), command=command)

    assert await contacts.persons_with(SHARED, township=stage.township) == [stage.id_of("resident-1")]
    with pytest.raises(Refused) as no:
        await contacts.set(_contact(stage), command=replace(command, digest="other contents"))
    assert no.value.refusal.code is RefusalCode.COMMAND_MISMATCH


async def test_a_number_is_found_by_its_hash_and_may_be_shared(stage: Stage) -> None:
    contacts = stage.house.ports.contacts
    await contacts.keep([_contact(stage, "resident-1", SHARED), _contact(stage, "resident-2", SHARED), _contact(stage, "resident-3")])

    both = sorted([stage.id_of("resident-1"), stage.id_of("resident-2")])
    assert await contacts.persons_with(SHARED, township=stage.township) == both
    assert await contacts.persons_with("+8613800000000", township=stage.township) == []
    assert await contacts.persons_with(SHARED, township=OTHER_TOWNSHIP) == []
    keys = {bytes(document["phone_key"]) for document in await stage.find("contacts")}
    assert {len(key) for key in keys} == {32}
    assert len(keys) == 2


async def test_masked_contacts_come_for_a_page_at_once(stage: Stage) -> None:
    contacts = stage.house.ports.contacts
    await contacts.keep([_contact(stage, "resident-1"), _contact(stage, "resident-2", None)])
    ids = [stage.id_of(f"resident-{number}") for number in (1, 2, 3, 1)]

    found = {masked.person_id: masked.phone for masked in await contacts.masked(stage.township, ids)}

    assert found == {ids[0]: "138****5678", ids[1]: None}


async def test_a_reading_is_logged_with_the_command_and_only_then_shown(stage: Stage) -> None:
    contacts, command, reading = stage.house.ports.contacts, stage.command(), _reading(stage)
    await contacts.keep([_contact(stage)])

    assert await contacts.reveal(reading, watched_by=[], command=command) == _contact(stage)
    assert await contacts.reveal(_reading(stage), watched_by=[], command=command) == _contact(stage)  # the same command again

    [logged] = await stage.find("readings")
    assert (logged["_id"], logged["by_id"], logged["role"]) == (reading.id, reading.by_id, "GRID_WORKER")
    assert is_sealed(logged["note"])
    assert await stage.count("commands") == 1


async def test_nothing_is_logged_where_nothing_was_shown(stage: Stage) -> None:
    before = await stage.contents()

    with pytest.raises(Refused) as no:
        await stage.house.ports.contacts.reveal(_reading(stage), watched_by=[], command=stage.command())

    assert no.value.refusal.code is RefusalCode.NOT_FOUND
    assert await stage.contents() == before


async def test_the_eleventh_reading_within_an_hour_is_told_to_the_privacy_officer(stage: Stage) -> None:
    contacts, officer = stage.house.ports.contacts, stage.id_of("privacy-officer-1")
    await contacts.keep([_contact(stage)])
    for _ in range(11):
        stage.clock.advance(minutes=1)
        await contacts.reveal(_reading(stage), watched_by=[officer], command=stage.command())
    stage.clock.advance(minutes=61)
    await contacts.reveal(_reading(stage), watched_by=[officer], command=stage.command())

    flags = [document["flags"] for document in await stage.find("readings")]
    assert flags == [[]] * 10 + [[ReadFlag.MANY_IN_A_ROW.value]] + [[]]
    [notice] = await stage.find("notices")
    assert (notice["person_id"], notice["kind"]) == (officer, "contact_read_flagged")
    assert stage.id_of("resident-1") not in repr(notice)


async def test_the_log_is_read_by_person_and_by_township_newest_first(stage: Stage) -> None:
    log, contacts = stage.house.ports.read_log, stage.house.ports.contacts
    await contacts.keep([_contact(stage), _contact(stage, "resident-4")])
    made = []
    for handle in ("resident-1", "resident-4", "resident-1"):
        stage.clock.advance(minutes=1)
        made.append(_reading(stage, handle))
        await contacts.reveal(made[-1], watched_by=[], command=stage.command())
    resident, officer = await stage.actor("resident-1"), await stage.actor("privacy-officer-1")

    assert list((await log.of_person(PageRequest(5), seen_by=resident)).rows) == [made[2], made[0]]
    first = await log.of_township(PageRequest(2), seen_by=officer)
    second = await log.of_township(PageRequest(2, after=first.keys[-1]), seen_by=officer)
    assert ([*first.rows, *second.rows], second.has_next) == ([made[2], made[1], made[0]], False)
    assert (await log.of_person(PageRequest(5), seen_by=NOBODY)).rows == ()
    assert (await log.of_township(PageRequest(5), seen_by=NOBODY)).rows == ()


async def test_an_erased_contact_leaves_nothing_but_the_log(stage: Stage) -> None:
    contacts, reading = stage.house.ports.contacts, _reading(stage)
    await contacts.keep([_contact(stage)])
    command = stage.command()
    await contacts.reveal(reading, watched_by=[], command=command)

    await contacts.erase(stage.township, stage.id_of("resident-1"))

    assert await stage.count("contacts") == 0
    assert await stage.count("readings") == 1
    with pytest.raises(Refused):
        await contacts.reveal(reading, watched_by=[], command=command)


async def test_addresses_of_homes_and_of_requests_are_sealed_and_come_back(stage: Stage) -> None:
    request = await stage.submit(address=DOOR)
    resident, home = await stage.actor("resident-1"), stage.planned.households[0]

    documents = [*await stage.find("words"), *await stage.find("households")]
    assert {type(document["address"]) for document in documents} == {Binary}
    [words] = await stage.house.ports.requests.words(stage.township, [request.id])
    assert words.address == DOOR
    own = resident.person.household_id if resident.person else None
    [found] = await stage.house.ports.households.by_ids([own or ""], seen_by=resident)
    planned = next(home for home in stage.planned.households if home.id == own)
    assert found.address == planned.address
    assert home.address not in repr(await stage.find("households"))


async def test_what_was_stored_in_clear_before_stays_readable_and_may_get_remarks(stage: Stage) -> None:
    request = await stage.submit()
    by_id, words = {"township": stage.township, "_id": request.id}, stage.house.mongo.collection("words")
    await words.update_one(by_id, {"$set": {"address": DOOR}}, bypass_document_validation=True)
    [task] = await stage.tasks_of(request)
    await stage.do(return_task, ReturnTask, "grid-worker-1", task_id=task.id, reason=ReturnReason.OTHER, note="不归我管")

    [found] = await stage.house.ports.requests.words(stage.township, [request.id])

    assert found.address == DOOR


@pytest.mark.parametrize(
    ("collection", "field"), [("words", "address"), ("households", "address"), ("contacts", "phone"), ("readings", "note")]
)
async def test_the_database_itself_takes_nothing_in_clear_that_must_be_sealed(stage: Stage, collection: str, field: str) -> None:
    await stage.house.ports.contacts.keep([_contact(stage)])
    await stage.house.ports.contacts.reveal(_reading(stage), watched_by=[], command=stage.command())
    await stage.submit(address=DOOR)
    [document, *_] = await stage.find(collection)
    by_id = {"township": stage.township, "_id": document["_id"]}

    for value in ("in clear", 13812345678, {"in": "clear"}):
        with pytest.raises(WriteError):
            await stage.house.mongo.collection(collection).update_one(by_id, {"$set": {field: value}})
        with pytest.raises(WriteError):
            await stage.house.mongo.collection(collection).insert_one({**document, "_id": str(uuid4()), field: value})

    await stage.house.mongo.collection(collection).update_one(by_id, {"$set": {field: None}})  # erased
    assert (await stage.find(collection, _id=document["_id"]))[0][field] is None


async def test_a_reading_that_cannot_be_logged_is_not_shown_and_leaves_no_record(stage: Stage) -> None:
    await stage.house.ports.contacts.keep([_contact(stage)])
    command, before = stage.command(), await stage.contents()
    unfit = replace(_reading(stage), by_id=7)  # type: ignore[arg-type]  # what the collection does not take

    with pytest.raises(WriteError):
        await stage.house.ports.contacts.reveal(unfit, watched_by=[], command=command)

    assert await stage.contents() == before


async def test_a_fingerprint_is_the_same_for_equal_values_only(stage: Stage) -> None:
    contacts = stage.house.ports.contacts

    assert await contacts.fingerprint(PHONE) == await contacts.fingerprint(PHONE)
    assert await contacts.fingerprint(PHONE) != await contacts.fingerprint(SHARED)
    assert len({(await stage.house.mongo.vault.seal(PHONE)) for _ in range(3)}) == 3, "sealed twice, it looks different each time"
    assert await contacts.persons_with(str(uuid4()), township=stage.township) == []
