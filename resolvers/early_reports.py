"""Reports that came too early, carried out by the command that brings what they build on."""

from uuid import UUID, uuid5

from domain.access import Actor
from domain.cases import Act, Case
from domain.commands import Command
from domain.early_reports import fitting, take
from domain.errors import Refused
from domain.ids import Kind
from domain.lifecycle import wrong_state
from domain.ports import Ports
from domain.tasks import EarlyReport, Task
from resolvers.acting import Acting, Done

TAKEN = UUID("0b1f2c0e-6a55-5c0e-8d43-5b8f5d2f7a61")
"""Names the acts by which early reports are carried out: each once, whoever is first."""


async def with_early_reports(done: Done[Task], now: Acting, *, by: Actor, ports: Ports) -> Done[Task]:
    """The task after every report of it that fits now; where the clock was faster, as it left it."""
    task = done.subject
    while (report := fitting(task)) is not None:
        kept = await _taken(task, report, now, by, ports)
        if kept is None:
            found = await ports.tasks.by_ids([task.id], seen_by=by)
            return Done(found[0] if found else task, done.is_replay)
        task = kept
    return Done(task, done.is_replay)


async def _taken(task: Task, report: EarlyReport, now: Acting, by: Actor, ports: Ports) -> Task | None:
    def change(case: Case) -> Act:
        current = case.task(task.id)
        act = take(case, current, now.moment(case)) if fitting(current) == report else None
        if act is None:
            raise wrong_state(current)
        return act

    command = Command(now.person.id, uuid5(TAKEN, report.command_id), "takeEarlyReport", "", now.at, report.at)
    event_id = ports.ids.new(Kind.EVENT, task.township, now.at)
    try:
        kept = await ports.tasks.update(task.id, change, seen_by=by, event_id=event_id, command=command)
    except Refused:
        return None
    return kept.task(task.id) if isinstance(kept, Case) else None
