"""Master keys: where they come from, what is refused, and how they are changed without losing anything."""

import asyncio
import base64
import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.errors import EncryptionError

from adapters.mongo.rotation import seal_anew, wrap_anew
from adapters.mongo.vault import VaultLocked, data_key_of, is_sealed
from domain.contacts import Contact
from domain.households import Reach
from server.cli import main
from server.demo.running import fill
from server.demo.settlement import Settlement
from server.keyring import keys_of, read_keys
from server.settings import BadSetting, Settings
from server.wiring import House, build_house
from tests.adapters.stage import Stage
from tests.conftest import DATA_KEY, TestClock, open_house, plant
from tests.server.key_service import ACTIVATE, GET, REGISTER, key_service

PHONE = "+8613812345678"
Captured = pytest.CaptureFixture[str]


def key_file(tmp_path: Path, name: str = "new.key", contents: bytes | None = None) -> str:
    path = tmp_path / name
    path.write_bytes(base64.b64encode(os.urandom(96)) if contents is None else contents)
    return str(path)


# --- Where they come from.


def test_a_key_is_read_raw_or_in_base64(tmp_path: Path) -> None:
    key = os.urandom(96)
    lines = base64.encodebytes(key)
    written = [key_file(tmp_path, str(n), contents) for n, contents in enumerate((key, base64.b64encode(key), lines, lines + b"\n"))]

    read = [read_keys(path)[0] for path in written]

    assert {master.name for master in read} == {read[0].name}
    assert {bytes(master.provider["key"]) for master in read} == {key}
    assert base64.b64encode(key).decode()[:20] not in repr(read)
    assert repr(key) not in repr(read)


@pytest.mark.parametrize(
    "contents",
    [b"", b"short", bytes(range(95)), bytes(range(97)), base64.b64encode(bytes(range(32))), b"A" * 127, b"!" * 128],
    ids=["empty", "short", "a byte too few", "a byte too many", "base64 of 32 bytes", "half of base64", "no base64"],
)
def test_what_is_no_key_is_refused_with_the_mend(tmp_path: Path, contents: bytes) -> None:
    path = key_file(tmp_path, contents=contents)

    with pytest.raises(BadSetting, match="holds no key of 96 bytes; it must hold 96 random bytes") as no:
        read_keys(path)
    assert path in str(no.value)


def test_a_key_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(BadSetting, match="cannot be read"):
            read_keys(str(path))
    with pytest.raises(BadSetting, match="names no key"):
        read_keys(" , ")


def test_the_key_of_a_key_service_is_a_reference(tmp_path: Path) -> None:
    ca, certificate = key_file(tmp_path, "ca.pem"), key_file(tmp_path, "client.pem")

    [plain] = read_keys("kmip://kms.example:5697")
    [named] = read_keys(f"kmip://kms.example/42?ca={ca}&certificate={certificate}")

    assert (plain.provider, plain.reference, plain.tls) == ({"endpoint": "kms.example:5697"}, {"endpoint": "kms.example:5697"}, None)
    assert (named.provider, named.reference) == ({"endpoint": "kms.example:5696"}, {"endpoint": "kms.example:5696", "keyId": "42"})
    assert named.tls == {"tlsCAFile": ca, "tlsCertificateKeyFile": certificate}
    assert plain.name.startswith("kmip:k")
    assert plain.name != named.name


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("aws://key", "no key service that is understood"),
        ("kmip://", "names no key service"),
        ("kmip://host:99999", "no port number"),
        ("kmip://host:port", "no port number"),
        ("kmip://me:secret@host", "names no key service"),
        ("kmip://host?password=x", "nothing else"),
        ("kmip://host?ca=nowhere.pem", "nowhere.pem is no file"),
    ],
)
def test_a_reference_that_nothing_understands_is_refused(reference: str, why: str) -> None:
    with pytest.raises(BadSetting, match=why):
        read_keys(reference)


