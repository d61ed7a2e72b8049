"""A year of a busy settlement, put into the database in seconds: for explained queries, and for measuring speed.

Requests and tasks are domain values that the adapters' own functions turn into documents; the rest has the same fields as what deeds
write. The same seed gives the same year.
"""

import gc
from asyncio import Future, create_task, gather, sleep
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

from pymongo.write_concern import WriteConcern

from adapters.mongo.cases import request_document, task_document
from adapters.mongo.codec import encode, stored_moment
from adapters.mongo.collections import build
from adapters.mongo.driver import Document
from domain.access import Door, key
from domain.calendar import SHANGHAI, WorkingCalendar, published_days, published_through
from domain.cases import Case, follow
from domain.check_digits import request_number
from domain.deadlines import DeadlineClass
from domain.devices import Device, DevicePlatform
from domain.events import Event, EventKind
from domain.households import Household
from domain.ids import Kind, compose, derived, uuid7
from domain.items import MatterScope, ServiceItem
from domain.notices import Notice, NoticeKind
from domain.organisation import Organisation
from domain.people import Person
from domain.requests import Request, RequestState
from domain.routing import Place, Service, who_serves
from domain.search import tokens_of
from domain.tasks import Outcome, Task, TaskState
from server.demo.settlement import Settlement
from server.wiring import House
from tests.adapters.sentences import sentence

YEAR = timedelta(days=365)
BATCH = 200
FILLED = ("requests", "tasks", "words", "events", "notices", "devices")

PROMISE: Mapping[DeadlineClass, timedelta] = {
    DeadlineClass.DANGER: timedelta(hours=2),
    DeadlineClass.UTILITY: timedelta(hours=24),
    DeadlineClass.NORMAL: timedelta(days=7),
    DeadlineClass.COMPLEX: timedelta(days=21),
    DeadlineClass.ENQUIRY: timedelta(days=5),
    DeadlineClass.PROXY_ERRAND: timedelta(days=5),
}
"""Roughly what the calendar makes of the limits."""

CALENDAR = WorkingCalendar.from_days(published_days(), published_through=published_through())

ITEM_SHARES = {
    "stairwell-lamp": 22,
    "water-leak": 18,
    "gas-smell": 3,
    "lift-repair": 17,
    "pension-form": 14,
    "land-certificate": 8,
    "haircut-at-home": 10,
    "tree-planting": 5,
    "staff-conduct": 3,
    "basement-flood": 2,
}

PROVISIONAL = 0.03
"""A few dates that nobody is judged by: no table is there for them yet."""

OPEN_SHARES = {
    TaskState.QUEUED: 2,
    TaskState.ASSIGNED: 20,
    TaskState.ACKNOWLEDGED: 18,
    TaskState.IN_PROGRESS: 30,
    TaskState.RETURN_PENDING: 4,
    TaskState.COMPLETED: 12,
    TaskState.AWAITING_FOLLOW_UP: 14,
}

PATHS: Mapping[TaskState, tuple[EventKind, ...]] = {
    TaskState.QUEUED: (),
    TaskState.ASSIGNED: (),
    TaskState.ACKNOWLEDGED: (EventKind.TASK_ACKNOWLEDGED,),
    TaskState.IN_PROGRESS: (EventKind.TASK_ACKNOWLEDGED, EventKind.TASK_STARTED),
    TaskState.RETURN_PENDING: (EventKind.TASK_RETURNED,),
    TaskState.CANCELLED: (),
    TaskState.COMPLETED: (EventKind.TASK_ACKNOWLEDGED, EventKind.TASK_STARTED, EventKind.TASK_COMPLETED),
}
CHECKED = (*PATHS[TaskState.COMPLETED], EventKind.TASK_VERIFIED)

