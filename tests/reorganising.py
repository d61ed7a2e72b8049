"""Changes to the organisation that a story needs, made through the port as any verb makes them."""

from typing import Any
from uuid import uuid4

from domain.commands import Command
from domain.reorganisation import Changed
from server.wiring import House


async def keep(house: House, township: str, *values: Any, gone: tuple[tuple[str, str], ...] = ()) -> None:
    """These rows are true from now on, and `gone` no longer are."""
    command = Command("story", uuid4(), "story", "", house.ports.clock())
    await house.ports.organisations.reorganise(township, lambda _, __: Changed(values, gone), subject_id=township, command=command)