def test_several_keys_may_be_named_the_one_that_wraps_first(tmp_path: Path) -> None:
    new = key_file(tmp_path)

    assert [key.name for key in read_keys(f"{new}, {DATA_KEY}")] == [read_keys(new)[0].name, read_keys(DATA_KEY)[0].name]


def test_the_demo_makes_a_key_of_its_own_once_and_for_itself(tmp_path: Path) -> None:
    settings = Settings(mode="demo", data_dir=tmp_path / "data")

    first, second = keys_of(settings), keys_of(settings)

    assert first == second
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["data.key"]
    assert stat.S_IMODE((tmp_path / "data" / "data.key").stat().st_mode) == 0o600
    assert keys_of(Settings(mode="demo", data_dir=tmp_path / "other")) != first
    with pytest.raises(BadSetting, match="LIANHU_DATA_KEY is empty"):
        keys_of(Settings())


# --- How they are changed.


@pytest.fixture(params=["pymongo", "motor"])
async def stage(request: pytest.FixtureRequest, mongodb_uri: str, settlement_of_60: Settlement, clock: TestClock) -> AsyncIterator[Stage]:
    """A settlement in a database of its own, with a contact, by either driver."""
    settings = Settings(
        mode="demo", mongodb_uri=mongodb_uri, mongodb_database=f"keys_{uuid4().hex[:12]}", mongodb_driver=request.param, data_key=DATA_KEY
    )
    house = await open_house(settings, settlement_of_60, clock)
    await plant(house, settlement_of_60)
    planned = Stage(house, settlement_of_60, clock)
    resident = planned.id_of("resident-1")
    await house.ports.contacts.keep([Contact(resident, planned.township, Reach.PHONE, PHONE, "五楼", clock(), resident)])
    await planned.submit(address="北门旁")
    yield planned
    await house.mongo.database.client.drop_database(settings.mongodb_database)
    await house.close()


def house_with(stage: Stage, data_key: str) -> House:
    """Another process, with that key."""
    given = stage.house.settings
    names = {"mongodb_uri": given.mongodb_uri, "mongodb_database": given.mongodb_database, "mongodb_driver": given.mongodb_driver}
    return build_house(Settings(mode="demo", data_key=data_key, **names), clock=stage.clock)  # type: ignore[arg-type]


async def all_is_readable(stage: Stage, house: House) -> bool:
    reader = await stage.actor("resident-1")
    own = await house.ports.contacts.own(seen_by=reader)
    home_id = reader.person.household_id if reader.person else None
    [home] = await house.ports.households.by_ids([home_id or ""], seen_by=reader)
    [document] = await stage.find("words")
    [words] = await house.ports.requests.words(stage.township, [document["_id"]])
    planned = next(home for home in stage.planned.households if home.id == home_id)
    found = await house.ports.contacts.persons_with(PHONE, township=stage.township)
    return (
        own is not None
        and (own.phone, own.address, words.address, home.address) == (PHONE, "五楼", "北门旁", planned.address)
        and found == [reader.id]
    )


async def test_after_another_master_key_all_is_readable_and_the_old_one_opens_nothing(stage: Stage, tmp_path: Path) -> None:
    new = key_file(tmp_path)
    sealed = await stage.find("contacts")

    assert await wrap_anew(stage.house.mongo, read_keys(DATA_KEY), read_keys(new)[0]) == 1
    assert await wrap_anew(stage.house.mongo, read_keys(DATA_KEY), read_keys(new)[0]) == 0, "again, and nothing is left to do"
    assert await wrap_anew(stage.house.mongo, read_keys(new), read_keys(new)[0]) == 0

    after, before, both = house_with(stage, new), house_with(stage, DATA_KEY), house_with(stage, f"{DATA_KEY},{new}")
    assert await all_is_readable(stage, after)
    assert await all_is_readable(stage, both), "while services are brought from the one to the other"
    with pytest.raises(VaultLocked, match="name the right one, or wrap it anew"):
        await before.ports.contacts.own(seen_by=await stage.actor("resident-1"))
    assert "LIANHU_DATA_KEY names local:k" in (await before.mongo.vault.trouble() or "")
    assert await after.mongo.vault.trouble() is None
    assert await stage.find("contacts") == sealed, "only the data key was wrapped anew"
    for house in (after, before, both):
        await house.close()


