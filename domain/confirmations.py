"""Confirmed on the spot (当面确认): the resident's own code, given to the worker once it is done, stands for the check by a leader."""

from collections.abc import Callable, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Protocol

from domain.cases import Case, Moment, permitted
from domain.errors import RefusalCode, invalid, refused
from domain.lifecycle import Verb
from domain.requests import Request, RequestState
from domain.tasks import Task

DIGITS = 6
TRIES_A_DAY = 5
"""How many wrong codes one person may send for one task on a day."""

Codes = Callable[[Request], str]


class Confirmations(Protocol):
    """A port."""

    async def codes(self) -> Codes:
        """The code of any request: derived, kept nowhere, and another one each time it is done again."""
        ...

    async def count_try(self, task_id: str, person_id: str, *, at: datetime) -> int:
        """How many codes they have sent for it today, with this one. Counted before it is looked at, so that many at once are many."""
        ...

    async def take_back(self, task_id: str, person_id: str) -> None:
        """What was no wrong code is no try."""
        ...


def holder_of(request: Request, tasks: Sequence[Task]) -> str | None:
    """Who has the code: whoever has the last word, while it is worked on. Nobody where they work on it themselves."""
    is_open = request.state in {RequestState.IN_HAND, RequestState.ON_HOLD}
    has_worked = any(request.judge_id in task.workers for task in tasks)
    return request.judge_id if is_open and not has_worked else None


def is_code(given: str) -> bool:
    return len(given) == DIGITS and given.isascii() and given.isdecimal()


def confirm(case: Case, task_id: str, moment: Moment, *, given: str, codes: Codes, tries: int, expected_version: int | None = None) -> None:
    """Row 21a, of the lead only. Raises LIMIT_REACHED after too many tries, INVALID_INPUT for a code that is not that of the request."""
    task = permitted(case, task_id, moment, Verb.CONFIRM, expected_version=expected_version)
    if tries > TRIES_A_DAY:
        raise refused(RefusalCode.LIMIT_REACHED, "refusal.confirmations_enough", "confirmationCode")
    request = case.request
    is_asked = request is not None and task.parent_id is None and not task.is_message and holder_of(request, case.tasks) is not None
    if request is None or not is_asked or not compare_digest(codes(request), given):
        raise invalid("refusal.confirmation_wrong", "confirmationCode")
