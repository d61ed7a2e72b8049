"""Homes by where they stand and whom they are linked with, for a change of the organisation: no reader, no sight."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapters.mongo.driver import Mongo, Session
from adapters.mongo.versions import read_row, true_in
from domain.households import Household
from domain.organisation import Organisation


@dataclass(frozen=True, slots=True)
class HomesWanted:
    """The homes of these ids, of these grids, linked with these members; and all others in the grids of those named by their id."""

    ids: Sequence[str] = ()
    grid_ids: Sequence[str] = ()
    member_ids: Sequence[str] = ()
    with_neighbours: bool = False


async def find_homes(mongo: Mongo, now: Organisation, wanted: HomesWanted, *, session: Session | None = None) -> list[Household]:
    """Each once, by id, as they are in that version."""

    async def found(field: str, values: Iterable[str], index: str) -> list[Household]:
        if not values:
            return []
        filter_ = {**true_in(now.township, now.version), field: {"$in": sorted(set(values))}}
        documents = await mongo.collection("households").find(filter_, session=session).hint(index).to_list()
        return [read_row(Household, document) for document in await mongo.vault.opened("households", documents)]

    named = await found("id", wanted.ids, "of_id")
    grid_ids = {*wanted.grid_ids, *(home.residence_grid_id for home in named if wanted.with_neighbours)}
    homes = [*named, *await found("residence_grid_id", grid_ids, "of_grid"), *await found("link.member_id", wanted.member_ids, "of_member")]
    return sorted({home.id: home for home in homes}.values(), key=lambda home: home.id)
