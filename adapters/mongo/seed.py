"""Puts a whole township into the database, in batches, with its stamp as the last act: until then nobody is served by half of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from adapters.mongo.codec import encode
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.organisations import version_record
from adapters.mongo.versions import row
from domain.accounts import Account, day_of
from domain.households import Household
from domain.items import ServiceItem
from domain.organisation import OrganisationParts
from domain.people import Person
from domain.places import Area

BATCH = 1_000

Progress = Callable[[str, int], None]


async def is_planted(mongo: Mongo, township: str) -> bool:
    return await mongo.collection("townships").find_one({"_id": township}, {"_id": 1}) is not None


async def plant_items(mongo: Mongo, items: Sequence[ServiceItem]) -> None:
    await mongo.collection("items").delete_many({})
    await _insert(mongo, "items", (encode(item) for item in items))


async def plant_township(
    mongo: Mongo,
    code: str,
    name: str,
    area: Area,
    stamp: str,
    parts: OrganisationParts,
    *,
    at: datetime,
    persons: Iterable[Person],
    households: Iterable[Household],
    accounts: Mapping[str, str],
    shared: Mapping[str, Sequence[str]] | None = None,
    progress: Progress = lambda _, __: None,
) -> None:
    """Everything of one township, as its first version; `shared` are sign-ins of several. What was there before is taken out first."""
    values: dict[str, Iterable[Any]] = {
        "units": parts.units,
        "grids": parts.grids,
        "micro_grids": parts.micro_grids,
        "hubs": parts.hubs,
        "villages": parts.villages,
        "appointments": parts.appointments,
        "absences": parts.absences,
        "duties": parts.duties,
        "persons": persons,
        "households": households,
    }
    at_the_top = [unit.id for unit in parts.units if unit.parent_id is None]
    rows: dict[str, Iterable[Document]] = {
        **{name: (row(value, 1) for value in some) for name, some in values.items()},
        "organisation_versions": [version_record(code, 1, at=at, by="seed", kind="seed", unit_ids=at_the_top)],
        "accounts": _accounts(code, accounts, shared or {}, at),
    }
    for collection, documents in rows.items():
        await mongo.collection(collection).delete_many({"township": code})
        progress(collection, await _insert(mongo, collection, documents))
    township = {"name": name, "area": _polygon(area), "stamp": stamp, "version": 1, "staging": None}
    await mongo.collection("townships").replace_one({"_id": code}, township, upsert=True)


def _polygon(area: Area) -> Document:
    corners = [[corner.lng, corner.lat] for corner in (*area.corners, area.corners[0])]
    return {"type": "Polygon", "coordinates": [corners]}


def _accounts(township: str, accounts: Mapping[str, str], shared: Mapping[str, Sequence[str]], at: datetime) -> Iterator[Document]:
    persons = {**{uid: (person_id,) for uid, person_id in accounts.items()}, **{uid: tuple(several) for uid, several in shared.items()}}
    return (encode(Account(uid, township, person_ids, day_of(at))) for uid, person_ids in persons.items())


async def _insert(mongo: Mongo, name: str, documents: Iterable[Document]) -> int:
    inserted = 0
    for rows in _batches(documents):
        batch = await mongo.vault.sealed(name, rows)
        await mongo.collection(name).insert_many(batch, ordered=False)
        inserted += len(batch)
    return inserted


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    source = iter(documents)
    while batch := list(islice(source, BATCH)):
        yield batch
