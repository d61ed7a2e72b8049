"""The verb `items`: a deployment's own catalogue from a file, checked first, told before it is true, safe to repeat."""

import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from adapters.mongo.catalogue import keep_items
from domain.catalogue import change_of, faults_of
from domain.ids import NO_TOWNSHIP, Kind
from server.wiring import House

STARTER = "items.toml"
"""What the product brings: items of the five lines to begin with, or to copy and change."""


class BadCatalogue(Exception):
    """The file cannot be used; the message says every reason, one a line."""


async def bring_items(house: House, path: Path | None, say: Callable[[str], None], *, check: bool) -> None:
    """Makes the catalogue what the file says, or only says what that would change. Raises `BadCatalogue`."""
    tables = _tables(path)
    faults = faults_of(tables)
    if faults:
        raise BadCatalogue("\n".join(f"item {fault.number}, {fault.key}: {fault.expected}" for fault in faults))
    there = await house.ports.catalogue.items()
    at = house.ports.clock()
    change = change_of(tables, there, lambda: house.ports.ids.new(Kind.ITEM, NO_TOWNSHIP, at))
    for sign, items in (("+", change.added), ("~", change.changed)):
        for item in items:
            say(f"{sign} {item.code} {item.name}")
    for code in change.kept:
        say(f"= {code} is not in the file, and stays")
    if not check:
        await keep_items(house.mongo, [*change.added, *change.changed])
    done = "would be" if check else "were"
    say(f"{len(change.added)} {done} added, {len(change.changed)} {done} changed, {change.unchanged + len(change.kept)} stay")


def _tables(path: Path | None) -> list[Any]:
    try:
        text = (files("server") / STARTER).read_text("utf-8") if path is None else path.read_text("utf-8")
        tables = tomllib.loads(text).get("item", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadCatalogue(f"{path} cannot be read: {error}") from error
    if not isinstance(tables, list) or not tables:
        raise BadCatalogue(f"{path} has no [[item]]")
    return tables
