"""The relay: tells inboxes and phones of what was committed, and numbers it for the feed. Any number of them may run.

Those who follow a request may be thousands: they are told beside it, some at a time (`server/followers.py`).

Inbox first, then phones, at least once; what fails for a passing reason comes again with growing waits, and is parked after the last try.
"""

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.mongo.bells import rung
from adapters.mongo.driver import Mongo
from adapters.mongo.sequencer import Sequencer
from adapters.mongo.tallies import MongoTallies
from domain.calendar import SHANGHAI
from domain.devices import Push, PushOutcome, PushResult
from domain.messages import Messages
from domain.notices import Notice, notices_of, pushes_of
from domain.organisation import Organisation
from domain.outbox import Outbox, Owed
from domain.ports import Clock, Organisations
from domain.push import Pushes
from domain.tellings import Telling, telling_of
from server import metrics
from server.followers import FollowersTold
from server.loops import end, for_ever

BATCH = 100
LEASE_SECONDS = 60.0
LAST_TRY = 8
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 900.0
POLL_SECONDS = 0.5
"""How long a change may go unnoticed where the change stream is silent."""
RECOUNT_SECONDS = 5.0
"""How long what another relay numbered, and did not count, may wait."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Told:
    """One claimed act, what it put into inboxes, and the pushes that are still to go."""

    owed: Owed
    notices: tuple[Notice, ...]
    pushes: tuple[Push, ...]


class Relay:
    """`turn` does one round; `run` goes on until it is cancelled."""

    def __init__(
        self,
        outbox: Outbox,
        organisations: Organisations,
        pushes: Pushes,
        messages: Messages,
        clock: Clock,
        *,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._organisations = organisations
        self._pushes = pushes
        self._messages = messages
        self._clock = clock
        self._lease_seconds = lease_seconds
        self.followers = FollowersTold(outbox, pushes, messages, clock, lease_seconds=lease_seconds, wait=backoff_seconds)

    async def turn(self) -> int:
        """A round of both, acts and followers; how many were in hand."""
        return await self.deliver() + await self.followers.turn()

    async def deliver(self) -> int:
        """Claims what is due and delivers it. How many acts were in hand."""
        claimed = await self._outbox.claim(at=self._clock(), limit=BATCH, lease_seconds=self._lease_seconds)
        told: list[_Told] = []
        for township in sorted({owed.event.township for owed in claimed}):
            told += await self._tell_inboxes(township, [owed for owed in claimed if owed.event.township == township])
        results = await self._send([push for row in told for push in row.pushes])
        await self._settle(told, results)
        return len(claimed)

    async def run(self, bell: asyncio.Event, told: asyncio.Event) -> None:
        """Rounds for ever: at once when the bell rang, else every half second. Rings `told` when inboxes have something new."""

        async def turns() -> None:
            while handled := await self.deliver():
                told.set()
                if handled < BATCH:
                    break

        await for_ever("the relay", turns, lambda: rung(bell, POLL_SECONDS))

    async def _tell_inboxes(self, township: str, claimed: Sequence[Owed]) -> list[_Told]:
        organisation = await self._organisations.of_township(township)
        notices: dict[str, tuple[Notice, ...]] = {}
        tellings: list[Telling] = []
        for owed in claimed:
            try:
                told_now = _notices(owed, organisation)
                telling = telling_of(owed.event, owed.case, told_now, owed.around.merged_ids)
                notices[owed.event.id] = told_now
                if telling and owed.phones is None:  # at a later try everybody was told, but for some phones
                    tellings.append(telling)
            except Exception:  # one act that cannot be told must not hold up the others
                log.exception("act %s could not be told and is parked", owed.event.id)
                await self._park(owed, self._clock())
        everything = [notice for some in notices.values() for notice in some]
        await self._outbox.tell(everything)
        await self._outbox.tellings.owe(tellings)
        metrics.NOTICES.inc(len(everything))
        devices = await self._outbox.phones(township, sorted({notice.person_id for notice in everything})) if everything else {}
        told = []
        for owed in (owed for owed in claimed if owed.event.id in notices):
            pushes = pushes_of(notices[owed.event.id], devices, self._messages)
            wanted = tuple(push for push in pushes if owed.phones is None or push.device_id in owed.phones)
            told.append(_Told(owed, notices[owed.event.id], wanted))
        return told

    async def _send(self, pushes: Sequence[Push]) -> Mapping[tuple[str, str], PushResult]:
        """By phone and notice: one phone may be told of several acts in a round."""
        results = await self._pushes.send(pushes) if pushes else []
        for result in results:
            metrics.PUSHES.labels(result.outcome.value).inc()
        return {(push.device_id, push.data["noticeId"]): result for push, result in zip(pushes, results, strict=True)}

    async def _settle(self, told: Sequence[_Told], results: Mapping[tuple[str, str], PushResult]) -> None:
        at = self._clock()
        done: list[Owed] = []
        dead: dict[str, set[str]] = {}
        for row in told:
            own = [results[push.device_id, push.data["noticeId"]] for push in row.pushes]
            again = [result for result in own if result.outcome is PushOutcome.LATER]
            dead.setdefault(row.owed.event.township, set()).update(r.device_id for r in own if r.outcome is PushOutcome.DEAD_TOKEN)
            if not again:
                done.append(row.owed)
            else:
                await self._again(row.owed, again, at)
        for township, device_ids in dead.items():
            if device_ids:
                await self._outbox.forget_phones(township, sorted(device_ids), at=at)
        await self._outbox.done(done)

    async def _again(self, owed: Owed, results: Sequence[PushResult], at: datetime) -> None:
        if owed.tries + 1 >= LAST_TRY:
            log.warning("pushes of act %s were given up: %s", owed.event.id, results[0].detail)
            await self._park(owed, at)
            return
        wait = max(backoff_seconds(owed.tries), *(result.retry_after or 0.0 for result in results))
        await self._outbox.later(owed, frozenset(result.device_id for result in results), due_at=at + timedelta(seconds=wait))

    async def _park(self, owed: Owed, at: datetime) -> None:
        await self._outbox.park(owed, at=at)
        metrics.PARKED.set(await self._outbox.parked())


def backoff_seconds(tries: int) -> float:
    """Doubling waits with full jitter, so that a thousand failed pushes do not come back together."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * float(2**tries))
    return longest / 2 + random.uniform(0, longest / 2)  # noqa: S311  # spreads load, keeps no secret


