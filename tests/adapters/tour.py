"""A tour of the whole product over its ports: every read with every filter, every act, the relay, the clock and the feed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from adapters.mongo.carrying import carry_over
from adapters.mongo.catalogue import keep_items
from adapters.mongo.retention import MongoRetention
from adapters.mongo.seed import is_planted
from adapters.mongo.similar import FOR_EACH
from adapters.mongo.versions import KINDS
from domain.access import Actor, Door, key
from domain.calendar import DayKind
from domain.calendar_editing import with_mark
from domain.contacts import Contact
from domain.devices import DevicePlatform, Push, PushOutcome, PushResult
from domain.enrolment import with_check_digit
from domain.errors import Refused
from domain.events import OF_MERGES
from domain.households import Reach
from domain.identity import SignIn
from domain.ids import Kind, compose
from domain.pages import Page, PageRequest
from domain.people import Person
from domain.places import GeoPoint
from domain.ports import RequestQuery, TaskQuery
from domain.requests import Grade, Request, RequestState, Verdict
from domain.retention import POLICIES, YEAR
from domain.search import LookKind, sought
from domain.subject_requests import SubjectRequestKind, SubjectRequestState
from domain.sync import SNAPSHOT_KINDS
from domain.tallies import periods
from domain.tasks import ContactKind, Outcome, ReturnReason, Task, TaskState
from resolvers.accounts import LinkAccount, UnlinkAccount, link_account, unlink_account, who_are_you
from resolvers.clock import wind
from resolvers.devices import RegisterDevice, RetireDevice, register_device, retire_device
from resolvers.enrolment import CorrectPerson, EnrolPerson, IssueEnrolmentCode, correct_person, enrol_person, issue_enrolment_code
from resolvers.notices import MarkNoticesRead, mark_notices_read
from resolvers.own_data import data_of_subject
from resolvers.proactive import CreateTask, create_task
from resolvers.recounting import recount
from resolvers.requests import AnswerFollowUp, SubmitRequest, answer_follow_up, submit_request
from resolvers.search import enter_look, search_log
from resolvers.similar import SimilarTo, related_to, similar_requests
from resolvers.subject_requests import DecideSubjectRequest, RequestOwnData, decide_subject_request, request_own_data
from resolvers.tasks import (
    AcknowledgeTask,
    AssignTask,
    CompleteTask,
    DecideReturn,
    ReturnTask,
    StartTask,
    VerifyTask,
    acknowledge_task,
    assign_task,
    complete_task,
    decide_return,
    return_task,
    start_task,
    verify_task,
)
from server.demo.settlement import Settlement, uid_of
from server.relay import Relay
from server.wiring import House
from tests.adapters.crowding import crowd
from tests.adapters.tour_of_assists import call_others_in, raise_work
from tests.adapters.tour_of_campaigns import tour_of_campaigns
from tests.adapters.tour_of_contacts import tour_of_contacts
from tests.adapters.tour_of_followers import tour_of_followers
from tests.adapters.tour_of_helping import help_each_other
from tests.adapters.tour_of_importing import tour_of_importing
from tests.adapters.tour_of_intake import tour_of_intake
from tests.adapters.tour_of_reorganising import tour_of_reorganising
from tests.adapters.tour_of_reports import report_too_late
from tests.adapters.tour_of_the_desk import tour_of_the_desk
from tests.reorganising import keep

READERS = ("resident-1", "grid-worker-1", "grid-leader-1", "centre-clerk-1", "provider-worker-1", "secretary-1", "dispatcher-1")
OPEN_REQUESTS = (RequestState.IN_HAND, RequestState.ON_HOLD, RequestState.ANSWERED)
HAD = tuple(state for state in TaskState if state is not TaskState.QUEUED)
TO_DO = (TaskState.ASSIGNED, TaskState.ACKNOWLEDGED, TaskState.IN_PROGRESS, TaskState.SUSPENDED, TaskState.DEFERRED)

Note = Callable[[str], None]


class LatePushes:
    """Keeps `domain.push.Pushes`: every third phone is dead, every third is to be tried later."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        outcomes = (PushOutcome.SENT, PushOutcome.LATER, PushOutcome.DEAD_TOKEN)
        return [PushResult(push.device_id, outcomes[number % 3]) for number, push in enumerate(pushes)]


