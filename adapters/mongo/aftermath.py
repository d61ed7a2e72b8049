"""What a change to the organisation meets on MongoDB: ids and counts of open tasks, phones, homes; and the versions there were."""

from collections.abc import Sequence

from adapters.mongo.codec import decode
from adapters.mongo.devices import MongoDevices
from adapters.mongo.driver import Document, Mongo
from adapters.mongo.homes import HomesWanted, find_homes
from adapters.mongo.reads import Filter
from domain.access import Door, key
from domain.devices import Device
from domain.households import Household
from domain.organisation import Organisation
from domain.pages import Page, PageRequest
from domain.reorganisation import OpenTasks, Version
from domain.tasks import OVER, TaskState

MOST_IDS = 100


class MongoAftermath:
    """Keeps `domain.reorganisation.Aftermath`."""

    def __init__(self, mongo: Mongo, devices: MongoDevices) -> None:
        self._mongo = mongo
        self._devices = devices

    async def open_tasks(self, township: str, unit_id: str, *, grid_ids: Sequence[str] | None = None) -> OpenTasks:
        states = [state.value for state in TaskState if state not in OVER]
        wanted: Filter = {"township": township, "scopes": key(Door.UNIT, unit_id), "state": {"$in": states}}
        if grid_ids is not None:
            wanted["grid_id"] = {"$in": list(grid_ids)}
        tasks = self._mongo.collection("tasks")
        count = await tasks.count_documents(wanted, hint="in_scope_by_state")
        newest = tasks.find(wanted, {"_id": 1}).sort([("_id", -1)]).limit(MOST_IDS).hint("in_scope_by_state")
        return OpenTasks(count, tuple(document["_id"] for document in await newest.to_list()))

    async def phones(self, township: str, person_ids: Sequence[str]) -> list[Device]:
        found = await self._devices.of_persons(township, person_ids)
        return [device for person_id in person_ids for device in found.get(person_id, ())]

    async def homes_of(self, now: Organisation, grid_ids: Sequence[str]) -> list[Household]:
        return await find_homes(self._mongo, now, HomesWanted(grid_ids=grid_ids))

    async def versions(self, township: str, unit_ids: frozenset[str], page: PageRequest) -> Page[Version]:
        wanted: Filter = {"township": township, "unit_ids": {"$in": sorted(unit_ids)}}
        bounds = {"$lt": _number(page.after)} if page.after else {}
        if page.before:
            bounds["$gt"] = _number(page.before)
        if bounds:
            wanted["version"] = bounds
        direction = 1 if page.is_backward else -1
        cursor = self._mongo.collection("organisation_versions").find(wanted).sort([("version", direction)]).limit(page.size + 1)
        documents = await cursor.hint("of_unit").to_list()
        has_more, shown = len(documents) > page.size, documents[: page.size]
        if page.is_backward:
            shown.reverse()
        rows, keys = [_version(document) for document in shown], [(f"{document['version']:010}",) for document in shown]
        if page.is_backward:
            return Page(rows, keys, has_next=page.before is not None, has_previous=has_more)
        return Page(rows, keys, has_next=has_more, has_previous=page.after is not None)


def _version(document: Document) -> Version:
    return decode(Version, document)


def _number(key_: tuple[str, ...]) -> int:
    """The version in a cursor; one that is none of ours is before everything."""
    return int(key_[0]) if key_[0].isascii() and key_[0].isdecimal() and len(key_[0]) == 10 else 0
