"""What every deed does first: find out who acts, make the command that answers for it, and fix the moment."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from domain.access import Actor
from domain.cases import Case, Moment
from domain.commands import Command, digest
from domain.deadlines import DeadlineClass
from domain.errors import RefusalCode, Refused, refused
from domain.ids import Kind
from domain.organisation import Organisation
from domain.people import Person
from domain.ports import Ports

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """What a command was about, as it is now; `is_replay` where the command had been carried out before."""

    subject: T
    is_replay: bool = False


class Sent(Protocol):
    """A command as a client sent it: a dataclass of the given fields."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def command_id(self) -> UUID: ...


class Present(Protocol):
    """Who is there, where and when: of a deed under way, or of somebody who only asks what would be."""

    @property
    def person(self) -> Person: ...

    @property
    def organisation(self) -> Organisation: ...

    @property
    def at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who asks what would be; nothing is written."""

    person: Person
    organisation: Organisation
    at: datetime


@dataclass(frozen=True, slots=True)
class Acting:
    """One deed under way: who, where, when, the command, and how the moment of a case is made."""

    person: Person
    organisation: Organisation
    at: datetime
    event_id: str
    command: Command
    moment: Callable[[Case], Moment]


async def acting(verb: str, sent: Sent, *, by: Actor, ports: Ports, acting_for_id: str | None = None) -> Acting:
    """Refuses whoever did not sign in."""
    person, organisation = signed_in(by)
    at = ports.clock()
    calendar, items = await ports.calendars.current(), await ports.catalogue.items()

    def moment(case: Case) -> Moment:
        item = items.get(case.item_id or "")
        return Moment(at, by, calendar, organisation, item.deadline_class if item else DeadlineClass.NORMAL)

    event_id = ports.ids.new(Kind.EVENT, person.township, at)
    return Acting(person, organisation, at, event_id, command_of(verb, sent, person, at=at, acting_for_id=acting_for_id), moment)


def signed_in(by: Actor) -> tuple[Person, Organisation]:
    """Who acts, and where. Refuses whoever did not sign in."""
    if by.person is None or by.organisation is None:
        raise refused(RefusalCode.SIGN_IN_REQUIRED, "refusal.sign_in_required")
    return by.person, by.organisation


def command_of(verb: str, sent: Sent, person: Person, *, at: datetime, acting_for_id: str | None = None) -> Command:
    contents = {given.name: getattr(sent, given.name) for given in fields(sent)}
    return Command(person.id, sent.command_id, verb, digest(verb, contents), at, contents.get("device_time"), acting_for_id)


async def unless_replayed(check: Callable[[], None], now: Acting, ports: Ports) -> None:
    """What was said of the time when it was sent first is not asked again of a command that comes once more."""
    try:
        check()
    except Refused:
        if await ports.requests.replay_of(now.command) is None:
            raise
