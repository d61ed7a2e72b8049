"""What followers are told of an act, beside everybody else: of which acts they hear, and what is owed to them until they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.cases import Case
from domain.events import Event, EventKind
from domain.followers import Following, following_id
from domain.ids import Kind, derived
from domain.notice_kinds import NoticeKind
from domain.notices import Notice
from domain.requests import RequestState

AT_ONCE = 500
"""So many followers are told in one round: few enough that one answer of the push service is waited for."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One act that the followers of some requests are still to be told of, by whichever relay has time.

    `request_ids` are those still to be walked through, and `after` is whom of the first was told last. `silent` hear of the act as
    somebody else already, or did it. Where pushes failed, `person_ids` and `phones` are whom to try again, and nobody else is told.
    """

    id: str
    township: str
    event_id: str
    kind: NoticeKind
    item_name: str
    at: datetime
    request_ids: tuple[str, ...]
    silent: tuple[str, ...] = ()
    after: str = ""
    person_ids: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    tries: int = 0
    mark: str = ""


class Tellings(Protocol):
    """A port of the relay: what followers are still to be told, claimed with a lease."""

    async def owe(self, tellings: Sequence[Telling]) -> None:
        """Keeps those of which anybody is to be told; what is owed already stays as it is."""
        ...

    async def claim(self, *, at: datetime, lease_seconds: float) -> Telling | None: ...

    async def followers(self, telling: Telling, limit: int) -> Sequence[Following]:
        """The next ones of its first request, in order of persons."""
        ...

    async def again(self, telling: Telling, *, due_at: datetime) -> None:
        """Keeps one of some phones, to be tried then; what is kept already stays as it is."""
        ...

    async def go_on(self, telling: Telling, *, due_at: datetime) -> None:
        """As far as it is now, and free to be claimed then."""
        ...

    async def done(self, telling: Telling) -> None: ...


HEARD: Mapping[EventKind, NoticeKind] = {
    EventKind.REQUEST_DECLINED: NoticeKind.FOLLOWED_ENDED,
    EventKind.REQUEST_HANDED_OFF: NoticeKind.FOLLOWED_ENDED,
    EventKind.REQUEST_WITHDRAWN: NoticeKind.FOLLOWED_ENDED,
    EventKind.DECLINE_OBJECTED: NoticeKind.FOLLOWED_GOES_ON,
    EventKind.REQUEST_REWORKED: NoticeKind.FOLLOWED_GOES_ON,
    EventKind.REQUEST_REOPENED: NoticeKind.FOLLOWED_GOES_ON,
}
"""What followers hear of, besides the work itself. Who it is that has it, and with what it is merged, is nothing to somebody who waits."""

HEARD_OF_THE_WORK: Mapping[EventKind, NoticeKind] = {
    EventKind.TASK_SUSPENDED: NoticeKind.FOLLOWED_ON_HOLD,
    EventKind.TASK_DEFERRED: NoticeKind.FOLLOWED_ON_HOLD,
    EventKind.TASK_RESUMED: NoticeKind.FOLLOWED_GOES_ON,
    EventKind.TASK_UNDEFERRED: NoticeKind.FOLLOWED_GOES_ON,
}


GOES_ON_AFTER_ALL = ("let_go", "verdict")
"""Facts of one that goes on by itself: the other ended without an answer, or what came of it was none here."""


def heard(event: Event, case: Case) -> NoticeKind | None:
    """What the act is to followers of its request; nothing, for most."""
    if case.request is None:
        return None
    if event.kind in HEARD:
        return HEARD[event.kind]
    if event.kind is EventKind.REQUEST_UNMERGED and not event.facts.keys().isdisjoint(GOES_ON_AFTER_ALL):
        return NoticeKind.FOLLOWED_GOES_ON
    task = next((task for task in case.tasks if task.id == event.task_id), None)
    if task is None or task.parent_id is not None or task.is_message:
        return None
    match event.kind:
        case EventKind.TASK_VERIFIED | EventKind.TASK_COMPLETED:
            is_done = event.facts.get("asked") or (not event.facts.get("checked") and case.request.state is RequestState.CLOSED)
            return NoticeKind.FOLLOWED_DONE if is_done else None
        case EventKind.EXTENSION_GRANTED:
            return NoticeKind.FOLLOWED_MOVED if event.facts.get("promise") else None
        case EventKind.DEADLINES_RECOUNTED:
            return NoticeKind.FOLLOWED_MOVED if event.facts.get("from") != event.facts.get("to") else None
        case _:
            return HEARD_OF_THE_WORK.get(event.kind)


def telling_of(event: Event, case: Case, told: Sequence[Notice], merged_ids: Sequence[str]) -> Telling | None:
    """What is owed to followers of the request and of those that go on in it, where the act is anything to them.

    The end of the one is not the end of those: they go on by themselves, and that is told.
    """
    kind, request = heard(event, case), case.request
    if kind is None or request is None:
        return None
    silent = {event.actor_id, *(notice.person_id for notice in told)} - {None}
    return Telling(
        id=event.id,
        township=event.township,
        event_id=event.id,
        kind=kind,
        item_name=request.title,
        at=event.at,
        request_ids=(request.id,) if kind is NoticeKind.FOLLOWED_ENDED else (request.id, *merged_ids),
        silent=tuple(sorted(id_ for id_ in silent if id_)),
    )


def notices_for(telling: Telling, person_ids: Sequence[str]) -> tuple[Notice, ...]:
    """One a person and act, about their own following; the same whoever makes it."""
    return tuple(
        Notice(
            id=derived(Kind.NOTICE, telling.event_id, person_id),
            township=telling.township,
            person_id=person_id,
            kind=telling.kind,
            item_name=telling.item_name,
            about_id=following_id(telling.request_ids[0], person_id),
            created_at=telling.at,
        )
        for person_id in person_ids
        if person_id not in telling.silent
    )