async def number_changes(sequencer: Sequencer, bell: asyncio.Event, numbered: asyncio.Event) -> None:
    """Numbers for ever what was committed, for the feed. Rings `numbered` when there is something new in it."""

    async def numbers() -> None:
        while await sequencer.number():
            numbered.set()

    await for_ever("the sequencer", numbers, lambda: rung(bell, POLL_SECONDS))


async def count_figures(tallies: MongoTallies, bell: asyncio.Event) -> None:
    """Adds for ever what was numbered to the sums that figures are read from."""

    async def counts() -> None:
        while await tallies.count():
            pass

    await for_ever("the tally", counts, lambda: rung(bell, RECOUNT_SECONDS))


async def ring_on_events(mongo: Mongo, bells: Sequence[asyncio.Event]) -> None:
    """Rings whenever an act was committed; the poll is there for when this is not."""
    inserted: list[dict[str, object]] = [{"$match": {"operationType": "insert"}}, {"$project": {"_id": 1}}]

    async def listen() -> None:
        async with mongo.watch("events", inserted) as stream:
            async for _ in stream:
                for bell in bells:
                    bell.set()

    await for_ever("the listener", listen, lambda: asyncio.sleep(1.0))


async def run_relay(relay: Relay, sequencer: Sequencer, tallies: MongoTallies, mongo: Mongo) -> None:
    """The relay with everything it does at once, until it is cancelled."""
    deliver, number, count = asyncio.Event(), asyncio.Event(), asyncio.Event()
    works = (
        relay.run(deliver, number),
        relay.followers.run(number),
        relay.followers.run_phones(),
        relay.followers.run_measure(),
        number_changes(sequencer, number, count),
        count_figures(tallies, count),
        ring_on_events(mongo, [deliver, number]),
    )
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await end(*tasks)


def _notices(owed: Owed, organisation: Organisation | None) -> tuple[Notice, ...]:
    if organisation is None:
        raise LookupError("the act's township is gone")
    return notices_of(owed.event, owed.case, organisation, on=owed.event.at.astimezone(SHANGHAI).date(), around=owed.around)