NOTICE_OF: Mapping[EventKind, NoticeKind] = {
    EventKind.REQUEST_SUBMITTED: NoticeKind.TASK_ASSIGNED,
    EventKind.TASK_COMPLETED: NoticeKind.TASK_TO_CHECK,
    EventKind.TASK_VERIFIED: NoticeKind.FOLLOW_UP_ASKED,
}


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be done about the newest acts: to be told, to be numbered, and what was given up."""

    owed: int = 150
    unnumbered: int = 400
    parked: int = 5


async def fill(
    house: House,
    planned: Settlement,
    *,
    until: datetime,
    requests: int = 20_000,
    seed: int = 7,
    backlog: Backlog | None = Backlog(),
    say: Callable[[int], None] = lambda _: None,
) -> Mapping[str, int]:
    """Adds so many requests of the year before `until`, with tasks, words, events, notices and phones, to a planted settlement.

    Indexes are built at the end: that takes half the time. `say` is told how many requests there are meanwhile.
    Without a backlog there is no history either: no events and no notices. How many documents of each collection were put in.
    """
    year = _Year(planned, until, requests, Random(seed), backlog)
    await gather(*(house.mongo.collection(name).drop_indexes() for name in FILLED))
    with _without_collecting():
        counts = await _write(house, year, say)
    head = {"value": year.head, "scopes": []}
    await house.mongo.collection("sequences").replace_one({"_id": planned.township_code}, head, upsert=True)
    await build(house.mongo)
    return counts


async def _write(house: House, year: "_Year", say: Callable[[int], None]) -> dict[str, int]:
    counts = dict.fromkeys(FILLED, 0)
    writing: list[Future[None]] = []
    for batch in year.batches():
        # One batch is made while the one before it is written.
        await gather(*writing)
        writing = [create_task(_insert(house, name, documents)) for name, documents in batch.items()]
        await sleep(0)
        for name, documents in batch.items():
            counts[name] += len(documents)
        say(counts["requests"])
    await gather(*writing)
    return counts


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Millions of young documents without a circle among them: looking for one costs a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _insert(house: House, name: str, documents: list[Document]) -> None:
    quick = WriteConcern(1, j=False)
    if documents:
        await house.mongo.collection(name).with_options(write_concern=quick).insert_many(documents, ordered=False)


class _Year:
    def __init__(self, planned: Settlement, until: datetime, requests: int, chance: Random, backlog: Backlog | None) -> None:
        self._township, self._until, self._requests, self._chance = planned.township_code, until, requests, chance
        self._backlog, self._has_history = backlog or Backlog(), backlog is not None
        self._words = Random(chance.random())
        self._organisation = Organisation(self._township, "", planned.parts)
        self._homes = _lived_in(planned)
        self._staff = sorted({post.person_id for post in planned.parts.appointments})
        self._items = [item for item in planned.items if item.is_auto_accepted]
        self._shares = [ITEM_SHARES.get(item.code, 0) for item in self._items]
        self._services: dict[tuple[str, Place, date], Service] = {}
        self._numbers = count(1)
        self._acts_left = 0
        self.head = 0

    def batches(self) -> Iterator[Mapping[str, list[Document]]]:
        """The documents of some hundred cases at a time, the oldest first."""
        batch: dict[str, list[Document]] = {name: [] for name in FILLED}
        batch["devices"] = list(self._devices())
        step = YEAR / self._requests
        for number in range(self._requests):
            at = stored_moment(self._until - YEAR + step * (number + self._chance.random()))
            for name, documents in self._documents_of(self._case(at), is_newest=self._requests - number <= self._backlog.owed).items():
                batch[name] += documents
            if len(batch["requests"]) == BATCH:
                yield batch
                batch = {name: [] for name in FILLED}
        yield batch

    def _devices(self) -> Iterator[Document]:
        """Phones of most, and some that were handed back."""
        for person_id in (*(person.id for _, person in self._homes), *self._staff):
            for _ in range(self._chance.choice((0, 1, 1, 1, 2))):
                at = stored_moment(self._until - YEAR * self._chance.random())
                token = f"phone-{self._chance.getrandbits(64):x}"
                device = Device(self._id(Kind.DEVICE, at), self._township, person_id, token, DevicePlatform.ANDROID, "1.0", "zh-CN", at)
                yield encode(replace(device, retired_at=at) if self._chance.random() < 0.2 else device)

    def _id(self, kind: Kind, at: datetime) -> str:
        return compose(kind, self._township, uuid7(at, self._chance.getrandbits(74)))

    def _case(self, at: datetime) -> Case:
        home, resident = self._chance.choice(self._homes)
        item = self._chance.choices(self._items, self._shares)[0]
        place = Place(home.residence_grid_id, home.micro_grid_id, home.origin_village_id)
        request = self._request(at, item, place, home, resident)
        state, is_withdrawn = self._state(at, request), self._chance.random() < 0.02
        task = self._task(at, item, request, TaskState.CANCELLED if is_withdrawn else state)
        if is_withdrawn:
            state_of_request = self._chance.choice((RequestState.WITHDRAWN, RequestState.DECLINED, RequestState.MERGED))
            return Case(follow(replace(request, state=state_of_request), (task,), at=task.updated_at), (task,))
        tasks = (task, self._assist(task)) if self._chance.random() < 0.05 else (task,)
        return Case(follow(request, tasks, at=task.updated_at), tasks)

    def _request(self, at: datetime, item: ServiceItem, place: Place, home: Household, resident: Person) -> Request:
        limit = PROMISE.get(item.deadline_class)
        helper = self._chance.choice(self._staff) if self._chance.random() < 0.06 else None
        about = self._chance.choice(self._staff) if item.is_shielded and self._chance.random() < 0.5 else None
        return Request(
            id=self._id(Kind.REQUEST, at),
            township=self._township,
            number=request_number(self._township, at.astimezone(SHANGHAI).date(), f"{next(self._numbers):07}"),
            state=RequestState.IN_HAND,
            item_id=item.id,
            item_version=item.version,
            scope=item.default_scope,
            place=place,
            owner_path=(),
            household_id=home.id,
            submitted_by_id=helper or resident.id,
            on_behalf_of_id=resident.id if helper else None,
            submitted_at=at,
            promise_due_at=at + limit if limit else None,
            promise_provisional=limit is not None and self._chance.random() < PROVISIONAL,
            is_shielded=item.is_shielded,
            about_person_id=about,
            hidden_from=(about,) if about else (),
            is_shared=item.is_shared,
        )

    def _state(self, at: datetime, request: Request) -> TaskState:
        """Nearly everything older than its promise is over; a few in a hundred are late and still open."""
        age = self._until - at
        limit = (request.promise_due_at or at) - at
        is_over = self._chance.random() < (0.985 if age > 2 * limit else 0.75 if age > limit else 0.35)
        return TaskState.CLOSED if is_over else self._chance.choices(list(OPEN_SHARES), list(OPEN_SHARES.values()))[0]

    def _task(self, at: datetime, item: ServiceItem, request: Request, state: TaskState) -> Task:
        service = self._service(item, request.place, at.date())
        organisation, organisation_path = self._organisation, tuple(unit.id for unit in (service.unit, *service.climb))
        has_climbed = len(organisation_path) > 1 and self._chance.random() < 0.08
        owner_path = organisation_path[1:] if has_climbed else organisation_path
        assignee_id = service.person.id if service.person else None
        if has_climbed:
            assignee_id = next(iter(organisation.leaders(owner_path[0], at.date())), assignee_id)
        is_of_no_grid = request.is_shielded or request.scope is MatterScope.ORIGIN_VILLAGE
        grid = None if is_of_no_grid else organisation.grids.get(request.place.grid_id or "")
        due_at = request.promise_due_at
        is_done = state in {TaskState.COMPLETED, TaskState.AWAITING_FOLLOW_UP, TaskState.CLOSED}
        took = (due_at - at if due_at else timedelta(days=3)) * self._chance.uniform(0.1, 1.15)
        completed_at = stored_moment(min(at + took, self._until)) if is_done else None
        is_waiting = state is TaskState.ASSIGNED
        return Task(
            id=self._id(Kind.TASK, at),
            township=self._township,
            request_id=request.id,
            parent_id=None,
            state=state,
            title=item.name,
            owner_id=owner_path[0],
            owner_path=owner_path,
            grid_id=grid.id if grid else None,
            is_of_grid=grid is not None and grid.branch_id == owner_path[0],
            assignee_id=None if state in {TaskState.QUEUED, TaskState.CANCELLED} else assignee_id,
            rule=service.rule,
            routed_because=service.because,
            created_at=at,
            updated_at=completed_at or at,
            due_at=due_at,
            due_provisional=request.promise_provisional,
            assigned_at=at,
            acknowledge_by=at + timedelta(hours=6) if is_waiting else None,
            remind_at=at + timedelta(hours=3) if is_waiting and self._chance.random() < 0.5 else None,
            return_by=at + timedelta(days=2),
            past_assignees=(assignee_id,) if is_done and assignee_id else (),
            completed_at=completed_at,
            leg_met=completed_at is not None and (due_at is None or completed_at <= due_at),
            outcome=Outcome.SOLVED if is_done else None,
            askers=request.askers,
            hidden_from=request.hidden_from,
            version=1 + len(self._path(state)),
        )

    def _assist(self, lead: Task) -> Task:
        """A second hand from the property company, for the lead task."""
        worker = self._chance.choice(self._staff)
        return replace(lead, id=self._id(Kind.TASK, lead.created_at), parent_id=lead.id, assignee_id=worker, is_of_grid=False)

    def _service(self, item: ServiceItem, place: Place, on: date) -> Service:
        wanted = (item.id, place, on.replace(day=1))
        if wanted not in self._services:
            self._services[wanted] = who_serves(self._organisation, item, item.default_scope, place, on=on)
        return self._services[wanted]

    def _path(self, state: TaskState) -> tuple[EventKind, ...]:
        if state is TaskState.AWAITING_FOLLOW_UP:
            return CHECKED
        return (*CHECKED, EventKind.FOLLOW_UP_ANSWERED) if state is TaskState.CLOSED else PATHS[state]

    def _documents_of(self, case: Case, *, is_newest: bool) -> Mapping[str, list[Document]]:
        request = case.request
        if request is None:
            raise ValueError("every case of the year has a request")
        events = list(self._events(case, request)) if self._has_history else []
        subjects = [{"id": task.id, "scopes": sorted(task.scopes)} for task in case.tasks]
        subjects.append({"id": request.id, "scopes": sorted(request.scopes)})
        notices = [notice for event in events for notice in self._notices(event, case)]
        text = sentence(self._words)
        words = {"_id": request.id, "township": self._township, "text": text, "tokens": tokens_of(text), "address": None, "location": None}
        documents = [request_document(request, CALENDAR), *(task_document(case, task, CALENDAR) for task in case.tasks)]
        # As the acts would have left them: each raised every version, and the first one made the documents.
        kept = [{**document, "version": len(events)} for document in documents]
        return {
            "requests": kept[:1],
            "tasks": kept[1:],
            "words": [{**words, "remarks": {}}],
            "events": [
                self._numbered(self._event_document(event, case, subjects, changes, is_newest=is_newest), is_newest=is_newest)
                for event, changes in zip(events, _changes(kept, len(events)), strict=True)
            ],
            "notices": [self._numbered(self._notice_document(notice), is_newest=is_newest) for notice in notices],
        }

    def _events(self, case: Case, request: Request) -> Iterator[Event]:
        lead = case.tasks[0]
        kinds = (EventKind.REQUEST_SUBMITTED, *self._path(lead.state))
        span = max(lead.updated_at - lead.created_at, timedelta(minutes=len(kinds)))
        for number, kind in enumerate(kinds):
            at = stored_moment(lead.created_at + span * (number / len(kinds)))
            actor_id = request.submitted_by_id if number == 0 else lead.assignee_id
            facts = {"assignee": lead.assignee_id}
            yield Event(self._id(Kind.EVENT, at), self._township, request.id, lead.id, kind, actor_id, None, at, None, facts)

    def _notices(self, event: Event, case: Case) -> Iterator[Notice]:
        kind, lead, request = NOTICE_OF.get(event.kind), case.tasks[0], case.request
        if kind is None or request is None:
            return
        judge = request.judge_id if kind is NoticeKind.FOLLOW_UP_ASKED else None
        leaders = self._organisation.leaders(lead.owner_id, event.at.date()) if kind is NoticeKind.TASK_TO_CHECK else []
        person_id = judge or (leaders[0] if leaders else lead.assignee_id)
        if person_id is None:
            return
        is_old = self._until - event.at > timedelta(days=5)
        read_at = event.at + timedelta(minutes=20) if is_old and self._chance.random() < 0.995 else None
        about_id = request.id if judge else lead.id
        id_ = derived(Kind.NOTICE, event.id, person_id)
        yield Notice(id_, self._township, person_id, kind, lead.title, about_id, event.at, read_at)

    def _event_document(self, event: Event, case: Case, subjects: list[Document], changes: list[Document], *, is_newest: bool) -> Document:
        document = {
            **encode(event),
            "changes": changes,
            "subjects": subjects,
            "scopes": sorted({scope for subject in subjects for scope in subject["scopes"]}),
            "hidden_from": list(case.request.hidden_from) if case.request else [],
        }
        if is_newest:
            document["relay"] = {"due_at": event.at, "tries": 0}
        elif self._acts_left < self._backlog.parked:
            self._acts_left += 1
            document["relay"] = {"tries": 7, "parked_at": event.at}
        return document

    def _notice_document(self, notice: Notice) -> Document:
        return {**encode(notice), "scopes": [key(Door.PERSON, notice.person_id)]}

    def _numbered(self, document: Document, *, is_newest: bool) -> Document:
        if is_newest:
            return {**document, "unnumbered": True}
        self.head += 1
        return {**document, "seq": self.head}


def _changes(documents: Sequence[Document], events: int) -> Iterator[list[Document]]:
    """What each event changed: the first one everything, the others a version."""
    for version in range(1, events + 1):
        yield [{"id": each["_id"], "fields": {**(each if version == 1 else {}), "version": version}} for each in documents]


def _lived_in(planned: Settlement) -> Sequence[tuple[Household, Person]]:
    """Each home with its resident."""
    homes = {home.id: home for home in planned.households}
    return [(homes[person.household_id], person) for person in planned.persons if person.household_id]
