"""The verbs `tally` and `replay`: what is kept is held against the history, or counted anew from it."""

from collections.abc import Callable

from pymongo.errors import PyMongoError

from domain.tallies import Cell
from server.settings import Settings
from server.wiring import House, build_house

Say = Callable[[str], None]


class HistoryUnread(Exception):
    """Nothing can be said; the message is for the person at the terminal."""


async def hold_against_history(settings: Settings, say: Say, *, documents: bool, anew: bool) -> int:
    """Says what is not as the history tells: of requests and tasks, or of the sums, which may be counted anew before. The exit code."""
    if not settings.mongodb_uri:
        raise HistoryUnread("LIANHU_MONGODB_URI is empty: name the database whose history it is")
    house = build_house(settings)
    try:
        if anew:
            await rebuild_tallies(house, say)
        wrong = await (check_documents if documents else check_tallies)(house, say)
    except PyMongoError as error:
        raise HistoryUnread(f"MongoDB did not do it ({type(error).__name__}: {error})") from error
    finally:
        await house.close()
    say(f"{wrong} are not what the history tells" if wrong else "everything is what the history tells")
    return 1 if wrong else 0


async def check_tallies(house: House, say: Say) -> int:
    """Says every sum that is not what the history makes it; how many."""
    wrong = 0
    for township in await house.tallies.townships():
        head, kept = await house.tallies.kept(township)
        if head.seq < head.until:
            say(f"{township} is counted anew, {head.seq} of {head.until} so far: until then the figures from before are shown")
        counted = await house.tallies.recounted(head)
        for cell in sorted({cell for cell in {*kept, *counted} if kept[cell] != counted[cell]}):
            say(_told(cell, kept[cell], counted[cell]))
            wrong += 1
    return wrong


def _told(cell: Cell, kept: int, counted: int) -> str:
    unit_id, period, name = cell
    return f"{unit_id} {period} {name}: {kept} is kept, {counted} is right"


async def rebuild_tallies(house: House, say: Say) -> None:
    """Counts everything anew; until that is done, the figures that there were are shown."""
    for township in await house.tallies.townships():
        await house.tallies.begin_anew(township)
        say(f"{township} is counted anew")
    while counted := await house.tallies.count():
        say(f"{counted} events more")


async def check_documents(house: House, say: Say) -> int:
    """Says every request and task that is not what its history tells, with the fields that differ; how many."""
    townships = await house.mongo.collection("townships").find({}, {"_id": 1}).sort([("_id", 1)]).to_list()
    wrong = 0
    for township in (document["_id"] for document in townships):
        async for id_, fields in house.histories.differing(township):
            say(f"{id_} {' '.join(fields)}")
            wrong += 1
    return wrong
