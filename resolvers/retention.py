"""Removes what has been kept long enough, or only lists it: by the same way, in the same order."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime

from domain.retention import POLICIES, Due, Policy, Retention


async def sweep(retention: Retention, *, at: datetime, dry_run: bool, policies: Sequence[Policy] = POLICIES) -> AsyncIterator[Due]:
    """Batches of what was removed, each when it was; of what would be where `dry_run`. Killed half-way, the next sweep does the rest."""
    for policy in policies:
        async for due in retention.due(policy, at=at):
            ids = due.ids if dry_run else tuple(await retention.remove(due, at=at))
            if ids:
                yield replace(due, ids=ids)
