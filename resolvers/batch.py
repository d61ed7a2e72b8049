"""What a phone did while it was offline: acts on one task are put in the order in which they must have happened."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.access import Actor
from domain.cases import Act, Case
from domain.commands import CommandOutcome
from domain.early_reports import hold
from domain.errors import Refusal, RefusalCode, Refused
from domain.ports import Ports
from domain.tasks import EarlyReport, Task
from domain.texts import optional_text
from resolvers import followers, late_reports, requests, tasks
from resolvers.acting import Done, acting

Deed = Callable[..., Awaitable[Done[Any]]]

DEEDS: dict[type, Deed] = {
    requests.SubmitRequest: requests.submit_request,
    tasks.AcknowledgeTask: tasks.acknowledge_task,
    tasks.ReturnTask: tasks.return_task,
    tasks.StartTask: tasks.start_task,
    tasks.CompleteTask: tasks.complete_task,
    requests.AnswerFollowUp: requests.answer_follow_up,
    followers.FollowRequest: followers.follow_request,
    followers.UnfollowRequest: followers.unfollow_request,
    followers.ReportNotFixed: followers.report_not_fixed,
}

VERBS: dict[type, str] = {tasks.StartTask: "startTask", tasks.CompleteTask: "completeTask"}
"""What may come too early or too late, under the names that the records of commands have."""

_STEP = {kind: step for step, kind in enumerate(DEEDS)}


@dataclass(frozen=True, slots=True)
class Ended:
    """How one command of several ended: the thing as it is now, or why not."""

    outcome: CommandOutcome
    refusal: Refusal | None = None
    subject: Any = None


async def ended(deed: Awaitable[Done[Any]]) -> Ended:
    """What came of a deed, whose refusal stops no other."""
    try:
        done = await deed
    except Refused as no:
        is_conflict = no.refusal.code is RefusalCode.CONFLICT
        return Ended(CommandOutcome.CONFLICT if is_conflict else CommandOutcome.REJECTED, no.refusal)
    return Ended(CommandOutcome.DUPLICATE if done.is_replay else CommandOutcome.APPLIED, subject=done.subject)


async def carried_out(sent: Any, *, by: Actor, ports: Ports) -> Ended:
    """One command of a batch. What comes before the act that it builds on is held, if that may still come; sent again, it still is.

    What comes after the task was given to somebody else is refused, and kept with it.
    """
    end = await ended(DEEDS[type(sent)](sent, by=by, ports=ports))
    if isinstance(sent, tasks.StartTask | tasks.CompleteTask):
        return await _early_or_late(sent, end, by=by, ports=ports)
    return end


async def _early_or_late(sent: tasks.StartTask | tasks.CompleteTask, end: Ended, *, by: Actor, ports: Ports) -> Ended:
    if end.refusal is not None and end.refusal.code is RefusalCode.WRONG_STATE:
        held = await ended(_held(sent, by=by, ports=ports))
        if held.refusal is None:
            return Ended(CommandOutcome.HELD, subject=held.subject)
        # What was missing may have come in between.
        end = await ended(DEEDS[type(sent)](sent, by=by, ports=ports))
    if end.refusal is not None:
        if not await _was_carried_out(sent, end.refusal, by=by, ports=ports):
            await late_reports.keep(sent, end.refusal, by=by, ports=ports)
    elif end.outcome is CommandOutcome.DUPLICATE and any(report.command_id == str(sent.command_id) for report in end.subject.early):
        return Ended(CommandOutcome.HELD, subject=end.subject)
    return end


async def _was_carried_out(sent: tasks.StartTask | tasks.CompleteTask, refusal: Refusal, *, by: Actor, ports: Ports) -> bool:
    """Whether it was done or held before, and the task is nothing to them any more: this is no news of it."""
    if refusal.code is not RefusalCode.NOT_FOUND:
        return False
    now = await acting(VERBS[type(sent)], sent, by=by, ports=ports)
    try:
        return await ports.requests.replay_of(now.command) is not None
    except Refused:  # other contents under its id
        return False


async def _held(sent: tasks.StartTask | tasks.CompleteTask, *, by: Actor, ports: Ports) -> Done[Task]:
    """Under the command that it was sent with, so that the same again is the same. A confirmation is not kept: somebody checks it."""
    now = await acting(VERBS[type(sent)], sent, by=by, ports=ports)
    report = EarlyReport(
        command_id=str(sent.command_id),
        said_in=now.event_id,
        at=sent.device_time or now.at,
        outcome=None if isinstance(sent, tasks.StartTask) else sent.outcome,
        contact=sent.contact if isinstance(sent, tasks.StartTask) else None,
        reached=sent.reached if isinstance(sent, tasks.StartTask) else True,
    )
    note = optional_text(sent.note, "note")

    def change(case: Case) -> Act:
        return hold(case, sent.task_id, now.moment(case), report, note=note, expected_version=sent.expected_version)

    return await tasks.move(sent.task_id, change, now, by=by, ports=ports)


@dataclass(frozen=True, slots=True)
class Placed:
    """A command, and where in the batch it was sent."""

    position: int
    sent: Any


def in_order(batch: Sequence[Any]) -> list[Placed]:
    """The batch as it is to be carried out: acts on one task take that task's places by the steps of its life, all else stays."""
    placed = [Placed(position, sent) for position, sent in enumerate(batch)]
    of_task: defaultdict[str, list[Placed]] = defaultdict(list)
    for command in placed:
        if hasattr(command.sent, "task_id"):
            of_task[command.sent.task_id].append(command)
    steps = {id_: iter(sorted(acts, key=lambda act: _STEP[type(act.sent)])) for id_, acts in of_task.items()}
    return [next(steps[command.sent.task_id]) if hasattr(command.sent, "task_id") else command for command in placed]
