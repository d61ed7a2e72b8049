"""Commands by anybody, in any order, again and stale and mixed up, over a real database: it always stands as a small model says."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.access import Actor
from domain.approvals import SuspendCause
from domain.calendar import SHANGHAI
from domain.call_out import CallOutGrade, CallOutKind
from domain.deadlines import DeadlineClass
from domain.errors import RefusalCode, Refused
from domain.identity import SignIn
from domain.items import ServiceItem
from domain.posts import Role
from domain.requests import DeclineReason, Grade, HandOffTo, Request, Verdict
from domain.tasks import ContactKind, Outcome, ReturnReason
from resolvers import assists, callouts, duplicates, intake, pauses, requests, tasks, withdrawals
from resolvers.acting import Done
from resolvers.assists import AddAssist, CancelTask
from resolvers.callouts import CallDepartmentsOut, ConcludeCallOut, DecideCallOut, ReportIn
from resolvers.clock import wind
from resolvers.confirmations import code_for
from resolvers.duplicates import MergeRequests, UnmergeRequest
from resolvers.intake import AcceptRequest, DeclineRequest, HandOffRequest, ObjectToDecline
from resolvers.pauses import DecideDeferral, DeferTask, ResumeTask, SuspendTask, UndeferTask
from resolvers.requests import AnswerFollowUp, SubmitRequest
from resolvers.tasks import AcknowledgeTask, AssignTask, CompleteTask, DecideReturn, ReturnTask, StartTask, VerifyTask
from resolvers.withdrawals import WithdrawRequest
from server.demo.settlement import Settlement, uid_of
from server.settings import Settings
from server.wiring import House
from tests.conftest import DATA_KEY, MONDAY_MORNING, TestClock, open_house, plant
from tests.resolvers.model import Matter, Work
from tests.resolvers.model_acts import Found, Model

Document = dict[str, Any]
CAST = (
    *("resident-1", "resident-2", "resident-4", "grid-worker-1", "grid-worker-2", "grid-leader-1", "grid-leader-2"),
    *("dispatcher-1", "secretary-1", "secretary-2", "centre-clerk-1", "centre-clerk-2", "provider-worker-1", "hub-host-1"),
    *("branch-leader-1", "village-officer-1", "link-member-1", "administrator-1"),
)
GIVEN_TO = [handle for handle in CAST if handle not in {"resident-2", "resident-4", "hub-host-1", "link-member-1"}]
"""Whom people try to give tasks to: those whose names everybody knows, and one who can get none."""
ITEMS = ("stairwell-lamp", "new-facility", "gas-smell", "haircut-at-home", "lift-repair", "pension-form", "staff-conduct", "new-facility")
TAKEN_IN_AS = (None, None, "stairwell-lamp", "gas-smell")
DEEDS: dict[type[Any], Callable[..., Any]] = {
    SubmitRequest: requests.submit_request,
    AnswerFollowUp: duplicates.answer,
    MergeRequests: duplicates.merge_requests,
    UnmergeRequest: duplicates.unmerge_request,
    AssignTask: tasks.assign_task,
    AcknowledgeTask: tasks.acknowledge_task,
    StartTask: tasks.start_task,
    ReturnTask: tasks.return_task,
    DecideReturn: tasks.decide_return,
    CompleteTask: tasks.complete_task,
    VerifyTask: tasks.verify_task,
    SuspendTask: pauses.suspend_task,
    ResumeTask: pauses.resume_task,
    DeferTask: pauses.defer_task,
    DecideDeferral: pauses.decide_deferral,
    UndeferTask: pauses.undefer_task,
    WithdrawRequest: withdrawals.withdraw_request,
    HandOffRequest: intake.hand_off_request,
    AcceptRequest: intake.accept_request,
    DeclineRequest: intake.decline_request,
    ObjectToDecline: intake.object_to_decline,
    AddAssist: assists.add_assist,
    CancelTask: assists.cancel_task,
    CallDepartmentsOut: callouts.call_out,
    DecideCallOut: callouts.decide_call_out,
    ReportIn: callouts.report_in,
    ConcludeCallOut: callouts.conclude_call_out,
}
ASKERS = ["resident-1", "resident-2", "resident-4", "grid-worker-1"]
OFTEN = ["go_on"] * 6 + ["ask", "meddle", "insist", "pause", "take_in", "confirm", "help", "call_out", "merge"] * 2
OFTEN += ["wait", "count", "send_again", "send_changed", "try_again", "end"]
PASSING = [timedelta(minutes=11), timedelta(hours=1), timedelta(hours=3), timedelta(days=1), timedelta(days=4)]
ARRIVALS = [timedelta(minutes=11), timedelta(hours=1), timedelta(days=8), timedelta(days=16)]
PAUSES = [timedelta(hours=2), timedelta(hours=2), timedelta(days=1), timedelta(days=6), timedelta(days=20)]
LIKELY = [AcceptRequest, AcknowledgeTask, StartTask, CompleteTask, VerifyTask, AnswerFollowUp] * 2 + [
    ReturnTask,
    ReturnTask,
    DecideReturn,
    DecideReturn,
    AssignTask,
]
ARGUMENTS = st.tuples(
    st.sampled_from(GIVEN_TO),
    st.sampled_from(Verdict),
    st.sampled_from(Grade),
    st.sampled_from(Outcome),
    st.sampled_from([None, timedelta(), timedelta(minutes=30), timedelta(hours=-2)]),
    st.booleans(),
    st.booleans(),
)
OWN_WORK = {"TaskVerified", "TaskFailedCheck", "FollowUpAnswered", "RequestReworked"}


Figures = dict[tuple[str, str, str], int]
COUNTED = ("requests", "due", "completed", "answered", "solved", "satisfied", "closed", "closed_reworked", "returned")
CALLS_COUNTED = ("called_out", "reported_in")


def _as_first_read(event: Document) -> Document:
    return {name: value for name, value in event.items() if name not in {"seq", "unnumbered"}}


def _with_calls(task: Document) -> Document:
    """With what is told of its call-outs."""
    told = ("unit_id", "state", "arrive_by", "missed_told", "is_reminded")
    return {**task, "call_outs": [tuple(call[name] for name in told) for call in task["call_outs"]]}


@dataclass
class World:
    """A house of its own in a loop of its own, for whoever has none."""

    portal: BlockingPortal
    house: House
    planned: Settlement
    clock: TestClock
    done: Counter[Any]

    def id_of(self, handle: str) -> str:
        return self.planned.handles[handle]

    def clear(self) -> None:
        """Forgets everything that was asked for; the settlement stays."""
        self.clock.now = MONDAY_MORNING

        async def clear() -> None:
            for name in ("requests", "words", "tasks", "events", "commands", "sequences", "tallies", "tally_heads", "link_tries"):
                await self.house.mongo.collection(name).delete_many({})

        self.portal.call(clear)

    async def signed_in(self, by: str) -> Actor:
        now = self.clock()
        return await self.house.ports.people.signed_in(SignIn(uid_of(by), now, now + timedelta(hours=1)), at=now)

    def do(self, sent: Any, by: str) -> Done[Any] | RefusalCode:
        """The deed by somebody who signs in for it, or why not."""

        async def do() -> Done[Any] | RefusalCode:
            actor = await self.signed_in(by)
            try:
                done: Done[Any] = await DEEDS[type(sent)](sent, by=actor, ports=self.house.ports)
            except Refused as no:
                return no.refusal.code
            return done

        answer: Done[Any] | RefusalCode = self.portal.call(do)
        return answer

    def code_shown(self, request_id: str, by: str) -> str | None:
        """What their phone shows of it, to be told to whoever does the work."""

        async def read() -> str | None:
            actor, ports = await self.signed_in(by), self.house.ports
            [request] = await ports.requests.by_ids([request_id], seen_by=actor)
            tasks = await ports.tasks.of_requests(request.township, [request_id], seen_by=actor)
            return await code_for(request, tasks, by=actor, ports=ports)

        return self.portal.call(read)

    def wind(self) -> int:
        async def turn() -> int:
            moved = 0
            while now := await wind(self.house.due_tasks, ports=self.house.ports):
                moved += now
            return moved

        return self.portal.call(turn)

    def count_figures(self) -> None:
        """What was committed is numbered, and counted."""

        async def turn() -> None:
            while await self.house.sequencer.number():
                pass
            while await self.house.tallies.count():
                pass

        self.portal.call(turn)

    def figures(self) -> tuple[Figures, Figures]:
        """As they are kept, and as the history makes them."""

        async def read() -> tuple[Figures, Figures]:
            head, kept = await self.house.tallies.kept(self.planned.township_code)
            recounted = await self.house.tallies.recounted(head)
            return {cell: n for cell, n in kept.items() if n}, {cell: n for cell, n in recounted.items() if n}

        return self.portal.call(read)

    def kept(self, name: str, *, after: str = "") -> list[Document]:
        """By id, which is the order of time."""

        async def read() -> list[Document]:
            return await self.house.mongo.collection(name).find({"_id": {"$gt": after}}).sort([("_id", 1)]).to_list()

        return self.portal.call(read)

    def count(self, name: str) -> int:
        many: int = self.portal.call(self.house.mongo.collection(name).count_documents, {})
        return many


@contextmanager
def world(mongodb_uri: str, planned: Settlement) -> Iterator[World]:
    clock, name = TestClock(), f"model_{secrets.token_hex(6)}"
    given = Settings(mode="demo", mongodb_uri=mongodb_uri, mongodb_database=name, firebase_project="demo-lianhu", data_key=DATA_KEY)
    with start_blocking_portal() as portal:
        house = portal.call(open_house, given, planned, clock)
        portal.call(plant, house, planned)
        try:
            yield World(portal, house, planned, clock, Counter())
        finally:
            portal.call(house.mongo.database.client.drop_database, name)
            portal.call(house.close)


class Commands(RuleBasedStateMachine):
    """Everything that is sent has its answer held against the model; every invariant is one of domain.md, section 5."""

    def __init__(self, world: World) -> None:
        super().__init__()
        world.clear()
        self.world = world
        self.model = Model(world.planned, world.portal.call(world.house.ports.calendars.current))
        self.taken: list[tuple[str, Any, str]] = []
        self.refused: list[tuple[str, Any]] = []
        self.events: list[Document] = []
        self.versions: dict[str, Document] = {}
        self.told: dict[str, Document] = {}
        self.sent = self.commands = 0

    # --- What people send.

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.ask(data)

    @rule(data=st.data(), what=st.sampled_from(OFTEN))
    def happens(self, data: st.DataObject, what: str) -> None:
        """One rule for all of it, so that each comes as often as it should."""
        getattr(self, what)(data)

    def ask(self, data: st.DataObject, *, codes: Sequence[str] = ITEMS) -> None:
        """A resident at home; or a worker for somebody who is there, or for nobody who is named."""
        asker, code = data.draw(st.sampled_from(ASKERS)), data.draw(st.sampled_from(codes))
        home = next(person.household_id for person in self.world.planned.persons if person.id == self.world.id_of("resident-1"))
        about = data.draw(st.sampled_from([None, "secretary-1"])) if code == "staff-conduct" else None
        is_typed = asker == "grid-worker-1" and data.draw(st.booleans())
        sent = SubmitRequest(
            self.new_id(),
            next(item.id for item in self.world.planned.items if item.code == code),
            "请来看看",
            household_id=home if asker == "grid-worker-1" else None,
            on_behalf_of_id=self.world.id_of("resident-1") if is_typed else None,
            about_person_id=self.world.id_of(about) if about else None,
        )
        self.send(sent, asker)

    def go_on(self, data: st.DataObject) -> None:
        """What somebody may do with one of the requests or its tasks now, a few times."""
        matter = self.any_matter(data)
        for _ in range(data.draw(st.integers(2, 6))):
            sent_by_verb = {type(sent): sent for sent in self.deeds(matter, self.any_work(data, matter), data)}
            able = {verb: people for verb, sent in sent_by_verb.items() if (people := self.able(sent))}
            verb = data.draw(st.sampled_from([verb for verb in LIKELY if verb in able] or [AssignTask]))
            if verb in able:
                self.send(sent_by_verb[verb], data.draw(st.sampled_from(able[verb])))

    def meddle(self, data: st.DataObject) -> None:
        """Anything by anybody, or by somebody who sees it; perhaps of a version that is gone."""
        matter = self.any_matter(data)
        sent = data.draw(st.sampled_from(self.deeds(matter, self.any_work(data, matter), data)))
        known = [handle for handle in CAST if self.model.sees(self.world.id_of(handle), matter)]
        by = data.draw(st.sampled_from(known if data.draw(st.booleans()) else CAST))
        if isinstance(sent, AnswerFollowUp):
            return self.send(sent, by)
        version = data.draw(st.sampled_from([None, self.model.subject_of(sent).version, 1]))
        self.send(replace(sent, expected_version=version), by)
        for late in self.able(sent)[:1]:
            self.send(replace(sent, command_id=self.new_id(), expected_version=99), late)
        return None

    def insist(self, data: st.DataObject) -> None:
        """Whoever has it sends it back once more, however late; or the desk gives it to whoever has it."""
        work = self.any_work(data, state=data.draw(st.sampled_from(["ASSIGNED", "ACKNOWLEDGED"])))
        holder = self.holder(work)
        if work is None or holder is None:
            return
        is_late = data.draw(st.booleans())
        if is_late:
            if work.state == "ASSIGNED":
                self.send(AcknowledgeTask(self.new_id(), work.task_id), holder)
            self.pass_time(timedelta(days=4))
        if is_late or data.draw(st.booleans()):
            self.send(ReturnTask(self.new_id(), work.task_id, ReturnReason.NO_AUTHORITY, "办不了"), holder)
        else:
            self.send(AssignTask(self.new_id(), work.task_id, self.world.id_of(holder)), "dispatcher-1")

    def pause(self, data: st.DataObject) -> None:
        """What somebody works on stands still, and perhaps goes on; or it has to wait for a decision."""
        work, new = self.any_work(data, state="IN_PROGRESS"), self.new_id
        way, pause, is_yes = data.draw(st.tuples(st.integers(0, 1), st.sampled_from(PAUSES), st.booleans()))
        if work is None:
            return
        task_id, on = work.task_id, (self.now + timedelta(days=pause.days + 1)).astimezone(SHANGHAI).date()
        suspended = [SuspendTask(new(), task_id, SuspendCause.WEATHER, self.now + pause), ResumeTask(new(), task_id)]
        asked = [DeferTask(new(), task_id, "统一改造", "要等材料", on), DecideDeferral(new(), task_id, is_yes, "看过了")]
        for sent in [*self.begun(work), *([*asked, UndeferTask(new(), task_id)] if way else suspended)]:
            self.send_if_able(sent, data)

    def help(self, data: st.DataObject) -> None:
        """Somebody is called in, however deep: the whole waits for what is required, which is done, called off or left."""
        whole, new = self.any_work(data, state="IN_PROGRESS"), self.new_id
        ways = st.sampled_from(["done", "left", "called off"])
        to, is_required, way = data.draw(st.tuples(st.sampled_from(GIVEN_TO), st.sampled_from([True, False, True]), ways))
        if whole is None:
            return
        called = AddAssist(new(), whole.task_id, "先停水", assignee_id=self.world.id_of(to), required=is_required)
        for sent in (*self.begun(whole), called):
            self.send_if_able(sent, data)
        holder, part = self.holder(whole), next(iter(whole.below[-1:]), None)
        if part is None or holder is None:
            return
        if is_required:
            self.send(CompleteTask(new(), whole.task_id, Outcome.SOLVED, "都好了"), holder)
        done: list[Any] = [*self.begun(part), CompleteTask(new(), part.task_id, Outcome.SOLVED, "停好了")]
        for sent in {"done": done, "called off": [CancelTask(new(), part.task_id, "不用了")], "left": []}[way]:
            self.send_if_able(sent, data)
        self.send_if_able(CompleteTask(new(), whole.task_id, Outcome.SOLVED, "都好了"), data)

    def call_out(self, data: st.DataObject) -> None:
        """The desk wants a department to come: it does, or too late, or never; and is rated, perhaps once the work is over."""
        work = self.any_work(data, state="IN_PROGRESS")
        is_yes, later, is_over_first = data.draw(st.tuples(st.sampled_from([True, False, True]), st.sampled_from(ARRIVALS), st.booleans()))
        if work is None:
            return
        asked, decided, there, rated = self.calls(work, is_yes=is_yes)
        for sent in (*self.begun(work), asked, decided):
            self.send_if_able(sent, data)
        self.pass_time(later)
        if is_over_first:
            self.send_if_able(HandOffRequest(self.new_id(), work.matter.request_id, HandOffTo.OTHER_SERVICE, "归市里", "12345-1"), data)
        for sent in (there, rated):
            self.send_if_able(sent, data)

    def calls(self, work: Work, *, is_yes: bool) -> list[Any]:
        """Asked for, decided on, there, rated."""
        provider, task_id, new = self.model.unit_of(self.world.id_of("provider-worker-1")), work.task_id, self.new_id
        return [
            CallDepartmentsOut(new(), task_id, [provider], CallOutKind.EMERGENCY, 30, "需要停电"),
            DecideCallOut(new(), task_id, is_yes, "看过了"),
            ReportIn(new(), task_id),
            ConcludeCallOut(new(), task_id, provider, CallOutGrade.FAIR),
        ]

    def merge(self, data: st.DataObject) -> None:
        """Somebody asks for the same, and both go on as one, until it is taken out again or not solved at their place."""
        into = self.any_matter(data, states={"IN_HAND", "ON_HOLD", "RECEIVED"})
        way, verdict = data.draw(st.tuples(st.sampled_from(["answered", "let go", "taken out"]), st.sampled_from(Verdict)))
        self.ask(data)
        source, lead = self.model.matters[max(self.model.matters)], next(iter(into.works), None)
        self.send(MergeRequests(self.new_id(), into.request_id, [source.request_id], "同一件事"), "dispatcher-1")
        if source.into is not into:
            return
        if way == "answered":
            done = (
                [CompleteTask(self.new_id(), lead.task_id, Outcome.SOLVED, "好了"), VerifyTask(self.new_id(), lead.task_id, True)]
                if lead
                else []
            )
            word = AnswerFollowUp(self.new_id(), source.request_id, verdict, Grade.SATISFIED)
            for sent in (*(self.begun(lead) if lead else ()), *done, word):
                self.send_if_able(sent, data)
        elif way == "taken out":
            self.send_if_able(UnmergeRequest(self.new_id(), source.request_id), data)
        else:
            away = HandOffRequest(self.new_id(), into.request_id, HandOffTo.OTHER_SERVICE, "归市里", "12345-1")
            self.send_if_able(away, data)
            self.pass_time(timedelta(minutes=11))
            self.world.done["let go"] += source.into is None

    def begun(self, work: Work) -> list[Any]:
        """How whoever has it begins."""
        return [AcknowledgeTask(self.new_id(), work.task_id), StartTask(self.new_id(), work.task_id, ContactKind.CALL)]

    def take_in(self, data: st.DataObject) -> None:
        """What waits is taken in, perhaps as something else, or declined; whoever asked may object, and it waits once more."""
        if not any(matter.state == "RECEIVED" for matter in self.model.matters.values()):
            self.ask(data, codes=["new-facility"])
        matter = self.any_matter(data, states={"RECEIVED", "DECLINED"})
        code, is_taken_at_once, later = data.draw(
            st.tuples(st.sampled_from(TAKEN_IN_AS), st.sampled_from([False, False, True]), st.sampled_from([timedelta(), *PASSING]))
        )
        new, request_id = self.new_id, matter.request_id
        accept = AcceptRequest(new(), request_id, self.item(code) if code else None)
        decline = DeclineRequest(new(), request_id, DeclineReason.OTHER_BODY, "请到镇政府一楼窗口")
        for sent in [accept] if is_taken_at_once else [decline, ObjectToDecline(new(), request_id, "这事归你们管"), accept]:
            if data.draw(st.sampled_from([True, True, True, False])) and self.send_if_able(sent, data):
                self.pass_time(later)

    def confirm(self, data: st.DataObject) -> None:
        """Whoever asked stands by and tells their code, or somebody guesses one, several times."""
        work = self.any_work(data, self.any_matter(data, states={"IN_HAND"}))
        guesses, is_told = data.draw(st.tuples(st.sampled_from([0, 1, 7, 0]), st.sampled_from([True, True, False])))
        if work is None:
            return
        for sent in self.begun(work):
            self.send_if_able(sent, data)
        code = self.code_shown(work.matter)
        wrong = "000000" if code != "000000" else "111111"
        for given in [wrong] * guesses + [code] * (is_told and code is not None):
            done = CompleteTask(self.new_id(), work.task_id, Outcome.SOLVED, "换好了", confirmation_code=given)
            self.send(done, self.holder(work) or "dispatcher-1")

    def code_shown(self, matter: Matter) -> str | None:
        """Only whoever asked is shown one, while others work on it."""
        asker = next(handle for handle in CAST if self.world.id_of(handle) == matter.askers[0])
        matter.code = self.world.code_shown(matter.request_id, asker)
        assert (matter.code is not None) == (matter.code_holder is not None)
        return matter.code

    def end(self, data: st.DataObject) -> None:
        """Whoever asked takes it back, or the desk gives it to somebody outside."""
        matter = self.any_matter(data)
        away = HandOffRequest(self.new_id(), matter.request_id, HandOffTo.OTHER_SERVICE, "归市里", "12345-1")
        is_kept = data.draw(st.sampled_from([False, True, False])) or matter.deadline_class is DeadlineClass.DANGER
        self.send_if_able(away if is_kept else WithdrawRequest(self.new_id(), matter.request_id), data)

    def send_again(self, data: st.DataObject) -> None:
        """The phone did not hear the answer: the same again is the same thing, for whoever may still see it."""
        by, sent, subject_id = data.draw(st.sampled_from(self.taken))
        answer = self.world.do(sent, by)
        if self.model.sees(self.world.id_of(by), self.model.matters.get(subject_id) or self.model.works[subject_id]):
            assert isinstance(answer, Done)
            assert (answer.is_replay, answer.subject.id) == (True, subject_id)
        else:
            assert answer is RefusalCode.NOT_FOUND
        self.world.done["sent again"] += 1

    def send_changed(self, data: st.DataObject) -> None:
        """Other contents under an id that was used are a mistake of the phone."""
        by, sent, _ = data.draw(st.sampled_from(self.taken))
        other = {"text": "别的事"} if isinstance(sent, SubmitRequest) else {"expected_version": 77}
        changed = replace(sent, **({"words": "另一句话"} if isinstance(sent, AnswerFollowUp) else other))

        assert self.world.do(changed, by) is RefusalCode.COMMAND_MISMATCH
        self.world.done["mismatched"] += 1

    def try_again(self, data: st.DataObject) -> None:
        """What was refused is not remembered: it may be sent again when the world has changed."""
        if self.refused:
            by, sent = data.draw(st.sampled_from(self.refused))
            self.send(sent, by)

    def wait(self, data: st.DataObject) -> None:
        self.pass_time(data.draw(st.sampled_from(PASSING)))

    def count(self, _data: st.DataObject) -> None:
        self.world.count_figures()

    def pass_time(self, time: timedelta) -> None:
        """And the clock does what is due."""
        self.world.clock.now += time
        wound = self.world.wind()
        acts, commands = self.model.wind(self.now, self.found_again)

        assert wound == acts
        self.commands += commands
        self.world.done["wound"] += acts

    # --- How it is sent, and what has to come of it.

    @property
    def acts(self) -> int:
        """Each is a version on of one request."""
        return sum(matter.version for matter in self.model.matters.values())

    @property
    def now(self) -> datetime:
        return self.world.clock.now

    def new_id(self) -> UUID:
        self.sent += 1
        return UUID(int=self.sent)

    def item(self, code: str) -> str:
        return next(item.id for item in self.world.planned.items if item.code == code)

    def any_matter(self, data: st.DataObject, *, states: Set[str] = frozenset()) -> Matter:
        """Any, or one that stands there, if any does."""
        matters = [self.model.matters[id_] for id_ in sorted(self.model.matters)]
        return data.draw(st.sampled_from([matter for matter in matters if matter.state in states] or matters))

    def any_work(self, data: st.DataObject, matter: Matter | None = None, *, state: str = "") -> Work | None:
        """Any, of that request if one is given, or one that stands there, if any does."""
        works = matter.works if matter else [self.model.works[id_] for id_ in sorted(self.model.works)]
        there = [work for work in works if work.state == state] or works
        return data.draw(st.sampled_from(there)) if there else None

    def holder(self, work: Work | None) -> str | None:
        return next((handle for handle in CAST if work is not None and self.world.id_of(handle) == work.assignee), None)

    def deeds(self, matter: Matter, work: Work | None, data: st.DataObject) -> list[Any]:
        """One of each verb: of the task, if there is one, and of the request."""
        given_to, verdict, grade, outcome, ago, is_yes, is_named = data.draw(ARGUMENTS)
        assignee, request_id, new = self.world.id_of(given_to), matter.request_id, self.new_id
        withdrawn = [] if matter.deadline_class is DeadlineClass.DANGER else [WithdrawRequest(new(), request_id)]
        of_request = [
            AnswerFollowUp(new(), request_id, verdict, grade),
            AcceptRequest(new(), request_id),
            DeclineRequest(new(), request_id, DeclineReason.UNCLEAR, "请到窗口说明"),
            ObjectToDecline(new(), request_id, "我说得很清楚"),
            UnmergeRequest(new(), request_id),
            HandOffRequest(new(), request_id, HandOffTo.OTHER_SERVICE, "归市里", "12345-1"),
            *withdrawn,  # where others are in danger the work goes on without the person: that has tests of its own
        ]
        if work is None:
            return of_request
        task_id, pause, today = work.task_id, PAUSES[is_yes + 2 * is_named], self.now.astimezone(SHANGHAI).date()
        return [
            AssignTask(new(), task_id, assignee, "请您看看"),
            AcknowledgeTask(new(), task_id),
            StartTask(new(), task_id, ContactKind.CALL, not is_yes, device_time=None if ago is None else self.now - ago),
            ReturnTask(new(), task_id, ReturnReason.NOT_MY_ITEM, "不归我管"),
            DecideReturn(new(), task_id, is_yes, assignee if is_named else None, "看过了"),
            CompleteTask(new(), task_id, outcome, "办好了"),
            VerifyTask(new(), task_id, not is_yes, "看过了"),
            AddAssist(new(), task_id, "先停水", assignee_id=assignee, required=is_yes),
            CancelTask(new(), task_id, "不用了"),
            SuspendTask(new(), task_id, SuspendCause.WEATHER, self.now + pause),
            ResumeTask(new(), task_id),
            DeferTask(new(), task_id, "统一改造", "要等材料", today + timedelta(days=pause.days + 1)),
            DecideDeferral(new(), task_id, is_yes, "看过了"),
            UndeferTask(new(), task_id),
            *self.calls(work, is_yes=is_yes),
            *of_request,
        ]

    def able(self, sent: Any) -> list[str]:
        """Who of the cast may do it now."""
        return [handle for handle in CAST if self.model.refusal(sent, self.world.id_of(handle), self.now) is None]

    def send_if_able(self, sent: Any, data: st.DataObject) -> bool:
        able = self.able(sent)
        if able:
            self.send(sent, data.draw(st.sampled_from(able)))
        return bool(able)

    def send(self, sent: Any, by: str) -> None:
        """A second after whatever was sent before: nobody does two things at once."""
        self.world.clock.now += timedelta(seconds=1)
        person, is_coded = self.world.id_of(by), isinstance(sent, CompleteTask) and sent.confirmation_code is not None
        if is_coded:
            self.code_shown(self.model.works[sent.task_id].matter)
        expected = self.model.refusal(sent, person, self.now)
        answer = self.world.do(sent, by)

        if expected is not None:
            assert answer is expected, (sent, by, self.model.subject_of(sent))
            self.refused.append((by, sent))
            self.world.done[expected.value] += 1
            self.world.done["waited"] += isinstance(sent, CompleteTask) and bool(self.model.works[sent.task_id].waits_for)
            if is_coded and expected in {RefusalCode.INVALID_INPUT, RefusalCode.LIMIT_REACHED}:
                self.model.works[sent.task_id].guesses[person, self.now.astimezone(SHANGHAI).date()] += 1
                self.world.done["guessed", expected.value] += 1
            return
        assert isinstance(answer, Done), (sent, by, answer, None if isinstance(sent, SubmitRequest) else self.model.subject_of(sent))
        assert not answer.is_replay
        self.commands += 1
        self.world.done[type(sent).__name__] += 1
        self.world.done["confirmed"] += is_coded
        if isinstance(sent, AnswerFollowUp) and self.model.matters[sent.request_id].into:
            self.world.done["answered there"] += 1
        if isinstance(sent, SubmitRequest):
            self.learn(answer.subject, sent, person)
        else:
            if isinstance(sent, AcceptRequest) and sent.item_id is not None:
                self.model.taken_in_as(self.model.matters[sent.request_id], self.item_of(sent.item_id).deadline_class)
            self.model.apply(sent, person, self.now, self.found_for(sent))
        self.refused = [pair for pair in self.refused if pair[1] is not sent]
        self.taken.append((by, sent, answer.subject.id))

    def item_of(self, item_id: str) -> ServiceItem:
        return next(item for item in self.world.planned.items if item.id == item_id)

    def learn(self, request: Request, sent: SubmitRequest, person: str) -> None:
        """A new matter, where the router sent it; that it is right is for the tests of routing."""
        item, hidden = self.item_of(sent.item_id), frozenset({sent.about_person_id} if sent.about_person_id else ())
        clerk = next(post for post in self.world.planned.parts.appointments if post.role is Role.CENTRE_CLERK)
        matter = Matter(
            request_id=request.id,
            askers=tuple(dict.fromkeys(each for each in (sent.on_behalf_of_id, person) if each)),
            asked_for=self.now,
            hidden=hidden,
            about_units=frozenset(self.model.unit_of(each) for each in hidden),
            is_shielded=item.is_shielded,
            grid=None if item.is_shielded else request.place.grid_id,
            deadline_class=item.deadline_class,
            owner=request.owner_path[0],
            counter=None if item.is_auto_accepted else clerk.unit_id,
        )
        self.model.asked(matter, self.now, is_taken_in=item.is_auto_accepted)
        if item.is_auto_accepted:
            self.model.begin(matter, self.found(matter), self.now)

    def found_for(self, sent: Any) -> Found | None:
        """Whom the router found, where it was asked; and the task that there is now, where there is a new one."""
        if isinstance(sent, AcceptRequest):
            return self.found(self.model.matters[sent.request_id])
        if isinstance(sent, UnmergeRequest | AnswerFollowUp) and self.model.matters[sent.request_id].into:
            return self.found_again(self.model.matters[sent.request_id])
        if isinstance(sent, AddAssist):
            return self.found(self.model.works[sent.task_id].matter)
        if isinstance(sent, DecideReturn) and sent.approved and sent.assignee_id is None:
            return self.found(self.model.works[sent.task_id].matter, sent.task_id)
        return None

    def found_again(self, matter: Matter) -> Found | None:
        """For what goes on by itself again."""
        return self.found(matter, matter.works[0].task_id) if matter.works else None

    def found(self, matter: Matter, task_id: str | None = None) -> Found:
        """Of one task, or the new one; nobody gets what they gave back, or what is about them."""
        tasks = [task for task in self.world.kept("tasks") if task["request_id"] == matter.request_id]
        [task] = [task for task in tasks if task["_id"] == task_id or (task_id is None and task["_id"] not in self.model.works)]
        assert task["assignee_id"] not in {*matter.hidden, *(matter.returners if task_id else ())}
        assert task_id is not None or task["assignee_id"] is not None
        return Found(task["_id"], task["assignee_id"], task["owner_id"])

    # --- What always holds.

    @invariant()
    def it_stands_as_the_model_says_with_one_owner_and_the_promise_as_it_was(self) -> None:
        kept = {document["_id"]: document for name in ("requests", "tasks") for document in self.world.kept(name)}
        assert set(kept) == {*self.model.matters, *self.model.works}
        for id_, matter in self.model.matters.items():
            request, wanted = kept[id_], self.model.request_stands(matter)
            assert {name: request[name] for name in wanted} == wanted
            is_called_off = all(work.state == "CANCELLED" for work in matter.works)
            assert request["closed_at"] is None or is_called_off or kept[matter.works[0].task_id]["outcome"]
        for id_, work in self.model.works.items():
            task, wanted = _with_calls(kept[id_]), self.model.stands(work)
            assert {name: task[name] for name in wanted} == wanted
            assert (task["assignee_id"] is None) <= (task["state"] in {"QUEUED", "CANCELLED"})
        self.versions_grow_by_one(kept)

    def versions_grow_by_one(self, kept: dict[str, Document]) -> None:
        """Never without a change; that it grows by one with each is told by the history."""
        for id_, document in kept.items():
            before = self.versions.get(id_, document)
            assert (document == before) == (document["version"] == before["version"])
        self.versions = kept

    @invariant()
    def the_history_grows_by_one_event_an_act_and_tells_it_all(self) -> None:
        new = self.world.kept("events", after=self.events[-1]["_id"] if self.events else "")
        for event in new:
            for change in event["changes"]:
                known = self.told.setdefault(change["id"], {"version": 0})
                assert change["fields"]["version"] == known["version"] + 1
                known.update(change["fields"])
        self.events += new
        assert (self.world.count("events"), self.world.count("commands")) == (self.acts, self.commands)
        assert len(self.events) == self.acts
        assert self.told == self.versions

    def teardown(self) -> None:
        """Nothing of the history was altered since it was first read but for its place in the feed; figures are what it makes of them."""
        assert [_as_first_read(event) for event in self.world.kept("events")] == [_as_first_read(event) for event in self.events]
        self.world.count_figures()
        kept, recounted = self.world.figures()
        assert kept == recounted
        root = self.world.planned.parts.units[0].id
        by_model = Counter(name for matter in self.model.matters.values() for name in self.model.counted(matter))
        in_all, counted = Counter[str](), (*COUNTED, *CALLS_COUNTED)
        for (unit, period, name), number in kept.items():
            in_all[name] += number if unit == root and len(period) == len("2026-11") else 0
        assert {name: in_all[name] for name in counted} == {name: by_model[name] for name in counted}

    @invariant()
    def whoever_did_the_work_never_judged_it(self) -> None:
        workers: dict[str, set[str]] = {}
        for event in self.events:
            if event["kind"] == "TaskCompleted":
                workers.setdefault(event["task_id"], set()).add(event["actor_id"])
            if event["kind"] in OWN_WORK:
                assert event["actor_id"] not in workers.get(event["task_id"], set())


PROFILE = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],  # add Phase.shrink to look for the shortest story: it takes minutes over a real database
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
WANTED = {
    *(kind.__name__ for kind in DEEDS),
    *("NOT_FOUND", "NOT_ALLOWED", "CONFLICT", "WRONG_STATE", "INVALID_INPUT", "LIMIT_REACHED", "TOO_LATE"),
    *("sent again", "mismatched", "wound", "confirmed", "waited", "answered there", "let go"),
    *(("guessed", "INVALID_INPUT"), ("guessed", "LIMIT_REACHED")),
}


def test_whatever_anybody_sends_it_stands_as_the_model_says(mongodb_uri: str, settlement_of_60: Settlement) -> None:
    with world(mongodb_uri, settlement_of_60) as made:
        run_state_machine_as_test(partial(Commands, made), settings=PROFILE)  # type: ignore[arg-type]  # any maker of machines does

    assert {name for name in WANTED if not made.done[name]} == set(), made.done
