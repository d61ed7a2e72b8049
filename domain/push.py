"""The port through which pushes leave the house."""

from collections.abc import Sequence
from typing import Protocol

from domain.devices import Push, PushResult


class Pushes(Protocol):
    """Sends pushes to phones, at least once each. Called by the relay only, never while a phone waits for an answer."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        """One result for each push, in the same order. Raises nothing for what goes wrong outside: that is an outcome."""
        ...
