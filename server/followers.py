"""Tells those who follow a request: some at a time, remembered how far it is, beside whatever else the relay has to tell."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.devices import PushOutcome, PushResult
from domain.messages import Messages
from domain.notices import Notice, pushes_of
from domain.outbox import Outbox
from domain.ports import Clock
from domain.push import Pushes
from domain.tellings import AT_ONCE, Telling, notices_for
from server import metrics
from server.loops import for_ever

LAST_TRY = 8
POLL_SECONDS = 0.5

log = logging.getLogger(__name__)


class FollowersTold:
    """`turn` does one round; `run` goes on until it is cancelled. Any number of them may run: a round is one relay's under a lease.

    Inbox first, then phones, then it is kept how far it is: whoever dies in between leaves at most one round to be done again, in which
    the same notices are made, and pushes sent, once more.
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
        """How many followers were in hand; nothing where nothing is left to tell now."""
        telling = await self._tellings.claim(at=self._clock(), lease_seconds=self._lease_seconds)
        if telling is None:
            return 0
        try:
            return await (self._try_again(telling) if telling.person_ids else self._walk(telling))
        except Exception:  # what cannot be told must not hold up the others
            log.exception("followers could not be told of act %s", telling.event_id)
            await self._tellings.go_on(replace(telling, tries=telling.tries + 1), due_at=self._later(telling.tries))
            return 1

    async def run(self, told: asyncio.Event) -> None:
        """Rounds for ever, a look each half second. Rings `told` when inboxes have something new."""

        async def turns() -> None:
            while await self.turn():
                told.set()

        await for_ever("the followers", turns, lambda: asyncio.sleep(POLL_SECONDS))

    async def _walk(self, telling: Telling) -> int:
        """Some of those who follow the first request that is left; then the rest of them, or the next request."""
        found = await self._tellings.followers(telling, self.at_once)
        notices = notices_for(telling, [each.person_id for each in found if each.since <= telling.at])
        again = await self._tell(notices, None)
        if again:
            phones, people = _phones_of(again), sorted({person for person, _ in again})
            id_ = f"{telling.id}/{telling.request_ids[0]}/{found[-1].person_id}"
            rest = replace(telling, id=id_, request_ids=telling.request_ids[:1], after="", person_ids=tuple(people), phones=phones, tries=1)
            await self._tellings.again(rest, due_at=self._later(0, *(result for _, result in again)))
        if len(found) == self.at_once:
            await self._tellings.go_on(replace(telling, after=found[-1].person_id, tries=0), due_at=self._clock())
        elif telling.request_ids[1:]:
            await self._tellings.go_on(replace(telling, request_ids=telling.request_ids[1:], after="", tries=0), due_at=self._clock())
        else:
            await self._tellings.done(telling)
        return max(len(found), 1)

    async def _try_again(self, telling: Telling) -> int:
        """The phones that could not be reached before; given up after the last try, as the inbox has it."""
        again = await self._tell(notices_for(telling, telling.person_ids), frozenset(telling.phones))
        if not again:
            await self._tellings.done(telling)
        elif telling.tries + 1 >= LAST_TRY:
            log.warning("pushes to %d followers of act %s were given up: %s", len(again), telling.event_id, again[0][1].detail)
            await self._tellings.done(telling)
        else:
            due_at = self._later(telling.tries, *(result for _, result in again))
            await self._tellings.go_on(replace(telling, phones=_phones_of(again), tries=telling.tries + 1), due_at=due_at)
        return len(telling.person_ids)

    async def _tell(self, notices: Sequence[Notice], phones: frozenset[str] | None) -> list[tuple[str, PushResult]]:
        """Inboxes, then those phones, or all; whose phone is to be tried again."""
        if not notices:
            return []
        township = notices[0].township
        await self._outbox.tell(notices)
        metrics.NOTICES.inc(len(notices) if phones is None else 0)
        devices = await self._outbox.phones(township, [notice.person_id for notice in notices])
        owners = {device.id: person_id for person_id, some in devices.items() for device in some}
        pushes = [push for push in pushes_of(tuple(notices), devices, self._messages) if phones is None or push.device_id in phones]
        results = await self._pushes.send(pushes) if pushes else []
        for result in results:
            metrics.PUSHES.labels(result.outcome.value).inc()
        dead = sorted({result.device_id for result in results if result.outcome is PushOutcome.DEAD_TOKEN})
        if dead:
            await self._outbox.forget_phones(township, dead, at=self._clock())
        return [(owners[result.device_id], result) for result in results if result.outcome is PushOutcome.LATER]

    def _later(self, tries: int, *results: PushResult) -> datetime:
        return self._clock() + timedelta(
            seconds=max(self._wait(min(tries, LAST_TRY)), *(result.retry_after or 0.0 for result in results), 0.0)
        )


def _phones_of(again: Sequence[tuple[str, PushResult]]) -> tuple[str, ...]:
    return tuple(sorted(result.device_id for _, result in again))
