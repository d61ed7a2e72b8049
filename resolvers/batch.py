"""What a phone did while it was offline: acts on one task are put in the order in which they must have happened."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.commands import CommandOutcome
from domain.errors import Refusal, RefusalCode, Refused
from resolvers import requests, tasks
from resolvers.acting import Done

Deed = Callable[..., Awaitable[Done[Any]]]

DEEDS: dict[type, Deed] = {
    requests.SubmitRequest: requests.submit_request,
    tasks.AcknowledgeTask: tasks.acknowledge_task,
    tasks.ReturnTask: tasks.return_task,
    tasks.StartTask: tasks.start_task,
    tasks.CompleteTask: tasks.complete_task,
    requests.AnswerFollowUp: requests.answer_follow_up,
}

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
