"""The organisation by versions: a row is true from one version of its township until another, and one document says which version is now.

Whatever has to change together is written ahead under the next number, unseen, and becomes true at once when the township's document
moves on to it: whole or not at all, at any size. What was true before stays readable under its number.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pymongo import InsertOne, UpdateMany

from adapters.mongo.codec import decode, encode
from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.reads import Filter
from adapters.mongo.vault import Vault
from domain.households import Household
from domain.organisation import Grid, HubHousehold, MicroGrid, OrgUnit, Village
from domain.people import Person
from domain.posts import Absence, Appointment, Duty

T = TypeVar("T")

FOREVER = 2**31 - 1
"""The version until which a row is true that nothing has ended yet."""

BATCH = 1_000

KINDS: Mapping[str, type[Any]] = {
    "units": OrgUnit,
    "grids": Grid,
    "micro_grids": MicroGrid,
    "hubs": HubHousehold,
    "villages": Village,
    "appointments": Appointment,
    "absences": Absence,
    "duties": Duty,
    "persons": Person,
    "households": Household,
}
"""Every collection that is kept by versions, and what its rows are."""

COLLECTION_OF: Mapping[type[Any], str] = {kind: name for name, kind in KINDS.items()}


def row(value: Any, version: int) -> Document:
    """The row of a domain value that is true from that version on."""
    document = encode(value)
    id_ = document.pop("_id")
    return {"_id": f"{id_}~{version}", "id": id_, "from_version": version, "to_version": FOREVER, **document}


def read_row(kind: type[T], document: Document) -> T:
    """The domain value of a row."""
    return decode(kind, {name: value for name, value in document.items() if name != "_id"})


def true_in(township: str, version: int) -> Filter:
    """The rows of a township that are true in that version."""
    return {"township": township, "to_version": {"$gt": version}, "from_version": {"$lte": version}}


async def changes(
    vault: Vault,
    values: Iterable[Any],
    gone: Iterable[tuple[str, str]],
    township: str,
    version: int,
    *,
    kept: Mapping[str, Document],
) -> dict[str, list[Any]]:
    """By collection the writes that make `values` true from `version` on, and `gone` (collection and id) no longer true.

    `kept` are fields, by the id of the value, that its new row has as they are stored.
    """
    rows: dict[str, list[Document]] = {}
    for value in values:
        rows.setdefault(COLLECTION_OF[type(value)], []).append({**row(value, version), **kept.get(value.id, {})})
    writes: dict[str, list[Any]] = {}
    for name, documents in rows.items():
        ended = [end_of(township, document["id"], version) for document in documents]
        writes[name] = [*ended, *(InsertOne(document) for document in await vault.sealed(name, documents))]
    for name, id_ in gone:
        writes.setdefault(name, []).append(end_of(township, id_, version))
    return writes


def end_of(township: str, id_: str, version: int) -> Any:
    """The write by which the row that is true now no longer is, from `version` on."""
    return UpdateMany({"id": id_, "to_version": FOREVER, "township": township}, {"$set": {"to_version": version}}, hint="of_id")


async def write(mongo: Mongo, writes: Mapping[str, Sequence[Any]], *, session: Session | None = None) -> None:
    """Carries them out in order, some hundreds at a time."""
    for name, operations in writes.items():
        for start in range(0, len(operations), BATCH):
            await mongo.collection(name).bulk_write(list(operations[start : start + BATCH]), ordered=True, session=session)
