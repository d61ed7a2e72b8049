"""Changing the organisation while work goes on: each verb is a pure function from the township as it is to what is true next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.households import Household
from domain.organisation import Organisation


@dataclass(frozen=True, slots=True)
class Changed:
    """`values` are rows (units, grids, posts, homes, …) as they are from now on; `gone` are (collection, id) of rows that no longer are."""

    values: tuple[Any, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()


Reorganise = Callable[[Organisation, Sequence[Household]], Changed]
"""Pure; given the township and the homes that were asked for; run again when somebody else changed the township first."""


class Overtaken(Exception):
    """Somebody else changed the township at the same moment."""


class Abandoned(Exception):
    """An import died in the middle and left its lease, which is over."""
