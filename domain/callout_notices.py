"""Who is told of call-outs (吹哨报到), in which words."""

from datetime import date

from domain.call_out import NOT_CALLED
from domain.events import Event, EventKind
from domain.notice_kinds import Concern, NoticeKind, desk, fact_of
from domain.organisation import Organisation
from domain.posts import Role
from domain.tasks import Task

OF_CALL_OUTS = frozenset(
    {
        EventKind.CALL_OUT_ASKED,
        EventKind.CALL_OUT_DECIDED,
        EventKind.DEPARTMENT_REPORTED,
        EventKind.CALL_OUT_MISSED,
        EventKind.CALL_OUT_REMINDED,
    }
)


def concerned_by_call_out(event: Event, task: Task, organisation: Organisation, on: date) -> list[Concern]:
    """The head of what is asked for, the department of what was approved, the desk of whether it came and is not rated."""
    at_the_root = organisation.posts_at(organisation.root().id, on)
    match event.kind:
        case EventKind.CALL_OUT_ASKED:
            heads = [post.person_id for post in at_the_root if post.role is Role.SECRETARY]
            return [(person, NoticeKind.CALL_OUT_ASKED, task.id) for person in heads]
        case EventKind.CALL_OUT_DECIDED if event.facts.get("approved"):
            units = (fact_of(event, "units") or "").split()
            posts = [post for unit_id in units for post in organisation.posts_at(unit_id, on) if post.role not in NOT_CALLED]
            return [(post.person_id, NoticeKind.CALLED_OUT, task.id) for post in posts]
        case EventKind.CALL_OUT_DECIDED:
            return [(fact_of(event, "asked_by"), NoticeKind.CALL_OUT_REFUSED, task.id)]
        case EventKind.DEPARTMENT_REPORTED:
            told = [task.assignee_id, *desk({event.actor_id, *task.hidden_from}, organisation, on)]
            return [(person, NoticeKind.DEPARTMENT_REPORTED, task.id) for person in told]
        case EventKind.CALL_OUT_REMINDED:
            asked_by, at_the_desk = (fact_of(event, "asked_by") or "").split(), desk(set(task.hidden_from), organisation, on)
            who_asked = [person for person in at_the_desk if person in asked_by]
            return [(person, NoticeKind.CALL_OUT_TO_RATE, task.id) for person in (who_asked or at_the_desk) if asked_by]
        case _:
            return [(person, NoticeKind.CALL_OUT_MISSED, task.id) for person in desk(set(task.hidden_from), organisation, on)]


def told_of_ended(event: Event, organisation: Organisation, on: date) -> list[Concern]:
    """Those who were called to a task that is over: nobody is to come any more."""
    pairs = [pair.partition("/") for pair in (fact_of(event, "call_outs_ended") or "").split()]
    return [
        (post.person_id, NoticeKind.CALL_OUT_ENDED, task_id)
        for task_id, _, unit_id in pairs
        for post in organisation.posts_at(unit_id, on)
        if post.role not in NOT_CALLED
    ]
