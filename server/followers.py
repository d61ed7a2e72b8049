"""Tells those who follow a request: some at a time, remembered how far it is, beside whatever else the relay has to tell."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from domain.devices import PushOutcome, PushResult
from domain.messages import Messages
from domain.notices import pushes_of
from domain.outbox import Outbox
from domain.ports import Clock
from domain.push import Pushes
from domain.tellings import AT_ONCE, Telling, notices_for, pushes_to
from server import metrics
from server.loops import for_ever

LAST_TRY = 8
POLL_SECONDS = 0.5
MEASURE_SECONDS = 5.0

log = logging.getLogger(__name__)


class FollowersTold:
    """`turn` does one round; `run`, `run_phones` and `run_measure` go on until they are cancelled.

    Any number may run: a round is one's under a lease.

    Inboxes first, then their phones are put into rows of their own, then it is kept how far it is: no inbox waits for the push service.
    Whoever dies in between leaves at most one round to be done again, in which the same notices are made, and pushes sent, once more.
    """

    def __init__(
        self, outbox: Outbox, pushes: Pushes, messages: Messages, clock: Clock, *, lease_seconds: float, wait: Callable[[int], float]
    ) -> None:
        self._outbox, self._tellings = outbox, outbox.tellings
        self._pushes = pushes
        self._messages = messages
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._wait = wait
        self.at_once = AT_ONCE

    async def turn(self) -> int:
        """How many followers were in hand, inboxes before phones; nothing where nothing is left to tell now."""
        return await self.tell_inboxes() or await self.tell_phones()

    async def tell_inboxes(self) -> int:
        return await self._round(self._walk, is_push=False)

    async def tell_phones(self) -> int:
        return await self._round(self._push, is_push=True)

    async def run(self, told: asyncio.Event) -> None:
        """Rounds of inboxes for ever, a look each half second. Rings `told` when they have something new."""

        async def turns() -> None:
            while await self.tell_inboxes():
                told.set()

        await for_ever("the followers", turns, lambda: asyncio.sleep(POLL_SECONDS))

    async def run_phones(self) -> None:
        """And of their phones, beside it."""

        async def turns() -> None:
            while await self.tell_phones():
                pass

        await for_ever("the followers' phones", turns, lambda: asyncio.sleep(POLL_SECONDS))

    async def measure(self) -> None:
        """What is left to be told, in inboxes and on phones."""
        for of, is_push in (("inboxes", False), ("phones", True)):
            left, now = await self._tellings.left(is_push=is_push), self._clock()
            metrics.FOLLOWERS_BACKLOG.labels(of).set(left.count)
            metrics.FOLLOWERS_LATE.labels(of).set(max(0.0, (now - (left.due_at or now)).total_seconds()))

    async def run_measure(self) -> None:
        """That for ever, beside the rounds: also while one of them takes long."""
        await for_ever("the followers' measure", self.measure, lambda: asyncio.sleep(MEASURE_SECONDS))

    async def _round(self, work: Callable[[Telling], Awaitable[int]], *, is_push: bool) -> int:
        telling = await self._tellings.claim(is_push=is_push, at=self._clock(), lease_seconds=self._lease_seconds)
        if telling is None:
            return 0
        try:
            return await work(telling)
        except Exception:  # what cannot be told must not hold up the others
            log.exception("followers could not be told of act %s", telling.event_id)
            if is_push and telling.tries + 1 >= LAST_TRY:  # their inboxes have it
                await self._tellings.done(telling)
                return 1
            await self._tellings.go_on(replace(telling, tries=telling.tries + 1), due_at=self._later(telling.tries))
            return 1

    async def _walk(self, telling: Telling) -> int:
        """Some of those who follow the first request that is left; then the rest of them, or the next request."""
        found = await self._tellings.followers(telling, self.at_once)
        notices = notices_for(telling, {each.person_id: each.item_name for each in found if each.since <= telling.at})
        if notices:
            await self._outbox.tell(notices)
            metrics.NOTICES.inc(len(notices))
            phones = await self._outbox.phones(telling.township, [notice.person_id for notice in notices])
            ids = {notice.person_id: [device.id for device in phones.get(notice.person_id, ())] for notice in notices}
            await self._tellings.push(pushes_to(telling, found[-1].person_id, ids), due_at=self._clock())
        if len(found) == self.at_once:
            await self._tellings.go_on(replace(telling, after=found[-1].person_id, tries=0), due_at=self._clock())
        elif telling.request_ids[1:]:
            await self._tellings.go_on(replace(telling, request_ids=telling.request_ids[1:], after="", tries=0), due_at=self._clock())
        else:
            await self._tellings.done(telling)
        return max(len(found), 1)

    async def _push(self, telling: Telling) -> int:
        """The phones of some whose inbox has it; those out of reach again, and given up after the last try."""
        again = await self._sent(telling)
        if not again:
            await self._tellings.done(telling)
        elif telling.tries + 1 >= LAST_TRY:
            log.warning("pushes to %d followers of act %s were given up: %s", len(again), telling.event_id, again[0].detail)
            await self._tellings.done(telling)
        else:
            left = tuple(sorted(result.device_id for result in again))
            await self._tellings.go_on(replace(telling, phones=left, tries=telling.tries + 1), due_at=self._later(telling.tries, *again))
        return len(telling.person_ids)

    async def _sent(self, telling: Telling) -> list[PushResult]:
        """What is to be tried again. Of a phone that is gone, or somebody else's by now, there is nothing."""
        devices = await self._outbox.phones(telling.township, telling.person_ids)
        notices = notices_for(telling, dict.fromkeys(telling.person_ids, ""))
        pushes = [push for push in pushes_of(notices, devices, self._messages) if push.device_id in telling.phones]
        results = await self._pushes.send(pushes) if pushes else []
        for result in results:
            metrics.PUSHES.labels(result.outcome.value).inc()
        dead = sorted({result.device_id for result in results if result.outcome is PushOutcome.DEAD_TOKEN})
        if dead:
            await self._outbox.forget_phones(telling.township, dead, at=self._clock())
        return [result for result in results if result.outcome is PushOutcome.LATER]

    def _later(self, tries: int, *results: PushResult) -> datetime:
        return self._clock() + timedelta(
            seconds=max(self._wait(min(tries, LAST_TRY)), *(result.retry_after or 0.0 for result in results), 0.0)
        )
