"""Formal follow-up by hand (督办): the dispatcher puts a request that goes wrong under it, and those one level up hear of it."""

from dataclasses import replace

from domain.cases import Act, Case, Moment, act_on, permitted
from domain.errors import RefusalCode, refused
from domain.events import EventKind
from domain.lifecycle import Verb, guard_supervision
from domain.request_moves import RequestStanding, request_standings


def supervise(case: Case, moment: Moment, *, reason: str) -> Act:
    """Row 29: flagged; whoever owns it and whoever works on it go on."""
    request = case.request
    if request is not None and not case.tasks and RequestStanding.DISPATCHER not in request_standings(request, moment.by, at=moment.at):
        raise refused(RefusalCode.NOT_ALLOWED, "refusal.not_allowed", "requestId")
    if request is None or not case.tasks:  # nobody has taken it in, and nothing of it went wrong
        raise refused(RefusalCode.WRONG_STATE, "refusal.nothing_to_supervise", "requestId", current=request)
    lead = permitted(case, case.tasks[0].id, moment, Verb.SUPERVISE, expected_version=None)
    guard_supervision(lead, at=moment.at, is_promise_broken=request.is_overdue(moment.at))
    flagged = replace(lead, is_supervised=True, updated_at=moment.at)
    return act_on(case.after(flagged), EventKind.REQUEST_SUPERVISED, lead.id, {}, reason)
