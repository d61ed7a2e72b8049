"""The same small model, doing: what has to stand after each deed and each hour, and what the figures have to say of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from domain.calendar import SHANGHAI
from domain.deadlines import DeadlineClass, Due, Limit, LimitUnit, due, office_time_between
from domain.legs import acceptance, promise, put_right, red_at, resumed, windows, yellow_at
from domain.requests import Verdict
from resolvers.assists import AddAssist, CancelTask
from resolvers.callouts import CallDepartmentsOut, ConcludeCallOut, DecideCallOut, ReportIn
from resolvers.duplicates import MergeRequests, UnmergeRequest
from resolvers.intake import AcceptRequest, DeclineRequest, HandOffRequest, ObjectToDecline
from resolvers.pauses import DecideDeferral, DeferTask, ResumeTask, SuspendTask, UndeferTask
from resolvers.requests import AnswerFollowUp
from resolvers.tasks import AcknowledgeTask, AssignTask, CompleteTask, DecideReturn, ReturnTask, StartTask, VerifyTask
from resolvers.withdrawals import WithdrawRequest
from tests.resolvers.model import BAD_GRADES, CALLED, DONE, ELSEWHERE, HELD, OVER, REMINDED_AFTER, WITHOUT_ANSWER, Call, Law, Matter, Work


@dataclass(frozen=True)
class Found:
    """Whom the router found for which task: that it is right is for the tests of routing."""

    task_id: str
    person: str | None
    unit: str


class Model(Law):
    """As `Law`, and what is done."""

    # --- What is done.

    def apply(self, sent: Any, by: str, at: datetime, found: Found | None = None) -> None:
        """The matter as it has to stand after the deed."""
        subject = self.subject_of(sent)
        if isinstance(sent, MergeRequests):
            self._merge(self.matters[sent.from_ids[0]], self.matters[sent.into_id], at)
        elif isinstance(subject, Matter):
            with self._act(subject, at):
                self._apply_to_request(subject, sent, at, found)
        else:
            with self._act(subject.matter, at, subject):
                self._apply_to_task(subject, sent, by, at, found)

    @contextmanager
    def _act(self, matter: Matter, at: datetime, on: Work | None = None) -> Iterator[None]:
        """One act: a version on for the request, for what it was done to, and for each task for which anything follows from it."""
        before = {work.task_id: work.seen() for work in matter.works}
        yield
        for work in matter.works:
            self._end_calls(work, at)
            if work.task_id in before and (work is on or work.seen() != before[work.task_id]):
                work.version += 1
        matter.version += 1
        self._follow(matter, at)

    def _apply_to_request(self, matter: Matter, sent: Any, at: datetime, found: Found | None) -> None:
        match sent:
            case AcceptRequest():
                matter.state = "IN_HAND"
                self._wait(matter, None)
                self.begin(matter, found, at)
            case DeclineRequest():
                self._end(matter, "DECLINED")
                matter.declined_at = at
            case ObjectToDecline():
                self._object(matter, at)
            case WithdrawRequest() | HandOffRequest():
                self._end(matter, "WITHDRAWN" if isinstance(sent, WithdrawRequest) else "HANDED_OFF")
            case UnmergeRequest():
                self._by_itself(matter, at, found, matter.promised)
            case _ if matter.into:
                self._answer_merged(matter, sent, at, found)
            case _:
                self._answer(matter, sent, at)

    def _apply_to_task(self, work: Work, sent: Any, by: str, at: datetime, found: Found | None) -> None:
        match sent:
            case AssignTask():
                is_new_leg = work.state == "QUEUED" and bool(work.had)
                self._resume(work, at)
                self.hand(work, sent.assignee_id, self.unit_of(sent.assignee_id), at, is_new_leg=is_new_leg)
            case AcknowledgeTask():
                work.state, work.acknowledge_by, work.remind_at = "ACKNOWLEDGED", None, None
            case StartTask():
                self._start(work, sent, at)
            case ReturnTask():
                work.returners.append(by)
                work.state, work.returned_at, work.acknowledge_by, work.remind_at = "RETURN_PENDING", at, None, None
            case DecideReturn():
                self._decide(work, sent, at, found)
            case CompleteTask():
                self._complete(work, sent, by)
            case VerifyTask() if sent.passed:
                self._check(work)
            case VerifyTask():
                work.matter.reworks += 1
                for each in (work, *(above for above in work.above if above.state == "COMPLETED")):
                    self._again(each, at)
            case AddAssist():
                self._help(work, sent, at, found)
            case CallDepartmentsOut():
                work.calls += [Call(unit, timedelta(minutes=sent.arrive_within_minutes)) for unit in sent.unit_ids]
            case DecideCallOut() | ReportIn() | ConcludeCallOut():
                self._call(work, sent, by, at)
            case CancelTask():
                for each in (work, *work.below):
                    self._cancel(each)
            case _:
                self._pause(work, sent, by, at)

    def _follow(self, matter: Matter, at: datetime) -> None:
        """What the request says of itself."""
        if matter.state not in ELSEWHERE and matter.works:
            states = {work.state for work in matter.works} - OVER
            is_held, is_asked = bool(states) and states <= HELD, states == {"AWAITING_FOLLOW_UP"}
            before = matter.state
            matter.state = "ON_HOLD" if is_held else "ANSWERED" if is_asked else "IN_HAND" if states else "CLOSED"
            matter.held_at = (matter.held_at if before == "ON_HOLD" else at) if is_held else None
            matter.path = matter.works[0].path
        is_asked, is_over = matter.state == "ANSWERED", matter.state in {*ELSEWHERE, "CLOSED"}
        matter.closed_at = (matter.closed_at or at) if is_over else None
        matter.asked_at, matter.calls_begun_at = (matter.asked_at or at, matter.calls_begun_at) if is_asked else (None, None)

    # --- Taking in, and the end.

    def asked(self, matter: Matter, at: datetime, *, is_taken_in: bool) -> None:
        """It is there, and promised; taken in at once, or waiting for that."""
        given = promise(self._calendar, matter.deadline_class, at)
        matter.promise, matter.promise_provisional = (given.at, given.is_provisional) if given else (None, False)
        matter.path = self.path(matter.owner)
        self.matters[matter.request_id] = matter
        if not is_taken_in:
            matter.state = "RECEIVED"
            self._wait(matter, at)

    def taken_in_as(self, matter: Matter, deadline_class: DeadlineClass) -> None:
        """As another item: its promise counts since it was asked for."""
        matter.deadline_class = deadline_class
        self.asked(matter, matter.asked_for, is_taken_in=True)

    def begin(self, matter: Matter, found: Found | None, at: datetime) -> None:
        """Somebody has its task, whose leg is due with the promise."""
        lead = self._new(matter, found, at)
        lead.due, lead.is_provisional = matter.promise, matter.promise_provisional

    def _new(self, matter: Matter, found: Found | None, at: datetime, *, helps: Work | None = None, is_required: bool = True) -> Work:
        assert found is not None
        work = Work(matter, found.task_id, helps, is_required)
        self.hand(work, found.person, found.unit, at, is_new_leg=False)
        matter.works.append(work)
        self.works[work.task_id] = work
        return work

    def _wait(self, matter: Matter, since: datetime | None) -> None:
        """To be taken in, since then; nobody is waited for without."""
        times = acceptance(self._calendar, matter.deadline_class, since) if since else (None, None)
        matter.accept_remind_at, matter.accept_by = times
        matter.is_acceptance_late = False

    def _object(self, matter: Matter, at: datetime) -> None:
        """It waits once more; what was left of the promise when it was declined is left now."""
        matter.state, matter.has_objected = "RECEIVED", True
        self._wait(matter, at)
        if matter.declined_at:
            self._promise_again(matter, matter.declined_at, at)

    def _promise_again(self, matter: Matter, stood_since: datetime, until: datetime) -> None:
        if matter.promised:
            again = resumed(self._calendar, matter.promised, stood_since, until)
            matter.promise, matter.promise_provisional = again.at, again.is_provisional

    def _end(self, matter: Matter, state: str) -> None:
        """Somebody outside has it, or nobody needs it, or does it: the work is called off."""
        matter.state = state
        self._wait(matter, None)
        for work in matter.works:
            self._cancel(work)

    def _call(self, work: Work, sent: Any, by: str, at: datetime) -> None:
        match sent:
            case DecideCallOut():
                for each in work.calls:
                    if each.state == "ASKED":
                        each.state, each.arrive_by = ("RAISED", at + each.within) if sent.approved else ("REFUSED", None)
            case ReportIn():
                there = next(each for each in work.calls if each.state == "RAISED" and self._is_of(by, each))
                there.state, there.reported_at = "REPORTED", at
            case ConcludeCallOut():
                [each for each in work.calls if each.is_to_be_rated][-1].state = "CONCLUDED"

    def _end_calls(self, work: Work, at: datetime) -> None:
        """Nobody is to come any more once the task is over."""
        for each in work.calls if work.state in OVER else ():
            if each.state in CALLED:
                each.state, each.ended_at = "ENDED", at

    def _cancel(self, work: Work) -> None:
        if work.state not in OVER:
            work.state, work.due = "CANCELLED", None
            work.acknowledge_by = work.remind_at = work.contact_by = work.return_by = None

    # --- Several that go on as one.

    def _merge(self, matter: Matter, into: Matter, at: datetime) -> None:
        """Its work is called off; the other one goes on for both."""
        with self._act(matter, at):
            matter.called_off = [work for work in matter.works if work.state not in OVER]
            matter.into, matter.verdict, matter.grade = into, None, None
            self._end(matter, "MERGED")
        into.merged, into.version = into.merged + 1, into.version + 1

    def _answer_merged(self, matter: Matter, sent: AnswerFollowUp, at: datetime, found: Found | None) -> None:
        """Solved here too, or it goes on by itself."""
        matter.verdict, matter.grade = sent.verdict, sent.grade
        if sent.verdict is Verdict.NOT_SOLVED or sent.grade in BAD_GRADES:
            matter.reworks, matter.unsolved = matter.reworks + 1, matter.unsolved + 1
            self._by_itself(matter, at, found, promise(self._calendar, matter.deadline_class, at))

    def _by_itself(self, matter: Matter, at: datetime, found: Found | None, leg: Due | None) -> None:
        """With the work that was called off, or waiting to be taken in where nobody had."""
        if matter.into:
            matter.into.merged, matter.into.version = max(matter.into.merged - 1, 0), matter.into.version + 1
        matter.into, matter.state, lead = None, "IN_HAND" if matter.works else "RECEIVED", next(iter(matter.works), None)
        if lead is None or found is None:
            return self._wait(matter, at)
        self.hand(lead, found.person, found.unit, at, is_new_leg=False)
        self._leg(lead, leg)
        for part in (work for work in matter.called_off if work is not lead):
            part.state, part.assignee = "QUEUED", None
            self._leg(part, leg)
        return None

    # --- The work.

    def hand(self, work: Work, person: str | None, unit: str, at: datetime, *, is_new_leg: bool) -> None:
        """To somebody of a unit, or to nobody of it."""
        if work.assignee:
            work.had.add(work.assignee)
        work.owner, work.path, work.assignee, work.tries, work.is_unheard = unit, self.path(unit), person, [], False
        work.wishes_deferral = None
        work.state, work.returned_at, work.assigned_at = "ASSIGNED" if person else "QUEUED", None, at if person else None
        given = windows(self._calendar, work.matter.deadline_class, at) if person else None
        work.acknowledge_by = given.acknowledge_by if given else None
        work.remind_at = given.remind_at if given else None
        work.return_by = given.return_by if given else None
        work.contact_by = given.contact_by if given else None
        if is_new_leg and person:
            self._leg(work, promise(self._calendar, work.matter.deadline_class, at))

    def _leg(self, work: Work, leg: Due | None) -> None:
        work.due, work.is_provisional = (leg.at, leg.is_provisional) if leg else (None, False)

    def _help(self, work: Work, sent: AddAssist, at: datetime, found: Found | None) -> None:
        """Somebody helps, on a leg of their own inside the promise, while that is not broken."""
        child, own = self._new(work.matter, found, at, helps=work, is_required=sent.required), None
        own, end = promise(self._calendar, work.matter.deadline_class, at), work.matter.promised
        is_inside = end is None or end.at <= at or (own is not None and own.at <= end.at)
        self._leg(child, own if is_inside else end)

    def _start(self, work: Work, sent: StartTask, at: datetime) -> None:
        is_plausible = sent.device_time and work.assigned_at and work.assigned_at <= sent.device_time <= at
        tried_at = sent.device_time if sent.device_time and is_plausible else at
        if not sent.reached and all(abs(tried_at - earlier) >= timedelta(minutes=10) for earlier in work.tries):
            work.tries.append(tried_at)
        if sent.reached or len(work.tries) == 3:
            work.state, work.is_unheard = "IN_PROGRESS", False

    def _decide(self, work: Work, sent: DecideReturn, at: datetime, found: Found | None) -> None:
        work.is_bound = work.is_bound or len(work.returners) > 1
        if sent.approved and sent.assignee_id:
            self.hand(work, sent.assignee_id, self.unit_of(sent.assignee_id), at, is_new_leg=True)
        elif sent.approved and found:
            self.hand(work, found.person, found.unit, at, is_new_leg=True)
        else:
            self._resume(work, at)
            work.state, work.returned_at = "ACKNOWLEDGED", None

    def _resume(self, work: Work, at: datetime) -> None:
        """What was left of the leg when it was returned is left now."""
        if work.due and work.returned_at:
            self._leg(work, resumed(self._calendar, self._due(work, work.due), work.returned_at, at))

    def _due(self, work: Work, at: datetime) -> Due:
        return Due(at, work.is_provisional, by_the_clock=work.matter.is_by_clock)

    def _complete(self, work: Work, sent: CompleteTask, by: str) -> None:
        """Checked next by somebody else; what was said on the spot, or nobody is left to check, counts at once."""
        work.had.add(by)
        work.outcome, work.wishes_deferral = sent.outcome, None
        if sent.confirmation_code is None and self.verifiers(work):
            work.state = "COMPLETED"
            self._call_off_what_helps(work)
        else:
            self._check(work)

    def _check(self, work: Work) -> None:
        """The resident is asked next, unless they did it themselves; what helped was checked with it."""
        is_asked = work.parent is None and work.matter.askers[0] not in work.matter.workers
        work.state = "AWAITING_FOLLOW_UP" if is_asked else "CLOSED"
        self._call_off_what_helps(work)
        for part in work.below:
            part.state = part.state if part.state in OVER else "CLOSED"

    def _call_off_what_helps(self, work: Work) -> None:
        """Nobody finished it, and nobody had to."""
        undone = [part for part in work.below if part.parent is work and part.state not in DONE]
        for part in [each for undone_part in undone for each in (undone_part, *undone_part.below)]:
            self._cancel(part)

    def _again(self, work: Work, at: datetime) -> None:
        work.state, work.outcome = "IN_PROGRESS", None
        self._leg(work, promise(self._calendar, work.matter.deadline_class, at))

    def _answer(self, matter: Matter, sent: AnswerFollowUp, at: datetime) -> None:
        matter.verdict, matter.grade, lead = sent.verdict, sent.grade, matter.works[0]
        if sent.verdict is not Verdict.NOT_SOLVED and sent.grade not in BAD_GRADES:
            return self._close(matter)
        self._again(lead, at)
        matter.reworks, matter.unsolved = matter.reworks + 1, matter.unsolved + 1
        if sent.grade in BAD_GRADES:  # heard again within a day, done within fifteen
            self._leg(lead, put_right(self._calendar, matter.deadline_class, at))
            lead.contact_by = due(self._calendar, at, Limit(1, LimitUnit.WORKING_DAY)).at
            lead.is_unheard, lead.tries = True, []
        if matter.unsolved > 1:
            lead.owner = self._parents[lead.owner] or lead.owner
            lead.path = self.path(lead.owner)
        return None

    def _close(self, matter: Matter) -> None:
        for work in matter.works:
            work.state = work.state if work.state in OVER else "CLOSED"

    # --- Standing still.

    def _pause(self, work: Work, sent: Any, by: str, at: datetime) -> None:
        match sent:
            case SuspendTask():
                work.state, work.paused_at, work.resume_at = "SUSPENDED", at, sent.until
            case ResumeTask():
                self._go_on(work, min(at, work.resume_at or at))
            case UndeferTask():
                self._go_on(work, at)
            case DeferTask() if not self.judges_deferral(by, work):
                work.wishes_deferral, work.wished_review = by, sent.review_on
            case DeferTask():
                self._defer(work, sent.review_on, at)
            case DecideDeferral() if sent.approved:
                self._defer(work, work.wished_review, at)
            case DecideDeferral():
                work.wishes_deferral = None

    def _defer(self, work: Work, review_on: date | None, at: datetime) -> None:
        opens = self._calendar.office.windows[0][0]
        work.state, work.paused_at, work.wishes_deferral = "DEFERRED", at, None
        work.review_at = datetime.combine(review_on, opens, SHANGHAI) if review_on else None

    def _go_on(self, work: Work, at: datetime) -> None:
        """With what was left of the leg when it stopped; and of the promise, which stood while all that was open did."""
        matter, paused_at = work.matter, work.paused_at or at
        if work.state == "SUSPENDED":
            work.suspended += office_time_between(self._calendar, paused_at, at)
        if work.due:
            self._leg(work, resumed(self._calendar, self._due(work, work.due), paused_at, at))
        if matter.held_at:
            ends = [each.resume_at for each in matter.works if each.state == "SUSPENDED" and each.resume_at]
            self._promise_again(matter, matter.held_at, max(min([at, *ends]), matter.held_at))
        work.state, work.paused_at, work.resume_at, work.review_at = "IN_PROGRESS", None, None, None

    # --- What the passing of time does.

    def wind(self, at: datetime, found: Callable[[Matter], Found | None]) -> tuple[int, int]:
        """How many times the clock acts now, and how many commands of its own stand for that; whom the router found is told by `found`."""
        let_go = [self._let_go(into, at, found) for into in self.matters.values()]
        acts = sum(self._wind(matter, at) for matter in self.matters.values())
        return acts + sum(times for times, _ in let_go), acts + sum(commands for _, commands in let_go)

    def _let_go(self, into: Matter, at: datetime, found: Callable[[Matter], Found | None]) -> tuple[int, int]:
        """It ended without an answer: those who wait for one go on by themselves, all at once; then nobody goes on in it."""
        if not into.merged or into.state not in WITHOUT_ANSWER:
            return 0, 0
        waiting = [matter for matter in self.matters.values() if matter.into is into and matter.verdict is None]
        for matter in waiting:
            with self._act(matter, at):
                self._by_itself(matter, at, found(matter), matter.promised)
        had_others = into.merged > 0
        into.merged, into.version = 0, into.version + had_others
        return bool(waiting) + had_others, len(waiting) + had_others

    def _wind(self, matter: Matter, at: datetime) -> int:
        acts = 0
        of_task, of_lead = (self._climb, self._end_pause, self._tell, self._miss_calls, self._remind_to_rate), (self._ask,)
        while True:
            due_acts = [(does, work) for work in matter.works for does in (*of_task, *(of_lead if work.parent is None else ()))]
            if not any(self._does(does, work, at) for does, work in due_acts) and not self._miss_acceptance(matter, at):
                return acts
            acts += 1

    def _does(self, does: Any, work: Work, at: datetime) -> bool:
        """Whether there was anything to do; if so it was one act."""
        before = work.version, work.matter.version
        with self._act(work.matter, at, work):
            has_done: bool = does(work, at)
        if not has_done:
            work.version, work.matter.version = before
        return has_done

    def _miss_acceptance(self, matter: Matter, at: datetime) -> bool:
        """Who may take it in is reminded, who is above hears of it; and that the promise is broken is said, whoever had it."""
        is_broken = matter.promise is not None and red_at(self._calendar, matter.promise, by_the_clock=matter.is_by_clock) <= at
        if matter.accept_by is None:
            return False
        if matter.accept_by <= at and not matter.is_acceptance_late:
            matter.is_acceptance_late, matter.accept_remind_at = True, None
        elif matter.accept_remind_at is not None and matter.accept_remind_at <= at:
            matter.accept_remind_at = None
        elif is_broken and not matter.promise_provisional and matter.promise_told != matter.promise:
            matter.promise_told = matter.promise
        else:
            return False
        matter.version += 1
        return True

    def _climb(self, work: Work, at: datetime) -> bool:
        if work.state != "ASSIGNED" or work.acknowledge_by is None:
            return False
        if work.acknowledge_by > at:
            is_due = work.remind_at is not None and work.remind_at <= at
            work.remind_at = None if is_due else work.remind_at
            return is_due
        above = self._above(work)
        if above is None:
            work.acknowledge_by = work.remind_at = None
        else:
            self.hand(work, above[1], above[0], at, is_new_leg=True)
        return True

    def _above(self, work: Work) -> tuple[str, str] | None:
        """The unit and person one level up from whoever did not take it."""
        out = {*work.matter.returners, *work.matter.hidden, work.assignee}
        for unit in work.path:
            if (unit == work.owner and work.assignee in self.leaders(unit)) or unit in work.matter.about_units:
                continue
            person = next((leader for leader in self.leaders(unit) if leader not in out), None)
            if person:
                return unit, person
        return None

    def _end_pause(self, work: Work, at: datetime) -> bool:
        """A suspension ends at its time; the desk is reminded of a deferral on its day."""
        if work.state == "SUSPENDED" and work.resume_at is not None and work.resume_at <= at:
            self._go_on(work, work.resume_at)
        elif work.state == "DEFERRED" and work.review_at is not None and work.review_at <= at:
            work.review_at = None
        else:
            return False
        return True

    def _tell(self, work: Work, at: datetime) -> bool:
        """The first of these that is over and was not said: the contact, the leg, the promise; that the leg is over soon."""
        matter, is_running = work.matter, work.state in {"QUEUED", "ASSIGNED", "ACKNOWLEDGED", "IN_PROGRESS"}
        is_unheard = work.state == "ACKNOWLEDGED" or (work.state == "IN_PROGRESS" and work.is_unheard)
        is_promised = work.parent is None and (is_running or work.state == "RETURN_PENDING")
        times = {"contact": work.contact_by, "leg": work.due, "promise": matter.promise, "soon": work.due}
        over = {
            "contact": is_unheard and work.contact_by is not None and work.contact_by < at,
            "leg": is_running and not work.is_provisional and self._is_red(matter, work.due, at),
            "promise": is_promised and not matter.promise_provisional and self._is_red(matter, matter.promise, at),
            "soon": is_running and not matter.is_by_clock and work.due not in {None, work.told.get("leg")} and self._is_near(work, at),
        }
        told = {**work.told, "promise": matter.promise_told}
        said = next((name for name in over if over[name] and times[name] != told.get(name)), None)
        if said is None:
            return False
        if said == "promise" or (said == "leg" and over["promise"]):
            matter.promise_told = matter.promise
        if said != "promise":
            work.told[said] = times[said]
        return True

    def _miss_calls(self, work: Work, at: datetime) -> bool:
        """Nobody of the department came by the limit."""
        is_over = work.state in OVER
        late = [each for each in work.calls if each.state == "RAISED" and not each.is_missed and each.arrive_by and each.arrive_by <= at]
        for each in late if not is_over else ():
            each.is_missed = True
        return bool(late) and not is_over

    def _remind_to_rate(self, work: Work, at: datetime) -> bool:
        """A department whose task is over is not rated yet."""
        ended = [each for each in work.calls if each.state == "ENDED" and each.is_to_be_rated and not each.is_reminded]
        due_calls = [each for each in ended if each.ended_at and each.ended_at + REMINDED_AFTER <= at]
        for each in due_calls:
            each.is_reminded = True
        return bool(due_calls)

    def _is_red(self, matter: Matter, due_at: datetime | None, at: datetime) -> bool:
        return due_at is not None and red_at(self._calendar, due_at, by_the_clock=matter.is_by_clock) <= at

    def _is_near(self, work: Work, at: datetime) -> bool:
        return work.due is not None and yellow_at(self._calendar, work.due) <= at

    def _ask(self, lead: Work, at: datetime) -> bool:
        """The calls begin on the working day after; a week later nobody waits any more."""
        matter = lead.matter
        if matter.asked_at is None:
            return False
        if matter.calls_begun_at is None:
            opens, _ = next(self._calendar.office.on(self._calendar.working_day_after(matter.asked_at.astimezone(SHANGHAI).date())))
            matter.calls_begun_at = at if opens <= at else None
            return matter.calls_begun_at is not None
        if matter.calls_begun_at + timedelta(days=7) > at:
            return False
        self._close(matter)
        matter.verdict, matter.grade, matter.is_unanswered = None, None, True
        return True

    # --- What has to be kept.

    def stands(self, work: Work) -> Mapping[str, object]:
        return {
            "state": work.state,
            "assignee_id": work.assignee,
            "owner_id": work.owner,
            "owner_path": list(work.path),
            "due_at": work.due,
            "version": work.version,
            "acknowledge_by": work.acknowledge_by,
            "remind_at": work.remind_at,
            "returners": work.returners,
            "is_return_bound": work.is_bound,
            "outcome": work.outcome.value if work.outcome else None,
            "parent_id": work.parent.task_id if work.parent else None,
            "leads": work.leads,
            "open_assists": len(work.waits_for),
            "call_outs": [(each.unit, each.state, each.arrive_by, each.is_missed, each.is_reminded) for each in work.calls],
        }

    def request_stands(self, matter: Matter) -> Mapping[str, object]:
        return {
            "state": matter.state,
            "version": matter.version,
            "accept_by": matter.accept_by,
            "accept_remind_at": matter.accept_remind_at,
            "is_acceptance_late": matter.is_acceptance_late,
            "owner_path": list(matter.path),
            "promise_due_at": matter.promise,
            "rework_count": matter.reworks,
            "verdict": matter.verdict.value if matter.verdict else None,
            "grade": matter.grade.value if matter.grade else None,
            "closed_unanswered": matter.is_unanswered,
            "merged_into_id": matter.into.request_id if matter.into else None,
            "merged_count": matter.merged,
        }

    def counted(self, matter: Matter) -> list[str]:
        """What it has to add to the figures, each once for the whole township."""
        if matter.state in ELSEWHERE:
            return []
        has_answered, is_closed = matter.verdict is not None, matter.state == "CLOSED"
        work = [each for each in matter.works if each.state != "CANCELLED"]
        holds = {
            "requests": True,
            "due": matter.promise is not None,
            "completed": bool(work) and all(each.outcome for each in work),
            "answered": has_answered,
            "solved": matter.verdict is Verdict.SOLVED,
            "satisfied": has_answered and matter.grade not in BAD_GRADES,
            "closed": is_closed,
            "closed_reworked": is_closed and matter.reworks > 0,
        }
        is_judged = matter.promise is not None and not matter.promise_provisional
        judged_by_promise = set() if is_judged else {*holds} - {"requests"}
        counted = [name for name, it_does in holds.items() if it_does and name not in judged_by_promise]
        calls = [name for work in matter.works for call in work.calls for name in self._counted_of(call)]
        return counted + calls + ["returned"] * sum(len(each.returners) for each in matter.works)

    def _counted_of(self, call: Call) -> list[str]:
        """It owes an arrival by its limit, unless the task was over before."""
        limit, came = call.arrive_by, call.reported_at
        if limit is None or (came is None and call.ended_at is not None and call.ended_at <= limit):
            return []
        return ["called_out", "reported_in"] if came is not None and came <= limit else ["called_out"]
