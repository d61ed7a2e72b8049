"""How word gets to households that have no app: what was said once, kept until it is said anew."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.commands import Command
from domain.households import Household, Reach


class Reaches(Protocol):
    """A port."""

    async def of(self, township: str, household_ids: Sequence[str]) -> Mapping[str, Reach]:
        """By home, where it was said. Whether the reader may find the home is judged before."""
        ...

    async def put(self, home: Household, reach: Reach, *, command: Command) -> None:
        """From now on. Raises `Refused` COMMAND_MISMATCH."""
        ...
