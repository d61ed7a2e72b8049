"""Nudging (row 28): whoever asked reminds those who have it, once a day."""

from dataclasses import replace

from domain.cases import Act, Case, Moment
from domain.events import EventKind
from domain.request_acts import act_of, changed, permitted
from domain.request_moves import RequestAction


def nudge(case: Case, moment: Moment, *, words: str | None = None, expected_version: int | None = None) -> Act:
    """It stays where it is; whoever has it, and who answers for them, are told."""
    request = permitted(case, RequestAction.NUDGE, moment, expected_version)
    nudged = changed(case, replace(request, nudged_at=moment.at), case.tasks, at=moment.at)
    return act_of(nudged, EventKind.REQUEST_NUDGED, {}, words)
