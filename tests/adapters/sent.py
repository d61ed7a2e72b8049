"""What is sent to MongoDB while something is done."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from server.wiring import House, build_house
from tests.adapters.stage import Stage


class Sent(CommandListener):
    """Counts commands by what they do and to which collection, but for what ends a session or fetches the rest of an answer."""

    def __init__(self) -> None:
        self.commands: Counter[str] = Counter()

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name not in {"getMore", "endSessions"}:
            self.commands[f"{event.command_name} {event.command[event.command_name]}"] += 1

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to count."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to count either."""


@asynccontextmanager
async def listened_to(stage: Stage) -> AsyncIterator[tuple[House, Sent]]:
    """A second house of the stage, on the same driver, and what it sends."""
    sent = Sent()
    house = build_house(stage.house.settings, clock=stage.clock, listeners=[sent])
    try:
        yield house, sent
    finally:
        await house.close()
