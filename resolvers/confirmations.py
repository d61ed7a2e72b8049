"""The code by which whoever asked confirms on the spot: shown to them alone, and given to whoever did the work."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from domain.access import Actor
from domain.cases import Case
from domain.confirmations import confirm, holder_of, is_code
from domain.errors import Refused, invalid
from domain.ports import Ports
from domain.requests import Request
from domain.tasks import Task
from resolvers.acting import Acting

Check = Callable[[Case], bool]
"""Whether the case was confirmed; refuses a wrong code."""

FIELD = "confirmationCode"


async def code_for(request: Request, tasks: Sequence[Task], *, by: Actor, ports: Ports) -> str | None:
    """The code of a request that was read for `by`; nothing for anybody but whoever has the last word on it."""
    if by.id is None or holder_of(request, tasks) != by.id:
        return None
    return (await ports.confirmations.codes())(request)


@asynccontextmanager
async def checked(given: str | None, task_id: str, now: Acting, ports: Ports, *, version: int | None) -> AsyncIterator[Check]:
    """A code costs a try before it is looked at; what is refused for anything else, and what is right, costs none."""
    if given is None:
        yield lambda _case: False
        return
    if not is_code(given):
        raise invalid("refusal.confirmation_wrong", FIELD)
    codes, person_id = await ports.confirmations.codes(), now.person.id
    tries = await ports.confirmations.count_try(task_id, person_id, at=now.at)

    def check(case: Case) -> bool:
        confirm(case, task_id, now.moment(case), given=given, codes=codes, tries=tries, expected_version=version)
        return True

    try:
        yield check
    except Refused as no:
        if no.refusal.field != FIELD:
            await ports.confirmations.take_back(task_id, person_id)
        raise
    await ports.confirmations.take_back(task_id, person_id)
