"""The verb `retention`: ids of what is removed on standard output, a line each; how far it is on standard error."""

import argparse
import sys
from collections import Counter
from collections.abc import Callable

from pymongo.errors import PyMongoError

from adapters.mongo.retention import MongoRetention
from resolvers.retention import sweep
from server.settings import Settings
from server.wiring import House, build_house


class RetentionFailed(Exception):
    """It stopped half-way; what was printed is done, and the next run does the rest."""


async def tend_contents(given: argparse.Namespace, settings: Settings, say: Callable[[str], None]) -> int:
    """What the verb was given: removes what is due or lists it, holds a request's contents, or ends that. Raises `RetentionFailed`."""
    if not settings.mongodb_uri:
        raise RetentionFailed("LIANHU_MONGODB_URI is empty: name the database that is to be swept")
    if given.because is not None and not given.because.strip():
        raise RetentionFailed("--because is empty: say why the contents are held; `--release NUMBER` holds them no longer")
    number, because = given.hold or given.release, (given.because or "in dispute") if given.hold else None
    house = build_house(settings)
    try:
        if not number:
            await run_retention(house, dry_run=given.dry_run)
        elif not await hold_contents(house, number, because):
            raise RetentionFailed(f"there is no request {number} with contents")
        else:
            say(f"{number} is {'held' if because else 'held no longer'}")
    finally:
        await house.close()
    return 0


async def run_retention(house: House, *, dry_run: bool) -> int:
    """Prints `collection id` of whatever is removed, the same in a dry run; how many."""
    counts: Counter[str] = Counter()
    try:
        async for due in sweep(MongoRetention(house.mongo), at=house.ports.clock(), dry_run=dry_run):
            name = due.policy.collection
            print("\n".join(f"{name} {id_}" for id_ in due.ids), flush=True)
            counts[name] += len(due.ids)
            print(f"{name}: {counts[name]} so far", file=sys.stderr)
    except PyMongoError as error:
        raise RetentionFailed(f"MongoDB did not do it ({type(error).__name__}: {error}); what was printed is done, run it again") from error
    print(f"{counts.total()} {'would be removed' if dry_run else 'removed'}", file=sys.stderr)
    return counts.total()


async def hold_contents(house: House, number: str, because: str | None) -> bool:
    """Flags a request as in dispute, or takes the flag off; whether there is one with that number whose contents are there."""
    try:
        return await MongoRetention(house.mongo).hold(number, because, at=house.ports.clock())
    except PyMongoError as error:
        raise RetentionFailed(f"MongoDB did not do it ({type(error).__name__}: {error})") from error
