"""Counting anew by a calendar that changed: in batches, found by an index, each case once; killed at any moment, the next one goes on."""

import logging
from datetime import timedelta
from uuid import UUID, uuid5

from domain.cases import Case
from domain.commands import CLOCK, Command
from domain.errors import Refused
from domain.ids import Kind, township_of
from domain.ports import Ports
from domain.recounting import Recounts

BATCH = 200
LEASE_SECONDS = 60.0
SETTLING = timedelta(minutes=2)
"""Servers read the calendar again every minute: so long may one of them still count by the table before."""

RECOUNTS = UUID("0b1de0a4-6f1c-5b0a-8a35-6f6d6a1c2b77")

log = logging.getLogger(__name__)


async def recount(recounts: Recounts, *, ports: Ports, limit: int = BATCH) -> int:
    """Counts one batch anew; how many cases. What cannot be counted is logged, and holds up no other."""
    job = await recounts.claim(at=ports.clock(), lease_seconds=LEASE_SECONDS)
    if job is None:
        return 0
    asked = await recounts.recount_questions(job, at=ports.clock())
    ids, moved, failed = await recounts.affected(job, limit), 0, 0
    for id_ in ids:
        at, township = ports.clock(), township_of(id_)
        command = Command(CLOCK, uuid5(RECOUNTS, f"{id_}/{job.version}"), "recount", "", at)
        try:
            kept = await recounts.recount(id_, event_id=ports.ids.new(Kind.EVENT, township, at), command=command)
            moved += isinstance(kept, Case)
        except (Refused, LookupError, ValueError, RuntimeError):
            log.exception("%s could not be counted anew", id_)
            failed += 1
    if ids:
        log.info("calendar %d: %d cases looked at, %d of them moved", job.version, len(ids), moved)
    elif ports.clock() - job.published_at > SETTLING:
        await recounts.done(job)
    return len(ids) - failed + asked
