"""Who is told of reports that came too late, in which words."""

from datetime import date

from domain.events import Event, EventKind
from domain.notice_kinds import Concern, NoticeKind, desk, fact_of
from domain.organisation import Organisation
from domain.tasks import Task

OF_REPORTS = frozenset({EventKind.REPORT_HELD, EventKind.REPORT_REJECTED, EventKind.REPORT_DISMISSED})


def concerned_by_report(event: Event, task: Task, organisation: Organisation, on: date) -> list[Concern]:
    """The desk, and whoever has the task now, of work that is said to be done; of a decision against it, who sent it."""
    if event.kind is EventKind.REPORT_DISMISSED:
        return [(fact_of(event, "reported_by"), NoticeKind.REPORT_DISMISSED, task.id)]
    if event.kind is EventKind.REPORT_HELD or not event.facts.get("waits"):
        return []
    at_the_desk = desk({event.actor_id, *task.hidden_from}, organisation, on)
    decides = [(person, NoticeKind.REPORT_TO_DECIDE, task.id) for person in at_the_desk]
    return [*decides, (task.assignee_id, NoticeKind.REPORT_CAME_LATE, task.id)]


def told_of_report(event: Event, task: Task | None, organisation: Organisation, on: date) -> list[Concern]:
    """Where a late report was taken: who sent it, and who need not go on. Where one was left by whoever had it: the desk."""
    if task is None:
        return []
    if event.facts.get("left_done"):
        return [(person, NoticeKind.REPORT_TO_DECIDE, task.id) for person in desk({event.actor_id, *task.hidden_from}, organisation, on)]
    if fact_of(event, "reported_by") is None or event.kind is not EventKind.TASK_COMPLETED:
        return []
    taken_from = (fact_of(event, "taken_from"), NoticeKind.TASK_TAKEN_AWAY, task.id)
    return [(fact_of(event, "reported_by"), NoticeKind.REPORT_TAKEN, task.id), taken_from]
