"""Homes by where they stand and whom they are linked with, for a change of the organisation: no reader, no sight.

Whole grids are read to be counted and moved, so addresses stay sealed: a home is found without its address, and a new row of it takes
over what the row before it has.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.mongo.driver import Document, Mongo, Session
from adapters.mongo.versions import read_row, true_in
from domain.households import Household
from domain.organisation import Organisation

UNREAD = ""
"""The address of a home whose address was not read."""


@dataclass(frozen=True, slots=True)
class HomesWanted:
    """The homes of these ids, of these grids, linked with these members; and all others in the grids of those named by their id."""

    ids: Sequence[str] = ()
    grid_ids: Sequence[str] = ()
    member_ids: Sequence[str] = ()
    with_neighbours: bool = False


async def named_homes(mongo: Mongo, now: Organisation, ids: Iterable[str], *, session: Session | None = None) -> list[Household]:
    """The homes of these ids, as they are in that version, without their addresses."""
    return await _find(mongo, now, "id", ids, "of_id", session)


async def find_homes(
    mongo: Mongo, now: Organisation, wanted: HomesWanted, named: Sequence[Household] = (), *, session: Session | None = None
) -> list[Household]:
    """Each once, by id, as they are in that version, without their addresses; `named` are those of `wanted.ids`, found already."""
    grid_ids = {*wanted.grid_ids, *(home.residence_grid_id for home in named if wanted.with_neighbours)}
    around = await _find(mongo, now, "residence_grid_id", grid_ids, "of_grid", session)
    homes = [*named, *around, *await _find(mongo, now, "link.member_id", wanted.member_ids, "of_member", session)]
    return sorted({home.id: home for home in homes}.values(), key=lambda home: home.id)


async def addresses_of(mongo: Mongo, now: Organisation, ids: Collection[str], *, session: Session) -> Mapping[str, Document]:
    """What is stored of each home's address, by the home's id: sealed as it is, for a new row of the same home."""
    if not ids:
        return {}
    filter_ = {**true_in(now.township, now.version), "id": {"$in": sorted(ids)}}
    found = mongo.collection("households").find(filter_, {"_id": 0, "id": 1, "address": 1}, session=session).hint("of_id")
    return {document["id"]: {"address": document["address"]} for document in await found.to_list()}


async def _find(mongo: Mongo, now: Organisation, field: str, values: Iterable[str], index: str, session: Session | None) -> list[Household]:
    if not values:
        return []
    filter_ = {**true_in(now.township, now.version), field: {"$in": sorted(set(values))}}
    documents = await mongo.collection("households").find(filter_, {"address": 0}, session=session).hint(index).to_list()
    return [read_row(Household, {**document, "address": UNREAD}) for document in documents]