class Tour:
    """`house` holds the planted `planned`, filled or not; `note` is told of each step before it is made."""

    def __init__(self, house: House, planned: Settlement, clock: Any, note: Note) -> None:
        self._house, self._ports, self._planned, self._clock, self._note = house, house.ports, planned, clock, note
        self._township = planned.township_code
        self._organisation = planned.parts

    async def make(self) -> None:
        readers = await self._sign_in()
        await self._directory(readers["resident-1"])
        for name, reader in readers.items():
            await self._read(name, reader)
        await tour_of_the_desk(self._ports, self._planned, self.actor, self._note, self._pages)
        await tour_of_followers(self._house, self._planned, self.actor, self._note)
        await self._work(readers)
        await self._rights(readers)
        await tour_of_contacts(self._house, self._planned, self.actor, self._note)
        await self._enrolment()
        await self._background()
        await tour_of_campaigns(self._house, await self.actor("dispatcher-1"), self._note)
        await self._set_up_again()
        await self._a_busy_place()
        await self._demo()
        await self._end_a_post()
        await tour_of_importing(self._house, self._planned, self.actor, self._note, self._clock)
        await tour_of_reorganising(self._planned, self.actor, self._note, self._ports)

    async def _sign_in(self) -> Mapping[str, Actor]:
        self._note("signing in")
        await keep_items(self._house.mongo, list((await self._ports.catalogue.items()).values())[:1])
        return {name: await self.actor(name) for name in READERS}

    async def actor(self, handle: str) -> Actor:
        now = self._clock()
        return await self._ports.people.signed_in(SignIn(uid_of(handle), now, now + timedelta(hours=1)), at=now)

    async def _directory(self, reader: Actor) -> None:
        self._note("the directory")
        corner = self._planned.area.corners[0]
        inside = GeoPoint(corner.lat + 0.001, corner.lng + 0.001)
        await self._ports.organisations.at(inside)
        await self._ports.organisations.of_township(self._township)
        await self._ports.people.by_ids(self._township, [person.id for person in self._planned.persons[-20:]])
        homes = [home.id for home in self._planned.households]
        await self._ports.households.by_ids([reader.person.household_id or ""] if reader.person else [], seen_by=reader)
        await self._ports.households.by_ids(homes[:20], seen_by=await self.actor("grid-worker-1"))
        await self._ports.households.of_requests(self._township, homes[:20], seen_by=reader)
        await self._ports.catalogue.items()
        await self._ports.calendars.current()

    async def _read(self, name: str, reader: Actor) -> None:
        for words, query in self.request_queries(reader):
            await self._pages(f"{name}: requests {words}", self._request_page(query, reader))
        for words, query in self.searches(reader):
            await self._pages(f"{name}: requests {words}", self._request_page(query, reader))
        for words, wanted in self.task_queries(reader):
            await self._pages(f"{name}: tasks {words}", self._task_page(wanted, reader))
        self._note(f"{name}: things by id")
        requests = (await self._ports.requests.page(RequestQuery(), PageRequest(), seen_by=reader, at=self._clock())).rows
        tasks = (await self._ports.tasks.page(TaskQuery(), PageRequest(), seen_by=reader, at=self._clock())).rows
        await self._by_id(reader, requests, tasks)
        await self._inbox(name, reader)
        await self._follow(name, reader)
        self._note(f"{name}: figures")
        units = [unit.id for unit in self._organisation.units[:8]]
        today = self._clock().date()
        await self._ports.figures.deferred(units, seen_by=reader)
        await self._ports.figures.linked([grid.id for grid in self._organisation.grids], today, seen_by=reader)
        await self._ports.figures.answered(self._clock() - timedelta(days=365), self._clock(), seen_by=reader)
        for days in (30, 360):
            await self._ports.figures.sums(units, periods(today - timedelta(days=days), today), seen_by=reader)

    async def _pages(self, words: str, read: Callable[[PageRequest], Any]) -> None:
        """The first page and the next; of a list with one filter, or none, the last page and the one before it too."""
        self._note(words)
        first: Page[Any] = await read(PageRequest(20))
        self._note(f"{words}, further on")
        if first.keys:
            await read(PageRequest(20, after=first.keys[-1]))
        if "," not in words:
            last: Page[Any] = await read(PageRequest(20, is_backward=True))
            if last.keys:
                await read(PageRequest(20, before=last.keys[0], is_backward=True))

    def _request_page(self, query: RequestQuery, reader: Actor) -> Callable[[PageRequest], Any]:
        return lambda page: self._ports.requests.page(query, page, seen_by=reader, at=self._clock())

    def _task_page(self, query: TaskQuery, reader: Actor) -> Callable[[PageRequest], Any]:
        return lambda page: self._ports.tasks.page(query, page, seen_by=reader, at=self._clock())

    def request_queries(self, reader: Actor) -> Iterator[tuple[str, RequestQuery]]:
        """Each filter by itself, then the pairs that a phone or a desk would ask for."""
        now = self._clock()
        items = {item.code: item.id for item in self._planned.items}
        grids = tuple(grid.id for grid in self._organisation.grids)
        branch = self._organisation.grids[0].branch_id
        month = {"submitted_after": now - timedelta(days=60), "submitted_before": now - timedelta(days=30)}
        yield "all", RequestQuery()
        yield "asked by me", RequestQuery(asked_by_me=True)
        yield "in one state", RequestQuery(states=(RequestState.ANSWERED,))
        yield "open", RequestQuery(states=OPEN_REQUESTS)
        yield "of an item", RequestQuery(item_ids=(items["land-certificate"],))
        yield "of items", RequestQuery(item_ids=(items["stairwell-lamp"], items["tree-planting"]))
        yield "in a grid", RequestQuery(grid_ids=grids[:1])
        yield "in grids", RequestQuery(grid_ids=grids[:3])
        yield "of a unit", RequestQuery(unit_id=branch)
        yield "overdue", RequestQuery(overdue=True)
        yield "not overdue", RequestQuery(overdue=False)
        yield "since", RequestQuery(submitted_after=now - timedelta(days=30))
        yield "until", RequestQuery(submitted_before=now - timedelta(days=200))
        yield "of a month", RequestQuery(**month)
        yield "open, of an item", RequestQuery(states=OPEN_REQUESTS, item_ids=(items["tree-planting"],))
        yield "open, in a grid", RequestQuery(states=OPEN_REQUESTS, grid_ids=grids[1:2])
        yield "open, of a unit", RequestQuery(states=OPEN_REQUESTS, unit_id=branch)
        yield "closed, of a month", RequestQuery(states=(RequestState.CLOSED,), **month)
        yield "of an item, in a grid", RequestQuery(item_ids=(items["haircut-at-home"],), grid_ids=grids[1:2])
        yield "of an item, of a unit", RequestQuery(item_ids=(items["haircut-at-home"],), unit_id=branch)
        yield "of an item, of a month", RequestQuery(item_ids=(items["haircut-at-home"],), **month)
        yield "in a grid, of a month", RequestQuery(grid_ids=grids[1:2], **month)
        yield "of a unit, of a month", RequestQuery(unit_id=branch, **month)
        yield "overdue, of an item", RequestQuery(overdue=True, item_ids=(items["land-certificate"],))
        yield "overdue, in a grid", RequestQuery(overdue=True, grid_ids=grids[1:2])
        yield "overdue, of a unit", RequestQuery(overdue=True, unit_id=branch)
        yield "overdue, open", RequestQuery(overdue=True, states=OPEN_REQUESTS)
        yield "overdue, of a month", RequestQuery(overdue=True, **month)
        yield "not overdue, open", RequestQuery(overdue=False, states=OPEN_REQUESTS)
        yield "not overdue, of an item", RequestQuery(overdue=False, item_ids=(items["land-certificate"],))
        yield "not overdue, in a grid", RequestQuery(overdue=False, grid_ids=grids[1:2])
        yield "not overdue, of a unit", RequestQuery(overdue=False, unit_id=branch)
        yield "not overdue, of a month", RequestQuery(overdue=False, **month)
        yield "asked by me, overdue", RequestQuery(asked_by_me=True, overdue=True)
        yield "asked by me, not overdue", RequestQuery(asked_by_me=True, overdue=False)
        yield "asked by me, open", RequestQuery(asked_by_me=True, states=OPEN_REQUESTS)

    def searches(self, reader: Actor) -> Iterator[tuple[str, RequestQuery]]:
        """By words that are everywhere, by rare ones, by some that never stand together; with all else that narrows a list."""
        now, branch = self._clock(), self._organisation.grids[0].branch_id
        everywhere, month = sought("灯"), {"submitted_after": now - timedelta(days=60), "submitted_before": now - timedelta(days=30)}
        for words in ("灯", "楼道灯 老人", "助听器", "wifi", "暖气不热 智能手机", "没有的词"):
            yield f"of {words}", RequestQuery(sought=sought(words))
        yield "of words, asked by me", RequestQuery(sought=everywhere, asked_by_me=True)
        yield "of words, of a unit", RequestQuery(sought=everywhere, unit_id=branch)
        yield "of words, open", RequestQuery(sought=everywhere, states=OPEN_REQUESTS)
        yield "of words, of an item", RequestQuery(sought=everywhere, item_ids=(self._planned.items[0].id,))
        yield "of words, in a grid", RequestQuery(sought=everywhere, grid_ids=(self._organisation.grids[1].id,))
        yield "of words, overdue", RequestQuery(sought=everywhere, overdue=True)
        yield "of words, not overdue", RequestQuery(sought=everywhere, overdue=False)
        yield "of words, of a month", RequestQuery(sought=everywhere, **month)

    def task_queries(self, reader: Actor) -> Iterator[tuple[str, TaskQuery]]:
        soon = self._clock() + timedelta(days=2)
        grids = tuple(grid.id for grid in self._organisation.grids)
        branch = self._organisation.grids[0].branch_id
        worker = self._planned.handles["grid-worker-1"]
        yield "all", TaskQuery()
        yield "in one state", TaskQuery(states=(TaskState.COMPLETED,))
        yield "nobody has", TaskQuery(states=(TaskState.QUEUED,))
        yield "to do", TaskQuery(states=TO_DO)
        yield "of mine", TaskQuery(assignee_id=reader.id)
        yield "of a worker", TaskQuery(assignee_id=worker)
        yield "in a grid", TaskQuery(grid_ids=grids[:1])
        yield "in grids", TaskQuery(grid_ids=grids[:3])
        yield "of a unit", TaskQuery(unit_id=branch)
        yield "overdue", TaskQuery(overdue=True)
        yield "not overdue", TaskQuery(overdue=False)
        yield "due soon", TaskQuery(due_before=soon)
        yield "of mine, to do", TaskQuery(assignee_id=reader.id, states=TO_DO)
        yield "of a worker, to do", TaskQuery(assignee_id=worker, states=TO_DO)
        yield "of mine, overdue", TaskQuery(assignee_id=reader.id, overdue=True)
        yield "of a worker, overdue", TaskQuery(assignee_id=worker, overdue=True)
        yield "of mine, to do, due soon", TaskQuery(assignee_id=reader.id, states=TO_DO, due_before=soon)
        yield "to do, in a grid", TaskQuery(states=TO_DO, grid_ids=grids[1:2])
        yield "to do, of a unit", TaskQuery(states=TO_DO, unit_id=branch)
        yield "to do, overdue", TaskQuery(states=TO_DO, overdue=True)
        yield "to do, due soon", TaskQuery(states=TO_DO, due_before=soon)
        yield "to do, not overdue", TaskQuery(states=TO_DO, overdue=False)
        yield "in a grid, overdue", TaskQuery(grid_ids=grids[1:2], overdue=True)
        yield "of a unit, overdue", TaskQuery(unit_id=branch, overdue=True)
        yield "of a worker, in a grid", TaskQuery(assignee_id=worker, grid_ids=grids[:1])
        yield "somebody has", TaskQuery(states=HAD)
        yield "nobody has, in a grid", TaskQuery(states=(TaskState.QUEUED,), grid_ids=grids[:1])
        yield "nobody has, of a unit", TaskQuery(states=(TaskState.QUEUED,), unit_id=branch)
        yield "nobody has, overdue", TaskQuery(states=(TaskState.QUEUED,), overdue=True)
        yield "somebody has, not overdue", TaskQuery(states=HAD, overdue=False)
        yield "in a grid, not overdue", TaskQuery(grid_ids=grids[1:2], overdue=False)
        yield "of a unit, not overdue", TaskQuery(unit_id=branch, overdue=False)
        yield "of a worker, not overdue", TaskQuery(assignee_id=worker, overdue=False)
        yield "of a worker, of a unit", TaskQuery(assignee_id=worker, unit_id=branch)
        yield "in a grid, due soon", TaskQuery(grid_ids=grids[1:2], due_before=soon)
        yield "of a unit, due soon", TaskQuery(unit_id=branch, due_before=soon)
        yield "not overdue, due soon", TaskQuery(overdue=False, due_before=soon)
        yield "overdue, due soon", TaskQuery(overdue=True, due_before=soon)

    async def _by_id(self, reader: Actor, requests: Sequence[Request], tasks: Sequence[Task]) -> None:
        ids = [request.id for request in requests]
        await self._ports.requests.by_ids(ids, seen_by=reader)
        await self._ports.requests.by_ids(ids[:1], seen_by=reader)
        await self._ports.tasks.by_ids([task.id for task in tasks], seen_by=reader)
        await self._ports.tasks.by_ids([task.id for task in tasks[:1]], seen_by=reader)
        await self._ports.tasks.of_requests(self._township, ids, seen_by=reader)
        await self._ports.requests.words(self._township, ids)
        if requests and tasks:
            request, task, history = requests[0], tasks[0], self._ports.history
            await self._ports.requests.by_number(request.number, seen_by=reader)
            await self._pages("history of a request", lambda page: history.of_request(request, page))
            await self._pages("history of a request, to its asker", lambda page: history.of_request(request, page, without=OF_MERGES))
            await self._pages("history of a task", lambda page: history.of_task(task, page))

    async def _inbox(self, name: str, reader: Actor) -> None:
        notices = self._ports.notices
        await self._pages(f"{name}: the inbox", lambda page: notices.page(page, seen_by=reader))
        self._note(f"{name}: notices")
        await notices.unread(seen_by=reader)
        ids = [notice.id for notice in (await notices.page(PageRequest(10), seen_by=reader)).rows]
        await notices.by_ids(ids, seen_by=reader)
        if ids:
            await mark_notices_read(MarkNoticesRead(uuid4(), ids[:5]), by=reader, ports=self._ports)

    async def _follow(self, name: str, reader: Actor) -> None:
        feed = self._ports.feed
        self._note(f"{name}: the feed")
        head = await feed.head(self._township)
        await feed.rows(head - 1_000, head, 100, seen_by=reader)
        await feed.rows(0, head, 100, seen_by=reader)
        for kind in SNAPSHOT_KINDS:
            self._note(f"{name}: the snapshot of {kind.value}")
            rows = await feed.everything(kind, "", 100, seen_by=reader)
            await feed.everything(kind, rows[-1].id if rows else "", 100, seen_by=reader)

    async def _work(self, people: Mapping[str, Actor]) -> None:
        resident, worker, leader, dispatcher = (people[name] for name in ("resident-1", "grid-worker-1", "grid-leader-1", "dispatcher-1"))
        ports = self._ports
        self._note("asking")
        lamp = next(item.id for item in self._planned.items if item.code == "stairwell-lamp")
        sent = SubmitRequest(uuid4(), lamp, "楼道灯不亮")
        request = (await submit_request(sent, by=resident, ports=ports)).subject
        self._note("asking again, and again")
        await submit_request(sent, by=resident, ports=ports)
        await self._what_is_alike([resident, dispatcher], [lamp, next(item.id for item in self._planned.items if item.needs_paper)])
        [task] = await ports.tasks.of_requests(self._township, [request.id], seen_by=worker)
        self._note("working")
        await return_task(ReturnTask(uuid4(), task.id, ReturnReason.OTHER, "不是我的"), by=worker, ports=ports)
        await decide_return(DecideReturn(uuid4(), task.id, approved=False, reason="是你的"), by=dispatcher, ports=ports)
        await assign_task(AssignTask(uuid4(), task.id, self._planned.handles["grid-worker-2"]), by=dispatcher, ports=ports)
        await report_too_late(task.id, worker, ports)
        await assign_task(AssignTask(uuid4(), task.id, worker.id or ""), by=dispatcher, ports=ports)
        await acknowledge_task(AcknowledgeTask(uuid4(), task.id), by=worker, ports=ports)
        await start_task(StartTask(uuid4(), task.id, ContactKind.CALL), by=worker, ports=ports)
        self._note("calling others in")
        await call_others_in(request.id, task.id, self._planned, people, ports)
        await complete_task(CompleteTask(uuid4(), task.id, Outcome.SOLVED, "换了灯泡"), by=worker, ports=ports)
        await verify_task(VerifyTask(uuid4(), task.id, passed=True, reason="灯亮了"), by=leader, ports=ports)
        await answer_follow_up(AnswerFollowUp(uuid4(), request.id, Verdict.SOLVED, Grade.SATISFIED, "好"), by=resident, ports=ports)
        self._note("raising work")
        grid = next(p.grid_id for p in self._organisation.appointments if p.person_id == worker.id and p.grid_id)
        await raise_work(lamp, grid, self._planned, people, ports)
        self._note("taking in, and what comes after the end")
        wish = next(item.id for item in self._planned.items if not item.is_auto_accepted)
        await tour_of_intake(wish, request.id, people, ports)
        self._note("helping each other")
        await help_each_other(lamp, lambda: self.actor("resident-4"), people, ports)
        self._note("the search log")
        if dispatcher.person is not None:
            look = await enter_look(LookKind.EXPORT, RequestQuery(), by=dispatcher.person, ports=ports)
            await ports.search_log.finish(look, 20)
        officer = await self.actor("privacy-officer-1")
        await self._pages("the search log", lambda page: search_log(page, by=officer, ports=ports))
        self._note("phones")
        await register_device(RegisterDevice(uuid4(), "a-phone", DevicePlatform.ANDROID), by=worker, ports=ports)
        phone = await register_device(RegisterDevice(uuid4(), "a-phone", DevicePlatform.ANDROID), by=leader, ports=ports)
        await retire_device(RetireDevice(uuid4(), phone), by=leader, ports=ports)

    async def _what_is_alike(self, readers: Sequence[Actor], items: Sequence[str]) -> None:
        """Of what is everybody's and of what is somebody's own, before they ask; and around one request, and a page of them."""
        home = readers[0].person.household_id if readers[0].person else None
        for reader in readers:
            for item in items:
                self._note(f"what is known already to {reader.id} of {item}")
                await similar_requests(SimilarTo(item, household_id=home), by=reader, ports=self._ports)
            page = (await self._ports.requests.page(RequestQuery(), PageRequest(50), seen_by=reader, at=self._clock())).rows
            for requests in (page[:1], page[:5], page):
                self._note(f"what is related to {len(requests)} for {reader.id}")
                await related_to(requests, by=reader, ports=self._ports)

    async def _rights(self, people: Mapping[str, Actor]) -> None:
        """What somebody asks about the own data, what is removed of them, and what goes by itself."""
        ports, officer, resident = self._ports, await self.actor("privacy-officer-1"), people["resident-1"]
        rights = ports.subject_requests
        self._note("what persons ask about their data")
        asked = [
            (await request_own_data(RequestOwnData(uuid4(), kind, "请处理"), by=resident, ports=ports)).subject
            for kind in SubjectRequestKind
        ]
        await data_of_subject(asked[0].id, PageRequest(5), by=officer, ports=ports)
        await decide_subject_request(DecideSubjectRequest(uuid4(), asked[0].id, done=True), by=officer, ports=ports)
        await rights.by_ids([each.id for each in asked], seen_by=officer)
        await rights.by_ids([each.id for each in asked], seen_by=resident)
        await self._pages("subject requests", lambda page: rights.page(None, page, seen_by=officer))
        await self._pages("open subject requests", lambda page: rights.page(SubjectRequestState.OPEN, page, seen_by=officer))
        await self._pages("own subject requests", lambda page: rights.own(page, seen_by=resident))
        self._note("somebody who asked for nothing goes")
        await self._erase(officer)
        self._note("what has been kept long enough")
        hand, later = MongoRetention(self._house.mongo), self._clock() + timedelta(days=4 * YEAR)
        request = (await ports.requests.page(RequestQuery(), PageRequest(), seen_by=people["dispatcher-1"], at=self._clock())).rows[0]
        await hand.hold(request.number, "有人起诉", at=self._clock())
        await hand.hold(request.number, None, at=self._clock())
        residents = [person.id for person in self._planned.persons if person.household_id][:150]
        now, gone = self._clock(), compose(Kind.PERSON, self._township, uuid4())
        await ports.contacts.keep([Contact(id_, self._township, Reach.VISIT, None, None, now, id_) for id_ in (*residents, gone)])
        handed_out = IssueEnrolmentCode(uuid4(), residents[2])
        await issue_enrolment_code(handed_out, by=await self.actor("administrator-1"), ports=ports)
        for policy in POLICIES:
            batches = [due async for due in hand.due(policy, at=later)]
            for due in batches[:1]:
                await hand.remove(due, at=later)

    async def _erase(self, officer: Actor) -> None:
        person = Person(compose(Kind.PERSON, self._township, uuid4()), self._township, "新来的")
        await keep(self._house, self._township, person)
        newcomer = Actor(person, (), frozenset({key(Door.PERSON, person.id)}), officer.organisation)
        sent = RequestOwnData(uuid4(), SubjectRequestKind.DELETE)
        asked = (await request_own_data(sent, by=newcomer, ports=self._ports)).subject
        await decide_subject_request(DecideSubjectRequest(uuid4(), asked.id, done=True), by=officer, ports=self._ports)

    async def _background(self) -> None:
        house = self._house
        self._note("the relay")
        await self._phones_for_all()
        relay = Relay(house.outbox, self._ports.organisations, LatePushes(), house.messages, self._clock)
        await relay.turn()
        self._clock.advance(hours=1)
        await relay.turn()
        [owed, *_] = await house.outbox.claim(at=self._clock() + timedelta(days=1), limit=5, lease_seconds=60)
        await house.outbox.park(owed, at=self._clock())
        await house.outbox.parked()
        await house.outbox.claim(at=self._clock() + timedelta(days=2), limit=5_000, lease_seconds=1)  # work that nobody asked for among it
        self._note("the sequencer")
        while await house.sequencer.number():
            pass
        self._note("the tally")
        while await house.tallies.count():
            pass
        head, _ = await house.tallies.kept(self._township)
        await house.tallies.recounted(head)
        await house.tallies.begin_anew(self._township)
        while await house.tallies.count():
            pass
        await house.tallies.count()
        self._note("the documents held against their history")
        async for _ in house.histories.differing(self._township):
            pass
        self._note("the clock")
        await house.due_tasks.backlog(at=self._clock())
        for failed in await house.due_tasks.claim(at=self._clock(), limit=20, lease_seconds=1):
            await house.due_tasks.later(failed, until=self._clock())
        await wind(house.due_tasks, ports=self._ports)
        self._note("another calendar")
        table = await house.calendars.table()
        days = with_mark(table.days, self._clock().date() + timedelta(days=1), DayKind.OFF, "演练")
        await house.calendars.publish(days, table.published_through, instead_of=table, at=self._clock())
        await recount(house.recounts, ports=self._ports, limit=5)
        job = await house.recounts.claim(at=self._clock(), lease_seconds=60)
        if job is None:
            raise ValueError("a calendar that changed is to be counted by")
        await house.recounts.affected(job, 100_000)
        await house.recounts.done(job)
        self._note("the bells")
        for name in ("events", "sequences"):
            async with house.mongo.watch(name, [{"$match": {"operationType": "insert"}}]):
                pass

    async def _enrolment(self) -> None:
        self._note("enrolment")
        administrator, ports = await self.actor("administrator-1"), self._ports
        entered = (
            await enrol_person(EnrolPerson(uuid4(), "新邻居", is_over_fourteen=True, code="A-17"), by=administrator, ports=ports)
        ).subject
        home = next(household.id for household in self._planned.households)
        await correct_person(CorrectPerson(uuid4(), entered.id, "改名", home), by=administrator, ports=ports)
        if administrator.organisation is not None:
            await ports.enrolment.listed(administrator.organisation, "A-17")
        self._note("a code, and a sign-in with two persons")
        phone = SignIn("a-new-phone", self._clock(), self._clock() + timedelta(hours=1))
        for person_id in (entered.id, self._planned.handles["resident-2"]):
            issued = (await issue_enrolment_code(IssueEnrolmentCode(uuid4(), person_id), by=administrator, ports=ports)).subject
            for code in (with_check_digit(f"{(issued.digits or '')[:4]}000"), issued.digits or ""):
                with suppress(Refused):
                    await link_account(LinkAccount(uuid4(), code), sign_in=phone, ports=ports)
        await who_are_you(phone, ports=ports)
        for named in (None, entered.id):
            await ports.people.signed_in(phone, at=self._clock() + timedelta(days=1), person_id=named)
        self._note("a lost phone")
        for person_id in (entered.id, self._planned.handles["resident-2"]):
            await unlink_account(UnlinkAccount(uuid4(), person_id), by=administrator, ports=ports)

    async def _phones_for_all(self) -> None:
        for number, post in enumerate(self._organisation.appointments[:20]):
            holder = replace(
                await self.actor("grid-worker-1"), person=next(p for p in self._organisation.holders if p.id == post.person_id)
            )
            await register_device(RegisterDevice(uuid4(), f"another-phone-{number}", DevicePlatform.ANDROID), by=holder, ports=self._ports)

    async def _set_up_again(self) -> None:
        """A request, and work that nobody asked for, as an earlier release kept them, among all that is whole."""
        self._note("what an earlier release kept")
        lamp = next(item.id for item in self._planned.items if item.code == "stairwell-lamp")
        request = (
            await submit_request(SubmitRequest(uuid4(), lamp, "灯不亮"), by=await self.actor("resident-3"), ports=self._ports)
        ).subject
        sent = CreateTask(uuid4(), lamp, "路灯不亮", request.place.grid_id or "")
        work = (await create_task(sent, by=await self.actor("grid-leader-1"), ports=self._ports)).subject
        for name, id_ in (("requests", request.id), ("tasks", work.id)):
            by_id = {"township": self._township, "_id": id_}
            await self._house.mongo.collection(name).update_one(by_id, {"$unset": {"title" if name == "requests" else "late": ""}})
        self._note("setting up again")
        assert await carry_over(self._house.mongo, at=self._clock()) == 2

    async def _a_busy_place(self) -> None:
        self._note("a busy place")
        readers = [await self.actor(handle) for handle in ("resident-1", "dispatcher-1")]
        lamp = next(item.id for item in self._planned.items if item.code == "stairwell-lamp")
        request = (await submit_request(SubmitRequest(uuid4(), lamp, "灯又不亮"), by=readers[0], ports=self._ports)).subject
        await crowd(self._house, request, 3 * FOR_EACH)
        for reader in readers:
            page = (await self._ports.requests.page(RequestQuery(), PageRequest(2), seen_by=reader, at=self._clock())).rows
            self._note(f"what is related at a busy place for {reader.id}")
            await related_to(page, by=reader, ports=self._ports)

    async def _demo(self) -> None:
        self._note("the demo")
        await is_planted(self._house.mongo, self._township)
        await self._house.devices.tokens_of(self._township, self._planned.handles["grid-worker-1"])

    async def _end_a_post(self) -> None:
        self._note("ending a post")
        last = self._organisation.appointments[-1]
        await keep(self._house, self._township, replace(last, until=date(2026, 1, 2)), gone=tuple((name, "nowhere") for name in KINDS))
        now = await self._ports.organisations.of_township(self._township)
        if now is not None:
            await self._ports.organisations.as_of(now, self._clock() - timedelta(days=400))
            await self._ports.organisations.as_of(now, self._clock() - timedelta(seconds=1))