async def test_a_key_that_does_not_open_the_data_key_changes_nothing(stage: Stage, tmp_path: Path) -> None:
    wrong, new = key_file(tmp_path, "wrong.key"), key_file(tmp_path)

    with pytest.raises(VaultLocked):
        await wrap_anew(stage.house.mongo, read_keys(wrong), read_keys(new)[0])

    assert await all_is_readable(stage, stage.house)


async def test_another_data_key_seals_everything_anew_and_old_writers_are_swept_up(stage: Stage) -> None:
    keys = read_keys(DATA_KEY)
    in_clear = {"$set": {"address": "北门旁"}}  # from before there was a vault
    await stage.house.mongo.collection("words").update_one({}, in_clear, bypass_document_validation=True)
    assert await seal_anew(stage.house.mongo, keys) == 1, "what was in clear is sealed first, and no other key is made"
    old = {data_key_of(document["address"]) for document in await stage.find("households")}

    told: dict[str, int] = {}
    fields = await seal_anew(stage.house.mongo, keys, lambda name, count: told.update({name: count}))

    assert told == {"households": len(stage.planned.households), "words": 1, "contacts": 2, "lookup_keys": 1}
    assert fields == sum(told.values())
    everything = await stage.contents()
    values = [value for name in ("households", "words", "contacts", "lookup_keys") for row in everything[name] for value in row.values()]
    assert len({data_key_of(value) for value in values if is_sealed(value)} - old) == 1
    assert not old & {data_key_of(value) for value in values if is_sealed(value)}
    # The house of the stage still has the old key at hand, and goes on with it.
    resident = stage.id_of("resident-2")
    await stage.house.ports.contacts.keep([Contact(resident, stage.township, Reach.PHONE, PHONE, None, stage.clock(), resident)])
    assert await seal_anew(stage.house.mongo, keys) == 1
    assert await stage.count("data_keys") == 2
    fresh = house_with(stage, DATA_KEY)
    assert await fresh.ports.contacts.persons_with(PHONE, township=stage.township) == sorted([stage.id_of("resident-1"), resident])
    await fresh.close()


async def test_several_processes_that_start_at_once_make_one_data_key(stage: Stage) -> None:
    await stage.house.mongo.collection("data_keys").delete_many({})
    await stage.house.mongo.collection("lookup_keys").delete_many({})
    houses = [house_with(stage, DATA_KEY) for _ in range(4)]

    prints = set(await asyncio.gather(*(house.ports.contacts.fingerprint("something") for house in houses)))

    assert (len(prints), await stage.count("data_keys"), await stage.count("lookup_keys")) == (1, 1, 1)
    for house in houses:
        await house.close()


async def test_a_demo_whose_key_is_gone_says_so_at_the_start(stage: Stage, tmp_path: Path) -> None:
    house = house_with(stage, key_file(tmp_path))

    with pytest.raises(BadSetting, match="the data key is wrapped by the master key local:k"):
        await fill(house, stage.planned, lambda _: None)

    await house.close()


# --- A key service.


