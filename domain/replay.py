"""The history told again: what the events kept of each change makes every request and task as it stood after each act."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.cases import Case
from domain.events import Event, EventKind

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with the fields that it set, by the id of the document; all of them where it made it. `seq` is its number in the feed."""

    event: Event
    changes: Mapping[str, Fields]
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Reveal:
    """Somebody was shown how to reach whoever asked, for a task; who it was stands in the read log, and not here."""

    at: datetime
    task_id: str

    @classmethod
    def event(cls, id_: str, township: str, request_id: str, task_id: str, at: datetime) -> Event:
        """It changes nothing, and stands in no history and no feed: for figures alone."""
        facts = {"request": request_id, "task": task_id}
        return Event(id_, township, None, None, EventKind.CONTACT_REVEALED, None, None, at, None, facts)


@dataclass(frozen=True, slots=True)
class Step:
    """An act, and the case as it stood after it."""

    event: Event
    case: Case


def in_order(history: Iterable[Recorded], subject_id: str) -> Sequence[Recorded]:
    """The acts on one thing as they happened: each raised its version. Ids cannot tell, they are taken before an act is kept."""
    changed = (recorded for recorded in history if subject_id in recorded.changes)
    return sorted(changed, key=lambda recorded: recorded.changes[subject_id]["version"])


def reveals_in(history: Iterable[Recorded]) -> Sequence[Reveal]:
    """As they happened."""
    shown = (recorded.event for recorded in history if recorded.event.kind is EventKind.CONTACT_REVEALED)
    return sorted((Reveal(event.at, str(event.facts["task"])) for event in shown), key=lambda reveal: (reveal.at, reveal.task_id))


def replayed(history: Iterable[Recorded]) -> dict[str, dict[str, Any]]:
    """Every document that the events made, with the fields that it has after the last of them."""
    told: defaultdict[str, list[Fields]] = defaultdict(list)
    for recorded in history:
        for id_, fields in recorded.changes.items():
            told[id_].append(fields)
    documents: dict[str, dict[str, Any]] = {}
    for id_, changes in told.items():
        documents[id_] = {}
        for fields in sorted(changes, key=lambda fields: fields.get("version", 0)):
            documents[id_].update(fields)
    return documents


def differing(document: Fields, told: Fields) -> tuple[str, ...]:
    """The fields in which a document is not what its history tells."""
    same = {name for name in document if name in told and document[name] == told[name]}
    return tuple(sorted({*document, *told} - same))
