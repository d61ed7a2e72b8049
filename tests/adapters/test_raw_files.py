"""What lies on the disk: no telephone number and no address in clear, in any form, and the proof that looking would have found one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.contacts import Contact
from domain.households import Reach
from server.demo.settlement import Settlement
from server.mongod import EmbeddedMongod
from server.settings import Settings
from tests.adapters.stage import Stage
from tests.conftest import DATA_KEY, TestClock, open_house, plant

UNCOMPRESSED = (
    *("--wiredTigerCollectionBlockCompressor", "none", "--wiredTigerJournalCompressor", "none"),
    *("--networkMessageCompressors", "disabled"),
)
PHONES = ("+8613812345678", "+8619987654321", "+865305678901")
DOORS = ("三单元五楼东户", "北门旁第二家")
CONTROL_PHONE, CONTROL_DOOR = "+8617766655544", "控制值七号院"


@pytest.fixture
def readable(tmp_path: Path) -> Iterator[EmbeddedMongod]:
    """A MongoDB of the test's own whose files can be read as they are."""
    with EmbeddedMongod(tmp_path / "mongo", more=UNCOMPRESSED) as mongod:
        yield mongod


def written_as(phone: str) -> re.Pattern[bytes]:
    """The number in every way of writing it: with or without country code and 0, with any separator between any digits."""
    national = phone.removeprefix("+86").encode()
    return re.compile(rb"[ ().-]{0,2}".join(bytes([digit]) for digit in national))


async def test_the_disk_holds_no_number_and_no_address_in_clear(
    readable: EmbeddedMongod, settlement_of_60: Settlement, clock: TestClock, tmp_path: Path
) -> None:
    settings = Settings(mode="demo", mongodb_uri=readable.uri, mongodb_database="disk", data_key=DATA_KEY)
    house = await open_house(settings, settlement_of_60, clock)
    await plant(house, settlement_of_60)
    stage = Stage(house, settlement_of_60, clock)
    people = [stage.id_of(f"resident-{number}") for number in (1, 2, 3)]
    contacts = [
        Contact(person, stage.township, Reach.PHONE, phone, DOORS[0], clock(), person) for person, phone in zip(people, PHONES, strict=True)
    ]
    await house.ports.contacts.keep(contacts[:2])
    for contact in contacts:
        await house.ports.contacts.set(contact, command=stage.command())
    await stage.submit(address=DOORS[1])
    await stage.tell()
    # Planted in clear, past the vault: what the search must find.
    control = {"_id": "control", "township": stage.township, "reach": "PHONE", "set_at": clock(), "phone": CONTROL_PHONE}
    await house.mongo.collection("contacts").insert_one({**control, "address": CONTROL_DOOR}, bypass_document_validation=True)

    await house.mongo.database.client.admin.command("fsync")
    assert await house.ports.contacts.persons_with(PHONES[0], township=stage.township) == [people[0]]
    await house.close()
    readable.stop()

    files = [path.read_bytes() for path in (tmp_path / "mongo").rglob("*") if path.is_file()]
    assert len(files) > 20
    found = {phone: sum(bool(written_as(phone).search(file)) for file in files) for phone in (*PHONES, CONTROL_PHONE)}
    doors = (*DOORS, CONTROL_DOOR, settlement_of_60.households[0].address)
    found |= {door: sum(door.encode() in file for file in files) for door in doors}
    assert found.pop(CONTROL_PHONE) >= 2, "in the collection's file and in the journal"
    assert found.pop(CONTROL_DOOR) >= 2
    assert found == dict.fromkeys(found, 0)
    assert any(b"138****5678" in file for file in files), "the masked form is there, and nothing else"


def test_the_search_would_find_a_number_however_it_is_written() -> None:
    found = [
        bool(written_as(PHONES[0]).search(text)) for text in (b"x13812345678", b"+86 138-1234-5678", b"(138) 1234 5678", b"1381234567")
    ]

    assert found == [True, True, True, False]