async def test_the_master_key_may_stay_in_a_key_service(stage: Stage, tmp_path: Path) -> None:
    with key_service(tmp_path) as (service, reference):
        named, unknown = reference.format("/42"), reference.format("/7")
        assert await wrap_anew(stage.house.mongo, read_keys(DATA_KEY), read_keys(named)[0]) == 1

        house = house_with(stage, named)
        assert await all_is_readable(stage, house)
        assert await house.mongo.vault.trouble() is None
        await house.close()
        assert set(service.asked) == {GET}
        assert not [key for key in await stage.find("data_keys") if service.secrets["42"] in bytes(key["keyMaterial"])]
        wrong = house_with(stage, unknown)
        assert "wrapped by the master key kmip:k" in (await wrong.mongo.vault.trouble() or "")
        await wrong.close()
        with pytest.raises(EncryptionError):
            await wrap_anew(stage.house.mongo, read_keys(named), read_keys(unknown)[0])

        assert await wrap_anew(stage.house.mongo, read_keys(named), read_keys(DATA_KEY)[0]) == 1, "and back"
    gone = house_with(stage, DATA_KEY)
    assert await all_is_readable(stage, gone), "a key service that is not named is not asked"
    await gone.close()


async def test_a_key_service_makes_a_key_of_its_own_where_none_is_named(stage: Stage, tmp_path: Path) -> None:
    with key_service(tmp_path) as (service, reference):
        assert await wrap_anew(stage.house.mongo, read_keys(DATA_KEY), read_keys(reference.format(""))[0]) == 1
        house = house_with(stage, reference.format(""))
        assert await all_is_readable(stage, house)
        await house.close()

        assert set(service.asked) == {REGISTER, ACTIVATE, GET}
        assert len(service.secrets) == 2
    house = house_with(stage, reference.format(""))
    assert "LIANHU_DATA_KEY does not open the data key" in (await house.mongo.vault.trouble() or ""), "it is gone"
    await house.close()


# --- The verb.


@pytest.fixture
def database(mongodb_uri: str) -> Iterator[dict[str, str]]:
    name = f"keys_{uuid4().hex[:12]}"
    yield {"LIANHU_MONGODB_URI": mongodb_uri, "LIANHU_MONGODB_DATABASE": name, "LIANHU_DATA_KEY": DATA_KEY}
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(name)


def test_the_verb_says_what_it_did_and_what_comes_next(capsys: Captured, database: dict[str, str], tmp_path: Path) -> None:
    new = key_file(tmp_path)
    assert main(["indexes"], database) == 0
    capsys.readouterr()

    assert main(["rotate-key", new], database) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"every data key is wrapped with {read_keys(new)[0].name} already",
        f"now set LIANHU_DATA_KEY={new} and restart serve, relay and clockwork",
    ]

    other = key_file(tmp_path, "other.key")
    assert main(["rotate-key", other, "--data"], {**database, "LIANHU_DATA_KEY": new}) == 0
    said = capsys.readouterr().out
    assert f"wrapped 1 data keys with {read_keys(other)[0].name}" in said
    assert "0 fields are sealed with the newest data key" in said

    assert main(["rotate-key", new], database) == 1
    assert "nothing was changed" in capsys.readouterr().err
    assert main(["rotate-key", new], {}) == 1
    assert "LIANHU_MONGODB_URI is empty" in capsys.readouterr().err
    assert main(["rotate-key", str(tmp_path / "missing")], database) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_production_wants_the_key_that_opens_the_data_key(capsys: Captured, database: dict[str, str], tmp_path: Path) -> None:
    production = {**database, "LIANHU_FIREBASE_PROJECT": "lianhu-heze"}
    assert main(["indexes"], database) == 0
    assert main(["rotate-key", DATA_KEY], database) == 0
    capsys.readouterr()

    assert main(["check-settings"], production) == 0
    capsys.readouterr()
    assert main(["check-settings"], {**production, "LIANHU_DATA_KEY": key_file(tmp_path)}) == 1
    assert "the data key is wrapped by the master key local:k" in capsys.readouterr().out
    assert main(["check-settings"], {**production, "LIANHU_DATA_KEY": key_file(tmp_path, "short", b"x")}) == 1
    assert "holds no key of 96 bytes" in capsys.readouterr().out
