"""Duplicates on MongoDB: requests that are merged, and the one in which they go on, change in one transaction."""

from collections.abc import Callable, Sequence

from adapters.mongo.cases import MongoCases
from adapters.mongo.driver import Mongo
from adapters.mongo.reads import find_by_ids, own_ids, seen_by_filter
from domain.access import Actor
from domain.cases import Act, Case
from domain.commands import Command, Replayed
from domain.errors import not_found
from domain.ids import Kind
from domain.requests import Request


class MongoMerges:
    """Keeps `domain.duplicates.Merges`."""

    def __init__(self, mongo: Mongo, cases: MongoCases) -> None:
        self._mongo = mongo
        self._cases = cases

    async def merge(
        self,
        into_id: str,
        from_ids: Sequence[str],
        change: Callable[[Case, Sequence[Case]], Sequence[Act]],
        *,
        seen_by: Actor,
        event_ids: Sequence[str],
        command: Command,
    ) -> Case | Replayed:
        scoped = seen_by_filter(seen_by)
        if scoped is None or not own_ids(Kind.REQUEST, [into_id], scoped["township"]):
            raise not_found("intoId")
        wanted = [({**scoped, "_id": id_}, "intoId" if id_ == into_id else "fromIds") for id_ in (into_id, *from_ids)]
        return await self._cases.together(wanted, lambda cases: change(cases[0], cases[1:]), event_ids, command) or Replayed(into_id)

    async def update(
        self,
        request_id: str,
        change: Callable[[Case, Case | None], Sequence[Act]],
        *,
        seen_by: Actor,
        event_ids: Sequence[str],
        command: Command,
    ) -> Case | Replayed:
        scoped = seen_by_filter(seen_by)
        if scoped is None or not own_ids(Kind.REQUEST, [request_id], scoped["township"]):
            raise not_found("requestId")
        wanted = [({**scoped, "_id": request_id}, "requestId")]
        kept = await self._cases.together(
            wanted, lambda cases: change(cases[0], next(iter(cases[1:]), None)), event_ids, command, with_into=True
        )
        return kept or Replayed(request_id)

    async def into(self, township: str, ids: Sequence[str]) -> list[Request]:
        return await find_by_ids(self._mongo, "requests", Request, ids, {"township": township})
