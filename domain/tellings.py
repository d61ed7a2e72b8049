"""What followers are told of an act, beside everybody else: of which acts they hear, and what is owed to them until they have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from domain.cases import Case
from domain.events import Event, EventKind
from domain.followers import Following, following_id
from domain.ids import Kind, derived
from domain.notice_kinds import NoticeKind
from domain.notices import Notice
from domain.requests import RequestState
from domain.similar import is_everybodys

AT_ONCE = 500
"""So many inboxes are told in one round."""

PHONES_AT_ONCE = 100
"""So many phones are told in one round: few enough that it ends within its lease where the push service does not answer."""


@dataclass(frozen=True, slots=True)
class Telling:
    """One act that the followers of some requests are still to be told of, by whichever relay has time.

    `request_ids` are those still to be walked through, and `after` is whom of the first was told last. `silent` hear of the act as
    somebody else already, or did it. Where there are `person_ids` their inboxes have it, and only `phones` of theirs are to be told.
    """

    id: str
    township: str
    event_id: str
    kind: NoticeKind
    at: datetime
    request_ids: tuple[str, ...]
    silent: tuple[str, ...] = ()
    after: str = ""
    person_ids: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    tries: int = 0
    mark: str = ""

    @property
    def is_push(self) -> bool:
        return bool(self.person_ids)


@dataclass(frozen=True, slots=True)
class TellingsLeft:
    """How many rounds are left, claimed and waiting ones too, and from when on the first of them may be claimed."""

    count: int
    due_at: datetime | None


class Tellings(Protocol):
    """A port of the relay: what followers are still to be told, claimed with a lease."""

    async def owe(self, tellings: Sequence[Telling]) -> None:
        """Keeps those of which anybody is to be told; what is owed already stays as it is."""
        ...

    async def claim(self, *, is_push: bool, at: datetime, lease_seconds: float) -> Telling | None:
        """One for inboxes, or one for phones: neither waits for the other."""
        ...

    async def followers(self, telling: Telling, limit: int) -> Sequence[Following]:
        """The next ones of its first request, in order of persons."""
        ...

    async def push(self, tellings: Sequence[Telling], *, due_at: datetime) -> None:
        """Keeps those of some phones, to be told then; what is kept already stays as it is."""
        ...

    async def go_on(self, telling: Telling, *, due_at: datetime) -> None:
        """As far as it is now, and free to be claimed then."""
        ...

    async def done(self, telling: Telling) -> None: ...

    async def left(self, *, is_push: bool) -> TellingsLeft: ...


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


GOES_ON_AFTER_ALL = ("let_go", "verdict", "anew")
"""Facts of one that goes on by itself: the other ended without an answer, what came of it was none here, or it was said to be over."""


def heard(event: Event, case: Case) -> NoticeKind | None:
    """What the act is to followers of its request; nothing, for most. What was taken in as somebody's own has ended for them."""
    if case.request is None:
        return None
    if not is_everybodys(case.request):
        return NoticeKind.FOLLOWED_ENDED if event.kind is EventKind.REQUEST_ACCEPTED else None
    if event.kind in HEARD:
        return HEARD[event.kind]
    if event.kind is EventKind.REQUEST_MERGED and event.facts.get("out_of_sight"):
        return NoticeKind.FOLLOWED_ENDED
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
            has_moved = event.facts.get("from") != event.facts.get("to") and case.request.is_open
            return NoticeKind.FOLLOWED_MOVED if has_moved else None
        case _:
            return HEARD_OF_THE_WORK.get(event.kind)


def telling_of(event: Event, case: Case, told: Sequence[Notice], merged_ids: Sequence[str]) -> Telling | None:
    """What is owed to followers of the request and of those that go on in it, where the act is anything to them.

    The end of the one is not the end of those: they go on by themselves, and that is told. Taken in as somebody's own it ends for all.
    """
    kind, request = heard(event, case), case.request
    if kind is None or request is None:
        return None
    is_for_itself = kind is NoticeKind.FOLLOWED_ENDED and event.kind is not EventKind.REQUEST_ACCEPTED
    silent = {event.actor_id, *(notice.person_id for notice in told)} - {None}
    return Telling(
        id=event.id,
        township=event.township,
        event_id=event.id,
        kind=kind,
        at=event.at,
        request_ids=(request.id,) if is_for_itself else (request.id, *merged_ids),
        silent=tuple(sorted(id_ for id_ in silent if id_)),
    )


def notices_for(telling: Telling, names: Mapping[str, str]) -> tuple[Notice, ...]:
    """One a person and act, about their own following, by the name under which they follow it; the same whoever makes it."""
    return tuple(
        Notice(
            id=derived(Kind.NOTICE, telling.event_id, person_id),
            township=telling.township,
            person_id=person_id,
            kind=telling.kind,
            item_name=item_name,
            about_id=following_id(telling.request_ids[0], person_id),
            created_at=telling.at,
        )
        for person_id, item_name in names.items()
        if person_id not in telling.silent
    )


def pushes_to(telling: Telling, round_: str, phones: Mapping[str, Sequence[str]]) -> tuple[Telling, ...]:
    """Rows of their own for the phones of those who were told in that round, by person: few enough for one round each."""
    groups: list[dict[str, Sequence[str]]] = []
    for person_id, own in phones.items():
        if own and (not groups or sum(map(len, groups[-1].values())) + len(own) > PHONES_AT_ONCE):
            groups.append({})
        if own:
            groups[-1][person_id] = own
    of_it = replace(telling, request_ids=telling.request_ids[:1], silent=(), after="", tries=0)
    return tuple(
        replace(
            of_it,
            id=f"{telling.id}/{telling.request_ids[0]}/{round_}/{number}",
            person_ids=tuple(some),
            phones=tuple(id_ for own in some.values() for id_ in own),
        )
        for number, some in enumerate(groups)
    )
